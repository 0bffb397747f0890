//! How much a model weighs, in the groups that go to a device together.

use paddock_gguf::{Header, ModelShape, TensorInfo, TensorType};

use crate::PlanError;

/// How ggml pads a tensor in main memory (`TENSOR_ALIGNMENT`, ggml-impl.h), in bytes.
const ALIGNMENT_BYTES: u64 = 32;

/// Bytes by format, for what depends on the format: speed, and being rearranged for the processor.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ByType(Vec<(TensorType, u64)>);

impl ByType {
    /// Adds bytes of a format.
    fn add(&mut self, kind: TensorType, bytes: u64) {
        match self.0.iter_mut().find(|(other, _)| *other == kind) {
            Some((_, sum)) => *sum = sum.saturating_add(bytes),
            None => self.0.push((kind, bytes)),
        }
    }

    /// All of them, in bytes.
    pub fn total(&self) -> u64 {
        self.0.iter().fold(0, |sum, (_, bytes)| sum.saturating_add(*bytes))
    }

    /// Formats and their bytes.
    pub fn iter(&self) -> impl Iterator<Item = (TensorType, u64)> {
        self.0.iter().copied()
    }
}

/// Weights that go to a device together: a layer, the output, or the embeddings.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Group {
    /// Matrices that are read whole for every token.
    pub matrices: ByType,
    /// Matrices of experts, of which a token reads only the chosen ones.
    pub experts: ByType,
    /// Of both, those that ggml can rearrange into blocks of eight rows.
    pub blocks_of_rows: ByType,
    /// Norms, biases and the like.
    pub small_bytes: u64,
}

impl Group {
    /// All of it in memory, in bytes.
    pub fn bytes(&self) -> u64 {
        self.matrices.total().saturating_add(self.experts.total()).saturating_add(self.small_bytes)
    }

    fn add(&mut self, tensor: &TensorInfo) {
        let expert = tensor.name.contains("_exps.");
        self.put(tensor.tensor_type, tensor.shape.dimensions(), tensor.n_bytes, expert);
    }

    /// Adds a tensor of which only type and size are known, and gives the number of its values.
    pub(crate) fn add_sized(&mut self, tensor_type: TensorType, dimensions: &[u64], expert: bool) -> u64 {
        let values: u64 = dimensions.iter().product();
        self.put(tensor_type, dimensions, values / tensor_type.block_values() * tensor_type.block_bytes(), expert);
        values
    }

    fn put(&mut self, tensor_type: TensorType, dimensions: &[u64], n_bytes: u64, expert: bool) {
        let bytes = n_bytes.saturating_add(ALIGNMENT_BYTES - 1) & !(ALIGNMENT_BYTES - 1);
        let [_, n_rows, ..] = *dimensions else {
            self.small_bytes = self.small_bytes.saturating_add(bytes);
            return;
        };
        if expert {
            self.experts.add(tensor_type, bytes);
        } else {
            self.matrices.add(tensor_type, bytes);
        }
        if n_rows.is_multiple_of(8) {
            self.blocks_of_rows.add(tensor_type, bytes);
        }
    }
}

/// A model's weights and shape: all that a plan needs to know of a file.
#[derive(Debug, Clone, PartialEq)]
pub struct Weights {
    /// The name for people.
    pub name: String,
    /// As in file names, where known.
    pub quant: Option<String>,
    /// The architecture's name in llama.cpp, such as `llama`.
    pub architecture: String,
    /// Layers, heads, vocabulary.
    pub shape: ModelShape,
    /// The token embeddings: always in main memory, and only one row is read for a token.
    pub embedding: Group,
    /// The repeating layers.
    pub layers: Vec<Group>,
    /// The output matrix and norm.
    pub output: Group,
    /// Whether the embeddings serve as output matrix, so that a GPU needs a copy of them.
    pub tied: bool,
    /// The whole file, in bytes.
    pub file_bytes: u64,
    /// Parameters.
    pub n_params: u64,
}

impl Weights {
    /// From the header of a file, or from those of all shards together.
    ///
    /// # Errors
    /// [`PlanError::Header`] if the header says nothing usable about the model's shape.
    pub fn from_headers(first: &Header, others: &[Header]) -> Result<Self, PlanError> {
        let shape = first.model_shape()?;
        let tensors = std::iter::once(first).chain(others).flat_map(|header| &header.tensors);
        let file_bytes =
            std::iter::once(first).chain(others).fold(0, |sum: u64, header| sum.saturating_add(header.file_bytes()));
        let mut weights = Self::new(shape, tensors);
        weights.name = first.name().unwrap_or("this model").to_owned();
        weights.quant = first.quantization().map(str::to_owned);
        weights.architecture = first.architecture().unwrap_or_default().to_owned();
        weights.file_bytes = file_bytes;
        Ok(weights)
    }

    /// Of this shape, without any weights yet.
    pub(crate) fn empty(shape: ModelShape) -> Self {
        Self {
            name: String::new(),
            quant: None,
            architecture: String::new(),
            layers: vec![Group::default(); shape.n_layer as usize],
            shape,
            embedding: Group::default(),
            output: Group::default(),
            tied: true,
            file_bytes: 0,
            n_params: 0,
        }
    }

    /// Sorts tensors by where they go, as llama.cpp does: by name.
    fn new<'a>(shape: ModelShape, tensors: impl Iterator<Item = &'a TensorInfo>) -> Self {
        let mut weights = Self::empty(shape);
        for tensor in tensors {
            weights.n_params = weights.n_params.saturating_add(tensor.values());
            if tensor.name == "output.weight" {
                weights.tied = false;
            }
            weights.group_of(&tensor.name).add(tensor);
        }
        weights
    }

    fn group_of(&mut self, name: &str) -> &mut Group {
        if name.starts_with("token_embd") {
            return &mut self.embedding;
        }
        let layer = name.strip_prefix("blk.").and_then(|rest| rest.split('.').next()?.parse::<usize>().ok());
        match layer.filter(|layer| *layer < self.layers.len()) {
            Some(layer) => &mut self.layers[layer],
            // The rotation's frequencies are kept once for each device with layers; a kilobyte, counted here.
            None => &mut self.output,
        }
    }

    /// What lies beside the layers on the device of the output: its matrix, or the copy of the embeddings.
    pub(crate) fn output_bytes(&self) -> u64 {
        let copy = if self.tied { self.embedding.bytes() } else { 0 };
        self.output.bytes().saturating_add(copy)
    }

    /// Every weight, without any copy, in bytes.
    pub fn bytes(&self) -> u64 {
        self.layers
            .iter()
            .chain([&self.embedding, &self.output])
            .fold(0, |sum, group| sum.saturating_add(group.bytes()))
    }

    /// Which part of the experts a token reads.
    pub(crate) fn expert_share(&self) -> f64 {
        match self.shape.n_expert {
            0 => 1.0,
            n => f64::from(self.shape.n_expert_used) / f64::from(n),
        }
    }
}
