//! How far a download is, for those who watch it.

use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

use super::disk::Fill;
use super::gate::Wait;
use super::order::Order;
use super::said::Notice;

/// How many pieces the map of a download has at most.
pub const MAP_CELLS: usize = 96;

/// A download, in full.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Progress {
    /// All bytes of all files; 0 until the server said.
    pub total_bytes: u64,
    /// Safe on the disk.
    pub done_bytes: u64,
    /// File bytes that came in this run, also those that came twice.
    pub received_bytes: u64,
    /// What is going on.
    pub phase: Phase,
    /// Bytes per second at the moment.
    pub bytes_per_s: u64,
    /// How long it will take at the speed of the last half minute; nothing while that is a guess.
    pub time_left: Option<Duration>,
    /// How full each of at most [`MAP_CELLS`] equal pieces is, in percent.
    pub map: Vec<u8>,
    /// What happened that changes what was promised, oldest first.
    pub notices: Vec<Notice>,
    /// The final names of all files, once the server said.
    pub targets: Vec<PathBuf>,
}

/// What is going on.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Phase {
    /// The server is asked, the disk is looked at.
    #[default]
    Preparing,
    /// Bytes come.
    Downloading {
        /// Over so many connections.
        connections: usize,
    },
    /// Goes on by itself.
    Waiting(Wait),
    /// Another program downloads it.
    Following,
    /// All bytes are here, and are compared with the checksum.
    Verifying {
        /// So many are compared.
        checked_bytes: u64,
    },
}

/// Puts a download's progress together and tells it.
#[derive(Debug)]
pub(crate) struct Report<'a> {
    tell: &'a watch::Sender<Progress>,
    files: Mutex<Files>,
}

#[derive(Debug, Default)]
struct Files {
    sizes: Vec<u64>,
    /// Files before this one are all here.
    at: usize,
}

impl<'a> Report<'a> {
    pub(crate) fn new(tell: &'a watch::Sender<Progress>) -> Self {
        Self { tell, files: Mutex::default() }
    }

    /// The files there are to fetch.
    pub(crate) fn order(&self, order: &Order) {
        let sizes = order.files.iter().map(|file| file.size_bytes).collect();
        *self.lock() = Files { sizes, at: 0 };
        self.tell.send_modify(|progress| {
            (progress.total_bytes, progress.done_bytes) = (order.total_bytes(), 0);
            progress.targets = order.targets();
        });
    }

    /// Which of them is fetched now.
    pub(crate) fn file(&self, at: usize) {
        self.lock().at = at;
    }

    pub(crate) fn phase(&self, phase: Phase) {
        self.tell.send_if_modified(|progress| {
            let differs = progress.phase != phase;
            if !matches!(phase, Phase::Downloading { .. }) {
                (progress.bytes_per_s, progress.time_left) = (0, None);
            }
            progress.phase = phase;
            differs
        });
    }

    pub(crate) fn notice(&self, notice: Notice) {
        tracing::info!(%notice, "download");
        self.tell.send_modify(|progress| progress.notices.push(notice));
    }

    /// How much of the file in work is safe, by somebody else's journal.
    pub(crate) fn done_of_file(&self, done_bytes: u64) {
        let before = self.lock().before();
        self.tell.send_modify(|progress| progress.done_bytes = before + done_bytes);
    }

    /// How the file in work is filling.
    pub(crate) fn fill(
        &self,
        phase: Phase,
        fill: &Fill,
        received_bytes: u64,
        bytes_per_s: u64,
        left: Option<Duration>,
    ) {
        let files = self.lock();
        let (before, map) = (files.before(), files.map(&fill.map));
        let after = files.sizes.iter().skip(files.at + 1).sum::<u64>();
        drop(files);
        // What came before the wait is no speed.
        let comes = matches!(phase, Phase::Downloading { .. });
        let (bytes_per_s, left) = if comes { (bytes_per_s, left) } else { (0, None) };
        self.tell.send_modify(|progress| {
            progress.done_bytes = before + fill.durable_bytes;
            progress.received_bytes = received_bytes;
            (progress.phase, progress.bytes_per_s, progress.map) = (phase, bytes_per_s, map);
            // The files after this one come at the same speed.
            progress.time_left = left.map(|left| left + Duration::from_secs(after / bytes_per_s.max(1)));
        });
    }

    fn lock(&self) -> MutexGuard<'_, Files> {
        self.files.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Files {
    fn before(&self) -> u64 {
        self.sizes.iter().take(self.at).sum()
    }

    /// How many pieces of the map the file in work has.
    pub(crate) fn map(&self, of_file: &[u8]) -> Vec<u8> {
        if self.sizes.len() <= 1 {
            return of_file.to_vec();
        }
        let total: u64 = self.sizes.iter().sum::<u64>().max(1);
        let (mut map, mut so_far) = (Vec::new(), 0_u64);
        for (number, size) in self.sizes.iter().enumerate() {
            so_far += size;
            let end = usize::try_from(u128::from(so_far) * MAP_CELLS as u128 / u128::from(total)).unwrap_or(MAP_CELLS);
            let cells = end.saturating_sub(map.len());
            map.extend((0..cells).map(|cell| match number.cmp(&self.at) {
                std::cmp::Ordering::Less => 100,
                std::cmp::Ordering::Greater => 0,
                std::cmp::Ordering::Equal => of_file.get(cell * of_file.len() / cells).copied().unwrap_or(0),
            }));
        }
        map
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_map_of_several_files_is_one_map() {
        let files = Files { sizes: vec![100, 200, 100], at: 1 };
        let map = files.map(&[100, 0]);
        assert_eq!(map.len(), MAP_CELLS);
        assert_eq!((map[0], map[23]), (100, 100), "the first file is here");
        assert_eq!((map[24], map[47], map[48], map[71]), (100, 100, 0, 0));
        assert_eq!(map[95], 0);
    }
}
