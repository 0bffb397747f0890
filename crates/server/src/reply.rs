//! Replies.

use bytes::Bytes;
use http_body_util::{Either, Full};
use hyper::{
    Response, StatusCode,
    header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE},
};
use serde_json::Value;

use crate::{
    fault::{Dialect, Fault},
    feed::FeedBody,
};

/// A reply, whole or on its way.
pub type Reply = Response<Either<Full<Bytes>, FeedBody>>;

fn whole(status: StatusCode, kind: &'static str, body: impl Into<Bytes>) -> Reply {
    let mut reply = Response::new(Either::Left(Full::new(body.into())));
    *reply.status_mut() = status;
    reply.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    reply
}

pub fn json(value: &Value) -> Reply {
    whole(StatusCode::OK, "application/json", value.to_string())
}

pub fn text(text: String) -> Reply {
    // The version of the format is Prometheus' own.
    whole(StatusCode::OK, "text/plain; version=0.0.4; charset=utf-8", text)
}

/// Nothing, for a browser that asks whether it may.
pub fn nothing() -> Reply {
    let mut reply = Response::new(Either::Left(Full::default()));
    *reply.status_mut() = StatusCode::NO_CONTENT;
    reply
}

pub fn fault(fault: &Fault, dialect: Dialect) -> Reply {
    let mut reply = whole(fault.status, "application/json", fault.body(dialect).to_string());
    if let Some(seconds) = fault.retry_after {
        reply.headers_mut().insert(RETRY_AFTER, seconds.into());
    }
    if let Some(method) = fault.allow.as_ref().and_then(|method| HeaderValue::from_str(method.as_str()).ok()) {
        reply.headers_mut().insert(ALLOW, method);
    }
    if fault.status == StatusCode::UNAUTHORIZED {
        reply.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    reply
}

/// Server-sent events.
pub fn events(body: FeedBody) -> Reply {
    let mut reply = Response::new(Either::Right(body));
    let headers = reply.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    reply
}
