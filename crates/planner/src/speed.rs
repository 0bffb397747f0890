//! How fast a model will answer, from the roofline: for each token every weight is read once, so time is bytes over
//! bandwidth, plus a little for each layer.
//!
//! The constants are fitted to published and own measurements (`tests/it/speeds.rs` lists every point and how many lie
//! inside the shown range). Where a probe or a real answer was measured on this computer, that goes first.

use paddock_gguf::TensorType;
use paddock_hardware::{GpuKind, Rates};
use serde::{Deserialize, Serialize};
use specta::Type;

use crate::{
    gpus::GpuFamily,
    kv,
    machine::{Device, Machine},
    memory::{MemoryPlan, Sizes, Verdict},
    settings::Settings,
    weights::{ByType, Group, Weights},
};

/// A range of tokens per second.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, Type)]
pub struct TokS {
    /// It will hardly be slower.
    #[specta(type = u32)]
    pub low: f64,
    /// It will hardly be faster.
    #[specta(type = u32)]
    pub high: f64,
    /// Where the range comes from.
    pub basis: Basis,
}

/// Where a speed comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// Computed.
    Estimated,
    /// Answers of this model on this computer.
    Measured,
}

/// Both speeds of a model.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Speed {
    /// Writing an answer.
    pub generation: TokS,
    /// Understanding a prompt.
    pub prompt: TokS,
}

/// Tokens in the context while a typical answer is written.
const USED_TOKENS: u64 = 512;

/// Half the width of a range, as a factor: one kind of memory, two kinds, and with the rates measured here.
const WIDTH_ONE: f64 = 1.25;
const WIDTH_SPLIT: f64 = 1.4;
const WIDTH_PROBED: f64 = 1.15;
/// A real answer varies with the length of the conversation and what else runs.
const WIDTH_MEASURED: f64 = 1.1;
/// Understanding depends on the kernels for each format too.
const WIDTH_PROMPT: f64 = 1.5;

/// The part of main memory's peak bandwidth that a processor gets. The measured points: 0.56 to 0.81.
const CPU_EFFICIENCY: f64 = 0.68;
/// Time that each layer takes on a processor beside reading it, in seconds.
const CPU_LAYER_S: f64 = 150e-6;
/// What one core gets through, in GB/s, where the work on a format and not the memory is the limit. Fitted to an M4 Pro
/// with half of an IQ3_M model on its ten fast cores (48 GB/s), and to AVX2 cores for the others.
const CORE_GB_S: Rates =
    Rates { f16_gb_s: 20.0, q8_0_gb_s: 14.0, k_quants_gb_s: 9.0, i_quants_gb_s: 4.6, n_threads: 1 };
/// What one core computes when it understands a prompt, in GFLOP/s: an AVX2 core with K-quants.
const CORE_GFLOPS: f64 = 75.0;
/// How fast weights in main memory reach a graphics card for a long prompt, in GB/s: PCIe 4.0 x8, or 3.0 x16.
const PCIE_GB_S: f64 = 12.0;

/// What a family of GPUs makes of its bandwidth.
struct FamilyRates {
    /// The part of the peak bandwidth.
    efficiency: f64,
    /// Time for each layer beside reading it, in seconds.
    layer_s: f64,
    /// Time for each token beside its layers, in seconds.
    token_s: f64,
    /// Operations for each byte of bandwidth while a prompt is understood. From 512-token prompts of a 70B Q4_K_M.
    flop_per_byte: f64,
    /// I-quants against K-quants.
    i_quants: f64,
}

fn family(family: GpuFamily) -> FamilyRates {
    let [efficiency, layer_us, token_ms, flop_per_byte, i_quants] = match family {
        // Understanding: 2 × 3090 357 tok/s, 2 × 4090 839, RTX PRO 6000 1794, W7900 298, M2 Ultra 119, M3 Max 70.
        GpuFamily::Maxwell => [0.6, 80.0, 2.5, 15.0, 0.8],
        GpuFamily::Ampere => [0.82, 80.0, 2.5, 54.0, 1.0],
        GpuFamily::Ada => [0.88, 55.0, 1.0, 117.0, 1.0],
        GpuFamily::Hopper => [0.5, 40.0, 1.0, 150.0, 1.0],
        GpuFamily::Blackwell => [0.9, 35.0, 0.8, 141.0, 1.0],
        GpuFamily::Rdna => [0.7, 80.0, 2.5, 46.0, 0.9],
        GpuFamily::Apple => [0.7, 40.0, 1.0, 21.0, 0.85],
        GpuFamily::Other => [0.6, 80.0, 2.5, 20.0, 0.8],
    };
    FamilyRates { efficiency, layer_s: layer_us * 1e-6, token_s: token_ms * 1e-3, flop_per_byte, i_quants }
}

/// What a format is for a kernel.
enum Kind {
    Float,
    Q8,
    K,
    I,
}

fn kind(tensor_type: TensorType) -> Kind {
    match tensor_type {
        TensorType::F32 | TensorType::F16 | TensorType::BF16 => Kind::Float,
        TensorType::Q8_0 => Kind::Q8,
        other if other.name().starts_with("IQ") && other != TensorType::IQ4_NL => Kind::I,
        _ => Kind::K,
    }
}

fn rate(rates: &Rates, tensor_type: TensorType) -> f64 {
    match kind(tensor_type) {
        Kind::Float => rates.f16_gb_s,
        Kind::Q8 => rates.q8_0_gb_s,
        Kind::K => rates.k_quants_gb_s,
        Kind::I => rates.i_quants_gb_s,
    }
    // A probe that went wrong must not divide by zero.
    .max(0.01)
}

/// Predicts from a memory plan. `measured`: tokens per second that this model wrote here with these layers.
pub(crate) fn predict(
    machine: &Machine,
    weights: &Weights,
    settings: &Settings,
    sizes: &Sizes<'_>,
    plan: &MemoryPlan,
    measured: Option<f64>,
) -> Speed {
    let generation = match measured.filter(|tok_s| tok_s.is_finite() && *tok_s > 0.0) {
        Some(tok_s) => TokS { low: tok_s / WIDTH_MEASURED, high: tok_s * WIDTH_MEASURED, basis: Basis::Measured },
        None => generation(machine, weights, settings, sizes, plan),
    };
    Speed { generation, prompt: prompt(machine, weights, settings, sizes, plan) }
}

fn generation(machine: &Machine, weights: &Weights, settings: &Settings, sizes: &Sizes<'_>, plan: &MemoryPlan) -> TokS {
    let used = |layer: usize| kv::layer_bytes(weights, settings, layer) as f64 * used_share(settings) / 1e9;
    let share = weights.expert_share();
    let first_gpu_layer = sizes.layers_on_cpu(plan.n_gpu_layers);
    let mut next = first_gpu_layer;
    let mut seconds = 0.0;
    for device_plan in &plan.devices {
        let device = &machine.devices[device_plan.index];
        let end = next + device_plan.n_layers as usize;
        let kv_gb: f64 = (next..end).map(used).sum();
        let groups = weights.layers[next..end].iter().chain(device_plan.holds_output.then_some(&weights.output));
        seconds += on_gpu(device, groups, share, kv_gb);
        if device_plan.holds_output && weights.tied {
            // The copy of the embeddings is the output matrix.
            seconds += by_type(&weights.embedding.matrices, 1.0, |kind| gpu_rate(device, kind));
        }
        next = end;
        seconds += f64::from(device_plan.n_layers) * family(device.family).layer_s;
    }
    if let Some(device) = plan.devices.last() {
        seconds += family(machine.devices[device.index].family).token_s;
    }
    let kv_gb: f64 = (0..first_gpu_layer).map(used).sum();
    seconds += sizes
        .on_cpu(plan.n_gpu_layers)
        .map(|group| group_seconds(group, share, |kind| cpu_rate(machine, kind)))
        .sum::<f64>();
    if plan.n_gpu_layers == 0 && weights.tied {
        seconds += by_type(&weights.embedding.matrices, 1.0, |kind| cpu_rate(machine, kind));
    }
    seconds += kv_gb / cpu_rate(machine, TensorType::F16) + first_gpu_layer as f64 * cpu_layer_s(machine);
    let seconds = seconds.max(1e-9);
    let width = width(machine, plan);
    let (lucky, unlucky) = plan.disk_bytes_per_token;
    let disk = |bytes: u64| bytes as f64 / 1e9 / machine.disk_gb_s;
    TokS {
        low: 1.0 / (seconds * width + disk(unlucky)),
        high: 1.0 / (seconds / width + disk(lucky)),
        basis: Basis::Estimated,
    }
}

/// Which part of the reserved context a token reads.
fn used_share(settings: &Settings) -> f64 {
    let reserved = settings.padded_n_ctx();
    USED_TOKENS.min(reserved) as f64 / reserved.max(1) as f64
}

fn width(machine: &Machine, plan: &MemoryPlan) -> f64 {
    let on_cpu = plan.n_gpu_layers < plan.n_layers_all;
    let probed = (!on_cpu || machine.ram_rates.is_some())
        && plan.devices.iter().all(|device| machine.devices[device.index].rates.is_some());
    match (plan.devices.is_empty(), on_cpu) {
        _ if probed => WIDTH_PROBED,
        (false, true) => WIDTH_SPLIT,
        _ => WIDTH_ONE,
    }
}

fn on_gpu<'g>(device: &Device, groups: impl Iterator<Item = &'g Group>, share: f64, kv_gb: f64) -> f64 {
    let weights: f64 = groups.map(|group| group_seconds(group, share, |kind| gpu_rate(device, kind))).sum();
    weights + kv_gb / gpu_rate(device, TensorType::F16)
}

fn group_seconds(group: &Group, expert_share: f64, rate: impl Fn(TensorType) -> f64 + Copy) -> f64 {
    by_type(&group.matrices, 1.0, rate)
        + by_type(&group.experts, expert_share, rate)
        + group.small_bytes as f64 / 1e9 / rate(TensorType::F32)
}

fn by_type(bytes: &ByType, share: f64, rate: impl Fn(TensorType) -> f64) -> f64 {
    bytes.iter().map(|(kind, bytes)| bytes as f64 * share / 1e9 / rate(kind)).sum()
}

/// GB/s that a GPU gets through of a format.
fn gpu_rate(device: &Device, tensor_type: TensorType) -> f64 {
    if let Some(rates) = &device.rates {
        return rate(rates, tensor_type);
    }
    let family = family(device.family);
    let format = if matches!(kind(tensor_type), Kind::I) { family.i_quants } else { 1.0 };
    device.gb_s * device.efficiency.unwrap_or(family.efficiency) * format
}

/// GB/s that the processor gets through of a format.
fn cpu_rate(machine: &Machine, tensor_type: TensorType) -> f64 {
    if let Some(rates) = &machine.ram_rates {
        return rate(rates, tensor_type);
    }
    let cores = f64::from(machine.physical_cores) * rate(&CORE_GB_S, tensor_type);
    (machine.ram_gb_s * CPU_EFFICIENCY).min(cores)
}

/// With few cores a layer's small steps take longer; measured rates hold for whole layers, so only they count then.
fn cpu_layer_s(machine: &Machine) -> f64 {
    if machine.ram_rates.is_some() { CPU_LAYER_S / 3.0 } else { CPU_LAYER_S }
}

fn prompt(machine: &Machine, weights: &Weights, settings: &Settings, sizes: &Sizes<'_>, plan: &MemoryPlan) -> TokS {
    let all = weights.bytes().max(1) as f64;
    let active: f64 = weights.layers.iter().chain([&weights.output]).map(|group| active_bytes(group, weights)).sum();
    // Two operations for every weight that is used.
    let flop = 2.0 * weights.n_params as f64 * (active / all).min(1.0);
    let on_cpu_gb: f64 = sizes.on_cpu(plan.n_gpu_layers).map(|group| group.bytes() as f64 / 1e9).sum();
    let seconds = match plan.devices.first() {
        // Long prompts are computed on the card, also for the layers that stay in main memory: their weights are copied
        // there for every micro-batch.
        Some(_) => {
            let total: f64 = plan.devices.iter().map(|device| f64::from(device.n_layers).max(1.0)).sum();
            let compute: f64 = plan
                .devices
                .iter()
                .map(|part| {
                    let share = f64::from(part.n_layers).max(1.0) / total;
                    flop * share / gpu_flops(&machine.devices[part.index])
                })
                .sum();
            compute + on_cpu_gb / PCIE_GB_S / f64::from(settings.n_ubatch)
        }
        None => flop / (f64::from(machine.physical_cores) * CORE_GFLOPS * 1e9),
    };
    let disk = if plan.verdict == Verdict::ReadsFromDisk {
        plan.disk_bytes_per_token.1 as f64 / 1e9 / machine.disk_gb_s / f64::from(settings.n_ubatch)
    } else {
        0.0
    };
    TokS {
        low: 1.0 / (seconds * WIDTH_PROMPT + disk).max(1e-9),
        high: 1.0 / (seconds / WIDTH_PROMPT + disk).max(1e-9),
        basis: Basis::Estimated,
    }
}

fn active_bytes(group: &Group, weights: &Weights) -> f64 {
    group.matrices.total() as f64 + group.experts.total() as f64 * weights.expert_share()
}

fn gpu_flops(device: &Device) -> f64 {
    // An integrated GPU shares its bandwidth with the processor.
    let base = device.gb_s * 1e9 * family(device.family).flop_per_byte;
    if device.kind == GpuKind::Integrated { base * 0.8 } else { base }
}
