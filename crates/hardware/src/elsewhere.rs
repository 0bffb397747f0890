//! macOS and Windows, mostly through `sysinfo`.

use std::path::Path;

use sysinfo::{CpuRefreshKind, Disks, MemoryRefreshKind, RefreshKind, System};

use crate::{Cause, Cpu, Disk, DiskKind, Hardware, Memory, Os, Thing, Unknown};

const OS: Os = if cfg!(target_os = "macos") { Os::MacOs } else { Os::Windows };

/// Everything but graphics cards.
pub fn hardware() -> Hardware {
    let mut hardware = Hardware { os: OS, os_name: System::long_os_version().ok(), ..Hardware::default() };
    let wanted =
        RefreshKind::nothing().with_cpu(CpuRefreshKind::nothing()).with_memory(MemoryRefreshKind::everything());
    match System::new_with_specifics(wanted) {
        Ok(system) => {
            hardware.cpu = cpu(&system);
            hardware.memory = memory(&system);
        }
        Err(error) => hardware
            .unknowns
            .push(Unknown::new(Thing::ProcessorAndMemory, Cause::NotTold { reason: error.to_string() })),
    }
    #[cfg(target_os = "macos")]
    crate::macos::add(&crate::macos::sysctl(), &mut hardware);
    match Disks::new_with_refreshed_list() {
        Ok(disks) => hardware.disks = distinct(disks.iter().filter(|disk| !disk.is_read_only()).map(disk).collect()),
        Err(error) => {
            hardware.unknowns.push(Unknown::new(Thing::Disks, Cause::NotListed { reason: error.to_string() }))
        }
    }
    hardware
}

fn cpu(system: &System) -> Cpu {
    let name = system.cpus().first().map(|cpu| cpu.brand().trim().to_owned()).filter(|name| !name.is_empty());
    let physical = System::physical_core_count().ok().and_then(|count| u32::try_from(count).ok());
    let logical = std::thread::available_parallelism().ok().and_then(|count| u32::try_from(count.get()).ok());
    Cpu {
        name,
        physical_cores: physical,
        performance_cores: physical.map(|physical| fast_cores(physical, logical.unwrap_or(physical))),
        logical_cores: logical,
        instructions: Vec::new(),
    }
}

/// How many of the cores are fast, from counts alone: on Intel's hybrid processors of generations 12 to 14, only those
/// run two threads. Where all or none do, there is one kind (or no way to tell).
fn fast_cores(physical: u32, logical: u32) -> u32 {
    match logical.checked_sub(physical) {
        Some(doubled) if 0 < doubled && doubled < physical => doubled,
        _ => physical,
    }
}

fn memory(system: &System) -> Memory {
    let some = |bytes: u64| (bytes > 0).then_some(bytes);
    Memory {
        total_bytes: some(system.total_memory()),
        available_bytes: some(system.available_memory()),
        bandwidth: None,
        rates: None,
    }
}

fn disk(disk: &sysinfo::Disk) -> Disk {
    Disk {
        mount_point: disk.mount_point().to_owned(),
        total_bytes: disk.total_space(),
        free_bytes: disk.available_space(),
        kind: match disk.kind() {
            sysinfo::DiskKind::SSD => DiskKind::Ssd,
            sysinfo::DiskKind::HDD => DiskKind::Hdd,
            sysinfo::DiskKind::Unknown(_) => DiskKind::Unknown,
        },
        file_system: disk.file_system().to_string_lossy().to_lowercase(),
        removable: disk.is_removable(),
        read_gb_s: None,
    }
}

/// Without what macOS mounts for itself: its own volumes share one drive, and so total and free space, with `/`.
fn distinct(mut disks: Vec<Disk>) -> Vec<Disk> {
    disks.retain(|disk| disk.total_bytes > 0 && !disk.mount_point.starts_with(Path::new("/System/Volumes")));
    disks.sort_by_key(|disk| std::cmp::Reverse(disk.free_bytes));
    disks.dedup_by_key(|disk| disk.mount_point.clone());
    disks
}
