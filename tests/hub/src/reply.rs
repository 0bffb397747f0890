//! An answer before it is on the wire.

use std::time::Duration;

use crate::content::Content;
use crate::request::Request;

/// What follows the head.
#[derive(Clone)]
pub(crate) enum Body {
    Bytes(Vec<u8>),
    File { content: Content, from: u64, n_bytes: u64 },
}

impl Body {
    pub fn len(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::File { n_bytes, .. } => *n_bytes,
        }
    }
}

/// How the client learns where the body ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Framing {
    Length,
    /// A `Content-Length` that need not be true.
    Claimed(u64),
    Chunked,
    Close,
}

/// What happens after an answer that was not brought to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    Close,
    Reset,
    Stall,
}

/// An answer and how it is sent.
pub(crate) struct Reply {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Body,
    pub framing: Framing,
    /// After so many bytes of the body.
    pub end: Option<(u64, Ending)>,
    /// Only this share of the head is sent, then nothing.
    pub head_share: Option<f64>,
    pub delay: Duration,
    pub drip: Option<(usize, Duration)>,
    /// Offsets in the file at which a bit is wrong.
    pub flips: Vec<u64>,
    /// How far behind the right place of the file the bytes are taken from.
    pub shift_bytes: u64,
    pub gzip: bool,
}

impl Reply {
    pub fn new(status: u16, kind: &str, body: impl Into<Vec<u8>>) -> Self {
        Self::with_body(status, kind, Body::Bytes(body.into()))
    }

    pub fn with_body(status: u16, kind: &str, body: Body) -> Self {
        Self {
            status,
            headers: vec![("Content-Type".to_owned(), kind.to_owned())],
            body,
            framing: Framing::Length,
            end: None,
            head_share: None,
            delay: Duration::ZERO,
            drip: None,
            flips: Vec::new(),
            shift_bytes: 0,
            gzip: false,
        }
    }

    pub fn json(value: &serde_json::Value) -> Self {
        Self::new(200, "application/json; charset=utf-8", value.to_string())
    }

    /// As the Hub refuses.
    pub fn refusal(status: u16, code: Option<&str>, message: &str) -> Self {
        let body = serde_json::json!({ "error": message }).to_string();
        let mut reply = Self::new(status, "application/json; charset=utf-8", body);
        if let Some(code) = code {
            reply.set("X-Error-Code", code);
        }
        reply.set("X-Error-Message", message);
        reply
    }

    /// A file, or the range of it that is asked for (RFC 9110, 14).
    pub fn file(request: &Request, content: &Content, etag: &str) -> Self {
        let total = content.len();
        let body = |from, n_bytes| Body::File { content: content.clone(), from, n_bytes };
        let mut reply = match range(request, total, etag) {
            Range::Whole => Self::with_body(200, "application/octet-stream", body(0, total)),
            Range::Part { from, n_bytes } => {
                let mut reply = Self::with_body(206, "application/octet-stream", body(from, n_bytes));
                reply.set("Content-Range", &format!("bytes {from}-{}/{total}", from + n_bytes - 1));
                reply
            }
            Range::Beyond => {
                let mut reply = Self::new(416, "application/xml", "<Error><Code>InvalidRange</Code></Error>");
                reply.set("Content-Range", &format!("bytes */{total}"));
                return reply;
            }
        };
        reply.set("Accept-Ranges", "bytes");
        reply.set("ETag", etag);
        reply
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(there, _)| there.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    pub fn set(&mut self, name: &str, value: &str) {
        self.remove(name);
        self.headers.push((name.to_owned(), value.to_owned()));
    }

    fn remove(&mut self, name: &str) {
        self.headers.retain(|(there, _)| !there.eq_ignore_ascii_case(name));
    }

    pub fn end_after(&mut self, n_bytes: u64, ending: Ending) {
        self.end = Some((n_bytes, ending));
    }

    /// Makes the answer to a range one with the whole file.
    pub fn whole(&mut self) {
        if let Body::File { content, from, n_bytes } = &mut self.body {
            (*from, *n_bytes) = (0, content.len());
            self.status = 200;
            self.remove("Content-Range");
        }
    }
}

enum Range {
    Whole,
    Part { from: u64, n_bytes: u64 },
    Beyond,
}

/// What is to be sent of a file. Several ranges at once, and what makes no sense, are as good as none.
fn range(request: &Request, total: u64, etag: &str) -> Range {
    if request.header("if-range").is_some_and(|wanted| wanted != etag) {
        return Range::Whole;
    }
    if let Some((from, last)) = request.range {
        let end = last.map_or(total, |last| last.saturating_add(1).min(total));
        return match (from < total, last.is_some_and(|last| last < from)) {
            (_, true) => Range::Whole,
            (true, false) => Range::Part { from, n_bytes: end - from },
            (false, false) => Range::Beyond,
        };
    }
    let suffix = request.header("range").and_then(|value| value.strip_prefix("bytes=-")?.parse::<u64>().ok());
    match suffix {
        Some(n_bytes) if n_bytes > 0 && total > 0 => {
            let n_bytes = n_bytes.min(total);
            Range::Part { from: total - n_bytes, n_bytes }
        }
        _ => Range::Whole,
    }
}
