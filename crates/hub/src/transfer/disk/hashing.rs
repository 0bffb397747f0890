//! The hasher: the checksum of the whole file, while it comes.

use std::fs::File;
use std::io;
use std::sync::PoisonError;

use sha2::{Digest as _, Sha256};
use tokio::sync::mpsc;

use super::shared::{Block, Shared};
use crate::blocks::block_range;
use crate::receipt::BLOCK_BYTES;
use crate::transfer::positional::read_exact_at;

/// What the hasher takes next.
enum ToHash {
    /// From memory.
    Kept(bytes::Bytes),
    /// From the file, up to the end of the block.
    InFile { number: usize, block: Block, end: u64 },
}

impl Shared {
    /// The checksum of the whole file; `None` if nobody wants it any more.
    pub(super) fn hash(&self, file: &File, tell_bad: &mpsc::UnboundedSender<u64>) -> io::Result<Option<String>> {
        let mut sha256 = Sha256::new();
        let mut buffer = vec![0; usize::try_from(BLOCK_BYTES).unwrap_or(0)];
        let mut at = 0;
        while at < self.size_bytes {
            match self.next_to_hash(at) {
                None => return Ok(None),
                Some(ToHash::Kept(bytes)) => {
                    sha256.update(&bytes);
                    at += bytes.len() as u64;
                }
                Some(ToHash::InFile { number, block, end }) => {
                    let bytes = &mut buffer[..usize::try_from(end - at).unwrap_or(0)];
                    let read = read_exact_at(file, bytes, at);
                    let is_short = matches!(&read, Err(error) if error.kind() == io::ErrorKind::UnexpectedEof);
                    if block.resumed && (is_short || block.crc32 != Some(crc32fast::hash(bytes))) {
                        self.forget(number);
                        let _ = tell_bad.send(number as u64);
                        continue;
                    }
                    read?;
                    sha256.update(&bytes);
                    at = end;
                }
            }
            self.state().hashed_bytes = at;
        }
        Ok(Some(format!("{:x}", sha256.finalize())))
    }

    /// Waits until what comes at this place is there.
    fn next_to_hash(&self, at: u64) -> Option<ToHash> {
        let number = usize::try_from(at / BLOCK_BYTES).unwrap_or(usize::MAX);
        let end = block_range(number as u64, self.size_bytes).end;
        let mut state = self.state();
        loop {
            if state.abandoned {
                return None;
            }
            if let Some(bytes) = state.kept.pop_front() {
                state.kept_bytes -= bytes.len() as u64;
                return Some(ToHash::Kept(bytes));
            }
            let block = state.blocks[number];
            if block.crc32.is_some() {
                // What is written behind it can be kept again.
                state.kept_end = end;
                return Some(ToHash::InFile { number, block, end });
            } else if state.closed {
                return None;
            }
            state = self.for_hasher.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// A block is not what was written.
    fn forget(&self, number: usize) {
        let mut state = self.state();
        let n_bytes = u64::from(state.blocks[number].filled);
        state.blocks[number] = Block::default();
        state.written_bytes -= n_bytes;
        state.durable_bytes -= n_bytes;
        // What was kept behind it is in the file too.
        state.kept.clear();
        (state.kept_bytes, state.kept_end) = (0, number as u64 * BLOCK_BYTES);
    }
}
