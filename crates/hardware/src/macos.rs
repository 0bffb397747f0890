//! macOS: what `sysinfo` does not tell.

use std::process::Command;

use crate::Hardware;
use crate::apple::Sysctl;

/// What the `sysctl` command tells. It ends with an error when one key is missing, but prints the others.
pub fn sysctl() -> Sysctl {
    let output = Command::new("/usr/sbin/sysctl").args(Sysctl::KEYS).output();
    output.map(|output| Sysctl::parse(&String::from_utf8_lossy(&output.stdout))).unwrap_or_default()
}

/// Adds it where it knows more, or the same for certain.
pub fn add(sysctl: &Sysctl, hardware: &mut Hardware) {
    let cpu = &mut hardware.cpu;
    cpu.name = sysctl.cpu_name.clone().or(cpu.name.take());
    cpu.physical_cores = sysctl.physical_cores.or(cpu.physical_cores);
    cpu.performance_cores = sysctl.performance_cores.or(cpu.performance_cores);
    cpu.logical_cores = sysctl.logical_cores.or(cpu.logical_cores);
    hardware.memory.total_bytes = sysctl.memory_bytes.or(hardware.memory.total_bytes);
}
