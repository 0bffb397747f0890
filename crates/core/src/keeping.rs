//! How long a model is kept that nobody uses.

use std::{
    sync::{Arc, Weak},
    time::Duration,
};

use tokio::sync::watch;

use crate::{App, app::Inner, view::EngineState};

/// With "at once", so long for a title that is proposed after an answer, and for the next message of a script.
const GRACE: Duration = Duration::from_secs(1);

/// Unloads the model whenever it was idle for as long as the settings say. Runs as long as the app.
pub(crate) async fn unload_when_idle(inner: Weak<Inner>) {
    let Some((mut line, mut limit, mut states)) = inner
        .upgrade()
        .map(|inner| (inner.line.changes(), inner.idle_limit_changed.subscribe(), inner.engine_state.subscribe()))
    else {
        return;
    };
    loop {
        let Some(app) = inner.upgrade().map(|inner| App { inner }) else { return };
        let idle = app.idle_for().await;
        drop(app);
        let changed = tokio::select! {
            changed = any_change(&mut line, &mut limit, &mut states) => changed,
            () = pause(idle) => {
                let Some(inner) = inner.upgrade() else { return };
                App { inner }.unload_if_idle(idle).await;
                true
            }
        };
        if !changed {
            return;
        }
    }
}

/// False: the app is gone.
async fn any_change(
    line: &mut watch::Receiver<u64>,
    limit: &mut watch::Receiver<u64>,
    states: &mut watch::Receiver<EngineState>,
) -> bool {
    tokio::select! {
        changed = line.changed() => changed.is_ok(),
        changed = limit.changed() => changed.is_ok(),
        changed = states.changed() => changed.is_ok(),
    }
}

async fn pause(idle: Option<Duration>) {
    match idle {
        Some(idle) => tokio::time::sleep(idle).await,
        None => std::future::pending().await,
    }
}

impl App {
    /// How long the model may stay unused from now on; `None`: for ever, it is in use, or there is none.
    async fn idle_for(&self) -> Option<Duration> {
        let ready = matches!(*self.inner.engine_state.borrow(), EngineState::Ready { .. });
        if !ready || self.inner.line.is_taken() {
            return None;
        }
        // What cannot be read counts as the usual.
        let seconds = self.loading_settings().await.unwrap_or_default().idle_seconds?;
        Some(Duration::from_secs(u64::from(seconds)).max(GRACE))
    }

    /// Unloads, unless somebody uses the engine or waits for it. Whoever comes meanwhile finds it unloaded, and loads.
    async fn unload_if_idle(&self, idle: Option<Duration>) {
        if self.inner.line.is_taken() {
            return;
        }
        // Held by nobody who is in the line: at most by a title, which is not in a hurry either.
        let Ok(mut engine) = self.inner.engine.try_lock() else { return };
        // Of another server there is nothing here that could be freed.
        let Some(current) = engine.take_if(|current| current.model.remote.is_none()) else { return };
        self.end_engine().await;
        let idle_seconds = u32::try_from(idle.unwrap_or_default().as_secs()).unwrap_or(u32::MAX);
        tracing::info!(idle_seconds, "unloaded the model that nobody used");
        self.inner.engine_state.send_replace(EngineState::Resting {
            path: current.model.path,
            name: current.model.name,
            idle_seconds,
        });
    }
}

/// Starts it.
pub(crate) fn start(inner: &Arc<Inner>) {
    tokio::spawn(unload_when_idle(Arc::downgrade(inner)));
}
