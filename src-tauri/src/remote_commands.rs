//! What the page can ask for around other servers that answer.

use paddock_core::view::{NewRemote, RemoteServer};
use tauri::State;

use crate::{commands::Answer, desk::Desk};

#[tauri::command]
#[specta::specta]
pub async fn list_remotes(desk: State<'_, Desk>) -> Answer<Vec<RemoteServer>> {
    desk.app()?.list_remotes().await
}

#[tauri::command]
#[specta::specta]
pub async fn add_remote(desk: State<'_, Desk>, server: NewRemote) -> Answer<RemoteServer> {
    desk.app()?.add_remote(server).await
}

#[tauri::command]
#[specta::specta]
pub async fn refresh_remote(desk: State<'_, Desk>, id: String) -> Answer<RemoteServer> {
    desk.app()?.refresh_remote(id).await
}

#[tauri::command]
#[specta::specta]
pub async fn rename_remote(desk: State<'_, Desk>, id: String, name: String) -> Answer<RemoteServer> {
    desk.app()?.rename_remote(id, name).await
}

#[tauri::command]
#[specta::specta]
pub async fn set_remote_key(desk: State<'_, Desk>, id: String, key: Option<String>) -> Answer<RemoteServer> {
    desk.app()?.set_remote_key(id, key).await
}

#[tauri::command]
#[specta::specta]
pub async fn remove_remote(desk: State<'_, Desk>, id: String) -> Answer<()> {
    desk.app()?.remove_remote(id).await
}
