//! The computer that runs this test.

use paddock_hardware::{InstructionSet, system};

#[test]
fn this_computer_has_a_processor_memory_and_a_drive() {
    let hardware = system();
    let logical = hardware.cpu.logical_cores.unwrap();
    let physical = hardware.cpu.physical_cores.unwrap_or(logical);
    let fast = hardware.cpu.performance_cores.unwrap_or(physical);
    assert!(1 <= fast && fast <= physical && physical <= logical, "{:?}", hardware.cpu);
    let total = hardware.memory.total_bytes.unwrap();
    assert!(hardware.memory.available_bytes.unwrap() <= total);
    for disk in &hardware.disks {
        assert!(disk.mount_point.is_dir() && disk.free_bytes <= disk.total_bytes, "{disk:?}");
    }
    assert!(hardware.os_name.is_some());
    assert!(hardware.gpus.is_empty(), "the system alone asks no graphics driver");
}

#[test]
fn instructions_build_on_each_other() {
    let has = |set| system().cpu.instructions.contains(&set);
    if has(InstructionSet::Avx512f) || has(InstructionSet::AvxVnni) {
        assert!(has(InstructionSet::Avx2) && has(InstructionSet::Fma));
    }
    if cfg!(target_arch = "aarch64") {
        assert!(has(InstructionSet::Neon));
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_limit_on_this_tests_own_memory_is_seen() {
    use std::fs;
    use std::path::Path;

    // Version 1 of cgroups at its usual place, writable: so in containers of some services, and for root.
    let group = Path::new("/sys/fs/cgroup/memory").join(format!("paddock-test-{}", std::process::id()));
    if !Path::new("/sys/fs/cgroup/memory/cgroup.procs").exists() || fs::create_dir(&group).is_err() {
        eprintln!("skipped: no memory groups that this test may make");
        return;
    }
    let limit = 2_u64 << 30;
    let own = fs::read_to_string("/proc/self/cgroup").unwrap();
    let before = own.lines().find_map(|line| line.split_once(":memory:")).map(|(_, path)| path.to_owned()).unwrap();
    let enter = |group: &Path| fs::write(group.join("cgroup.procs"), std::process::id().to_string());
    fs::write(group.join("memory.limit_in_bytes"), limit.to_string()).unwrap();
    enter(&group).unwrap();
    let limited = system().memory.total_bytes;
    enter(&Path::new("/sys/fs/cgroup/memory").join(before.trim_start_matches('/'))).unwrap();
    fs::remove_dir(&group).unwrap();
    assert_eq!(limited, Some(limit));
}
