//! Macs.

use paddock_hardware::apple::{Sysctl, WiredLimit, wired_limit};

use crate::GIB;

/// What a MacBook Pro of 2024 writes.
const M4_PRO: &str = "machdep.cpu.brand_string: Apple M4 Pro
hw.physicalcpu: 14
hw.perflevel0.physicalcpu: 10
hw.logicalcpu: 14
hw.memsize: 51539607552
iogpu.wired_limit_mb: 0
";

#[test]
fn a_mac_tells_its_fast_cores() {
    let sysctl = Sysctl::parse(M4_PRO);
    assert_eq!(sysctl.cpu_name.as_deref(), Some("Apple M4 Pro"));
    assert_eq!((sysctl.physical_cores, sysctl.performance_cores, sysctl.logical_cores), (Some(14), Some(10), Some(14)));
    assert_eq!(sysctl.memory_bytes, Some(48 * GIB));
    assert_eq!(sysctl.wired_limit_mib, Some(0));
}

#[test]
fn an_intel_mac_has_one_kind_of_core_and_no_limit() {
    let output = "machdep.cpu.brand_string: Intel(R) Core(TM) i9-9880H CPU @ 2.30GHz
hw.physicalcpu: 8
sysctl: unknown oid 'hw.perflevel0.physicalcpu'
hw.logicalcpu: 16
";
    let sysctl = Sysctl::parse(output);
    assert_eq!((sysctl.physical_cores, sysctl.performance_cores, sysctl.logical_cores), (Some(8), Some(8), Some(16)));
    assert_eq!(sysctl.wired_limit_mib, None);
}

#[test]
fn output_that_makes_no_sense_is_unknown() {
    assert_eq!(Sysctl::parse(""), Sysctl::default());
    let sysctl = Sysctl::parse("hw.physicalcpu: many\nhw.logicalcpu: 0\nhw.memsize:\nmachdep.cpu.brand_string:  \n");
    assert_eq!(sysctl, Sysctl::default());
}

#[test]
fn a_large_mac_can_give_the_gpu_more_and_keeps_enough_for_itself() {
    // 48 GiB: 8 stay. 128 GiB: an eighth, 16, stays.
    for (total, working_set, limit_mib, stays) in [(48, 36, 40_960, "8 GiB"), (128, 96, 114_688, "16 GiB")] {
        let WiredLimit { explanation, command, .. } = wired_limit(total * GIB, working_set * GIB, Some(0));
        assert_eq!(command.unwrap(), format!("sudo sysctl iogpu.wired_limit_mb={limit_mib}"));
        for words in
            [&format!("{total} GiB"), &format!("{working_set} GiB"), stays, "experts", "until the Mac restarts"]
        {
            assert!(explanation.contains(words), "{words}: {explanation}");
        }
    }
}

#[test]
fn a_mac_below_32_gib_is_left_as_it_is() {
    for total in [0, 8, 16, 24, 31] {
        assert_eq!(wired_limit(total * GIB, total * GIB * 2 / 3, None).command, None);
    }
    assert!(wired_limit(32 * GIB, 21 * GIB, None).command.unwrap().ends_with("=24576"));
}

#[test]
fn a_limit_that_is_high_enough_is_not_raised_again() {
    let limit = wired_limit(48 * GIB, 40 * GIB, Some(40_960));
    assert_eq!(limit.command, None);
    assert!(limit.explanation.contains("iogpu.wired_limit_mb is set to 40960"), "{}", limit.explanation);
    assert_eq!(wired_limit(48 * GIB, 46 * GIB, Some(47_104)).command, None);
}
