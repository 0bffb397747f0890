//! The access token for Hugging Face, kept in the system's keychain.

use paddock_hub::remote::{Hub, HubConfig};

use crate::{ApiError, App, ErrorCode, view::TokenPlace};

/// The name of its entry in the keychain.
pub(super) const ENTRY: &str = "huggingface";

impl App {
    /// Whether there is an access token for the server that is asked, and where it is kept.
    ///
    /// # Errors
    /// Only what the disk says.
    pub async fn hub_token(&self) -> Result<TokenPlace, ApiError> {
        Ok(self.hub_config().await?.1)
    }

    /// Sets the access token, or removes it. Goes to the keychain; where there is none, or it stays locked, it is kept
    /// until Paddock is closed.
    ///
    /// # Errors
    /// [`ErrorCode::BadInput`] for what no token looks like, [`ErrorCode::Storage`] if the keychain does not let it go.
    pub async fn set_hub_token(&self, token: Option<String>) -> Result<TokenPlace, ApiError> {
        let tokens = &self.inner.discovery.tokens;
        match token.map(|token| token.trim().to_owned()).filter(|token| !token.is_empty()) {
            Some(token) => {
                let mut config = HubConfig::default();
                config.token = Some(token.clone());
                Hub::new(config)?;
                tokens.set(token).await;
            }
            None if tokens.remove().await => {}
            None => {
                return Err(ApiError::new(
                    ErrorCode::Storage,
                    "The system's keychain did not remove the access token.",
                )
                .hint("Unlock the keychain and try again, or remove the entry “ai.paddock.Paddock” there."));
            }
        }
        self.hub_token().await
    }
}
