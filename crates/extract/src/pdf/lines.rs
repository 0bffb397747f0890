//! From letters on a page to words and lines.

use hayro_interpret::kurbo::{Point, Vec2};

/// A gap of so many ems between two letters is a space: a word space is about 0.25, kerning below 0.1.
const SPACE_EMS: f64 = 0.15;

/// So many ems beside the line is another line; less is a superscript.
const LINE_EMS: f64 = 0.5;

/// So many ems below the line is another paragraph: lines are 1 to 1.5 apart.
const PARAGRAPH_EMS: f64 = 1.9;

/// So many ems back is another line, even at the same height: a second column, or a table.
const BACK_EMS: f64 = 0.5;

/// Bold text is sometimes the same text drawn twice, this near.
const AGAIN_EMS: f64 = 0.15;

/// A letter and where it is drawn.
#[derive(Debug, Clone)]
pub(super) struct Letter {
    /// What it says; a ligature is several characters.
    pub text: String,
    /// Its origin on the page.
    pub start: Point,
    /// One em in the direction of writing, on the page.
    pub em: Vec2,
    /// How far the next letter is, in ems.
    pub advance: f64,
}

impl Letter {
    fn end(&self) -> Point {
        self.start + self.em * self.advance
    }
}

/// The text so far.
#[derive(Debug, Default)]
pub(super) struct Lines {
    text: String,
    last: Option<Letter>,
    /// The run before this one, to know it again.
    run: Option<(String, Point)>,
}

impl Lines {
    /// Adds letters that are drawn together.
    pub fn add(&mut self, letters: Vec<Letter>) {
        let Some(first) = letters.first() else {
            return;
        };
        let run: String = letters.iter().map(|letter| letter.text.as_str()).collect();
        let near = first.em.hypot() * AGAIN_EMS;
        let again = self.run.as_ref().is_some_and(|(text, at)| *text == run && (*at - first.start).hypot() < near);
        self.run = Some((run, first.start));
        if again {
            return;
        }
        for letter in letters {
            self.separate(&letter);
            self.text.push_str(&letter.text);
            self.last = Some(letter);
        }
    }

    /// What stands between the last letter and this one.
    fn separate(&mut self, next: &Letter) {
        let Some(last) = &self.last else {
            return;
        };
        let size = last.em.hypot().max(next.em.hypot());
        if !(size.is_finite() && size > 0.0) {
            return;
        }
        let direction = last.em.normalize();
        let gap = next.start - last.end();
        let (along, beside) = (gap.dot(direction) / size, gap.cross(direction).abs() / size);
        // Read downwards, with y growing to the foot of the page.
        if beside > PARAGRAPH_EMS && !self.text.ends_with("\n\n") {
            self.end_line();
            self.text.push('\n');
        } else if beside > LINE_EMS || along < -BACK_EMS {
            self.end_line();
        } else if along > SPACE_EMS && !self.text.ends_with([' ', '\n']) && !next.text.starts_with(' ') {
            self.text.push(' ');
        }
    }

    fn end_line(&mut self) {
        self.text.truncate(self.text.trim_end_matches(' ').len());
        if !self.text.is_empty() && !self.text.ends_with('\n') {
            self.text.push('\n');
        }
    }

    /// The next letter is on another page.
    pub fn end_page(&mut self) {
        self.text.truncate(self.text.trim_end().len());
        if !self.text.is_empty() {
            self.text.push_str("\n\n");
        }
        self.last = None;
        self.run = None;
    }

    /// All of it so far.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// All of it.
    pub fn into_text(mut self) -> String {
        self.text.truncate(self.text.trim_end().len());
        self.text.push('\n');
        self.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word(text: &str, x: f64, y: f64) -> Vec<Letter> {
        let em = Vec2::new(10.0, 0.0);
        let letter = |(i, c): (usize, char)| {
            let start = Point::new(x + 5.0 * i as f64, y);
            Letter { text: c.to_string(), start, em, advance: 0.5 }
        };
        text.chars().enumerate().map(letter).collect()
    }

    fn lines(words: &[(&str, f64, f64)]) -> String {
        let mut lines = Lines::default();
        words.iter().for_each(|(text, x, y)| lines.add(word(text, *x, *y)));
        lines.into_text()
    }

    #[test]
    fn a_gap_is_a_space_and_kerning_is_none() {
        assert_eq!(lines(&[("ab", 0.0, 0.0), ("cd", 10.5, 0.0), ("ef", 23.0, 0.0)]), "abcd ef\n");
    }

    #[test]
    fn lower_is_another_line_much_lower_another_paragraph_and_a_little_higher_a_superscript() {
        let words = [("ab", 0.0, 0.0), ("2", 10.0, -3.0), ("cd", 0.0, 12.0), ("ef", 0.0, 40.0)];
        assert_eq!(lines(&words), "ab2\ncd\n\nef\n");
    }

    #[test]
    fn text_drawn_twice_for_boldness_is_there_once() {
        assert_eq!(lines(&[("ab", 0.0, 0.0), ("ab", 0.3, 0.0), ("ab", 20.0, 0.0)]), "ab ab\n");
    }

    #[test]
    fn places_that_are_no_numbers_end_nothing() {
        assert_eq!(lines(&[("ab", 0.0, 0.0), ("cd", f64::NAN, f64::INFINITY)]), "abcd\n");
    }
}
