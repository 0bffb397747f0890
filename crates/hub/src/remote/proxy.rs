//! Proxies on the way to the endpoint.

use std::error::Error;

use reqwest::{ClientBuilder, Proxy, Url};

use super::error::RemoteError;
use super::web::host;
use super::zone::is_loopback;

/// Variables that name a proxy for encrypted connections, in the order in which they count.
const VARIABLES: [&str; 4] = ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"];

/// Lets a client go through a proxy: the one that is named, else what the environment (`HTTP_PROXY`, `HTTPS_PROXY`,
/// `ALL_PROXY`, `NO_PROXY`) or the system's settings say. Tells the proxy's host where it is known.
///
/// A server on this computer itself is asked directly unless a proxy is named, since none in a network can reach it.
pub(crate) fn through(
    builder: ClientBuilder,
    named: Option<&str>,
    endpoint_host: &str,
) -> Result<(ClientBuilder, Option<String>), RemoteError> {
    if let Some(text) = named {
        let url = parse(text)?;
        let proxy_host = host(&url);
        let bad = |_| RemoteError::BadProxy { given: proxy_host.clone(), why: "it is no address of a proxy" };
        let proxy = Proxy::all(url).map_err(bad)?;
        return Ok((builder.proxy(proxy), Some(proxy_host)));
    }
    if is_loopback(endpoint_host) {
        return Ok((builder.no_proxy(), None));
    }
    // Only for the message: which one is used, the HTTP client decides.
    let set = VARIABLES.iter().find_map(|name| std::env::var(name).ok().filter(|text| !text.trim().is_empty()));
    Ok((builder, set.and_then(|text| parse(&text).ok()).map(|url| host(&url))))
}

/// A proxy's address. One without a scheme is of an HTTP proxy, as everywhere.
fn parse(text: &str) -> Result<Url, RemoteError> {
    let text = text.trim();
    let whole = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
    // Nothing of an address that cannot be taken apart is shown: there may be a password in it.
    let bad = |given: String, why| RemoteError::BadProxy { given, why };
    let url = Url::parse(&whole).map_err(|_| bad("…".to_owned(), "it is no address such as http://proxy:3128"))?;
    if !matches!(url.scheme(), "http" | "https" | "socks5" | "socks5h") {
        return Err(bad(host(&url), "it begins with none of http://, https://, socks5:// and socks5h://"));
    }
    if url.host_str().is_none_or(str::is_empty) {
        return Err(bad("…".to_owned(), "it names no host"));
    }
    Ok(url)
}

/// Whether the cause of a failure is a proxy that answered `CONNECT` with 407. The HTTP client has no type for it.
pub(crate) fn wants_login(cause: &(dyn Error + 'static)) -> bool {
    cause.to_string().ends_with("proxy authorization required")
}
