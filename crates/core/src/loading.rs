//! A load that always comes to a good end: free memory is looked at just before it, a guardrail says what speaks against
//! it, and where memory is short nevertheless, something is made smaller, step by step and visibly, until it fits.

mod climbing;
mod confine;
mod ladder;
mod live;
mod room;
mod worked;

use std::{
    path::PathBuf,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU32, AtomicUsize, Ordering},
    },
};

use paddock_engine_api::{Life, protocol::LoadParams};
use paddock_hardware::Hardware;
use paddock_hub::ModelFile;
use paddock_planner::{CacheType, Judgement, Machine, Plan, Settings, TokS, Verdict, Weights, judge};
use tokio::sync::watch;

use crate::{
    ApiError, App, ErrorCode, What,
    planning::{FITS_ANYWHERE_BYTES, weights_of},
    view::{
        EngineNotes, FromDisk, LoadSettings, LoadWish, LoadedModel, LoadingSettings, NotOnGpu, RamLimit, SmallerModel,
    },
};
use confine::Confined;

/// The setting that holds the [`LoadingSettings`].
const LOADING: &str = "loading_settings";
/// The longest time that a model may be kept unused, in seconds: a week. Longer is never.
const MOST_IDLE_SECONDS: u32 = 7 * 24 * 3600;
/// The least that a limit on RAM can be, in bytes: the engine alone takes half of it.
const LEAST_RAM_LIMIT_BYTES: u64 = 128 << 20;
/// A small model is not planned where so many times its size is free, and a gigabyte: the first answer comes sooner.
const ROOMY: u64 = 2;

/// What is known of the load under way and of the loaded model.
pub(crate) struct State {
    notes: watch::Sender<EngineNotes>,
    /// Counts how often somebody wanted a load to be given up.
    stops: watch::Sender<u32>,
    under_way: AtomicUsize,
    confined: Mutex<Option<Held>>,
    expected: Mutex<Option<Expected>>,
    /// Tokens written since the process of this app began.
    n_tokens: AtomicU32,
}

/// A process under a limit.
struct Held {
    pid: u32,
    bytes: u64,
    _confined: Confined,
}

/// How fast the loaded model should be.
struct Expected {
    path: String,
    machine: Machine,
    plan: Plan,
    processor_alone: Option<TokS>,
}

/// What is known of a load before it is made.
pub(crate) struct Prepared {
    params: LoadParams,
    known: Option<Known>,
    limit: Option<u64>,
    anyway: bool,
    notes: EngineNotes,
    /// Hears whether somebody gives it up, from the very beginning.
    stops: watch::Receiver<u32>,
}

/// A model and a computer.
struct Known {
    hardware: Hardware,
    machine: Machine,
    weights: Weights,
    plan: Plan,
    disk_measured: bool,
}

impl State {
    pub(crate) fn new() -> Self {
        Self {
            notes: watch::Sender::new(EngineNotes::default()),
            stops: watch::Sender::new(0),
            under_way: AtomicUsize::new(0),
            confined: Mutex::default(),
            expected: Mutex::default(),
            n_tokens: AtomicU32::new(0),
        }
    }

    /// Whether a load is under way: it says itself how it ends.
    pub(crate) fn is_under_way(&self) -> bool {
        self.under_way.load(Ordering::Relaxed) > 0
    }

    /// Another token was written.
    pub(crate) fn token_written(&self) {
        self.n_tokens.fetch_add(1, Ordering::Relaxed);
    }

    fn confined(&self) -> MutexGuard<'_, Option<Held>> {
        self.confined.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn expected(&self) -> MutexGuard<'_, Option<Expected>> {
        self.expected.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Marks a load as under way, however it ends.
struct UnderWay<'a>(&'a State);

impl<'a> UnderWay<'a> {
    fn begin(state: &'a State) -> Self {
        state.under_way.fetch_add(1, Ordering::Relaxed);
        Self(state)
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.under_way.fetch_sub(1, Ordering::Relaxed);
    }
}

impl App {
    /// What there is to know of the load under way and of the loaded model, now and as it changes.
    pub fn engine_notes(&self) -> watch::Receiver<EngineNotes> {
        self.inner.loading.notes.subscribe()
    }

    /// What holds for all loads.
    ///
    /// # Errors
    /// Only what the disk says; what cannot be read counts as not set.
    pub async fn loading_settings(&self) -> Result<LoadingSettings, ApiError> {
        self.with_store(|store| store.setting_or_default(LOADING)).await
    }

    /// Change it; returns it as it is now. A model that is loaded stays as it is.
    ///
    /// # Errors
    /// When a value is out of its range.
    pub async fn set_loading_settings(&self, settings: LoadingSettings) -> Result<LoadingSettings, ApiError> {
        if settings.idle_seconds.is_some_and(|seconds| seconds > MOST_IDLE_SECONDS) {
            return Err(ApiError::new(
                ErrorCode::BadInput,
                "A model can be kept unused for a week at most, or for ever.",
            ));
        }
        if settings.ram_limit_bytes.is_some_and(|bytes| bytes < LEAST_RAM_LIMIT_BYTES) {
            let message = "With less than 0.13 GB of memory, not even the engine itself runs.";
            return Err(ApiError::new(ErrorCode::BadInput, message));
        }
        self.with_store(move |store| store.set_setting(LOADING, &settings)).await?;
        // Whoever waits for a model to become idle waits anew.
        self.inner.idle_limit_changed.send_modify(|version| *version += 1);
        Ok(settings)
    }

    /// Give up the load that is under way. Nothing is loaded then.
    pub fn stop_load(&self) {
        self.inner.loading.stops.send_modify(|count| *count = count.wrapping_add(1));
    }

    /// Looks at the memory that is free now, and whether a load should be made at all. `current`: the model that would
    /// go first.
    pub(crate) async fn prepare_load(
        &self,
        file: &ModelFile,
        settings: LoadSettings,
        wish: LoadWish,
        current: Option<&LoadedModel>,
        as_before: bool,
    ) -> Result<Prepared, ApiError> {
        let stops = self.inner.loading.stops.subscribe();
        let loading = self.loading_settings().await?;
        let limit = loading.ram_limit_bytes;
        let worked = if wish.in_full { None } else { self.worked(file, settings, limit).await? };
        let mut params = LoadParams {
            path: file.path.clone(),
            n_ctx: settings.n_ctx,
            n_gpu_layers: settings.n_gpu_layers,
            n_threads: settings.n_threads,
            n_parallel: self.n_parallel().await,
            parking: Some(self.parking()),
            ..LoadParams::default()
        };
        let mut notes =
            EngineNotes { path: Some(file.path.display().to_string()), asked: settings, ..EngineNotes::default() };
        if let Some(worked) = &worked {
            worked.apply(&mut params);
            notes.steps.clone_from(&worked.steps);
            notes.remembered = !worked.steps.is_empty();
        }
        let known = if self.is_roomy(file, limit).await? { None } else { self.know(&params, limit, current).await };
        let anyway = wish.anyway || (as_before && worked.as_ref().is_some_and(|worked| worked.anyway));
        if let Some(known) = &known {
            let Judgement { refused, concerns } =
                judge(loading.guardrail, &known.machine, &known.plan.memory, known.plan.speed.generation);
            notes.concerns = concerns;
            if refused && !anyway {
                notes.held_back = true;
                notes.smaller = self.smaller_than(file).await;
                let error = ApiError::held_back(&file.name, &notes.concerns);
                self.inner.loading.notes.send_replace(notes);
                return Err(error);
            }
        }
        Ok(Prepared { params, known, limit, anyway, notes, stops })
    }

    /// The model that was going to be replaced is gone: look again at what is free, and settle how to load.
    pub(crate) async fn settle(&self, prepared: &mut Prepared, was_loaded: bool) {
        if was_loaded {
            // An error means that it is gone anyway.
            let _gone = self.inner.host.unload().await;
        }
        prepared.notes.ram_limit = self.confine(prepared.limit).await;
        if was_loaded && prepared.known.is_some() {
            prepared.known = self.know(&prepared.params, prepared.limit, None).await;
        }
        let Some(known) = &prepared.known else { return };
        let planned = prepared.params.n_gpu_layers.is_none() && !known.machine.devices.is_empty();
        if planned {
            prepared.params.n_gpu_layers = Some(known.plan.n_gpu_layers_safe);
        }
        if known.plan.memory.verdict == Verdict::ReadsFromDisk {
            (prepared.params.repack, prepared.params.use_mmap, prepared.params.use_mlock) = (false, true, false);
            prepared.notes.from_disk = Some(from_disk(known));
        }
        prepared.notes.not_on_gpu = self.not_on_gpu(known, &prepared.params).await;
        if planned {
            prepared.params = self.checked(prepared.params.clone()).await;
        }
    }

    /// Whether a model is so small beside what is free that nothing has to be planned.
    async fn is_roomy(&self, file: &ModelFile, limit: Option<u64>) -> Result<bool, ApiError> {
        if file.size_bytes >= FITS_ANYWHERE_BYTES || limit.is_some() {
            return Ok(false);
        }
        let memory = tokio::task::spawn_blocking(|| paddock_hardware::system().memory).await?;
        let wanted = file.size_bytes.saturating_mul(ROOMY).saturating_add(FITS_ANYWHERE_BYTES);
        Ok(memory.available_bytes.is_none_or(|free| free > wanted))
    }

    /// The computer as it is now and the plan of a load. `current`: what would be freed first.
    async fn know(&self, params: &LoadParams, limit: Option<u64>, current: Option<&LoadedModel>) -> Option<Known> {
        let mut hardware = self.look_again().await.ok()?;
        if let Some(current) = current {
            room::free(&mut hardware, current);
        }
        let path = params.path.clone();
        let weights = tokio::task::spawn_blocking(move || weights_of(&path)).await.ok()?.ok()?;
        let mut machine = Machine::of(&hardware);
        if let Some(limit) = limit {
            machine = machine.limited_to(limit);
        }
        let settings = settings_of(params, &weights);
        let mut plan = paddock_planner::plan(&machine, &weights, &settings, None).ok()?;
        let mut disk_measured = false;
        if plan.memory.verdict == Verdict::ReadsFromDisk
            && let Some(gb_s) = read_speed(params.path.clone()).await
        {
            disk_measured = true;
            machine = machine.reading_at(gb_s);
            plan = paddock_planner::plan(&machine, &weights, &settings, None).ok()?;
        }
        Some(Known { hardware, machine, weights, plan, disk_measured })
    }

    /// Sees to it that the engine process runs under the limit, or under none.
    async fn confine(&self, limit: Option<u64>) -> Option<RamLimit> {
        let host = &self.inner.host;
        let running = || match *host.life().borrow() {
            Life::Running(pid) => Some(pid),
            Life::Stopped | Life::Dead(_) => None,
        };
        let held = self.inner.loading.confined().as_ref().map(|held| (held.pid, held.bytes));
        let Some(bytes) = limit else {
            if held.is_some() {
                host.stop().await;
                *self.inner.loading.confined() = None;
            }
            return None;
        };
        if held.is_some() && held == running().map(|pid| (pid, bytes)) {
            return Some(RamLimit { bytes, enforced: true });
        }
        // What a process took before it is limited does not count.
        host.stop().await;
        *self.inner.loading.confined() = None;
        // An engine that does not start says so at the load.
        let _devices = host.devices().await;
        let Some(pid) = running() else { return Some(RamLimit { bytes, enforced: false }) };
        let confined = tokio::task::spawn_blocking(move || Confined::new(pid, bytes)).await;
        let enforced = match confined {
            Ok(Ok(confined)) => {
                *self.inner.loading.confined() = Some(Held { pid, bytes, _confined: confined });
                true
            }
            Ok(Err(error)) => {
                tracing::info!(%error, "the limit on the engine's memory is planned with, not enforced");
                false
            }
            Err(_) => false,
        };
        Some(RamLimit { bytes, enforced })
    }

    /// Ends the engine, and takes its group away.
    pub(crate) async fn end_engine(&self) {
        self.inner.host.stop().await;
        *self.inner.loading.confined() = None;
        *self.inner.loading.expected() = None;
        self.inner.loading.notes.send_replace(EngineNotes::default());
    }

    async fn not_on_gpu(&self, known: &Known, params: &LoadParams) -> Option<NotOnGpu> {
        if !known.machine.devices.is_empty() {
            return None;
        }
        if let Some(gpu) = known.hardware.gpus.iter().find(|gpu| gpu.engine_device.is_none()) {
            return Some(NotOnGpu::Unusable { gpu: gpu.name.clone() });
        }
        let path = params.path.display().to_string();
        let last = self.with_store(move |store| Ok(store.loads(&path)?.into_iter().next())).await.ok()??;
        (last.n_gpu_layers > 0).then_some(NotOnGpu::Gone)
    }

    /// The largest smaller file of the same model on this computer.
    async fn smaller_than(&self, file: &ModelFile) -> Option<SmallerModel> {
        let all = self.list_models().await.ok()?;
        let stem = |name: &str| name.to_lowercase();
        let smaller = all.into_iter().filter(|entry| {
            entry.present
                && !entry.self_test
                && entry.size_bytes < file.size_bytes
                && stem(&entry.name) == stem(&file.name)
        });
        let best = smaller.max_by_key(|entry| entry.size_bytes)?;
        Some(SmallerModel { path: best.path, name: best.name, quant: best.quant, size_bytes: best.size_bytes })
    }
}

/// The plan's settings of a load.
fn settings_of(params: &LoadParams, weights: &Weights) -> Settings {
    let usual = Settings::default();
    let cache = if params.cache_type_v == paddock_engine_api::protocol::CacheType::Q8_0 {
        CacheType::Q8_0
    } else {
        CacheType::F16
    };
    Settings {
        n_ctx: params.n_ctx.unwrap_or(usual.n_ctx).min(weights.shape.n_ctx_train),
        n_ubatch: params.n_ubatch,
        cache_type_k: cache,
        cache_type_v: cache,
        n_gpu_layers: params.n_gpu_layers,
    }
}

fn from_disk(known: &Known) -> FromDisk {
    let (least_bytes, most_bytes) = known.plan.memory.disk_bytes_per_token;
    let speed = known.plan.speed.generation;
    FromDisk {
        least_bytes,
        most_bytes,
        least_s: 1.0 / speed.high.max(1e-9),
        most_s: 1.0 / speed.low.max(1e-9),
        disk_gb_s: known.machine.disk_gb_s(),
        disk_measured: known.disk_measured,
        live: None,
    }
}

async fn read_speed(path: PathBuf) -> Option<f64> {
    tokio::task::spawn_blocking(move || paddock_hardware::read_speed(&path)).await.ok()?
}

impl ApiError {
    /// The guardrail speaks against a load; `concerns` say why.
    pub(crate) fn held_back(name: &str, concerns: &[paddock_planner::Concern]) -> Self {
        let why: Vec<String> = concerns.iter().map(ToString::to_string).collect();
        let details = (!why.is_empty()).then(|| why.join("\n"));
        let message = format!("“{name}” was not loaded: it may not fit into the memory that is free now.");
        Self { details, ..Self::new(ErrorCode::HeldBack, message) }
            .hint("Load it anyway, close other programs, or choose a smaller model.")
            .what(What::LoadHeldBack { name: name.to_owned() })
    }

    /// Somebody gave a load up.
    pub(crate) fn load_stopped() -> Self {
        Self::new(ErrorCode::Busy, "The load was stopped.").what(What::LoadStopped)
    }
}
