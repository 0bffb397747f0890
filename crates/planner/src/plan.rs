//! One model on one computer: memory, layers, speed.

use serde::Serialize;

use crate::{
    PlanError,
    machine::Machine,
    memory::{MARGIN_BYTES, MemoryPlan, Sizes},
    settings::Settings,
    speed::{self, Speed},
    weights::Weights,
};

/// What a model needs on a computer, and what it gives.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Plan {
    /// What goes where.
    pub memory: MemoryPlan,
    /// The most GPU layers that leave the margin free: what Paddock loads with.
    pub n_gpu_layers_safe: u32,
    /// The most that fit if nothing else ever needs the card's memory.
    pub n_gpu_layers_max: u32,
    /// How fast it will be.
    pub speed: Speed,
}

/// Plans one model. `measured`: tokens per second that it wrote on this computer with these settings, if it ever did.
///
/// # Errors
/// [`PlanError`] for settings that make no sense with this model.
pub fn plan(
    machine: &Machine,
    weights: &Weights,
    settings: &Settings,
    measured: Option<f64>,
) -> Result<Plan, PlanError> {
    settings.check(weights)?;
    Ok(of(machine, weights, settings, measured))
}

/// The same, for settings that were checked.
pub(crate) fn of(machine: &Machine, weights: &Weights, settings: &Settings, measured: Option<f64>) -> Plan {
    let sizes = Sizes::new(machine, weights, settings);
    let safe = sizes.most_layers(MARGIN_BYTES);
    let most = sizes.most_layers(0);
    let memory = sizes.plan(settings.n_gpu_layers.unwrap_or(safe));
    let speed = speed::predict(machine, weights, settings, &sizes, &memory, measured);
    Plan { memory, n_gpu_layers_safe: safe, n_gpu_layers_max: most, speed }
}
