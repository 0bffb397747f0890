//! Making a damaged file whole again without fetching all of it.

use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};

use super::Request;
use super::error::TransferError;
use super::journal::{Journal, Subject};
use super::order::Paths;
use crate::blocks::block_range;
use crate::receipt::{BLOCK_BYTES, Receipt};
use crate::remote::RepoId;

/// Makes an unfinished download of files that were verified once and are damaged now: without the bytes that are named
/// bad, and without their final names. The answer is the download that fetches what is missing.
///
/// All of them or none: nothing is touched before every file is known to be repairable.
///
/// # Errors
/// [`TransferError::NotRepairable`] where nothing says what should be in one; what the disk says.
pub fn reopen(files: &[(PathBuf, Vec<Range<u64>>)]) -> Result<Request, TransferError> {
    let repairs: Vec<Repair<'_>> = files.iter().map(|(file, bad)| Repair::plan(file, bad)).collect::<Result<_, _>>()?;
    let request = repairs.first().map(|repair| repair.request.clone());
    for repair in repairs {
        repair.carry_out()?;
    }
    request.ok_or_else(|| TransferError::NotRepairable { path: PathBuf::new() })
}

/// What will be done with one file.
struct Repair<'a> {
    file: &'a Path,
    request: Request,
    subject: Subject,
    /// Number and CRC-32 of the blocks that stay.
    blocks: Vec<(u64, u32)>,
}

impl<'a> Repair<'a> {
    fn plan(file: &'a Path, bad: &[Range<u64>]) -> Result<Self, TransferError> {
        let not_repairable = || TransferError::NotRepairable { path: file.to_owned() };
        let receipt = Receipt::beside(file).ok_or_else(not_repairable)?;
        let origin = receipt.origin.clone().ok_or_else(not_repairable)?;
        let root = root_of(file, &origin.repo, &origin.path).ok_or_else(not_repairable)?;
        let repo = RepoId::parse(&origin.repo)?;
        let length = fs::metadata(file).map_err(|source| TransferError::disk(file, "Reopening", source))?.len();
        let request = Request { repo, revision: origin.commit.clone(), wanted: origin.path.clone(), root };
        let subject = Subject::new(origin, receipt.stamp.size_bytes, receipt.sha256.clone());
        let good = |number: u64| {
            let block = block_range(number, subject.size_bytes);
            block.end <= length && !bad.iter().any(|bad| bad.start < block.end && block.start < bad.end)
        };
        let has_sums = receipt.block_bytes == BLOCK_BYTES && receipt.block_crc32.len() == subject.n_blocks();
        let sums = (0..).zip(receipt.block_crc32.iter().copied());
        let blocks = if has_sums { sums.filter(|(number, _)| good(*number)).collect() } else { Vec::new() };
        Ok(Self { file, request, subject, blocks })
    }

    fn carry_out(self) -> Result<(), TransferError> {
        let failed = |source| TransferError::disk(self.file, "Reopening", source);
        let paths = Paths::of(self.file.to_owned());
        // The journal first: alone it is about nothing, and without it the file's good bytes would be lost.
        let _ = fs::remove_file(&paths.journal);
        let (mut journal, _) = Journal::open(&paths.journal, &self.subject).map_err(failed)?;
        journal.blocks(self.blocks).map_err(failed)?;
        fs::rename(self.file, &paths.part).map_err(failed)?;
        fs::remove_file(Receipt::path_for(self.file)).map_err(failed)
    }
}

/// The models folder that a file of a repository lies in.
fn root_of(file: &Path, repo: &str, path: &str) -> Option<PathBuf> {
    let below: PathBuf = repo.split('/').chain(path.split('/')).collect();
    let n_names = below.components().count();
    file.ends_with(&below).then(|| file.ancestors().nth(n_names).map(Path::to_owned))?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_models_folder_is_found_from_a_file_in_it() {
        let root = |file: &str| root_of(Path::new(file), "owner/name", "Q8_0/a.gguf");
        assert_eq!(root("/m/owner/name/Q8_0/a.gguf"), Some("/m".into()));
        assert_eq!(root("/m/other/name/Q8_0/a.gguf"), None);
    }
}
