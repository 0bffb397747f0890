//! A model's life: found, loaded, in use, unloaded.

use std::{
    path::{Path, PathBuf},
    time::Instant,
};

use paddock_engine_api::{
    Cause, Life, LoadReport,
    protocol::{Failure, Loaded},
};
use paddock_hub::ModelFile;
use paddock_store::ModelRecord;

use crate::{
    ApiError, App, What,
    app::{now_ms, path_text},
    remotes::RemotePath,
    self_test,
    view::{BufferUse, EngineState, LoadPhase, LoadSettings, LoadWish, LoadedModel, ModelEntry},
};

/// How many models the picker remembers.
const REMEMBERED: usize = 20;
/// The setting that says which model answers when none was chosen since the start.
pub(crate) const SELECTED: &str = "selected_model";

/// The model in the engine.
pub(crate) struct Current {
    /// Of the process that holds it; with another process it is gone.
    pid: u32,
    pub(crate) model: LoadedModel,
    settings: LoadSettings,
}

impl Current {
    /// Of another server: in no process.
    pub(crate) fn remote(model: LoadedModel, settings: LoadSettings) -> Self {
        Self { pid: 0, model, settings }
    }
}

/// How a load came to be asked for.
#[derive(Clone, Copy)]
pub(crate) struct Asked {
    wish: LoadWish,
    /// Nobody chose the model just now: a message brings back the one that was there.
    as_before: bool,
}

impl Asked {
    /// Another program names the model that it wants; nobody is there to insist on anything.
    pub(crate) fn by_a_program() -> Self {
        Self { wish: LoadWish::default(), as_before: false }
    }
}

impl App {
    /// The models that can be chosen: the self-test model, then those used last, then those in Paddock's own folder that
    /// were not used yet, then those of other servers.
    ///
    /// # Errors
    /// Only what the disk says.
    pub async fn list_models(&self) -> Result<Vec<ModelEntry>, ApiError> {
        let mut recent = self.with_store(|store| store.recent_models(REMEMBERED)).await?;
        let remote = self.remote_models(&mut recent).await?;
        let own_path = path_text(&self_test::path(&self.inner.data))?;
        let own_used = recent.iter().find(|record| record.path == own_path).map(|record| record.last_used_ms);
        let own = ModelEntry {
            path: own_path.clone(),
            name: self_test::NAME.into(),
            quant: Some("Q8_0".into()),
            size_bytes: self_test::size_bytes(),
            self_test: true,
            last_used_ms: own_used,
            present: true,
            remote: None,
        };
        let others = recent.into_iter().filter(|record| record.path != own_path).map(|record| ModelEntry {
            present: Path::new(&record.path).is_file(),
            path: record.path,
            name: record.name,
            quant: record.quant,
            size_bytes: record.size_bytes,
            self_test: false,
            last_used_ms: Some(record.last_used_ms),
            remote: None,
        });
        let mut listed: Vec<ModelEntry> = std::iter::once(own).chain(others).collect();
        for model in self.own_models().await? {
            if !listed.iter().any(|entry| entry.path == model.path) {
                listed.push(model);
            }
        }
        listed.extend(remote);
        Ok(listed)
    }

    /// Load a model in place of the one that is loaded. Progress and result also show as the engine's state.
    ///
    /// # Errors
    /// When the file is not a usable model, or the engine could not load it.
    pub async fn load_model(&self, path: String, settings: LoadSettings) -> Result<(), ApiError> {
        self.load_model_as(path, settings, LoadWish::default()).await
    }

    /// The same, with what whoever asks insists on. A load that is stopped is no error.
    ///
    /// # Errors
    /// As [`Self::load_model`].
    pub async fn load_model_as(&self, path: String, settings: LoadSettings, wish: LoadWish) -> Result<(), ApiError> {
        let mut engine = self.have_engine().await;
        match self.load_into(&mut engine, PathBuf::from(path), settings, Asked { wish, as_before: false }).await {
            Err(error) if error.what.as_deref() == Some(&What::LoadStopped) => Ok(()),
            result => result,
        }
    }

    /// Free the model. Its memory goes with the engine process.
    pub async fn unload_model(&self) {
        let mut engine = self.have_engine().await;
        *engine = None;
        self.end_engine().await;
        self.inner.engine_state.send_replace(EngineState::NoModel);
    }

    /// Make sure that a model is there: the one in the engine, or the one used last, or the self-test model.
    pub(crate) async fn ensure_loaded(&self, engine: &mut Option<Current>) -> Result<LoadedModel, ApiError> {
        let previous = engine.as_ref().map(|current| (current.model.path.clone(), current.settings));
        if let Some(current) = engine
            && self.is_alive(current)
        {
            return Ok(current.model.clone());
        }
        let (path, settings) = match previous {
            Some((path, settings)) => (PathBuf::from(path), settings),
            None => self.selected().await?,
        };
        self.load_into(engine, path, settings, Asked { wish: LoadWish::default(), as_before: true }).await?;
        match engine {
            Some(current) => Ok(current.model.clone()),
            None => Err(ApiError::from(Failure::from(Cause::NoModel))),
        }
    }

    /// Whether the process that holds this model still runs; another server's is in none.
    pub(crate) fn is_alive(&self, current: &Current) -> bool {
        current.model.remote.is_some() || *self.inner.host.life().borrow() == Life::Running(current.pid)
    }

    async fn selected(&self) -> Result<(PathBuf, LoadSettings), ApiError> {
        let selected = self.with_store(|store| store.setting_or_default::<Option<String>>(SELECTED)).await?;
        let Some(path) = selected else { return Ok((self_test::path(&self.inner.data), LoadSettings::default())) };
        let path = PathBuf::from(path);
        let settings = self.settings_of(&path).await?;
        Ok((path, settings))
    }

    /// How a model was loaded last.
    pub(crate) async fn settings_of(&self, path: &Path) -> Result<LoadSettings, ApiError> {
        let recent = self.with_store(|store| store.recent_models(REMEMBERED)).await?;
        let record = recent.into_iter().find(|record| Path::new(&record.path) == path);
        Ok(record.and_then(|record| serde_json::from_str(&record.settings_json?).ok()).unwrap_or_default())
    }

    pub(crate) async fn load_into(
        &self,
        engine: &mut Option<Current>,
        path: PathBuf,
        settings: LoadSettings,
        asked: Asked,
    ) -> Result<(), ApiError> {
        if let Some(path) = RemotePath::parse(&path) {
            return self.choose_remote(engine, path, settings).await;
        }
        let started = Instant::now();
        let own = path == self_test::path(&self.inner.data);
        let file = match self.look_at(&path, own).await {
            Ok(file) => file,
            Err(error) => {
                // The model that is in the engine stays there, and the window says why the other one is not.
                self.show_refusal(engine.as_ref(), &path, error.clone());
                return Err(error);
            }
        };
        if let Err(error) = self.verify_before_use(&file, started).await {
            self.show_refusal(engine.as_ref(), &path, error.clone());
            return Err(error);
        }
        let own = self_test::is(&file);
        let name = if own { self_test::NAME.to_owned() } else { file.name.clone() };
        self.show_load(&file, &name, started, LoadPhase::Starting, 0.0);
        let alive = engine.as_ref().filter(|current| self.is_alive(current)).map(|current| &current.model);
        let was_loaded = alive.is_some();
        let mut prepared = match self.prepare_load(&file, settings, asked.wish, alive, asked.as_before).await {
            Ok(prepared) => prepared,
            Err(error) => {
                self.show_refusal(engine.as_ref(), &path, error.clone());
                return Err(error);
            }
        };
        *engine = None;
        self.settle(&mut prepared, was_loaded).await;
        let show = |LoadReport { phase, fraction }| self.show_load(&file, &name, started, phase.into(), fraction);
        match self.load_prepared(&mut prepared, &file, show).await {
            Ok((loaded, pid)) => {
                let model = describe(&loaded, name, &file, own);
                self.remember_load(&model, settings, file.size_bytes).await;
                self.inner.engine_state.send_replace(EngineState::Ready { model: model.clone() });
                *engine = Some(Current { pid, model, settings });
                self.note_load(&loaded).await;
                Ok(())
            }
            Err(error) if error.what.as_deref() == Some(&What::LoadStopped) => {
                self.inner.engine_state.send_replace(EngineState::NoModel);
                Err(error)
            }
            Err(error) => {
                let path = Some(file.path.display().to_string());
                self.inner.engine_state.send_replace(EngineState::Failed {
                    path,
                    name: Some(name),
                    error: error.clone(),
                });
                Err(error)
            }
        }
    }

    fn show_load(&self, file: &ModelFile, name: &str, started: Instant, phase: LoadPhase, fraction: f32) {
        self.inner.engine_state.send_replace(EngineState::Loading {
            path: file.path.display().to_string(),
            name: name.to_owned(),
            phase,
            fraction,
            elapsed_ms: u32::try_from(started.elapsed().as_millis()).unwrap_or(u32::MAX),
        });
    }

    async fn look_at(&self, path: &Path, own: bool) -> Result<ModelFile, ApiError> {
        let (path, data) = (path.to_owned(), self.inner.data.clone());
        tokio::task::spawn_blocking(move || {
            if own {
                self_test::ensure(&data)?;
            }
            let path = std::path::absolute(&path).unwrap_or(path);
            path_text(&path)?;
            Ok(paddock_hub::inspect(&path)?)
        })
        .await?
    }

    fn show_refusal(&self, current: Option<&Current>, path: &Path, error: ApiError) {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
        let failed = EngineState::Failed { path: Some(path.display().to_string()), name, error };
        let Some(current) = current else {
            self.inner.engine_state.send_replace(failed);
            return;
        };
        // The file may have been shown as being loaded while it was verified.
        let lives = self.is_alive(current);
        self.inner.engine_state.send_if_modified(|state| {
            let is_loading = matches!(state, EngineState::Loading { .. });
            if is_loading {
                *state = if lives { EngineState::Ready { model: current.model.clone() } } else { failed };
            }
            is_loading
        });
    }

    /// A model that works is offered again. Failing to note that must not fail the load.
    pub(crate) async fn remember_load(&self, model: &LoadedModel, settings: LoadSettings, size_bytes: u64) {
        let record = ModelRecord {
            path: model.path.clone(),
            name: model.name.clone(),
            quant: model.quant.clone(),
            size_bytes,
            last_used_ms: now_ms(),
            settings_json: serde_json::to_string(&settings).ok(),
        };
        let noted = self
            .with_store(move |store| {
                store.record_model_use(&record)?;
                store.set_setting(SELECTED, &record.path)
            })
            .await;
        if let Err(error) = noted {
            tracing::warn!(%error, "the model could not be noted as used");
        }
    }
}

fn describe(loaded: &Loaded, name: String, file: &ModelFile, self_test: bool) -> LoadedModel {
    LoadedModel {
        path: file.path.display().to_string(),
        name,
        quant: file.quant.clone(),
        self_test,
        n_params: loaded.n_params,
        n_ctx: loaded.n_ctx,
        n_ctx_train: loaded.n_ctx_train,
        n_layers: loaded.n_layers,
        n_gpu_layers: loaded.n_gpu_layers,
        load_ms: loaded.load_ms,
        buffers: loaded
            .buffers
            .iter()
            .map(|buffer| BufferUse {
                device: buffer.device.clone(),
                weights_bytes: buffer.weights_bytes,
                kv_bytes: buffer.kv_bytes,
                compute_bytes: buffer.compute_bytes,
            })
            .collect(),
        warnings: loaded.warnings.clone(),
        remote: None,
    }
}
