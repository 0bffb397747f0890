//! Where Paddock keeps what it writes.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
};

use crate::{ApiError, ErrorCode};

/// The folder below which Paddock writes, and nowhere else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataDir(PathBuf);

impl DataDir {
    /// `PADDOCK_DATA_DIR` where it is set, else the system's place for an application's data
    /// (`~/.local/share/paddock`, `~/Library/Application Support/ai.paddock.Paddock`, `%LOCALAPPDATA%\paddock\Paddock\data`).
    ///
    /// # Errors
    /// When the system names no such place (no home folder) and `PADDOCK_DATA_DIR` is not set.
    pub fn find() -> Result<Self, ApiError> {
        Self::from_setting(std::env::var_os("PADDOCK_DATA_DIR"))
    }

    fn from_setting(setting: Option<OsString>) -> Result<Self, ApiError> {
        if let Some(folder) = setting.filter(|folder| !folder.is_empty()) {
            // Absolute, because the engine runs in another working folder.
            return std::path::absolute(folder).map(Self).map_err(|error| {
                ApiError::new(
                    ErrorCode::Storage,
                    format!("The folder named by PADDOCK_DATA_DIR cannot be used: {error}."),
                )
            });
        }
        directories::ProjectDirs::from("ai", "paddock", "Paddock")
            .map(|places| Self(places.data_local_dir().to_owned()))
            .ok_or_else(|| {
                ApiError::new(ErrorCode::Storage, "There is no home folder to keep conversations in.")
                    .hint("Set PADDOCK_DATA_DIR to a folder of your choice.")
            })
    }

    /// A folder of the caller's choice.
    pub fn at(folder: impl Into<PathBuf>) -> Self {
        Self(folder.into())
    }

    /// The folder itself.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Conversations, models used, settings.
    pub fn database(&self) -> PathBuf {
        self.0.join("paddock.db")
    }

    /// Copies of the database.
    pub fn backups(&self) -> PathBuf {
        self.0.join("backups")
    }

    /// Model files that Paddock brought.
    pub fn models(&self) -> PathBuf {
        self.0.join("models")
    }

    /// Where the engine keeps what it has computed of conversations.
    pub fn parked(&self) -> PathBuf {
        self.0.join("parked")
    }

    /// Headers of models on servers, which can all be fetched again.
    pub fn headers(&self) -> PathBuf {
        self.0.join("headers")
    }

    /// What the web view keeps (the theme).
    pub fn webview(&self) -> PathBuf {
        self.0.join("webview")
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may fail loudly")]
mod tests {
    use super::*;

    #[test]
    fn the_setting_moves_everything_and_becomes_absolute() {
        let here = std::env::current_dir().unwrap();
        let place = DataDir::from_setting(Some("some where/ü".into())).unwrap();
        assert_eq!(place.path(), here.join("some where/ü"));
        for file in
            [place.database(), place.backups(), place.models(), place.headers(), place.parked(), place.webview()]
        {
            assert!(file.starts_with(place.path()), "{file:?}");
        }
    }

    #[test]
    fn an_empty_setting_is_none() {
        assert_ne!(DataDir::from_setting(Some("".into())), Ok(DataDir::at("")));
    }
}
