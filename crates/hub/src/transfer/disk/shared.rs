//! What the three threads of a transfer know together.

use std::collections::VecDeque;
use std::io;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use super::{DiskFailure, block_length};

#[derive(Debug)]
pub(super) struct Shared {
    pub(super) size_bytes: u64,
    pub(super) state: Mutex<State>,
    /// Each thread waits for its own news.
    pub(super) for_writer: Condvar,
    pub(super) for_syncer: Condvar,
    pub(super) for_hasher: Condvar,
    pub(super) failed: Notify,
}

#[derive(Debug)]
pub(super) struct State {
    pub(super) blocks: Vec<Block>,
    /// Written, and not in the journal yet.
    pub(super) pending: Vec<(u64, u32)>,
    /// Taken from there, and being synced.
    pub(super) syncing: bool,
    pub(super) written_bytes: u64,
    pub(super) durable_bytes: u64,
    /// Written bytes that come next for the hasher, and the place behind the last of them.
    pub(super) kept: VecDeque<bytes::Bytes>,
    pub(super) kept_bytes: u64,
    pub(super) kept_end: u64,
    pub(super) hashed_bytes: u64,
    /// No more pieces come.
    pub(super) closed: bool,
    /// Nobody wants the result.
    pub(super) abandoned: bool,
    pub(super) failure: Option<DiskFailure>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Block {
    /// Bytes of it that are written.
    pub(super) filled: u32,
    /// Once all of it is.
    pub(super) crc32: Option<u32>,
    /// It comes from an earlier attempt, so that only its checksum tells whether it is still what was written.
    pub(super) resumed: bool,
}

impl Shared {
    pub(super) fn new(size_bytes: u64, blocks: Vec<Option<u32>>) -> Self {
        let length = |number: usize| block_length(number, size_bytes);
        let blocks: Vec<Block> = blocks
            .into_iter()
            .enumerate()
            .map(|(number, crc32)| Block {
                filled: crc32.map_or(0, |_| length(number)),
                crc32,
                resumed: crc32.is_some(),
            })
            .collect();
        let there = blocks.iter().map(|block| u64::from(block.filled)).sum();
        let state = State {
            blocks,
            pending: Vec::new(),
            syncing: false,
            written_bytes: there,
            durable_bytes: there,
            kept: VecDeque::new(),
            kept_bytes: 0,
            kept_end: 0,
            hashed_bytes: 0,
            closed: false,
            abandoned: false,
            failure: None,
        };
        Self {
            size_bytes,
            state: Mutex::new(state),
            for_writer: Condvar::new(),
            for_syncer: Condvar::new(),
            for_hasher: Condvar::new(),
            failed: Notify::new(),
        }
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn notify_all(&self) {
        for thread in [&self.for_writer, &self.for_syncer, &self.for_hasher] {
            thread.notify_all();
        }
    }

    pub(super) fn failure(&self) -> DiskFailure {
        let gone = || DiskFailure { doing: "Writing", source: io::Error::from(io::ErrorKind::BrokenPipe) };
        self.state().failure.take().unwrap_or_else(gone)
    }

    /// Runs a thread's work; what it fails with ends all three.
    pub(super) fn guard(&self, doing: &'static str, work: impl FnOnce(&Self) -> io::Result<()>) {
        if let Err(source) = work(self) {
            let mut state = self.state();
            state.failure.get_or_insert(DiskFailure { doing, source });
            state.abandoned = true;
            drop(state);
            self.notify_all();
            self.failed.notify_waiters();
        }
    }
}

impl State {
    pub(super) fn map(&self, size_bytes: u64, cells: usize) -> Vec<u8> {
        let n_blocks = self.blocks.len();
        let cells = cells.min(n_blocks);
        let percent = |cell: usize| {
            let of_cell = cell * n_blocks / cells..(cell + 1) * n_blocks / cells;
            let all: u64 = of_cell.clone().map(|number| u64::from(block_length(number, size_bytes))).sum();
            let filled: u64 = self.blocks[of_cell].iter().map(|block| u64::from(block.filled)).sum();
            u8::try_from(filled * 100 / all.max(1)).unwrap_or(100)
        };
        (0..cells).map(percent).collect()
    }
}
