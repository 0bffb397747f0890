//! The guide's NVIDIA table, and whether what it says is possible.

use std::{fmt, sync::LazyLock};

use serde::{Deserialize, Serialize};
use specta::Type;

use crate::{
    gpus,
    machine::{GIB, Machine},
    memory::Sizes,
    settings::Settings,
    weights::Weights,
};

/// A row of the guide's table, word for word.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct GuideRow {
    /// The card, without the maker's name.
    pub gpu: String,
    /// Its memory in GiB; one row of the guide mixes two cards.
    pub vram_gib: Vec<u32>,
    /// The quantizations it names.
    pub quants: Vec<String>,
    /// The least GPU layers it names.
    pub layers_min: u32,
    /// The most.
    pub layers_max: u32,
    /// The main memory it asks for, in GB.
    pub ram_gb_min: u32,
    /// Whether it says itself that it was estimated.
    pub estimated: bool,
}

#[derive(Deserialize)]
struct Table {
    rows: Vec<GuideRow>,
}

static TABLE: LazyLock<Vec<GuideRow>> = LazyLock::new(|| {
    // Part of the program; a test reads it.
    serde_json::from_str::<Table>(include_str!("../data/guide.json")).map(|table| table.rows).unwrap_or_default()
});

/// All rows.
pub fn rows() -> &'static [GuideRow] {
    &TABLE
}

/// What the guide says of a computer, and what is true of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct GuideCheck {
    /// The card it names.
    pub gpu: String,
    /// The quantizations it names.
    pub quants: Vec<String>,
    /// The least GPU layers it names.
    pub layers_min: u32,
    /// The most.
    pub layers_max: u32,
    /// Whether both numbers fit into the card's memory, and the rest into main memory.
    pub possible: bool,
    /// What is wrong or left over.
    pub remarks: Vec<GuideRemark>,
}

/// What is wrong with the guide's word, or left over. `Display` is English.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum GuideRemark {
    /// One row for cards with different amounts of memory.
    OneRow {
        /// The amounts, in GB as the guide has it.
        sizes_gb: Vec<u32>,
    },
    /// More layers than fit.
    TooMany {
        /// The quantization.
        quant: String,
        /// What the guide says.
        n_layers: u32,
        /// What fits.
        most: u32,
    },
    /// Fewer layers than fit.
    TooFew {
        /// The quantization.
        quant: String,
        /// What the guide says.
        n_layers: u32,
        /// What fits.
        fit: u32,
        /// Whether that is all there are.
        all: bool,
    },
    /// Too little main memory for what stays there.
    MemoryTooSmall {
        /// The quantization.
        quant: String,
        /// The memory that the guide asks for, in GB.
        ram_gb: u32,
        /// What the part beside the card takes, in GiB.
        #[specta(type = u32)]
        needed_gib: f64,
    },
}

impl fmt::Display for GuideRemark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OneRow { sizes_gb } => {
                let sizes: Vec<String> = sizes_gb.iter().map(u32::to_string).collect();
                write!(f, "The guide has one row for cards of {} GB.", sizes.join(" and "))
            }
            Self::TooMany { quant, n_layers, most } => {
                write!(f, "{quant} with {n_layers} layers does not fit: {most} do.")
            }
            Self::TooFew { quant, n_layers, all: true, .. } => {
                write!(f, "{quant}: the guide stops at {n_layers} layers; all of them fit.")
            }
            Self::TooFew { quant, n_layers, fit, .. } => {
                write!(f, "{quant}: the guide stops at {n_layers} layers; {fit} fit.")
            }
            Self::MemoryTooSmall { quant, ram_gb, needed_gib } => write!(
                f,
                "{quant}: {ram_gb} GB of memory is too little; the part beside the card takes {needed_gib:.0} GiB."
            ),
        }
    }
}

/// Looks a computer up in the guide's table and checks what it finds.
pub(crate) fn check(
    machine: &Machine,
    settings: &Settings,
    weights: impl Fn(&str) -> Option<Weights>,
) -> Option<GuideCheck> {
    let device = machine.devices.first()?;
    let name = gpus::find(&device.name, Some(device.total_bytes)).map_or(device.name.as_str(), |row| row.name.as_str());
    let row = TABLE
        .iter()
        .find(|row| name == row.gpu || row.vram_gib.iter().any(|gib| name == format!("{} {gib} GB", row.gpu)))?;
    let mut check = GuideCheck {
        gpu: row.gpu.clone(),
        quants: row.quants.clone(),
        layers_min: row.layers_min,
        layers_max: row.layers_max,
        possible: true,
        remarks: Vec::new(),
    };
    if row.vram_gib.len() > 1 {
        check.remarks.push(GuideRemark::OneRow { sizes_gb: row.vram_gib.clone() });
    }
    for quant in &row.quants {
        if let Some(weights) = weights(quant) {
            examine(&mut check, row, quant, &Sizes::new(machine, &weights, settings), &weights);
        }
    }
    Some(check)
}

fn examine(check: &mut GuideCheck, row: &GuideRow, quant: &str, sizes: &Sizes<'_>, weights: &Weights) {
    let (safe, most) = (sizes.most_layers(crate::MARGIN_BYTES), sizes.most_layers(0));
    let (quant, n_layers) = (quant.to_owned(), row.layers_max);
    if n_layers > most {
        check.possible = false;
        check.remarks.push(GuideRemark::TooMany { quant: quant.clone(), n_layers, most });
    } else if safe > n_layers {
        let all = safe == sizes.n_layers_all();
        check.remarks.push(GuideRemark::TooFew { quant: quant.clone(), n_layers, fit: safe, all });
    }
    let plan = sizes.plan(row.layers_max.min(most));
    let needed_gib = plan.ram.total_bytes as f64 / GIB as f64;
    // 4 GiB for the system and what else runs.
    if needed_gib + 4.0 > f64::from(row.ram_gb_min) && plan.n_gpu_layers < plan.n_layers_all {
        check.possible &= weights.file_bytes > 0 && needed_gib < f64::from(row.ram_gb_min);
        check.remarks.push(GuideRemark::MemoryTooSmall { quant, ram_gb: row.ram_gb_min, needed_gib });
    }
}
