//! Hostile files, each with the words it must be refused with. They lie in `fuzz/corpus` too, where fuzzing starts.

use paddock_gguf::TensorType;
use paddock_gguf::write::{Builder, Data};

use crate::raw::{ARRAY, F32, Q4_0, Raw, STRING, U8, U32};

/// A file and the words it is refused with; `None` for a sound one.
pub type Case = (&'static str, Vec<u8>, Option<&'static str>);

/// Every file of the corpus.
pub fn corpus() -> Vec<Case> {
    let mut cases = beginnings();
    cases.extend(metadata());
    cases.extend(tensors());
    cases.extend(shapes());
    cases.extend(parts());
    cases
}

fn bad(name: &'static str, raw: Raw, words: &'static str) -> Case {
    (name, raw.0, Some(words))
}

fn beginnings() -> Vec<Case> {
    vec![
        bad("magic-of-a-zip", Raw::default().bytes(b"PK\x03\x04").data(64), "not a GGUF file"),
        bad("magic-cut-short", Raw::default().bytes(b"GGU"), "“GGU”"),
        bad("version-0", Raw::start(0, 0, 0), "version 0"),
        bad("version-1", Raw::start(1, 0, 0), "version 1, which is no longer supported"),
        bad("version-4", Raw::start(4, 0, 0), "version 4"),
        bad("big-endian", Raw::start(3_u32.swap_bytes(), 0, 0), "big-endian"),
        bad("counts-cut-off", Raw::default().bytes(b"GGUF").u32(3).bytes(&[1; 7]), "ends early"),
        bad("tensors-absurd", Raw::start(3, u64::MAX, 0).data(64), "18446744073709551615 tensors"),
        bad("tensors-past-the-end", Raw::start(3, 999_999, 0).data(64), "ends early"),
        bad("entries-absurd", Raw::start(3, 0, 1 << 63).data(64), "9223372036854775808 metadata entries"),
        bad("entries-past-the-end", Raw::start(3, 0, 65_536).data(64), "ends early"),
    ]
}

fn metadata() -> Vec<Case> {
    let entry = |value_type| Raw::start(3, 0, 1).entry(b"k", value_type);
    let twice = Raw::start(3, 0, 2).entry(b"k", U8).bytes(&[1]).entry(b"k", U8).bytes(&[2]);
    let aligned = |value_type| Raw::start(3, 0, 1).entry(b"general.alignment", value_type);
    vec![
        bad("key-absurdly-long", Raw::start(3, 0, 1).u64(u64::MAX).data(64), "bytes of a name"),
        bad("key-empty", Raw::start(3, 0, 1).entry(b"", U8).bytes(&[1]).data(64), "has no name"),
        bad("key-not-text", Raw::start(3, 0, 1).entry(b"\xFF\xFE", U8).bytes(&[1]).data(64), "not valid text"),
        bad("key-twice", twice, "“k” is there twice"),
        bad("text-absurdly-long", entry(STRING).u64(1 << 40).data(64), "1099511627776 bytes of text"),
        bad("text-past-the-end", entry(STRING).u64(1 << 20).bytes(b"short"), "ends early"),
        bad("value-type-unknown", entry(13).data(64), "“k” has the unknown type 13"),
        bad("array-absurdly-long", entry(ARRAY).u32(U8).u64(1 << 40).data(64), "1099511627776 array elements"),
        bad("array-past-the-end", entry(ARRAY).u32(STRING).u64(1 << 20).data(64), "ends early"),
        bad("array-text-past-the-end", entry(ARRAY).u32(STRING).u64(2).text(b"a").u64(999).data(64), "ends early"),
        bad("array-type-unknown", entry(ARRAY).u32(99).u64(1).data(64), "unknown type 99"),
        bad("array-of-arrays", entry(ARRAY).u32(ARRAY).u64(1).u32(ARRAY).u64(1).data(64), "an array of arrays"),
        bad("alignment-0", aligned(U32).u32(0), "its alignment is 0"),
        bad("alignment-3", aligned(U32).u32(3), "its alignment is 3"),
        bad("alignment-text", aligned(STRING).text(b"32"), "of type text"),
    ]
}

fn tensors() -> Vec<Case> {
    let one =
        |dimensions: &[u64], type_id, offset| Raw::start(3, 1, 0).tensor(b"t", dimensions, type_id, offset).data(64);
    let two = |second: &[u8], offset| {
        Raw::start(3, 2, 0).tensor(b"t", &[16], F32, 0).tensor(second, &[16], F32, offset).data(128)
    };
    let huge = Raw::start(3, 2, 0).tensor(b"a", &[1 << 60], F32, 0).tensor(b"b", &[1 << 60], F32, 1 << 62).data(64);
    let named = Raw::start(3, 1, 0).tensor(&[b'n'; 64], &[8], F32, 0).data(64);
    vec![
        bad("dimensions-5", one(&[1; 5], F32, 0), "has 5 dimensions"),
        bad("dimensions-overflow", one(&[1 << 32, 1 << 32], F32, 0), "impossible shape"),
        bad("dimensions-overflow-to-0", one(&[1 << 31, 1 << 31, 1 << 31, 1 << 31], F32, 0), "impossible shape"),
        bad("dimensions-overflow-in-bytes", one(&[1 << 62], F32, 0), "impossible shape"),
        bad("sizes-overflow-together", huge, "impossible shape"),
        bad("row-of-a-partial-block", one(&[33], Q4_0, 0), "no multiple of the 32 that a block of Q4_0 holds"),
        bad("tensor-past-the-end", one(&[1 << 30, 8], F32, 0), "ends early"),
        bad("tensor-one-byte-short", Raw(one(&[16], F32, 0).0[..127].to_vec()), "ends early"),
        bad("tensor-misaligned", one(&[8], F32, 4), "no multiple of 32"),
        bad("tensor-overlapping", two(b"u", 32), "starts at 32 instead of 64"),
        bad("tensor-far-away", two(b"u", 1 << 62), "instead of 64"),
        bad("tensor-twice", two(b"t", 64), "the tensor “t” is there twice"),
        bad("tensor-without-a-name", Raw::start(3, 1, 0).tensor(b"", &[8], F32, 0).data(64), "has no name"),
        bad("tensor-name-of-64-bytes", named, "has 64 bytes"),
        bad("type-04-removed", one(&[256], 4, 0), "use Q4_0 instead"),
        bad("type-31-removed", one(&[256], 31, 0), "Q4_0_4_4, which llama.cpp no longer reads"),
        bad("type-32-removed", one(&[256], 32, 0), "use Q4_0 instead"),
        bad("type-33-removed", one(&[256], 33, 0), "use Q4_0 instead"),
        bad("type-36-removed", one(&[256], 36, 0), "use IQ4_NL instead"),
        bad("type-unknown", one(&[256], 1_000, 0), "type number 1000"),
    ]
}

fn model() -> Builder<'static> {
    Builder::new()
        .metadata("general.architecture", "llama")
        .metadata("llama.block_count", 2_u32)
        .metadata("llama.context_length", 4_096_u32)
        .metadata("llama.embedding_length", 256_u32)
        .metadata("tokenizer.ggml.tokens", vec!["a", "b", "c"])
}

fn file(builder: Builder<'_>) -> Vec<u8> {
    builder.to_bytes().unwrap()
}

/// Files that are sound, and models that are not.
fn shapes() -> Vec<Case> {
    let heads = |n_head: u32, n_head_kv: u32| {
        let model = model().metadata("llama.attention.head_count", n_head);
        file(model.metadata("llama.attention.head_count_kv", n_head_kv))
    };
    let layers = model().metadata("llama.attention.head_count", vec![4_u32; 3]);
    let weights = |builder: Builder<'static>| {
        builder.tensor("token_embd.weight", TensorType::Q4_K, &[256, 3], Data::Zeros).tensor(
            "output_norm.weight",
            TensorType::F32,
            &[256],
            Data::Zeros,
        )
    };
    let lists = model().metadata("llama.attention.head_count", vec![8_u32, 4]).metadata("flag", true);
    vec![
        ("sound-model", file(weights(model())), None),
        ("sound-model-with-lists", file(weights(lists.metadata("scores", vec![0.5_f32, 1.0]))), None),
        ("sound-aligned-to-4096", file(weights(model().metadata("general.alignment", 4_096_u32))), None),
        ("model-heads-do-not-divide", heads(8, 3), Some("which is no multiple")),
        ("model-more-heads-than-values", heads(512, 1), Some("an embedding of 256 values has 512 heads")),
        ("model-heads-for-other-layers", file(layers), Some("lists 3 values, and the model has 2 layers")),
        (
            "model-without-layers",
            file(Builder::new().metadata("general.architecture", "x")),
            Some("“x.block_count” is missing"),
        ),
    ]
}

/// Pairs of parts that do not belong together; the words stand at the second.
fn parts() -> Vec<Case> {
    let part = |number: u16, count: u16, tensors: i32, builder: Builder<'static>| {
        builder.metadata("split.no", number - 1).metadata("split.count", count).metadata("split.tensors.count", tensors)
    };
    let tensor = |name: &str, builder: Builder<'static>| builder.tensor(name, TensorType::F32, &[8], Data::Zeros);
    let first = || file(tensor("a", part(1, 2, 2, model())));
    let second = |count, tensors, name| file(tensor(name, part(2, count, tensors, Builder::new())));
    let other = Builder::new().metadata("general.architecture", "qwen3");
    vec![
        ("count-00001-of-00002", first(), None),
        ("count-00002-of-00002", second(3, 2, "b"), Some("it says there are 3 parts")),
        ("tensors-00001-of-00002", first(), None),
        ("tensors-00002-of-00002", second(2, 5, "b"), Some("it says the model has 5 tensors")),
        ("fewer-00001-of-00002", first(), None),
        ("fewer-00002-of-00002", file(part(2, 2, 2, Builder::new())), Some("1 tensors together")),
        ("again-00001-of-00002", first(), None),
        ("again-00002-of-00002", second(2, 2, "a"), Some("both have the tensor “a”")),
        ("twice-00001-of-00002", first(), None),
        ("twice-00002-of-00002", first(), Some("Part 1 is there twice")),
        ("mixed-00001-of-00002", first(), None),
        ("mixed-00002-of-00002", file(tensor("b", part(2, 2, 2, other))), Some("it is “qwen3”")),
        ("whole-00001-of-00002", first(), None),
        ("whole-00002-of-00002", second(2, 2, "b"), None),
    ]
}
