//! Why a download does not go on by itself, and what to do about it.

use std::io;
use std::path::{Path, PathBuf};

use crate::remote::RemoteError;

/// Why a download ended without its file. What was fetched is kept, and the next attempt goes on from there, unless the
/// text says otherwise.
#[derive(Debug, thiserror::Error)]
pub enum TransferError {
    /// The server, or the way to it.
    #[error(transparent)]
    Remote(#[from] RemoteError),
    /// Somebody stopped it.
    #[error("The download was stopped. What is here is kept.")]
    Stopped,
    /// A fault of Paddock's own.
    #[error("A part of Paddock failed while it downloaded. Start the download again: it goes on where it stopped.")]
    PartFailed,
    /// Nothing to compare the bytes with.
    #[error(
        "The server publishes no checksum of “{file}”, so that nobody could tell whether it came whole. Choose another repository."
    )]
    NoChecksum {
        /// The file.
        file: String,
    },
    /// Several models, and nobody said which.
    #[error("{repo} holds several models. Name one of them, as in {repo}:{}. There are {}.", models[0], models.join(", "))]
    WhichModel {
        /// The repository.
        repo: String,
        /// What there is: quantizations, or files where no name tells one.
        models: Vec<String>,
    },
    /// Only whole files, which no download of this size would survive.
    #[error(
        "“{host}” hands out whole files only, so that a download could never go on after a break. Use another server, or ask whoever runs the proxy to let range requests through."
    )]
    NoRanges {
        /// The server.
        host: String,
    },
    /// Not a file that holds a model.
    #[error("“{file}” is not a GGUF model. Choose a file that ends in .gguf.")]
    NotGguf {
        /// The file.
        file: String,
    },
    /// Not enough room.
    #[error(
        "There is not enough room in “{}”. The download needs {} GB more and {} GB are free. Free {} GB, or choose a folder on another drive.",
        folder.display(), gb(*needed_bytes), gb(*free_bytes), gb(needed_bytes.saturating_sub(*free_bytes))
    )]
    DiskFull {
        /// Where it goes.
        folder: PathBuf,
        /// What has to be free, with the margin.
        needed_bytes: u64,
        /// What is.
        free_bytes: u64,
    },
    /// More than the file system takes.
    #[error(
        "The drive of “{}” takes no file of {} GB, as drives with the old file system FAT32 do (4 GB at most). Choose a folder on another drive, or format this one with exFAT.",
        folder.display(), gb(*size_bytes)
    )]
    FileTooLarge {
        /// Where it goes.
        folder: PathBuf,
        /// How long it is.
        size_bytes: u64,
    },
    /// A name or a path that the system does not take.
    #[error("The path “{}” is too long for this system. Choose a models folder with a shorter path.", path.display())]
    PathTooLong {
        /// The path.
        path: PathBuf,
    },
    /// Not allowed to write.
    #[error("“{}” cannot be written to: {source}. Choose a folder that you may write to.", folder.display())]
    NoAccess {
        /// The folder.
        folder: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A folder on the way leads elsewhere.
    #[error("“{}” leads out of the models folder, so that nothing is written there. Remove the link, or choose another models folder.", path.display())]
    OutsideFolder {
        /// The folder that is a link.
        path: PathBuf,
    },
    /// Another file has the name.
    #[error("There is already another file at “{}”. Rename or delete it, then start the download again.", path.display())]
    Occupied {
        /// The file.
        path: PathBuf,
    },
    /// The disk.
    #[error("{doing} “{}” failed: {source}. Check the drive, then start the download again: it goes on where it stopped.", path.display())]
    Disk {
        /// The file.
        path: PathBuf,
        /// What was done, as the beginning of a sentence.
        doing: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// Twice the wrong bytes.
    #[error(
        "“{file}” came twice with other bytes than those published: something on the way to “{host}” changes them. Nothing of it was kept. Try another network, or another server."
    )]
    WrongHash {
        /// The file.
        file: String,
        /// The server.
        host: String,
    },
    /// The right bytes, but no model.
    #[error("“{file}” came whole, but it cannot be used. {why}")]
    NotAModel {
        /// The file.
        file: String,
        /// What is wrong with it, in sentences.
        why: String,
    },
    /// Nobody knows what should be in the file.
    #[error("“{}” cannot be repaired: it is not known where it came from. Delete it and download it again.", path.display())]
    NotRepairable {
        /// The file.
        path: PathBuf,
    },
    /// The repository is changed all the time.
    #[error("The files of {repo} were exchanged again and again while they were downloaded. Try again later.")]
    KeepsChanging {
        /// The repository.
        repo: String,
    },
}

impl TransferError {
    /// What the disk said about a path, in the words that fit.
    pub(crate) fn disk(path: &Path, doing: &'static str, source: io::Error) -> Self {
        let path = path.to_owned();
        let folder = || path.parent().unwrap_or(Path::new("")).to_owned();
        match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                let free_bytes = crate::free_bytes(&folder()).unwrap_or(0);
                // At least what the margin asks for; how much is missing exactly, nobody knows now.
                Self::DiskFull {
                    folder: folder(),
                    needed_bytes: super::order::MARGIN_BYTES.max(free_bytes),
                    free_bytes,
                }
            }
            io::ErrorKind::FileTooLarge => Self::FileTooLarge { folder: folder(), size_bytes: 4 << 30 },
            io::ErrorKind::InvalidFilename => Self::PathTooLong { path },
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                Self::NoAccess { folder: folder(), source }
            }
            _ => Self::Disk { path, doing, source },
        }
    }
}

/// In GB, as drives and repositories count, with a decimal.
#[expect(clippy::cast_precision_loss, reason = "shown with few digits")]
fn gb(bytes: u64) -> String {
    format!("{:.1}", bytes as f64 / 1e9)
}
