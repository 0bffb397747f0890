//! Refusals.

use paddock_engine_api::protocol::{Failure, FailureCode};

/// A refusal that llama.cpp's log has nothing to add to.
pub(crate) fn failure(code: FailureCode, message: impl Into<String>) -> Failure {
    Failure { code, message: message.into(), details: None, cause: None }
}
