//! Starting, stopping and restarting (A10).

use paddock_core::{
    DataDir,
    view::{ServerSettings, ServerState},
};
use paddock_server::{Config, Server, Switch, stop_all};

use super::{TestServer, chat, client::Client, config};
use crate::harness::{TestApp, patiently, scripted_engine};

const CHAT: &str = "/v1/chat/completions";

#[tokio::test]
async fn a10_a_port_that_is_taken_is_not_replaced_and_its_holder_is_named() {
    let on = TestServer::scripted().await;
    let port = on.address().port();
    let error = Server::start(on.test.app.clone(), Config { port, ..config() }).await.err().unwrap();
    assert!(error.message.contains(&port.to_string()), "{error}");
    if cfg!(target_os = "linux") {
        let own = format!("(process {})", std::process::id());
        assert!(error.message.contains(&own), "{error}");
    }
    // Also when only the other address of this computer is taken.
    let Ok(other) = tokio::net::TcpListener::bind("[::1]:0").await else { return eprintln!("skipped: no ::1") };
    let port = other.local_addr().unwrap().port();
    assert!(Server::start(on.test.app.clone(), Config { port, ..config() }).await.is_err());
}

#[tokio::test]
async fn the_port_is_free_again_when_the_server_was_stopped_and_streams_end() {
    let on = TestServer::scripted().await;
    let port = on.address().port();
    let request = super::chat_with("stream 100000 at 50", serde_json::json!({ "stream": true }));
    let mut stream = on.client.until(CHAT, &request, "delta").await;
    patiently(on.server.stop()).await;
    let mut rest = Vec::new();
    let _cut = patiently(tokio::io::AsyncReadExt::read_to_end(&mut stream, &mut rest)).await;
    let again = Server::start(on.test.app.clone(), Config { port, ..config() }).await.unwrap();
    assert_eq!(Client::new(again.address(), super::TOKEN).get("/health").await.status, 200);
}

#[tokio::test]
async fn whoever_can_read_the_file_of_a_server_ends_it_and_nobody_else() {
    let on = TestServer::scripted().await;
    let folder = on.test.folder().to_owned();
    for token in ["", "wrong", super::TOKEN] {
        let client = on.client.with_token(token);
        assert_eq!(client.post("/paddock/stop", &serde_json::json!({})).await.status, 401, "{token}");
    }
    let file = folder.join("servers").join(format!("{}.json", on.address().port()));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    }
    // One that was left behind by a server that is no more.
    let left = folder.join("servers/9.json");
    std::fs::write(&left, r#"{"address":"127.0.0.1:9","secret":"x","pid":1}"#).unwrap();
    let ended = on.server.ended();
    let stopped = stop_all(&DataDir::at(&folder)).await;
    assert_eq!(stopped.iter().map(|stopped| stopped.address).collect::<Vec<_>>(), [on.address()]);
    patiently(ended).await;
    patiently(on.server.stop()).await;
    assert!(!file.exists() && !left.exists());
    assert_eq!(stop_all(&DataDir::at(&folder)).await, []);
}

/// A port that is free now.
fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

#[tokio::test]
async fn the_switch_goes_on_and_off_and_a_restart_keeps_the_choice() {
    let test = TestApp::new(scripted_engine());
    let switch = Switch::new(test.app.clone());
    switch.restore().await;
    assert_eq!(switch.view().borrow().state, ServerState::Off);
    let settings = ServerSettings { on: true, port: free_port(), ..ServerSettings::default() };
    let view = switch.set(settings.clone()).await.unwrap();
    let ServerState::On { url, lan_url: None } = view.state else { panic!("{view:?}") };
    let address = url.strip_prefix("http://").unwrap().parse().unwrap();
    let token = switch.token().await.unwrap().token;
    assert_eq!(Client::new(address, &token).post(CHAT, &chat("hello")).await.status, 200);
    let renewed = switch.renew_token().await.unwrap().token;
    assert_eq!(Client::new(address, &token).get("/v1/models").await.status, 401);
    assert_eq!(Client::new(address, &renewed).get("/v1/models").await.status, 200);
    switch.close().await;

    let test = test.restart().await;
    let switch = Switch::new(test.app.clone());
    switch.restore().await;
    assert!(matches!(switch.view().borrow().state, ServerState::On { .. }));
    assert_eq!(Client::new(address, "").get("/health").await.status, 200);
    let off = switch.set(ServerSettings { on: false, ..settings }).await.unwrap();
    assert_eq!(off.state, ServerState::Off);
    assert!(tokio::net::TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn a_switch_that_cannot_go_on_says_why_and_can_be_tried_again() {
    let test = TestApp::new(scripted_engine());
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let settings = ServerSettings { on: true, port: taken.local_addr().unwrap().port(), ..ServerSettings::default() };
    let switch = Switch::new(test.app.clone());
    let view = switch.set(settings.clone()).await.unwrap();
    assert!(matches!(&view.state, ServerState::Failed { error } if error.what.is_some()), "{view:?}");
    drop(taken);
    assert!(matches!(switch.set(settings).await.unwrap().state, ServerState::On { .. }));
    for wrong in [
        ServerSettings { port: 80, ..ServerSettings::default() },
        ServerSettings { n_parallel: 0, ..ServerSettings::default() },
        ServerSettings { n_parallel: 65, ..ServerSettings::default() },
    ] {
        assert!(switch.set(wrong).await.is_err());
    }
}

#[tokio::test]
async fn a_switch_that_was_ended_from_outside_shows_that_it_is_off() {
    let test = TestApp::new(scripted_engine());
    let switch = Switch::new(test.app.clone());
    let mut view = switch.view();
    let settings = ServerSettings { on: true, port: free_port(), ..ServerSettings::default() };
    switch.set(settings).await.unwrap();
    assert_eq!(stop_all(&DataDir::at(test.folder())).await.len(), 1);
    patiently(view.wait_for(|view| view.state == ServerState::Off)).await.unwrap();
}
