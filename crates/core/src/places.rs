//! Where Paddock keeps things, for people who want to look at them.

use std::path::PathBuf;

use crate::{
    ApiError, App, ErrorCode,
    view::{Place, PlaceKind},
};

const KINDS: [PlaceKind; 4] = [PlaceKind::Data, PlaceKind::Database, PlaceKind::Backups, PlaceKind::Models];

impl App {
    /// Every folder and file of Paddock's, whether it is there yet or not.
    ///
    /// # Errors
    /// What the disk says.
    pub async fn places(&self) -> Result<Vec<Place>, ApiError> {
        let mut places = Vec::with_capacity(KINDS.len());
        for kind in KINDS {
            let path = self.path_of(kind).await?;
            // Only to be read: a path that is not text shows with replacement characters.
            places.push(Place { kind, path: path.to_string_lossy().into_owned(), exists: path.exists() });
        }
        Ok(places)
    }

    /// The folder to show for a place; for a file, the one it is in.
    ///
    /// # Errors
    /// [`ErrorCode::NotFound`] when nothing is there yet.
    pub async fn folder_to_show(&self, kind: PlaceKind) -> Result<PathBuf, ApiError> {
        let path = self.path_of(kind).await?;
        let folder = if path.is_file() { path.parent().map(PathBuf::from).unwrap_or(path) } else { path };
        if folder.is_dir() {
            return Ok(folder);
        }
        Err(ApiError::new(ErrorCode::NotFound, format!("The folder “{}” is not there.", folder.display()))
            .hint("Paddock makes it as soon as there is something to put into it."))
    }

    async fn path_of(&self, kind: PlaceKind) -> Result<PathBuf, ApiError> {
        let data = &self.inner.data;
        Ok(match kind {
            PlaceKind::Data => data.path().to_owned(),
            PlaceKind::Database => data.database(),
            PlaceKind::Backups => data.backups(),
            PlaceKind::Models => self.stored_download_settings().await?.models_folder(self),
        })
    }
}
