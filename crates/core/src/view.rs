//! What the user interface sees. camelCase on the wire; the TypeScript of these types is generated from here.
//!
//! Numbers that Rust holds as 64-bit integers or floats are declared to TypeScript as plain `number`: bytes, milliseconds
//! and parameter counts stay far below 2^53, and no float here is ever NaN.

use paddock_engine_api::protocol as engine;
use serde::{Deserialize, Serialize};
use specta::Type;

use crate::ApiError;

mod benching;
mod chats;
mod copying;
mod downloads;
mod formats;
mod loading;
mod planning;
mod remotes;
mod server;
mod stored;
mod window;

pub use benching::*;
pub use chats::*;
pub use copying::*;
pub use downloads::*;
pub use formats::*;
pub use loading::*;
pub use planning::*;
pub use remotes::*;
pub use server::*;
pub use window::*;

/// What the window says about the app itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct AppInfo {
    /// Paddock's version.
    pub version: String,
    /// The folder below which everything is written.
    pub data_dir: String,
    /// Paddock's own licence.
    pub licence: String,
    /// The operating system.
    pub platform: Platform,
}

/// The operating system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the systems' own names")]
pub enum Platform {
    Linux,
    Macos,
    Windows,
}

/// A conversation as the list shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct ConversationSummary {
    /// Its id.
    pub id: String,
    /// Its title.
    pub title: String,
    /// When it was begun, in milliseconds since 1970.
    #[specta(type = u32)]
    pub created_at_ms: i64,
    /// When something last happened in it, in milliseconds since 1970.
    #[specta(type = u32)]
    pub updated_at_ms: i64,
    /// The first words of its last message.
    pub preview: String,
    /// Whether the title was made by Paddock.
    pub title_is_auto: bool,
    /// Whether it stays at the top of the list.
    pub pinned: bool,
    /// Whether it is out of the list until somebody asks for it.
    pub archived: bool,
    /// The folder it is in.
    pub folder_id: Option<String>,
}

impl From<paddock_store::ConversationSummary> for ConversationSummary {
    fn from(from: paddock_store::ConversationSummary) -> Self {
        Self {
            id: from.id.to_string(),
            title: from.title,
            created_at_ms: from.created_at_ms,
            updated_at_ms: from.updated_at_ms,
            preview: from.preview,
            title_is_auto: from.title_is_auto,
            pinned: from.pinned,
            archived: from.archived,
            folder_id: from.folder_id,
        }
    }
}

/// A whole conversation: a tree of messages, and the end of the branch that is shown.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Conversation {
    /// Its id.
    pub id: String,
    /// Its title.
    pub title: String,
    /// The leaf of the shown branch: walk `parentId` up from it.
    pub head_id: Option<String>,
    /// All messages of all branches, oldest first.
    pub messages: Vec<Message>,
    /// How it is set up.
    pub setup: ChatSetup,
    /// What was typed and not sent.
    pub draft: String,
}

impl From<paddock_store::Conversation> for Conversation {
    fn from(from: paddock_store::Conversation) -> Self {
        Self {
            id: from.summary.id.to_string(),
            title: from.summary.title,
            head_id: from.head.map(|id| id.to_string()),
            messages: from.messages.into_iter().map(Message::from).collect(),
            // What a newer version wrote and this one cannot read counts as not set.
            setup: from.setup_json.and_then(|json| serde_json::from_str(&json).ok()).unwrap_or_default(),
            draft: from.draft,
        }
    }
}

/// Whose message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the roles' own names")]
pub enum Role {
    System,
    User,
    Assistant,
}

/// Why an answer ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum FinishReason {
    /// The model ended it.
    Stop,
    /// A limit of tokens, or the end of the context.
    Length,
    /// A stop text came up.
    StopString,
    /// The user stopped it.
    Cancelled,
    /// Engine or app ended in the middle of it; what was written is kept.
    Interrupted,
    /// There is no answer; `error` says why.
    Failed,
}

/// One message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Message {
    /// Its id.
    pub id: String,
    /// Its conversation.
    pub conversation_id: String,
    /// What it follows; none for the first.
    pub parent_id: Option<String>,
    /// Whose it is.
    pub role: Role,
    /// Its text.
    pub content: String,
    /// When it was begun, in milliseconds since 1970.
    #[specta(type = u32)]
    pub created_at_ms: i64,
    /// Why it ended; none while it is being written, and for the user's own.
    pub finish_reason: Option<FinishReason>,
    /// Counts and times.
    pub timings: Option<Timings>,
    /// What went wrong.
    pub error: Option<ApiError>,
    /// Which model wrote it.
    pub model_name: Option<String>,
    /// Whether the user wrote or changed this answer.
    pub edited: bool,
    /// What the model did not see of the branch.
    pub cut: Option<ContextCut>,
    /// How long the model thought before it answered, in milliseconds.
    #[specta(type = Option<u32>)]
    pub thinking_ms: Option<f64>,
    /// Files that were sent with it.
    pub attachments: Vec<Attachment>,
}

impl From<paddock_store::Message> for Message {
    fn from(from: paddock_store::Message) -> Self {
        use paddock_store::FinishReason as F;
        let body = from.body;
        Self {
            id: from.id.to_string(),
            conversation_id: from.conversation_id.to_string(),
            parent_id: from.parent_id.map(|id| id.to_string()),
            role: body.role.into(),
            content: body.content,
            created_at_ms: body.created_at_ms,
            finish_reason: body.finish_reason.map(|reason| match reason {
                F::Stop => FinishReason::Stop,
                F::Length => FinishReason::Length,
                F::StopString => FinishReason::StopString,
                F::Cancelled => FinishReason::Cancelled,
                F::Interrupted => FinishReason::Interrupted,
                F::Failed => FinishReason::Failed,
            }),
            timings: body.timings.map(|t| Timings {
                cache_n: t.cache_n,
                prompt_n: t.prompt_n,
                prompt_ms: t.prompt_ms,
                predicted_n: t.predicted_n,
                predicted_ms: t.predicted_ms,
            }),
            error: body.error_json.and_then(|json| serde_json::from_str(&json).ok()),
            model_name: body.model_name,
            edited: body.edited,
            cut: body.cut_json.and_then(|json| serde_json::from_str(&json).ok()),
            thinking_ms: body.thinking_ms,
            attachments: from.attachments.into_iter().map(Attachment::from).collect(),
        }
    }
}

/// Counts and times of an answer, under llama.cpp's names.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Timings {
    /// Prompt tokens found in the KV cache.
    pub cache_n: u32,
    /// Prompt tokens processed.
    pub prompt_n: u32,
    /// Time for them.
    #[specta(type = u32)]
    pub prompt_ms: f64,
    /// Tokens written.
    pub predicted_n: u32,
    /// Time for them.
    #[specta(type = u32)]
    pub predicted_ms: f64,
}

/// A model that can be loaded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct ModelEntry {
    /// Its file.
    pub path: String,
    /// Its name.
    pub name: String,
    /// Its quantization, e.g. `Q4_K_M`.
    pub quant: Option<String>,
    /// Bytes of its file or files.
    #[specta(type = u32)]
    pub size_bytes: u64,
    /// Whether it is the one that comes with Paddock.
    pub self_test: bool,
    /// When it was last used, in milliseconds since 1970.
    #[specta(type = Option<u32>)]
    pub last_used_ms: Option<i64>,
    /// Whether the file is still there.
    pub present: bool,
    /// Where it is, if it is another server's; then its path is no file's.
    #[serde(default)]
    #[specta(optional)]
    pub remote: Option<RemotePlace>,
}

/// What the user may set before a load; none: automatic.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct LoadSettings {
    /// Context length in tokens.
    pub n_ctx: Option<u32>,
    /// GPU layers.
    pub n_gpu_layers: Option<u32>,
    /// CPU threads.
    pub n_threads: Option<u32>,
}

/// What a device holds of the loaded model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct BufferUse {
    /// The device's name.
    pub device: String,
    /// Weights.
    #[specta(type = u32)]
    pub weights_bytes: u64,
    /// KV cache.
    #[specta(type = u32)]
    pub kv_bytes: u64,
    /// Scratch space.
    #[specta(type = u32)]
    pub compute_bytes: u64,
}

/// The loaded model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct LoadedModel {
    /// Its file.
    pub path: String,
    /// Its name.
    pub name: String,
    /// Its quantization.
    pub quant: Option<String>,
    /// Whether it is the one that comes with Paddock.
    pub self_test: bool,
    /// Parameters.
    #[specta(type = u32)]
    pub n_params: u64,
    /// Context length in tokens.
    pub n_ctx: u32,
    /// Context length it was trained for.
    pub n_ctx_train: u32,
    /// Repeating layers.
    pub n_layers: u32,
    /// Layers on a GPU.
    pub n_gpu_layers: u32,
    /// How long the load took.
    #[specta(type = u32)]
    pub load_ms: f64,
    /// What was really allocated, per device.
    pub buffers: Vec<BufferUse>,
    /// What the user should know.
    pub warnings: Vec<String>,
    /// Where it is, if it is another server's; then nobody knows the figures above, and they are 0.
    #[serde(default)]
    #[specta(optional)]
    pub remote: Option<RemotePlace>,
}

impl LoadedModel {
    /// Context length in tokens, where it is known.
    pub fn context(&self) -> Option<u32> {
        self.remote.as_ref().map_or(Some(self.n_ctx), |place| place.n_ctx)
    }
}

/// What a load is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum LoadPhase {
    /// The engine process is starting.
    Starting,
    /// Reading the weights.
    Reading,
    /// Running one token through.
    WarmingUp,
}

impl From<engine::LoadPhase> for LoadPhase {
    fn from(from: engine::LoadPhase) -> Self {
        match from {
            engine::LoadPhase::Reading => Self::Reading,
            engine::LoadPhase::WarmingUp => Self::WarmingUp,
        }
    }
}

/// The engine as the user sees it. Always whole, never a difference.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
#[serde(tag = "status", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum EngineState {
    /// Nothing is loaded.
    NoModel,
    /// Nobody used the model for a while, so it was unloaded. The next message loads it again.
    Resting {
        /// Its file.
        path: String,
        /// Its name.
        name: String,
        /// How long nobody used it, in seconds.
        idle_seconds: u32,
    },
    /// A model is being loaded.
    Loading {
        /// Its file.
        path: String,
        /// Its name.
        name: String,
        /// What is being done.
        phase: LoadPhase,
        /// How far in this phase, 0 to 1.
        #[specta(type = u32)]
        fraction: f32,
        /// For how long already.
        elapsed_ms: u32,
    },
    /// Waiting for a message.
    Ready {
        /// The model.
        model: LoadedModel,
    },
    /// Processing a prompt.
    Understanding {
        /// The model.
        model: LoadedModel,
        /// For which conversation.
        conversation_id: String,
        /// Tokens in the KV cache by now.
        processed: u32,
        /// Tokens of the prompt.
        total: u32,
        /// Of these, reused.
        cached: u32,
    },
    /// Writing an answer.
    Writing {
        /// The model.
        model: LoadedModel,
        /// For which conversation.
        conversation_id: String,
    },
    /// It could not be loaded, or it ended.
    Failed {
        /// The file in question.
        path: Option<String>,
        /// Its name.
        name: Option<String>,
        /// Why.
        error: ApiError,
    },
}

/// What the user sends.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct ChatRequest {
    /// None: a new conversation.
    pub conversation_id: Option<String>,
    /// What the message follows; none: nothing.
    pub parent_id: Option<String>,
    /// The text.
    pub content: String,
    /// Files to send with it.
    pub attachments: Vec<NewAttachment>,
    /// How a new conversation is set up; none: as the settings say.
    pub setup: Option<ChatSetup>,
}

/// What a turn tells on its way.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum ChatEvent {
    /// First: what was stored. An answer that is gone on with has the text that it had.
    Started {
        /// The conversation.
        conversation: ConversationSummary,
        /// The question.
        user_message: Box<Message>,
        /// The answer, still empty.
        answer: Box<Message>,
    },
    /// Another answer or load has the engine; this one is in line.
    Queued {
        /// 1: the next.
        position: u32,
        /// The title of the conversation that is being answered, if it is one.
        behind: Option<String>,
    },
    /// The prompt is counted, and processed this far.
    Progress {
        /// Tokens in the KV cache by now.
        processed: u32,
        /// Tokens of the prompt.
        total: u32,
        /// Of these, reused.
        cached: u32,
    },
    /// More text; at most one of these per frame.
    Text {
        /// The text to append.
        delta: String,
        /// Tokens written so far.
        predicted_n: u32,
    },
    /// Last: the answer as stored.
    Done {
        /// The answer.
        message: Box<Message>,
    },
}
