//! Why a quantization is picked: each reason with its values, so that every language can say it. `Display` is English.

use std::fmt;

use serde::{Deserialize, Serialize};
use specta::Type;

use crate::{
    figures::{range, seconds, times, tok_s},
    quant::Quality,
    speed::TokS,
};

/// A reason for a pick, or what is lost and gained with it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Reason {
    /// There is no card that the engine can use.
    OnProcessor,
    /// There are cards, but none holds any of it.
    NothingOnGpus {
        /// Which cards.
        gpus: Gpus,
    },
    /// Whole on the cards.
    AllOnGpus {
        /// Layers there are, the output counted as one.
        n_layers: u32,
        /// Which cards.
        gpus: Gpus,
    },
    /// Split between cards and main memory.
    SomeOnGpus {
        /// Layers on the cards.
        n_gpu_layers: u32,
        /// Layers there are, the output counted as one.
        n_layers: u32,
        /// Which cards.
        gpus: Gpus,
    },
    /// How good its answers are.
    Quality {
        /// In steps.
        quality: Quality,
    },
    /// The next better one does not fit at all.
    BetterDoesNotFit {
        /// Its name.
        quant: String,
    },
    /// The next better one would be read from disk.
    BetterReadsFromDisk {
        /// Its name.
        quant: String,
    },
    /// The next better one would be split, on a computer where a split is the slowest.
    BetterIsSplit {
        /// Its name.
        quant: String,
    },
    /// The next better one is slower.
    BetterIsSlower {
        /// Its name.
        quant: String,
        /// How fast it would be.
        speed: TokS,
    },
    /// None is small enough for the GPU.
    NoneIsWhole,
    /// One would be whole on the GPU, but is worse.
    WholeIsWorse {
        /// Its name.
        quant: String,
        /// How fast it would be.
        speed: TokS,
        /// How good it is.
        quality: Quality,
    },
    /// The I-quant of the same size is slower on a processor.
    TablesOnProcessor {
        /// Its name.
        quant: String,
    },
    /// The I-quant of the same size is slower on Metal.
    TablesOnMetal {
        /// Its name.
        quant: String,
    },
    /// Part of it is read from disk for every token.
    ReadsFromDisk {
        /// At least, in bytes a token.
        #[specta(type = u32)]
        least_bytes: u64,
        /// At most, in bytes a token.
        #[specta(type = u32)]
        most_bytes: u64,
        /// How fast it is with that.
        speed: TokS,
    },
    /// The model is slow here, and a smaller one is not.
    OtherIsFaster {
        /// The model that was asked about.
        model: String,
        /// It stays below so many tokens per second.
        #[specta(type = u32)]
        under_tok_s: f64,
        /// The smaller model.
        instead: String,
        /// In which quantization.
        quant: String,
        /// How fast that is.
        speed: TokS,
    },
    /// The model only fits in a poor form, and a smaller one in a good one.
    OtherIsBetter {
        /// The model that was asked about.
        model: String,
        /// The smaller model.
        instead: String,
        /// In which quantization.
        quant: String,
        /// How fast that is.
        speed: TokS,
    },
    /// The model is slow here, and so is every other.
    AllAreSlow {
        /// The model that was asked about.
        model: String,
        /// It stays below so many tokens per second.
        #[specta(type = u32)]
        under_tok_s: f64,
    },
    /// The faster pick is the recommended one.
    NothingFaster,
    /// The smarter pick is the recommended one.
    NothingBetter,
    /// Faster than the recommended one.
    TimesAsFast {
        /// So many times.
        #[specta(type = u32)]
        factor: f64,
        /// The recommended one.
        quant: String,
    },
    /// Slower than the recommended one.
    SpeedInstead {
        /// How fast it is.
        speed: TokS,
        /// How fast the recommended one is.
        instead_of: TokS,
    },
}

/// The cards that a reason speaks of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(tag = "kind", rename_all = "camelCase")]
pub enum Gpus {
    /// The only one.
    One {
        /// Its name.
        name: String,
    },
    /// More than one.
    Several {
        /// How many.
        count: u32,
    },
}

impl fmt::Display for Gpus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::One { name } => write!(f, "the {name}"),
            Self::Several { count } => write!(f, "{count} GPUs"),
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OnProcessor => {
                f.write_str("On the processor: there is no graphics card here that the engine can use.")
            }
            Self::NothingOnGpus { gpus } => write!(f, "On the processor: nothing of it fits on {gpus}."),
            Self::AllOnGpus { n_layers, gpus } => write!(f, "All {n_layers} layers on {gpus}."),
            Self::SomeOnGpus { n_gpu_layers, n_layers, gpus } => {
                write!(f, "{n_gpu_layers} of {n_layers} layers on {gpus}, the rest in RAM.")
            }
            Self::Quality { quality } => f.write_str(quality.sentence()),
            Self::NoneIsWhole => f.write_str("Why not all on the GPU? No quantization of this model is small enough."),
            Self::WholeIsWorse { quant, speed, quality } => {
                write!(f, "Why not all on the GPU? {quant} fits whole ({}) but {}.", tok_s(speed), quality.loss())
            }
            Self::ReadsFromDisk { least_bytes, most_bytes, speed } => write!(
                f,
                "It does not fit into memory: every token reads {:.0} to {:.0} GB from disk, {} a token.",
                *least_bytes as f64 / 1e9,
                *most_bytes as f64 / 1e9,
                seconds(speed)
            ),
            Self::NothingFaster => f.write_str("Nothing that is clearly faster here gives usable answers."),
            Self::NothingBetter => f.write_str("Nothing better runs at a bearable speed here."),
            Self::TimesAsFast { factor, quant } => write!(f, "About {} times as fast as {quant}.", times(*factor)),
            Self::SpeedInstead { speed, instead_of } => {
                write!(f, "{} tokens per second instead of {}.", range(speed), range(instead_of))
            }
            Self::BetterDoesNotFit { quant } => write!(f, "Why not more? {quant} does not fit."),
            Self::BetterReadsFromDisk { quant } => {
                write!(f, "Why not more? {quant} does not fit into memory and would be read from disk for every token.")
            }
            Self::BetterIsSplit { quant } => write!(
                f,
                "Why not more? {quant} does not fit on the GPU whole, and on Apple Silicon a split is slower than either."
            ),
            Self::BetterIsSlower { quant, speed } => {
                write!(f, "Why not more? {quant} would answer at {}.", tok_s(speed))
            }
            Self::TablesOnProcessor { quant } => tables(f, quant, "a processor"),
            Self::TablesOnMetal { quant } => tables(f, quant, "Metal"),
            Self::OtherIsFaster { model, under_tok_s, instead, quant, speed } => write!(
                f,
                "{model} answers at under {under_tok_s:.0} tokens per second here. {instead} {quant} would answer at {}.",
                tok_s(speed)
            ),
            Self::OtherIsBetter { model, instead, quant, speed } => write!(
                f,
                "{model} fits only in a form that makes many mistakes. {instead} {quant} would answer at {}.",
                tok_s(speed)
            ),
            Self::AllAreSlow { model, under_tok_s } => write!(
                f,
                "{model} answers at under {under_tok_s:.0} tokens per second here, and no smaller model in the list is fast either."
            ),
        }
    }
}

fn tables(f: &mut fmt::Formatter<'_>, quant: &str, place: &str) -> fmt::Result {
    write!(
        f,
        "Why not {quant}? It is about as large, but {place} computes I-quants more slowly: they look every value up in a table."
    )
}
