//! Settings that worked after the full ones did not: kept for this computer, this model and what was asked, and used at
//! once the next time.

use paddock_engine_api::protocol::{CacheType, FlashAttention, LoadParams};
use paddock_hub::ModelFile;
use serde::{Deserialize, Serialize};

use super::{App, Prepared};
use crate::{
    ApiError,
    app::now_ms,
    view::{LoadSettings, LoadStep},
};

/// The setting that holds them.
const WORKED: &str = "loads_that_worked";
/// How many are kept: those used last.
const KEPT: usize = 50;

/// One of them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Worked {
    computer: String,
    path: String,
    size_bytes: u64,
    asked: LoadSettings,
    ram_limit_bytes: Option<u64>,
    n_gpu_layers: Option<u32>,
    n_ubatch: u32,
    small_kv: bool,
    n_ctx: Option<u32>,
    repack: bool,
    pub(super) steps: Vec<LoadStep>,
    /// Whether it was loaded against the guardrail.
    pub(super) anyway: bool,
    at_ms: i64,
}

impl Worked {
    pub(super) fn apply(&self, params: &mut LoadParams) {
        if self.steps.is_empty() {
            return;
        }
        params.n_gpu_layers = self.n_gpu_layers;
        params.n_ubatch = self.n_ubatch;
        params.n_ctx = self.n_ctx;
        params.repack = self.repack;
        if self.small_kv {
            (params.cache_type_k, params.cache_type_v) = (CacheType::Q8_0, CacheType::Q8_0);
            params.flash_attention = FlashAttention::On;
        }
    }

    fn is_for(&self, other: &Self) -> bool {
        (&self.computer, &self.path, self.size_bytes, self.asked, self.ram_limit_bytes)
            == (&other.computer, &other.path, other.size_bytes, other.asked, other.ram_limit_bytes)
    }
}

impl App {
    /// What worked the last time, if the full settings did not.
    pub(super) async fn worked(
        &self,
        file: &ModelFile,
        asked: LoadSettings,
        ram_limit_bytes: Option<u64>,
    ) -> Result<Option<Worked>, ApiError> {
        let (path, size_bytes) = (file.path.display().to_string(), file.size_bytes);
        let all: Vec<Worked> = self.with_store(|store| store.setting_or_default(WORKED)).await?;
        let Some(found) = all.into_iter().find(|one| {
            (&one.path, one.size_bytes, one.asked, one.ram_limit_bytes) == (&path, size_bytes, asked, ram_limit_bytes)
        }) else {
            return Ok(None);
        };
        Ok((found.computer == computer().await?).then_some(found))
    }

    /// Keeps what a load came to; forgets it where the full settings worked.
    pub(super) async fn keep_worked(&self, prepared: &Prepared, file: &ModelFile) {
        if let Err(error) = self.try_keep_worked(prepared, file).await {
            tracing::warn!(%error, "the settings that worked could not be noted");
        }
    }

    async fn try_keep_worked(&self, prepared: &Prepared, file: &ModelFile) -> Result<(), ApiError> {
        let (params, steps) = (&prepared.params, &prepared.notes.steps);
        let one = Worked {
            computer: computer().await?,
            path: file.path.display().to_string(),
            size_bytes: file.size_bytes,
            asked: prepared.notes.asked,
            ram_limit_bytes: prepared.limit,
            n_gpu_layers: params.n_gpu_layers,
            n_ubatch: params.n_ubatch,
            small_kv: params.cache_type_v == CacheType::Q8_0,
            n_ctx: params.n_ctx,
            repack: params.repack,
            steps: steps.clone(),
            anyway: prepared.anyway,
            at_ms: now_ms(),
        };
        let worth_keeping = !steps.is_empty() || prepared.anyway;
        self.with_store(move |store| {
            let mut all: Vec<Worked> = store.setting_or_default(WORKED)?;
            let before = all.len();
            all.retain(|other| !other.is_for(&one));
            if !worth_keeping && all.len() == before {
                return Ok(());
            }
            if worth_keeping {
                all.insert(0, one);
                all.truncate(KEPT);
            }
            store.set_setting(WORKED, &all)
        })
        .await
    }
}

/// Enough to tell this computer from another: a disk can move.
async fn computer() -> Result<String, ApiError> {
    let hardware = tokio::task::spawn_blocking(paddock_hardware::system).await?;
    Ok(format!("{} | {:?} cores", hardware.cpu.name.as_deref().unwrap_or("?"), hardware.cpu.logical_cores))
}
