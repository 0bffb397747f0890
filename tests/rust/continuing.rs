//! Going on with an answer: the same message, the same text, and nothing of it lost.

use paddock_core::{
    ErrorCode,
    view::{ChatEvent, ChatRequest, ChatSetup, FinishReason, LoadSettings, SamplingChoice},
};

use crate::harness::{TestApp, done, patiently, real_engine, request, scripted_engine, shown};

fn at_most(max_tokens: u32) -> ChatSetup {
    let sampling = SamplingChoice { max_tokens: Some(max_tokens), ..SamplingChoice::default() };
    ChatSetup { sampling, ..ChatSetup::default() }
}

#[tokio::test]
async fn an_answer_that_was_cut_off_becomes_the_whole_one() {
    let test = TestApp::ready(LoadSettings::default()).await;
    let short = ChatRequest { setup: Some(at_most(10)), ..request("Count to 20") };
    let cut_off = done(&test.send_request(short, |_| {}).await);
    assert_eq!(cut_off.finish_reason, Some(FinishReason::Length), "{cut_off:?}");
    test.app.set_chat_setup(cut_off.conversation_id.clone(), ChatSetup::default()).await.unwrap();

    let events = test.go_on(&cut_off).await;
    let Some(ChatEvent::Started { user_message, answer, .. }) = events.first() else { panic!("{events:?}") };
    assert_eq!((user_message.content.as_str(), &answer.id), ("Count to 20", &cut_off.id));
    assert_eq!((&answer.content, answer.finish_reason), (&cut_off.content, None));
    let whole = done(&events);
    let counted: Vec<String> = (1..=20).map(|n: u32| n.to_string()).collect();
    assert_eq!((whole.content.as_str(), whole.finish_reason), (counted.join(", ").as_str(), Some(FinishReason::Stop)));
    assert_eq!(whole.content, format!("{}{}", cut_off.content, shown(&events)), "only what is new is told");
    let stored = test.app.conversation(whole.conversation_id.clone()).await.unwrap();
    assert_eq!((stored.messages.len(), stored.messages.last()), (2, Some(&whole)));
}

#[tokio::test]
async fn an_answer_that_was_stopped_goes_on_where_it_was() {
    let test = TestApp::new(scripted_engine());
    let app = test.app.clone();
    let mut conversation = String::new();
    let stopped = done(
        &test
            .send_and(None, "stream 200 at 200", |event| match event {
                ChatEvent::Started { conversation: started, .. } => conversation.clone_from(&started.id),
                ChatEvent::Text { predicted_n: 20.., .. } => app.stop_answer(&conversation),
                _ => {}
            })
            .await,
    );
    assert_eq!(stopped.finish_reason, Some(FinishReason::Cancelled));
    let whole = done(&test.go_on(&stopped).await);
    let other = done(&test.send(None, "stream 200 at 5000").await);
    assert_eq!((whole.content, whole.finish_reason), (other.content, Some(FinishReason::Stop)));
}

#[tokio::test]
async fn an_end_in_the_middle_of_going_on_keeps_the_old_text_and_the_new() {
    let test = TestApp::new(scripted_engine());
    let short = ChatRequest { setup: Some(at_most(20)), ..request("stream 2000 at 100") };
    let cut_off = done(&test.send_request(short, |_| {}).await);
    test.app.set_chat_setup(cut_off.conversation_id.clone(), ChatSetup::default()).await.unwrap();
    let (enough, written) = tokio::sync::oneshot::channel();
    let (app, id, mut enough) = (test.app.clone(), cut_off.id.clone(), Some(enough));
    let going_on = tokio::spawn(async move {
        app.chat_continue(id, |event| {
            if matches!(event, ChatEvent::Text { predicted_n: 60.., .. })
                && let Some(enough) = enough.take()
            {
                enough.send(()).unwrap();
            }
        })
        .await
    });
    patiently(written).await.unwrap();
    going_on.abort();
    assert!(going_on.await.unwrap_err().is_cancelled());
    let test = test.restart().await;
    let stored = test.app.conversation(cut_off.conversation_id.clone()).await.unwrap();
    let answer = stored.messages.last().unwrap();
    assert_eq!((&answer.id, answer.finish_reason), (&cut_off.id, Some(FinishReason::Interrupted)));
    assert!(answer.content.starts_with(&cut_off.content), "{}", answer.content);
    assert!(answer.content.len() > cut_off.content.len(), "what was new is gone");
}

#[tokio::test]
async fn without_an_engine_the_old_text_stays() {
    let test = TestApp::new(scripted_engine());
    let answer = done(&test.send(None, "one two three").await);
    // A context of 16 tokens has no room for it.
    let path = crate::harness::self_test_model().display().to_string();
    let small = LoadSettings { n_ctx: Some(16), ..LoadSettings::default() };
    test.app.load_model(path, small).await.unwrap();
    let long = done(&test.send(Some(&answer), &"word ".repeat(100)).await);
    assert_eq!(long.error.unwrap().code, ErrorCode::PromptTooLong);
    let kept = done(&test.go_on(&answer).await);
    assert_eq!((kept.content, kept.id), (answer.content, answer.id));
}

#[tokio::test]
async fn only_an_answer_that_has_ended_can_be_gone_on_with() {
    let test = TestApp::new(real_engine());
    let answer = done(&test.send(None, "Count to 5").await);
    let question = answer.parent_id.clone().unwrap();
    let refused = test.app.chat_continue(question, |_| {}).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::BadInput);
    let refused = test.app.chat_continue("nothing".into(), |_| {}).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::NotFound);
}
