//! How a model is going to be loaded, as far as memory depends on it.

use paddock_gguf::TensorType;
use serde::{Deserialize, Serialize};

use crate::{PlanError, weights::Weights};

/// The shortest context that a conversation fits into, in tokens.
const LEAST_N_CTX: u32 = 256;

/// llama.cpp rounds a context up to a multiple of this (`llama_context`, llama-context.cpp).
const CONTEXT_STEP: u32 = 256;

/// How the keys and values of the KV cache are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "ggml's own type names")]
pub enum CacheType {
    F32,
    #[default]
    F16,
    #[serde(rename = "bf16")]
    Bf16,
    #[serde(rename = "q8_0")]
    Q8_0,
    #[serde(rename = "q5_0")]
    Q5_0,
    #[serde(rename = "q4_0")]
    Q4_0,
}

impl CacheType {
    fn tensor_type(self) -> TensorType {
        match self {
            Self::F32 => TensorType::F32,
            Self::F16 => TensorType::F16,
            Self::Bf16 => TensorType::BF16,
            Self::Q8_0 => TensorType::Q8_0,
            Self::Q5_0 => TensorType::Q5_0,
            Self::Q4_0 => TensorType::Q4_0,
        }
    }

    /// Bytes of a row of `values`, whole blocks.
    pub(crate) fn row_bytes(self, values: u64) -> u64 {
        let kind = self.tensor_type();
        values.div_ceil(kind.block_values()) * kind.block_bytes()
    }
}

/// Load settings that memory depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// Context length in tokens.
    pub n_ctx: u32,
    /// Tokens computed at once at most.
    pub n_ubatch: u32,
    /// How keys are stored.
    pub cache_type_k: CacheType,
    /// How values are stored.
    pub cache_type_v: CacheType,
    /// Layers on the GPU, the output layer counted as the first one; `None`: as many as fit.
    pub n_gpu_layers: Option<u32>,
}

impl Default for Settings {
    /// What Paddock loads with if nobody says anything else.
    fn default() -> Self {
        Self {
            n_ctx: 4096,
            n_ubatch: 512,
            cache_type_k: CacheType::F16,
            cache_type_v: CacheType::F16,
            n_gpu_layers: None,
        }
    }
}

impl Settings {
    /// The context as llama.cpp reserves it, in tokens.
    pub(crate) fn padded_n_ctx(&self) -> u64 {
        u64::from(self.n_ctx).next_multiple_of(u64::from(CONTEXT_STEP))
    }

    /// Whether a model can be loaded so.
    ///
    /// # Errors
    /// [`PlanError::NoContext`], [`PlanError::ContextTooLong`].
    pub fn check(&self, weights: &Weights) -> Result<(), PlanError> {
        let most = weights.shape.n_ctx_train;
        if self.n_ctx == 0 {
            return Err(PlanError::NoContext { least: LEAST_N_CTX });
        }
        if self.n_ctx > most {
            return Err(PlanError::ContextTooLong { asked: self.n_ctx, most, model: weights.name.clone() });
        }
        if self.n_ubatch == 0 || self.n_ubatch > 65_536 {
            return Err(PlanError::Absurd {
                what: "A micro-batch",
                found: format!("{} tokens", self.n_ubatch),
                allowed: "Choose 1 to 65,536.",
            });
        }
        Ok(())
    }
}

/// The guide's memory presets, as starting points.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Preset {
    /// For a computer with so much memory, in GB as the guide has it.
    pub memory_gb: u32,
    /// The quantization it takes.
    pub quant: &'static str,
    /// Context length in tokens.
    pub n_ctx: u32,
    /// Tokens handed over at once at most.
    pub n_batch: u32,
    /// Whether the file is mapped.
    pub use_mmap: bool,
    /// Whether its pages are kept from being swapped out.
    pub use_mlock: bool,
}

/// Source: the guide that Paddock grew from, "Memory Optimization Tips".
pub const PRESETS: [Preset; 2] = [
    Preset { memory_gb: 48, quant: "Q4_K_M", n_ctx: 4096, n_batch: 512, use_mmap: true, use_mlock: false },
    Preset { memory_gb: 16, quant: "Q3_K_S", n_ctx: 2048, n_batch: 256, use_mmap: true, use_mlock: false },
];
