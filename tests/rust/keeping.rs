//! How long a model is kept that nobody uses: by events, on real engines.

use paddock_core::view::{ChatEvent, EngineState, FinishReason, LoadSettings, LoadingSettings};

use crate::harness::{TestApp, done, patiently, scripted_engine};

async fn keep(test: &TestApp, idle_seconds: Option<u32>) {
    let settings = LoadingSettings { idle_seconds, ..LoadingSettings::default() };
    test.app.set_loading_settings(settings).await.unwrap();
}

async fn rests(test: &TestApp) -> EngineState {
    let mut states = test.app.engine_state();
    let resting = patiently(states.wait_for(|state| matches!(state, EngineState::Resting { .. }))).await.unwrap();
    resting.clone()
}

#[tokio::test]
async fn a_model_that_nobody_uses_goes_with_its_process_and_the_next_message_brings_it_back() {
    let test = TestApp::ready(LoadSettings { n_ctx: Some(777), ..LoadSettings::default() }).await;
    let first = done(&test.send(None, "My name is Ada.").await);
    let pid = test.app.engine_pid().unwrap();
    let mut life = test.app.engine_life();
    keep(&test, Some(1)).await;
    let EngineState::Resting { name, idle_seconds, .. } = rests(&test).await else { unreachable!() };
    assert_eq!((name.as_str(), idle_seconds), ("Self-test model", 1));
    patiently(life.wait_for(|life| *life == paddock_core::Life::Stopped)).await.unwrap();
    #[cfg(target_os = "linux")]
    assert!(!crate::harness::is_running(pid), "all of its memory is free again");
    keep(&test, None).await;
    let second = done(&test.send(Some(&first), "What is my name?").await);
    assert!(second.content.contains("Ada"), "{}", second.content);
    assert_ne!(test.app.engine_pid(), Some(pid));
    let EngineState::Ready { model } = test.app.engine_state().borrow().clone() else { panic!("it should be ready") };
    assert_eq!(model.n_ctx, 1024, "with the settings it had: 777, as llama.cpp rounds them up");
}

#[tokio::test]
async fn an_answer_that_takes_longer_than_that_is_written_to_its_end() {
    let test = TestApp::new(scripted_engine());
    keep(&test, Some(1)).await;
    let app = test.app.clone();
    let mut rested = false;
    let events = test
        .send_and(None, "stream 60 at 20", |event| {
            rested |= matches!(event, ChatEvent::Text { .. })
                && matches!(*app.engine_state().borrow(), EngineState::Resting { .. });
        })
        .await;
    let answer = done(&events);
    assert_eq!((answer.finish_reason, rested), (Some(FinishReason::Stop), false));
    rests(&test).await;
}

#[tokio::test]
async fn at_once_means_after_each_answer_and_nothing_of_it_is_lost() {
    let test = TestApp::new(scripted_engine());
    keep(&test, Some(0)).await;
    let mut last = None;
    for message in ["one two", "three four"] {
        let answer = done(&test.send(last.as_ref(), message).await);
        assert_eq!(answer.content.trim(), message);
        rests(&test).await;
        assert_eq!(test.app.engine_pid(), None);
        last = Some(answer);
    }
    let stored = test.app.conversation(last.unwrap().conversation_id).await.unwrap();
    assert_eq!(stored.messages.len(), 4);
}

#[tokio::test]
async fn a_model_that_is_ejected_by_hand_is_not_said_to_rest() {
    let test = TestApp::ready(LoadSettings::default()).await;
    test.app.unload_model().await;
    assert!(matches!(*test.app.engine_state().borrow(), EngineState::NoModel));
    assert_eq!(test.app.engine_pid(), None);
}
