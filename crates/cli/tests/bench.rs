//! `paddock bench` as a person or a script would use it, with the self-test model.

#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

fn run(data: &TempDir, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_paddock"));
    command.env("PADDOCK_DATA_DIR", data.path()).env_remove("MODEL_PATH").env_remove("QUANT");
    command.arg("bench").args(arguments).output().unwrap()
}

fn text(arguments: &[&str]) -> String {
    let output = run(&TempDir::new().unwrap(), arguments);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

const SMALL: [&str; 6] = ["-p", "32", "-n", "8", "-r", "2"];

#[test]
fn json_is_exactly_what_was_promised() {
    let json: Value = serde_json::from_str(&text(&[&SMALL[..], &["--json"]].concat())).unwrap();
    let keys: Vec<&str> = json.as_object().unwrap().keys().map(String::as_str).collect();
    let mut promised = ["pp", "tg", "load_ms", "peak_rss_bytes", "plan_bytes", "actual_bytes"];
    promised.sort_unstable();
    let mut found = keys.clone();
    found.sort_unstable();
    assert_eq!(found, promised);
    for (key, n) in [("pp", 32), ("tg", 8)] {
        assert_eq!(json[key]["n"], n);
        assert!(json[key]["tok_s"].as_f64().unwrap() > 0.0, "{json}");
        assert!(json[key]["stddev"].as_f64().unwrap() >= 0.0, "{json}");
    }
    let number = |key: &str| json[key].as_f64().unwrap();
    assert!(number("load_ms") > 0.0);
    assert!(number("peak_rss_bytes") > 2_700_000.0, "the model alone has 2.7 MB");
    // The plan is within 64 MiB of what is taken, as everywhere.
    assert!((number("plan_bytes") - number("actual_bytes")).abs() < 64.0 * 1024.0 * 1024.0, "{json}");
}

#[test]
fn a_sweep_has_every_combination() {
    let sweep = [&SMALL[..], &["--depth", "0,16", "--batch", "16,32", "--json"]].concat();
    let json: Value = serde_json::from_str(&text(&sweep)).unwrap();
    let runs = json["runs"].as_array().unwrap();
    assert_eq!(runs.iter().map(|run| run["n_ubatch"].as_u64().unwrap()).collect::<Vec<_>>(), [16, 32]);
    let names = |run: &Value| -> Vec<String> {
        run["tests"].as_array().unwrap().iter().map(|test| test["test"].as_str().unwrap().to_owned()).collect()
    };
    for run in runs {
        assert_eq!(names(run), ["pp32", "tg8", "pp32 @ d16", "tg8 @ d16"]);
    }
}

#[test]
fn the_table_csv_and_markdown_name_the_same_tests() {
    let table = text(&SMALL);
    assert!(table.contains("pp32") && table.contains("tg8") && table.contains(" ± "), "{table}");
    let csv = text(&[&SMALL[..], &["--csv"]].concat());
    assert_eq!(csv.lines().count(), 3, "{csv}");
    let markdown = text(&[&SMALL[..], &["--markdown"]].concat());
    assert!(markdown.contains("| pp32 |") && markdown.contains("| tg8 |"), "{markdown}");
}

#[test]
fn what_cannot_be_measured_is_said_in_a_sentence() {
    let data = TempDir::new().unwrap();
    let refused = |arguments: &[&str]| {
        let output = run(&data, arguments);
        assert!(!output.status.success() && output.stdout.is_empty(), "{arguments:?}");
        String::from_utf8(output.stderr).unwrap()
    };
    assert!(refused(&["-p", "0", "-n", "0"]).contains("0 tests"));
    assert!(refused(&["-m", "/nowhere/model.gguf"]).contains("model.gguf"));
    assert!(refused(&["-r", "0"]).contains("1..=1000"));
}

#[test]
fn the_question_is_answered_with_its_speed() {
    let json: Value = serde_json::from_str(&text(&[&SMALL[..], &["--question", "--json"]].concat())).unwrap();
    assert!(json["answer"]["tok_s"].as_f64().unwrap() > 0.0, "{json}");
    assert!(json["answer"]["n"].as_u64().unwrap() > 0, "{json}");
}
