//! How downloads are made: where they go, how fast, from whom.

use std::path::{Path, PathBuf};

use paddock_hub::remote::HubConfig;
use serde::{Deserialize, Serialize};

use paddock_store::Store;

use crate::{ApiError, App, DataDir, ErrorCode, app::path_text, view::DownloadSettings};

/// The setting that keeps all of this.
const KEY: &str = "downloads";

/// As it is stored: only what was chosen, so that what was not follows newer defaults.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Stored {
    models_folder: Option<PathBuf>,
    pub(crate) speed_limit_bytes_per_s: Option<u64>,
    pub(crate) endpoint: Option<String>,
    pub(crate) share_with_hf_cache: bool,
    dont_keep_awake: bool,
    dont_notify: bool,
}

impl Stored {
    /// Where models go.
    pub(crate) fn models_folder(&self, app: &App) -> PathBuf {
        self.models_folder.clone().unwrap_or_else(|| app.inner.data.models())
    }

    /// Whether the computer is kept from sleeping while something is downloaded.
    pub(crate) fn keep_awake(&self) -> bool {
        !self.dont_keep_awake
    }
}

impl App {
    /// How downloads are made.
    ///
    /// # Errors
    /// Only what the disk says.
    pub async fn download_settings(&self) -> Result<DownloadSettings, ApiError> {
        let stored = self.stored_download_settings().await?;
        let folder = stored.models_folder(self);
        Ok(DownloadSettings {
            models_folder: path_text(&folder)?,
            free_bytes: paddock_hub::free_bytes(&folder).ok(),
            speed_limit_bytes_per_s: stored.speed_limit_bytes_per_s,
            endpoint: stored.endpoint,
            share_with_hf_cache: stored.share_with_hf_cache,
            keep_awake: !stored.dont_keep_awake,
            notify: !stored.dont_notify,
        })
    }

    /// Changes them. What is being downloaded goes on where it is, at the new speed.
    ///
    /// # Errors
    /// [`ErrorCode::BadInput`] for a folder that cannot be used or an address that is none; nothing is changed then.
    pub async fn set_download_settings(&self, settings: DownloadSettings) -> Result<DownloadSettings, ApiError> {
        let endpoint = settings.endpoint.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
        if let Some(endpoint) = &endpoint {
            let mut config = HubConfig::default();
            config.endpoint.clone_from(endpoint);
            paddock_hub::remote::Hub::new(config)?;
        }
        if settings.speed_limit_bytes_per_s == Some(0) {
            return Err(ApiError::new(ErrorCode::BadInput, "A limit of 0 would stop every download.")
                .hint("Leave it empty for no limit, or pause the downloads."));
        }
        let folder = PathBuf::from(&settings.models_folder);
        let own = self.inner.data.models();
        let stored = Stored {
            models_folder: if folder == own { None } else { Some(usable(&folder)?) },
            speed_limit_bytes_per_s: settings.speed_limit_bytes_per_s,
            endpoint,
            share_with_hf_cache: settings.share_with_hf_cache,
            dont_keep_awake: !settings.keep_awake,
            dont_notify: !settings.notify,
        };
        let limit = stored.speed_limit_bytes_per_s;
        let before = self.stored_download_settings().await?.models_folder(self);
        self.with_store(move |store| store.set_setting(KEY, &stored)).await?;
        self.limit_downloads(limit);
        self.keep_looking_in(before).await?;
        self.download_settings().await
    }

    pub(crate) async fn stored_download_settings(&self) -> Result<Stored, ApiError> {
        self.with_store(|store| store.setting_or_default(KEY)).await
    }
}

/// The models folder that was chosen in the window, for programs without one.
///
/// # Errors
/// Only what the disk says.
pub(crate) fn models_folder(data: &DataDir) -> Result<PathBuf, ApiError> {
    Ok(stored_at(data)?.models_folder.unwrap_or_else(|| data.models()))
}

/// The server that was chosen in the window, for programs without one. None where no window ever was.
///
/// # Errors
/// Only what the disk says.
pub(crate) fn endpoint() -> Result<Option<String>, ApiError> {
    DataDir::find().map_or(Ok(None), |data| Ok(stored_at(&data)?.endpoint))
}

fn stored_at(data: &DataDir) -> Result<Stored, ApiError> {
    let database = data.database();
    if !database.exists() {
        return Ok(Stored::default());
    }
    Ok(Store::open(&database)?.setting_or_default(KEY)?)
}

/// A folder that files can be written to. It is made if it is not there.
fn usable(folder: &Path) -> Result<PathBuf, ApiError> {
    let refused = |why: String| {
        ApiError::new(ErrorCode::BadInput, format!("“{}” cannot hold models: {why}.", folder.display()))
            .hint("Choose a folder that you may write to.")
    };
    if !folder.is_absolute() {
        return Err(refused("it is not a whole path".into()));
    }
    std::fs::create_dir_all(folder).map_err(|error| refused(error.to_string()))?;
    // Permissions alone do not tell: the drive may be mounted for reading only.
    let probe = folder.join(".paddock-can-write");
    std::fs::write(&probe, "").and_then(|()| std::fs::remove_file(&probe)).map_err(|e| refused(e.to_string()))?;
    Ok(folder.to_owned())
}
