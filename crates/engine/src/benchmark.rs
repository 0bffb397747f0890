//! How fast the devices of this computer get through weights: what a prediction of speed starts from.

use std::time::Duration;

use llama_cpp_2::llama_backend::LlamaBackend;
use paddock_engine_api::protocol::{DeviceRates, Failure, FailureCode};
use paddock_hardware::Rates;
use sysinfo::{MemoryRefreshKind, RefreshKind, System};

use crate::{
    failure::failure,
    liveness,
    llama::{ComputeDevice, MEASUREMENT_BYTES, Measurement, WeightFormat},
};

/// Measure every device for about `seconds` per format.
pub(crate) fn run(backend: &LlamaBackend, seconds: f32, n_threads: u32) -> Result<Vec<DeviceRates>, Failure> {
    let limit = time_limit(seconds)?;
    room(available_memory_bytes())?;
    let mut devices = Vec::new();
    for device in ComputeDevice::all(backend) {
        if !device.is_cpu && device.free_bytes().is_some_and(|free| free < MEASUREMENT_BYTES) {
            continue;
        }
        if let Some(rates) = rates_of(device, limit, n_threads) {
            devices.push(DeviceRates { device: device.name(), rates });
        }
        if liveness::is_cancelled() {
            return Err(failure(FailureCode::Cancelled, "The measurement was stopped."));
        }
    }
    Ok(devices)
}

fn rates_of(device: ComputeDevice, limit: Duration, n_threads: u32) -> Option<Rates> {
    let rate = |format| {
        liveness::progressed();
        if liveness::is_cancelled() {
            return None;
        }
        Measurement::new(device, format, n_threads)?.best_gb_s(limit, || {
            liveness::progressed();
            !liveness::is_cancelled()
        })
    };
    Some(Rates {
        f16_gb_s: rate(WeightFormat::F16)?,
        q8_0_gb_s: rate(WeightFormat::Q8_0)?,
        k_quants_gb_s: rate(WeightFormat::Q4K)?,
        i_quants_gb_s: rate(WeightFormat::Iq3S)?,
        n_threads: if device.is_cpu { n_threads } else { 0 },
    })
}

fn time_limit(seconds: f32) -> Result<Duration, Failure> {
    if (0.01..=10.0).contains(&seconds) {
        return Ok(Duration::from_secs_f32(seconds));
    }
    Err(failure(
        FailureCode::BadRequest,
        format!("A measurement of {seconds} seconds cannot be made; 0.01 to 10 seconds per weight format can."),
    ))
}

/// Whether main memory has room for the measurement, so that it does not push other programs out.
fn room(available_bytes: Option<u64>) -> Result<(), Failure> {
    match available_bytes {
        Some(available) if available < MEASUREMENT_BYTES => Err(failure(
            FailureCode::OutOfMemory,
            format!(
                "Measuring this computer's speed takes {} MB of memory, and {} MB are available. Close some programs and try again.",
                MEASUREMENT_BYTES / 1_000_000,
                available / 1_000_000
            ),
        )),
        _ => Ok(()),
    }
}

/// What programs can still get; `None`: the system does not tell. ggml's processor device does not help, it takes all
/// memory for free.
fn available_memory_bytes() -> Option<u64> {
    let memory = RefreshKind::nothing().with_memory(MemoryRefreshKind::nothing().with_ram());
    let system = System::new_with_specifics(memory).ok()?;
    let in_group = system.cgroup_limits().map_or(u64::MAX, |limits| limits.free_memory);
    Some(system.available_memory().min(in_group)).filter(|&bytes| bytes > 0)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

    use super::*;

    #[test]
    fn a_time_that_is_none_is_refused_in_a_sentence() {
        for seconds in [0.0, -1.0, 1e9, f32::NAN, f32::INFINITY] {
            let refused = time_limit(seconds).unwrap_err();
            assert_eq!(refused.code, FailureCode::BadRequest, "{seconds}");
            assert!(refused.message.contains("cannot be made"), "{}", refused.message);
        }
        assert_eq!(time_limit(0.5).unwrap(), Duration::from_millis(500));
    }

    #[test]
    fn too_little_memory_is_refused_with_both_numbers() {
        let refused = room(Some(300_000_000)).unwrap_err();
        assert_eq!(refused.code, FailureCode::OutOfMemory);
        assert!(refused.message.contains("536 MB") && refused.message.contains("300 MB"), "{}", refused.message);
        assert!(room(Some(MEASUREMENT_BYTES)).is_ok());
        assert!(room(None).is_ok(), "what is not known is no reason to refuse");
    }
}
