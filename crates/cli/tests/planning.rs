//! `paddock hardware`, `quants`, `plan` and `recommend` as a person or a script would use them.

#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

use std::{
    path::Path,
    process::{Command, Output},
};

use serde_json::Value;
use tempfile::TempDir;

fn run(arguments: &[&str]) -> Output {
    let data = TempDir::new().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_paddock"));
    // A server that does not answer: nothing here may need the network, and what asks for it is told so.
    command.env("PADDOCK_DATA_DIR", data.path()).env("HF_ENDPOINT", "http://127.0.0.1:9").env_remove("HF_TOKEN");
    command.args(arguments).output().unwrap()
}

fn json(arguments: &[&str]) -> Value {
    let output = run(&[arguments, &["--json"]].concat());
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn refusal(arguments: &[&str]) -> String {
    let output = run(arguments);
    assert!(!output.status.success(), "{arguments:?}");
    assert!(output.stdout.is_empty(), "{arguments:?}");
    String::from_utf8(output.stderr).unwrap()
}

const RTX_4090: [&str; 4] = ["--gpu", "RTX 4090", "--ram", "64"];

#[test]
fn hardware_says_what_computer_this_is() {
    let hardware = json(&["hardware"]);
    assert!(hardware["memory"]["total_bytes"].as_u64().unwrap() > 1 << 30);
    assert!(hardware["cpu"]["logical_cores"].as_u64().unwrap() >= 1);
    assert!(hardware["gpus"].is_array() && hardware["disks"].is_array() && hardware["unknowns"].is_array());
    let text = String::from_utf8(run(&["hardware"]).stdout).unwrap();
    assert!(text.contains("Processor") && text.contains("GiB free"), "{text}");
}

#[test]
fn quants_lists_thirty_rows_and_says_what_replaces_the_dead_ones() {
    let quants = json(&["quants"]);
    let rows = quants.as_array().unwrap();
    assert_eq!(rows.len(), 30);
    for row in rows {
        let loadable = row["loadable"].as_bool().unwrap();
        assert_eq!(row["file_bytes"].is_u64(), loadable, "{row}");
        assert_eq!(row.get("replaced_by").is_some(), !loadable, "{row}");
        assert!(row["bits"].is_u64() && row["quality"].is_string(), "{row}");
    }
    let q4 = rows.iter().find(|row| row["quant"] == "Q4_K_M").unwrap();
    assert_eq!(q4["file_bytes"].as_u64().unwrap() / 100_000_000, 425);
    let dead = rows.iter().find(|row| row["quant"] == "Q4_0_4_4").unwrap();
    assert_eq!(dead["replaced_by"], "Q4_0");
    assert!(dead["note"].as_str().unwrap().contains("dropped"));
}

#[test]
fn a_plan_has_every_figure_and_they_add_up() {
    let plan = json(&[&["plan", "llama-3.3-70b:Q3_K_M"], RTX_4090.as_slice()].concat());
    assert_eq!(plan["verdict"], "Fits with RAM");
    assert_eq!((plan["n_gpu_layers"].as_u64(), plan["n_gpu_layers_max"].as_u64()), (Some(54), Some(57)));
    let device = &plan["devices"][0];
    let number = |key: &str| device[key].as_u64().unwrap();
    let parts = ["weights_bytes", "kv_bytes", "compute_bytes", "overhead_bytes"].map(number);
    assert_eq!(parts.iter().sum::<u64>(), number("total_bytes"));
    assert!(number("total_bytes") <= number("free_bytes"));
    assert!(plan["ram_bytes"].as_u64().unwrap() > 10_000_000_000);
    assert_eq!(plan["disk_bytes_per_token"], 0);
    assert!(plan["tok_s"]["low"].as_f64().unwrap() < plan["tok_s"]["high"].as_f64().unwrap());
    assert_eq!(plan["tok_s"]["basis"], "estimated");
    let small_kv = [&["plan", "llama-3.3-70b:Q3_K_M", "--ctx", "32768", "--cache-type", "q8_0"], RTX_4090.as_slice()];
    assert!(json(&small_kv.concat())["n_gpu_layers"].as_u64().unwrap() < 54);
}

#[test]
fn a_file_is_planned_from_its_header_on_this_computer() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/self-test/paddock-self-test-q8_0.gguf");
    let plan = json(&["plan", file.to_str().unwrap()]);
    // 2,048 tokens were trained, so 4,096 cannot be the default: 4 layers, 4 heads of 32 values, 2 bytes, K and V.
    assert_eq!(plan["ram"]["kv_bytes"].as_u64().unwrap(), 4 * 2048 * 4 * 32 * 2 * 2);
}

#[test]
fn a_recommendation_has_three_picks_with_reasons_and_the_guides_word() {
    let found = json(&[&["recommend"], RTX_4090.as_slice()].concat());
    for pick in ["recommended", "faster", "smarter"] {
        let pick = &found[pick];
        assert!(pick["quant"].is_string() && pick["n_gpu_layers"].as_u64().unwrap() <= 81, "{pick}");
        assert_eq!(pick["n_ctx"], 4096);
        assert!(!pick["reasons"].as_array().unwrap().is_empty(), "{pick}");
        assert!(pick["tok_s"]["basis"] == "estimated" && pick["verdict"].is_string(), "{pick}");
    }
    let guide = &found["guide"];
    assert_eq!(guide["quants"], serde_json::json!(["Q3_K_M", "IQ3_M"]));
    assert_eq!((guide["layers_min"].as_u64(), guide["layers_max"].as_u64()), (Some(40), Some(50)));
    assert!(guide["possible"].is_boolean());
    let mac = json(&["recommend", "--gpu", "Apple M4 Pro", "--ram", "48"]);
    assert_eq!(mac["recommended"]["verdict"], "Fits on the GPU");
    assert_eq!(mac["guide"], Value::Null);
}

#[test]
fn a_wish_for_speed_or_quality_is_heard() {
    let tok_s = |wish: &str| {
        let found = json(&[&["recommend", "--prefer", wish], RTX_4090.as_slice()].concat());
        found["recommended"]["tok_s"]["low"].as_f64().unwrap()
    };
    assert!(tok_s("faster") > tok_s("smarter"));
}

#[test]
fn every_bad_input_gets_a_sentence_of_its_own() {
    let with = |arguments: &[&str], says: &str| {
        let text = refusal(arguments);
        assert!(text.contains(says), "{arguments:?}: {text}");
    };
    with(&["recommend", "--gpu", "RTX 4091", "--ram", "64"], "Did you mean RTX 4090");
    with(&["recommend", "--gpu", "RTX 4060 Ti", "--ram", "64"], "8 GiB, 16 GiB");
    with(&["recommend", "--gpu", "Apple M4 Pro", "--vram", "36"], "--ram");
    with(&["recommend", "--gpu", "none", "--ram", "0"], "Memory of 0 GiB cannot be right");
    with(&["recommend", "--gpu", "none", "--ram", "64", "--ctx", "999999999"], "131072");
    with(&["recommend", "llama-9", "--gpu", "none", "--ram", "64"], "llama-3.3-70b");
    with(&["plan", "llama-3.3-70b:Q4_0_4_4", "--gpu", "none", "--ram", "64"], "Use Q4_0 instead");
    with(&["plan", "llama-3.3-70b:Q4_K_N", "--gpu", "none", "--ram", "64"], "Did you mean Q4_K_");
    with(&["plan", "no-such-file.gguf"], "There is no file");
    with(&["plan", env!("CARGO_MANIFEST_DIR")], "folder");
    with(&["plan", "owner/name:Q4_K_M"], "could not be reached");
    with(&["plan", "../name:Q4_K_M"], "is not the name of a repository");
}

#[test]
fn a_card_without_room_is_no_reason_to_refuse() {
    let plan = json(&["plan", "llama-3.1-8b:Q4_K_M", "--gpu", "RTX 4090", "--vram", "0", "--ram", "32"]);
    assert_eq!(plan["n_gpu_layers"], 0);
    assert_eq!(plan["verdict"], "Fits with RAM");
}
