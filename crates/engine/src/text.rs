//! From token bytes to text that may be shown: whole characters only, and nothing that could still become a stop text.

use encoding_rs::{Decoder, UTF_8};

/// One answer's text on its way out.
pub(crate) struct TextStream {
    decoder: Decoder,
    stops: Vec<String>,
    /// Decoded, but perhaps the beginning of a stop text.
    held: String,
    stopped: bool,
}

impl TextStream {
    /// Empty stop texts are ignored.
    pub(crate) fn new(stops: &[String]) -> Self {
        Self {
            // Without BOM handling: a model may well write one.
            decoder: UTF_8.new_decoder_without_bom_handling(),
            stops: stops.iter().filter(|stop| !stop.is_empty()).cloned().collect(),
            held: String::new(),
            stopped: false,
        }
    }

    /// Whether a stop text came up; nothing comes out after that.
    pub(crate) fn stopped(&self) -> bool {
        self.stopped
    }

    /// Take the bytes of a token; give the text that is certain by now.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> String {
        self.decode(bytes, false);
        self.release(false)
    }

    /// The rest, at the end of the answer. A character that never became whole shows as U+FFFD.
    pub(crate) fn finish(&mut self) -> String {
        self.decode(&[], true);
        self.release(true)
    }

    fn decode(&mut self, bytes: &[u8], last: bool) {
        let room = self.decoder.max_utf8_buffer_length(bytes.len()).unwrap_or(bytes.len() * 3 + 3);
        self.held.reserve(room);
        let (_, _, _had_errors) = self.decoder.decode_to_string(bytes, &mut self.held, last);
    }

    fn release(&mut self, last: bool) -> String {
        if self.stopped {
            self.held.clear();
            return String::new();
        }
        if let Some(at) = self.stops.iter().filter_map(|stop| self.held.find(stop.as_str())).min() {
            self.stopped = true;
            self.held.truncate(at);
            return std::mem::take(&mut self.held);
        }
        let keep = if last { 0 } else { self.stops.iter().map(|stop| overlap(&self.held, stop)).max().unwrap_or(0) };
        let rest = self.held.split_off(self.held.len() - keep);
        std::mem::replace(&mut self.held, rest)
    }
}

/// The length in bytes of the longest end of `text` that is a beginning of `stop`, but not all of it.
pub(crate) fn overlap(text: &str, stop: &str) -> usize {
    (1..stop.len().min(text.len() + 1))
        .rev()
        .filter(|&len| stop.is_char_boundary(len))
        .find(|&len| text.ends_with(&stop[..len]))
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn run<'a>(pieces: impl IntoIterator<Item = &'a [u8]>, stops: &[&str]) -> (Vec<String>, bool) {
        let stops: Vec<String> = stops.iter().map(ToString::to_string).collect();
        let mut stream = TextStream::new(&stops);
        let mut out: Vec<String> = pieces.into_iter().map(|piece| stream.push(piece)).collect();
        out.push(stream.finish());
        (out, stream.stopped())
    }

    #[test]
    fn a_character_is_shown_only_when_it_is_whole() {
        let astronaut = "👩‍🚀".as_bytes();
        let (out, _) = run(astronaut.chunks(1), &[]);
        assert_eq!(out[..4], ["", "", "", "👩"]);
        assert_eq!(out.concat(), "👩‍🚀");
    }

    #[test]
    fn a_character_that_never_becomes_whole_shows_as_a_replacement() {
        assert_eq!(run(["hi".as_bytes(), &[0xF0, 0x9F]], &[]).0.concat(), "hi\u{FFFD}");
    }

    #[test]
    fn a_stop_text_split_over_tokens_does_not_leak() {
        let (out, stopped) = run(["one ".as_bytes(), b"<", b"en", b"d>", b" more"], &["<end>"]);
        assert_eq!((out.concat().as_str(), stopped), ("one ", true));
    }

    #[test]
    fn a_beginning_of_a_stop_text_that_does_not_go_on_is_not_swallowed() {
        let (out, stopped) = run(["a<en".as_bytes(), b"<e", b"nd"], &["<end>"]);
        assert_eq!((out.concat().as_str(), stopped), ("a<en<end", false));
    }

    #[test]
    fn the_earliest_of_several_stop_texts_wins() {
        assert_eq!(run(["abc XX def YY".as_bytes()], &["YY", "XX"]).0.concat(), "abc ");
    }

    #[test]
    fn a_stop_text_may_hold_characters_of_several_bytes() {
        assert_eq!(run("ok 終わり!".as_bytes().chunks(1), &["終わり"]).0.concat(), "ok ");
    }

    proptest! {
        #[test]
        fn however_it_is_cut_the_text_is_that_of_the_whole(
            text in "[a-cé終👍<>]{0,24}", stop in "[a-c<>終]{1,4}", cuts in proptest::collection::vec(1_usize..5, 0..40),
        ) {
            let mut rest = text.as_bytes();
            let mut pieces = Vec::new();
            for cut in cuts {
                let (piece, tail) = rest.split_at(cut.min(rest.len()));
                pieces.push(piece);
                rest = tail;
            }
            pieces.push(rest);
            let (out, stopped) = run(pieces, &[&stop]);
            let expected = text.split(&stop).next().unwrap_or_default();
            prop_assert_eq!(out.concat(), expected);
            prop_assert_eq!(stopped, text.contains(&stop));
        }

        #[test]
        fn any_bytes_become_what_the_whole_would(bytes in proptest::collection::vec(any::<u8>(), 0..40), size in 1_usize..4) {
            prop_assert_eq!(run(bytes.chunks(size), &[]).0.concat(), String::from_utf8_lossy(&bytes));
        }
    }
}
