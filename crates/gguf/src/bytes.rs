//! Bytes from a reader, with the position known and every length checked before it is believed.

use std::io::{BufReader, Read, Seek, SeekFrom};

use crate::{Error, Limits};

/// How much is asked of the reader at once. A vocabulary is read in some forty pieces.
const BUFFER_BYTES: usize = 256 << 10;

/// Text is read in steps of this size, so that a claimed length cannot allocate much more than what is
/// really there: the length of the file is only a claim too, if it comes from a server.
const STEP_BYTES: u64 = 64 << 10;

/// A reader that counts.
pub(crate) struct Bytes<R> {
    inner: BufReader<R>,
    /// Bytes from the start of the file.
    position: u64,
    /// The length of the file, where known.
    file_len: Option<u64>,
    max_header_bytes: u64,
}

impl<R: Read + Seek> Bytes<R> {
    /// Starts at the beginning of the file, wherever the reader stands.
    pub(crate) fn new(mut reader: R, file_len: Option<u64>, limits: &Limits) -> Result<Self, Error> {
        reader.seek(SeekFrom::Start(0))?;
        // A small file needs a small buffer.
        let buffer_bytes = file_len.and_then(|len| usize::try_from(len).ok()).unwrap_or(BUFFER_BYTES).min(BUFFER_BYTES);
        Ok(Self {
            inner: BufReader::with_capacity(buffer_bytes, reader),
            position: 0,
            file_len,
            max_header_bytes: limits.max_header_bytes,
        })
    }

    pub(crate) fn position(&self) -> u64 {
        self.position
    }

    /// Refuses what does not fit into the rest of the file or of the longest allowed header.
    pub(crate) fn require(&self, n_bytes: u64) -> Result<(), Error> {
        let needed_bytes = self.position.saturating_add(n_bytes);
        if let Some(have_bytes) = self.file_len
            && needed_bytes > have_bytes
        {
            return Err(Error::Truncated { needed_bytes, have_bytes });
        }
        if needed_bytes > self.max_header_bytes {
            return Err(Error::HeaderTooLarge { at_most_bytes: self.max_header_bytes });
        }
        Ok(())
    }

    /// A number of elements, none of which takes fewer than `least_bytes` (at least 1).
    pub(crate) fn count(&mut self, what: &'static str, limit: u64, least_bytes: u64) -> Result<u64, Error> {
        let claimed = u64::from_le_bytes(self.array()?);
        self.check_count(what, claimed, limit, least_bytes)?;
        Ok(claimed)
    }

    pub(crate) fn check_count(
        &self,
        what: &'static str,
        claimed: u64,
        limit: u64,
        least_bytes: u64,
    ) -> Result<(), Error> {
        if claimed > limit {
            return Err(Error::TooMany { what, claimed, at_most: limit });
        }
        self.require(claimed.saturating_mul(least_bytes))
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], Error> {
        let mut bytes = [0; N];
        self.fill(&mut bytes)?;
        Ok(bytes)
    }

    pub(crate) fn u32(&mut self) -> Result<u32, Error> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    pub(crate) fn u64(&mut self) -> Result<u64, Error> {
        Ok(u64::from_le_bytes(self.array()?))
    }

    /// The first bytes of the file, at most four: fewer if it is shorter.
    pub(crate) fn magic(&mut self) -> Result<Vec<u8>, Error> {
        let mut magic = Vec::with_capacity(4);
        Read::by_ref(&mut self.inner).take(4).read_to_end(&mut magic)?;
        self.position = magic.len() as u64;
        Ok(magic)
    }

    /// Text with its length before it, as bytes.
    pub(crate) fn string(&mut self, what: &'static str, limit: u64) -> Result<Vec<u8>, Error> {
        let length = self.string_length(what, limit)?;
        let mut bytes = Vec::new();
        let mut left = length;
        while left > 0 {
            let step = left.min(STEP_BYTES);
            let start = bytes.len();
            // At most STEP_BYTES, which is a usize.
            bytes.resize(start + step as usize, 0);
            self.fill(&mut bytes[start..])?;
            left -= step;
        }
        Ok(bytes)
    }

    /// Skips text with its length before it.
    pub(crate) fn skip_string(&mut self, what: &'static str, limit: u64) -> Result<(), Error> {
        let length = self.string_length(what, limit)?;
        self.skip(length)
    }

    fn string_length(&mut self, what: &'static str, limit: u64) -> Result<u64, Error> {
        let length = self.u64()?;
        if length > limit {
            return Err(Error::TooMany { what, claimed: length, at_most: limit });
        }
        self.require(length)?;
        Ok(length)
    }

    /// Moves on without reading. Past the end of a file of unknown length this succeeds; the next
    /// read fails.
    pub(crate) fn skip(&mut self, n_bytes: u64) -> Result<(), Error> {
        self.require(n_bytes)?;
        // `require` bounds it by the longest header, far below i64::MAX.
        self.inner.seek_relative(i64::try_from(n_bytes).unwrap_or(i64::MAX))?;
        self.position += n_bytes;
        Ok(())
    }

    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), Error> {
        let n_bytes = bytes.len() as u64;
        self.require(n_bytes)?;
        match self.inner.read_exact(bytes) {
            Ok(()) => {
                self.position += n_bytes;
                Ok(())
            }
            Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
                Err(Error::Truncated { needed_bytes: self.position + n_bytes, have_bytes: self.end_of_file()? })
            }
            Err(error) => Err(error.into()),
        }
    }

    /// The length of the file as it is now; it may have shrunk since it was measured.
    fn end_of_file(&mut self) -> Result<u64, Error> {
        Ok(self.inner.seek(SeekFrom::End(0))?)
    }
}
