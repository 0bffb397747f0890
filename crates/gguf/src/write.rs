//! Writes GGUF files: small ones for tests, and models of any size with made-up weights.
//!
//! The data of a tensor is produced while it is written, so a file of many gigabytes needs one small
//! buffer; with [`Data::Hole`] it needs hardly any disk either, where the file system has sparse files.

use std::io::{self, Seek, SeekFrom, Write};

use crate::tensor::tensor_bytes;
use crate::{DEFAULT_ALIGNMENT_BYTES, MAGIC, Shape, TensorType, Value, aligned};

/// How many bytes a [`Data::Fill`] is asked for at once, at most. A multiple of every block size would
/// be no help: offsets are given in bytes.
const CHUNK_BYTES: usize = 1 << 20;

/// Why a file could not be written.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The medium failed.
    #[error("The file could not be written: {0}.")]
    Io(#[from] io::Error),
    /// A tensor that [`crate::read`] would refuse.
    #[error(transparent)]
    Tensor(#[from] crate::Error),
    /// More dimensions than ggml has.
    #[error("The tensor “{name}” has {found} dimensions, and at most 4 are possible.")]
    TooManyDimensions {
        /// The tensor.
        name: String,
        /// How many were given.
        found: usize,
    },
    /// Bytes that do not match type and shape.
    #[error("The tensor “{name}” takes {needed_bytes} bytes, and {have_bytes} were given.")]
    WrongLength {
        /// The tensor.
        name: String,
        /// What its type and shape need.
        needed_bytes: u64,
        /// What was given.
        have_bytes: u64,
    },
    /// `general.alignment` that is not a `u32` or not a power of two.
    #[error("The alignment must be a u32 and a power of two.")]
    BadAlignment,
    /// An array without elements to write, or with elements of another type.
    #[error("The array “{key}” cannot be written: its elements are missing, mixed or arrays.")]
    BadArray {
        /// The key.
        key: String,
    },
    /// More than fits into the format's 64-bit numbers.
    #[error("The tensors take more than 2⁶³ bytes.")]
    TooLarge,
}

/// Fills a piece of a tensor: given the piece's offset in bytes from the start of the tensor.
pub type FillFn<'a> = Box<dyn FnMut(u64, &mut [u8]) + 'a>;

/// Where the bytes of a tensor come from.
pub enum Data<'a> {
    /// From here.
    Bytes(Vec<u8>),
    /// All zero, and written.
    Zeros,
    /// All zero, and skipped: takes no disk where the file system has sparse files.
    Hole,
    /// From a function, asked for consecutive pieces of at most 1 MiB.
    Fill(FillFn<'a>),
}

struct Tensor<'a> {
    name: String,
    tensor_type: TensorType,
    dimensions: Vec<u64>,
    data: Data<'a>,
}

/// Collects what goes into a file, then writes it.
#[derive(Default)]
pub struct Builder<'a> {
    metadata: Vec<(String, Value)>,
    tensors: Vec<Tensor<'a>>,
}

impl<'a> Builder<'a> {
    /// An empty file of version 3. Alignment is 32 bytes unless `general.alignment` is added.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a metadata entry.
    #[must_use]
    pub fn metadata(mut self, key: impl Into<String>, value: impl Into<Value>) -> Self {
        self.metadata.push((key.into(), value.into()));
        self
    }

    /// Adds a tensor. `dimensions` has the row length first.
    #[must_use]
    pub fn tensor(
        mut self,
        name: impl Into<String>,
        tensor_type: TensorType,
        dimensions: &[u64],
        data: Data<'a>,
    ) -> Self {
        self.tensors.push(Tensor { name: name.into(), tensor_type, dimensions: dimensions.to_vec(), data });
        self
    }

    /// Writes the file from the writer's beginning and returns its length in bytes. A file must be
    /// new or empty, for holes to be zero.
    ///
    /// # Errors
    /// See [`Error`]. The writer then holds part of a file.
    pub fn write<W: Write + Seek>(self, mut writer: W) -> Result<u64, Error> {
        writer.seek(SeekFrom::Start(0))?;
        let alignment = self.alignment()?;
        let sizes = self.sizes()?;
        let header = self.header(&sizes, alignment)?;
        writer.write_all(&header)?;
        let mut position = header.len() as u64;
        let mut end = position;
        if !self.tensors.is_empty() {
            end = aligned(position, alignment).ok_or(Error::TooLarge)?;
            position = pad(&mut writer, position, end)?;
        }
        for (tensor, n_bytes) in self.tensors.into_iter().zip(sizes) {
            end = aligned(position + n_bytes, alignment).ok_or(Error::TooLarge)?;
            write_data(&mut writer, &tensor.name, tensor.data, n_bytes)?;
            position = pad(&mut writer, position + n_bytes, end)?;
        }
        close_hole(&mut writer, end)?;
        writer.flush()?;
        Ok(end)
    }

    /// The file in memory; for tests.
    ///
    /// # Errors
    /// As [`Builder::write`].
    pub fn to_bytes(self) -> Result<Vec<u8>, Error> {
        let mut cursor = io::Cursor::new(Vec::new());
        self.write(&mut cursor)?;
        Ok(cursor.into_inner())
    }

    fn alignment(&self) -> Result<u32, Error> {
        match self.metadata.iter().find(|(key, _)| key == "general.alignment") {
            None => Ok(DEFAULT_ALIGNMENT_BYTES),
            Some((_, Value::U32(bytes))) if bytes.is_power_of_two() => Ok(*bytes),
            Some(_) => Err(Error::BadAlignment),
        }
    }

    /// The bytes of each tensor, without padding.
    fn sizes(&self) -> Result<Vec<u64>, Error> {
        self.tensors
            .iter()
            .map(|tensor| {
                let found = tensor.dimensions.len();
                let shape = Shape::new(&tensor.dimensions)
                    .ok_or_else(|| Error::TooManyDimensions { name: tensor.name.clone(), found })?;
                Ok(tensor_bytes(&tensor.name, tensor.tensor_type, &shape)?)
            })
            .collect()
    }

    fn header(&self, sizes: &[u64], alignment: u32) -> Result<Vec<u8>, Error> {
        let mut out = Vec::new();
        out.extend(MAGIC);
        out.extend(3_u32.to_le_bytes());
        out.extend((self.tensors.len() as u64).to_le_bytes());
        out.extend((self.metadata.len() as u64).to_le_bytes());
        for (key, value) in &self.metadata {
            put_text(&mut out, key);
            out.extend(value.value_type().id().to_le_bytes());
            put_value(&mut out, key, value)?;
        }
        let mut offset = 0_u64;
        for (tensor, n_bytes) in self.tensors.iter().zip(sizes) {
            put_text(&mut out, &tensor.name);
            // At most four dimensions: `sizes` has refused more.
            out.extend((tensor.dimensions.len() as u32).to_le_bytes());
            for size in &tensor.dimensions {
                out.extend(size.to_le_bytes());
            }
            out.extend(tensor.tensor_type.id().to_le_bytes());
            out.extend(offset.to_le_bytes());
            offset = offset
                .checked_add(*n_bytes)
                .and_then(|end| aligned(end, alignment))
                .filter(|end| i64::try_from(*end).is_ok())
                .ok_or(Error::TooLarge)?;
        }
        Ok(out)
    }
}

fn put_text(out: &mut Vec<u8>, text: &str) {
    out.extend((text.len() as u64).to_le_bytes());
    out.extend(text.as_bytes());
}

fn put_value(out: &mut Vec<u8>, key: &str, value: &Value) -> Result<(), Error> {
    match value {
        Value::U8(n) => out.extend(n.to_le_bytes()),
        Value::I8(n) => out.extend(n.to_le_bytes()),
        Value::U16(n) => out.extend(n.to_le_bytes()),
        Value::I16(n) => out.extend(n.to_le_bytes()),
        Value::U32(n) => out.extend(n.to_le_bytes()),
        Value::I32(n) => out.extend(n.to_le_bytes()),
        Value::F32(n) => out.extend(n.to_le_bytes()),
        Value::Bool(flag) => out.push(u8::from(*flag)),
        Value::String(text) => put_text(out, text),
        Value::U64(n) => out.extend(n.to_le_bytes()),
        Value::I64(n) => out.extend(n.to_le_bytes()),
        Value::F64(n) => out.extend(n.to_le_bytes()),
        Value::Array(array) => {
            let bad = || Error::BadArray { key: key.to_owned() };
            let elements = array.elements.as_deref().ok_or_else(bad)?;
            out.extend(array.element_type.id().to_le_bytes());
            out.extend((elements.len() as u64).to_le_bytes());
            for element in elements {
                let kind = element.value_type();
                if kind != array.element_type || kind == crate::ValueType::Array {
                    return Err(bad());
                }
                put_value(out, key, element)?;
            }
        }
    }
    Ok(())
}

fn write_data<W: Write + Seek>(writer: &mut W, name: &str, data: Data<'_>, n_bytes: u64) -> Result<(), Error> {
    match data {
        Data::Bytes(bytes) => {
            let have_bytes = bytes.len() as u64;
            if have_bytes != n_bytes {
                let name = name.to_owned();
                return Err(Error::WrongLength { name, needed_bytes: n_bytes, have_bytes });
            }
            writer.write_all(&bytes)?;
        }
        Data::Zeros => {
            io::copy(&mut io::Read::take(io::repeat(0), n_bytes), writer)?;
        }
        Data::Hole => {
            // Sizes are below 2⁶³: `header` has refused more.
            writer.seek(SeekFrom::Current(i64::try_from(n_bytes).unwrap_or(i64::MAX)))?;
        }
        Data::Fill(mut fill) => {
            let mut buffer = vec![0; CHUNK_BYTES];
            let mut offset = 0;
            while offset < n_bytes {
                let length = (n_bytes - offset).min(CHUNK_BYTES as u64);
                // At most CHUNK_BYTES, which is a usize.
                let piece = &mut buffer[..length as usize];
                fill(offset, piece);
                writer.write_all(piece)?;
                offset += length;
            }
        }
    }
    Ok(())
}

/// Writes zeros from `position` to `end`, which are less than one alignment apart, in small pieces:
/// an alignment may be as large as 2³¹.
fn pad<W: Write>(writer: &mut W, position: u64, end: u64) -> Result<u64, Error> {
    io::copy(&mut io::Read::take(io::repeat(0), end - position), writer)?;
    Ok(end)
}

/// A hole at the end of a file exists only once something is written behind it.
fn close_hole<W: Write + Seek>(writer: &mut W, end: u64) -> Result<(), Error> {
    if end > 0 && writer.seek(SeekFrom::End(0))? < end {
        writer.seek(SeekFrom::Start(end - 1))?;
        writer.write_all(&[0])?;
    }
    Ok(())
}
