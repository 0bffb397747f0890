//! The files that a database is made of, and what is done to them as files.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use crate::Error;

/// What SQLite puts beside a database.
pub(crate) const SIDE_FILES: [&str; 3] = ["-wal", "-shm", "-journal"];

/// The bytes of the database's write-ahead log; 0 where there is none.
pub(crate) fn log_bytes(path: &Path) -> u64 {
    fs::metadata(with_suffix(path, "-wal")).map_or(0, |metadata| metadata.len())
}

pub(crate) fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name: OsString = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

pub(crate) fn remove_if_there(path: &Path) -> Result<(), Error> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other.map_err(|source| Error::Io { doing: "delete", path: path.into(), source }),
    }
}

/// Deletes a database that nobody has open, with what is beside it.
pub(crate) fn remove_database(path: &Path) -> Result<(), Error> {
    remove_if_there(path)?;
    SIDE_FILES.iter().try_for_each(|suffix| remove_if_there(&with_suffix(path, suffix)))
}

/// Makes a rename survive a power cut. Windows has no such call and does without; where it fails, the
/// rename is still done.
pub(crate) fn sync_folder(path: &Path) {
    if cfg!(unix)
        && let Some(folder) = path.parent()
    {
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        let _ = File::open(folder).and_then(|folder| folder.sync_all());
    }
}
