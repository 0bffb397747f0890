//! Files that are not usable models are refused in words, and cost nothing.

use std::{fs, path::PathBuf};

use paddock_core::{
    ErrorCode,
    view::{EngineState, LoadSettings},
};
use paddock_gguf::{TensorType, write};

use crate::harness::{TestApp, done, patiently, real_engine, self_test_model};

fn hostile_files(folder: &std::path::Path) -> Vec<(PathBuf, &'static str)> {
    let model = fs::read(self_test_model()).unwrap();
    let put = |name: &str, bytes: &[u8]| {
        let path = folder.join(name);
        fs::write(&path, bytes).unwrap();
        path
    };
    let mut many_keys = b"GGUF\x03\0\0\0".to_vec();
    many_keys.extend(1_u64.to_le_bytes());
    many_keys.extend(u64::MAX.to_le_bytes());
    let mut long_string = b"GGUF\x03\0\0\0".to_vec();
    long_string.extend(0_u64.to_le_bytes());
    long_string.extend(1_u64.to_le_bytes());
    long_string.extend((1_u64 << 62).to_le_bytes());
    let strange = write::Builder::new()
        .metadata("general.architecture", "frobnicator")
        .tensor("token_embd.weight", TensorType::from_id(0).unwrap(), &[32, 32], write::Data::Zeros)
        .to_bytes()
        .unwrap();
    let hollow = write::Builder::new()
        .metadata("general.architecture", "llama")
        .tensor("token_embd.weight", TensorType::from_id(0).unwrap(), &[32, 32], write::Data::Zeros)
        .to_bytes()
        .unwrap();
    vec![
        (put("truncated.gguf", &model[..model.len() / 2]), "not complete"),
        (put("cut-header.gguf", &model[..5_000]), "cut-header.gguf"),
        (put("empty.gguf", b""), "empty"),
        (put("page.gguf", b"<!DOCTYPE html><html><body>Sign in</body></html>"), "not a GGUF"),
        (put("noise.gguf", &[0x5A; 65_536]), "not a GGUF"),
        (put("many-keys.gguf", &many_keys), "many-keys.gguf"),
        (put("long-string.gguf", &long_string), "long-string.gguf"),
        (put("strange.gguf", &strange), "architecture"),
        (put("hollow.gguf", &hollow), "hollow.gguf"),
        (folder.to_owned(), "folder"),
        (folder.join("missing.gguf"), "no file"),
    ]
}

#[tokio::test]
async fn every_hostile_file_is_refused_in_words_and_the_app_goes_on() {
    let folder = tempfile::TempDir::new().unwrap();
    let test = TestApp::new(real_engine());
    for (path, words) in hostile_files(folder.path()) {
        let refused = patiently(test.app.load_model(path.display().to_string(), LoadSettings::default())).await;
        let error = refused.expect_err(&path.display().to_string());
        assert_eq!(error.code, ErrorCode::ModelRefused, "{path:?}: {error:?}");
        assert!(error.message.contains(words), "{path:?}: {}", error.message);
        let state = test.app.engine_state().borrow().clone();
        assert!(matches!(&state, EngineState::Failed { error: shown, .. } if *shown == error), "{state:?}");
    }
    let message = done(&test.send(None, "Count to 5").await);
    assert_eq!(message.content, "1, 2, 3, 4, 5");
}

#[tokio::test]
async fn a_refused_file_does_not_cost_the_model_that_is_loaded() {
    let folder = tempfile::TempDir::new().unwrap();
    let test = TestApp::ready(LoadSettings::default()).await;
    let pid = test.app.engine_pid();
    let missing = folder.path().join("missing.gguf").display().to_string();
    test.app.load_model(missing, LoadSettings::default()).await.unwrap_err();
    assert!(matches!(*test.app.engine_state().borrow(), EngineState::Ready { .. }));
    assert_eq!(test.app.engine_pid(), pid);
}

#[tokio::test]
async fn a_model_in_a_folder_with_spaces_and_letters_of_other_scripts_loads() {
    let folder = tempfile::TempDir::new().unwrap();
    let path = folder.path().join("modèles à moi 模型").join("the model.gguf");
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::copy(self_test_model(), &path).unwrap();
    let test = TestApp::new(real_engine());
    test.app.load_model(path.display().to_string(), LoadSettings::default()).await.unwrap();
    assert_eq!(done(&test.send(None, "Count to 5").await).content, "1, 2, 3, 4, 5");
}
