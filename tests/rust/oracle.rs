//! The memory plan against llama.cpp's own allocation.

use std::path::{Path, PathBuf};

use paddock_core::{
    planner::{self, Machine, Plan, Settings},
    weights_of,
};
use paddock_engine_api::protocol::{BufferUse, CacheType, Inspected, LoadParams};
use tempfile::TempDir;

use crate::{
    harness::{host, real_engine},
    inspect::random_model,
};

/// Shape, quantization, context, cache.
type Case = (&'static str, &'static str, u32, CacheType);

const CASES: [Case; 18] = [
    ("1b", "q8_0", 2048, CacheType::F16),
    ("1b", "q8_0", 8192, CacheType::F16),
    ("1b", "q4_k_m", 32_768, CacheType::F16),
    ("1b", "q4_k_m", 32_768, CacheType::Q8_0),
    ("3b", "q4_k_m", 2048, CacheType::F16),
    ("3b", "q4_k_m", 8192, CacheType::Q8_0),
    ("3b", "q8_0", 32_768, CacheType::F16),
    ("8b", "q4_k_m", 2048, CacheType::F16),
    ("8b", "q4_k_m", 8192, CacheType::F16),
    ("8b", "q8_0", 32_768, CacheType::Q8_0),
    ("70b", "q4_k_m", 2048, CacheType::F16),
    ("70b", "q4_k_m", 8192, CacheType::F16),
    ("70b", "q3_k_m", 8192, CacheType::Q8_0),
    ("70b", "iq2_s", 32_768, CacheType::F16),
    ("70b", "q8_0", 32_768, CacheType::Q8_0),
    ("8x7b", "q4_k_m", 2048, CacheType::F16),
    ("8x7b", "q4_k_m", 8192, CacheType::Q8_0),
    ("8x7b", "q4_k_m", 32_768, CacheType::F16),
];

fn sum(inspected: &Inspected, of: impl Fn(&BufferUse) -> u64) -> u64 {
    inspected.buffers.iter().map(of).sum()
}

/// This computer without its graphics cards, if it has any: what is compared is the part in main memory.
fn this_processor() -> Machine {
    Machine::of(&paddock_hardware::system())
}

fn planned(path: &Path, n_ctx: u32, cache: CacheType) -> Plan {
    let cache = match cache {
        CacheType::F16 => planner::CacheType::F16,
        CacheType::Q8_0 => planner::CacheType::Q8_0,
        other => panic!("{other:?}"),
    };
    let settings = Settings { n_ctx, cache_type_k: cache, cache_type_v: cache, ..Settings::default() };
    planner::plan(&this_processor(), &weights_of(path).unwrap(), &settings, None).unwrap()
}

/// One file for each shape and quantization; they have holes instead of weights.
fn model(folder: &TempDir, shape: &str, quant: &str) -> PathBuf {
    let made = folder.path().join(format!("shape{shape}type{quant}sparse.gguf"));
    if made.exists() { made } else { random_model(folder, &["--shape", shape, "--type", quant, "--sparse"]) }
}

#[tokio::test]
async fn the_plan_agrees_with_what_llama_cpp_would_allocate() {
    let folder = TempDir::new().unwrap();
    let host = host(real_engine());
    let mut lines = Vec::new();
    let mut wrong = 0;
    for (shape, quant, n_ctx, cache) in CASES {
        let path = model(&folder, shape, quant);
        let params = LoadParams {
            path: path.clone(),
            n_ctx: Some(n_ctx),
            cache_type_k: cache,
            cache_type_v: cache,
            n_gpu_layers: Some(0),
            use_mmap: false,
            ..LoadParams::default()
        };
        let truth = host.inspect(params).await.unwrap();
        let ram = planned(&path, n_ctx, cache).memory.ram;
        let repacked =
            sum(&truth, |buffer| if buffer.buffer_type.contains("REPACK") { buffer.weights_bytes } else { 0 });
        let weights = (ram.mapped_bytes + ram.repacked_bytes, sum(&truth, |buffer| buffer.weights_bytes));
        let kv = (ram.kv_bytes, sum(&truth, |buffer| buffer.kv_bytes));
        let compute = (ram.compute_bytes, sum(&truth, |buffer| buffer.compute_bytes));
        let total = (weights.0 + kv.0 + compute.0, weights.1 + kv.1 + compute.1);
        let near = compute.0.abs_diff(compute.1) <= (64 << 20).max(compute.1 / 5);
        let right = weights.0 == weights.1 && kv.0 == kv.1 && near && total.0.abs_diff(total.1) * 100 <= total.1 * 3;
        wrong += usize::from(!right);
        let mark = if right { "" } else { "  WRONG" };
        lines.push(format!(
            "{shape} {quant} {n_ctx} {cache:?}: weights {weights:?} (repacked {} {repacked}) kv {kv:?} compute {compute:?}{mark}",
            ram.repacked_bytes
        ));
    }
    assert_eq!(wrong, 0, "planned and allocated:\n{}", lines.join("\n"));
}
