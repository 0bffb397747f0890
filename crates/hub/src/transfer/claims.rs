//! Which bytes of a file are still to be fetched, and which connection fetches which.
//!
//! Connections take pieces from the front, so that the checksum can follow close behind. At the end, when nothing is
//! left to take, an idle connection takes half of what a slow one still has before it.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use crate::receipt::BLOCK_BYTES;

/// The most bytes that one request asks for.
pub(crate) const PART_BYTES: u64 = 64 << 20;

/// The least that is worth a request of its own.
const LEAST_PART_BYTES: u64 = BLOCK_BYTES;

/// A connection that will be done within this time is not helped: what it has asked for comes anyway, and would come
/// twice.
const SLOW: Duration = Duration::from_secs(2);

/// How often an idle connection looks whether one has become slow.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// What is left to fetch of one file.
#[derive(Debug)]
pub(crate) struct Claims {
    slow: Duration,
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
    taken: HashMap<u64, Taken>,
    last_id: u64,
}

#[derive(Debug)]
struct Taken {
    left: Range<u64>,
    since: Instant,
    got_bytes: u64,
}

impl Taken {
    fn left_bytes(&self) -> u64 {
        self.left.end - self.left.start
    }

    /// How long it will take at the speed it had so far.
    fn time_left(&self, now: Instant) -> Duration {
        // Until something came it is as if it had been one block.
        let got_bytes = self.got_bytes.max(BLOCK_BYTES);
        let factor = self.left_bytes() as f64 / got_bytes as f64;
        now.duration_since(self.since).mul_f64(factor)
    }
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
        let connections = connections.max(1) as u64;
        Self { slow: SLOW, state: Mutex::new(state), changed: Notify::new(), connections }
    }

    /// The next piece to fetch. Waits while there is none: another connection may give one back.
    pub(crate) async fn next(&self) -> Claim<'_> {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            // Listening before looking, so that nothing is missed in between.
            changed.as_mut().enable();
            if let Some(id) = self.state().take(self.connections, self.slow) {
                return Claim { claims: self, id };
            }
            // Only a reason to look again, whichever it is.
            let _ = tokio::time::timeout(LOOK_EVERY, changed).await;
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
    fn take(&mut self, connections: u64, slow: Duration) -> Option<u64> {
        let now = Instant::now();
        let left = match self.take_free(connections) {
            Some(range) => range,
            None => self.steal(now, slow)?,
        };
        self.last_id += 1;
        self.taken.insert(self.last_id, Taken { left, since: now, got_bytes: 0 });
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

    /// Half of what the slowest connection still has before it.
    fn steal(&mut self, now: Instant, slow: Duration) -> Option<Range<u64>> {
        let worth = |taken: &&mut Taken| taken.left_bytes() >= 2 * LEAST_PART_BYTES && taken.time_left(now) >= slow;
        let slowest =
            self.taken.values_mut().filter(worth).max_by_key(|taken| (taken.time_left(now), taken.left_bytes()))?;
        let middle = next_block(slowest.left.start + slowest.left_bytes() / 2);
        let half = middle..slowest.left.end;
        slowest.left.end = middle;
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
        self.claims.state().taken.get(&self.id).map_or(0..0, |taken| taken.left.clone())
    }

    /// Of `n_bytes` that came for the beginning of [`Claim::left`], how many are this connection's to store.
    pub(crate) fn advance(&self, n_bytes: u64) -> u64 {
        let mut state = self.claims.state();
        let Some(taken) = state.taken.get_mut(&self.id) else { return 0 };
        let n_bytes = n_bytes.min(taken.left_bytes());
        taken.left.start += n_bytes;
        taken.got_bytes += n_bytes;
        n_bytes
    }
}

impl Drop for Claim<'_> {
    fn drop(&mut self) {
        let mut state = self.claims.state();
        if let Some(Taken { left, .. }) = state.taken.remove(&self.id) {
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

    fn whole(n_bytes: u64) -> Vec<Range<u64>> {
        std::iter::once(0..n_bytes).collect()
    }

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
    async fn an_idle_connection_takes_half_of_what_a_slow_one_has() {
        let mut claims = Claims::new(whole(20 * MIB), 1);
        claims.slow = Duration::ZERO;
        let slow = claims.next().await;
        assert_eq!(slow.left(), 0..12 * MIB, "about half, since small files too are fetched by all");
        let others = [claims.next().await, claims.next().await];
        assert_eq!(others.each_ref().map(Claim::left), [12 * MIB..16 * MIB, 16 * MIB..20 * MIB]);
        let thief = claims.next().await;
        assert_eq!(
            (slow.left(), thief.left()),
            (0..8 * MIB, 8 * MIB..12 * MIB),
            "the others have no more than a block"
        );
        assert_eq!(slow.advance(64 * MIB), 8 * MIB, "what came beyond the new end is not its to store");
    }

    #[test]
    fn a_connection_that_is_nearly_done_is_left_alone() {
        let now = Instant::now();
        let since = now.checked_sub(Duration::from_secs(4)).unwrap_or(now);
        let mut state = State::default();
        state.taken.insert(1, Taken { left: 40 * MIB..60 * MIB, since, got_bytes: 40 * MIB });
        assert_eq!(state.steal(now, Duration::from_secs(3)), None, "it needs 2 s more");
        assert_eq!(state.steal(now, Duration::from_secs(1)), Some(52 * MIB..60 * MIB));
        state.taken.insert(2, Taken { left: 0..64 * MIB, since, got_bytes: 0 });
        assert_eq!(state.steal(now, Duration::from_secs(3)), Some(32 * MIB..64 * MIB), "nothing comes there at all");
    }

    #[tokio::test]
    async fn who_finds_nothing_waits_until_somebody_gives_up() {
        let claims = Claims::new(whole(BLOCK_BYTES), 2);
        let only = claims.next().await;
        assert_eq!(only.advance(MIB), MIB);
        let waiting = claims.next();
        tokio::pin!(waiting);
        let early = tokio::time::timeout(Duration::from_millis(20), &mut waiting).await;
        assert!(early.is_err());
        drop(only);
        assert_eq!(waiting.await.left(), MIB..BLOCK_BYTES);
    }
}
