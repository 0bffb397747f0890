//! How many layers fit, against the table of the physics: 27 quantizations, nine sizes of video memory.

use std::collections::BTreeMap;

use paddock_planner::{Settings, catalogue, plan};
use serde::Deserialize;

use crate::computers;

#[derive(Deserialize)]
struct Row {
    quant: String,
    /// Video memory in GiB: with the margin, and without.
    layers: BTreeMap<String, (u32, u32)>,
}

#[test]
fn the_layers_that_fit_lie_within_the_two_numbers_of_the_table() {
    let rows: Vec<Row> = serde_json::from_str(include_str!("../data/llama-3.3-70b-layers.json")).unwrap();
    let model = catalogue::model("llama-3.3-70b").unwrap();
    let mut wrong = Vec::new();
    let mut cells = 0;
    for row in &rows {
        let weights = model.weights(&row.quant).unwrap();
        for (gib, (safe, tight)) in &row.layers {
            let machine = computers::with_vram(gib.parse().unwrap(), 256.0);
            let plan = plan(&machine, &weights, &Settings::default(), None).unwrap();
            let ours = (plan.n_gpu_layers_safe, plan.n_gpu_layers_max);
            cells += 1;
            let within = |n: u32| (*safe..=*tight).contains(&n);
            if !(within(ours.0) && within(ours.1) && ours.0 <= ours.1) {
                wrong.push(format!("{} in {gib} GiB: {ours:?}, the table has {safe} to {tight}", row.quant));
            }
        }
    }
    assert_eq!((rows.len(), cells), (27, 27 * 9));
    assert!(wrong.is_empty(), "{} of {cells}:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn the_output_goes_to_the_card_first_and_the_last_layer_next() {
    let weights = catalogue::model("llama-3.3-70b").unwrap().weights("Q4_K_M").unwrap();
    let machine = computers::with_vram(24.0, 64.0);
    let with = |n| {
        let settings = Settings { n_gpu_layers: Some(n), ..Settings::default() };
        plan(&machine, &weights, &settings, None).unwrap().memory
    };
    let one = &with(1).devices[0];
    assert_eq!((one.n_layers, one.holds_output, one.kv_bytes), (0, true, 0));
    assert_eq!(one.weights_bytes, weights.output.bytes());
    let two = &with(2).devices[0];
    assert_eq!((two.n_layers, two.weights_bytes), (1, weights.output.bytes() + weights.layers[79].bytes()));
    assert!(with(0).devices.is_empty());
}

#[test]
fn two_cards_share_the_layers_by_their_free_memory() {
    let mut hardware = computers::with_gpu("RTX 3090", 64.0);
    let mut second = hardware.gpus[0].clone();
    second.free_bytes = Some(12 * computers::GIB);
    hardware.gpus.push(second);
    let weights = catalogue::model("llama-3.3-70b").unwrap().weights("IQ3_XXS").unwrap();
    let plan = plan(&paddock_planner::Machine::of(&hardware), &weights, &Settings::default(), None).unwrap();
    assert_eq!(plan.memory.n_gpu_layers, 81);
    let [first, second] = plan.memory.devices.as_slice() else { panic!("two devices") };
    // 24 and 12 GiB free: two thirds and one third of 81.
    assert_eq!((first.n_layers, second.n_layers), (54, 26));
    assert!(second.holds_output && !first.holds_output);
}
