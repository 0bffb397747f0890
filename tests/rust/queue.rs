//! The line before the engine: who waits knows where, and in order of arrival.

use paddock_core::view::{ChatEvent, FinishReason, ServerSettings};
use tokio::sync::oneshot;

use crate::harness::{TestApp, done, patiently, scripted_engine};

/// An app whose model writes one answer at a time.
async fn one_at_a_time() -> TestApp {
    let test = TestApp::new(scripted_engine());
    let settings = ServerSettings { n_parallel: 1, ..ServerSettings::default() };
    test.app.set_server_settings(settings).await.unwrap();
    test
}

/// Tell once that something happened.
fn once(tell: oneshot::Sender<String>) -> impl FnMut(String) {
    let mut tell = Some(tell);
    move |what| {
        if let Some(tell) = tell.take() {
            tell.send(what).unwrap();
        }
    }
}

fn places(events: &[ChatEvent]) -> Vec<(u32, Option<&str>)> {
    let place = |event: &'_ ChatEvent| matches!(event, ChatEvent::Queued { .. });
    events
        .iter()
        .filter(|event| place(event))
        .map(|event| match event {
            ChatEvent::Queued { position, behind } => (*position, behind.as_deref()),
            _ => unreachable!("only places are left"),
        })
        .collect()
}

#[tokio::test]
async fn who_waits_is_told_the_place_and_behind_whom_at_once_and_at_every_change() {
    let test = one_at_a_time().await;
    let (writing, written) = oneshot::channel();
    let (queued, second_waits) = oneshot::channel();
    let (queued_too, third_waits) = oneshot::channel();
    let (mut writing, mut queued, mut queued_too) = (once(writing), once(queued), once(queued_too));
    let first = test.send_and(None, "stream 60 at 100", |event| {
        if matches!(event, ChatEvent::Text { .. }) {
            writing(String::new());
        }
    });
    let second = async {
        written.await.unwrap();
        test.send_and(None, "stream 40 at 100", |event| {
            if matches!(event, ChatEvent::Queued { .. }) {
                queued(String::new());
            }
        })
        .await
    };
    let mut conversation = String::new();
    let third = async {
        second_waits.await.unwrap();
        test.send_and(None, "third", |event| match event {
            ChatEvent::Started { conversation: started, .. } => conversation.clone_from(&started.id),
            ChatEvent::Queued { .. } => queued_too(conversation.clone()),
            _ => {}
        })
        .await
    };
    let joined = async {
        let conversation = third_waits.await.unwrap();
        let mut events = Vec::new();
        patiently(test.app.chat_follow(&conversation, |event| events.push(event))).await;
        events
    };
    let (first, second, third, joined) = tokio::join!(first, second, third, joined);
    assert_eq!(places(&first), []);
    assert_eq!(places(&second), [(1, Some("stream 60 at 100"))]);
    let (behind_first, behind_second) = (Some("stream 60 at 100"), Some("stream 40 at 100"));
    let third_places = places(&third);
    // Between two answers nobody has the engine for a moment, which may be seen or not.
    assert_eq!(third_places.first(), Some(&(2, behind_first)), "{third_places:?}");
    assert_eq!(third_places.last(), Some(&(1, behind_second)), "{third_places:?}");
    assert_eq!(places(&joined), third_places);
    assert_eq!(done(&third).content, "third");
}

#[tokio::test]
async fn a_message_that_waits_can_be_stopped_and_the_answer_before_it_goes_on() {
    let test = one_at_a_time().await;
    let (writing, written) = oneshot::channel();
    let mut writing = once(writing);
    let first = test.send_and(None, "stream 60 at 100", |event| {
        if matches!(event, ChatEvent::Text { .. }) {
            writing(String::new());
        }
    });
    let app = test.app.clone();
    let mut conversation = String::new();
    let second = async {
        written.await.unwrap();
        test.send_and(None, "second", |event| match event {
            ChatEvent::Started { conversation: started, .. } => conversation.clone_from(&started.id),
            ChatEvent::Queued { .. } => app.stop_answer(&conversation),
            _ => {}
        })
        .await
    };
    let (first, second) = tokio::join!(first, second);
    let stopped = done(&second);
    assert_eq!((stopped.finish_reason, stopped.content.as_str()), (Some(FinishReason::Cancelled), ""));
    assert_eq!(done(&first).finish_reason, Some(FinishReason::Stop));
    assert_eq!(done(&test.send(None, "free again").await).content, "free again");
}

/// The window's commands run on any thread.
#[tokio::test]
async fn a_turn_may_move_between_threads() {
    let test = TestApp::new(scripted_engine());
    let app = test.app.clone();
    let turn = tokio::spawn(async move { app.chat_send(crate::harness::request("hello"), |_| {}).await });
    patiently(turn).await.unwrap().unwrap();
}

#[tokio::test]
async fn two_conversations_are_answered_side_by_side() {
    let test = TestApp::new(scripted_engine());
    let (writing, written) = oneshot::channel();
    let mut writing = once(writing);
    let mut conversation = String::new();
    let first = test.send_and(None, "stream 100000 at 100", |event| match event {
        ChatEvent::Started { conversation: started, .. } => conversation.clone_from(&started.id),
        ChatEvent::Text { .. } => writing(conversation.clone()),
        _ => {}
    });
    let second = async {
        let first = written.await.unwrap();
        let second = test.send(None, "at once").await;
        test.app.stop_answer(&first);
        second
    };
    let (first, second) = tokio::join!(first, second);
    assert_eq!(places(&second), []);
    assert_eq!(done(&second).content, "at once");
    assert_eq!(done(&first).finish_reason, Some(FinishReason::Cancelled));
}
