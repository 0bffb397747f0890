//! Signs of life, and the wish to stop: what the engine thread, llama.cpp's callbacks and the thread that reads requests
//! share.
//!
//! They are statics because llama.cpp's callbacks carry a bare pointer, and a static cannot dangle. There is one engine
//! per process.

use std::{
    collections::BTreeSet,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

static PROGRESS: AtomicU64 = AtomicU64::new(0);
/// Whether what is being computed is to stop.
static ABORT: AtomicBool = AtomicBool::new(false);
static REQUESTS: Mutex<Requests> = Mutex::new(Requests::new());

struct Requests {
    /// Without their closing event.
    open: BTreeSet<u64>,
    /// Of these, those being worked on.
    busy: Vec<u64>,
    /// Of these, those that the computation going on is for.
    computing: Vec<u64>,
    /// Open ones that are to stop.
    cancelled: BTreeSet<u64>,
    /// Everything is to stop.
    all: bool,
}

impl Requests {
    const fn new() -> Self {
        Self { open: BTreeSet::new(), busy: Vec::new(), computing: Vec::new(), cancelled: BTreeSet::new(), all: false }
    }

    /// Whether nobody wants any of what is being computed. As long as somebody does, it is not given up.
    fn abort(&self) -> bool {
        let unwanted = !self.computing.is_empty() && self.computing.iter().all(|id| self.cancelled.contains(id));
        self.all || unwanted
    }

    fn is_cancelled(&self, id: u64) -> bool {
        self.all || self.cancelled.contains(&id)
    }

    fn cancel(&mut self, id: u64) {
        if self.open.contains(&id) {
            self.cancelled.insert(id);
        }
    }

    fn end(&mut self, id: u64) {
        self.open.remove(&id);
        self.cancelled.remove(&id);
        self.busy.retain(|&other| other != id);
        self.computing.retain(|&other| other != id);
    }
}

/// Something got done.
pub(crate) fn progressed() {
    PROGRESS.fetch_add(1, Ordering::Relaxed);
}

/// Counts what was read from the disk since the last call as something done. Mapping a large file reads all of it within
/// one system call, and a model larger than RAM may wait for its weights for longer than any other step takes.
#[cfg(target_os = "linux")]
pub(crate) fn notice_reading() {
    static READ_BYTES: AtomicU64 = AtomicU64::new(0);
    // Without the kernel's accounting, only what is computed counts.
    let Ok(io) = std::fs::read_to_string("/proc/self/io") else { return };
    let read = io.lines().find_map(|line| line.strip_prefix("read_bytes: ")?.parse().ok());
    if let Some(read) = read
        && READ_BYTES.swap(read, Ordering::Relaxed) != read
    {
        progressed();
    }
}

/// Elsewhere only what is computed counts.
#[cfg(not(target_os = "linux"))]
pub(crate) fn notice_reading() {}

/// How much got done so far; only its growth means something.
pub(crate) fn progress() -> u64 {
    PROGRESS.load(Ordering::Relaxed)
}

/// Whether what is being computed is to stop.
pub(crate) fn is_cancelled() -> bool {
    ABORT.load(Ordering::Relaxed)
}

/// Whether request `id` is to stop.
pub(crate) fn is_request_cancelled(id: u64) -> bool {
    requests().is_cancelled(id)
}

/// The requests being worked on.
pub(crate) fn busy() -> Vec<u64> {
    requests().busy.clone()
}

/// A request came in.
pub(crate) fn open(id: u64) {
    requests().open.insert(id);
}

/// The engine thread takes up a request.
pub(crate) fn begin(id: u64) {
    requests().busy.push(id);
    progressed();
}

/// What is computed from now on is for these requests.
pub(crate) fn compute(ids: impl IntoIterator<Item = u64>) {
    change(|requests| {
        requests.computing.clear();
        requests.computing.extend(ids);
    });
}

/// The engine thread is done with a request.
pub(crate) fn end(id: u64) {
    change(|requests| requests.end(id));
    progressed();
}

/// Request `id` is to stop, now or when its turn comes. One that has ended is not remembered.
pub(crate) fn cancel(id: u64) {
    change(|requests| requests.cancel(id));
}

/// Everything is to stop: the app is gone.
pub(crate) fn cancel_all() {
    change(|requests| requests.all = true);
}

fn change(change: impl FnOnce(&mut Requests)) {
    let mut requests = requests();
    change(&mut requests);
    ABORT.store(requests.abort(), Ordering::Relaxed);
}

fn requests() -> MutexGuard<'static, Requests> {
    REQUESTS.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_computation_is_given_up_only_when_all_it_is_for_are_cancelled() {
        let mut requests = Requests::new();
        requests.open.extend([1, 2]);
        requests.computing = vec![1, 2];
        requests.cancel(1);
        assert!(requests.is_cancelled(1) && !requests.is_cancelled(2) && !requests.abort());
        requests.cancel(2);
        assert!(requests.abort());
        requests.end(1);
        assert!(requests.abort());
        requests.end(2);
        assert!(!requests.abort());
    }

    #[test]
    fn a_cancellation_that_comes_too_late_is_not_remembered() {
        let mut requests = Requests::new();
        requests.open.insert(1);
        requests.end(1);
        requests.cancel(1);
        assert!(!requests.is_cancelled(1) && requests.cancelled.is_empty());
    }
}
