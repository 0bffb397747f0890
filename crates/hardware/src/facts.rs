//! The facts, without the ways they are found.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::Unknown;

/// One computer.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Hardware {
    /// The system it runs.
    pub os: Os,
    /// Name and version of that system for people, such as `Debian GNU/Linux 12`.
    pub os_name: Option<String>,
    /// The processor.
    pub cpu: Cpu,
    /// Main memory.
    pub memory: Memory,
    /// Drives that can hold models, the largest free space first.
    pub disks: Vec<Disk>,
    /// Graphics cards and the like, the one with the most memory first.
    pub gpus: Vec<Gpu>,
    /// What could not be found out.
    pub unknowns: Vec<Unknown>,
}

/// The operating system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Os {
    #[default]
    Linux,
    MacOs,
    Windows,
}

/// The processor.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Cpu {
    /// The product's name, such as `AMD Ryzen 5 5600X 6-Core Processor`.
    pub name: Option<String>,
    /// Cores, without the second thread that many of them run.
    pub physical_cores: Option<u32>,
    /// Of these, fast ones: all of them on a processor with one kind of core.
    pub performance_cores: Option<u32>,
    /// Threads the system can run at once.
    pub logical_cores: Option<u32>,
    /// The vector instructions it has, of those llama.cpp can use.
    pub instructions: Vec<InstructionSet>,
}

/// Vector instructions that llama.cpp has kernels for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the processors' own names")]
pub enum InstructionSet {
    Avx,
    Avx2,
    Fma,
    F16c,
    Bmi2,
    Avx512f,
    Avx512Vnni,
    AvxVnni,
    Neon,
    Dotprod,
    I8mm,
    Sve,
}

/// Main memory.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Memory {
    /// All of it (or what a container may use), in bytes.
    pub total_bytes: Option<u64>,
    /// What programs could still get, in bytes.
    pub available_bytes: Option<u64>,
    /// How fast the processor reads it when it multiplies weights.
    pub bandwidth: Option<Bandwidth>,
    /// What the probe measured for each weight format.
    pub rates: Option<Rates>,
}

/// How many bytes of weights per second a device gets through when it writes tokens, in GB/s (10⁹ bytes), by the kind of
/// weights: on a processor the formats differ in the work they need.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Rates {
    /// 16-bit floats.
    pub f16_gb_s: f64,
    /// `Q8_0`.
    pub q8_0_gb_s: f64,
    /// K-quants, measured with `Q4_K`.
    pub k_quants_gb_s: f64,
    /// I-quants, measured with `IQ3_S`.
    pub i_quants_gb_s: f64,
    /// Threads the measurement ran on; 0 for a graphics card.
    pub n_threads: u32,
}

/// A memory's speed.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Bandwidth {
    /// GB per second (10⁹ bytes).
    pub gb_s: f64,
    /// Where the figure comes from.
    pub basis: BandwidthBasis,
}

/// Where a memory's speed comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BandwidthBasis {
    /// Measured on this computer; what a program really gets.
    Measured,
    /// Bus width times clock, as the driver tells: the peak.
    Driver,
    /// The data sheet of a device of this name: the peak.
    Table,
    /// Somebody typed it in.
    Given,
}

/// A drive.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Disk {
    /// Where it is mounted (`/`, `C:\`).
    pub mount_point: PathBuf,
    /// Its size in bytes.
    pub total_bytes: u64,
    /// What can still be written to it, in bytes.
    pub free_bytes: u64,
    /// With or without moving parts.
    pub kind: DiskKind,
    /// The file system's name, such as `ext4`, `vfat`, `apfs`.
    pub file_system: String,
    /// Whether it can be pulled out.
    pub removable: bool,
    /// How fast a large file is read, in GB/s, if that was measured.
    pub read_gb_s: Option<f64>,
}

/// With or without moving parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DiskKind {
    /// Flash memory.
    Ssd,
    /// Magnetic, with moving parts.
    Hdd,
    /// The system does not say.
    Unknown,
}

/// A graphics card, or what works like one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Gpu {
    /// The product's name, such as `NVIDIA GeForce RTX 4090`.
    pub name: String,
    /// Who made it.
    pub vendor: Vendor,
    /// Where its memory is.
    pub kind: GpuKind,
    /// Its memory in bytes. On Apple Silicon: what Metal recommends to use at most.
    pub total_bytes: Option<u64>,
    /// Of this, free now, in bytes: the smaller of what driver and engine say.
    pub free_bytes: Option<u64>,
    /// How fast it reads its memory.
    pub bandwidth: Option<Bandwidth>,
    /// What the probe measured for each weight format.
    pub rates: Option<Rates>,
    /// ggml's name of the device (`CUDA0`, `Vulkan0`, `Metal`); `None`: the engine does not see it, so it cannot be used.
    pub engine_device: Option<String>,
    /// The driver's version.
    pub driver: Option<String>,
    /// The newest CUDA version that the driver can serve: major, minor.
    pub cuda_version: Option<(u32, u32)>,
    /// NVIDIA's compute capability: major, minor.
    pub compute_capability: Option<(u32, u32)>,
    /// Its place on the PCI bus, `domain:bus:device.function`.
    pub pci_bus_id: Option<String>,
    /// Programs that hold its memory, the largest first. Empty also where the system does not tell.
    pub processes: Vec<GpuProcess>,
}

/// Who made a GPU.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Vendor {
    Nvidia,
    Apple,
    Amd,
    Intel,
    Other,
}

/// Where a GPU's memory is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GpuKind {
    /// On a card of its own.
    Discrete,
    /// It takes part of main memory.
    Integrated,
    /// Apple Silicon: processor and GPU share all of it.
    Unified,
}

/// A program that holds a GPU's memory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GpuProcess {
    /// Its process number.
    pub pid: u32,
    /// Its name, such as `firefox`.
    pub name: Option<String>,
    /// What it holds, in bytes; Windows does not tell.
    pub used_bytes: Option<u64>,
}

/// What NVIDIA's management library tells. Only the engine child asks it: a driver can take its process down.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct NvidiaReport {
    /// The cards, without [`Gpu::engine_device`], which that library does not know.
    pub gpus: Vec<Gpu>,
    /// What it could not tell, and why. A computer without an NVIDIA driver is not a problem and leaves this empty.
    pub unknowns: Vec<Unknown>,
}

/// A device that the engine can compute on, as ggml describes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EngineDevice {
    /// ggml's name, such as `CUDA0`, `Metal`, `Vulkan1`.
    pub name: String,
    /// The product's name as ggml has it.
    pub description: String,
    /// ggml's backend, such as `CUDA`.
    pub backend: String,
    /// Whether it shares main memory.
    pub integrated: bool,
    /// Its memory in bytes; 0 where ggml cannot tell.
    pub total_bytes: u64,
    /// Of this, free.
    pub free_bytes: u64,
}
