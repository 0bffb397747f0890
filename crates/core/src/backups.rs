//! Copies of the database: one a day, and back again.

use std::sync::Weak;
use std::time::Duration;

use paddock_store::{BackupKind, Backups};

use crate::{
    ApiError, App,
    app::{Inner, now_ms},
    view::{Backup, ChatSettings, StartReport},
};

/// The setting that holds [`ChatSettings`].
const CHAT_SETTINGS: &str = "chat_settings";

/// How long after the start the first look is: the start itself is not to be slowed down.
const FIRST_LOOK: Duration = Duration::from_secs(90);

/// How often it is looked whether a backup is due.
const LOOK_EVERY: Duration = Duration::from_secs(20 * 60);

impl App {
    /// The backups, newest first.
    ///
    /// # Errors
    /// When their folder cannot be read.
    pub async fn backups(&self) -> Result<Vec<Backup>, ApiError> {
        let backups = self.own_backups();
        let list = tokio::task::spawn_blocking(move || backups.list()).await??;
        Ok(list.into_iter().map(Backup::from).collect())
    }

    /// Make one now.
    ///
    /// # Errors
    /// When the disk does not take it.
    pub async fn back_up_now(&self) -> Result<Backup, ApiError> {
        self.back_up(BackupKind::AskedFor).await
    }

    /// Put a backup in the place of the database, which is backed up first.
    ///
    /// # Errors
    /// When there is no such backup, or it cannot be used; while an answer is being written.
    pub async fn restore_backup(&self, name: String) -> Result<(), ApiError> {
        let _alone = self.inner.copying.lock().await;
        self.with_store(move |store| store.restore_backup(&name, now_ms())).await?;
        // What is being downloaded now does not go back to what was downloaded then.
        self.keep_downloads().await?;
        self.list_changed();
        Ok(())
    }

    /// What happened when the database was opened.
    ///
    /// # Errors
    /// Only when Paddock itself fails.
    pub async fn start_report(&self) -> Result<StartReport, ApiError> {
        Ok(self.with_store(|store| Ok(store.report().clone())).await?.into())
    }

    /// Make a backup, if one is due today and the user wants them. Returns whether it did.
    ///
    /// # Errors
    /// When the disk does not take it.
    pub async fn back_up_if_due(&self) -> Result<bool, ApiError> {
        let settings: ChatSettings = self.with_store(|store| store.setting_or_default(CHAT_SETTINGS)).await?;
        let backups = self.own_backups();
        let is_due = tokio::task::spawn_blocking(move || backups.is_due(now_ms())).await??;
        if !settings.daily_backups || !is_due {
            return Ok(false);
        }
        self.back_up(BackupKind::Daily).await?;
        Ok(true)
    }

    async fn back_up(&self, kind: BackupKind) -> Result<Backup, ApiError> {
        let _alone = self.inner.copying.lock().await;
        let backups = self.own_backups();
        let made = tokio::task::spawn_blocking(move || {
            let made = backups.make(kind, now_ms())?;
            backups.prune()?;
            Ok::<_, paddock_store::Error>(made)
        });
        Ok(made.await??.into())
    }

    fn own_backups(&self) -> Backups {
        Backups::of(self.inner.data.database())
    }
}

/// Makes the daily backups for as long as the app lives.
pub(crate) async fn every_day(inner: Weak<Inner>) {
    tokio::time::sleep(FIRST_LOOK).await;
    loop {
        let Some(inner) = inner.upgrade() else { return };
        match (App { inner }).back_up_if_due().await {
            Ok(made) => tracing::debug!(made, "looked whether a backup is due"),
            Err(error) => tracing::warn!(?error, "no backup was made"),
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}
