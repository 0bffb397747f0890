//! Loads that find no memory come to a good end: step by step, visibly, and remembered.

use std::path::{Path, PathBuf};

use paddock_core::{
    EngineCommand, ErrorCode, What,
    planner::{Concern, Guardrail, SlowerBecause},
    view::{
        EngineNotes, EngineState, FinishReason, LoadChange, LoadSettings, LoadWish, LoadingSettings, NotOnGpu, ShortOf,
    },
};
use tempfile::TempDir;

use crate::{
    harness::{TestApp, done, patiently, scripted_engine, self_test_model},
    inspect::random_model,
};

/// A scripted engine with these arguments.
fn engine(arguments: &[&str]) -> EngineCommand {
    let mut command = scripted_engine();
    command.args.extend(arguments.iter().map(Into::into));
    command
}

fn model() -> String {
    self_test_model().display().to_string()
}

fn changes(notes: &EngineNotes) -> Vec<LoadChange> {
    notes.steps.iter().map(|step| step.change).collect()
}

/// Loads, and gives what the window would have seen of the steps and of the state on the way.
async fn load(test: &TestApp, path: &str, settings: LoadSettings, wish: LoadWish) -> Seen {
    let (mut notes, mut states) = (test.app.engine_notes(), test.app.engine_state());
    let app = test.app.clone();
    let path = path.to_owned();
    let mut load = tokio::spawn(async move { app.load_model_as(path, settings, wish).await });
    let mut seen = Seen { result: Ok(()), most_steps_while_loading: 0, failed_meanwhile: false };
    loop {
        tokio::select! {
            biased;
            _ = states.changed() => {
                seen.failed_meanwhile |= matches!(*states.borrow_and_update(), EngineState::Failed { .. });
            }
            _ = notes.changed() => {
                let n = notes.borrow_and_update().steps.len();
                if matches!(*test.app.engine_state().borrow(), EngineState::Loading { .. }) {
                    seen.most_steps_while_loading = seen.most_steps_while_loading.max(n);
                }
            }
            result = patiently(&mut load) => {
                seen.result = result.unwrap();
                return seen;
            }
        }
    }
}

struct Seen {
    result: Result<(), paddock_core::ApiError>,
    most_steps_while_loading: usize,
    failed_meanwhile: bool,
}

#[tokio::test]
async fn a_full_card_gives_up_layers_one_step_after_the_other_and_each_is_shown() {
    // Room for two layers and a little.
    let test = TestApp::new(engine(&["card", "refuses-above=3200000000"]));
    let settings = LoadSettings { n_gpu_layers: Some(4), ..LoadSettings::default() };
    let seen = load(&test, &model(), settings, LoadWish::default()).await;
    seen.result.unwrap();
    let notes = test.app.engine_notes().borrow().clone();
    let layers: Vec<_> = changes(&notes);
    assert!(matches!(layers[..], [LoadChange::FewerLayers { from: 4, to: 2 }, ..]), "{layers:?}");
    assert_eq!(seen.most_steps_while_loading, layers.len(), "shown while it happens");
    assert!(!seen.failed_meanwhile);
    let step = notes.steps[0];
    assert_eq!(
        (step.short_of, step.needed_bytes, step.free_bytes),
        (ShortOf::Gpu, Some(2_400_000_000), Some(24 << 30))
    );
    assert!(matches!(&*test.app.engine_state().borrow(), EngineState::Ready { model } if model.n_gpu_layers <= 2));
}

#[tokio::test]
async fn an_engine_that_the_system_ended_for_want_of_memory_comes_again_with_less() {
    let test = TestApp::new(engine(&["killed-above=400000000"]));
    let settings = LoadSettings { n_ctx: Some(4096), ..LoadSettings::default() };
    let seen = load(&test, &model(), settings, LoadWish::default()).await;
    seen.result.unwrap();
    let notes = test.app.engine_notes().borrow().clone();
    assert_eq!(
        changes(&notes),
        [LoadChange::NotRearranged, LoadChange::SmallerMicroBatch { from: 512, to: 128 }, LoadChange::SmallerKvCache,]
    );
    assert!(notes.steps.iter().all(|step| step.short_of == ShortOf::Ram));
    assert!(!seen.failed_meanwhile, "a death on the way is not the end");
    let answer = done(&test.send(None, "one two").await);
    assert_eq!(answer.finish_reason, Some(FinishReason::Stop));
}

#[tokio::test]
async fn what_worked_is_used_at_once_the_next_time_and_the_full_settings_can_be_tried_again() {
    let test = TestApp::new(engine(&["killed-above=400000000"]));
    let settings = LoadSettings { n_ctx: Some(4096), ..LoadSettings::default() };
    load(&test, &model(), settings, LoadWish::default()).await.result.unwrap();
    let first = test.app.engine_notes().borrow().clone();
    let test = test.restart().await;
    // A message brings it back as well.
    done(&test.send(None, "one two").await);
    let second = test.app.engine_notes().borrow().clone();
    assert_eq!((second.steps.clone(), second.remembered), (first.steps.clone(), true));
    // Other settings are another matter.
    let shorter = LoadSettings { n_ctx: Some(512), ..settings };
    load(&test, &model(), shorter, LoadWish::default()).await.result.unwrap();
    let third = test.app.engine_notes().borrow().clone();
    assert_eq!((changes(&third).len(), third.remembered), (2, false));
    // In full, it comes down the same way.
    load(&test, &model(), settings, LoadWish { in_full: true, ..LoadWish::default() }).await.result.unwrap();
    let fourth = test.app.engine_notes().borrow().clone();
    assert_eq!((changes(&fourth), fourth.remembered), (changes(&first), false));
}

#[tokio::test]
async fn where_nothing_fits_the_load_ends_and_a_smaller_file_of_the_same_model_is_offered() {
    let folder = TempDir::new().unwrap();
    let (large, small) = (folder.path().join("M-Q8_0.gguf"), folder.path().join("M-Q4_0.gguf"));
    std::fs::copy(random_model(&folder, &["--shape", "tiny", "--type", "q8_0"]), &large).unwrap();
    std::fs::copy(random_model(&folder, &["--shape", "tiny", "--type", "q4_0"]), &small).unwrap();
    let test = TestApp::new(scripted_engine());
    test.app.load_model(small.display().to_string(), LoadSettings::default()).await.unwrap();
    let test = restart_with(test, engine(&["refuses-above=1000"])).await;
    let seen = load(&test, &large.display().to_string(), LoadSettings::default(), LoadWish::default()).await;
    let error = seen.result.unwrap_err();
    assert_eq!(error.code, ErrorCode::LoadFailed);
    assert!(matches!(error.what.as_deref(), Some(What::NoMemoryForModel { .. })), "{error:?}");
    let notes = test.app.engine_notes().borrow().clone();
    let offered = notes.smaller.as_ref().map(|smaller| PathBuf::from(&smaller.path));
    assert_eq!(offered, Some(small));
    assert!(changes(&notes).len() > 3, "everything was tried: {:?}", notes.steps);
    assert!(matches!(&*test.app.engine_state().borrow(), EngineState::Failed { .. }));
}

async fn restart_with(test: TestApp, engine: EngineCommand) -> TestApp {
    let mut test = test;
    test.change_engine(engine);
    test.restart().await
}

#[tokio::test]
async fn a_load_can_be_given_up_also_between_its_steps() {
    for wait_for_steps in [0, 1] {
        // The second time, the full settings are refused, and the first step hangs.
        let arguments = if wait_for_steps == 0 {
            ["hangs-above=1"].as_slice()
        } else {
            &["refuses-above=1000000000", "hangs-below=1000000000"]
        };
        let test = TestApp::new(engine(arguments));
        let mut notes = test.app.engine_notes();
        let app = test.app.clone();
        let load = tokio::spawn(async move { app.load_model(model(), LoadSettings::default()).await });
        patiently(notes.wait_for(|notes| notes.path.is_some() && notes.steps.len() >= wait_for_steps)).await.unwrap();
        test.app.stop_load();
        assert_eq!(patiently(load).await.unwrap(), Ok(()), "who stops a load knows that it stopped");
        assert!(matches!(*test.app.engine_state().borrow(), EngineState::NoModel));
        assert_eq!(test.app.engine_pid(), None, "nothing is left behind");
    }
}

#[tokio::test]
async fn the_guardrail_holds_back_what_reads_from_the_disk_until_somebody_insists() {
    let folder = TempDir::new().unwrap();
    let path = larger_model(folder.path());
    let test = TestApp::new(scripted_engine());
    let settings = LoadingSettings { ram_limit_bytes: Some(420 << 20), ..LoadingSettings::default() };
    test.app.set_loading_settings(settings).await.unwrap();
    test.app.load_model(model(), LoadSettings::default()).await.unwrap();
    let seen = load(&test, &path, LoadSettings::default(), LoadWish::default()).await;
    let error = seen.result.unwrap_err();
    assert_eq!(error.code, ErrorCode::HeldBack, "{error:?}");
    let notes = test.app.engine_notes().borrow().clone();
    assert!(notes.held_back && matches!(notes.concerns[..], [Concern::ReadsFromDisk { .. }]), "{notes:?}");
    assert!(
        matches!(&*test.app.engine_state().borrow(), EngineState::Ready { model } if !model.path.contains("larger")),
        "the model that was there stays"
    );
    let insisting = LoadWish { anyway: true, ..LoadWish::default() };
    load(&test, &path, LoadSettings::default(), insisting).await.result.unwrap();
    let notes = test.app.engine_notes().borrow().clone();
    let from_disk = notes.from_disk.unwrap();
    assert!(from_disk.least_bytes > 0 && from_disk.most_s > 0.0, "{from_disk:?}");
    // A message after a restart is no new question.
    let test = test.restart().await;
    done(&test.send(None, "one two").await);
    assert!(test.app.engine_notes().borrow().from_disk.is_some());
    // Relaxed never asks; the mode is named all the same.
    let relaxed = LoadingSettings { guardrail: Guardrail::Relaxed, ..settings };
    test.app.set_loading_settings(relaxed).await.unwrap();
    load(&test, &path, LoadSettings { n_ctx: Some(512), ..LoadSettings::default() }, LoadWish::default())
        .await
        .result
        .unwrap();
    assert!(test.app.engine_notes().borrow().from_disk.is_some());
}

#[tokio::test]
async fn answers_much_slower_than_predicted_are_said_to_be_until_they_are_not() {
    let folder = TempDir::new().unwrap();
    let path = larger_model(folder.path());
    let test = TestApp::new(engine(&["card"]));
    let settings = LoadSettings { n_gpu_layers: Some(17), ..LoadSettings::default() };
    load(&test, &path, settings, LoadWish::default()).await.result.unwrap();
    done(&test.send(None, "stream 20 at 10").await);
    let slower = test.app.engine_notes().borrow().slower.unwrap();
    assert_eq!(slower.because, SlowerBecause::GpuNotUsed, "{slower:?}");
    assert!((5.0..11.0).contains(&slower.measured_tok_s) && slower.expected.low > 20.0, "{slower:?}");
    done(&test.send(None, "stream 2000 at 20000").await);
    assert_eq!(test.app.engine_notes().borrow().slower, None);
}

#[tokio::test]
async fn a_card_that_is_gone_is_said_to_be() {
    let folder = TempDir::new().unwrap();
    let path = larger_model(folder.path());
    let test = TestApp::new(engine(&["card"]));
    load(&test, &path, LoadSettings::default(), LoadWish::default()).await.result.unwrap();
    assert!(matches!(&*test.app.engine_state().borrow(), EngineState::Ready { model } if model.n_gpu_layers > 0));
    assert_eq!(test.app.engine_notes().borrow().not_on_gpu, None);
    let test = restart_with(test, engine(&[])).await;
    done(&test.send(None, "one two").await);
    assert_eq!(test.app.engine_notes().borrow().not_on_gpu, Some(NotOnGpu::Gone));
}

/// 1.3 GB that take no disk.
fn larger_model(folder: &Path) -> String {
    let path = folder.join("larger.gguf");
    let status = std::process::Command::new(env!("CARGO_BIN_EXE_random-model"))
        .args(["--shape", "1b", "--type", "q8_0", "--sparse", "--out"])
        .arg(&path)
        .stdout(std::process::Stdio::null())
        .status()
        .unwrap();
    assert!(status.success());
    path.display().to_string()
}

#[tokio::test]
async fn settings_that_make_no_sense_are_refused_and_the_old_ones_stay() {
    let test = TestApp::new(scripted_engine());
    for bad in [
        LoadingSettings { ram_limit_bytes: Some(1000), ..LoadingSettings::default() },
        LoadingSettings { idle_seconds: Some(u32::MAX), ..LoadingSettings::default() },
    ] {
        assert_eq!(test.app.set_loading_settings(bad).await.unwrap_err().code, ErrorCode::BadInput);
    }
    assert_eq!(test.app.loading_settings().await.unwrap(), LoadingSettings::default());
    assert_eq!(LoadingSettings::default().idle_seconds, Some(300));
}
