//! Models that are whole.

use paddock_gguf::TensorType;
use paddock_gguf::write::{Builder, Data};
use paddock_hub::inspect;

use crate::{Folder, length, llama, weights};

#[test]
fn a_model_tells_what_it_is() {
    let folder = Folder::new();
    let path = folder.model("any name.gguf", llama());
    let model = inspect(&path).unwrap();
    assert_eq!(model.path, path);
    assert_eq!(model.parts, std::slice::from_ref(&path));
    assert_eq!(model.name, "Llama 3.3 70B Instruct");
    assert_eq!(model.quant.as_deref(), Some("Q4_K_M"));
    assert_eq!(model.architecture, "llama");
    assert_eq!(model.size_bytes, length(&path));
    assert_eq!(model.n_params, 256 * 9);
    assert_eq!(model.n_layers, Some(80));
    assert_eq!(model.n_ctx_train, Some(131_072));
    assert!(model.has_chat_template);
    assert!(model.modified_ms.unwrap() > 1_700_000_000_000);
}

#[test]
fn a_model_that_says_little_is_named_after_its_file() {
    let folder = Folder::new();
    let builder = weights(Builder::new().metadata("general.architecture", "qwen3"));
    let path = folder.model("Qwen3-8B-Q4_K.gguf", builder);
    let model = inspect(&path).unwrap();
    assert_eq!(model.name, "Qwen3-8B-Q4_K");
    assert_eq!(model.quant.as_deref(), Some("Q4_K"));
    assert_eq!((model.n_layers, model.n_ctx_train), (None, None));
    assert!(!model.has_chat_template);
}

#[test]
fn a_name_made_to_mislead_becomes_one_short_line() {
    let folder = Folder::new();
    let evil = format!("Llama\n\u{1b}[2J\0 {}", "x".repeat(100_000));
    let builder = Builder::new()
        .metadata("general.architecture", "llama")
        .metadata("general.name", evil.as_str())
        .metadata("llama.block_count", u64::MAX);
    let model = inspect(&folder.model("m.gguf", weights(builder))).unwrap();
    assert!(model.name.starts_with("Llama [2J xxx"), "{}", model.name);
    assert_eq!(model.name.chars().count(), 120);
    assert_eq!(model.n_layers, None, "a number of layers past 2³² is none");
}

#[test]
fn a_model_of_many_gigabytes_is_inspected_at_once() {
    let folder = Folder::new();
    let builder = Builder::new().metadata("general.architecture", "llama").tensor(
        "w",
        TensorType::Q4_K,
        &[8192, 8_000_000],
        Data::Hole,
    );
    let path = folder.model("large.gguf", builder);
    let started = std::time::Instant::now();
    let model = inspect(&path).unwrap();
    assert!(started.elapsed().as_millis() < 1_000);
    assert!(model.size_bytes > 36_000_000_000);
}

#[cfg(unix)]
#[test]
fn a_link_to_a_model_is_a_model() {
    let folder = Folder::new();
    let path = folder.model("m.gguf", llama());
    let link = folder.path("link.gguf");
    std::os::unix::fs::symlink(&path, &link).unwrap();
    assert_eq!(inspect(&link).unwrap().path, link);
}
