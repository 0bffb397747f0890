//! The load itself: tried, and made smaller until it fits.

use paddock_engine_api::{
    Cause, EngineError, Life, LoadReport,
    protocol::{DEFAULT_N_CTX, Failure, FailureCode, LoadParams, Loaded},
};
use paddock_hub::ModelFile;
use paddock_planner::Verdict;

use super::{App, Expected, Prepared, UnderWay, ladder::Ladder, room};
use crate::{
    ApiError, ErrorCode,
    view::{LoadChange, LoadStep, NotOnGpu, ShortOf},
};

/// How often a load is made smaller because its process was ended, where memory should suffice: a copy of the weights, the
/// scratch space and the KV cache are what can be smaller without a worse answer.
const MOST_KILLS: usize = 3;

impl App {
    /// Loads, with as many steps as it takes. `show` hears how far it is.
    ///
    /// # Errors
    /// When even the smallest way does not fit, the load fails for another reason, or somebody stops it.
    pub(crate) async fn load_prepared(
        &self,
        prepared: &mut Prepared,
        file: &ModelFile,
        show: impl Fn(LoadReport),
    ) -> Result<(Loaded, u32), ApiError> {
        let _under_way = UnderWay::begin(&self.inner.loading);
        let mut stops = prepared.stops.clone();
        let loaded = tokio::select! {
            loaded = self.climb(prepared, &show) => loaded,
            // The sender lives as long as the app.
            _stopped = stops.changed() => {
                self.end_engine().await;
                return Err(ApiError::load_stopped());
            }
        };
        match loaded {
            Ok(loaded) => {
                self.expect(prepared);
                self.keep_worked(prepared, file).await;
                self.note_what_was_taken(prepared, &loaded);
                self.inner.line.set_room(prepared.params.n_parallel);
                let pid = match *self.inner.host.life().borrow() {
                    Life::Running(pid) => pid,
                    Life::Dead(ref death) => return Err(EngineError::Died(death.clone()).into()),
                    Life::Stopped => return Err(EngineError::ShutDown.into()),
                };
                if prepared.notes.from_disk.is_some() {
                    self.watch_disk(pid);
                }
                Ok((loaded, pid))
            }
            Err(error) => {
                if room::short_of(&error, false).is_some() {
                    prepared.notes.smaller = self.smaller_than(file).await;
                }
                self.inner.loading.notes.send_replace(prepared.notes.clone());
                Err(explained(error, file))
            }
        }
    }

    async fn climb(&self, prepared: &mut Prepared, show: &impl Fn(LoadReport)) -> Result<Loaded, EngineError> {
        let mut ladder = None;
        let mut kills = 0;
        loop {
            self.inner.loading.notes.send_replace(prepared.notes.clone());
            let error = match self.inner.host.load(prepared.params.clone(), show).await {
                Ok(loaded) => return Ok(loaded),
                Err(error) => error,
            };
            let ladder = match &mut ladder {
                Some(ladder) => ladder,
                none => none.insert(self.ladder(prepared).await),
            };
            if undo_small_kv(prepared, &error) {
                ladder.refuse_small_kv();
                continue;
            }
            let on_gpu = prepared.known.as_ref().is_some_and(|known| !known.machine.devices.is_empty());
            let layers_on_gpu = on_gpu && prepared.params.n_gpu_layers != Some(0);
            let Some(short_of) = room::short_of(&error, layers_on_gpu) else { return Err(error) };
            // Whoever ended the process need not have done it for its memory: where there should be enough, it is tried a
            // few times, and no other process is started only to ask what it would take.
            let unasked = room::is_killed(&error) && !is_scarce(prepared);
            kills += usize::from(unasked);
            if kills > MOST_KILLS {
                return Err(error);
            }
            tracing::info!(?short_of, %error, "a load found no memory");
            if !self.step_down(prepared, ladder, short_of, unasked).await {
                return Err(error);
            }
            // An engine that died took its limit with it.
            prepared.notes.ram_limit = self.confine(prepared.limit).await;
        }
    }

    /// Takes steps until the load should fit. False: there is none left. `unasked`: one step, whatever the engine would say.
    async fn step_down(&self, prepared: &mut Prepared, ladder: &mut Ladder, short_of: ShortOf, unasked: bool) -> bool {
        let mut before = if unasked { None } else { self.room(prepared, &prepared.params, short_of).await };
        loop {
            let Some((params, change)) = ladder.next(&prepared.params, short_of) else { return false };
            prepared.notes.steps.push(LoadStep {
                change,
                short_of,
                needed_bytes: before.map(|room| room.needed_bytes),
                free_bytes: before.map(|room| room.free_bytes),
            });
            prepared.notes.remembered = false;
            prepared.params = params;
            self.inner.loading.notes.send_replace(prepared.notes.clone());
            if unasked {
                return true;
            }
            let after = self.room(prepared, &prepared.params, short_of).await;
            // Where nobody can tell, trying does.
            if after.is_none_or(room::Room::is_enough) {
                return true;
            }
            before = after;
        }
    }

    /// The rungs of this model. What was not looked at before is looked at now.
    async fn ladder(&self, prepared: &mut Prepared) -> Ladder {
        if prepared.known.is_none() {
            prepared.known = self.know(&prepared.params, prepared.limit, None).await;
        }
        match &prepared.known {
            Some(known) => {
                let layers = if known.machine.devices.is_empty() { 0 } else { known.plan.memory.n_layers_all };
                Ladder::new(layers, known.weights.shape.n_ctx_train.min(DEFAULT_N_CTX))
            }
            None => Ladder::new(0, DEFAULT_N_CTX),
        }
    }

    async fn room(&self, prepared: &Prepared, params: &LoadParams, short_of: ShortOf) -> Option<room::Room> {
        let known = prepared.known.as_ref()?;
        let inspected = self.inner.host.inspect(params.clone()).await.ok()?;
        room::room(&inspected, params, &known.hardware, prepared.limit, short_of)
    }

    /// What the answers should be like.
    fn expect(&self, prepared: &Prepared) {
        let expected = prepared.known.as_ref().and_then(|known| {
            let mut settings = super::settings_of(&prepared.params, &known.weights);
            let planned = |machine| paddock_planner::plan(machine, &known.weights, &settings, None).ok();
            let plan = planned(&known.machine)?;
            let without = known.machine.clone().processor_alone();
            settings.n_gpu_layers = None;
            let alone = (plan.memory.n_gpu_layers > 0)
                .then(|| paddock_planner::plan(&without, &known.weights, &settings, None).ok())
                .flatten();
            Some(Expected {
                path: prepared.params.path.display().to_string(),
                machine: known.machine.clone(),
                processor_alone: alone.map(|plan| plan.speed.generation),
                plan,
            })
        });
        *self.inner.loading.expected() = expected;
    }

    fn note_what_was_taken(&self, prepared: &mut Prepared, loaded: &Loaded) {
        let asked =
            prepared.params.n_gpu_layers.filter(|asked| *asked > 0 && prepared.notes.asked.n_gpu_layers.is_some());
        if let Some(asked) = asked
            && loaded.n_gpu_layers == 0
            && prepared.notes.not_on_gpu.is_none()
        {
            prepared.notes.not_on_gpu = Some(NotOnGpu::NotTaken { asked });
        }
        self.inner.loading.notes.send_replace(prepared.notes.clone());
    }
}

/// Takes the step to a smaller KV cache back, if that is what this model cannot have. llama.cpp says so only when the
/// context is made.
fn undo_small_kv(prepared: &mut Prepared, error: &EngineError) -> bool {
    let refused = matches!(error, EngineError::Failed(Failure { code: FailureCode::BadRequest, .. }));
    let last = prepared.notes.steps.last().map(|step| step.change);
    if !refused || last != Some(LoadChange::SmallerKvCache) {
        return false;
    }
    prepared.notes.steps.pop();
    let usual = LoadParams::default();
    prepared.params.cache_type_k = usual.cache_type_k;
    prepared.params.cache_type_v = usual.cache_type_v;
    prepared.params.flash_attention = usual.flash_attention;
    true
}

/// An engine that was ended for want of memory says what to do about this model.
fn explained(error: EngineError, file: &ModelFile) -> ApiError {
    let died = matches!(error, EngineError::Died(_));
    if !died || room::short_of(&error, false).is_none() {
        return error.into();
    }
    let name = file.path.file_name().unwrap_or(file.path.as_os_str()).to_string_lossy().into_owned();
    let details = ApiError::from(error).details;
    let said: ApiError = Failure::from(Cause::NoMemoryForModel { file: name }).into();
    ApiError { code: ErrorCode::LoadFailed, details, ..said }
}

/// Whether there should not be enough memory, by the limit that was set or by the plan.
fn is_scarce(prepared: &Prepared) -> bool {
    let by_plan = prepared.known.as_ref().map(|known| known.plan.memory.verdict);
    prepared.limit.is_some() || matches!(by_plan, Some(Verdict::ReadsFromDisk | Verdict::TooBig))
}
