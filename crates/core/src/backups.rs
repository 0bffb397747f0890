//! Copies of the database: one a day, and back again.

use crate::{
    ApiError, App,
    view::{Backup, StartReport},
};

impl App {
    /// The backups, newest first.
    ///
    /// # Errors
    /// When what is named is not there, and what the disk says.
    pub async fn backups(&self) -> Result<Vec<Backup>, ApiError> {
        Err(ApiError::not_there_yet())
    }

    /// Make one now.
    ///
    /// # Errors
    /// When what is named is not there, and what the disk says.
    pub async fn back_up_now(&self) -> Result<Backup, ApiError> {
        Err(ApiError::not_there_yet())
    }

    /// Put a backup in the place of the database, which is backed up first.
    ///
    /// # Errors
    /// When what is named is not there, and what the disk says.
    pub async fn restore_backup(&self, name: String) -> Result<(), ApiError> {
        let _ = &name;
        Err(ApiError::not_there_yet())
    }

    /// What happened when the database was opened.
    ///
    /// # Errors
    /// When what is named is not there, and what the disk says.
    pub async fn start_report(&self) -> Result<StartReport, ApiError> {
        Err(ApiError::not_there_yet())
    }
}
