//! Why a file has no text for a message, in sentences for the person who chose it.

use serde::{Deserialize, Serialize};

use crate::{MAX_FILE_BYTES, MAX_TEXT_BYTES};

/// Why there is no text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum Error {
    /// More bytes than are looked into.
    #[error(
        "The file has {:.1} MB, and at most {} MB can be attached. Attach the part that matters.",
        mb(*.bytes),
        MAX_FILE_BYTES / 1_000_000
    )]
    TooLarge {
        /// The bytes of the file.
        bytes: usize,
    },
    /// More text than a message takes.
    #[error(
        "The file holds {:.1} MB of text, and at most {} MB can be attached. Attach the part that matters.",
        mb(*.bytes),
        MAX_TEXT_BYTES / 1_000_000
    )]
    TooMuchText {
        /// The bytes of the text; at least that many, where reading stopped early.
        bytes: usize,
    },
    /// Nothing, or nothing but white space.
    #[error("The file is empty.")]
    Empty,
    /// A picture.
    #[error("This model reads text only, and the file is a picture. Describe what is in it, or attach its text.")]
    Image,
    /// Sound or a film.
    #[error("This model reads text only, and the file is a recording. Attach its transcript.")]
    Recording,
    /// A program, a database or anything else without text.
    #[error("The file holds no text that could be read. Text, code, PDF and Word files (.docx) can be attached.")]
    Binary,
    /// A zip that is not a Word document.
    #[error("The file is an archive. Unpack it and attach the files that matter.")]
    Archive,
    /// A document of an office program that is not a Word document.
    #[error("The file is a table, slides or a document of another program. Save it as PDF or .docx and attach that.")]
    OtherDocument,
    /// Word before 2007, or a Word document with a password: both look the same from outside.
    #[error(
        "The file is a Word document of the old format, or has a password. Save it as .docx without one and attach that."
    )]
    OldWord,
    /// A PDF that opens with a password only.
    #[error("The PDF is protected by a password. Save a copy without one and attach that.")]
    PdfPassword,
    /// A PDF of pictures.
    #[error("The PDF has no text, only pictures of it, as from a scanner. Run it through a text recognition first.")]
    PdfWithoutText,
    /// A PDF whose fonts do not say which letters they draw.
    #[error(
        "The letters of the PDF cannot be told: its fonts do not say which they are. Save it as text in the program it came from."
    )]
    PdfWithoutLetters,
    /// Not a PDF, or a broken one.
    #[error("The PDF is damaged and cannot be read. Open it in another program and save it again.")]
    PdfDamaged,
    /// A file that takes longer than anybody waits.
    #[error(
        "The file took too long to read and was given up. Print the part that matters into a new PDF and attach that."
    )]
    TooSlow,
    /// A file that ended the process that read it: it took all its stack or memory, or met a fault of a library.
    #[error(
        "Reading the file broke off: it is damaged, or made to break programs. If you trust where it came from, save it again in another program and attach that."
    )]
    Breaks,
    /// The process that reads files could not be started.
    #[error("The part of Paddock that reads files could not be started: {reason}. Restart Paddock and try again.")]
    NoReader {
        /// What the system said.
        reason: String,
    },
    /// A Word document that is cut short, or not what it says it is.
    #[error(
        "The Word document is damaged and cannot be read ({reason}). Open it in Word or LibreOffice and save it again."
    )]
    DocxDamaged {
        /// What is wrong, as half a sentence.
        reason: String,
    },
    /// More than is unpacked of anything: the pattern of an attack.
    #[error("The file unpacks to far more than it should and was not read. Do not trust where it came from.")]
    Bomb,
}

/// Bytes in MB, to be shown with one decimal.
#[expect(clippy::cast_precision_loss, reason = "shown with one decimal")]
fn mb(bytes: usize) -> f64 {
    bytes as f64 / 1e6
}
