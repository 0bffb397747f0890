//! The writer: bytes go to their place in the file.

use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::sync::PoisonError;

use tokio::sync::mpsc;

use super::shared::{Shared, State};
use super::syncing::SYNC_BYTES;
use super::{Piece, block_length};
use crate::receipt::BLOCK_BYTES;
use crate::transfer::positional::write_all_at;

/// What is written but not in the journal. With eight connections in the middle of a block each this leaves 16 MiB that
/// wait for the disk.
const MOST_AHEAD_BYTES: u64 = 48 << 20;

/// How many bytes may be kept for the hasher. It reads the rest from the file, where they are in the page cache.
const MOST_KEPT_BYTES: u64 = 32 << 20;

impl Shared {
    pub(super) fn write(&self, file: &File, mut queue: mpsc::Receiver<Piece>) -> io::Result<()> {
        let mut open: HashMap<u64, crc32fast::Hasher> = HashMap::new();
        let done = loop {
            let Some(Piece { mut offset, mut bytes }) = queue.blocking_recv() else { break Ok(()) };
            if !self.wait_for_the_disk() {
                break Ok(());
            }
            let wrote = write_all_at(file, &bytes, offset);
            if wrote.is_err() {
                break wrote;
            }
            self.keep(offset, &bytes);
            while !bytes.is_empty() {
                let number = offset / BLOCK_BYTES;
                let rest = (number + 1) * BLOCK_BYTES - offset;
                let of_block = bytes.split_to(bytes.len().min(usize::try_from(rest).unwrap_or(usize::MAX)));
                offset += of_block.len() as u64;
                let hasher = open.entry(number).or_default();
                hasher.update(&of_block);
                if self.wrote(number, of_block.len() as u64, hasher) {
                    open.remove(&number);
                }
            }
        };
        self.state().closed = true;
        self.notify_all();
        done
    }

    /// Keeps written bytes for the hasher, if they are what it wants next.
    fn keep(&self, offset: u64, bytes: &bytes::Bytes) {
        let mut state = self.state();
        let n_bytes = bytes.len() as u64;
        if state.kept_end != offset || state.kept_bytes + n_bytes > MOST_KEPT_BYTES {
            return;
        }
        state.kept.push_back(bytes.clone());
        state.kept_bytes += n_bytes;
        state.kept_end += n_bytes;
        let waits = state.kept.len() == 1;
        drop(state);
        if waits {
            self.for_hasher.notify_one();
        }
    }

    /// False if nobody wants the result any more.
    fn wait_for_the_disk(&self) -> bool {
        let mut state = self.state();
        let must_wait = |state: &State| {
            let ahead_bytes = state.written_bytes - state.durable_bytes;
            // With nothing to sync, more bytes are what is needed.
            ahead_bytes > MOST_AHEAD_BYTES && (state.syncing || !state.pending.is_empty())
        };
        while !state.abandoned && must_wait(&state) {
            state = self.for_writer.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        !state.abandoned
    }

    /// Takes note of written bytes; true if the block is whole now.
    fn wrote(&self, number: u64, n_bytes: u64, hasher: &crc32fast::Hasher) -> bool {
        let mut state = self.state();
        state.written_bytes += n_bytes;
        let Some(block) = usize::try_from(number).ok().and_then(|number| state.blocks.get_mut(number)) else {
            return false;
        };
        block.filled = block.filled.saturating_add(u32::try_from(n_bytes).unwrap_or(u32::MAX));
        if block.filled < block_length(usize::try_from(number).unwrap_or(usize::MAX), self.size_bytes) {
            return false;
        }
        let crc32 = hasher.clone().finalize();
        (block.crc32, block.resumed) = (Some(crc32), false);
        state.pending.push((number, crc32));
        // The first starts the clock, and enough end the wait.
        let news = state.pending.len() == 1 || state.pending.len() as u64 * BLOCK_BYTES >= SYNC_BYTES;
        drop(state);
        if news {
            self.for_syncer.notify_one();
        }
        self.for_hasher.notify_one();
        true
    }
}
