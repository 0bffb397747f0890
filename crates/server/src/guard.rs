//! Who gets in.
//!
//! A web page that somebody has open can send requests to this computer. It cannot choose the `Host` that its browser
//! names, which stays its own even when its name suddenly leads here (DNS rebinding), and it cannot hide its `Origin`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use hyper::{
    StatusCode, Uri,
    header::{AUTHORIZATION, HOST, HeaderMap, HeaderName, HeaderValue, ORIGIN},
};
use subtle::ConstantTimeEq as _;

use crate::fault::Fault;

/// Where Anthropic's clients put the token.
const API_KEY: HeaderName = HeaderName::from_static("x-api-key");

/// Refuse a request that names another server. `local` is this end of its connection: whoever reaches this computer
/// through another of its addresses may name that.
pub fn check_host(uri: &Uri, headers: &HeaderMap, local: SocketAddr) -> Result<(), Fault> {
    let mut hosts = headers.get_all(HOST).iter();
    let host = hosts.next().filter(|_| hosts.next().is_none()).and_then(|host| host.to_str().ok());
    let is_ours = |host: &str| is_own_host(host, local);
    let uri_is_ours = uri.authority().is_none_or(|authority| is_ours(authority.as_str()));
    if host.is_some_and(is_ours) && uri_is_ours {
        return Ok(());
    }
    let message = format!("This server answers only to localhost:{0}, 127.0.0.1:{0} and [::1]:{0}.", local.port());
    Err(Fault::new(StatusCode::FORBIDDEN, message))
}

fn is_own_host(host: &str, local: SocketAddr) -> bool {
    let (name, port) = match host.rsplit_once(':') {
        // An address of version 6 has colons of its own.
        Some((name, port)) if !port.ends_with(']') => (name, port),
        _ => (host, "80"),
    };
    // No sign, no leading zero, no space: a port as every client writes it.
    if port != local.port().to_string() {
        return false;
    }
    if name.eq_ignore_ascii_case("localhost") || name == "127.0.0.1" || name == "[::1]" {
        return true;
    }
    let address = match name.strip_prefix('[').and_then(|name| name.strip_suffix(']')) {
        Some(name) => name.parse::<Ipv6Addr>().ok().map(IpAddr::V6),
        None => name.parse::<Ipv4Addr>().ok().map(IpAddr::V4),
    };
    address.is_some_and(|address| address == local.ip().to_canonical())
}

/// The origin of a web page that was allowed; none: the request comes from no web page.
pub fn check_origin<'a>(headers: &HeaderMap, allowed: &'a [HeaderValue]) -> Result<Option<&'a HeaderValue>, Fault> {
    let mut origins = headers.get_all(ORIGIN).iter();
    let Some(origin) = origins.next() else { return Ok(None) };
    match allowed.iter().find(|allowed| *allowed == origin).filter(|_| origins.next().is_none()) {
        Some(allowed) => Ok(Some(allowed)),
        None => Err(Fault::new(StatusCode::FORBIDDEN, "Web pages may not use this server.")),
    }
}

/// Refuse a request without the right token.
pub fn check_token(headers: &HeaderMap, token: &str) -> Result<(), Fault> {
    let bearer = headers.get(AUTHORIZATION).and_then(|value| bearer(value.as_bytes()));
    let shown = bearer.or_else(|| headers.get(API_KEY).map(HeaderValue::as_bytes));
    let (message, is_right) = match shown {
        None => ("A token is needed: “Authorization: Bearer …”. Paddock shows it under Settings, Server.", false),
        Some(shown) => ("This is not the token that Paddock shows under Settings, Server.", is_same(shown, token)),
    };
    if is_right { Ok(()) } else { Err(Fault::new(StatusCode::UNAUTHORIZED, message)) }
}

fn bearer(value: &[u8]) -> Option<&[u8]> {
    let (scheme, token) = value.split_at_checked(7)?;
    scheme.eq_ignore_ascii_case(b"bearer ").then(|| token.trim_ascii())
}

/// How long it takes does not tell how much of it was right.
fn is_same(shown: &[u8], token: &str) -> bool {
    shown.ct_eq(token.as_bytes()).into()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may fail loudly")]
mod tests {
    use super::*;

    /// What a page could make a browser send, or somebody could write by hand.
    const OTHER_HOSTS: [&str; 34] = [
        "",
        "evil.com",
        "evil.com:12434",
        "127.0.0.1",
        "localhost",
        "[::1]",
        "127.0.0.1:80",
        "127.0.0.1:12435",
        "127.0.0.1.evil.com:12434",
        "localhost.evil.com:12434",
        "evil.localhost:12434",
        "localhost.:12434",
        "127.0.0.1.:12434",
        "127.0.0.2:12434",
        "127.1:12434",
        "2130706433:12434",
        "0x7f000001:12434",
        "0177.0.0.1:12434",
        "0.0.0.0:12434",
        "[::]:12434",
        "::1:12434",
        "[::ffff:127.0.0.1]:12434",
        "[0:0:0:0:0:0:0:2]:12434",
        "[::1]evil.com:12434",
        "[::1].evil.com:12434",
        "user@127.0.0.1:12434",
        "127.0.0.1:12434@evil.com",
        "127.0.0.1:12434:12434",
        "127.0.0.1:+12434",
        "127.0.0.1:012434",
        "127.0.0.1: 12434",
        " localhost:12434",
        "192.168.1.5:12434",
        "my-computer.local:12434",
    ];

    fn with(name: HeaderName, values: &[&str]) -> HeaderMap {
        values.iter().map(|value| (name.clone(), HeaderValue::from_str(value).unwrap())).collect()
    }

    #[test]
    fn no_other_host_gets_in() {
        let local: SocketAddr = "127.0.0.1:12434".parse().unwrap();
        for host in OTHER_HOSTS {
            let headers = with(HOST, &[host]);
            assert!(check_host(&Uri::from_static("/health"), &headers, local).is_err(), "{host:?}");
        }
        for host in ["localhost:12434", "LOCALHOST:12434", "127.0.0.1:12434", "[::1]:12434"] {
            assert!(check_host(&Uri::from_static("/"), &with(HOST, &[host]), local).is_ok(), "{host:?}");
        }
        let twice = with(HOST, &["127.0.0.1:12434", "evil.com"]);
        assert!(check_host(&Uri::from_static("/"), &twice, local).is_err());
        assert!(check_host(&Uri::from_static("/"), &HeaderMap::new(), local).is_err());
        let elsewhere = Uri::from_static("http://evil.com:12434/health");
        assert!(check_host(&elsewhere, &with(HOST, &["127.0.0.1:12434"]), local).is_err());
    }

    #[test]
    fn in_a_network_the_address_that_was_reached_is_a_name_and_no_other() {
        let local: SocketAddr = "192.168.1.5:12434".parse().unwrap();
        let check = |host| check_host(&Uri::from_static("/"), &with(HOST, &[host]), local);
        assert!(check("192.168.1.5:12434").is_ok());
        assert!(check("192.168.1.6:12434").is_err());
        assert!(check("evil.com:12434").is_err());
    }

    #[test]
    fn the_token_comes_as_bearer_or_as_api_key_and_is_compared_whole() {
        let token = "paddock-abc";
        assert!(check_token(&with(AUTHORIZATION, &["Bearer paddock-abc"]), token).is_ok());
        assert!(check_token(&with(AUTHORIZATION, &["bearer paddock-abc"]), token).is_ok());
        assert!(check_token(&with(API_KEY, &["paddock-abc"]), token).is_ok());
        for wrong in
            ["Bearer paddock-ab", "Bearer paddock-abcd", "Bearer ", "Bearer", "Basic paddock-abc", "paddock-abc"]
        {
            assert!(check_token(&with(AUTHORIZATION, &[wrong]), token).is_err(), "{wrong}");
        }
        assert!(check_token(&HeaderMap::new(), token).is_err());
    }

    #[test]
    fn a_web_page_gets_in_only_if_it_was_allowed() {
        let allowed = [HeaderValue::from_static("https://app.example")];
        let check = |origins: &[&str]| check_origin(&with(ORIGIN, origins), &allowed).map(|origin| origin.is_some());
        assert_eq!(check(&[]), Ok(false));
        assert_eq!(check(&["https://app.example"]), Ok(true));
        for other in
            ["null", "https://evil.com", "http://localhost:3000", "tauri://localhost", "https://app.example.evil"]
        {
            assert!(check(&[other]).is_err(), "{other}");
        }
        assert!(check(&["https://app.example", "https://evil.com"]).is_err());
    }
}
