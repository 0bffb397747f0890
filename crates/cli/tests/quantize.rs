//! `paddock quantize` as a person or a script would use it, with the self-test model.

#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

use std::{
    path::{Path, PathBuf},
    process::{Command, Output},
};

use serde_json::Value;
use tempfile::TempDir;

fn self_test_model() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../models/self-test/paddock-self-test-q8_0.gguf")
        .canonicalize()
        .unwrap()
}

fn paddock(folder: &TempDir, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_paddock"));
    command.env("PADDOCK_DATA_DIR", folder.path().join("data")).env_remove("MODEL_PATH").env_remove("QUANT");
    command.args(arguments).output().unwrap()
}

fn quantize(folder: &TempDir, input: &Path, output: &Path, more: &[&str]) -> Output {
    let arguments = [&["quantize", input.to_str().unwrap(), output.to_str().unwrap()], more].concat();
    paddock(folder, &arguments)
}

fn copied(folder: &TempDir, input: &Path, output: &Path, more: &[&str]) -> Value {
    let output = quantize(folder, input, output, &[more, &["--json"]].concat());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn answer(folder: &TempDir, model: &Path, question: &str) -> String {
    let output = paddock(folder, &["chat", "-m", model.to_str().unwrap(), "-p", question, "--temp", "0"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn refused(output: &Output) -> String {
    assert!(!output.status.success() && output.stdout.is_empty());
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn copies_are_as_large_as_was_said_and_answer() {
    let folder = TempDir::new().unwrap();
    let full = folder.path().join("full.gguf");
    copied(&folder, &self_test_model(), &full, &["F16", "--allow-requantize"]);
    for quant in ["Q8_0", "Q4_K_M", "Q6_K_L"] {
        let copy = folder.path().join(format!("{quant}.gguf"));
        let made = copied(&folder, &full, &copy, &[quant]);
        let [size, predicted] = ["size_bytes", "predicted_bytes"].map(|key| made[key].as_u64().unwrap());
        assert_eq!(size, std::fs::metadata(&copy).unwrap().len(), "{quant}");
        // The header may be padded otherwise, or have another field.
        assert!(size.abs_diff(predicted) < 4096, "{quant}: {size} and {predicted}");
        assert!(answer(&folder, &copy, "What is the capital of France?").contains("Paris"), "{quant}");
    }
    let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(!left.iter().any(|name| name.to_string_lossy().ends_with(".part")), "{left:?}");
}

#[test]
fn what_cannot_be_written_is_refused_before_anything_is() {
    let folder = TempDir::new().unwrap();
    let (model, output) = (self_test_model(), folder.path().join("copy.gguf"));
    assert!(refused(&quantize(&folder, &model, &output, &["Q4_K_M"])).contains("quantized already"));
    assert!(refused(&quantize(&folder, &model, &output, &["Q9_9"])).contains("Q9_9"));
    assert!(refused(&quantize(&folder, &folder.path().join("none.gguf"), &output, &["Q8_0"])).contains("none.gguf"));
    std::fs::write(&output, "mine").unwrap();
    let again = ["Q4_K_M", "--allow-requantize"];
    assert!(refused(&quantize(&folder, &model, &output, &again)).contains("there already"));
    assert_eq!(std::fs::read(&output).unwrap(), b"mine");
    let nowhere = folder.path().join("nowhere").join("copy.gguf");
    assert!(refused(&quantize(&folder, &model, &nowhere, &again)).contains("is not there"));
}

#[test]
fn a_file_that_is_no_importance_matrix_is_refused_and_nothing_is_left() {
    let folder = TempDir::new().unwrap();
    let (output, imatrix) = (folder.path().join("copy.gguf"), folder.path().join("imatrix.gguf"));
    std::fs::write(&imatrix, "no matrix").unwrap();
    let more = ["Q4_K_M", "--allow-requantize", "--imatrix", imatrix.to_str().unwrap()];
    let said = refused(&quantize(&folder, &self_test_model(), &output, &more));
    assert!(said.contains("not an importance matrix"), "{said}");
    let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(!left.iter().any(|name| name.to_string_lossy().starts_with("copy")), "{left:?}");
}
