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

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may fail loudly")]
mod tests {
    use paddock_engine_api::{EngineCommand, HostConfig};

    use super::*;
    use crate::{AppConfig, DataDir};

    fn app_in(folder: &std::path::Path) -> App {
        let engine = EngineCommand { program: folder.join("no engine"), args: Vec::new() };
        App::open(AppConfig { data: DataDir::at(folder.join("dätä")), engine, host: HostConfig::default() }).unwrap()
    }

    #[tokio::test]
    async fn every_place_is_named_and_said_to_be_there_or_not() {
        let folder = tempfile::tempdir().unwrap();
        let app = app_in(folder.path());
        let data = folder.path().join("dätä");
        let chosen = folder.path().join("models elsewhere");
        let mut settings = app.download_settings().await.unwrap();
        settings.models_folder = chosen.to_str().unwrap().into();
        app.set_download_settings(settings).await.unwrap();
        let places = app.places().await.unwrap();
        let seen: Vec<_> = places.iter().map(|place| (place.kind, PathBuf::from(&place.path))).collect();
        let expected = [
            (PlaceKind::Data, data.clone()),
            (PlaceKind::Database, data.join("paddock.db")),
            (PlaceKind::Backups, data.join("backups")),
            (PlaceKind::Models, chosen),
        ];
        assert_eq!(seen, expected);
        for place in places {
            assert_eq!(place.exists, PathBuf::from(&place.path).exists(), "{place:?}");
        }
    }

    #[tokio::test]
    async fn a_file_is_shown_in_its_folder_and_what_is_not_there_is_not_shown() {
        let folder = tempfile::tempdir().unwrap();
        let app = app_in(folder.path());
        let data = folder.path().join("dätä");
        assert_eq!(app.folder_to_show(PlaceKind::Data).await, Ok(data.clone()));
        assert_eq!(app.folder_to_show(PlaceKind::Database).await, Ok(data.clone()));
        let backups = data.join("backups");
        std::fs::create_dir_all(&backups).unwrap();
        assert_eq!(app.folder_to_show(PlaceKind::Backups).await, Ok(backups.clone()));
        std::fs::remove_dir(&backups).unwrap();
        let error = app.folder_to_show(PlaceKind::Backups).await.unwrap_err();
        assert_eq!(error.code, ErrorCode::NotFound);
        assert!(error.message.contains("backups") && error.hint.is_some(), "{error:?}");
    }
}
