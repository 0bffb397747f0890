//! From the connections to the disk: bytes are written, synced, noted in the journal, and hashed, each on a thread of its
//! own, so that a slow disk does not keep a network waiting before it must.
//!
//! ```text
//! connections ─▶ writer ─▶ [block is written] ─▶ syncer: sync data, then journal
//!                   └─ what comes in order ────▶ hasher: SHA-256, close behind; what did not, it reads from the file
//! ```
//!
//! **The invariant:** the journal never names a block whose bytes are not on the disk; and what is not in the journal
//! yet is never more than 48 MiB (`MOST_AHEAD_BYTES`), so that no kill costs more.

mod hashing;
mod shared;
mod syncing;
mod writing;

use std::fs::File;
use std::io;
use std::sync::Arc;

use fs4::FileExt as _;
use tokio::sync::{mpsc, oneshot};

use super::journal::Journal;
use crate::blocks::block_range;
use shared::Shared;

/// How many pieces may be on their way to the writer. A piece is a read from a socket: at most some 400 kB.
const QUEUE: usize = 16;

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
fn block_length(number: usize, size_bytes: u64) -> u32 {
    let block = block_range(number as u64, size_bytes);
    u32::try_from(block.end - block.start).unwrap_or(u32::MAX)
}
