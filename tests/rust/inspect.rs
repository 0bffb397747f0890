//! What the engine says a model would take, against what it then takes.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use paddock_engine_api::{
    EngineError, EngineHost,
    protocol::{
        BufferUse, CacheType, Event, Failure, FailureCode, FlashAttention, Inspected, LoadParams, MAX_N_CTX, Request,
    },
};
use tempfile::TempDir;

use crate::{
    harness::{answer, greedy, host, loaded_host, patiently, real_engine, self_test_model, user},
    rates::converse,
};

/// A model with random weights, or none.
pub fn random_model(folder: &TempDir, arguments: &[&str]) -> PathBuf {
    let path = folder.path().join(format!("{}.gguf", arguments.join("").replace('-', "")));
    let status = Command::new(env!("CARGO_BIN_EXE_random-model"))
        .args(arguments)
        .arg("--out")
        .arg(&path)
        .stdout(Stdio::null())
        .status()
        .unwrap();
    assert!(status.success(), "{arguments:?}");
    path
}

fn llama_70b(folder: &TempDir) -> PathBuf {
    random_model(folder, &["--shape", "70b", "--type", "q4_k_m", "--sparse"])
}

fn refusal<T: std::fmt::Debug>(result: Result<T, EngineError>) -> Failure {
    match result {
        Err(EngineError::Failed(failure)) => failure,
        other => panic!("this should have been refused: {other:?}"),
    }
}

async fn inspected_and_loaded(host: &EngineHost, params: &LoadParams) -> (Inspected, Inspected) {
    let inspected = host.inspect(params.clone()).await.unwrap();
    let loaded = host.load(params.clone(), |_| {}).await.unwrap();
    let loaded = Inspected {
        buffers: loaded.buffers,
        n_ctx: loaded.n_ctx,
        n_layers: loaded.n_layers,
        n_gpu_layers: loaded.n_gpu_layers,
    };
    (inspected, loaded)
}

#[tokio::test]
async fn a_load_takes_to_the_byte_what_inspecting_said() {
    let folder = TempDir::new().unwrap();
    let small_1b = ["--shape", "1b", "--layers", "1", "--vocab", "16000", "--type"];
    let models = [
        self_test_model(),
        random_model(&folder, &[small_1b.as_slice(), &["q8_0"]].concat()),
        random_model(&folder, &[small_1b.as_slice(), &["q4_k_m"]].concat()),
        random_model(&folder, &["--shape", "tiny-moe", "--type", "q4_k_m"]),
    ];
    let usual = LoadParams { use_mmap: false, ..LoadParams::default() };
    let settings = [
        usual.clone(),
        LoadParams { n_ctx: Some(1000), n_ubatch: 64, n_threads: Some(3), ..usual.clone() },
        LoadParams { cache_type_k: CacheType::Q8_0, cache_type_v: CacheType::Q8_0, ..usual.clone() },
        LoadParams { flash_attention: FlashAttention::Off, n_ctx: Some(16), ..usual.clone() },
        LoadParams { n_gpu_layers: Some(2), ..usual },
    ];
    let host = host(real_engine());
    for path in models {
        for params in &settings {
            let params = LoadParams { path: path.clone(), ..params.clone() };
            let (inspected, loaded) = inspected_and_loaded(&host, &params).await;
            assert_eq!(inspected, loaded, "{params:?}");
        }
    }
}

fn weights_bytes<'a>(buffers: impl IntoIterator<Item = &'a BufferUse>) -> u64 {
    buffers.into_iter().map(|buffer| buffer.weights_bytes).sum()
}

fn is_mapped(buffer: &BufferUse) -> bool {
    buffer.buffer_type.ends_with("_Mapped")
}

#[tokio::test]
async fn a_load_that_maps_the_file_differs_in_the_mapped_weights_alone() {
    let folder = TempDir::new().unwrap();
    let path = random_model(&folder, &["--shape", "tiny", "--type", "q4_k_m"]);
    let host = host(real_engine());
    let params = LoadParams { path: path.clone(), ..LoadParams::default() };
    let (inspected, mut loaded) = inspected_and_loaded(&host, &params).await;
    let mapped = weights_bytes(loaded.buffers.iter().filter(|buffer| is_mapped(buffer)));
    assert!(mapped > 0, "{loaded:?}");
    loaded.buffers.retain(|buffer| !is_mapped(buffer));
    let unmapped = |buffers: &[BufferUse]| -> Vec<BufferUse> {
        let weights = |buffer: &BufferUse| if buffer.buffer_type == "CPU" { 0 } else { buffer.weights_bytes };
        buffers.iter().map(|buffer| BufferUse { weights_bytes: weights(buffer), ..buffer.clone() }).collect()
    };
    assert_eq!(unmapped(&inspected.buffers), unmapped(&loaded.buffers));
    let kept = weights_bytes(inspected.buffers.iter().filter(|buffer| buffer.buffer_type == "CPU"));
    assert!(kept <= mapped && mapped <= fs::metadata(path).unwrap().len(), "{kept} {mapped}");
}

#[tokio::test]
async fn a_70b_is_inspected_without_its_memory_and_the_loaded_model_stays() {
    let folder = TempDir::new().unwrap();
    let path = llama_70b(&folder);
    let (host, _) = loaded_host(LoadParams::default()).await;
    let inspected = host.inspect(LoadParams { path: path.clone(), ..LoadParams::default() }).await.unwrap();
    let file_bytes = fs::metadata(path).unwrap().len();
    let weights = weights_bytes(&inspected.buffers);
    // The header and the vocabulary are the rest of the file.
    assert!((42_000_000_000..=file_bytes).contains(&weights), "{inspected:?}");
    assert_eq!((inspected.n_ctx, inspected.n_layers), (4096, 80));
    // Keys and values of 80 layers, 8 heads of 128, 2 bytes each.
    let kv_bytes: u64 = inspected.buffers.iter().map(|buffer| buffer.kv_bytes).sum();
    assert_eq!(kv_bytes, 4096 * 80 * 8 * 128 * 2 * 2);
    #[cfg(target_os = "linux")]
    assert!(most_memory_kib(&host) < 1 << 20, "it should have allocated nothing of this");
    assert_eq!(answer(&host, greedy(vec![user("Count to 5")])).await.0, "1, 2, 3, 4, 5");
}

/// What the engine process had at its peak.
#[cfg(target_os = "linux")]
fn most_memory_kib(host: &EngineHost) -> u64 {
    let paddock_core::Life::Running(pid) = *host.life().borrow() else { panic!("the engine should run") };
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

/// Every listed mix, with the published file's size in bytes: Llama 3.3 70B, from llama.cpp's quantization rules, which
/// the sizes of the published files confirm to 0.01 GB.
const FILE_BYTES: &[(&str, u64)] = &[
    ("iq1_m", 16_751_164_144),
    ("iq2_xxs", 19_097_352_944),
    ("iq2_xs", 21_142_076_144),
    ("iq2_s", 22_242_310_896),
    ("iq2_m", 24_119_261_936),
    ("q2_k", 26_375_076_592),
    ("q2_k_l", 27_401_124_592),
    ("iq3_xxs", 27_469_462_256),
    ("iq3_xs", 29_307_697_904),
    ("q3_k_s", 30_912_019_184),
    ("iq3_m", 31_937_002_224),
    ("q3_k_m", 34_267_462_384),
    ("q3_k_l", 37_140_560_624),
    ("q3_k_xl", 38_059_899_632),
    ("iq4_xs", 37_902_629_616),
    ("q4_0", 40_116_501_232),
    ("iq4_nl", 40_053_586_672),
    ("q4_k_s", 40_347_187_952),
    ("q4_k_m", 42_520_361_712),
    ("q4_k_l", 43_300_158_192),
    ("q5_k_s", 48_657_414_896),
    ("q5_k_m", 49_949_784_816),
    ("q5_k_l", 50_598_247_152),
    ("q6_k", 57_888_111_344),
    ("q6_k_l", 58_397_031_152),
    ("q8_0", 74_975_017_712),
    ("f16", 141_117_881_072),
];

#[test]
fn sparse_70b_models_have_the_sizes_of_the_real_ones() {
    let folder = TempDir::new().unwrap();
    for (mix, published) in FILE_BYTES {
        let path = random_model(&folder, &["--shape", "70b", "--type", mix, "--sparse"]);
        let ratio = fs::metadata(&path).unwrap().len() as f64 / *published as f64;
        assert!((ratio - 1.0).abs() < 0.001, "{mix}: {ratio}");
        fs::remove_file(path).unwrap();
    }
}

#[tokio::test]
async fn the_experts_of_a_large_model_are_inspected_too() {
    let folder = TempDir::new().unwrap();
    let path = random_model(&folder, &["--shape", "8x7b", "--type", "q4_k_m", "--sparse"]);
    let inspected = host(real_engine()).inspect(LoadParams { path, ..LoadParams::default() }).await.unwrap();
    // 46.7 billion parameters.
    assert!((25_000_000_000..30_000_000_000).contains(&weights_bytes(&inspected.buffers)), "{inspected:?}");
}

fn put(folder: &Path, name: &str, bytes: &[u8]) -> PathBuf {
    let path = folder.join(name);
    fs::write(&path, bytes).unwrap();
    path
}

#[tokio::test]
async fn files_that_are_no_whole_model_are_refused_and_the_engine_lives_on() {
    let folder = TempDir::new().unwrap();
    let model = fs::read(self_test_model()).unwrap();
    // A header that promises 2⁶² tensors, and one whose first key is 2⁶² bytes long.
    let mut many_tensors = model.clone();
    many_tensors[8..16].copy_from_slice(&(1_u64 << 62).to_le_bytes());
    let mut long_key = model.clone();
    long_key[24..32].copy_from_slice(&(1_u64 << 62).to_le_bytes());
    let hostile = [
        folder.path().join("missing.gguf"),
        folder.path().to_owned(),
        put(folder.path(), "empty.gguf", b""),
        put(folder.path(), "noise.gguf", &[0x5A; 65_536]),
        put(folder.path(), "half.gguf", &model[..model.len() / 2]),
        put(folder.path(), "cut-header.gguf", &model[..5_000]),
        put(folder.path(), "many-tensors.gguf", &many_tensors),
        put(folder.path(), "long-key.gguf", &long_key),
    ];
    let (host, _) = loaded_host(LoadParams::default()).await;
    let life = host.life().borrow().clone();
    for path in hostile {
        let refused =
            refusal(patiently(host.inspect(LoadParams { path: path.clone(), ..LoadParams::default() })).await);
        assert!(matches!(refused.code, FailureCode::ModelRefused | FailureCode::LoadFailed), "{path:?}: {refused:?}");
        assert!(refused.message.ends_with('.'), "{path:?}: {}", refused.message);
        assert_eq!(*host.life().borrow(), life, "{path:?} cost the engine");
    }
    assert_eq!(answer(&host, greedy(vec![user("Count to 5")])).await.0, "1, 2, 3, 4, 5");
}

#[tokio::test]
async fn settings_that_cannot_be_are_refused_in_a_sentence() {
    let usual = LoadParams { path: self_test_model(), ..LoadParams::default() };
    let refused_settings = [
        (LoadParams { n_ctx: Some(u32::MAX), ..usual.clone() }, "longer than any model"),
        (LoadParams { n_ctx: Some(MAX_N_CTX + 1), ..usual.clone() }, "longer than any model"),
        (LoadParams { n_ctx: Some(0), ..usual.clone() }, "no room"),
        (LoadParams { n_ubatch: 0, ..usual.clone() }, "micro-batch"),
        (LoadParams { n_threads: Some(100_000), ..usual.clone() }, "threads"),
        (
            LoadParams { cache_type_v: CacheType::Q8_0, flash_attention: FlashAttention::Off, ..usual.clone() },
            "flash attention",
        ),
    ];
    let host = host(real_engine());
    for (params, words) in refused_settings {
        let refused = refusal(host.inspect(params.clone()).await);
        assert_eq!(refused.code, FailureCode::BadRequest, "{params:?}: {refused:?}");
        assert!(refused.message.contains(words), "{params:?}: {}", refused.message);
    }
    let all = host.inspect(LoadParams { n_gpu_layers: Some(u32::MAX), ..usual.clone() }).await.unwrap();
    assert!(all.n_gpu_layers <= all.n_layers + 1, "{all:?}");
    // Far more than it was trained for and than any computer has memory for, but a question that has an answer.
    let long = host.inspect(LoadParams { n_ctx: Some(1 << 20), ..usual }).await.unwrap();
    assert_eq!(long.n_ctx, 1 << 20);
}

#[test]
fn a_cancelled_inspection_says_so() {
    let folder = TempDir::new().unwrap();
    let params = LoadParams { path: llama_70b(&folder), ..LoadParams::default() };
    let events = converse(&[(1, Request::Inspect(params)), (2, Request::Cancel { target: 1 })], 1, &[]);
    assert!(matches!(&events[..], [Event::Failed(Failure { code: FailureCode::Cancelled, .. })]), "{events:?}");
}

#[cfg(unix)]
#[tokio::test]
async fn killed_while_inspecting_it_says_how_and_the_next_one_works() {
    let folder = TempDir::new().unwrap();
    // So long a context that the records of its tokens alone take a second.
    let params = LoadParams { path: llama_70b(&folder), n_ctx: Some(8 << 20), ..LoadParams::default() };
    let host = host(real_engine());
    let cause = crate::rates::killed_during(&host, host.inspect(params)).await;
    assert_eq!(cause, paddock_engine_api::DeathCause::Killed);
    let params = LoadParams { path: self_test_model(), ..LoadParams::default() };
    patiently(host.inspect(params)).await.unwrap();
}
