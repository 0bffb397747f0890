//! What is in a file: bytes, a file on disk, or a model that is made up while it is read.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use sha2::{Digest, Sha256};

use crate::model::VirtualModel;

/// How much is read at once to compute a checksum, in bytes.
const CHUNK_BYTES: usize = 1 << 20;

/// What is in a file. Clones share everything, the checksum too.
#[derive(Clone)]
pub struct Content(Arc<Inner>);

struct Inner {
    source: Source,
    len: u64,
    sha256: OnceLock<String>,
}

enum Source {
    Bytes(Vec<u8>),
    Disk(PathBuf),
    Model(VirtualModel),
}

impl Content {
    fn new(source: Source, len: u64) -> Self {
        Self(Arc::new(Inner { source, len, sha256: OnceLock::new() }))
    }

    /// These bytes, kept in memory.
    pub fn bytes(bytes: impl Into<Vec<u8>>) -> Self {
        let bytes = bytes.into();
        let len = bytes.len() as u64;
        Self::new(Source::Bytes(bytes), len)
    }

    /// A file on disk, which must stay as it is while it is served.
    ///
    /// # Panics
    /// If there is no such file.
    pub fn disk(path: impl Into<PathBuf>) -> Self {
        let path = path.into();
        let len = path.metadata().unwrap_or_else(|error| panic!("{}: {error}", path.display())).len();
        Self::new(Source::Disk(path), len)
    }

    /// A GGUF file that `paddock-gguf` accepts, at most 32 bytes shorter than `size_bytes` (but never shorter than its
    /// own header, about 1.5 kB). The tensors' bytes follow from seed and place and are never kept: 20 GB cost nothing.
    pub fn model(seed: u64, size_bytes: u64) -> Self {
        let model = VirtualModel::new(seed, size_bytes, None);
        let len = model.len();
        Self::new(Source::Model(model), len)
    }

    /// The files of a split model, in order, each of about `part_bytes`.
    pub fn split_model(seed: u64, part_bytes: u64, n_parts: u16) -> Vec<Self> {
        let part = |index| {
            let model = VirtualModel::new(seed + u64::from(index), part_bytes, Some((index, n_parts)));
            let len = model.len();
            Self::new(Source::Model(model), len)
        };
        (0..n_parts).map(part).collect()
    }

    /// Length in bytes.
    #[expect(clippy::len_without_is_empty, reason = "nobody asks")]
    pub fn len(&self) -> u64 {
        self.0.len
    }

    /// Copies what begins at `offset`.
    ///
    /// # Panics
    /// If that reaches past the end, or the file on disk is gone.
    pub fn read(&self, offset: u64, into: &mut [u8]) {
        assert!(offset + into.len() as u64 <= self.len(), "read past the end");
        match &self.0.source {
            Source::Bytes(bytes) => into.copy_from_slice(&bytes[offset as usize..][..into.len()]),
            Source::Disk(path) => {
                let mut file = File::open(path).unwrap();
                file.seek(SeekFrom::Start(offset)).unwrap();
                file.read_exact(into).unwrap();
            }
            Source::Model(model) => model.read(offset, into),
        }
    }

    /// All of it; for small ones.
    pub fn to_vec(&self) -> Vec<u8> {
        let mut bytes = vec![0; self.len() as usize];
        self.read(0, &mut bytes);
        bytes
    }

    /// The checksum as 64 hexadecimal digits. Computed when first asked for, about a second for each GB, and kept.
    pub fn sha256(&self) -> String {
        let compute = || {
            let mut hash = Sha256::new();
            self.chunks(|chunk| hash.update(chunk));
            hex(&hash.finalize())
        };
        self.0.sha256.get_or_init(compute).clone()
    }

    /// Stands for the id that Git has for a file, 40 hexadecimal digits. Git's is a SHA-1, which no client checks.
    pub(crate) fn oid(&self) -> String {
        self.sha256()[..40].to_owned()
    }

    /// Tells contents apart without reading all of them, unlike a checksum.
    pub(crate) fn sample(&self) -> Vec<u8> {
        let n_bytes = self.len().min(64) as usize;
        let mut sample = vec![0; 2 * n_bytes];
        let (first, last) = sample.split_at_mut(n_bytes);
        self.read(0, first);
        self.read(self.len() - n_bytes as u64, last);
        sample
    }

    /// Where the bytes can be copied from by the system itself.
    pub(crate) fn path(&self) -> Option<&Path> {
        match &self.0.source {
            Source::Disk(path) => Some(path),
            Source::Bytes(_) | Source::Model(_) => None,
        }
    }

    fn chunks(&self, mut see: impl FnMut(&[u8])) {
        let mut file = self.path().map(|path| File::open(path).unwrap());
        let mut buffer = vec![0; CHUNK_BYTES];
        let mut offset = 0;
        while offset < self.len() {
            let piece = &mut buffer[..(self.len() - offset).min(CHUNK_BYTES as u64) as usize];
            match &mut file {
                Some(file) => file.read_exact(piece).unwrap(),
                None => self.read(offset, piece),
            }
            see(piece);
            offset += piece.len() as u64;
        }
    }
}

/// Lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut digits, byte| {
        let _ = write!(digits, "{byte:02x}");
        digits
    })
}
