//! What is said before a load, and after answers that are too slow.

use paddock_planner::{
    Computer, Concern, Guardrail, MARGIN_BYTES, Machine, Plan, Settings, SlowerBecause, catalogue, judge, plan, slower,
};

use crate::computers::{self, GIB};

const LEVELS: [Guardrail; 4] = [Guardrail::Off, Guardrail::Relaxed, Guardrail::Balanced, Guardrail::Strict];

fn planned(machine: &Machine, model: &str, quant: &str, n_gpu_layers: Option<u32>) -> Plan {
    let weights = catalogue::model(model).unwrap().weights(quant).unwrap();
    plan(machine, &weights, &Settings { n_gpu_layers, ..Settings::default() }, None).unwrap()
}

/// Which levels refuse it.
fn refusing(machine: &Machine, plan: &Plan) -> Vec<Guardrail> {
    let refuses = |level: &Guardrail| judge(*level, machine, &plan.memory, plan.speed.generation).refused;
    LEVELS.into_iter().filter(refuses).collect()
}

fn concerns(level: Guardrail, machine: &Machine, plan: &Plan) -> Vec<Concern> {
    judge(level, machine, &plan.memory, plan.speed.generation).concerns
}

#[test]
fn what_fits_with_room_to_spare_concerns_no_level() {
    let machine = Machine::of(&computers::desktop(64.0));
    let plan = planned(&machine, "llama-3.1-8b", "Q4_K_M", None);
    assert!(LEVELS.into_iter().all(|level| concerns(level, &machine, &plan).is_empty()));
}

#[test]
fn each_level_refuses_what_the_one_before_refuses_and_off_refuses_nothing() {
    let machine = Machine::of(&computers::desktop(16.0));
    // Read from the disk for every token.
    let from_disk = planned(&machine, "llama-3.3-70b", "Q4_K_M", None);
    assert_eq!(refusing(&machine, &from_disk), [Guardrail::Balanced, Guardrail::Strict]);
    assert!(matches!(concerns(Guardrail::Off, &machine, &from_disk)[..], [Concern::ReadsFromDisk { .. }]));
    // More layers than the card holds.
    let card = computers::with_vram(8.0, 64.0);
    let too_many = planned(&card, "llama-3.3-70b", "Q4_K_M", Some(40));
    assert_eq!(refusing(&card, &too_many), [Guardrail::Relaxed, Guardrail::Balanced, Guardrail::Strict]);
    assert!(matches!(concerns(Guardrail::Off, &card, &too_many)[0], Concern::NotEnoughOnGpu { .. }));
    // It fits, and little is left.
    let tight = Machine::of(&computers::desktop(10.5));
    let little = planned(&tight, "llama-3.1-8b", "Q4_K_M", None);
    assert_eq!(refusing(&tight, &little), [Guardrail::Strict], "{:?}", little.memory.ram);
}

#[test]
fn strict_keeps_a_tenth_of_the_memory_free_and_balanced_a_gigabyte() {
    let spare = |level: Guardrail, gib: u64| level.spare_ram_bytes(Some(gib * GIB));
    assert_eq!([spare(Guardrail::Off, 64), spare(Guardrail::Relaxed, 64)], [0, 0]);
    assert_eq!([spare(Guardrail::Balanced, 64), spare(Guardrail::Balanced, 5)], [GIB, GIB / 2]);
    assert_eq!([spare(Guardrail::Strict, 64), spare(Guardrail::Strict, 8)], [64 * GIB / 10, 2 * GIB]);
    assert_eq!(LEVELS.map(Guardrail::spare_gpu_bytes), [0, 0, 0, MARGIN_BYTES]);
}

#[test]
fn beyond_apples_working_set_is_said_at_every_level() {
    let mac = Computer {
        gpu: Some("Apple M3 Max".into()),
        ram_gib: Some(36.0),
        bandwidth_gb_s: Some(400.0),
        ..Computer::default()
    };
    let machine = Machine::of(&mac.hardware(&computers::desktop(36.0)).unwrap());
    let plan = planned(&machine, "llama-3.3-70b", "Q3_K_M", Some(81));
    for level in LEVELS {
        let said = concerns(level, &machine, &plan);
        let beyond = said.iter().any(|concern| {
            matches!(concern, Concern::BeyondWorkingSet { working_set_bytes, needed_bytes }
                if *working_set_bytes == 24 * GIB && needed_bytes > working_set_bytes)
        });
        assert!(beyond, "{level:?}: {said:?}");
    }
    assert!(!refusing(&machine, &plan).contains(&Guardrail::Off));
}

#[test]
fn a_limit_on_the_engine_makes_a_small_model_larger_than_ram() {
    let machine = Machine::of(&computers::desktop(64.0)).limited_to(4 * GIB);
    let plan = planned(&machine, "llama-3.1-8b", "Q4_K_M", None);
    let (least, most) = plan.memory.disk_bytes_per_token;
    assert!(least > 0 && most > least, "{:?}", plan.memory);
    // The price follows the disk.
    let slow = planned(&machine.clone().reading_at(0.1), "llama-3.1-8b", "Q4_K_M", None).speed.generation;
    let fast = planned(&machine.reading_at(5.0), "llama-3.1-8b", "Q4_K_M", None).speed.generation;
    assert!(slow.high < fast.low, "{slow:?} {fast:?}");
    assert!((0.5..1.5).contains(&(slow.low * most as f64 / 1e8)), "{slow:?}");
}

#[test]
fn answers_as_slow_as_the_processor_say_that_the_card_is_not_used() {
    let machine = computers::with_vram(24.0, 64.0);
    let whole = planned(&machine, "llama-3.1-8b", "Q4_K_M", None);
    let alone = planned(&machine.clone().processor_alone(), "llama-3.1-8b", "Q4_K_M", None).speed.generation;
    let expected = whole.speed.generation;
    let judge = |tok_s: f64| slower(tok_s, &whole, &machine, Some(alone)).map(|slower| slower.because);
    assert_eq!(judge(expected.low), None);
    assert_eq!(judge(expected.low / 1.4), None, "an answer may be somewhat slower");
    assert_eq!(judge(alone.low), Some(SlowerBecause::GpuNotUsed));
    assert_eq!(judge(f64::NAN), None);
}

#[test]
fn a_card_that_is_nearly_full_points_at_memory_that_spilled() {
    let machine = computers::with_vram(24.0, 64.0);
    let most = planned(&machine, "llama-3.3-70b", "Q4_K_M", None).n_gpu_layers_max;
    let full = planned(&machine, "llama-3.3-70b", "Q4_K_M", Some(most));
    let said = slower(full.speed.generation.low / 3.0, &full, &machine, None).unwrap();
    assert_eq!(said.because, SlowerBecause::SpilledIntoRam);
}

#[test]
fn a_computer_short_of_memory_and_a_slow_disk_are_told_apart() {
    let short = Machine::of(&computers::desktop(9.4));
    let plan = planned(&short, "llama-3.1-8b", "Q4_K_M", None);
    let slow =
        |machine: &Machine, plan: &Plan| slower(plan.speed.generation.low / 3.0, plan, machine, None).unwrap().because;
    assert_eq!(slow(&short, &plan), SlowerBecause::RamShort);
    let small = Machine::of(&computers::desktop(16.0));
    assert_eq!(slow(&small, &planned(&small, "llama-3.3-70b", "Q4_K_M", None)), SlowerBecause::DiskSlow);
    let large = Machine::of(&computers::desktop(64.0));
    assert_eq!(slow(&large, &planned(&large, "llama-3.1-8b", "Q4_K_M", None)), SlowerBecause::Unknown);
}
