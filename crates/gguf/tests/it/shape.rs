//! What a model is made of, for every architecture, and what cannot be.

use std::io::Cursor;

use paddock_gguf::write::Builder;
use paddock_gguf::{Error, Limits, ModelShape, Value, read};

/// Writes the metadata as a file and asks the header that is read back.
fn shape(builder: Builder<'_>) -> Result<ModelShape, Error> {
    read(Cursor::new(builder.to_bytes().unwrap()), None, &Limits::default()).unwrap().model_shape()
}

/// The numbers of Llama 3.3 70B, with some of them replaced or, with `None`, left out.
fn llama(changes: &[(&str, Option<Value>)]) -> Builder<'static> {
    let mut entries: Vec<(&str, Value)> = vec![
        ("general.architecture", "llama".into()),
        ("llama.block_count", 80_u32.into()),
        ("llama.context_length", 131_072_u32.into()),
        ("llama.embedding_length", 8_192_u32.into()),
        ("llama.feed_forward_length", 28_672_u32.into()),
        ("llama.attention.head_count", 64_u32.into()),
        ("llama.attention.head_count_kv", 8_u32.into()),
        ("llama.rope.dimension_count", 128_u32.into()),
        ("tokenizer.ggml.tokens", vec!["t"; 2_000].into()),
    ];
    for (key, value) in changes {
        entries.retain(|(old, _)| old != key);
        entries.extend(value.clone().map(|value| (*key, value)));
    }
    entries.into_iter().fold(Builder::new(), |builder, (key, value)| builder.metadata(key, value))
}

fn changed(changes: &[(&str, Option<Value>)]) -> Result<ModelShape, Error> {
    shape(llama(changes))
}

#[track_caller]
fn refused(changes: &[(&str, Option<Value>)], words: &str) {
    let error = changed(changes).expect_err("an impossible model was accepted").to_string();
    assert!(error.contains(words), "“{error}” does not say “{words}”");
}

#[test]
fn a_dense_model_is_described_with_the_defaults_of_llama_cpp() {
    let shape = changed(&[]).unwrap();
    assert_eq!((shape.n_layer, shape.n_layer_nextn, shape.n_embd), (80, 0, 8_192));
    assert_eq!((shape.n_head, shape.n_head_kv, shape.n_ff), (vec![64; 80], vec![8; 80], vec![28_672; 80]));
    assert_eq!((shape.head_dim_k, shape.head_dim_v, shape.head_dim_k_swa, shape.n_rot), (128, 128, 128, 128));
    assert_eq!((shape.n_vocab, shape.n_ctx_train), (2_000, 131_072));
    assert_eq!((shape.n_expert, shape.n_expert_used, shape.sliding_window), (0, 0, None));
}

#[test]
fn what_one_token_adds_to_the_cache_is_heads_of_keys_times_their_size() {
    let shape = changed(&[("llama.attention.value_length", Some(64_u32.into()))]).unwrap();
    assert_eq!((shape.n_embd_k_gqa(0), shape.n_embd_v_gqa(79)), (1_024, 512));
    assert_eq!(shape.n_embd_k_gqa(80), 0, "there is no such layer");
}

#[test]
fn without_heads_of_keys_there_are_as_many_as_heads() {
    let shape = changed(&[("llama.attention.head_count_kv", None)]).unwrap();
    assert_eq!(shape.n_head_kv, vec![64; 80]);
}

#[test]
fn layers_may_differ() {
    let shape = changed(&[
        ("llama.block_count", Some(3_u32.into())),
        ("llama.attention.head_count", Some(vec![32_u32, 64, 0].into())),
        ("llama.attention.head_count_kv", Some(vec![8_i32, 0, 0].into())),
        ("llama.feed_forward_length", Some(vec![1_u32, 2, 0].into())),
    ])
    .unwrap();
    assert_eq!(shape.n_head, [32, 64, 0]);
    assert_eq!(shape.n_head_kv, [8, 0, 0]);
    assert_eq!(shape.n_ff, [1, 2, 0]);
    assert_eq!(shape.head_dim_k, 256, "the first layer's heads count");
    assert_eq!((shape.n_embd_k_gqa(0), shape.n_embd_k_gqa(1)), (2_048, 0));
}

#[test]
fn experts_and_windows_of_another_architecture_are_found_behind_its_name() {
    let builder = Builder::new()
        .metadata("general.architecture", "gpt-oss")
        .metadata("gpt-oss.block_count", 24_u64)
        .metadata("gpt-oss.context_length", 131_072_u32)
        .metadata("gpt-oss.embedding_length", 2_880_u16)
        .metadata("gpt-oss.attention.head_count", 64_u32)
        .metadata("gpt-oss.attention.head_count_kv", 8_u32)
        .metadata("gpt-oss.attention.key_length", 64_u32)
        .metadata("gpt-oss.attention.value_length", 64_u32)
        .metadata("gpt-oss.attention.key_length_swa", 32_u32)
        .metadata("gpt-oss.attention.sliding_window", 128_u32)
        .metadata("gpt-oss.expert_count", 32_u32)
        .metadata("gpt-oss.expert_used_count", 4_u32)
        .metadata("gpt-oss.nextn_predict_layers", 1_u32)
        .metadata("gpt-oss.vocab_size", 201_088_u32);
    let shape = shape(builder).unwrap();
    assert_eq!((shape.head_dim_k, shape.head_dim_k_swa, shape.head_dim_v_swa, shape.n_rot), (64, 32, 64, 64));
    assert_eq!((shape.n_expert, shape.n_expert_used, shape.sliding_window), (32, 4, Some(128)));
    assert_eq!((shape.n_vocab, shape.n_layer_nextn), (201_088, 1));
}

#[test]
fn the_layer_that_uses_the_most_experts_counts() {
    let shape = changed(&[
        ("llama.block_count", Some(3_u32.into())),
        ("llama.expert_count", Some(8_u32.into())),
        ("llama.expert_used_count", Some(vec![0_u32, 2, 1].into())),
    ])
    .unwrap();
    assert_eq!((shape.n_expert, shape.n_expert_used), (8, 2));
}

#[test]
fn a_model_without_attention_has_no_heads_and_nothing_is_divided_by_them() {
    let shape = changed(&[
        ("llama.attention.head_count", None),
        ("llama.attention.head_count_kv", None),
        ("llama.feed_forward_length", None),
        ("llama.rope.dimension_count", None),
    ])
    .unwrap();
    assert_eq!((shape.n_head, shape.n_ff, shape.head_dim_k, shape.n_rot), (vec![0; 80], vec![0; 80], 0, 0));
}

#[test]
fn a_window_of_zero_is_none() {
    let shape = changed(&[("llama.attention.sliding_window", Some(0_u32.into()))]).unwrap();
    assert_eq!(shape.sliding_window, None);
}

#[test]
fn listed_tokens_count_more_than_a_claimed_vocabulary() {
    let shape = changed(&[("llama.vocab_size", Some(32_000_u32.into()))]).unwrap();
    assert_eq!(shape.n_vocab, 2_000);
}

#[test]
fn what_llama_cpp_needs_must_be_there() {
    for key in [
        "general.architecture",
        "llama.block_count",
        "llama.context_length",
        "llama.embedding_length",
        "tokenizer.ggml.tokens",
    ] {
        assert!(matches!(changed(&[(key, None)]), Err(Error::MissingKey { key: missing }) if missing == key));
    }
}

#[test]
fn zero_and_absurd_numbers_are_refused() {
    for (key, most) in [
        ("llama.block_count", 512),
        ("llama.context_length", 1 << 30),
        ("llama.embedding_length", 1 << 20),
        ("llama.attention.key_length", 1 << 20),
        ("llama.attention.value_length", 1 << 20),
    ] {
        for absurd in [0, most + 1, u64::from(u32::MAX), u64::MAX] {
            refused(&[(key, Some(absurd.into()))], &format!("“{key}” is {absurd}, and only 1 to {most}"));
        }
    }
    refused(&[("llama.attention.head_count", Some(u32::MAX.into()))], "only 0 to 65536");
    refused(&[("llama.feed_forward_length", Some(u32::MAX.into()))], "only 0 to");
    refused(&[("llama.expert_count", Some(1_025_u32.into()))], "only 0 to 1024");
    refused(&[("tokenizer.ggml.tokens", Some(Vec::<&str>::new().into()))], "only 1 to");
}

#[test]
fn numbers_that_contradict_each_other_are_refused() {
    let contradiction = "contradicts itself";
    refused(&[("llama.attention.head_count_kv", Some(65_u32.into()))], contradiction);
    refused(&[("llama.attention.head_count_kv", Some(7_u32.into()))], "64 in layer 0, which is no multiple");
    refused(&[("llama.embedding_length", Some(63_u32.into()))], "63 values has 64 heads");
    refused(&[("llama.attention.key_length", Some((1_u32 << 20).into()))], "64 heads of 1048576 values");
    refused(&[("llama.expert_used_count", Some(2_u32.into()))], "2 of 0 experts");
    refused(&[("llama.expert_count", Some(8_u32.into()))], "0 of 8 experts");
    refused(&[("llama.nextn_predict_layers", Some(81_u32.into()))], "only 0 to 80");
    refused(&[("llama.attention.head_count", Some(vec![64_u32; 79].into()))], "lists 79 values");
}

#[test]
fn values_of_the_wrong_type_are_named() {
    refused(&[("llama.block_count", Some("80".into()))], "“llama.block_count” is text");
    refused(&[("llama.block_count", Some(80.0_f32.into()))], "is f32");
    refused(&[("llama.block_count", Some(vec![80_u32].into()))], "is array");
    refused(&[("llama.attention.head_count", Some(vec!["x"; 80].into()))], "list of whole numbers");
    refused(&[("llama.attention.head_count", Some(vec![-1_i32; 80].into()))], "list of whole numbers");
    refused(&[("tokenizer.ggml.tokens", Some(5_u32.into()))], "an array is needed");
}

#[test]
fn lists_that_were_not_kept_are_not_guessed() {
    let limits = Limits { keep_arrays_up_to: 4, ..Limits::default() };
    let builder = llama(&[("llama.attention.head_count", Some(vec![64_u32; 80].into()))]);
    let header = read(Cursor::new(builder.to_bytes().unwrap()), None, &limits).unwrap();
    assert!(matches!(header.model_shape(), Err(Error::ArrayNotKept { .. })));
}
