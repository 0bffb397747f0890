//! Writing to the terminal.

use std::io::{self, IsTerminal, Write};

use paddock_core::{ApiError, ErrorCode, Timings};

/// Say what went wrong, why, and what to do.
pub fn complain(error: &ApiError) {
    eprintln!("paddock: {}", error.message);
    if let Some(hint) = &error.hint {
        eprintln!("{hint}");
    }
    if let Some(details) = &error.details {
        eprintln!("\n{details}");
    }
}

/// Print part of an answer. A closed pipe ends the program quietly, as it does every good filter.
pub fn write_answer(text: &str) {
    let mut out = io::stdout().lock();
    if out.write_all(text.as_bytes()).and_then(|()| out.flush()).is_err() {
        std::process::exit(0);
    }
}

/// Print JSON, and nothing else, on standard output.
pub fn write_json<T: serde::Serialize>(value: &T) -> Result<(), ApiError> {
    let json = serde_json::to_string_pretty(value).map_err(|error| ApiError {
        code: ErrorCode::Internal,
        message: format!("The answer could not be written as JSON: {error}."),
        hint: None,
        details: None,
        what: None,
    })?;
    write_answer(&format!("{json}\n"));
    Ok(())
}

/// Bytes in GiB, to be shown with a decimal or two.
#[expect(clippy::cast_precision_loss, reason = "shown with few digits")]
pub fn gib(bytes: u64) -> f64 {
    bytes as f64 / (1_u64 << 30) as f64
}

/// A line that the next one replaces; nothing where standard error is not a terminal.
pub fn show_progress(text: &str) {
    if io::stderr().is_terminal() {
        eprint!("\r\x1b[2K{text}");
    }
}

/// The guide's metrics, in its own form.
pub fn metrics(timings: &Timings) -> String {
    let total_s = (timings.prompt_ms + timings.predicted_ms) / 1e3;
    let speed =
        if timings.predicted_ms > 0.0 { f64::from(timings.predicted_n) * 1e3 / timings.predicted_ms } else { 0.0 };
    format!("⚡ {speed:.2} tok/s | 📝 {} tokens | ⏱️ {total_s:.1}s total", timings.predicted_n)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metrics_have_the_guides_form() {
        let timings = Timings {
            cache_n: 0,
            prompt_n: 39,
            prompt_ms: 6957.0,
            predicted_n: 9,
            predicted_ms: 3643.7,
            ..Timings::default()
        };
        assert_eq!(metrics(&timings), "⚡ 2.47 tok/s | 📝 9 tokens | ⏱️ 10.6s total");
        assert_eq!(metrics(&Timings::default()), "⚡ 0.00 tok/s | 📝 0 tokens | ⏱️ 0.0s total");
    }
}
