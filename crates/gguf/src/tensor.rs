//! Where a tensor is and what it looks like; never its weights.

use crate::{Error, TensorType};

/// The most dimensions a tensor can have (`GGML_MAX_DIMS`).
pub(crate) const MAX_DIMENSIONS: usize = 4;

/// The size of a tensor in each dimension, the row length first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Shape {
    sizes: [u64; MAX_DIMENSIONS],
    count: usize,
}

impl Shape {
    /// A shape of at most four dimensions; `None` if there are more.
    pub fn new(dimensions: &[u64]) -> Option<Self> {
        let mut sizes = [1; MAX_DIMENSIONS];
        sizes.get_mut(..dimensions.len())?.copy_from_slice(dimensions);
        Some(Self { sizes, count: dimensions.len() })
    }

    /// The sizes, the row length first. Empty for a single value.
    pub fn dimensions(&self) -> &[u64] {
        &self.sizes[..self.count]
    }

    /// How many values; `None` past 2⁶³ − 1, where ggml's signed numbers end.
    pub fn values(&self) -> Option<u64> {
        let product = self.sizes.iter().try_fold(1_u64, |product, size| product.checked_mul(*size))?;
        (self.sizes.iter().all(|size| i64::try_from(*size).is_ok()) && i64::try_from(product).is_ok())
            .then_some(product)
    }

    /// How many values are in a row.
    pub fn row_values(&self) -> u64 {
        self.sizes[0]
    }
}

/// One tensor of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TensorInfo {
    /// Its name, such as `blk.0.attn_q.weight`.
    pub name: String,
    /// How its values are stored.
    pub tensor_type: TensorType,
    /// Its size in each dimension.
    pub shape: Shape,
    /// Where it starts, in bytes from [`crate::Header::data_offset`].
    pub offset_bytes: u64,
    /// How many bytes it takes, without the padding after it.
    pub n_bytes: u64,
}

impl TensorInfo {
    /// How many values it has.
    pub fn values(&self) -> u64 {
        // Checked when the tensor was read.
        self.shape.values().unwrap_or(0)
    }
}

/// The bytes a tensor takes, checked as ggml checks them.
///
/// # Errors
/// [`Error::ImpossibleShape`] and [`Error::PartialBlock`].
pub(crate) fn tensor_bytes(name: &str, tensor_type: TensorType, shape: &Shape) -> Result<u64, Error> {
    let impossible = || Error::ImpossibleShape { name: name.to_owned(), shape: shape.dimensions().to_vec() };
    let values = shape.values().ok_or_else(impossible)?;
    let block = tensor_type.block_values();
    if !shape.row_values().is_multiple_of(block) {
        return Err(Error::PartialBlock {
            name: name.to_owned(),
            row: shape.row_values(),
            block,
            type_name: tensor_type.name(),
        });
    }
    (values / block).checked_mul(tensor_type.block_bytes()).ok_or_else(impossible)
}
