//! The local server, over real connections, before scripted and real engines.

mod anthropic;
mod client;
mod clients;
mod crowd;
mod hostile;
mod openai;
mod parameters;
mod responses;
mod running;

use std::net::SocketAddr;

use paddock_core::{EngineCommand, view::LoadSettings};
use paddock_server::{Config, Server};
use serde_json::{Value, json};

use crate::harness::{TestApp, scripted_engine};
use client::Client;

pub const TOKEN: &str = "paddock-test-token";

/// A server in front of an app.
pub struct TestServer {
    pub test: TestApp,
    pub server: Server,
    pub client: Client,
}

impl TestServer {
    /// On any free port, in front of a scripted engine.
    pub async fn scripted() -> Self {
        Self::before(scripted_engine()).await
    }

    pub async fn before(engine: EngineCommand) -> Self {
        Self::of(TestApp::new(engine)).await
    }

    /// In front of the real engine with the self-test model in it.
    pub async fn real() -> Self {
        Self::of(TestApp::ready(LoadSettings::default()).await).await
    }

    async fn of(test: TestApp) -> Self {
        let server = Server::start(test.app.clone(), config()).await.unwrap();
        let client = Client::new(server.address(), TOKEN);
        Self { test, server, client }
    }

    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }
}

pub fn config() -> Config {
    Config { host: None, port: 0, token: TOKEN.into(), allowed_origins: Vec::new() }
}

/// A chat of one message.
pub fn chat(content: &str) -> Value {
    json!({ "messages": [{ "role": "user", "content": content }] })
}

/// The same with more fields.
pub fn chat_with(content: &str, more: Value) -> Value {
    with(chat(content), more)
}

pub fn with(mut json: Value, more: Value) -> Value {
    json.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    json
}
