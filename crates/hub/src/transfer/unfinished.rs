//! What lies in the models folder of downloads that are not done.

use std::fs;
use std::path::{Path, PathBuf};

use super::file::discard;
use super::journal::Contents;
use super::order::Paths;
use crate::receipt::FOLDER;
use crate::remote::quant;

/// Deletes what is here of the unfinished among these files, and folders that are empty then. Files under their final
/// names stay, and so does what another program is downloading.
pub fn discard_unfinished(targets: &[PathBuf], root: &Path) {
    for target in targets {
        let paths = Paths::of(target.clone());
        // Held until everything is deleted, so that no other program begins in the middle of it.
        let lock = fs::File::open(&paths.lock).ok();
        let is_free = lock.as_ref().is_none_or(|lock| !matches!(lock.try_lock(), Err(fs::TryLockError::WouldBlock)));
        if is_free {
            discard(&paths);
            if !target.exists() {
                // Somebody who waits for it holds the file itself, and makes it anew at the next try.
                let _ = fs::remove_file(&paths.lock);
            }
        }
        tidy(target, root);
    }
}

/// How many bytes of these files are safe on the disk, under their final names or not.
pub fn done_bytes(targets: &[PathBuf]) -> u64 {
    let of_file = |target: &PathBuf| {
        let unfinished = || Contents::read(&Paths::of(target.clone()).journal).ok().flatten();
        match fs::metadata(target) {
            Ok(metadata) => metadata.len(),
            Err(_) => unfinished().map_or(0, |journal| journal.done_bytes()),
        }
    };
    targets.iter().map(of_file).sum()
}

/// Removes empty folders from a file's place up to the models folder.
pub(crate) fn tidy(target: &Path, root: &Path) {
    let Some(folder) = target.parent() else { return };
    // Each of these fails where there is still something in it, which is the point.
    let _ = fs::remove_dir(folder.join(FOLDER));
    for folder in folder.ancestors().take_while(|folder| *folder != root && folder.starts_with(root)) {
        if fs::remove_dir(folder).is_err() {
            break;
        }
    }
}

/// What a model file is called: its name without the ending and the number of its part.
pub fn name_of(file: &Path) -> String {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    match paddock_gguf::PartName::parse(&name) {
        Some(part) => part.prefix,
        None => name.strip_suffix(".gguf").unwrap_or(&name).to_owned(),
    }
}

/// The quantization that a file's name tells.
pub fn quant_of(file: &Path) -> Option<String> {
    quant::of_path(&name_of(file))
}
