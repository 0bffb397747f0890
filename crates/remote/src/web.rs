//! Requests to the server: the key, timeouts and bounds.

use std::time::Duration;

use reqwest::{
    Client, RequestBuilder, Response, StatusCode,
    header::{AUTHORIZATION, HeaderValue, RETRY_AFTER},
    redirect::Policy,
};

use crate::{Address, RemoteError};

/// How long to wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// For a connection.
    pub connect: Duration,
    /// For the first word: a long prompt on a slow machine, behind others in its queue.
    pub first_word: Duration,
    /// Between two words.
    pub silence: Duration,
}

impl Default for Patience {
    /// 15 s; 10 minutes, which 4,000 tokens take at the 7 tokens a second of a large model on a processor; 2 minutes.
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(15),
            first_word: Duration::from_secs(600),
            silence: Duration::from_secs(120),
        }
    }
}

/// A server that speaks OpenAI's chat API. Keeps its connections; cheap to clone.
#[derive(Debug, Clone)]
pub struct Remote {
    client: Client,
    pub(crate) address: Address,
    /// Marked as sensitive, so that no log shows it.
    key: Option<HeaderValue>,
    pub(crate) patience: Patience,
}

/// The most bytes of an answer that is no stream.
const MAX_BODY_BYTES: usize = 8 << 20;
/// The most characters of a server's own words that are passed on.
const MAX_SAID_CHARS: usize = 300;

impl Remote {
    /// Connects to nothing yet. A server on this computer is never asked through a proxy.
    ///
    /// # Errors
    /// [`RemoteError::BadKey`], [`RemoteError::NoTls`].
    pub fn new(address: Address, key: Option<&str>, patience: Patience) -> Result<Self, RemoteError> {
        let key = key.map(str::trim).filter(|key| !key.is_empty()).map(bearer).transpose()?;
        // A second call finds the first one's; either will do.
        let _already = rustls::crypto::ring::default_provider().install_default();
        let mut builder = Client::builder()
            .user_agent(concat!("paddock/", env!("CARGO_PKG_VERSION")))
            // The key must not go anywhere else.
            .redirect(Policy::none())
            .connect_timeout(patience.connect);
        if address.is_this_computer() {
            builder = builder.no_proxy();
        }
        let client = builder.build().map_err(|error| RemoteError::NoTls { cause: cause(&error) })?;
        Ok(Self { client, address, key, patience })
    }

    /// The host, for telling people where their words go.
    pub fn host(&self) -> String {
        self.address.host()
    }

    pub(crate) fn get(&self, path: &str) -> RequestBuilder {
        self.with_key(self.client.get(self.address.below(path)))
    }

    pub(crate) fn post(&self, path: &str) -> RequestBuilder {
        self.with_key(self.client.post(self.address.below(path)))
    }

    fn with_key(&self, request: RequestBuilder) -> RequestBuilder {
        match &self.key {
            Some(key) => request.header(AUTHORIZATION, key.clone()),
            None => request,
        }
    }

    /// Sends, and turns everything but success into its error. `model`: which is asked for.
    pub(crate) async fn send(
        &self,
        request: RequestBuilder,
        patience: Duration,
        model: Option<&str>,
    ) -> Result<Response, RemoteError> {
        let response = match tokio::time::timeout(self.patience.connect + patience, request.send()).await {
            Ok(Ok(response)) => response,
            Ok(Err(error)) => return Err(self.unreachable(&error)),
            Err(_) => return Err(self.silent(patience)),
        };
        if response.status().is_success() { Ok(response) } else { Err(self.refusal(response, model).await) }
    }

    /// The whole body of an answer, up to a bound.
    pub(crate) async fn body(&self, mut response: Response) -> Result<Vec<u8>, RemoteError> {
        let mut body = Vec::new();
        loop {
            match tokio::time::timeout(self.patience.silence, response.chunk()).await {
                Ok(Ok(Some(bytes))) if body.len() + bytes.len() <= MAX_BODY_BYTES => body.extend_from_slice(&bytes),
                Ok(Ok(Some(_))) => return Err(self.garbled("its answer is endless")),
                Ok(Ok(None)) => return Ok(body),
                Ok(Err(_)) => return Err(self.cut()),
                Err(_) => return Err(self.silent(self.patience.silence)),
            }
        }
    }

    async fn refusal(&self, response: Response, model: Option<&str>) -> RemoteError {
        let (host, status) = (self.host(), response.status());
        let retry_after = response
            .headers()
            .get(RETRY_AFTER)
            .and_then(|value| value.to_str().ok()?.trim().parse().ok())
            .map(Duration::from_secs);
        let code = status.as_u16();
        match status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => RemoteError::KeyRefused { host, status: code },
            StatusCode::NOT_FOUND => RemoteError::NotThere { host, model: model.map(str::to_owned) },
            StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
                RemoteError::Busy { host, status: code, retry_after }
            }
            _ if status.is_redirection() => self.garbled("it sends us to another address"),
            _ => {
                let body = self.body(response).await.unwrap_or_default();
                RemoteError::Refused { host, status: code, said: said(&body) }
            }
        }
    }

    fn unreachable(&self, error: &reqwest::Error) -> RemoteError {
        RemoteError::Unreachable { host: self.host(), cause: cause(error) }
    }

    pub(crate) fn silent(&self, silence: Duration) -> RemoteError {
        RemoteError::Silent { host: self.host(), silence }
    }

    pub(crate) fn cut(&self) -> RemoteError {
        RemoteError::Cut { host: self.host() }
    }

    pub(crate) fn garbled(&self, why: impl Into<String>) -> RemoteError {
        RemoteError::Garbled { host: self.host(), why: why.into() }
    }
}

fn bearer(key: &str) -> Result<HeaderValue, RemoteError> {
    let mut value = HeaderValue::from_str(&format!("Bearer {key}")).map_err(|_| RemoteError::BadKey)?;
    value.set_sensitive(true);
    Ok(value)
}

/// The innermost cause: the outer ones say that a request failed, and repeat the address.
fn cause(error: &reqwest::Error) -> String {
    let mut innermost: &dyn std::error::Error = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string().trim_end_matches('.').to_owned()
}

/// A server's own words about an error: OpenAI's `error.message`, FastAPI's `detail`, or the beginning of what it sent.
pub(crate) fn said(body: &[u8]) -> String {
    let json: Option<serde_json::Value> = serde_json::from_slice(body).ok();
    let words = json.as_ref().and_then(|json| {
        let error = json.get("error").unwrap_or(json);
        [error.get("message"), error.get("detail"), Some(error)].into_iter().flatten().find_map(|words| words.as_str())
    });
    let words = words.map_or_else(|| String::from_utf8_lossy(body).into_owned(), str::to_owned);
    let one_line: Vec<&str> = words.split_whitespace().collect();
    one_line.join(" ").chars().filter(|c| !c.is_control()).take(MAX_SAID_CHARS).collect()
}
