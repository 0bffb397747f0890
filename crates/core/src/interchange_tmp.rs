//! Conversations as files: ours, and those of other programs.

use crate::{ApiError, App, view::ExportFormat};

impl App {
    /// A conversation in another form.
    ///
    /// # Errors
    /// When what is named is not there, and what the disk says.
    pub async fn conversation_as(&self, id: String, format: ExportFormat) -> Result<String, ApiError> {
        let _ = &id;
        let _ = &format;
        Err(ApiError::not_there_yet())
    }
}
