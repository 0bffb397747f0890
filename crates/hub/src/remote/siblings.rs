//! A header of which most is known, because another quantization of the same model has it too.
//!
//! Only the beginning and the end are fetched, each with an overlap that must be what is known. In between the
//! vocabulary is taken from the other file. What comes out has to be a whole header whose long arrays are those of the
//! other one and whose weights end where the file does; if anything is different, the header is fetched as a whole.

use paddock_gguf::Header;

use super::error::RemoteError;
use super::header_cache::{Known, long_arrays};
use super::headers::{Pieces, RemoteRanges};

/// How many bytes of what is known are fetched again at both of its ends, for comparison.
const OVERLAP_BYTES: usize = 16 << 10;

/// How much longer the beginning may be than that of the other file: a name, a description.
const HEAD_SLACK_BYTES: usize = 16 << 10;

/// How much longer the end may be before it costs a request more.
const TAIL_SLACK_BYTES: usize = 16 << 10;

/// The length of each further piece.
const MORE_BYTES: usize = 256 << 10;

/// Why a header could not be read.
#[derive(Debug)]
pub(crate) enum Stop {
    /// The server, or the way to it.
    Remote(RemoteError),
    /// The header itself.
    Header(paddock_gguf::Error),
    /// It is not like the known one.
    Unlike,
}

impl From<RemoteError> for Stop {
    fn from(error: RemoteError) -> Self {
        Self::Remote(error)
    }
}

impl Known {
    /// Whether a header that was put together with this is what its file has, as far as that can be told.
    pub(crate) fn agrees(&self, header: &Header, size_bytes: u64) -> bool {
        let end = header.file_bytes();
        // The last tensor is followed by what fills it up to the alignment, or by nothing.
        let ends_there = end == size_bytes || end.next_multiple_of(header.alignment_bytes.into()) == size_bytes;
        ends_there && long_arrays(header) == self.arrays
    }
}

/// The pieces of a file, with what is known of another one in the middle.
pub(crate) struct Beside<'a> {
    ranges: RemoteRanges<'a>,
    known: &'a Known,
    /// The file's beginning, up to the known bytes; empty before the first piece.
    head: Vec<u8>,
    /// What follows the known bytes, as far as it was fetched.
    tail: Option<Vec<u8>>,
}

impl<'a> Beside<'a> {
    pub(crate) fn new(ranges: RemoteRanges<'a>, known: &'a Known) -> Self {
        Self { ranges, known, head: Vec::new(), tail: None }
    }

    /// Fetches the beginning, and finds where in it the known bytes begin.
    async fn fetch_head(&mut self) -> Result<(), Stop> {
        let run = &self.known.run;
        let overlap = run.get(..OVERLAP_BYTES).ok_or(Stop::Unlike)?;
        let length = self.known.run_start + HEAD_SLACK_BYTES + OVERLAP_BYTES;
        let mut head = self.ranges.exactly(0, length).await?;
        let start = head.windows(OVERLAP_BYTES).position(|window| window == overlap).filter(|start| *start > 0);
        let start = start.ok_or(Stop::Unlike)?;
        if !run.starts_with(&head[start..]) {
            return Err(Stop::Unlike);
        }
        head.truncate(start);
        self.head = head;
        Ok(())
    }

    /// Fetches what follows the known bytes, and compares the last of those.
    async fn fetch_tail(&mut self) -> Result<Vec<u8>, Stop> {
        let run = &self.known.run;
        let overlap = run.last_chunk::<OVERLAP_BYTES>().ok_or(Stop::Unlike)?;
        let offset = self.head.len() + run.len() - OVERLAP_BYTES;
        let length = OVERLAP_BYTES + self.known.tail_bytes + TAIL_SLACK_BYTES;
        let fetched = self.ranges.exactly(offset as u64, length).await?;
        Ok(fetched.strip_prefix(overlap).ok_or(Stop::Unlike)?.to_vec())
    }
}

impl Pieces for Beside<'_> {
    async fn piece(&mut self, offset: u64, length: usize) -> Result<Vec<u8>, Stop> {
        if self.head.is_empty() {
            self.fetch_head().await?;
        }
        let offset = usize::try_from(offset).map_err(|_| Stop::Unlike)?;
        let (run_start, run) = (self.head.len(), &self.known.run);
        let some = |bytes: &[u8], from: usize| bytes[from..bytes.len().min(from.saturating_add(length))].to_vec();
        if offset < run_start {
            return Ok(some(&self.head, offset));
        }
        if offset - run_start < run.len() {
            return Ok(some(run, offset - run_start));
        }
        let of_tail = offset - run_start - run.len();
        let tail = match self.tail.take() {
            Some(tail) => tail,
            None => self.fetch_tail().await?,
        };
        let piece = if of_tail < tail.len() {
            some(&tail, of_tail)
        } else {
            self.ranges.exactly(offset as u64, length.min(MORE_BYTES)).await?
        };
        self.tail = Some(tail);
        Ok(piece)
    }
}
