//! Chat turns through the whole app: stored, streamed, stopped, retried, restored.

use paddock_core::{
    ErrorCode,
    view::{ChatEvent, ChatRequest, EngineState, FinishReason, LoadSettings, Role},
};

use crate::harness::{TestApp, done, open, patiently, real_engine, scripted_engine, self_test_model, shown};

#[tokio::test]
async fn a_first_message_on_a_fresh_computer_is_answered_by_the_self_test_model() {
    let test = TestApp::new(real_engine());
    assert!(matches!(*test.app.engine_state().borrow(), EngineState::NoModel));
    let events = test.send(None, "Count to 50").await;
    let answer = done(&events);
    assert_eq!(answer.finish_reason, Some(FinishReason::Stop), "{:?}", answer.error);
    let counted: Vec<String> = (1..=50).map(|n: u32| n.to_string()).collect();
    assert_eq!(answer.content, counted.join(", "));
    assert_eq!((answer.content.clone(), answer.model_name.as_deref()), (shown(&events), Some("Self-test model")));
    assert!(answer.timings.unwrap().predicted_n > 20);
    assert!(matches!(events[0], ChatEvent::Started { .. }));
    assert!(matches!(&*test.app.engine_state().borrow(), EngineState::Ready { model } if model.self_test));
}

#[tokio::test]
async fn a_name_told_in_the_first_turn_is_known_in_the_third_and_after_a_restart() {
    let test = TestApp::ready(LoadSettings::default()).await;
    let first = done(&test.send(None, "My name is Ada.").await);
    let second = done(&test.send(Some(&first), "Count to 5").await);
    let test = test.restart().await;
    let third = done(&test.send(Some(&second), "What is my name?").await);
    assert!(third.content.contains("Ada"), "{}", third.content);
    let stored = test.app.conversation(third.conversation_id.clone()).await.unwrap();
    let roles: Vec<Role> = stored.messages.iter().map(|message| message.role).collect();
    assert_eq!(roles, [Role::User, Role::Assistant, Role::User, Role::Assistant, Role::User, Role::Assistant]);
    assert_eq!(stored.head_id, Some(third.id));
}

#[tokio::test]
async fn a_second_turn_reuses_the_first() {
    let test = TestApp::ready(LoadSettings::default()).await;
    let first = done(&test.send(None, "Count to 50").await);
    let second = done(&test.send(Some(&first), "explain quantum entanglement").await);
    let (one, two) = (first.timings.unwrap(), second.timings.unwrap());
    assert_eq!(two.cache_n, one.prompt_n + one.predicted_n - 1);
    assert!(two.prompt_n < one.prompt_n, "{two:?} after {one:?}");
}

#[tokio::test]
async fn a_retry_is_a_sibling_and_the_first_answer_stays() {
    let test = TestApp::ready(LoadSettings::default()).await;
    let first = done(&test.send(None, "Count to 5").await);
    let mut events = Vec::new();
    patiently(test.app.chat_retry(first.id.clone(), |event| events.push(event))).await.unwrap();
    let second = done(&events);
    assert_eq!((second.parent_id.clone(), second.content.as_str()), (first.parent_id.clone(), "1, 2, 3, 4, 5"));
    let stored = test.app.conversation(first.conversation_id).await.unwrap();
    assert_eq!(stored.head_id, Some(second.id));
    assert_eq!(stored.messages.len(), 3);
}

#[tokio::test]
async fn stop_keeps_the_partial_answer_and_the_next_message_works() {
    let test = TestApp::new(scripted_engine());
    let app = test.app.clone();
    let mut conversation = String::new();
    let events = test
        .send_and(None, "stream 20000 at 1000", |event| match event {
            ChatEvent::Started { conversation: started, .. } => conversation.clone_from(&started.id),
            ChatEvent::Text { .. } => app.stop_answer(&conversation),
            _ => {}
        })
        .await;
    let stopped = done(&events);
    assert_eq!((stopped.finish_reason, &stopped.error), (Some(FinishReason::Cancelled), &None));
    assert!(stopped.timings.is_none_or(|timings| timings.predicted_n < 20_000), "{:?}", stopped.timings);
    assert_eq!((stopped.content.as_str(), stopped.content.is_empty()), (shown(&events).as_str(), false));
    assert_eq!(done(&test.send(Some(&stopped), "one two").await).content.trim(), "one two");
}

#[tokio::test]
async fn stop_during_a_long_prompt_ends_the_turn_without_an_answer() {
    let test = TestApp::ready(LoadSettings { n_ctx: Some(16_384), ..LoadSettings::default() }).await;
    let app = test.app.clone();
    let mut conversation = String::new();
    let events = test
        .send_and(None, &"sky blue ".repeat(2_500), |event| match event {
            ChatEvent::Started { conversation: started, .. } => conversation.clone_from(&started.id),
            ChatEvent::Progress { .. } => app.stop_answer(&conversation),
            _ => {}
        })
        .await;
    let stopped = done(&events);
    assert_eq!((stopped.finish_reason, stopped.content.as_str()), (Some(FinishReason::Cancelled), ""));
    let understood =
        events.iter().any(|event| matches!(event, ChatEvent::Progress { processed, total, .. } if processed == total));
    assert!(!understood, "it went on to the end of the prompt");
}

#[tokio::test]
async fn a_prompt_that_does_not_fit_is_said_with_both_numbers() {
    let test = TestApp::ready(LoadSettings { n_ctx: Some(256), ..LoadSettings::default() }).await;
    let failed = done(&test.send(None, &"word ".repeat(500)).await);
    assert_eq!(failed.finish_reason, Some(FinishReason::Failed));
    let error = failed.error.unwrap();
    assert_eq!(error.code, ErrorCode::PromptTooLong);
    assert!(error.message.contains("256"), "{}", error.message);
    assert!(error.hint.is_some());
}

#[tokio::test]
async fn messages_that_make_no_sense_are_refused_before_anything_is_stored() {
    let test = TestApp::new(scripted_engine());
    let request = |conversation: Option<&str>, content: String| ChatRequest {
        conversation_id: conversation.map(str::to_owned),
        parent_id: None,
        content,
        attachments: Vec::new(),
        setup: None,
    };
    let cases = [
        (request(None, " \n ".into()), ErrorCode::BadInput),
        (request(None, "x".repeat(5 << 20)), ErrorCode::BadInput),
        (request(Some("nobody"), "hi".into()), ErrorCode::NotFound),
    ];
    for (request, code) in cases {
        let refused = test.app.chat_send(request, |event| panic!("nothing may happen: {event:?}")).await;
        assert_eq!(refused.unwrap_err().code, code);
    }
    assert_eq!(test.app.list_conversations().await.unwrap(), []);
}

#[tokio::test]
async fn a_second_message_while_an_answer_is_written_is_refused_and_another_chat_waits_its_turn() {
    let test = TestApp::new(scripted_engine());
    let (started, begun) = tokio::sync::oneshot::channel();
    let mut started = Some(started);
    let slow = test.send_and(None, "stream 60 at 100", |event| {
        if let (ChatEvent::Started { answer, .. }, Some(started)) = (event, started.take()) {
            started.send((**answer).clone()).unwrap();
        }
    });
    let meanwhile = async {
        let answer = begun.await.unwrap();
        let request = ChatRequest {
            conversation_id: Some(answer.conversation_id),
            parent_id: Some(answer.id),
            content: "hi".into(),
            attachments: Vec::new(),
            setup: None,
        };
        assert_eq!(test.app.chat_send(request, |_| {}).await.unwrap_err().code, ErrorCode::Busy);
        done(&test.send(None, "hello other chat").await)
    };
    let (slow, other) = tokio::join!(slow, meanwhile);
    assert_eq!(done(&slow).finish_reason, Some(FinishReason::Stop));
    assert_eq!((other.finish_reason, other.content.trim()), (Some(FinishReason::Stop), "hello other chat"));
}

#[tokio::test]
async fn the_window_gets_at_most_one_piece_of_text_per_frame() {
    let test = TestApp::new(scripted_engine());
    let since = std::time::Instant::now();
    let events = test.send(None, "stream 5000 at 5000").await;
    let frames = since.elapsed().as_millis() / 16 + 2;
    let pieces = events.iter().filter(|event| matches!(event, ChatEvent::Text { .. })).count();
    assert!(pieces as u128 <= frames, "{pieces} pieces in {frames} frames");
    assert_eq!(done(&events).content, shown(&events));
    assert_eq!(done(&events).timings.unwrap().predicted_n, 5000);
}

#[tokio::test]
async fn conversations_are_listed_renamed_deleted_and_restored() {
    let test = TestApp::new(scripted_engine());
    let (a, b) = (done(&test.send(None, "first chat").await), done(&test.send(None, "second chat").await));
    let titles = || async {
        let list = test.app.list_conversations().await.unwrap();
        list.into_iter().map(|conversation| conversation.title).collect::<Vec<_>>()
    };
    assert_eq!(titles().await, ["second chat", "first chat"]);
    test.app.rename_conversation(a.conversation_id.clone(), "  A better\n name ".into()).await.unwrap();
    assert_eq!(titles().await, ["second chat", "A better name"]);
    assert_eq!(
        test.app.rename_conversation(a.conversation_id.clone(), " ".into()).await.unwrap_err().code,
        ErrorCode::BadInput
    );
    test.app.delete_conversation(b.conversation_id.clone()).await.unwrap();
    assert_eq!(titles().await, ["A better name"]);
    test.app.restore_conversation(b.conversation_id.clone()).await.unwrap();
    assert_eq!(titles().await, ["second chat", "A better name"]);
}

#[tokio::test]
async fn the_model_used_last_answers_after_a_restart_and_a_vanished_one_is_said() {
    let folder = tempfile::TempDir::new().unwrap();
    let mine = folder.path().join("mine.gguf");
    std::fs::copy(self_test_model(), &mine).unwrap();
    let test = TestApp::new(real_engine());
    let settings = LoadSettings { n_ctx: Some(777), ..LoadSettings::default() };
    test.app.load_model(mine.display().to_string(), settings).await.unwrap();
    let test = test.restart().await;
    let first = done(&test.send(None, "Count to 5").await);
    assert_eq!(first.finish_reason, Some(FinishReason::Stop), "{:?}", first.error);
    {
        let state = test.app.engine_state();
        let EngineState::Ready { model } = &*state.borrow() else { panic!("{:?}", *state.borrow()) };
        // llama.cpp rounds the context up to a multiple of 256.
        assert_eq!((model.path.as_str(), model.n_ctx), (mine.to_str().unwrap(), 1024));
    }
    let test = test.restart().await;
    std::fs::remove_file(&mine).unwrap();
    let listed = test.app.list_models().await.unwrap();
    assert_eq!(
        listed.iter().map(|model| (model.self_test, model.present)).collect::<Vec<_>>(),
        [(true, true), (false, false)]
    );
    let failed = done(&test.send(Some(&first), "Count to 5").await);
    assert_eq!(
        (failed.finish_reason, failed.error.unwrap().code),
        (Some(FinishReason::Failed), ErrorCode::ModelRefused)
    );
}

#[tokio::test]
async fn a_second_app_on_the_same_folder_does_not_take_a_running_answer_for_a_dead_one() {
    let test = TestApp::new(scripted_engine());
    let folder = test.folder().to_owned();
    let mut looked = false;
    let events = test
        .send_and(None, "stream 40 at 100", |event| {
            if matches!(event, ChatEvent::Text { .. }) && !looked {
                looked = true;
                let folder = folder.clone();
                assert!(open(&folder, &scripted_engine()).open_report().in_use_elsewhere);
            }
        })
        .await;
    assert!(looked);
    assert_eq!(done(&events).finish_reason, Some(FinishReason::Stop));
}

#[tokio::test]
async fn a_window_that_was_reloaded_joins_the_answer_and_misses_nothing() {
    let test = TestApp::new(scripted_engine());
    let (middle, reached) = tokio::sync::oneshot::channel();
    let mut middle = Some(middle);
    let first = test.send_and(None, "stream 80 at 100", |event| {
        if matches!(event, ChatEvent::Text { predicted_n: 20.., .. })
            && let Some(middle) = middle.take()
        {
            middle.send(()).unwrap();
        }
    });
    let second = async {
        reached.await.unwrap();
        let conversation = test.app.list_conversations().await.unwrap()[0].id.clone();
        let mut events = Vec::new();
        patiently(test.app.chat_follow(&conversation, |event| events.push(event))).await;
        events
    };
    let (first, second) = tokio::join!(first, second);
    assert!(matches!(second[0], ChatEvent::Started { .. }), "{:?}", second[0]);
    assert_eq!((shown(&second), done(&second)), (shown(&first), done(&first)));
    let mut nothing = Vec::new();
    test.app.chat_follow(&done(&first).conversation_id, |event| nothing.push(event)).await;
    assert_eq!(nothing, [], "there is nothing to join any more");
}
