//! Whether a file's bytes are those that were published.

use std::fs;
use std::ops::{ControlFlow, Range};
use std::path::Path;

use super::{LibraryError, Receipts};
use crate::blocks::{Sums, block_ranges};
use crate::receipt::{BLOCK_BYTES, Receipt, Stamp, now_ms};

/// What came of comparing a file with its checksum.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Every byte is right. The receipt says so from now on.
    Right,
    /// Some bytes are wrong. The receipt does not hold any more.
    Wrong {
        /// Which ranges of bytes are, where the checksums of the blocks tell: in order, and apart from each other. They
        /// may reach beyond the end of a file that is too short. `None`: the whole file is in doubt.
        bad: Option<Vec<Range<u64>>>,
    },
    /// Nobody published a checksum. Nothing was read.
    NoChecksum,
    /// Given up on the way.
    GivenUp,
}

/// Reads a whole file once and compares it with the checksum in its receipt, or with `known` where it has none. On
/// success the receipt is written anew; `progress` is told the bytes compared so far, and may break it off.
///
/// # Errors
/// When the file cannot be read, or changes meanwhile.
pub fn verify(
    file: &Path,
    known: Option<&str>,
    receipts: &Receipts,
    progress: &mut dyn FnMut(u64) -> ControlFlow<()>,
) -> Result<Verdict, LibraryError> {
    let receipt = receipts.read(file);
    let Some(expected) = receipt.as_ref().map(|receipt| receipt.sha256.clone()).or_else(|| known.map(str::to_owned))
    else {
        return Ok(Verdict::NoChecksum);
    };
    let before = stamp(file)?;
    let read = Sums::of(file, progress).map_err(|source| LibraryError::Read { path: file.to_owned(), source })?;
    let ControlFlow::Continue(sums) = read else { return Ok(Verdict::GivenUp) };
    if stamp(file)? != before || sums.size_bytes != before.size_bytes {
        return Err(LibraryError::ChangedMeanwhile { path: file.to_owned() });
    }
    if sums.sha256 == expected {
        let receipt = Receipt {
            origin: receipt.and_then(|receipt| receipt.origin),
            sha256: expected,
            stamp: before,
            verified_ms: now_ms(),
            block_bytes: BLOCK_BYTES,
            block_crc32: sums.block_crc32,
        };
        note(receipts, file, &receipt);
        return Ok(Verdict::Right);
    }
    let bad = receipt.as_ref().and_then(|receipt| bad_ranges(receipt, &sums));
    if let Some(mut receipt) = receipt {
        // Its time may be the same as when it was right: disks fail silently.
        receipt.stamp.modified_ns = u64::MAX;
        receipt.verified_ms = now_ms();
        note(receipts, file, &receipt);
    }
    Ok(Verdict::Wrong { bad })
}

/// Whether a file may be used: it has no receipt, or the receipt still holds. Reads no byte of the file.
///
/// # Errors
/// [`LibraryError::NotVerified`] when it changed since it was verified: verify it first.
pub fn check_before_use(file: &Path, receipts: &Receipts) -> Result<(), LibraryError> {
    match receipts.read(file) {
        Some(receipt) if receipt.stamp != stamp(file)? => Err(LibraryError::NotVerified { path: file.to_owned() }),
        _ => Ok(()),
    }
}

/// A verdict that cannot be written down is still true; the file is verified once more another time.
fn note(receipts: &Receipts, file: &Path, receipt: &Receipt) {
    if let Err(error) = receipts.write(file, receipt) {
        tracing::warn!(%error, file = %file.display(), "the receipt could not be written");
    }
}

fn stamp(file: &Path) -> Result<Stamp, LibraryError> {
    let metadata = fs::metadata(file).map_err(|source| LibraryError::Read { path: file.to_owned(), source })?;
    Ok(Stamp::of(&metadata))
}

/// The ranges whose checksums are not those of the receipt. `None`: it has none that fit, or they say nothing.
fn bad_ranges(receipt: &Receipt, sums: &Sums) -> Option<Vec<Range<u64>>> {
    let length = receipt.stamp.size_bytes;
    let n_blocks = usize::try_from(length.div_ceil(BLOCK_BYTES)).ok()?;
    if receipt.block_bytes != BLOCK_BYTES || receipt.block_crc32.len() != n_blocks {
        return None;
    }
    let is_right = |(number, right): &(u64, &u32)| {
        usize::try_from(*number).ok().and_then(|number| sums.block_crc32.get(number)) == Some(*right)
    };
    let wrong = (0_u64..).zip(&receipt.block_crc32).filter(|block| !is_right(block)).map(|(number, _)| number);
    let bad = block_ranges(wrong, length);
    // A file that is only too long has all its blocks right but the last; cut to its length it is right again.
    let is_told = !bad.is_empty() || sums.size_bytes > length;
    is_told.then_some(bad)
}
