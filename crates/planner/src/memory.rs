//! The memory plan: what goes where, in bytes, for a number of GPU layers.
//!
//! llama.cpp fills GPUs from the end of the model: one GPU layer is the output matrix, two are the output and the last
//! layer, and so on (`llama_model_base::load_tensors`). The token embeddings stay in main memory.

use paddock_gguf::TensorType;
use paddock_hardware::{GpuKind, InstructionSet};
use serde::Serialize;

use crate::{
    kv,
    machine::{Device, Machine},
    settings::Settings,
    weights::{Group, Weights},
};

const MIB: u64 = 1 << 20;

/// What a driver takes for itself on a card of its own: context, kernels, cuBLAS. Source: Ollama's constant for CUDA,
/// 457 MiB (`llm/memory.go`, v0.4.1); measured values lie between 250 and 500.
const DRIVER_BYTES: u64 = 457 * MIB;

/// The same for Metal, which shares the system's memory and loads no libraries into it.
const METAL_BYTES: u64 = 128 * MIB;

/// What is left free on a device on purpose: other programs grow, memory is split. Source: llama.cpp's own default when
/// it fits a model (`common_params_fit`, 1024 MiB for each device).
pub const MARGIN_BYTES: u64 = 1024 * MIB;

/// The engine's scratch space on a GPU for a model as wide as a 70B (8,192 values), a micro-batch of 512. Source:
/// llama.cpp's buffers for models of 34 to 104 billion weights, 172 to 379 MiB (gguf-parser-go, compute buffer sweep).
const GPU_COMPUTE_BYTES: u64 = 330 * MIB;

/// Each further GPU needs copies of what passes between them (llama.cpp pull request 6122: 672 against 440 MiB).
const PIPELINE_FACTOR: f64 = 1.5;

/// What Paddock's window, the engine process and their libraries take in main memory. Measured on Linux: web view 250,
/// app 90, engine without a model 60 MiB.
const APP_BYTES: u64 = 400 * MIB;

/// Of this, the engine process. Measured on Linux.
pub(crate) const ENGINE_BYTES: u64 = 60 * MIB;

/// And everything beside the engine.
pub(crate) const WINDOW_BYTES: u64 = APP_BYTES - ENGINE_BYTES;

/// Where a model's parts end up.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MemoryPlan {
    /// Layers on GPUs, the output layer counted as the first one.
    pub n_gpu_layers: u32,
    /// All that could be there: the layers and the output.
    pub n_layers_all: u32,
    /// Context as reserved, in tokens.
    pub n_ctx: u64,
    /// One entry for each device with layers.
    pub devices: Vec<DevicePlan>,
    /// Main memory.
    pub ram: RamPlan,
    /// What every token has to read from disk because it cannot stay in memory, in bytes: with luck, and without.
    pub disk_bytes_per_token: (u64, u64),
    /// How it works out.
    pub verdict: Verdict,
}

/// What one GPU holds.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DevicePlan {
    /// For people.
    pub name: String,
    /// Its place in [`Machine::devices`].
    #[serde(skip)]
    pub(crate) index: usize,
    /// Whether what it holds lies in main memory.
    pub shares_memory: bool,
    /// Repeating layers it holds.
    pub n_layers: u32,
    /// Whether it holds the output matrix.
    pub holds_output: bool,
    /// Weights, in bytes.
    pub weights_bytes: u64,
    /// KV cache, in bytes.
    pub kv_bytes: u64,
    /// Scratch space, in bytes.
    pub compute_bytes: u64,
    /// The driver's own, in bytes.
    pub overhead_bytes: u64,
    /// Held by other programs, in bytes.
    pub others_bytes: u64,
    /// All that the model needs there: weights, KV cache, scratch space, driver; in bytes.
    pub total_bytes: u64,
    /// What was free before, in bytes.
    pub free_bytes: u64,
    /// The device's memory, in bytes.
    pub memory_bytes: u64,
}

/// What main memory holds.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RamPlan {
    /// Weights that are mapped from the file: they count, but the system can drop them and read them again.
    pub mapped_bytes: u64,
    /// Weights that are rearranged for the processor: a copy that must stay.
    pub repacked_bytes: u64,
    /// KV cache of the layers that stay here.
    pub kv_bytes: u64,
    /// Scratch space.
    pub compute_bytes: u64,
    /// Window and engine themselves.
    pub overhead_bytes: u64,
    /// All of it.
    pub total_bytes: u64,
    /// What was available before; `None`: unknown.
    pub free_bytes: Option<u64>,
    /// All main memory; `None`: unknown.
    pub memory_bytes: Option<u64>,
}

impl RamPlan {
    /// What can neither be dropped nor read again.
    pub fn must_stay_bytes(&self) -> u64 {
        [self.repacked_bytes, self.kv_bytes, self.compute_bytes, self.overhead_bytes]
            .into_iter()
            .fold(0, u64::saturating_add)
    }
}

/// How it works out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Everything on GPUs.
    FitsOnGpu,
    /// Some or all layers in main memory.
    FitsWithRam,
    /// Part of the weights is read from disk for every token.
    ReadsFromDisk,
    /// Not even what must stay in memory fits.
    TooBig,
}

impl Verdict {
    /// As the window and the command line show it.
    pub fn words(self) -> &'static str {
        match self {
            Self::FitsOnGpu => "Fits on the GPU",
            Self::FitsWithRam => "Fits with RAM",
            Self::ReadsFromDisk => "Reads from disk",
            Self::TooBig => "Too big",
        }
    }
}

/// Sizes that do not depend on the number of GPU layers, worked out once for a model and settings.
pub(crate) struct Sizes<'a> {
    machine: &'a Machine,
    weights: &'a Weights,
    settings: &'a Settings,
    /// Bytes of each layer's weights.
    layer_bytes: Vec<u64>,
    /// Bytes of each layer's KV cache.
    kv_bytes: Vec<u64>,
    output_bytes: u64,
}

/// Weights, KV cache and layers of one device.
#[derive(Clone, Copy, Default)]
struct Load {
    weights_bytes: u64,
    kv_bytes: u64,
    n_layers: u32,
    holds_output: bool,
}

impl<'a> Sizes<'a> {
    pub(crate) fn new(machine: &'a Machine, weights: &'a Weights, settings: &'a Settings) -> Self {
        Self {
            machine,
            weights,
            settings,
            layer_bytes: weights.layers.iter().map(Group::bytes).collect(),
            kv_bytes: (0..weights.layers.len()).map(|layer| kv::layer_bytes(weights, settings, layer)).collect(),
            output_bytes: weights.output_bytes(),
        }
    }

    /// Repeating layers and the output.
    pub(crate) fn n_layers_all(&self) -> u32 {
        self.weights.shape.n_layer + 1
    }

    /// The largest number of GPU layers that leaves `margin_bytes` free on each device.
    pub(crate) fn most_layers(&self, margin_bytes: u64) -> u32 {
        if self.machine.devices.is_empty() {
            return 0;
        }
        (1..=self.n_layers_all()).rev().find(|n| self.fits(*n, margin_bytes)).unwrap_or(0)
    }

    fn fits(&self, n_gpu_layers: u32, margin_bytes: u64) -> bool {
        let loads = self.loads(n_gpu_layers);
        loads.iter().zip(&self.machine.devices).all(|(load, device)| {
            let unused = load.n_layers == 0 && !load.holds_output;
            unused || self.needed(load, device).saturating_add(margin_bytes) <= device.free_bytes
        })
    }

    fn needed(&self, load: &Load, device: &Device) -> u64 {
        load.weights_bytes
            .saturating_add(load.kv_bytes)
            .saturating_add(self.gpu_compute_bytes())
            .saturating_add(driver_bytes(device))
    }

    /// Splits the layers over the devices by their free memory, as llama.cpp does.
    fn loads(&self, n_gpu_layers: u32) -> Vec<Load> {
        let devices = &self.machine.devices;
        let mut loads = vec![Load::default(); devices.len()];
        if devices.is_empty() {
            return loads;
        }
        let sum: f64 = devices.iter().map(|device| device.free_bytes as f64).sum::<f64>().max(1.0);
        let ends: Vec<f64> = devices
            .iter()
            .scan(0.0, |end, device| {
                *end += device.free_bytes as f64;
                Some(*end / sum)
            })
            .collect();
        let (all, n) = (self.n_layers_all() as usize, n_gpu_layers.min(self.n_layers_all()) as usize);
        for (place, layer) in (all - n..all).enumerate() {
            let at = place as f64 / n as f64;
            let device = ends.iter().position(|end| at < *end).unwrap_or(devices.len() - 1);
            let load = &mut loads[device];
            if let Some(bytes) = self.layer_bytes.get(layer) {
                load.weights_bytes = load.weights_bytes.saturating_add(*bytes);
                load.kv_bytes = load.kv_bytes.saturating_add(self.kv_bytes[layer]);
                load.n_layers += 1;
            } else {
                load.weights_bytes = load.weights_bytes.saturating_add(self.output_bytes);
                load.holds_output = true;
            }
        }
        loads
    }

    fn gpu_compute_bytes(&self) -> u64 {
        let shape = &self.weights.shape;
        let scale = f64::from(shape.n_embd) * f64::from(self.settings.n_ubatch) / (8192.0 * 512.0);
        let pipeline = if self.machine.devices.len() > 1 { PIPELINE_FACTOR } else { 1.0 };
        // Sizes and factors are small: far below 2⁵³.
        let budget = (GPU_COMPUTE_BYTES as f64 * scale * pipeline) as u64;
        budget.max(kv::compute_bytes(self.weights, self.settings))
    }

    /// The whole plan for a number of GPU layers.
    pub(crate) fn plan(&self, n_gpu_layers: u32) -> MemoryPlan {
        let n_gpu_layers = if self.machine.devices.is_empty() { 0 } else { n_gpu_layers.min(self.n_layers_all()) };
        let loads = self.loads(n_gpu_layers);
        let devices: Vec<DevicePlan> = loads
            .iter()
            .zip(&self.machine.devices)
            .enumerate()
            .filter(|(_, (load, _))| load.n_layers > 0 || load.holds_output)
            .map(|(index, (load, device))| self.device_plan(index, load, device))
            .collect();
        let mut ram = self.ram(n_gpu_layers);
        let short = shortage(&ram, &devices);
        let on_gpu = n_gpu_layers == self.n_layers_all();
        let gpus_fit = devices.iter().all(|device| device.total_bytes <= device.free_bytes);
        let must_stay = ram.kv_bytes + ram.compute_bytes + ram.overhead_bytes;
        let verdict = match ram.free_bytes {
            _ if !gpus_fit => Verdict::TooBig,
            _ if on_gpu => Verdict::FitsOnGpu,
            Some(free) if must_stay > free => Verdict::TooBig,
            _ if short > 0 => Verdict::ReadsFromDisk,
            _ => Verdict::FitsWithRam,
        };
        let disk = if verdict == Verdict::ReadsFromDisk { self.disk_bytes(n_gpu_layers, short) } else { (0, 0) };
        if verdict == Verdict::ReadsFromDisk {
            // In this mode nothing is rearranged: what is mapped can be dropped, a copy cannot.
            ram.mapped_bytes += std::mem::take(&mut ram.repacked_bytes);
        }
        MemoryPlan {
            n_gpu_layers,
            n_layers_all: self.n_layers_all(),
            n_ctx: self.settings.padded_n_ctx(),
            devices,
            ram,
            disk_bytes_per_token: disk,
            verdict,
        }
    }

    fn device_plan(&self, index: usize, load: &Load, device: &Device) -> DevicePlan {
        DevicePlan {
            name: device.name.clone(),
            index,
            shares_memory: device.kind != GpuKind::Discrete,
            n_layers: load.n_layers,
            holds_output: load.holds_output,
            weights_bytes: load.weights_bytes,
            kv_bytes: load.kv_bytes,
            compute_bytes: self.gpu_compute_bytes(),
            overhead_bytes: driver_bytes(device),
            others_bytes: device.total_bytes - device.free_bytes,
            total_bytes: self.needed(load, device),
            free_bytes: device.free_bytes,
            memory_bytes: device.total_bytes,
        }
    }

    fn ram(&self, n_gpu_layers: u32) -> RamPlan {
        let on_cpu = self.on_cpu(n_gpu_layers);
        let layers_on_cpu = self.layers_on_cpu(n_gpu_layers);
        let repacks = self.repacks();
        let repacked_bytes = on_cpu
            .clone()
            .map(|group| {
                group.blocks_of_rows.iter().filter(|(kind, _)| repacks(*kind)).map(|(_, bytes)| bytes).sum::<u64>()
            })
            .sum::<u64>();
        // A model without an output matrix of its own uses the embeddings twice; rearranged, they are there twice.
        let tied_copy = self.weights.tied && n_gpu_layers == 0;
        let copy: u64 = if tied_copy {
            let embedding = &self.weights.embedding;
            embedding.blocks_of_rows.iter().filter(|(kind, _)| repacks(*kind)).map(|(_, bytes)| bytes).sum()
        } else {
            0
        };
        let all = on_cpu.map(Group::bytes).fold(self.weights.embedding.bytes(), u64::saturating_add);
        let kv_bytes = self.kv_bytes[..layers_on_cpu].iter().fold(0, |sum: u64, bytes| sum.saturating_add(*bytes));
        let compute_bytes = kv::compute_bytes(self.weights, self.settings);
        let mapped_bytes = all - repacked_bytes;
        let repacked_bytes = repacked_bytes + copy;
        RamPlan {
            mapped_bytes,
            repacked_bytes,
            kv_bytes,
            compute_bytes,
            overhead_bytes: APP_BYTES,
            total_bytes: [mapped_bytes, repacked_bytes, kv_bytes, compute_bytes, APP_BYTES]
                .into_iter()
                .fold(0, u64::saturating_add),
            free_bytes: self.machine.ram_free_bytes,
            memory_bytes: self.machine.ram_total_bytes,
        }
    }

    /// Repeating layers that stay in main memory: the first ones.
    pub(crate) fn layers_on_cpu(&self, n_gpu_layers: u32) -> usize {
        self.layer_bytes.len().min((self.n_layers_all() - n_gpu_layers.min(self.n_layers_all())) as usize)
    }

    /// Weights that the processor computes with. The embeddings are only looked up.
    pub(crate) fn on_cpu(&self, n_gpu_layers: u32) -> impl Iterator<Item = &'a Group> + Clone {
        let weights = self.weights;
        let output = (n_gpu_layers == 0).then_some(&weights.output);
        weights.layers[..self.layers_on_cpu(n_gpu_layers)].iter().chain(output)
    }

    /// Which formats llama.cpp rearranges for this processor (`ggml_repack_get_optimal_repack_type`, ggml-cpu/repack.cpp).
    /// With a graphics card and a mapped file it does not: main memory that the card can read goes first there.
    fn repacks(&self) -> impl Fn(TensorType) -> bool + use<'a> {
        let machine = self.machine;
        let off = machine.devices.iter().any(|device| device.kind != GpuKind::Unified);
        move |kind| {
            let x86 = machine.has(InstructionSet::Avx2);
            let arm = machine.has(InstructionSet::Neon) && machine.has(InstructionSet::Dotprod);
            !off && match kind {
                TensorType::Q4_0 | TensorType::Q4_K | TensorType::IQ4_NL | TensorType::MXFP4 => x86 || arm,
                TensorType::Q2_K => machine.has(InstructionSet::Avx512f),
                TensorType::Q5_K | TensorType::Q6_K | TensorType::Q8_0 => arm,
                _ => false,
            }
        }
    }

    /// What a token reads from disk if `short` bytes of the weights do not fit: at least those; at worst, since the
    /// system drops what was used longest ago and the weights are read in a circle, all that are in main memory.
    fn disk_bytes(&self, n_gpu_layers: u32, short: u64) -> (u64, u64) {
        let share = self.weights.expert_share();
        let read = self.on_cpu(n_gpu_layers).fold(0_u64, |sum, group| {
            let chosen = (group.experts.total() as f64 * share) as u64;
            sum.saturating_add(group.matrices.total()).saturating_add(chosen).saturating_add(group.small_bytes)
        });
        let all = self.on_cpu(n_gpu_layers).fold(0_u64, |sum, group| sum.saturating_add(group.bytes())).max(1);
        let missing = (short as f64 * (read as f64 / all as f64)) as u64;
        (missing.min(read), read)
    }
}

fn driver_bytes(device: &Device) -> u64 {
    if device.kind == GpuKind::Unified { METAL_BYTES } else { DRIVER_BYTES }
}

/// How much of what main memory should hold does not fit into it, in bytes; 0 where its size is unknown.
fn shortage(ram: &RamPlan, devices: &[DevicePlan]) -> u64 {
    let Some(free) = ram.free_bytes else { return 0 };
    // Where the GPU has no memory of its own, what it holds is main memory too.
    let shared: u64 = devices.iter().filter(|device| device.shares_memory).map(|device| device.total_bytes).sum();
    ram.total_bytes.saturating_add(shared).saturating_sub(free)
}
