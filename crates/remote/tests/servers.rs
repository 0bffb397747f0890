//! Against servers on this computer that speak real HTTP, well and badly.
#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    sync::mpsc::{self, Receiver},
    thread,
    time::Duration,
};

use paddock_remote::{
    Address, AnswerEnd, AnswerEvent, Ask, AskedMessage, EndReason, Patience, Remote, RemoteError, Role,
};

/// A server that reads one request, hands it over, and lets `respond` write to the connection.
fn server(respond: impl Fn(&mut TcpStream) + Send + 'static) -> (String, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let (requests, seen) = mpsc::channel();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let request = read_request(&mut stream);
            let _nobody_looks = requests.send(request);
            respond(&mut stream);
        }
    });
    (address, seen)
}

fn read_request(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let n = stream.read(&mut buffer).unwrap();
        bytes.extend_from_slice(&buffer[..n]);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head
                .lines()
                .find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse::<usize>().ok());
            if body.len() >= length.unwrap_or(0) {
                return text;
            }
        }
        if n == 0 {
            return text;
        }
    }
}

/// A response that ends with its connection.
fn say(stream: &mut TcpStream, status: &str, headers: &str, body: &str) {
    write!(stream, "HTTP/1.1 {status}\r\nConnection: close\r\n{headers}\r\n{body}").unwrap();
}

const STREAM: &str = "Content-Type: text/event-stream\r\n";
const JSON: &str = "Content-Type: application/json\r\n";

fn remote(address: &str) -> Remote {
    let patience = Patience {
        connect: Duration::from_secs(5),
        first_word: Duration::from_secs(5),
        silence: Duration::from_millis(400),
    };
    Remote::new(Address::parse(address).unwrap(), Some("sk-secret"), patience).unwrap()
}

fn ask() -> Ask {
    Ask {
        model: "llama".into(),
        messages: vec![AskedMessage { role: Role::User, content: "Hi".into() }],
        ..Ask::default()
    }
}

async fn answer(address: &str) -> (String, Result<AnswerEnd, RemoteError>) {
    let mut text = String::new();
    let end = remote(address)
        .answer(&ask(), |event| {
            if let AnswerEvent::Text { text: more, .. } = event {
                text.push_str(&more);
            }
        })
        .await;
    (text, end)
}

fn words(words: &[&str]) -> String {
    words
        .iter()
        .map(|word| format!("data: {}\n\n", serde_json::json!({"choices": [{"index": 0, "delta": {"content": word}}]})))
        .collect()
}

const STOP: &str = "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";

#[tokio::test]
async fn an_answer_comes_in_pieces_with_the_servers_own_counts() {
    let (address, seen) = server(|stream| {
        let usage = "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":12,\"completion_tokens\":2,\
                     \"prompt_tokens_details\":{\"cached_tokens\":5}}}\n\n";
        say(stream, "200 OK", STREAM, &format!("{}{STOP}{usage}data: [DONE]\n\n", words(&["He", "llo 👋"])));
    });
    let (text, end) = answer(&address).await;
    let end = end.unwrap();
    assert_eq!((text.as_str(), end.reason), ("Hello 👋", EndReason::Stop));
    assert_eq!((end.timings.cache_n, end.timings.prompt_n, end.timings.predicted_n), (5, 7, 2));
    let request = seen.recv().unwrap();
    assert!(request.starts_with("POST /v1/chat/completions HTTP/1.1\r\n"), "{request}");
    assert!(request.contains("authorization: Bearer sk-secret\r\n"), "{request}");
    let body: serde_json::Value = serde_json::from_str(request.split_once("\r\n\r\n").unwrap().1).unwrap();
    // What was not chosen is not sent: some servers refuse what they do not know.
    let expected = serde_json::json!({
        "model": "llama", "messages": [{"role": "user", "content": "Hi"}], "stream": true,
        "stream_options": {"include_usage": true},
    });
    assert_eq!(body, expected);
}

#[tokio::test]
async fn the_timings_of_llama_server_count_before_what_is_seen_from_here() {
    let (address, _) = server(|stream| {
        let last = "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"length\"}],\"timings\":{\"cache_n\":3,\
                    \"prompt_n\":9,\"prompt_ms\":90.5,\"predicted_n\":4,\"predicted_ms\":80.0}}\n\n";
        say(stream, "200 OK", STREAM, &format!("{}{last}data: [DONE]\n\n", words(&["a"])));
    });
    let end = answer(&address).await.1.unwrap();
    assert_eq!(end.reason, EndReason::Length);
    let timings = end.timings;
    assert_eq!((timings.cache_n, timings.prompt_n, timings.predicted_n), (3, 9, 4));
    assert_eq!((timings.prompt_ms, timings.predicted_ms), (90.5, 80.0));
}

#[tokio::test]
async fn what_a_model_thinks_comes_before_its_answer_and_apart_from_it() {
    for name in ["reasoning_content", "reasoning"] {
        let (address, _) = server(move |stream| {
            let thought = format!("data: {{\"choices\":[{{\"delta\":{{\"{name}\":\"hm\"}}}}]}}\n\n");
            say(stream, "200 OK", STREAM, &format!("{thought}{thought}{}{STOP}", words(&["4"])));
        });
        assert_eq!(answer(&address).await.0, "<think>hmhm</think>\n\n4");
    }
}

#[tokio::test]
async fn a_server_that_cannot_stream_is_understood_too() {
    let (address, _) = server(|stream| {
        let body = "{\"choices\":[{\"message\":{\"role\":\"assistant\",\"content\":\"Whole.\"},\"finish_reason\":\"stop\"}],\
                    \"usage\":{\"prompt_tokens\":3,\"completion_tokens\":2}}";
        say(stream, "200 OK", JSON, body);
    });
    let (text, end) = answer(&address).await;
    assert_eq!((text.as_str(), end.unwrap().timings.predicted_n), ("Whole.", 2));
}

#[tokio::test]
async fn a_connection_that_ends_in_the_middle_is_told_and_what_came_is_kept() {
    let (address, _) = server(|stream| say(stream, "200 OK", STREAM, &words(&["half"])));
    let (text, end) = answer(&address).await;
    assert_eq!(text, "half");
    assert!(matches!(end, Err(RemoteError::Cut { .. })), "{end:?}");
}

#[tokio::test]
async fn a_server_that_falls_silent_is_given_up() {
    let (address, _) = server(|stream| {
        say(stream, "200 OK", STREAM, &words(&["one"]));
        // Held open until the other side goes.
        let _gone = stream.read(&mut [0; 1]);
    });
    let (text, end) = answer(&address).await;
    assert_eq!(text, "one");
    assert!(matches!(end, Err(RemoteError::Silent { .. })), "{end:?}");
}

#[tokio::test]
async fn an_answer_that_nobody_waits_for_any_more_closes_its_connection() {
    let (closed, hears) = mpsc::channel();
    let (address, _) = server(move |stream| {
        say(stream, "200 OK", STREAM, &words(&["one"]));
        let n = stream.read(&mut [0; 1]);
        closed.send(matches!(n, Ok(0) | Err(_))).unwrap();
    });
    let remote = remote(&address);
    let (began, mut begun) = tokio::sync::mpsc::unbounded_channel();
    let task = tokio::spawn(async move {
        let _unfinished = remote
            .answer(&ask(), |event| {
                if matches!(event, AnswerEvent::Text { .. }) {
                    began.send(()).unwrap();
                }
            })
            .await;
    });
    begun.recv().await.unwrap();
    task.abort();
    assert!(tokio::task::spawn_blocking(move || hears.recv().unwrap()).await.unwrap());
}

#[tokio::test]
async fn each_refusal_has_its_own_error_in_the_servers_words() {
    let refused = |status: &'static str, headers: &'static str, body: &'static str| {
        server(move |stream| say(stream, status, &format!("{JSON}{headers}"), body)).0
    };
    let error = |address: String| async move { answer(&address).await.1.unwrap_err() };
    let key = error(refused("401 Unauthorized", "", "{}")).await;
    assert!(matches!(key, RemoteError::KeyRefused { status: 401, .. }), "{key:?}");
    let missing = error(refused("404 Not Found", "", "{\"error\":{\"message\":\"no such model\"}}")).await;
    assert!(missing.to_string().contains("model called “llama”"), "{missing}");
    let busy = error(refused("429 Too Many Requests", "Retry-After: 7\r\n", "{}")).await;
    assert!(
        matches!(busy, RemoteError::Busy { retry_after: Some(wait), .. } if wait == Duration::from_secs(7)),
        "{busy:?}"
    );
    for body in [
        "{\"error\":{\"message\":\"context\\nis too long\"}}",
        "{\"detail\":\"context is too long\"}",
        "{\"error\":\"context is too long\"}",
        "context is too long",
    ] {
        let refused = error(refused("400 Bad Request", "", body)).await;
        assert!(matches!(&refused, RemoteError::Refused { said, .. } if said == "context is too long"), "{refused:?}");
    }
    let late = server(|stream| {
        let error = "data: {\"error\":{\"message\":\"out of memory\",\"code\":500}}\n\n";
        say(stream, "200 OK", STREAM, &format!("{}{error}", words(&["so far"])));
    });
    let (text, end) = answer(&late.0).await;
    assert_eq!(text, "so far");
    assert!(end.unwrap_err().to_string().contains("out of memory"));
}

#[tokio::test]
async fn a_redirect_is_not_followed_so_that_the_key_stays_where_it_belongs() {
    let (elsewhere, seen) = server(|stream| say(stream, "200 OK", JSON, "{}"));
    let (address, _) = server(move |stream| {
        say(stream, "307 Temporary Redirect", &format!("Location: http://{elsewhere}/v1/chat/completions\r\n"), "");
    });
    let error = answer(&address).await.1.unwrap_err();
    assert!(matches!(error, RemoteError::Garbled { .. }), "{error:?}");
    assert!(seen.try_recv().is_err());
}

#[tokio::test]
async fn no_answer_is_read_without_end_and_garbage_is_named() {
    let endless = server(|stream| {
        say(stream, "200 OK", STREAM, "");
        let piece = words(&["x".repeat(1 << 20).as_str()]);
        while stream.write_all(piece.as_bytes()).is_ok() {}
    });
    let error = answer(&endless.0).await.1.unwrap_err();
    assert!(matches!(error, RemoteError::Cut { .. }), "{error:?}");
    for (headers, body) in [(STREAM, "data: {not json\n\n"), (JSON, "<html>"), (STREAM, "data: [DONE]\n\n")] {
        let garbage = server(move |stream| say(stream, "200 OK", headers, body));
        let error = answer(&garbage.0).await.1.unwrap_err();
        assert!(matches!(error, RemoteError::Garbled { .. }), "{error:?}");
    }
}

#[tokio::test]
async fn nobody_at_the_address_is_an_error_that_says_so() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    drop(listener);
    let error = answer(&address).await.1.unwrap_err();
    assert!(matches!(error, RemoteError::Unreachable { .. }), "{error:?}");
    assert!(!format!("{error:?} {error}").contains("secret"));
}

#[tokio::test]
async fn the_models_of_a_server_are_listed_with_their_context_where_it_is_told() {
    let (address, seen) = server(|stream| {
        let body = "{\"object\":\"list\",\"data\":[{\"id\":\"a\",\"max_model_len\":8192},{\"id\":\"b\",\"meta\":{\"n_ctx\":4096}},\
                    {\"id\":\"\"},{\"id\":\"c\"}]}";
        say(stream, "200 OK", JSON, body);
    });
    let models = remote(&address).models().await.unwrap();
    let listed: Vec<_> = models.iter().map(|model| (model.id.as_str(), model.n_ctx)).collect();
    assert_eq!(listed, [("a", Some(8192)), ("b", Some(4096)), ("c", None)]);
    assert!(seen.recv().unwrap().starts_with("GET /v1/models HTTP/1.1\r\n"));
}

#[test]
fn a_key_is_never_shown() {
    let address = Address::parse("localhost:1").unwrap();
    let remote = Remote::new(address.clone(), Some("sk-secret"), Patience::default()).unwrap();
    assert!(!format!("{remote:?}").contains("sk-secret"));
    let error = Remote::new(address, Some("sk\nsecret"), Patience::default()).unwrap_err();
    assert_eq!(error, RemoteError::BadKey);
}
