//! How fast the disk below a file reads it, past the system's cache.

use std::path::Path;

/// Reads for so long at most; the first reads of a sleeping disk are slow, and a fast one needs many for a fair figure.
#[cfg(target_os = "linux")]
const TIME: std::time::Duration = std::time::Duration::from_millis(400);
/// And so much at most.
#[cfg(target_os = "linux")]
const MOST_BYTES: u64 = 1 << 30;
/// At once: large enough for every disk to be at its best.
#[cfg(target_os = "linux")]
const CHUNK_BYTES: usize = 4 << 20;
/// What direct reads must be aligned to on every disk in use.
#[cfg(target_os = "linux")]
const ALIGNMENT: usize = 4096;

/// In GB/s, one large read after the other; takes up to half a second. `None`: the file cannot be read past the cache
/// (as in main memory), or is too small to say anything.
#[cfg(target_os = "linux")]
pub fn read_speed(path: &Path) -> Option<f64> {
    use rustix::fs::{Mode, OFlags};

    let file = rustix::fs::open(path, OFlags::RDONLY | OFlags::DIRECT | OFlags::CLOEXEC, Mode::empty()).ok()?;
    let mut room = vec![0_u8; CHUNK_BYTES + ALIGNMENT];
    let skip = room.as_ptr().align_offset(ALIGNMENT);
    let buffer = room.get_mut(skip..skip.checked_add(CHUNK_BYTES)?)?;
    let started = std::time::Instant::now();
    let mut read_bytes = 0_u64;
    while read_bytes < MOST_BYTES && started.elapsed() < TIME {
        match rustix::io::pread(&file, &mut *buffer, read_bytes) {
            Ok(n) if n == buffer.len() => read_bytes += n as u64,
            _ => break,
        }
    }
    let seconds = started.elapsed().as_secs_f64();
    (read_bytes >= 4 * CHUNK_BYTES as u64 && seconds > 0.0).then(|| read_bytes as f64 / 1e9 / seconds)
}

/// Elsewhere it is not measured.
#[cfg(not(target_os = "linux"))]
pub fn read_speed(_path: &Path) -> Option<f64> {
    None
}
