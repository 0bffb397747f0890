//! A computer as the plan sees it: budgets and speeds, from what was found out or from what somebody typed in.

use paddock_hardware::{
    Bandwidth, BandwidthBasis, Cpu, Gpu, GpuKind, Hardware, InstructionSet, Memory, Os, Rates, Vendor,
};

use crate::{
    PlanError,
    gpus::{self, GpuFamily, GpuRow},
    memory::WINDOW_BYTES,
};

/// 2³⁰ bytes.
pub(crate) const GIB: u64 = 1 << 30;

/// Main memory's speed where nothing tells, in GB/s: two channels of DDR4-3200, or of DDR5-4800 beside a card that was
/// sold with it; the slower half of what is in use, so that nothing is promised.
const DEFAULT_RAM_GB_S: f64 = 51.2;
const DEFAULT_RAM_BESIDE_NEW_CARD_GB_S: f64 = 76.8;

/// A disk's speed where nobody measured it, in GB/s: a plain NVMe drive; and one with moving parts.
const DEFAULT_SSD_GB_S: f64 = 2.0;
const DEFAULT_HDD_GB_S: f64 = 0.15;

/// A computer to plan for that is not this one.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Computer {
    /// A card or chip from the table.
    pub gpu: Option<String>,
    /// Its memory in GiB, if not the table's; on Apple Silicon what Metal may use.
    pub vram_gib: Option<f64>,
    /// Main memory in GiB.
    pub ram_gib: Option<f64>,
    /// The card's memory bandwidth in GB/s, if not the table's.
    pub bandwidth_gb_s: Option<f64>,
}

impl Computer {
    /// Whether anything was said at all.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// This computer as hardware. What was not said comes from `here`, as far as it makes sense.
    ///
    /// # Errors
    /// [`PlanError::UnknownGpu`], [`PlanError::WhichMemory`], [`PlanError::Absurd`].
    pub fn hardware(&self, here: &Hardware) -> Result<Hardware, PlanError> {
        let mut hardware = here.clone();
        if let Some(gib) = self.ram_gib {
            hardware.memory = memory(gib, &here.memory)?;
        }
        let gpu = match (&self.gpu, self.vram_gib) {
            (Some(name), _) if name.eq_ignore_ascii_case("none") => None,
            (Some(name), _) => Some(self.named(name, &mut hardware)?),
            (None, Some(gib)) => {
                let gpu = hardware.gpus.first().cloned();
                let mut gpu = gpu.unwrap_or_else(|| blank("A graphics card", Vendor::Other, GpuKind::Discrete));
                set_memory(&mut gpu, bytes(gib, "Video memory")?);
                (gib > 0.0).then_some(gpu)
            }
            (None, None) => hardware.gpus.first().cloned(),
        };
        let Some(mut gpu) = gpu else {
            hardware.gpus.clear();
            return Ok(hardware);
        };
        if let Some(gb_s) = self.bandwidth_gb_s {
            // The fastest memory on a single device is below 10 TB/s.
            if !(gb_s.is_finite() && (1.0..=20_000.0).contains(&gb_s)) {
                return Err(PlanError::Absurd {
                    what: "A bandwidth",
                    found: format!("{gb_s} GB/s"),
                    allowed: "Cards have 50 to 5,000 GB/s.",
                });
            }
            gpu.bandwidth = Some(Bandwidth { gb_s, basis: BandwidthBasis::Given });
            gpu.rates = None;
        }
        let others =
            if self.gpu.is_none() && self.vram_gib.is_none() { hardware.gpus.split_off(1) } else { Vec::new() };
        hardware.gpus = std::iter::once(gpu).chain(others).collect();
        Ok(hardware)
    }

    fn named(&self, name: &str, hardware: &mut Hardware) -> Result<Gpu, PlanError> {
        let given = self.vram_gib.map(|gib| bytes(gib, "Video memory")).transpose()?;
        let row = gpus::find(name, given).ok_or_else(|| PlanError::UnknownGpu {
            name: name.to_owned(),
            nearest: gpus::nearest(name, gpus::all().iter().map(|row| row.name.as_str())),
        })?;
        if row.vendor == Vendor::Apple {
            return self.apple(row, given, hardware);
        }
        let variants = gpus::variants(name);
        if given.is_none() && variants.len() > 1 {
            let choices = variants.iter().filter_map(|row| row.memory_gib.first().copied()).collect();
            return Err(PlanError::WhichMemory { name: name.to_owned(), choices, option: "vram" });
        }
        // Another card is another computer: what was found out and measured here says nothing about it.
        hardware.cpu = Cpu { instructions: hardware.cpu.instructions.clone(), ..Cpu::default() };
        hardware.memory.bandwidth = None;
        hardware.memory.rates = None;
        hardware.disks.clear();
        let integrated = row.name.starts_with("Ryzen");
        let mut gpu = blank(&row.name, row.vendor, if integrated { GpuKind::Integrated } else { GpuKind::Discrete });
        set_memory(&mut gpu, given.unwrap_or_else(|| u64::from(row.memory_gib.first().copied().unwrap_or(0)) * GIB));
        gpu.bandwidth = Some(Bandwidth { gb_s: row.gb_s, basis: BandwidthBasis::Table });
        Ok(gpu)
    }

    /// A Mac: one memory for processor and GPU, of which Metal recommends a part.
    fn apple(&self, row: &GpuRow, given: Option<u64>, hardware: &mut Hardware) -> Result<Gpu, PlanError> {
        let gib = self.ram_gib.ok_or_else(|| PlanError::WhichMemory {
            name: row.name.clone(),
            choices: Vec::new(),
            option: "ram",
        })?;
        let ram_bytes = bytes(gib, "Memory")?;
        hardware.os = Os::MacOs;
        hardware.os_name = Some("macOS".to_owned());
        hardware.cpu = Cpu { name: Some(row.name.clone()), ..Cpu::default() };
        hardware.cpu.instructions = vec![InstructionSet::Neon, InstructionSet::Dotprod, InstructionSet::I8mm];
        hardware.memory.bandwidth = Some(Bandwidth { gb_s: row.gb_s, basis: BandwidthBasis::Table });
        hardware.memory.rates = None;
        let mut gpu = blank(&row.name, Vendor::Apple, GpuKind::Unified);
        set_memory(&mut gpu, given.unwrap_or_else(|| working_set_bytes(ram_bytes)));
        gpu.bandwidth = hardware.memory.bandwidth;
        Ok(gpu)
    }
}

/// What Metal recommends to use of a Mac's memory where it cannot be asked: two thirds up to 36 GiB, three quarters
/// above (llama.cpp discussion #2182; 48 GB Macs report 36 GiB, 64 GB ones 48).
fn working_set_bytes(ram_bytes: u64) -> u64 {
    if ram_bytes <= 36 * GIB { ram_bytes / 3 * 2 } else { ram_bytes / 4 * 3 }
}

fn memory(gib: f64, here: &Memory) -> Result<Memory, PlanError> {
    let total = bytes(gib, "Memory")?;
    if total == 0 {
        return Err(PlanError::Absurd { what: "Memory", found: "0 GiB".into(), allowed: "Say 1 to 16,384 GiB." });
    }
    // System and a browser: a sixth of it, at least 3 and at most 6 GiB.
    let others = (total / 6).clamp(3 * GIB, 6 * GIB);
    Ok(Memory { total_bytes: Some(total), available_bytes: Some(total.saturating_sub(others)), ..*here })
}

fn bytes(gib: f64, what: &'static str) -> Result<u64, PlanError> {
    if !(gib.is_finite() && (0.0..=16_384.0).contains(&gib)) {
        return Err(PlanError::Absurd { what, found: format!("{gib} GiB"), allowed: "Say 0 to 16,384 GiB." });
    }
    // Checked: not negative, below 2⁴⁴.
    Ok((gib * GIB as f64) as u64)
}

fn blank(name: &str, vendor: Vendor, kind: GpuKind) -> Gpu {
    Gpu {
        name: name.to_owned(),
        vendor,
        kind,
        total_bytes: None,
        free_bytes: None,
        bandwidth: None,
        rates: None,
        engine_device: Some("GPU".to_owned()),
        driver: None,
        cuda_version: None,
        compute_capability: None,
        pci_bus_id: None,
        processes: Vec::new(),
    }
}

fn set_memory(gpu: &mut Gpu, bytes: u64) {
    gpu.total_bytes = Some(bytes);
    gpu.free_bytes = Some(bytes);
    gpu.processes.clear();
}

/// A device that layers can go to.
#[derive(Debug, Clone, PartialEq)]
pub struct Device {
    /// For people.
    pub name: String,
    /// Where its memory is.
    pub kind: GpuKind,
    /// Its memory, in bytes.
    pub total_bytes: u64,
    /// Of this, free, in bytes.
    pub free_bytes: u64,
    /// Peak or measured bandwidth, in GB/s.
    pub(crate) gb_s: f64,
    /// Whether that figure is a guess.
    pub(crate) gb_s_known: bool,
    pub(crate) efficiency: Option<f64>,
    pub(crate) family: GpuFamily,
    pub(crate) rates: Option<Rates>,
}

/// A computer as the plan sees it.
#[derive(Debug, Clone, PartialEq)]
pub struct Machine {
    /// Devices the engine can use, in the order it fills them.
    pub devices: Vec<Device>,
    /// All main memory, in bytes, where known.
    pub ram_total_bytes: Option<u64>,
    /// What programs could still get of it, in bytes, where known.
    pub ram_free_bytes: Option<u64>,
    pub(crate) ram_gb_s: f64,
    /// Whether that is a guess.
    pub(crate) ram_gb_s_known: bool,
    pub(crate) ram_rates: Option<Rates>,
    pub(crate) physical_cores: u32,
    pub(crate) disk_gb_s: f64,
    instructions: Vec<InstructionSet>,
}

/// Bandwidth of a card that is in no table, in GB/s: the slowest of the last ten years, so that nothing is promised.
const UNKNOWN_CARD_GB_S: f64 = 192.0;

impl Machine {
    /// What the plan needs of a computer. Cards that the engine cannot use do not count.
    pub fn of(hardware: &Hardware) -> Self {
        let devices: Vec<Device> = hardware.gpus.iter().filter(|gpu| gpu.engine_device.is_some()).map(device).collect();
        let new = |device: &Device| matches!(device.family, GpuFamily::Ada | GpuFamily::Blackwell);
        let usual_ram_gb_s = if devices.iter().any(new) { DEFAULT_RAM_BESIDE_NEW_CARD_GB_S } else { DEFAULT_RAM_GB_S };
        let measured_disk = hardware.disks.iter().filter_map(|disk| disk.read_gb_s).reduce(f64::max);
        let hdd_only = !hardware.disks.is_empty()
            && hardware.disks.iter().all(|disk| disk.kind == paddock_hardware::DiskKind::Hdd);
        Self {
            devices,
            ram_total_bytes: hardware.memory.total_bytes,
            ram_free_bytes: hardware.memory.available_bytes.or(hardware.memory.total_bytes),
            ram_gb_s: hardware.memory.bandwidth.map_or(usual_ram_gb_s, |bandwidth| bandwidth.gb_s.max(1.0)),
            ram_gb_s_known: hardware.memory.bandwidth.is_some() || hardware.memory.rates.is_some(),
            ram_rates: hardware.memory.rates,
            physical_cores: hardware.cpu.performance_cores.or(hardware.cpu.physical_cores).unwrap_or(8).max(1),
            disk_gb_s: measured_disk.unwrap_or(if hdd_only { DEFAULT_HDD_GB_S } else { DEFAULT_SSD_GB_S }).max(0.01),
            instructions: hardware.cpu.instructions.clone(),
        }
    }

    /// Whether processor and GPU share one memory, as on Apple Silicon.
    pub fn unified(&self) -> bool {
        self.devices.iter().any(|device| device.kind == GpuKind::Unified)
    }

    /// The same computer, where the engine process may take at most `limit_bytes` of main memory.
    #[must_use]
    pub fn limited_to(mut self, limit_bytes: u64) -> Self {
        // The limit holds for the engine alone; what a plan counts for the window lies outside.
        let within = limit_bytes.saturating_add(WINDOW_BYTES);
        self.ram_free_bytes = Some(self.ram_free_bytes.map_or(within, |free| free.min(within)));
        self.ram_total_bytes = Some(self.ram_total_bytes.map_or(within, |total| total.min(within)));
        self
    }

    /// The same computer, with what the disk that holds the model was measured to read, in GB/s.
    #[must_use]
    pub fn reading_at(mut self, disk_gb_s: f64) -> Self {
        if disk_gb_s.is_finite() && disk_gb_s > 0.0 {
            self.disk_gb_s = disk_gb_s;
        }
        self
    }

    /// What the model's disk reads, measured or assumed, in GB/s.
    pub fn disk_gb_s(&self) -> f64 {
        self.disk_gb_s
    }

    /// The same computer without its graphics cards.
    #[must_use]
    pub fn processor_alone(mut self) -> Self {
        self.devices.clear();
        self
    }

    /// Whether the processor has these vector instructions.
    pub(crate) fn has(&self, set: InstructionSet) -> bool {
        self.instructions.contains(&set)
    }
}

fn device(gpu: &Gpu) -> Device {
    let row = gpus::find(&gpu.name, gpu.total_bytes);
    let known = gpu.bandwidth.map(|bandwidth| bandwidth.gb_s).or(row.map(|row| row.gb_s));
    let total_bytes = gpu.total_bytes.or(gpu.free_bytes).unwrap_or(0);
    Device {
        name: gpu.name.clone(),
        kind: gpu.kind,
        total_bytes,
        free_bytes: gpu.free_bytes.unwrap_or(total_bytes).min(total_bytes),
        gb_s: known.unwrap_or(UNKNOWN_CARD_GB_S).max(1.0),
        gb_s_known: known.is_some() || gpu.rates.is_some(),
        efficiency: row.and_then(|row| row.efficiency),
        family: row
            .map_or(if gpu.vendor == Vendor::Apple { GpuFamily::Apple } else { GpuFamily::Other }, |row| row.family),
        rates: gpu.rates,
    }
}
