//! Plain text in the encodings that people have.

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, UTF_16BE, UTF_16LE};

use crate::Error;

/// The share of control characters from which bytes are no text: one in a thousand, but a few are always forgiven.
const CONTROLS_PER_MILLE: usize = 1;
const CONTROLS_FORGIVEN: usize = 4;

/// Decodes what is text: by its mark (UTF-8, UTF-16), as UTF-8, or in the likeliest of the old encodings.
pub(crate) fn decode(bytes: &[u8]) -> Result<String, Error> {
    if let Some((encoding, mark)) = Encoding::for_bom(bytes) {
        return decoded(encoding, &bytes[mark..]);
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        return checked(text.to_owned());
    }
    if let Some(encoding) = utf_16_without_mark(bytes) {
        return decoded(encoding, bytes);
    }
    if bytes.contains(&0) {
        return Err(Error::Binary);
    }
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Allow);
    detector.feed(bytes, true);
    decoded(detector.guess(None, Utf8Detection::Allow), bytes)
}

fn decoded(encoding: &'static Encoding, bytes: &[u8]) -> Result<String, Error> {
    match encoding.decode_without_bom_handling(bytes) {
        (_, true) => Err(Error::Binary),
        (text, false) => checked(text.into_owned()),
    }
}

/// Programs of Windows write UTF-16 without a mark too. In Western text every second byte is then zero.
fn utf_16_without_mark(bytes: &[u8]) -> Option<&'static Encoding> {
    let sample = &bytes[..bytes.len().min(4096) & !1];
    let zeros = |odd: usize| sample.iter().skip(odd).step_by(2).filter(|byte| **byte == 0).count();
    let most = sample.len() / 2 * 2 / 3;
    match (zeros(0), zeros(1)) {
        _ if most == 0 || bytes.len() % 2 == 1 => None,
        (0, high) if high >= most => Some(UTF_16LE),
        (high, 0) if high >= most => Some(UTF_16BE),
        _ => None,
    }
}

/// What decodes is not yet text: a program made of ASCII control characters does too.
fn checked(text: String) -> Result<String, Error> {
    let is_control = |c: &char| c.is_control() && !matches!(c, '\t' | '\n' | '\r' | '\x0c' | '\x1b' | '\u{85}');
    let controls = text.chars().filter(is_control).count();
    if text.contains('\0') || controls > CONTROLS_FORGIVEN.max(text.len() * CONTROLS_PER_MILLE / 1000) {
        return Err(Error::Binary);
    }
    Ok(text)
}

/// One kind of line end, and no control characters but tabs and line ends: a model has no use for the others.
pub(crate) fn tidy(text: &str) -> String {
    let mut tidy = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\r' if chars.peek() == Some(&'\n') => {}
            '\r' | '\x0c' | '\u{85}' => tidy.push('\n'),
            '\t' | '\n' => tidy.push(c),
            '\u{feff}' => {}
            c if c.is_control() => {}
            c => tidy.push(c),
        }
    }
    tidy
}
