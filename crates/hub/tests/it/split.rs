//! Models in several files.

use std::fs;
use std::path::PathBuf;

use paddock_gguf::TensorType;
use paddock_gguf::write::{Builder, Data};
use paddock_hub::{Error, inspect, open_model};

use crate::{Folder, length, metadata};

/// Three parts as llama-gguf-split makes them: the first has the metadata (and here no tensors, as
/// with `--no-tensor-first-split`), the others one tensor each.
fn three_parts(folder: &Folder) -> Vec<PathBuf> {
    (0..3_u16)
        .map(|number| {
            let builder = if number == 0 { metadata() } else { Builder::new() };
            let mut builder = builder
                .metadata("split.no", number)
                .metadata("split.count", 3_u16)
                .metadata("split.tensors.count", 2_i32);
            if number > 0 {
                let name = format!("blk.{number}.weight");
                builder = builder.tensor(name, TensorType::Q4_K, &[256, 4], Data::Zeros);
            }
            folder.model(&format!("Llama-70B-{:05}-of-00003.gguf", number + 1), builder)
        })
        .collect()
}

#[test]
fn any_part_stands_for_the_whole_model() {
    let folder = Folder::new();
    let parts = three_parts(&folder);
    for chosen in &parts {
        let model = inspect(chosen).unwrap();
        assert_eq!(model.path, parts[0], "the engine is given the first part");
        assert_eq!(model.parts, parts);
        assert_eq!(model.size_bytes, parts.iter().map(|part| length(part)).sum::<u64>());
        assert_eq!(model.n_params, 2 * 256 * 4);
        assert_eq!(model.name, "Llama 3.3 70B Instruct");
        assert_eq!(model.quant.as_deref(), Some("Q4_K_M"));
    }
}

#[test]
fn the_headers_of_all_parts_are_one_model() {
    let folder = Folder::new();
    let parts = three_parts(&folder);
    for chosen in &parts {
        let opened = open_model(chosen).unwrap();
        assert_eq!(opened.parts, parts);
        assert_eq!(opened.size_bytes, parts.iter().map(|part| length(part)).sum::<u64>());
        let places: Vec<_> = opened.model.tensors().map(|(part, tensor)| (part, tensor.name.clone())).collect();
        assert_eq!(places, [(1, "blk.1.weight".to_owned()), (2, "blk.2.weight".to_owned())]);
    }
}

#[test]
fn a_part_with_a_tensor_of_another_is_named() {
    let folder = Folder::new();
    let parts = three_parts(&folder);
    let again = Builder::new().metadata("split.no", 2_u16).metadata("split.count", 3_u16).tensor(
        "blk.1.weight",
        TensorType::Q4_K,
        &[256, 4],
        Data::Zeros,
    );
    folder.model("Llama-70B-00003-of-00003.gguf", again);
    let error = open_model(&parts[0]).expect_err("the tensor is there twice");
    assert!(matches!(&error, Error::WrongPart { path, number: 3, .. } if *path == parts[2]), "{error:?}");
}

#[test]
fn a_missing_part_is_named() {
    for missing in 0..3 {
        let folder = Folder::new();
        let parts = three_parts(&folder);
        fs::remove_file(&parts[missing]).unwrap();
        let chosen = &parts[(missing + 1) % 3];
        let error = inspect(chosen).expect_err("a part is missing");
        assert!(matches!(&error, Error::MissingPart { path, count: 3 } if *path == parts[missing]), "{error:?}");
        let name = format!("“Llama-70B-{:05}-of-00003.gguf” is missing", missing + 1);
        assert!(error.to_string().contains(&name), "{error}");
    }
}

#[test]
fn a_cut_part_is_named() {
    let folder = Folder::new();
    let parts = three_parts(&folder);
    let file = fs::File::options().write(true).open(&parts[2]).unwrap();
    file.set_len(length(&parts[2]) - 600).unwrap();
    let error = inspect(&parts[0]).expect_err("a part is cut");
    assert!(matches!(&error, Error::Truncated { path, .. } if *path == parts[2]), "{error:?}");
}

#[test]
fn a_renamed_part_is_told_its_name() {
    let folder = Folder::new();
    let parts = three_parts(&folder);
    let renamed = folder.path("my model.gguf");
    fs::rename(&parts[1], &renamed).unwrap();
    let error = inspect(&renamed).expect_err("it was renamed");
    assert!(matches!(error, Error::RenamedPart { number: 2, count: 3, .. }), "{error:?}");
    assert!(error.to_string().contains("“-00002-of-00003.gguf”"), "{error}");
}

#[test]
fn parts_of_different_models_are_not_mixed() {
    let folder = Folder::new();
    let parts = three_parts(&folder);
    fs::copy(&parts[1], &parts[2]).unwrap();
    let error = inspect(&parts[0]).expect_err("part 2 is there twice");
    assert!(matches!(&error, Error::WrongPart { path, number: 3, count: 3 } if *path == parts[2]), "{error:?}");

    let other = Builder::new()
        .metadata("split.no", 2_u16)
        .metadata("split.count", 3_u16)
        .tensor("a", TensorType::F32, &[8], Data::Zeros)
        .tensor("b", TensorType::F32, &[8], Data::Zeros);
    folder.model("Llama-70B-00003-of-00003.gguf", other);
    let error = inspect(&parts[0]).expect_err("the counts of tensors differ");
    assert!(matches!(error, Error::WrongPart { .. }), "{error:?}");
}
