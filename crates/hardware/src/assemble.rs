//! Puts together what system, engine and NVIDIA's driver each know of the graphics cards.

use crate::nvml::UNNAMED;
use crate::{Cause, EngineDevice, Gpu, GpuKind, Hardware, NvidiaReport, Thing, Unknown, Vendor};

/// ggml backends that compute on graphics cards, the best first: where two of them show one card, the first is used.
/// (Names as of llama.cpp in llama-cpp-sys-2 0.1.161; Metal calls itself `MTL`, and `Metal` before.)
const BACKENDS: [&str; 10] = ["CUDA", "MTL", "Metal", "ROCm", "HIP", "SYCL", "Vulkan", "OpenCL", "WebGPU", "OpenVINO"];

/// Backends whose devices are no graphics cards of this computer.
const NO_GPUS: [&str; 5] = ["CPU", "BLAS", "AMX", "RPC", "ZenDNN"];

/// Drivers that compute on the processor and call themselves graphics cards.
const SOFTWARE_RENDERERS: [&str; 6] =
    ["llvmpipe", "lavapipe", "softpipe", "swiftshader", "microsoft basic render", "warp adapter"];

/// Two programs tell slightly different totals of one card's memory (CUDA leaves out what the driver keeps, about
/// 1.5 % on an RTX 4090); two cards of one name differ by at least a fifth (RTX 3080: 10 and 12 GB).
const SAME_TOTAL: f64 = 0.1;

impl Hardware {
    /// Fills in [`Hardware::gpus`] from what the engine can compute on and what NVIDIA's driver tells. Pure.
    ///
    /// Each physical card appears once, however many backends show it. A card that the engine does not see is listed
    /// without [`Gpu::engine_device`], and [`Hardware::unknowns`] says why.
    pub fn assemble(system: Hardware, devices: &[EngineDevice], nvidia: &NvidiaReport) -> Hardware {
        let devices = physical(devices);
        let mut cards: Vec<Option<&Gpu>> = nvidia.gpus.iter().map(Some).collect();
        let mut gpus: Vec<Gpu> = devices.iter().map(|device| gpu(device)).collect();
        // By name first, for all of them, so that a card without a name does not take another's place.
        let mut matched = vec![false; gpus.len()];
        for by_name in [true, false] {
            for (gpu, matched) in gpus.iter_mut().zip(&mut matched) {
                if !*matched && let Some(card) = take(&mut cards, gpu, by_name) {
                    merge(gpu, card);
                    *matched = true;
                }
            }
        }
        let cuda = devices.iter().any(|device| device.backend == "CUDA");
        let unseen: Vec<&Gpu> = cards.into_iter().flatten().collect();
        let mut unknowns = system.unknowns;
        unknowns.extend(nvidia.unknowns.iter().cloned());
        unknowns.extend(
            unseen.iter().map(|card| Unknown::new(Thing::Card { name: card.name.clone() }, why_unseen(card, cuda))),
        );
        gpus.extend(unseen.into_iter().cloned());
        gpus.sort_by_key(|gpu| std::cmp::Reverse(gpu.total_bytes));
        Hardware { gpus, unknowns: distinct(unknowns), ..system }
    }
}

/// The devices that are graphics cards, each physical one once, best backend first.
fn physical(devices: &[EngineDevice]) -> Vec<&EngineDevice> {
    let mut cards: Vec<&EngineDevice> = devices.iter().filter(|device| is_gpu(device)).collect();
    cards.sort_by_key(|device| rank(&device.backend));
    let mut kept: Vec<&EngineDevice> = Vec::new();
    for device in &cards {
        let name = plain(&device.description);
        let of_backend = |backend: &str| -> Vec<&str> {
            let same = cards.iter().filter(|other| other.backend == backend && plain(&other.description) == name);
            same.map(|other| other.name.as_str()).collect()
        };
        // The third card of this name in this backend is the third of this name in the better one.
        let place = of_backend(&device.backend).iter().take_while(|other| **other != device.name).count();
        let better = BACKENDS.iter().take(rank(&device.backend)).map(|backend| of_backend(backend).len()).max();
        if place >= better.unwrap_or(0) {
            kept.push(device);
        }
    }
    kept
}

fn is_gpu(device: &EngineDevice) -> bool {
    let description = device.description.to_lowercase();
    let is_software = SOFTWARE_RENDERERS.iter().any(|renderer| description.contains(renderer));
    !is_software && !NO_GPUS.iter().any(|backend| device.backend.eq_ignore_ascii_case(backend))
}

fn rank(backend: &str) -> usize {
    BACKENDS.iter().position(|known| *known == backend).unwrap_or(BACKENDS.len())
}

/// A product's name without the driver's, which Mesa adds: `AMD Radeon RX 7600 XT (RADV NAVI33)`.
fn plain(description: &str) -> String {
    let name = description.split(" (").next().unwrap_or(description);
    name.trim().to_lowercase()
}

fn gpu(device: &EngineDevice) -> Gpu {
    let known = device.total_bytes > 0;
    let vendor = vendor(device);
    let kind = match (vendor, device.integrated) {
        (Vendor::Apple, _) => GpuKind::Unified,
        (_, true) => GpuKind::Integrated,
        (_, false) => GpuKind::Discrete,
    };
    Gpu {
        name: device.description.clone(),
        vendor,
        kind,
        total_bytes: known.then_some(device.total_bytes),
        free_bytes: known.then_some(device.free_bytes.min(device.total_bytes)),
        bandwidth: None,
        rates: None,
        engine_device: Some(device.name.clone()),
        driver: None,
        cuda_version: None,
        compute_capability: None,
        pci_bus_id: None,
        processes: Vec::new(),
    }
}

fn vendor(device: &EngineDevice) -> Vendor {
    let name = device.description.to_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| name.contains(word));
    if device.backend == "CUDA" || says(&["nvidia", "geforce", "quadro", "tesla"]) {
        Vendor::Nvidia
    } else if name.starts_with("apple") {
        Vendor::Apple
    } else if matches!(device.backend.as_str(), "ROCm" | "HIP") || says(&["amd ", "radeon"]) {
        Vendor::Amd
    } else if device.backend == "SYCL" || says(&["intel"]) {
        Vendor::Intel
    } else {
        Vendor::Other
    }
}

/// Takes the driver's card that is this one: of the same name the first with as much memory, else the first; in the
/// second round (`by_name` false), the first that told no name.
fn take<'a>(cards: &mut [Option<&'a Gpu>], gpu: &Gpu, by_name: bool) -> Option<&'a Gpu> {
    if gpu.vendor != Vendor::Nvidia {
        return None;
    }
    let wanted = if by_name { plain(&gpu.name) } else { plain(UNNAMED) };
    let fits = |card: &&Gpu| plain(&card.name) == wanted;
    let place = cards
        .iter()
        .position(|card| card.is_some_and(|card| fits(&card) && same_total(card.total_bytes, gpu.total_bytes)))
        .or_else(|| cards.iter().position(|card| card.as_ref().is_some_and(fits)))?;
    cards[place].take()
}

#[expect(clippy::cast_precision_loss, reason = "compared within a tenth")]
fn same_total(one: Option<u64>, other: Option<u64>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => one.abs_diff(other) as f64 <= SAME_TOTAL * one.max(other) as f64,
        _ => true,
    }
}

/// Adds what the driver knows to what the engine knows.
fn merge(gpu: &mut Gpu, card: &Gpu) {
    if card.name != UNNAMED {
        gpu.name.clone_from(&card.name);
    }
    gpu.total_bytes = card.total_bytes.or(gpu.total_bytes);
    gpu.free_bytes = match (card.free_bytes, gpu.free_bytes) {
        (Some(driver), Some(engine)) => Some(driver.min(engine)),
        (driver, engine) => driver.or(engine),
    };
    gpu.bandwidth = card.bandwidth;
    gpu.driver.clone_from(&card.driver);
    gpu.cuda_version = card.cuda_version;
    gpu.compute_capability = card.compute_capability;
    gpu.pci_bus_id.clone_from(&card.pci_bus_id);
    gpu.processes.clone_from(&card.processes);
}

/// Why the engine does not see a card that the driver has.
fn why_unseen(card: &Gpu, cuda: bool) -> Cause {
    if cuda {
        let version = card.compute_capability.map(|(major, minor)| format!("{major}.{minor}"));
        Cause::UnseenCard { compute_capability: version }
    } else {
        Cause::WithoutCuda
    }
}

fn distinct(unknowns: Vec<Unknown>) -> Vec<Unknown> {
    let mut kept: Vec<Unknown> = Vec::with_capacity(unknowns.len());
    for unknown in unknowns {
        if !kept.contains(&unknown) {
            kept.push(unknown);
        }
    }
    kept
}
