//! Smaller copies of models, for the window: what can be made of a model, and making it beside whatever else is done.

use std::path::{Path, PathBuf};

use paddock_engine_api::EngineHost;
use paddock_planner::{quant, smaller};

use crate::{
    ApiError, App, Copy, ErrorCode, make_copy, plan_copy,
    quantizing::name_of_copy,
    view::{CopyEvent, CopyOption, CopyOptions},
};

impl App {
    /// The smaller copies that can be made of a model.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn copies_of(&self, path: String) -> Result<CopyOptions, ApiError> {
        tokio::task::spawn_blocking(move || {
            let opened = paddock_hub::open_model(path.as_ref())?;
            let headers = opened.model.parts();
            let option = |row: &quant::Quant| {
                let size_bytes = smaller::copy_bytes(headers, &row.name)?;
                (size_bytes < opened.size_bytes).then(|| CopyOption {
                    path: name_of_copy(Path::new(&path), headers, &row.name).display().to_string(),
                    quant: row.name.clone(),
                    size_bytes,
                    quality: row.quality(),
                })
            };
            let options = quant::all().iter().filter(|row| row.loadable()).filter_map(option).collect();
            Ok(CopyOptions { again: !smaller::is_full(headers), options })
        })
        .await?
    }

    /// Make a smaller copy of a model, beside it. Runs in an engine process of its own; [`App::stop_copy`] stops it. The
    /// answer is the new file; `None`: it was stopped, and nothing is left.
    ///
    /// # Errors
    /// When another copy is being made, and everything that [`plan_copy`] and [`make_copy`] refuse.
    pub async fn copy_model(
        &self,
        path: String,
        quant: String,
        mut on_event: impl FnMut(CopyEvent),
    ) -> Result<Option<String>, ApiError> {
        let Ok(_alone) = self.inner.copy_making.try_lock() else {
            return Err(ApiError::new(ErrorCode::Busy, "Another copy is being made.").hint("Wait for it, or stop it."));
        };
        let mut stopped = self.inner.copy_stops.subscribe();
        let planned = tokio::task::spawn_blocking(move || {
            let opened = paddock_hub::open_model(path.as_ref())?;
            let output = name_of_copy(Path::new(&path), opened.model.parts(), &quant);
            // The window says what that costs before it asks.
            plan_copy(&Copy { input: PathBuf::from(path), output, quant, imatrix: None, allow_requantize: true })
        })
        .await??;
        let (command, config) = self.inner.spare_engine.clone();
        let host = EngineHost::new(command, config).map_err(|error| {
            ApiError::new(ErrorCode::Internal, format!("The engine could not be started: {error}."))
        })?;
        let made = tokio::select! {
            made = make_copy(&host, &planned, |now| {
                on_event(CopyEvent { tensors_done: now.tensors_done, tensors: now.tensors });
            }) => Some(made),
            // The sender is the app's own.
            _stop = stopped.changed() => None,
        };
        host.stop().await;
        let Some(made) = made else {
            planned.forget();
            return Ok(None);
        };
        let made = made?;
        self.scan_library().await?;
        Ok(Some(made.path.display().to_string()))
    }

    /// Stop the copy that is being made.
    pub fn stop_copy(&self) {
        self.inner.copy_stops.send_modify(|stops| *stops += 1);
    }
}
