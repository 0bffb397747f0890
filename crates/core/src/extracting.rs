//! The text of a file that is to be sent with a message.

use base64::{
    Engine,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use paddock_extract::{Error, Extracted, Kind, MAX_FILE_BYTES, Reader, file_name};

use crate::{
    ApiError, App, ErrorCode,
    view::{AttachmentKind, NewAttachment},
};

/// The window pads, as browsers do; others may leave it out.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

impl App {
    /// The text of a file that was chosen, dropped or pasted. Its tokens are not counted here.
    ///
    /// # Errors
    /// When it holds no text, or more than a message takes; with a sentence for each.
    pub async fn extract_text(&self, name: String, base64: String) -> Result<NewAttachment, ApiError> {
        tokio::task::spawn_blocking(move || {
            let reader = Reader::this_executable().map_err(|error| Error::NoReader { reason: error.to_string() })?;
            extracted(&name, &base64, &reader)
        })
        .await?
    }
}

fn extracted(name: &str, base64: &str, reader: &Reader) -> Result<NewAttachment, ApiError> {
    // Refused by its length before it is in memory a second time.
    let about = base64.len() / 4 * 3;
    if about > MAX_FILE_BYTES + 3 {
        return Err(Error::TooLarge { bytes: about }.into());
    }
    let bytes = BASE64.decode(base64).map_err(|error| {
        ApiError::new(ErrorCode::BadInput, format!("The file did not arrive whole: {error}. Attach it again."))
    })?;
    let Extracted { kind, text } = reader.extract(name, &bytes)?;
    Ok(NewAttachment { name: file_name(name), kind: kind.into(), size_bytes: bytes.len() as u64, n_tokens: None, text })
}

impl From<Kind> for AttachmentKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Text => Self::Text,
            Kind::Code => Self::Code,
            Kind::Pdf => Self::Pdf,
            Kind::Docx => Self::Docx,
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may fail loudly")]
mod tests {
    use super::*;

    fn extracted(name: &str, base64: &str) -> Result<NewAttachment, ApiError> {
        super::extracted(name, base64, &Reader::this_executable().unwrap())
    }

    #[test]
    fn a_file_becomes_an_attachment_with_a_safe_name() {
        let attachment = extracted("../notes/a.rs", &BASE64.encode("fn main() {}")).unwrap();
        let wanted = NewAttachment {
            name: "a.rs".into(),
            kind: AttachmentKind::Code,
            size_bytes: 12,
            n_tokens: None,
            text: "fn main() {}".into(),
        };
        assert_eq!(attachment, wanted);
    }

    #[test]
    fn a_picture_too_much_and_half_a_file_are_bad_input_with_a_sentence() {
        let picture = extracted("a.png", &BASE64.encode(b"\x89PNG\r\n\x1a\n")).unwrap_err();
        let half = extracted("a.txt", "YWJj!").unwrap_err();
        let large = extracted("a.txt", &"A".repeat(70_000_000)).unwrap_err();
        for (error, words) in [(picture, "reads text only"), (half, "did not arrive whole"), (large, "52.5 MB")] {
            assert_eq!(error.code, ErrorCode::BadInput);
            assert!(error.message.contains(words), "{error}");
        }
    }
}
