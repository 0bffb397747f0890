//! Signs of life, and the wish to stop: two values that the engine thread, llama.cpp's callbacks and the thread that
//! reads requests share.
//!
//! They are statics because llama.cpp's callbacks carry a bare pointer, and a static cannot dangle. There is one engine
//! per process.

use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicBool, AtomicU64, Ordering},
};

static PROGRESS: AtomicU64 = AtomicU64::new(0);
static CANCELLED: AtomicBool = AtomicBool::new(false);
static REQUESTS: Mutex<Requests> = Mutex::new(Requests { busy: None, cancelled: Vec::new() });

struct Requests {
    /// The request being worked on.
    busy: Option<u64>,
    /// Requests that were cancelled before their turn came.
    cancelled: Vec<u64>,
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

/// Whether the request being worked on is to stop.
pub(crate) fn is_cancelled() -> bool {
    CANCELLED.load(Ordering::Relaxed)
}

/// The request being worked on.
pub(crate) fn busy() -> Option<u64> {
    requests().busy
}

/// The engine thread takes up a request.
pub(crate) fn begin(id: u64) {
    let mut requests = requests();
    let cancelled = requests.cancelled.contains(&id);
    // Requests come in the order of their ids, so older ones cannot come any more.
    requests.cancelled.retain(|&other| other > id);
    requests.busy = Some(id);
    CANCELLED.store(cancelled, Ordering::Relaxed);
    progressed();
}

/// The engine thread is done with its request.
pub(crate) fn end() {
    requests().busy = None;
    CANCELLED.store(false, Ordering::Relaxed);
}

/// Request `id` is to stop, now or when its turn comes.
pub(crate) fn cancel(id: u64) {
    let mut requests = requests();
    if requests.busy == Some(id) {
        CANCELLED.store(true, Ordering::Relaxed);
    } else {
        requests.cancelled.push(id);
    }
}

/// Everything is to stop: the app is gone.
pub(crate) fn cancel_all() {
    CANCELLED.store(true, Ordering::Relaxed);
}

fn requests() -> std::sync::MutexGuard<'static, Requests> {
    REQUESTS.lock().unwrap_or_else(PoisonError::into_inner)
}
