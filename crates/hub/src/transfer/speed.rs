//! How fast bytes come, and how fast they may.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// What is shown as the speed is the mean over this time. Short enough that a stall shows as 0 within 3 s.
const SHOWN: Duration = Duration::from_millis(2_500);

/// What the time left is computed from: long enough not to jump.
const AVERAGED: Duration = Duration::from_secs(30);

/// Before this it would be a guess.
const LEAST: Duration = Duration::from_secs(2);

/// How far a limited speed may be exceeded for a moment.
const BURST: Duration = Duration::from_millis(200);

/// Measures.
#[derive(Debug)]
pub(crate) struct Meter {
    /// Bytes since the beginning, oldest first.
    samples: VecDeque<(Instant, u64)>,
}

impl Meter {
    pub(crate) fn new(now: Instant) -> Self {
        Self { samples: VecDeque::from([(now, 0)]) }
    }

    /// `n_bytes` have come since the beginning.
    pub(crate) fn sample(&mut self, now: Instant, n_bytes: u64) {
        self.samples.push_back((now, n_bytes));
        while self.samples.get(1).is_some_and(|(at, _)| now.duration_since(*at) >= AVERAGED) {
            self.samples.pop_front();
        }
    }

    /// Bytes per second at the moment.
    pub(crate) fn bytes_per_s(&self) -> u64 {
        self.mean(SHOWN).map_or(0, |(rate, _)| rate)
    }

    /// How long so many bytes will take; `None` while that would be a guess.
    pub(crate) fn time_for(&self, left_bytes: u64) -> Option<Duration> {
        let (rate, over) = self.mean(AVERAGED)?;
        (rate > 0 && over >= LEAST && self.bytes_per_s() > 0).then(|| Duration::from_secs(left_bytes.div_ceil(rate)))
    }

    fn mean(&self, over: Duration) -> Option<(u64, Duration)> {
        let (now, last) = *self.samples.back()?;
        let (from, first) = *self.samples.iter().find(|(at, _)| now.duration_since(*at) <= over)?;
        let over = now.duration_since(from);
        let millis = u64::try_from(over.as_millis()).ok().filter(|millis| *millis > 0)?;
        Some(((last - first).saturating_mul(1_000) / millis, over))
    }
}

/// At most so many bytes per second over all transfers that share it; can be changed while they run.
#[derive(Debug, Default)]
pub struct SpeedLimit {
    /// 0: none.
    bytes_per_s: AtomicU64,
    /// Until when what came is paid for.
    paid_until: Mutex<Option<Instant>>,
}

impl SpeedLimit {
    /// `None`: as fast as it goes.
    pub fn new(bytes_per_s: Option<u64>) -> Self {
        let limit = Self::default();
        limit.set(bytes_per_s);
        limit
    }

    /// Changes it.
    pub fn set(&self, bytes_per_s: Option<u64>) {
        self.bytes_per_s.store(bytes_per_s.unwrap_or(0), Ordering::Relaxed);
    }

    /// Waits as long as `n_bytes` that came have to be waited for.
    pub(crate) async fn pay(&self, n_bytes: u64) {
        if let Some(until) = self.bill(Instant::now(), n_bytes) {
            tokio::time::sleep_until(until.into()).await;
        }
    }

    fn bill(&self, now: Instant, n_bytes: u64) -> Option<Instant> {
        let bytes_per_s = self.bytes_per_s.load(Ordering::Relaxed);
        let mut paid_until = self.paid_until.lock().unwrap_or_else(PoisonError::into_inner);
        if bytes_per_s == 0 {
            *paid_until = None;
            return None;
        }
        let cost = Duration::from_nanos(n_bytes.saturating_mul(1_000_000_000) / bytes_per_s);
        let until = paid_until.unwrap_or(now).max(now) + cost;
        *paid_until = Some(until);
        let wait_until = until.checked_sub(BURST)?;
        (wait_until > now).then_some(wait_until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stall_shows_as_nothing_within_three_seconds_and_has_no_time_left() {
        let start = Instant::now();
        let at = |quarters: u32| start + Duration::from_millis(250) * quarters;
        let mut meter = Meter::new(start);
        for quarter in 1..=40 {
            meter.sample(at(quarter), u64::from(quarter) * 250_000);
        }
        assert_eq!(meter.bytes_per_s(), 1_000_000);
        assert_eq!(meter.time_for(60_000_000), Some(Duration::from_secs(60)));
        for quarter in 41..=52 {
            meter.sample(at(quarter), 40 * 250_000);
        }
        assert_eq!(meter.bytes_per_s(), 0);
        assert_eq!(meter.time_for(60_000_000), None);
    }

    #[test]
    fn one_byte_a_second_gives_an_honest_time() {
        let start = Instant::now();
        let mut meter = Meter::new(start);
        for second in 1..=20 {
            meter.sample(start + Duration::from_secs(second), second);
        }
        assert_eq!(meter.time_for(86_400), Some(Duration::from_secs(86_400)));
    }

    #[test]
    fn nothing_is_guessed_from_the_first_second() {
        let start = Instant::now();
        let mut meter = Meter::new(start);
        meter.sample(start + Duration::from_secs(1), 1_000_000);
        assert_eq!(meter.time_for(1_000_000), None);
    }

    #[test]
    fn a_limit_is_kept_over_time_and_can_be_lifted() {
        let start = Instant::now();
        let limit = SpeedLimit::new(Some(1_000_000));
        let waits = (0..100).map(|_| limit.bill(start, 100_000)).collect::<Vec<_>>();
        assert_eq!(waits[99], Some(start + Duration::from_secs(10) - BURST), "10 MB at 1 MB/s");
        limit.set(None);
        assert_eq!(limit.bill(start, 100_000), None);
    }
}
