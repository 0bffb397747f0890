//! What must stay free when a model is loaded: four levels, and what each of them says to a plan.

use std::fmt;

use serde::{Deserialize, Serialize};
use specta::Type;

use crate::{
    figures::{size, tok_s},
    machine::Machine,
    memory::{MARGIN_BYTES, MemoryPlan, Verdict},
    speed::TokS,
};

/// How carefully loads are held back. None of them is a wall: whoever insists loads anyway.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum Guardrail {
    /// Nothing is refused.
    Off,
    /// Refused is what cannot fit.
    Relaxed,
    /// Refused is what cannot fit, and what would be read from the disk for every token.
    #[default]
    Balanced,
    /// Refused is also what leaves the computer short of memory.
    Strict,
}

/// Below this part of its memory a computer is short of it. Source: earlyoom, which ends programs when less than 10 %
/// is available (its option `-m`).
const STRICT_PART: u64 = 10;
/// And below this, whatever it has: twice what llama.cpp leaves free on a device.
const STRICT_LEAST_BYTES: u64 = 2 * MARGIN_BYTES;

impl Guardrail {
    /// What must stay free of main memory, in bytes, on a computer with `total_bytes` of it.
    pub fn spare_ram_bytes(self, total_bytes: Option<u64>) -> u64 {
        match self {
            Self::Off | Self::Relaxed => 0,
            // A small computer has less to spare.
            Self::Balanced => total_bytes.map_or(MARGIN_BYTES, |total| MARGIN_BYTES.min(total / STRICT_PART)),
            Self::Strict => total_bytes.map_or(STRICT_LEAST_BYTES, |total| STRICT_LEAST_BYTES.max(total / STRICT_PART)),
        }
    }

    /// What must stay free of each graphics card's memory, in bytes.
    pub fn spare_gpu_bytes(self) -> u64 {
        if self == Self::Strict { MARGIN_BYTES } else { 0 }
    }
}

/// What speaks against a load.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Concern {
    /// What must stay in main memory is more than is free.
    NotEnoughRam {
        /// What must stay there, in bytes.
        #[specta(type = u32)]
        needed_bytes: u64,
        /// What is free now, in bytes.
        #[specta(type = u32)]
        free_bytes: u64,
    },
    /// It fits, and leaves less than the level wants.
    LittleRamLeft {
        /// What would be left, in bytes.
        #[specta(type = u32)]
        left_bytes: u64,
        /// What should be, in bytes.
        #[specta(type = u32)]
        wanted_bytes: u64,
    },
    /// A graphics card has less free than its part needs.
    NotEnoughOnGpu {
        /// Its name.
        gpu: String,
        /// What its part needs, in bytes.
        #[specta(type = u32)]
        needed_bytes: u64,
        /// What is free on it now, in bytes.
        #[specta(type = u32)]
        free_bytes: u64,
    },
    /// The card's part fits, and leaves less than the level wants.
    LittleLeftOnGpu {
        /// Its name.
        gpu: String,
        /// What would be left, in bytes.
        #[specta(type = u32)]
        left_bytes: u64,
        /// What should be, in bytes.
        #[specta(type = u32)]
        wanted_bytes: u64,
    },
    /// On Apple Silicon: more than macOS recommends the GPU to hold at once. Beyond it the system may end programs.
    BeyondWorkingSet {
        /// What the GPU's part needs, in bytes.
        #[specta(type = u32)]
        needed_bytes: u64,
        /// What Metal recommends at most, in bytes.
        #[specta(type = u32)]
        working_set_bytes: u64,
    },
    /// Larger than RAM: part of the weights is read from the disk for every token.
    ReadsFromDisk {
        /// At least, in bytes for each token.
        #[specta(type = u32)]
        least_bytes: u64,
        /// At most, in bytes for each token.
        #[specta(type = u32)]
        most_bytes: u64,
        /// How fast it will be.
        speed: TokS,
    },
}

impl fmt::Display for Concern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotEnoughRam { needed_bytes, free_bytes } => write!(
                f,
                "It needs {} of memory that cannot be given back, and {} are free.",
                size(*needed_bytes),
                size(*free_bytes)
            ),
            Self::LittleRamLeft { left_bytes, wanted_bytes } => write!(
                f,
                "It leaves {} of memory for everything else; {} should stay free.",
                size(*left_bytes),
                size(*wanted_bytes)
            ),
            Self::NotEnoughOnGpu { gpu, needed_bytes, free_bytes } => {
                write!(
                    f,
                    "Its part on the {gpu} needs {}, and {} are free there.",
                    size(*needed_bytes),
                    size(*free_bytes)
                )
            }
            Self::LittleLeftOnGpu { gpu, left_bytes, wanted_bytes } => {
                write!(f, "It leaves {} on the {gpu}; {} should stay free.", size(*left_bytes), size(*wanted_bytes))
            }
            Self::BeyondWorkingSet { needed_bytes, working_set_bytes } => write!(
                f,
                "The GPU would hold {}, and macOS recommends {} at most. Beyond that, programs may be ended.",
                size(*needed_bytes),
                size(*working_set_bytes)
            ),
            Self::ReadsFromDisk { least_bytes, most_bytes, speed } => write!(
                f,
                "It is larger than the memory that is free: {} to {} are read from the disk for every token, about {}.",
                size(*least_bytes),
                size(*most_bytes),
                tok_s(speed)
            ),
        }
    }
}

/// What a level says to a plan.
#[derive(Debug, Clone, PartialEq)]
pub struct Judgement {
    /// Whether the load should not be made unless somebody insists.
    pub refused: bool,
    /// Why, or what to know.
    pub concerns: Vec<Concern>,
}

/// Judges a plan for a computer as it is now. Whatever the level: what cannot fit, what goes beyond Apple's working set
/// and what reads from the disk is always said.
pub fn judge(guardrail: Guardrail, machine: &Machine, memory: &MemoryPlan, speed: TokS) -> Judgement {
    let mut judged = Judgement { refused: false, concerns: Vec::new() };
    let mut say = |concern, refusing_from: Guardrail| {
        judged.refused |= guardrail != Guardrail::Off && rank(guardrail) >= rank(refusing_from);
        judged.concerns.push(concern);
    };
    for device in &memory.devices {
        let (needed_bytes, free_bytes) = (device.total_bytes, device.free_bytes);
        let (wanted_bytes, left_bytes) = (guardrail.spare_gpu_bytes(), free_bytes.saturating_sub(needed_bytes));
        if needed_bytes > free_bytes && device.shares_memory && machine.unified() {
            say(Concern::BeyondWorkingSet { needed_bytes, working_set_bytes: device.memory_bytes }, Guardrail::Relaxed);
        } else if needed_bytes > free_bytes {
            let gpu = device.name.clone();
            say(Concern::NotEnoughOnGpu { gpu, needed_bytes, free_bytes }, Guardrail::Relaxed);
        } else if left_bytes < wanted_bytes {
            let gpu = device.name.clone();
            say(Concern::LittleLeftOnGpu { gpu, left_bytes, wanted_bytes }, Guardrail::Strict);
        }
    }
    let Some(free_bytes) = memory.ram.free_bytes else { return judged };
    let shared: u64 =
        memory.devices.iter().filter(|device| device.shares_memory).map(|device| device.total_bytes).sum();
    let must_stay = memory.ram.must_stay_bytes().saturating_add(shared);
    let wanted_bytes = guardrail.spare_ram_bytes(memory.ram.memory_bytes);
    let left_bytes = free_bytes.saturating_sub(memory.ram.total_bytes.saturating_add(shared));
    if memory.verdict == Verdict::ReadsFromDisk {
        let (least_bytes, most_bytes) = memory.disk_bytes_per_token;
        say(Concern::ReadsFromDisk { least_bytes, most_bytes, speed }, Guardrail::Balanced);
    } else if must_stay > free_bytes {
        say(Concern::NotEnoughRam { needed_bytes: must_stay, free_bytes }, Guardrail::Relaxed);
    } else if left_bytes < wanted_bytes {
        say(Concern::LittleRamLeft { left_bytes, wanted_bytes }, Guardrail::Strict);
    }
    judged
}

fn rank(guardrail: Guardrail) -> u8 {
    match guardrail {
        Guardrail::Off => 0,
        Guardrail::Relaxed => 1,
        Guardrail::Balanced => 2,
        Guardrail::Strict => 3,
    }
}
