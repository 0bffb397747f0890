//! Files that are whole or not there.

use std::{
    io::{self, BufWriter, Write},
    path::Path,
};

use crate::{ApiError, ErrorCode};

/// Writes beside the place, waits for the disk, and only then takes the name: a file of that name stays whole until the
/// new one is.
pub(crate) fn write(path: &Path, content: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), ApiError> {
    written(path, content).map_err(|error| unwritten(&error).hint("Choose another folder, or free some space."))
}

fn written(path: &Path, content: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let path = std::path::absolute(path)?;
    let folder = path.parent().ok_or(io::ErrorKind::InvalidInput)?;
    let mut file = BufWriter::new(tempfile::NamedTempFile::new_in(folder)?);
    content(&mut file)?;
    let file = file.into_inner().map_err(io::IntoInnerError::into_error)?;
    file.as_file().sync_all()?;
    file.persist(&path)?;
    #[cfg(unix)]
    std::fs::File::open(folder)?.sync_all()?;
    Ok(())
}

pub(super) fn unwritten(error: &io::Error) -> ApiError {
    ApiError::new(ErrorCode::Storage, format!("The file could not be written: {error}."))
}
