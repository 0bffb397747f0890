//! What can be wrong with a file, in plain words and with the numbers.

use std::io;

use crate::{RangeError, SplitError, WrongType};

/// Why a file cannot be used as a GGUF model.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The medium failed, not the file.
    #[error("The file could not be read: {0}.")]
    Io(#[from] io::Error),
    /// The first four bytes are not `GGUF`.
    #[error("This is not a GGUF file: it starts with {} instead of “GGUF”.", printable(found))]
    NotGguf {
        /// The first bytes; fewer than four if the file is shorter.
        found: Vec<u8>,
    },
    /// GGUF version 1, of 2023, which llama.cpp no longer reads.
    #[error("This is a GGUF file of version 1, which is no longer supported. Download a newer copy of the model.")]
    Version1,
    /// Written for computers of the other byte order.
    #[error("This GGUF file was made for big-endian computers. Download the usual (little-endian) copy of the model.")]
    BigEndian,
    /// Newer than this build, or nonsense.
    #[error(
        "This GGUF file has version {found}; this version of Paddock reads versions 2 and 3. Update Paddock or choose another file."
    )]
    UnknownVersion {
        /// What the file says.
        found: u32,
    },
    /// The file stops inside its header or before the end of its last tensor.
    #[error(
        "The file ends early: it has {have_bytes} bytes and needs {needed_bytes}. Its download was probably not finished; download it again."
    )]
    Truncated {
        /// The least number of bytes the whole file must have.
        needed_bytes: u64,
        /// The number of bytes it has.
        have_bytes: u64,
    },
    /// More of something than [`crate::Limits`] allows or the file has room for.
    #[error("The file is damaged: it claims {claimed} {what}, and at most {at_most} are possible.")]
    TooMany {
        /// Of what, in the plural.
        what: &'static str,
        /// What the file claims.
        claimed: u64,
        /// The limit.
        at_most: u64,
    },
    /// The header alone is larger than [`crate::Limits::max_header_bytes`].
    #[error("The file's header is larger than {at_most_bytes} bytes, which no real model needs.")]
    HeaderTooLarge {
        /// The limit.
        at_most_bytes: u64,
    },
    /// A key or tensor name that is empty.
    #[error("The file is damaged: {what} number {index} has no name.")]
    EmptyName {
        /// "metadata entry" or "tensor".
        what: &'static str,
        /// Which, from 0.
        index: u64,
    },
    /// Text that is not UTF-8 where the format wants it.
    #[error("The file is damaged: {what} is not valid text.")]
    NotText {
        /// Which text.
        what: String,
    },
    /// The same key twice.
    #[error("The file is damaged: the metadata entry “{key}” is there twice.")]
    DuplicateKey {
        /// The key.
        key: String,
    },
    /// A value type that the format does not have.
    #[error("The file is damaged: the metadata entry “{key}” has the unknown type {found}.")]
    UnknownValueType {
        /// The key.
        key: String,
        /// The number in place of a type.
        found: u32,
    },
    /// An array of arrays, which llama.cpp does not read either.
    #[error("The metadata entry “{key}” is an array of arrays, which is not supported.")]
    NestedArray {
        /// The key.
        key: String,
    },
    /// `general.alignment` that is not a u32 or not a power of two.
    #[error("The file is damaged: its alignment is {found}, and it must be a power of two.")]
    BadAlignment {
        /// What is there, as text.
        found: String,
    },
    /// The same tensor twice.
    #[error("The file is damaged: the tensor “{name}” is there twice.")]
    DuplicateTensor {
        /// The tensor.
        name: String,
    },
    /// A tensor name of 64 bytes or more (`GGML_MAX_NAME`).
    #[error(
        "The file is damaged: the name of tensor number {index} has {length_bytes} bytes, and at most 63 are possible."
    )]
    TensorNameTooLong {
        /// Which, from 0.
        index: u64,
        /// The length of its name.
        length_bytes: u64,
    },
    /// More dimensions than ggml has (`GGML_MAX_DIMS`).
    #[error("The file is damaged: the tensor “{name}” has {found} dimensions, and at most 4 are possible.")]
    TooManyDimensions {
        /// The tensor.
        name: String,
        /// What the file claims.
        found: u32,
    },
    /// Dimensions whose product no computer can hold, or that exceed 2⁶³ − 1.
    #[error("The file is damaged: the tensor “{name}” claims the impossible shape {shape:?}.")]
    ImpossibleShape {
        /// The tensor.
        name: String,
        /// Its dimensions.
        shape: Vec<u64>,
    },
    /// Rows that do not consist of whole blocks.
    #[error(
        "The file is damaged: the tensor “{name}” has rows of {row} values, which is no multiple of the {block} that a block of {type_name} holds."
    )]
    PartialBlock {
        /// The tensor.
        name: String,
        /// Values in a row.
        row: u64,
        /// Values in a block.
        block: u64,
        /// The tensor's type.
        type_name: &'static str,
    },
    /// A type that llama.cpp had and dropped.
    #[error(
        "The model uses {type_name}, which llama.cpp no longer reads. Download the same model as {instead}: use {instead} instead."
    )]
    RemovedType {
        /// The tensor.
        tensor: String,
        /// The type's name.
        type_name: &'static str,
        /// The type to use.
        instead: &'static str,
    },
    /// A type number that this build does not know.
    #[error(
        "The tensor “{tensor}” has the type number {found}, which this version of Paddock does not know. Update Paddock or choose another quantization."
    )]
    UnknownTensorType {
        /// The tensor.
        tensor: String,
        /// The number.
        found: u32,
    },
    /// A tensor that does not start on a multiple of the alignment.
    #[error(
        "The file is damaged: the tensor “{name}” starts at {offset_bytes}, which is no multiple of {alignment_bytes}."
    )]
    Misaligned {
        /// The tensor.
        name: String,
        /// Its start within the data.
        offset_bytes: u64,
        /// The file's alignment.
        alignment_bytes: u32,
    },
    /// A tensor that does not start where the one before it ends; llama.cpp refuses it too.
    #[error("The file is damaged: the tensor “{name}” starts at {offset_bytes} instead of {expected_bytes}.")]
    Misplaced {
        /// The tensor.
        name: String,
        /// Its start within the data.
        offset_bytes: u64,
        /// Where it should start.
        expected_bytes: u64,
    },
    /// A key without which the model cannot be described, nor loaded by llama.cpp.
    #[error("The file does not say what the model is like: its metadata entry “{key}” is missing.")]
    MissingKey {
        /// The key.
        key: String,
    },
    /// A value of another type than its key has.
    #[error(transparent)]
    WrongType(#[from] WrongType),
    /// A number that no model can have.
    #[error("The file is damaged: its metadata entry “{key}” is {found}, and only {least} to {most} is possible.")]
    OutOfRange {
        /// The key.
        key: String,
        /// What the file says.
        found: u64,
        /// The least that is possible.
        least: u64,
        /// The most that is possible.
        most: u64,
    },
    /// A list with one value per layer that has another length.
    #[error("The file is damaged: its metadata entry “{key}” lists {found} values, and the model has {needed} layers.")]
    WrongArrayLength {
        /// The key.
        key: String,
        /// How many values there are.
        found: u64,
        /// How many layers there are.
        needed: u64,
    },
    /// A list that is needed was walked but not kept, because the lists before it are too long together.
    #[error("The file is damaged: its metadata holds so many lists that “{key}” was not read.")]
    ArrayNotKept {
        /// The key.
        key: String,
    },
    /// Numbers that are possible each, and not together.
    #[error("The file is damaged: its description of the model contradicts itself: {what}.")]
    Contradiction {
        /// Which numbers, as a clause.
        what: String,
    },
    /// A source of byte ranges broke its word.
    #[error(transparent)]
    Range(#[from] RangeError),
    /// Files that are not the parts of one model.
    #[error(transparent)]
    Split(#[from] SplitError),
}

/// Bytes as text where they are text, else as hexadecimal numbers.
fn printable(bytes: &[u8]) -> String {
    if bytes.is_empty() {
        return "nothing".to_owned();
    }
    if bytes.iter().all(|byte| byte.is_ascii_graphic() || *byte == b' ') {
        return format!("“{}”", String::from_utf8_lossy(bytes));
    }
    let hex: Vec<String> = bytes.iter().map(|byte| format!("{byte:02X}")).collect();
    format!("the bytes {}", hex.join(" "))
}
