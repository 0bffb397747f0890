//! Repositories of models on Hugging Face, or on a server that speaks like it.
//!
//! **Owns** what a repository offers ([`Hub::list`]), and a model's header without the model ([`Hub::headers`]): some
//! 8 MB of 40 GB, from which a plan can be made; what it says of itself ([`Hub::info`]), and repositories by words
//! ([`Hub::search`]). **Does not own** downloads, and writes nothing to the disk but a [`HeaderCache`], if it is given one.
//!
//! **The invariant:** nothing from the network is believed. Names that could leave a folder are left out, every length
//! is compared with another, and every answer is bounded in bytes and in time. The token goes to the endpoint and
//! nowhere else; a redirect cannot make this computer ask its own network.
//!
//! Everything can be given up by dropping the future: the connection is closed then.

mod account;
mod error;
mod header_cache;
mod headers;
mod info;
mod licence;
mod listing;
pub(crate) mod names;
mod proxy;
pub(crate) mod quant;
pub(crate) mod refusal;
mod retry;
mod siblings;
mod tree;
pub(crate) mod web;
mod zone;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

pub use error::RemoteError;
pub use header_cache::HeaderCache;
pub use info::{FoundRepo, RepoInfo};
pub use licence::Licence;
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
    /// A proxy to go through: `http://`, `https://`, `socks5://` or `socks5h://`, which may hold a name and a password.
    /// Without one the environment counts (`HTTP_PROXY`, `HTTPS_PROXY`, `ALL_PROXY`, `NO_PROXY`), and the system's
    /// settings.
    pub proxy: Option<String>,
    /// How long to wait.
    pub patience: Patience,
}

impl Default for HubConfig {
    /// Hugging Face, without a token.
    fn default() -> Self {
        Self { endpoint: DEFAULT_ENDPOINT.to_owned(), token: None, proxy: None, patience: Patience::default() }
    }
}

impl HubConfig {
    /// As the environment wants it, in the order of huggingface_hub: the endpoint from `HF_ENDPOINT`; the token from
    /// `HF_TOKEN`, from `HUGGING_FACE_HUB_TOKEN` (its old name), from the file `HF_TOKEN_PATH`, or from the file that
    /// `hf auth login` writes (unless `HF_HUB_DISABLE_IMPLICIT_TOKEN` is set). Empty ones count as unset.
    ///
    /// The token goes to whatever `HF_ENDPOINT` names, as with huggingface_hub: whoever sets one sets it for the other.
    /// Reads up to two small files.
    pub fn from_env() -> Self {
        let var = |name: &str| std::env::var(name).ok();
        let config = Self::from_vars(var);
        let token = config.token.clone().or_else(|| account::token_of_login(var));
        Self { token, ..config }
    }

    /// As [`HubConfig::from_env`], with the variables from elsewhere, and without the file that `hf auth login` writes.
    pub fn from_vars(var: impl Fn(&str) -> Option<String>) -> Self {
        let default = Self::default();
        let endpoint = account::set(&var, "HF_ENDPOINT").unwrap_or(default.endpoint);
        Self { endpoint, token: account::token_of_vars(var), ..default }
    }
}

impl fmt::Debug for HubConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let token = self.token.as_ref().map(|_| "(not shown)");
        f.debug_struct("HubConfig")
            .field("endpoint", &self.endpoint)
            .field("token", &token)
            // It may hold a password.
            .field("proxy", &self.proxy.as_ref().map(|_| "(not shown)"))
            .field("patience", &self.patience)
            .finish()
    }
}

/// A server with repositories of models. Keeps connections open, so make one and use it for all.
#[derive(Debug)]
pub struct Hub {
    pub(crate) web: Web,
    header_cache: Option<Arc<HeaderCache>>,
}

impl Hub {
    /// Connects to nothing yet.
    ///
    /// # Errors
    /// [`RemoteError::BadEndpoint`], [`RemoteError::BadToken`], [`RemoteError::NoTls`].
    pub fn new(config: HubConfig) -> Result<Self, RemoteError> {
        Ok(Self { web: Web::new(&config)?, header_cache: None })
    }

    /// Keeps headers in a folder, so that each is fetched once, and that of another quantization of a known model almost
    /// not at all.
    pub fn with_header_cache(self, cache: Arc<HeaderCache>) -> Self {
        Self { header_cache: Some(cache), ..self }
    }

    /// A repository's page for people.
    pub fn page(&self, repo: &RepoId) -> String {
        self.web.page(repo).to_string()
    }

    /// What a repository says of itself: its commit, its terms. `revision` is as for [`Hub::list`]; with the commit that
    /// this tells, the listing is of the same moment. Reads at most 4 MiB.
    ///
    /// # Errors
    /// See [`RemoteError`].
    pub async fn info(&self, repo: &RepoId, revision: &str) -> Result<RepoInfo, RemoteError> {
        info::info(&self.web, repo, revision).await
    }

    /// Repositories with GGUF files whose names hold these words, those downloaded most first; at most `limit`, and 100.
    /// Ones whose names cannot be used are left out. Reads at most 4 MiB.
    ///
    /// # Errors
    /// See [`RemoteError`].
    pub async fn search(&self, words: &str, limit: usize) -> Result<Vec<FoundRepo>, RemoteError> {
        info::search(&self.web, words, limit).await
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

    /// The server, without a path: `https://huggingface.co`.
    pub(crate) fn endpoint(&self) -> String {
        self.web.endpoint()
    }

    /// The headers of all files of one model, put together: what it is, and where each tensor lies. `wanted` is as for
    /// [`Listing::model`].
    ///
    /// Fetches about the bytes that the headers have (8 MB for a 70B, in 5 requests), and 1 MB for each further part. With
    /// a [`HeaderCache`], some 150 KB where another quantization of the repository is known, and nothing where this one
    /// is.
    ///
    /// # Errors
    /// See [`RemoteError`].
    pub async fn headers(&self, listing: &Listing, wanted: &str) -> Result<paddock_gguf::Model, RemoteError> {
        headers::model(&self.web, self.header_cache.as_ref(), listing, listing.model(wanted)?).await
    }
}
