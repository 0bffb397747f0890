//! Where conversations that no longer fit into the context are kept on the disk.
//!
//! The files hold what was said, in tokens. Their names are made from the conversations' names, so that whoever deletes
//! a conversation can delete its files without an engine.

use std::{fmt::Write, fs, io, path::Path, path::PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Where, and how much.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parking {
    /// Made if it is not there, for this user alone. Nothing else belongs in it.
    pub folder: PathBuf,
    /// The ones used longest ago go when there is more than this.
    pub max_bytes: u64,
}

/// What the names of all files in the folder begin with.
pub const FILE_PREFIX: &str = "parked-";

/// What the names of a conversation's files begin with.
pub fn file_stem(conversation: &str) -> String {
    let mut stem = FILE_PREFIX.to_owned();
    // Half of the digest: no two conversations have the same.
    for byte in &Sha256::digest(conversation)[..16] {
        let _infallible = write!(stem, "{byte:02x}");
    }
    stem
}

/// Delete a conversation's files, or with `None` those of all.
///
/// # Errors
/// When a file is there and cannot be deleted; the others are deleted all the same. A folder that is not there is none.
pub fn forget(folder: &Path, conversation: Option<&str>) -> io::Result<()> {
    let stem = conversation.map_or_else(|| FILE_PREFIX.to_owned(), file_stem);
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    let mut result = Ok(());
    for entry in entries {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(&stem) {
            match fs::remove_file(entry.path()) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => result = Err(error),
                _ => {}
            }
        }
    }
    result
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may fail loudly")]
mod tests {
    use super::*;

    #[test]
    fn a_conversation_is_forgotten_with_its_files_and_no_other() {
        let folder = std::env::temp_dir().join(format!("paddock-parking-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let file = |name: String| folder.join(name);
        let (one, other) = (file(file_stem("../../one") + "-1.kv"), file(file_stem("other") + "-1.kv"));
        let strange = file("notes.txt".into());
        for path in [&one, &other, &strange] {
            fs::write(path, "x").unwrap();
        }
        forget(&folder, Some("../../one")).unwrap();
        assert_eq!((one.exists(), other.exists()), (false, true));
        forget(&folder, None).unwrap();
        assert_eq!((other.exists(), strange.exists()), (false, true));
        fs::remove_dir_all(&folder).unwrap();
        forget(&folder, None).unwrap();
    }
}
