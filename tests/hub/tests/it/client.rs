//! The simplest client there can be: it shows what is really on the wire.

use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// Longer than any answer takes that comes at all.
pub const SILENCE: Duration = Duration::from_secs(5);

/// A connection that is kept.
pub struct Client {
    host: String,
    reader: BufReader<TcpStream>,
}

#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: BTreeMap<String, String>,
    /// As it came, still in chunks where it came in chunks.
    pub body: Vec<u8>,
    /// How the body ended, where that was not as announced.
    pub error: Option<io::Error>,
}

impl Answer {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

/// Host and target of an address.
pub fn parts(url: &str) -> (&str, &str) {
    let rest = url.strip_prefix("http://").unwrap();
    let slash = rest.find('/').unwrap_or(rest.len());
    (&rest[..slash], if slash == rest.len() { "/" } else { &rest[slash..] })
}

impl Client {
    pub fn new(url: &str) -> Self {
        let host = parts(url).0.to_owned();
        let stream = TcpStream::connect(&host).unwrap();
        stream.set_read_timeout(Some(SILENCE)).unwrap();
        Self { host, reader: BufReader::new(stream) }
    }

    pub fn timeout(self, timeout: Duration) -> Self {
        self.reader.get_ref().set_read_timeout(Some(timeout)).unwrap();
        self
    }

    pub fn send(&mut self, method: &str, target: &str, headers: &[(&str, &str)]) {
        let mut head = format!("{method} {target} HTTP/1.1\r\nHost: {}\r\n", self.host);
        for (name, value) in headers {
            head += &format!("{name}: {value}\r\n");
        }
        self.reader.get_mut().write_all(format!("{head}\r\n").as_bytes()).unwrap();
    }

    pub fn try_ask(&mut self, method: &str, target: &str, headers: &[(&str, &str)]) -> io::Result<Answer> {
        self.send(method, target, headers);
        let mut line = String::new();
        if self.reader.read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let status = line.split(' ').nth(1).unwrap().parse().unwrap();
        let mut headers = BTreeMap::new();
        loop {
            let mut line = String::new();
            self.reader.read_line(&mut line)?;
            let Some((name, value)) = line.trim_end().split_once(": ") else { break };
            headers.insert(name.to_ascii_lowercase(), value.to_owned());
        }
        let mut answer = Answer { status, headers, body: Vec::new(), error: None };
        if method != "HEAD" {
            let result = self.body(&mut answer);
            answer.error = result.err();
        }
        Ok(answer)
    }

    fn body(&mut self, answer: &mut Answer) -> io::Result<()> {
        if answer.header("transfer-encoding") == "chunked" {
            return self.chunks(&mut answer.body);
        }
        let Ok(length) = answer.header("content-length").parse::<u64>() else {
            return self.reader.read_to_end(&mut answer.body).map(|_| ());
        };
        self.reader.by_ref().take(length).read_to_end(&mut answer.body)?;
        if answer.body.len() as u64 == length { Ok(()) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
    }

    fn chunks(&mut self, body: &mut Vec<u8>) -> io::Result<()> {
        loop {
            let mut line = String::new();
            self.reader.read_line(&mut line)?;
            let length = u64::from_str_radix(line.trim_end(), 16).map_err(|_| io::ErrorKind::UnexpectedEof)?;
            self.reader.by_ref().take(length).read_to_end(body)?;
            self.reader.read_exact(&mut [0; 2])?;
            if length == 0 {
                return Ok(());
            }
        }
    }

    pub fn ask(&mut self, method: &str, target: &str, headers: &[(&str, &str)]) -> Answer {
        self.try_ask(method, target, headers).unwrap()
    }

    pub fn get(&mut self, target: &str) -> Answer {
        self.ask("GET", target, &[])
    }

    pub fn range(&mut self, target: &str, range: &str) -> Answer {
        self.ask("GET", target, &[("Range", &format!("bytes={range}"))])
    }

    /// Waits for the end of the connection, and gives the error that it comes with, if any.
    pub fn end(&mut self) -> Option<io::ErrorKind> {
        self.reader.read_to_end(&mut Vec::new()).err().map(|error| error.kind())
    }

    /// Whatever else is sent, until the end.
    pub fn rest(&mut self) -> Vec<u8> {
        let mut rest = Vec::new();
        let _ = self.reader.read_to_end(&mut rest);
        rest
    }
}

/// Asks the endpoint where a file is, and gives a connection to there with the target to ask for.
pub fn storage(endpoint: &str, path: &str) -> (Client, String) {
    let location = Client::new(endpoint).get(path).header("location").to_owned();
    (Client::new(&location), parts(&location).1.to_owned())
}
