//! The plan in the app: this computer, what was measured on it, plan and truth side by side.

use paddock_core::{
    EngineCommand, ErrorCode,
    hardware::Thing,
    view::{
        ComputerView, EngineState, GpuNameView, LoadSettings, OtherComputer, PreferenceView, RecommendRequest,
        VerdictView,
    },
};
use paddock_store::Store;
use tempfile::TempDir;

use crate::{
    harness::{TestApp, done, patiently, real_engine, scripted_engine, self_test_model},
    inspect::random_model,
};

fn request(computer: OtherComputer) -> RecommendRequest {
    RecommendRequest {
        model_id: "llama-3.3-70b".into(),
        n_ctx: 4096,
        small_kv: false,
        preference: PreferenceView::Balanced,
        computer,
    }
}

#[tokio::test]
async fn the_app_knows_this_computer_and_recommends_for_it() {
    let app = TestApp::new(real_engine()).app;
    let hardware = patiently(app.hardware()).await.unwrap();
    assert!(hardware.ram_bytes.is_some() && hardware.cpu_name.is_some(), "{hardware:?}");
    assert!(!hardware.measured);
    let view = patiently(app.recommend(request(OtherComputer::default()))).await.unwrap();
    assert_eq!(view.rows.len(), 30);
    assert!(view.computer.here && view.computer.ram_bytes.is_some(), "{:?}", view.computer);
    let picked = view.recommended.unwrap();
    let row = view.rows.iter().find(|row| row.quant == picked.quant).unwrap();
    let plan = row.plan.as_ref().unwrap();
    // The last bar is main memory: its parts fill it exactly, unless more is needed than there is.
    let bar = plan.bars.last().unwrap();
    let parts: u64 = bar.parts.iter().map(|part| part.bytes).sum();
    assert!(parts >= bar.memory_bytes.unwrap(), "{bar:?}");
    assert_eq!(view.rows.iter().filter(|row| row.replaced_by.is_some()).count(), 3);
}

#[tokio::test]
async fn another_computer_can_be_planned_for_and_nonsense_is_refused() {
    let app = TestApp::new(real_engine()).app;
    let other =
        |gpu: &str, ram_gib| OtherComputer { gpu: Some(gpu.into()), ram_gib: Some(ram_gib), ..Default::default() };
    let view = patiently(app.recommend(request(other("RTX 4090", 64.0)))).await.unwrap();
    let gpus = vec![GpuNameView { name: "RTX 4090".into(), total_bytes: Some(24 << 30) }];
    assert_eq!(view.computer, ComputerView { here: false, gpus, ram_bytes: Some(64 << 30) });
    let iq2_s = view.rows.iter().find(|row| row.quant == "IQ2_S").unwrap();
    assert_eq!(iq2_s.plan.as_ref().unwrap().verdict, VerdictView::FitsOnGpu);
    assert!(view.guide.is_some());
    for (computer, says) in
        [(other("RTX 4091", 64.0), "Did you mean RTX 4090"), (other("none", -1.0), "cannot be right")]
    {
        let error = patiently(app.recommend(request(computer))).await.unwrap_err();
        assert_eq!(error.code, ErrorCode::BadInput);
        assert!(error.message.contains(says), "{}", error.message);
    }
    let long = RecommendRequest { n_ctx: u32::MAX, ..request(OtherComputer::default()) };
    assert!(patiently(app.recommend(long)).await.unwrap_err().message.contains("131072"));
}

#[tokio::test]
async fn what_an_answer_measured_is_what_the_next_plan_says() {
    let this = TestApp::ready(LoadSettings::default()).await;
    let path = self_test_model().display().to_string();
    let before = patiently(this.app.plan_file(path.clone(), 2048)).await.unwrap();
    assert!(!before.tok_s.measured);
    let timings = done(&this.send(None, "Count to 50.").await).timings.unwrap();
    let after = patiently(this.app.plan_file(path, 2048)).await.unwrap();
    assert!(after.tok_s.measured);
    let tok_s = f64::from(timings.predicted_n) * 1000.0 / timings.predicted_ms;
    assert!((after.tok_s.low..=after.tok_s.high).contains(&tok_s), "{tok_s} {:?}", after.tok_s);
}

#[tokio::test]
async fn after_a_load_plan_and_truth_stand_side_by_side() {
    let this = TestApp::ready(LoadSettings::default()).await;
    this.app.shut_down().await;
    let store = Store::open(paddock_core::DataDir::at(this.folder()).database()).unwrap();
    let loads = store.loads(&self_test_model().display().to_string()).unwrap();
    let [load] = loads.as_slice() else { panic!("one load: {loads:?}") };
    let planned: serde_json::Value = serde_json::from_str(&load.planned_json).unwrap();
    let actual: serde_json::Value = serde_json::from_str(&load.actual_json).unwrap();
    let kv: u64 = actual.as_array().unwrap().iter().map(|buffer| buffer["kv_bytes"].as_u64().unwrap()).sum();
    assert_eq!(planned["ram"]["kv_bytes"].as_u64().unwrap(), kv);
    assert_eq!(planned["n_ctx"].as_u64().unwrap(), u64::from(load.n_ctx));
}

#[tokio::test]
async fn measuring_the_computer_frees_the_model_and_stays_known_after_a_restart() {
    let this = TestApp::ready(LoadSettings::default()).await;
    let hardware = patiently(this.app.measure_hardware()).await.unwrap();
    let speed = hardware.ram_speed.unwrap();
    assert!(hardware.measured && speed.measured && speed.gb_s > 0.1, "{speed:?}");
    let this = this.restart().await;
    let again = patiently(this.app.hardware()).await.unwrap();
    assert!(again.measured);
    // The model that was freed comes back by itself when it is needed.
    assert_eq!(done(&this.send(None, "What is 2+2?").await).content, "2 + 2 is 4.");
}

#[tokio::test]
async fn an_engine_that_dies_while_looking_costs_the_graphics_cards_and_nothing_else() {
    // Any program that ends at once.
    let engine = EngineCommand { program: env!("CARGO_BIN_EXE_requantize").into(), args: Vec::new() };
    let app = TestApp::new(engine).app;
    let hardware = patiently(app.hardware()).await.unwrap();
    assert!(hardware.ram_bytes.is_some());
    assert!(hardware.unknowns.iter().any(|unknown| unknown.thing == Thing::GraphicsCards), "{:?}", hardware.unknowns);
    assert!(patiently(app.recommend(request(OtherComputer::default()))).await.unwrap().recommended.is_some());
}

#[tokio::test]
async fn before_a_load_the_engine_has_the_last_word_about_the_layers() {
    let folder = TempDir::new().unwrap();
    let path = random_model(&folder, &["--shape", "70b", "--type", "q3_k_m", "--sparse"]).display().to_string();
    let mut engine = scripted_engine();
    engine.args.push("card".into());
    let this = TestApp::new(engine);
    let planned = patiently(this.app.plan_file(path.clone(), 4096)).await.unwrap();
    assert_eq!(planned.n_gpu_layers, 54, "the plan for 24 GiB");
    patiently(this.app.load_model(path.clone(), LoadSettings::default())).await.unwrap();
    // This engine says that each layer takes 600 MB: 42 of them fit into 24 GiB.
    let state = this.app.engine_state().borrow().clone();
    let EngineState::Ready { model } = state else { panic!("{state:?}") };
    assert_eq!(model.n_gpu_layers, 42);
    // Who says a number gets it.
    let settings = LoadSettings { n_gpu_layers: Some(50), ..LoadSettings::default() };
    patiently(this.app.load_model(path, settings)).await.unwrap();
    let state = this.app.engine_state().borrow().clone();
    let EngineState::Ready { model } = state else { panic!("{state:?}") };
    assert_eq!(model.n_gpu_layers, 50);
}

#[tokio::test]
async fn the_first_run_is_pending_until_it_is_done_or_skipped() {
    let this = TestApp::new(real_engine());
    assert!(this.app.first_run_pending().await.unwrap());
    this.app.set_first_run_done(true).await.unwrap();
    let this = this.restart().await;
    assert!(!this.app.first_run_pending().await.unwrap());
    this.app.set_first_run_done(false).await.unwrap();
    assert!(this.app.first_run_pending().await.unwrap());
}
