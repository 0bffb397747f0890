//! The models that Paddock knows by heart, so that it can plan before anything was fetched.

use std::sync::LazyLock;

use paddock_gguf::{ModelShape, TensorType};
use serde::Deserialize;

use crate::{
    mix::{Matrix, Mix},
    weights::{Group, Weights},
};

/// A model on the Hub.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Model {
    /// Short and stable, such as `llama-3.3-70b`.
    pub id: String,
    /// For people.
    pub name: String,
    /// Where its files are: owner and name on Hugging Face.
    pub repo: String,
    /// Under what terms it may be used.
    pub license: String,
    architecture: String,
    n_layer: u32,
    n_embd: u32,
    n_ff: u32,
    n_head: u32,
    n_head_kv: u32,
    head_dim: u32,
    n_vocab: u32,
    n_ctx_train: u32,
    tied: bool,
    /// Values of the table of rotation frequencies; 0: none.
    rope_freqs: u64,
    header_bytes: u64,
    #[serde(default)]
    n_expert: u32,
    #[serde(default)]
    n_expert_used: u32,
    /// Width of one expert.
    #[serde(default)]
    n_ff_expert: u32,
    /// Width of the expert that every token uses.
    #[serde(default)]
    n_ff_shared: u32,
    #[serde(default)]
    sliding_window: Option<u32>,
}

#[derive(Deserialize)]
struct Table {
    rows: Vec<Model>,
}

static MODELS: LazyLock<Vec<Model>> = LazyLock::new(|| {
    // Part of the program; a test reads it.
    serde_json::from_str::<Table>(include_str!("../data/models.json")).map(|table| table.rows).unwrap_or_default()
});

/// The model that Paddock is about first of all.
pub const FLAGSHIP: &str = "llama-3.3-70b";

/// All of them, the flagship first.
pub fn models() -> &'static [Model] {
    &MODELS
}

/// The model with this id, name or repository.
pub fn model(name: &str) -> Option<&'static Model> {
    MODELS
        .iter()
        .find(|model| [&model.id, &model.name, &model.repo].iter().any(|known| known.eq_ignore_ascii_case(name)))
}

impl Model {
    /// Layers, heads, vocabulary.
    pub fn shape(&self) -> ModelShape {
        let per_layer = |number| vec![number; self.n_layer as usize];
        ModelShape {
            n_layer: self.n_layer,
            n_layer_nextn: 0,
            n_embd: self.n_embd,
            n_ff: per_layer(self.n_ff),
            n_head: per_layer(self.n_head),
            n_head_kv: per_layer(self.n_head_kv),
            head_dim_k: self.head_dim,
            head_dim_v: self.head_dim,
            head_dim_k_swa: self.head_dim,
            head_dim_v_swa: self.head_dim,
            n_rot: self.head_dim,
            n_vocab: self.n_vocab,
            n_ctx_train: self.n_ctx_train,
            n_expert: self.n_expert,
            n_expert_used: self.n_expert_used,
            sliding_window: self.sliding_window,
        }
    }

    /// What a quantization of it weighs. `None` for a quantization that cannot be made.
    pub fn weights(&self, quant: &str) -> Option<Weights> {
        let shape = self.shape();
        let mix = Mix::new(quant, &shape, self.tied)?;
        let mut weights = Weights::empty(shape);
        let [embd, vocab] = [self.n_embd, self.n_vocab].map(u64::from);
        let mut n_params = weights.embedding.add_sized(mix.token_embd(), &[embd, vocab], false);
        n_params += weights.output.add_sized(TensorType::F32, &[embd], false);
        if !self.tied {
            n_params += weights.output.add_sized(mix.output(), &[embd, vocab], false);
        }
        if self.rope_freqs > 0 {
            n_params += weights.output.add_sized(TensorType::F32, &[self.rope_freqs], false);
        }
        for (number, layer) in weights.layers.iter_mut().enumerate() {
            n_params += self.add_layer(&mix, number, layer);
        }
        weights.n_params = n_params;
        weights.tied = self.tied;
        weights.name = self.name.clone();
        weights.quant = Some(quant.to_owned());
        weights.architecture.clone_from(&self.architecture);
        weights.file_bytes = self.header_bytes + weights.bytes();
        Some(weights)
    }

    /// Adds every tensor of a layer, and gives the number of values.
    fn add_layer(&self, mix: &Mix<'_>, number: usize, layer: &mut Group) -> u64 {
        let [embd, ff, head] = [self.n_embd, self.n_ff, self.head_dim].map(u64::from);
        let (q, kv) = (u64::from(self.n_head) * head, u64::from(self.n_head_kv) * head);
        let [one, shared, n] = [self.n_ff_expert, self.n_ff_shared, self.n_expert].map(u64::from);
        let mut values = 0;
        let mut matrix = |which, dimensions: &[u64], expert| {
            values += layer.add_sized(mix.layer(which, number), dimensions, expert);
        };
        matrix(Matrix::AttnQ, &[embd, q], false);
        matrix(Matrix::AttnK, &[embd, kv], false);
        matrix(Matrix::AttnV, &[embd, kv], false);
        matrix(Matrix::AttnOutput, &[q, embd], false);
        // A dense network, or the expert that every token uses.
        let dense = if self.n_expert == 0 { ff } else { shared };
        if dense > 0 {
            matrix(Matrix::FfnGate, &[embd, dense], false);
            matrix(Matrix::FfnUp, &[embd, dense], false);
            matrix(Matrix::FfnDown, &[dense, embd], false);
        }
        if self.n_expert > 0 {
            matrix(Matrix::FfnGate, &[embd, one, n], true);
            matrix(Matrix::FfnUp, &[embd, one, n], true);
            matrix(Matrix::FfnDown, &[one, embd, n], true);
            // Which experts a token gets.
            values += layer.add_sized(TensorType::F32, &[embd, n], false);
        }
        let norms: &[u64] =
            if self.architecture == "gemma3" { &[embd, embd, head, head, embd, embd] } else { &[embd, embd] };
        values + norms.iter().map(|size| layer.add_sized(TensorType::F32, &[*size], false)).sum::<u64>()
    }
}
