//! The messages between app and engine: snake_case JSON, one per line.
//!
//! Every request has an `id` of the app's choosing; every event that answers it carries the same `id`. A request ends
//! with exactly one of its closing events (named at each request) or with [`Event::Failed`].

use std::path::PathBuf;

use paddock_hardware::{NvidiaReport, Rates};
use serde::{Deserialize, Serialize};

use crate::{
    Cause,
    benching::{BenchParams, BenchProgress, BenchTest, ModelBench},
    output::{AnswerFormat, OnFull, Speculation, TokenLogprob, Tool, ToolCall, ToolChoice},
    parking::Parking,
    quantizing::{QuantizeParams, QuantizeProgress},
};

/// Version of this protocol. Raised when a message changes its meaning or loses a field; the handshake refuses any other.
pub const PROTOCOL_VERSION: u32 = 3;

/// The longest line either side accepts, in bytes, its newline included. A conversation of a million words fits;
/// anything longer is garbage and closes the connection.
pub const MAX_LINE_BYTES: usize = 8 * 1024 * 1024;

/// How often the engine says that it lives, in milliseconds.
pub const HEARTBEAT_INTERVAL_MS: u64 = 500;

/// One line to the engine.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ToEngine {
    /// Chosen by the app, unique while the engine lives.
    pub id: u64,
    /// What is wanted.
    #[serde(flatten)]
    pub request: Request,
}

/// One line from the engine.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FromEngine {
    /// The request that this answers; `None` for heartbeats and for lines that could not be read.
    pub id: Option<u64>,
    /// What happened.
    #[serde(flatten)]
    pub event: Event,
}

/// What the app can ask for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Request {
    /// The first line of every connection. Closed by [`Event::Ready`].
    Hello {
        /// The app's [`PROTOCOL_VERSION`].
        protocol: u32,
    },
    /// What ggml can compute on, and what NVIDIA's driver says of its cards. Closed by [`Event::Devices`].
    ListDevices,
    /// Load a model, in place of the one that is loaded. [`Event::LoadProgress`]…, closed by [`Event::Loaded`].
    Load(LoadParams),
    /// What [`Request::Load`] with the same parameters would allocate. Reads no weight and allocates none of it, so it
    /// also answers for a model that does not fit. A model that is loaded stays. Closed by [`Event::Inspected`].
    Inspect(LoadParams),
    /// Measure how fast each device gets through weights. Refused while a model is loaded, which would be in the way.
    /// Closed by [`Event::Rates`].
    Benchmark {
        /// For each weight format on each device, at most about this long: 0.01 ..= 10.
        seconds: f32,
    },
    /// Measure the loaded model. Empties its KV cache. [`Event::BenchProgress`]…, [`Event::BenchTest`]…, closed by
    /// [`Event::BenchDone`].
    BenchModel(BenchParams),
    /// Write a smaller copy of a model file. A model that is loaded stays. [`Event::QuantizeProgress`]…, closed by
    /// [`Event::Quantized`]. It cannot be cancelled.
    Quantize(QuantizeParams),
    /// Free the model. Closed by [`Event::Unloaded`], also when there was none.
    Unload,
    /// Answer a conversation. [`Event::PromptProgress`]…, [`Event::Token`]…, closed by [`Event::Done`]. Several may be
    /// under way at once, as many as [`LoadParams::n_parallel`]; more wait for a place, in the order they came.
    Generate(Box<GenerateParams>),
    /// The meaning of texts as vectors, one for each. Closed by [`Event::Embeddings`].
    Embed {
        /// Each at most as long as the context, in tokens; so many that their vectors fit into one line.
        texts: Vec<String>,
    },
    /// Stop request `target`: a generation then ends with [`FinishReason::Cancelled`], a load, an inspection or a
    /// benchmark with [`FailureCode::Cancelled`]. Has no answer of its own.
    Cancel {
        /// The `id` of the request to stop.
        target: u64,
    },
    /// Count what a text or a conversation takes in the loaded model's tokens. Closed by [`Event::Tokens`].
    Tokenize {
        /// Rendered with the chat template as [`Request::Generate`] would.
        messages: Vec<ChatMessage>,
        /// As [`GenerateParams::continue_answer`].
        #[serde(default)]
        continue_answer: bool,
    },
    /// Forget what was computed for a conversation, in the context and on the disk, or with `None` everything. Answers
    /// being written are not touched. Closed by [`Event::Forgotten`].
    Forget {
        /// [`GenerateParams::conversation`].
        conversation: Option<String>,
    },
    /// Count texts by themselves, without a chat template around them. Answered beside whatever else is being done, also
    /// while an answer is written. Closed by [`Event::Counts`].
    CountTexts {
        /// Nothing in them counts as a control token.
        texts: Vec<String>,
    },
}

/// How a model is loaded. `None` and the defaults leave the choice to the engine.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct LoadParams {
    /// The GGUF file (the first shard of a split one).
    pub path: PathBuf,
    /// Context length in tokens, 16 ..= [`MAX_N_CTX`]; `None`: the model's own, at most [`DEFAULT_N_CTX`].
    pub n_ctx: Option<u32>,
    /// Tokens handed to one decode call at most.
    pub n_batch: u32,
    /// Tokens computed at once at most (the micro-batch).
    pub n_ubatch: u32,
    /// Layers on the GPU, counted from the output layer; `None`: all of them.
    pub n_gpu_layers: Option<u32>,
    /// CPU threads for writing; `None`: the physical cores.
    pub n_threads: Option<u32>,
    /// CPU threads for understanding; `None`: as `n_threads`.
    pub n_threads_batch: Option<u32>,
    /// Map the file instead of reading it.
    pub use_mmap: bool,
    /// Keep the model's pages from being swapped out.
    pub use_mlock: bool,
    /// Number format of the K half of the KV cache.
    pub cache_type_k: CacheType,
    /// Number format of the V half of the KV cache.
    pub cache_type_v: CacheType,
    /// Whether attention is computed without storing its matrix.
    pub flash_attention: FlashAttention,
    /// Answers that may be written at once, 1 ..= [`MAX_PARALLEL`]. They share the context: `n_ctx` is for all of them
    /// together.
    pub n_parallel: u32,
    /// Rearrange weights in main memory for the processor, where it has a faster order. Rearranged weights are no longer
    /// mapped: they must fit into RAM.
    pub repack: bool,
    /// Where named conversations are kept when there is no more room for them in the context; `None`: nowhere.
    pub parking: Option<Parking>,
    /// A small model that guesses what the large one will write.
    pub draft: Option<Draft>,
    /// LoRA adapters that are used with the model. [`Request::Inspect`] leaves them out: they are small.
    pub lora: Vec<LoraAdapter>,
}

/// A model that guesses for another one. Its vocabulary must be the other one's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draft {
    /// The GGUF file (the first shard of a split one).
    pub path: PathBuf,
    /// Layers on the GPU, counted from the output layer; `None`: all of them.
    #[serde(default)]
    pub n_gpu_layers: Option<u32>,
}

/// A small file that changes what a model says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LoraAdapter {
    /// The GGUF file.
    pub path: PathBuf,
    /// How strongly: 1 as it was trained, 0 not at all, -100 ..= 100.
    pub scale: f32,
}

/// The most answers that can be written at once.
pub const MAX_PARALLEL: u32 = 64;

/// Context length used when none is asked for, in tokens: enough for a long talk, 1.25 GiB of KV cache on a 70B.
pub const DEFAULT_N_CTX: u32 = 4096;

/// The longest context that can be asked for, in tokens. The longest that a model was trained for is 10 Mi (Llama 4
/// Scout). llama.cpp keeps 48 bytes of records per token of context beside the KV cache (llama-kv-cells.h), which even
/// [`Request::Inspect`] really allocates.
pub const MAX_N_CTX: u32 = 16 << 20;

/// How long [`Request::Benchmark`] normally measures, in seconds per weight format and device: long enough for a
/// handful of runs over more weights than a cache holds.
pub const BENCHMARK_SECONDS: f32 = 0.3;

impl Default for LoadParams {
    fn default() -> Self {
        Self {
            path: PathBuf::new(),
            n_ctx: None,
            // llama.cpp's own defaults are 2048 and 512 (`llama_context_default_params`).
            n_batch: 2048,
            n_ubatch: 512,
            n_gpu_layers: None,
            n_threads: None,
            n_threads_batch: None,
            use_mmap: true,
            use_mlock: false,
            cache_type_k: CacheType::F16,
            cache_type_v: CacheType::F16,
            flash_attention: FlashAttention::Auto,
            n_parallel: 1,
            repack: true,
            parking: None,
            draft: None,
            lora: Vec::new(),
        }
    }
}

/// Number format of the KV cache. Bits per value: 32, 16, 16, 8.5, 5.5, 4.5.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "ggml's own type names")]
pub enum CacheType {
    F32,
    #[default]
    F16,
    #[serde(rename = "bf16")]
    Bf16,
    #[serde(rename = "q8_0")]
    Q8_0,
    #[serde(rename = "q5_0")]
    Q5_0,
    #[serde(rename = "q4_0")]
    Q4_0,
}

/// When flash attention is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FlashAttention {
    /// Where the device supports it.
    #[default]
    Auto,
    /// Always.
    On,
    /// Never.
    Off,
}

/// What to answer, and how.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct GenerateParams {
    /// The conversation, oldest first; the last one is normally the user's.
    pub messages: Vec<ChatMessage>,
    /// The last message is the assistant's and is gone on with, from its very last character, instead of answered.
    pub continue_answer: bool,
    /// How the next token is chosen.
    pub sampling: Sampling,
    /// Texts that end the answer; they are not part of it.
    pub stop: Vec<String>,
    /// Tokens to write at most; `None`: until the context is full.
    pub max_tokens: Option<u32>,
    /// Go on with this text instead of answering `messages`, which must be empty then. It is taken as it is: no template,
    /// control tokens in it are control tokens.
    pub prompt: Option<String>,
    /// What the answer must look like.
    pub format: AnswerFormat,
    /// What the model may ask the caller to do for it.
    pub tools: Vec<Tool>,
    /// Whether it may, or must.
    pub tool_choice: ToolChoice,
    /// Tell how likely each token was, and so many of the likeliest beside it, 0 ..= 20; `None`: not at all.
    pub logprobs: Option<u32>,
    /// Whether several tokens are guessed and checked at once.
    pub speculation: Speculation,
    /// What happens when the answer reaches the end of the context.
    pub on_full: OnFull,
    /// Names the conversation, so that what was computed for it is kept, in the KV cache or on the disk, for its next
    /// turn; `None`: whatever fits best is used.
    pub conversation: Option<String>,
}

/// One turn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChatMessage {
    /// Whose turn.
    pub role: ChatRole,
    /// Its text. Never becomes a control token, whatever it contains.
    pub content: String,
    /// What an assistant's turn asked to be done.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tool_calls: Vec<ToolCall>,
    /// Which call the result of a tool's turn belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool_call_id: Option<String>,
}

impl ChatMessage {
    /// A turn that is text alone.
    pub fn new(role: ChatRole, content: impl Into<String>) -> Self {
        Self { role, content: content.into(), tool_calls: Vec::new(), tool_call_id: None }
    }
}

/// Whose turn a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the chat templates' own role names")]
pub enum ChatRole {
    System,
    User,
    Assistant,
    Tool,
}

impl ChatRole {
    /// The name chat templates know the role by.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::User => "user",
            Self::Assistant => "assistant",
            Self::Tool => "tool",
        }
    }
}

/// How the next token is chosen. The defaults are llama.cpp's, except that nothing is random at temperature 0.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Sampling {
    /// 0: always the likeliest token; higher: more varied. 0 ..= 5.
    pub temperature: f32,
    /// Only the k likeliest tokens; 0: all.
    pub top_k: u32,
    /// Only the likeliest tokens that together reach p; 1: all.
    pub top_p: f32,
    /// Only tokens at least min_p times as likely as the likeliest; 0: all.
    pub min_p: f32,
    /// How much a repeated token is held back; 1: not at all.
    pub repeat_penalty: f32,
    /// Over how many of the last tokens the three penalties look.
    pub repeat_last_n: u32,
    /// How much a token is held back for every time it was written, -2 ..= 2; 0: not at all.
    pub frequency_penalty: f32,
    /// How much a token is held back once it was written, -2 ..= 2; 0: not at all.
    pub presence_penalty: f32,
    /// Added to the logits of single tokens, -100 ..= 100.
    pub logit_bias: Vec<(u32, f32)>,
    /// The same seed gives the same answer; `None`: a new one each time.
    pub seed: Option<u32>,
}

impl Default for Sampling {
    fn default() -> Self {
        Self {
            temperature: 0.8,
            top_k: 40,
            top_p: 0.95,
            min_p: 0.05,
            repeat_penalty: 1.0,
            repeat_last_n: 64,
            frequency_penalty: 0.0,
            presence_penalty: 0.0,
            logit_bias: Vec::new(),
            seed: None,
        }
    }
}

/// What the engine tells.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Event {
    /// Closes [`Request::Hello`].
    Ready {
        /// The engine's [`PROTOCOL_VERSION`].
        protocol: u32,
        /// Version of Paddock that the engine was built with.
        version: String,
        /// What llama.cpp says of itself and of the instructions it uses (`AVX2 = 1 | …`).
        system_info: String,
    },
    /// Closes [`Request::ListDevices`].
    Devices {
        /// In ggml's order; the CPU is one of them.
        devices: Vec<Device>,
        /// The cards as NVIDIA's own library sees them; empty without its driver.
        nvidia: NvidiaReport,
    },
    /// A load has come further.
    LoadProgress {
        /// What is being done.
        phase: LoadPhase,
        /// How far in this phase, 0 ..= 1.
        fraction: f32,
    },
    /// Closes [`Request::Load`].
    Loaded(Box<Loaded>),
    /// Closes [`Request::Inspect`].
    Inspected(Inspected),
    /// Closes [`Request::Benchmark`].
    Rates {
        /// In ggml's order. A device without room for the measurement, or that cannot multiply one of the formats, is
        /// not among them.
        devices: Vec<DeviceRates>,
    },
    /// A measurement of the model came further.
    BenchProgress(BenchProgress),
    /// One test of it is done.
    BenchTest(BenchTest),
    /// Closes [`Request::BenchModel`].
    BenchDone(ModelBench),
    /// A copy is further.
    QuantizeProgress(QuantizeProgress),
    /// Closes [`Request::Quantize`].
    Quantized,
    /// Closes [`Request::Unload`].
    Unloaded,
    /// The prompt has been counted, and processed this far.
    PromptProgress {
        /// Tokens that are in the KV cache by now, reused ones included.
        processed: u32,
        /// Tokens of the whole prompt.
        total: u32,
        /// Of these, found in the KV cache from before.
        cached: u32,
    },
    /// More text of the answer.
    Token {
        /// May be empty (a character is not whole yet) or hold several characters.
        text: String,
        /// Tokens written so far, this one included.
        predicted_n: u32,
        /// How likely the tokens were that were written since the last of these events, if that was asked for.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        logprobs: Vec<TokenLogprob>,
    },
    /// Closes [`Request::Generate`].
    Done {
        /// Why the answer ends here.
        finish_reason: FinishReason,
        /// Counts and times.
        timings: Timings,
        /// What the model asks to be done, if `finish_reason` is [`FinishReason::ToolCalls`].
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        tool_calls: Vec<ToolCall>,
    },
    /// Closes [`Request::Embed`].
    Embeddings {
        /// One for each text, in their order, of length 1.
        vectors: Vec<Vec<f32>>,
        /// Tokens of all texts together.
        n_tokens: u32,
    },
    /// Closes [`Request::Tokenize`].
    Tokens {
        /// How many.
        n_tokens: u32,
    },
    /// Closes [`Request::Forget`].
    Forgotten,
    /// Closes [`Request::CountTexts`].
    Counts {
        /// One number for each text, in their order.
        n_tokens: Vec<u32>,
    },
    /// Closes any request that could not be done.
    Failed(Failure),
    /// Every [`HEARTBEAT_INTERVAL_MS`]: the process is scheduled, and this is how far its work is.
    Heartbeat {
        /// Grows whenever the engine thread gets anything done (a graph node, a tensor read, a token).
        progress: u64,
        /// The requests being worked on.
        busy: Vec<u64>,
    },
}

/// Something ggml can compute on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Device {
    /// ggml's name, e.g. `CUDA0`, `Metal`, `CPU`.
    pub name: String,
    /// The product's name, e.g. `NVIDIA GeForce RTX 4090`.
    pub description: String,
    /// ggml's backend, e.g. `CUDA`.
    pub backend: String,
    /// What kind of device.
    pub kind: DeviceKind,
    /// Its memory in bytes; 0 where ggml cannot tell.
    pub memory_total_bytes: u64,
    /// Of this, free. The CPU device reports all of its memory as free.
    pub memory_free_bytes: u64,
}

/// What kind of device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeviceKind {
    /// The processor.
    Cpu,
    /// A helper that works in main memory (BLAS, AMX).
    Accelerator,
    /// A graphics card with memory of its own.
    Gpu,
    /// A GPU that shares main memory.
    IntegratedGpu,
    /// ggml does not say.
    Unknown,
}

/// What a load is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LoadPhase {
    /// Reading or mapping the weights.
    Reading,
    /// Reserving the context and running one token through the model, so that the first answer is not the slow one.
    WarmingUp,
}

/// A loaded model as it really is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Loaded {
    /// The file.
    pub path: PathBuf,
    /// `general.name`, or the file's stem.
    pub name: String,
    /// `general.architecture`.
    pub architecture: String,
    /// llama.cpp's description, e.g. `llama 70B Q4_K - Medium`.
    pub description: String,
    /// Parameters.
    pub n_params: u64,
    /// Bytes of all weights.
    pub weights_bytes: u64,
    /// Context length in tokens, as reserved.
    pub n_ctx: u32,
    /// Context length the model was trained for, in tokens.
    pub n_ctx_train: u32,
    /// Repeating layers.
    pub n_layers: u32,
    /// Layers on a GPU, the output layer counted as one; 0 without a GPU.
    pub n_gpu_layers: u32,
    /// CPU threads for writing.
    pub n_threads: u32,
    /// Time from the request to readiness, in milliseconds.
    pub load_ms: f64,
    /// What was really allocated, per device and buffer type.
    pub buffers: Vec<BufferUse>,
    /// Where the chat template came from.
    pub template: TemplateSource,
    /// What the user should know, in sentences.
    pub warnings: Vec<String>,
}

/// What a model would take if it were loaded.
///
/// The numbers are llama.cpp's own, from the code that a load runs before it allocates, and those of [`Loaded::buffers`]
/// to the byte, with one exception. A load that maps the file counts as `CPU_Mapped` everything from the first to the
/// last tensor that stays in the mapping, whatever of it lies in other buffers too; here these tensors alone are
/// counted, under `CPU` (beside a graphics card: under the name of its host buffers, such as `CUDA_Host`). Repacked
/// weights (`CPU_REPACK`) are counted alike in both. With several graphics cards llama.cpp deals out the layers by the
/// memory that is free on each at this moment: unload first to ask for what a load would find.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inspected {
    /// What would be allocated, per device and buffer type.
    pub buffers: Vec<BufferUse>,
    /// Context length in tokens, as it would be reserved.
    pub n_ctx: u32,
    /// Repeating layers.
    pub n_layers: u32,
    /// Layers that would be on a GPU, the output layer counted as one; 0 without a GPU.
    pub n_gpu_layers: u32,
}

/// How fast a device gets through weights.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DeviceRates {
    /// ggml's device name, e.g. `CUDA0`, `CPU`.
    pub device: String,
    /// Weights per second, multiplied with one vector as for every token that is written.
    pub rates: Rates,
}

/// What is allocated in one kind of buffer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BufferUse {
    /// ggml's name of the device whose memory it takes, e.g. `CUDA0`, `CPU`.
    pub device: String,
    /// ggml's buffer type, e.g. `CUDA0`, `CPU`, `CPU_REPACK` (weights rearranged in main memory, no longer mapped),
    /// `CUDA_Host` (main memory that the card can reach).
    pub buffer_type: String,
    /// Weights, in bytes.
    pub weights_bytes: u64,
    /// KV cache, in bytes.
    pub kv_bytes: u64,
    /// Scratch space of the computation, in bytes.
    pub compute_bytes: u64,
}

/// Where the chat template came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TemplateSource {
    /// The file's own `tokenizer.chat_template`.
    Model,
    /// Built in, for models with Llama 3's vocabulary.
    Llama3,
    /// Built in, for all others: names and colons.
    Plain,
}

/// Why an answer ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FinishReason {
    /// The model ended its turn.
    Stop,
    /// `max_tokens` or the end of the context was reached.
    Length,
    /// One of the `stop` texts came up.
    StopString,
    /// [`Request::Cancel`].
    Cancelled,
    /// The model asks for tools to be used.
    ToolCalls,
}

/// Counts and times of one answer, under llama.cpp's own names.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Timings {
    /// Prompt tokens found in the KV cache.
    pub cache_n: u32,
    /// Prompt tokens that had to be processed.
    pub prompt_n: u32,
    /// Time for them, in milliseconds.
    pub prompt_ms: f64,
    /// Tokens written, the end-of-turn token included.
    pub predicted_n: u32,
    /// Time for them, in milliseconds.
    pub predicted_ms: f64,
    /// Of them, guessed before they were computed.
    #[serde(default)]
    pub draft_n: u32,
    /// Of the guesses, right.
    #[serde(default)]
    pub draft_accepted_n: u32,
}

/// Why a request could not be done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub struct Failure {
    /// For programs.
    pub code: FailureCode,
    /// For people: what happened and why, with the numbers.
    pub message: String,
    /// What llama.cpp logged about it, if anything.
    pub details: Option<String>,
    /// The same as `message` with its values, where it is one of those that people meet often.
    #[serde(default)]
    pub cause: Option<Cause>,
}

/// Why a request could not be done, for programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureCode {
    /// The handshake named another protocol version.
    ProtocolVersion,
    /// A line or a value that makes no sense.
    BadRequest,
    /// llama.cpp does not know this kind of model or its data.
    ModelRefused,
    /// Memory for weights, KV cache or scratch space could not be had.
    OutOfMemory,
    /// The load failed otherwise.
    LoadFailed,
    /// Nothing is loaded.
    NoModel,
    /// The conversation has more tokens than the context.
    PromptTooLong,
    /// The chat template refused this conversation.
    TemplateRefused,
    /// llama.cpp reported an error while computing.
    DecodeFailed,
    /// Stopped by [`Request::Cancel`].
    Cancelled,
}
