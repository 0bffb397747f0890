//! What Paddock does, without a window, a terminal or a socket.
//!
//! [`App`] is the whole of it for the desktop: conversations, models, chat turns, and the engine's state as the user
//! sees it. [`Dialogue`] is the same engine without anything stored, for the command line. The types in [`view`] are
//! what crosses to the user interface; their TypeScript is generated.
//!
//! Owns the use cases and the mapping from every error to an [`ApiError`]. Knows neither Tauri nor HTTP nor llama.cpp.

mod answering;
mod app;
mod backups;
mod benching;
mod chat;
mod completing;
mod composing;
mod conversations;
mod copying;
mod dialogue;
mod discover;
mod download_once;
mod download_settings;
mod downloads;
mod error;
mod extracting;
mod fitting;
mod formats;
mod interchange;
mod keeping;
mod keychain;
mod library;
mod line;
mod links;
mod live;
mod loading;
mod models;
mod named;
mod organise;
mod parking;
mod paths;
mod places;
mod planning;
mod prompt;
mod quantizing;
mod remembering;
mod remotes;
mod self_test;
#[cfg(test)]
mod sentences;
mod serving;
mod setup;
mod streaming;
mod survey;
mod thinking;
mod titles;
pub mod view;

pub use app::{App, AppConfig};
pub use benching::bench_report;
pub use completing::{Completed, Completion, CompletionEvent, Refusal, ServedModel};
pub use dialogue::{Answer, Dialogue, ModelChoice};
pub use discover::{models_at, search_at};
pub use download_once::{OneDownload, download_once};
pub use error::{ApiError, ErrorCode, What};
pub use interchange::file_name;
pub use line::MAX_WAITING;
pub use links::checked_link;
pub use named::weights_named;
/// For the first lines of `main`: attached files are read by the same executable, in a process of its own.
pub use paddock_extract::{is_reader_process, reader_main};
pub use paths::DataDir;
pub use planning::weights_of;
pub use quantizing::{Copy, make_copy, plan_copy};
pub use serving::{own_address, random_token};
pub use survey::{survey, survey_and_measure};

/// What a computer is, and what fits on it: the facts and figures themselves, for the command line.
pub use {paddock_hardware as hardware, paddock_planner as planner};

/// Downloads as they are made, for the command line.
pub use paddock_hub::transfer;

/// What an answer may look like, for the local server.
pub use paddock_engine_api::output::{AnswerFormat, TokenLogprob, Tool, ToolCall, ToolChoice};

/// What the command line and the local server need of the engine's protocol.
pub use paddock_engine_api::{
    EngineCommand, EngineError, EngineHost, GenerationEvent, HostConfig, Life,
    protocol::{
        CacheType, ChatMessage, ChatRole, Device, FinishReason, FlashAttention, GenerateParams, LoadParams, Loaded,
        LoraAdapter, Sampling, Timings,
    },
};
