//! The tables that are part of the crate.

use paddock_planner::{catalogue, gpus, guide, quant};

#[test]
fn all_thirty_quantizations_of_the_guide_are_there_and_three_are_replaced() {
    let all = quant::all();
    assert_eq!(all.len(), 30);
    let dead: Vec<&str> = all.iter().filter(|quant| !quant.loadable()).map(|quant| quant.name.as_str()).collect();
    assert_eq!(dead, ["Q4_0_4_4", "Q4_0_4_8", "Q4_0_8_8"]);
    for quant in all {
        assert!(quant.ppl_increase().is_finite(), "{} has a quality", quant.name);
        if !quant.loadable() {
            assert_eq!(quant.replaced_by.as_deref(), Some("Q4_0"));
            assert!(quant.why.unwrap().to_string().contains("dropped"));
            assert!(catalogue::models()[0].weights(&quant.name).is_none());
        }
    }
}

#[test]
fn more_bytes_never_mean_worse_answers_within_the_k_quants() {
    let model = &catalogue::models()[0];
    let k: Vec<_> = quant::all().iter().filter(|quant| quant.loadable() && quant.name.starts_with('Q')).collect();
    for (a, b) in k.iter().flat_map(|a| k.iter().map(move |b| (a, b))) {
        // Q4_0 is an old format: larger than it is good.
        if [&a.name, &b.name].iter().any(|name| *name == "Q4_0") {
            continue;
        }
        let bytes = |quant: &quant::Quant| model.weights(&quant.name).unwrap().file_bytes;
        assert!(bytes(a) >= bytes(b) || a.ppl_increase() >= b.ppl_increase(), "{} and {}", a.name, b.name);
    }
}

#[test]
fn every_card_of_the_guide_is_in_the_table_of_cards() {
    assert_eq!(guide::rows().len(), 15);
    for row in guide::rows() {
        for gib in &row.vram_gib {
            let card = gpus::find(&row.gpu, Some(u64::from(*gib) << 30)).unwrap_or_else(|| panic!("{}", row.gpu));
            assert_eq!(card.memory_gib, [*gib], "{}", row.gpu);
        }
        assert!(row.quants.iter().all(|name| quant::find(name).is_some_and(quant::Quant::loadable)));
    }
}

#[test]
fn cards_are_found_by_the_names_that_drivers_give_them() {
    let found = |name: &str, gib: u64| gpus::find(name, Some(gib << 30)).map(|row| row.name.as_str());
    assert_eq!(found("NVIDIA GeForce RTX 4090", 24), Some("RTX 4090"));
    assert_eq!(found("NVIDIA GeForce RTX 4060 Ti", 8), Some("RTX 4060 Ti 8 GB"));
    assert_eq!(found("NVIDIA GeForce RTX 4060 Ti", 16), Some("RTX 4060 Ti 16 GB"));
    assert_eq!(found("NVIDIA GeForce RTX 4090 Laptop GPU", 16), Some("RTX 4090 Laptop GPU"));
    assert_eq!(found("NVIDIA RTX 6000 Ada Generation", 48), Some("RTX 6000 Ada Generation"));
    assert_eq!(found("AMD Radeon RX 7600 XT", 16), Some("RX 7600 XT"));
    assert_eq!(found("Apple M4 Pro", 36), Some("Apple M4 Pro"));
    // Two chips of one name: the slower one, so that nothing is promised.
    assert_eq!(found("Apple M4 Max", 48), Some("Apple M4 Max (32-core GPU)"));
    assert_eq!(found("Voodoo 2", 1), None);
    assert_eq!(found("", 1), None);
}
