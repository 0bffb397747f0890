//! Opening the database: making it, checking it, setting a damaged one aside, and ending what a dead
//! process left unfinished.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use crate::backups::{BackupRecord, Backups};
use crate::connection::Connection;
use crate::files::{SIDE_FILES, log_bytes, remove_database, remove_if_there, sync_folder, with_suffix};
use crate::migrations::{APPLICATION_ID, MIGRATIONS, migrate};
use crate::{Error, Store};

/// Below this size every start checks the whole database (64 MiB take about 80 ms); above it, only a
/// start after an unclean stop does.
const ALWAYS_CHECK_BELOW_BYTES: u64 = 64 << 20;

/// How long to wait for the lock before another process is believed to have it. On Unix a child that
/// is just being started holds its parent's locks between `fork` and `exec`.
const LOCK_PATIENCE: Duration = Duration::from_millis(200);

/// What happened while the database was opened.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenReport {
    /// Answers that a dead process left unfinished: their text was kept and they are now marked
    /// `interrupted`.
    pub recovered_answers: usize,
    /// Conversations deleted in an earlier run that are now gone for good.
    pub purged_conversations: usize,
    /// The damaged database that was set aside. What only it holds is not here.
    pub set_aside: Option<SetAside>,
    /// The newest backup that could be used, which took its place; `None`: the store started empty.
    pub restored_from: Option<BackupRecord>,
    /// Whether another process has this database open. Then nothing was recovered or purged, since
    /// an unfinished answer may be that process's running one.
    pub in_use_elsewhere: bool,
}

/// A database that could not be used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetAside {
    /// Where it is now. Its `-wal` and `-shm`, if any, are beside it under the same name.
    pub path: PathBuf,
    /// What was wrong with it, as half a sentence: "the file is empty".
    pub reason: String,
}

impl Store {
    /// Opens the database at `path`, making it and its folder where there is none.
    ///
    /// A damaged file is renamed to `<name>.corrupt-<ms>`, and the newest backup that can be used takes its place, or the
    /// store starts empty; answers left unfinished by a dead process become `interrupted`; conversations and messages
    /// deleted in an earlier run are purged. [`Store::report`] tells of it.
    ///
    /// # Errors
    /// [`Error::NewerSchema`], [`Error::AnotherProgram`], [`Error::NotAFile`] (the file is left
    /// untouched in each case), [`Error::Damaged`] (only while another process has the file open), or
    /// what the disk said.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, Error> {
        Self::open_with(path.as_ref(), MIGRATIONS)
    }

    fn open_with(path: &Path, migrations: &[&str]) -> Result<Self, Error> {
        make_folder(path)?;
        let lock = lock(path)?;
        let mut report = OpenReport { in_use_elsewhere: lock.is_none(), ..OpenReport::default() };
        let connection = match open_existing(path, migrations)? {
            Existing::Sound(connection) => connection,
            Existing::None => create(path, migrations)?,
            Existing::Damaged { reason } if report.in_use_elsewhere => {
                return Err(Error::Damaged { detail: reason });
            }
            Existing::Damaged { reason } => {
                report.set_aside = Some(SetAside { path: set_aside(path)?, reason });
                report.restored_from = Backups::of(path).restore_newest(migrations)?;
                match report.restored_from {
                    Some(_) => open_checked(path, Check::Nothing, migrations)?,
                    None => create(path, migrations)?,
                }
            }
        };
        let mut store = Self { connection, report, path: Some(path.to_owned()), _lock: lock };
        if !store.report.in_use_elsewhere {
            store.report.recovered_answers = store.end_unfinished_answers()?;
            store.report.purged_conversations = store.purge_deleted(i64::MAX)?;
        }
        Ok(store)
    }

    /// A store that is gone when it is dropped.
    ///
    /// # Errors
    /// Only if SQLite cannot allocate.
    pub fn open_in_memory() -> Result<Self, Error> {
        let mut connection = Connection::open_in_memory()?;
        connection.configure()?;
        migrate(&mut connection, 0, MIGRATIONS)?;
        Ok(Self { connection, report: OpenReport::default(), path: None, _lock: None })
    }
}

/// What was found at the database's path.
enum Existing {
    /// Nothing.
    None,
    /// A database, checked and brought to the newest schema.
    Sound(Connection),
    /// Something that cannot be used.
    Damaged { reason: String },
}

fn make_folder(path: &Path) -> Result<(), Error> {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => fs::create_dir_all(folder).map_err(|source| Error::Io {
            doing: "create the folder",
            path: folder.to_owned(),
            source,
        }),
        _ => Ok(()),
    }
}

/// Takes the lock that tells a living process's unfinished answers from a dead one's. The system
/// drops it when the process ends, however it ends. `None`: another process has it.
fn lock(path: &Path) -> Result<Option<File>, Error> {
    let lock_path = with_suffix(path, ".lock");
    let failed = |source| Error::Io { doing: "lock", path: lock_path.clone(), source };
    // Opened for writing because Windows and some network file systems lock nothing else.
    let file = File::options().create(true).truncate(false).write(true).open(&lock_path).map_err(failed)?;
    let started = Instant::now();
    let mut taken = file.try_lock();
    while matches!(taken, Err(fs::TryLockError::WouldBlock)) && started.elapsed() < LOCK_PATIENCE {
        thread::sleep(LOCK_PATIENCE / 20);
        taken = file.try_lock();
    }
    match taken {
        Ok(()) => Ok(Some(file)),
        Err(fs::TryLockError::WouldBlock) => Ok(None),
        // A file system without locks: there, one process is all there is to hope for.
        Err(fs::TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => Ok(Some(file)),
        Err(fs::TryLockError::Error(error)) => Err(failed(error)),
    }
}

fn open_existing(path: &Path, migrations: &[&str]) -> Result<Existing, Error> {
    let metadata = match fs::metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            // A log without its database cannot be read, and SQLite would silently delete it.
            return Ok(if log_bytes(path) > 0 {
                Existing::Damaged { reason: "the file is missing, only its log is there".into() }
            } else {
                Existing::None
            });
        }
        Err(source) => {
            return Err(Error::Io { doing: "read", path: path.to_owned(), source });
        }
    };
    if !metadata.is_file() {
        return Err(Error::NotAFile { path: path.to_owned() });
    }
    // A new database appears under its name only when it is whole, so an empty file is never a new
    // one (and SQLite would take it for one, deleting its log).
    if metadata.len() == 0 {
        return Ok(Existing::Damaged { reason: "the file is empty".into() });
    }
    let unclean_stop = log_bytes(path) > 0;
    let check = if unclean_stop || metadata.len() < ALWAYS_CHECK_BELOW_BYTES { Check::Whole } else { Check::Nothing };
    match open_checked(path, check, migrations) {
        Ok(connection) => Ok(Existing::Sound(connection)),
        Err(Error::Damaged { detail }) => Ok(Existing::Damaged { reason: detail }),
        Err(error) => Err(error),
    }
}

/// How much of a database is looked at before it is believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Check {
    /// Every page of every table.
    Whole,
    /// Only what is read anyway.
    Nothing,
}

/// Opens a database, checks it, and brings it to the newest schema.
pub(crate) fn open_checked(path: &Path, check: Check, migrations: &[&str]) -> Result<Connection, Error> {
    let mut connection = Connection::open(path, false)?;
    let found = schema_version(&connection, path, migrations.len())?;
    if check == Check::Whole {
        check_tables(&connection)?;
    }
    connection.configure()?;
    if found < migrations.len() && !is_copy(path) {
        keep_copy(&connection, path, found)?;
    }
    migrate(&mut connection, found, migrations)?;
    Ok(connection)
}

/// Looks at every page of every table and index, but not whether the index of words agrees with the messages, which takes
/// three times as long as all the rest.
fn check_tables(connection: &Connection) -> Result<(), Error> {
    let connection = connection.read();
    let tables: Vec<String> = connection
        .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND rootpage > 0")?
        .query_map((), |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    for table in tables {
        let sql = format!("PRAGMA quick_check(\"{}\")", table.replace('"', "\"\""));
        let verdict: String = connection.query_row(&sql, (), |row| row.get(0))?;
        if verdict != "ok" {
            return Err(Error::Damaged { detail: verdict });
        }
    }
    Ok(())
}

/// Whether it is a copy on its way to become the database, of which no further copy is needed.
fn is_copy(path: &Path) -> bool {
    path.extension().is_some_and(|end| end == "new" || end == "restoring")
}

/// How many migrations the file has been through.
fn schema_version(connection: &Connection, path: &Path, newest: usize) -> Result<usize, Error> {
    let number = |pragma| connection.read().pragma_query_value(None, pragma, |row| row.get(0));
    let (application, found): (i64, i64) = (number("application_id")?, number("user_version")?);
    if application != APPLICATION_ID {
        // SQLite takes a file of a few bytes for a database without tables.
        let tables: i64 = connection.read().query_row("SELECT count(*) FROM sqlite_schema", (), |row| row.get(0))?;
        return Err(match tables {
            0 => Error::Damaged { detail: "the file holds no tables".into() },
            _ => Error::AnotherProgram { path: path.to_owned() },
        });
    }
    match usize::try_from(found) {
        Ok(version) if (1..=newest).contains(&version) => Ok(version),
        Ok(version) if version > newest => {
            Err(Error::NewerSchema { path: path.to_owned(), found, known: i64::try_from(newest).unwrap_or(i64::MAX) })
        }
        _ => Err(Error::Damaged { detail: format!("its format is numbered {found}") }),
    }
}

/// Before the schema changes: a whole copy as it was, named after its version.
fn keep_copy(connection: &Connection, path: &Path, version: usize) -> Result<(), Error> {
    let copy = with_suffix(path, &format!(".before-v{}", version + 1));
    remove_if_there(&copy)?;
    Ok(connection.copy_to(&copy)?)
}

/// Makes a new database under another name and renames it when it is whole.
fn create(path: &Path, migrations: &[&str]) -> Result<Connection, Error> {
    let unfinished = with_suffix(path, ".new");
    remove_database(&unfinished)?;
    let mut connection = Connection::open(&unfinished, true)?;
    connection.configure()?;
    migrate(&mut connection, 0, migrations)?;
    // The last connection to close moves the log into the file and deletes it.
    drop(connection);
    fs::rename(&unfinished, path).map_err(|source| Error::Io { doing: "create", path: path.to_owned(), source })?;
    sync_folder(path);
    open_checked(path, Check::Nothing, migrations)
}

/// Renames the database and what belongs to it; returns the new name.
fn set_aside(path: &Path) -> Result<PathBuf, Error> {
    let mut stamp_ms = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |t| t.as_millis());
    let aside = loop {
        let candidate = with_suffix(path, &format!(".corrupt-{stamp_ms}"));
        if !candidate.exists() && !with_suffix(&candidate, "-wal").exists() {
            break candidate;
        }
        stamp_ms += 1;
    };
    for suffix in [""].iter().chain(&SIDE_FILES) {
        let from = with_suffix(path, suffix);
        match fs::rename(&from, with_suffix(&aside, suffix)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            other => other.map_err(|source| Error::Io { doing: "set aside", path: from, source })?,
        }
    }
    sync_folder(path);
    Ok(aside)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]
mod tests {
    use super::*;
    use crate::NewTurn;

    const NEXT: &str = "ALTER TABLE conversations ADD COLUMN mood INTEGER NOT NULL DEFAULT 0;";

    fn database(folder: &tempfile::TempDir) -> PathBuf {
        let path = folder.path().join("paddock.db");
        let mut store = Store::open(&path).unwrap();
        let turn = NewTurn {
            conversation: None,
            parent: None,
            content: "kept".into(),
            attachments: Vec::new(),
            setup_json: None,
            title_if_new: "kept".into(),
            system: None,
            model_name: None,
            now_ms: 1,
        };
        store.begin_turn(turn).unwrap();
        path
    }

    #[test]
    fn an_older_schema_is_brought_up_and_a_copy_of_it_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = database(&folder);
        let (now, next) = (MIGRATIONS.len(), MIGRATIONS.len() + 1);
        let newer = [MIGRATIONS, &[NEXT]].concat();
        let store = Store::open_with(&path, &newer).unwrap();
        assert_eq!(store.conversations().unwrap().len(), 1);
        let version: i64 = store.connection.read().pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
        assert_eq!(usize::try_from(version).unwrap(), next);
        drop(store);

        let refused = Store::open(&path);
        let Err(Error::NewerSchema { found, known, .. }) = refused else { panic!("{refused:?}") };
        assert_eq!((usize::try_from(found).unwrap(), usize::try_from(known).unwrap()), (next, now));
        let copy = with_suffix(&path, &format!(".before-v{next}"));
        assert_eq!(Store::open(copy).unwrap().conversations().unwrap().len(), 1);
    }

    #[test]
    fn a_migration_that_fails_half_way_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = database(&folder);
        for _ in 0..2 {
            let broken = [MIGRATIONS, &[NEXT, "DROP TABLE messages; SELECT no_such_function();"]].concat();
            assert!(matches!(Store::open_with(&path, &broken), Err(Error::Database(_))));
        }
        let store = Store::open(&path).unwrap();
        assert_eq!(store.report().set_aside, None);
        assert_eq!(store.conversations().unwrap()[0].preview, "kept");
    }

    #[test]
    fn a_full_disk_is_said_to_be_full_and_costs_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = database(&folder);
        let mut store = Store::open(&path).unwrap();
        store.set_setting("theme", "dark").unwrap();
        let pages: i64 = store.connection.read().pragma_query_value(None, "page_count", |row| row.get(0)).unwrap();
        // SQLite answers a limit on its pages as it answers ENOSPC.
        store.connection.read().pragma_update_and_check(None, "max_page_count", pages, |_| Ok(())).unwrap();
        let large = "x".repeat(100_000);
        assert!(matches!(store.set_setting("theme", &large), Err(Error::DiskFull)));
        assert_eq!(store.setting("theme").unwrap(), Some("dark".to_owned()));
        store.set_setting("theme", "light").unwrap();
    }

    #[test]
    fn user_actions_wait_for_the_disk_and_pieces_of_answers_do_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = database(&folder);
        let mut store = Store::open(&path).unwrap();
        let mode = |store: &Store| -> i64 {
            store.connection.read().pragma_query_value(None, "synchronous", |row| row.get(0)).unwrap()
        };
        let turn = NewTurn {
            conversation: None,
            parent: None,
            content: "x".into(),
            attachments: Vec::new(),
            setup_json: None,
            title_if_new: "x".into(),
            system: None,
            model_name: None,
            now_ms: 1,
        };
        let answer = store.begin_turn(turn).unwrap().answer.id;
        assert_eq!(mode(&store), 2, "FULL");
        store.append_answer(&answer, "x").unwrap();
        assert_eq!(mode(&store), 1, "NORMAL");
        store.set_setting("x", &1).unwrap();
        assert_eq!(mode(&store), 2, "FULL");
    }
}
