//! NVIDIA cards, as their driver's management library (NVML) describes them.
//!
//! **Only the engine child may call [`probe`]**: it loads the driver into its process, and a broken driver can take
//! that process down or never return. Nothing else in this crate touches a graphics driver.

use std::collections::BTreeMap;
use std::path::Path;

use nvml_wrapper::enum_wrappers::device::Clock;
use nvml_wrapper::enums::device::UsedGpuMemory;
use nvml_wrapper::error::NvmlError;
use nvml_wrapper::struct_wrappers::device::ProcessInfo;
use nvml_wrapper::{Device, Nvml};

use crate::linux;
use crate::{
    Bandwidth, BandwidthBasis, Cause, Detail, DriverFault, Gpu, GpuKind, GpuProcess, NvidiaReport, Thing, Unknown,
    Vendor,
};

/// The name of a card that did not tell its own.
pub const UNNAMED: &str = "NVIDIA graphics card";

/// GDDR and HBM memory moves data on both edges of its clock, whose rate NVML tells. With it, width times clock gives
/// the data sheets' peaks: 384 bit × 10501 MHz × 2 / 8 is the RTX 4090's 1008 GB/s.
const TRANSFERS_PER_CLOCK: f64 = 2.0;

/// The longest program path asked for, in bytes: Linux's `PATH_MAX`.
const MAX_PATH_BYTES: usize = 4096;

/// Asks the driver for all cards. `library` is NVML's file where it is not the system's own (tests use this).
///
/// Every single question may fail and then leaves a `None` and an [`Unknown`]; one failing card never hides another. A
/// computer without an NVIDIA driver gives an empty report; one that has a card and no driver, the reason.
///
/// May hang or end the process when the driver is broken: call it where that is bearable, with a time limit.
pub fn probe(library: Option<&Path>) -> NvidiaReport {
    let mut builder = Nvml::builder();
    if let Some(library) = library {
        builder.lib_path(library.as_os_str());
    }
    match builder.init() {
        Ok(nvml) => ask(&nvml),
        Err(error) => without(&error, linux::nvidia_cards(Path::new("/"))),
    }
}

/// The report of a computer whose driver cannot be asked. `cards` is how many NVIDIA cards sit in it, as far as known.
fn without(error: &NvmlError, cards: usize) -> NvidiaReport {
    let no_driver = matches!(error, NvmlError::LibloadingError(_) | NvmlError::DriverNotLoaded);
    if no_driver && cards == 0 {
        return NvidiaReport::default();
    }
    let cause = match error {
        NvmlError::LibloadingError(_) => Cause::NoNvidiaDriver,
        NvmlError::FailedToLoadSymbol(_) => Cause::AnotherLibrary,
        other => Cause::DriverDoesNotAnswer { fault: fault(other) },
    };
    NvidiaReport { gpus: Vec::new(), unknowns: vec![Unknown::new(Thing::NvidiaCard, cause)] }
}

fn ask(nvml: &Nvml) -> NvidiaReport {
    let mut report = NvidiaReport::default();
    let mut about = Questions::default();
    let driver = about.answer(Detail::DriverVersion, nvml.sys_driver_version()).filter(|version| !version.is_empty());
    let cuda_version = about.answer(Detail::CudaVersion, nvml.sys_cuda_driver_version()).and_then(cuda_version);
    let count = about.answer(Detail::NumberOfCards, nvml.device_count()).unwrap_or(0);
    for index in 0..count {
        match nvml.device_by_index(index) {
            Ok(device) => {
                let (gpu, unknowns) = card(nvml, &device, index, count);
                report.gpus.push(Gpu { driver: driver.clone(), cuda_version, ..gpu });
                report.unknowns.extend(unknowns);
            }
            Err(error) => report.unknowns.push(Unknown::new(
                Thing::NvidiaCardOf { number: index + 1, count },
                Cause::CardOutOfReach { fault: fault(&error) },
            )),
        }
    }
    report.unknowns.extend(about.unknowns(|details| Thing::OfDriver { details }));
    report
}

/// NVML packs it as 1000 × major + 10 × minor (`NVML_CUDA_DRIVER_VERSION_MAJOR` in nvml.h).
fn cuda_version(packed: i32) -> Option<(u32, u32)> {
    let packed = u32::try_from(packed).ok().filter(|packed| *packed >= 1000)?;
    Some((packed / 1000, packed % 1000 / 10))
}

/// Everything about one card.
fn card(nvml: &Nvml, device: &Device, index: u32, count: u32) -> (Gpu, Vec<Unknown>) {
    let mut about = Questions::default();
    let name = about.answer(Detail::Name, device.name()).filter(|name| !name.trim().is_empty());
    let memory = about.answer(Detail::Memory, device.memory_info());
    let memory = about.real(Detail::Memory, memory, |memory| memory.total > 0);
    let bandwidth = bandwidth(device, &mut about);
    let compute_capability = about
        .answer(Detail::ComputeCapability, device.cuda_compute_capability())
        .and_then(|version| Some((u32::try_from(version.major).ok()?, u32::try_from(version.minor).ok()?)));
    let pci_bus_id = about.answer(Detail::PlaceOnBus, device.pci_info()).map(|pci| pci.bus_id.to_lowercase());
    let processes = processes(nvml, device, &mut about);
    let known = name.clone();
    let whose = |details| match (&known, count) {
        (Some(name), _) => Thing::OfCard { name: name.clone(), details },
        (None, 1) => Thing::OfNvidiaCard { details },
        (None, _) => Thing::OfNvidiaCardNumber { number: index + 1, details },
    };
    let gpu = Gpu {
        name: name.unwrap_or_else(|| UNNAMED.to_owned()),
        vendor: Vendor::Nvidia,
        kind: GpuKind::Discrete,
        total_bytes: memory.as_ref().map(|memory| memory.total),
        free_bytes: memory.as_ref().map(|memory| memory.free.min(memory.total)),
        bandwidth,
        rates: None,
        engine_device: None,
        driver: None,
        cuda_version: None,
        compute_capability,
        pci_bus_id,
        processes,
    };
    (gpu, about.unknowns(whose))
}

fn bandwidth(device: &Device, about: &mut Questions) -> Option<Bandwidth> {
    let width_bits = about.answer(Detail::MemoryBandwidth, device.memory_bus_width());
    let clock_mhz = about.answer(Detail::MemoryBandwidth, device.max_clock_info(Clock::Memory));
    let (width_bits, clock_mhz) =
        about.real(Detail::MemoryBandwidth, width_bits.zip(clock_mhz), |(width, clock)| *width > 0 && *clock > 0)?;
    let bytes_per_transfer = f64::from(width_bits) / 8.0;
    let gb_s = bytes_per_transfer * f64::from(clock_mhz) * TRANSFERS_PER_CLOCK / 1000.0;
    Some(Bandwidth { gb_s, basis: BandwidthBasis::Driver })
}

/// Programs that hold the card's memory, the largest first. One that computes and draws is in both of the driver's
/// lists, with the same bytes.
fn processes(nvml: &Nvml, device: &Device, about: &mut Questions) -> Vec<GpuProcess> {
    let lists = [
        about.answer(Detail::Programs, device.running_compute_processes()),
        about.answer(Detail::Programs, device.running_graphics_processes()),
    ];
    let mut used: BTreeMap<u32, Option<u64>> = BTreeMap::new();
    for ProcessInfo { pid, used_gpu_memory, .. } in lists.into_iter().flatten().flatten() {
        let bytes = match used_gpu_memory {
            UsedGpuMemory::Used(bytes) => Some(bytes),
            UsedGpuMemory::Unavailable => None,
        };
        let known = used.entry(pid).or_default();
        *known = (*known).max(bytes);
    }
    let mut processes: Vec<_> = used
        .into_iter()
        .map(|(pid, used_bytes)| GpuProcess { pid, name: process_name(nvml, pid), used_bytes })
        .collect();
    processes.sort_by_key(|process| std::cmp::Reverse(process.used_bytes));
    processes
}

/// A program's name without its folder. The system knows it, where it lets us see that process; else the driver may.
fn process_name(nvml: &Nvml, pid: u32) -> Option<String> {
    linux::process_name(Path::new("/"), pid).or_else(|| {
        let path = nvml.sys_process_name(pid, MAX_PATH_BYTES).ok()?;
        // Not `Path::file_name`: the driver writes the path of its own system.
        let name = path.rsplit(['/', '\\']).next()?.trim();
        (!name.is_empty()).then(|| name.to_owned())
    })
}

/// Collects what one card, or the driver, could not answer, so that one cause is told once.
#[derive(Default)]
struct Questions {
    failed: Vec<(Cause, Vec<Detail>)>,
}

impl Questions {
    fn answer<T>(&mut self, what: Detail, answer: Result<T, NvmlError>) -> Option<T> {
        answer.map_err(|error| self.note(what, Cause::Driver { fault: fault(&error) })).ok()
    }

    /// Keeps an answer only if it can be true.
    fn real<T>(&mut self, what: Detail, answer: Option<T>, is_real: impl Fn(&T) -> bool) -> Option<T> {
        let answer = answer?;
        if is_real(&answer) {
            return Some(answer);
        }
        self.note(what, Cause::Zero);
        None
    }

    fn note(&mut self, what: Detail, why: Cause) {
        match self.failed.iter_mut().find(|(known, _)| *known == why) {
            Some((_, all)) if all.contains(&what) => {}
            Some((_, all)) => all.push(what),
            None => self.failed.push((why, vec![what])),
        }
    }

    fn unknowns(self, whose: impl Fn(Vec<Detail>) -> Thing) -> Vec<Unknown> {
        self.failed.into_iter().map(|(cause, details)| Unknown::new(whose(details), cause)).collect()
    }
}

/// What an NVML error means.
fn fault(error: &NvmlError) -> DriverFault {
    match error {
        NvmlError::FailedToLoadSymbol(_) | NvmlError::FunctionNotFound => DriverFault::TooOld,
        NvmlError::LibRmVersionMismatch => DriverFault::Updated,
        NvmlError::DriverNotLoaded => DriverFault::NotRunning,
        NvmlError::LibraryNotFound => DriverFault::PartMissing,
        NvmlError::NoPermission | NvmlError::OperatingSystem => DriverFault::Forbidden,
        NvmlError::GpuLost => DriverFault::CardLost,
        NvmlError::ResetRequired => DriverFault::CardHung,
        NvmlError::InsufficientPower => DriverFault::NoPower,
        NvmlError::IrqIssue => DriverFault::NoInterrupts,
        NvmlError::Timeout => DriverFault::TooSlow,
        NvmlError::NotSupported => DriverFault::NotSupported,
        NvmlError::Utf8Error(_) => DriverFault::Unreadable,
        other => DriverFault::Other { words: other.to_string() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_driver_is_a_problem_only_with_a_card() {
        assert_eq!(without(&NvmlError::DriverNotLoaded, 0), NvidiaReport::default());
        let report = without(&NvmlError::DriverNotLoaded, 1);
        assert!(report.unknowns[0].why.contains("installed but not running"), "{report:?}");
    }

    #[test]
    fn a_driver_that_refuses_is_named_even_if_no_card_is_seen() {
        let report = without(&NvmlError::LibRmVersionMismatch, 0);
        assert!(report.unknowns[0].why.contains("Restart the computer"), "{report:?}");
    }

    #[test]
    fn a_cuda_version_that_makes_no_sense_is_none() {
        assert_eq!(cuda_version(12_040), Some((12, 4)));
        assert_eq!(cuda_version(0), None);
        assert_eq!(cuda_version(-1), None);
    }
}
