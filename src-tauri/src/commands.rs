//! What the page can ask for. Each command unpacks, makes one call, and hands the error on.

use paddock_core::{
    ApiError,
    view::{
        AppInfo, ChatEvent, ChatRequest, Conversation, ConversationSummary, DownloadRequest, DownloadSettings,
        DownloadView, EngineNotes, EngineState, HardwareView, LibraryModelView, LibraryView, LoadSettings, LoadWish,
        LoadingSettings, ModelEntry, PlanView, PlanningTables, PreflightView, RecommendRequest, RecommendationView,
        Remembered, RepoSummary, RepoView, TokenPlace, WindowKey,
    },
};
use tauri::{AppHandle, State, Wry, ipc::Channel};
use tauri_specta::{Builder, ErrorHandlingMode, collect_commands, collect_events};

use crate::{
    chat_commands,
    desk::Desk,
    events::{
        ConversationsChanged, DownloadsChanged, EngineNotesChanged, EngineStateChanged, LibraryChanged, ServerChanged,
    },
    measuring,
    outside::{self, Kind},
    remote_commands, server_commands,
};

pub type Answer<T> = Result<T, ApiError>;

/// The one list of commands and events, for Tauri and for the TypeScript bindings.
pub fn builder() -> Builder<Wry> {
    Builder::<Wry>::new()
        .commands(collect_commands![
            app_info,
            list_conversations,
            get_conversation,
            rename_conversation,
            delete_conversation,
            restore_conversation,
            chat_send,
            chat_retry,
            chat_follow,
            chat_stop,
            chat_continue,
            chat_commands::folders,
            chat_commands::create_folder,
            chat_commands::rename_folder,
            chat_commands::delete_folder,
            chat_commands::pin_conversation,
            chat_commands::archive_conversation,
            chat_commands::move_conversation,
            chat_commands::search,
            chat_commands::fork_conversation,
            chat_commands::show_branch,
            chat_commands::edit_answer,
            chat_commands::delete_message,
            chat_commands::restore_message,
            chat_commands::attachment_text,
            chat_commands::draft,
            chat_commands::save_draft,
            chat_commands::erase_conversations,
            chat_commands::backups,
            chat_commands::back_up_now,
            chat_commands::restore_backup,
            chat_commands::start_report,
            chat_commands::set_chat_setup,
            chat_commands::presets,
            chat_commands::save_preset,
            chat_commands::delete_preset,
            chat_commands::templates,
            chat_commands::save_template,
            chat_commands::delete_template,
            chat_commands::chat_settings,
            chat_commands::set_chat_settings,
            chat_commands::extract_text,
            chat_commands::count_tokens,
            chat_commands::context_use,
            chat_commands::conversation_as,
            chat_commands::export_conversation,
            chat_commands::export_all,
            chat_commands::import_conversations,
            chat_commands::open_link,
            chat_commands::places,
            chat_commands::open_place,
            list_models,
            pick_model_file,
            load_model,
            load_model_as,
            stop_load,
            unload_model,
            engine_state,
            engine_notes,
            loading_settings,
            set_loading_settings,
            hardware,
            measure_hardware,
            planning_tables,
            recommend,
            plan_file,
            first_run_pending,
            set_first_run_done,
            remembered,
            remember,
            search_hub,
            repo_details,
            plan_remote,
            check_download,
            start_download,
            list_downloads,
            pause_download,
            resume_download,
            cancel_download,
            move_download,
            dismiss_download,
            download_settings,
            set_download_settings,
            pick_folder,
            hub_token,
            set_hub_token,
            accept_licence,
            library,
            scan_library,
            add_library_folder,
            remove_library_folder,
            verify_model,
            repair_model,
            delete_model,
            undo_delete,
            measuring::bench,
            measuring::stop_bench,
            measuring::benches,
            measuring::export_benches,
            measuring::copies_of,
            measuring::copy_model,
            measuring::stop_copy,
            server_commands::server,
            server_commands::set_server,
            server_commands::server_token,
            server_commands::renew_server_token,
            remote_commands::list_remotes,
            remote_commands::add_remote,
            remote_commands::refresh_remote,
            remote_commands::rename_remote,
            remote_commands::set_remote_key,
            remote_commands::remove_remote,
        ])
        .events(collect_events![
            EngineStateChanged,
            EngineNotesChanged,
            ConversationsChanged,
            DownloadsChanged,
            LibraryChanged,
            ServerChanged
        ])
        .error_handling(ErrorHandlingMode::Throw)
        .disable_serde_phases()
}

#[tauri::command]
#[specta::specta]
async fn app_info(desk: State<'_, Desk>) -> Answer<AppInfo> {
    Ok(desk.app()?.info())
}

#[tauri::command]
#[specta::specta]
async fn list_conversations(desk: State<'_, Desk>) -> Answer<Vec<ConversationSummary>> {
    desk.app()?.list_conversations().await
}

#[tauri::command]
#[specta::specta]
async fn get_conversation(desk: State<'_, Desk>, id: String) -> Answer<Conversation> {
    desk.app()?.conversation(id).await
}

#[tauri::command]
#[specta::specta]
async fn rename_conversation(desk: State<'_, Desk>, id: String, title: String) -> Answer<()> {
    desk.app()?.rename_conversation(id, title).await
}

#[tauri::command]
#[specta::specta]
async fn delete_conversation(desk: State<'_, Desk>, id: String) -> Answer<()> {
    desk.app()?.delete_conversation(id).await
}

#[tauri::command]
#[specta::specta]
async fn restore_conversation(desk: State<'_, Desk>, id: String) -> Answer<ConversationSummary> {
    desk.app()?.restore_conversation(id).await
}

#[tauri::command]
#[specta::specta]
async fn chat_send(desk: State<'_, Desk>, request: ChatRequest, on_event: Channel<ChatEvent>) -> Answer<()> {
    // A page that was reloaded no longer listens; the answer goes on and is stored.
    desk.app()?.chat_send(request, move |event| drop(on_event.send(event))).await
}

#[tauri::command]
#[specta::specta]
async fn chat_retry(desk: State<'_, Desk>, answer_id: String, on_event: Channel<ChatEvent>) -> Answer<()> {
    desk.app()?.chat_retry(answer_id, move |event| drop(on_event.send(event))).await
}

#[tauri::command]
#[specta::specta]
async fn chat_continue(desk: State<'_, Desk>, answer_id: String, on_event: Channel<ChatEvent>) -> Answer<()> {
    desk.app()?.chat_continue(answer_id, move |event| drop(on_event.send(event))).await
}

#[tauri::command]
#[specta::specta]
async fn chat_follow(desk: State<'_, Desk>, conversation_id: String, on_event: Channel<ChatEvent>) -> Answer<()> {
    desk.app()?.chat_follow(&conversation_id, move |event| drop(on_event.send(event))).await;
    Ok(())
}

#[tauri::command]
#[specta::specta]
async fn chat_stop(desk: State<'_, Desk>, conversation_id: String) -> Answer<()> {
    desk.app()?.stop_answer(&conversation_id);
    Ok(())
}

#[tauri::command]
#[specta::specta]
async fn list_models(desk: State<'_, Desk>) -> Answer<Vec<ModelEntry>> {
    desk.app()?.list_models().await
}

#[tauri::command]
#[specta::specta]
async fn pick_model_file(handle: AppHandle) -> Answer<Option<String>> {
    let file = outside::choose_file(&handle, Kind { name: "GGUF", endings: &["gguf"] }).await;
    Ok(file.as_deref().map(outside::shown))
}

#[tauri::command]
#[specta::specta]
async fn load_model(desk: State<'_, Desk>, path: String, settings: LoadSettings) -> Answer<()> {
    desk.app()?.load_model(path, settings).await
}

#[tauri::command]
#[specta::specta]
async fn unload_model(desk: State<'_, Desk>) -> Answer<()> {
    desk.app()?.unload_model().await;
    Ok(())
}

#[tauri::command]
#[specta::specta]
async fn engine_state(desk: State<'_, Desk>) -> Answer<EngineState> {
    Ok(desk.app()?.engine_state().borrow().clone())
}

#[tauri::command]
#[specta::specta]
async fn load_model_as(desk: State<'_, Desk>, path: String, settings: LoadSettings, wish: LoadWish) -> Answer<()> {
    desk.app()?.load_model_as(path, settings, wish).await
}

#[tauri::command]
#[specta::specta]
async fn stop_load(desk: State<'_, Desk>) -> Answer<()> {
    desk.app()?.stop_load();
    Ok(())
}

#[tauri::command]
#[specta::specta]
async fn engine_notes(desk: State<'_, Desk>) -> Answer<EngineNotes> {
    Ok(desk.app()?.engine_notes().borrow().clone())
}

#[tauri::command]
#[specta::specta]
async fn loading_settings(desk: State<'_, Desk>) -> Answer<LoadingSettings> {
    desk.app()?.loading_settings().await
}

#[tauri::command]
#[specta::specta]
async fn set_loading_settings(desk: State<'_, Desk>, settings: LoadingSettings) -> Answer<LoadingSettings> {
    desk.app()?.set_loading_settings(settings).await
}

#[tauri::command]
#[specta::specta]
async fn hardware(desk: State<'_, Desk>) -> Answer<HardwareView> {
    desk.app()?.hardware().await
}

#[tauri::command]
#[specta::specta]
async fn measure_hardware(desk: State<'_, Desk>) -> Answer<HardwareView> {
    desk.app()?.measure_hardware().await
}

#[tauri::command]
#[specta::specta]
async fn planning_tables(desk: State<'_, Desk>) -> Answer<PlanningTables> {
    Ok(desk.app()?.planning_tables())
}

#[tauri::command]
#[specta::specta]
async fn recommend(desk: State<'_, Desk>, request: RecommendRequest) -> Answer<RecommendationView> {
    desk.app()?.recommend(request).await
}

#[tauri::command]
#[specta::specta]
async fn plan_file(desk: State<'_, Desk>, path: String, n_ctx: u32) -> Answer<PlanView> {
    desk.app()?.plan_file(path, n_ctx).await
}

#[tauri::command]
#[specta::specta]
async fn first_run_pending(desk: State<'_, Desk>) -> Answer<bool> {
    desk.app()?.first_run_pending().await
}

#[tauri::command]
#[specta::specta]
async fn set_first_run_done(desk: State<'_, Desk>, done: bool) -> Answer<()> {
    desk.app()?.set_first_run_done(done).await
}

#[tauri::command]
#[specta::specta]
async fn remembered(desk: State<'_, Desk>) -> Answer<Remembered> {
    desk.app()?.remembered().await
}

#[tauri::command]
#[specta::specta]
async fn remember(desk: State<'_, Desk>, key: WindowKey, text: Option<String>) -> Answer<()> {
    desk.app()?.remember(key, text).await
}

#[tauri::command]
#[specta::specta]
async fn search_hub(desk: State<'_, Desk>, words: String) -> Answer<Vec<RepoSummary>> {
    desk.app()?.search_hub(words).await
}

#[tauri::command]
#[specta::specta]
async fn repo_details(desk: State<'_, Desk>, repo: String) -> Answer<RepoView> {
    desk.app()?.repo_details(repo).await
}

#[tauri::command]
#[specta::specta]
async fn plan_remote(desk: State<'_, Desk>, repo: String, model: String, n_ctx: u32) -> Answer<PlanView> {
    desk.app()?.plan_remote(repo, model, n_ctx).await
}

#[tauri::command]
#[specta::specta]
async fn check_download(desk: State<'_, Desk>, request: DownloadRequest) -> Answer<PreflightView> {
    desk.app()?.check_download(request).await
}

#[tauri::command]
#[specta::specta]
async fn start_download(desk: State<'_, Desk>, request: DownloadRequest) -> Answer<String> {
    desk.app()?.start_download(request).await
}

#[tauri::command]
#[specta::specta]
async fn list_downloads(desk: State<'_, Desk>) -> Answer<Vec<DownloadView>> {
    Ok(desk.app()?.downloads().borrow().clone())
}

#[tauri::command]
#[specta::specta]
async fn pause_download(desk: State<'_, Desk>, id: String) -> Answer<()> {
    desk.app()?.pause_download(id).await
}

#[tauri::command]
#[specta::specta]
async fn resume_download(desk: State<'_, Desk>, id: String) -> Answer<()> {
    desk.app()?.resume_download(id).await
}

#[tauri::command]
#[specta::specta]
async fn cancel_download(desk: State<'_, Desk>, id: String) -> Answer<()> {
    desk.app()?.cancel_download(id).await
}

#[tauri::command]
#[specta::specta]
async fn move_download(desk: State<'_, Desk>, id: String, position: u32) -> Answer<()> {
    desk.app()?.move_download(id, position as usize).await
}

#[tauri::command]
#[specta::specta]
async fn dismiss_download(desk: State<'_, Desk>, id: String) -> Answer<()> {
    desk.app()?.dismiss_download(id).await
}

#[tauri::command]
#[specta::specta]
async fn download_settings(desk: State<'_, Desk>) -> Answer<DownloadSettings> {
    desk.app()?.download_settings().await
}

#[tauri::command]
#[specta::specta]
async fn set_download_settings(desk: State<'_, Desk>, settings: DownloadSettings) -> Answer<DownloadSettings> {
    desk.app()?.set_download_settings(settings).await
}

#[tauri::command]
#[specta::specta]
async fn pick_folder(handle: AppHandle) -> Answer<Option<String>> {
    Ok(outside::choose_folder(&handle).await.as_deref().map(outside::shown))
}

#[tauri::command]
#[specta::specta]
async fn hub_token(desk: State<'_, Desk>) -> Answer<TokenPlace> {
    desk.app()?.hub_token().await
}

#[tauri::command]
#[specta::specta]
async fn set_hub_token(desk: State<'_, Desk>, token: Option<String>) -> Answer<TokenPlace> {
    desk.app()?.set_hub_token(token).await
}

#[tauri::command]
#[specta::specta]
async fn accept_licence(desk: State<'_, Desk>, id: String) -> Answer<()> {
    desk.app()?.accept_licence(id).await
}

#[tauri::command]
#[specta::specta]
async fn library(desk: State<'_, Desk>) -> Answer<LibraryView> {
    desk.app()?.library().await
}

#[tauri::command]
#[specta::specta]
async fn scan_library(desk: State<'_, Desk>) -> Answer<LibraryView> {
    desk.app()?.scan_library().await
}

#[tauri::command]
#[specta::specta]
async fn add_library_folder(desk: State<'_, Desk>, path: String) -> Answer<LibraryView> {
    desk.app()?.add_library_folder(path).await
}

#[tauri::command]
#[specta::specta]
async fn remove_library_folder(desk: State<'_, Desk>, path: String) -> Answer<LibraryView> {
    desk.app()?.remove_library_folder(path).await
}

#[tauri::command]
#[specta::specta]
async fn verify_model(desk: State<'_, Desk>, path: String) -> Answer<LibraryModelView> {
    desk.app()?.verify_model(path).await
}

#[tauri::command]
#[specta::specta]
async fn repair_model(desk: State<'_, Desk>, path: String) -> Answer<String> {
    desk.app()?.repair_model(path).await
}

#[tauri::command]
#[specta::specta]
async fn delete_model(desk: State<'_, Desk>, path: String) -> Answer<LibraryView> {
    desk.app()?.delete_model(path).await
}

#[tauri::command]
#[specta::specta]
async fn undo_delete(desk: State<'_, Desk>, id: String) -> Answer<LibraryView> {
    desk.app()?.undo_delete(id).await
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may fail loudly")]
mod tests {
    use std::{
        fs,
        path::Path,
        sync::atomic::{AtomicU32, Ordering},
    };

    use specta_typescript::Typescript;

    use super::*;

    const BINDINGS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../ui/src/lib/host/bindings.ts");

    fn generated() -> String {
        // One file per call: the tests run side by side.
        static CALLS: AtomicU32 = AtomicU32::new(0);
        let call = CALLS.fetch_add(1, Ordering::Relaxed);
        let place = std::env::temp_dir().join(format!("paddock-bindings-{}-{call}.ts", std::process::id()));
        let header = "// Generated from src-tauri/src/commands.rs by `npm run bindings`. Do not edit.\n/* eslint-disable */\n// @ts-nocheck\n";
        builder().export(Typescript::default().header(header), &place).unwrap();
        let text = fs::read_to_string(&place).unwrap();
        fs::remove_file(place).unwrap();
        text
    }

    /// With `PADDOCK_WRITE_BINDINGS` set, as `npm run bindings` does, this writes them instead.
    #[test]
    fn the_typescript_bindings_are_those_of_the_commands() {
        let generated = generated();
        if std::env::var_os("PADDOCK_WRITE_BINDINGS").is_some() {
            fs::write(BINDINGS, generated).unwrap();
            return;
        }
        let committed = fs::read_to_string(BINDINGS).unwrap().replace("\r\n", "\n");
        assert!(committed == generated, "ui/src/lib/host/bindings.ts is out of date: run `npm run bindings`");
    }

    #[test]
    fn the_page_is_granted_exactly_the_commands_there_are() {
        let manifest: &[&str] = include!("../commands.in.rs");
        let capability =
            fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("capabilities/main.json")).unwrap();
        let capability: serde_json::Value = serde_json::from_str(&capability).unwrap();
        let granted: Vec<&str> = capability["permissions"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|permission| permission.as_str().unwrap().strip_prefix("allow-"))
            .collect();
        let named: Vec<String> = manifest.iter().map(|command| command.replace('_', "-")).collect();
        assert_eq!(granted, named);
        let bindings = generated();
        for command in manifest {
            assert!(bindings.contains(&format!("\"{command}\"")), "{command} is granted but does not exist");
        }
        assert_eq!(bindings.matches("__TAURI_INVOKE").count() - 1, manifest.len(), "a command is not granted");
    }
}
