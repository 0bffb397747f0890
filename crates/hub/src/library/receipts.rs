//! Where the receipts of files lie.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::receipt::Receipt;

/// Knows where the receipt of each file is: beside the file in Paddock's folder and those a person added; in Paddock's
/// data folder for the files of other programs, whose folders are left as they are.
#[derive(Debug, Clone)]
pub struct Receipts {
    elsewhere: PathBuf,
    beside: Vec<PathBuf>,
}

impl Receipts {
    /// `data` is the folder for those that lie elsewhere; `beside` are the folders whose files have theirs beside them.
    pub fn new(data: &Path, beside: &[PathBuf]) -> Self {
        let real = |folder: &PathBuf| fs::canonicalize(folder).unwrap_or_else(|_| folder.clone());
        Self { elsewhere: data.join("receipts"), beside: beside.iter().map(real).collect() }
    }

    /// The newest receipt of a file, where there is one that can be read.
    pub fn read(&self, file: &Path) -> Option<Receipt> {
        let all = self.places(file).into_iter().filter_map(|place| Receipt::read(&place));
        all.max_by_key(|receipt| receipt.verified_ms)
    }

    /// Writes the receipt of a file.
    ///
    /// # Errors
    /// What the disk says.
    pub fn write(&self, file: &Path, receipt: &Receipt) -> io::Result<()> {
        let places = self.places(file);
        let mut outcome = Ok(());
        // A folder that a person added may be on a drive that can only be read.
        for place in &places {
            outcome = receipt.write(place);
            if outcome.is_ok() {
                break;
            }
        }
        outcome
    }

    /// Where the receipt of a file may be, the best place first.
    pub(super) fn places(&self, file: &Path) -> Vec<PathBuf> {
        let real = fs::canonicalize(file).unwrap_or_else(|_| file.to_owned());
        let name = Sha256::digest(real.as_os_str().as_encoded_bytes());
        let elsewhere = self.elsewhere.join(format!("{name:x}.json"));
        let is_ours = self.beside.iter().any(|folder| real.starts_with(folder));
        is_ours.then(|| Receipt::path_for(file)).into_iter().chain([elsewhere]).collect()
    }
}
