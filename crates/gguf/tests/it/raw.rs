//! A header put together byte by byte, so that it can be wrong in every way.

use std::io::{self, Cursor, Read, Seek, SeekFrom};

use paddock_gguf::{Error, Header, Limits, read};

// enum gguf_type, gguf.h
pub const U8: u32 = 0;
pub const U32: u32 = 4;
pub const STRING: u32 = 8;
pub const ARRAY: u32 = 9;

// enum ggml_type, ggml.h
pub const F32: u32 = 0;
pub const Q4_0: u32 = 2;
pub const Q6_K: u32 = 14;

/// Bytes of a file under construction.
#[derive(Clone, Default)]
pub struct Raw(pub Vec<u8>);

impl Raw {
    /// Magic, version, and the two counts.
    pub fn start(version: u32, n_tensors: u64, n_metadata: u64) -> Self {
        Self(b"GGUF".to_vec()).u32(version).u64(n_tensors).u64(n_metadata)
    }

    pub fn u32(mut self, n: u32) -> Self {
        self.0.extend(n.to_le_bytes());
        self
    }

    pub fn u64(mut self, n: u64) -> Self {
        self.0.extend(n.to_le_bytes());
        self
    }

    pub fn bytes(mut self, bytes: &[u8]) -> Self {
        self.0.extend(bytes);
        self
    }

    pub fn text(self, text: &[u8]) -> Self {
        self.u64(text.len() as u64).bytes(text)
    }

    /// A metadata entry up to its value.
    pub fn entry(self, key: &[u8], value_type: u32) -> Self {
        self.text(key).u32(value_type)
    }

    pub fn tensor(self, name: &[u8], dimensions: &[u64], type_id: u32, offset: u64) -> Self {
        let mut raw = self.text(name).u32(dimensions.len() as u32);
        for size in dimensions {
            raw = raw.u64(*size);
        }
        raw.u32(type_id).u64(offset)
    }

    /// Zeros up to the next multiple of 32, then so many more.
    pub fn data(mut self, n_bytes: usize) -> Self {
        let end = self.0.len().next_multiple_of(32) + n_bytes;
        self.0.resize(end, 0);
        self
    }

    pub fn read(&self) -> Result<Header, Error> {
        self.read_with(&Limits::default())
    }

    pub fn read_with(&self, limits: &Limits) -> Result<Header, Error> {
        self.read_once(Some(self.0.len() as u64), limits)
    }

    /// What a reader says that does not know how long the file is.
    pub fn read_unmeasured(&self) -> Result<Header, Error> {
        self.read_once(None, &Limits::default())
    }

    /// No file takes more time than reading each of its bytes once.
    fn read_once(&self, file_len: Option<u64>, limits: &Limits) -> Result<Header, Error> {
        let mut once = Once { bytes: Cursor::new(&self.0), n_bytes: 0 };
        let result = read(&mut once, file_len, limits);
        assert!(once.n_bytes <= self.0.len(), "{} bytes of {} were read", once.n_bytes, self.0.len());
        result
    }
}

/// Counts what is read.
struct Once<'a> {
    bytes: Cursor<&'a Vec<u8>>,
    n_bytes: usize,
}

impl Read for Once<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let n_bytes = self.bytes.read(into)?;
        self.n_bytes += n_bytes;
        Ok(n_bytes)
    }
}

impl Seek for Once<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.bytes.seek(to)
    }
}
