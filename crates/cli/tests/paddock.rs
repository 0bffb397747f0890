//! The `paddock` command as a person or a script would use it.

#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

use std::{
    ffi::OsStr,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use serde_json::Value;
use tempfile::TempDir;

fn self_test_model() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/self-test/paddock-self-test-q8_0.gguf")
}

struct Paddock {
    data: TempDir,
    environment: Vec<(&'static str, String)>,
}

impl Paddock {
    fn new() -> Self {
        Self { data: TempDir::new().unwrap(), environment: Vec::new() }
    }

    fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.environment.push((name, value.into()));
        self
    }

    fn run(&self, arguments: &[&str], input: &str) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_paddock"));
        for name in ["MODEL_PATH", "QUANT", "CTX", "GPU_LAYERS"] {
            command.env_remove(name);
        }
        let mut child = command
            .args(arguments)
            .env("PADDOCK_DATA_DIR", self.data.path())
            .envs(self.environment.iter().map(|(name, value)| (name, OsStr::new(value))))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        child.wait_with_output().unwrap()
    }

    fn json(&self, arguments: &[&str]) -> Value {
        let output = self.run(arguments, "");
        assert!(output.status.success(), "{}", text(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn one_answer_goes_to_standard_output_and_its_metrics_elsewhere() {
    let output = Paddock::new().run(&["chat", "-p", "Count to 5"], "");
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert_eq!(text(&output.stdout), "1, 2, 3, 4, 5\n");
    let metrics = text(&output.stderr);
    assert!(metrics.starts_with("⚡ ") && metrics.contains(" tok/s | 📝 ") && metrics.contains("s total"), "{metrics}");
}

#[test]
fn json_has_text_reason_timings_and_model() {
    let model = self_test_model();
    let answer =
        Paddock::new().json(&["chat", "-m", model.to_str().unwrap(), "-c", "512", "-p", "Count to 5", "--json"]);
    assert_eq!(answer["text"], "1, 2, 3, 4, 5");
    assert_eq!(answer["finish_reason"], "stop");
    let timings = answer["timings"].as_object().unwrap();
    let names = ["cache_n", "prompt_n", "prompt_ms", "predicted_n", "predicted_ms", "draft_n", "draft_accepted_n"];
    assert_eq!(timings.keys().collect::<Vec<_>>(), names);
    assert_eq!(timings["cache_n"], 0);
    assert!(timings["prompt_n"].as_u64().unwrap() > 20 && timings["predicted_ms"].as_f64().unwrap() > 0.0);
    assert!(answer["model"]["path"].as_str().unwrap().ends_with("paddock-self-test-q8_0.gguf"));
    assert_eq!(answer["model"]["n_ctx"], 512);
    assert!(answer["model"]["n_params"].as_u64().unwrap() > 2_000_000);
    assert!(answer["model"]["n_gpu_layers"].is_u64());
}

#[test]
fn sampling_options_reach_the_engine() {
    let answer = Paddock::new().json(&["chat", "-p", "Count to 50", "--max-tokens", "3", "--json"]);
    assert_eq!((&answer["finish_reason"], &answer["timings"]["predicted_n"]), (&"length".into(), &3.into()));
    let answer = Paddock::new().json(&["chat", "-p", "Count to 50", "--stop", ", 4", "--json"]);
    assert_eq!((&answer["text"], &answer["finish_reason"]), (&"1, 2, 3".into(), &"stop_string".into()));
    let wild = [
        "chat",
        "-p",
        "Count to 50",
        "--temp",
        "5",
        "--top-k",
        "0",
        "--top-p",
        "1",
        "--min-p",
        "0",
        "-n",
        "30",
        "--json",
        "--seed",
    ];
    let seeded = |seed| Paddock::new().json(&[&wild[..], &[seed]].concat())["text"].clone();
    assert_eq!(seeded("7"), seeded("7"));
    assert_ne!(seeded("7"), seeded("8"));
}

#[test]
fn a_system_prompt_changes_the_voice() {
    let answer =
        Paddock::new().json(&["chat", "-s", "You are a pirate.", "-p", "What is the capital of France?", "--json"]);
    assert!(answer["text"].as_str().unwrap().starts_with("Arr!"), "{answer}");
}

#[test]
fn the_environment_names_of_the_guide_are_defaults() {
    let folder = TempDir::new().unwrap();
    std::fs::copy(self_test_model(), folder.path().join("tiny-Q8_0.gguf")).unwrap();
    std::fs::write(folder.path().join("other-Q4_K_M.gguf"), "not a model").unwrap();
    let paddock = Paddock::new()
        .with("MODEL_PATH", folder.path().to_str().unwrap())
        .with("QUANT", "Q8_0")
        .with("CTX", "768")
        .with("GPU_LAYERS", "1");
    let answer = paddock.json(&["chat", "-p", "Count to 5", "--json"]);
    assert!(answer["model"]["path"].as_str().unwrap().ends_with("tiny-Q8_0.gguf"));
    assert_eq!(answer["model"]["n_ctx"], 768);
    let answer = paddock.json(&["chat", "-c", "512", "-p", "Count to 5", "--json"]);
    assert_eq!(answer["model"]["n_ctx"], 512, "an option goes before the environment");
}

#[test]
fn without_a_prompt_it_keeps_the_conversation_and_the_history() {
    let paddock = Paddock::new();
    let output = paddock.run(&["chat"], "My name is Ada.\nWhat is my name?\n/new\nWhat is my name?\n");
    assert!(output.status.success(), "{}", text(&output.stderr));
    let answers = text(&output.stdout);
    assert!(answers.contains("Your name is Ada."), "{answers}");
    assert!(answers.trim_end().ends_with("You have not told me your name."), "{answers}");
    let history = std::fs::read_to_string(paddock.data.path().join("chat-history.txt")).unwrap();
    assert!(history.contains("My name is Ada."), "{history}");
}

#[test]
fn devices_are_listed_for_people_and_programs() {
    let devices = Paddock::new().json(&["devices", "--json"]);
    let devices = devices.as_array().unwrap();
    let cpu = devices.iter().find(|device| device["kind"] == "cpu").expect("there is always a CPU");
    assert!(cpu["memory_total_bytes"].as_u64().unwrap() > 1 << 28);
    let listed = text(&Paddock::new().run(&["devices"], "").stdout);
    assert_eq!(listed.lines().count(), devices.len());
}

#[test]
fn what_cannot_be_done_is_said_and_ends_with_a_code() {
    let folder = TempDir::new().unwrap();
    let broken = folder.path().join("broken.gguf");
    std::fs::write(&broken, &std::fs::read(self_test_model()).unwrap()[..100_000]).unwrap();
    let missing = folder.path().join("missing.gguf");
    let cases = [
        (vec!["chat", "-m", broken.to_str().unwrap(), "-p", "hi"], "not complete"),
        (vec!["chat", "-m", missing.to_str().unwrap(), "-p", "hi"], "no file"),
        (vec!["chat", "-m", folder.path().to_str().unwrap(), "--quant", "Q2_K", "-p", "hi"], "Q2_K"),
        (vec!["chat", "-p", "  "], "empty"),
        (vec!["chat", "-p", "hi", "--temp", "99"], "temperature must be from 0 to 5"),
        (vec!["chat", "-c", "3", "-p", "hi"], "16 tokens"),
        (vec!["chat", "--json"], "--prompt"),
    ];
    for (arguments, words) in cases {
        let output = Paddock::new().run(&arguments, "");
        let said = text(&output.stderr);
        assert!(!output.status.success(), "{arguments:?}");
        assert!(said.contains(words), "{arguments:?}: {said}");
        assert!(output.stdout.is_empty() && !said.contains("panicked"), "{arguments:?}: {said}");
    }
}
