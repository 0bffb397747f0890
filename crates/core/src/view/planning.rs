//! What the window shows of the computer and of what fits on it.

use paddock_hardware as hardware;
use paddock_planner as planner;
use serde::{Deserialize, Serialize};
use specta::Type;

/// This computer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct HardwareView {
    /// The system, such as `Debian GNU/Linux 12`.
    pub os_name: Option<String>,
    /// The processor's name.
    pub cpu_name: Option<String>,
    /// Cores.
    pub physical_cores: Option<u32>,
    /// Of these, fast ones.
    pub performance_cores: Option<u32>,
    /// Vector instructions, as people write them.
    pub instructions: Vec<String>,
    /// All memory, in bytes.
    #[specta(type = Option<u32>)]
    pub ram_bytes: Option<u64>,
    /// Memory that programs could still get, in bytes.
    #[specta(type = Option<u32>)]
    pub ram_free_bytes: Option<u64>,
    /// How fast weights in main memory are read, in GB/s, and where the figure comes from.
    pub ram_speed: Option<MemorySpeed>,
    /// Graphics cards.
    pub gpus: Vec<GpuView>,
    /// Drives.
    pub disks: Vec<DiskView>,
    /// What could not be found out.
    pub unknowns: Vec<UnknownView>,
    /// Whether the speeds of the memories were measured here.
    pub measured: bool,
}

/// How fast a memory is.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct MemorySpeed {
    /// GB per second (10⁹ bytes).
    #[specta(type = u32)]
    pub gb_s: f64,
    /// Measured here, or a data sheet's peak.
    pub measured: bool,
}

/// A graphics card.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct GpuView {
    /// The product's name.
    pub name: String,
    /// Its memory, in bytes.
    #[specta(type = Option<u32>)]
    pub total_bytes: Option<u64>,
    /// Of this, free.
    #[specta(type = Option<u32>)]
    pub free_bytes: Option<u64>,
    /// Whether it shares main memory.
    pub shared_memory: bool,
    /// How fast it reads its memory.
    pub speed: Option<MemorySpeed>,
    /// Whether the engine can use it.
    pub usable: bool,
    /// The driver's version.
    pub driver: Option<String>,
    /// The newest CUDA version the driver serves, such as `12.4`.
    pub cuda_version: Option<String>,
    /// NVIDIA's compute capability, such as `8.9`.
    pub compute_capability: Option<String>,
    /// Programs that hold its memory, the largest first.
    pub processes: Vec<GpuProcessView>,
}

/// A program that holds video memory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct GpuProcessView {
    /// Its name, or `process 123`.
    pub name: String,
    /// What it holds, in bytes.
    #[specta(type = Option<u32>)]
    pub used_bytes: Option<u64>,
}

/// A drive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct DiskView {
    /// Where it is mounted.
    pub mount_point: String,
    /// Its size, in bytes.
    #[specta(type = u32)]
    pub total_bytes: u64,
    /// What can be written to it, in bytes.
    #[specta(type = u32)]
    pub free_bytes: u64,
    /// Nothing where the system does not tell.
    pub kind: Option<DiskKindView>,
}

/// How a drive keeps its bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum DiskKindView {
    /// Without moving parts.
    Ssd,
    /// With turning disks.
    Hdd,
}

/// Something that could not be found out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct UnknownView {
    /// What.
    pub thing: hardware::Thing,
    /// Why, and what to do.
    pub cause: hardware::Cause,
}

/// A computer to plan for that is not this one. All empty: this one.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase", default)]
pub struct OtherComputer {
    /// A card or chip from [`PlanningTables::gpus`]; `none` for a computer without.
    pub gpu: Option<String>,
    /// Its memory in GiB, where it comes with different amounts.
    #[specta(type = Option<u32>)]
    pub vram_gib: Option<f64>,
    /// Main memory in GiB.
    #[specta(type = Option<u32>)]
    pub ram_gib: Option<f64>,
    /// The card's bandwidth in GB/s, if not the table's.
    #[specta(type = Option<u32>)]
    pub bandwidth_gb_s: Option<f64>,
}

/// What a recommendation is wanted for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct RecommendRequest {
    /// A model of [`PlanningTables::models`].
    pub model_id: String,
    /// Context length in tokens.
    pub n_ctx: u32,
    /// Whether the KV cache is stored in 8 bits.
    pub small_kv: bool,
    /// What matters more.
    pub preference: PreferenceView,
    /// For which computer.
    pub computer: OtherComputer,
}

/// What matters more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the names say it")]
pub enum PreferenceView {
    Faster,
    Balanced,
    Smarter,
}

/// What can be chosen from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct PlanningTables {
    /// The models Paddock knows, the flagship first.
    pub models: Vec<ModelChoiceView>,
    /// Cards and chips, for planning another computer.
    pub gpus: Vec<GpuChoice>,
    /// The guide's presets.
    pub presets: Vec<PresetView>,
}

/// A model Paddock knows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct ModelChoiceView {
    /// Short and stable.
    pub id: String,
    /// For people.
    pub name: String,
    /// Owner and name on Hugging Face.
    pub repo: String,
    /// Its terms.
    pub license: String,
    /// The longest context it was trained for, in tokens.
    pub n_ctx_train: u32,
}

/// A card or chip of the table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct GpuChoice {
    /// Its name.
    pub name: String,
    /// Its memory in GiB; nothing for Apple chips, whose memory is the computer's.
    pub memory_gib: Option<u32>,
}

/// A starting point that the guide offers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct PresetView {
    /// For a computer with so much memory, in GB as the guide has it.
    pub memory_gb: u32,
    /// The quantization it takes.
    pub quant: String,
    /// Context length in tokens.
    pub n_ctx: u32,
    /// Tokens handed over at once at most.
    pub n_batch: u32,
}

/// What to take, and everything else there is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct RecommendationView {
    /// The model.
    pub model: ModelChoiceView,
    /// The computer in a few words.
    pub computer: ComputerView,
    /// The best of both; nothing only if no quantization can be loaded at all.
    pub recommended: Option<PickView>,
    /// Faster, if anything usable is; else the same quantization.
    pub faster: Option<PickView>,
    /// Smarter, if anything bearable is; else the same quantization.
    pub smarter: Option<PickView>,
    /// All 30 quantizations of the guide's table, the smallest first, those that can no longer be loaded among them.
    pub rows: Vec<QuantRow>,
    /// What the guide says of this computer.
    pub guide: Option<GuideView>,
    /// A smaller model, where this one would be too slow or too poor.
    pub instead: Option<InsteadView>,
    /// What weakens the figures.
    pub remarks: Vec<planner::Remark>,
}

/// A computer in a few words, such as `RTX 4090, 24 GiB · 64 GiB of memory`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct ComputerView {
    /// Whether it is this one.
    pub here: bool,
    /// The cards that can be used, each with its memory in bytes where that is known.
    pub gpus: Vec<GpuNameView>,
    /// Main memory in bytes, where that is known.
    #[specta(type = Option<u32>)]
    pub ram_bytes: Option<u64>,
}

/// A card in a few words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct GpuNameView {
    /// Its name.
    pub name: String,
    /// Its memory in bytes, where that is known.
    #[specta(type = Option<u32>)]
    pub total_bytes: Option<u64>,
}

/// A pick: a row of the table, and why.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct PickView {
    /// The quantization; its figures are in its [`QuantRow`].
    pub quant: String,
    /// Why, what is lost and gained.
    pub reasons: Vec<planner::Reason>,
}

/// One quantization.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct QuantRow {
    /// Its name.
    pub quant: String,
    /// Its file, in bytes; nothing where there is no such file any more.
    #[specta(type = Option<u32>)]
    pub file_bytes: Option<u64>,
    /// How good it is: 0 (broken) to 6 (as the full model).
    pub quality_step: u32,
    /// The same by name.
    pub quality: planner::quant::Quality,
    /// What is special about it.
    pub note: Option<planner::quant::Note>,
    /// What to take instead, and why, where it can no longer be loaded.
    pub replaced_by: Option<String>,
    /// Why it can no longer be loaded.
    pub why: Option<planner::quant::Gone>,
    /// What it needs and gives here; nothing where it cannot be loaded.
    pub plan: Option<PlanView>,
}

/// What a model needs and gives.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct PlanView {
    /// How it works out.
    pub verdict: VerdictView,
    /// GPU layers that leave a margin free; Paddock loads with these.
    pub n_gpu_layers: u32,
    /// The most that fit without any margin.
    pub n_gpu_layers_max: u32,
    /// Layers there are, the output counted as one.
    pub n_layers_all: u32,
    /// One memory bar for each GPU that holds layers, and one for main memory, which is the last.
    pub bars: Vec<MemoryBar>,
    /// What every token reads from disk, in bytes: at least and at most; both 0 where nothing must be.
    #[specta(type = (u32, u32))]
    pub disk_bytes_per_token: (u64, u64),
    /// Writing.
    pub tok_s: SpeedRange,
    /// Understanding.
    pub prompt_tok_s: SpeedRange,
}

/// How it works out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "explained at the planner's own type")]
pub enum VerdictView {
    FitsOnGpu,
    FitsWithRam,
    ReadsFromDisk,
    TooBig,
}

/// A range of tokens per second.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct SpeedRange {
    /// It will hardly be slower.
    #[specta(type = u32)]
    pub low: f64,
    /// It will hardly be faster.
    #[specta(type = u32)]
    pub high: f64,
    /// Measured on this computer, or estimated.
    pub measured: bool,
}

/// What fills a memory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct MemoryBar {
    /// Whose memory: the card's name, or `Memory`.
    pub name: String,
    /// All of it, in bytes; nothing where that is unknown.
    #[specta(type = Option<u32>)]
    pub memory_bytes: Option<u64>,
    /// Its parts, in order; empty ones are left out. Together they can be more than the memory has.
    pub parts: Vec<MemoryPart>,
}

/// A part of a memory bar.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct MemoryPart {
    /// What it is.
    pub kind: PartKind,
    /// In bytes.
    #[specta(type = u32)]
    pub bytes: u64,
}

/// What fills a part of a memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum PartKind {
    /// Weights.
    Weights,
    /// Weights rearranged for the processor: a copy that must stay.
    Repacked,
    /// KV cache.
    Kv,
    /// Scratch space.
    Compute,
    /// The driver's own.
    Driver,
    /// Paddock's window and engine.
    App,
    /// System and other programs.
    Others,
    /// Left free.
    Free,
}

/// What the guide says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct GuideView {
    /// The card it names.
    pub gpu: String,
    /// The quantizations it names.
    pub quants: Vec<String>,
    /// The least GPU layers it names.
    pub layers_min: u32,
    /// The most.
    pub layers_max: u32,
    /// Whether that is possible.
    pub possible: bool,
    /// What is wrong or left over.
    pub remarks: Vec<planner::guide::GuideRemark>,
}

/// A smaller model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct InsteadView {
    /// Which.
    pub model: ModelChoiceView,
    /// In which quantization.
    pub quant: String,
    /// How fast.
    pub tok_s: SpeedRange,
}

impl From<PreferenceView> for planner::Preference {
    fn from(preference: PreferenceView) -> Self {
        match preference {
            PreferenceView::Faster => Self::Faster,
            PreferenceView::Balanced => Self::Balanced,
            PreferenceView::Smarter => Self::Smarter,
        }
    }
}

impl From<&OtherComputer> for planner::Computer {
    fn from(other: &OtherComputer) -> Self {
        Self {
            gpu: other.gpu.clone(),
            vram_gib: other.vram_gib,
            ram_gib: other.ram_gib,
            bandwidth_gb_s: other.bandwidth_gb_s,
        }
    }
}

impl From<&hardware::Hardware> for HardwareView {
    fn from(from: &hardware::Hardware) -> Self {
        let ram_rates = from.memory.rates.map(|rates| (rates.q8_0_gb_s, true));
        let ram_table = from.memory.bandwidth.map(|bandwidth| (bandwidth.gb_s, false));
        Self {
            os_name: from.os_name.clone(),
            cpu_name: from.cpu.name.clone(),
            physical_cores: from.cpu.physical_cores,
            performance_cores: from.cpu.performance_cores,
            instructions: from.cpu.instructions.iter().map(|set| instruction_name(*set).to_owned()).collect(),
            ram_bytes: from.memory.total_bytes,
            ram_free_bytes: from.memory.available_bytes,
            ram_speed: ram_rates.or(ram_table).map(|(gb_s, measured)| MemorySpeed { gb_s, measured }),
            gpus: from.gpus.iter().map(GpuView::from).collect(),
            disks: from.disks.iter().map(DiskView::from).collect(),
            unknowns: from
                .unknowns
                .iter()
                .map(|unknown| UnknownView { thing: unknown.thing.clone(), cause: unknown.cause.clone() })
                .collect(),
            measured: from.memory.rates.is_some(),
        }
    }
}

fn instruction_name(set: hardware::InstructionSet) -> &'static str {
    use hardware::InstructionSet as Set;
    match set {
        Set::Avx => "AVX",
        Set::Avx2 => "AVX2",
        Set::Fma => "FMA",
        Set::F16c => "F16C",
        Set::Bmi2 => "BMI2",
        Set::Avx512f => "AVX-512",
        Set::Avx512Vnni => "AVX-512 VNNI",
        Set::AvxVnni => "AVX-VNNI",
        Set::Neon => "NEON",
        Set::Dotprod => "DotProd",
        Set::I8mm => "I8MM",
        Set::Sve => "SVE",
    }
}

impl From<&hardware::Gpu> for GpuView {
    fn from(from: &hardware::Gpu) -> Self {
        let version = |(major, minor): (u32, u32)| format!("{major}.{minor}");
        let measured = from.rates.map(|rates| (rates.q8_0_gb_s, true));
        let told = from.bandwidth.map(|bandwidth| bandwidth.gb_s);
        let table = || planner::gpus::find(&from.name, from.total_bytes).map(|row| row.gb_s);
        Self {
            name: from.name.clone(),
            total_bytes: from.total_bytes,
            free_bytes: from.free_bytes,
            shared_memory: from.kind != hardware::GpuKind::Discrete,
            speed: measured
                .or(told.or_else(table).map(|gb_s| (gb_s, false)))
                .map(|(gb_s, measured)| MemorySpeed { gb_s, measured }),
            usable: from.engine_device.is_some(),
            driver: from.driver.clone(),
            cuda_version: from.cuda_version.map(version),
            compute_capability: from.compute_capability.map(version),
            processes: from
                .processes
                .iter()
                .map(|process| GpuProcessView {
                    name: process.name.clone().unwrap_or_else(|| format!("process {}", process.pid)),
                    used_bytes: process.used_bytes,
                })
                .collect(),
        }
    }
}

impl From<&hardware::Disk> for DiskView {
    fn from(from: &hardware::Disk) -> Self {
        let kind = match from.kind {
            hardware::DiskKind::Ssd => Some(DiskKindView::Ssd),
            hardware::DiskKind::Hdd => Some(DiskKindView::Hdd),
            hardware::DiskKind::Unknown => None,
        };
        Self {
            mount_point: from.mount_point.display().to_string(),
            total_bytes: from.total_bytes,
            free_bytes: from.free_bytes,
            kind,
        }
    }
}

impl From<&planner::catalogue::Model> for ModelChoiceView {
    fn from(model: &planner::catalogue::Model) -> Self {
        Self {
            id: model.id.clone(),
            name: model.name.clone(),
            repo: model.repo.clone(),
            license: model.license.clone(),
            n_ctx_train: model.shape().n_ctx_train,
        }
    }
}

impl PlanningTables {
    /// The tables as they are.
    pub(crate) fn all() -> Self {
        Self {
            models: planner::catalogue::models().iter().map(ModelChoiceView::from).collect(),
            gpus: planner::gpus::all()
                .iter()
                .map(|row| GpuChoice { name: row.name.clone(), memory_gib: row.memory_gib.first().copied() })
                .collect(),
            presets: planner::PRESETS
                .iter()
                .map(|preset| PresetView {
                    memory_gb: preset.memory_gb,
                    quant: preset.quant.to_owned(),
                    n_ctx: preset.n_ctx,
                    n_batch: preset.n_batch,
                })
                .collect(),
        }
    }
}

impl From<planner::TokS> for SpeedRange {
    fn from(range: planner::TokS) -> Self {
        Self { low: range.low, high: range.high, measured: range.basis == planner::Basis::Measured }
    }
}

impl From<&planner::Pick> for PickView {
    fn from(pick: &planner::Pick) -> Self {
        Self { quant: pick.candidate.quant.name.clone(), reasons: pick.reasons.clone() }
    }
}

impl From<planner::Verdict> for VerdictView {
    fn from(verdict: planner::Verdict) -> Self {
        match verdict {
            planner::Verdict::FitsOnGpu => Self::FitsOnGpu,
            planner::Verdict::FitsWithRam => Self::FitsWithRam,
            planner::Verdict::ReadsFromDisk => Self::ReadsFromDisk,
            planner::Verdict::TooBig => Self::TooBig,
        }
    }
}

impl From<&planner::Plan> for PlanView {
    fn from(plan: &planner::Plan) -> Self {
        let memory = &plan.memory;
        let mut bars: Vec<MemoryBar> = memory.devices.iter().map(MemoryBar::from).collect();
        bars.push(MemoryBar::of_ram(&memory.ram, &memory.devices));
        Self {
            verdict: memory.verdict.into(),
            n_gpu_layers: memory.n_gpu_layers,
            n_gpu_layers_max: plan.n_gpu_layers_max,
            n_layers_all: memory.n_layers_all,
            bars,
            disk_bytes_per_token: memory.disk_bytes_per_token,
            tok_s: plan.speed.generation.into(),
            prompt_tok_s: plan.speed.prompt.into(),
        }
    }
}

impl From<&planner::DevicePlan> for MemoryBar {
    fn from(device: &planner::DevicePlan) -> Self {
        let free = device.free_bytes.saturating_sub(device.total_bytes);
        Self::new(
            device.name.clone(),
            Some(device.memory_bytes),
            [
                (PartKind::Weights, device.weights_bytes),
                (PartKind::Kv, device.kv_bytes),
                (PartKind::Compute, device.compute_bytes),
                (PartKind::Driver, device.overhead_bytes),
                (PartKind::Others, device.others_bytes),
                (PartKind::Free, free),
            ],
        )
    }
}

impl MemoryBar {
    fn new<const N: usize>(name: String, memory_bytes: Option<u64>, parts: [(PartKind, u64); N]) -> Self {
        let parts = parts.into_iter().filter(|(_, bytes)| *bytes > 0);
        Self { name, memory_bytes, parts: parts.map(|(kind, bytes)| MemoryPart { kind, bytes }).collect() }
    }

    fn of_ram(ram: &planner::RamPlan, devices: &[planner::DevicePlan]) -> Self {
        // What shared GPUs hold is main memory too: there it is part of what is not free.
        let shared: u64 = devices.iter().filter(|device| device.shares_memory).map(|device| device.total_bytes).sum();
        let others = ram.memory_bytes.unwrap_or(0).saturating_sub(ram.free_bytes.unwrap_or(0)) + shared;
        let free = ram.free_bytes.unwrap_or(0).saturating_sub(ram.total_bytes + shared);
        Self::new(
            "Memory".to_owned(),
            ram.memory_bytes,
            [
                (PartKind::Weights, ram.mapped_bytes),
                (PartKind::Repacked, ram.repacked_bytes),
                (PartKind::Kv, ram.kv_bytes),
                (PartKind::Compute, ram.compute_bytes),
                (PartKind::App, ram.overhead_bytes),
                (PartKind::Others, others),
                (PartKind::Free, free),
            ],
        )
    }
}

impl RecommendationView {
    pub(crate) fn new(computer: ComputerView, from: &planner::Recommendation) -> Self {
        let pick = |pick: &Option<planner::Pick>| pick.as_ref().map(PickView::from);
        Self {
            model: from.model.into(),
            computer,
            recommended: pick(&from.recommended),
            faster: pick(&from.faster),
            smarter: pick(&from.smarter),
            rows: rows(from),
            guide: from.guide.as_ref().map(|guide| GuideView {
                gpu: guide.gpu.clone(),
                quants: guide.quants.clone(),
                layers_min: guide.layers_min,
                layers_max: guide.layers_max,
                possible: guide.possible,
                remarks: guide.remarks.clone(),
            }),
            instead: from.instead.as_ref().map(|other| InsteadView {
                model: other.model.into(),
                quant: other.candidate.quant.name.clone(),
                tok_s: other.candidate.plan.speed.generation.into(),
            }),
            remarks: from.remarks.clone(),
        }
    }
}

/// The loadable quantizations by size, and the dead ones after the one that replaces them.
fn rows(from: &planner::Recommendation) -> Vec<QuantRow> {
    let mut rows = Vec::new();
    for candidate in &from.candidates {
        rows.push(row(candidate.quant, Some(candidate)));
        let replaced = |quant: &&planner::quant::Quant| quant.replaced_by.as_ref() == Some(&candidate.quant.name);
        rows.extend(planner::quant::all().iter().filter(replaced).map(|quant| row(quant, None)));
    }
    rows
}

fn row(quant: &planner::quant::Quant, candidate: Option<&planner::Candidate>) -> QuantRow {
    let quality = quant.quality();
    QuantRow {
        quant: quant.name.clone(),
        file_bytes: candidate.map(|candidate| candidate.file_bytes),
        quality_step: quality as u32,
        quality,
        note: quant.note.clone(),
        replaced_by: quant.replaced_by.clone(),
        why: quant.why,
        plan: candidate.map(|candidate| PlanView::from(&candidate.plan)),
    }
}
