//! Reading a request: at most so long, in time, JSON that is not too deep.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use hyper::{
    StatusCode,
    body::Incoming,
    header::{CONTENT_TYPE, HeaderMap},
};
use serde_json::Value;

use crate::fault::Fault;

/// The longest body, in bytes: as long as the longest line between app and engine.
pub const MAX_BODY_BYTES: usize = 8 << 20;
/// How long a body may take to arrive.
const BODY_PATIENCE: Duration = Duration::from_secs(60);
/// How deep lists and objects may be nested.
const MAX_DEPTH: usize = 100;

/// The JSON of a request.
pub async fn json(headers: &HeaderMap, body: Incoming) -> Result<Value, Fault> {
    if !is_json(headers) {
        // A web page may send other types to any address without asking it first.
        let message = "The content type has to be application/json.";
        return Err(Fault::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, message));
    }
    let bytes = whole(body).await?;
    if is_too_deep(&bytes) {
        let message = format!("Lists and objects are nested more than {MAX_DEPTH} deep.");
        return Err(Fault::new(StatusCode::BAD_REQUEST, message));
    }
    serde_json::from_slice(&bytes)
        .map_err(|error| Fault::new(StatusCode::BAD_REQUEST, format!("This is no JSON that can be used: {error}.")))
}

fn is_json(headers: &HeaderMap) -> bool {
    let mut types = headers.get_all(CONTENT_TYPE).iter();
    let only = types.next().filter(|_| types.next().is_none()).and_then(|value| value.to_str().ok());
    only.and_then(|value| value.split(';').next())
        .is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"))
}

async fn whole(body: Incoming) -> Result<Bytes, Fault> {
    let collected = tokio::time::timeout(BODY_PATIENCE, Limited::new(body, MAX_BODY_BYTES).collect()).await;
    match collected {
        Ok(Ok(collected)) => Ok(collected.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => {
            let message = format!("The request is longer than {MAX_BODY_BYTES} bytes.");
            Err(Fault::new(StatusCode::PAYLOAD_TOO_LARGE, message))
        }
        Ok(Err(error)) => {
            Err(Fault::new(StatusCode::BAD_REQUEST, format!("The request did not arrive whole: {error}.")))
        }
        Err(_) => {
            let message = format!("The request did not arrive within {} seconds.", BODY_PATIENCE.as_secs());
            Err(Fault::new(StatusCode::REQUEST_TIMEOUT, message))
        }
    }
}

/// Counted before anything is parsed.
fn is_too_deep(json: &[u8]) -> bool {
    let (mut depth, mut in_text, mut escaped) = (0_usize, false, false);
    for byte in json {
        match (in_text, byte) {
            (true, _) if escaped => escaped = false,
            (true, b'\\') => escaped = true,
            (_, b'"') => in_text = !in_text,
            (false, b'[' | b'{') => depth += 1,
            (false, b']' | b'}') => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > MAX_DEPTH {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depth_is_counted_outside_texts() {
        assert!(!is_too_deep(&[b"[".repeat(100), b"]".repeat(100)].concat()));
        assert!(is_too_deep(&b"[".repeat(101)));
        let text = format!("[\"{}\\\"{}\"]", "[".repeat(200), "{".repeat(200));
        assert!(!is_too_deep(text.as_bytes()));
    }
}
