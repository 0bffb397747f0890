//! From bytes to a [`Header`].

use std::collections::HashSet;
use std::io::{Read, Seek};

use crate::bytes::Bytes;
use crate::tensor::{MAX_DIMENSIONS, tensor_bytes};
use crate::tensor_type::REMOVED;
use crate::{
    Array, DEFAULT_ALIGNMENT_BYTES, Error, Header, Limits, MAGIC, Metadata, Shape, TensorInfo, TensorType, Value,
    ValueType, aligned,
};

/// The longest tensor name, in bytes (`GGML_MAX_NAME` less the closing zero).
const MAX_TENSOR_NAME_BYTES: u64 = 63;

/// The fewest bytes of a metadata entry: length of the key, one byte of key, type, one byte of value.
const LEAST_ENTRY_BYTES: u64 = 8 + 1 + 4 + 1;

/// The fewest bytes of a tensor's description: length of the name, one byte of name, number of
/// dimensions, type, offset.
const LEAST_TENSOR_BYTES: u64 = 8 + 1 + 4 + 4 + 8;

/// Reads and checks the header of a GGUF file, from the reader's beginning.
///
/// `file_len` is the length of the whole file in bytes, which lets a file that ends early be refused
/// before a count or a length in it is believed. With `None` (a stream whose end is unknown) only the
/// header itself must be there, and the reader may be a prefix of the file.
///
/// Costs time in proportion to the header's length, and memory in proportion to what is kept.
///
/// # Errors
/// See [`Error`]: each says what is wrong with the file. After one, the position of the reader is
/// anywhere.
pub fn read<R: Read + Seek>(reader: R, file_len: Option<u64>, limits: &Limits) -> Result<Header, Error> {
    let mut bytes = Bytes::new(reader, file_len, limits)?;
    let version = version(&mut bytes)?;
    let n_tensors = bytes.u64()?;
    let n_metadata = bytes.count("metadata entries", limits.max_metadata, LEAST_ENTRY_BYTES)?;
    bytes.check_count("tensors", n_tensors, limits.max_tensors, LEAST_TENSOR_BYTES)?;
    let metadata = read_metadata(&mut bytes, n_metadata, limits)?;
    let alignment_bytes = alignment(&metadata)?;
    let tensors = read_tensors(&mut bytes, n_tensors, alignment_bytes)?;
    let data_offset = if tensors.is_empty() {
        bytes.position()
    } else {
        // The position is below the longest header, so rounding it up cannot leave u64.
        aligned(bytes.position(), alignment_bytes).unwrap_or(u64::MAX)
    };
    let header = Header { version, alignment_bytes, metadata, tensors, data_offset };
    if let Some(have_bytes) = file_len
        && header.file_bytes() > have_bytes
    {
        return Err(Error::Truncated { needed_bytes: header.file_bytes(), have_bytes });
    }
    Ok(header)
}

fn version<R: Read + Seek>(bytes: &mut Bytes<R>) -> Result<u32, Error> {
    let found = bytes.magic()?;
    if found != MAGIC {
        return Err(Error::NotGguf { found });
    }
    match bytes.u32()? {
        version @ (2 | 3) => Ok(version),
        1 => Err(Error::Version1),
        // As gguf.cpp: a small number written in the other byte order has nothing in its low half.
        swapped if swapped & 0xFFFF == 0 && swapped != 0 => Err(Error::BigEndian),
        found => Err(Error::UnknownVersion { found }),
    }
}

fn read_metadata<R: Read + Seek>(bytes: &mut Bytes<R>, count: u64, limits: &Limits) -> Result<Metadata, Error> {
    let mut metadata = Metadata::default();
    // Arrays are kept only up to what is left of `keep_elements`.
    let mut limits = *limits;
    for index in 0..count {
        let key = name(bytes, "metadata entry", index, limits.max_key_bytes)?;
        let value = read_value(bytes, &key, &limits)?;
        if let Some(kept) = value.as_array().filter(|array| array.elements.is_some()) {
            limits.keep_elements = limits.keep_elements.saturating_sub(kept.len);
        }
        if !metadata.insert(key.clone(), value) {
            return Err(Error::DuplicateKey { key });
        }
    }
    Ok(metadata)
}

/// A key or a tensor's name. These are looked up and shown, so unlike values they must be text.
fn name<R: Read + Seek>(bytes: &mut Bytes<R>, what: &'static str, index: u64, limit: u64) -> Result<String, Error> {
    let raw = bytes.string("bytes of a name", limit)?;
    if raw.is_empty() {
        return Err(Error::EmptyName { what, index });
    }
    String::from_utf8(raw).map_err(|_| Error::NotText { what: format!("the name of {what} number {index}") })
}

fn value_type<R: Read + Seek>(bytes: &mut Bytes<R>, key: &str) -> Result<ValueType, Error> {
    let found = bytes.u32()?;
    ValueType::from_id(found).ok_or_else(|| Error::UnknownValueType { key: key.to_owned(), found })
}

fn read_value<R: Read + Seek>(bytes: &mut Bytes<R>, key: &str, limits: &Limits) -> Result<Value, Error> {
    match value_type(bytes, key)? {
        ValueType::Array => Ok(Value::Array(Box::new(read_array(bytes, key, limits)?))),
        single => read_single(bytes, key, single, limits),
    }
}

fn read_array<R: Read + Seek>(bytes: &mut Bytes<R>, key: &str, limits: &Limits) -> Result<Array, Error> {
    let element_type = value_type(bytes, key)?;
    let least_bytes = match element_type {
        ValueType::Array => return Err(Error::NestedArray { key: key.to_owned() }),
        // Each text has its length before it.
        single => single.size_bytes().unwrap_or(8),
    };
    let len = bytes.count("array elements", limits.max_array_elements, least_bytes)?;
    let start = bytes.position();
    let elements = if len <= limits.keep_arrays_up_to.min(limits.keep_elements) {
        // Grows as elements are read: the capacity is never taken from the file.
        let mut elements = Vec::new();
        for _ in 0..len {
            elements.push(read_single(bytes, key, element_type, limits)?);
        }
        Some(elements)
    } else {
        skip_elements(bytes, element_type, len, limits)?;
        None
    };
    Ok(Array { element_type, len, file_range: start..bytes.position(), elements })
}

fn skip_elements<R: Read + Seek>(
    bytes: &mut Bytes<R>,
    element_type: ValueType,
    len: u64,
    limits: &Limits,
) -> Result<(), Error> {
    if let Some(size) = element_type.size_bytes() {
        // The count was checked against the bytes that are left.
        return bytes.skip(len.saturating_mul(size));
    }
    for _ in 0..len {
        bytes.skip_string("bytes of text", limits.max_string_bytes)?;
    }
    Ok(())
}

fn read_single<R: Read + Seek>(
    bytes: &mut Bytes<R>,
    key: &str,
    value_type: ValueType,
    limits: &Limits,
) -> Result<Value, Error> {
    Ok(match value_type {
        ValueType::U8 => Value::U8(u8::from_le_bytes(bytes.array()?)),
        ValueType::I8 => Value::I8(i8::from_le_bytes(bytes.array()?)),
        ValueType::U16 => Value::U16(u16::from_le_bytes(bytes.array()?)),
        ValueType::I16 => Value::I16(i16::from_le_bytes(bytes.array()?)),
        ValueType::U32 => Value::U32(u32::from_le_bytes(bytes.array()?)),
        ValueType::I32 => Value::I32(i32::from_le_bytes(bytes.array()?)),
        ValueType::F32 => Value::F32(f32::from_le_bytes(bytes.array()?)),
        // As gguf.cpp: anything but zero is true.
        ValueType::Bool => Value::Bool(bytes.array::<1>()? != [0]),
        ValueType::String => {
            let raw = bytes.string("bytes of text", limits.max_string_bytes)?;
            Value::String(lossy_text(raw).into_boxed_str())
        }
        ValueType::U64 => Value::U64(u64::from_le_bytes(bytes.array()?)),
        ValueType::I64 => Value::I64(i64::from_le_bytes(bytes.array()?)),
        ValueType::F64 => Value::F64(f64::from_le_bytes(bytes.array()?)),
        ValueType::Array => return Err(Error::NestedArray { key: key.to_owned() }),
    })
}

/// Without a copy where the bytes are UTF-8, which they nearly always are.
fn lossy_text(raw: Vec<u8>) -> String {
    String::from_utf8(raw).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

fn alignment(metadata: &Metadata) -> Result<u32, Error> {
    match metadata.get("general.alignment") {
        None => Ok(DEFAULT_ALIGNMENT_BYTES),
        Some(Value::U32(bytes)) if bytes.is_power_of_two() => Ok(*bytes),
        Some(Value::U32(bytes)) => Err(Error::BadAlignment { found: bytes.to_string() }),
        Some(other) => Err(Error::BadAlignment { found: format!("of type {}", other.value_type().name()) }),
    }
}

fn read_tensors<R: Read + Seek>(
    bytes: &mut Bytes<R>,
    count: u64,
    alignment_bytes: u32,
) -> Result<Vec<TensorInfo>, Error> {
    let mut tensors = Vec::new();
    let mut expected_bytes = 0;
    for index in 0..count {
        let tensor = read_tensor(bytes, index)?;
        expected_bytes = check_place(&tensor, expected_bytes, alignment_bytes)?;
        tensors.push(tensor);
    }
    let mut names = HashSet::new();
    match tensors.iter().find(|tensor| !names.insert(tensor.name.as_str())) {
        Some(again) => Err(Error::DuplicateTensor { name: again.name.clone() }),
        None => Ok(tensors),
    }
}

fn read_tensor<R: Read + Seek>(bytes: &mut Bytes<R>, index: u64) -> Result<TensorInfo, Error> {
    let name = match name(bytes, "tensor", index, MAX_TENSOR_NAME_BYTES) {
        Err(Error::TooMany { claimed, .. }) => {
            return Err(Error::TensorNameTooLong { index, length_bytes: claimed });
        }
        other => other?,
    };
    let n_dimensions = bytes.u32()?;
    let mut sizes = [1; MAX_DIMENSIONS];
    let Some(sizes) = usize::try_from(n_dimensions).ok().and_then(|count| sizes.get_mut(..count)) else {
        return Err(Error::TooManyDimensions { name, found: n_dimensions });
    };
    for size in sizes.iter_mut() {
        *size = bytes.u64()?;
    }
    let Some(shape) = Shape::new(sizes) else {
        return Err(Error::TooManyDimensions { name, found: n_dimensions });
    };
    let tensor_type = tensor_type(bytes.u32()?, &name)?;
    let n_bytes = tensor_bytes(&name, tensor_type, &shape)?;
    Ok(TensorInfo { name, tensor_type, shape, offset_bytes: bytes.u64()?, n_bytes })
}

fn tensor_type(id: u32, tensor: &str) -> Result<TensorType, Error> {
    if let Some(known) = TensorType::from_id(id) {
        return Ok(known);
    }
    Err(match REMOVED.iter().find(|(removed, _, _)| *removed == id) {
        Some((_, type_name, instead)) => Error::RemovedType { tensor: tensor.to_owned(), type_name, instead },
        None => Error::UnknownTensorType { tensor: tensor.to_owned(), found: id },
    })
}

/// Tensors lie one after the other, each on a multiple of the alignment. Returns where the next one
/// starts.
fn check_place(tensor: &TensorInfo, expected: u64, alignment_bytes: u32) -> Result<u64, Error> {
    if !tensor.offset_bytes.is_multiple_of(alignment_bytes.into()) {
        return Err(Error::Misaligned {
            name: tensor.name.clone(),
            offset_bytes: tensor.offset_bytes,
            alignment_bytes,
        });
    }
    if tensor.offset_bytes != expected {
        return Err(Error::Misplaced {
            name: tensor.name.clone(),
            offset_bytes: tensor.offset_bytes,
            expected_bytes: expected,
        });
    }
    // The end of the file is a signed number on every system.
    expected
        .checked_add(tensor.n_bytes)
        .and_then(|end| aligned(end, alignment_bytes))
        .filter(|end| i64::try_from(*end).is_ok())
        .ok_or_else(|| Error::ImpossibleShape { name: tensor.name.clone(), shape: tensor.shape.dimensions().to_vec() })
}
