//! True erase: no file of ours holds a word of what was erased.

use std::fs::{self, File};
use std::io::Read;
use std::path::Path;

use rusqlite::{OptionalExtension, params};

use crate::backups::Backups;
use crate::connection::{Connection, Durability};
use crate::files::{remove_database, remove_if_there, sync_folder, with_suffix};
use crate::{BackupKind, ConversationId, Error, Store};

/// Bytes read at once when a file is looked through.
const BLOCK_BYTES: usize = 1 << 20;

/// What was erased.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Erased {
    /// Conversations that are gone for good.
    pub conversations: usize,
    /// Backups that held some of it and were deleted. If there were any, one new backup was made.
    pub backups: usize,
}

impl Store {
    /// Erases conversations, deleted or not, from the database, its log, its index and every copy of it; with no ids, all
    /// that is deleted: conversations and messages, also those that only old backups still hold. The database is written
    /// anew, which takes about a second for 100 MB and as much free space.
    ///
    /// # Errors
    /// [`Error::UnknownConversation`], before anything is erased; [`Error::Busy`] while another process has the database;
    /// [`Error::DiskFull`]: then they are deleted, but traces may be left; [`Error::Io`] names a copy that could not be
    /// deleted.
    pub fn erase(&mut self, ids: &[ConversationId], now_ms: i64) -> Result<Erased, Error> {
        if self.report.in_use_elsewhere {
            return Err(Error::Busy);
        }
        let mut victims = Vec::new();
        for id in ids {
            let sql = "SELECT id FROM conversations WHERE id = ?1";
            let there: Option<String> = self.connection.read().query_row(sql, [id], |row| row.get(0)).optional()?;
            victims.push(there.ok_or_else(|| Error::UnknownConversation(id.clone()))?);
        }
        let is_all = ids.is_empty();
        let mut conversations = victims.len();
        if is_all {
            let deleted = |table: &str| self.texts(&format!("SELECT id FROM {table} WHERE deleted_at_ms IS NOT NULL"));
            victims = deleted("conversations")?;
            conversations = victims.len();
            victims.extend(deleted("messages")?);
        }
        self.erase_rows(&victims)?;
        let backups = match self.backups() {
            Some(backups) => self.erase_copies(&backups, &victims, is_all, now_ms)?,
            None => 0,
        };
        Ok(Erased { conversations, backups })
    }

    fn texts(&self, sql: &str) -> Result<Vec<String>, Error> {
        let mut statement = self.connection.read().prepare(sql)?;
        let texts = statement.query_map((), |row| row.get(0))?.collect::<Result<_, _>>()?;
        Ok(texts)
    }

    /// Out of the database and its log.
    fn erase_rows(&mut self, victims: &[String]) -> Result<(), Error> {
        self.connection.read().pragma_update_and_check(None, "secure_delete", true, |_| Ok(()))?;
        let transaction = self.connection.write(Durability::PowerCut)?;
        transaction.pragma_update(None, "defer_foreign_keys", true)?;
        for id in victims {
            transaction.prepare_cached("DELETE FROM conversations WHERE id = ?1")?.execute([id])?;
            transaction.prepare_cached("DELETE FROM messages WHERE id = ?1")?.execute([id])?;
        }
        // Written anew: words that were deleted linger in an index until its parts are merged.
        for index in ["message_index", "title_index"] {
            transaction.execute(&format!("INSERT INTO {index} ({index}) VALUES ('rebuild')"), ())?;
        }
        transaction.commit()?;
        let connection = self.connection.read();
        connection.execute_batch("VACUUM")?;
        // The first number says whether somebody was in the way.
        let blocked: i64 = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", (), |row| row.get(0))?;
        connection.pragma_update_and_check(None, "secure_delete", false, |_| Ok(()))?;
        if blocked == 0 { Ok(()) } else { Err(Error::Busy) }
    }

    /// Out of everything beside the database. Returns how many backups were deleted.
    fn erase_copies(&self, backups: &Backups, victims: &[String], is_all: bool, now_ms: i64) -> Result<usize, Error> {
        let Some(path) = &self.path else { return Ok(0) };
        for unfinished in
            [with_suffix(path, ".new"), with_suffix(path, ".restoring"), backups.folder().join("unfinished")]
        {
            remove_database(&unfinished)?;
        }
        self.erase_beside(path, victims)?;
        let mut deleted = 0;
        for (name, ..) in backups.names()? {
            let copy = backups.folder().join(name);
            // One that cannot be read may hold anything.
            let held = if is_all { self.holds_more(&copy) } else { holds_any(&copy, victims) };
            if held.unwrap_or(true) {
                remove_database(&copy)?;
                deleted += 1;
            }
        }
        if deleted > 0 {
            backups.make(BackupKind::Daily, now_ms)?;
        }
        Ok(deleted)
    }

    /// Deletes copies from before a change of the schema, and damaged databases that were set aside with one of the
    /// victims in them.
    fn erase_beside(&self, path: &Path, victims: &[String]) -> Result<(), Error> {
        let (Some(folder), Some(name)) = (path.parent(), path.file_name().and_then(|name| name.to_str())) else {
            return Ok(());
        };
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        let failed = |source| Error::Io { doing: "read the folder", path: folder.to_owned(), source };
        for entry in fs::read_dir(folder).map_err(failed)? {
            let copy = entry.map_err(failed)?.path();
            let kind = copy.file_name().and_then(|found| found.to_str()).and_then(|found| found.strip_prefix(name));
            let goes = match kind {
                Some(kind) if kind.starts_with(".before-v") => true,
                Some(kind) if kind.starts_with(".corrupt-") => has_bytes_of(&copy, victims)?,
                _ => false,
            };
            if goes {
                remove_if_there(&copy)?;
            }
        }
        sync_folder(path);
        Ok(())
    }

    /// Whether a copy has conversations or messages that the database does not have, or no longer.
    fn holds_more(&self, copy: &Path) -> Result<bool, Error> {
        let connection = self.connection.read();
        connection.execute("ATTACH CAST(?1 AS TEXT) AS copy", [copy.as_os_str().as_encoded_bytes()])?;
        let held = connection.query_row(
            "SELECT EXISTS (SELECT 1 FROM copy.conversations AS old
                            WHERE NOT EXISTS (SELECT 1 FROM main.conversations AS v WHERE v.id = old.id))
                 OR EXISTS (SELECT 1 FROM copy.messages AS old
                            WHERE NOT EXISTS (SELECT 1 FROM main.messages AS m WHERE m.id = old.id))",
            (),
            |row| row.get(0),
        );
        connection.execute("DETACH copy", ())?;
        Ok(held?)
    }
}

/// Whether a copy has one of these conversations or messages.
fn holds_any(copy: &Path, victims: &[String]) -> Result<bool, Error> {
    let connection = Connection::open_read_only(copy)?;
    let mut statement = connection.read().prepare(
        "SELECT EXISTS (SELECT 1 FROM conversations WHERE id = ?1) OR EXISTS (SELECT 1 FROM messages WHERE id = ?1)",
    )?;
    for id in victims {
        if statement.query_row(params![id], |row| row.get(0))? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether one of these ids is anywhere in a file, which need not be a whole database.
fn has_bytes_of(path: &Path, ids: &[String]) -> Result<bool, Error> {
    let failed = |source| Error::Io { doing: "read", path: path.to_owned(), source };
    let longest = ids.iter().map(String::len).max().unwrap_or_default();
    let mut file = File::open(path).map_err(failed)?;
    let mut block = Vec::new();
    loop {
        let read = file.by_ref().take(BLOCK_BYTES as u64).read_to_end(&mut block).map_err(failed)?;
        if ids.iter().any(|id| block.windows(id.len().max(1)).any(|window| window == id.as_bytes())) {
            return Ok(true);
        }
        if read == 0 {
            return Ok(false);
        }
        // An id may lie across two blocks.
        block.drain(..block.len().saturating_sub(longest));
    }
}
