//! Showing Paddock's models to Python's huggingface_hub, without a second copy of any byte.
//!
//! Its cache holds `blobs/<sha256>`, and snapshots of commits that lead there. The blob is a hard link to our file; on
//! another drive there is no blob, and the snapshot leads to our file directly.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use hf_hub::{Cache, Repo};

use super::layouts::is_sha256;
use super::{Identity, LibraryError};
use crate::receipt::Origin;
use crate::remote::{RepoId, names};

/// How many entries of snapshots are looked at for one that leads to a blob.
const MAX_ENTRIES: usize = 10_000;

/// How a file is shown in the cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shared {
    /// The blob and our file are one file with two names.
    HardLink,
    /// The snapshot leads to our file.
    Symlink,
    /// The cache had it already: a file of its own, which was left as it is.
    Already,
}

/// The places of one file in the cache, all names checked.
struct Entry {
    folder: PathBuf,
    blob: PathBuf,
    snapshot: PathBuf,
    entry: PathBuf,
    /// How many folders the entry is below `folder`.
    depth: usize,
}

impl Entry {
    fn of(origin: &Origin, sha256: &str, cache: &Path) -> Result<Self, LibraryError> {
        let refused = |what| LibraryError::UnsafeName { what };
        let repo = RepoId::parse(&origin.repo).map_err(|_| refused("repository"))?;
        let is_commit =
            origin.commit.len() == 40 && origin.commit.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        if !is_commit {
            return Err(refused("commit"));
        }
        if !is_sha256(sha256) {
            return Err(refused("checksum"));
        }
        if !names::is_safe_path(&origin.path) {
            return Err(refused("path"));
        }
        let repo = Repo::model(repo.to_string());
        let folder = cache.join(repo.folder_name());
        let snapshot = Cache::new(cache.to_owned()).repo(repo).pointer_path(&origin.commit);
        let entry = snapshot.join(&origin.path);
        let depth = 2 + origin.path.matches('/').count();
        Ok(Self { blob: folder.join("blobs").join(sha256), entry, snapshot, folder, depth })
    }

    /// From the entry's folder to the blob, so that the cache can be moved.
    fn way_to_blob(&self, sha256: &str) -> PathBuf {
        let mut way: PathBuf = std::iter::repeat_n("..", self.depth).collect();
        way.push("blobs");
        way.push(sha256);
        way
    }
}

/// Shows a verified file in Hugging Face's cache. What is in the cache already is left as it is.
///
/// # Errors
/// [`LibraryError::UnsafeName`] if a name cannot be used as a path, [`LibraryError::Share`] if the cache cannot be
/// written to.
pub fn share(file: &Path, origin: &Origin, sha256: &str, cache: &Path) -> Result<Shared, LibraryError> {
    let place = Entry::of(origin, sha256, cache)?;
    let failed = |source| LibraryError::Share { path: place.entry.clone(), source };
    for folder in [place.blob.parent(), place.entry.parent()].into_iter().flatten() {
        fs::create_dir_all(folder).map_err(failed)?;
    }
    // Without links, so that the cache does not depend on those in our folder.
    let file = fs::canonicalize(file).map_err(failed)?;
    let shared = if fs::symlink_metadata(&place.blob).is_ok() {
        let is_ours = Identity::at(&place.blob).is_some_and(|blob| Identity::at(&file) == Some(blob));
        if is_ours { Shared::HardLink } else { Shared::Already }
    } else if fs::hard_link(&file, &place.blob).is_ok() {
        Shared::HardLink
    } else {
        Shared::Symlink
    };
    if fs::symlink_metadata(&place.entry).is_err() {
        let target = if shared == Shared::Symlink { file.clone() } else { place.way_to_blob(sha256) };
        // Windows allows symbolic links to developers only; a hard link is then as good.
        let linked = symlink(&target, &place.entry).or_else(|_| fs::hard_link(&file, &place.entry));
        linked.map_err(failed)?;
    }
    name_the_commit(&place, &origin.commit).map_err(failed)?;
    Ok(shared)
}

/// `refs/main` says which commit counts when there is no network. One that has a snapshot stays: other files of the
/// repository may be there alone.
fn name_the_commit(place: &Entry, commit: &str) -> io::Result<()> {
    let main = place.folder.join("refs/main");
    let named = fs::read_to_string(&main).unwrap_or_default();
    let named = named.trim();
    let counts = !named.is_empty() && !named.contains(['/', '\\', '.']);
    if counts && place.folder.join("snapshots").join(named).is_dir() {
        return Ok(());
    }
    fs::create_dir_all(place.folder.join("refs"))?;
    let new = place.folder.join("refs/.main.paddock");
    fs::write(&new, commit)?;
    File::open(&new)?.sync_all()?;
    fs::rename(&new, &main)
}

/// Takes a file out of Hugging Face's cache again, before it is deleted. Only links to this very file are removed, and
/// the blob only if no other snapshot leads to it. The folders that are empty then go too.
///
/// # Errors
/// As [`share`].
pub fn unshare(file: &Path, origin: &Origin, sha256: &str, cache: &Path) -> Result<(), LibraryError> {
    let place = Entry::of(origin, sha256, cache)?;
    let ours = Identity::at(file);
    let is_ours = |path: &Path| ours.is_some() && Identity::at(path) == ours;
    let removed =
        |path: &Path| fs::remove_file(path).map_err(|source| LibraryError::Share { path: path.to_owned(), source });
    if is_ours(&place.entry) {
        removed(&place.entry)?;
    }
    if is_ours(&place.blob) && !is_used(&place.folder.join("snapshots"), ours.as_ref()) {
        removed(&place.blob)?;
    }
    tidy(&place);
    Ok(())
}

/// Whether a snapshot leads to this file.
fn is_used(snapshots: &Path, file: Option<&Identity>) -> bool {
    let mut waiting = vec![snapshots.to_owned()];
    let mut left = MAX_ENTRIES;
    while let Some(folder) = waiting.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let Some(fewer) = left.checked_sub(1) else { return true };
            left = fewer;
            let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
            if is_folder {
                waiting.push(entry.path());
            } else if Identity::at(&entry.path()).as_ref() == file {
                return true;
            }
        }
    }
    false
}

/// Folders that are not empty refuse to go, which is right.
fn tidy(place: &Entry) {
    for folder in place.entry.ancestors().skip(1).take_while(|folder| folder.starts_with(&place.snapshot)) {
        let _ = fs::remove_dir(folder);
    }
    let _ = fs::remove_dir(place.folder.join("snapshots"));
    let _ = fs::remove_dir(place.folder.join("blobs"));
    // A reference without a snapshot says nothing.
    if !place.folder.join("snapshots").exists() && !place.folder.join("blobs").exists() {
        let _ = fs::remove_file(place.folder.join("refs/main"));
        let _ = fs::remove_dir(place.folder.join("refs"));
    }
    let _ = fs::remove_dir(&place.folder);
}

#[cfg(unix)]
fn symlink(target: &Path, link: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(target, link)
}

#[cfg(windows)]
fn symlink(target: &Path, link: &Path) -> io::Result<()> {
    std::os::windows::fs::symlink_file(target, link)
}
