//! Reads the header of a GGUF model file: what the model is, and where each of its tensors lies.
//!
//! **Owns** the file format: versions 2 and 3, little-endian, as written by llama.cpp
//! (`ggml/include/gguf.h`). **Does not own** what a model needs in memory or whether an engine knows
//! its architecture, and never reads a weight. [`ModelShape`] gives what such a plan starts from.
//!
//! **The invariant:** nothing in a file is believed before it is checked. A count or a length is
//! compared with the bytes that are left before anything is allocated for it, so a file costs at most
//! a small multiple of its own header in memory, whatever it claims. What this crate accepts is never
//! more than what llama.cpp accepts, since the engine is going to open the same file.
//!
//! [`read`] is the entry point, [`RangeReader`] its counterpart for files that are elsewhere; [`Model`] puts the
//! files of a split model together. [`mod@write`] makes files, for tests and for models with random weights.
//!
//! **How to test:** `cargo test -p paddock-gguf`; `tests/it/corpus.rs` holds the malicious files, `fuzz` throws mutated ones.

mod bytes;
mod error;
mod file_type;
mod header;
mod limits;
mod metadata;
mod ranged;
mod reader;
mod shape;
mod split;
mod tensor;
mod tensor_type;
pub mod write;

pub use error::Error;
pub use header::Header;
pub use limits::Limits;
pub use metadata::{Array, Metadata, Value, ValueType, WrongType};
pub use ranged::{RangeError, RangeReader, RangeSource, Traffic};
pub use reader::read;
pub use shape::ModelShape;
pub use split::{Model, Part, PartName, SplitError};
pub use tensor::{Shape, TensorInfo};
pub use tensor_type::TensorType;

/// The first four bytes of every GGUF file (`GGUF_MAGIC` in gguf.h).
pub const MAGIC: [u8; 4] = *b"GGUF";

/// Where tensor data is aligned if the file does not say, in bytes (`GGUF_DEFAULT_ALIGNMENT`).
pub const DEFAULT_ALIGNMENT_BYTES: u32 = 32;

/// Rounds `offset` up to a multiple of `alignment`, a power of two. `None` past 2⁶⁴.
fn aligned(offset: u64, alignment: u32) -> Option<u64> {
    let mask = u64::from(alignment) - 1;
    Some(offset.checked_add(mask)? & !mask)
}
