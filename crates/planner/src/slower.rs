//! Answers that come much slower than predicted, and what that points at.

use paddock_hardware::GpuKind;
use serde::{Deserialize, Serialize};
use specta::Type;

use crate::{
    machine::Machine,
    memory::{MARGIN_BYTES, Verdict},
    plan::Plan,
    speed::TokS,
};

/// An answer is much slower when it falls this far below the slow end of the range. The range holds four of five
/// measured points (`tests/it/speeds.rs`); none of them lies further out than this.
const MUCH: f64 = 1.5;

/// How near the speed of the processor alone counts as that speed.
const LIKE_PROCESSOR: f64 = 1.5;

/// An answer that was much slower than predicted.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Slower {
    /// How fast it was.
    #[specta(type = u32)]
    pub measured_tok_s: f64,
    /// How fast it should have been.
    pub expected: TokS,
    /// What that points at most.
    pub because: SlowerBecause,
}

/// What slow answers point at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum SlowerBecause {
    /// Layers are on a graphics card, and the answer was as slow as the processor alone.
    GpuNotUsed,
    /// The card is nearly full: its driver may keep a part of it in main memory, which is much slower.
    SpilledIntoRam,
    /// Main memory is nearly full: parts of the model may have been written to the disk, or dropped and read again.
    RamShort,
    /// The disk read slower than was taken for granted.
    DiskSlow,
    /// None of these; most likely other programs or saving of power.
    Unknown,
}

/// Compares an answer with its prediction. `None`: it was about as fast as it should be.
///
/// `plan` and `machine`: as they were when the model was loaded. `processor_alone`: what the processor would do without
/// any card, if there is one.
pub fn slower(measured_tok_s: f64, plan: &Plan, machine: &Machine, processor_alone: Option<TokS>) -> Option<Slower> {
    let expected = plan.speed.generation;
    if !(measured_tok_s > 0.0 && measured_tok_s * MUCH < expected.low) {
        return None;
    }
    let memory = &plan.memory;
    let as_processor = processor_alone.is_some_and(|alone| measured_tok_s <= alone.high * LIKE_PROCESSOR);
    let nearly_full = memory.devices.iter().any(|device| {
        let discrete = machine.devices.get(device.index).is_some_and(|device| device.kind == GpuKind::Discrete);
        discrete && device.total_bytes.saturating_add(MARGIN_BYTES) > device.free_bytes
    });
    let ram_short = memory.ram.free_bytes.is_some_and(|free| {
        memory.n_gpu_layers < memory.n_layers_all && memory.ram.total_bytes.saturating_add(MARGIN_BYTES) > free
    });
    let because = if memory.verdict == Verdict::ReadsFromDisk {
        SlowerBecause::DiskSlow
    } else if nearly_full {
        SlowerBecause::SpilledIntoRam
    } else if memory.n_gpu_layers > 0 && as_processor {
        SlowerBecause::GpuNotUsed
    } else if ram_short {
        SlowerBecause::RamShort
    } else {
        SlowerBecause::Unknown
    };
    Some(Slower { measured_tok_s, expected, because })
}
