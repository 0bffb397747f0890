//! What exactly the engine could not do, with its values, where people meet it often. `Display` is English.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::protocol::{Failure, FailureCode};

/// A cause that the window says in its own language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Cause {
    /// llama.cpp does not know this kind of model.
    UnknownArchitecture {
        /// The file's name.
        file: String,
        /// What it calls its kind; may be empty.
        architecture: String,
    },
    /// The file ends before its data.
    FileIncomplete {
        /// The file's name.
        file: String,
    },
    /// The weights found no room.
    NoMemoryForModel {
        /// The file's name.
        file: String,
    },
    /// Parts that this kind of model must have are missing.
    NotAWholeModel {
        /// The file's name.
        file: String,
    },
    /// A model of another kind, such as one for embeddings.
    NoDecoder {
        /// The file's name.
        file: String,
    },
    /// llama.cpp did not load it, and nothing says why.
    CannotLoad {
        /// The file's name.
        file: String,
    },
    /// The context found no room beside the weights.
    NoMemoryForContext {
        /// Context length in tokens.
        n_ctx: u32,
    },
    /// Nothing is loaded.
    NoModel,
    /// The conversation has more tokens than the context.
    PromptTooLong {
        /// Tokens of the conversation.
        n_tokens: u32,
        /// Tokens of the context.
        n_ctx: u32,
    },
}

impl Cause {
    /// For programs.
    pub fn code(&self) -> FailureCode {
        match self {
            Self::UnknownArchitecture { .. }
            | Self::FileIncomplete { .. }
            | Self::NotAWholeModel { .. }
            | Self::NoDecoder { .. } => FailureCode::ModelRefused,
            Self::NoMemoryForModel { .. } | Self::NoMemoryForContext { .. } => FailureCode::OutOfMemory,
            Self::CannotLoad { .. } => FailureCode::LoadFailed,
            Self::NoModel => FailureCode::NoModel,
            Self::PromptTooLong { .. } => FailureCode::PromptTooLong,
        }
    }
}

impl From<Cause> for Failure {
    fn from(cause: Cause) -> Self {
        Self { code: cause.code(), message: cause.to_string(), details: None, cause: Some(cause) }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownArchitecture { file, architecture } => {
                write!(f, "“{file}” has an architecture that this version of llama.cpp does not know ({architecture}).")
            }
            Self::FileIncomplete { file } => {
                write!(f, "“{file}” is incomplete: some of its data lies beyond the end of the file.")
            }
            Self::NoMemoryForModel { file } => write!(f, "There is not enough memory for “{file}”."),
            Self::NotAWholeModel { file } => {
                write!(f, "“{file}” is not a complete model: parts that its kind must have are missing.")
            }
            Self::NoDecoder { file } => {
                write!(f, "“{file}” is not a model that writes answers (it has no decoder of its own).")
            }
            Self::CannotLoad { file } => write!(f, "llama.cpp could not load “{file}”."),
            Self::NoMemoryForContext { n_ctx } => {
                write!(f, "There is not enough memory for a context of {n_ctx} tokens beside the model.")
            }
            Self::NoModel => f.write_str("No model is loaded."),
            Self::PromptTooLong { n_tokens, n_ctx } => write!(
                f,
                "This conversation is {n_tokens} tokens long and does not fit in the context of {n_ctx} tokens."
            ),
        }
    }
}
