//! Many at once (A08).

use std::time::Duration;

use paddock_core::view::{ChatEvent, FinishReason, ServerSettings};
use serde_json::json;
use tokio::io::AsyncReadExt as _;

use super::{TestServer, chat, chat_with, client::within};
use crate::harness::{TestApp, done, patiently, scripted_engine};

const CHAT: &str = "/v1/chat/completions";
/// How soon the engine stops writing for a client that has gone.
const SOON: Duration = Duration::from_secs(1);

fn streaming(content: &str) -> serde_json::Value {
    chat_with(content, json!({ "stream": true }))
}

async fn with_room_for(n_parallel: u32) -> TestServer {
    let test = TestApp::new(scripted_engine());
    let settings = ServerSettings { n_parallel, ..ServerSettings::default() };
    test.app.set_server_settings(settings).await.unwrap();
    TestServer::of(test).await
}

impl TestServer {
    async fn until_load_is(&self, load: (usize, usize), limit: Duration) {
        let app = &self.test.app;
        within(limit, || app.outside_load() == load, app.outside_load_changes()).await;
    }
}

#[tokio::test]
async fn a08_fifty_streams_and_five_hundred_more_are_served_in_turn_or_told_to_come_back() {
    let on = with_room_for(50).await;
    let mut streams = Vec::new();
    for _ in 0..50 {
        streams.push(on.client.until(CHAT, &streaming("stream 100000 at 20"), "delta").await);
    }
    assert_eq!(on.test.app.outside_load(), (50, 0));
    let more: Vec<_> = (0..500)
        .map(|_| {
            let client = on.client.clone();
            tokio::spawn(async move { client.post(CHAT, &chat("short")).await })
        })
        .collect();
    on.until_load_is((50, paddock_core::MAX_WAITING), Duration::from_secs(30)).await;
    // The window is neither refused nor does it wait behind all of them.
    let mut first_place = None;
    let window = on.test.send_and(None, "hello", |event| {
        if let ChatEvent::Queued { position, .. } = event {
            first_place.get_or_insert(*position);
            // Now the streams make room.
            streams.clear();
        }
    });
    assert_eq!(done(&window.await).content, "hello");
    assert!(first_place.is_some_and(|place| place <= 2), "{first_place:?}");
    let (mut answered, mut sent_away) = (0, 0);
    for answer in more {
        let answer = patiently(answer).await.unwrap();
        match answer.status {
            200 => answered += 1,
            503 => {
                assert!(answer.header("retry-after").is_some_and(|seconds| seconds.parse::<u32>().is_ok()));
                sent_away += 1;
            }
            other => panic!("{other}: {}", answer.body),
        }
    }
    assert_eq!(answered + sent_away, 500);
    assert!(answered >= paddock_core::MAX_WAITING, "{answered} were answered");
    on.until_load_is((0, 0), SOON).await;
}

#[tokio::test]
async fn a08_for_a_client_that_goes_away_nothing_more_is_written() {
    let on = TestServer::scripted().await;
    let stream = on.client.until(CHAT, &streaming("stream 100000 at 50"), "delta").await;
    assert_eq!(on.test.app.outside_load(), (1, 0));
    drop(stream);
    on.until_load_is((0, 0), SOON).await;
}

#[tokio::test]
async fn a08_also_when_it_waits_for_a_whole_answer_or_for_its_turn() {
    use tokio::io::AsyncWriteExt as _;
    let on = with_room_for(1).await;
    let begin = async || {
        let mut stream = on.client.connect().await;
        stream.write_all(&on.client.request(CHAT, &chat("stream 100000 at 50"))).await.unwrap();
        stream
    };
    let first = begin().await;
    on.until_load_is((1, 0), crate::harness::PATIENCE).await;
    let second = begin().await;
    on.until_load_is((1, 1), crate::harness::PATIENCE).await;
    drop(second);
    on.until_load_is((1, 0), SOON).await;
    drop(first);
    on.until_load_is((0, 0), SOON).await;
}

#[tokio::test]
async fn a08_a_client_that_does_not_read_is_given_up_and_others_are_not_slowed() {
    let on = TestServer::scripted().await;
    // Far more than the system keeps for a connection, and all of it at once.
    let unread = on.client.until(CHAT, &streaming("stream 200000 at 1000000"), "delta").await;
    let other = on.client.post(CHAT, &streaming("two words")).await;
    assert_eq!(other.events().len(), 5);
    on.until_load_is((0, 0), crate::harness::PATIENCE).await;
    let metrics = on.client.get("/metrics").await;
    assert!(metrics.body.contains("paddock_requests_abandoned_total 1\n"), "{}", metrics.body);
    // What it had not read yet is less than what the system keeps and a mebibyte.
    let mut rest = Vec::new();
    let _cut = patiently(unread.into_inner().read_to_end(&mut rest)).await;
    assert!(rest.len() < 16 << 20, "{} bytes", rest.len());
}

#[tokio::test]
async fn the_window_and_other_programs_are_answered_side_by_side() {
    let on = TestServer::scripted().await;
    let stream = on.client.until(CHAT, &streaming("stream 100000 at 50"), "delta").await;
    let answer = done(&on.test.send(None, "from the window").await);
    assert_eq!((answer.content.as_str(), answer.finish_reason), ("from the window", Some(FinishReason::Stop)));
    drop(stream);
}
