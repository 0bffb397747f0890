//! Models in several files: their names, and all parts as one model.

use std::io::Cursor;

use paddock_gguf::write::{Builder, Data};
use paddock_gguf::{Error, Header, Limits, Model, Part, PartName, SplitError, TensorType, read};

fn header(builder: Builder<'_>) -> Header {
    read(Cursor::new(builder.to_bytes().unwrap()), None, &Limits::default()).unwrap()
}

fn numbered(number: u16, count: u16, tensors: i32) -> Builder<'static> {
    Builder::new()
        .metadata("split.no", number - 1)
        .metadata("split.count", count)
        .metadata("split.tensors.count", tensors)
}

fn tensor<'a>(builder: Builder<'a>, name: &str) -> Builder<'a> {
    builder.tensor(name, TensorType::Q4_K, &[256, 4], Data::Zeros)
}

/// Part `number` of 3 of a model with four tensors: none, one, and three.
fn part(number: u16) -> Builder<'static> {
    let builder = numbered(number, 3, 4);
    match number {
        1 => builder
            .metadata("general.architecture", "llama")
            .metadata("llama.block_count", 2_u32)
            .metadata("llama.context_length", 4_096_u32)
            .metadata("llama.embedding_length", 256_u32)
            .metadata("llama.attention.head_count", 4_u32)
            .metadata("tokenizer.ggml.tokens", vec!["a", "b"]),
        2 => tensor(builder, "token_embd.weight"),
        _ => ["blk.0.w", "blk.1.w", "output.weight"].into_iter().fold(builder, tensor),
    }
}

fn parts(numbers: &[u16]) -> Vec<Header> {
    numbers.iter().map(|number| header(part(*number))).collect()
}

#[track_caller]
fn refused(parts: Vec<Header>, expected: SplitError, words: &str) {
    match Model::new(parts) {
        Err(Error::Split(error)) => {
            assert_eq!(error, expected);
            assert!(error.to_string().contains(words), "“{error}” does not say “{words}”");
        }
        other => panic!("{expected:?} was expected and not {other:?}"),
    }
}

#[test]
fn the_parts_are_one_model_with_every_tensor_in_its_file() {
    let model = Model::new(parts(&[1, 2, 3])).unwrap();
    let places: Vec<(usize, &str)> = model.tensors().map(|(part, tensor)| (part, tensor.name.as_str())).collect();
    assert_eq!(places, [(1, "token_embd.weight"), (2, "blk.0.w"), (2, "blk.1.w"), (2, "output.weight")]);
    assert_eq!(model.tensor("blk.1.w").map(|(part, tensor)| (part, tensor.offset_bytes)), Some((2, 576)));
    assert_eq!(model.tensor("blk.2.w"), None);
    assert_eq!((model.tensor_count(), model.parameter_count(), model.weights_bytes()), (4, 4_096, 4 * 576));
    assert_eq!(model.file_bytes(), model.parts().iter().map(Header::file_bytes).sum::<u64>());
    assert_eq!(model.quantization(), Some("Q4_K"));
    assert_eq!(model.model_shape().unwrap().n_layer, 2);
    assert_eq!(model.metadata().str("general.architecture").unwrap(), Some("llama"));
}

#[test]
fn a_model_in_one_file_is_a_model_too() {
    for builder in [Builder::new(), numbered(1, 1, 1), Builder::new().metadata("split.count", 0_u16)] {
        let model = Model::new(vec![header(tensor(builder, "t"))]).unwrap();
        assert_eq!(model.tensor("t").map(|(part, _)| part), Some(0));
    }
}

#[test]
fn a_missing_part_is_named() {
    refused(parts(&[1, 2]), SplitError::Missing { number: 3, count: 3 }, "Part 3 of 3 is missing");
    refused(parts(&[1, 3]), SplitError::Missing { number: 2, count: 3 }, "Part 2 of 3");
    refused(parts(&[2]), SplitError::Missing { number: 1, count: 3 }, "Part 1 of 3");
    refused(vec![], SplitError::NoFiles, "no file");
}

#[test]
fn a_part_that_is_there_twice_is_named() {
    refused(parts(&[1, 2, 2]), SplitError::Twice { number: 2 }, "Part 2 is there twice");
    refused(parts(&[1, 2, 3, 3]), SplitError::Twice { number: 3 }, "Part 3 is there twice");
}

#[test]
fn parts_in_another_order_are_refused() {
    refused(parts(&[1, 3, 2]), SplitError::OutOfOrder { number: 3, place: 2 }, "part 3 is in place 2");
    refused(parts(&[3, 1, 2]), SplitError::OutOfOrder { number: 3, place: 1 }, "wrong order");
}

#[test]
fn parts_of_other_models_are_refused() {
    let with = |number: usize, builder| {
        let mut parts = parts(&[1, 2, 3]);
        parts[number - 1] = header(builder);
        parts
    };
    let count = SplitError::OtherCount { number: 2, found: 4, count: 3 };
    refused(with(2, numbered(2, 4, 4)), count, "belongs to another model: it says there are 4 parts");
    let tensors = SplitError::OtherTensorCount { number: 2, found: 5, expected: 4 };
    refused(with(2, tensor(numbered(2, 3, 5), "token_embd.weight")), tensors, "it says the model has 5 tensors");
    let fewer = SplitError::WrongTensorCount { found: 3, expected: 4 };
    refused(with(2, numbered(2, 3, 4)), fewer, "3 tensors together");
    let again = SplitError::TensorTwice { name: "blk.0.w".to_owned(), first: 2, second: 3 };
    refused(with(2, tensor(numbered(2, 3, 4), "blk.0.w")), again, "both have the tensor “blk.0.w”");
    let other = SplitError::OtherArchitecture { number: 2, found: "qwen3".to_owned(), expected: "llama".to_owned() };
    refused(with(2, part(2).metadata("general.architecture", "qwen3")), other, "it is “qwen3”");
    refused(with(2, Builder::new()), SplitError::NotAPart { place: 2 }, "number 2 is a model of its own");
    refused(with(1, Builder::new()), SplitError::NotAPart { place: 1 }, "number 1 is a model of its own");
    let impossible = SplitError::ImpossiblePart { number: 9, count: 3 };
    refused(with(2, numbered(9, 3, 4)), impossible, "part 9 of 3");
}

/// llama.cpp ends its process at a part's number of another type.
#[test]
fn numbers_of_another_type_are_refused_as_llama_cpp_does() {
    let wrong = |builder| matches!(Model::new(vec![header(builder)]), Err(Error::WrongType(_)));
    assert!(wrong(Builder::new().metadata("split.count", 2_u32)));
    assert!(wrong(Builder::new().metadata("split.count", 2_u16).metadata("split.no", 0_i32)));
    let missing = |builder| matches!(Model::new(vec![header(builder)]), Err(Error::MissingKey { .. }));
    assert!(missing(Builder::new().metadata("split.count", 2_u16)));
    let with_second = |first| Model::new(vec![header(first), header(numbered(2, 2, 0))]);
    let uncounted = Builder::new().metadata("split.count", 2_u16).metadata("split.no", 0_u16);
    assert!(matches!(with_second(uncounted), Err(Error::MissingKey { key }) if key == "split.tensors.count"));
    assert!(matches!(with_second(numbered(1, 2, -1)), Err(Error::WrongType(_))));
}

#[test]
fn the_name_of_a_part_gives_the_names_of_all() {
    let name = PartName::parse("Llama-3.3-70B-of-00009-Q6_K-00002-of-00003.gguf").unwrap();
    assert_eq!(name.part, Part { number: 2, count: 3 });
    assert_eq!(name.prefix, "Llama-3.3-70B-of-00009-Q6_K");
    let names: Vec<String> = name.file_names().collect();
    assert_eq!(names.len(), 3);
    assert_eq!(names[2], "Llama-3.3-70B-of-00009-Q6_K-00003-of-00003.gguf");
    assert!(names.iter().all(|name| PartName::parse(name).is_some()));
}

#[test]
fn other_names_are_no_parts() {
    for name in [
        "",
        "model.gguf",
        "model-00001-of-00003.bin",
        "model-1-of-3.gguf",
        "model-000001-of-000003.gguf",
        "model-+0001-of-00003.gguf",
        "model-00000-of-00003.gguf",
        "model-00004-of-00003.gguf",
        "model-00001-of-00001.gguf",
        "-00001-of-00003.gguf",
        "model_00001-of-00003.gguf",
    ] {
        assert_eq!(PartName::parse(name), None, "{name}");
    }
}
