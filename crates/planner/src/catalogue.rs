//! The models that Paddock knows by heart, so that it can plan before anything was fetched.

use std::sync::LazyLock;

use paddock_gguf::{ModelShape, TensorInfo, TensorType};
use serde::Deserialize;

use crate::{
    mix::{Matrix, Mix},
    weights::{Weights, tensor},
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
        let tensors = self.tensors(&Mix::new(quant, &shape, self.tied)?)?;
        let mut weights = Weights::new(shape, tensors.iter());
        weights.name = self.name.clone();
        weights.quant = Some(quant.to_owned());
        weights.architecture.clone_from(&self.architecture);
        weights.file_bytes = self.header_bytes + weights.bytes();
        Some(weights)
    }

    /// Every tensor of a file. The embedding first, then the layers.
    fn tensors(&self, mix: &Mix<'_>) -> Option<Vec<TensorInfo>> {
        let [embd, vocab] = [self.n_embd, self.n_vocab].map(u64::from);
        let mut all = vec![
            tensor("token_embd.weight".into(), mix.token_embd(), &[embd, vocab])?,
            tensor("output_norm.weight".into(), TensorType::F32, &[embd])?,
        ];
        if !self.tied {
            all.push(tensor("output.weight".into(), mix.output(), &[embd, vocab])?);
        }
        if self.rope_freqs > 0 {
            all.push(tensor("rope_freqs.weight".into(), TensorType::F32, &[self.rope_freqs])?);
        }
        for layer in 0..self.n_layer as usize {
            self.layer(mix, layer, &mut all)?;
        }
        Some(all)
    }

    fn layer(&self, mix: &Mix<'_>, layer: usize, all: &mut Vec<TensorInfo>) -> Option<()> {
        let [embd, ff, head] = [self.n_embd, self.n_ff, self.head_dim].map(u64::from);
        let (q, kv) = (u64::from(self.n_head) * head, u64::from(self.n_head_kv) * head);
        let mut matrix = |name: &str, which, dimensions: &[u64]| {
            all.push(tensor(format!("blk.{layer}.{name}.weight"), mix.layer(which, layer), dimensions)?);
            Some(())
        };
        matrix("attn_q", Matrix::AttnQ, &[embd, q])?;
        matrix("attn_k", Matrix::AttnK, &[embd, kv])?;
        matrix("attn_v", Matrix::AttnV, &[embd, kv])?;
        matrix("attn_output", Matrix::AttnOutput, &[q, embd])?;
        if self.n_expert == 0 {
            matrix("ffn_gate", Matrix::FfnGate, &[embd, ff])?;
            matrix("ffn_up", Matrix::FfnUp, &[embd, ff])?;
            matrix("ffn_down", Matrix::FfnDown, &[ff, embd])?;
        } else {
            let [one, shared, n] = [self.n_ff_expert, self.n_ff_shared, self.n_expert].map(u64::from);
            matrix("ffn_gate_exps", Matrix::FfnGate, &[embd, one, n])?;
            matrix("ffn_up_exps", Matrix::FfnUp, &[embd, one, n])?;
            matrix("ffn_down_exps", Matrix::FfnDown, &[one, embd, n])?;
            if shared > 0 {
                matrix("ffn_gate_shexp", Matrix::FfnGate, &[embd, shared])?;
                matrix("ffn_up_shexp", Matrix::FfnUp, &[embd, shared])?;
                matrix("ffn_down_shexp", Matrix::FfnDown, &[shared, embd])?;
            }
            all.push(tensor(format!("blk.{layer}.ffn_gate_inp.weight"), TensorType::F32, &[embd, n])?);
        }
        let mut norms = vec![("attn_norm", embd), ("ffn_norm", embd)];
        if self.architecture == "gemma3" {
            norms.extend([
                ("attn_q_norm", head),
                ("attn_k_norm", head),
                ("post_attention_norm", embd),
                ("post_ffw_norm", embd),
            ]);
        }
        for (name, size) in norms {
            all.push(tensor(format!("blk.{layer}.{name}.weight"), TensorType::F32, &[size])?);
        }
        Some(())
    }
}
