//! Why a file is no model, and what to do about it.

use std::io;
use std::path::{Path, PathBuf};

/// Why a file cannot be used as a model. Each message is for the person who chose the file: what is
/// wrong, and the next step.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Nothing there, or a link to nothing.
    #[error("There is no file {}. It may have been moved or deleted; choose it again.", path.display())]
    NotFound {
        /// What was asked for.
        path: PathBuf,
    },
    /// The system does not let this user read it.
    #[error("Paddock is not allowed to read {}. Check the file's permissions.", path.display())]
    NoAccess {
        /// What was asked for.
        path: PathBuf,
    },
    /// A folder.
    #[error("{} is a folder. Choose a model file (.gguf) in it.", path.display())]
    IsFolder {
        /// What was asked for.
        path: PathBuf,
    },
    /// A device, a pipe or a socket. It was not opened.
    #[error("{} is a device or a pipe, not a file. Choose a model file (.gguf).", path.display())]
    NotAFile {
        /// What was asked for.
        path: PathBuf,
    },
    /// No bytes at all.
    #[error("“{}” is empty: its download probably never started. Download it again.", shown(path))]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// The medium failed.
    #[error("“{}” could not be read: {source}. Check the disk it is on.", shown(path))]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Some other kind of file.
    #[error("“{}” is not a GGUF model{}", shown(path), looks_like.map_or_else(
        || ". Choose a file that ends in .gguf.".to_owned(),
        |looks_like| format!(": {looks_like}"),
    ))]
    NotGguf {
        /// The file.
        path: PathBuf,
        /// What it looks like and what to do, as the rest of a sentence.
        looks_like: Option<&'static str>,
    },
    /// Less of the file is there than its header promises.
    #[error(
        "“{}” is not complete: it has {have_bytes} bytes and needs {needed_bytes}. Download it again.",
        shown(path)
    )]
    Truncated {
        /// The file.
        path: PathBuf,
        /// The least number of bytes it must have.
        needed_bytes: u64,
        /// The number of bytes it has.
        have_bytes: u64,
    },
    /// A GGUF file whose header cannot be right, or is of a kind that is not read.
    #[error("“{}” cannot be used. {source}", shown(path))]
    Header {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: paddock_gguf::Error,
    },
    /// A sound GGUF file that holds something else than a model.
    #[error("“{}” is {what}, not a model that can chat. Choose the model's own file.", shown(path))]
    NotAModel {
        /// The file.
        path: PathBuf,
        /// What it is: "an adapter (LoRA)".
        what: String,
    },
    /// A part of a model in several files is not beside the others.
    #[error(
        "The model is split into {count} files, and “{}” is missing. Put all of them into one folder.",
        shown(path)
    )]
    MissingPart {
        /// The file that is missing.
        path: PathBuf,
        /// How many parts there are.
        count: u32,
    },
    /// A part of a split model that was renamed, so that its siblings cannot be found.
    #[error(
        "“{}” is part {number} of a model split into {count} files, but its name does not say so. Rename it so that it ends in “-{number:05}-of-{count:05}.gguf”.",
        shown(path)
    )]
    RenamedPart {
        /// The file.
        path: PathBuf,
        /// Which part it is, from 1.
        number: u32,
        /// How many parts there are.
        count: u32,
    },
    /// A file that has the name of a part of this model and is none.
    #[error(
        "“{}” is not part {number} of {count} of this model, although its name says so. Download it again.",
        shown(path)
    )]
    WrongPart {
        /// The file.
        path: PathBuf,
        /// Which part it should be, from 1.
        number: u32,
        /// How many parts there are.
        count: u32,
    },
}

/// The file's name without its folder, which is what a person knows it by.
fn shown(path: &Path) -> std::borrow::Cow<'_, str> {
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy()
}
