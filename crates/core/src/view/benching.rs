//! Measurements of models, for the window, the command line and the database alike.

use serde::{Deserialize, Serialize};
use specta::Type;

use crate::ApiError;

/// What to measure. Each combination of GPU layers and micro-batch is a load of its own, in a fresh process; in each,
/// each combination of a length and a depth is a test.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct BenchRequest {
    /// Lengths of prompts, in tokens.
    pub prompt_n: Vec<u32>,
    /// Numbers of tokens to write.
    pub predicted_n: Vec<u32>,
    /// Tokens that are there before each test.
    pub depths: Vec<u32>,
    /// Runs of each test that count.
    pub repetitions: u32,
    /// Layers on the GPU, counted from the output layer; empty: as a load would choose. More than there are: all.
    pub gpu_layers: Vec<u32>,
    /// Tokens computed at once at most; empty: 512.
    pub ubatches: Vec<u32>,
    /// CPU threads; `None`: the physical cores.
    pub n_threads: Option<u32>,
    /// Also answer [`QUESTION`].
    pub question: bool,
}

/// The question that every model here is asked: that of the guide Paddock grew from.
pub const QUESTION: &str = "explain quantum entanglement";

impl Default for BenchRequest {
    /// The quick one.
    fn default() -> Self {
        Self {
            prompt_n: vec![512],
            predicted_n: vec![128],
            depths: vec![0],
            repetitions: 3,
            gpu_layers: Vec::new(),
            ubatches: Vec::new(),
            n_threads: None,
            question: false,
        }
    }
}

/// What a measurement tells on its way.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum BenchEvent {
    /// The model is being loaded.
    Loading {
        /// Loads before this one.
        loads_done: u32,
        /// Loads in all.
        loads: u32,
        /// How far this one is, 0 to 1.
        #[specta(type = u32)]
        fraction: f32,
    },
    /// A test is being run.
    Measuring {
        /// Loads before this one.
        loads_done: u32,
        /// Loads in all.
        loads: u32,
        /// Tests of this load that are done.
        tests_done: u32,
        /// Tests of each load.
        tests: u32,
        /// Runs of this test that are done.
        repetitions_done: u32,
        /// Runs of each test.
        repetitions: u32,
    },
    /// What was measured so far.
    Measured {
        /// Whole, never a difference.
        record: Box<BenchRecord>,
    },
    /// The question is being answered.
    Answering {
        /// Tokens written so far.
        predicted_n: u32,
    },
}

/// A measurement of a model, with everything that it depends on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct BenchRecord {
    /// Its number in the history; 0 while it is not there.
    #[specta(type = u32)]
    pub id: i64,
    /// When it was begun, in milliseconds since 1970.
    #[specta(type = u32)]
    pub at_ms: i64,
    /// Paddock's version.
    pub version: String,
    /// The processor and the graphics cards.
    pub computer: String,
    /// The model.
    pub model: BenchModel,
    /// One for each load.
    pub runs: Vec<BenchRun>,
    /// The answer to [`QUESTION`], if it was asked.
    pub answer: Option<BenchAnswer>,
    /// Whether it came to its end; otherwise it was stopped or failed.
    pub complete: bool,
    /// Why it did not come to its end, unless it was stopped.
    pub error: Option<ApiError>,
}

/// Which model was measured.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct BenchModel {
    /// Its file.
    pub path: String,
    /// Its name.
    pub name: String,
    /// Its quantization.
    pub quant: Option<String>,
    /// The bytes of its files.
    #[specta(type = u32)]
    pub size_bytes: u64,
    /// Parameters.
    #[specta(type = u32)]
    pub n_params: u64,
}

/// One load and what was measured with it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct BenchRun {
    /// Context length as reserved, in tokens.
    pub n_ctx: u32,
    /// Layers on the GPU, the output layer counted as one.
    pub n_gpu_layers: u32,
    /// Layers that could be there.
    pub n_layers_all: u32,
    /// Tokens computed at once at most.
    pub n_ubatch: u32,
    /// CPU threads.
    pub n_threads: u32,
    /// Time from the request to readiness, in milliseconds.
    #[specta(type = u32)]
    pub load_ms: f64,
    /// What the planner says that weights, KV cache and scratch space take, in bytes.
    #[specta(type = Option<u32>)]
    pub plan_bytes: Option<u64>,
    /// What they took, in bytes.
    #[specta(type = u32)]
    pub actual_bytes: u64,
    /// The most main memory that the engine process ever held, in bytes; pages of the mapped file are in it.
    #[specta(type = Option<u32>)]
    pub peak_rss_bytes: Option<u64>,
    /// The tests.
    pub tests: Vec<BenchTestView>,
}

/// One test.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct BenchTestView {
    /// What it does.
    pub kind: BenchTestKind,
    /// With how many tokens.
    pub n: u32,
    /// After how many tokens.
    pub depth: u32,
    /// Mean speed, in tokens per second.
    #[specta(type = u32)]
    pub tok_s: f64,
    /// Standard deviation of the runs, in tokens per second.
    #[specta(type = u32)]
    pub stddev: f64,
    /// Time of each run, in milliseconds.
    #[specta(type = Vec<u32>)]
    pub samples_ms: Vec<f64>,
}

/// What a test does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum BenchTestKind {
    /// Understands a prompt (`pp`).
    Prompt,
    /// Writes (`tg`).
    Generation,
}

/// The answer to [`QUESTION`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct BenchAnswer {
    /// Its text.
    pub text: String,
    /// Tokens of the prompt.
    pub prompt_n: u32,
    /// Time for them, in milliseconds.
    #[specta(type = u32)]
    pub prompt_ms: f64,
    /// Tokens of the answer.
    pub predicted_n: u32,
    /// Time for them, in milliseconds.
    #[specta(type = u32)]
    pub predicted_ms: f64,
    /// How fast it was written, in tokens per second.
    #[specta(type = u32)]
    pub tok_s: f64,
}

/// A form in which measurements are exported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the forms' own names")]
pub enum BenchForm {
    Csv,
    Json,
    Markdown,
}

impl BenchTestView {
    /// As `llama-bench` names it: `pp512`, `tg128 @ d2048`.
    pub fn name(&self) -> String {
        let kind = match self.kind {
            BenchTestKind::Prompt => "pp",
            BenchTestKind::Generation => "tg",
        };
        let depth = if self.depth > 0 { format!(" @ d{}", self.depth) } else { String::new() };
        format!("{kind}{}{depth}", self.n)
    }
}
