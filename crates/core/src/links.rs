//! Which addresses may leave the window for the browser: there is no other way out for a link.
//!
//! A link in an answer was written by a model, and a model writes what it was fed. What the system opens an address with
//! depends on its beginning alone: a file, a share on a network, a program. So only the web is let through.

use url::{Host, Url};

use crate::{ApiError, ErrorCode};

/// Longer addresses do not fit the card that shows them, and no page needs them.
const LONGEST_BYTES: usize = 2048;

/// An address as a browser will be given it, checked: `http` or `https`, a host, and nothing hidden. International host
/// names come back in their ASCII form (`xn--…`), which cannot look like another's.
///
/// # Errors
/// [`ErrorCode::BadInput`], with a sentence that says what is wrong.
pub fn checked_link(text: &str) -> Result<String, ApiError> {
    if text.is_empty() {
        return Err(refused("There is no address to open."));
    }
    if text.len() > LONGEST_BYTES {
        return Err(refused(format!("The address is longer than {LONGEST_BYTES} characters.")));
    }
    if text.chars().any(is_hidden) {
        return Err(refused("The address has characters in it that cannot be seen."));
    }
    let Some(rest) = after_scheme(text) else {
        return Err(refused("Only addresses that begin with http:// or https:// are opened."));
    };
    // Browsers read a backslash as a slash and take any number of them; what is shown would not be what is meant.
    if text.contains('\\') || rest.starts_with('/') {
        return Err(refused("The address is not written as an address of the web is."));
    }
    let url = Url::parse(text).map_err(|error| refused(format!("The address cannot be read: {error}.")))?;
    // `https://paddock.example@evil.example/` leads to evil.example.
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if authority.contains('@') || !url.username().is_empty() || url.password().is_some() {
        return Err(refused("The address has a user name in it, which can hide where it leads."));
    }
    match url.host() {
        Some(Host::Domain(name)) if !name.is_empty() => {}
        Some(Host::Ipv4(_) | Host::Ipv6(_)) => {}
        Some(Host::Domain(_)) | None => return Err(refused("The address names no host.")),
    }
    if !matches!(url.scheme(), "http" | "https") || url.as_str().len() > 3 * LONGEST_BYTES {
        return Err(refused("Only addresses that begin with http:// or https:// are opened."));
    }
    Ok(url.into())
}

/// What follows `http://` or `https://`.
fn after_scheme(text: &str) -> Option<&str> {
    let (scheme, rest) = text.split_once("://")?;
    (scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https")).then_some(rest)
}

/// Whitespace, control characters, and what changes the direction or has no width.
fn is_hidden(character: char) -> bool {
    character.is_whitespace()
        || character.is_control()
        || matches!(character,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}')
}

fn refused(message: impl Into<String>) -> ApiError {
    ApiError::new(ErrorCode::BadInput, message).hint("Copy the address and look at it before you open it yourself.")
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may fail loudly")]
mod tests {
    use super::*;

    /// One address a line, the text of a JSON string: the tests of the window try the same ones.
    const REFUSED: &str = include_str!("../../../tests/fixtures/refused-links.json");

    #[test]
    fn addresses_of_the_web_are_opened_as_they_are_written() {
        for url in [
            "https://example.com/",
            "http://example.com/a/b?c=d&e=%20f#g",
            "https://example.com:8443/a@b",
            "https://example.com/?mail=a@b.example",
            "http://localhost:3000/",
            "http://127.0.0.1:8080/v1/models",
            "http://[::1]:8080/",
            "https://huggingface.co/bartowski/Llama-3.2-1B-Instruct-GGUF",
        ] {
            assert_eq!(checked_link(url).as_deref(), Ok(url));
        }
    }

    #[test]
    fn an_address_is_written_out_as_the_browser_reads_it() {
        for (url, opened) in [
            ("HTTPS://Example.COM", "https://example.com/"),
            ("https://example.com", "https://example.com/"),
            ("https://example.com/ü", "https://example.com/%C3%BC"),
            ("http://2130706433/", "http://127.0.0.1/"),
        ] {
            assert_eq!(checked_link(url).as_deref(), Ok(opened));
        }
    }

    #[test]
    fn a_host_that_looks_like_another_shows_its_ascii_form() {
        // The first letter is Cyrillic.
        assert_eq!(checked_link("https://\u{430}pple.com/").as_deref(), Ok("https://xn--pple-43d.com/"));
        assert_eq!(checked_link("https://xn--pple-43d.com/").as_deref(), Ok("https://xn--pple-43d.com/"));
    }

    #[test]
    fn everything_else_is_refused_with_a_sentence() {
        let corpus: Vec<String> = serde_json::from_str(REFUSED).unwrap();
        assert!(corpus.len() >= 100, "{} addresses", corpus.len());
        for url in corpus {
            let error = checked_link(&url).expect_err(&format!("{url:?} is opened"));
            assert_eq!(error.code, ErrorCode::BadInput, "{url:?}");
            assert!(error.message.ends_with('.') && error.hint.is_some(), "{url:?}: {error:?}");
        }
    }

    #[test]
    fn an_address_may_have_2048_characters_and_no_more() {
        let begin = "https://example.com/";
        let longest = format!("{begin}{}", "a".repeat(LONGEST_BYTES - begin.len()));
        assert_eq!(checked_link(&longest).as_deref(), Ok(longest.as_str()));
        assert_eq!(checked_link(&format!("{longest}a")).unwrap_err().code, ErrorCode::BadInput);
    }
}
