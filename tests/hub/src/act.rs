//! What the server does with one request.

use std::time::Duration;

use crate::reply::{Body, Ending, Framing, Reply};

/// How far from the right place the wrong one is, in bytes ([`Act::WrongRange`], [`Act::ShiftedBody`]).
const ASTRAY_BYTES: u64 = 4096;

/// What the server does with one request. Counts of bytes are of the body of this one answer, from its beginning.
#[derive(Debug, Clone, Default)]
pub enum Act {
    /// Answers as the Hub would.
    #[default]
    Honest,
    /// Ends the connection in order after so many bytes.
    CutAfter(u64),
    /// Ends the connection with a reset after so many bytes, of which those that are on their way may be lost.
    ResetAfter(u64),
    /// Says nothing more after so many bytes, until the client hangs up. With 0, the head is sent.
    StallAfter(u64),
    /// Says nothing at all, until the client hangs up.
    StallBeforeHead,
    /// Says nothing more in the middle of the head, until the client hangs up.
    StallInHead,
    /// Waits, then answers honestly.
    Delay(Duration),
    /// Sends so many bytes at a time, with this pause before each.
    Drip {
        /// How many at a time.
        bytes: usize,
        /// How long between them.
        pause: Duration,
    },
    /// Answers with a status of its own.
    Status {
        /// The HTTP status.
        code: u16,
        /// Headers beside `Content-Length`.
        headers: Vec<(String, String)>,
        /// The body.
        body: String,
    },
    /// 200 with the whole file, whatever range was asked for.
    WholeInsteadOfRange,
    /// 206 with the right bytes, and a `Content-Range` that tells of another place.
    WrongRange,
    /// The right head, and the bytes of another place.
    ShiftedBody,
    /// 200 with a web page, as the login page of a network.
    Html,
    /// 200 with the whole file, `Content-Encoding: gzip`, in chunks and without a length: as a server in between that
    /// compresses on its own.
    Gzip,
    /// In chunks, without a length.
    Chunked,
    /// Without a length: the end of the connection ends the body.
    CloseDelimited,
    /// Claims so many bytes fewer than are sent.
    ShortLength(u64),
    /// Claims so many bytes more than are sent.
    LongLength(u64),
    /// One bit is wrong in the byte at this offset of the file, if the answer holds it.
    Flip(u64),
    /// 302 to this place, and nothing else.
    Redirect(String),
    /// `ETag` and `X-Linked-Etag` are this (without quotation marks).
    OtherEtag(String),
    /// `X-Linked-Size` is this.
    LinkedSize(u64),
    /// `X-Repo-Commit` is this.
    OtherCommit(String),
    /// Several at once, applied in order: `[Chunked, CutAfter(1000)]`.
    All(Vec<Act>),
}

impl Act {
    /// A refusal as the Hub writes it.
    pub fn refusal(code: u16, error_code: Option<&str>, message: &str) -> Self {
        let mut headers = vec![("X-Error-Message".to_owned(), message.to_owned())];
        headers.extend(error_code.map(|error_code| ("X-Error-Code".to_owned(), error_code.to_owned())));
        Self::Status { code, headers, body: serde_json::json!({ "error": message }).to_string() }
    }

    /// Turns the honest answer into what is sent.
    pub(crate) fn apply(&self, reply: &mut Reply) {
        match self {
            Self::Honest => {}
            Self::CutAfter(n_bytes) => reply.end_after(*n_bytes, Ending::Close),
            Self::ResetAfter(n_bytes) => reply.end_after(*n_bytes, Ending::Reset),
            Self::StallAfter(n_bytes) => reply.end_after(*n_bytes, Ending::Stall),
            Self::StallBeforeHead => reply.head_share = Some(0.0),
            Self::StallInHead => reply.head_share = Some(0.5),
            Self::Delay(time) => reply.delay = *time,
            Self::Drip { bytes, pause } => reply.drip = Some((*bytes, *pause)),
            Self::Status { code, headers, body } => {
                *reply = Reply::new(*code, "application/json; charset=utf-8", body.as_bytes());
                for (name, value) in headers {
                    reply.set(name, value);
                }
            }
            Self::WholeInsteadOfRange => reply.whole(),
            Self::WrongRange => wrong_range(reply),
            Self::ShiftedBody => reply.shift_bytes = ASTRAY_BYTES,
            Self::Html => {
                let page = "<!DOCTYPE html><html><head><title>Welcome</title></head><body>Please log in</body></html>";
                *reply = Reply::new(200, "text/html", page);
            }
            Self::Gzip => {
                reply.whole();
                reply.set("Content-Encoding", "gzip");
                (reply.gzip, reply.framing) = (true, Framing::Chunked);
            }
            Self::Chunked => reply.framing = Framing::Chunked,
            Self::CloseDelimited => reply.framing = Framing::Close,
            Self::ShortLength(n_bytes) => {
                reply.framing = Framing::Claimed(reply.body.len().saturating_sub(*n_bytes));
            }
            Self::LongLength(n_bytes) => reply.framing = Framing::Claimed(reply.body.len() + n_bytes),
            Self::Flip(offset) => reply.flips.push(*offset),
            Self::Redirect(to) => {
                *reply = Reply::new(302, "text/plain; charset=utf-8", "Found");
                reply.set("Location", to);
            }
            Self::OtherEtag(etag) => {
                reply.set("ETag", &format!("\"{etag}\""));
                if reply.header("X-Linked-Etag").is_some() {
                    reply.set("X-Linked-Etag", &format!("\"{etag}\""));
                }
            }
            Self::LinkedSize(size_bytes) => reply.set("X-Linked-Size", &size_bytes.to_string()),
            Self::OtherCommit(commit) => reply.set("X-Repo-Commit", commit),
            Self::All(acts) => acts.iter().for_each(|act| act.apply(reply)),
        }
    }
}

fn wrong_range(reply: &mut Reply) {
    let Body::File { content, from, n_bytes } = &reply.body else { return };
    if reply.status == 206 && *n_bytes > 0 {
        let first = from + ASTRAY_BYTES;
        let value = format!("bytes {first}-{}/{}", first + n_bytes - 1, content.len());
        reply.set("Content-Range", &value);
    }
}
