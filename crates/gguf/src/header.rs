//! A header that was read and checked, and the questions it answers.

use std::collections::HashMap;

use crate::{Metadata, TensorInfo, TensorType, file_type};

/// Everything in a GGUF file but the weights.
#[derive(Debug, Clone, PartialEq)]
pub struct Header {
    /// The version of the format: 2 or 3.
    pub version: u32,
    /// Where tensors may start, in bytes; a power of two.
    pub alignment_bytes: u32,
    /// What the file says about the model.
    pub metadata: Metadata,
    /// The tensors, in the order of the file, which is also the order of their data.
    pub tensors: Vec<TensorInfo>,
    /// Where the data of the tensors begins, in bytes from the start of the file.
    pub data_offset: u64,
}

impl Header {
    /// How many parameters (weights) the file holds.
    pub fn parameter_count(&self) -> u64 {
        self.tensors.iter().fold(0, |sum, tensor| sum.saturating_add(tensor.values()))
    }

    /// The bytes of all tensors, without padding.
    pub fn weights_bytes(&self) -> u64 {
        self.tensors.iter().fold(0, |sum, tensor| sum.saturating_add(tensor.n_bytes))
    }

    /// The least size of the whole file, in bytes: up to the end of the last tensor.
    pub fn file_bytes(&self) -> u64 {
        let data = self.tensors.last().map_or(0, |last| last.offset_bytes.saturating_add(last.n_bytes));
        self.data_offset.saturating_add(data)
    }

    /// The architecture, such as `llama` (`general.architecture`). Keys about the model start with it.
    pub fn architecture(&self) -> Option<&str> {
        self.text("general.architecture")
    }

    /// The model's own name (`general.name`).
    pub fn name(&self) -> Option<&str> {
        self.text("general.name")
    }

    /// What the file holds: `model`, `adapter`, `mmproj`, … (`general.type`); `None` in older files.
    pub fn file_kind(&self) -> Option<&str> {
        self.text("general.type")
    }

    /// The context length the model was trained for, in tokens.
    pub fn context_length(&self) -> Option<u64> {
        self.of_architecture("context_length")
    }

    /// The number of layers.
    pub fn block_count(&self) -> Option<u64> {
        self.of_architecture("block_count")
    }

    /// The quantization as in file names, such as `Q4_K_M`: from `general.file_type`, else the type
    /// that most weights have. `None` for a file without tensors and file type.
    pub fn quantization(&self) -> Option<&'static str> {
        let declared = self.metadata.get("general.file_type").and_then(|value| value.as_u64());
        declared
            .and_then(|number| file_type::name(u32::try_from(number).ok()?))
            .or_else(|| self.majority_type().map(TensorType::name))
    }

    /// The type that the most weights have. Tensors of one dimension (norms, biases) are almost always
    /// F32 and say nothing, but they are few.
    fn majority_type(&self) -> Option<TensorType> {
        let mut values: HashMap<TensorType, u64> = HashMap::new();
        for tensor in &self.tensors {
            let sum = values.entry(tensor.tensor_type).or_default();
            *sum = sum.saturating_add(tensor.values());
        }
        // The type itself breaks ties, so that the answer does not depend on the map's order.
        values.into_iter().max_by_key(|(kind, values)| (*values, *kind)).map(|(kind, _)| kind)
    }

    fn of_architecture(&self, key: &str) -> Option<u64> {
        self.metadata.get(&format!("{}.{key}", self.architecture()?))?.as_u64()
    }

    fn text(&self, key: &str) -> Option<&str> {
        self.metadata.get(key)?.as_str()
    }
}
