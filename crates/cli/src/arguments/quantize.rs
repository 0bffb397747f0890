//! `paddock quantize`.

use std::path::PathBuf;

use clap::Args;

#[derive(Debug, Args)]
pub struct QuantizeOptions {
    /// GGUF file in F32, F16 or BF16; of a split model any of its parts.
    #[arg(value_name = "IN")]
    pub input: PathBuf,
    /// File to write; must not be there yet.
    #[arg(value_name = "OUT")]
    pub output: PathBuf,
    /// Quantization, e.g. Q4_K_M; `paddock quants` lists them.
    #[arg(value_name = "TYPE")]
    pub quant: String,
    /// Which weights matter more: a GGUF file written by llama.cpp's imatrix.
    #[arg(long, value_name = "FILE")]
    pub imatrix: Option<PathBuf>,
    /// Also from a model that is quantized already; the copy is worse than one made from the original.
    #[arg(long)]
    pub allow_requantize: bool,
    /// Print one JSON object.
    #[arg(long)]
    pub json: bool,
}
