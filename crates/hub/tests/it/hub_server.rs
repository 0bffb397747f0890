//! A server on this computer that speaks like Hugging Face, and misbehaves on command.
//!
//! Plain threads and a hand-written answer: no HTTP library would send what these tests need.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// What was asked.
#[derive(Debug, Clone)]
pub struct Request {
    /// Path and query as they came, still escaped.
    pub target: String,
    headers: Vec<(String, String)>,
}

impl Request {
    fn read(stream: &TcpStream) -> Option<Self> {
        let mut lines = BufReader::new(stream).lines();
        let target = lines.next()?.ok()?.split(' ').nth(1)?.to_owned();
        let mut headers = Vec::new();
        for line in lines {
            let line = line.ok()?;
            let Some((name, value)) = line.split_once(": ") else { break };
            headers.push((name.to_ascii_lowercase(), value.to_owned()));
        }
        Some(Self { target, headers })
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(there, _)| there == name).map(|(_, value)| value.as_str())
    }

    /// The target with `%20` and the like resolved.
    fn unescaped(&self) -> String {
        let mut bytes = Vec::new();
        let mut rest = self.target.as_bytes();
        while let Some((first, after)) = rest.split_first() {
            let code = after.get(..2).filter(|_| *first == b'%').and_then(|digits| std::str::from_utf8(digits).ok());
            let escaped = code.and_then(|digits| u8::from_str_radix(digits, 16).ok());
            bytes.push(escaped.unwrap_or(*first));
            rest = if escaped.is_some() { &after[2..] } else { after };
        }
        String::from_utf8(bytes).unwrap()
    }

    /// The same question with another header.
    pub fn with_header(mut self, name: &str, value: &str) -> Self {
        self.headers.retain(|(there, _)| there != name);
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// First and last byte asked for.
    pub fn range(&self) -> Option<(u64, u64)> {
        let (first, last) = self.header("range")?.strip_prefix("bytes=")?.split_once('-')?;
        Some((first.parse().unwrap(), last.parse().unwrap()))
    }
}

/// How a body is sent.
#[derive(Debug, Clone, Copy)]
enum Manner {
    Whole,
    /// Closes the connection after so many bytes.
    CutAfter(usize),
    /// Says nothing more after so many bytes, until the other side hangs up.
    StallAfter(usize),
    /// One byte after the other, with this pause.
    Drip(Duration),
}

/// What is answered.
#[derive(Debug, Clone)]
pub struct Reply {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    manner: Manner,
    /// Said in the head: the body's own length, another one, or none, so that the end of the connection ends the body.
    length: Option<u64>,
}

impl Reply {
    pub fn new(status: u16, kind: &str, body: impl Into<Vec<u8>>) -> Self {
        let headers = vec![("Content-Type".to_owned(), kind.to_owned())];
        let body = body.into();
        Self { status, headers, length: Some(body.len() as u64), body, manner: Manner::Whole }
    }

    pub fn json(body: impl Into<Vec<u8>>) -> Self {
        Self::new(200, "application/json; charset=utf-8", body)
    }

    pub fn html(status: u16) -> Self {
        Self::new(status, "text/html", "<!DOCTYPE html><html><body>Please log in</body></html>")
    }

    /// As Hugging Face refuses.
    pub fn refusal(status: u16, code: &str) -> Self {
        Self::new(status, "application/json", r#"{"error":"no"}"#).header("X-Error-Code", code)
    }

    pub fn redirect(to: &str) -> Self {
        Self::new(302, "text/plain", "Found").header("Location", to)
    }

    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.retain(|(there, _)| !there.eq_ignore_ascii_case(name));
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn status(self, status: u16) -> Self {
        Self { status, ..self }
    }

    /// Announces another length than that of the body.
    pub fn claiming(self, length: u64) -> Self {
        Self { length: Some(length), ..self }
    }

    pub fn without_length(self) -> Self {
        Self { length: None, ..self }
    }

    pub fn cut_after(self, n_bytes: usize) -> Self {
        Self { manner: Manner::CutAfter(n_bytes), ..self }
    }

    pub fn stall_after(self, n_bytes: usize) -> Self {
        Self { manner: Manner::StallAfter(n_bytes), ..self }
    }

    pub fn drip(self, pause: Duration) -> Self {
        Self { manner: Manner::Drip(pause), ..self }
    }

    fn send(&self, stream: &mut TcpStream, shared: &Shared) -> std::io::Result<()> {
        let mut head = format!("HTTP/1.1 {} Whatever\r\nConnection: close\r\n", self.status);
        if let Some(length) = self.length {
            head += &format!("Content-Length: {length}\r\n");
        }
        for (name, value) in &self.headers {
            head += &format!("{name}: {value}\r\n");
        }
        stream.write_all(format!("{head}\r\n").as_bytes())?;
        match self.manner {
            Manner::Whole => stream.write_all(&self.body),
            Manner::CutAfter(n_bytes) => stream.write_all(&self.body[..n_bytes.min(self.body.len())]),
            Manner::StallAfter(n_bytes) => {
                stream.set_read_timeout(Some(Duration::from_secs(20)))?;
                // The other side may have heard enough before all of it was said.
                let said = stream.write_all(&self.body[..n_bytes.min(self.body.len())]);
                if said.is_err() || matches!(stream.read(&mut [0]), Ok(0) | Err(_)) {
                    shared.n_hung_up.fetch_add(1, Ordering::SeqCst);
                }
                Ok(())
            }
            Manner::Drip(pause) => self.body.iter().try_for_each(|byte| {
                thread::sleep(pause);
                stream.write_all(&[*byte])
            }),
        }
    }
}

struct Shared {
    answer: Box<dyn Fn(&Request) -> Reply + Send + Sync>,
    requests: Mutex<Vec<Request>>,
    n_hung_up: AtomicUsize,
    stop: AtomicBool,
}

/// Answers until it is dropped.
pub struct HubServer {
    address: SocketAddr,
    shared: Arc<Shared>,
}

impl HubServer {
    pub fn start(answer: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            answer: Box::new(answer),
            requests: Mutex::default(),
            n_hung_up: AtomicUsize::new(0),
            stop: AtomicBool::new(false),
        });
        let for_thread = Arc::clone(&shared);
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if for_thread.stop.load(Ordering::SeqCst) {
                    break;
                }
                let shared = Arc::clone(&for_thread);
                thread::spawn(move || serve(stream, &shared));
            }
        });
        Self { address, shared }
    }

    /// With the address in hand, which an answer may want to name.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// What was asked so far.
    pub fn requests(&self) -> Vec<Request> {
        self.shared.requests.lock().unwrap().clone()
    }

    /// Waits until so many stalled answers were given up by the other side.
    pub async fn hung_up(&self, times: usize) {
        while self.shared.n_hung_up.load(Ordering::SeqCst) < times {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

fn serve(mut stream: TcpStream, shared: &Shared) {
    let Some(request) = Request::read(&stream) else { return };
    shared.requests.lock().unwrap().push(request.clone());
    // The client may be gone, which is what some tests want.
    let _ = (shared.answer)(&request).send(&mut stream, shared);
}

impl Drop for HubServer {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(self.address);
    }
}

/// What is in a file.
#[derive(Debug, Clone)]
pub enum Content {
    Bytes(Vec<u8>),
    /// Too long for memory.
    Disk(PathBuf),
}

impl Content {
    pub fn length(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::Disk(path) => path.metadata().unwrap().len(),
        }
    }

    fn read(&self, first: u64, n_bytes: u64) -> Vec<u8> {
        match self {
            Self::Bytes(bytes) => bytes[first as usize..][..n_bytes as usize].to_vec(),
            Self::Disk(path) => {
                let mut file = File::open(path).unwrap();
                file.seek(SeekFrom::Start(first)).unwrap();
                let mut read = vec![0; n_bytes as usize];
                file.read_exact(&mut read).unwrap();
                read
            }
        }
    }

    /// The answer of an honest server to a request for a range.
    pub fn reply(&self, request: &Request) -> Reply {
        let (length, (first, last)) = (self.length(), request.range().expect("a range"));
        let last = last.min(length - 1);
        Reply::new(206, "application/octet-stream", self.read(first, last - first + 1))
            .header("Content-Range", &format!("bytes {first}-{last}/{length}"))
            .header("ETag", "\"one\"")
    }
}

/// An honest repository, `owner/model`.
#[derive(Debug, Clone, Default)]
pub struct Repo {
    files: Vec<(String, Content)>,
}

impl Repo {
    pub fn file(mut self, path: &str, content: Content) -> Self {
        self.files.push((path.to_owned(), content));
        self
    }

    /// The checksum that the listing tells of a file (any 64 digits do, since nobody downloads it).
    pub fn sha256(path: &str) -> String {
        format!("{:064x}", path.len())
    }

    pub fn content(&self, path: &str) -> &Content {
        &self.files.iter().find(|(there, _)| there == path).unwrap().1
    }

    pub fn reply(&self, request: &Request) -> Reply {
        if request.target.starts_with("/api/models/owner/model/tree/main") {
            let entries: Vec<String> = self.files.iter().map(|(path, file)| entry(path, file.length())).collect();
            return Reply::json(format!("[{}]", entries.join(",")));
        }
        match request.unescaped().strip_prefix("/owner/model/resolve/main/") {
            Some(path) => self.content(path).reply(request),
            None => Reply::refusal(404, "RepoNotFound"),
        }
    }
}

/// A file as the listing describes it.
pub fn entry(path: &str, size_bytes: u64) -> String {
    let sha256 = Repo::sha256(path);
    serde_json::json!({
        "type": "file", "oid": "0b7f", "size": size_bytes, "path": path, "xetHash": "1c",
        "lfs": { "oid": sha256, "size": size_bytes, "pointerSize": 135 },
    })
    .to_string()
}
