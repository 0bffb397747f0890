//! Bad input: a clear sentence each, and nothing blocked.

use paddock_gguf::{Limits, read};
use paddock_hardware::Hardware;
use paddock_planner::{Computer, Machine, PlanError, Preference, Settings, Weights, catalogue, plan, recommend};

use crate::computers;

#[test]
fn a_computer_of_which_nothing_is_known_still_gets_a_plan_and_hears_what_is_missing() {
    let model = catalogue::model("llama-3.3-70b").unwrap();
    let machine = Machine::of(&Hardware::default());
    let recommendation = recommend(&machine, model, &Settings::default(), Preference::Balanced).unwrap();
    assert!(recommendation.recommended.is_some());
    let remarks = recommendation.remarks.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
    assert!(remarks.contains("How much memory this computer has is unknown."), "{remarks}");
    assert!(remarks.contains("has not been measured"), "{remarks}");
}

#[test]
fn a_card_without_free_memory_gets_no_layers_and_the_reason_is_said() {
    let mut hardware = computers::with_gpu("RTX 4090", 64.0);
    hardware.gpus[0].free_bytes = Some(0);
    let model = catalogue::model("llama-3.3-70b").unwrap();
    let recommendation = recommend(&Machine::of(&hardware), model, &Settings::default(), Preference::Balanced).unwrap();
    let best = recommendation.recommended.unwrap();
    assert_eq!(best.candidate.plan.memory.n_gpu_layers, 0);
    assert!(
        recommendation.remarks.iter().any(|remark| remark.to_string().contains("is full")),
        "{:?}",
        recommendation.remarks
    );
    hardware.gpus[0].free_bytes = None;
    hardware.gpus[0].total_bytes = None;
    let recommendation = recommend(&Machine::of(&hardware), model, &Settings::default(), Preference::Balanced).unwrap();
    let remarks = recommendation.remarks.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
    assert!(remarks.contains("does not say how much memory it has"), "{remarks}");
}

#[test]
fn an_unknown_card_is_answered_with_the_nearest_names() {
    let asked = |name: &str| {
        let computer = Computer { gpu: Some(name.into()), ram_gib: Some(32.0), ..Computer::default() };
        computer.hardware(&Hardware::default()).unwrap_err()
    };
    let error = asked("RTX 4091");
    let PlanError::UnknownGpu { nearest, .. } = &error else { panic!("{error:?}") };
    assert!(nearest.contains(&"RTX 4090".to_owned()), "{nearest:?}");
    assert!(error.to_string().contains("Did you mean"), "{error}");
    assert!(matches!(asked(""), PlanError::UnknownGpu { .. }));
    assert!(matches!(asked(&"x".repeat(100_000)), PlanError::UnknownGpu { .. }));
    let error = asked("RTX 4060 Ti");
    assert_eq!(
        error.to_string(),
        "RTX 4060 Ti comes with different amounts of memory (8 GiB, 16 GiB). Say how much: --vram."
    );
}

#[test]
fn amounts_that_no_computer_has_are_refused() {
    let with = |computer: Computer| computer.hardware(&Hardware::default());
    for gib in [-1.0, f64::NAN, f64::INFINITY, 1e300] {
        let ram = with(Computer { ram_gib: Some(gib), ..Computer::default() });
        assert!(matches!(ram, Err(PlanError::Absurd { what: "Memory", .. })), "{gib}");
        let vram = with(Computer { vram_gib: Some(gib), ..Computer::default() });
        assert!(matches!(vram, Err(PlanError::Absurd { what: "Video memory", .. })), "{gib}");
        let gpu = Some("RTX 4090".to_owned());
        let bandwidth = with(Computer { gpu, bandwidth_gb_s: Some(gib), ..Computer::default() });
        assert!(matches!(bandwidth, Err(PlanError::Absurd { what: "A bandwidth", .. })), "{gib}");
    }
    let mac = with(Computer { gpu: Some("Apple M4 Pro".into()), ..Computer::default() });
    assert!(mac.unwrap_err().to_string().contains("--ram"));
    let no_gpu = with(Computer { gpu: Some("none".into()), ..Computer::default() });
    assert!(no_gpu.unwrap().gpus.is_empty());
}

#[test]
fn absurd_contexts_are_refused_with_the_number_that_would_do() {
    let weights = catalogue::model("llama-3.3-70b").unwrap().weights("Q4_K_M").unwrap();
    let machine = Machine::of(&computers::with_gpu("RTX 4090", 64.0));
    let with = |n_ctx| plan(&machine, &weights, &Settings { n_ctx, ..Settings::default() }, None);
    assert!(with(0).unwrap_err().to_string().contains("at least 256"));
    let error = with(u32::MAX).unwrap_err().to_string();
    assert!(error.contains("131072"), "{error}");
    assert!(with(131_072).is_ok());
    let batch = Settings { n_ubatch: 0, ..Settings::default() };
    assert!(matches!(plan(&machine, &weights, &batch, None), Err(PlanError::Absurd { .. })));
    // More layers than there are is the same as all of them.
    let layers = Settings { n_gpu_layers: Some(u32::MAX), ..Settings::default() };
    assert_eq!(plan(&machine, &weights, &layers, None).unwrap().memory.n_gpu_layers, 81);
}

/// Metadata as an attacker would write it, with one tensor.
fn header(keys: &[(&str, u32)]) -> paddock_gguf::Header {
    let mut file = paddock_gguf::write::Builder::new()
        .metadata("general.architecture", "llama")
        .metadata("tokenizer.ggml.tokens", vec!["a", "b"]);
    for (key, value) in keys {
        file = file.metadata(*key, *value);
    }
    let bytes = file.to_bytes().unwrap();
    read(std::io::Cursor::new(&bytes), Some(bytes.len() as u64), &Limits::default()).unwrap()
}

#[test]
fn headers_with_impossible_shapes_are_refused_and_extreme_ones_do_not_overflow() {
    let shape = |n_layer, n_head, n_ctx| {
        header(&[
            ("llama.block_count", n_layer),
            ("llama.embedding_length", 1 << 20),
            ("llama.feed_forward_length", 1 << 24),
            ("llama.attention.head_count", n_head),
            ("llama.context_length", n_ctx),
        ])
    };
    for (n_layer, n_head, n_ctx) in [(0, 8, 4096), (u32::MAX, 8, 4096), (8, u32::MAX, 4096), (8, 8, 0)] {
        let refused = Weights::from_headers(&shape(n_layer, n_head, n_ctx), &[]);
        assert!(matches!(refused, Err(PlanError::Header(_))), "{n_layer} {n_head} {n_ctx}");
    }
    let weights = Weights::from_headers(&shape(512, 1 << 10, 1 << 30), &[]).unwrap();
    let machine = Machine::of(&computers::with_gpu("RTX 4090", 64.0));
    for (n_ctx, n_ubatch) in [(1 << 30, 65_536), (256, 1)] {
        let settings = Settings { n_ctx, n_ubatch, ..Settings::default() };
        let plan = plan(&machine, &weights, &settings, None).unwrap();
        assert!(plan.speed.generation.low > 0.0 && plan.speed.generation.high.is_finite());
    }
}

#[test]
fn what_was_measured_here_says_nothing_about_another_computer() {
    let mut here = computers::desktop(64.0);
    here.cpu.performance_cores = Some(2);
    let slow =
        paddock_hardware::Rates { f16_gb_s: 1.0, q8_0_gb_s: 1.0, k_quants_gb_s: 1.0, i_quants_gb_s: 1.0, n_threads: 2 };
    here.memory.rates = Some(slow);
    let weights = catalogue::model("llama-3.3-70b").unwrap().weights("Q3_K_M").unwrap();
    let tok_s = |computer: &Computer| {
        let machine = Machine::of(&computer.hardware(&here).unwrap());
        plan(&machine, &weights, &Settings::default(), None).unwrap().speed.generation.high
    };
    let more_memory = Computer { ram_gib: Some(128.0), ..Computer::default() };
    let another = Computer { gpu: Some("RTX 4090".into()), ..more_memory.clone() };
    assert!(tok_s(&more_memory) < 0.1, "the same processor with more memory is as slow as before");
    assert!(tok_s(&another) > 3.0);
}
