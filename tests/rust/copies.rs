//! Smaller copies of models, as the window makes them.

use std::{fs, path::Path};

use paddock_core::ErrorCode;
use tempfile::TempDir;

use crate::{
    harness::{TestApp, patiently, real_engine, self_test_model},
    inspect::random_model,
};

fn names(folder: &Path) -> Vec<String> {
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect()
}

#[tokio::test]
async fn what_is_smaller_is_offered_and_a_copy_can_be_loaded() {
    let test_app = TestApp::new(real_engine());
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("tiny-q8_0.gguf");
    fs::copy(self_test_model(), &path).unwrap();
    let path = path.display().to_string();
    let copies = test_app.app.copies_of(path.clone()).await.unwrap();
    assert!(copies.again, "the self-test model is quantized already");
    let option = copies.options.iter().find(|option| option.quant == "Q4_K_M").unwrap();
    assert!(option.path.ends_with("tiny-Q4_K_M.gguf"), "{}", option.path);
    assert!(!copies.options.iter().any(|option| option.quant == "F16"), "that would be larger");

    let mut furthest = 0;
    let made = test_app.app.copy_model(path.clone(), "Q4_K_M".into(), |event| furthest = event.tensors_done);
    let made = patiently(made).await.unwrap().unwrap();
    assert_eq!(made, option.path);
    assert!(furthest > 0);
    assert!(fs::metadata(&made).unwrap().len().abs_diff(option.size_bytes) < 4096);
    patiently(test_app.app.load_model(made, Default::default())).await.unwrap();

    let again = test_app.app.copy_model(path, "Q4_K_M".into(), |_| {}).await.unwrap_err();
    assert_eq!(again.code, ErrorCode::BadInput, "it is there already");
}

#[tokio::test]
async fn a_stopped_copy_leaves_nothing_behind() {
    let test_app = TestApp::new(real_engine());
    let folder = TempDir::new().unwrap();
    // Takes many seconds to quantize.
    let path = random_model(&folder, &["--shape", "1b", "--type", "f16", "--sparse"]);
    let before = names(folder.path());
    let stop = test_app.app.clone();
    let stopped = test_app.app.copy_model(path.display().to_string(), "Q4_K_M".into(), |_| stop.stop_copy());
    assert_eq!(patiently(stopped).await.unwrap(), None);
    assert_eq!(names(folder.path()), before);
}
