//! What was done so far, in the form that Prometheus reads.

use std::{
    fmt::Write as _,
    sync::atomic::{AtomicU64, Ordering},
};

use hyper::StatusCode;
use paddock_core::Timings;

/// Counters since the start. Token counts are llama.cpp's own.
#[derive(Default)]
pub struct Metrics {
    ok: AtomicU64,
    refused: AtomicU64,
    failed: AtomicU64,
    prompt_tokens: AtomicU64,
    cached_tokens: AtomicU64,
    predicted_tokens: AtomicU64,
    prompt_us: AtomicU64,
    predicted_us: AtomicU64,
    abandoned: AtomicU64,
}

impl Metrics {
    pub fn count_reply(&self, status: StatusCode) {
        let counter = match status.as_u16() {
            ..400 => &self.ok,
            400..500 => &self.refused,
            _ => &self.failed,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    pub fn count_answer(&self, timings: &Timings) {
        let add = |counter: &AtomicU64, n: u64| counter.fetch_add(n, Ordering::Relaxed);
        add(&self.prompt_tokens, timings.prompt_n.into());
        add(&self.cached_tokens, timings.cache_n.into());
        add(&self.predicted_tokens, timings.predicted_n.into());
        add(&self.prompt_us, (timings.prompt_ms * 1e3) as u64);
        add(&self.predicted_us, (timings.predicted_ms * 1e3) as u64);
    }

    /// A client went away, or did not read, before its answer was whole.
    pub fn count_abandoned(&self) {
        self.abandoned.fetch_add(1, Ordering::Relaxed);
    }

    pub fn text(&self, running: usize, waiting: usize) -> String {
        let get = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let seconds = |counter: &AtomicU64| get(counter) as f64 / 1e6;
        let rate = |n: &AtomicU64, us: &AtomicU64| match seconds(us) {
            0.0 => 0.0,
            seconds => get(n) as f64 / seconds,
        };
        let mut text = String::new();
        let mut say = |name: &str, kind: &str, help: &str, value: f64| {
            // Writing to a string cannot fail.
            let _written =
                writeln!(text, "# HELP paddock_{name} {help}\n# TYPE paddock_{name} {kind}\npaddock_{name} {value}");
        };
        say("requests_ok_total", "counter", "Requests that were answered.", get(&self.ok) as f64);
        say(
            "requests_refused_total",
            "counter",
            "Requests refused for their own fault (4xx).",
            get(&self.refused) as f64,
        );
        say("requests_failed_total", "counter", "Requests that failed here (5xx).", get(&self.failed) as f64);
        say("requests_abandoned_total", "counter", "Answers whose client went away.", get(&self.abandoned) as f64);
        say("prompt_tokens_total", "counter", "Prompt tokens processed.", get(&self.prompt_tokens) as f64);
        say("cached_tokens_total", "counter", "Prompt tokens found in the KV cache.", get(&self.cached_tokens) as f64);
        say("predicted_tokens_total", "counter", "Tokens written.", get(&self.predicted_tokens) as f64);
        say("prompt_seconds_total", "counter", "Time spent on prompts.", seconds(&self.prompt_us));
        say("predicted_seconds_total", "counter", "Time spent on writing.", seconds(&self.predicted_us));
        say(
            "prompt_tokens_per_second",
            "gauge",
            "Prompt tokens per second since the start.",
            rate(&self.prompt_tokens, &self.prompt_us),
        );
        say(
            "predicted_tokens_per_second",
            "gauge",
            "Tokens written per second and answer since the start.",
            rate(&self.predicted_tokens, &self.predicted_us),
        );
        say("requests_processing", "gauge", "Requests that are answered now.", running as f64);
        say("requests_deferred", "gauge", "Requests that wait for a place.", waiting as f64);
        text
    }
}
