//! Why something could not be done with the models that are here.

use std::io;
use std::path::{Path, PathBuf};

/// Each message says what happened, why, and what to do next.
#[derive(Debug, thiserror::Error)]
pub enum LibraryError {
    /// A file could not be read.
    #[error("“{}” could not be read: {source}. Check the disk it is on.", shown(path))]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Its bytes changed while they were compared.
    #[error(
        "“{}” changed while it was verified: another program writes to it. Wait until that is done, then verify it again.",
        shown(path)
    )]
    ChangedMeanwhile {
        /// The file.
        path: PathBuf,
    },
    /// The file is another one than when it was verified.
    #[error("“{}” changed after it was verified. It has to be verified again before it is used.", shown(path))]
    NotVerified {
        /// The file.
        path: PathBuf,
    },
    /// A file that is not Paddock's to delete.
    #[error(
        "“{}” is not in Paddock's models folder or in one that you added, so Paddock does not delete it. Delete it in the program it belongs to.",
        shown(path)
    )]
    NotOurs {
        /// The file.
        path: PathBuf,
    },
    /// A file, or another part of its model, is being downloaded or repaired.
    #[error("“{}” is being downloaded or repaired. Stop that first, then delete it.", shown(path))]
    InUse {
        /// The file.
        path: PathBuf,
    },
    /// A file could not be moved.
    #[error("“{}” could not be moved: {source}. Close the programs that use it, then try again.", shown(path))]
    Move {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// What was deleted cannot be brought back: there is a new file of its name.
    #[error("“{}” cannot be brought back: there is a new file of that name. Move the new one first.", shown(path))]
    InTheWay {
        /// The file.
        path: PathBuf,
    },
    /// Nothing of this name was deleted, or it is gone for good.
    #[error("This model cannot be brought back: it is no longer kept. Download it again.")]
    NothingToRestore,
    /// A name that must not become a path.
    #[error("This file cannot be shown in Hugging Face's cache: its {what} is not one that can be used safely.")]
    UnsafeName {
        /// Which name it is: "commit".
        what: &'static str,
    },
    /// The cache cannot be written to.
    #[error(
        "“{}” could not be shown in Hugging Face's cache: {source}. Check the permissions of the cache folder.",
        shown(path)
    )]
    Share {
        /// The place in the cache.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

fn shown(path: &Path) -> String {
    crate::inspect::one_line(&path.file_name().unwrap_or(path.as_os_str()).to_string_lossy())
}
