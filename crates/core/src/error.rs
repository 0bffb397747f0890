//! The one error that the user interface sees, and the one mapping to it from all others.

use paddock_engine_api::{
    DeathCause, EngineError,
    protocol::{Failure, FailureCode},
};
use serde::{Deserialize, Serialize};
use specta::Type;

mod own;
mod what;

pub use what::What;

/// What happened and why (`message`), what to do next (`hint`), and the technical rest for those who ask (`details`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type, thiserror::Error)]
#[serde(rename_all = "camelCase")]
#[error("{message}")]
pub struct ApiError {
    /// For programs.
    pub code: ErrorCode,
    /// What happened, and why.
    pub message: String,
    /// What to do next.
    pub hint: Option<String>,
    /// What the parts underneath said.
    pub details: Option<String>,
    /// What happened, with its values, where the window has a sentence for it in every language.
    #[serde(default)]
    #[specta(optional)]
    pub what: Option<Box<What>>,
}

/// Kinds of errors. A kind exists only because somebody branches on it: the button that an error card offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum ErrorCode {
    /// No model is loaded and none could be chosen.
    NoModel,
    /// The file is not a model that can be used.
    ModelRefused,
    /// The model could not be loaded.
    LoadFailed,
    /// The guardrail speaks against loading the model now.
    HeldBack,
    /// The engine process ended.
    EngineDied,
    /// The engine process gave no sign of life and was ended.
    EngineHung,
    /// The conversation has more tokens than the context.
    PromptTooLong,
    /// Something of this kind is going on already.
    Busy,
    /// What was named is not there.
    NotFound,
    /// What was given makes no sense.
    BadInput,
    /// The repository is only open to people who accepted its terms, or the access token is missing or refused.
    Gated,
    /// The model's licence has to be accepted first.
    LicenceNotAccepted,
    /// Another server's key is missing, wrong or lost.
    RemoteKey,
    /// Another server cannot be had now.
    RemoteFailed,
    /// Another server does not do what is asked.
    RemoteRefused,
    /// The disk or the database.
    Storage,
    /// A fault of Paddock's own.
    Internal,
}

impl ApiError {
    pub(crate) fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), hint: None, details: None, what: None }
    }

    pub(crate) fn what(mut self, what: What) -> Self {
        self.what = Some(Box::new(what));
        self
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl From<EngineError> for ApiError {
    fn from(error: EngineError) -> Self {
        match error {
            EngineError::Failed(failure) => failure.into(),
            EngineError::Died(death) => {
                let (code, hint) = match death.cause {
                    DeathCause::Hung { .. } => (ErrorCode::EngineHung, "Your next message starts it again."),
                    DeathCause::Killed | DeathCause::GpuOutOfMemory => (
                        ErrorCode::EngineDied,
                        "Your next message starts it again. If it happens again, choose a smaller model or context.",
                    ),
                    DeathCause::IllegalInstruction => {
                        (ErrorCode::EngineDied, "Paddock needs a processor of 2013 or newer (Intel Haswell, AMD Zen).")
                    }
                    DeathCause::GpuError
                    | DeathCause::Aborted
                    | DeathCause::Crashed
                    | DeathCause::Exited(_)
                    | DeathCause::Babbled => (ErrorCode::EngineDied, "Your next message starts it again."),
                };
                Self {
                    code,
                    message: death.sentence(),
                    hint: Some(hint.into()),
                    what: Some(Box::new(What::of_death(death.cause))),
                    details: Some(death.last_words).filter(|words| !words.is_empty()),
                }
            }
            EngineError::Spawn(ref reason) => {
                let what = What::EngineNotStarted { reason: reason.to_string() };
                Self::new(ErrorCode::EngineDied, error.to_string()).what(what)
            }
            EngineError::Parking(_) => Self::new(ErrorCode::Storage, error.to_string()),
            EngineError::ShutDown => Self::new(ErrorCode::EngineDied, error.to_string()),
        }
    }
}

impl From<Failure> for ApiError {
    fn from(Failure { code, message, details, cause }: Failure) -> Self {
        let (code, hint) = match code {
            FailureCode::ModelRefused => (ErrorCode::ModelRefused, "Choose another file, or download this one again."),
            FailureCode::OutOfMemory => {
                (ErrorCode::LoadFailed, "Choose a shorter context, fewer GPU layers, or a smaller model.")
            }
            FailureCode::LoadFailed => (ErrorCode::LoadFailed, "Try again, or choose another model."),
            FailureCode::NoModel => (ErrorCode::NoModel, "Choose a model first."),
            FailureCode::PromptTooLong => {
                (ErrorCode::PromptTooLong, "Load the model with a longer context, or start a new chat.")
            }
            FailureCode::BadRequest | FailureCode::TemplateRefused => (ErrorCode::BadInput, "Change it and try again."),
            FailureCode::DecodeFailed => (ErrorCode::EngineDied, "Try again."),
            FailureCode::Cancelled => (ErrorCode::Busy, "Start it again when you want it."),
            FailureCode::ProtocolVersion => (ErrorCode::Internal, "Reinstall Paddock: two versions are mixed."),
        };
        Self {
            code,
            message,
            hint: Some(hint.into()),
            details,
            what: cause.map(|cause| Box::new(What::of_cause(cause))),
        }
    }
}

impl From<paddock_store::Error> for ApiError {
    fn from(error: paddock_store::Error) -> Self {
        use paddock_store::Error as E;
        let gone = |message: &str, id: String, what| {
            let details = Some(id);
            Self { details, ..Self::new(ErrorCode::NotFound, message).what(what) }
        };
        let code = match &error {
            E::UnknownConversation(id) => {
                return gone("This conversation no longer exists.", id.to_string(), What::ConversationGone);
            }
            E::UnknownMessage(id) => {
                return gone("This message no longer exists.", id.to_string(), What::MessageGone);
            }
            E::NotThere { .. } => ErrorCode::NotFound,
            E::StillBeingWritten(_) => return Self::answer_underway(),
            E::ElsewhereInTree { .. }
            | E::ParentWithoutConversation(_)
            | E::ParentIsAQuestion(_)
            | E::NotAnAnswer(_)
            | E::AlreadyFinished(_) => ErrorCode::BadInput,
            _ => ErrorCode::Storage,
        };
        Self { what: What::of_store(&error).map(Box::new), ..Self::new(code, error.to_string()) }
    }
}

impl From<paddock_hub::Error> for ApiError {
    fn from(error: paddock_hub::Error) -> Self {
        Self { what: What::of_file(&error).map(Box::new), ..Self::new(ErrorCode::ModelRefused, error.to_string()) }
    }
}

impl From<paddock_hub::library::LibraryError> for ApiError {
    fn from(error: paddock_hub::library::LibraryError) -> Self {
        use paddock_hub::library::LibraryError as E;
        let code = match &error {
            E::NotVerified { .. } => ErrorCode::ModelRefused,
            E::ChangedMeanwhile { .. } | E::InUse { .. } => ErrorCode::Busy,
            E::NotOurs { .. } | E::InTheWay { .. } | E::UnsafeName { .. } => ErrorCode::BadInput,
            E::NothingToRestore => ErrorCode::NotFound,
            E::Read { .. } | E::Move { .. } | E::Share { .. } => ErrorCode::Storage,
        };
        Self::new(code, error.to_string())
    }
}

impl From<paddock_extract::Error> for ApiError {
    fn from(error: paddock_extract::Error) -> Self {
        let code = match error {
            paddock_extract::Error::NoReader { .. } => ErrorCode::Internal,
            _ => ErrorCode::BadInput,
        };
        Self::new(code, error.to_string())
    }
}

impl From<tokio::task::JoinError> for ApiError {
    fn from(error: tokio::task::JoinError) -> Self {
        Self::new(ErrorCode::Internal, format!("A part of Paddock failed: {error}."))
    }
}
