//! LoRA adapters, on the self-test model.

use std::path::{Path, PathBuf};

use paddock_engine_api::{
    EngineError,
    protocol::{Failure, FailureCode, GenerateParams, LoadParams, LoraAdapter},
};
use paddock_gguf::{
    TensorType,
    write::{Builder, Data},
};
use tempfile::TempDir;

use crate::harness::{answer, greedy, host, loaded_host, patiently, real_engine, self_test_model, user};

/// An adapter of rank 1 that turns the first layer's network upside down. Its numbers are made up.
fn adapter(folder: &TempDir, architecture: &str) -> PathBuf {
    let mut file = std::io::BufReader::new(std::fs::File::open(self_test_model()).unwrap());
    let model = paddock_gguf::read(&mut file, None, &paddock_gguf::Limits::default()).unwrap();
    let name = "blk.0.ffn_down.weight";
    let matrix = model.tensors.iter().find(|tensor| tensor.name == name).unwrap();
    let [columns, rows] = matrix.shape.dimensions()[..2] else { panic!("a matrix has two dimensions") };
    let ones =
        |n: u64| Data::Bytes((0..n).flat_map(|i| (if i % 2 == 0 { 1_f32 } else { -1_f32 }).to_le_bytes()).collect());
    let bytes = Builder::new()
        .metadata("general.type", "adapter")
        .metadata("general.architecture", architecture)
        .metadata("adapter.type", "lora")
        .metadata("adapter.lora.alpha", 8.0_f32)
        .tensor(format!("{name}.lora_a"), TensorType::F32, &[columns, 1], ones(columns))
        .tensor(format!("{name}.lora_b"), TensorType::F32, &[1, rows], ones(rows))
        .to_bytes()
        .unwrap();
    let path = folder.path().join(format!("{architecture}.gguf"));
    std::fs::write(&path, bytes).unwrap();
    path
}

async fn said(lora: Vec<LoraAdapter>) -> (String, u64) {
    let (host, loaded) = loaded_host(LoadParams { lora, ..LoadParams::default() }).await;
    // Turned upside down, it does not end by itself.
    let question = GenerateParams { max_tokens: Some(16), ..greedy(vec![user("What is the capital of France?")]) };
    let text = answer(&host, question).await.0;
    let adapters = loaded.buffers.iter().filter(|buffer| buffer.buffer_type.ends_with("LoRA"));
    (text, adapters.count() as u64)
}

async fn refused(path: &Path) -> Failure {
    let lora = vec![LoraAdapter { path: path.to_owned(), scale: 1.0 }];
    let params = LoadParams { path: self_test_model(), lora, ..LoadParams::default() };
    match patiently(host(real_engine()).load(params, |_| {})).await {
        Err(EngineError::Failed(failure)) => failure,
        other => panic!("this should have been refused: {other:?}"),
    }
}

#[tokio::test]
async fn an_adapter_changes_the_answer_and_at_scale_0_it_does_not() {
    let folder = TempDir::new().unwrap();
    let path = adapter(&folder, "llama");
    let with = |scale| vec![LoraAdapter { path: path.clone(), scale }];
    let (plain, none) = said(Vec::new()).await;
    assert_eq!(none, 0);
    assert_eq!(said(with(0.0)).await.0, plain);
    let (changed, counted) = said(with(1.0)).await;
    assert_ne!(changed, plain);
    assert_eq!(counted, 1, "its memory is told");
}

#[tokio::test]
async fn an_adapter_for_another_model_is_refused_in_a_sentence() {
    let folder = TempDir::new().unwrap();
    let other = refused(&adapter(&folder, "gemma3")).await;
    assert_eq!(other.code, FailureCode::ModelRefused);
    assert!(other.message.contains("made for another model"), "{}", other.message);
    let model = refused(&self_test_model()).await;
    assert!(model.message.contains("is not a LoRA adapter"), "{}", model.message);
    let nowhere = refused(&folder.path().join("nowhere.gguf")).await;
    assert_eq!(nowhere.code, FailureCode::BadRequest);
}
