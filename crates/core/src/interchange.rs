//! Conversations as files: ours, and those of other programs.

use std::path::{Path, PathBuf};

use crate::{
    ApiError, App,
    view::{ExportFormat, ImportReport},
};

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

    /// What a file with this conversation would be called.
    ///
    /// # Errors
    /// When what is named is not there, and what the disk says.
    pub async fn export_file_name(&self, id: String, format: ExportFormat) -> Result<String, ApiError> {
        let _ = &id;
        let _ = &format;
        Err(ApiError::not_there_yet())
    }

    /// Writes a conversation to a file.
    ///
    /// # Errors
    /// When what is named is not there, and what the disk says.
    pub async fn export_conversation_to(&self, id: String, format: ExportFormat, path: &Path) -> Result<(), ApiError> {
        let _ = (&id, &format, path);
        Err(ApiError::not_there_yet())
    }

    /// Writes all conversations to one file.
    ///
    /// # Errors
    /// What the disk says.
    pub async fn export_all_to(&self, path: &Path) -> Result<(), ApiError> {
        let _ = path;
        Err(ApiError::not_there_yet())
    }

    /// Takes in the conversations of files.
    ///
    /// # Errors
    /// What the disk says.
    pub async fn import_files(&self, files: Vec<PathBuf>) -> Result<ImportReport, ApiError> {
        let _ = &files;
        Err(ApiError::not_there_yet())
    }
}
