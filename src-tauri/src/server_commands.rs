//! The local server: each command unpacks, makes one call, and hands the error on.

use paddock_core::view::{ServerSettings, ServerToken, ServerView};
use tauri::State;

use crate::{commands::Answer, desk::Desk};

#[tauri::command]
#[specta::specta]
pub async fn server(desk: State<'_, Desk>) -> Answer<ServerView> {
    Ok(desk.server()?.view().borrow().clone())
}

#[tauri::command]
#[specta::specta]
pub async fn set_server(desk: State<'_, Desk>, settings: ServerSettings) -> Answer<ServerView> {
    desk.server()?.set(settings).await
}

#[tauri::command]
#[specta::specta]
pub async fn server_token(desk: State<'_, Desk>) -> Answer<ServerToken> {
    desk.server()?.token().await
}

#[tauri::command]
#[specta::specta]
pub async fn renew_server_token(desk: State<'_, Desk>) -> Answer<ServerToken> {
    desk.server()?.renew_token().await
}
