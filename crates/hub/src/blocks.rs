//! A file as blocks of [`BLOCK_BYTES`], and what its bytes add up to.

use std::fs::File;
use std::io::{self, Read as _};
use std::ops::{ControlFlow, Range};
use std::path::Path;

use sha2::{Digest as _, Sha256};

use crate::receipt::BLOCK_BYTES;

/// Two blocks at a time: large enough for any disk to be at its fastest, and all the memory that it takes.
const READ_BYTES: usize = 8 << 20;

/// Where a block is in a file of this length; only the last one is shorter than others.
pub(crate) fn block_range(number: u64, size_bytes: u64) -> Range<u64> {
    let start = number * BLOCK_BYTES;
    start..start.saturating_add(BLOCK_BYTES).min(size_bytes).max(start)
}

/// Where blocks are whose numbers come in order: as few ranges as there can be, apart from each other.
pub(crate) fn block_ranges(numbers: impl Iterator<Item = u64>, size_bytes: u64) -> Vec<Range<u64>> {
    let mut ranges: Vec<Range<u64>> = Vec::new();
    for block in numbers.map(|number| block_range(number, size_bytes)) {
        match ranges.last_mut() {
            Some(last) if last.end == block.start => last.end = block.end,
            _ => ranges.push(block),
        }
    }
    ranges
}

/// The checksums of a file as it is.
#[derive(Debug)]
pub(crate) struct Sums {
    pub(crate) size_bytes: u64,
    /// In 64 small hexadecimal digits.
    pub(crate) sha256: String,
    /// CRC-32 of each block, in order.
    pub(crate) block_crc32: Vec<u32>,
}

impl Sums {
    /// Reads the whole file once; `progress` is told the bytes read so far, and may break it off.
    pub(crate) fn of(
        file: &Path,
        progress: &mut dyn FnMut(u64) -> ControlFlow<()>,
    ) -> io::Result<ControlFlow<(), Self>> {
        let mut open = File::open(file)?;
        let mut buffer = Vec::with_capacity(READ_BYTES);
        let (mut sha256, mut block_crc32, mut size_bytes) = (Sha256::new(), Vec::new(), 0);
        loop {
            buffer.clear();
            // Blocks stay whole: less than this comes only at the end of the file.
            (&mut open).take(READ_BYTES as u64).read_to_end(&mut buffer)?;
            sha256.update(&buffer);
            block_crc32.extend(buffer.chunks(BLOCK_BYTES as usize).map(crc32fast::hash));
            size_bytes += buffer.len() as u64;
            if progress(size_bytes).is_break() {
                return Ok(ControlFlow::Break(()));
            }
            if buffer.len() < READ_BYTES {
                let sha256 = format!("{:x}", sha256.finalize());
                return Ok(ControlFlow::Continue(Self { size_bytes, sha256, block_crc32 }));
            }
        }
    }
}
