//! Why a request was not answered, in the words of the interface that it came to.

use hyper::{Method, StatusCode};
use paddock_core::{ApiError, ErrorCode, Refusal};
use serde_json::{Value, json};

/// Whose words are spoken on a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// OpenAI's, which llama-server speaks too.
    OpenAi,
    /// Anthropic's.
    Anthropic,
}

/// Why a request was not answered.
#[derive(Debug, Clone, PartialEq)]
pub struct Fault {
    pub status: StatusCode,
    pub message: String,
    /// The parameter that is wrong, such as `messages[0].content`.
    pub param: Option<String>,
    /// For programs, where OpenAI has a word for it.
    pub code: Option<&'static str>,
    /// After how many seconds it is worth another try.
    pub retry_after: Option<u32>,
    /// The method that is allowed instead.
    pub allow: Option<Method>,
}

/// How long a client should wait when the line is full, in seconds: about the time of an answer.
const RETRY_AFTER: u32 = 5;

impl Fault {
    pub fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self { status, message: message.into(), param: None, code: None, retry_after: None, allow: None }
    }

    /// A parameter that is wrong.
    pub fn param(param: impl Into<String>, message: impl Into<String>) -> Self {
        Self { param: Some(param.into()), ..Self::new(StatusCode::BAD_REQUEST, message) }
    }

    /// What the engine refused in a parameter that only it can judge. `param`: its name, if it was given.
    pub fn or_param(self, param: Option<&str>) -> Self {
        match param.filter(|_| self.status == StatusCode::BAD_REQUEST && self.code.is_none() && self.param.is_none()) {
            Some(param) => Self { param: Some(param.into()), ..self },
            None => self,
        }
    }

    fn code(self, code: &'static str) -> Self {
        Self { code: Some(code), ..self }
    }

    /// OpenAI's word for the kind of an error.
    fn openai_kind(&self) -> &'static str {
        match self.status.as_u16() {
            401 => "authentication_error",
            403 => "permission_error",
            404 => "not_found_error",
            503 => "unavailable_error",
            500.. => "server_error",
            _ => "invalid_request_error",
        }
    }

    /// Anthropic's.
    fn anthropic_kind(&self) -> &'static str {
        match self.status.as_u16() {
            401 => "authentication_error",
            403 => "permission_error",
            404 => "not_found_error",
            413 => "request_too_large",
            503 => "overloaded_error",
            500.. => "api_error",
            _ => "invalid_request_error",
        }
    }

    /// The body of the reply.
    pub fn body(&self, dialect: Dialect) -> Value {
        match dialect {
            Dialect::OpenAi => json!({ "error": {
                "message": self.message,
                "type": self.openai_kind(),
                "param": self.param,
                "code": self.code,
            }}),
            Dialect::Anthropic => json!({ "type": "error", "error": {
                "type": self.anthropic_kind(),
                "message": self.message,
                "param": self.param,
            }}),
        }
    }
}

impl From<Refusal> for Fault {
    fn from(refusal: Refusal) -> Self {
        let message = refusal.to_string();
        match refusal {
            Refusal::Full { .. } => {
                Self { retry_after: Some(RETRY_AFTER), ..Self::new(StatusCode::SERVICE_UNAVAILABLE, message) }
            }
            Refusal::UnknownModel { .. } => {
                Self { status: StatusCode::NOT_FOUND, ..Self::param("model", message) }.code("model_not_found")
            }
            Refusal::NoneOfOurs { .. } | Refusal::NotAName { .. } => Self::param("model", message),
            Refusal::TooLong { .. } => Self::new(StatusCode::PAYLOAD_TOO_LARGE, message),
            Refusal::Failed(error) => error.into(),
        }
    }
}

impl From<ApiError> for Fault {
    fn from(error: ApiError) -> Self {
        let status = match error.code {
            ErrorCode::PromptTooLong | ErrorCode::BadInput => StatusCode::BAD_REQUEST,
            ErrorCode::NotFound => StatusCode::NOT_FOUND,
            ErrorCode::NoModel | ErrorCode::Busy => StatusCode::SERVICE_UNAVAILABLE,
            ErrorCode::ModelRefused
            | ErrorCode::LoadFailed
            | ErrorCode::HeldBack
            // Requests do not go on to other servers; these are for the window.
            | ErrorCode::RemoteKey
            | ErrorCode::RemoteFailed
            | ErrorCode::RemoteRefused
            | ErrorCode::EngineDied
            | ErrorCode::EngineHung
            | ErrorCode::Gated
            | ErrorCode::LicenceNotAccepted
            | ErrorCode::Storage
            | ErrorCode::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        };
        let ApiError { code, message, hint, .. } = error;
        let message = hint.map_or_else(|| message.clone(), |hint| format!("{message} {hint}"));
        match code {
            ErrorCode::PromptTooLong => Self::new(status, message).code("context_length_exceeded"),
            ErrorCode::Busy | ErrorCode::NoModel => {
                Self { retry_after: Some(RETRY_AFTER), ..Self::new(status, message) }
            }
            _ => Self::new(status, message),
        }
    }
}
