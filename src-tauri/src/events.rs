//! What the page hears without asking. Each event carries the full state of one thing.

use std::time::Duration;

use paddock_core::{
    App,
    view::{ConversationSummary, DownloadState, DownloadView, EngineNotes, EngineState, LibraryView, ServerView},
};
use paddock_server::Switch;
use serde::{Deserialize, Serialize};
use specta::Type;
use tauri::AppHandle;
use tauri_plugin_notification::NotificationExt as _;
use tauri_specta::Event;
use tokio::time::sleep;

/// The engine's state has changed.
#[derive(Debug, Clone, Serialize, Deserialize, Type, Event)]
pub struct EngineStateChanged(pub EngineState);

/// What there is to know of the load under way, or of the loaded model, has changed.
#[derive(Debug, Clone, Serialize, Deserialize, Type, Event)]
pub struct EngineNotesChanged(pub EngineNotes);

/// The list of conversations has changed.
#[derive(Debug, Clone, Serialize, Deserialize, Type, Event)]
pub struct ConversationsChanged(pub Vec<ConversationSummary>);

/// A download has changed; all of them.
#[derive(Debug, Clone, Serialize, Deserialize, Type, Event)]
pub struct DownloadsChanged(pub Vec<DownloadView>);

/// The models on this computer have changed.
#[derive(Debug, Clone, Serialize, Deserialize, Type, Event)]
pub struct LibraryChanged(pub LibraryView);

/// The local server has changed.
#[derive(Debug, Clone, Serialize, Deserialize, Type, Event)]
pub struct ServerChanged(pub ServerView);

/// The least time between two of the same event: one frame at 60 Hz.
const FRAME: Duration = Duration::from_millis(16);

/// Tell the page of changes for as long as the app lives.
pub fn forward(handle: &AppHandle, app: &App, server: &Switch) {
    let (views, to) = (server.view(), handle.clone());
    tauri::async_runtime::spawn(async move {
        let mut views = views;
        while views.changed().await.is_ok() {
            let view = views.borrow_and_update().clone();
            let _unheard = ServerChanged(view).emit(&to);
            sleep(FRAME).await;
        }
    });
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
    let (all, to) = (app.engine_notes(), handle.clone());
    tauri::async_runtime::spawn(async move {
        let mut all = all;
        while all.changed().await.is_ok() {
            let notes = all.borrow_and_update().clone();
            let _unheard = EngineNotesChanged(notes).emit(&to);
            sleep(FRAME).await;
        }
    });
    let (lists, to, settings) = (app.downloads(), handle.clone(), app.clone());
    tauri::async_runtime::spawn(async move {
        let mut lists = lists;
        let mut before = lists.borrow().clone();
        while lists.changed().await.is_ok() {
            let list = lists.borrow_and_update().clone();
            notify_of_ends(&to, &settings, &before, &list).await;
            before.clone_from(&list);
            let _unheard = DownloadsChanged(list).emit(&to);
            sleep(FRAME).await;
        }
    });
    let (libraries, to) = (app.library_changes(), handle.clone());
    tauri::async_runtime::spawn(async move {
        let mut libraries = libraries;
        while libraries.changed().await.is_ok() {
            let library = libraries.borrow_and_update().clone();
            let _unheard = LibraryChanged(library).emit(&to);
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

/// Shows a notification of the system's for each download that has come to its end, if that is wanted.
async fn notify_of_ends(handle: &AppHandle, app: &App, before: &[DownloadView], now: &[DownloadView]) {
    let was_over = |id: &str| before.iter().any(|download| download.id == id && is_over(download));
    let ended: Vec<&DownloadView> =
        now.iter().filter(|download| is_over(download) && !was_over(&download.id)).collect();
    // Asked only when there is something to tell.
    if ended.is_empty() || !app.download_settings().await.is_ok_and(|settings| settings.notify) {
        return;
    }
    for download in ended {
        let (title, body) = match &download.state {
            DownloadState::Failed { error } => ("A download has stopped", error.message.clone()),
            _ => ("A model is ready", format!("{} was downloaded and verified.", download.name)),
        };
        // A system without notifications is no reason to complain: the window says the same.
        let notification = handle.notification().builder().title(title).body(body);
        let _unseen = notification.show();
    }
}

fn is_over(download: &DownloadView) -> bool {
    matches!(download.state, DownloadState::Ready | DownloadState::Failed { .. })
}
