//! NVIDIA's driver, well and ill, through the real nvml-wrapper.

use std::path::Path;

use paddock_hardware::{BandwidthBasis, Gpu, GpuKind, NvidiaReport, Vendor, linux, nvml};

use crate::{Card, Driver, MIB, RTX_4090, Root, profile};

/// The cards of the guide's table with the memory clocks that their drivers tell, and the peak bandwidth in GB/s that
/// their data sheets give. 4060 Ti and 5060 are sold with two sizes of memory.
const TABLE: [(Card, f64); 17] = [
    (Card::new("NVIDIA GeForce RTX 3060", 12_288, 192, 7_501, (8, 6)), 360.0),
    (Card::new("NVIDIA GeForce RTX 3070", 8_192, 256, 7_001, (8, 6)), 448.0),
    (Card::new("NVIDIA GeForce RTX 3070 Ti", 8_192, 256, 9_501, (8, 6)), 608.0),
    (Card::new("NVIDIA GeForce RTX 3080", 10_240, 320, 9_501, (8, 6)), 760.0),
    (Card::new("NVIDIA GeForce RTX 3090", 24_576, 384, 9_751, (8, 6)), 936.0),
    (Card::new("NVIDIA GeForce RTX 4060", 8_188, 128, 8_501, (8, 9)), 272.0),
    (Card::new("NVIDIA GeForce RTX 4060 Ti", 8_188, 128, 9_001, (8, 9)), 288.0),
    (Card::new("NVIDIA GeForce RTX 4060 Ti", 16_380, 128, 9_001, (8, 9)), 288.0),
    (Card::new("NVIDIA GeForce RTX 4070", 12_282, 192, 10_501, (8, 9)), 504.0),
    (Card::new("NVIDIA GeForce RTX 4070 Ti", 12_282, 192, 10_501, (8, 9)), 504.0),
    (Card::new("NVIDIA GeForce RTX 4080", 16_376, 256, 11_201, (8, 9)), 717.0),
    (RTX_4090, 1008.0),
    (Card::new("NVIDIA GeForce RTX 5060", 8_151, 128, 14_001, (12, 0)), 448.0),
    (Card::new("NVIDIA GeForce RTX 5070", 12_227, 192, 14_001, (12, 0)), 672.0),
    (Card::new("NVIDIA GeForce RTX 5080", 16_303, 256, 15_001, (12, 0)), 960.0),
    (Card::new("NVIDIA GeForce RTX 5090", 32_607, 512, 14_001, (12, 0)), 1792.0),
    (Card::new("NVIDIA GeForce RTX 4090 Laptop GPU", 16_376, 256, 9_001, (8, 9)), 576.0),
];

fn only(report: &NvidiaReport) -> &Gpu {
    assert_eq!(report.gpus.len(), 1, "{report:?}");
    &report.gpus[0]
}

#[test]
fn every_card_of_the_table_tells_its_memory_and_its_bandwidth() {
    for (card, gb_s) in &TABLE {
        let report = Driver::new(&profile(std::slice::from_ref(card))).probe();
        let gpu = only(&report);
        assert_eq!(gpu.name, card.name);
        assert_eq!((gpu.vendor, gpu.kind), (Vendor::Nvidia, GpuKind::Discrete));
        assert_eq!(gpu.total_bytes, Some(card.total_mib * MIB));
        assert_eq!(gpu.free_bytes, Some(card.free_mib * MIB));
        let bandwidth = gpu.bandwidth.unwrap();
        assert_eq!(bandwidth.basis, BandwidthBasis::Driver);
        let off = (bandwidth.gb_s / gb_s - 1.0).abs();
        assert!(off < 0.01, "{}: {} GB/s, its data sheet says {gb_s}", card.name, bandwidth.gb_s);
        assert_eq!(gpu.compute_capability, Some(card.compute_capability));
    }
}

#[test]
fn the_driver_tells_its_versions_and_the_cards_place() {
    let report = Driver::new(&profile(&[RTX_4090.with("pci 00000000:0A:00.0")])).probe();
    let gpu = only(&report);
    assert_eq!(gpu.driver.as_deref(), Some("550.54.14"));
    assert_eq!(gpu.cuda_version, Some((12, 4)));
    assert_eq!(gpu.pci_bus_id.as_deref(), Some("00000000:0a:00.0"));
    assert_eq!(gpu.engine_device, None);
    assert_eq!(report.unknowns, []);
}

#[test]
fn two_cards_are_told_apart() {
    let small = Card::new("NVIDIA GeForce RTX 3060", 12_288, 192, 7_501, (8, 6));
    let report = Driver::new(&profile(&[RTX_4090, small])).probe();
    let names: Vec<&str> = report.gpus.iter().map(|gpu| gpu.name.as_str()).collect();
    assert_eq!(names, ["NVIDIA GeForce RTX 4090", "NVIDIA GeForce RTX 3060"]);
    assert_eq!(report.gpus[1].total_bytes, Some(12_288 * MIB));
}

#[test]
fn programs_that_hold_the_memory_are_named_the_largest_first() {
    let own = std::process::id();
    let card = Card { free_mib: 2_000, ..RTX_4090 }
        .with("computes 4194305 8000000000")
        .with(&format!("computes {own} 12000000000"))
        .with("draws 4194305 8000000000")
        .with("draws 4194306 -")
        .with("draws 4194307 900000000");
    // No process has these numbers: Linux ends at 4194304, so that only the driver knows their names.
    let programs = "program 4194305 /opt/games/witcher3\nprogram 4194307 C:\\Windows\\dwm.exe\n";
    let report = Driver::new(&format!("{programs}{}", profile(&[card]))).probe();
    let gpu = only(&report);
    assert_eq!(gpu.free_bytes, Some(2_000 * MIB));
    let told: Vec<_> = gpu.processes.iter().map(|process| (process.pid, process.used_bytes)).collect();
    let held = [(own, Some(12_000_000_000)), (4_194_305, Some(8_000_000_000)), (4_194_307, Some(900_000_000))];
    assert_eq!(told, [held.as_slice(), &[(4_194_306, None)]].concat(), "one that computes and draws counts once");
    let names: Vec<_> = gpu.processes.iter().map(|process| process.name.as_deref()).collect();
    assert_eq!(names[1..], [Some("witcher3"), Some("dwm.exe"), None]);
    #[cfg(target_os = "linux")]
    assert!(names[0].unwrap().starts_with("it-"), "the system knows this test's name: {names:?}");
    assert_eq!(report.unknowns, [], "a program without a name is no problem");
}

#[test]
fn an_old_driver_tells_what_it_can() {
    let report = Driver::old(&profile(&[RTX_4090])).probe();
    let gpu = only(&report);
    assert_eq!(gpu.name, "NVIDIA GeForce RTX 4090");
    assert_eq!(gpu.driver.as_deref(), Some("550.54.14"));
    assert_eq!(gpu.compute_capability, Some((8, 9)));
    assert_eq!((gpu.total_bytes, gpu.free_bytes, gpu.bandwidth), (None, None, None));
    let [unknown] = report.unknowns.as_slice() else { panic!("{report:?}") };
    assert_eq!(unknown.what, "NVIDIA GeForce RTX 4090: memory, memory bandwidth, programs that use it");
    assert_eq!(unknown.why, "This NVIDIA driver is too old to tell. Install a newer one.");
}

#[test]
fn each_call_may_fail_without_the_others() {
    let lost = |gpu: &Gpu| {
        [
            ("nvmlDeviceGetName", gpu.name == nvml::UNNAMED),
            ("nvmlDeviceGetMemoryInfo_v2", gpu.total_bytes.is_none() && gpu.free_bytes.is_none()),
            ("nvmlDeviceGetMemoryBusWidth", gpu.bandwidth.is_none()),
            ("nvmlDeviceGetMaxClockInfo", gpu.bandwidth.is_none()),
            ("nvmlDeviceGetCudaComputeCapability", gpu.compute_capability.is_none()),
            ("nvmlDeviceGetPciInfo_v3", gpu.pci_bus_id.is_none()),
            ("nvmlDeviceGetComputeRunningProcesses_v3", gpu.processes.is_empty()),
        ]
    };
    let needed_for_bandwidth = |call: &str| call.contains("MemoryBusWidth") || call.contains("MaxClockInfo");
    let whole = RTX_4090.with("computes 1 1000").with("pci 00000000:01:00.0");
    for (call, _) in lost(&Driver::new(&profile(std::slice::from_ref(&whole))).probe().gpus[0]) {
        let report = Driver::new(&profile(&[whole.clone().with(&format!("fail {call} 15"))])).probe();
        for (other, is_lost) in lost(only(&report)) {
            let same = call == other || needed_for_bandwidth(call) && needed_for_bandwidth(other);
            assert_eq!(is_lost, same, "{call} failed: {other}");
        }
        let [unknown] = report.unknowns.as_slice() else { panic!("{call}: {report:?}") };
        assert!(unknown.why.contains("The card does not react any more"), "{unknown:?}");
    }
}

#[test]
fn a_driver_that_does_not_tell_its_version_tells_the_rest() {
    let profile = format!(
        "fail nvmlSystemGetDriverVersion 999\nfail nvmlSystemGetCudaDriverVersion_v2 13\n{}",
        profile(&[RTX_4090])
    );
    let report = Driver::new(&profile).probe();
    let gpu = only(&report);
    assert_eq!((&gpu.driver, gpu.cuda_version), (&None, None));
    assert!(gpu.total_bytes.is_some());
    let what: Vec<&str> = report.unknowns.iter().map(|unknown| unknown.what.as_str()).collect();
    assert_eq!(what, ["the NVIDIA driver: driver version", "the NVIDIA driver: CUDA version"]);
}

#[test]
fn a_failing_card_does_not_hide_the_other() {
    let lost = Card::new("NVIDIA GeForce RTX 3090", 24_576, 384, 9_751, (8, 6));
    for code in [15, 3, 999, 424_242] {
        let lost = lost.clone().with(&format!("fail nvmlDeviceGetHandleByIndex_v2 {code}"));
        let report = Driver::new(&profile(&[lost, RTX_4090])).probe();
        assert_eq!(only(&report).name, "NVIDIA GeForce RTX 4090");
        let [unknown] = report.unknowns.as_slice() else { panic!("{report:?}") };
        assert_eq!(unknown.what, "NVIDIA graphics card 1 of 2");
    }
}

#[test]
fn a_card_that_fails_everything_gives_one_reason() {
    let mut card = RTX_4090;
    for call in ["Name", "MemoryInfo_v2", "MemoryBusWidth", "MaxClockInfo", "CudaComputeCapability", "PciInfo_v3"] {
        card = card.with(&format!("fail nvmlDeviceGet{call} 15"));
    }
    let report = Driver::new(&profile(&[card])).probe();
    let [unknown] = report.unknowns.as_slice() else { panic!("{report:?}") };
    assert_eq!(
        unknown.what,
        "the NVIDIA graphics card: name, memory, memory bandwidth, compute capability, place on the PCI bus"
    );
}

#[test]
fn an_update_without_a_restart_is_explained() {
    let report = Driver::new(&format!("fail nvmlInit_v2 18\n{}", profile(&[RTX_4090]))).probe();
    assert!(report.gpus.is_empty());
    let [unknown] = report.unknowns.as_slice() else { panic!("{report:?}") };
    assert!(unknown.why.contains("updated while the old one still runs. Restart the computer"), "{unknown:?}");
}

#[test]
fn a_driver_that_cannot_count_its_cards_says_so() {
    let report = Driver::new(&format!("fail nvmlDeviceGetCount_v2 999\n{}", profile(&[RTX_4090]))).probe();
    assert!(report.gpus.is_empty());
    assert_eq!(report.unknowns[0].what, "the NVIDIA driver: number of cards");
}

#[test]
fn a_driver_without_cards_is_no_problem() {
    assert_eq!(Driver::new(&profile(&[])).probe(), NvidiaReport::default());
}

#[test]
fn a_card_that_says_zero_bytes_has_unknown_memory() {
    let card = Card { total_mib: 0, free_mib: 0, bus_width: 0, ..RTX_4090 };
    let report = Driver::new(&profile(&[card])).probe();
    let gpu = only(&report);
    assert_eq!((gpu.total_bytes, gpu.free_bytes, gpu.bandwidth), (None, None, None));
    assert_eq!(report.unknowns[0].what, "NVIDIA GeForce RTX 4090: memory, memory bandwidth");
}

#[test]
fn a_full_card_has_zero_bytes_free_and_never_more_than_it_has() {
    for (free_mib, expected_mib) in [(0, 0), (99_999, 24_564)] {
        let report = Driver::new(&profile(&[Card { free_mib, ..RTX_4090 }])).probe();
        assert_eq!(only(&report).free_bytes, Some(expected_mib * MIB));
        assert_eq!(report.unknowns, []);
    }
}

#[test]
fn without_a_library_the_report_depends_on_whether_there_is_a_card() {
    let report = nvml::probe(Some(Path::new("/no/such/library.so")));
    assert!(report.gpus.is_empty());
    let cards = linux::nvidia_cards(Path::new("/"));
    assert_eq!(report.unknowns.is_empty(), cards == 0, "{report:?}");
}

#[test]
fn a_library_that_is_not_the_drivers_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let text = folder.path().join("libnvidia-ml.so.1");
    std::fs::write(&text, "not a library").unwrap();
    assert!(nvml::probe(Some(&text)).gpus.is_empty());
}

#[test]
fn a_cards_sound_device_is_no_card() {
    let device = |root: Root, place: &str, vendor: &str, class: &str| {
        root.file(&format!("sys/bus/pci/devices/{place}/vendor"), vendor)
            .file(&format!("sys/bus/pci/devices/{place}/class"), class)
    };
    let root = device(Root::new(), "01-00.0", "0x10de\n", "0x030000\n");
    let root = device(root, "01-00.1", "0x10de\n", "0x040300\n");
    let root = device(root, "02-00.0", "0x10de\n", "0x030200\n");
    let root = device(root, "03-00.0", "0x1002\n", "0x030000\n");
    assert_eq!(linux::nvidia_cards(root.path()), 2);
    assert_eq!(linux::nvidia_cards(Root::new().path()), 0);
}
