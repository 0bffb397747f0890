//! Names that go into addresses and, later, into paths on this computer. Those from the network are hostile.

use std::fmt;

use super::error::RemoteError;
use crate::inspect::one_line;

/// The longest owner or name, in bytes (`REPO_ID_REGEX` of huggingface_hub).
const MAX_REPO_PART_BYTES: usize = 96;

/// The longest revision, in bytes: what a file system allows for a branch's file.
const MAX_REVISION_BYTES: usize = 255;

/// The longest path of a file, in bytes. Real ones are below 200.
const MAX_PATH_BYTES: usize = 1_024;

/// The longest name of a file or folder, in bytes: what file systems allow.
const MAX_SEGMENT_BYTES: usize = 255;

/// A repository of models: `owner/name`. Safe in an address and as two folder names.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RepoId {
    owner: String,
    name: String,
}

impl RepoId {
    /// Takes `owner/name` apart.
    ///
    /// # Errors
    /// [`RemoteError::BadRepo`], by the rules of Hugging Face (`validate_repo_id` of huggingface_hub).
    pub fn parse(text: &str) -> Result<Self, RemoteError> {
        let bad = |why| RemoteError::BadRepo { given: one_line(text), why };
        let (owner, name) = text.split_once('/').ok_or_else(|| bad("it has no “/”"))?;
        for part in [owner, name] {
            let is_edge = |c: char| c == '-' || c == '.';
            if part.is_empty() {
                return Err(bad("owner or name is empty"));
            } else if part.len() > MAX_REPO_PART_BYTES {
                return Err(bad("it is too long"));
            } else if !part.bytes().all(|c| c.is_ascii_alphanumeric() || b"-_.".contains(&c)) {
                return Err(bad("it may only hold letters, digits, “-”, “_”, “.” and one “/”"));
            } else if part.contains("..") || part.contains("--") {
                return Err(bad("“..” and “--” are not allowed"));
            } else if part.starts_with(is_edge) || part.ends_with(is_edge) {
                return Err(bad("owner and name do not begin or end with “-” or “.”"));
            } else if is_device(part) {
                return Err(bad("it is a name that Windows keeps for a device"));
            }
        }
        Ok(Self { owner: owner.to_owned(), name: name.to_owned() })
    }

    /// Who published it.
    pub fn owner(&self) -> &str {
        &self.owner
    }

    /// Its name without the owner.
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl fmt::Display for RepoId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.owner, self.name)
    }
}

/// Checks the name of a branch, a tag or a commit.
pub(crate) fn check_revision(text: &str) -> Result<(), RemoteError> {
    let allowed = |c: u8| c.is_ascii_alphanumeric() || b"-_./".contains(&c);
    let segments_are_names = text.split('/').all(|segment| !segment.is_empty() && !segment.starts_with(['.', '-']));
    if text.len() <= MAX_REVISION_BYTES && text.bytes().all(allowed) && segments_are_names && !text.contains("..") {
        Ok(())
    } else {
        Err(RemoteError::BadRevision { given: one_line(text) })
    }
}

/// Whether a path from a listing stays within the repository's folder on every system, and shows as what it is.
pub(crate) fn is_safe_path(path: &str) -> bool {
    path.len() <= MAX_PATH_BYTES && path.split('/').all(is_safe_segment)
}

fn is_safe_segment(segment: &str) -> bool {
    // Windows drops dots and spaces at the end, so that two names become one. Covers “.” and “..” too.
    let ends_well = !segment.ends_with(['.', ' ']) && !segment.starts_with(' ');
    !segment.is_empty()
        && segment.len() <= MAX_SEGMENT_BYTES
        && ends_well
        && !segment.chars().any(is_forbidden)
        && !is_device(segment)
}

/// Separators, drives and streams of any system, control characters, and those that turn text around or do not
/// show.
fn is_forbidden(c: char) -> bool {
    let invisible =
        matches!(c, '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}');
    c.is_control() || invisible || "\\:<>\"|?*".contains(c)
}

/// Names that Windows keeps for devices, with any ending ("Naming Files, Paths, and Namespaces").
fn is_device(segment: &str) -> bool {
    let stem = segment.split('.').next().unwrap_or_default().trim_end().to_ascii_uppercase();
    let numbered = |prefix| stem.strip_prefix(prefix).is_some_and(|n| n.len() == 1 && n.as_bytes()[0].is_ascii_digit());
    matches!(stem.as_str(), "CON" | "PRN" | "AUX" | "NUL") || numbered("COM") || numbered("LPT")
}
