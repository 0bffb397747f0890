//! What was typed, as words.

use std::borrow::Cow;
use std::ops::Range;

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// More words than anybody types; what is pasted may have more.
const MAX_WORDS: usize = 32;

/// The words that are looked for.
#[derive(Debug, Default)]
pub(super) struct Words {
    pub(super) terms: Vec<Term>,
}

/// One of the words that were typed between spaces. It may be several to the index: "foo-bar".
#[derive(Debug)]
pub(super) struct Term {
    typed: String,
    /// The same without case and accents, cut as [`tokens`] does.
    pub(super) tokens: Vec<String>,
    /// Whether a longer word that begins with it is right as well.
    pub(super) is_beginning: bool,
    /// Whether it is in a script without spaces, so that it is looked for as a piece of text.
    is_piece: bool,
}

impl Words {
    pub(super) fn of(typed: &str) -> Self {
        let mut terms: Vec<Term> = typed
            .split(|char: char| char.is_whitespace() || char.is_control())
            .filter_map(|word| {
                let tokens: Vec<String> = tokens(word).map(|range| fold(&word[range]).into_owned()).collect();
                // An accent alone is a token to the eye and none to the index.
                let found = word.chars().any(char::is_alphanumeric);
                let is_piece = word.chars().any(is_unspaced);
                found.then(|| Term { typed: word.to_owned(), tokens, is_beginning: is_piece, is_piece })
            })
            .take(MAX_WORDS)
            .collect();
        // A single letter begins half of all words: to find all of these takes long and helps nobody.
        if let Some(last) = terms.last_mut().filter(|last| last.typed.chars().nth(1).is_some()) {
            last.is_beginning = true;
        }
        Self { terms }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// What FTS5 is asked: every word as a string, so that nothing in it is an operator. `None` where there are only
    /// pieces of text.
    pub(super) fn match_expression(&self) -> Option<String> {
        let quoted: Vec<String> = self
            .terms
            .iter()
            .filter(|term| !term.is_piece)
            .map(|term| {
                let beginning = if term.is_beginning { " *" } else { "" };
                format!("\"{}\"{beginning}", term.typed.replace('"', "\"\""))
            })
            .collect();
        (!quoted.is_empty()).then(|| quoted.join(" "))
    }

    /// The longest text without spaces, which has no upper and lower case either: what all pieces are in has it.
    pub(super) fn longest_unspaced(&self) -> &str {
        let runs = self.pieces().flat_map(|piece| piece.split(|char| !is_unspaced(char)));
        runs.max_by_key(|run| run.len()).unwrap_or_default()
    }

    /// Whether all pieces of text are in there, whatever the case of the letters a to z.
    pub(super) fn has_pieces(&self, text: &str) -> bool {
        self.pieces().all(|piece| {
            text.contains(piece)
                || (piece.bytes().any(|byte| byte.is_ascii_alphabetic())
                    && text.to_ascii_lowercase().contains(&piece.to_ascii_lowercase()))
        })
    }

    fn pieces(&self) -> impl Iterator<Item = &str> {
        self.terms.iter().filter(|term| term.is_piece).map(|term| term.typed.as_str())
    }
}

/// The words of a text as FTS5's unicode61 sees them; of scripts without spaces, each character.
pub(super) fn tokens(text: &str) -> impl Iterator<Item = Range<usize>> {
    let mut chars = text.char_indices().peekable();
    std::iter::from_fn(move || {
        loop {
            let (start, first) = chars.next()?;
            if !is_of_word(first) {
                continue;
            }
            let mut end = start + first.len_utf8();
            while let Some(&(at, next)) = chars.peek() {
                let goes_on =
                    if is_unspaced(first) { is_combining_mark(next) } else { is_of_word(next) && !is_unspaced(next) };
                if !goes_on {
                    break;
                }
                end = at + next.len_utf8();
                chars.next();
            }
            return Some(start..end);
        }
    })
}

/// A word without case and accents.
pub(super) fn fold(word: &str) -> Cow<'_, str> {
    if word.is_ascii() {
        if word.bytes().any(|byte| byte.is_ascii_uppercase()) { word.to_ascii_lowercase().into() } else { word.into() }
    } else {
        word.nfd().filter(|&char| !is_combining_mark(char)).flat_map(char::to_lowercase).collect::<String>().into()
    }
}

fn is_of_word(char: char) -> bool {
    char.is_alphanumeric() || (!char.is_ascii() && is_combining_mark(char))
}

/// Letters of scripts that put no spaces between words, and of Korean, whose endings hang on them.
fn is_unspaced(char: char) -> bool {
    matches!(u32::from(char),
        0x0E00..=0x0EFF // Thai, Lao
        | 0x1000..=0x109F // Burmese
        | 0x1100..=0x11FF | 0x3130..=0x318F | 0xA960..=0xA97F | 0xAC00..=0xD7FF // Korean
        | 0x1780..=0x17FF // Khmer
        | 0x2E80..=0x2FDF | 0x3005..=0x3007 | 0x3400..=0x4DBF | 0x4E00..=0x9FFF | 0xF900..=0xFAFF // Chinese characters
        | 0x3040..=0x30FF | 0x3100..=0x312F | 0x31A0..=0x31FF | 0xFF66..=0xFF9D // Kana, Bopomofo
        | 0x20000..=0x3FFFF // rarer Chinese characters
    ) && char.is_alphanumeric()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]
mod tests {
    use super::*;

    #[test]
    fn every_word_is_a_string_and_the_last_a_beginning() {
        let expression = |typed: &str| Words::of(typed).match_expression();
        assert_eq!(expression("quantum  Ent").unwrap(), r#""quantum" "Ent" *"#);
        assert_eq!(expression(r#"a "b OR c*"#).unwrap(), r#""a" """b" "OR" "c*" *"#);
        assert_eq!(expression("C").unwrap(), r#""C""#, "the language, not half of all words");
        assert_eq!(expression("東京 tower").unwrap(), r#""tower" *"#);
        for nothing in ["", "  ", "-", "\"", "🐎", "* ( )", "\0", "東京"] {
            assert_eq!(expression(nothing), None, "{nothing:?}");
        }
    }

    #[test]
    fn a_word_is_compared_without_case_and_accents() {
        assert_eq!(fold("Éclair"), "eclair");
        assert_eq!(fold("ΣΊΣΥΦΟΣ"), fold("σίσυφοσ"));
        assert_eq!(fold("PLAIN"), "plain");
    }

    #[test]
    fn words_are_runs_of_letters_and_digits_and_chinese_is_single_characters() {
        let cut = |text: &'static str| tokens(text).map(|range| &text[range]).collect::<Vec<_>>();
        assert_eq!(cut("don't  stop, x86_64"), ["don", "t", "stop", "x86", "64"]);
        assert_eq!(cut("iPhone東京"), ["iPhone", "東", "京"]);
        assert_eq!(cut("e\u{301}t\u{e9}"), ["e\u{301}t\u{e9}"]);
    }
}
