//! The models that are on this computer.

#[cfg(unix)]
mod hostile;
mod places;
mod scan;
mod share;
mod trash;
mod verify;

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use paddock_gguf::write::Builder;
use paddock_hub::library::{Memory, Places, Receipts, Scanned, Surroundings, System, Verdict, scan, verify};
use paddock_hub::receipt::{BLOCK_BYTES, Origin, Receipt, Stamp};
use sha2::{Digest, Sha256};

use crate::{Folder, weights};

/// A computer with a home folder and Paddock's own models folder.
struct Computer(Folder);

impl Computer {
    fn new() -> Self {
        Self(Folder::new())
    }

    fn home(&self) -> PathBuf {
        self.0.path("home")
    }

    fn own(&self) -> PathBuf {
        self.0.path("own models")
    }

    /// Its surroundings, without any variable set.
    fn surroundings(&self) -> Surroundings {
        Surroundings { home: Some(self.home()), variables: BTreeMap::new(), system: System::Linux }
    }

    fn places(&self, added: &[PathBuf]) -> Places {
        Places::find(&[self.own()], added, &self.surroundings())
    }

    fn receipts(&self, added: &[PathBuf]) -> Receipts {
        let beside: Vec<PathBuf> = std::iter::once(self.own()).chain(added.iter().cloned()).collect();
        fs::create_dir_all(self.own()).unwrap();
        Receipts::new(&self.0.path("data"), &beside)
    }

    fn scan(&self, added: &[PathBuf]) -> Scanned {
        scan(&self.places(added), &self.receipts(added), &mut Memory::default(), &|| false).unwrap()
    }

    /// What is found in the usual places.
    fn found(&self) -> Scanned {
        self.scan(&[])
    }
}

/// A GGUF file with its folders.
fn model_at(path: &Path, builder: Builder<'_>) -> PathBuf {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    builder.write(File::create(path).unwrap()).unwrap();
    path.to_owned()
}

/// A small model of this name.
fn named(name: &str) -> Builder<'static> {
    weights(unnamed().metadata("general.name", name))
}

/// The least that a model says about itself.
fn unnamed() -> Builder<'static> {
    Builder::new().metadata("general.architecture", "llama").metadata("general.file_type", 15_u32)
}

fn text_at(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn sha256(path: &Path) -> String {
    format!("{:x}", Sha256::digest(fs::read(path).unwrap()))
}

fn origin(path: &str) -> Origin {
    Origin {
        endpoint: "https://huggingface.co".into(),
        repo: "owner/name-GGUF".into(),
        commit: "0123456789abcdef0123456789abcdef01234567".into(),
        path: path.into(),
    }
}

/// The receipt that a download would have written for the bytes as they are.
fn receipt_of(file: &Path) -> Receipt {
    let bytes = fs::read(file).unwrap();
    Receipt {
        origin: Some(origin(file.file_name().unwrap().to_str().unwrap())),
        sha256: sha256(file),
        stamp: Stamp::of(&fs::metadata(file).unwrap()),
        verified_ms: 1,
        block_bytes: BLOCK_BYTES,
        block_crc32: bytes.chunks(BLOCK_BYTES as usize).map(crc32fast::hash).collect(),
    }
}

fn verdict(file: &Path, known: Option<&str>, receipts: &Receipts) -> Verdict {
    verify(file, known, receipts, &mut |_| ControlFlow::Continue(())).unwrap()
}
