//! Memory, and what a container may use of it.

use paddock_hardware::linux;

use crate::{GIB, MIB, Root};

/// Total and available bytes.
fn memory(root: &Root) -> (Option<u64>, Option<u64>) {
    let memory = linux::hardware(root.path(), &|_| None).memory;
    (memory.total_bytes, memory.available_bytes)
}

/// A computer with 32 GiB, 20 of them available.
fn computer() -> Root {
    let info = "MemTotal:       33554432 kB\nMemFree:         1048576 kB\nMemAvailable:   20971520 kB\nCached: 5 kB\n";
    Root::new().file("proc/meminfo", info)
}

#[test]
fn the_kernel_tells_total_and_available() {
    assert_eq!(memory(&computer()), (Some(32 * GIB), Some(20 * GIB)));
}

#[test]
fn an_old_kernel_tells_free_and_cached() {
    let info = "MemTotal: 4194304 kB\nMemFree: 1048576 kB\nBuffers: 7 kB\nCached: 1048576 kB\n";
    assert_eq!(memory(&Root::new().file("proc/meminfo", info)), (Some(4 * GIB), Some(2 * GIB)));
    let info = "MemTotal: 4194304 kB\n";
    let hardware = linux::hardware(Root::new().file("proc/meminfo", info).path(), &|_| None);
    assert_eq!(hardware.memory.available_bytes, None);
    assert!(hardware.unknowns.iter().any(|unknown| unknown.what == "free memory"));
}

#[test]
fn a_container_of_version_2_has_what_its_limit_leaves() {
    let root = computer()
        .file("proc/self/cgroup", "0::/\n")
        .file("sys/fs/cgroup/memory.max", format!("{}\n", 8 * GIB))
        .file("sys/fs/cgroup/memory.current", format!("{}\n", 3 * GIB))
        .file("sys/fs/cgroup/memory.stat", format!("anon 5\ninactive_file {GIB}\nactive_file 7\n"));
    assert_eq!(memory(&root), (Some(8 * GIB), Some(6 * GIB)), "pages of files come back when needed");
}

#[test]
fn the_tightest_limit_of_all_groups_above_counts() {
    let root = computer()
        .file("proc/self/cgroup", "0::/user.slice/app.scope\n")
        .file("sys/fs/cgroup/user.slice/app.scope/memory.max", format!("{}\n", 24 * GIB))
        .file("sys/fs/cgroup/memory.max", "max\n")
        .file("sys/fs/cgroup/user.slice/memory.max", format!("{}\n", 16 * GIB))
        .file("sys/fs/cgroup/user.slice/memory.high", format!("{}\n", 12 * GIB))
        .file("sys/fs/cgroup/user.slice/memory.current", format!("{}\n", 2 * GIB));
    assert_eq!(memory(&root), (Some(12 * GIB), Some(10 * GIB)));
}

#[test]
fn a_container_of_version_1_has_what_its_limit_leaves() {
    let folder = "sys/fs/cgroup/memory";
    let limited = |folder: &str, cgroup: &str| {
        computer()
            .file("proc/self/cgroup", cgroup)
            .file(&format!("{folder}/memory.limit_in_bytes"), format!("{}\n", 420 * MIB))
            .file(&format!("{folder}/memory.usage_in_bytes"), format!("{}\n", 100 * MIB))
            .file(&format!("{folder}/memory.stat"), format!("inactive_file 3\ntotal_inactive_file {}\n", 20 * MIB))
    };
    let own = limited(&format!("{folder}/docker/5f"), "5:cpu:/\n4:memory:/docker/5f\n0::/\n");
    assert_eq!(memory(&own), (Some(420 * MIB), Some(340 * MIB)));
    let hosts_path = limited(folder, "4:memory:/docker/5f\n");
    assert_eq!(memory(&hosts_path), (Some(420 * MIB), Some(340 * MIB)), "the path is the host's, the folder is ours");
    let outside = limited(folder, "4:memory:/../../etc\n").file("sys/fs/etc/memory.limit_in_bytes", "4096\n");
    assert_eq!(memory(&outside), (Some(420 * MIB), Some(340 * MIB)));
}

#[test]
fn no_limit_is_no_limit() {
    let v1 = computer()
        .file("proc/self/cgroup", "4:memory:/\n")
        .file("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n")
        .file("sys/fs/cgroup/memory/memory.usage_in_bytes", format!("{}\n", 9 * GIB));
    assert_eq!(memory(&v1), (Some(32 * GIB), Some(20 * GIB)));
    let v2 = computer().file("proc/self/cgroup", "0::/\n").file("sys/fs/cgroup/memory.max", "max\n");
    assert_eq!(memory(&v2), (Some(32 * GIB), Some(20 * GIB)));
}

#[test]
fn a_full_container_has_nothing_left() {
    let root = computer()
        .file("proc/self/cgroup", "0::/\n")
        .file("sys/fs/cgroup/memory.max", format!("{GIB}\n"))
        .file("sys/fs/cgroup/memory.current", format!("{}\n", 2 * GIB));
    assert_eq!(memory(&root), (Some(GIB), Some(0)));
}
