//! Model files as people have them: whole, cut, renamed, and no models at all; and repositories on a server that
//! misbehaves.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod hub_server;
mod library;
#[path = "../../../gguf/tests/it/llama_70b.rs"]
mod llama_70b;
mod refused;
mod remote;
mod split;
mod transfer;
mod whole;

use std::fs::File;
use std::path::{Path, PathBuf};

use paddock_gguf::TensorType;
use paddock_gguf::write::{Builder, Data};

/// A folder for one test's files.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// A file with these bytes.
    fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }

    /// A GGUF file.
    fn model(&self, name: &str, builder: Builder<'_>) -> PathBuf {
        let path = self.path(name);
        builder.write(File::create(&path).unwrap()).unwrap();
        path
    }
}

/// A small model that has everything.
fn llama() -> Builder<'static> {
    weights(metadata())
}

fn metadata() -> Builder<'static> {
    Builder::new()
        .metadata("general.architecture", "llama")
        .metadata("general.type", "model")
        .metadata("general.name", "Llama 3.3 70B Instruct")
        .metadata("general.file_type", 15_u32)
        .metadata("llama.block_count", 80_u32)
        .metadata("llama.context_length", 131_072_u32)
        .metadata("tokenizer.chat_template", "{{ messages }}")
}

fn weights(builder: Builder<'static>) -> Builder<'static> {
    builder.tensor("token_embd.weight", TensorType::Q4_K, &[256, 8], Data::Zeros).tensor(
        "output_norm.weight",
        TensorType::F32,
        &[256],
        Data::Zeros,
    )
}

fn length(path: &Path) -> u64 {
    std::fs::metadata(path).unwrap().len()
}
