//! [`App`]: everything that lives as long as the program does.

use std::{
    collections::HashMap,
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{SystemTime, UNIX_EPOCH},
};

use paddock_engine_api::{EngineCommand, EngineError, EngineHost, HostConfig, Life};
use paddock_hardware::Hardware;
use paddock_store::{ConversationId, Store};
use tokio::{
    sync::{Mutex as AsyncMutex, watch},
    task::JoinHandle,
};

use crate::{
    ApiError, DataDir, ErrorCode, backups,
    discover::Discovery,
    downloads, keeping,
    keychain::Keyed,
    library,
    line::Line,
    live::Live,
    loading,
    models::Current,
    remotes, serving,
    view::{AppInfo, EngineState, Platform},
};

/// What an [`App`] needs to know.
#[derive(Debug, Clone)]
pub struct AppConfig {
    /// Where everything is written.
    pub data: DataDir,
    /// How the engine is started.
    pub engine: EngineCommand,
    /// When the engine is taken for hung.
    pub host: HostConfig,
}

impl AppConfig {
    /// The usual: the system's data folder (or `PADDOCK_DATA_DIR`), and this executable as the engine.
    ///
    /// # Errors
    /// When there is no data folder, or the executable cannot be found.
    pub fn usual() -> Result<Self, ApiError> {
        let engine = EngineCommand::this_executable().map_err(|error| {
            ApiError::new(ErrorCode::Internal, format!("Paddock could not find its own executable: {error}."))
        })?;
        Ok(Self { data: DataDir::find()?, engine, host: HostConfig::default() })
    }
}

/// The whole of Paddock behind its window. Cheap to clone.
#[derive(Clone)]
pub struct App {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) data: DataDir,
    store: Mutex<Store>,
    pub(crate) host: EngineHost,
    pub(crate) engine_state: watch::Sender<EngineState>,
    /// Counts changes of the conversation list.
    pub(crate) list_version: watch::Sender<u64>,
    /// The model in the engine. Locked for long only by a load; who may use it says `line`.
    pub(crate) engine: AsyncMutex<Option<Current>>,
    /// Who waits for the engine.
    pub(crate) line: Line,
    /// How an engine beside the one that answers is started.
    pub(crate) spare_engine: (EngineCommand, HostConfig),
    /// Held while a smaller copy of a model is made.
    pub(crate) copy_making: AsyncMutex<()>,
    /// Counts the wishes to stop that.
    pub(crate) copy_stops: watch::Sender<u64>,
    /// Counts the wishes to stop a measurement.
    pub(crate) bench_stops: watch::Sender<u64>,
    /// What is known of loads.
    pub(crate) loading: loading::State,
    /// Counts changes of how long an unused model is kept.
    pub(crate) idle_limit_changed: watch::Sender<u64>,
    /// The title that is being written.
    title: Mutex<Option<JoinHandle<()>>>,
    /// This computer, when it was looked at last.
    surveyed: Mutex<Option<Hardware>>,
    /// Held while the database is copied, replaced or erased: one after the other.
    pub(crate) copying: AsyncMutex<()>,
    /// The answers on their way, by conversation.
    pub(crate) answering: Mutex<HashMap<ConversationId, Arc<Live>>>,
    pub(crate) downloads: downloads::State,
    /// The models that are on this computer.
    pub(crate) library: library::State,
    /// What is known of models that are not here yet.
    pub(crate) discovery: Discovery,
    /// The keys of other servers.
    pub(crate) remotes: remotes::State,
    /// What other programs have to show at the local server.
    pub(crate) server_token: Keyed,
}

impl App {
    /// Open the database and get ready to start the engine. Must be called within a tokio runtime.
    ///
    /// # Errors
    /// When the database cannot be opened (a damaged one is set aside; see [`paddock_store::Store::open`]).
    pub fn open(config: AppConfig) -> Result<Self, ApiError> {
        let app = Self::open_for_command(config)?;
        app.choose_remote_used_last();
        tokio::spawn(downloads::running::go_on(app.clone()));
        tokio::spawn(backups::every_day(Arc::downgrade(&app.inner)));
        Ok(app)
    }

    /// The same for a single command: the list of downloads is the window's, and stays as it is.
    ///
    /// # Errors
    /// As [`App::open`].
    pub fn open_for_command(config: AppConfig) -> Result<Self, ApiError> {
        let store = Store::open(config.data.database())?;
        let report = store.report();
        if *report != paddock_store::OpenReport::default() {
            tracing::info!(?report, "opened the database");
        }
        let spare_engine = (config.engine.clone(), config.host);
        let host = EngineHost::new(config.engine, config.host).map_err(|error| EngineError::Spawn(Arc::new(error)))?;
        let app = Self {
            inner: Arc::new(Inner {
                discovery: Discovery::new(&config.data),
                data: config.data,
                store: Mutex::new(store),
                host,
                engine_state: watch::Sender::new(EngineState::NoModel),
                list_version: watch::Sender::new(0),
                engine: AsyncMutex::new(None),
                copying: AsyncMutex::new(()),
                line: Line::new(),
                spare_engine,
                copy_making: AsyncMutex::new(()),
                copy_stops: watch::Sender::new(0),
                bench_stops: watch::Sender::new(0),
                loading: loading::State::new(),
                idle_limit_changed: watch::Sender::new(0),
                title: Mutex::new(None),
                surveyed: Mutex::new(None),
                answering: Mutex::new(HashMap::new()),
                downloads: downloads::State::default(),
                library: library::State::default(),
                remotes: remotes::State::default(),
                server_token: Keyed::named(serving::TOKEN_ENTRY),
            }),
        };
        tokio::spawn(tell_of_deaths(app.clone(), app.inner.host.life()));
        tokio::spawn(library::purge_at_start(app.clone()));
        keeping::start(&app.inner);
        Ok(app)
    }

    /// What the window says about the app.
    pub fn info(&self) -> AppInfo {
        AppInfo {
            version: env!("CARGO_PKG_VERSION").into(),
            data_dir: self.inner.data.path().display().to_string(),
            licence: env!("CARGO_PKG_LICENSE").into(),
            platform: if cfg!(target_os = "macos") {
                Platform::Macos
            } else if cfg!(windows) {
                Platform::Windows
            } else {
                Platform::Linux
            },
        }
    }

    /// What happened when the database was opened.
    pub fn open_report(&self) -> paddock_store::OpenReport {
        self.inner.store().report().clone()
    }

    /// The engine's state, now and as it changes.
    pub fn engine_state(&self) -> watch::Receiver<EngineState> {
        self.inner.engine_state.subscribe()
    }

    /// Changes whenever the list of conversations does.
    pub fn list_version(&self) -> watch::Receiver<u64> {
        self.inner.list_version.subscribe()
    }

    /// The engine process's id while there is one, for tests and for support.
    pub fn engine_pid(&self) -> Option<u32> {
        match *self.inner.host.life().borrow() {
            Life::Running(pid) => Some(pid),
            Life::Stopped | Life::Dead(_) => None,
        }
    }

    /// Whether there is an engine process, now and as it changes, for tests and for support.
    pub fn engine_life(&self) -> watch::Receiver<Life> {
        self.inner.host.life()
    }

    /// Stop all answers, keep what they have, and end the engine.
    pub async fn shut_down(&self) {
        self.inner.line.close();
        for live in self.inner.answering().values() {
            live.switch.stop();
        }
        self.end_title().await;
        self.inner.library.give_up();
        self.close_downloads().await;
        self.end_engine().await;
    }

    /// Use the store on a thread that may wait for the disk.
    pub(crate) async fn with_store<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Store) -> Result<T, paddock_store::Error> + Send + 'static,
    ) -> Result<T, ApiError> {
        let inner = Arc::clone(&self.inner);
        let done = tokio::task::spawn_blocking(move || work(&mut inner.store())).await?;
        Ok(done?)
    }

    pub(crate) fn list_changed(&self) {
        self.inner.list_version.send_modify(|version| *version += 1);
    }
}

impl Inner {
    /// A panic while holding the store cannot leave it half changed: SQLite's transactions see to that.
    pub(crate) fn store(&self) -> MutexGuard<'_, Store> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn surveyed(&self) -> MutexGuard<'_, Option<Hardware>> {
        self.surveyed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn title(&self) -> MutexGuard<'_, Option<JoinHandle<()>>> {
        self.title.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn answering(&self) -> MutexGuard<'_, HashMap<ConversationId, Arc<Live>>> {
        self.answering.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Show a dead engine as failed, whatever it was doing.
async fn tell_of_deaths(app: App, mut life: watch::Receiver<Life>) {
    // Only weakly from here on, so that this task does not keep the app alive.
    let inner = Arc::downgrade(&app.inner);
    drop(app);
    while life.changed().await.is_ok() {
        let Life::Dead(death) = life.borrow_and_update().clone() else { continue };
        let Some(inner) = inner.upgrade() else { return };
        if inner.loading.is_under_way() {
            continue;
        }
        inner.engine_state.send_if_modified(|state| {
            // Another server's model is not in the process: that was asked about this computer.
            if matches!(state, EngineState::Ready { model } | EngineState::Understanding { model, .. } | EngineState::Writing { model, .. } if model.remote.is_some()) {
                return false;
            }
            let (path, name) = model_of(state);
            *state = EngineState::Failed { path, name, error: EngineError::Died(death).into() };
            true
        });
    }
}

fn model_of(state: &EngineState) -> (Option<String>, Option<String>) {
    match state {
        EngineState::NoModel => (None, None),
        EngineState::Resting { path, name, .. } | EngineState::Loading { path, name, .. } => {
            (Some(path.clone()), Some(name.clone()))
        }
        EngineState::Ready { model }
        | EngineState::Understanding { model, .. }
        | EngineState::Writing { model, .. } => (Some(model.path.clone()), Some(model.name.clone())),
        EngineState::Failed { path, name, .. } => (path.clone(), name.clone()),
    }
}

/// The time now, in milliseconds since 1970.
pub(crate) fn now_ms() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// A path as the engine and the window need it.
pub(crate) fn path_text(path: &Path) -> Result<String, ApiError> {
    path.to_str().map(str::to_owned).ok_or_else(|| {
        ApiError::new(ErrorCode::ModelRefused, format!("The path “{}” is not valid text.", path.display()))
            .hint("Rename the file or its folder, then choose it again.")
    })
}
