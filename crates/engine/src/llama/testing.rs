//! The self-test model for unit tests.

#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

use std::{
    path::{Path, PathBuf},
    sync::{Arc, OnceLock},
};

use llama_cpp_2::{llama_backend::LlamaBackend, token::LlamaToken};
use paddock_engine_api::protocol::{CacheType, FlashAttention};

use super::{Context, ContextParams, Model, ModelParams};

fn backend() -> &'static LlamaBackend {
    static BACKEND: OnceLock<LlamaBackend> = OnceLock::new();
    BACKEND.get_or_init(|| {
        super::capture_log();
        LlamaBackend::init().unwrap()
    })
}

pub(crate) fn path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/self-test/paddock-self-test-q8_0.gguf")
}

fn model() -> Arc<Model> {
    static MODEL: OnceLock<Arc<Model>> = OnceLock::new();
    let load = || {
        let params =
            ModelParams { n_gpu_layers: Some(0), use_mmap: true, use_mlock: false, repack: true, no_alloc: false };
        Arc::new(Model::load(backend(), &path(), &params, &mut |_| true).unwrap())
    };
    Arc::clone(MODEL.get_or_init(load))
}

/// A context over it.
pub(crate) fn context(n_ctx: u32, n_sequences: u32) -> Context {
    // llama.cpp lets only one context be made of a model at a time.
    static MAKING: std::sync::Mutex<()> = std::sync::Mutex::new(());
    let _one = MAKING.lock().unwrap();
    let params = ContextParams {
        n_ctx,
        n_batch: n_ctx,
        n_ubatch: n_ctx,
        n_sequences,
        n_outputs: n_sequences,
        n_threads: 1,
        n_threads_batch: 1,
        cache_type_k: CacheType::F16,
        cache_type_v: CacheType::F16,
        flash_attention: FlashAttention::Auto,
    };
    Context::new(backend(), model(), &params).unwrap()
}

pub(crate) fn tokens(ids: &[i32]) -> Vec<LlamaToken> {
    ids.iter().copied().map(LlamaToken).collect()
}
