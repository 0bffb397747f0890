//! Which bytes of a file are still to be fetched, and which connection fetches which.
//!
//! Connections take pieces from the front, so that the checksum can follow close behind. At the end, when nothing is
//! left to take, an idle connection takes half of what the slowest one still has before it.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::receipt::BLOCK_BYTES;

/// The most bytes that one request asks for.
pub(crate) const PART_BYTES: u64 = 64 << 20;

/// The least that is worth a request of its own.
const LEAST_PART_BYTES: u64 = BLOCK_BYTES;

/// What is left to fetch of one file.
#[derive(Debug)]
pub(crate) struct Claims {
    state: Mutex<State>,
    /// Told when there may be something to take again.
    changed: Notify,
    connections: u64,
}

#[derive(Debug, Default)]
struct State {
    /// Nobody fetches these; in order, and apart from each other.
    free: Vec<Range<u64>>,
    /// What is being fetched: from the next byte on.
    taken: HashMap<u64, Range<u64>>,
    last_id: u64,
}

/// A range that one connection fetches. Goes back to the others when it is dropped.
#[derive(Debug)]
pub(crate) struct Claim<'a> {
    claims: &'a Claims,
    id: u64,
}

impl Claims {
    /// `missing` in order; each begins where a block does. Shared by so many connections.
    pub(crate) fn new(missing: Vec<Range<u64>>, connections: usize) -> Self {
        let state = State { free: missing, ..State::default() };
        Self { state: Mutex::new(state), changed: Notify::new(), connections: connections.max(1) as u64 }
    }

    /// The next piece to fetch. Waits while there is none: another connection may give one back.
    pub(crate) async fn next(&self) -> Claim<'_> {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            // Listening before looking, so that nothing is missed in between.
            changed.as_mut().enable();
            if let Some(id) = self.state().take(self.connections) {
                return Claim { claims: self, id };
            }
            changed.await;
        }
    }

    /// These bytes have to be fetched again: what is on the disk is not what came.
    pub(crate) fn again(&self, range: Range<u64>) {
        self.state().give_back(range);
        self.changed.notify_waiters();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn take(&mut self, connections: u64) -> Option<u64> {
        let range = match self.take_free(connections) {
            Some(range) => range,
            None => self.steal()?,
        };
        self.last_id += 1;
        self.taken.insert(self.last_id, range);
        Some(self.last_id)
    }

    fn take_free(&mut self, connections: u64) -> Option<Range<u64>> {
        let left_bytes: u64 = self.free.iter().map(|range| range.end - range.start).sum();
        // Small files too are fetched by all.
        let share = (left_bytes / (2 * connections)).clamp(LEAST_PART_BYTES, PART_BYTES);
        let first = self.free.first_mut()?;
        let end = next_block(first.start + share).min(first.end);
        let range = first.start..end;
        first.start = end;
        if first.is_empty() {
            self.free.remove(0);
        }
        Some(range)
    }

    /// Half of the longest way that somebody still has before them.
    fn steal(&mut self) -> Option<Range<u64>> {
        let longest = self.taken.values_mut().max_by_key(|range| range.end - range.start)?;
        let middle = next_block(longest.start + (longest.end - longest.start) / 2);
        if longest.end.saturating_sub(middle) < LEAST_PART_BYTES {
            return None;
        }
        let half = middle..longest.end;
        longest.end = middle;
        Some(half)
    }

    fn give_back(&mut self, range: Range<u64>) {
        if !range.is_empty() {
            let at = self.free.partition_point(|free| free.start < range.start);
            self.free.insert(at, range);
        }
    }
}

impl Claim<'_> {
    /// What is still to be fetched. Its end can come nearer, when another connection takes some of it.
    pub(crate) fn left(&self) -> Range<u64> {
        self.claims.state().taken.get(&self.id).cloned().unwrap_or(0..0)
    }

    /// Of `n_bytes` that came for the beginning of [`Claim::left`], how many are this connection's to store.
    pub(crate) fn advance(&self, n_bytes: u64) -> u64 {
        let mut state = self.claims.state();
        let Some(range) = state.taken.get_mut(&self.id) else { return 0 };
        let n_bytes = n_bytes.min(range.end - range.start);
        range.start += n_bytes;
        n_bytes
    }
}

impl Drop for Claim<'_> {
    fn drop(&mut self) {
        let mut state = self.claims.state();
        if let Some(left) = state.taken.remove(&self.id) {
            let any = !left.is_empty();
            state.give_back(left);
            drop(state);
            if any {
                self.claims.changed.notify_waiters();
            }
        }
    }
}

/// Where the block ends that this place is in, or just behind.
fn next_block(place: u64) -> u64 {
    place.div_ceil(BLOCK_BYTES) * BLOCK_BYTES
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u64 = 1 << 20;

    #[tokio::test]
    async fn every_byte_is_given_out_once_whoever_fails() {
        let length = 1_000 * MIB + 17;
        let claims = Claims::new(vec![0..300 * MIB, 400 * MIB..length], 4);
        let mut seen = vec![0_u8; (length / MIB + 1) as usize];
        let mut wanted = length - 100 * MIB;
        let mut turn = 0;
        while wanted > 0 {
            let claim = claims.next().await;
            let left = claim.left();
            assert!(left.end - left.start <= PART_BYTES);
            turn += 1;
            // Every third connection breaks after 3 MiB, in the middle of a block.
            let mut steps = if turn % 3 == 0 { 3 } else { u64::MAX };
            while steps > 0 && !claim.left().is_empty() {
                let at = claim.left().start;
                let n_bytes = claim.advance(MIB);
                seen[(at / MIB) as usize] += 1;
                wanted -= n_bytes;
                steps -= 1;
            }
        }
        assert!(seen[..300].iter().chain(&seen[400..]).all(|times| *times == 1));
        assert!(seen[300..400].iter().all(|times| *times == 0));
    }

    #[tokio::test]
    async fn an_idle_connection_takes_half_of_the_longest_way() {
        let claims = Claims::new(vec![0..40 * MIB], 1);
        let slow = claims.next().await;
        assert_eq!(slow.left(), 0..20 * MIB, "half, since small files too are fetched by all");
        let others = [claims.next().await, claims.next().await, claims.next().await, claims.next().await];
        assert_eq!(
            others.each_ref().map(Claim::left),
            [20..32, 32..36, 36..40, 12..20].map(|r| r.start * MIB..r.end * MIB)
        );
        assert_eq!(slow.advance(4 * MIB), 4 * MIB);
        let thief = claims.next().await;
        assert_eq!((slow.left(), thief.left()), (4 * MIB..12 * MIB, 28 * MIB..32 * MIB), "not from the slow one alone");
        assert_eq!(slow.advance(64 * MIB), 8 * MIB, "what came beyond the new end is not its to store");
    }

    #[tokio::test]
    async fn who_finds_nothing_waits_until_somebody_gives_up() {
        let claims = Claims::new(vec![0..BLOCK_BYTES], 2);
        let only = claims.next().await;
        assert_eq!(only.advance(MIB), MIB);
        let waiting = claims.next();
        tokio::pin!(waiting);
        let early = tokio::time::timeout(std::time::Duration::from_millis(20), &mut waiting).await;
        assert!(early.is_err());
        drop(only);
        assert_eq!(waiting.await.left(), MIB..BLOCK_BYTES);
    }
}
