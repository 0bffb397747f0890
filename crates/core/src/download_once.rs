//! One download without a list, for the command line.

use std::path::PathBuf;
use std::sync::Arc;

use paddock_hub::remote::{Hub, HubConfig, RepoId};
use paddock_hub::transfer::{self, Downloaded, Options, Progress, SpeedLimit, Stop};
use tokio::sync::watch;

use crate::{ApiError, DataDir, download_settings};

/// What to download.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OneDownload {
    /// Owner and name of the repository.
    pub repo: String,
    /// A quantization, or the path of a file in the repository.
    pub wanted: String,
    /// Another server than the usual one.
    pub endpoint: Option<String>,
    /// Another models folder than the one chosen in the window.
    pub dir: Option<PathBuf>,
    /// At most so many bytes per second.
    pub limit_bytes_per_s: Option<u64>,
    /// Connections at once.
    pub connections: u8,
}

/// Downloads a model and waits for what can heal, for as long as it takes; `tell` hears how far it is. Stops when `stop`
/// becomes true; what came is kept.
///
/// # Errors
/// What does not heal.
pub async fn download_once(
    one: OneDownload,
    stop: watch::Receiver<bool>,
    tell: &watch::Sender<Progress>,
) -> Result<Downloaded, ApiError> {
    let mut config = HubConfig::from_env();
    let root = match one.dir {
        Some(dir) => std::path::absolute(dir).map_err(|error| {
            ApiError::new(crate::ErrorCode::BadInput, format!("The folder given with --dir cannot be used: {error}."))
        })?,
        None => download_settings::models_folder(&DataDir::find()?)?,
    };
    if let Some(endpoint) = one.endpoint {
        config.endpoint = endpoint;
    }
    let hub = Hub::new(config)?;
    let request =
        transfer::Request { repo: RepoId::parse(&one.repo)?, revision: "main".to_owned(), wanted: one.wanted, root };
    let limit = Arc::new(SpeedLimit::new(one.limit_bytes_per_s));
    let options = Options { connections: usize::from(one.connections), limit };
    Ok(transfer::download(&hub, &request, &options, Stop::new(stop), tell).await?)
}
