//! Repositories of models on Hugging Face, or on a server that speaks like it.
//!
//! **Owns** what a repository offers ([`Hub::list`]), and a model's header without the model ([`Hub::headers`]): some
//! 8 MB of 40 GB, from which a plan can be made. **Does not own** downloads, and writes nothing to the disk.
//!
//! **The invariant:** nothing from the network is believed. Names that could leave a folder are left out, every length
//! is compared with another, and every answer is bounded in bytes and in time. The token goes to the endpoint and
//! nowhere else; a redirect cannot make this computer ask its own network.
//!
//! Everything can be given up by dropping the future: the connection is closed then.

mod error;
mod headers;
mod listing;
pub(crate) mod names;
pub(crate) mod quant;
mod refusal;
mod tree;
mod web;
mod zone;

use std::fmt;
use std::time::Duration;

pub use error::RemoteError;
pub use listing::{Listing, RemoteFile, RemoteModel};
pub use names::RepoId;

use web::Web;

/// Where models come from if nobody says otherwise.
const DEFAULT_ENDPOINT: &str = "https://huggingface.co";

/// How long to wait for a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// For a connection.
    pub connect: Duration,
    /// Without a single byte.
    pub silence: Duration,
    /// For one piece of a file, at most 8 MiB, or for a whole listing.
    pub request: Duration,
}

impl Default for Patience {
    /// 15 s and 30 s, since 5 s broke off healthy downloads elsewhere (Ollama #8831); and 120 s, in which a line of half a
    /// megabit gets 8 MiB.
    fn default() -> Self {
        Self { connect: Duration::from_secs(15), silence: Duration::from_secs(30), request: Duration::from_secs(120) }
    }
}

/// Which server to ask, and as whom.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct HubConfig {
    /// `https://…`; `http://…` only on this computer itself.
    pub endpoint: String,
    /// An access token, for repositories that are not open to all. Goes to the endpoint alone; never shown.
    pub token: Option<String>,
    /// How long to wait.
    pub patience: Patience,
}

impl Default for HubConfig {
    /// Hugging Face, without a token.
    fn default() -> Self {
        Self { endpoint: DEFAULT_ENDPOINT.to_owned(), token: None, patience: Patience::default() }
    }
}

impl HubConfig {
    /// As the environment wants it: `HF_ENDPOINT` and `HF_TOKEN`, which all programs for Hugging Face know. Empty ones
    /// count as unset.
    pub fn from_env() -> Self {
        Self::from_vars(|name| std::env::var(name).ok())
    }

    /// As [`HubConfig::from_env`], with the variables from elsewhere.
    pub fn from_vars(var: impl Fn(&str) -> Option<String>) -> Self {
        let set = |name| var(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty());
        let default = Self::default();
        Self { endpoint: set("HF_ENDPOINT").unwrap_or(default.endpoint), token: set("HF_TOKEN"), ..default }
    }
}

impl fmt::Debug for HubConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let token = self.token.as_ref().map(|_| "(not shown)");
        f.debug_struct("HubConfig")
            .field("endpoint", &self.endpoint)
            .field("token", &token)
            .field("patience", &self.patience)
            .finish()
    }
}

/// A server with repositories of models. Keeps connections open, so make one and use it for all.
#[derive(Debug)]
pub struct Hub {
    web: Web,
}

impl Hub {
    /// Connects to nothing yet.
    ///
    /// # Errors
    /// [`RemoteError::BadEndpoint`], [`RemoteError::BadToken`], [`RemoteError::NoTls`].
    pub fn new(config: HubConfig) -> Result<Self, RemoteError> {
        Ok(Self { web: Web::new(&config)? })
    }

    /// The files and models of a repository. `revision` is a branch, usually `main`, a tag or a commit.
    ///
    /// Needs a Tokio runtime with timers and I/O. Reads at most 16 MiB in 20 pages.
    ///
    /// # Errors
    /// See [`RemoteError`].
    pub async fn list(&self, repo: &RepoId, revision: &str) -> Result<Listing, RemoteError> {
        tree::list(&self.web, repo, revision).await
    }

    /// The headers of all files of one model, put together: what it is, and where each tensor lies. `wanted` is as for
    /// [`Listing::model`].
    ///
    /// Fetches about the bytes that the headers have (8 MB for a 70B, in 5 requests), and 1 MB for each further part.
    ///
    /// # Errors
    /// See [`RemoteError`].
    pub async fn headers(&self, listing: &Listing, wanted: &str) -> Result<paddock_gguf::Model, RemoteError> {
        headers::model(&self.web, listing, listing.model(wanted)?).await
    }
}
