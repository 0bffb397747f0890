//! Makes models of the Llama architecture with random weights, of any size: for measuring where only the amount of
//! computing counts, and for planning, with `--sparse`, on files of 40 GB that take no disk.
//!
//! Every tensor is quantized by llama.cpp itself, in the mix of types that llama.cpp would choose for it. To be fast, it
//! is one block of random rows per type and row length that is quantized; every tensor repeats it, from another row on.
//! The embeddings repeat it from its first row on, so of several tokens with the same row the first is the likeliest:
//! always picking the likeliest token never picks a control token, and the answer never ends by itself.

#![expect(unsafe_code, reason = "ggml_quantize_chunk has no safe wrapper")]

use std::{collections::BTreeMap, error::Error, fs::File, io::BufWriter, path::PathBuf, rc::Rc};

use clap::{Parser, ValueEnum};
use paddock_gguf::{
    TensorType,
    write::{Builder, Data},
};

use mix::{Mix, Role};

// The paths hold both for this file as a program and as a module of bench-engine.
#[path = "random_model/mix.rs"]
mod mix;
#[path = "random_model/vocabulary.rs"]
mod vocabulary;

/// Random rows per block. Fewer than any vocabulary has ordinary tokens.
const BLOCK_ROWS: usize = 512;

/// Makes a model with random weights.
#[derive(Debug, Parser)]
pub(crate) struct Arguments {
    /// The Llama whose shape it gets; what is given beside it goes before.
    #[arg(long, default_value = "tiny")]
    pub(crate) shape: Shape,
    #[arg(long)]
    layers: Option<u32>,
    #[arg(long)]
    width: Option<u32>,
    #[arg(long)]
    heads: Option<u32>,
    #[arg(long)]
    kv_heads: Option<u32>,
    #[arg(long)]
    ffn: Option<u32>,
    /// Tokens in the vocabulary.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1_024..=400_000))]
    vocab: Option<u32>,
    /// Experts per layer; 0: none.
    #[arg(long)]
    experts: Option<u32>,
    /// Of these, used for each token.
    #[arg(long)]
    experts_used: Option<u32>,
    /// The quantization, as in file names. Those that need an importance matrix only with `--shape 70b --sparse`.
    #[arg(long = "type", default_value = "q8_0", ignore_case = true)]
    pub(crate) mix: Mix,
    /// Leave all weights zero and unwritten: the file has its full length but takes no disk.
    #[arg(long)]
    sparse: bool,
    #[arg(long, default_value_t = 1)]
    seed: u64,
    #[arg(long)]
    pub(crate) out: PathBuf,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Shape {
    Tiny,
    #[value(name = "1b")]
    B1,
    #[value(name = "3b")]
    B3,
    #[value(name = "8b")]
    B8,
    #[value(name = "70b")]
    B70,
    /// As tiny, with eight experts.
    TinyMoe,
    #[value(name = "8x7b")]
    B8x7,
}

/// The numbers of a model.
struct Dimensions {
    name: String,
    layers: u64,
    width: u64,
    heads: u64,
    kv_heads: u64,
    ffn: u64,
    vocab: u64,
    /// The output layer is the embedding.
    tied: bool,
    /// Experts per layer, and how many of them are used for a token; 0 in a model without.
    experts: u64,
    experts_used: u64,
}

impl Dimensions {
    fn new(arguments: &Arguments) -> Self {
        // From the models' config.json: Llama 3.2 1B and 3B, 3.1 8B, 3.3 70B, Mixtral 8x7B.
        let (name, layers, width, heads, kv_heads, ffn, vocab, tied) = match arguments.shape {
            Shape::Tiny | Shape::TinyMoe => ("tiny", 2, 256, 4, 2, 512, 2_048, true),
            Shape::B1 => ("1B", 16, 2_048, 32, 8, 8_192, 128_256, true),
            Shape::B3 => ("3B", 28, 3_072, 24, 8, 8_192, 128_256, true),
            Shape::B8 => ("8B", 32, 4_096, 32, 8, 14_336, 128_256, false),
            Shape::B70 => ("70B", 80, 8_192, 64, 8, 28_672, 128_256, false),
            Shape::B8x7 => ("8x7B", 32, 4_096, 32, 8, 14_336, 32_000, false),
        };
        let (experts, experts_used) =
            if matches!(arguments.shape, Shape::TinyMoe | Shape::B8x7) { (8, 2) } else { (0, 0) };
        let or = |given: Option<u32>, default: u64| given.map_or(default, u64::from);
        Self {
            name: format!("Random Llama {name}"),
            layers: or(arguments.layers, layers),
            width: or(arguments.width, width),
            heads: or(arguments.heads, heads),
            kv_heads: or(arguments.kv_heads, kv_heads),
            ffn: or(arguments.ffn, ffn),
            vocab: or(arguments.vocab, vocab),
            tied,
            experts: or(arguments.experts, experts),
            experts_used: or(arguments.experts_used, experts_used),
        }
    }

    fn head(&self) -> u64 {
        self.width / self.heads
    }

    fn check(&self) -> Result<(), String> {
        let heads_fit = self.heads > 0 && self.width.is_multiple_of(self.heads) && self.head().is_multiple_of(2);
        let kv_heads_fit = self.kv_heads > 0 && self.heads.is_multiple_of(self.kv_heads);
        if self.experts_used > self.experts || (self.experts > 0 && self.experts_used == 0) {
            return Err("Of the experts, at least one must be used, and no more than there are.".into());
        }
        if heads_fit && kv_heads_fit && self.layers > 0 && self.ffn > 0 {
            return Ok(());
        }
        Err("The width must be an even multiple of the heads, and these a multiple of the KV heads.".into())
    }

    fn feed_forward(&self, layer: u64) -> Vec<(&'static str, Role, Vec<u64>)> {
        let (width, ffn, down) = (self.width, self.ffn, Role::FfnDown(layer));
        if self.experts == 0 {
            return vec![
                ("ffn_gate", Role::Other, vec![width, ffn]),
                ("ffn_up", Role::Other, vec![width, ffn]),
                ("ffn_down", down, vec![ffn, width]),
            ];
        }
        vec![
            ("ffn_gate_inp", Role::Router, vec![width, self.experts]),
            ("ffn_gate_exps", Role::Other, vec![width, ffn, self.experts]),
            ("ffn_up_exps", Role::Other, vec![width, ffn, self.experts]),
            ("ffn_down_exps", down, vec![ffn, width, self.experts]),
        ]
    }

    /// All tensors with their roles, in the order of llama.cpp's converter.
    fn tensors(&self) -> Vec<(String, Role, Vec<u64>)> {
        let (width, kv_width) = (self.width, self.head() * self.kv_heads);
        let mut tensors = vec![
            ("rope_freqs.weight".to_owned(), Role::Ones, vec![self.head() / 2]),
            ("token_embd.weight".to_owned(), Role::Embedding, vec![width, self.vocab]),
        ];
        for layer in 0..self.layers {
            let mut parts = vec![
                ("attn_norm", Role::Ones, vec![width]),
                ("attn_q", Role::Other, vec![width, width]),
                ("attn_k", Role::AttentionK, vec![width, kv_width]),
                ("attn_v", Role::AttentionV(layer), vec![width, kv_width]),
                ("attn_output", Role::AttentionOutput, vec![width, width]),
                ("ffn_norm", Role::Ones, vec![width]),
            ];
            parts.extend(self.feed_forward(layer));
            tensors
                .extend(parts.into_iter().map(|(name, role, size)| (format!("blk.{layer}.{name}.weight"), role, size)));
        }
        tensors.push(("output_norm.weight".to_owned(), Role::Ones, vec![width]));
        if !self.tied {
            tensors.push(("output.weight".to_owned(), Role::Output, vec![width, self.vocab]));
        }
        tensors
    }
}

#[expect(clippy::allow_attributes, reason = "dead where this file is a module")]
#[allow(dead_code, reason = "bench-engine makes its model with this file as a module")]
fn main() -> Result<(), Box<dyn Error>> {
    make(&Arguments::parse())
}

/// Write the file, under its name only when it is whole.
pub(crate) fn make(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    let model = Dimensions::new(arguments);
    model.check()?;
    let (file_type, _) = arguments.mix.file_and_tensor_type();
    let listed = if arguments.sparse && arguments.shape == Shape::B70 { arguments.mix.listed()? } else { None };
    if listed.is_none() && !arguments.mix.has_rules() {
        return Err("This mix is known for Llama 3.3 70B only: add --shape 70b --sparse.".into());
    }
    let mut blocks = BTreeMap::new();
    let mut builder = vocabulary::add(with_numbers(Builder::new(), &model, file_type), model.vocab);
    for (index, (name, role, size)) in (0..).zip(model.tensors()) {
        let tensor_type = match (&listed, role) {
            (Some(list), role) if !matches!(role, Role::Ones) => mix::listed_type(list, &name)?,
            _ => arguments.mix.tensor_type(role, size[0], &model),
        };
        let data = match role {
            _ if arguments.sparse => Data::Hole,
            Role::Ones => Data::Bytes(1_f32.to_le_bytes().repeat(usize::try_from(size[0])?)),
            Role::Embedding | Role::Output => repeat(block(&mut blocks, tensor_type, size[0], arguments.seed)?, 0),
            _ => repeat(block(&mut blocks, tensor_type, size[0], arguments.seed)?, index),
        };
        builder = builder.tensor(name, tensor_type, &size, data);
    }
    let part = arguments.out.with_extension("part");
    let file = File::create(&part)?;
    builder.write(BufWriter::with_capacity(1 << 20, file))?;
    Ok(std::fs::rename(&part, &arguments.out)?)
}

/// Quantized rows.
struct Block {
    bytes: Vec<u8>,
    rows: u64,
}

type Blocks = BTreeMap<(TensorType, u64), Rc<Block>>;

fn block(blocks: &mut Blocks, tensor_type: TensorType, row: u64, seed: u64) -> Result<Rc<Block>, Box<dyn Error>> {
    if let Some(block) = blocks.get(&(tensor_type, row)) {
        return Ok(Rc::clone(block));
    }
    let row_values = usize::try_from(row)?;
    // With this spread a product of such a matrix with a normed vector has about the vector's own spread.
    let spread = 1.0 / (row as f32).sqrt();
    let mut random = Random(seed ^ (u64::from(tensor_type.id()) << 32) ^ row);
    let values: Vec<f32> = (0..BLOCK_ROWS * row_values).map(|_| random.normal() * spread).collect();
    let block = Rc::new(Block { bytes: quantize(&values, tensor_type, row_values)?, rows: BLOCK_ROWS as u64 });
    blocks.insert((tensor_type, row), Rc::clone(&block));
    Ok(block)
}

/// Whole rows in the format of `tensor_type`.
fn quantize(values: &[f32], tensor_type: TensorType, row_values: usize) -> Result<Vec<u8>, Box<dyn Error>> {
    let rows = values.len() / row_values;
    let needed = values.len() as u64 / tensor_type.block_values() * tensor_type.block_bytes();
    let mut bytes = vec![0_u8; usize::try_from(needed)?];
    let (n_rows, n_per_row) = (i64::try_from(rows)?, i64::try_from(row_values)?);
    let id = tensor_type.id() as llama_cpp_sys_2::ggml_type;
    let (from, to, no_matrix) = (values.as_ptr(), bytes.as_mut_ptr().cast(), std::ptr::null());
    // SAFETY: `values` holds `n_rows` rows of `n_per_row` floats, which are whole blocks of the type, `bytes` has room
    // for all of them, and the type needs no importance matrix.
    let written = unsafe { llama_cpp_sys_2::ggml_quantize_chunk(id, from, to, 0, n_rows, n_per_row, no_matrix) };
    if written == bytes.len() { Ok(bytes) } else { Err(format!("{tensor_type}: {written} bytes came out").into()) }
}

/// The block over and over, beginning at one of its rows.
fn repeat<'a>(block: Rc<Block>, first_row: u64) -> Data<'a> {
    let len = block.bytes.len() as u64;
    let start = first_row % block.rows * (len / block.rows);
    Data::Fill(Box::new(move |offset, mut piece| {
        let mut at = ((start + offset) % len) as usize;
        while !piece.is_empty() {
            let n = piece.len().min(block.bytes.len() - at);
            let (now, later) = piece.split_at_mut(n);
            now.copy_from_slice(&block.bytes[at..at + n]);
            (piece, at) = (later, 0);
        }
    }))
}

/// SplitMix64 (Steele, Lea, Flood 2014).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// Nearly normal with spread 1: the sum of four uniform numbers, each of which has a variance of 1/12.
    fn normal(&mut self) -> f32 {
        let bits = self.next();
        let sum: f32 = (0..4).map(|i| f32::from((bits >> (16 * i)) as u16) / 65_536.0).sum();
        (sum - 2.0) * 3_f32.sqrt()
    }
}

fn with_numbers<'a>(mut builder: Builder<'a>, model: &Dimensions, file_type: u32) -> Builder<'a> {
    let number = |value: u64| u32::try_from(value).unwrap_or(u32::MAX);
    if model.experts > 0 {
        builder = builder
            .metadata("llama.expert_count", number(model.experts))
            .metadata("llama.expert_used_count", number(model.experts_used));
    }
    builder
        .metadata("general.architecture", "llama")
        .metadata("general.type", "model")
        .metadata("general.name", model.name.as_str())
        .metadata("general.file_type", file_type)
        .metadata("general.quantization_version", 2_u32)
        .metadata("llama.block_count", number(model.layers))
        .metadata("llama.context_length", 131_072_u32)
        .metadata("llama.embedding_length", number(model.width))
        .metadata("llama.feed_forward_length", number(model.ffn))
        .metadata("llama.attention.head_count", number(model.heads))
        .metadata("llama.attention.head_count_kv", number(model.kv_heads))
        .metadata("llama.attention.key_length", number(model.head()))
        .metadata("llama.attention.value_length", number(model.head()))
        .metadata("llama.attention.layer_norm_rms_epsilon", 1e-5_f32)
        .metadata("llama.rope.freq_base", 500_000_f32)
        .metadata("llama.rope.dimension_count", number(model.head()))
        .metadata("llama.vocab_size", number(model.vocab))
}
