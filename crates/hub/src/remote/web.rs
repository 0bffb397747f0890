//! Requests to the endpoint: redirects, the token, timeouts and bounds.

use std::error::Error as _;

use reqwest::header::{
    ACCEPT_ENCODING, AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderValue, IF_RANGE, LOCATION, RANGE,
};
use reqwest::redirect::Policy;
use reqwest::{Client, ClientBuilder, Response, StatusCode, Url};

use super::error::RemoteError;
use super::proxy::{self, wants_login};
pub(crate) use super::retry::retry_after;
use super::zone::{Forbidden, Resolver, is_loopback, literal};
use super::{HubConfig, Patience};
use crate::inspect::one_line;

/// The most redirects followed. Hugging Face needs one, two for a renamed repository.
const MAX_REDIRECTS: usize = 10;

/// The endpoint, and how to ask it.
#[derive(Debug)]
pub(crate) struct Web {
    client: Client,
    endpoint: Url,
    /// Marked as sensitive, so that no log shows it.
    authorization: Option<HeaderValue>,
    resolver: Resolver,
    patience: Patience,
    /// The proxy that requests go through, by its host, as far as that is known.
    proxy_host: Option<String>,
}

/// An answer that is no redirect.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) response: Response,
    /// Where it came from in the end.
    pub(crate) url: Url,
    /// What the endpoint says about the file behind its redirect: `X-Linked-Size` and `X-Linked-Etag`.
    pub(crate) linked_size: Option<u64>,
    pub(crate) linked_etag: Option<String>,
}

impl Web {
    pub(crate) fn new(config: &HubConfig) -> Result<Self, RemoteError> {
        let endpoint = parse_endpoint(&config.endpoint)?;
        let authorization = config.token.as_deref().map(authorization).transpose()?;
        let host = endpoint.host_str().unwrap_or_default();
        let resolver = Resolver::new(host);
        let patience = config.patience;
        let (builder, proxy_host) = proxy::through(client(&resolver, patience), config.proxy.as_deref(), host)?;
        let client = builder.build().map_err(|error| RemoteError::NoTls { cause: cause(&error) })?;
        Ok(Self { client, endpoint, authorization, resolver, patience, proxy_host })
    }

    /// An address below the endpoint. Each segment is escaped.
    pub(crate) fn url<'a>(&self, segments: impl IntoIterator<Item = &'a str>) -> Url {
        let mut url = self.endpoint.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(segments);
        }
        url
    }

    /// The endpoint as text, without a slash at its end.
    pub(crate) fn endpoint(&self) -> String {
        self.endpoint.as_str().trim_end_matches('/').to_owned()
    }

    /// Whether the token may be sent there.
    pub(crate) fn is_endpoint(&self, url: &Url) -> bool {
        url.origin() == self.endpoint.origin()
    }

    pub(crate) fn has_token(&self) -> bool {
        self.authorization.is_some()
    }

    pub(crate) fn patience(&self) -> Patience {
        self.patience
    }

    /// Asks, and follows redirects, with the token only where it belongs. `range` is first and last byte.
    pub(crate) async fn get(&self, url: Url, range: Option<(u64, u64)>) -> Result<Answer, RemoteError> {
        self.get_if(url, range, None).await
    }

    /// As [`Web::get`]; the range is only wanted of the version of the file that has this strong `ETag`.
    pub(crate) async fn get_if(
        &self,
        url: Url,
        range: Option<(u64, u64)>,
        etag: Option<&HeaderValue>,
    ) -> Result<Answer, RemoteError> {
        let asked = url.clone();
        let (mut url, mut linked_size, mut linked_etag) = (url, None, None);
        for _ in 0..=MAX_REDIRECTS {
            let response = self.get_once(&url, range, etag).await?;
            if self.is_endpoint(&url) {
                linked_size = text(response.headers(), "x-linked-size").and_then(|size| size.parse().ok());
                linked_etag = text(response.headers(), "x-linked-etag").map(|etag| etag.trim_matches('"').to_owned());
            }
            let location = response.headers().get(LOCATION).filter(|_| is_redirect(response.status()));
            let Some(location) = location else {
                return Ok(Answer { response, url, linked_size, linked_etag });
            };
            url = self.next(&url, location)?;
        }
        Err(RemoteError::RedirectLoop { host: host(&asked), at_most: MAX_REDIRECTS })
    }

    async fn get_once(
        &self,
        url: &Url,
        range: Option<(u64, u64)>,
        etag: Option<&HeaderValue>,
    ) -> Result<Response, RemoteError> {
        // A compressed answer would make lengths and ranges mean something else.
        let mut request = self.client.get(url.clone()).header(ACCEPT_ENCODING, "identity");
        if let Some((first, last)) = range {
            request = request.header(RANGE, format!("bytes={first}-{last}"));
            if let Some(etag) = etag {
                request = request.header(IF_RANGE, etag.clone());
            }
        }
        if let Some(authorization) = self.authorization.as_ref().filter(|_| self.is_endpoint(url)) {
            request = request.header(AUTHORIZATION, authorization.clone());
        }
        let silence = self.patience.connect + self.patience.silence;
        match tokio::time::timeout(silence, request.send()).await {
            // Of a connection that is not encrypted, which the proxy answers itself.
            Ok(Ok(response)) if response.status() == StatusCode::PROXY_AUTHENTICATION_REQUIRED => {
                Err(self.proxy_login())
            }
            Ok(Ok(response)) => Ok(response),
            Ok(Err(error)) => Err(self.failure(url, &error)),
            Err(_) => Err(RemoteError::Silent { host: host(url), silence: self.patience.silence }),
        }
    }

    /// Where a redirect leads, if a request may go there.
    fn next(&self, from: &Url, location: &HeaderValue) -> Result<Url, RemoteError> {
        let refused = |to: String, why| RemoteError::RedirectRefused { from: host(from), to, why };
        let to = location.to_str().ok().and_then(|to| from.join(to).ok());
        let to = to.ok_or_else(|| refused("?".to_owned(), "it is no address"))?;
        let name = to.host_str().unwrap_or_default();
        let is_plain = to.scheme() == "http";
        if !is_plain && to.scheme() != "https" {
            return Err(refused(host(&to), "it is not a web address"));
        }
        if !to.username().is_empty() || to.password().is_some() {
            return Err(refused(host(&to), "it holds a name or a password"));
        }
        self.resolver.admit(name).map_err(|why| refused(host(&to), why))?;
        if is_plain && (from.scheme() != "http" || !is_loopback(name)) {
            return Err(refused(host(&to), "the connection would not be encrypted"));
        }
        Ok(to)
    }

    /// The body of an answer, up to `at_most` bytes; the connection is closed if there is more.
    pub(crate) async fn body(&self, answer: &mut Answer, at_most: usize) -> Result<Vec<u8>, RemoteError> {
        let mut body = Vec::new();
        let silence = self.patience.silence;
        while body.len() < at_most {
            let chunk = match tokio::time::timeout(silence, answer.response.chunk()).await {
                Ok(chunk) => chunk.map_err(|error| self.cut(&answer.url, &error))?,
                Err(_) => return Err(RemoteError::Silent { host: host(&answer.url), silence }),
            };
            let Some(chunk) = chunk else { break };
            body.extend_from_slice(&chunk[..chunk.len().min(at_most - body.len())]);
        }
        Ok(body)
    }

    fn proxy_login(&self) -> RemoteError {
        RemoteError::ProxyLogin { proxy: self.proxy_host.clone().unwrap_or_else(|| "of this system".to_owned()) }
    }

    pub(crate) fn cut(&self, url: &Url, error: &reqwest::Error) -> RemoteError {
        RemoteError::Cut { host: host(url), cause: cause(error) }
    }

    fn failure(&self, url: &Url, error: &reqwest::Error) -> RemoteError {
        let host = host(url);
        if causes(error).any(|cause| cause.is::<Forbidden>()) {
            let from = self.endpoint.host_str().unwrap_or_default().to_owned();
            return RemoteError::RedirectRefused { from, to: host, why: "it leads into a private network" };
        }
        if causes(error).any(wants_login) {
            return self.proxy_login();
        }
        if let Some(cause) = causes(error).find_map(wrong_certificate) {
            return RemoteError::Certificate { host, cause };
        }
        if error.is_connect() {
            let cause = if error.is_timeout() { "there is no answer".to_owned() } else { cause(error) };
            RemoteError::Unreachable { host, cause }
        } else {
            self.cut(url, error)
        }
    }
}

/// What every request has in common. Certificates are judged by the system's own rules and its list of authorities
/// (rustls-platform-verifier), so that a company's authority counts here as it does in the browser.
fn client(resolver: &Resolver, patience: Patience) -> ClientBuilder {
    // An `Err` says that this process has one already, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder()
        .user_agent(concat!("paddock/", env!("CARGO_PKG_VERSION")))
        .redirect(Policy::none())
        .referer(false)
        .dns_resolver(resolver.clone())
        .connect_timeout(patience.connect)
}

/// Host and port, which is all of an address that a person is shown: the rest may be a signature.
pub(crate) fn host(url: &Url) -> String {
    let host = url.host_str().unwrap_or("?");
    one_line(&url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}")))
}

/// A header as text.
pub(crate) fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// How many bytes the body has, where the server says so.
pub(crate) fn content_length(headers: &HeaderMap) -> Option<u64> {
    text(headers, CONTENT_LENGTH.as_str())?.parse().ok()
}

/// `bytes 0-1048575/42520395584`: first, last, all.
pub(crate) fn content_range(range: &str) -> Option<(u64, u64, Option<u64>)> {
    let (places, total) = range.strip_prefix("bytes ")?.split_once('/')?;
    let (first, last) = places.split_once('-')?;
    let total = if total == "*" { None } else { Some(total.parse().ok()?) };
    Some((first.parse().ok()?, last.parse().ok()?, total))
}

/// Whether a body is for people, and no data.
pub(crate) fn is_web_page(headers: &HeaderMap) -> bool {
    let kind = text(headers, CONTENT_TYPE.as_str()).unwrap_or_default().to_ascii_lowercase();
    kind.starts_with("text/html") || kind.starts_with("application/xhtml")
}

fn is_redirect(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
}

fn authorization(token: &str) -> Result<HeaderValue, RemoteError> {
    // Also what `HeaderValue` would allow, such as a space, is in no token.
    if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(RemoteError::BadToken);
    }
    let mut value = HeaderValue::from_str(&format!("Bearer {token}")).map_err(|_| RemoteError::BadToken)?;
    value.set_sensitive(true);
    Ok(value)
}

fn parse_endpoint(text: &str) -> Result<Url, RemoteError> {
    let bad = |why| RemoteError::BadEndpoint { given: one_line(text), why };
    let url = Url::parse(text).map_err(|_| bad("it is not a web address such as https://huggingface.co"))?;
    let host = url.host_str().unwrap_or_default();
    if !url.username().is_empty() || url.password().is_some() {
        // The password must not come up in a message.
        let given = format!("{}://{}", url.scheme(), self::host(&url));
        return Err(RemoteError::BadEndpoint { given, why: "it holds a name or a password" });
    } else if !matches!(url.scheme(), "https" | "http") || host.is_empty() {
        return Err(bad("it does not begin with https://"));
    } else if url.scheme() == "http" && !is_loopback(host) {
        return Err(bad(
            "without https, anybody on the way could change a model; http is only for this computer itself",
        ));
    } else if url.query().is_some() || url.fragment().is_some() {
        return Err(bad("it must end with the host or a path"));
    } else if literal(host).is_some_and(|address| super::zone::Zone::of(address) == super::zone::Zone::Never) {
        return Err(bad("no server can have this address"));
    }
    Ok(url)
}

/// What led to an error, from the outermost on.
fn causes(error: &reqwest::Error) -> impl Iterator<Item = &(dyn std::error::Error + 'static)> {
    let mut next = error.source();
    std::iter::from_fn(move || {
        let cause = next?;
        next = cause.source();
        Some(cause)
    })
}

/// The innermost cause, which names the matter: "connection refused" rather than "error sending request". Without the
/// system's number of it, which tells people nothing.
fn cause(error: &reqwest::Error) -> String {
    let said = causes(error).last().map_or_else(|| "the answer could not be read".to_owned(), ToString::to_string);
    one_line(said.split(" (os error ").next().unwrap_or_default())
}

/// What is wrong with a certificate, if that is the cause.
fn wrong_certificate(cause: &(dyn std::error::Error + 'static)) -> Option<String> {
    // An error of reading and writing does not name the one in it as its cause, and there may be one in one in one.
    if let Some(inner) = cause.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref) {
        return wrong_certificate(inner);
    }
    match cause.downcast_ref::<rustls::Error>() {
        Some(error @ rustls::Error::InvalidCertificate(_)) => Some(one_line(&error.to_string())),
        _ => None,
    }
}

/// An answer that breaks the protocol. `what` ends a sentence.
pub(crate) fn bad_answer(url: &Url, what: String) -> RemoteError {
    RemoteError::BadAnswer { host: host(url), what: one_line(&what) }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

    use super::*;

    #[tokio::test]
    async fn a_name_that_leads_to_this_computer_is_not_connected_to() {
        let mut web = Web::new(&HubConfig::default()).unwrap();
        // A proxy would look the name up itself.
        web.client = client(&web.resolver, web.patience).no_proxy().build().unwrap();
        let server = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let location = format!("https://localhost:{}/", server.local_addr().unwrap().port());
        web.resolver.watch("localhost").unwrap();
        let error = web.get(Url::parse(&location).unwrap(), None).await.unwrap_err();
        assert!(matches!(error, RemoteError::RedirectRefused { .. }), "{error:?}");
        server.set_nonblocking(true).unwrap();
        assert!(server.accept().is_err(), "it was connected to");
    }

    #[test]
    fn a_name_that_only_a_private_network_has_is_refused_unseen() {
        // Whoever looks it up may be a proxy, whose answer does not come here.
        let web = Web::new(&HubConfig::default()).unwrap();
        for name in
            ["localhost", "a.localhost", "router", "nas.local", "metadata.google.internal", "x.home.arpa", "nas.local."]
        {
            let location = HeaderValue::from_str(&format!("https://{name}/")).unwrap();
            let next = web.next(&web.endpoint, &location);
            assert!(matches!(next, Err(RemoteError::RedirectRefused { .. })), "{name}: {next:?}");
        }
        assert!(web.next(&web.endpoint, &HeaderValue::from_static("https://cdn.example/")).is_ok());
    }

    #[test]
    fn an_encrypted_connection_does_not_become_a_plain_one() {
        let web = Web::new(&HubConfig::default()).unwrap();
        for to in ["http://huggingface.co/", "http://localhost/", "http://cdn.example/"] {
            let next = web.next(&web.endpoint, &HeaderValue::from_static(to));
            assert!(matches!(next, Err(RemoteError::RedirectRefused { .. })), "{to}: {next:?}");
        }
    }
}
