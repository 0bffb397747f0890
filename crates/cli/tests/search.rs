//! `paddock search` as a program, on a server on this computer.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::process::{Command, Output, Stdio};

use paddock_test_hub::{Content, Repo, TestHub};
use serde_json::Value;
use tempfile::TempDir;

fn search(server: &TestHub, arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    let home = TempDir::new().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_paddock"));
    command.arg("search").args(arguments).env_clear().env("HOME", home.path()).env("HF_ENDPOINT", server.url());
    command.envs(variables.iter().copied()).stdin(Stdio::null()).output().unwrap()
}

fn answer(server: &TestHub, arguments: &[&str]) -> String {
    let output = search(server, arguments, &[]);
    assert!(output.status.success(), "{arguments:?}: {}", text(&output.stderr));
    text(&output.stdout)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn tiny() -> Content {
    Content::model(1, 1 << 20)
}

fn repos() -> Vec<Repo> {
    let repo = |name: &str| Repo::new(name).file("M-Q4_K_M.gguf", tiny());
    vec![
        repo("one/Llama-GGUF").downloads(5).licence("llama3.3"),
        repo("two/Llama-GGUF").downloads(900).licence("apache-2.0"),
        repo("three/Llama-GGUF").downloads(7).gated("hf_right"),
        repo("four/Qwen-GGUF"),
    ]
}

#[test]
fn repositories_are_found_by_words_those_downloaded_most_first() {
    let server = TestHub::start(repos());
    let said = answer(&server, &["llama", "gguf"]);
    let names: Vec<&str> = said.lines().map(|line| line.split_whitespace().next().unwrap()).collect();
    assert_eq!(names, ["two/Llama-GGUF", "three/Llama-GGUF", "one/Llama-GGUF"], "{said}");
    assert!(said.contains("llama3.3") && said.contains("900 downloads"), "{said}");
    assert!(said.lines().nth(1).unwrap().contains("terms to be accepted on its page"), "{said}");
    let found: Value = serde_json::from_str(&answer(&server, &["llama", "--json", "--limit", "1"])).unwrap();
    assert_eq!(found.as_array().unwrap().len(), 1);
    assert_eq!((&found[0]["repo"], &found[0]["downloads"]), (&"two/Llama-GGUF".into(), &900.into()));
    assert_eq!(answer(&server, &["no such model"]), "");
    assert_eq!(answer(&server, &["no such model", "--json"]), "[]\n");
}

#[test]
fn a_repositorys_models_are_listed_with_what_is_wrong_with_them() {
    let repo = Repo::new("owner/model")
        .file("M-Q4_K_M.gguf", tiny())
        .file("M-Q4_0_4_4.gguf", tiny())
        .file("M-Q8_0-00002-of-00002.gguf", tiny())
        .file("README.md", Content::bytes("Hello."));
    let server = TestHub::start(vec![repo]);
    let said = answer(&server, &["owner/model"]);
    assert_eq!(said.lines().count(), 3, "{said}");
    let line = |quant: &str| said.lines().find(|line| line.starts_with(&format!("{quant} "))).unwrap();
    assert!(line("Q4_K_M").contains("Very good") && line("Q4_K_M").ends_with("M-Q4_K_M.gguf"), "{said}");
    assert!(line("Q4_0_4_4").contains("Take Q4_0 instead") && line("Q8_0").contains("1 of its 2 files"), "{said}");
    let models: Value = serde_json::from_str(&answer(&server, &["owner/model", "--json"])).unwrap();
    assert_eq!(models.as_array().unwrap().len(), 3);
}

#[test]
fn a_server_is_asked_as_whom_the_environment_says() {
    let closed = Repo::new("owner/model").file("M-Q4_K_M.gguf", tiny()).private().token("hf_right");
    let server = TestHub::start(vec![closed]);
    let refused = search(&server, &["owner/model"], &[]);
    let said = text(&refused.stderr);
    assert!(!refused.status.success() && said.starts_with("paddock: ") && said.contains("owner/model"), "{said}");
    let output = search(&server, &["owner/model"], &[("HF_TOKEN", "hf_right")]);
    assert!(text(&output.stdout).contains("M-Q4_K_M.gguf"), "{}", text(&output.stderr));
    let other = TestHub::start(vec![]);
    let url = server.url();
    let output = search(&other, &["owner/model", "--endpoint", &url], &[("HF_TOKEN", "hf_right")]);
    assert!(text(&output.stdout).contains("M-Q4_K_M.gguf"), "{}", text(&output.stderr));
    assert_eq!(other.requests().len(), 0, "the one that was named is asked");
    let unknown = search(&server, &["owner/none"], &[]);
    assert!(!unknown.status.success() && text(&unknown.stderr).contains("owner/none"));
}
