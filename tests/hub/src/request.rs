//! What a client asked.

use std::io::{BufRead, BufReader, Read};
use std::net::TcpStream;
use std::time::Instant;

/// The longest head of a request that is read, in bytes.
const MAX_HEAD_BYTES: u64 = 64 << 10;

/// What a request is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A repository's description, or an address the Hub does not have.
    Api,
    /// A list of files.
    Tree,
    /// A list of repositories.
    Search,
    /// A file, at the endpoint.
    Resolve,
    /// A file, at the storage that the endpoint sends on to.
    Storage,
}

/// What was asked.
#[derive(Debug, Clone)]
pub struct Request {
    /// How many-th request to this server, from 1.
    pub n: usize,
    /// How many-th request of this kind for this file, from 1; 0 where it is not about a file.
    pub n_of_file: usize,
    /// What it is about.
    pub kind: Kind,
    /// `GET`, `HEAD` …
    pub method: String,
    /// Path and query as they came, still escaped.
    pub target: String,
    /// The repository, `owner/name`.
    pub repo: Option<String>,
    /// The file's path in its repository.
    pub path: Option<String>,
    /// The file's size in bytes, where there is such a file.
    pub size_bytes: Option<u64>,
    /// First and last byte asked for, where a range is asked for by its beginning.
    pub range: Option<(u64, Option<u64>)>,
    /// Names in lower case, with their values.
    pub headers: Vec<(String, String)>,
    /// When its head had been read.
    pub at: Instant,
}

impl Request {
    /// Reads the next one from a connection; `None` when the client is done or speaks no HTTP.
    pub(crate) fn read(reader: &mut BufReader<TcpStream>, storage: bool) -> Option<Self> {
        let mut head = reader.by_ref().take(MAX_HEAD_BYTES);
        let mut line = next_line(&mut head)?;
        // An empty line after the last request is allowed for (RFC 9112, 2.2).
        if line.is_empty() {
            line = next_line(&mut head)?;
        }
        let mut words = line.split(' ');
        let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
        let mut headers = Vec::new();
        loop {
            let line = next_line(&mut head)?;
            let Some((name, value)) = line.split_once(':') else { break };
            headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
        let kind = if storage { Kind::Storage } else { kind(&target) };
        let mut request = Self {
            n: 0,
            n_of_file: 0,
            kind,
            method,
            target,
            repo: None,
            path: None,
            size_bytes: None,
            range: None,
            headers,
            at: Instant::now(),
        };
        request.range = request.header("range").and_then(range);
        let body_bytes = request.header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
        std::io::copy(&mut reader.take(body_bytes), &mut std::io::sink()).ok()?;
        Some(request)
    }

    /// The value of a header; `name` in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(there, _)| there == name).map(|(_, value)| value.as_str())
    }

    /// Whether it wants a body.
    pub fn is_get(&self) -> bool {
        self.method == "GET"
    }

    /// The parts of the path, unescaped.
    pub(crate) fn segments(&self) -> Vec<String> {
        let path = self.target.split(['?', '#']).next().unwrap_or_default();
        path.trim_start_matches('/').split('/').map(unescaped).collect()
    }

    /// All values of a parameter in the query, unescaped.
    pub(crate) fn parameters(&self, name: &str) -> Vec<String> {
        let query = self.target.split_once('?').map_or("", |(_, query)| query);
        let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        pairs
            .filter(|(there, _)| unescaped(there) == name)
            .map(|(_, value)| unescaped(&value.replace('+', " ")))
            .collect()
    }

    pub(crate) fn parameter(&self, name: &str) -> Option<String> {
        self.parameters(name).into_iter().next()
    }

    /// The token that comes with it.
    pub(crate) fn token(&self) -> Option<&str> {
        self.header("authorization")?.strip_prefix("Bearer ")
    }

    pub(crate) fn wants_close(&self) -> bool {
        self.header("connection").is_some_and(|value| value.eq_ignore_ascii_case("close"))
    }
}

/// A line without its end.
fn next_line(reader: &mut impl BufRead) -> Option<String> {
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|n_bytes| *n_bytes > 0)?;
    Some(line.trim_end_matches(['\r', '\n']).to_owned())
}

fn kind(target: &str) -> Kind {
    let path = target.split('?').next().unwrap_or_default();
    let parts: Vec<&str> = path.trim_start_matches('/').split('/').collect();
    match parts[..] {
        ["api", "models"] => Kind::Search,
        ["api", "models", _, _, "tree", ..] => Kind::Tree,
        [_, _, "resolve", _, _, ..] => Kind::Resolve,
        _ => Kind::Api,
    }
}

fn range(value: &str) -> Option<(u64, Option<u64>)> {
    let (first, last) = value.strip_prefix("bytes=")?.split_once('-')?;
    let last = if last.is_empty() { None } else { Some(last.parse().ok()?) };
    Some((first.parse().ok()?, last))
}

/// `%20` and the like resolved; what is no UTF-8 then is replaced.
pub(crate) fn unescaped(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let digits = after.get(..2).filter(|_| *first == b'%').and_then(|digits| std::str::from_utf8(digits).ok());
        let escaped = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        bytes.push(escaped.unwrap_or(*first));
        rest = if escaped.is_some() { &after[2..] } else { after };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The reverse, for a path: slashes stay.
pub(crate) fn escaped(path: &str) -> String {
    path.bytes().fold(String::new(), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out += &format!("%{byte:02X}");
        }
        out
    })
}
