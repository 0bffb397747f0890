//! The truth before the download: this computer, what fits on it, and what a file on the disk would need.

use std::path::{Path, PathBuf};

use paddock_engine_api::protocol::{BufferUse, DeviceRates, LoadParams, Loaded};
use paddock_hardware::Hardware;
use paddock_planner::{CacheType, Computer, Machine, Plan, PlanError, Settings, Weights, catalogue};
use paddock_store::{LoadRecord, Timings};
use serde::{Deserialize, Serialize};

use crate::{
    ApiError, App, ErrorCode,
    app::now_ms,
    survey::{add_rates, survey},
    view::{
        ComputerView, GpuNameView, HardwareView, LoadedModel, OtherComputer, PlanView, PlanningTables,
        RecommendRequest, RecommendationView,
    },
};

/// The setting that keeps what was measured.
const RATES: &str = "memory_rates";
/// The setting that says whether the first run was gone through or skipped.
const FIRST_RUN_DONE: &str = "first_run_done";

/// A model below this fits on any card in use, whole: 1 GB.
pub(crate) const FITS_ANYWHERE_BYTES: u64 = 1_000_000_000;

/// How often the last check takes layers off; a plan that is further from the truth than this is no plan.
const MOST_CHECKS: usize = 4;

/// Measured rates, and the computer they belong to: a disk can move to another one.
#[derive(Serialize, Deserialize)]
struct StoredRates {
    computer: String,
    devices: Vec<DeviceRates>,
}

impl App {
    /// This computer.
    ///
    /// # Errors
    /// Only what the disk says.
    pub async fn hardware(&self) -> Result<HardwareView, ApiError> {
        Ok(HardwareView::from(&self.look_again().await?))
    }

    /// Measures how fast the memories here are; takes about three seconds and all of their speed. A loaded model is
    /// freed first, since it would be in the way.
    ///
    /// # Errors
    /// When an answer is being written, or the engine could not measure.
    pub async fn measure_hardware(&self) -> Result<HardwareView, ApiError> {
        if self.inner.line.is_taken() {
            return Err(ApiError::model_at_work());
        }
        let mut engine = self.have_engine().await;
        if engine.take_if(|current| current.model.remote.is_none()).is_some() {
            self.inner.host.unload().await?;
            self.inner.engine_state.send_replace(crate::view::EngineState::NoModel);
        }
        let devices = self.inner.host.benchmark().await?;
        drop(engine);
        let mut hardware = survey(&self.inner.host).await;
        add_rates(&mut hardware, &devices);
        let view = HardwareView::from(&hardware);
        let stored = StoredRates { computer: fingerprint(&hardware), devices };
        *self.inner.surveyed() = Some(hardware);
        self.with_store(move |store| store.set_setting(RATES, &stored)).await?;
        Ok(view)
    }

    /// What can be chosen from when planning.
    pub fn planning_tables(&self) -> PlanningTables {
        PlanningTables::all()
    }

    /// What to take of a model on this or another computer.
    ///
    /// # Errors
    /// [`ErrorCode::BadInput`] for a computer, model or context that cannot be.
    pub async fn recommend(&self, request: RecommendRequest) -> Result<RecommendationView, ApiError> {
        let here = self.known_hardware().await?;
        let model = catalogue::model(&request.model_id).ok_or_else(|| {
            ApiError::new(ErrorCode::BadInput, format!("There is no model “{}” in the list.", request.model_id))
        })?;
        let hardware = Computer::from(&request.computer).hardware(&here)?;
        let cache = if request.small_kv { CacheType::Q8_0 } else { CacheType::F16 };
        let settings =
            Settings { n_ctx: request.n_ctx, cache_type_k: cache, cache_type_v: cache, ..Settings::default() };
        let machine = Machine::of(&hardware);
        let recommendation = paddock_planner::recommend(&machine, model, &settings, request.preference.into())?;
        Ok(RecommendationView::new(in_a_few_words(&hardware, &request.computer), &recommendation))
    }

    /// What a file on this computer would need and give here.
    ///
    /// # Errors
    /// When the file is not a usable model, or the context cannot be.
    pub async fn plan_file(&self, path: String, n_ctx: u32) -> Result<PlanView, ApiError> {
        let file = path.clone();
        let weights = tokio::task::spawn_blocking(move || weights_of(file.as_ref())).await??;
        self.plan_weights(&weights, n_ctx, Some(path)).await
    }

    /// What a model's weights would need and give here. Speeds measured with its file at `path` go before predictions.
    pub(crate) async fn plan_weights(
        &self,
        weights: &Weights,
        n_ctx: u32,
        path: Option<String>,
    ) -> Result<PlanView, ApiError> {
        let hardware = self.known_hardware().await?;
        let n_ctx = n_ctx.min(weights.shape.n_ctx_train);
        let settings = Settings { n_ctx, ..Settings::default() };
        let machine = Machine::of(&hardware);
        let planned = paddock_planner::plan(&machine, weights, &settings, None)?;
        let layers = planned.memory.n_gpu_layers;
        let measured = match path {
            Some(path) => self.with_store(move |store| store.measured_speed(&path, layers)).await?,
            None => None,
        };
        Ok(PlanView::from(&match measured {
            None => planned,
            measured => paddock_planner::plan(&machine, weights, &settings, measured)?,
        }))
    }

    /// Whether the first run is still to come.
    ///
    /// # Errors
    /// Only what the disk says.
    pub async fn first_run_pending(&self) -> Result<bool, ApiError> {
        self.with_store(|store| Ok(!store.setting_or_default::<bool>(FIRST_RUN_DONE)?)).await
    }

    /// The first run was gone through, or skipped; or is to be shown again.
    ///
    /// # Errors
    /// Only what the disk says.
    pub async fn set_first_run_done(&self, done: bool) -> Result<(), ApiError> {
        self.with_store(move |store| store.set_setting(FIRST_RUN_DONE, &done)).await
    }

    /// The layers of a model that fit on the cards as they are now; none: that need not be asked, or cannot be told.
    pub(crate) async fn layers_that_fit(&self, path: &Path, size_bytes: u64, n_ctx: Option<u32>) -> Option<u32> {
        if size_bytes < FITS_ANYWHERE_BYTES {
            return None;
        }
        // What is free on a card now decides, not what was free when somebody looked.
        let hardware = self.look_again().await.ok()?;
        let machine = Machine::of(&hardware);
        if machine.devices.is_empty() {
            return None;
        }
        let plan = self.plan_of(&machine, path.to_owned(), n_ctx, None).await?;
        Some(plan.n_gpu_layers_safe)
    }

    /// The last check before a load: what llama.cpp itself would allocate, against what is free on the cards. Takes
    /// layers off until it fits, since what the plan says of a card is an estimate.
    pub(crate) async fn checked(&self, mut params: LoadParams) -> LoadParams {
        let hardware = self.inner.surveyed().clone().unwrap_or_default();
        for _ in 0..MOST_CHECKS {
            let Some(layers) = params.n_gpu_layers.filter(|layers| *layers > 0) else { break };
            // An engine that cannot say it is going to say more at the load.
            let Ok(inspected) = self.inner.host.inspect(params.clone()).await else { break };
            let (short_bytes, on_cards_bytes) = shortage(&inspected.buffers, &hardware);
            if short_bytes == 0 {
                break;
            }
            let layer_bytes = (on_cards_bytes / u64::from(layers)).max(1);
            let too_many = u32::try_from(short_bytes.div_ceil(layer_bytes)).unwrap_or(u32::MAX);
            tracing::info!(layers, too_many, "the engine needs more on the card than was planned");
            params.n_gpu_layers = Some(layers.saturating_sub(too_many));
        }
        params
    }

    /// Stores what was planned for a load beside what the engine really took. Failing at it must not fail the load.
    pub(crate) async fn note_load(&self, loaded: &Loaded) {
        let hardware = self.inner.surveyed().clone();
        let machine = Machine::of(&hardware.unwrap_or_else(paddock_hardware::system));
        let layers = Some(loaded.n_gpu_layers);
        let Some(plan) = self.plan_of(&machine, loaded.path.clone(), Some(loaded.n_ctx), layers).await else { return };
        let (Ok(planned_json), Ok(actual_json)) =
            (serde_json::to_string(&plan.memory), serde_json::to_string(&loaded.buffers))
        else {
            return;
        };
        let record = LoadRecord {
            at_ms: now_ms(),
            path: loaded.path.display().to_string(),
            n_ctx: loaded.n_ctx,
            n_gpu_layers: loaded.n_gpu_layers,
            planned_json,
            actual_json,
        };
        if let Err(error) = self.with_store(move |store| store.record_load(&record)).await {
            tracing::warn!(%error, "the load could not be noted");
        }
    }

    /// Keeps how fast an answer was written, for the next prediction.
    pub(crate) async fn note_speed(&self, model: &LoadedModel, timings: Timings) {
        self.compare_speed(model, timings);
        let (path, layers) = (model.path.clone(), model.n_gpu_layers);
        let noted = self
            .with_store(move |store| {
                store.record_speed(now_ms(), &path, layers, timings.predicted_n, timings.predicted_ms)
            })
            .await;
        if let Err(error) = noted {
            tracing::warn!(%error, "the speed of an answer could not be noted");
        }
    }

    async fn plan_of(
        &self,
        machine: &Machine,
        path: PathBuf,
        n_ctx: Option<u32>,
        n_gpu_layers: Option<u32>,
    ) -> Option<Plan> {
        let weights = tokio::task::spawn_blocking(move || weights_of(&path)).await.ok()?.ok()?;
        let usual = Settings::default();
        let n_ctx = n_ctx.unwrap_or(usual.n_ctx).min(weights.shape.n_ctx_train);
        paddock_planner::plan(machine, &weights, &Settings { n_ctx, n_gpu_layers, ..usual }, None).ok()
    }

    /// This computer as it was when it was looked at last. A plan follows a slider, and the engine that lists the
    /// cards answers only when it has finished writing.
    pub(crate) async fn known_hardware(&self) -> Result<Hardware, ApiError> {
        let known = self.inner.surveyed().clone();
        match known {
            Some(hardware) => Ok(hardware),
            None => self.look_again().await,
        }
    }

    /// This computer as it is now, with what was measured on it before.
    pub(crate) async fn look_again(&self) -> Result<Hardware, ApiError> {
        let mut hardware = survey(&self.inner.host).await;
        // What cannot be read back was written by another version: measure again.
        let stored: Option<StoredRates> = self.with_store(|store| Ok(store.setting(RATES).ok().flatten())).await?;
        if let Some(stored) = stored.filter(|stored| stored.computer == fingerprint(&hardware)) {
            add_rates(&mut hardware, &stored.devices);
        }
        *self.inner.surveyed() = Some(hardware.clone());
        Ok(hardware)
    }
}

/// The weights of a model on the disk, all its parts together.
///
/// # Errors
/// When it is not a usable model.
pub fn weights_of(path: &Path) -> Result<Weights, ApiError> {
    let opened = paddock_hub::open_model(path)?;
    weights_of_model(&opened.model)
}

/// The same, from headers.
pub(crate) fn weights_of_model(model: &paddock_gguf::Model) -> Result<Weights, ApiError> {
    let (first, others) = model
        .parts()
        .split_first()
        .ok_or_else(|| ApiError::new(ErrorCode::ModelRefused, "This model has no parts."))?;
    Ok(Weights::from_headers(first, others)?)
}

/// By how many bytes the worst card falls short, and what all cards are to hold.
fn shortage(buffers: &[BufferUse], hardware: &Hardware) -> (u64, u64) {
    let mut worst = 0;
    let mut all = 0;
    for gpu in &hardware.gpus {
        let on_it = buffers.iter().filter(|buffer| Some(buffer.device.as_str()) == gpu.engine_device.as_deref());
        let needed: u64 = on_it.map(|buffer| buffer.weights_bytes + buffer.kv_bytes + buffer.compute_bytes).sum();
        all += needed;
        // A card that does not say what is free is not judged.
        worst = worst.max(gpu.free_bytes.map_or(0, |free| needed.saturating_sub(free)));
    }
    (worst, all)
}

/// Enough to tell two computers apart.
fn fingerprint(hardware: &Hardware) -> String {
    let gpus: Vec<&str> = hardware.gpus.iter().map(|gpu| gpu.name.as_str()).collect();
    format!("{} | {}", hardware.cpu.name.as_deref().unwrap_or("?"), gpus.join(", "))
}

fn in_a_few_words(hardware: &Hardware, other: &OtherComputer) -> ComputerView {
    let gpus = hardware.gpus.iter().filter(|gpu| gpu.engine_device.is_some());
    ComputerView {
        here: *other == OtherComputer::default(),
        gpus: gpus.map(|gpu| GpuNameView { name: gpu.name.clone(), total_bytes: gpu.total_bytes }).collect(),
        ram_bytes: hardware.memory.total_bytes,
    }
}

impl From<PlanError> for ApiError {
    fn from(error: PlanError) -> Self {
        let code = if matches!(error, PlanError::Header(_)) { ErrorCode::ModelRefused } else { ErrorCode::BadInput };
        Self::new(code, error.to_string())
    }
}
