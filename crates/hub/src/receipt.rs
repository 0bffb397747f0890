//! What is written down about a file whose bytes were compared with the published checksum.
//!
//! A receipt lies in a folder `.paddock` beside the file, so that it travels with it to another drive and needs no
//! database. It also holds a checksum of every block, taken of the bytes as they came: when the whole file no longer
//! matches, they tell which blocks went bad, and only those are fetched again.

use std::fs::{self, File, Metadata};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

/// The folder for receipts, beside the files.
pub const FOLDER: &str = ".paddock";

/// The longest receipt read, in bytes. A terabyte in blocks of 4 MiB needs 3 MB.
const MAX_RECEIPT_BYTES: u64 = 64 << 20;

/// The bytes that each block checksum covers; the last block may be shorter.
pub const BLOCK_BYTES: u64 = 4 << 20;

/// Where a file comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// The server, such as `https://huggingface.co`.
    pub endpoint: String,
    /// Owner and name of the repository.
    pub repo: String,
    /// The commit, 40 hexadecimal digits.
    pub commit: String,
    /// The file's path in the repository, with `/`.
    pub path: String,
}

/// What tells, without reading it, that a file is still the one that was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamp {
    /// Its length in bytes.
    pub size_bytes: u64,
    /// When it was changed last, in nanoseconds since 1970.
    pub modified_ns: u64,
    /// Its number in the file system; 0 where there is none to be had.
    pub inode: u64,
}

impl Stamp {
    /// Of an open file or a path, by its metadata.
    pub fn of(metadata: &Metadata) -> Self {
        let since_epoch = metadata.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        let modified_ns = since_epoch.map_or(0, |since| u64::try_from(since.as_nanos()).unwrap_or(u64::MAX));
        Self { size_bytes: metadata.len(), modified_ns, inode: inode(metadata) }
    }
}

#[cfg(unix)]
fn inode(metadata: &Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::ino(metadata)
}

#[cfg(not(unix))]
fn inode(_: &Metadata) -> u64 {
    0
}

/// The receipt of one file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// Where it was downloaded from.
    pub origin: Option<Origin>,
    /// The SHA-256 of the whole file in 64 small hexadecimal digits: the published one, which its bytes have.
    pub sha256: String,
    /// The file when it was verified.
    pub stamp: Stamp,
    /// When that was, in milliseconds since 1970.
    pub verified_ms: i64,
    /// The bytes of a block.
    pub block_bytes: u64,
    /// CRC-32 (IEEE) of each block, in order; empty where nobody took them.
    pub block_crc32: Vec<u32>,
}

impl Receipt {
    /// Where the receipt of a file is kept.
    pub fn path_for(file: &Path) -> PathBuf {
        let mut name = file.file_name().unwrap_or_default().to_owned();
        name.push(".json");
        file.parent().unwrap_or(Path::new("")).join(FOLDER).join(name)
    }

    /// The receipt beside a file. `None`: there is none, or none that can be read; the file counts as not verified then.
    pub fn beside(file: &Path) -> Option<Self> {
        Self::read(&Self::path_for(file))
    }

    /// The receipt in this place, for files in folders that are not Paddock's.
    pub fn read(place: &Path) -> Option<Self> {
        if fs::metadata(place).ok()?.len() > MAX_RECEIPT_BYTES {
            return None;
        }
        serde_json::from_slice(&fs::read(place).ok()?).ok()
    }

    /// Writes it beside its file.
    ///
    /// # Errors
    /// What the disk says.
    pub fn write_beside(&self, file: &Path) -> io::Result<()> {
        self.write(&Self::path_for(file))
    }

    /// Writes it so that after a power cut there is the old one or the new one.
    ///
    /// # Errors
    /// What the disk says.
    pub fn write(&self, place: &Path) -> io::Result<()> {
        let folder = place.parent().unwrap_or(Path::new(""));
        fs::create_dir_all(folder)?;
        let new = place.with_extension("json.new");
        let mut file = File::create(&new)?;
        file.write_all(&serde_json::to_vec(self)?)?;
        file.sync_all()?;
        fs::rename(&new, place)?;
        sync_folder(folder)
    }

    /// Whether the file is still the one that was verified, as far as can be told without reading it.
    pub fn still_holds(&self, metadata: &Metadata) -> bool {
        self.stamp == Stamp::of(metadata)
    }
}

/// The time now, in milliseconds since 1970.
pub(crate) fn now_ms() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// Makes renames in a folder survive a power cut. Only Unix can and needs to.
#[cfg(unix)]
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// NTFS writes its own journal for renames.
#[cfg(not(unix))]
pub(crate) fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

    use super::*;

    fn receipt(file: &Path) -> Receipt {
        Receipt {
            origin: None,
            sha256: "0".repeat(64),
            stamp: Stamp::of(&fs::metadata(file).unwrap()),
            verified_ms: 1,
            block_bytes: BLOCK_BYTES,
            block_crc32: vec![7],
        }
    }

    #[test]
    fn a_receipt_lies_beside_its_file_and_holds_until_the_file_changes() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("model.gguf");
        fs::write(&file, "one").unwrap();
        let written = receipt(&file);
        written.write_beside(&file).unwrap();
        assert_eq!(Receipt::beside(&file), Some(written.clone()));
        assert!(written.still_holds(&fs::metadata(&file).unwrap()));
        fs::write(&file, "three").unwrap();
        assert!(!written.still_holds(&fs::metadata(&file).unwrap()), "its length is another");
    }

    #[test]
    fn a_torn_receipt_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("model.gguf");
        fs::write(&file, "one").unwrap();
        receipt(&file).write_beside(&file).unwrap();
        let place = Receipt::path_for(&file);
        let text = fs::read(&place).unwrap();
        fs::write(&place, &text[..text.len() / 2]).unwrap();
        assert_eq!(Receipt::beside(&file), None);
    }
}
