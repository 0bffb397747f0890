//! The quantizations: their names, what they cost in quality, and what the guide says of them.

use std::{fmt, sync::LazyLock};

use serde::{Deserialize, Serialize};
use specta::Type;

/// How the weights of a file are packed, by kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Family {
    /// `Q2_K` … `Q6_K`: quick on every device.
    KQuant,
    /// `IQ1_M` … `IQ4_XS`: better at the same size, but they look values up in tables, which processors and Metal do
    /// slowly.
    IQuant,
    /// `Q4_0`, `Q8_0`: one scale for 32 values.
    Simple,
    /// `F16`: not quantized.
    Float,
}

/// One row of the table of quantizations.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Quant {
    /// As in file names, such as `Q4_K_M`.
    #[serde(rename = "quant")]
    pub name: String,
    /// Bits of a weight, rounded down.
    pub bits: u32,
    /// How much more often than the full model it is surprised by real text: its perplexity over that of F16, minus 1.
    #[serde(default)]
    ppl_increase: Option<f64>,
    /// Where nobody has measured it: the quantization whose figure is shown.
    #[serde(default)]
    pub quality_like: Option<String>,
    /// For a format that no engine reads any more: what to take.
    #[serde(default)]
    pub replaced_by: Option<String>,
    /// For such a format: the reason.
    #[serde(default)]
    pub why: Option<Gone>,
    /// What is special about it.
    #[serde(default)]
    pub note: Option<Note>,
    /// What the guide's table says.
    pub guide: GuideText,
}

/// Why a format can no longer be loaded. `Display` is English.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum Gone {
    /// Weights that were rearranged for one kind of processor in the file; llama.cpp does that at the load now.
    Rearranged,
}

impl fmt::Display for Gone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rearranged => f.write_str(
                "llama.cpp dropped this format (ggml types 31 to 33). Q4_0 is rearranged for the processor when it is loaded, with the same speed.",
            ),
        }
    }
}

/// What is special about a quantization. `Display` is English.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Note {
    /// Too poor for any use.
    Curiosity,
    /// Another quantization, with the ends of the model in 8 bits.
    LargeEnds {
        /// The other quantization.
        of: String,
    },
    /// An old format whose loss was never measured.
    OldFormat {
        /// The quantization whose quality is shown for it.
        shown_as: String,
    },
    /// As large and as good as another one.
    LikeAnother {
        /// The other quantization.
        other: String,
    },
    /// What most people take.
    Usual,
    /// No test tells it from full precision.
    AsGoodAsFull,
    /// Not quantized.
    FullPrecision,
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Curiosity => f.write_str("A curiosity: hardly usable."),
            Self::LargeEnds { of } => write!(f, "{of} with embeddings and output at 8 bits."),
            Self::OldFormat { shown_as } => write!(
                f,
                "An old format that processors compute quickly. No measured loss is known; shown as close to {shown_as}."
            ),
            Self::LikeAnother { other } => write!(f, "Like {other} in size and quality."),
            Self::Usual => f.write_str("The usual choice where it fits."),
            Self::AsGoodAsFull => f.write_str("As good as full precision in every test."),
            Self::FullPrecision => f.write_str("Full precision."),
        }
    }
}

/// A row of the guide's quantization table, word for word.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GuideText {
    /// Such as `~43GB`.
    pub size: String,
    /// Such as `32GB+`; smaller than the file for most rows, so not to be relied on.
    pub ram: String,
    /// Such as `Very good`.
    pub quality: String,
    /// Such as `Recommended default`.
    pub note: String,
}

/// How good the answers are, in steps that a reader would notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum Quality {
    /// More than twice as often wrong about the next word as the full model.
    Broken,
    /// Clear mistakes in most longer answers.
    Poor,
    /// Clear mistakes now and then.
    Weak,
    /// Slips in facts and reasoning.
    Fair,
    /// Rare slips in detail.
    Good,
    /// Hard to tell from the full model.
    VeryGood,
    /// No difference that anybody has measured.
    Full,
}

impl Quality {
    /// From the increase in perplexity. The steps are ours; they part the measured values where the gaps are.
    pub fn of(ppl_increase: f64) -> Self {
        match ppl_increase {
            x if x <= 0.007 => Self::Full,
            x if x <= 0.05 => Self::VeryGood,
            x if x <= 0.2 => Self::Good,
            x if x <= 0.45 => Self::Fair,
            x if x <= 0.8 => Self::Weak,
            x if x <= 1.1 => Self::Poor,
            _ => Self::Broken,
        }
    }

    /// For the table: one or two words.
    pub fn word(self) -> &'static str {
        match self {
            Self::Broken => "Broken",
            Self::Poor => "Poor",
            Self::Weak => "Weak",
            Self::Fair => "Fair",
            Self::Good => "Good",
            Self::VeryGood => "Very good",
            Self::Full => "Full",
        }
    }

    /// What is lost with it, as the end of a sentence.
    pub(crate) fn loss(self) -> &'static str {
        match self {
            Self::Broken => "is hardly usable",
            Self::Poor => "makes clear mistakes in most longer answers",
            Self::Weak => "makes clear mistakes now and then",
            Self::Fair | Self::Good | Self::VeryGood | Self::Full => "gives weaker answers",
        }
    }

    /// For the recommendation: a sentence.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::Broken => "Broken: loses the thread and makes things up; only to see that it runs.",
            Self::Poor => "Poor: clear mistakes in most longer answers.",
            Self::Weak => "Weak: clear mistakes now and then, also in plain questions.",
            Self::Fair => "Fair: slips in facts and in longer reasoning.",
            Self::Good => "Good: close to the full model; rare slips in detail.",
            Self::VeryGood => "Very good: hard to tell from the full model.",
            Self::Full => "Full: no difference from the full model that anybody has measured.",
        }
    }
}

impl Quant {
    /// Whether an engine can still read it.
    pub fn loadable(&self) -> bool {
        self.replaced_by.is_none()
    }

    /// Its kind.
    pub fn family(&self) -> Family {
        match self.name.as_str() {
            "F16" | "BF16" | "F32" => Family::Float,
            name if name.starts_with("IQ") => Family::IQuant,
            name if name.contains("_K") => Family::KQuant,
            _ => Family::Simple,
        }
    }

    /// How much more often than the full model it is surprised by real text; 0.05: by 5 %.
    pub fn ppl_increase(&self) -> f64 {
        let like = || self.quality_like.as_deref().or(self.replaced_by.as_deref()).and_then(find);
        self.ppl_increase.or_else(|| like().map(|other| other.ppl_increase())).unwrap_or(f64::INFINITY)
    }

    /// How good its answers are.
    pub fn quality(&self) -> Quality {
        Quality::of(self.ppl_increase())
    }
}

#[derive(Deserialize)]
struct Table {
    rows: Vec<Quant>,
}

static TABLE: LazyLock<Vec<Quant>> = LazyLock::new(|| {
    // Part of the program; a test reads it.
    serde_json::from_str::<Table>(include_str!("../data/quants.json")).map(|table| table.rows).unwrap_or_default()
});

/// All 30 rows of the guide's table, the smallest first; three of them can no longer be loaded.
pub fn all() -> &'static [Quant] {
    &TABLE
}

/// The row of this name; letters may be small.
pub fn find(name: &str) -> Option<&'static Quant> {
    TABLE.iter().find(|quant| quant.name.eq_ignore_ascii_case(name))
}

/// Up to three names that are closest to what somebody typed.
pub fn nearest(name: &str) -> Vec<String> {
    crate::gpus::nearest(name, TABLE.iter().map(|quant| quant.name.as_str()))
}
