//! The syncer: what is written is made safe, and then noted in the journal.

use std::fs::File;
use std::io;
use std::sync::PoisonError;
use std::time::{Duration, Instant};

use super::block_length;
use super::shared::Shared;
use crate::receipt::BLOCK_BYTES;
use crate::transfer::journal::Journal;

/// Enough for one sync.
pub(super) const SYNC_BYTES: u64 = 16 << 20;

/// A finished block waits for company no longer than this.
const SYNC_AFTER: Duration = Duration::from_millis(500);

impl Shared {
    pub(super) fn sync(&self, file: &File, journal: &mut Journal) -> io::Result<()> {
        while let Some(blocks) = self.next_to_sync() {
            file.sync_data()?;
            let n_bytes: u64 = blocks
                .iter()
                .map(|(number, _)| u64::from(block_length(usize::try_from(*number).unwrap_or(0), self.size_bytes)))
                .sum();
            journal.blocks(blocks)?;
            let mut state = self.state();
            state.durable_bytes += n_bytes;
            state.syncing = false;
            drop(state);
            self.for_writer.notify_one();
        }
        Ok(())
    }

    /// Blocks that are written, when there are enough of them or when the first has waited long enough.
    fn next_to_sync(&self) -> Option<Vec<(u64, u32)>> {
        let mut state = self.state();
        let mut since = None;
        loop {
            // Even if nobody waits for the result: these bytes need not be fetched again.
            let ends = state.closed || state.abandoned;
            let enough = state.pending.len() as u64 * BLOCK_BYTES >= SYNC_BYTES;
            let first = *since.get_or_insert_with(Instant::now);
            if state.pending.is_empty() {
                if ends {
                    return None;
                }
                since = None;
                state = self.for_syncer.wait(state).unwrap_or_else(PoisonError::into_inner);
            } else if enough || ends || first.elapsed() >= SYNC_AFTER {
                state.syncing = true;
                return Some(std::mem::take(&mut state.pending));
            } else {
                let left = SYNC_AFTER.saturating_sub(first.elapsed());
                (state, _) = self.for_syncer.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner);
            }
        }
    }
}
