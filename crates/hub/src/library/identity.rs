//! Which file a path leads to.

use std::fs::Metadata;
use std::path::Path;

/// Tells files apart whatever paths lead to them: links to one file have one identity.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Identity(Inner);

/// Device and inode.
#[cfg(unix)]
type Inner = (u64, u64);

/// The path without links. Two hard links count as two files, because the standard library does not tell.
#[cfg(not(unix))]
type Inner = std::path::PathBuf;

impl Identity {
    /// Of what the path leads to, which these are the metadata of.
    #[cfg(unix)]
    pub fn of(_: &Path, metadata: &Metadata) -> Self {
        use std::os::unix::fs::MetadataExt;
        Self((metadata.dev(), metadata.ino()))
    }

    /// Of what the path leads to, which these are the metadata of.
    #[cfg(not(unix))]
    pub fn of(path: &Path, _: &Metadata) -> Self {
        Self(std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned()))
    }

    /// Of what the path leads to; `None` if that is nothing.
    pub fn at(path: &Path) -> Option<Self> {
        Some(Self::of(path, &std::fs::metadata(path).ok()?))
    }
}
