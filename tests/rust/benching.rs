//! Measuring a model: in the engine, and kept by the app.

use paddock_core::{
    ModelChoice,
    view::{BenchEvent, BenchRecord, BenchRequest, BenchTestKind},
};
use paddock_engine_api::{
    EngineError,
    benching::{BenchKind, BenchParams, BenchReport},
    protocol::{Failure, FailureCode, LoadParams},
};

use crate::harness::{TestApp, answer, greedy, host, loaded_host, patiently, real_engine, self_test_model, user};

fn small() -> BenchParams {
    BenchParams { prompt_n: vec![32], predicted_n: vec![8], depths: vec![0, 64], repetitions: 2 }
}

/// The same for the app; `repetitions` makes it long.
fn request(repetitions: u32) -> BenchRequest {
    BenchRequest { prompt_n: vec![32], predicted_n: vec![32], repetitions, ..BenchRequest::default() }
}

fn self_test() -> ModelChoice {
    ModelChoice::Path { path: self_test_model(), quant: None }
}

/// What must come back from the disk to the letter; of speeds, the last bit may differ.
fn shape(record: &BenchRecord) -> (i64, i64, bool, String, Vec<String>, Option<u64>) {
    let tests = record.runs.iter().flat_map(|run| &run.tests);
    let names = tests.map(|test| format!("{} {}", test.name(), test.samples_ms.len())).collect();
    let plan_bytes = record.runs.first().and_then(|run| run.plan_bytes);
    (record.id, record.at_ms, record.complete, record.model.path.clone(), names, plan_bytes)
}

#[tokio::test]
async fn every_test_has_its_runs_and_the_model_answers_as_before() {
    let (host, _) = loaded_host(LoadParams::default()).await;
    let question = || greedy(vec![user("What is the capital of France?")]);
    let before = answer(&host, question()).await.0;
    let mut told = Vec::new();
    let mut furthest = 0;
    let done = host.bench(small(), |report| match report {
        BenchReport::Test(test) => told.push(test),
        BenchReport::Progress(now) => furthest = furthest.max(now.tests_done * 10 + now.repetitions_done),
    });
    let done = patiently(done).await.unwrap();
    assert_eq!(furthest, 32, "the last of four tests, its second run");
    assert_eq!(told, done.tests);
    let named: Vec<_> = done.tests.iter().map(|test| (test.kind, test.n, test.depth)).collect();
    let (prompt, generation) = (BenchKind::Prompt, BenchKind::Generation);
    assert_eq!(named, [(prompt, 32, 0), (generation, 8, 0), (prompt, 32, 64), (generation, 8, 64)]);
    for test in &done.tests {
        assert!(test.samples_ns.len() == 2 && test.samples_ns.iter().all(|&ns| ns > 0), "{test:?}");
    }
    assert!(done.peak_rss_bytes.unwrap() > 2_700_000, "the model alone has 2.7 MB");
    let (after, _, timings) = answer(&host, question()).await;
    assert_eq!(after, before);
    assert_eq!(timings.cache_n, 0, "the measurement emptied the KV cache");
}

#[tokio::test]
async fn tests_that_do_not_fit_into_the_context_are_refused_with_both_numbers() {
    let (host, loaded) = loaded_host(LoadParams { n_ctx: Some(64), ..LoadParams::default() }).await;
    let most = loaded.n_ctx;
    let too_long = BenchParams { prompt_n: vec![most], ..small() };
    let refused = patiently(host.bench(too_long, |_| {})).await.unwrap_err();
    let EngineError::Failed(Failure { code: FailureCode::BadRequest, message, .. }) = refused else {
        panic!("{refused:?}")
    };
    assert!(message.contains(&(most + 64).to_string()) && message.contains(&most.to_string()), "{message}");
}

#[tokio::test]
async fn without_a_model_there_is_nothing_to_measure() {
    let refused = patiently(host(real_engine()).bench(small(), |_| {})).await.unwrap_err();
    assert!(matches!(refused, EngineError::Failed(Failure { code: FailureCode::NoModel, .. })), "{refused:?}");
}

#[tokio::test]
async fn a_cancelled_measurement_of_a_model_ends_at_once() {
    let (host, _) = loaded_host(LoadParams { n_ctx: Some(4096), ..LoadParams::default() }).await;
    // Days of work.
    let long = BenchParams { prompt_n: vec![2000], predicted_n: vec![2000], depths: vec![0, 2000], repetitions: 1000 };
    let begun = tokio::sync::Notify::new();
    tokio::select! {
        done = host.bench(long, |_| begun.notify_one()) => panic!("it cannot be done already: {done:?}"),
        () = begun.notified() => {}
    }
    assert!(patiently(host.bench(small(), |_| {})).await.is_ok(), "the engine is free for the next one");
}

#[tokio::test]
async fn a_measurement_is_kept_and_teaches_the_planner() {
    let test_app = TestApp::new(real_engine());
    let path = self_test_model().display().to_string();
    let before = test_app.app.plan_file(path.clone(), 256).await.unwrap();
    assert!(!before.tok_s.measured, "nothing was measured yet");
    let record = patiently(test_app.app.bench(self_test(), request(3), |_| {})).await.unwrap();
    assert!(record.complete && record.error.is_none());
    let run = &record.runs[0];
    assert_eq!(run.tests.len(), 2);
    let plan_bytes = run.plan_bytes.unwrap();
    assert!(plan_bytes.abs_diff(run.actual_bytes) < 64 << 20, "{plan_bytes} and {}", run.actual_bytes);

    let after = test_app.app.plan_file(path, 256).await.unwrap();
    assert!(after.tok_s.measured, "the planner knows the speed now");

    let second = patiently(test_app.app.bench(self_test(), request(1), |_| {})).await.unwrap();
    let test_app = test_app.restart().await;
    let kept = test_app.app.benches().await.unwrap();
    assert_eq!(kept.iter().map(shape).collect::<Vec<_>>(), [shape(&second), shape(&record)], "newest first");
}

#[tokio::test]
async fn a_stopped_measurement_keeps_what_it_has() {
    let test_app = TestApp::new(real_engine());
    let stop = test_app.app.clone();
    let record = test_app.app.bench(self_test(), request(20), |event| {
        // One test is whole, and the other one has begun.
        if matches!(event, BenchEvent::Measuring { tests_done: 1, repetitions_done: 1, .. }) {
            stop.stop_bench();
        }
    });
    let record = patiently(record).await.unwrap();
    assert!(!record.complete && record.error.is_none());
    let kinds: Vec<BenchTestKind> = record.runs[0].tests.iter().map(|test| test.kind).collect();
    assert_eq!(kinds, [BenchTestKind::Prompt]);
    let kept = test_app.app.benches().await.unwrap();
    assert_eq!(kept.iter().map(shape).collect::<Vec<_>>(), [shape(&record)]);
    // The engine is free again.
    test_app.app.load_model(self_test_model().display().to_string(), Default::default()).await.unwrap();
}
