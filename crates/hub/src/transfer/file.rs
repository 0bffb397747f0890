//! One file: from whatever is here of it to all of it, compared with its checksum.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::ops::{ControlFlow, Range};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use super::claims::Claims;
use super::disk::{Disk, DiskEvent, DiskFailure, PartFile};
use super::error::TransferError;
use super::fault::Fault;
use super::fetch::{Line, Source};
use super::gate::Gate;
use super::journal::{Contents, Found, Journal, Subject};
use super::network::Network;
use super::order::{Order, Paths, is_here};
use super::report::{MAP_CELLS, Phase, Report};
use super::said::Notice;
use super::speed::Meter;
use super::{Options, Stop};
use crate::blocks::{Sums, block_range, block_ranges};
use crate::receipt::{BLOCK_BYTES, Receipt, Stamp, now_ms};
use crate::remote::{Hub, RemoteError, RemoteFile};
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;

/// How often those who watch are told.
const TELL_EVERY: Duration = Duration::from_millis(250);

/// How often another program's download is looked at.
const FOLLOW_EVERY: Duration = Duration::from_millis(500);

/// A connection is worth it from so many bytes on.
const BYTES_PER_CONNECTION: u64 = 16 << 20;

/// One file of an order.
pub(crate) struct FileJob<'a> {
    pub(crate) hub: &'a Hub,
    pub(crate) order: &'a Order,
    pub(crate) file: &'a RemoteFile,
    pub(crate) options: &'a Options,
    pub(crate) report: &'a Report<'a>,
}

/// A file that is all here, compared with its checksum; under its final name or not yet. Locked until it is dropped.
#[derive(Debug)]
pub(crate) struct Whole {
    pub(crate) paths: Paths,
    /// What is still to be done for it to get its final name.
    pub(crate) receipt: Option<Receipt>,
    _lock: Option<File>,
}

/// Why a file is not all here.
#[derive(Debug)]
pub(crate) enum Broken {
    /// It does not go on by itself.
    Failed(TransferError),
    /// The server has another file now.
    Changed(RemoteError),
}

impl<E: Into<TransferError>> From<E> for Broken {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

impl FileJob<'_> {
    /// Gets all of the file.
    pub(crate) async fn get(&self, stop: &mut Stop) -> Result<Whole, Broken> {
        let paths = self.order.paths(self.file);
        let here = |paths| Ok(Whole { paths, receipt: None, _lock: None });
        if is_here(&paths.target, self.file) {
            return here(paths);
        }
        let lock = self.lock(&paths, stop).await?;
        // Another program may just have finished it.
        if is_here(&paths.target, self.file) {
            return here(paths);
        }
        if paths.target.exists() {
            self.adopt(&paths).await?;
            return here(paths);
        }
        let subject = self.subject();
        let (part, was_verified) = self.open(&paths, &subject).await?;
        let part = if was_verified { part } else { self.fill_and_compare(&paths, &subject, part, stop).await? };
        let receipt = self.receipt(&paths, &part)?;
        Ok(Whole { paths, receipt: Some(receipt), _lock: Some(lock) })
    }

    fn subject(&self) -> Subject {
        // An order has no file without a checksum.
        let sha256 = self.file.sha256.clone().unwrap_or_default();
        Subject::new(self.order.origin(self.file), self.file.size_bytes, sha256)
    }

    /// Makes sure that no other program downloads this file; follows the one that does until it is done or gone.
    async fn lock(&self, paths: &Paths, stop: &mut Stop) -> Result<File, TransferError> {
        let failed = |source| TransferError::disk(&paths.lock, "Opening", source);
        loop {
            // Made anew each time: whoever cancels a download deletes it, and its folders.
            let lock = self.order.in_folders(paths, || {
                OpenOptions::new().create(true).truncate(false).write(true).open(&paths.lock).map_err(failed)
            })?;
            match lock.try_lock() {
                Ok(()) if is_at(&lock, &paths.lock) => return Ok(lock),
                Ok(()) => continue,
                Err(TryLockError::WouldBlock) => {}
                // A file system without locks: better one download too many than none.
                Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => return Ok(lock),
                Err(TryLockError::Error(error)) => return Err(failed(error)),
            }
            self.report.phase(Phase::Following);
            if let Ok(Some(journal)) = Contents::read(&paths.journal) {
                self.report.done_of_file(journal.done_bytes());
            }
            stop.or_sleep(FOLLOW_EVERY).await?;
        }
    }

    /// A file of the final name that nobody vouches for: if its bytes are right, it is the one.
    async fn adopt(&self, paths: &Paths) -> Result<(), TransferError> {
        let occupied = || TransferError::Occupied { path: paths.target.clone() };
        let failed = |source| TransferError::disk(&paths.target, "Reading", source);
        let metadata = fs::metadata(&paths.target).map_err(failed)?;
        if !metadata.is_file() || metadata.len() != self.file.size_bytes {
            return Err(occupied());
        }
        self.report.phase(Phase::Verifying { checked_bytes: 0 });
        let target = paths.target.clone();
        let read = tokio::task::spawn_blocking(move || Sums::of(&target, &mut |_| ControlFlow::Continue(())));
        let read = read.await.map_err(|_| TransferError::PartFailed)?;
        let sums = match read.map_err(failed)? {
            ControlFlow::Continue(sums) if Some(&sums.sha256) == self.file.sha256.as_ref() => sums,
            _ => return Err(occupied()),
        };
        let receipt = self.receipt_of(sums.sha256, sums.block_crc32, Stamp::of(&metadata));
        receipt.write_beside(&paths.target).map_err(failed)
    }

    /// Opens the unfinished file and its journal, and sets room aside. True if all of it was compared already.
    async fn open(&self, paths: &Paths, subject: &Subject) -> Result<(PartFile, bool), TransferError> {
        let (its_paths, its_subject) = (paths.clone(), subject.clone());
        let opened = tokio::task::spawn_blocking(move || open_part(&its_paths, &its_subject)).await;
        let (part, found) = opened.map_err(|_| TransferError::PartFailed)??;
        let mut verified = false;
        match found {
            Found::Same(contents) => verified = contents.verified,
            Found::Other(before) => self.report.notice(Notice::NewVersion {
                file: self.file.path.clone(),
                commit: short(&self.order.commit).to_owned(),
                before: short(&before.origin.commit).to_owned(),
            }),
            Found::Nothing => {}
        }
        Ok((part, verified))
    }

    /// Fetches what is missing and compares the checksum; once more from the beginning if it is wrong.
    async fn fill_and_compare(
        &self,
        paths: &Paths,
        subject: &Subject,
        mut part: PartFile,
        stop: &mut Stop,
    ) -> Result<PartFile, Broken> {
        let failed = |source| TransferError::disk(&paths.journal, "Writing", source);
        for attempt in 0..2 {
            let (filled, sha256) = self.fill(paths, part, stop).await?;
            part = filled;
            if sha256 == subject.sha256 {
                part.journal.verified().map_err(failed)?;
                return Ok(part);
            }
            if attempt == 0 {
                self.report.notice(Notice::OnceMore { file: self.file.path.clone() });
                part.journal.restart(subject).map_err(failed)?;
                part.blocks.fill(None);
            }
        }
        drop(part);
        discard(paths);
        let host = subject.origin.endpoint.clone();
        Err(TransferError::WrongHash { file: self.file.path.clone(), host }.into())
    }

    /// Fetches what is missing. Gives the file and the checksum of all its bytes.
    async fn fill(&self, paths: &Paths, part: PartFile, stop: &mut Stop) -> Result<(PartFile, String), Broken> {
        let failed = |DiskFailure { doing, source }| TransferError::disk(&paths.part, doing, source);
        let missing = missing_of(&part);
        let missing_bytes: u64 = missing.iter().map(|range| range.end - range.start).sum();
        let worth = usize::try_from(missing_bytes.div_ceil(BYTES_PER_CONNECTION)).unwrap_or(usize::MAX);
        let connections = worth.clamp(1, self.options.connections.max(1));
        let mut disk = Disk::start(part);
        let line = Line {
            source: Source::new(&self.hub.web, &self.order.repo, &self.order.commit, self.file),
            claims: Claims::new(missing, connections),
            gate: Gate::default(),
            network: Network::watch(),
            limit: Arc::clone(&self.options.limit),
            received_bytes: AtomicU64::new(0),
            busy: AtomicUsize::new(0),
        };
        let mut workers: FuturesUnordered<_> =
            (0..connections).filter_map(|_| disk.pieces()).map(|pieces| line.work(pieces)).collect();
        let mut meter = Meter::new(Instant::now());
        let mut tick = tokio::time::interval(TELL_EVERY);
        let end = loop {
            tokio::select! {
                Some(fault) = workers.next() => match fault {
                    Fault::Fatal(error) => break Err(error.into()),
                    Fault::Changed(error) => break Err(Broken::Changed(error)),
                    // The disk says itself what is wrong with it.
                    _ => {}
                },
                event = disk.next() => match event {
                    DiskEvent::BadBlock(number) => line.claims.again(block_range(number, self.file.size_bytes)),
                    DiskEvent::Hashed(sha256) => break Ok(sha256),
                    DiskEvent::Failed(failure) => break Err(failed(failure).into()),
                },
                _ = tick.tick() => self.tell(&line, &disk, &mut meter),
                () = stop.wait() => break Err(TransferError::Stopped.into()),
            }
        };
        drop(workers);
        self.tell(&line, &disk, &mut meter);
        let closed = disk.close().await;
        if let Ok(part) = &closed {
            let missing_bytes: u64 = missing_of(part).iter().map(|range| range.end - range.start).sum();
            self.report.done_of_file(part.size_bytes - missing_bytes);
        }
        let sha256 = end?;
        Ok((closed.map_err(failed)?, sha256))
    }

    fn tell(&self, line: &Line<'_>, disk: &Disk, meter: &mut Meter) {
        let fill = disk.fill(MAP_CELLS);
        let received_bytes = line.received_bytes.load(Ordering::Relaxed);
        meter.sample(Instant::now(), received_bytes);
        let phase = if fill.written_bytes == self.file.size_bytes {
            Phase::Verifying { checked_bytes: fill.hashed_bytes }
        } else if let Some(wait) = line.gate.wait() {
            Phase::Waiting(wait)
        } else {
            Phase::Downloading { connections: line.busy.load(Ordering::Relaxed) }
        };
        let left = meter.time_for(self.file.size_bytes - fill.written_bytes);
        self.report.fill(phase, &fill, received_bytes, meter.bytes_per_s(), left);
    }

    fn receipt(&self, paths: &Paths, part: &PartFile) -> Result<Receipt, TransferError> {
        let failed = |source| TransferError::disk(&paths.part, "Syncing", source);
        // Its length and time too, which the receipt names.
        part.file.sync_all().map_err(failed)?;
        let metadata = part.file.metadata().map_err(failed)?;
        let block_crc32 = part.blocks.iter().map(|crc32| crc32.unwrap_or_default()).collect();
        let sha256 = self.file.sha256.clone().unwrap_or_default();
        Ok(self.receipt_of(sha256, block_crc32, Stamp::of(&metadata)))
    }

    fn receipt_of(&self, sha256: String, block_crc32: Vec<u32>, stamp: Stamp) -> Receipt {
        Receipt {
            origin: Some(self.order.origin(self.file)),
            sha256,
            stamp,
            verified_ms: now_ms(),
            block_bytes: BLOCK_BYTES,
            block_crc32,
        }
    }
}

/// Whether an open file is the one that has this name now.
fn is_at(file: &File, path: &Path) -> bool {
    let inode = |metadata: &fs::Metadata| Stamp::of(metadata).inode;
    match (file.metadata(), fs::metadata(path)) {
        (Ok(file), Ok(path)) => inode(&file) == inode(&path),
        _ => false,
    }
}

/// Deletes what is here of an unfinished file. What cannot be deleted is overwritten by the next attempt.
pub(crate) fn discard(paths: &Paths) {
    for path in [&paths.journal, &paths.part] {
        if let Err(error) = fs::remove_file(path)
            && error.kind() != io::ErrorKind::NotFound
        {
            tracing::warn!(%error, path = %path.display(), "could not be deleted");
        }
    }
}

fn open_part(paths: &Paths, subject: &Subject) -> Result<(PartFile, Found), TransferError> {
    let failed = |source| TransferError::disk(&paths.part, "Opening", source);
    let has_part = fs::symlink_metadata(&paths.part).is_ok_and(|part| part.is_file());
    if !has_part {
        // A journal without its file is about nothing.
        discard(paths);
    }
    let file =
        OpenOptions::new().create(true).truncate(false).read(true).write(true).open(&paths.part).map_err(failed)?;
    let opened = set_length(&file, subject.size_bytes).and_then(|()| Journal::open(&paths.journal, subject));
    let (journal, found) = match opened {
        Ok(opened) => opened,
        Err(source) => {
            if !has_part {
                discard(paths);
            }
            return Err(match TransferError::disk(&paths.part, "Setting room aside for", source) {
                TransferError::DiskFull { folder, free_bytes, .. } => {
                    TransferError::DiskFull { folder, free_bytes, needed_bytes: subject.size_bytes }
                }
                TransferError::FileTooLarge { folder, .. } => {
                    TransferError::FileTooLarge { folder, size_bytes: subject.size_bytes }
                }
                other => other,
            });
        }
    };
    let blocks = match &found {
        Found::Same(contents) => contents.blocks.clone(),
        Found::Other(_) | Found::Nothing => vec![None; subject.n_blocks()],
    };
    Ok((PartFile { file, journal, size_bytes: subject.size_bytes, blocks }, found))
}

/// Makes the file as long as it will be, which drives that take no such file refuse.
fn set_length(file: &File, size_bytes: u64) -> io::Result<()> {
    if file.metadata()?.len() == size_bytes { Ok(()) } else { file.set_len(size_bytes) }
}

/// The bytes that are not here, in order.
fn missing_of(part: &PartFile) -> Vec<Range<u64>> {
    let blocks = (0..).zip(&part.blocks);
    block_ranges(blocks.filter(|(_, crc32)| crc32.is_none()).map(|(number, _)| number), part.size_bytes)
}

/// As much of a commit as people read.
fn short(commit: &str) -> &str {
    commit.get(..8).unwrap_or(commit)
}
