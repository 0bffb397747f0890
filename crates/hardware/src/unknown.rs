//! What could not be found out, and why: both with their values, so that every language can say them. `Display` is
//! English.

use std::fmt;

use serde::{Deserialize, Serialize};
use specta::Type;

/// Something that could not be found out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unknown {
    /// What, in English: `GPU`, `memory`, `disks`, …
    pub what: String,
    /// Why, and what can be done about it, in a sentence or two of English.
    pub why: String,
    /// What.
    pub thing: Thing,
    /// Why.
    pub cause: Cause,
}

impl Unknown {
    /// With the English of both.
    pub fn new(thing: Thing, cause: Cause) -> Self {
        Self { what: thing.to_string(), why: cause.to_string(), thing, cause }
    }
}

/// What could not be found out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
#[expect(missing_docs, reason = "the English below says it")]
pub enum Thing {
    Computer,
    ProcessorName,
    ProcessorCores,
    ProcessorAndMemory,
    Memory,
    FreeMemory,
    Disks,
    GraphicsCards,
    NvidiaCard,
    NvidiaCardOf { number: u32, count: u32 },
    Card { name: String },
    OfDriver { details: Vec<Detail> },
    OfCard { name: String, details: Vec<Detail> },
    OfNvidiaCard { details: Vec<Detail> },
    OfNvidiaCardNumber { number: u32, details: Vec<Detail> },
}

/// What a driver could not say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the English below says it")]
pub enum Detail {
    DriverVersion,
    CudaVersion,
    NumberOfCards,
    Name,
    Memory,
    MemoryBandwidth,
    ComputeCapability,
    PlaceOnBus,
    Programs,
}

/// Why something could not be found out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
#[expect(missing_docs, reason = "the English below says it")]
pub enum Cause {
    NotInCpuinfo,
    NoCores,
    NoMeminfo,
    NotInMeminfo,
    NoMounts,
    NotTold { reason: String },
    NotListed { reason: String },
    LookingFailed { reason: String },
    EngineCouldNotLook { reason: String },
    DriverSilent { seconds: u32 },
    NoNvidiaDriver,
    AnotherLibrary,
    DriverDoesNotAnswer { fault: DriverFault },
    CardOutOfReach { fault: DriverFault },
    Driver { fault: DriverFault },
    Zero,
    WithoutCuda,
    UnseenCard { compute_capability: Option<String> },
}

/// What is wrong with NVIDIA's driver or its card.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
#[expect(missing_docs, reason = "the English below says it")]
pub enum DriverFault {
    TooOld,
    Updated,
    NotRunning,
    PartMissing,
    Forbidden,
    CardLost,
    CardHung,
    NoPower,
    NoInterrupts,
    TooSlow,
    NotSupported,
    Unreadable,
    Other { words: String },
}

impl fmt::Display for Thing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Computer => f.write_str("computer"),
            Self::ProcessorName => f.write_str("processor name"),
            Self::ProcessorCores => f.write_str("processor cores"),
            Self::ProcessorAndMemory => f.write_str("processor and memory"),
            Self::Memory => f.write_str("memory"),
            Self::FreeMemory => f.write_str("free memory"),
            Self::Disks => f.write_str("disks"),
            Self::GraphicsCards => f.write_str("graphics cards"),
            Self::NvidiaCard => f.write_str("NVIDIA graphics card"),
            Self::NvidiaCardOf { number, count } => write!(f, "NVIDIA graphics card {number} of {count}"),
            Self::Card { name } => f.write_str(name),
            Self::OfDriver { details } => write!(f, "the NVIDIA driver: {}", joined(details)),
            Self::OfCard { name, details } => write!(f, "{name}: {}", joined(details)),
            Self::OfNvidiaCard { details } => write!(f, "the NVIDIA graphics card: {}", joined(details)),
            Self::OfNvidiaCardNumber { number, details } => {
                write!(f, "NVIDIA graphics card {number}: {}", joined(details))
            }
        }
    }
}

fn joined(details: &[Detail]) -> String {
    details.iter().map(|detail| detail.words()).collect::<Vec<_>>().join(", ")
}

impl Detail {
    /// In English.
    pub fn words(self) -> &'static str {
        match self {
            Self::DriverVersion => "driver version",
            Self::CudaVersion => "CUDA version",
            Self::NumberOfCards => "number of cards",
            Self::Name => "name",
            Self::Memory => "memory",
            Self::MemoryBandwidth => "memory bandwidth",
            Self::ComputeCapability => "compute capability",
            Self::PlaceOnBus => "place on the PCI bus",
            Self::Programs => "programs that use it",
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotInCpuinfo => f.write_str("The system does not tell it in /proc/cpuinfo."),
            Self::NoCores => f.write_str(
                "The system shows neither /sys/devices/system/cpu nor /proc/cpuinfo to this program. Paddock counts threads instead.",
            ),
            Self::NoMeminfo => f.write_str(
                "The system does not show /proc/meminfo to this program. Type in how much memory there is.",
            ),
            Self::NotInMeminfo => f.write_str("The system does not tell it in /proc/meminfo."),
            Self::NoMounts => f.write_str(
                "The system lists no local drive in /proc/self/mountinfo. Choose a folder for models yourself.",
            ),
            Self::NotTold { reason } => write!(f, "The system does not tell: {reason}."),
            Self::NotListed { reason } => {
                write!(f, "The system does not list them: {reason}. Choose a folder for models yourself.")
            }
            Self::LookingFailed { reason } => write!(f, "Looking at it failed: {reason}."),
            Self::EngineCouldNotLook { reason } => {
                write!(f, "The engine could not look: {reason} Everything else works without them.")
            }
            Self::DriverSilent { seconds } => write!(
                f,
                "Their driver did not answer within {seconds} seconds. Restarting the computer often helps."
            ),
            Self::NoNvidiaDriver => f.write_str(
                "This computer has an NVIDIA graphics card, but no working NVIDIA driver. Install NVIDIA's own driver (in a container: pass the card in), then start Paddock again.",
            ),
            Self::AnotherLibrary => f.write_str(
                "The library that should be the NVIDIA driver's is another one. Install NVIDIA's driver again.",
            ),
            Self::DriverDoesNotAnswer { fault } => write!(f, "The NVIDIA driver does not answer: {fault}"),
            Self::CardOutOfReach { fault } => write!(f, "The driver lists it but cannot reach it: {fault}"),
            Self::Driver { fault } => fault.fmt(f),
            Self::Zero => {
                f.write_str("The driver says zero, which cannot be. A newer driver may know better.")
            }
            Self::WithoutCuda => f.write_str(
                "The driver has this card, but this build of the engine cannot compute on it: it was made without CUDA and Vulkan, or they do not work with this driver. Models run on the processor. A newer driver, or a build of Paddock with CUDA or Vulkan, can change that.",
            ),
            Self::UnseenCard { compute_capability } => {
                let age = compute_capability.as_ref().map(|version| format!(" (compute capability {version})"));
                write!(
                    f,
                    "The engine computes on other NVIDIA cards but does not see this one: it may be too old for this build{}, or hidden by the environment variable CUDA_VISIBLE_DEVICES.",
                    age.unwrap_or_default()
                )
            }
        }
    }
}

impl fmt::Display for DriverFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooOld => "This NVIDIA driver is too old to tell. Install a newer one.",
            Self::Updated => "The driver was updated while the old one still runs. Restart the computer.",
            Self::NotRunning => {
                "The driver is installed but not running. Restart the computer; if that does not help, install the driver again (with Secure Boot on, it must be signed)."
            }
            Self::PartMissing => "A part of the driver is missing. Install the NVIDIA driver again.",
            Self::Forbidden => {
                "The system does not let this program ask the driver. In a container, pass the card in; else check the permissions of /dev/nvidia*."
            }
            Self::CardLost => {
                "The card does not react any more. Restart the computer; check its power cables and seat."
            }
            Self::CardHung => "The card has hung up. Restart the computer.",
            Self::NoPower => "The card's extra power cables are not plugged in properly.",
            Self::NoInterrupts => "The card's interrupts do not arrive. Restart the computer.",
            Self::TooSlow => "The driver took too long. Try again, or restart the computer.",
            Self::NotSupported => "This card or its driver does not tell.",
            Self::Unreadable => "The driver answered with text that cannot be read.",
            Self::Other { words } => {
                return write!(f, "The driver's words are: {words}. A restart or a newer driver may help.");
            }
        })
    }
}
