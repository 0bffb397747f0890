//! The file of Llama 3.3 70B in Q4_K_M with its true header: 80 layers in 724 tensors, a vocabulary of
//! 128,256 tokens with 280,147 merges, together about 7.8 MB. The weights are holes.

use paddock_gguf::TensorType;
use paddock_gguf::write::{Builder, Data};

/// Layers.
const N_LAYER: u32 = 80;
/// Tokens in the vocabulary.
const N_VOCAB: u64 = 128_256;
/// Pairs of tokens that the tokenizer joins.
const N_MERGES: u32 = 280_147;

/// As llama.cpp's converter writes it. Tokens and merges are made up, with the average lengths of the real
/// ones (7 and 11 bytes).
pub fn llama_70b() -> Builder<'static> {
    let mut builder = vocabulary(description(Builder::new()))
        .tensor("rope_freqs.weight", TensorType::F32, &[64], Data::Hole)
        .tensor("token_embd.weight", TensorType::Q4_K, &[8192, N_VOCAB], Data::Hole);
    for layer in 0..N_LAYER {
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
        &[8192, N_VOCAB],
        Data::Hole,
    )
}

fn description(builder: Builder<'static>) -> Builder<'static> {
    builder
        .metadata("general.architecture", "llama")
        .metadata("general.type", "model")
        .metadata("general.name", "Llama 3.3 70B Instruct")
        .metadata("general.size_label", "70B")
        .metadata("general.license", "llama3.3")
        .metadata("general.languages", vec!["en", "fr", "it", "pt", "hi", "es", "th", "de"])
        .metadata("llama.block_count", N_LAYER)
        .metadata("llama.context_length", 131_072_u32)
        .metadata("llama.embedding_length", 8_192_u32)
        .metadata("llama.feed_forward_length", 28_672_u32)
        .metadata("llama.attention.head_count", 64_u32)
        .metadata("llama.attention.head_count_kv", 8_u32)
        .metadata("llama.rope.freq_base", 500_000.0_f32)
        .metadata("llama.attention.layer_norm_rms_epsilon", 1e-5_f32)
        .metadata("llama.attention.key_length", 128_u32)
        .metadata("llama.attention.value_length", 128_u32)
        .metadata("general.file_type", 15_u32)
        .metadata("llama.vocab_size", 128_256_u32)
        .metadata("llama.rope.dimension_count", 128_u32)
        .metadata("general.quantization_version", 2_u32)
}

fn vocabulary(builder: Builder<'static>) -> Builder<'static> {
    let tokens: Vec<String> = (0..N_VOCAB).map(|n| format!("{n:07x}")).collect();
    let merges: Vec<String> = (0..N_MERGES).map(|n| format!("{n:05x} {:05x}", n / 2)).collect();
    builder
        .metadata("tokenizer.ggml.model", "gpt2")
        .metadata("tokenizer.ggml.pre", "llama-bpe")
        .metadata("tokenizer.ggml.tokens", tokens)
        .metadata("tokenizer.ggml.token_type", vec![1_i32; N_VOCAB as usize])
        .metadata("tokenizer.ggml.merges", merges)
        .metadata("tokenizer.ggml.bos_token_id", 128_000_u32)
        .metadata("tokenizer.ggml.eos_token_id", 128_009_u32)
        .metadata("tokenizer.chat_template", "{{ bos_token }}".repeat(260))
}
