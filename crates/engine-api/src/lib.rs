//! The boundary between Paddock and its engine.
//!
//! llama.cpp ends its process on many errors (`GGML_ASSERT`, every CUDA error, any C++ exception that leaves
//! `llama_decode`), and nothing in Rust can catch that. So it lives in a child process of the same executable,
//! and this crate is all that the app knows of it:
//!
//! - [`protocol`]: the messages, one JSON object per line over the child's standard input and output;
//! - [`output`]: what an answer may look like: JSON, a grammar, calls of tools;
//! - [`parking`]: conversations kept on the disk, and how they are forgotten;
//! - [`benching`]: measuring a model;
//! - [`quantizing`]: writing a smaller copy of one;
//! - [`framing`]: reading such lines with a limit on their length, in the child and in the app;
//! - [`EngineHost`]: starts the child when it is first needed, watches its heartbeat, says why it ended, and starts a
//!   new one for the next request. It never restarts by itself, so there is no restart loop.
//!
//! Does not link llama.cpp; knows nothing of conversations, settings or the window.

pub mod benching;
mod cause;
mod death;
pub mod framing;
mod host;
pub mod output;
pub mod parking;
mod platform;
pub mod protocol;
pub mod quantizing;
mod supervisor;

pub use cause::Cause;
pub use death::{Death, DeathCause};
pub use host::{EngineCommand, EngineError, EngineHost, Generation, GenerationEvent, HostConfig, Life, LoadReport};
