//! Signs of life, and the wish to stop: what the engine thread, llama.cpp's callbacks and the thread that reads requests
//! share.
//!
//! They are statics because llama.cpp's callbacks carry a bare pointer, and a static cannot dangle. There is one engine
//! per process.

use std::{
    collections::BTreeSet,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

static PROGRESS: AtomicU64 = AtomicU64::new(0);
/// Whether what is being computed is to stop.
static ABORT: AtomicBool = AtomicBool::new(false);
static REQUESTS: Mutex<Requests> = Mutex::new(Requests {
    open: BTreeSet::new(),
    busy: Vec::new(),
    computing: Vec::new(),
    cancelled: BTreeSet::new(),
    all: false,
});

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
    /// A computation is given up only when nobody wants any of it.
    fn decide(&self) {
        let unwanted = !self.computing.is_empty() && self.computing.iter().all(|id| self.cancelled.contains(id));
        ABORT.store(self.all || unwanted, Ordering::Relaxed);
    }
}

/// Something got done.
pub(crate) fn progressed() {
    PROGRESS.fetch_add(1, Ordering::Relaxed);
}

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
    let requests = requests();
    requests.all || requests.cancelled.contains(&id)
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
    let mut requests = requests();
    requests.computing.clear();
    requests.computing.extend(ids);
    requests.decide();
}

/// The engine thread is done with a request.
pub(crate) fn end(id: u64) {
    let mut requests = requests();
    requests.open.remove(&id);
    requests.cancelled.remove(&id);
    requests.busy.retain(|&other| other != id);
    requests.computing.retain(|&other| other != id);
    requests.decide();
    progressed();
}

/// Request `id` is to stop, now or when its turn comes. One that has ended is not remembered.
pub(crate) fn cancel(id: u64) {
    let mut requests = requests();
    if requests.open.contains(&id) {
        requests.cancelled.insert(id);
        requests.decide();
    }
}

/// Everything is to stop: the app is gone.
pub(crate) fn cancel_all() {
    let mut requests = requests();
    requests.all = true;
    requests.decide();
}

fn requests() -> std::sync::MutexGuard<'static, Requests> {
    REQUESTS.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One test, since the statics are the process's.
    #[test]
    fn a_computation_is_given_up_only_when_all_it_is_for_are_cancelled() {
        for id in [1, 2] {
            open(id);
            begin(id);
        }
        compute([1, 2]);
        cancel(1);
        assert!(is_request_cancelled(1) && !is_request_cancelled(2) && !is_cancelled());
        cancel(2);
        assert!(is_cancelled());
        end(1);
        end(2);
        assert!(busy().is_empty() && !is_cancelled());
        cancel(2);
        assert!(!is_request_cancelled(2), "one that has ended is not remembered");
    }
}
