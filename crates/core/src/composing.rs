//! What the message field needs to know before anything is sent.

use crate::{
    ApiError, App,
    view::{ContextUse, NewAttachment, TokenCounts},
};

impl App {
    /// The text of a file that was chosen, dropped or pasted.
    ///
    /// # Errors
    /// When what is named is not there, and what the disk says.
    pub async fn extract_text(&self, name: String, base64: String) -> Result<NewAttachment, ApiError> {
        let _ = &name;
        let _ = &base64;
        Err(ApiError::not_there_yet())
    }

    /// The tokens of texts.
    ///
    /// # Errors
    /// When what is named is not there, and what the disk says.
    pub async fn count_tokens(&self, texts: Vec<String>) -> Result<TokenCounts, ApiError> {
        let _ = &texts;
        Err(ApiError::not_there_yet())
    }

    /// What fills the context before the next message.
    ///
    /// # Errors
    /// When what is named is not there, and what the disk says.
    pub async fn context_use(
        &self,
        conversation_id: Option<String>,
        head_id: Option<String>,
    ) -> Result<ContextUse, ApiError> {
        let _ = &conversation_id;
        let _ = &head_id;
        Err(ApiError::not_there_yet())
    }
}
