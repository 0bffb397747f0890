//! The three picks.

use paddock_planner::{Computer, Machine, Preference, Recommendation, Settings, Verdict, catalogue, recommend};

use crate::computers;

fn for_hardware(hardware: &paddock_hardware::Hardware) -> Recommendation {
    let model = catalogue::model("llama-3.3-70b").unwrap();
    recommend(&Machine::of(hardware), model, &Settings::default(), Preference::Balanced).unwrap()
}

fn names(recommendation: &Recommendation) -> [&str; 3] {
    let name = |pick: &Option<paddock_planner::Pick>| pick.as_ref().unwrap().candidate.quant.name.clone();
    let all = [&recommendation.recommended, &recommendation.faster, &recommendation.smarter];
    all.map(|pick| Box::leak(name(pick).into_boxed_str()) as &str)
}

fn mac(chip: &str, ram_gib: f64) -> Recommendation {
    let computer = Computer { gpu: Some(chip.into()), ram_gib: Some(ram_gib), ..Computer::default() };
    for_hardware(&computer.hardware(&computers::desktop(16.0)).unwrap())
}

fn in_words(said: &[impl ToString]) -> String {
    said.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}

fn reasons(recommendation: &Recommendation) -> String {
    in_words(&recommendation.recommended.as_ref().unwrap().reasons)
}

#[test]
fn a_4090_with_64_gib_gets_a_good_split_and_hears_of_the_alternatives() {
    let recommendation = for_hardware(&computers::with_gpu("RTX 4090", 64.0));
    let [recommended, faster, smarter] = names(&recommendation);
    assert_eq!(recommended, "Q3_K_M");
    assert!(["IQ2_S", "IQ2_XS"].contains(&faster), "{faster}");
    assert!(["Q4_K_M", "Q4_K_S"].contains(&smarter), "{smarter}");
    let text = reasons(&recommendation);
    assert!(text.contains("54 of 81 layers on the RTX 4090, the rest in RAM."), "{text}");
    assert!(text.contains("Why not more?") && text.contains("Why not all on the GPU? IQ2_S fits whole"), "{text}");
    let fast = recommendation.faster.unwrap();
    assert_eq!(fast.candidate.plan.memory.verdict, Verdict::FitsOnGpu);
    assert!(fast.candidate.tok_s() > 25.0);
}

#[test]
fn a_card_of_32_gib_gets_what_fits_whole() {
    let recommendation = for_hardware(&computers::with_gpu("RTX 5090", 64.0));
    let pick = recommendation.recommended.as_ref().unwrap();
    assert_eq!(pick.candidate.plan.memory.verdict, Verdict::FitsOnGpu);
    assert_eq!(pick.candidate.quant.name, "Q3_K_S");
}

#[test]
fn a_mac_is_never_split_when_a_smaller_quantization_fits_whole() {
    for (chip, ram) in
        [("Apple M4 Pro", 48.0), ("Apple M3 Max (16-core CPU)", 36.0), ("Apple M2 Ultra", 64.0), ("Apple M1 Max", 32.0)]
    {
        let recommendation = mac(chip, ram);
        for pick in [&recommendation.recommended, &recommendation.faster, &recommendation.smarter] {
            let memory = &pick.as_ref().unwrap().candidate.plan.memory;
            assert_eq!(memory.n_gpu_layers, 81, "{chip} {ram}: {memory:?}");
            assert_eq!(memory.verdict, Verdict::FitsOnGpu);
        }
    }
}

#[test]
fn a_mac_with_48_gib_gets_a_k_quant_of_three_bits_and_hears_why() {
    let recommendation = mac("Apple M4 Pro", 48.0);
    assert_eq!(names(&recommendation)[0], "Q3_K_M");
    let text = reasons(&recommendation);
    assert!(text.contains("Metal computes I-quants more slowly"), "{text}");
    assert!(text.contains("on Apple Silicon a split is slower than either"), "{text}");
    let remarks = in_words(&recommendation.remarks);
    assert!(remarks.contains("macOS lets the GPU use 36 GiB"), "{remarks}");
    assert!(remarks.contains("sudo sysctl iogpu.wired_limit_mb=40960"), "{remarks}");
    // Q4_K_M takes 39.6 GiB, and Metal recommends 36.
    let q4 = recommendation.candidates.iter().find(|candidate| candidate.quant.name == "Q4_K_M").unwrap();
    assert!(q4.plan.memory.n_gpu_layers < 81);
}

#[test]
fn where_the_70b_would_crawl_a_smaller_model_that_does_not_is_named() {
    let recommendation = for_hardware(&computers::desktop(64.0));
    let best = recommendation.recommended.as_ref().unwrap();
    assert!(best.candidate.tok_s() < 2.0);
    let instead = recommendation.instead.as_ref().unwrap();
    assert!(instead.candidate.plan.speed.generation.low >= 5.0);
    assert!(reasons(&recommendation).contains(&format!("{} ", instead.model.name)), "{}", reasons(&recommendation));
    // A fast card needs no such advice.
    assert_eq!(for_hardware(&computers::with_gpu("RTX 5090", 64.0)).instead, None);
}

#[test]
fn what_must_be_read_from_disk_is_recommended_only_where_nothing_else_runs_and_says_its_price() {
    let recommendation = for_hardware(&computers::desktop(16.0));
    let best = recommendation.recommended.as_ref().unwrap();
    assert_eq!(best.candidate.plan.memory.verdict, Verdict::ReadsFromDisk);
    assert!(reasons(&recommendation).contains("from disk"), "{}", reasons(&recommendation));
    let enough = for_hardware(&computers::desktop(64.0));
    assert!(enough.recommended.unwrap().candidate.plan.memory.verdict == Verdict::FitsWithRam);
}

#[test]
fn who_wants_speed_gets_it_and_who_wants_quality_too() {
    let machine = Machine::of(&computers::with_gpu("RTX 4090", 64.0));
    let model = catalogue::model("llama-3.3-70b").unwrap();
    let pick = |preference| {
        recommend(&machine, model, &Settings::default(), preference).unwrap().recommended.unwrap().candidate
    };
    let [faster, balanced, smarter] = [Preference::Faster, Preference::Balanced, Preference::Smarter].map(pick);
    assert!(faster.tok_s() > balanced.tok_s() && balanced.tok_s() >= smarter.tok_s());
    assert!(faster.quant.ppl_increase() > balanced.quant.ppl_increase());
    assert!(balanced.quant.ppl_increase() >= smarter.quant.ppl_increase());
}

#[test]
fn on_every_card_of_the_guide_the_picks_are_loadable_and_have_reasons() {
    for row in paddock_planner::guide::rows() {
        for gib in &row.vram_gib {
            let computer = Computer {
                gpu: Some(row.gpu.clone()),
                vram_gib: Some(f64::from(*gib)),
                ram_gib: Some(32.0),
                ..Computer::default()
            };
            let recommendation = for_hardware(&computer.hardware(&computers::desktop(32.0)).unwrap());
            let guide = recommendation.guide.as_ref().unwrap_or_else(|| panic!("{} is in the guide", row.gpu));
            assert_eq!((guide.layers_min, guide.layers_max), (row.layers_min, row.layers_max));
            for pick in [&recommendation.recommended, &recommendation.faster, &recommendation.smarter] {
                let pick = pick.as_ref().unwrap();
                assert!(pick.candidate.quant.loadable() && !pick.reasons.is_empty());
                assert!(
                    pick.reasons.iter().all(|reason| reason.to_string().ends_with(['.', '?'])),
                    "{:?}",
                    pick.reasons
                );
            }
        }
    }
}

#[test]
fn the_guide_is_called_impossible_where_it_is() {
    let check = |gpu: &str, vram, ram| {
        let computer =
            Computer { gpu: Some(gpu.into()), vram_gib: Some(vram), ram_gib: Some(ram), ..Computer::default() };
        for_hardware(&computer.hardware(&computers::desktop(ram)).unwrap()).guide.unwrap()
    };
    // Q2_K with 25 layers takes 9.1 of 8 GiB.
    let small = check("RTX 4060 Ti", 8.0, 64.0);
    assert!(
        !small.possible && small.remarks.iter().any(|remark| remark.to_string().contains("does not fit")),
        "{small:?}"
    );
    // The same row on the card with 16 GiB leaves most of it idle.
    let large = check("RTX 4060 Ti", 16.0, 64.0);
    assert!(
        large.remarks.iter().any(|remark| remark.to_string().contains("the guide stops at 25 layers")),
        "{large:?}"
    );
    // 40 to 50 layers of Q3_K_M fit on a 4090; 16 GB of memory beside it are the problem.
    let rtx_4090 = check("RTX 4090", 24.0, 64.0);
    assert!(!rtx_4090.remarks.iter().any(|remark| remark.to_string().contains("does not fit")), "{rtx_4090:?}");
    assert!(
        rtx_4090.remarks.iter().any(|remark| remark.to_string().contains("16 GB of memory is too little")),
        "{rtx_4090:?}"
    );
    assert_eq!(for_hardware(&computers::with_gpu("RTX 3090 Ti", 64.0)).guide, None);
}
