//! The one [`App`] that all commands share, or the reason why there is none.

use paddock_core::{ApiError, App, AppConfig, DataDir};
use paddock_server::Switch;

/// What Tauri manages for the commands.
pub struct Desk {
    app: Result<(App, Switch), ApiError>,
}

impl Desk {
    /// Open the app. A failure (a database from a newer version, a folder that cannot be written) is kept, and every
    /// command answers with it, so that the window can show it.
    pub fn open(data: Result<DataDir, ApiError>) -> Self {
        let app = data.and_then(|data| {
            let config = AppConfig { data, ..AppConfig::usual()? };
            tauri::async_runtime::block_on(async {
                let app = App::open(with_test_engine(config))?;
                let server = Switch::new(app.clone());
                Ok((app, server))
            })
        });
        if let Err(error) = &app {
            tracing::error!(%error, "the app could not be opened");
        }
        Self { app }
    }

    /// The app.
    pub fn app(&self) -> Result<&App, ApiError> {
        self.app.as_ref().map(|(app, _)| app).map_err(Clone::clone)
    }

    /// Its local server.
    pub fn server(&self) -> Result<&Switch, ApiError> {
        self.app.as_ref().map(|(_, server)| server).map_err(Clone::clone)
    }
}

/// Builds for development let the tests put another program in the engine's place; released ones do not.
#[cfg(debug_assertions)]
fn with_test_engine(mut config: AppConfig) -> AppConfig {
    if let Some(program) = std::env::var_os("PADDOCK_ENGINE_EXE") {
        config.engine.program = program.into();
    }
    config
}

#[cfg(not(debug_assertions))]
fn with_test_engine(config: AppConfig) -> AppConfig {
    config
}
