//! Sizes that follow from a model's shape: the KV cache and the engine's scratch space.

use crate::{settings::Settings, weights::Weights};

/// Bytes of a 32-bit float.
const F32: u64 = 4;

/// Which layers see only a window of the last tokens, by architecture: every `n`th layer sees everything. `None`: all
/// see everything, or it is unknown, and the larger figure is the safe one. Source: `set_swa_pattern` in llama.cpp's
/// models (llama-cpp-sys-2 0.1.161).
fn full_layer_every(architecture: &str) -> Option<usize> {
    match architecture {
        "gemma2" => Some(2),
        "gemma3" => Some(6),
        "llama4" => Some(4),
        _ => None,
    }
}

/// Tokens back that such layers see, where the file does not say (llama.cpp's own defaults).
fn window(weights: &Weights) -> Option<u64> {
    let default = match weights.architecture.as_str() {
        "gemma2" => Some(4096),
        "llama4" => Some(8192),
        _ => None,
    };
    weights.shape.sliding_window.or(default).map(u64::from)
}

/// Tokens that a layer's KV cache has room for (`llama_kv_cache_iswa`).
fn cells(weights: &Weights, settings: &Settings, layer: usize) -> u64 {
    let all = settings.padded_n_ctx();
    match (full_layer_every(&weights.architecture), window(weights)) {
        (Some(every), Some(window)) if layer % every < every - 1 => {
            all.min(window + u64::from(settings.n_ubatch)).next_multiple_of(256)
        }
        _ => all,
    }
}

/// Bytes of one layer's KV cache.
pub(crate) fn layer_bytes(weights: &Weights, settings: &Settings, layer: usize) -> u64 {
    let shape = &weights.shape;
    let row = |values: u32, kind: crate::CacheType| kind.row_bytes(u64::from(values));
    let token = row(shape.n_embd_k_gqa(layer), settings.cache_type_k)
        .saturating_add(row(shape.n_embd_v_gqa(layer), settings.cache_type_v));
    cells(weights, settings, layer).saturating_mul(token)
}

/// Values that flow past each other at the widest moment of a micro-batch: three as wide as the feed-forward network, or
/// as all chosen experts together, and five as wide as an embedding. Found by asking llama.cpp (with flash attention, one
/// row of output) about Llama shapes from 1 to 70 billion weights, dense and with experts: all of them to the kilobyte.
const WIDE: u64 = 3;
const NARROW: u64 = 5;

/// The mask of the attention, kept as 16-bit floats.
const MASK_BYTES: u64 = 2;

/// The engine's scratch space for a micro-batch, in bytes.
pub(crate) fn compute_bytes(weights: &Weights, settings: &Settings) -> u64 {
    let shape = &weights.shape;
    let batch = u64::from(settings.n_ubatch).min(settings.padded_n_ctx());
    let chosen = u64::from(shape.n_expert_used.max(1));
    let widest = u64::from(shape.n_ff.iter().copied().max().unwrap_or(0)).saturating_mul(chosen);
    let values = WIDE.saturating_mul(widest).saturating_add(NARROW * u64::from(shape.n_embd));
    let mask = settings.padded_n_ctx().saturating_mul(MASK_BYTES);
    batch.saturating_mul(values.saturating_mul(F32).saturating_add(mask))
}
