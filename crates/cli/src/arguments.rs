//! What can be typed after `paddock`. The environment names MODEL_PATH, QUANT, CTX and GPU_LAYERS stand in for options
//! that are not given.

mod bench;
mod conversations;
mod lora;
mod quantize;
mod serve;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use paddock_core::{CacheType, FlashAttention, LoadParams, LoraAdapter, ModelChoice, Sampling, planner};

pub use bench::BenchOptions;
pub use serve::{ServeOptions, StopOptions};

pub use conversations::{ConversationsCommand, ConversationsOptions, ExportOptions, Form, ImportOptions};
pub use quantize::QuantizeOptions;

/// Run large language models on your own computer.
#[derive(Debug, Parser)]
#[command(name = "paddock", version, about, arg_required_else_help = true)]
pub struct Arguments {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Chat with a model: one answer with -p, a conversation without.
    Chat(Box<ChatOptions>),
    /// Measure how fast a model is here, and what it takes, as llama-bench does.
    Bench(BenchOptions),
    /// List what models can be computed on.
    Devices(DevicesOptions),
    /// List the models on this computer, verify or remove them.
    Models(ModelsOptions),
    /// Say what computer this is.
    Hardware(HardwareOptions),
    /// List the quantizations: size and quality.
    Quants(QuantsOptions),
    /// Say what a model needs and how fast it will be, before it is downloaded.
    Plan(PlanOptions),
    /// Say which quantization to take.
    Recommend(RecommendOptions),
    /// Download a model; goes on where it stopped, and ends only when it is whole or cannot come.
    Download(DownloadOptions),
    /// Write a smaller copy of a model.
    Quantize(QuantizeOptions),
    /// Serve the model to other programs, as OpenAI's and Anthropic's interfaces, until it is stopped.
    Serve(ServeOptions),
    /// Stop the servers of this user.
    Stop(StopOptions),
    /// Search Hugging Face for models; with owner/name, list the models of that repository.
    Search(SearchOptions),
    /// List the conversations of the window.
    Conversations(ConversationsOptions),
    /// Write a conversation, or all of them, as Markdown, JSON or HTML.
    Export(ExportOptions),
    /// Take conversations out of files of Paddock, ChatGPT, LM Studio, Jan or Open WebUI.
    Import(ImportOptions),
}

#[derive(Debug, Args)]
pub struct DownloadOptions {
    /// Repository and quantization, e.g. bartowski/Llama-3.3-70B-Instruct-GGUF:Q4_K_M. Without the quantization: the
    /// only model of the repository, or the list of what it has.
    #[arg(value_name = "REPO[:QUANT]")]
    pub model: String,
    /// A file of the repository, instead of a quantization; of a split model any of its parts.
    #[arg(long, value_name = "PATH")]
    pub file: Option<String>,
    /// Another server than huggingface.co, such as a mirror [default: the one chosen in Paddock, or HF_ENDPOINT].
    #[arg(long, value_name = "URL")]
    pub endpoint: Option<String>,
    /// Models folder; the files go into OWNER/NAME below it [default: the one chosen in Paddock].
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
    /// At most so many bytes per second.
    #[arg(long, value_name = "BYTES_PER_S", value_parser = clap::value_parser!(u64).range(1..))]
    pub limit: Option<u64>,
    /// Connections at once.
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u8).range(1..=16))]
    pub connections: u8,
    /// Print one JSON object a line: how far it is, and how it ended.
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct ModelsOptions {
    #[command(subcommand)]
    pub command: ModelsCommand,
}

#[derive(Debug, Subcommand)]
pub enum ModelsCommand {
    /// Look for models: Paddock's own, and those of other programs.
    #[command(visible_alias = "scan")]
    List {
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Compare every byte of a model with its published checksum. Fails if one is wrong.
    Verify {
        /// Its file, or its name if no other model has it.
        #[arg(value_name = "FILE|NAME")]
        model: String,
        /// Fetch again what is damaged of a model that Paddock downloaded, and nothing else.
        #[arg(long)]
        repair: bool,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Remove a model that Paddock downloaded, for good.
    Remove {
        /// Its file, or its name if no other model has it.
        #[arg(value_name = "FILE|NAME")]
        model: String,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Args)]
pub struct SearchOptions {
    /// Words in a repository's name, or the whole name of one (owner/name).
    #[arg(value_name = "WORDS", required = true)]
    pub words: Vec<String>,
    /// At most so many repositories.
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=100))]
    pub limit: u32,
    /// Another server than huggingface.co [default: the one chosen in Paddock, or HF_ENDPOINT].
    #[arg(long, value_name = "URL")]
    pub endpoint: Option<String>,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct HardwareOptions {
    /// Measure how fast memory is (three seconds).
    #[arg(long)]
    pub measure: bool,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct QuantsOptions {
    /// A model Paddock knows, e.g. llama-3.1-8b.
    #[arg(default_value = "llama-3.3-70b", value_name = "MODEL")]
    pub model: String,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

/// The computer to plan for; what is not given is taken from this one.
#[derive(Debug, Args)]
pub struct ComputerOptions {
    /// Another graphics card or Apple chip, e.g. "RTX 4090"; "none" for none.
    #[arg(long, value_name = "NAME", help_heading = "Computer")]
    pub gpu: Option<String>,
    /// Video memory in GiB.
    #[arg(long, value_name = "GIB", help_heading = "Computer")]
    pub vram: Option<f64>,
    /// Main memory in GiB.
    #[arg(long, value_name = "GIB", help_heading = "Computer")]
    pub ram: Option<f64>,
    /// Bandwidth of the video memory in GB/s.
    #[arg(long, value_name = "GB_S", help_heading = "Computer")]
    pub bandwidth: Option<f64>,
    /// Measure how fast this computer's memory is first (three seconds).
    #[arg(long, help_heading = "Computer")]
    pub measure: bool,
}

#[derive(Debug, Args)]
pub struct PlanOptions {
    /// GGUF file, a model Paddock knows (llama-3.3-70b:Q4_K_M), or a repository (owner/name:Q4_K_M), of which only the
    /// header is read.
    #[arg(value_name = "FILE|REPO[:QUANT]")]
    pub model: String,
    /// Context length in tokens [default: 4096].
    #[arg(short, long, value_name = "TOKENS")]
    pub ctx: Option<u32>,
    /// Layers on the GPU [default: as many as fit].
    #[arg(long, value_name = "N")]
    pub gpu_layers: Option<u32>,
    /// Number format of the KV cache.
    #[arg(long, value_enum, value_name = "TYPE", default_value = "f16")]
    pub cache_type: Cache,
    #[command(flatten)]
    pub computer: ComputerOptions,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct RecommendOptions {
    /// A model Paddock knows.
    #[arg(default_value = "llama-3.3-70b", value_name = "MODEL")]
    pub model: String,
    /// Context length in tokens [default: 4096].
    #[arg(short, long, value_name = "TOKENS")]
    pub ctx: Option<u32>,
    /// Number format of the KV cache.
    #[arg(long, value_enum, value_name = "TYPE", default_value = "f16")]
    pub cache_type: Cache,
    /// What matters more.
    #[arg(long, value_enum, value_name = "WISH", default_value = "balanced")]
    pub prefer: Wish,
    #[command(flatten)]
    pub computer: ComputerOptions,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Wish {
    Faster,
    Balanced,
    Smarter,
}

#[derive(Debug, Args)]
pub struct DevicesOptions {
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct ChatOptions {
    /// GGUF file, or a folder that holds one [default: the self-test model that comes with Paddock].
    #[arg(short, long, env = "MODEL_PATH", value_name = "FILE", hide_env_values = true)]
    pub model: Option<PathBuf>,
    /// Which model of the folder, e.g. Q4_K_M.
    #[arg(long, env = "QUANT", value_name = "QUANT", hide_env_values = true)]
    pub quant: Option<String>,
    /// Context length in tokens [default: the model's own, at most 4096].
    #[arg(short, long, env = "CTX", value_name = "TOKENS", hide_env_values = true)]
    pub ctx: Option<u32>,
    /// Layers on the GPU, counted from the output layer [default: all].
    #[arg(long, env = "GPU_LAYERS", value_name = "N", hide_env_values = true)]
    pub gpu_layers: Option<u32>,
    /// Instructions that the conversation begins with.
    #[arg(short, long, value_name = "TEXT")]
    pub system: Option<String>,
    /// Ask this, print the answer, and end. "-" reads it from standard input.
    #[arg(short, long, value_name = "TEXT")]
    pub prompt: Option<String>,
    /// Print one JSON object instead of text; needs -p.
    #[arg(long, requires = "prompt")]
    pub json: bool,

    /// 0: always the likeliest token; higher: more varied [default: 0.8; the self-test model: 0].
    #[arg(long, value_name = "0-5", help_heading = "Sampling")]
    pub temp: Option<f32>,
    /// Only the k likeliest tokens; 0: all.
    #[arg(long, value_name = "K", help_heading = "Sampling")]
    pub top_k: Option<u32>,
    /// Only the likeliest tokens that together reach p.
    #[arg(long, value_name = "P", help_heading = "Sampling")]
    pub top_p: Option<f32>,
    /// Only tokens at least this many times as likely as the likeliest.
    #[arg(long, value_name = "P", help_heading = "Sampling")]
    pub min_p: Option<f32>,
    /// How much repeated tokens are held back; 1: not at all.
    #[arg(long, value_name = "X", help_heading = "Sampling")]
    pub repeat_penalty: Option<f32>,
    /// The same seed gives the same answer.
    #[arg(long, value_name = "N", help_heading = "Sampling")]
    pub seed: Option<u32>,
    /// Text that ends the answer; can be given several times.
    #[arg(long, value_name = "TEXT", help_heading = "Sampling")]
    pub stop: Vec<String>,
    /// Tokens to write at most.
    #[arg(short = 'n', long, value_name = "N", help_heading = "Sampling")]
    pub max_tokens: Option<u32>,

    /// CPU threads [default: the physical cores].
    #[arg(short, long, value_name = "N", help_heading = "Loading")]
    pub threads: Option<u32>,
    /// Tokens per decode call.
    #[arg(long, value_name = "N", help_heading = "Loading")]
    pub batch: Option<u32>,
    /// Tokens computed at once.
    #[arg(long, value_name = "N", help_heading = "Loading")]
    pub ubatch: Option<u32>,
    /// Read the file instead of mapping it.
    #[arg(long, help_heading = "Loading")]
    pub no_mmap: bool,
    /// Keep the model's pages from being swapped out.
    #[arg(long, help_heading = "Loading")]
    pub mlock: bool,
    /// Number format of the K half of the KV cache.
    #[arg(long, value_enum, value_name = "TYPE", default_value = "f16", help_heading = "Loading")]
    pub cache_type_k: Cache,
    /// Number format of the V half of the KV cache.
    #[arg(long, value_enum, value_name = "TYPE", default_value = "f16", help_heading = "Loading")]
    pub cache_type_v: Cache,
    /// LoRA adapter (GGUF) and how strongly, 1 if not said; can be given several times.
    #[arg(long, value_name = "FILE[=SCALE]", value_parser = lora::adapter, help_heading = "Loading")]
    pub lora: Vec<LoraAdapter>,
    /// Compute attention without storing its matrix.
    #[arg(long, value_enum, value_name = "WHEN", default_value = "auto", help_heading = "Loading")]
    pub flash_attention: Flash,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum Cache {
    F32,
    F16,
    Bf16,
    #[value(name = "q8_0")]
    Q8,
    #[value(name = "q5_0")]
    Q5,
    #[value(name = "q4_0")]
    Q4,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Flash {
    Auto,
    On,
    Off,
}

impl ChatOptions {
    pub fn choice(&self) -> ModelChoice {
        match &self.model {
            Some(path) => ModelChoice::Path { path: path.clone(), quant: self.quant.clone() },
            None => ModelChoice::SelfTest,
        }
    }

    pub fn load_params(&self) -> LoadParams {
        let defaults = LoadParams::default();
        let n_batch = self.batch.unwrap_or(defaults.n_batch);
        LoadParams {
            n_ctx: self.ctx,
            n_batch,
            n_ubatch: self.ubatch.unwrap_or(defaults.n_ubatch.min(n_batch)),
            n_gpu_layers: self.gpu_layers,
            n_threads: self.threads,
            use_mmap: !self.no_mmap,
            use_mlock: self.mlock,
            cache_type_k: self.cache_type_k.into(),
            cache_type_v: self.cache_type_v.into(),
            flash_attention: self.flash_attention.into(),
            lora: self.lora.clone(),
            ..defaults
        }
    }

    /// The usual sampling with what was asked for.
    pub fn sampling(&self, usual: &Sampling) -> Sampling {
        Sampling {
            temperature: self.temp.unwrap_or(usual.temperature),
            top_k: self.top_k.unwrap_or(usual.top_k),
            top_p: self.top_p.unwrap_or(usual.top_p),
            min_p: self.min_p.unwrap_or(usual.min_p),
            repeat_penalty: self.repeat_penalty.unwrap_or(usual.repeat_penalty),
            seed: self.seed.or(usual.seed),
            ..usual.clone()
        }
    }
}

impl From<Cache> for CacheType {
    fn from(cache: Cache) -> Self {
        match cache {
            Cache::F32 => Self::F32,
            Cache::F16 => Self::F16,
            Cache::Bf16 => Self::Bf16,
            Cache::Q8 => Self::Q8_0,
            Cache::Q5 => Self::Q5_0,
            Cache::Q4 => Self::Q4_0,
        }
    }
}

impl From<Cache> for planner::CacheType {
    fn from(cache: Cache) -> Self {
        match cache {
            Cache::F32 => Self::F32,
            Cache::F16 => Self::F16,
            Cache::Bf16 => Self::Bf16,
            Cache::Q8 => Self::Q8_0,
            Cache::Q5 => Self::Q5_0,
            Cache::Q4 => Self::Q4_0,
        }
    }
}

impl From<Flash> for FlashAttention {
    fn from(flash: Flash) -> Self {
        match flash {
            Flash::Auto => Self::Auto,
            Flash::On => Self::On,
            Flash::Off => Self::Off,
        }
    }
}
