//! Measuring the loaded model as `llama-bench` does (tools/llama-bench in llama.cpp): random tokens, an empty KV cache
//! before each run, one run that does not count.

use std::time::Instant;

use paddock_engine_api::{
    benching::{BenchKind, BenchParams, BenchProgress, BenchTest, MAX_REPETITIONS, MAX_TESTS, ModelBench},
    protocol::{Event, Failure, FailureCode},
};

use crate::{
    failure::failure,
    liveness,
    llama::{self, Context, DecodeError},
};

/// Do all tests. `context` is empty, and is left so.
pub(crate) fn run(context: &mut Context, params: &BenchParams, tell: impl Fn(Event)) -> Result<ModelBench, Failure> {
    check(params, context.n_ctx_seq())?;
    let log = llama::log_mark();
    let planned = tests(params);
    let mut bench = Bench { context, random: Random(1), held: 0, log };
    let mut done = Vec::with_capacity(planned.len());
    let say = |tests_done: usize, repetitions_done| {
        let (tests_done, tests) = (count(tests_done), count(planned.len()));
        tell(Event::BenchProgress(BenchProgress {
            tests_done,
            tests,
            repetitions_done,
            repetitions: params.repetitions,
        }));
    };
    for (index, (kind, n, depth)) in planned.iter().enumerate() {
        say(index, 0);
        bench.warm_up(*kind, *n)?;
        let mut test = BenchTest { kind: *kind, n: *n, depth: *depth, samples_ns: Vec::new() };
        for repetition in 1..=params.repetitions {
            bench.return_to(*depth)?;
            let started = Instant::now();
            bench.compute(*kind, *n)?;
            test.samples_ns.push(u64::try_from(started.elapsed().as_nanos()).unwrap_or(u64::MAX));
            say(index, repetition);
        }
        tell(Event::BenchTest(test.clone()));
        done.push(test);
    }
    bench.context.clear();
    Ok(ModelBench { tests: done, peak_rss_bytes: peak_rss_bytes() })
}

/// A context in use for measurements.
struct Bench<'a> {
    context: &'a mut Context,
    random: Random,
    /// Tokens in the KV cache.
    held: u32,
    /// Where the log was when this began.
    log: usize,
}

impl Bench<'_> {
    fn warm_up(&mut self, kind: BenchKind, n: u32) -> Result<(), Failure> {
        self.clear();
        self.compute(kind, if kind == BenchKind::Prompt { n } else { 1 })
    }

    /// Bring the KV cache to `depth` tokens. Those that it already holds need not be computed again.
    fn return_to(&mut self, depth: u32) -> Result<(), Failure> {
        // A cache that is filled from the beginning is in the state of a first run.
        let kept = depth > 0 && self.held > depth && self.context.forget_from(0, depth);
        if kept {
            self.held = depth;
            return Ok(());
        }
        self.clear();
        if depth > 0 { self.compute(BenchKind::Prompt, depth) } else { Ok(()) }
    }

    fn clear(&mut self) {
        self.context.clear();
        self.held = 0;
    }

    fn compute(&mut self, kind: BenchKind, n: u32) -> Result<(), Failure> {
        let longest = match kind {
            BenchKind::Prompt => self.context.n_batch(),
            BenchKind::Generation => 1,
        };
        let mut left = n;
        while left > 0 {
            if liveness::is_cancelled() {
                return Err(stopped());
            }
            let mut tokens = self.tokens(left.min(longest.max(1)));
            let len = count(tokens.len());
            match self.context.append(&mut tokens) {
                Ok(()) => {}
                Err(DecodeError::Aborted) => return Err(stopped()),
                Err(error) => return Err(self.failed(error)),
            }
            if kind == BenchKind::Generation {
                self.context.synchronize();
            }
            liveness::progressed();
            self.held += len;
            left -= len;
        }
        self.context.synchronize();
        Ok(())
    }

    /// Random tokens; at the very beginning, the one that begins a text if the model expects it.
    fn tokens(&mut self, n: u32) -> Vec<i32> {
        let model = self.context.model();
        let n_vocab = model.n_vocab().max(1);
        let mut tokens: Vec<i32> = (0..n).map(|_| self.random.below(n_vocab)).collect();
        if let (0, (Some(bos), true), Some(first)) = (self.held, model.bos(), tokens.first_mut()) {
            *first = bos.0;
        }
        tokens
    }

    fn failed(&self, error: DecodeError) -> Failure {
        Failure {
            details: Some(llama::log_errors_since(self.log).join("\n")).filter(|details| !details.is_empty()),
            ..failure(FailureCode::DecodeFailed, format!("llama.cpp could not compute this measurement ({error})."))
        }
    }
}

fn stopped() -> Failure {
    failure(FailureCode::Cancelled, "The measurement was stopped.")
}

/// For each depth the prompts, then the writing.
fn tests(params: &BenchParams) -> Vec<(BenchKind, u32, u32)> {
    let of = |kind, lengths: &[u32], depth: u32| lengths.iter().map(move |&n| (kind, n, depth)).collect::<Vec<_>>();
    params
        .depths
        .iter()
        .flat_map(|&depth| {
            let mut tests = of(BenchKind::Prompt, &params.prompt_n, depth);
            tests.extend(of(BenchKind::Generation, &params.predicted_n, depth));
            tests
        })
        .collect()
}

fn check(params: &BenchParams, n_ctx: u32) -> Result<(), Failure> {
    let bad = |message: String| Err(failure(FailureCode::BadRequest, message));
    if params.repetitions == 0 || params.repetitions > MAX_REPETITIONS {
        return bad(format!(
            "A measurement of {} repetitions cannot be made; 1 to {MAX_REPETITIONS} can.",
            params.repetitions
        ));
    }
    if params.prompt_n.iter().chain(&params.predicted_n).any(|&n| n == 0) {
        return bad("A test of no tokens measures nothing; leave it out.".into());
    }
    let tests = params.prompt_n.len().saturating_add(params.predicted_n.len()).saturating_mul(params.depths.len());
    if tests == 0 || tests > MAX_TESTS {
        return bad(format!("A measurement of {tests} tests cannot be made; 1 to {MAX_TESTS} can."));
    }
    if params.n_ctx() > n_ctx {
        return bad(format!(
            "These tests need a context of {} tokens, and the model was loaded with {n_ctx}. Load it with more, or measure less.",
            params.n_ctx()
        ));
    }
    Ok(())
}

/// Any tokens do; the same ones in every measurement. SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom
/// Number Generators, 2014).
struct Random(u64);

impl Random {
    fn below(&mut self, end: i32) -> i32 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^= mixed >> 31;
        let end = u64::from(end.max(1).unsigned_abs());
        i32::try_from(mixed % end).unwrap_or(0)
    }
}

fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

/// The most main memory that this process ever held: `VmHWM` of proc(5), in kB.
#[cfg(target_os = "linux")]
fn peak_rss_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}

/// What this process holds now: the model is still loaded, and nothing of it was given back.
#[cfg(not(target_os = "linux"))]
fn peak_rss_bytes() -> Option<u64> {
    let mut system = sysinfo::System::new();
    let own = sysinfo::get_current_pid().ok()?;
    system.refresh_processes(sysinfo::ProcessesToUpdate::Some(&[own]), false);
    system.process(own).map(sysinfo::Process::memory)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

    use super::*;

    #[test]
    fn tests_come_depth_by_depth_and_prompts_first() {
        let params = BenchParams { prompt_n: vec![16, 32], predicted_n: vec![8], depths: vec![0, 64], repetitions: 1 };
        let (prompt, generation) = (BenchKind::Prompt, BenchKind::Generation);
        let expected = [
            (prompt, 16, 0),
            (prompt, 32, 0),
            (generation, 8, 0),
            (prompt, 16, 64),
            (prompt, 32, 64),
            (generation, 8, 64),
        ];
        assert_eq!(tests(&params), expected);
    }

    #[test]
    fn measurements_that_cannot_be_made_are_refused_in_a_sentence() {
        let usual = BenchParams::default();
        let refused = |params: &BenchParams| check(params, 1024).unwrap_err().message;
        assert!(check(&usual, 1024).is_ok());
        assert!(refused(&BenchParams { repetitions: 0, ..usual.clone() }).contains("0 repetitions"));
        assert!(refused(&BenchParams { prompt_n: vec![0], ..usual.clone() }).contains("no tokens"));
        assert!(refused(&BenchParams { depths: vec![], ..usual.clone() }).contains("0 tests"));
        let deep = refused(&BenchParams { depths: vec![0, 1000], ..usual });
        assert!(deep.contains("1512") && deep.contains("1024"), "{deep}");
    }

    #[test]
    fn random_tokens_are_of_the_vocabulary() {
        let mut random = Random(1);
        let drawn: Vec<i32> = (0..1000).map(|_| random.below(7)).collect();
        assert!(drawn.iter().all(|token| (0..7).contains(token)));
        assert!((0..7).all(|token| drawn.contains(&token)));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_peak_of_memory_is_known_and_plausible() {
        assert!(peak_rss_bytes().unwrap() > 1_000_000);
    }
}
