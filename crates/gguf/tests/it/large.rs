//! Headers and files of real size.

use std::fs::File;
use std::io::Cursor;
use std::time::{Duration, Instant};

use paddock_gguf::write::{Builder, Data};
use paddock_gguf::{Limits, TensorType, read};

/// The header of Llama 3.3 70B in Q4_K_M: 80 layers, a vocabulary of 128,256 tokens with 280,147
/// merges. The sizes are those of the model; the weights are holes.
fn llama_70b() -> Builder<'static> {
    let tokens: Vec<String> = (0..128_256).map(|n| format!("token{n}")).collect();
    let merges: Vec<String> = (0..280_147).map(|n| format!("left{n} right{n}")).collect();
    let mut builder = Builder::new()
        .metadata("general.architecture", "llama")
        .metadata("general.type", "model")
        .metadata("general.name", "Llama 3.3 70B Instruct")
        .metadata("general.file_type", 15_u32)
        .metadata("llama.block_count", 80_u32)
        .metadata("llama.context_length", 131_072_u32)
        .metadata("tokenizer.ggml.tokens", tokens)
        .metadata("tokenizer.ggml.token_type", vec![1_i32; 128_256])
        .metadata("tokenizer.ggml.merges", merges)
        .tensor("token_embd.weight", TensorType::Q4_K, &[8192, 128_256], Data::Hole);
    for layer in 0..80 {
        for (name, kind, shape) in [
            ("attn_norm", TensorType::F32, vec![8192]),
            ("attn_q", TensorType::Q4_K, vec![8192, 8192]),
            ("attn_k", TensorType::Q4_K, vec![8192, 1024]),
            ("attn_v", TensorType::Q6_K, vec![8192, 1024]),
            ("attn_output", TensorType::Q4_K, vec![8192, 8192]),
            ("ffn_norm", TensorType::F32, vec![8192]),
            ("ffn_gate", TensorType::Q4_K, vec![8192, 28_672]),
            ("ffn_up", TensorType::Q4_K, vec![8192, 28_672]),
            ("ffn_down", TensorType::Q6_K, vec![28_672, 8192]),
        ] {
            builder = builder.tensor(format!("blk.{layer}.{name}.weight"), kind, &shape, Data::Hole);
        }
    }
    builder.tensor("output_norm.weight", TensorType::F32, &[8192], Data::Hole).tensor(
        "output.weight",
        TensorType::Q6_K,
        &[8192, 128_256],
        Data::Hole,
    )
}

#[test]
fn the_header_of_a_70b_model_is_read_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("70b.gguf");
    let length = llama_70b().write(File::create(&path).unwrap()).unwrap();
    assert_eq!(std::fs::metadata(&path).unwrap().len(), length, "a hole at the end counts");
    assert!(length > 40_000_000_000, "the file is as long as the model: {length}");

    for limits in [Limits::default(), Limits::keeping_all_arrays()] {
        let started = Instant::now();
        let header = read(File::open(&path).unwrap(), Some(length), &limits).unwrap();
        let took = started.elapsed();
        // 100 ms are promised for a release build.
        let promised = if cfg!(debug_assertions) { 1_000 } else { 100 };
        assert!(took < Duration::from_millis(promised), "took {took:?}");
        assert_eq!(header.parameter_count(), 70_553_706_496);
        assert_eq!(header.quantization(), Some("Q4_K_M"));
        assert_eq!(header.tensors.len(), 723);
    }
}

#[test]
fn a_file_larger_than_memory_pieces_is_filled_piece_by_piece() {
    let mut largest = 0;
    let mut next = 0;
    let length = 5 << 20;
    let bytes = Builder::new()
        .tensor(
            "t",
            TensorType::I8,
            &[length],
            Data::Fill(Box::new(|offset, piece| {
                assert_eq!(offset, next, "pieces follow each other");
                next = offset + piece.len() as u64;
                largest = largest.max(piece.len());
                piece.fill(1);
            })),
        )
        .to_bytes()
        .unwrap();
    assert!(largest <= 1 << 20);
    assert_eq!(next, length);
    assert_eq!(bytes.iter().filter(|byte| **byte == 1).count() as u64, length + count_in_header(&bytes));
}

/// Ones that belong to the header, such as the count of tensors.
fn count_in_header(bytes: &[u8]) -> u64 {
    let header = read(Cursor::new(bytes), None, &Limits::default()).unwrap();
    bytes[..header.data_offset as usize].iter().filter(|byte| **byte == 1).count() as u64
}
