//! Models and settings.

use paddock_store::{BenchmarkRecord, Error, LoadRecord, ModelRecord, Store};
use serde::{Deserialize, Serialize};

use crate::Place;

fn model(path: &str, last_used_ms: i64) -> ModelRecord {
    ModelRecord {
        path: path.to_owned(),
        name: "Llama 3.3 70B".to_owned(),
        quant: Some("Q4_K_M".to_owned()),
        size_bytes: 42_520_395_584,
        last_used_ms,
        settings_json: Some(r#"{"nCtx":8192}"#.to_owned()),
    }
}

#[test]
fn models_are_listed_by_their_last_use() {
    let mut store = Store::open_in_memory().unwrap();
    for (path, at) in [("/a.gguf", 1), ("/b.gguf", 2), ("/c.gguf", 3), ("/a.gguf", 4)] {
        store.record_model_use(&model(path, at)).unwrap();
    }
    let models = store.recent_models(2).unwrap();
    assert_eq!(models, [model("/a.gguf", 4), model("/c.gguf", 3)]);
    store.forget_model("/a.gguf").unwrap();
    store.forget_model("/never.gguf").unwrap();
    assert_eq!(store.recent_models(usize::MAX).unwrap().len(), 2);
}

#[test]
fn using_a_model_without_settings_keeps_the_ones_it_had() {
    let mut store = Store::open_in_memory().unwrap();
    store.record_model_use(&model("/a.gguf", 1)).unwrap();
    let bare = ModelRecord { settings_json: None, quant: None, ..model("/a.gguf", 2) };
    store.record_model_use(&bare).unwrap();
    let stored = &store.recent_models(1).unwrap()[0];
    assert_eq!(stored.settings_json.as_deref(), Some(r#"{"nCtx":8192}"#));
    assert_eq!(stored.quant, None);
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Sampling {
    temperature: f64,
    stop: Vec<String>,
}

#[test]
fn settings_keep_their_form_over_a_restart() {
    let place = Place::new();
    let sampling = Sampling { temperature: 0.7, stop: vec!["\n".into(), "🐎".into()] };
    let mut store = place.open();
    assert_eq!(store.setting::<Sampling>("sampling").unwrap(), None);
    store.set_setting("sampling", &sampling).unwrap();
    store.set_setting("theme", "dark").unwrap();
    store.set_setting("theme", "light").unwrap();
    drop(store);
    let mut store = place.open();
    assert_eq!(store.setting("sampling").unwrap(), Some(sampling));
    assert_eq!(store.setting("theme").unwrap(), Some("light".to_owned()));
    store.remove_setting("theme").unwrap();
    assert_eq!(store.setting::<String>("theme").unwrap(), None);
}

#[test]
fn a_setting_of_another_form_is_an_error_and_stays() {
    let mut store = Store::open_in_memory().unwrap();
    store.set_setting("n", "text").unwrap();
    let error = store.setting::<u32>("n").expect_err("text is no number");
    assert!(matches!(&error, Error::SettingUnreadable { key, .. } if key == "n"));
    assert!(error.to_string().contains("“n”"), "{error}");
    assert_eq!(store.setting("n").unwrap(), Some("text".to_owned()));
}

#[test]
fn a_store_can_move_to_another_thread() {
    fn is_send<T: Send>(_: &T) {}
    is_send(&Store::open_in_memory().unwrap());
}

#[test]
fn plan_and_truth_of_the_last_loads_are_kept_side_by_side() {
    let mut store = Store::open_in_memory().unwrap();
    let load = |path: &str, at_ms| LoadRecord {
        at_ms,
        path: path.to_owned(),
        n_ctx: 4096,
        n_gpu_layers: 54,
        planned_json: format!(r#"{{"at":{at_ms}}}"#),
        actual_json: "[]".to_owned(),
    };
    for at_ms in 0..30 {
        store.record_load(&load("/a.gguf", at_ms)).unwrap();
    }
    store.record_load(&load("/b.gguf", 7)).unwrap();
    let kept: Vec<LoadRecord> = (10..30).rev().map(|at_ms| load("/a.gguf", at_ms)).collect();
    assert_eq!(store.loads("/a.gguf").unwrap(), kept);
    assert_eq!(store.loads("/b.gguf").unwrap(), [load("/b.gguf", 7)]);
    assert_eq!(store.loads("/c.gguf").unwrap(), []);
}

#[test]
fn a_models_speed_is_that_of_its_last_five_answers() {
    let mut store = Store::open_in_memory().unwrap();
    assert_eq!(store.measured_speed("/a.gguf", 54).unwrap(), None);
    // A slow first one, then five at 10 tokens per second; what is too short or took no time says nothing.
    store.record_speed(1, "/a.gguf", 54, 100, 100_000.0).unwrap();
    for (at_ms, predicted_n, predicted_ms) in [(2, 15, 1.0), (3, 100, 0.0), (4, 100, f64::NAN)] {
        store.record_speed(at_ms, "/a.gguf", 54, predicted_n, predicted_ms).unwrap();
    }
    assert_eq!(store.measured_speed("/a.gguf", 54).unwrap(), Some(1.0));
    for at_ms in 5..10 {
        store.record_speed(at_ms, "/a.gguf", 54, 20 * (at_ms as u32), 2000.0 * at_ms as f64).unwrap();
    }
    assert_eq!(store.measured_speed("/a.gguf", 54).unwrap(), Some(10.0));
    // Other layers, other speed.
    assert_eq!(store.measured_speed("/a.gguf", 81).unwrap(), None);
}

#[test]
fn measurements_of_models_are_only_ever_added_to() {
    let folder = tempfile::TempDir::new().unwrap();
    let path = folder.path().join("paddock.db");
    let measured = |path: &str| BenchmarkRecord { at_ms: 7, path: path.into(), record_json: "{}".into() };
    {
        let mut store = Store::open(&path).unwrap();
        assert_eq!(store.record_benchmark(&measured("/a.gguf")).unwrap(), 1);
        assert_eq!(store.record_benchmark(&measured("/b.gguf")).unwrap(), 2);
        let newest_first: Vec<String> =
            store.benchmarks(10).unwrap().into_iter().map(|(_, record)| record.path).collect();
        assert_eq!(newest_first, ["/b.gguf", "/a.gguf"]);
        assert_eq!(store.benchmarks(1).unwrap(), [(2, measured("/b.gguf"))]);
    }
    let connection = rusqlite::Connection::open(&path).unwrap();
    let refused = connection.execute("UPDATE benchmarks SET record_json = 'x'", []).unwrap_err();
    assert!(refused.to_string().contains("never changed"), "{refused}");
}
