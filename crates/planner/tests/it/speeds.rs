//! The predicted ranges against every measured point that is physically possible.

use paddock_hardware::{Bandwidth, BandwidthBasis, Hardware};
use paddock_planner::{Basis, Computer, Machine, Settings, TokS, Weights, catalogue, plan};
use serde::Deserialize;

use crate::computers;

#[derive(Deserialize)]
struct Point {
    device: String,
    model: String,
    quant: String,
    tok_s: f64,
    #[serde(default)]
    gpus: Vec<String>,
    vram_gib: Option<f64>,
    ram_gb_s: Option<f64>,
    cores: Option<u32>,
    n_gpu_layers: Option<u32>,
    /// Why nobody can have measured this.
    impossible: Option<String>,
}

/// Not in the catalogue. Its rows are no multiple of 256 values, so that K-quants fall back to larger formats: its
/// Q4_K_M file has 398 MB, as much as all of it in Q6_K.
const QWEN: &str = r#"{"id": "", "name": "Qwen 2.5 0.5B", "repo": "", "architecture": "qwen2", "license": "",
    "n_layer": 24, "n_embd": 896, "n_ff": 4864, "n_head": 14, "n_head_kv": 2, "head_dim": 64, "n_vocab": 151936,
    "n_ctx_train": 32768, "tied": true, "rope_freqs": 0, "header_bytes": 6000000}"#;

fn weights(point: &Point) -> Weights {
    match catalogue::model(&point.model) {
        Some(model) => model.weights(&point.quant).unwrap(),
        None => serde_json::from_str::<catalogue::Model>(QWEN).unwrap().weights("Q6_K").unwrap(),
    }
}

fn machine(point: &Point) -> Machine {
    let beside = |mut hardware: Hardware| {
        hardware.memory.bandwidth = point.ram_gb_s.map(|gb_s| Bandwidth { gb_s, basis: BandwidthBasis::Table });
        hardware.cpu.performance_cores = point.cores.or(hardware.cpu.performance_cores);
        Machine::of(&hardware)
    };
    let here = computers::desktop(64.0);
    let Some(name) = point.gpus.first() else { return beside(here) };
    let apple = name.starts_with("Apple").then_some(64.0);
    let computer = Computer { gpu: Some(name.clone()), vram_gib: point.vram_gib, ram_gib: apple, bandwidth_gb_s: None };
    let mut hardware = computer.hardware(&here).unwrap();
    let gpu = hardware.gpus[0].clone();
    hardware.gpus.extend(point.gpus.iter().skip(1).map(|_| gpu.clone()));
    beside(hardware)
}

/// The shown range, and whether part of the model is on a GPU and part of it is not.
fn predicted(point: &Point) -> (TokS, bool) {
    // Those who measured used everything the card had.
    let weights = weights(point);
    let machine = machine(point);
    let any = Settings { n_ctx: 2048, ..Settings::default() };
    let most = plan(&machine, &weights, &any, None).unwrap().n_gpu_layers_max;
    let settings = Settings { n_gpu_layers: Some(point.n_gpu_layers.unwrap_or(most)), ..any };
    let plan = plan(&machine, &weights, &settings, None).unwrap();
    let split = plan.memory.n_gpu_layers > 0 && plan.memory.n_gpu_layers < plan.memory.n_layers_all;
    (plan.speed.generation, split)
}

#[test]
fn four_of_five_measured_speeds_lie_inside_the_shown_range_and_no_range_is_too_wide() {
    let points: Vec<Point> = serde_json::from_str(include_str!("../data/measured-speeds.json")).unwrap();
    let points: Vec<&Point> = points.iter().filter(|point| point.impossible.is_none()).collect();
    assert_eq!(points.len(), 66);
    let mut inside = 0;
    let mut lines = Vec::new();
    for point in &points {
        let (range, split) = predicted(point);
        let widest = if split { 2.0 } else { 1.6 };
        assert!(range.high / range.low <= widest, "{} {}: {range:?}", point.device, point.model);
        assert_eq!(range.basis, Basis::Estimated);
        let hit = (range.low..=range.high).contains(&point.tok_s);
        inside += usize::from(hit);
        let mark = if hit { "" } else { "  outside" };
        let what = format!("{} {} {}", point.device, point.model, point.quant);
        lines.push(format!("{what:60} {:7.2} in {:7.2} to {:7.2}{mark}", point.tok_s, range.low, range.high));
    }
    #[expect(clippy::print_stdout, reason = "the figures are asked for, and seen with --nocapture")]
    {
        println!("{}\n{inside} of {} inside", lines.join("\n"), points.len());
    }
    assert!(inside * 5 >= points.len() * 4, "{inside} of {}:\n{}", points.len(), lines.join("\n"));
}

#[test]
fn no_range_promises_more_than_the_memory_can_read() {
    for quant in ["Q4_K_M", "Q6_K"] {
        for (name, ram) in [("Apple M4 Pro", 128.0), ("Apple M2 Ultra", 128.0), ("Apple M3 Max (16-core CPU)", 128.0)] {
            let computer = Computer { gpu: Some(name.into()), ram_gib: Some(ram), ..Computer::default() };
            let hardware = computer.hardware(&computers::desktop(16.0)).unwrap();
            let weights = catalogue::model("llama-3.3-70b").unwrap().weights(quant).unwrap();
            let plan = plan(&Machine::of(&hardware), &weights, &Settings::default(), None).unwrap();
            let read = (weights.bytes() - weights.embedding.bytes()) as f64 / 1e9;
            let ceiling = hardware.gpus[0].bandwidth.unwrap().gb_s / read;
            assert!(plan.speed.generation.high <= ceiling, "{name} {quant}: {:?} of {ceiling}", plan.speed.generation);
        }
    }
}

#[test]
fn a_measured_answer_goes_before_the_estimate() {
    let weights = catalogue::model("llama-3.1-8b").unwrap().weights("Q4_K_M").unwrap();
    let machine = Machine::of(&computers::desktop(32.0));
    let estimated = plan(&machine, &weights, &Settings::default(), None).unwrap().speed.generation;
    let measured = plan(&machine, &weights, &Settings::default(), Some(3.3)).unwrap().speed.generation;
    assert_eq!(measured.basis, Basis::Measured);
    assert!((2.99..=3.01).contains(&measured.low) && (3.62..=3.64).contains(&measured.high), "{measured:?}");
    assert_ne!(estimated, measured);
    // Nonsense is no measurement.
    for nonsense in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        let plan = plan(&machine, &weights, &Settings::default(), Some(nonsense)).unwrap();
        assert_eq!(plan.speed.generation, estimated);
    }
}
