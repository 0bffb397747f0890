//! The tables against numbers from elsewhere.

use std::io::Cursor;

use paddock_gguf::write::{Builder, Data};
use paddock_gguf::{Header, Limits, TensorType, read};

fn header(builder: Builder<'_>) -> Header {
    let bytes = builder.to_bytes().unwrap();
    read(Cursor::new(&bytes), Some(bytes.len() as u64), &Limits::default()).unwrap()
}

/// `sizeof` of the block structs of ggml-common.h, as the published bits per weight give them
/// (block bytes × 8 / block values).
#[test]
fn block_sizes_match_the_published_bits_per_weight() {
    for (name, bits) in [
        ("F32", 32.0),
        ("F16", 16.0),
        ("BF16", 16.0),
        ("Q4_0", 4.5),
        ("Q4_1", 5.0),
        ("Q5_0", 5.5),
        ("Q5_1", 6.0),
        ("Q8_0", 8.5),
        ("Q8_1", 9.0),
        ("Q2_K", 2.625),
        ("Q3_K", 3.4375),
        ("Q4_K", 4.5),
        ("Q5_K", 5.5),
        ("Q6_K", 6.5625),
        ("Q8_K", 9.125),
        ("IQ1_S", 1.5625),
        ("IQ1_M", 1.75),
        ("IQ2_XXS", 2.0625),
        ("IQ2_XS", 2.3125),
        ("IQ2_S", 2.5625),
        ("IQ3_XXS", 3.0625),
        ("IQ3_S", 3.4375),
        ("IQ4_NL", 4.5),
        ("IQ4_XS", 4.25),
        ("TQ1_0", 1.6875),
        ("TQ2_0", 2.0625),
        ("MXFP4", 4.25),
        ("NVFP4", 4.5),
        ("Q1_0", 1.125),
        ("Q2_0", 2.25),
    ] {
        let tensor_type = TensorType::all().find(|kind| kind.name() == name).unwrap();
        assert_eq!(tensor_type.bits_per_value(), bits, "{name}");
    }
}

#[test]
fn every_type_is_found_by_its_number() {
    for tensor_type in TensorType::all() {
        assert_eq!(TensorType::from_id(tensor_type.id()), Some(tensor_type));
        assert_eq!(tensor_type.to_string(), tensor_type.name());
        assert_eq!(format!("{tensor_type:?}"), tensor_type.name());
    }
    assert_eq!(TensorType::all().count(), 35);
    assert_eq!(TensorType::from_id(31), None);
}

#[test]
fn the_header_answers_what_the_app_asks() {
    let header = header(
        Builder::new()
            .metadata("general.architecture", "llama")
            .metadata("general.type", "model")
            .metadata("general.name", "Llama 3.3 70B Instruct")
            .metadata("general.file_type", 15_u32)
            .metadata("llama.context_length", 131_072_u32)
            .metadata("llama.block_count", 80_u64)
            .tensor("token_embd.weight", TensorType::Q4_K, &[256, 10], Data::Zeros)
            .tensor("output_norm.weight", TensorType::F32, &[256], Data::Zeros),
    );
    assert_eq!(header.architecture(), Some("llama"));
    assert_eq!(header.name(), Some("Llama 3.3 70B Instruct"));
    assert_eq!(header.file_kind(), Some("model"));
    assert_eq!(header.context_length(), Some(131_072));
    assert_eq!(header.block_count(), Some(80));
    assert_eq!(header.quantization(), Some("Q4_K_M"));
    assert_eq!(header.parameter_count(), 256 * 11);
    assert_eq!(header.weights_bytes(), 10 * 144 + 256 * 4);
    assert_eq!(header.version, 3);
}

#[test]
fn without_a_file_type_the_commonest_weights_name_the_quantization() {
    let tensors = |builder: Builder<'static>| {
        builder
            .tensor("a", TensorType::Q6_K, &[256, 2], Data::Zeros)
            .tensor("b", TensorType::Q5_K, &[256, 9], Data::Zeros)
            .tensor("c", TensorType::F32, &[256], Data::Zeros)
    };
    assert_eq!(header(tensors(Builder::new())).quantization(), Some("Q5_K"));
    let unknown = Builder::new().metadata("general.file_type", 999_u32);
    assert_eq!(header(tensors(unknown)).quantization(), Some("Q5_K"));
    let guessed = Builder::new().metadata("general.file_type", 1024_u32 + 17);
    assert_eq!(header(tensors(guessed)).quantization(), Some("Q5_K_M"));
    assert_eq!(header(Builder::new()).quantization(), None);
}
