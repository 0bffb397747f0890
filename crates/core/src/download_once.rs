//! One download without a list, for the command line.

use std::path::PathBuf;
use std::sync::Arc;

use paddock_hub::remote::RepoId;
use paddock_hub::transfer::{self, Downloaded, Options, Progress, SpeedLimit, Stop};
use tokio::sync::watch;

use crate::{ApiError, App, DataDir, discover::hub_for_command, download_settings, downloads};

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
    let root = match one.dir {
        Some(dir) => std::path::absolute(dir).map_err(|error| {
            ApiError::new(crate::ErrorCode::BadInput, format!("The folder given with --dir cannot be used: {error}."))
        })?,
        None => download_settings::models_folder(&DataDir::find()?)?,
    };
    let hub = hub_for_command(one.endpoint).await?;
    let request =
        transfer::Request { repo: RepoId::parse(&one.repo)?, revision: "main".to_owned(), wanted: one.wanted, root };
    let limit = Arc::new(SpeedLimit::new(one.limit_bytes_per_s));
    let options = Options { connections: usize::from(one.connections), limit };
    // Beside the download, which does not wait for a desktop to answer; let go of with this handle.
    let _awake = tokio::spawn(downloads::running::keep_awake());
    Ok(transfer::download(&hub, &request, &options, Stop::new(stop), tell).await?)
}

impl App {
    /// Fetches the bytes again that [`App::verify_model`] found to be wrong, and waits for them; as [`download_once`].
    ///
    /// # Errors
    /// As [`App::repair_model`], and what does not heal.
    pub async fn repair_once(
        &self,
        path: &str,
        stop: watch::Receiver<bool>,
        tell: &watch::Sender<Progress>,
    ) -> Result<Downloaded, ApiError> {
        let hub = self.hub().await?;
        let request = self.reopen_broken(path).await?;
        Ok(transfer::download(&hub, &request, &Options::default(), Stop::new(stop), tell).await?)
    }
}
