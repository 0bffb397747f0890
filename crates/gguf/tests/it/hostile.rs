//! Files made to break a reader. Each must be refused, with the right words, at once.

use std::sync::OnceLock;

use paddock_gguf::write::{Builder, Data};
use paddock_gguf::{Error, Limits, Model, TensorType};
use proptest::prelude::*;

use crate::corpus::{Case, corpus};
use crate::raw::{ARRAY, F32, Q4_0, Q6_K, Raw, STRING, U8, U32};

#[track_caller]
fn refused(raw: &Raw, expected: impl Fn(&Error) -> bool, words: &str) {
    for result in [raw.read(), raw.read_unmeasured()] {
        let error = result.expect_err("a hostile file was accepted");
        assert!(expected(&error), "another error was expected than {error:?}");
        assert!(error.to_string().contains(words), "“{error}” does not say “{words}”");
    }
}

#[test]
fn a_file_with_another_magic_is_not_gguf() {
    let raw = Raw::default().bytes(b"PK\x03\x04").data(64);
    refused(&raw, |e| matches!(e, Error::NotGguf { .. }), "not a GGUF file");
    refused(&Raw::default().bytes(b"GG"), |e| matches!(e, Error::NotGguf { .. }), "“GG”");
    refused(&Raw::default(), |e| matches!(e, Error::NotGguf { .. }), "nothing");
}

#[test]
fn versions_other_than_two_and_three_are_refused_each_in_its_own_words() {
    refused(&Raw::start(1, 0, 0), |e| matches!(e, Error::Version1), "version 1");
    refused(&Raw::start(3_u32.swap_bytes(), 0, 0), |e| matches!(e, Error::BigEndian), "big-endian");
    refused(&Raw::start(4, 0, 0), |e| matches!(e, Error::UnknownVersion { found: 4 }), "version 4");
    refused(&Raw::start(0, 0, 0), |e| matches!(e, Error::UnknownVersion { found: 0 }), "version 0");
    assert!(Raw::start(2, 0, 0).read().is_ok());
}

#[test]
fn absurd_counts_are_refused_before_anything_is_allocated() {
    let too_many = |e: &Error| matches!(e, Error::TooMany { .. });
    for absurd in [u64::MAX, 1 << 63, 1 << 40, 1_000_001] {
        refused(&Raw::start(3, absurd, 0), too_many, "tensors");
        refused(&Raw::start(3, 0, absurd), too_many, "metadata entries");
        refused(&Raw::start(3, 0, 1).u64(absurd).data(64), too_many, "bytes of a name");
    }
    for absurd in [u64::MAX, 1 << 63, 1 << 40] {
        let text = Raw::start(3, 0, 1).entry(b"k", STRING).u64(absurd).data(64);
        refused(&text, too_many, "bytes of text");
        let array = Raw::start(3, 0, 1).entry(b"k", ARRAY);
        refused(&array.clone().u32(U8).u64(absurd).data(64), too_many, "array elements");
        refused(&array.u32(STRING).u64(absurd).data(64), too_many, "array elements");
    }
}

#[test]
fn counts_that_do_not_fit_into_the_file_mean_that_it_ends_early() {
    let truncated = |raw: &Raw| matches!(raw.read(), Err(Error::Truncated { .. }));
    assert!(truncated(&Raw::start(3, 724, 0)));
    assert!(truncated(&Raw::start(3, 0, 44)));
    assert!(truncated(&Raw::start(3, 0, 1).entry(b"k", STRING).u64(1 << 20)));
    assert!(truncated(&Raw::start(3, 0, 1).entry(b"k", ARRAY).u32(U8).u64(1 << 20)));
    assert!(truncated(&Raw::start(3, 0, 1).entry(b"k", ARRAY).u32(STRING).u64(1 << 20)));
}

#[test]
fn a_text_past_the_end_tells_how_many_bytes_are_missing() {
    let raw = Raw::start(3, 0, 1).entry(b"k", STRING).u64(100).bytes(b"short");
    let have = raw.0.len() as u64;
    refused(
        &raw,
        |e| matches!(e, Error::Truncated { needed_bytes, have_bytes } if *have_bytes == have && *needed_bytes == have + 95),
        "ends early",
    );
}

#[test]
fn a_file_cut_anywhere_in_its_header_ends_early() {
    let whole = sample();
    let data_offset = Raw(whole.clone()).read().unwrap().data_offset as usize;
    for length in 4..data_offset {
        let cut = Raw(whole[..length].to_vec());
        let error = cut.read().expect_err("a cut header was accepted");
        assert!(
            matches!(error, Error::Truncated { have_bytes, .. } if have_bytes == length as u64),
            "cut at {length}: {error:?}"
        );
    }
}

#[test]
fn a_file_cut_in_its_data_tells_both_lengths() {
    let whole = sample();
    let needed = Raw(whole.clone()).read().unwrap().file_bytes();
    let cut = Raw(whole[..needed as usize - 1].to_vec());
    assert!(matches!(
        cut.read(),
        Err(Error::Truncated { needed_bytes, have_bytes })
            if needed_bytes == needed && have_bytes == needed - 1
    ));
    assert!(cut.read_unmeasured().is_ok(), "the header of a prefix can be read");
    assert!(Raw(whole[..needed as usize].to_vec()).read().is_ok(), "the last padding may be missing");
}

#[test]
fn duplicate_and_empty_names_are_refused() {
    let twice = Raw::start(3, 0, 2).entry(b"k", U8).bytes(&[1]).entry(b"k", U8).bytes(&[2]);
    refused(&twice, |e| matches!(e, Error::DuplicateKey { key } if key == "k"), "there twice");
    let twice = Raw::start(3, 2, 0).tensor(b"t", &[8], F32, 0).tensor(b"t", &[8], F32, 32).data(64);
    refused(&twice, |e| matches!(e, Error::DuplicateTensor { name } if name == "t"), "there twice");
    let empty = Raw::start(3, 0, 1).entry(b"", U8).bytes(&[1]).data(64);
    refused(&empty, |e| matches!(e, Error::EmptyName { .. }), "no name");
    let empty = Raw::start(3, 1, 0).tensor(b"", &[8], F32, 0).data(64);
    refused(&empty, |e| matches!(e, Error::EmptyName { .. }), "no name");
    let binary = Raw::start(3, 0, 1).entry(b"\xFF\xFE", U8).bytes(&[1]).data(64);
    refused(&binary, |e| matches!(e, Error::NotText { .. }), "not valid text");
}

#[test]
fn unknown_value_types_and_nested_arrays_are_refused() {
    for id in [13, 255, u32::MAX] {
        let raw = Raw::start(3, 0, 1).entry(b"k", id).data(64);
        refused(&raw, |e| matches!(e, Error::UnknownValueType { .. }), "unknown type");
        let raw = Raw::start(3, 0, 1).entry(b"k", ARRAY).u32(id).u64(1).data(64);
        refused(&raw, |e| matches!(e, Error::UnknownValueType { .. }), "unknown type");
    }
    let nested = Raw::start(3, 0, 1).entry(b"k", ARRAY).u32(ARRAY).u64(1).data(64);
    refused(&nested, |e| matches!(e, Error::NestedArray { .. }), "array of arrays");
}

#[test]
fn alignments_other_than_powers_of_two_are_refused() {
    for alignment in [0, 3, 31, u32::MAX] {
        let raw = Raw::start(3, 0, 1).entry(b"general.alignment", U32).u32(alignment);
        refused(&raw, |e| matches!(e, Error::BadAlignment { .. }), "power of two");
    }
    let text = Raw::start(3, 0, 1).entry(b"general.alignment", STRING).text(b"32");
    refused(&text, |e| matches!(e, Error::BadAlignment { .. }), "type text");
}

#[test]
fn impossible_shapes_are_refused_without_overflow() {
    let impossible = |e: &Error| matches!(e, Error::ImpossibleShape { .. });
    for shape in [
        &[u64::MAX][..],
        &[1 << 63],
        &[1 << 32, 1 << 32],
        &[1 << 31, 1 << 31, 1 << 31, 1 << 31],
        &[32, u64::MAX, u64::MAX, 2],
        // Fits as a count of values, not as a count of bytes.
        &[1 << 62],
    ] {
        let raw = Raw::start(3, 1, 0).tensor(b"t", shape, F32, 0).data(64);
        refused(&raw, impossible, "impossible shape");
    }
    let raw = Raw::start(3, 1, 0).tensor(b"t", &[1; 5], F32, 0).data(64);
    refused(&raw, |e| matches!(e, Error::TooManyDimensions { found: 5, .. }), "5 dimensions");
    let raw = Raw::start(3, 1, 0).text(b"t").u32(u32::MAX).data(64);
    refused(&raw, |e| matches!(e, Error::TooManyDimensions { .. }), "dimensions");
}

#[test]
fn tensors_whose_sizes_add_up_past_the_largest_file_are_refused() {
    let large = 1_u64 << 60;
    let raw = Raw::start(3, 2, 0).tensor(b"a", &[large], F32, 0).tensor(b"b", &[large], F32, large * 4).data(64);
    let error = raw.read_unmeasured().expect_err("accepted");
    assert!(matches!(error, Error::ImpossibleShape { .. }), "{error:?}");
}

#[test]
fn rows_of_partial_blocks_are_refused() {
    for (type_id, row) in [(Q4_0, 31), (Q4_0, 33), (Q6_K, 255), (Q6_K, 32)] {
        let raw = Raw::start(3, 1, 0).tensor(b"t", &[row, 256], type_id, 0).data(64);
        refused(&raw, |e| matches!(e, Error::PartialBlock { .. }), "no multiple");
    }
}

#[test]
fn removed_types_name_the_one_to_use_instead() {
    for (id, name) in [(31, "Q4_0_4_4"), (32, "Q4_0_4_8"), (33, "Q4_0_8_8")] {
        let raw = Raw::start(3, 1, 0).tensor(b"t", &[256], id, 0).data(64);
        refused(&raw, |e| matches!(e, Error::RemovedType { .. }), "use Q4_0 instead");
        refused(&raw, |e| matches!(e, Error::RemovedType { .. }), name);
    }
    for id in [36, 37, 38] {
        let raw = Raw::start(3, 1, 0).tensor(b"t", &[256], id, 0).data(64);
        refused(&raw, |e| matches!(e, Error::RemovedType { .. }), "use IQ4_NL instead");
    }
}

#[test]
fn unknown_tensor_types_are_refused_with_their_number() {
    for id in [43, 1_000, u32::MAX] {
        let raw = Raw::start(3, 1, 0).tensor(b"t", &[256], id, 0).data(64);
        refused(&raw, |e| matches!(e, Error::UnknownTensorType { .. }), &id.to_string());
    }
}

#[test]
fn tensors_in_the_wrong_place_are_refused() {
    let raw = Raw::start(3, 1, 0).tensor(b"t", &[8], F32, 4).data(64);
    refused(&raw, |e| matches!(e, Error::Misaligned { offset_bytes: 4, .. }), "no multiple of 32");
    let overlapping = Raw::start(3, 2, 0).tensor(b"a", &[16], F32, 0).tensor(b"b", &[16], F32, 32).data(128);
    refused(
        &overlapping,
        |e| matches!(e, Error::Misplaced { offset_bytes: 32, expected_bytes: 64, .. }),
        "instead of 64",
    );
}

#[test]
fn a_tensor_past_the_end_tells_both_lengths() {
    let raw = Raw::start(3, 1, 0).tensor(b"t", &[1 << 30, 8], F32, 0).data(64);
    let have = raw.0.len() as u64;
    assert!(matches!(
        raw.read(),
        Err(Error::Truncated { needed_bytes, have_bytes })
            if have_bytes == have && needed_bytes > 1 << 35
    ));
}

#[test]
fn a_tensor_name_of_64_bytes_is_refused() {
    let raw = Raw::start(3, 1, 0).tensor(&[b'n'; 64], &[8], F32, 0).data(64);
    refused(&raw, |e| matches!(e, Error::TensorNameTooLong { length_bytes: 64, .. }), "64 bytes");
    assert!(Raw::start(3, 1, 0).tensor(&[b'n'; 63], &[8], F32, 0).data(64).read().is_ok());
}

#[test]
fn a_header_larger_than_allowed_is_refused() {
    let limits = Limits { max_header_bytes: 64, ..Limits::default() };
    let raw = Raw::start(3, 0, 1).entry(b"k", STRING).text(&[b'x'; 200]);
    assert!(matches!(raw.read_with(&limits), Err(Error::HeaderTooLarge { at_most_bytes: 64 })));
}

#[test]
fn text_that_is_not_utf8_is_replaced_in_values() {
    let raw = Raw::start(3, 0, 1).entry(b"k", STRING).text(b"a\xFFb");
    assert_eq!(raw.read().unwrap().metadata.str("k").unwrap(), Some("a\u{FFFD}b"));
}

/// The worst case for time: as many tiny elements as the limits allow.
#[test]
fn sixty_four_mebibytes_of_empty_texts_are_walked_once_and_not_kept() {
    let elements = (64 << 20) / 8;
    let raw = Raw::start(3, 0, 1).entry(b"k", ARRAY).u32(STRING).u64(elements as u64);
    let raw = raw.bytes(&vec![0; elements * 8]);
    let header = raw.read().unwrap();
    let array = header.metadata.array("k").unwrap().unwrap();
    assert!(array.elements.is_none(), "so large an array is not kept");
    assert_eq!(array.len, elements as u64);
}

/// A sound file with some of everything.
fn sample() -> Vec<u8> {
    Builder::new()
        .metadata("general.architecture", "llama")
        .metadata("general.file_type", 15_u32)
        .metadata("tokenizer.ggml.tokens", vec!["a", "b", "c"])
        .metadata("tokenizer.ggml.scores", vec![0.5_f32, 1.0])
        .metadata("flag", true)
        .tensor("token_embd.weight", TensorType::Q4_K, &[256, 4], Data::Zeros)
        .tensor("norm.weight", TensorType::F32, &[5], Data::Bytes(vec![7; 20]))
        .tensor("output.weight", TensorType::Q6_K, &[256, 2], Data::Zeros)
        .to_bytes()
        .unwrap()
}

/// Made once for all cases.
static CORPUS: OnceLock<Vec<Case>> = OnceLock::new();

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_000, ..ProptestConfig::default() })]

    #[test]
    fn random_bytes_after_the_magic_never_panic(tail in prop::collection::vec(any::<u8>(), 0..600)) {
        let raw = Raw::default().bytes(b"GGUF").u32(3).bytes(&tail);
        let _ = raw.read();
        let _ = raw.read_unmeasured();
    }

    #[test]
    fn sound_files_with_flipped_bytes_never_panic(
        flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut bytes = sample();
        for (place, value) in flips {
            let place = place.index(bytes.len());
            bytes[place] = value;
        }
        let _ = Raw(bytes.clone()).read();
        let _ = Raw(bytes.clone()).read_unmeasured();
        bytes.truncate(cut.index(bytes.len()));
        let _ = Raw(bytes).read();
    }

    #[test]
    fn counts_and_lengths_replaced_by_any_number_never_panic(
        place in 0_usize..400,
        number in prop_oneof![any::<u64>(), 0..70_000_u64, Just(u64::MAX), Just(1 << 63)],
    ) {
        let mut bytes = sample();
        let place = place.min(bytes.len() - 8);
        bytes[place..place + 8].copy_from_slice(&number.to_le_bytes());
        let _ = Raw(bytes.clone()).read();
        let _ = Raw(bytes).read_unmeasured();
    }

    #[test]
    fn hostile_files_changed_anywhere_never_panic(
        file in any::<prop::sample::Index>(),
        flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in any::<prop::sample::Index>(),
    ) {
        let corpus = CORPUS.get_or_init(corpus);
        let mut bytes = corpus[file.index(corpus.len())].1.clone();
        for (place, value) in flips {
            let place = place.index(bytes.len());
            bytes[place] = value;
        }
        for bytes in [bytes.clone(), bytes[..cut.index(bytes.len())].to_vec()] {
            let _ = Raw(bytes.clone()).read_unmeasured();
            if let Ok(header) = Raw(bytes).read() {
                let _ = header.model_shape();
                let _ = header.quantization();
                let _ = Model::new(vec![header.clone(), header]);
            }
        }
    }
}
