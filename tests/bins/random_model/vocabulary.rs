//! A vocabulary like Llama 3's, without its words.

use paddock_gguf::write::Builder;

/// Llama 3's control tokens by their place behind the last ordinary one; all others are reserved.
const CONTROL: [(u64, &str); 8] = [
    (0, "<|begin_of_text|>"),
    (1, "<|end_of_text|>"),
    (4, "<|finetune_right_pad_id|>"),
    (6, "<|start_header_id|>"),
    (7, "<|end_header_id|>"),
    (8, "<|eom_id|>"),
    (9, "<|eot_id|>"),
    (10, "<|python_tag|>"),
];
const N_CONTROL: u64 = 256;

/// A vocabulary that tokenizes any text: a token for each byte, then pairs of small letters, then pairs of those pairs.
pub(super) fn add(builder: Builder<'_>, vocab: u64) -> Builder<'_> {
    let n_ordinary = (vocab - N_CONTROL) as usize;
    let mut tokens: Vec<String> = (0..=u8::MAX).map(|byte| byte_text(byte).to_string()).collect();
    let letters: Vec<String> = ('a'..='z').map(String::from).collect();
    let pairs: Vec<String> = letters.iter().flat_map(|a| letters.iter().map(move |b| format!("{a}{b}"))).collect();
    let pairings = |parts: &[String]| -> Vec<String> {
        parts.iter().flat_map(|a| parts.iter().map(move |b| format!("{a} {b}"))).collect()
    };
    let mut merges = pairings(&letters);
    merges.extend(pairings(&pairs));
    merges.truncate(n_ordinary - tokens.len());
    tokens.extend(merges.iter().map(|merge| merge.replace(' ', "")));
    tokens.extend((0..N_CONTROL).map(|place| match CONTROL.iter().find(|(at, _)| *at == place) {
        Some((_, text)) => (*text).to_owned(),
        None => format!("<|reserved_special_token_{place}|>"),
    }));
    // `enum llama_token_type` in llama.h: 1 is normal, 3 control.
    let types: Vec<i32> = (0..tokens.len()).map(|id| if id < n_ordinary { 1 } else { 3 }).collect();
    let control = |place: u64| u32::try_from(vocab - N_CONTROL + place).unwrap_or_default();
    builder
        .metadata("tokenizer.ggml.model", "gpt2")
        .metadata("tokenizer.ggml.pre", "llama-bpe")
        .metadata("tokenizer.ggml.tokens", tokens)
        .metadata("tokenizer.ggml.token_type", types)
        .metadata("tokenizer.ggml.merges", merges)
        .metadata("tokenizer.ggml.bos_token_id", control(0))
        .metadata("tokenizer.ggml.eos_token_id", control(9))
}

/// The character that stands for a byte in GPT-2's vocabularies: itself if it prints, else one from U+0100 on.
fn byte_text(byte: u8) -> char {
    let prints = |byte: u8| matches!(byte, b'!'..=b'~' | 0xA1..=0xAC | 0xAE..=0xFF);
    if prints(byte) {
        return char::from(byte);
    }
    let place = (0..byte).filter(|&other| !prints(other)).count();
    char::from_u32(0x100 + place as u32).unwrap_or(char::REPLACEMENT_CHARACTER)
}
