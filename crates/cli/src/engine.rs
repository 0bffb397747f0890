//! An engine without an app around it, for commands that only ask it something.

use paddock_core::{ApiError, AppConfig, EngineHost, ErrorCode};

/// Ready to start this executable's own engine.
pub fn host() -> Result<EngineHost, ApiError> {
    let config = AppConfig::usual()?;
    EngineHost::new(config.engine, config.host).map_err(|error| ApiError {
        code: ErrorCode::Internal,
        message: format!("The engine could not be started: {error}."),
        hint: None,
        details: None,
        what: None,
    })
}
