//! What the page hears without asking. Each event carries the full state of one thing.

use std::time::Duration;

use paddock_core::{
    App,
    view::{ConversationSummary, EngineState},
};
use serde::{Deserialize, Serialize};
use specta::Type;
use tauri::AppHandle;
use tauri_specta::Event;
use tokio::time::sleep;

/// The engine's state has changed.
#[derive(Debug, Clone, Serialize, Deserialize, Type, Event)]
pub struct EngineStateChanged(pub EngineState);

/// The list of conversations has changed.
#[derive(Debug, Clone, Serialize, Deserialize, Type, Event)]
pub struct ConversationsChanged(pub Vec<ConversationSummary>);

/// The least time between two of the same event: one frame at 60 Hz.
const FRAME: Duration = Duration::from_millis(16);

/// Tell the page of changes for as long as the app lives.
pub fn forward(handle: &AppHandle, app: &App) {
    let (states, to) = (app.engine_state(), handle.clone());
    tauri::async_runtime::spawn(async move {
        let mut states = states;
        while states.changed().await.is_ok() {
            let state = states.borrow_and_update().clone();
            // There may be no window to hear it.
            let _unheard = EngineStateChanged(state).emit(&to);
            sleep(FRAME).await;
        }
    });
    let (versions, to, app) = (app.list_version(), handle.clone(), app.clone());
    tauri::async_runtime::spawn(async move {
        let mut versions = versions;
        while versions.changed().await.is_ok() {
            versions.borrow_and_update();
            match app.list_conversations().await {
                Ok(list) => drop(ConversationsChanged(list).emit(&to)),
                Err(error) => tracing::warn!(%error, "the list of conversations could not be read"),
            }
            sleep(FRAME).await;
        }
    });
}
