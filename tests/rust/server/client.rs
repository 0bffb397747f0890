//! A client of our own, that also does what no good client does.

use std::{net::SocketAddr, time::Duration};

use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::TcpStream,
};

use crate::harness::patiently;

/// Says things to a server, each over a connection of its own.
#[derive(Clone)]
pub struct Client {
    pub address: SocketAddr,
    token: String,
}

/// A reply.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    headers: Vec<(String, String)>,
    pub body: String,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(other, _)| other.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    /// The events of a stream: their names, if they have any, and their data.
    pub fn events(&self) -> Vec<(String, Value)> {
        assert_eq!(self.header("content-type"), Some("text/event-stream"), "{}", self.body);
        let event = |block: &str| {
            let field =
                |name: &str| block.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default().to_owned();
            let data = field("data: ");
            let data = if data == "[DONE]" { json!("[DONE]") } else { serde_json::from_str(&data).unwrap() };
            (field("event: "), data)
        };
        self.body.split("\n\n").filter(|block| !block.is_empty()).map(event).collect()
    }
}

impl Client {
    pub fn new(address: SocketAddr, token: &str) -> Self {
        Self { address, token: token.into() }
    }

    pub fn with_token(&self, token: &str) -> Self {
        Self { token: token.into(), ..self.clone() }
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.say(&self.head("GET", path, "")).await
    }

    pub async fn post(&self, path: &str, json: &Value) -> Answer {
        self.say(&self.request(path, json)).await
    }

    /// The bytes of a request as every good client writes it.
    pub fn request(&self, path: &str, json: &Value) -> Vec<u8> {
        let body = json.to_string();
        let more = format!("Content-Type: application/json\r\nContent-Length: {}\r\n", body.len());
        let mut request = self.head("POST", path, &more);
        request.extend_from_slice(body.as_bytes());
        request
    }

    /// The head of a request; `more`: lines of it.
    pub fn head(&self, method: &str, path: &str, more: &str) -> Vec<u8> {
        let (host, token) = (self.address, &self.token);
        format!(
            "{method} {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n{more}\r\n"
        )
        .into_bytes()
    }

    /// Say something, and read all of the reply.
    pub async fn say(&self, request: &[u8]) -> Answer {
        patiently(async {
            let mut stream = self.connect().await;
            // A server that refuses may not read to the end.
            let _cut = stream.write_all(request).await;
            let mut reply = Vec::new();
            // Nor wait for the rest.
            let _cut = stream.read_to_end(&mut reply).await;
            parsed(&reply)
        })
        .await
    }

    pub async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// Begin a stream, and wait for a line of it that holds `text`. The connection stays open.
    pub async fn until(&self, path: &str, json: &Value, text: &str) -> BufReader<TcpStream> {
        let mut stream = self.connect().await;
        stream.write_all(&self.request(path, json)).await.unwrap();
        let mut reader = BufReader::new(stream);
        patiently(async {
            let mut line = String::new();
            while !line.contains(text) {
                line.clear();
                assert_ne!(reader.read_line(&mut line).await.unwrap(), 0, "the stream ended without {text:?}");
            }
        })
        .await;
        reader
    }
}

fn parsed(reply: &[u8]) -> Answer {
    let text = String::from_utf8_lossy(reply);
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let mut lines = head.lines();
    let status = lines.next().and_then(|line| line.split(' ').nth(1)).and_then(|status| status.parse().ok());
    let headers: Vec<(String, String)> =
        lines.filter_map(|line| line.split_once(": ")).map(|(name, value)| (name.into(), value.into())).collect();
    let chunked = headers.iter().any(|(name, value)| name == "transfer-encoding" && value == "chunked");
    let body = if chunked { dechunked(body) } else { body.to_owned() };
    Answer { status: status.unwrap_or(0), headers, body }
}

fn dechunked(mut body: &str) -> String {
    let mut whole = String::new();
    while let Some((size, rest)) = body.split_once("\r\n") {
        let size = usize::from_str_radix(size, 16).unwrap();
        whole.push_str(&rest[..size]);
        body = &rest[size + 2..];
    }
    whole
}

/// Until something holds, which must come within this time.
pub async fn within(limit: Duration, mut holds: impl FnMut() -> bool, mut changes: tokio::sync::watch::Receiver<u64>) {
    let waited = tokio::time::timeout(limit, async {
        while !holds() {
            changes.changed().await.unwrap();
        }
    });
    waited.await.expect("this did not come in time");
}
