//! The words around a hit.

use std::ops::Range;

use super::SnippetPart;
use super::words::{Term, Words, fold, tokens};

/// So much stands before the first hit, in bytes: a few words.
const BEFORE_BYTES: usize = 48;

/// So long is a snippet, in bytes: about 20 words of a European language.
const LENGTH_BYTES: usize = 180;

/// Hits looked at to choose the best place. A text full of them is as good anywhere.
const MAX_LOOKED_AT: usize = 64;

/// One of the words, in the text.
struct Place {
    range: Range<usize>,
    term: usize,
}

/// The piece of the text with the most of the words in it, on one line.
pub(super) fn cut(text: &str, words: &Words) -> Vec<SnippetPart> {
    let places = places(text, words, MAX_LOOKED_AT);
    let window = window(text, &places);
    let mut parts = Vec::new();
    if window.start > 0 {
        push(&mut parts, "…", false);
    }
    let shown = &text[window.clone()];
    let mut at = 0;
    for place in self::places(shown, words, usize::MAX) {
        // Two words may overlap; the first one wins.
        if place.range.start >= at {
            push(&mut parts, &shown[at..place.range.start], false);
            push(&mut parts, &shown[place.range.clone()], true);
            at = place.range.end;
        }
    }
    push(&mut parts, &shown[at..], false);
    if window.end < text.len() {
        push(&mut parts, "…", false);
    }
    parts
}

/// Where the words are, in the order of their ends, at most so many.
fn places(text: &str, words: &Words, most: usize) -> Vec<Place> {
    let mut seen: Vec<Range<usize>> = Vec::new();
    let mut places = Vec::new();
    for token in tokens(text) {
        seen.push(token.clone());
        for (number, term) in words.terms.iter().enumerate() {
            if let Some(first) = seen.len().checked_sub(term.tokens.len())
                && is_there(text, &seen[first..], term)
            {
                places.push(Place { range: seen[first].start..token.end, term: number });
            }
        }
        if places.len() >= most {
            break;
        }
    }
    places
}

fn is_there(text: &str, tokens: &[Range<usize>], term: &Term) -> bool {
    let last = term.tokens.len() - 1;
    // The last first: it is the one that changed.
    tokens.iter().zip(&term.tokens).enumerate().rev().all(|(number, (token, wanted))| {
        let found = fold(&text[token.clone()]);
        if number == last && term.is_beginning { found.starts_with(wanted.as_str()) } else { found == *wanted }
    })
}

/// The piece with the most different words, beginning a little before the first of them.
fn window(text: &str, places: &[Place]) -> Range<usize> {
    let mut best = 0;
    let mut start = 0;
    for place in places {
        let within = places.iter().filter(|other| {
            other.range.start >= place.range.start && other.range.start < place.range.start + LENGTH_BYTES / 2
        });
        let mut terms: Vec<usize> = within.map(|other| other.term).collect();
        terms.sort_unstable();
        terms.dedup();
        if terms.len() > best {
            best = terms.len();
            start = place.range.start;
        }
    }
    let start = match start.saturating_sub(BEFORE_BYTES) {
        0 => 0,
        earliest => {
            let earliest = text.ceil_char_boundary(earliest);
            // From the end of the word that is cut, if one is.
            let cut_word = text[earliest..start].find(char::is_whitespace).map_or(earliest, |space| earliest + space);
            cut_word.min(start)
        }
    };
    let end = text.floor_char_boundary((start + LENGTH_BYTES).min(text.len()));
    if end == text.len() {
        return start..end;
    }
    // Half of it at least: a word may be longer than a snippet.
    let half = text.floor_char_boundary(start + LENGTH_BYTES / 2);
    let end = text[half..end].rfind(char::is_whitespace).map_or(end, |space| half + space);
    start..end
}

/// Adds a piece with every run of white space as one space.
fn push(parts: &mut Vec<SnippetPart>, text: &str, hit: bool) {
    let mut line = String::with_capacity(text.len());
    for char in text.chars() {
        if !char.is_whitespace() {
            line.push(char);
        } else if !line.ends_with(' ') {
            line.push(' ');
        }
    }
    let begins = parts.is_empty() || (parts.len() == 1 && parts[0].text == "…");
    let line = if begins { line.trim_start() } else { &line };
    if line.is_empty() {
        return;
    }
    match parts.last_mut() {
        Some(last) if last.hit == hit => last.text.push_str(line),
        _ => parts.push(SnippetPart { text: line.to_owned(), hit }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marked(text: &str, typed: &str) -> String {
        let parts = cut(text, &Words::of(typed));
        parts.iter().map(|part| if part.hit { format!("[{}]", part.text) } else { part.text.clone() }).collect()
    }

    #[test]
    fn the_words_are_marked_where_they_are() {
        assert_eq!(marked("The Éclair was  good.\n\nVery good", "eclair goo"), "The [Éclair] was [good]. Very [good]");
        assert_eq!(marked("use foo-bar, not foo or bar", "foo-bar"), "use [foo-bar], not foo or bar");
        assert_eq!(marked("東京タワーと京都", "東京"), "[東京]タワーと京都");
        assert_eq!(marked("nothing here", "else"), "nothing here");
        assert_eq!(marked("", "x"), "");
    }

    #[test]
    fn a_long_text_is_cut_around_the_place_with_the_most_words() {
        let filler = "lorem ipsum dolor sit amet ".repeat(20);
        let text = format!("alpha {filler}alpha beta {filler}");
        let cut = marked(&text, "alpha beta");
        assert!(cut.starts_with('…') && cut.ends_with('…'), "{cut}");
        assert!(cut.contains("[alpha] [beta]"), "{cut}");
        assert!(cut.chars().count() < 200, "{cut}");
    }

    #[test]
    fn a_word_longer_than_a_snippet_is_cut_between_characters() {
        let long = "é".repeat(5_000);
        let cut = marked(&long, "éé");
        assert!(cut.starts_with("[é") && cut.ends_with('…') && cut.len() < 250, "{cut}");
    }
}
