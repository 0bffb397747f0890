//! What goes where.

use paddock_planner::{CacheType, Settings, Verdict, catalogue, plan};

use crate::computers::{self, GIB};

fn weights(model: &str, quant: &str) -> paddock_planner::Weights {
    catalogue::model(model).unwrap().weights(quant).unwrap()
}

#[test]
fn the_kv_cache_of_the_70b_has_its_known_size() {
    let machine = computers::with_vram(256.0, 64.0);
    let kv = |n_ctx, cache| {
        let settings = Settings { n_ctx, cache_type_k: cache, cache_type_v: cache, ..Settings::default() };
        plan(&machine, &weights("llama-3.3-70b", "Q4_K_M"), &settings, None).unwrap().memory.devices[0].kv_bytes
    };
    assert_eq!(kv(1024, CacheType::F16), 320 << 20);
    assert_eq!(kv(4096, CacheType::F16), 4096 * 327_680);
    assert_eq!(kv(8192, CacheType::Q8_0), 8192 * 174_080);
    assert_eq!(kv(32_768, CacheType::Q4_0), 32_768 * 92_160);
    // llama.cpp reserves whole multiples of 256 tokens.
    assert_eq!(kv(1000, CacheType::F16), kv(1024, CacheType::F16));
}

#[test]
fn layers_with_a_sliding_window_keep_only_that() {
    let machine = computers::with_vram(256.0, 64.0);
    let at = |model: &str, n_ctx| {
        let settings = Settings { n_ctx, ..Settings::default() };
        plan(&machine, &weights(model, "Q4_K_M"), &settings, None).unwrap().memory.devices[0].kv_bytes
    };
    // Gemma 3 27B: 62 layers, every sixth sees everything, the others 1,024 tokens and a micro-batch.
    let token = 2 * 16 * 128 * 2;
    assert_eq!(at("gemma-3-27b", 32_768), token * (10 * 32_768 + 52 * 1536));
    // Llama 4 Scout: 48 layers, every fourth sees everything, the others 8,192 tokens.
    let token = 2 * 8 * 128 * 2;
    assert_eq!(at("llama-4-scout", 32_768), token * (12 * 32_768 + 36 * 8704));
    assert_eq!(at("llama-4-scout", 4096), token * 48 * 4096);
}

#[test]
fn the_embeddings_stay_in_memory_and_every_weight_is_somewhere_once() {
    let machine = computers::with_vram(24.0, 64.0);
    let weights = weights("llama-3.3-70b", "Q3_K_M");
    let memory = plan(&machine, &weights, &Settings::default(), None).unwrap().memory;
    let (device, ram) = (&memory.devices[0], &memory.ram);
    assert_eq!(device.weights_bytes + ram.mapped_bytes + ram.repacked_bytes, weights.bytes());
    assert!(ram.mapped_bytes >= weights.embedding.bytes());
    assert_eq!(ram.kv_bytes + device.kv_bytes, 4096 * 327_680);
    assert_eq!(memory.verdict, Verdict::FitsWithRam);
}

#[test]
fn on_a_processor_alone_some_formats_are_rearranged_and_must_stay_in_memory() {
    let machine = paddock_planner::Machine::of(&computers::desktop(64.0));
    let ram = |quant| plan(&machine, &weights("llama-3.3-70b", quant), &Settings::default(), None).unwrap().memory.ram;
    // AVX2 rearranges Q4_K; a Q4_K_M file has some Q6_K beside it.
    let q4 = ram("Q4_K_M");
    assert!(q4.repacked_bytes > 30_000_000_000 && q4.mapped_bytes > 8_000_000_000, "{q4:?}");
    assert_eq!(ram("Q6_K").repacked_bytes, 0);
}

#[test]
fn what_does_not_fit_into_memory_is_read_from_disk_and_has_its_price() {
    let machine = paddock_planner::Machine::of(&computers::desktop(24.0));
    let weights = weights("llama-3.3-70b", "Q4_K_M");
    let plan = plan(&machine, &weights, &Settings::default(), None).unwrap();
    assert_eq!(plan.memory.verdict, Verdict::ReadsFromDisk);
    let (lucky, unlucky) = plan.memory.disk_bytes_per_token;
    // 42 GB of weights, some 20 GiB of memory: at least half is missing, at worst all of it is read again.
    assert!((20_000_000_000..30_000_000_000).contains(&lucky), "{lucky}");
    assert!((41_000_000_000..42_500_000_000).contains(&unlucky), "{unlucky}");
    assert!(plan.speed.generation.high < 0.2, "{:?}", plan.speed.generation);
    // Nothing is rearranged in this mode: what is only mapped can be dropped.
    assert_eq!(plan.memory.ram.repacked_bytes, 0);
}

#[test]
fn of_a_model_of_experts_a_token_reads_only_the_chosen_ones() {
    let machine = paddock_planner::Machine::of(&computers::desktop(24.0));
    let weights = weights("llama-4-scout", "Q8_0");
    let (lucky, unlucky) = plan(&machine, &weights, &Settings::default(), None).unwrap().memory.disk_bytes_per_token;
    assert!(weights.file_bytes > 110_000_000_000, "{}", weights.file_bytes);
    // 17 of 109 billion weights are active.
    assert!((15_000_000_000..20_000_000_000).contains(&unlucky), "{unlucky}");
    assert!(lucky < unlucky);
}

#[test]
fn one_missing_gibibyte_is_read_from_disk_and_not_refused() {
    let weights = weights("llama-3.1-8b", "Q8_0");
    let verdict = |ram| {
        let machine = paddock_planner::Machine::of(&computers::desktop(ram));
        plan(&machine, &weights, &Settings::default(), None).unwrap().memory.verdict
    };
    assert_eq!(verdict(16.0), Verdict::FitsWithRam);
    assert_eq!(verdict(11.0), Verdict::ReadsFromDisk);
    assert_eq!(verdict(1.0), Verdict::TooBig);
}

#[test]
fn memory_that_other_programs_hold_is_not_planned_with() {
    let mut hardware = computers::with_gpu("RTX 4090", 64.0);
    let layers = |hardware: &paddock_hardware::Hardware| {
        let machine = paddock_planner::Machine::of(hardware);
        plan(&machine, &weights("llama-3.3-70b", "Q3_K_M"), &Settings::default(), None).unwrap()
    };
    let all = layers(&hardware);
    hardware.gpus[0].free_bytes = Some(20 * GIB);
    let less = layers(&hardware);
    assert_eq!(less.memory.devices[0].others_bytes, 4 * GIB);
    assert!(
        less.n_gpu_layers_safe + 9 <= all.n_gpu_layers_safe,
        "{} {}",
        less.n_gpu_layers_safe,
        all.n_gpu_layers_safe
    );
}
