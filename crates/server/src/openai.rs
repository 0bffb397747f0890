//! OpenAI's interfaces, and what they have in common.

pub mod chat;
mod choosing;
pub mod completions;
pub mod embeddings;
mod messages;
pub mod models;
pub mod responses;
mod tools;

use std::time::{SystemTime, UNIX_EPOCH};

pub use choosing::{MAX_STOPS, MAX_TOKENS};
pub use messages::parts_text;
pub use tools::{MAX_TOOLS, check_choice, check_name, no_parameters};

use paddock_core::{FinishReason, Timings, TokenLogprob};
use serde_json::{Value, json};

/// An id of its own for every reply.
pub fn new_id(prefix: &str) -> String {
    use std::sync::atomic::{AtomicU64, Ordering};
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    format!("{prefix}{:x}{number:06x}", now_s())
}

/// The time now, in seconds since 1970.
pub fn now_s() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// One server-sent event without a name.
pub fn event(data: &Value) -> String {
    format!("data: {data}\n\n")
}

/// One with a name, which is also its `type`.
pub fn named_event(name: &str, data: &Value) -> String {
    format!("event: {name}\ndata: {data}\n\n")
}

/// The end of every stream of chat and plain completions.
pub const DONE: &str = "data: [DONE]\n\n";

/// Counts, in OpenAI's words.
fn usage(timings: &Timings) -> Value {
    let prompt = timings.cache_n + timings.prompt_n;
    json!({
        "prompt_tokens": prompt,
        "completion_tokens": timings.predicted_n,
        "total_tokens": prompt + timings.predicted_n,
        "prompt_tokens_details": { "cached_tokens": timings.cache_n },
    })
}

/// Counts and times, in llama-server's words.
pub fn timings_of(timings: &Timings) -> Value {
    let per_token = |ms: f64, n: u32| if n == 0 { 0.0 } else { ms / f64::from(n) };
    let per_second = |ms: f64, n: u32| if ms == 0.0 { 0.0 } else { f64::from(n) * 1e3 / ms };
    let Timings { cache_n, prompt_n, prompt_ms, predicted_n, predicted_ms, draft_n, draft_accepted_n } = *timings;
    let mut json = json!({
        "cache_n": cache_n,
        "prompt_n": prompt_n,
        "prompt_ms": prompt_ms,
        "prompt_per_token_ms": per_token(prompt_ms, prompt_n),
        "prompt_per_second": per_second(prompt_ms, prompt_n),
        "predicted_n": predicted_n,
        "predicted_ms": predicted_ms,
        "predicted_per_token_ms": per_token(predicted_ms, predicted_n),
        "predicted_per_second": per_second(predicted_ms, predicted_n),
    });
    // As llama-server does it: only where tokens were guessed.
    if draft_n > 0 {
        json["draft_n"] = draft_n.into();
        json["draft_n_accepted"] = draft_accepted_n.into();
    }
    json
}

fn finish_reason(reason: FinishReason) -> &'static str {
    match reason {
        FinishReason::Stop | FinishReason::StopString | FinishReason::Cancelled => "stop",
        FinishReason::Length => "length",
        FinishReason::ToolCalls => "tool_calls",
    }
}

/// How likely tokens were, as chat completions tell it.
fn logprobs_of(logprobs: &[TokenLogprob]) -> Value {
    let one = |token: &TokenLogprob| {
        json!({
            "token": String::from_utf8_lossy(&token.bytes),
            "logprob": token.logprob,
            "bytes": token.bytes,
        })
    };
    let content = logprobs.iter().map(|token| {
        let mut json = one(token);
        json["top_logprobs"] = token.top.iter().map(one).collect();
        json
    });
    json!({ "content": content.collect::<Value>() })
}
