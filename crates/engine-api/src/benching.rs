//! Measuring the loaded model the way llama.cpp's `llama-bench` does: how fast it understands and writes.

use serde::{Deserialize, Serialize};

use crate::{
    EngineError, EngineHost,
    protocol::{Event, Request},
};

/// What to measure. Every combination of a length and a depth is one test.
///
/// As in `llama-bench`, a prompt of n tokens is computed in one go into an empty KV cache, and n tokens are written one
/// after the other, without choosing them; the tokens are random. Each test has one run that does not count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct BenchParams {
    /// Lengths of prompts, in tokens, 1 or more each.
    pub prompt_n: Vec<u32>,
    /// Numbers of tokens to write, 1 or more each.
    pub predicted_n: Vec<u32>,
    /// Tokens that are in the KV cache before each test.
    pub depths: Vec<u32>,
    /// Runs of each test that count, 1 ..= [`MAX_REPETITIONS`].
    pub repetitions: u32,
}

/// The most runs of one test.
pub const MAX_REPETITIONS: u32 = 1000;

/// The most tests in one request.
pub const MAX_TESTS: usize = 256;

impl Default for BenchParams {
    /// The quick one: pp512 and tg128, three times each.
    fn default() -> Self {
        Self { prompt_n: vec![512], predicted_n: vec![128], depths: vec![0], repetitions: 3 }
    }
}

impl BenchParams {
    /// The context that all tests need, in tokens.
    pub fn n_ctx(&self) -> u32 {
        let longest = self.prompt_n.iter().chain(&self.predicted_n).copied().max().unwrap_or(0);
        longest.saturating_add(self.depths.iter().copied().max().unwrap_or(0))
    }
}

/// What a test does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BenchKind {
    /// Understands a prompt (`pp`).
    Prompt,
    /// Writes (`tg`).
    Generation,
}

/// One test and how long its runs took.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BenchTest {
    /// What it does.
    pub kind: BenchKind,
    /// With how many tokens.
    pub n: u32,
    /// After how many tokens.
    pub depth: u32,
    /// Time of each run, in nanoseconds.
    pub samples_ns: Vec<u64>,
}

impl BenchTest {
    /// Mean speed of the runs, in tokens per second.
    pub fn tok_s(&self) -> f64 {
        let speeds = self.speeds();
        if speeds.is_empty() { 0.0 } else { speeds.iter().sum::<f64>() / count(speeds.len()) }
    }

    /// Standard deviation of the runs' speeds, in tokens per second; that of a sample (n - 1), as in `llama-bench`. 0 for
    /// a single run.
    pub fn stddev(&self) -> f64 {
        let speeds = self.speeds();
        if speeds.len() < 2 {
            return 0.0;
        }
        let mean = self.tok_s();
        let squares: f64 = speeds.iter().map(|speed| (speed - mean).powi(2)).sum();
        (squares / count(speeds.len() - 1)).sqrt()
    }

    fn speeds(&self) -> Vec<f64> {
        #[expect(clippy::cast_precision_loss, reason = "a run of 2^53 ns takes 104 days")]
        let speed = |ns: &u64| f64::from(self.n) * 1e9 / (*ns).max(1) as f64;
        self.samples_ns.iter().map(speed).collect()
    }
}

#[expect(clippy::cast_precision_loss, reason = "at most a thousand runs")]
fn count(n: usize) -> f64 {
    n as f64
}

/// How far a measurement is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct BenchProgress {
    /// Tests that are done.
    pub tests_done: u32,
    /// Tests in all.
    pub tests: u32,
    /// Runs of the present test that are done; the one that does not count is not among them.
    pub repetitions_done: u32,
    /// Runs of each test.
    pub repetitions: u32,
}

/// What was measured.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelBench {
    /// In order: for each depth the prompts, then the writing.
    pub tests: Vec<BenchTest>,
    /// The most main memory that the engine process ever held, in bytes, pages of the mapped file included; `None`: the
    /// system does not tell.
    pub peak_rss_bytes: Option<u64>,
}

/// What a measurement tells on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BenchReport {
    /// It came further.
    Progress(BenchProgress),
    /// A test is done.
    Test(BenchTest),
}

impl EngineHost {
    /// Measure the loaded model. The KV cache is emptied. Dropping the future stops it; what was reported before is true.
    ///
    /// # Errors
    /// See [`EngineError`]; [`crate::protocol::FailureCode::NoModel`] before a model is loaded,
    /// [`crate::protocol::FailureCode::BadRequest`] for tests that do not fit into its context.
    pub async fn bench(
        &self,
        params: BenchParams,
        mut on_report: impl FnMut(BenchReport),
    ) -> Result<ModelBench, EngineError> {
        let mut reply = self.request(Request::BenchModel(params));
        loop {
            match reply.next().await? {
                Event::BenchProgress(progress) => on_report(BenchReport::Progress(progress)),
                Event::BenchTest(test) => on_report(BenchReport::Test(test)),
                Event::BenchDone(done) => return Ok(done),
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mean_and_deviation_are_those_of_llama_bench() {
        let test = BenchTest {
            kind: BenchKind::Generation,
            n: 100,
            depth: 0,
            // 100, 50 and 25 tokens per second.
            samples_ns: vec![1_000_000_000, 2_000_000_000, 4_000_000_000],
        };
        assert!((test.tok_s() - 58.333_333).abs() < 1e-5, "{}", test.tok_s());
        assert!((test.stddev() - 38.188_130).abs() < 1e-5, "{}", test.stddev());
    }

    #[test]
    fn one_run_has_no_deviation_and_none_no_speed() {
        let mut test = BenchTest { kind: BenchKind::Prompt, n: 10, depth: 0, samples_ns: vec![5_000_000] };
        assert!((test.tok_s() - 2000.0).abs() < 1e-9);
        assert!(test.stddev().abs() < 1e-9);
        test.samples_ns.clear();
        assert!(test.tok_s().abs() < 1e-9);
    }

    #[test]
    fn the_context_holds_the_longest_test_at_the_greatest_depth() {
        let params = BenchParams { prompt_n: vec![64, 512], depths: vec![0, 2048], ..BenchParams::default() };
        assert_eq!(params.n_ctx(), 2560);
    }
}
