//! A server on this computer that speaks real HTTP: it reads one request a connection, tells of it, and answers as the
//! test says.

use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    sync::mpsc::{self, Receiver},
    thread,
};

pub const MODELS: &str = r#"{"data":[{"id":"meta/llama","max_model_len":8192},{"id":"tiny"}]}"#;
pub const STOP: &str = "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";
pub const USAGE: &str =
    "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":12,\"completion_tokens\":2}}\n\ndata: [DONE]\n\n";

/// A server, and the requests that it got.
pub struct Server {
    pub address: String,
    seen: Receiver<String>,
}

/// A connection after its request was read.
pub struct Reply<'a>(&'a mut TcpStream);

impl Server {
    /// Lists [`MODELS`]; `answer` is given every question.
    pub fn start(answer: impl Fn(&str, Reply<'_>) + Send + 'static) -> Self {
        Self::listing(|_, reply| reply.json("200 OK", "", MODELS), answer)
    }

    pub fn listing(
        list: impl Fn(&str, Reply<'_>) + Send + 'static,
        answer: impl Fn(&str, Reply<'_>) + Send + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (tell, seen) = mpsc::channel();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let request = read_request(&mut stream);
                let _nobody_looks = tell.send(request.clone());
                let reply = Reply(&mut stream);
                if request.starts_with("GET ") { list(&request, reply) } else { answer(&request, reply) }
            }
        });
        Self { address, seen }
    }

    /// The requests since the last look.
    pub fn requests(&self) -> Vec<String> {
        self.seen.try_iter().collect()
    }
}

impl Reply<'_> {
    pub fn json(self, status: &str, headers: &str, body: &str) {
        let type_and_end = "Content-Type: application/json\r\nConnection: close\r\n";
        write!(self.0, "HTTP/1.1 {status}\r\n{type_and_end}{headers}\r\n{body}").unwrap();
    }

    /// An answer in pieces, which ends with the connection.
    pub fn stream(&mut self, body: &str) {
        let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n";
        write!(self.0, "{head}{body}").unwrap();
    }

    /// Until the other side closes the connection; whether it did.
    pub fn is_closed(&mut self) -> bool {
        matches!(self.0.read(&mut [0; 1]), Ok(0) | Err(_))
    }
}

pub fn words(words: &[&str]) -> String {
    let piece = |word| format!("data: {}\n\n", serde_json::json!({"choices": [{"delta": {"content": word}}]}));
    words.iter().map(piece).collect()
}

pub fn body(request: &str) -> serde_json::Value {
    serde_json::from_str(request.split_once("\r\n\r\n").unwrap().1).unwrap()
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
