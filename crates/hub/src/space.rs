//! Room on drives.

use std::io;
use std::path::Path;

/// The bytes that may still be written to the drive of a folder; the folder itself need not be there yet.
///
/// # Errors
/// What the system says.
pub fn free_bytes(folder: &Path) -> io::Result<u64> {
    let folder = std::path::absolute(folder)?;
    let there = folder.ancestors().find(|folder| folder.exists());
    fs4::available_space(there.unwrap_or(&folder))
}
