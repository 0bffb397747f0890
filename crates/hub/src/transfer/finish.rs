//! The last step: all files of a model are here and compared, and get their final names.

use std::fs::{self, File};
use std::io;
use std::path::PathBuf;
use std::thread::sleep;
use std::time::{Duration, Instant};

use paddock_gguf::{Header, Limits, Model, Part};

use super::error::TransferError;
use super::file::{Whole, discard};
use crate::receipt::sync_folder;

/// For so long a virus scanner may hold a new file.
const RENAME_PATIENCE: Duration = Duration::from_secs(10);

/// Reads the headers, and if they make one model, gives all files their final names; the first, which is the one to load,
/// as the last.
pub(crate) fn finish(files: Vec<Whole>) -> Result<Vec<PathBuf>, TransferError> {
    check_headers(&files)?;
    for file in files.iter().rev() {
        let Some(receipt) = &file.receipt else { continue };
        let paths = &file.paths;
        // First what vouches for it: a file that has its final name is never without.
        receipt.write_beside(&paths.target).map_err(|error| TransferError::disk(&paths.target, "Writing", error))?;
        rename(file).map_err(|error| TransferError::disk(&paths.target, "Renaming", error))?;
        discard(paths);
    }
    for file in &files {
        // Who waits for it looks whether it is still there. Windows does not let go of a name that somebody has open.
        if cfg!(unix)
            && let Err(error) = fs::remove_file(&file.paths.lock)
            && error.kind() != io::ErrorKind::NotFound
        {
            tracing::debug!(%error, "a lock file stays");
        }
    }
    Ok(files.into_iter().map(|file| file.paths.target).collect())
}

fn rename(file: &Whole) -> io::Result<()> {
    let since = Instant::now();
    loop {
        match fs::rename(&file.paths.part, &file.paths.target) {
            Err(error)
                if matches!(error.kind(), io::ErrorKind::PermissionDenied | io::ErrorKind::ResourceBusy)
                    && since.elapsed() < RENAME_PATIENCE =>
            {
                sleep(RENAME_PATIENCE / 40);
            }
            renamed => {
                renamed?;
                return file.paths.target.parent().map_or(Ok(()), sync_folder);
            }
        }
    }
}

fn check_headers(files: &[Whole]) -> Result<(), TransferError> {
    let count = u32::try_from(files.len()).unwrap_or(u32::MAX);
    let mut headers = Vec::new();
    for (file, number) in files.iter().zip(1..) {
        let path = if file.receipt.is_some() { &file.paths.part } else { &file.paths.target };
        let header = read_header(path).and_then(|header| {
            // One file alone may be a part of something: somebody asked for it by name.
            let says = if count > 1 { Part::of(&header)? } else { None };
            Ok((says.is_none_or(|part| part == Part { number, count }), header))
        });
        match header {
            Ok((true, header)) => headers.push(header),
            Ok((false, _)) => {
                let why = format!("It is not part {number} of {count} of this model, although its name says so.");
                return Err(not_a_model(files, file, why));
            }
            Err(paddock_gguf::Error::Io(error)) => return Err(TransferError::disk(path, "Reading", error)),
            Err(error) => return Err(not_a_model(files, file, error.to_string())),
        }
    }
    match files {
        [_, _, ..] => Model::new(headers).map(drop).map_err(|error| not_a_model(files, &files[0], error.to_string())),
        _ => Ok(()),
    }
}

/// The right bytes, of no use. They would be the same the next time.
fn not_a_model(files: &[Whole], file: &Whole, why: String) -> TransferError {
    for file in files.iter().filter(|file| file.receipt.is_some()) {
        discard(&file.paths);
    }
    let name = file.paths.target.file_name().unwrap_or_default().to_string_lossy().into_owned();
    TransferError::NotAModel { file: name, why: why + " Choose another repository or quantization." }
}

fn read_header(path: &PathBuf) -> Result<Header, paddock_gguf::Error> {
    let mut file = File::open(path).map_err(paddock_gguf::Error::Io)?;
    let length = file.metadata().map_err(paddock_gguf::Error::Io)?.len();
    paddock_gguf::read(&mut file, Some(length), &Limits::default())
}
