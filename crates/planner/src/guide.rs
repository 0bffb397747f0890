//! The guide's NVIDIA table, and whether what it says is possible.

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

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
    /// What is wrong or left over, in sentences.
    pub remarks: Vec<String>,
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
        check.remarks.push(format!("The guide has one row for cards of {} GB.", joined(&row.vram_gib)));
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
    if row.layers_max > most {
        check.possible = false;
        check.remarks.push(format!("{quant} with {} layers does not fit: {most} do.", row.layers_max));
    } else if safe > row.layers_max {
        let what = if safe == sizes.n_layers_all() { "all of them".to_owned() } else { safe.to_string() };
        check.remarks.push(format!("{quant}: the guide stops at {} layers; {what} fit.", row.layers_max));
    }
    let plan = sizes.plan(row.layers_max.min(most));
    let needed_gib = plan.ram.total_bytes as f64 / GIB as f64;
    // 4 GiB for the system and what else runs.
    if needed_gib + 4.0 > f64::from(row.ram_gb_min) && plan.n_gpu_layers < plan.n_layers_all {
        check.possible &= weights.file_bytes > 0 && needed_gib < f64::from(row.ram_gb_min);
        check.remarks.push(format!(
            "{quant}: {} GB of memory is too little; the part beside the card takes {needed_gib:.0} GiB.",
            row.ram_gb_min
        ));
    }
}

fn joined(sizes: &[u32]) -> String {
    sizes.iter().map(u32::to_string).collect::<Vec<_>>().join(" and ")
}
