//! Processors as Linux describes them.

use paddock_hardware::{Cpu, Os, linux};

use crate::Root;

fn cpu(root: &Root) -> Cpu {
    linux::hardware(root.path(), &|_| None).cpu
}

/// Physical, performance and logical cores.
fn cores(root: &Root) -> (Option<u32>, Option<u32>, Option<u32>) {
    let cpu = cpu(root);
    (cpu.physical_cores, cpu.performance_cores, cpu.logical_cores)
}

impl Root {
    /// Adds one thread of a core that has these threads.
    fn thread(self, number: u32, threads_of_core: &str, more: &[(&str, &str)]) -> Self {
        let folder = format!("sys/devices/system/cpu/cpu{number}");
        let root = self.file(&format!("{folder}/topology/core_cpus_list"), format!("{threads_of_core}\n"));
        more.iter().fold(root, |root, (name, value)| root.file(&format!("{folder}/{name}"), format!("{value}\n")))
    }

    fn cpuinfo(self, vendor: &str, name: &str) -> Self {
        self.file("proc/cpuinfo", format!("processor\t: 0\nvendor_id\t: {vendor}\nmodel name\t: {name}\n\n"))
    }
}

/// An i9-12900K: 8 performance cores with two threads each, 8 efficient ones with one.
fn hybrid() -> Root {
    let root = Root::new()
        .cpuinfo("GenuineIntel", "12th Gen Intel(R) Core(TM) i9-12900K")
        .file("sys/devices/system/cpu/online", "0-23\n")
        .file("sys/devices/system/cpu/cpufreq/boost", "1\n");
    let fast = (0..16).fold(root, |root, n| {
        let first = n / 2 * 2;
        // Two favoured cores reach 100 MHz more.
        let clock = if (8..12).contains(&n) { "5200000" } else { "5100000" };
        root.thread(n, &format!("{first}-{}", first + 1), &[("cpufreq/cpuinfo_max_freq", clock)])
    });
    (16..24).fold(fast, |root, n| root.thread(n, &n.to_string(), &[("cpufreq/cpuinfo_max_freq", "3900000")]))
}

#[test]
fn a_hybrid_intel_has_eight_fast_cores_of_sixteen() {
    let root = hybrid().file("sys/devices/cpu_core/cpus", "0-15\n").file("sys/devices/cpu_atom/cpus", "16-23\n");
    assert_eq!(cores(&root), (Some(16), Some(8), Some(24)));
    assert_eq!(cpu(&root).name.as_deref(), Some("12th Gen Intel(R) Core(TM) i9-12900K"));
}

#[test]
fn a_hybrid_intel_is_told_by_its_clocks_where_the_lists_are_missing() {
    assert_eq!(cores(&hybrid()), (Some(16), Some(8), Some(24)));
}

#[test]
fn threads_that_are_switched_off_do_not_count() {
    let root = hybrid().file("sys/devices/system/cpu/online", "0-7,16-17,19\n");
    assert_eq!(cores(&root), (Some(7), Some(4), Some(11)));
}

#[test]
fn all_cores_of_a_ryzen_are_fast_although_their_clocks_differ() {
    let root = Root::new().cpuinfo("AuthenticAMD", "AMD Ryzen 5 5600X 6-Core Processor             ");
    let root = (0..12).fold(root, |root, n| {
        let clock = if n % 6 == 0 { "4650000" } else { "3600000" };
        root.thread(n, &format!("{},{}", n % 6, n % 6 + 6), &[("cpufreq/cpuinfo_max_freq", clock)])
    });
    assert_eq!(cores(&root), (Some(6), Some(6), Some(12)));
    assert_eq!(cpu(&root).name.as_deref(), Some("AMD Ryzen 5 5600X 6-Core Processor"));
}

#[test]
fn the_small_cores_of_an_arm_processor_are_not_fast() {
    // RK3588: four A55 and four A76. Older kernels number cores anew in each cluster.
    let root = Root::new().file("sys/firmware/devicetree/base/model", "Radxa ROCK 5B\0");
    let root = (0..8).fold(root, |root, n| {
        let capacity = if n < 4 { "530" } else { "1024" };
        root.file(&format!("sys/devices/system/cpu/cpu{n}/topology/core_id"), format!("{}\n", n % 4))
            .file(&format!("sys/devices/system/cpu/cpu{n}/topology/physical_package_id"), format!("{}\n", n / 4))
            .file(&format!("sys/devices/system/cpu/cpu{n}/cpu_capacity"), capacity)
    });
    assert_eq!(cores(&root), (Some(8), Some(4), Some(8)));
    assert_eq!(cpu(&root).name.as_deref(), Some("Radxa ROCK 5B"));
}

#[test]
fn without_sys_the_cores_are_counted_in_cpuinfo() {
    let block = |n: u32| format!("processor\t: {n}\nphysical id\t: {}\ncore id\t\t: {}\n", n / 8, n % 4);
    let x86 = Root::new().file("proc/cpuinfo", (0..16).map(block).collect::<Vec<_>>().join("\n"));
    assert_eq!(cores(&x86), (Some(8), Some(8), Some(16)));
    let block = |n: u32| format!("processor\t: {n}\nBogoMIPS\t: 108.00\n");
    let list = (0..4).map(block).collect::<Vec<_>>().join("\n") + "\n\nModel\t\t: Raspberry Pi 5 Model B Rev 1.0\n";
    let arm = Root::new().file("proc/cpuinfo", list);
    assert_eq!(cores(&arm), (Some(4), Some(4), Some(4)));
    assert_eq!(cpu(&arm).name.as_deref(), Some("Raspberry Pi 5 Model B Rev 1.0"));
}

#[test]
fn a_container_with_one_processor_has_one_core() {
    let list = || hybrid().file("sys/devices/cpu_core/cpus", "0-15").file("sys/devices/cpu_atom/cpus", "16-23");
    let v2 = list().file("proc/self/cgroup", "0::/\n").file("sys/fs/cgroup/cpu.max", "100000 100000\n");
    assert_eq!(cores(&v2), (Some(1), Some(1), Some(1)));
    let one_and_a_half = list().file("proc/self/cgroup", "0::/app\n");
    let one_and_a_half = one_and_a_half.file("sys/fs/cgroup/app/cpu.max", "150000 100000\n");
    assert_eq!(cores(&one_and_a_half), (Some(2), Some(2), Some(2)));
    let v1 = list().file("proc/self/cgroup", "4:cpu,cpuacct:/docker/5f\n");
    let v1 = v1.file("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "100000\n");
    let v1 = v1.file("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us", "100000\n");
    assert_eq!(cores(&v1), (Some(1), Some(1), Some(1)));
    for unlimited in ["max 100000\n", "garbage", "0 0", "-1 100000"] {
        let root = list().file("proc/self/cgroup", "0::/\n").file("sys/fs/cgroup/cpu.max", unlimited);
        assert_eq!(cores(&root), (Some(16), Some(8), Some(24)), "{unlimited}");
    }
}

#[test]
fn threads_that_this_process_may_not_use_do_not_count() {
    let root = hybrid().file("proc/self/status", "Name:\tit\nCpus_allowed:\tff\nCpus_allowed_list:\t4-7,16\n");
    assert_eq!(cores(&root), (Some(3), Some(2), Some(5)));
}

#[test]
fn nothing_readable_is_unknown_and_no_failure() {
    let hardware = linux::hardware(Root::new().path(), &|_| None);
    assert_eq!(hardware.os, Os::Linux);
    assert_eq!((hardware.os_name, hardware.cpu.name), (None, None));
    assert_eq!((hardware.cpu.physical_cores, hardware.cpu.performance_cores), (None, None));
    assert!(hardware.cpu.logical_cores.is_some(), "Rust's own library still knows");
    assert_eq!((hardware.memory.total_bytes, hardware.memory.available_bytes), (None, None));
    assert_eq!((hardware.disks.len(), hardware.gpus.len()), (0, 0));
    let what: Vec<&str> = hardware.unknowns.iter().map(|unknown| unknown.what.as_str()).collect();
    assert_eq!(what, ["processor name", "processor cores", "memory", "disks"]);
}

#[test]
fn garbage_is_unknown_and_no_failure() {
    let garbage: Vec<u8> = (0..=255).cycle().take(5_000).collect();
    let mut root = Root::new();
    for path in ["proc/cpuinfo", "proc/meminfo", "proc/self/mountinfo", "proc/self/cgroup", "etc/os-release"] {
        root = root.file(path, &garbage);
    }
    root = root.file("sys/devices/system/cpu/online", "9-1,4294967295-,0-4294967295");
    root = root.file("sys/devices/system/cpu/cpux/topology/core_id", "0").thread(0, "0", &[("cpu_capacity", "NaN")]);
    let hardware = linux::hardware(root.path(), &|_| None);
    assert_eq!(hardware.cpu.physical_cores, Some(1));
    assert_eq!(hardware.memory.total_bytes, None);
    assert_eq!(hardware.disks, []);
}

#[cfg(unix)]
#[test]
fn folders_that_may_not_be_read_are_unknown_and_no_failure() {
    use std::os::unix::fs::PermissionsExt;

    let root = hybrid().file("proc/meminfo", "MemTotal: 1000 kB\n");
    let close = |mode: u32| {
        for folder in ["proc", "sys"] {
            std::fs::set_permissions(root.path().join(folder), std::fs::Permissions::from_mode(mode)).unwrap();
        }
    };
    close(0o000);
    // Root may read everything all the same; the test then only shows that nothing fails.
    let is_closed = std::fs::read_dir(root.path().join("proc")).is_err();
    let hardware = linux::hardware(root.path(), &|_| None);
    close(0o700);
    assert_eq!(hardware.memory.total_bytes.is_none(), is_closed);
    assert_eq!(hardware.cpu.physical_cores.is_none(), is_closed);
}

#[test]
fn the_system_has_a_name() {
    let name = |path: &str, text: &str| linux::hardware(Root::new().file(path, text).path(), &|_| None).os_name;
    let debian = "NAME=\"Debian GNU/Linux\"\nPRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\n";
    assert_eq!(name("etc/os-release", debian).as_deref(), Some("Debian GNU/Linux 12 (bookworm)"));
    assert_eq!(name("usr/lib/os-release", "PRETTY_NAME=Void\n").as_deref(), Some("Void"));
    assert_eq!(name("etc/os-release", "PRETTY_NAME=\"\"\n"), None);
}
