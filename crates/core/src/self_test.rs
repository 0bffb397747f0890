//! The self-test model: 2.9 MB that come with the executable, so that a fresh computer without a network can do the main
//! job at once.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use crate::{ApiError, DataDir, ErrorCode};

/// See models/self-test/README.md.
const BYTES: &[u8] = include_bytes!("../../../models/self-test/paddock-self-test-q8_0.gguf");
const FILE_NAME: &str = "paddock-self-test-q8_0.gguf";
/// The name that people see.
pub(crate) const NAME: &str = "Self-test model";

/// Where the file is, or will be once it is needed.
pub(crate) fn path(data: &DataDir) -> PathBuf {
    data.models().join(FILE_NAME)
}

/// Whether a file is a self-test model, wherever it lies: it says so in its metadata.
pub(crate) fn is(file: &paddock_hub::ModelFile) -> bool {
    file.name == "Paddock self-test model"
}

/// The file's size in bytes.
pub(crate) fn size_bytes() -> u64 {
    BYTES.len() as u64
}

/// The file, written first where it is not there yet, comes from another version, or was damaged.
pub(crate) fn ensure(data: &DataDir) -> Result<PathBuf, ApiError> {
    let path = path(data);
    write_if_different(&path).map(|()| path.clone()).map_err(|error| {
        ApiError::new(
            ErrorCode::Storage,
            format!("The self-test model could not be written to {}: {error}.", path.display()),
        )
        .hint("Check that the disk is not full and that the folder can be written.")
    })
}

fn write_if_different(path: &Path) -> io::Result<()> {
    if fs::read(path).is_ok_and(|bytes| bytes == BYTES) {
        return Ok(());
    }
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    // Never in place: a running engine may have the old file mapped.
    let unfinished = path.with_extension(format!("{}.part", std::process::id()));
    fs::write(&unfinished, BYTES)?;
    fs::rename(&unfinished, path)
}
