//! A model of any size that takes no memory.

use std::io::{self, Seek, SeekFrom, Write};

use paddock_gguf::TensorType;
use paddock_gguf::write::{Builder, Data};

/// Tensors in each file, apart from the one that takes what is left over.
const N_LAYERS: u64 = 8;

/// Values in a row of a tensor.
const N_EMBD: u64 = 256;

/// Tensors and file end on multiples of this many bytes.
const ALIGNMENT_BYTES: u64 = 32;

/// An odd number whose bits look random: 2⁶⁴ divided by the golden ratio (Knuth's multiplicative hashing).
const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

pub(crate) struct VirtualModel {
    seed: u64,
    head: Vec<u8>,
    len: u64,
}

impl VirtualModel {
    /// `part`: index from 0, and how many there are.
    pub fn new(seed: u64, size_bytes: u64, part: Option<(u16, u16)>) -> Self {
        // The header's length does not depend on the tensors' sizes, which are numbers of a fixed width.
        let header_bytes = write(1 << 20, part).0.len() as u64;
        let data_bytes = size_bytes.saturating_sub(header_bytes).max((N_LAYERS + 1) * N_EMBD * 2);
        let (head, len) = write(data_bytes, part);
        Self { seed, head, len }
    }

    pub fn len(&self) -> u64 {
        self.len
    }

    /// Behind the header, eight bytes at a time are a function of the seed and of where they are.
    pub fn read(&self, offset: u64, into: &mut [u8]) {
        let in_head = (self.head.len() as u64).saturating_sub(offset).min(into.len() as u64) as usize;
        let (from_head, made_up) = into.split_at_mut(in_head);
        if in_head > 0 {
            from_head.copy_from_slice(&self.head[offset as usize..][..in_head]);
        }
        let mut at = offset + in_head as u64;
        let lead = ((8 - at % 8) % 8).min(made_up.len() as u64) as usize;
        let (lead, rest) = made_up.split_at_mut(lead);
        at = self.part_of_word(at, lead);
        let whole = rest.len() / 8 * 8;
        let (whole, tail) = rest.split_at_mut(whole);
        for (word, index) in whole.chunks_exact_mut(8).zip(at / 8..) {
            word.copy_from_slice(&self.word(index).to_le_bytes());
        }
        self.part_of_word(at + whole.len() as u64, tail);
    }

    fn part_of_word(&self, at: u64, into: &mut [u8]) -> u64 {
        let first = (at % 8) as usize;
        into.copy_from_slice(&self.word(at / 8).to_le_bytes()[first..][..into.len()]);
        at + into.len() as u64
    }

    fn word(&self, index: u64) -> u64 {
        // Both steps can be undone, so that no two places of a file have the same word.
        let mixed = (index ^ self.seed.rotate_left(40)).wrapping_mul(GOLDEN);
        mixed ^ (mixed >> 29)
    }
}

/// The header of a small Llama whose tensors take about `data_bytes`, and the length of the whole file.
fn write(data_bytes: u64, part: Option<(u16, u16)>) -> (Vec<u8>, u64) {
    let (index, n_parts) = part.unwrap_or((0, 1));
    let mut builder = Builder::new()
        .metadata("general.architecture", "llama")
        .metadata("general.name", "made up")
        .metadata("llama.block_count", N_LAYERS as u32 * u32::from(n_parts))
        .metadata("llama.embedding_length", N_EMBD as u32)
        .metadata("llama.feed_forward_length", 1024_u32)
        .metadata("llama.attention.head_count", 4_u32)
        .metadata("llama.context_length", 4096_u32)
        .metadata("llama.vocab_size", 1000_u32);
    if let Some((index, n_parts)) = part {
        builder = builder
            .metadata("split.no", index)
            .metadata("split.count", n_parts)
            .metadata("split.tensors.count", (N_LAYERS as i32 + 1) * i32::from(n_parts));
    }
    let row_bytes = N_EMBD * 2;
    let n_rows = (data_bytes / N_LAYERS / row_bytes).saturating_sub(1).max(1);
    for layer in 0..N_LAYERS {
        let name = format!("blk.{}.ffn_up.weight", u64::from(index) * N_LAYERS + layer);
        builder = builder.tensor(name, TensorType::F16, &[N_EMBD, n_rows], Data::Hole);
    }
    let left = (data_bytes.saturating_sub(N_LAYERS * n_rows * row_bytes) / ALIGNMENT_BYTES * ALIGNMENT_BYTES).max(32);
    let name = format!("rest.{index}.weight");
    let mut head = Head::default();
    let len = builder.tensor(name, TensorType::I8, &[left], Data::Hole).write(&mut head).unwrap();
    (head.bytes, len)
}

/// Keeps what is written before the first hole.
#[derive(Default)]
struct Head {
    bytes: Vec<u8>,
    position: u64,
}

impl Write for Head {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.position == self.bytes.len() as u64 {
            self.bytes.extend(bytes);
        }
        self.position += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Seek for Head {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.position = match to {
            SeekFrom::Start(offset) => offset,
            SeekFrom::Current(offset) => self.position.saturating_add_signed(offset),
            // As long as can be: nothing has to be written behind a hole to make it exist.
            SeekFrom::End(_) => u64::MAX,
        };
        Ok(self.position)
    }
}
