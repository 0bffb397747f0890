//! One view of the cards that engine and driver each know.

use paddock_hardware::{Cause, EngineDevice, Gpu, GpuKind, Hardware, NvidiaReport, Thing, Unknown, Vendor};

use crate::{Card, Driver, GIB, MIB, RTX_4090, profile};

fn device(name: &str, description: &str, total_bytes: u64, free_bytes: u64) -> EngineDevice {
    let backend = name.trim_end_matches(|c: char| c.is_ascii_digit());
    EngineDevice {
        name: name.to_owned(),
        description: description.to_owned(),
        backend: backend.to_owned(),
        integrated: false,
        total_bytes,
        free_bytes,
    }
}

fn assemble(devices: &[EngineDevice], nvidia: &NvidiaReport) -> Hardware {
    Hardware::assemble(Hardware::default(), devices, nvidia)
}

fn names(hardware: &Hardware) -> Vec<(&str, Option<&str>)> {
    hardware.gpus.iter().map(|gpu| (gpu.name.as_str(), gpu.engine_device.as_deref())).collect()
}

#[test]
fn engine_and_driver_agree_on_one_card() {
    let nvidia = Driver::new(&profile(&[RTX_4090.with("pci 00000000:01:00.0").with("computes 7 1000")])).probe();
    let hardware = assemble(&[device("CUDA0", "NVIDIA GeForce RTX 4090", 24_210 * MIB, 23_000 * MIB)], &nvidia);
    let [gpu] = hardware.gpus.as_slice() else { panic!("{hardware:?}") };
    assert_eq!(gpu.engine_device.as_deref(), Some("CUDA0"));
    assert_eq!(gpu.total_bytes, Some(24_564 * MIB), "the card's own total");
    assert_eq!(gpu.free_bytes, Some(23_000 * MIB), "the engine has less than the driver's 24064 MiB");
    assert_eq!(gpu.driver.as_deref(), Some("550.54.14"));
    assert_eq!(gpu.pci_bus_id.as_deref(), Some("00000000:01:00.0"));
    assert!(gpu.bandwidth.is_some() && gpu.processes.len() == 1);
    assert_eq!(hardware.unknowns, []);
}

#[test]
fn the_drivers_free_memory_counts_where_it_is_less() {
    let nvidia = Driver::new(&profile(&[Card { free_mib: 1_000, ..RTX_4090 }])).probe();
    let hardware = assemble(&[device("CUDA0", "NVIDIA GeForce RTX 4090", 24_210 * MIB, 23_000 * MIB)], &nvidia);
    assert_eq!(hardware.gpus[0].free_bytes, Some(1_000 * MIB));
}

#[test]
fn an_engine_that_cannot_tell_memory_does_not_make_it_zero() {
    let nvidia = Driver::new(&profile(&[RTX_4090])).probe();
    let hardware = assemble(&[device("CUDA0", "NVIDIA GeForce RTX 4090", 0, 0)], &nvidia);
    assert_eq!(hardware.gpus[0].free_bytes, Some(24_064 * MIB));
    let hardware = assemble(&[device("Vulkan0", "AMD Radeon RX 7600 XT (RADV NAVI33)", 0, 0)], &nvidia);
    let amd = hardware.gpus.iter().find(|gpu| gpu.vendor == Vendor::Amd).unwrap();
    assert_eq!((amd.total_bytes, amd.free_bytes), (None, None));
}

#[test]
fn a_card_that_two_backends_show_appears_once_as_the_better() {
    let devices = [
        device("Vulkan0", "AMD Radeon RX 7600 XT (RADV NAVI33)", 16 * GIB, 15 * GIB),
        device("Vulkan1", "NVIDIA GeForce RTX 4090", 24_564 * MIB, 24_000 * MIB),
        device("CUDA0", "NVIDIA GeForce RTX 4090", 24_210 * MIB, 23_000 * MIB),
    ];
    let hardware = assemble(&devices, &NvidiaReport::default());
    assert_eq!(
        names(&hardware),
        [("NVIDIA GeForce RTX 4090", Some("CUDA0")), ("AMD Radeon RX 7600 XT (RADV NAVI33)", Some("Vulkan0"))]
    );
    assert_eq!((hardware.gpus[1].vendor, hardware.gpus[1].kind), (Vendor::Amd, GpuKind::Discrete));
}

#[test]
fn two_equal_cards_stay_two_and_a_third_that_only_vulkan_shows_is_kept() {
    let name = "NVIDIA GeForce RTX 3090";
    let mut devices: Vec<_> = (0..3).map(|n| device(&format!("Vulkan{n}"), name, 24 * GIB, 20 * GIB)).collect();
    devices.extend((0..2).map(|n| device(&format!("CUDA{n}"), name, 24 * GIB, 20 * GIB)));
    let hardware = assemble(&devices, &NvidiaReport::default());
    assert_eq!(names(&hardware), [(name, Some("CUDA0")), (name, Some("CUDA1")), (name, Some("Vulkan2"))]);
}

#[test]
fn equal_cards_are_matched_in_order_and_unequal_ones_by_their_memory() {
    let ti = |total_mib, pci: &str| {
        Card::new("NVIDIA GeForce RTX 4060 Ti", total_mib, 128, 9_001, (8, 9)).with(&format!("pci 00000000:{pci}:00.0"))
    };
    let nvidia = Driver::new(&profile(&[ti(8_188, "01"), ti(16_380, "02"), ti(16_380, "03")])).probe();
    let name = "NVIDIA GeForce RTX 4060 Ti";
    let devices = [
        device("CUDA0", name, 16_100 * MIB, 15_000 * MIB),
        device("CUDA1", name, 16_100 * MIB, 14_000 * MIB),
        device("CUDA2", name, 8_000 * MIB, 7_000 * MIB),
    ];
    let hardware = assemble(&devices, &nvidia);
    let places: Vec<_> =
        hardware.gpus.iter().map(|gpu| (gpu.engine_device.as_deref(), gpu.pci_bus_id.as_deref())).collect();
    let place = |device, bus: &'static str| (Some(device), Some(bus));
    assert_eq!(
        places,
        [place("CUDA0", "00000000:02:00.0"), place("CUDA1", "00000000:03:00.0"), place("CUDA2", "00000000:01:00.0")]
    );
}

#[test]
fn a_card_whose_name_the_driver_does_not_tell_is_matched_last() {
    let nameless = Card::new("?", 12_288, 192, 7_501, (8, 6)).with("fail nvmlDeviceGetName 999");
    let nvidia = Driver::new(&profile(&[nameless, RTX_4090])).probe();
    let devices = [
        // CUDA numbers the fastest card first.
        device("CUDA0", "NVIDIA GeForce RTX 4090", 24_210 * MIB, 23_000 * MIB),
        device("CUDA1", "NVIDIA GeForce RTX 3060", 12_000 * MIB, 11_000 * MIB),
    ];
    let hardware = assemble(&devices, &nvidia);
    assert_eq!(
        names(&hardware),
        [("NVIDIA GeForce RTX 4090", Some("CUDA0")), ("NVIDIA GeForce RTX 3060", Some("CUDA1"))]
    );
    assert_eq!(hardware.gpus[1].total_bytes, Some(12_288 * MIB));
}

#[test]
fn a_card_that_the_engine_does_not_see_is_listed_with_the_reason() {
    let nvidia = Driver::new(&profile(&[RTX_4090])).probe();
    let cpu_only = [device("CPU", "AMD Ryzen 5 5600X", 32 * GIB, 32 * GIB), device("BLAS", "OpenBLAS", 0, 0)];
    let hardware = assemble(&cpu_only, &nvidia);
    assert_eq!(names(&hardware), [("NVIDIA GeForce RTX 4090", None)]);
    assert!(hardware.unknowns[0].why.contains("without CUDA"), "{:?}", hardware.unknowns);

    let old = Card::new("NVIDIA GeForce GTX 780", 3_072, 384, 3_004, (3, 5));
    let nvidia = Driver::new(&profile(&[RTX_4090, old])).probe();
    let hardware = assemble(&[device("CUDA0", "NVIDIA GeForce RTX 4090", 24_210 * MIB, 23_000 * MIB)], &nvidia);
    assert_eq!(names(&hardware)[1], ("NVIDIA GeForce GTX 780", None));
    assert!(hardware.unknowns[0].why.contains("compute capability 3.5"), "{:?}", hardware.unknowns);
}

#[test]
fn a_driver_of_mesa_adds_its_name_and_the_card_is_still_the_same() {
    let nvidia = Driver::new(&profile(&[RTX_4090])).probe();
    let hardware = assemble(&[device("Vulkan0", "NVIDIA GeForce RTX 4090 (NVK AD102)", 24 * GIB, 20 * GIB)], &nvidia);
    assert_eq!(names(&hardware), [("NVIDIA GeForce RTX 4090", Some("Vulkan0"))]);
}

#[test]
fn software_that_draws_is_no_graphics_card() {
    let devices = [
        device("Vulkan0", "llvmpipe (LLVM 15.0.6, 256 bits)", 24 * GIB, 20 * GIB),
        device("Vulkan1", "SwiftShader Device (LLVM 10.0.0)", 24 * GIB, 20 * GIB),
        device("Vulkan2", "Microsoft Basic Render Driver", 24 * GIB, 20 * GIB),
    ];
    let hardware = assemble(&devices, &NvidiaReport::default());
    assert_eq!((hardware.gpus, hardware.unknowns), (vec![], vec![]));
}

#[test]
fn apple_silicon_is_unified_and_its_total_is_what_metal_recommends() {
    for name in ["MTL0", "Metal"] {
        let hardware = assemble(&[device(name, "Apple M4 Pro", 36 * GIB, 36 * GIB)], &NvidiaReport::default());
        let [gpu] = hardware.gpus.as_slice() else { panic!("{hardware:?}") };
        assert_eq!((gpu.vendor, gpu.kind), (Vendor::Apple, GpuKind::Unified));
        assert_eq!(gpu.total_bytes, Some(36 * GIB));
        assert_eq!(gpu.engine_device.as_deref(), Some(name));
    }
    let both = [device("Vulkan0", "Apple M4 Pro", GIB, GIB), device("MTL0", "Apple M4 Pro", 36 * GIB, 36 * GIB)];
    assert_eq!(names(&assemble(&both, &NvidiaReport::default())), [("Apple M4 Pro", Some("MTL0"))]);
}

#[test]
fn integrated_graphics_take_part_of_main_memory() {
    let mut laptop = device("Vulkan0", "Intel(R) Iris(R) Xe Graphics (TGL GT2)", 12 * GIB, 10 * GIB);
    laptop.integrated = true;
    let hardware = assemble(&[laptop], &NvidiaReport::default());
    assert_eq!((hardware.gpus[0].vendor, hardware.gpus[0].kind), (Vendor::Intel, GpuKind::Integrated));
}

#[test]
fn what_the_system_and_the_driver_could_not_tell_stays_told_once() {
    let unknown = Unknown::new(Thing::Disks, Cause::NoMounts);
    let system = Hardware { unknowns: vec![unknown.clone()], ..Hardware::default() };
    let of_driver = Unknown::new(Thing::NvidiaCard, Cause::NoNvidiaDriver);
    let nvidia = NvidiaReport { gpus: Vec::new(), unknowns: vec![unknown.clone(), of_driver.clone()] };
    let once = Hardware::assemble(system, &[], &nvidia);
    assert_eq!(once.unknowns, [unknown, of_driver]);
    assert_eq!(Hardware::assemble(once.clone(), &[], &nvidia), once);
}

#[test]
fn a_whole_computer_survives_its_json() {
    let card = RTX_4090.with("pci 00000000:01:00.0").with("computes 7 1000").with("draws 8 -");
    let broken = RTX_4090.with("fail nvmlDeviceGetMemoryInfo_v2 15");
    for cards in [vec![card.clone()], vec![card, broken.clone()], vec![broken], vec![]] {
        let nvidia = Driver::new(&profile(&cards)).probe();
        let report: NvidiaReport = serde_json::from_str(&serde_json::to_string(&nvidia).unwrap()).unwrap();
        assert_eq!(report, nvidia);
        let devices = [device("CUDA0", "NVIDIA GeForce RTX 4090", 24_210 * MIB, 23_000 * MIB)];
        let hardware = Hardware::assemble(paddock_hardware::system(), &devices, &nvidia);
        let json = serde_json::to_string(&hardware).unwrap();
        assert_eq!(serde_json::from_str::<Hardware>(&json).unwrap(), hardware);
    }
    let gpu: Result<Gpu, _> = serde_json::from_str("{}");
    assert!(gpu.is_err(), "a card needs a name");
}
