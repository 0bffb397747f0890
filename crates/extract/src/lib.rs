//! The text of files: plain text, source code, PDF and Word.
//!
//! **Owns** what a file is taken for and how its text is read. **Does not own** files: everything here is from bytes to
//! text, without disk or network. The bytes are believed nothing: every length is bounded, a library that panics costs one
//! file, and what a file refers to is never fetched. What a library does that cannot be bounded or caught (a stack that
//! overflows, memory without end, time without end) happens in a process of its own: see [`Reader`].
//!
//! **How to test:** `cargo test -p paddock-extract`. The tests write their PDFs and Word documents themselves.

mod docx;
mod error;
mod kind;
mod pdf;
mod reader;
mod text;

pub use error::Error;
pub use kind::{Kind, file_name};
pub use reader::{Reader, is_reader_process, reader_main};

use serde::{Deserialize, Serialize};

/// The largest file that is looked into, in bytes.
pub const MAX_FILE_BYTES: usize = 50_000_000;

/// The most text that is taken out of one, in bytes of UTF-8: about a million tokens, more than any context holds.
pub const MAX_TEXT_BYTES: usize = 4_000_000;

/// What was in a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Extracted {
    /// What the file is.
    pub kind: Kind,
    /// Its text: never empty, lines end with `\n`, at most [`MAX_TEXT_BYTES`].
    pub text: String,
}

/// Takes the text out of a file. `name` only helps to tell what it is; the content has the last word.
///
/// A PDF may end the process that calls this, or never return: [`Reader::extract`] is for files of people.
///
/// # Errors
/// A sentence for the person who chose the file; see [`Error`].
pub fn extract(name: &str, bytes: &[u8]) -> Result<Extracted, Error> {
    if bytes.len() > MAX_FILE_BYTES {
        return Err(Error::TooLarge { bytes: bytes.len() });
    }
    let kind = kind::of(name, bytes)?;
    let text = match kind {
        Kind::Text | Kind::Code => text::decode(bytes)?,
        Kind::Pdf => pdf::text(bytes)?,
        Kind::Docx => docx::text(bytes)?,
    };
    let text = text::tidy(&text);
    if text.trim().is_empty() {
        return Err(Error::Empty);
    }
    if text.len() > MAX_TEXT_BYTES {
        return Err(Error::TooMuchText { bytes: text.len() });
    }
    Ok(Extracted { kind, text })
}
