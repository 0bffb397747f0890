//! A header from a place that only hands out byte ranges, such as a file on a server.
//!
//! The header of a large model is some 8 MB of vocabulary at the start of 40 GB. [`RangeReader`] fetches
//! it in a few growing pieces, each once, and stops with the piece in which the header ends.

use std::io::{self, Read, Seek, SeekFrom};

use crate::{Error, Header, Limits, read};

/// The first piece, in bytes. Holds the whole header of models without a large vocabulary.
const FIRST_BYTES: u64 = 1 << 20;

/// The largest piece, in bytes: each is twice as long as the one before, up to this.
const LARGEST_BYTES: u64 = 8 << 20;

/// The most requests for one header. The longest header that [`Limits`] allow, 128 MiB, takes 19 of an
/// honest source; this stops one that hands out single bytes.
const MAX_REQUESTS: u32 = 64;

/// Something that can be asked for parts of a file.
///
/// Nothing it says is believed: a wrong length or a short answer ends in an [`Error`], never in a panic
/// or in endless requests.
pub trait RangeSource {
    /// Reads bytes from `offset` on into the beginning of `into`, and says how many: all of `into`, or
    /// fewer if the source gives only so many at once or the file ends; 0 only at the end of the file.
    ///
    /// # Errors
    /// Whatever went wrong; [`RangeReader::header`] hands it on as [`Error::Io`]. Repeating a request that
    /// failed is the source's own matter.
    fn read_range(&mut self, offset: u64, into: &mut [u8]) -> io::Result<usize>;

    /// The length of the whole file, in bytes, if it is known. Asked once, after the first
    /// [`RangeSource::read_range`], since the answer to that usually tells it.
    ///
    /// # Errors
    /// As [`RangeSource::read_range`].
    fn total_bytes(&mut self) -> io::Result<Option<u64>>;
}

/// What a header has cost so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Traffic {
    /// How many ranges were asked for, also in vain.
    pub requests: u32,
    /// How many bytes came.
    pub bytes: u64,
}

/// How a source broke its word.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RangeError {
    /// The file was said to be longer.
    #[error("The file ended after {ended_bytes} of {total_bytes} bytes while it was fetched. Try again.")]
    Ended {
        /// Where no more bytes came.
        ended_bytes: u64,
        /// The length that was claimed.
        total_bytes: u64,
    },
    /// More bytes than there was room for.
    #[error("The file could not be fetched: {asked_bytes} bytes were asked for, and {given_bytes} came. Try again.")]
    TooMuch {
        /// What was asked for.
        asked_bytes: u64,
        /// What the source says it gave.
        given_bytes: u64,
    },
    /// The answers are so short that fetching would take for ever.
    #[error("The beginning of the file could not be fetched with {at_most} requests. Try again later.")]
    TooManyRequests {
        /// The limit.
        at_most: u32,
    },
}

/// Reads a file that is fetched piece by piece: forwards only, so that no byte is fetched twice and only
/// one piece is in memory.
#[derive(Debug)]
pub struct RangeReader<S> {
    source: S,
    /// The piece fetched last, and where it starts in the file.
    piece: Vec<u8>,
    piece_start: u64,
    /// Where the next read begins, in bytes from the start of the file.
    position: u64,
    next_piece_bytes: u64,
    /// The end of the last byte that came, in bytes from the start of the file.
    seen_bytes: u64,
    /// `None` before the first answer, then what the source says.
    total_bytes: Option<Option<u64>>,
    traffic: Traffic,
}

impl<S: RangeSource> RangeReader<S> {
    /// Fetches nothing yet.
    pub fn new(source: S) -> Self {
        Self {
            source,
            piece: Vec::new(),
            piece_start: 0,
            position: 0,
            next_piece_bytes: FIRST_BYTES,
            seen_bytes: 0,
            total_bytes: None,
            traffic: Traffic::default(),
        }
    }

    /// Fetches and checks the header, as [`read`] does. Works once: afterwards the beginning is gone.
    ///
    /// # Errors
    /// As [`read`]; [`Error::Range`] if the source breaks its word, [`Error::Io`] with what it says went
    /// wrong.
    pub fn header(&mut self, limits: &Limits) -> Result<Header, Error> {
        self.fetch().map_err(unwrapped)?;
        let total_bytes = self.total_bytes.flatten();
        read(self, total_bytes, limits).map_err(|error| match error {
            Error::Io(error) => unwrapped(error),
            other => other,
        })
    }

    /// How many requests were made, and how many bytes came.
    pub fn traffic(&self) -> Traffic {
        self.traffic
    }

    /// The length of the whole file in bytes, as the source tells it; `None` before the first request.
    pub fn total_bytes(&self) -> Option<u64> {
        self.total_bytes.flatten()
    }

    /// Gives the source back.
    pub fn into_source(self) -> S {
        self.source
    }

    /// Fetches the piece that begins at the position. An empty one is the end of the file.
    fn fetch(&mut self) -> io::Result<()> {
        let left_bytes = self.total_bytes.flatten().map_or(u64::MAX, |total| total.saturating_sub(self.position));
        let asked_bytes = left_bytes.min(self.next_piece_bytes);
        self.piece.clear();
        self.piece_start = self.position;
        if asked_bytes == 0 {
            return Ok(());
        }
        if self.traffic.requests == MAX_REQUESTS {
            return Err(io::Error::other(RangeError::TooManyRequests { at_most: MAX_REQUESTS }));
        }
        self.traffic.requests += 1;
        // At most 8 MiB.
        self.piece.resize(asked_bytes as usize, 0);
        let given = self.source.read_range(self.position, &mut self.piece);
        let given_bytes = *given.as_ref().unwrap_or(&0) as u64;
        self.piece.truncate(given_bytes.min(asked_bytes) as usize);
        given?;
        self.traffic.bytes = self.traffic.bytes.saturating_add(given_bytes);
        if given_bytes > asked_bytes {
            self.piece.clear();
            return Err(io::Error::other(RangeError::TooMuch { asked_bytes, given_bytes }));
        }
        if given_bytes > 0 {
            // A piece lies within a file, whose length is a u64.
            self.seen_bytes = self.position.saturating_add(given_bytes);
        }
        self.next_piece_bytes = (self.next_piece_bytes * 2).min(LARGEST_BYTES);
        self.check_end(given_bytes)
    }

    /// Asks for the length if it is not known yet, and compares it with where the file ended.
    fn check_end(&mut self, given_bytes: u64) -> io::Result<()> {
        let total_bytes = match self.total_bytes {
            Some(known) => known,
            None => *self.total_bytes.insert(self.source.total_bytes()?),
        };
        match total_bytes {
            Some(total_bytes) if given_bytes == 0 && self.position < total_bytes => {
                Err(io::Error::other(RangeError::Ended { ended_bytes: self.seen_bytes, total_bytes }))
            }
            None if given_bytes == 0 => {
                self.total_bytes = Some(Some(self.seen_bytes));
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

/// The error inside the envelope that [`Read`] needs.
fn unwrapped(error: io::Error) -> Error {
    match error.downcast::<RangeError>() {
        Ok(broken_word) => Error::Range(broken_word),
        Err(error) => Error::Io(error),
    }
}

impl<S: RangeSource> Read for RangeReader<S> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if into.is_empty() {
            return Ok(0);
        }
        let Some(skipped) = self.position.checked_sub(self.piece_start) else {
            return Err(io::Error::new(io::ErrorKind::Unsupported, "fetched files are read forwards only"));
        };
        let fetched = usize::try_from(skipped).ok().and_then(|skipped| self.piece.get(skipped..));
        if fetched.is_none_or(<[u8]>::is_empty) {
            self.fetch()?;
        }
        // `fetch` has begun a piece here.
        let start = (self.position - self.piece_start) as usize;
        let n_bytes = self.piece.get(start..).unwrap_or_default().read(into)?;
        self.position += n_bytes as u64;
        Ok(n_bytes)
    }
}

impl<S: RangeSource> Seek for RangeReader<S> {
    /// Moves without fetching. Behind the piece that is there, the next read fails.
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let unknown = || io::Error::new(io::ErrorKind::Unsupported, "the file's length is not known");
        let position = match to {
            SeekFrom::Start(offset) => Some(offset),
            SeekFrom::Current(by) => self.position.checked_add_signed(by),
            SeekFrom::End(by) => self.total_bytes.flatten().ok_or_else(unknown)?.checked_add_signed(by),
        };
        self.position = position.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.position)
    }
}
