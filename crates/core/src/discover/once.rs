//! Work that several ask for at the same time is done once, and its result kept for a while.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use tokio::sync::OnceCell;

use crate::ApiError;

/// Results by key, the newest last.
pub(super) struct Once<T> {
    kept: Mutex<Vec<Slot<T>>>,
    /// How many are kept.
    most: usize,
    /// For how long.
    keep: Duration,
}

struct Slot<T> {
    key: String,
    since: Instant,
    cell: Arc<OnceCell<T>>,
}

impl<T: Clone> Once<T> {
    pub(super) fn new(most: usize, keep: Duration) -> Self {
        Self { kept: Mutex::default(), most, keep }
    }

    /// The result that is kept, or that of this work. Whoever comes while it is done waits for it; if the one who does it
    /// gives up or fails, the next one does it.
    pub(super) async fn get(&self, key: &str, work: impl Future<Output = Result<T, ApiError>>) -> Result<T, ApiError> {
        let cell = self.cell(key);
        cell.get_or_try_init(|| work).await.cloned()
    }

    /// The next one does the work again.
    pub(super) fn forget(&self, key: &str) {
        self.kept().retain(|slot| slot.key != key || !slot.cell.initialized());
    }

    fn cell(&self, key: &str) -> Arc<OnceCell<T>> {
        let mut kept = self.kept();
        kept.retain(|slot| slot.since.elapsed() < self.keep);
        if let Some(slot) = kept.iter().find(|slot| slot.key == key) {
            return Arc::clone(&slot.cell);
        }
        if kept.len() >= self.most {
            kept.remove(0);
        }
        let cell = Arc::default();
        kept.push(Slot { key: key.to_owned(), since: Instant::now(), cell: Arc::clone(&cell) });
        cell
    }

    fn kept(&self) -> MutexGuard<'_, Vec<Slot<T>>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may fail loudly")]
mod tests {
    use super::*;
    use crate::ErrorCode;

    #[tokio::test]
    async fn what_is_kept_is_bounded_and_a_failure_is_not_kept() {
        let once = Once::new(2, Duration::from_secs(60));
        for (key, result) in [("a", 1), ("b", 2), ("c", 3)] {
            once.get(key, async { Ok(result) }).await.unwrap();
        }
        assert_eq!(once.get("c", async { Ok(0) }).await.unwrap(), 3);
        assert_eq!(once.get("a", async { Ok(9) }).await.unwrap(), 9, "the oldest had to go");
        let failed = once.get("d", async { Err(ApiError::new(ErrorCode::NotFound, "no")) }).await;
        assert!(failed.is_err());
        assert_eq!(once.get("d", async { Ok(4) }).await.unwrap(), 4);
        once.forget("d");
        assert_eq!(once.get("d", async { Ok(5) }).await.unwrap(), 5);
    }
}
