//! What weakens a plan's figures, each remark with its values. `Display` is English.

use std::fmt;

use paddock_hardware::{GpuKind, apple};
use serde::{Deserialize, Serialize};
use specta::Type;

use crate::machine::{GIB, Machine};

/// What a person should know before believing a plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Remark {
    /// Nobody knows how much main memory there is.
    MemoryUnknown,
    /// The speed of main memory is assumed.
    MemorySpeedAssumed {
        /// What the plan takes it to read, in GB per second.
        #[specta(type = u32)]
        gb_s: f64,
    },
    /// On Apple Silicon: how much of the memory the GPU may use, where more would not be wise.
    AppleShare {
        /// All memory, in bytes.
        #[specta(type = u32)]
        total_bytes: u64,
        /// What the GPU may use, in bytes.
        #[specta(type = u32)]
        gpu_bytes: u64,
        /// Why it should stay so.
        why: AppleRoom,
    },
    /// The same, where an expert can raise it.
    AppleShareCanGrow {
        /// All memory, in bytes.
        #[specta(type = u32)]
        total_bytes: u64,
        /// What the GPU may use, in bytes.
        #[specta(type = u32)]
        gpu_bytes: u64,
        /// What it could use, in bytes.
        #[specta(type = u32)]
        wanted_bytes: u64,
        /// What would be left for the system, in bytes.
        #[specta(type = u32)]
        left_bytes: u64,
        /// The command that raises it until the next restart.
        command: String,
    },
    /// A card that does not say how much memory it has.
    GpuMemoryUnknown {
        /// Its name.
        gpu: String,
    },
    /// A card without any free memory.
    GpuFull {
        /// Its name.
        gpu: String,
    },
    /// A card of whose memory others hold much.
    GpuShared {
        /// Its name.
        gpu: String,
        /// What others hold, in bytes.
        #[specta(type = u32)]
        held_bytes: u64,
        /// All its memory, in bytes.
        #[specta(type = u32)]
        total_bytes: u64,
    },
    /// A card whose speed is not known.
    GpuSpeedUnknown {
        /// Its name.
        gpu: String,
    },
}

/// Why the GPU of a Mac should not get more memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum AppleRoom {
    /// There is too little memory as it is.
    SmallMac,
    /// It has all that can be spared.
    NothingToSpare,
}

impl fmt::Display for Remark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MemoryUnknown => {
                f.write_str("How much memory this computer has is unknown. The plan takes it to be enough.")
            }
            Self::MemorySpeedAssumed { gb_s } => write!(
                f,
                "How fast its memory is has not been measured. The plan takes it to read {gb_s:.0} GB per second, as common modules do."
            ),
            Self::AppleShare { total_bytes, gpu_bytes, .. } => {
                f.write_str(&apple::wired_limit(*total_bytes, *gpu_bytes, None).explanation)
            }
            Self::AppleShareCanGrow { total_bytes, gpu_bytes, command, .. } => {
                let limit = apple::wired_limit(*total_bytes, *gpu_bytes, None);
                write!(f, "{} {command}", limit.explanation)
            }
            Self::GpuMemoryUnknown { gpu } => {
                write!(f, "The {gpu} does not say how much memory it has, so no layers are planned for it.")
            }
            Self::GpuFull { gpu } => {
                write!(f, "The memory of the {gpu} is full. Close what uses it, and look again.")
            }
            Self::GpuShared { gpu, held_bytes, total_bytes } => write!(
                f,
                "Other programs hold {:.1} of the {:.0} GiB of the {gpu}. Closing them makes room for more layers.",
                *held_bytes as f64 / GIB as f64,
                *total_bytes as f64 / GIB as f64
            ),
            Self::GpuSpeedUnknown { gpu } => {
                write!(f, "How fast the memory of the {gpu} is is unknown. The speeds are careful guesses.")
            }
        }
    }
}

/// What weakens every figure: what is unknown, and memory that others hold.
pub(crate) fn remarks(machine: &Machine) -> Vec<Remark> {
    let mut remarks = Vec::new();
    if machine.ram_free_bytes.is_none() {
        remarks.push(Remark::MemoryUnknown);
    }
    if !machine.ram_gb_s_known {
        remarks.push(Remark::MemorySpeedAssumed { gb_s: machine.ram_gb_s });
    }
    remarks.extend(apple_share(machine));
    for device in &machine.devices {
        let gpu = device.name.clone();
        let held_bytes = device.total_bytes - device.free_bytes;
        if device.total_bytes == 0 {
            remarks.push(Remark::GpuMemoryUnknown { gpu });
        } else if device.free_bytes == 0 {
            remarks.push(Remark::GpuFull { gpu });
        } else if device.kind == GpuKind::Discrete && held_bytes * 4 > device.total_bytes {
            remarks.push(Remark::GpuShared { gpu, held_bytes, total_bytes: device.total_bytes });
        }
        if !device.gb_s_known {
            remarks.push(Remark::GpuSpeedUnknown { gpu: device.name.clone() });
        }
    }
    remarks
}

/// On Apple Silicon: how much of the memory the GPU may use, and what an expert can do about it.
fn apple_share(machine: &Machine) -> Option<Remark> {
    let gpu = machine.devices.iter().find(|device| device.kind == GpuKind::Unified)?;
    let (total_bytes, gpu_bytes) = (machine.ram_total_bytes?, gpu.total_bytes);
    let limit = apple::wired_limit(total_bytes, gpu_bytes, None);
    Some(match (limit.room, limit.command) {
        (apple::Room::Spare { wanted_bytes, left_bytes }, Some(command)) => {
            Remark::AppleShareCanGrow { total_bytes, gpu_bytes, wanted_bytes, left_bytes, command }
        }
        (apple::Room::SmallMac, _) => Remark::AppleShare { total_bytes, gpu_bytes, why: AppleRoom::SmallMac },
        _ => Remark::AppleShare { total_bytes, gpu_bytes, why: AppleRoom::NothingToSpare },
    })
}
