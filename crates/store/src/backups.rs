//! Copies of the database in the folder `backups` beside it: one a day and some that were asked for, and back again.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use rusqlite::OptionalExtension;
use serde::{Deserialize, Serialize};

use crate::connection::Connection;
use crate::files::{log_bytes, remove_database, remove_if_there, sync_folder, with_suffix};
use crate::migrations::MIGRATIONS;
use crate::open::{Check, open_checked};
use crate::{Error, Store, dates};

/// So many backups of each kind are kept.
const KEPT: usize = 7;

/// A day, in milliseconds.
const DAY_MS: i64 = 24 * 3600 * 1000;

/// The end of the name of a backup that was asked for.
const ASKED_FOR: &str = "-asked";

/// Why a backup is made. Of each kind the seven newest are kept, so that one kind cannot push out the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BackupKind {
    /// One a day.
    Daily,
    /// The person asked for it, or for something that replaces what is there.
    AskedFor,
}

/// A copy of the database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackupRecord {
    /// The name of its file, which says when it was made.
    pub name: String,
    /// When it was made, in milliseconds since the Unix epoch, to the second.
    pub made_at_ms: i64,
    /// Its size.
    pub size_bytes: u64,
    /// How many conversations are in it, without the deleted ones.
    pub conversations: u32,
}

/// The backups of one database. It opens a connection of its own where it needs one, so that nobody has to wait for the
/// store meanwhile. Nothing here may run at the same time as [`Store::restore_backup`] or [`Store::erase`].
#[derive(Debug, Clone)]
pub struct Backups {
    database: PathBuf,
}

impl Backups {
    /// Those of the database at `database`.
    pub fn of(database: impl Into<PathBuf>) -> Self {
        Self { database: database.into() }
    }

    /// The folder they are in, which may not be there yet.
    pub fn folder(&self) -> PathBuf {
        self.database.with_file_name("backups")
    }

    /// All backups that can be read, newest first.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn list(&self) -> Result<Vec<BackupRecord>, Error> {
        let names = self.names()?;
        Ok(names.into_iter().filter_map(|(name, _, made_at_ms)| self.record(name, made_at_ms)).collect())
    }

    /// Whether a daily backup should be made: there is none of the last 24 hours.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn is_due(&self, now_ms: i64) -> Result<bool, Error> {
        let recent = |made_at_ms| (0..DAY_MS).contains(&(now_ms - made_at_ms));
        Ok(!self.names()?.into_iter().any(|(_, kind, made_at_ms)| kind == BackupKind::Daily && recent(made_at_ms)))
    }

    /// Makes one. It appears under its name when it is whole.
    ///
    /// # Errors
    /// [`Error::DiskFull`], [`Error::Io`], or what else the disk says; there is no new backup then.
    pub fn make(&self, kind: BackupKind, now_ms: i64) -> Result<BackupRecord, Error> {
        let folder = self.folder();
        fs::create_dir_all(&folder).map_err(|source| Error::Io {
            doing: "create the folder",
            path: folder.clone(),
            source,
        })?;
        let unfinished = folder.join("unfinished");
        if let Err(error) = self.write(&unfinished) {
            // What there is of it would take up the room that is lacking.
            remove_database(&unfinished)?;
            return Err(error);
        }
        let mut made_at_ms = now_ms;
        let (name, path) = loop {
            let name = name_of(kind, made_at_ms);
            let path = folder.join(&name);
            if !path.exists() {
                break (name, path);
            }
            made_at_ms += 1000;
        };
        fs::rename(&unfinished, &path).map_err(|source| Error::Io { doing: "create", path: path.clone(), source })?;
        sync_folder(&path);
        self.record(name.clone(), made_at_ms / 1000 * 1000)
            .ok_or_else(|| Error::BackupUnusable { name, detail: "it could not be read back".into() })
    }

    /// A copy of the database, on the disk when this returns.
    fn write(&self, copy: &Path) -> Result<(), Error> {
        remove_database(copy)?;
        Connection::open(&self.database, false)?.copy_to(copy)?;
        forget_deleted_words(copy)?;
        sync(copy)
    }

    /// Deletes all but the seven newest of each kind.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn prune(&self) -> Result<(), Error> {
        let names = self.names()?;
        for kind in [BackupKind::Daily, BackupKind::AskedFor] {
            for (name, ..) in names.iter().filter(|(_, of, _)| *of == kind).skip(KEPT) {
                remove_if_there(&self.folder().join(name))?;
            }
        }
        Ok(())
    }

    /// Name, kind and time of all that look like backups, newest first.
    pub(crate) fn names(&self) -> Result<Vec<(String, BackupKind, i64)>, Error> {
        let folder = self.folder();
        let failed = |source| Error::Io { doing: "read the folder", path: folder.clone(), source };
        let entries = match fs::read_dir(&folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(failed)?,
        };
        let mut names = Vec::new();
        for entry in entries {
            if let Ok(name) = entry.map_err(failed)?.file_name().into_string()
                && let Some((kind, made_at_ms)) = parse(&name)
            {
                names.push((name, kind, made_at_ms));
            }
        }
        names.sort_unstable_by(|(a, _, a_ms), (b, _, b_ms)| (b_ms, b).cmp(&(a_ms, a)));
        Ok(names)
    }

    /// The file of a backup. A name that is none leads nowhere.
    fn path_of(&self, name: &str) -> Result<PathBuf, Error> {
        let path = self.folder().join(name);
        match parse(name) {
            Some(_) if path.is_file() => Ok(path),
            _ => Err(Error::NotThere { what: "backup", id: name.to_owned() }),
        }
    }

    fn record(&self, name: String, made_at_ms: i64) -> Option<BackupRecord> {
        let path = self.folder().join(&name);
        let size_bytes = fs::metadata(&path).ok()?.len();
        let sql = "SELECT count(*) FROM conversations WHERE deleted_at_ms IS NULL";
        let connection = Connection::open_read_only(&path).ok()?;
        let conversations = connection.read().query_row(sql, (), |row| row.get(0)).ok()?;
        Some(BackupRecord { name, made_at_ms, size_bytes, conversations })
    }

    /// Puts a copy of a backup at `to`, checked and brought to the newest schema.
    fn unpack(&self, name: &str, to: &Path, migrations: &[&str]) -> Result<(), Error> {
        let from = self.path_of(name)?;
        remove_database(to)?;
        fs::copy(&from, to).map_err(|source| Error::Io { doing: "copy", path: from.clone(), source })?;
        // The connection is closed at once, which leaves one file.
        let opened = open_checked(to, Check::Whole, migrations).map(drop);
        if opened.is_err() {
            remove_database(to)?;
        }
        opened.map_err(|error| match error {
            Error::Damaged { detail } => Error::BackupUnusable { name: name.to_owned(), detail },
            Error::AnotherProgram { .. } => {
                Error::BackupUnusable { name: name.to_owned(), detail: "it was made by another program".into() }
            }
            Error::NewerSchema { found, known, .. } => Error::NewerSchema { path: from, found, known },
            other => other,
        })?;
        sync(to)
    }

    /// Puts the newest backup that can be used where no database is. `None`: there is none.
    pub(crate) fn restore_newest(&self, migrations: &[&str]) -> Result<Option<BackupRecord>, Error> {
        let unfinished = with_suffix(&self.database, ".new");
        for backup in self.list()? {
            match self.unpack(&backup.name, &unfinished, migrations) {
                Ok(()) => {
                    put(&unfinished, &self.database)?;
                    return Ok(Some(backup));
                }
                Err(Error::BackupUnusable { .. } | Error::NewerSchema { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(None)
    }
}

impl Store {
    /// The backups of this database; `None` for one in memory.
    pub fn backups(&self) -> Option<Backups> {
        self.path.as_ref().map(Backups::of)
    }

    /// Puts a backup in the place of the database. What is there is backed up first, and its name returned. A backup of an
    /// older schema is brought to the newest. Whatever fails, the database stays as it was.
    ///
    /// # Errors
    /// [`Error::StillBeingWritten`] while an answer is, [`Error::NotThere`] for a name that is no backup's,
    /// [`Error::BackupUnusable`] for a damaged one, [`Error::NewerSchema`],
    /// [`Error::Busy`] while another process has the database, or what the disk says.
    pub fn restore_backup(&mut self, name: &str, now_ms: i64) -> Result<BackupRecord, Error> {
        let (Some(path), Some(backups)) = (self.path.clone(), self.backups()) else {
            return Err(Error::NotThere { what: "backup", id: name.to_owned() });
        };
        if self.report.in_use_elsewhere {
            return Err(Error::Busy);
        }
        let sql = "SELECT id FROM messages WHERE role = 'assistant' AND finish_reason IS NULL LIMIT 1";
        let running: Option<String> = self.connection.read().query_row(sql, (), |row| row.get(0)).optional()?;
        if let Some(id) = running {
            return Err(Error::StillBeingWritten(id.into()));
        }
        let unpacked = with_suffix(&path, ".restoring");
        backups.unpack(name, &unpacked, MIGRATIONS)?;
        let before = backups.make(BackupKind::AskedFor, now_ms);
        let replaced = before.and_then(|before| {
            // The last connection to close moves the log into the file and deletes it: a log of the old database must not
            // meet the new one.
            self.connection = Connection::open_in_memory()?;
            let put = if log_bytes(&path) > 0 { Err(Error::Busy) } else { put(&unpacked, &path) };
            self.connection = open_checked(&path, Check::Nothing, MIGRATIONS)?;
            put.map(|()| before)
        });
        if replaced.is_err() {
            remove_database(&unpacked)?;
        }
        let before = replaced?;
        self.end_unfinished_answers()?;
        self.purge_deleted(i64::MAX)?;
        backups.prune()?;
        Ok(before)
    }
}

/// The index of words keeps what was deleted until its parts are merged. A backup without a conversation has no word of it
/// either, so that an erasure need not delete it.
fn forget_deleted_words(copy: &Path) -> Result<(), Error> {
    Connection::open(copy, false)?.read().execute_batch(
        "PRAGMA journal_mode = MEMORY;
         INSERT INTO message_index (message_index) VALUES ('optimize');
         INSERT INTO title_index (title_index) VALUES ('optimize');
         VACUUM;",
    )?;
    Ok(())
}

/// Gives a whole database its name, in place of what has it.
fn put(from: &Path, to: &Path) -> Result<(), Error> {
    fs::rename(from, to).map_err(|source| Error::Io { doing: "replace", path: to.to_owned(), source })?;
    sync_folder(to);
    Ok(())
}

fn sync(path: &Path) -> Result<(), Error> {
    // Opened for writing because Windows syncs nothing else.
    let synced = File::options().write(true).open(path).and_then(|file| file.sync_all());
    synced.map_err(|source| Error::Io { doing: "write", path: path.to_owned(), source })
}

fn name_of(kind: BackupKind, made_at_ms: i64) -> String {
    let kind = match kind {
        BackupKind::Daily => "",
        BackupKind::AskedFor => ASKED_FOR,
    };
    format!("paddock-{}{kind}.db", dates::to_text(made_at_ms))
}

/// What the name of a backup says. `None`: it is not one of ours.
fn parse(name: &str) -> Option<(BackupKind, i64)> {
    let middle = name.strip_prefix("paddock-")?.strip_suffix(".db")?;
    let (date, kind) = match middle.strip_suffix(ASKED_FOR) {
        Some(date) => (date, BackupKind::AskedFor),
        None => (middle, BackupKind::Daily),
    };
    let made_at_ms = dates::from_text(date)?;
    // Only what we would write ourselves: no signs, no thirteenth month.
    (name_of(kind, made_at_ms) == name).then_some((kind, made_at_ms))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_says_when_and_why_and_anything_else_is_no_name() {
        let at_ms = 1_795_844_526_000;
        for kind in [BackupKind::Daily, BackupKind::AskedFor] {
            assert_eq!(parse(&name_of(kind, at_ms + 999)), Some((kind, at_ms)));
        }
        for other in [
            "paddock-2026-11-28-054206.db/../x.db",
            "../paddock-2026-11-28-054206.db",
            "paddock-2026-13-28-054206.db",
            "paddock-2026-11-28-054206.db-wal",
            "paddock-+026-11-28-054206.db",
            "paddock-é026-11-28-054206.db",
            "paddock-.db",
            "unfinished",
            "",
        ] {
            assert_eq!(parse(other), None, "{other}");
        }
    }
}
