//! `paddock bench`.

use std::path::PathBuf;

use clap::Args;
use paddock_core::{
    ModelChoice,
    view::{BenchForm, BenchRequest},
};

#[derive(Debug, Args)]
pub struct BenchOptions {
    /// GGUF file, or a folder that holds one [default: the self-test model that comes with Paddock].
    #[arg(short, long, env = "MODEL_PATH", value_name = "FILE", hide_env_values = true)]
    pub model: Option<PathBuf>,
    /// Which model of the folder, e.g. Q4_K_M.
    #[arg(long, env = "QUANT", value_name = "QUANT", hide_env_values = true)]
    pub quant: Option<String>,
    /// Tokens of the prompt; several, parted by commas, are measured one after the other; 0: none.
    #[arg(short, long, value_name = "TOKENS", value_delimiter = ',', default_value = "512")]
    pub prompt: Vec<u32>,
    /// Tokens to write; several, parted by commas, are measured one after the other; 0: none.
    #[arg(short, long, value_name = "TOKENS", value_delimiter = ',', default_value = "128")]
    pub n_gen: Vec<u32>,
    /// How often each test is repeated, after one run that does not count.
    #[arg(short, long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub repetitions: u32,
    /// Tokens that are in the context before each test.
    #[arg(short, long, value_name = "TOKENS", value_delimiter = ',', default_value = "0")]
    pub depth: Vec<u32>,
    /// Tokens computed at once (the micro-batch) [default: 512].
    #[arg(short, long, value_name = "TOKENS", value_delimiter = ',')]
    pub batch: Vec<u32>,
    /// Layers on the GPU, counted from the output layer; 0: the processor alone [default: those that fit].
    #[arg(long, alias = "gpu-layers", value_name = "N", value_delimiter = ',')]
    pub ngl: Vec<u32>,
    /// CPU threads [default: the physical cores].
    #[arg(short, long, value_name = "N")]
    pub threads: Option<u32>,
    /// Also answer "explain quantum entanglement".
    #[arg(long)]
    pub question: bool,
    /// Print one JSON object.
    #[arg(long, group = "form")]
    pub json: bool,
    /// Print CSV.
    #[arg(long, group = "form")]
    pub csv: bool,
    /// Print a table in Markdown.
    #[arg(long, group = "form")]
    pub markdown: bool,
}

impl BenchOptions {
    pub fn choice(&self) -> ModelChoice {
        match &self.model {
            Some(path) => ModelChoice::Path { path: path.clone(), quant: self.quant.clone() },
            None => ModelChoice::SelfTest,
        }
    }

    pub fn request(&self) -> BenchRequest {
        let some = |lengths: &[u32]| lengths.iter().copied().filter(|&n| n > 0).collect();
        BenchRequest {
            prompt_n: some(&self.prompt),
            predicted_n: some(&self.n_gen),
            depths: self.depth.clone(),
            repetitions: self.repetitions,
            gpu_layers: self.ngl.clone(),
            ubatches: self.batch.clone(),
            n_threads: self.threads,
            question: self.question,
        }
    }

    /// The form to print in, where it is not for people to read.
    pub fn form(&self) -> Option<BenchForm> {
        let asked = [(self.csv, BenchForm::Csv), (self.json, BenchForm::Json), (self.markdown, BenchForm::Markdown)];
        asked.into_iter().find_map(|(asked, form)| asked.then_some(form))
    }
}
