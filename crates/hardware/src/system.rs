//! The computer without its graphics cards.

use crate::{Hardware, cpu};

/// Finds out processor, memory and disks. [`Hardware::gpus`] stays empty: see [`Hardware::assemble`].
///
/// Takes a few milliseconds and touches no graphics driver. Never fails: what it cannot find out is in
/// [`Hardware::unknowns`].
pub fn system() -> Hardware {
    let mut hardware = platform();
    hardware.cpu.instructions = cpu::instructions();
    hardware
}

#[cfg(target_os = "linux")]
fn platform() -> Hardware {
    use crate::linux;

    // Statistics of a file system on another computer can take for ever; `linux::hardware` asks for local ones only.
    let space = |mount_point: &std::path::Path| {
        let statistics = rustix::fs::statvfs(mount_point).ok()?;
        Some(linux::Space {
            total_bytes: statistics.f_frsize.saturating_mul(statistics.f_blocks),
            free_bytes: statistics.f_frsize.saturating_mul(statistics.f_bavail),
        })
    };
    linux::hardware(std::path::Path::new("/"), &space)
}

#[cfg(not(target_os = "linux"))]
fn platform() -> Hardware {
    crate::elsewhere::hardware()
}
