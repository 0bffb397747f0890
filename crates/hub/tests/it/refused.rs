//! Files that cannot be used, each with the right words and at once.

use std::path::Path;
use std::time::{Duration, Instant};

use paddock_gguf::write::Builder;
use paddock_hub::{Error, inspect};

use crate::{Folder, length, llama, metadata, weights};

#[track_caller]
fn refused(path: &Path, expected: impl Fn(&Error) -> bool, words: &[&str]) {
    let started = Instant::now();
    let error = inspect(path).expect_err("it was accepted");
    assert!(started.elapsed() < Duration::from_secs(1), "took {:?}", started.elapsed());
    assert!(expected(&error), "another error was expected than {error:?}");
    let text = error.to_string();
    for word in words {
        assert!(text.contains(word), "“{text}” does not say “{word}”");
    }
    assert!(text.ends_with('.'), "“{text}” is no sentence");
}

#[test]
fn what_is_not_there_or_not_a_file_is_refused() {
    let folder = Folder::new();
    refused(&folder.path("gone.gguf"), |e| matches!(e, Error::NotFound { .. }), &["gone.gguf"]);
    refused(folder.0.path(), |e| matches!(e, Error::IsFolder { .. }), &["is a folder", "(.gguf)"]);
    let empty = folder.file("empty.gguf", b"");
    refused(&empty, |e| matches!(e, Error::Empty { .. }), &["“empty.gguf” is empty", "again"]);
}

#[cfg(unix)]
#[test]
fn devices_pipes_and_dead_links_are_refused_without_being_read() {
    let folder = Folder::new();
    for device in ["/dev/random", "/dev/zero", "/dev/null"] {
        refused(Path::new(device), |e| matches!(e, Error::NotAFile { .. }), &["device or a pipe"]);
    }
    let pipe = folder.path("pipe.gguf");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status().unwrap();
    assert!(made.success());
    refused(&pipe, |e| matches!(e, Error::NotAFile { .. }), &["device or a pipe"]);
    let link = folder.path("dead.gguf");
    std::os::unix::fs::symlink(folder.path("nowhere"), &link).unwrap();
    refused(&link, |e| matches!(e, Error::NotFound { .. }), &["dead.gguf"]);
}

#[test]
fn other_files_are_named_for_what_they_look_like() {
    let folder = Folder::new();
    let safetensors = [&512_u64.to_le_bytes()[..], br#"{"__metadata__":{}}"#].concat();
    let cases: &[(&[u8], &str)] = &[
        (b"<!DOCTYPE html><html>", "web page"),
        (b"\xEF\xBB\xBF\n <HTML>", "web page"),
        (b"PK\x03\x04\x00\x00", "ZIP archive"),
        (&safetensors, "safetensors"),
        (b"version https://git-lfs.github.com/spec/v1\noid", "Git LFS"),
        (b"tjgg\x03\x00\x00\x00", "old GGML format"),
        (b"{\"error\":\"Access denied\"}", "JSON"),
        (b"Entry not found", "text"),
        (b"\x1F\x8B\x08", "gzip"),
        (&[0; 4096], "zeros"),
        (b"\x7FELF\x02", "program"),
        (b"\x93NUMPY\xFF", "ends in .gguf"),
        (b"GG", "text"),
    ];
    for (bytes, words) in cases {
        let path = folder.file("other.gguf", bytes);
        refused(&path, |e| matches!(e, Error::NotGguf { .. }), &["is not a GGUF model", words]);
    }
}

#[test]
fn a_cut_model_tells_both_lengths() {
    let folder = Folder::new();
    let path = folder.model("cut.gguf", llama());
    let file = std::fs::File::options().write(true).open(&path).unwrap();
    file.set_len(length(&path) - 1_200).unwrap();
    let have = length(&path);
    refused(
        &path,
        |e| matches!(e, Error::Truncated { have_bytes, .. } if *have_bytes == have),
        &["“cut.gguf” is not complete", "Download it again"],
    );
    file.set_len(100).unwrap();
    refused(&path, |e| matches!(e, Error::Truncated { have_bytes: 100, .. }), &["has 100 bytes"]);
}

#[test]
fn files_that_are_no_models_are_named() {
    let folder = Folder::new();
    let of_kind = |kind: &'static str, architecture: &'static str| {
        weights(Builder::new().metadata("general.type", kind).metadata("general.architecture", architecture))
    };
    let cases = [
        (of_kind("adapter", "llama"), "adapter (LoRA)"),
        (of_kind("mmproj", "clip"), "mmproj"),
        (of_kind("model", "clip"), "mmproj"),
        (of_kind("imatrix", "llama"), "imatrix"),
        (of_kind("model", "controlvector"), "control vector"),
        (of_kind("recipe", "llama"), "“recipe”"),
        (of_kind("model", ""), "architecture"),
        (weights(Builder::new()), "does not name its architecture"),
        (metadata(), "vocabulary"),
    ];
    for (builder, words) in cases {
        let path = folder.model("other.gguf", builder);
        refused(&path, |e| matches!(e, Error::NotAModel { .. }), &[words, "Choose the model's own"]);
    }
}

#[test]
fn hostile_headers_are_refused_within_a_second() {
    let folder = Folder::new();
    let start = |n_tensors: u64, n_metadata: u64| {
        [&b"GGUF"[..], &3_u32.to_le_bytes(), &n_tensors.to_le_bytes(), &n_metadata.to_le_bytes()].concat()
    };
    for (n_tensors, n_metadata) in [(u64::MAX, 0), (0, u64::MAX), (1 << 20, 1 << 16), (0, 1 << 15)] {
        let mut bytes = start(n_tensors, n_metadata);
        bytes.resize(64 << 20, 0xC3);
        let path = folder.file("hostile.gguf", &bytes);
        refused(&path, |e| matches!(e, Error::Header { .. }), &["“hostile.gguf” cannot be used"]);
    }
    let version_1 = [&b"GGUF"[..], &1_u32.to_le_bytes(), &[0; 64]].concat();
    let path = folder.file("old.gguf", &version_1);
    refused(&path, |e| matches!(e, Error::Header { .. }), &["version 1", "newer copy"]);
}

#[test]
fn sixty_four_mebibytes_of_garbage_are_refused_within_a_second() {
    let folder = Folder::new();
    // A fixed sequence that looks random (xorshift64).
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let mut garbage = Vec::with_capacity(64 << 20);
    while garbage.len() < 64 << 20 {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        garbage.extend(state.to_le_bytes());
    }
    let path = folder.file("garbage.gguf", &garbage);
    refused(&path, |e| matches!(e, Error::NotGguf { .. }), &["is not a GGUF model"]);
    garbage[..8].copy_from_slice(b"GGUF\x03\0\0\0");
    let path = folder.file("garbage.gguf", &garbage);
    refused(&path, |e| matches!(e, Error::Header { .. }), &["damaged"]);
}

#[cfg(unix)]
#[test]
fn a_file_that_may_not_be_read_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::new();
    let path = folder.model("secret.gguf", llama());
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o000)).unwrap();
    if std::fs::File::open(&path).is_ok() {
        // Root may read everything; there is nothing to refuse.
        return;
    }
    refused(&path, |e| matches!(e, Error::NoAccess { .. }), &["permissions"]);
}
