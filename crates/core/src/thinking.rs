//! How long a model thinks before it answers: from its first token to the end of its `<think>` block.

use std::time::Instant;

const BEGIN: &str = "<think>";
const END: &[u8] = b"</think>";

/// Measures one answer. Some chat templates open the block themselves, so its end alone counts too.
pub(crate) struct Thinking {
    /// What was measured when this answer was written before.
    before_ms: f64,
    /// Whether the block that was begun before is still open.
    was_open: bool,
    /// Whether it ended before; then there is nothing to measure any more.
    was_closed: bool,
    first: Option<Instant>,
    last: Option<Instant>,
    closed: Option<Instant>,
}

impl Thinking {
    /// For an answer that has this text already, and took so long to think then.
    pub(crate) fn new(begun: &str, before_ms: Option<f64>) -> Self {
        Self {
            before_ms: before_ms.unwrap_or(0.0),
            was_open: begun.trim_start().starts_with(BEGIN),
            was_closed: has_end(begun.as_bytes()),
            first: None,
            last: None,
            closed: None,
        }
    }

    /// More text came; `from`: where in `text` it begins.
    pub(crate) fn hear(&mut self, text: &str, from: usize, at: Instant) {
        self.first.get_or_insert(at);
        self.last = Some(at);
        let seam = from.saturating_sub(END.len() - 1);
        if self.closed.is_none() && has_end(&text.as_bytes()[seam..]) {
            self.closed = Some(at);
        }
    }

    /// How long it thought in all, in milliseconds; of a block that is still open, until now. None: it did not, or that
    /// was measured before. `text`: what was written since.
    pub(crate) fn took_ms(&self, text: &str) -> Option<f64> {
        let open = self.was_open || text.trim_start().starts_with(BEGIN);
        let end = self.closed.or(self.last.filter(|_| open)).filter(|_| !self.was_closed)?;
        Some(self.before_ms + end.duration_since(self.first?).as_secs_f64() * 1e3)
    }
}

fn has_end(text: &[u8]) -> bool {
    text.windows(END.len()).any(|window| window == END)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// Each piece comes 10 ms after the one before.
    fn measure(begun: &str, before_ms: Option<f64>, pieces: &[&str]) -> Option<f64> {
        let (mut thinking, mut text, mut at) = (Thinking::new(begun, before_ms), String::new(), Instant::now());
        for piece in pieces {
            let from = text.len();
            text.push_str(piece);
            thinking.hear(&text, from, at);
            at += Duration::from_millis(10);
        }
        thinking.took_ms(&text).map(f64::round)
    }

    #[test]
    fn thinking_lasts_from_the_first_token_to_the_end_of_the_block() {
        assert_eq!(measure("", None, &["<think>", "hm", "</thi", "nk>", "Hello", "."]), Some(30.0));
        assert_eq!(measure("", None, &["hm", "hm", "</think>", "Hello"]), Some(20.0), "the template opened it");
        assert_eq!(measure("", None, &["Hello", " </b>", "."]), None);
    }

    #[test]
    fn a_block_that_was_cut_off_counts_so_far_and_goes_on() {
        assert_eq!(measure("", None, &["<think>", "hm", "hm"]), Some(20.0));
        assert_eq!(measure("<think>hm", Some(20.0), &["hm", "hm", "</think>", "Hello"]), Some(40.0));
        assert_eq!(measure("<think>hm</think>", Some(20.0), &["Hello", "</think>"]), None, "it was measured before");
    }
}
