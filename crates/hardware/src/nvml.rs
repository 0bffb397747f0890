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
use crate::{Bandwidth, BandwidthBasis, Gpu, GpuKind, GpuProcess, NvidiaReport, Unknown, Vendor};

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
    let why = match error {
        NvmlError::LibloadingError(_) => "This computer has an NVIDIA graphics card, but no working NVIDIA driver. \
             Install NVIDIA's own driver (in a container: pass the card in), then start Paddock again."
            .to_owned(),
        NvmlError::FailedToLoadSymbol(_) => {
            "The library that should be the NVIDIA driver's is another one. Install NVIDIA's driver again.".to_owned()
        }
        other => format!("The NVIDIA driver does not answer: {}", reason(other)),
    };
    NvidiaReport { gpus: Vec::new(), unknowns: vec![Unknown { what: "NVIDIA graphics card".to_owned(), why }] }
}

fn ask(nvml: &Nvml) -> NvidiaReport {
    let mut report = NvidiaReport::default();
    let mut about = Questions::default();
    let driver = about.answer("driver version", nvml.sys_driver_version()).filter(|version| !version.is_empty());
    let cuda_version = about.answer("CUDA version", nvml.sys_cuda_driver_version()).and_then(cuda_version);
    let count = about.answer("number of cards", nvml.device_count()).unwrap_or(0);
    for index in 0..count {
        match nvml.device_by_index(index) {
            Ok(device) => {
                let (gpu, unknowns) = card(nvml, &device, index, count);
                report.gpus.push(Gpu { driver: driver.clone(), cuda_version, ..gpu });
                report.unknowns.extend(unknowns);
            }
            Err(error) => report.unknowns.push(Unknown {
                what: format!("NVIDIA graphics card {} of {count}", index + 1),
                why: format!("The driver lists it but cannot reach it: {}", reason(&error)),
            }),
        }
    }
    report.unknowns.extend(about.unknowns("the NVIDIA driver"));
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
    let name = about.answer("name", device.name()).filter(|name| !name.trim().is_empty());
    let memory = about.answer("memory", device.memory_info());
    let memory = about.real("memory", memory, |memory| memory.total > 0);
    let bandwidth = bandwidth(device, &mut about);
    let compute_capability = about
        .answer("compute capability", device.cuda_compute_capability())
        .and_then(|version| Some((u32::try_from(version.major).ok()?, u32::try_from(version.minor).ok()?)));
    let pci_bus_id = about.answer("place on the PCI bus", device.pci_info()).map(|pci| pci.bus_id.to_lowercase());
    let processes = processes(nvml, device, &mut about);
    let whose = match (&name, count) {
        (Some(name), _) => name.clone(),
        (None, 1) => "the NVIDIA graphics card".to_owned(),
        (None, _) => format!("NVIDIA graphics card {}", index + 1),
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
    (gpu, about.unknowns(&whose))
}

fn bandwidth(device: &Device, about: &mut Questions) -> Option<Bandwidth> {
    let width_bits = about.answer("memory bandwidth", device.memory_bus_width());
    let clock_mhz = about.answer("memory bandwidth", device.max_clock_info(Clock::Memory));
    let (width_bits, clock_mhz) =
        about.real("memory bandwidth", width_bits.zip(clock_mhz), |(width, clock)| *width > 0 && *clock > 0)?;
    let bytes_per_transfer = f64::from(width_bits) / 8.0;
    let gb_s = bytes_per_transfer * f64::from(clock_mhz) * TRANSFERS_PER_CLOCK / 1000.0;
    Some(Bandwidth { gb_s, basis: BandwidthBasis::Driver })
}

/// Programs that hold the card's memory, the largest first. One that computes and draws is in both of the driver's
/// lists, with the same bytes.
fn processes(nvml: &Nvml, device: &Device, about: &mut Questions) -> Vec<GpuProcess> {
    let lists = [
        about.answer("programs that use it", device.running_compute_processes()),
        about.answer("programs that use it", device.running_graphics_processes()),
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
    failed: Vec<(String, Vec<&'static str>)>,
}

impl Questions {
    fn answer<T>(&mut self, what: &'static str, answer: Result<T, NvmlError>) -> Option<T> {
        answer.map_err(|error| self.note(what, reason(&error))).ok()
    }

    /// Keeps an answer only if it can be true.
    fn real<T>(&mut self, what: &'static str, answer: Option<T>, is_real: impl Fn(&T) -> bool) -> Option<T> {
        let answer = answer?;
        if is_real(&answer) {
            return Some(answer);
        }
        self.note(what, "The driver says zero, which cannot be. A newer driver may know better.".to_owned());
        None
    }

    fn note(&mut self, what: &'static str, why: String) {
        match self.failed.iter_mut().find(|(known, _)| *known == why) {
            Some((_, all)) if all.contains(&what) => {}
            Some((_, all)) => all.push(what),
            None => self.failed.push((why, vec![what])),
        }
    }

    fn unknowns(self, whose: &str) -> Vec<Unknown> {
        let unknown = |(why, what): (String, Vec<&str>)| Unknown { what: format!("{whose}: {}", what.join(", ")), why };
        self.failed.into_iter().map(unknown).collect()
    }
}

/// What an NVML error means, and what can be done about it.
fn reason(error: &NvmlError) -> String {
    let words = match error {
        NvmlError::FailedToLoadSymbol(_) | NvmlError::FunctionNotFound => {
            "This NVIDIA driver is too old to tell. Install a newer one."
        }
        NvmlError::LibRmVersionMismatch => "The driver was updated while the old one still runs. Restart the computer.",
        NvmlError::DriverNotLoaded => {
            "The driver is installed but not running. Restart the computer; if that does not help, install the driver \
             again (with Secure Boot on, it must be signed)."
        }
        NvmlError::LibraryNotFound => "A part of the driver is missing. Install the NVIDIA driver again.",
        NvmlError::NoPermission | NvmlError::OperatingSystem => {
            "The system does not let this program ask the driver. In a container, pass the card in; else check the \
             permissions of /dev/nvidia*."
        }
        NvmlError::GpuLost => {
            "The card does not react any more. Restart the computer; check its power cables and seat."
        }
        NvmlError::ResetRequired => "The card has hung up. Restart the computer.",
        NvmlError::InsufficientPower => "The card's extra power cables are not plugged in properly.",
        NvmlError::IrqIssue => "The card's interrupts do not arrive. Restart the computer.",
        NvmlError::Timeout => "The driver took too long. Try again, or restart the computer.",
        NvmlError::NotSupported => "This card or its driver does not tell.",
        NvmlError::Utf8Error(_) => "The driver answered with text that cannot be read.",
        other => return format!("The driver's words are: {other}. A restart or a newer driver may help."),
    };
    words.to_owned()
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
