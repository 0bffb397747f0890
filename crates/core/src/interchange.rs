//! Conversations as files: ours, and those of other programs.

mod document;
pub(crate) mod files;
mod html;
mod import;
mod markdown;
mod names;
mod shown;
mod sources;
mod tree;

#[cfg(test)]
mod tests;

use std::{io, path::Path};

use paddock_store::{ConversationId, ConversationInFull};

use crate::{
    ApiError, App, ErrorCode,
    view::{ExportFormat, ImportReport},
};

pub use names::file_name;

impl App {
    /// A conversation in another form.
    ///
    /// # Errors
    /// When it is not there.
    pub async fn conversation_as(&self, id: String, format: ExportFormat) -> Result<String, ApiError> {
        let full = self.in_full(id).await?;
        Ok(tokio::task::spawn_blocking(move || rendered(&full, format)).await?)
    }

    /// What a file with this conversation would be called.
    ///
    /// # Errors
    /// When it is not there.
    pub async fn export_file_name(&self, id: String, format: ExportFormat) -> Result<String, ApiError> {
        let id = ConversationId::from(id);
        let title = self.with_store(move |store| store.conversation_title(&id)).await?;
        Ok(file_name(&title, format))
    }

    /// Writes a conversation into a file: all of it or nothing, and what was there before stays until then.
    ///
    /// # Errors
    /// When it is not there, or the file cannot be written.
    pub async fn export_conversation_to(&self, id: String, format: ExportFormat, path: &Path) -> Result<(), ApiError> {
        let (full, path) = (self.in_full(id).await?, path.to_owned());
        tokio::task::spawn_blocking(move || {
            files::write(&path, |out| out.write_all(rendered(&full, format).as_bytes()))
        })
        .await?
    }

    /// Writes every conversation into a file that [`App::import_files`] reads, archived ones too.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub async fn export_all_to(&self, path: &Path) -> Result<(), ApiError> {
        let (app, path) = (self.clone(), path.to_owned());
        tokio::task::spawn_blocking(move || {
            let ids = app.ids_to_export()?;
            files::write(&path, |out| app.write_all(&ids, out))
        })
        .await?
    }

    /// Every conversation, as [`App::export_all_to`] writes it.
    ///
    /// # Errors
    /// Only what the disk says.
    pub async fn export_all_json(&self) -> Result<String, ApiError> {
        let app = self.clone();
        tokio::task::spawn_blocking(move || {
            let mut json = Vec::new();
            app.write_all(&app.ids_to_export()?, &mut json).map_err(|error| files::unwritten(&error))?;
            String::from_utf8(json).map_err(|error| ApiError::new(ErrorCode::Internal, error.to_string()))
        })
        .await?
    }

    /// Takes conversations out of files: Paddock's own, and exports of ChatGPT, LM Studio, Jan and Open WebUI, which are
    /// told by their content. What cannot be read is in the report; the rest comes in. The same file brings nothing twice.
    ///
    /// # Errors
    /// Only what the disk says when a conversation is stored; those before it stay.
    pub async fn import_files(&self, paths: Vec<std::path::PathBuf>) -> Result<ImportReport, ApiError> {
        let app = self.clone();
        tokio::task::spawn_blocking(move || {
            let mut report = import::Report::default();
            let done = import::files(&paths, &mut report, |new| Ok(app.inner.store().import_conversation(new)?));
            let report = report.finish();
            if report.conversations > 0 {
                app.list_changed();
            }
            done.map(|()| report)
        })
        .await?
    }

    async fn in_full(&self, id: String) -> Result<ConversationInFull, ApiError> {
        let id = ConversationId::from(id);
        self.with_store(move |store| store.conversation_in_full(&id)).await
    }

    /// The one that changed last comes last, so that an import in this order keeps the order of equal times.
    fn ids_to_export(&self) -> Result<Vec<ConversationId>, ApiError> {
        let summaries = self.inner.store().conversations()?;
        Ok(summaries.into_iter().rev().map(|summary| summary.id).collect())
    }

    /// One after the other, so that no more than one is in memory. One that was deleted meanwhile is left out.
    fn write_all(&self, ids: &[ConversationId], out: &mut dyn io::Write) -> io::Result<()> {
        let mut list = document::Writer::begin(out)?;
        for id in ids {
            match self.inner.store().conversation_in_full(id) {
                Ok(full) => list.add(&full)?,
                Err(paddock_store::Error::UnknownConversation(_)) => {}
                Err(error) => return Err(io::Error::other(error)),
            }
        }
        list.end()
    }
}

fn rendered(full: &ConversationInFull, format: ExportFormat) -> String {
    match format {
        ExportFormat::Markdown => markdown::write(full),
        ExportFormat::Html => html::write(full),
        ExportFormat::Json => document::one(full),
    }
}
