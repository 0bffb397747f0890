//! From the connections to the disk: bytes are written, synced, noted in the journal, and hashed, each on a thread of its
//! own, so that a slow disk does not keep a network waiting before it must.
//!
//! ```text
//! connections ─▶ writer ─▶ [block is written] ─▶ syncer: sync data, then journal
//!                   └─ what comes in order ────▶ hasher: SHA-256, close behind; what did not, it reads from the file
//! ```
//!
//! **The invariant:** the journal never names a block whose bytes are not on the disk; and what is not in the journal
//! yet is never more than [`MOST_AHEAD_BYTES`], so that no kill costs more.

use std::collections::{HashMap, VecDeque};
use std::fs::File;
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use fs4::FileExt as _;
use sha2::{Digest as _, Sha256};
use tokio::sync::{Notify, mpsc, oneshot};

use super::journal::Journal;
use super::positional::{read_exact_at, write_all_at};
use crate::receipt::BLOCK_BYTES;

/// What is written but not in the journal. With eight connections in the middle of a block each this leaves 16 MiB that
/// wait for the disk.
const MOST_AHEAD_BYTES: u64 = 48 << 20;

/// Enough for one sync.
const SYNC_BYTES: u64 = 16 << 20;

/// A finished block waits for company no longer than this.
const SYNC_AFTER: Duration = Duration::from_millis(500);

/// How many pieces may be on their way to the writer. A piece is a read from a socket: at most some 400 kB.
const QUEUE: usize = 16;

/// How many bytes may be kept for the hasher. It reads the rest from the file, where they are in the page cache.
const MOST_KEPT_BYTES: u64 = 32 << 20;

/// Bytes of the file, from a connection.
#[derive(Debug)]
pub(crate) struct Piece {
    pub(crate) offset: u64,
    pub(crate) bytes: bytes::Bytes,
}

/// What the disk said, and while doing what.
#[derive(Debug)]
pub(crate) struct DiskFailure {
    pub(crate) doing: &'static str,
    pub(crate) source: io::Error,
}

/// An unfinished file with its journal.
#[derive(Debug)]
pub(crate) struct PartFile {
    pub(crate) file: File,
    pub(crate) journal: Journal,
    pub(crate) size_bytes: u64,
    /// The CRC-32 of each block that is there.
    pub(crate) blocks: Vec<Option<u32>>,
}

/// What the threads have to say.
#[derive(Debug)]
pub(crate) enum DiskEvent {
    /// This block is not on the disk as the journal says, and has to be fetched again.
    BadBlock(u64),
    /// Every byte is written; the SHA-256 of all, in small hexadecimal digits.
    Hashed(String),
    /// It is over.
    Failed(DiskFailure),
}

/// How far it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fill {
    /// Safe on the disk.
    pub(crate) durable_bytes: u64,
    /// Written, safe or not.
    pub(crate) written_bytes: u64,
    /// Hashed.
    pub(crate) hashed_bytes: u64,
    /// How full each of so many equal pieces is, in percent.
    pub(crate) map: Vec<u8>,
}

/// The three threads, and what they share.
#[derive(Debug)]
pub(crate) struct Disk {
    shared: Arc<Shared>,
    file: Arc<File>,
    pieces: Option<mpsc::Sender<Piece>>,
    /// Blocks that are not on the disk as the journal says.
    bad: mpsc::UnboundedReceiver<u64>,
    syncer: Option<oneshot::Receiver<Journal>>,
    hasher: oneshot::Receiver<String>,
}

#[derive(Debug)]
struct Shared {
    size_bytes: u64,
    state: Mutex<State>,
    /// Each thread waits for its own news.
    for_writer: Condvar,
    for_syncer: Condvar,
    for_hasher: Condvar,
    failed: Notify,
}

#[derive(Debug)]
struct State {
    blocks: Vec<Block>,
    /// Written, and not in the journal yet.
    pending: Vec<(u64, u32)>,
    /// Taken from there, and being synced.
    syncing: bool,
    written_bytes: u64,
    durable_bytes: u64,
    /// Written bytes that come next for the hasher, and the place behind the last of them.
    kept: VecDeque<bytes::Bytes>,
    kept_bytes: u64,
    kept_end: u64,
    hashed_bytes: u64,
    /// No more pieces come.
    closed: bool,
    /// Nobody wants the result.
    abandoned: bool,
    failure: Option<DiskFailure>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Block {
    /// Bytes of it that are written.
    filled: u32,
    /// Once all of it is.
    crc32: Option<u32>,
    /// It comes from an earlier attempt, so that only its checksum tells whether it is still what was written.
    resumed: bool,
}

impl Disk {
    pub(crate) fn start(part: PartFile) -> Self {
        let PartFile { file, journal, size_bytes, blocks } = part;
        let (pieces, queue) = mpsc::channel(QUEUE);
        let (tell_bad, bad) = mpsc::unbounded_channel();
        let shared = Arc::new(Shared::new(size_bytes, blocks));
        let file = Arc::new(file);
        let (give_journal, syncer) = oneshot::channel();
        let (give_hash, hasher) = oneshot::channel();
        let (for_room, its_file) = (Arc::clone(&shared), Arc::clone(&file));
        tokio::task::spawn_blocking(move || {
            for_room.guard("Setting room aside for", |shared| set_aside(&its_file, shared.size_bytes));
        });
        let (for_writer, its_file) = (Arc::clone(&shared), Arc::clone(&file));
        tokio::task::spawn_blocking(move || for_writer.guard("Writing", |shared| shared.write(&its_file, queue)));
        let (for_syncer, its_file) = (Arc::clone(&shared), Arc::clone(&file));
        tokio::task::spawn_blocking(move || {
            let mut journal = journal;
            for_syncer.guard("Syncing", |shared| shared.sync(&its_file, &mut journal));
            // The receiver is gone only if nobody wants the result.
            let _ = give_journal.send(journal);
        });
        let (for_hasher, its_file) = (Arc::clone(&shared), Arc::clone(&file));
        tokio::task::spawn_blocking(move || {
            for_hasher.guard("Reading", |shared| {
                if let Some(sha256) = shared.hash(&its_file, &tell_bad)? {
                    let _ = give_hash.send(sha256);
                }
                Ok(())
            });
        });
        Self { shared, file, pieces: Some(pieces), bad, syncer: Some(syncer), hasher }
    }

    /// Where connections put what they get.
    pub(crate) fn pieces(&self) -> Option<mpsc::Sender<Piece>> {
        self.pieces.clone()
    }

    pub(crate) fn fill(&self, cells: usize) -> Fill {
        let state = self.shared.state();
        Fill {
            durable_bytes: state.durable_bytes,
            written_bytes: state.written_bytes,
            hashed_bytes: state.hashed_bytes,
            map: state.map(self.shared.size_bytes, cells),
        }
    }

    /// What happens next.
    pub(crate) async fn next(&mut self) -> DiskEvent {
        let failed = self.shared.failed.notified();
        tokio::pin!(failed);
        failed.as_mut().enable();
        if let Some(failure) = self.shared.state().failure.take() {
            return DiskEvent::Failed(failure);
        }
        tokio::select! {
            Some(number) = self.bad.recv() => DiskEvent::BadBlock(number),
            Ok(sha256) = &mut self.hasher => DiskEvent::Hashed(sha256),
            () = failed => DiskEvent::Failed(self.shared.failure()),
        }
    }

    /// Makes everything that was written safe, and ends the threads. Blocks that are not whole are lost.
    ///
    /// # Errors
    /// What the disk said; the journal holds what was safe before.
    pub(crate) async fn close(mut self) -> Result<PartFile, DiskFailure> {
        self.pieces = None;
        let syncer = self.syncer.take();
        let journal = match syncer {
            Some(syncer) => syncer.await.map_err(|_| self.shared.failure())?,
            None => return Err(self.shared.failure()),
        };
        if let Some(failure) = self.shared.state().failure.take() {
            return Err(failure);
        }
        let blocks = self.shared.state().blocks.iter().map(|block| block.crc32).collect();
        let file = self.file.try_clone().map_err(|source| DiskFailure { doing: "Closing", source })?;
        Ok(PartFile { file, journal, size_bytes: self.shared.size_bytes, blocks })
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        self.shared.state().abandoned = true;
        self.shared.notify_all();
    }
}

impl Shared {
    fn new(size_bytes: u64, blocks: Vec<Option<u32>>) -> Self {
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

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn notify_all(&self) {
        for thread in [&self.for_writer, &self.for_syncer, &self.for_hasher] {
            thread.notify_all();
        }
    }

    fn failure(&self) -> DiskFailure {
        let gone = || DiskFailure { doing: "Writing", source: io::Error::from(io::ErrorKind::BrokenPipe) };
        self.state().failure.take().unwrap_or_else(gone)
    }

    /// Runs a thread's work; what it fails with ends all three.
    fn guard(&self, doing: &'static str, work: impl FnOnce(&Self) -> io::Result<()>) {
        if let Err(source) = work(self) {
            let mut state = self.state();
            state.failure.get_or_insert(DiskFailure { doing, source });
            state.abandoned = true;
            drop(state);
            self.notify_all();
            self.failed.notify_waiters();
        }
    }

    fn write(&self, file: &File, mut queue: mpsc::Receiver<Piece>) -> io::Result<()> {
        let mut open: HashMap<u64, crc32fast::Hasher> = HashMap::new();
        let done = loop {
            let Some(Piece { mut offset, mut bytes }) = queue.blocking_recv() else { break Ok(()) };
            if !self.wait_for_the_disk() {
                break Ok(());
            }
            let wrote = write_all_at(file, &bytes, offset);
            if wrote.is_err() {
                break wrote;
            }
            self.keep(offset, &bytes);
            while !bytes.is_empty() {
                let number = offset / BLOCK_BYTES;
                let rest = (number + 1) * BLOCK_BYTES - offset;
                let of_block = bytes.split_to(bytes.len().min(usize::try_from(rest).unwrap_or(usize::MAX)));
                offset += of_block.len() as u64;
                let hasher = open.entry(number).or_default();
                hasher.update(&of_block);
                if self.wrote(number, of_block.len() as u64, hasher) {
                    open.remove(&number);
                }
            }
        };
        self.state().closed = true;
        self.notify_all();
        done
    }

    /// Keeps written bytes for the hasher, if they are what it wants next.
    fn keep(&self, offset: u64, bytes: &bytes::Bytes) {
        let mut state = self.state();
        let n_bytes = bytes.len() as u64;
        if state.kept_end != offset || state.kept_bytes + n_bytes > MOST_KEPT_BYTES {
            return;
        }
        state.kept.push_back(bytes.clone());
        state.kept_bytes += n_bytes;
        state.kept_end += n_bytes;
        let waits = state.kept.len() == 1;
        drop(state);
        if waits {
            self.for_hasher.notify_one();
        }
    }

    /// False if nobody wants the result any more.
    fn wait_for_the_disk(&self) -> bool {
        let mut state = self.state();
        let must_wait = |state: &State| {
            let ahead_bytes = state.written_bytes - state.durable_bytes;
            // With nothing to sync, more bytes are what is needed.
            ahead_bytes > MOST_AHEAD_BYTES && (state.syncing || !state.pending.is_empty())
        };
        while !state.abandoned && must_wait(&state) {
            state = self.for_writer.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        !state.abandoned
    }

    /// Takes note of written bytes; true if the block is whole now.
    fn wrote(&self, number: u64, n_bytes: u64, hasher: &crc32fast::Hasher) -> bool {
        let mut state = self.state();
        state.written_bytes += n_bytes;
        let Some(block) = usize::try_from(number).ok().and_then(|number| state.blocks.get_mut(number)) else {
            return false;
        };
        block.filled = block.filled.saturating_add(u32::try_from(n_bytes).unwrap_or(u32::MAX));
        if block.filled < block_length(usize::try_from(number).unwrap_or(usize::MAX), self.size_bytes) {
            return false;
        }
        let crc32 = hasher.clone().finalize();
        (block.crc32, block.resumed) = (Some(crc32), false);
        state.pending.push((number, crc32));
        // The first starts the clock, and enough end the wait.
        let news = state.pending.len() == 1 || state.pending.len() as u64 * BLOCK_BYTES >= SYNC_BYTES;
        drop(state);
        if news {
            self.for_syncer.notify_one();
        }
        self.for_hasher.notify_one();
        true
    }

    fn sync(&self, file: &File, journal: &mut Journal) -> io::Result<()> {
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

    /// The checksum of the whole file; `None` if nobody wants it any more.
    fn hash(&self, file: &File, tell_bad: &mpsc::UnboundedSender<u64>) -> io::Result<Option<String>> {
        let mut sha256 = Sha256::new();
        let mut buffer = vec![0; usize::try_from(BLOCK_BYTES).unwrap_or(0)];
        let mut at = 0;
        while at < self.size_bytes {
            match self.next_to_hash(at) {
                None => return Ok(None),
                Some(ToHash::Kept(bytes)) => {
                    sha256.update(&bytes);
                    at += bytes.len() as u64;
                }
                Some(ToHash::InFile { number, block, end }) => {
                    let bytes = &mut buffer[..usize::try_from(end - at).unwrap_or(0)];
                    let read = read_exact_at(file, bytes, at);
                    let is_short = matches!(&read, Err(error) if error.kind() == io::ErrorKind::UnexpectedEof);
                    if block.resumed && (is_short || block.crc32 != Some(crc32fast::hash(bytes))) {
                        self.forget(number);
                        let _ = tell_bad.send(number as u64);
                        continue;
                    }
                    read?;
                    sha256.update(&bytes);
                    at = end;
                }
            }
            self.state().hashed_bytes = at;
        }
        Ok(Some(hex(&sha256.finalize())))
    }

    /// Waits until what comes at this place is there.
    fn next_to_hash(&self, at: u64) -> Option<ToHash> {
        let number = usize::try_from(at / BLOCK_BYTES).unwrap_or(usize::MAX);
        let end = number as u64 * BLOCK_BYTES + u64::from(block_length(number, self.size_bytes));
        let mut state = self.state();
        loop {
            if state.abandoned {
                return None;
            }
            if let Some(bytes) = state.kept.pop_front() {
                state.kept_bytes -= bytes.len() as u64;
                return Some(ToHash::Kept(bytes));
            }
            let block = state.blocks[number];
            if block.crc32.is_some() {
                // What is written behind it can be kept again.
                state.kept_end = end;
                return Some(ToHash::InFile { number, block, end });
            } else if state.closed {
                return None;
            }
            state = self.for_hasher.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// A block is not what was written.
    fn forget(&self, number: usize) {
        let mut state = self.state();
        let n_bytes = u64::from(state.blocks[number].filled);
        state.blocks[number] = Block::default();
        state.written_bytes -= n_bytes;
        state.durable_bytes -= n_bytes;
        // What was kept behind it is in the file too.
        state.kept.clear();
        (state.kept_bytes, state.kept_end) = (0, number as u64 * BLOCK_BYTES);
    }
}

/// What the hasher takes next.
enum ToHash {
    /// From memory.
    Kept(bytes::Bytes),
    /// From the file, up to the end of the block.
    InFile { number: usize, block: Block, end: u64 },
}

impl State {
    fn map(&self, size_bytes: u64, cells: usize) -> Vec<u8> {
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

/// Makes the room of the whole file its own, where the drive can do that without writing; most do it at once. Beside the
/// download, because a file system in memory takes its time over it.
fn set_aside(file: &File, size_bytes: u64) -> io::Result<()> {
    match file.allocate(size_bytes) {
        Err(error) if error.kind() == io::ErrorKind::StorageFull => Err(error),
        // It will be found out later whether there is room.
        _ => Ok(()),
    }
}

/// The bytes of a block; only the last one has fewer than others.
pub(crate) fn block_length(number: usize, size_bytes: u64) -> u32 {
    let left = size_bytes.saturating_sub(number as u64 * BLOCK_BYTES);
    u32::try_from(left.min(BLOCK_BYTES)).unwrap_or(u32::MAX)
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
