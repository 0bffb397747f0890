//! A web proxy as companies have them.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use crate::listener::{Listener, bind};

/// The longest head that is read, in bytes.
const MAX_HEAD_BYTES: u64 = 64 << 10;

/// Passes requests on: `CONNECT host:port`, and `GET http://…` in the clear. Ends when it is dropped.
pub struct Proxy {
    listener: Listener,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    login: Mutex<Option<String>>,
    requests: Mutex<Vec<String>>,
}

impl Proxy {
    /// One that takes everybody.
    ///
    /// # Panics
    /// If no port can be had.
    pub fn start() -> Self {
        let shared = Arc::new(Shared::default());
        let for_connections = Arc::clone(&shared);
        let listener = Listener::start(bind(0).unwrap(), move |stream| {
            // Either side may hang up at any time.
            let _ = serve(stream, &for_connections);
        });
        Self { listener, shared }
    }

    /// From now on answers 407 to whoever does not log in as this user; None lets everybody through again.
    pub fn require(&self, login: Option<(&str, &str)>) {
        let header = login.map(|(user, password)| format!("Basic {}", base64(format!("{user}:{password}").as_bytes())));
        *self.shared.login.lock().unwrap() = header;
    }

    /// As `HTTPS_PROXY` and its like take it.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.listener.port())
    }

    /// First lines of all requests, those that were refused too.
    pub fn requests(&self) -> Vec<String> {
        self.shared.requests.lock().unwrap().clone()
    }
}

fn serve(stream: TcpStream, shared: &Shared) -> io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut head = reader.by_ref().take(MAX_HEAD_BYTES).lines();
    let Some(first) = head.next().transpose()? else { return Ok(()) };
    let headers: Vec<String> =
        head.take_while(|line| line.as_ref().is_ok_and(|line| !line.is_empty())).flatten().collect();
    shared.requests.lock().unwrap().push(first.clone());
    let mut client = &stream;
    let login = value(&headers, "proxy-authorization");
    if shared.login.lock().unwrap().as_deref().is_some_and(|wanted| login != Some(wanted)) {
        client.write_all(
            b"HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=\"test\"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
        )?;
        return stream.shutdown(Shutdown::Write);
    }
    let mut words = first.split(' ');
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    if method == "CONNECT" {
        let Ok(server) = TcpStream::connect(target) else {
            return client.write_all(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        };
        client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n")?;
        return pump(&stream, &server, reader.buffer());
    }
    let Some((host, path)) = target.strip_prefix("http://").map(|rest| rest.split_once('/').unwrap_or((rest, "")))
    else {
        return client.write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    };
    let address = if host.contains(':') { host.to_owned() } else { format!("{host}:80") };
    let Ok(mut server) = TcpStream::connect(address) else {
        return client.write_all(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    };
    // One request for each connection: the next one may be for another host.
    let mut onward = format!("{method} /{path} HTTP/1.1\r\nConnection: close\r\n");
    let dropped = ["connection", "proxy-connection", "proxy-authorization"];
    for line in headers.iter().filter(|line| !dropped.iter().any(|name| named(line, name))) {
        onward += &format!("{line}\r\n");
    }
    server.write_all(format!("{onward}\r\n").as_bytes())?;
    pump(&stream, &server, reader.buffer())
}

fn named(line: &str, name: &str) -> bool {
    line.split_once(':').is_some_and(|(there, _)| there.eq_ignore_ascii_case(name))
}

fn value<'a>(headers: &'a [String], name: &str) -> Option<&'a str> {
    headers.iter().find(|line| named(line, name))?.split_once(':').map(|(_, value)| value.trim())
}

/// Passes bytes in both directions until both sides are done; `first` has been read from the client already.
pub(crate) fn pump(client: &TcpStream, server: &TcpStream, first: &[u8]) -> io::Result<()> {
    let mut to_server = server;
    to_server.write_all(first)?;
    thread::scope(|scope| {
        scope.spawn(|| pass_on(client, server));
        pass_on(server, client);
    });
    Ok(())
}

fn pass_on(mut from: &TcpStream, mut to: &TcpStream) {
    let copied = io::copy(&mut from, &mut to);
    // The end is passed on as well; after an error, the other direction has no use either.
    let _ = to.shutdown(Shutdown::Write);
    if copied.is_err() {
        let _ = (from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both));
    }
}

/// RFC 4648, 4.
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for three in bytes.chunks(3) {
        let bits = three.iter().chain([0, 0].iter()).take(3).fold(0_usize, |bits, byte| bits << 8 | usize::from(*byte));
        for index in 0..4 {
            let digit = DIGITS[bits >> (18 - 6 * index) & 63];
            text.push(if index <= three.len() { char::from(digit) } else { '=' });
        }
    }
    text
}
