//! Taking models away so that they can be brought back until Paddock is started again.
//!
//! A deleted model is moved to `.paddock/trash/<id>` in the folder it is in, which is on the same drive: that takes no
//! time and no room, however large it is.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Component, Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use paddock_gguf::PartName;
use serde::{Deserialize, Serialize};

use super::places::read_small;
use super::{Found, LibraryError};
use crate::receipt::{FOLDER, Receipt, sync_folder};

/// What says where the files of a deleted model were. Small: it names files only.
const INDEX: &str = "index.json";

/// The longest index that is read, in bytes. A model in a hundred files needs 20,000.
const MAX_INDEX_BYTES: u64 = 1 << 20;

/// A model that was deleted and can be brought back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deleted {
    /// To bring it back with.
    pub id: String,
    /// What it is called.
    pub name: String,
    /// The bytes of its files.
    pub size_bytes: u64,
    /// The file to load, where it was.
    pub path: PathBuf,
    /// Where each file was, in the order of their names in the trash.
    files: Vec<PathBuf>,
}

/// Moves all files of a model and their receipts into the trash of the folder `root` they are in, and tidies up the
/// folders that are empty then.
///
/// # Errors
/// [`LibraryError::NotOurs`] for files outside `root`, [`LibraryError::InUse`] for those that are being downloaded, by
/// whatever process, [`LibraryError::Move`] if one cannot be moved; all are where they
/// were then.
pub fn remove(model: &Found, root: &Path) -> Result<Deleted, LibraryError> {
    let files: Vec<PathBuf> = model.parts.iter().map(|part| part.path.clone()).collect();
    for file in &files {
        check_is_below(root, file)?;
        check_is_not_in_use(file)?;
    }
    let failed = |path: &Path, source| LibraryError::Move { path: path.to_owned(), source };
    let (id, folder) = new_folder(root).map_err(|source| failed(&model.path, source))?;
    let receipts = files.iter().map(|file| Receipt::path_for(file)).filter(|receipt| receipt.is_file());
    let mut all = files.clone();
    all.extend(receipts);
    let (name, size_bytes) = (model.name.clone(), model.size_bytes);
    let deleted = Deleted { id, name, size_bytes, path: model.path.clone(), files: all };
    let outcome = write_index(&folder, &deleted)
        .map_err(|source| failed(&model.path, source))
        .and_then(|()| move_all(&to_trash(&folder, &deleted.files)));
    if let Err(error) = outcome {
        // Only the index is in it; if even that cannot be removed, the next start does.
        let _ = fs::remove_dir_all(&folder);
        return Err(error);
    }
    for file in &files {
        tidy(root, file);
    }
    Ok(deleted)
}

/// Brings a deleted model back to where it was.
///
/// # Errors
/// [`LibraryError::NothingToRestore`] for an unknown one, [`LibraryError::InTheWay`] if there is a new file of its name;
/// it stays in the trash then.
pub fn restore(root: &Path, id: &str) -> Result<Deleted, LibraryError> {
    let (folder, deleted) = kept(root, id)?;
    let moves: Vec<(PathBuf, PathBuf)> =
        to_trash(&folder, &deleted.files).into_iter().map(|(file, kept)| (kept, file)).collect();
    for (_, file) in &moves {
        // An added folder may be from someone else, and its index with it.
        let stays = file.starts_with(root) && !file.components().any(|part| part == Component::ParentDir);
        if !stays {
            return Err(LibraryError::NotOurs { path: file.clone() });
        }
        if fs::symlink_metadata(file).is_ok() {
            return Err(LibraryError::InTheWay { path: file.clone() });
        }
        let parent = file.parent().unwrap_or(root);
        fs::create_dir_all(parent).map_err(|source| LibraryError::Move { path: file.clone(), source })?;
        check_is_below(root, file)?;
    }
    move_all(&moves)?;
    // The index is left; the next start removes it if this cannot.
    let _ = fs::remove_dir_all(&folder);
    let _ = fs::remove_dir(trash(root));
    Ok(deleted)
}

/// Removes one deleted model for good.
///
/// # Errors
/// [`LibraryError::NothingToRestore`] for an unknown one, [`LibraryError::Move`] if the disk refuses.
pub fn discard(root: &Path, id: &str) -> Result<(), LibraryError> {
    let (folder, deleted) = kept(root, id)?;
    fs::remove_dir_all(folder).map_err(|source| LibraryError::Move { path: deleted.path, source })?;
    let _ = fs::remove_dir(trash(root));
    Ok(())
}

/// Where a deleted model is kept.
fn kept(root: &Path, id: &str) -> Result<(PathBuf, Deleted), LibraryError> {
    let is_id = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
    let folder = trash(root).join(id);
    let deleted = is_id.then(|| read_index(&folder)).flatten().ok_or(LibraryError::NothingToRestore)?;
    Ok((folder, deleted))
}

/// What can be brought back, oldest first.
pub fn deleted(root: &Path) -> Vec<Deleted> {
    let folders = fs::read_dir(trash(root)).into_iter().flatten().flatten();
    let mut all: Vec<Deleted> = folders.filter_map(|folder| read_index(&folder.path())).collect();
    all.sort_by(|a, b| a.id.cmp(&b.id));
    all
}

/// Removes for good what was deleted.
///
/// # Errors
/// What the disk says.
pub fn purge(root: &Path) -> io::Result<()> {
    match fs::remove_dir_all(trash(root)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn trash(root: &Path) -> PathBuf {
    root.join(FOLDER).join("trash")
}

/// A file's folder must be within the root, whatever links lead there, and not among Paddock's own notes.
fn check_is_below(root: &Path, file: &Path) -> Result<(), LibraryError> {
    let real = |folder: &Path| fs::canonicalize(folder).ok();
    let is_below = file.parent().and_then(real).zip(real(root)).is_some_and(|(folder, root)| {
        folder.strip_prefix(root).is_ok_and(|rest| !rest.starts_with(Path::new(FOLDER).join("trash")))
    });
    is_below.then_some(()).ok_or_else(|| LibraryError::NotOurs { path: file.to_owned() })
}

/// Whether nobody holds the lock that a download has on each file, of this file and of the other parts of its model.
fn check_is_not_in_use(file: &Path) -> Result<(), LibraryError> {
    /// Real models have at most some dozens of parts; a name may claim 99,999.
    const MOST_PARTS: usize = 1_000;
    let name = file.file_name().and_then(|name| name.to_str()).and_then(PartName::parse);
    let parts = name.iter().flat_map(PartName::file_names).take(MOST_PARTS).map(|name| file.with_file_name(name));
    for file in parts.chain([file.to_owned()]) {
        let lock = File::options().write(true).open(lock_of(&file));
        if lock.is_ok_and(|lock| matches!(lock.try_lock(), Err(TryLockError::WouldBlock))) {
            return Err(LibraryError::InUse { path: file });
        }
    }
    Ok(())
}

/// What a download of this file locks.
fn lock_of(file: &Path) -> PathBuf {
    let mut name = file.file_name().unwrap_or_default().to_owned();
    name.push(".lock");
    file.with_file_name(FOLDER).join(name)
}

/// A new folder in the trash. Ids grow with time, so that they sort.
fn new_folder(root: &Path) -> io::Result<(String, PathBuf)> {
    let trash = trash(root);
    fs::create_dir_all(&trash)?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis());
    for number in 0..1_000 {
        let id = format!("{now:012x}-{number:03}");
        let folder = trash.join(&id);
        match fs::create_dir(&folder) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            other => return other.map(|()| (id, folder)),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

fn write_index(folder: &Path, deleted: &Deleted) -> io::Result<()> {
    let file = File::create(folder.join(INDEX))?;
    serde_json::to_writer(&file, deleted)?;
    file.sync_all()?;
    sync_folder(folder)
}

fn read_index(folder: &Path) -> Option<Deleted> {
    serde_json::from_slice(&read_small(&folder.join(INDEX), MAX_INDEX_BYTES)?).ok()
}

/// Each file and its place in the trash, where it is called by its number.
fn to_trash(folder: &Path, files: &[PathBuf]) -> Vec<(PathBuf, PathBuf)> {
    files.iter().enumerate().map(|(number, file)| (file.clone(), folder.join(number.to_string()))).collect()
}

/// Moves all or none.
fn move_all(moves: &[(PathBuf, PathBuf)]) -> Result<(), LibraryError> {
    for (done, (from, to)) in moves.iter().enumerate() {
        if let Err(source) = fs::rename(from, to) {
            for (from, to) in &moves[..done] {
                if let Err(error) = fs::rename(to, from) {
                    tracing::warn!(%error, file = %from.display(), "a file could not be moved back");
                }
            }
            return Err(LibraryError::Move { path: from.clone(), source });
        }
    }
    Ok(())
}

/// Removes what a model leaves behind: the lock of its download, and folders that are empty, up to the root.
fn tidy(root: &Path, file: &Path) {
    let Some(folder) = file.parent() else { return };
    let notes = folder.join(FOLDER);
    let lock = lock_of(file);
    // Another Paddock may be about to download the same file anew.
    if File::options().write(true).open(&lock).is_ok_and(|lock| lock.try_lock().is_ok()) {
        let _ = fs::remove_file(&lock);
    }
    let _ = fs::remove_dir(&notes);
    // Folders that are not empty refuse to go, which is right.
    let emptied = folder.ancestors().take_while(|folder| *folder != root && folder.starts_with(root));
    for folder in emptied {
        if fs::remove_dir(folder).is_err() {
            break;
        }
    }
}
