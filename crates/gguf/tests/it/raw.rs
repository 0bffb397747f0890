//! A header put together byte by byte, so that it can be wrong in every way.

use std::io::Cursor;

use paddock_gguf::{Error, Header, Limits, read};

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
        read(Cursor::new(&self.0), Some(self.0.len() as u64), limits)
    }

    /// What a reader says that does not know how long the file is.
    pub fn read_unmeasured(&self) -> Result<Header, Error> {
        read(Cursor::new(&self.0), None, &Limits::default())
    }
}
