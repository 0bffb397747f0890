//! Where a server is, and whether it may be asked.

use std::net::{IpAddr, Ipv6Addr};

use reqwest::Url;

use crate::RemoteError;

/// What is wrong with something that was typed as an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AddressFault {
    /// It is no address at all.
    #[error("it cannot be read")]
    Unreadable,
    /// It holds a name or a password.
    #[error("a name or a password belongs into the field for the key")]
    HoldsPassword,
    /// It names no host.
    #[error("it names no host")]
    NoHost,
    /// It has a query or a fragment.
    #[error("it ends in a question or a mark")]
    HasQuery,
    /// It would send the conversation through a foreign network in the clear.
    #[error("outside of your own network it must begin with https://")]
    InTheClear,
    /// It is of another kind than the web's.
    #[error("it begins neither with https:// nor with http://")]
    OtherScheme,
}

/// A server's address, as its API wants it: below it are `models` and `chat/completions`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address(Url);

impl Address {
    /// Takes `https://host/v1`, `http://192.168.1.5:11434`, or just `localhost:8000`. Without a path, `/v1` is meant;
    /// without a scheme, `http` for this computer and its own network, `https` for everything else.
    ///
    /// # Errors
    /// [`RemoteError::BadAddress`]: not an address, one with a password in it, or one that would send the conversation
    /// through a foreign network in the clear.
    pub fn parse(text: &str) -> Result<Self, RemoteError> {
        let text = text.trim();
        let bad = |fault| RemoteError::BadAddress { given: without_password(text), fault };
        let mut url = match text.contains("://") {
            true => Url::parse(text).map_err(|_| bad(AddressFault::Unreadable))?,
            false => {
                let near = Url::parse(&format!("http://{text}")).map_err(|_| bad(AddressFault::Unreadable))?;
                if is_near(&near) {
                    near
                } else {
                    Url::parse(&format!("https://{text}")).map_err(|_| bad(AddressFault::Unreadable))?
                }
            }
        };
        if !url.username().is_empty() || url.password().is_some() {
            return Err(bad(AddressFault::HoldsPassword));
        }
        if url.host_str().is_none_or(str::is_empty) {
            return Err(bad(AddressFault::NoHost));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(bad(AddressFault::HasQuery));
        }
        match url.scheme() {
            "https" => {}
            "http" if is_near(&url) => {}
            "http" => return Err(bad(AddressFault::InTheClear)),
            _ => return Err(bad(AddressFault::OtherScheme)),
        }
        // People copy the address of the API from its manual.
        let path = url.path().trim_end_matches('/').trim_end_matches("/chat/completions").trim_end_matches("/models");
        let path = if path.is_empty() { "/v1".to_owned() } else { path.to_owned() };
        url.set_path(&path);
        Ok(Self(url))
    }

    /// The host, with its port where it is not the usual one.
    pub fn host(&self) -> String {
        let host = self.0.host_str().unwrap_or_default();
        self.0.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
    }

    /// Whether it is this very computer.
    pub fn is_this_computer(&self) -> bool {
        match ip(&self.0) {
            Some(ip) => ip.is_loopback(),
            None => self.0.host_str() == Some("localhost"),
        }
    }

    /// Whole, as it is kept.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    pub(crate) fn below(&self, path: &str) -> Url {
        let mut url = self.0.clone();
        url.set_path(&format!("{}/{path}", self.0.path()));
        url
    }
}

/// This computer, or one in its own network: what is said there does not pass through foreign hands.
fn is_near(url: &Url) -> bool {
    match ip(url) {
        Some(IpAddr::V4(ip)) => ip.is_loopback() || ip.is_private() || ip.is_link_local(),
        Some(IpAddr::V6(ip)) => {
            ip.is_loopback() || ip.is_unique_local() || ip.is_unicast_link_local() || mapped_near(ip)
        }
        // Names without a dot, and those that only the own network resolves (RFC 6762, RFC 8375).
        None => url.host_str().is_some_and(|host| {
            !host.contains('.')
                || host.ends_with(".local")
                || host.ends_with(".home.arpa")
                || host.ends_with(".localhost")
        }),
    }
}

fn mapped_near(ip: Ipv6Addr) -> bool {
    ip.to_ipv4_mapped().is_some_and(|ip| ip.is_loopback() || ip.is_private() || ip.is_link_local())
}

fn ip(url: &Url) -> Option<IpAddr> {
    url.host_str()?.trim_start_matches('[').trim_end_matches(']').parse().ok()
}

/// What may be shown of something that was typed as an address.
fn without_password(text: &str) -> String {
    let start = text.find("://").map_or(0, |at| at + 3);
    let end = text[start..].find('/').map_or(text.len(), |at| start + at);
    let shown = match text[start..end].rfind('@') {
        Some(at) => format!("{}…{}", &text[..start], &text[start + at..]),
        None => text.to_owned(),
    };
    shown.chars().take(200).collect()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may fail loudly")]
mod tests {
    use super::*;

    fn whole(text: &str) -> String {
        Address::parse(text).unwrap().as_str().to_owned()
    }

    #[test]
    fn what_people_type_becomes_the_address_of_the_api() {
        for (typed, meant) in [
            ("https://api.example.com/v1", "https://api.example.com/v1"),
            ("https://api.example.com", "https://api.example.com/v1"),
            (" https://api.example.com/openai/v1/chat/completions ", "https://api.example.com/openai/v1"),
            ("http://localhost:11434/v1/models", "http://localhost:11434/v1"),
            ("localhost:8000", "http://localhost:8000/v1"),
            ("192.168.1.5:1234/", "http://192.168.1.5:1234/v1"),
            ("big-machine:8080", "http://big-machine:8080/v1"),
            ("api.example.com", "https://api.example.com/v1"),
            ("[::1]:8080", "http://[::1]:8080/v1"),
        ] {
            assert_eq!(whole(typed), meant, "{typed}");
        }
    }

    #[test]
    fn nothing_goes_through_a_foreign_network_in_the_clear() {
        for typed in ["http://api.example.com/v1", "http://8.8.8.8", "http://[2001:db8::1]/", "http://172.32.0.1"] {
            let error = Address::parse(typed).unwrap_err().to_string();
            assert!(error.contains("https://"), "{error}");
        }
    }

    #[test]
    fn what_is_no_address_is_refused_and_a_password_is_not_shown() {
        for typed in
            ["", "  ", "ftp://host", "file:///etc/passwd", "https://", "https://h/v1?x=1", "https://h/#a", "a b"]
        {
            assert!(matches!(Address::parse(typed), Err(RemoteError::BadAddress { .. })), "{typed}");
        }
        let error = Address::parse("https://me:secret@host/v1").unwrap_err().to_string();
        assert!(!error.contains("secret") && error.contains("host"), "{error}");
    }

    #[test]
    fn this_computer_is_told_from_others() {
        assert!(Address::parse("localhost:1").unwrap().is_this_computer());
        assert!(Address::parse("127.0.0.1:1").unwrap().is_this_computer());
        assert!(!Address::parse("192.168.0.2:1").unwrap().is_this_computer());
    }
}
