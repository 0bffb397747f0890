//! Finding out what computer this is: what the system tells, and what the engine child sees.

use std::time::Duration;

use paddock_engine_api::{
    EngineHost,
    protocol::{Device, DeviceKind, DeviceRates},
};
use paddock_hardware::{Cause, EngineDevice, Hardware, NvidiaReport, Rates, Thing, Unknown};

use crate::ApiError;

/// A graphics driver that takes longer than this hangs.
const PATIENCE: Duration = Duration::from_secs(30);

/// This computer, as far as it lets itself be known. Never fails and never blocks for long: what could not be found out
/// is named in it.
pub async fn survey(host: &EngineHost) -> Hardware {
    let system = tokio::task::spawn_blocking(paddock_hardware::system);
    let devices = tokio::time::timeout(PATIENCE, host.devices_and_nvidia());
    let (system, devices) = tokio::join!(system, devices);
    let mut unknowns = Vec::new();
    let mut unknown = |thing, cause| unknowns.push(Unknown::new(thing, cause));
    let system = system.unwrap_or_else(|error| {
        unknown(Thing::Computer, Cause::LookingFailed { reason: error.to_string() });
        Hardware::default()
    });
    let (devices, nvidia) = devices
        .unwrap_or_else(|_| {
            let seconds = u32::try_from(PATIENCE.as_secs()).unwrap_or(u32::MAX);
            unknown(Thing::GraphicsCards, Cause::DriverSilent { seconds });
            Ok((Vec::new(), NvidiaReport::default()))
        })
        .unwrap_or_else(|error| {
            unknown(Thing::GraphicsCards, Cause::EngineCouldNotLook { reason: error.to_string() });
            (Vec::new(), NvidiaReport::default())
        });
    let devices: Vec<EngineDevice> = devices.iter().filter_map(gpu).collect();
    let mut hardware = Hardware::assemble(system, &devices, &nvidia);
    hardware.unknowns.extend(unknowns);
    hardware
}

/// The same, and how fast its memories are; about three seconds more.
///
/// # Errors
/// When the engine could not measure, for instance because a model is loaded.
pub async fn survey_and_measure(host: &EngineHost) -> Result<Hardware, ApiError> {
    let measured = host.benchmark().await?;
    let mut hardware = survey(host).await;
    add_rates(&mut hardware, &measured);
    Ok(hardware)
}

fn gpu(device: &Device) -> Option<EngineDevice> {
    matches!(device.kind, DeviceKind::Gpu | DeviceKind::IntegratedGpu).then(|| EngineDevice {
        name: device.name.clone(),
        description: device.description.clone(),
        backend: device.backend.clone(),
        integrated: device.kind == DeviceKind::IntegratedGpu,
        total_bytes: device.memory_total_bytes,
        free_bytes: device.memory_free_bytes,
    })
}

/// Puts measured rates where they belong.
pub(crate) fn add_rates(hardware: &mut Hardware, measured: &[DeviceRates]) {
    let of = |name: &str| measured.iter().find(|device| device.device == name).map(|device| device.rates);
    let fastest = |a: Rates, b: Rates| if a.k_quants_gb_s >= b.k_quants_gb_s { a } else { b };
    let cpu = measured.iter().filter(|device| device.device.starts_with("CPU")).map(|device| device.rates);
    hardware.memory.rates = cpu.reduce(fastest).or(hardware.memory.rates);
    for gpu in &mut hardware.gpus {
        gpu.rates = gpu.engine_device.as_deref().and_then(of).or(gpu.rates);
    }
}
