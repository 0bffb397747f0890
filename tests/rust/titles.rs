//! Titles that the model proposes: after the first answer, only when nobody wants the engine, never in anybody's way.

use std::sync::{Arc, Mutex};

use paddock_core::{
    EngineCommand,
    view::{ChatSettings, EngineState, LoadSettings, Message},
};

use crate::harness::{TestApp, done, patiently, scripted_engine, self_test_model};

/// An engine that proposes titles, in which the model is not the self-test model. The folder holds its file.
async fn with_titles() -> (TestApp, tempfile::TempDir) {
    let engine = scripted_engine();
    let args = engine.args.iter().cloned().chain(["titles".into()]).collect();
    let test = TestApp::new(EngineCommand { args, ..engine });
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("another.gguf");
    std::fs::write(&path, another_model()).unwrap();
    test.app.load_model(path.display().to_string(), LoadSettings::default()).await.unwrap();
    (test, folder)
}

/// The self-test model under another name of the same length.
fn another_model() -> Vec<u8> {
    let (name, other) = (b"Paddock self-test model", b"Paddock not-known model");
    let mut bytes = std::fs::read(self_test_model()).unwrap();
    let at = bytes.windows(name.len()).position(|window| window == name).unwrap();
    bytes[at..at + name.len()].copy_from_slice(other);
    bytes
}

async fn title(test: &TestApp, answer: &Message) -> String {
    test.app.conversation(answer.conversation_id.clone()).await.unwrap().title
}

#[tokio::test]
async fn after_the_first_answer_the_model_proposes_a_title_and_the_window_stays_calm() {
    let (test, _file) = with_titles().await;
    let states = Arc::new(Mutex::new(Vec::new()));
    let answer = done(&test.send(None, "winter trees").await);
    let (mut state, seen) = (test.app.engine_state(), Arc::clone(&states));
    state.mark_unchanged();
    let watching = tokio::spawn(async move {
        while state.changed().await.is_ok() {
            seen.lock().unwrap().push(state.borrow_and_update().clone());
        }
    });
    let mut list = test.app.list_version();
    list.mark_unchanged();
    patiently(list.changed()).await.unwrap();
    assert_eq!(title(&test, &answer).await, "A talk about winter trees");
    assert_eq!(*states.lock().unwrap(), [], "a title is nothing that the window shows");
    assert!(matches!(*test.app.engine_state().borrow(), EngineState::Ready { .. }));
    watching.abort();
}

#[tokio::test]
async fn a_message_that_comes_meanwhile_goes_first() {
    let (test, _file) = with_titles().await;
    let answer = done(&test.send(None, "winter trees").await);
    let second = test.send(Some(&answer), "and summer trees").await;
    assert_eq!(done(&second).content, "and summer trees");
    let queued = second.iter().any(|event| matches!(event, paddock_core::view::ChatEvent::Queued { .. }));
    assert!(!queued, "nobody waits for a title");
    assert_eq!(title(&test, &answer).await, "winter trees");
}

#[tokio::test]
async fn an_unload_does_not_wait_for_a_title_and_neither_does_the_end() {
    let (test, _file) = with_titles().await;
    let answer = done(&test.send(None, "winter trees").await);
    patiently(test.app.unload_model()).await;
    assert_eq!(title(&test, &answer).await, "winter trees");
    let test = test.restart().await;
    assert!(!test.app.open_report().in_use_elsewhere);
}

#[tokio::test]
async fn a_title_of_the_users_own_and_the_wish_for_none_are_respected() {
    let (test, _file) = with_titles().await;
    let calm = ChatSettings { propose_titles: false, ..ChatSettings::default() };
    test.app.set_chat_settings(calm).await.unwrap();
    let plain = done(&test.send(None, "winter trees").await);
    test.app.set_chat_settings(ChatSettings::default()).await.unwrap();
    // The next title shows that the time for the other one is over.
    let other = done(&test.send(None, "summer trees").await);
    let mut list = test.app.list_version();
    while title(&test, &other).await != "A talk about summer trees" {
        patiently(list.changed()).await.unwrap();
    }
    assert_eq!(title(&test, &plain).await, "winter trees");
}
