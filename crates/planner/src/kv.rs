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

/// The widest moment of a micro-batch: both halves of a feed-forward network beside what flows past it, and the mask of
/// the attention, which is kept as 32-bit floats and again as 16-bit ones.
pub(crate) fn activation_bytes(weights: &Weights, settings: &Settings) -> u64 {
    let shape = &weights.shape;
    let batch = u64::from(settings.n_ubatch).min(settings.padded_n_ctx());
    let widest = shape.n_ff.iter().copied().max().unwrap_or(0);
    let values = 2 * u64::from(widest) + 3 * u64::from(shape.n_embd);
    batch.saturating_mul(values.saturating_mul(F32).saturating_add(settings.padded_n_ctx().saturating_mul(F32 + 2)))
}

/// The engine's scratch space in main memory.
pub(crate) fn cpu_compute_bytes(weights: &Weights, settings: &Settings) -> u64 {
    activation_bytes(weights, settings)
}
