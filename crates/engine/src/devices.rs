//! What ggml can compute on, and what the drivers say of it.
//!
//! Drivers may take their process down, so they are asked here, in the child, and nowhere else.

use std::path::PathBuf;

use llama_cpp_2::LlamaBackendDeviceType;
use paddock_engine_api::protocol::{Device, DeviceKind};
use paddock_hardware::NvidiaReport;

/// What NVIDIA's management library tells of its cards.
pub(crate) fn nvidia() -> NvidiaReport {
    // Tests put a library of their own in the place of the driver's. Not in what people run: it would load any code.
    let library = if cfg!(debug_assertions) { std::env::var_os("PADDOCK_NVML").map(PathBuf::from) } else { None };
    paddock_hardware::nvml::probe(library.as_deref())
}

pub(crate) fn has_gpu() -> bool {
    all().iter().any(|device| matches!(device.kind, DeviceKind::Gpu | DeviceKind::IntegratedGpu))
}

/// In ggml's order. Needs an initialised backend.
pub(crate) fn all() -> Vec<Device> {
    llama_cpp_2::list_llama_ggml_backend_devices()
        .into_iter()
        .map(|device| Device {
            name: device.name,
            description: device.description,
            backend: device.backend,
            kind: match device.device_type {
                LlamaBackendDeviceType::Cpu => DeviceKind::Cpu,
                LlamaBackendDeviceType::Accelerator => DeviceKind::Accelerator,
                LlamaBackendDeviceType::Gpu => DeviceKind::Gpu,
                LlamaBackendDeviceType::IntegratedGpu => DeviceKind::IntegratedGpu,
                LlamaBackendDeviceType::Unknown => DeviceKind::Unknown,
            },
            memory_total_bytes: device.memory_total as u64,
            memory_free_bytes: device.memory_free as u64,
        })
        .collect()
}
