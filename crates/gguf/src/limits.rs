//! How much a header may cost.

/// Bounds on what a header may hold. The defaults fit every published model with room to spare; all
/// of them are checked before memory is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The most metadata entries. Models have about 40.
    pub max_metadata: u64,
    /// The most tensors. Models have up to a few thousand.
    pub max_tensors: u64,
    /// The longest key, in bytes (the format's own limit is 65,535).
    pub max_key_bytes: u64,
    /// The longest single text, in bytes. The longest real ones are chat templates, below 100 KiB.
    pub max_string_bytes: u64,
    /// The longest array, in elements. Vocabularies have up to 300,000 entries.
    pub max_array_elements: u64,
    /// Arrays with more elements than this are walked and checked but not kept: only their type,
    /// length and place in the file are. Vocabularies are most of a header and seldom wanted.
    pub keep_arrays_up_to: u64,
    /// The most elements kept over all arrays; arrays beyond it are walked and not kept.
    pub keep_elements: u64,
    /// The longest header, in bytes, up to the end of the tensor list. Bounds the time a hostile file
    /// can take; real ones are below 20 MiB.
    pub max_header_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_metadata: 65_536,
            max_tensors: 1_000_000,
            max_key_bytes: 65_535,
            max_string_bytes: 64 << 20,
            max_array_elements: 16 << 20,
            keep_arrays_up_to: 1_024,
            keep_elements: 262_144,
            max_header_bytes: 128 << 20,
        }
    }
}

impl Limits {
    /// The defaults, but every array is kept.
    pub fn keeping_all_arrays() -> Self {
        Self { keep_arrays_up_to: u64::MAX, keep_elements: u64::MAX, ..Self::default() }
    }
}
