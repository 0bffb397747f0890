//! The one connection, and how long a commit waits for the disk.

use std::path::Path;
use std::time::Duration;

use rusqlite::{OpenFlags, Transaction, TransactionBehavior};

use crate::Error;

/// How long a statement waits for another process before it gives up.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// Statements kept prepared: a little more than this crate has.
const CACHED_STATEMENTS: usize = 48;

/// What a commit waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Durability {
    /// The disk (`synchronous=FULL`): survives a power cut. About 4 ms on an SSD.
    PowerCut,
    /// The operating system (`synchronous=NORMAL`): survives the death of the process. About
    /// 0.01 ms.
    ProcessDeath,
}

/// A SQLite connection that knows its own durability.
#[derive(Debug)]
pub(crate) struct Connection {
    inner: rusqlite::Connection,
    durability: Durability,
}

impl Connection {
    /// Opens a file (creating it where `create`) without reading it yet.
    pub(crate) fn open(path: &Path, create: bool) -> rusqlite::Result<Self> {
        // The caller serialises access, so SQLite's own mutex is not needed; URIs are off so that a
        // folder called "file:x?mode=memory" is a folder.
        let mut flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        if create {
            flags |= OpenFlags::SQLITE_OPEN_CREATE;
        }
        Self::with(rusqlite::Connection::open_with_flags(path, flags)?)
    }

    /// Opens a file that stays as it is.
    pub(crate) fn open_read_only(path: &Path) -> rusqlite::Result<Self> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        Self::with(rusqlite::Connection::open_with_flags(path, flags)?)
    }

    /// A database that ends with the connection.
    pub(crate) fn open_in_memory() -> rusqlite::Result<Self> {
        Self::with(rusqlite::Connection::open_in_memory()?)
    }

    fn with(inner: rusqlite::Connection) -> rusqlite::Result<Self> {
        inner.busy_timeout(BUSY_TIMEOUT)?;
        inner.set_prepared_statement_cache_capacity(CACHED_STATEMENTS);
        Ok(Self { inner, durability: Durability::PowerCut })
    }

    /// Switches to a write-ahead log and turns on what is off by default.
    pub(crate) fn configure(&self) -> rusqlite::Result<()> {
        // The answer is the mode that was reached ("memory" for an in-memory database).
        self.inner.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))?;
        self.inner.pragma_update(None, "synchronous", "FULL")?;
        self.inner.pragma_update(None, "foreign_keys", true)?;
        // macOS: fsync does not reach the platters; F_FULLFSYNC at checkpoints does. No-op elsewhere.
        self.inner.pragma_update(None, "checkpoint_fullfsync", true)
    }

    /// Writes a whole copy, without what was deleted, into a file that is not there yet. It is not synced.
    pub(crate) fn copy_to(&self, path: &Path) -> rusqlite::Result<()> {
        // As bytes, because a path need not be UTF-8.
        self.inner.execute("VACUUM INTO CAST(?1 AS TEXT)", [path.as_os_str().as_encoded_bytes()])?;
        Ok(())
    }

    /// For statements that read, and for pragmas.
    pub(crate) fn read(&self) -> &rusqlite::Connection {
        &self.inner
    }

    /// Starts a transaction that is going to write, at the durability asked for.
    pub(crate) fn write(&mut self, durability: Durability) -> Result<Transaction<'_>, Error> {
        if self.durability != durability {
            let mode = match durability {
                Durability::PowerCut => "FULL",
                Durability::ProcessDeath => "NORMAL",
            };
            self.inner.pragma_update(None, "synchronous", mode)?;
            self.durability = durability;
        }
        Ok(self.inner.transaction_with_behavior(TransactionBehavior::Immediate)?)
    }
}
