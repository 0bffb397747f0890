//! What a file that is not GGUF looks like, from its first bytes.

use std::path::Path;

/// How many bytes [`looks_like`] wants to see.
pub(crate) const SAMPLE_BYTES: usize = 512;

/// Names the kind of file, with the next step, as the rest of the sentence “… is not a GGUF model: ”.
/// `None` if it cannot be told.
pub(crate) fn looks_like(start: &[u8]) -> Option<&'static str> {
    const MAGICS: &[(&[u8], &str)] = &[
        (
            b"PK\x03\x04",
            "it looks like a ZIP archive or a PyTorch checkpoint. Unpack it, or download a GGUF version of the model.",
        ),
        (b"\x1F\x8B", "it looks like a compressed archive (gzip). Unpack it first."),
        (b"\x28\xB5\x2F\xFD", "it looks like a compressed archive (zstd). Unpack it first."),
        (b"7z\xBC\xAF\x27\x1C", "it looks like a compressed archive (7-Zip). Unpack it first."),
        (b"Rar!", "it looks like a compressed archive (RAR). Unpack it first."),
        (
            b"version https://git-lfs",
            "it is a Git LFS placeholder, not the model itself. Download the file from the model's page.",
        ),
        // The old magics are numbers, so their letters are stored backwards.
        (b"lmgg", "it is in the old GGML format of 2023. Download a GGUF version of the model."),
        (b"fmgg", "it is in the old GGML format of 2023. Download a GGUF version of the model."),
        (b"tjgg", "it is in the old GGML format of 2023. Download a GGUF version of the model."),
        (b"%PDF", "it looks like a PDF document. Choose a file that ends in .gguf."),
        (b"\x7FELF", "it looks like a program. Choose a file that ends in .gguf."),
        (b"MZ", "it looks like a program. Choose a file that ends in .gguf."),
    ];
    if start.len() >= 4 && start.iter().all(|byte| *byte == 0) {
        return Some("it starts with nothing but zeros, as an unfinished download does. Download it again.");
    }
    if let Some((_, text)) = MAGICS.iter().find(|(magic, _)| start.starts_with(magic)) {
        return Some(text);
    }
    // A safetensors file starts with the length of a JSON object, then the object.
    if start.len() > 8 && start[8] == b'{' && start[4..8] == [0; 4] {
        return Some("it looks like a safetensors file. Download a GGUF version of the model.");
    }
    looks_like_text(start)
}

fn looks_like_text(start: &[u8]) -> Option<&'static str> {
    let start = start.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(start).trim_ascii_start();
    let begins = |with: &[u8]| start.get(..with.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(with));
    if begins(b"<!doctype") || begins(b"<html") || begins(b"<?xml") || begins(b"<head") {
        Some("it is a web page, as a failed download or a login page leaves behind. Download it again.")
    } else if begins(b"{") || begins(b"[") {
        Some("it looks like a JSON text. Choose a file that ends in .gguf.")
    } else if !start.is_empty() && start.iter().all(|byte| byte.is_ascii_graphic() || byte.is_ascii_whitespace()) {
        Some("it looks like a text. Choose a file that ends in .gguf.")
    } else {
        None
    }
}

/// The name to show for a file that names no model: its own, without `.gguf`.
pub(crate) fn stem(path: &Path) -> String {
    path.file_stem().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}
