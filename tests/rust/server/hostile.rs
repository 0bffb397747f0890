//! What web pages, strangers and broken clients send (A01 to A07).

use std::time::{Duration, Instant};

use paddock_server::{Config, ROUTES, Server};
use serde_json::json;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use super::{TestServer, chat, client::Client, config};
use crate::harness::{TestApp, patiently, scripted_engine};

const CHAT: &str = "/v1/chat/completions";

/// All routes, with something in place of `{id}`, and one that is none.
fn paths() -> Vec<(String, String)> {
    let known = ROUTES.iter().map(|route| (route.method.to_string(), route.path.replace("{id}", "x")));
    known.chain([("GET".into(), "/".into()), ("POST".into(), "/v1/unknown".into())]).collect()
}

#[tokio::test]
async fn a01_nobody_else_in_the_network_reaches_it() {
    let on = TestServer::scripted().await;
    let Some(own) = paddock_core::own_address() else { return eprintln!("skipped: this computer is in no network") };
    let elsewhere = TcpStream::connect((own, on.address().port())).await;
    assert!(elsewhere.is_err(), "it can be reached under {own}");
}

#[tokio::test]
async fn a02_on_every_route_another_host_is_refused() {
    let on = TestServer::scripted().await;
    let port = on.address().port();
    for (method, path) in paths() {
        for host in [
            "evil.com".to_owned(),
            format!("evil.com:{port}"),
            format!("127.0.0.1.evil.com:{port}"),
            "localhost".into(),
        ] {
            let request = format!(
                "{method} {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {}\r\nConnection: close\r\n\r\n",
                super::TOKEN
            );
            assert_eq!(on.client.say(request.as_bytes()).await.status, 403, "{method} {path} {host}");
        }
    }
    for request in [
        "GET /health HTTP/1.0\r\n\r\n".to_owned(),
        format!("GET http://evil.com/health HTTP/1.1\r\nHost: localhost:{port}\r\nConnection: close\r\n\r\n"),
    ] {
        assert_eq!(on.client.say(request.as_bytes()).await.status, 403, "{request}");
    }
    for host in ["localhost", "127.0.0.1", "[::1]"] {
        let request = format!("GET /health HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n\r\n");
        assert_eq!(on.client.say(request.as_bytes()).await.status, 200, "{host}");
    }
}

#[tokio::test]
async fn a03_on_every_route_and_with_every_method_a_web_page_is_refused() {
    let on = TestServer::scripted().await;
    let origins = [
        "https://evil.com",
        "null",
        "http://localhost:3000",
        "tauri://localhost",
        "chrome-extension://abc",
        "http://127.0.0.1",
    ];
    for (method, path) in paths() {
        for method in [method.as_str(), "OPTIONS"] {
            for origin in origins {
                let request = on.client.head(method, &path, &format!("Origin: {origin}\r\n"));
                let answer = on.client.say(&request).await;
                assert_eq!(answer.status, 403, "{method} {path} {origin}");
                assert_eq!(answer.header("access-control-allow-origin"), None);
            }
        }
    }
}

#[tokio::test]
async fn a03_a_page_that_was_allowed_gets_in_and_no_other() {
    let test = TestApp::new(scripted_engine());
    let allowed = Config { allowed_origins: vec!["https://app.example".into()], ..config() };
    let server = Server::start(test.app.clone(), allowed).await.unwrap();
    let client = Client::new(server.address(), super::TOKEN);
    let ask = async |method: &str, origin: &str| {
        client.say(&client.head(method, "/v1/models", &format!("Origin: {origin}\r\n"))).await
    };
    let (asked, got) = (ask("OPTIONS", "https://app.example").await, ask("GET", "https://app.example").await);
    assert_eq!((asked.status, got.status), (204, 200));
    assert_eq!(got.header("access-control-allow-origin"), Some("https://app.example"));
    assert_eq!((got.header("vary"), got.header("access-control-allow-credentials")), (Some("Origin"), None));
    assert_eq!(ask("GET", "https://app.example.evil.com").await.status, 403);
    for origin in ["*", "null", "app.example", "https://*.example", "https://app.example/path"] {
        let config = Config { allowed_origins: vec![origin.into()], ..config() };
        assert!(Server::start(test.app.clone(), config).await.is_err(), "{origin}");
    }
}

#[tokio::test]
async fn a04_only_json_is_read_and_only_with_a_token() {
    let on = TestServer::scripted().await;
    let body = chat("hello").to_string();
    for kind in
        ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/jsonp"]
    {
        let head = on.client.head("POST", CHAT, &format!("Content-Type: {kind}\r\nContent-Length: {}\r\n", body.len()));
        assert_eq!(on.client.say(&[&head, body.as_bytes()].concat()).await.status, 415, "{kind}");
    }
    let head = on.client.head("POST", CHAT, &format!("Content-Length: {}\r\n", body.len()));
    assert_eq!(on.client.say(&[&head, body.as_bytes()].concat()).await.status, 415);
    assert_eq!(on.test.app.engine_pid(), None, "something ran");
}

#[tokio::test]
async fn a05_without_the_token_nothing_is_said_but_that_it_lives() {
    let on = TestServer::scripted().await;
    for token in ["", "wrong", "paddock-test-toke", "paddock-test-token-"] {
        let client = on.client.with_token(token);
        for (method, path) in paths() {
            let answer = client.say(&client.head(&method, &path, "")).await;
            let expected = if path == "/health" { 200 } else { 401 };
            assert_eq!(answer.status, expected, "{method} {path} {token:?}");
            assert!(expected == 200 || answer.header("www-authenticate") == Some("Bearer"));
        }
    }
    on.server.set_token("another");
    assert_eq!(on.client.get("/v1/models").await.status, 401);
    assert_eq!(on.client.with_token("another").get("/v1/models").await.status, 200);
}

#[tokio::test]
async fn a05_in_the_network_it_does_not_start_without_a_token_and_answers_to_its_address_alone() {
    let test = TestApp::new(scripted_engine());
    let everywhere = |token: &str| Config { host: Some([0, 0, 0, 0].into()), token: token.into(), ..config() };
    for token in ["", "  "] {
        assert!(Server::start(test.app.clone(), everywhere(token)).await.is_err());
    }
    let server = Server::start(test.app.clone(), everywhere(super::TOKEN)).await.unwrap();
    let Some(own) = paddock_core::own_address() else { return eprintln!("skipped: this computer is in no network") };
    let port = server.address().port();
    let there = Client::new((own, port).into(), super::TOKEN);
    assert_eq!(there.get("/v1/models").await.status, 200);
    assert_eq!(there.with_token("wrong").get("/v1/models").await.status, 401);
    let request = format!("GET /health HTTP/1.1\r\nHost: evil.com:{port}\r\nConnection: close\r\n\r\n");
    assert_eq!(there.say(request.as_bytes()).await.status, 403);
    let request = there.head("GET", "/v1/models", "Origin: https://evil.com\r\n");
    assert_eq!(there.say(&request).await.status, 403);
}

#[tokio::test]
async fn other_paths_and_methods_are_refused_in_shape() {
    let on = TestServer::scripted().await;
    for route in &ROUTES {
        let path = route.path.replace("{id}", "x");
        if path == "/paddock/stop" {
            continue;
        }
        for method in ["PUT", "DELETE", "PATCH", "OPTIONS", if route.method == "GET" { "POST" } else { "GET" }] {
            let answer = on.client.say(&on.client.head(method, &path, "")).await;
            assert_eq!((answer.status, answer.header("allow")), (405, Some(route.method.as_str())), "{method} {path}");
            assert!(answer.json()["error"]["message"].is_string());
        }
    }
    let unknown = on.client.get("/v1/unknown").await;
    assert_eq!((unknown.status, unknown.json()["error"]["type"].clone()), (404, json!("not_found_error")));
}

#[tokio::test]
async fn a07_json_that_is_broken_deep_or_long_is_refused() {
    let on = TestServer::scripted().await;
    let post = async |body: &[u8]| {
        let kind = format!("Content-Type: application/json\r\nContent-Length: {}\r\n", body.len());
        on.client.say(&[&on.client.head("POST", CHAT, &kind), body].concat()).await
    };
    let deep = format!("{{\"messages\":{}{}}}", "[".repeat(1000), "]".repeat(1000));
    for body in ["", "{", "[]", "5", "null", "{\"temperature\": NaN}", "{\"temperature\": 1e999}", &deep] {
        let answer = post(body.as_bytes()).await;
        assert_eq!(answer.status, 400, "{body:.40}");
        assert!(answer.json()["error"]["message"].is_string());
    }
    assert_eq!(post(b"\xff\xfe{}").await.status, 400);
    let long = chat(&"x".repeat(9 << 20)).to_string();
    assert_eq!(post(long.as_bytes()).await.status, 413);
    // Within the limit here, but in the engine's protocol it would be six times as long.
    let escaped = chat(&"\u{1}".repeat(1_300_000)).to_string();
    assert!(escaped.len() < 8 << 20);
    let answer = post(escaped.as_bytes()).await;
    assert!(matches!(answer.status, 200 | 413), "{}", answer.body);
    assert_eq!(on.client.post(CHAT, &chat("still here")).await.status, 200);
}

/// What this process holds in memory.
#[cfg(target_os = "linux")]
fn rss_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
}

/// Two hundred connections that say one letter, and ten that claim a body of 100 MB and send 9 of them. The server goes
/// on answering others, and takes less than 50 MB for all of it.
#[tokio::test]
#[cfg(target_os = "linux")]
async fn a07_slow_and_large_requests_cost_little_and_keep_nobody_out() {
    let on = TestServer::scripted().await;
    assert_eq!(on.client.post(CHAT, &chat("warm")).await.status, 200);
    let before = rss_bytes();
    let mut slow = Vec::new();
    for _ in 0..200 {
        let mut stream = on.client.connect().await;
        stream.write_all(b"G").await.unwrap();
        slow.push(stream);
    }
    let piece = vec![b' '; 1 << 16];
    for _ in 0..10 {
        let mut stream = on.client.connect().await;
        let kind = "Content-Type: application/json\r\nContent-Length: 100000000\r\n";
        stream.write_all(&on.client.head("POST", CHAT, kind)).await.unwrap();
        for _ in 0..144 {
            if stream.write_all(&piece).await.is_err() {
                break;
            }
        }
        let mut reply = Vec::new();
        let _cut = patiently(stream.read_to_end(&mut reply)).await;
        assert!(reply.is_empty() || reply.starts_with(b"HTTP/1.1 413 "), "{}", String::from_utf8_lossy(&reply));
    }
    let answered = Instant::now();
    assert_eq!(on.client.post(CHAT, &chat("still here")).await.status, 200);
    let (took, grown) = (answered.elapsed(), rss_bytes().saturating_sub(before));
    eprintln!("200 slow and 10 large requests: +{} kB, another was answered after {took:?}", grown / 1024);
    assert!(grown < 50 << 20, "{grown} bytes more");
    drop(slow);
    // Others are still answered when the slow ones are gone.
    tokio::time::timeout(Duration::from_secs(10), on.client.get("/health")).await.unwrap();
}
