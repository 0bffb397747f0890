//! Texts out of files that the tests write themselves, whole ones and hostile ones.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod docx;
mod hostile;
mod pdf;
mod plain;

use paddock_extract::{Error, Extracted, Kind, extract};

/// The kind and text of a file that has some.
fn taken(name: &str, bytes: &[u8]) -> (Kind, String) {
    let Extracted { kind, text } = extract(name, bytes).unwrap();
    (kind, text)
}

/// Why a file has none.
fn refused(name: &str, bytes: &[u8]) -> Error {
    extract(name, bytes).unwrap_err()
}
