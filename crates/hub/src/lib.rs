//! Models: what a repository on Hugging Face offers, how a model comes here whole, and which are on this computer.
//!
//! **Owns** the repositories ([`remote`]), downloads ([`transfer`]), what is written down about a verified file
//! ([`receipt`]), the models that are here, Paddock's and other programs' ([`library`]), and the judgement over a file a
//! person points at: [`inspect`] says what the model is, or why it cannot be used and what to do. **Does not own** whether
//! an engine knows the architecture (the engine says so when it loads it), whether the model fits the computer, or which
//! downloads there are.
//!
//! A file is never trusted: only regular files are opened, only the header is read, and
//! `paddock-gguf` bounds the time and the memory that takes.
//!
//! **How to test:** `cargo test -p paddock-hub`.

mod appearance;
mod blocks;
mod error;
mod inspect;
pub mod library;
pub mod receipt;
pub mod remote;
mod space;
mod split;
pub mod transfer;

pub use error::Error;
pub use inspect::{ModelFile, OpenedModel, inspect, open_model};
pub use space::free_bytes;
