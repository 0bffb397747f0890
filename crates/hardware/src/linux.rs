//! Linux: what the kernel tells in `/proc` and `/sys`.
//!
//! Everything here takes the root folder, so that tests (on every system) can give recorded ones.

mod cpu;
mod disks;
mod memory;

use std::fs;
use std::path::Path;

use crate::{Cause, Hardware, Os, Thing, Unknown};

pub use disks::Space;

/// NVIDIA's number in `/sys/bus/pci/devices/*/vendor`, and the class of what draws or computes in 3D
/// (`PCI_VENDOR_ID_NVIDIA`, `PCI_BASE_CLASS_DISPLAY` in linux/pci_ids.h).
const PCI_VENDOR_NVIDIA: &str = "0x10de";
const PCI_CLASS_DISPLAY: &str = "0x03";

/// Everything but graphics cards, from the files below `root`. `space` asks the system how full a file system is.
pub fn hardware(root: &Path, space: &dyn Fn(&Path) -> Option<Space>) -> Hardware {
    let mut unknowns = Vec::new();
    let cpu = cpu::read(root);
    let memory = memory::read(root);
    let disks = disks::read(root, space);
    let mut tell = |missing: bool, thing: Thing, cause: Cause| {
        if missing {
            unknowns.push(Unknown::new(thing, cause));
        }
    };
    tell(cpu.name.is_none(), Thing::ProcessorName, Cause::NotInCpuinfo);
    tell(cpu.physical_cores.is_none(), Thing::ProcessorCores, Cause::NoCores);
    tell(memory.total_bytes.is_none(), Thing::Memory, Cause::NoMeminfo);
    let not_free = memory.total_bytes.is_some() && memory.available_bytes.is_none();
    tell(not_free, Thing::FreeMemory, Cause::NotInMeminfo);
    tell(disks.is_empty(), Thing::Disks, Cause::NoMounts);
    Hardware { os: Os::Linux, os_name: os_name(root), cpu, memory, disks, gpus: Vec::new(), unknowns }
}

/// How many NVIDIA cards sit on the PCI bus, with or without a driver. Their sound devices do not count.
pub fn nvidia_cards(root: &Path) -> usize {
    let Ok(devices) = fs::read_dir(root.join("sys/bus/pci/devices")) else { return 0 };
    let is_card = |device: &fs::DirEntry| {
        text(device.path().join("vendor")).is_some_and(|vendor| vendor == PCI_VENDOR_NVIDIA)
            && text(device.path().join("class")).is_some_and(|class| class.starts_with(PCI_CLASS_DISPLAY))
    };
    devices.filter_map(Result::ok).filter(is_card).count()
}

/// A running program's name, of at most 15 bytes.
pub fn process_name(root: &Path, pid: u32) -> Option<String> {
    text(root.join("proc").join(pid.to_string()).join("comm"))
}

/// `PRETTY_NAME` of os-release(5), which may be in either place.
fn os_name(root: &Path) -> Option<String> {
    let release = text(root.join("etc/os-release")).or_else(|| text(root.join("usr/lib/os-release")))?;
    let name = release.lines().find_map(|line| line.strip_prefix("PRETTY_NAME="))?;
    let name = name.trim().trim_matches(['"', '\'']).trim();
    (!name.is_empty()).then(|| name.to_owned())
}

/// A small file's text, trimmed; `None` if it cannot be read or is empty. Text that is not UTF-8 is made so.
fn text(path: impl AsRef<Path>) -> Option<String> {
    let bytes = fs::read(path).ok()?;
    let text = String::from_utf8_lossy(&bytes);
    let text = text.trim_matches(|c: char| c.is_whitespace() || c == '\0');
    (!text.is_empty()).then(|| text.to_owned())
}

fn number<T: std::str::FromStr>(path: impl AsRef<Path>) -> Option<T> {
    text(path)?.parse().ok()
}
