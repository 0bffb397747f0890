//! What the page can ask for around conversations: organising, setting up, composing, files, links.

use paddock_core::view::{
    Backup, ChatSettings, ChatSetup, ContextUse, Conversation, ConversationSummary, EraseReport, ExportFormat, Folder,
    ImportReport, NewAttachment, Place, PlaceKind, Preset, PromptTemplate, SearchHit, SearchRequest, StartReport,
    TokenCounts,
};
use tauri::{AppHandle, State};

use crate::{
    commands::Answer,
    desk::Desk,
    outside::{self, Kind},
};

const JSON: Kind<'_> = Kind { name: "JSON", endings: &["json"] };

#[tauri::command]
#[specta::specta]
pub async fn folders(desk: State<'_, Desk>) -> Answer<Vec<Folder>> {
    desk.app()?.folders().await
}

#[tauri::command]
#[specta::specta]
pub async fn create_folder(desk: State<'_, Desk>, name: String) -> Answer<Folder> {
    desk.app()?.create_folder(name).await
}

#[tauri::command]
#[specta::specta]
pub async fn rename_folder(desk: State<'_, Desk>, id: String, name: String) -> Answer<()> {
    desk.app()?.rename_folder(id, name).await
}

#[tauri::command]
#[specta::specta]
pub async fn delete_folder(desk: State<'_, Desk>, id: String) -> Answer<()> {
    desk.app()?.delete_folder(id).await
}

#[tauri::command]
#[specta::specta]
pub async fn pin_conversation(desk: State<'_, Desk>, id: String, pinned: bool) -> Answer<()> {
    desk.app()?.pin_conversation(id, pinned).await
}

#[tauri::command]
#[specta::specta]
pub async fn archive_conversation(desk: State<'_, Desk>, id: String, archived: bool) -> Answer<()> {
    desk.app()?.archive_conversation(id, archived).await
}

#[tauri::command]
#[specta::specta]
pub async fn move_conversation(desk: State<'_, Desk>, id: String, folder_id: Option<String>) -> Answer<()> {
    desk.app()?.move_conversation(id, folder_id).await
}

#[tauri::command]
#[specta::specta]
pub async fn search(desk: State<'_, Desk>, request: SearchRequest) -> Answer<Vec<SearchHit>> {
    desk.app()?.search(request).await
}

#[tauri::command]
#[specta::specta]
pub async fn fork_conversation(desk: State<'_, Desk>, message_id: String) -> Answer<ConversationSummary> {
    desk.app()?.fork_conversation(message_id).await
}

#[tauri::command]
#[specta::specta]
pub async fn show_branch(desk: State<'_, Desk>, conversation_id: String, message_id: String) -> Answer<()> {
    desk.app()?.show_branch(conversation_id, message_id).await
}

#[tauri::command]
#[specta::specta]
pub async fn edit_answer(desk: State<'_, Desk>, message_id: String, content: String) -> Answer<Conversation> {
    desk.app()?.edit_answer(message_id, content).await
}

#[tauri::command]
#[specta::specta]
pub async fn delete_message(desk: State<'_, Desk>, message_id: String) -> Answer<Conversation> {
    desk.app()?.delete_message(message_id).await
}

#[tauri::command]
#[specta::specta]
pub async fn restore_message(desk: State<'_, Desk>, message_id: String) -> Answer<Conversation> {
    desk.app()?.restore_message(message_id).await
}

#[tauri::command]
#[specta::specta]
pub async fn attachment_text(desk: State<'_, Desk>, id: String) -> Answer<String> {
    desk.app()?.attachment_text(id).await
}

#[tauri::command]
#[specta::specta]
pub async fn draft(desk: State<'_, Desk>, conversation_id: Option<String>) -> Answer<String> {
    desk.app()?.draft(conversation_id).await
}

#[tauri::command]
#[specta::specta]
pub async fn save_draft(desk: State<'_, Desk>, conversation_id: Option<String>, text: String) -> Answer<()> {
    desk.app()?.save_draft(conversation_id, text).await
}

#[tauri::command]
#[specta::specta]
pub async fn erase_conversations(desk: State<'_, Desk>, ids: Vec<String>) -> Answer<EraseReport> {
    desk.app()?.erase_conversations(ids).await
}

#[tauri::command]
#[specta::specta]
pub async fn backups(desk: State<'_, Desk>) -> Answer<Vec<Backup>> {
    desk.app()?.backups().await
}

#[tauri::command]
#[specta::specta]
pub async fn back_up_now(desk: State<'_, Desk>) -> Answer<Backup> {
    desk.app()?.back_up_now().await
}

#[tauri::command]
#[specta::specta]
pub async fn restore_backup(desk: State<'_, Desk>, name: String) -> Answer<()> {
    desk.app()?.restore_backup(name).await
}

#[tauri::command]
#[specta::specta]
pub async fn start_report(desk: State<'_, Desk>) -> Answer<StartReport> {
    desk.app()?.start_report().await
}

#[tauri::command]
#[specta::specta]
pub async fn set_chat_setup(desk: State<'_, Desk>, conversation_id: String, setup: ChatSetup) -> Answer<()> {
    desk.app()?.set_chat_setup(conversation_id, setup).await
}

#[tauri::command]
#[specta::specta]
pub async fn presets(desk: State<'_, Desk>) -> Answer<Vec<Preset>> {
    desk.app()?.presets().await
}

#[tauri::command]
#[specta::specta]
pub async fn save_preset(desk: State<'_, Desk>, preset: Preset) -> Answer<Preset> {
    desk.app()?.save_preset(preset).await
}

#[tauri::command]
#[specta::specta]
pub async fn delete_preset(desk: State<'_, Desk>, id: String) -> Answer<()> {
    desk.app()?.delete_preset(id).await
}

#[tauri::command]
#[specta::specta]
pub async fn templates(desk: State<'_, Desk>) -> Answer<Vec<PromptTemplate>> {
    desk.app()?.templates().await
}

#[tauri::command]
#[specta::specta]
pub async fn save_template(desk: State<'_, Desk>, template: PromptTemplate) -> Answer<PromptTemplate> {
    desk.app()?.save_template(template).await
}

#[tauri::command]
#[specta::specta]
pub async fn delete_template(desk: State<'_, Desk>, id: String) -> Answer<()> {
    desk.app()?.delete_template(id).await
}

#[tauri::command]
#[specta::specta]
pub async fn chat_settings(desk: State<'_, Desk>) -> Answer<ChatSettings> {
    desk.app()?.chat_settings().await
}

#[tauri::command]
#[specta::specta]
pub async fn set_chat_settings(desk: State<'_, Desk>, settings: ChatSettings) -> Answer<ChatSettings> {
    desk.app()?.set_chat_settings(settings).await
}

#[tauri::command]
#[specta::specta]
pub async fn extract_text(desk: State<'_, Desk>, name: String, base64: String) -> Answer<NewAttachment> {
    desk.app()?.extract_text(name, base64).await
}

#[tauri::command]
#[specta::specta]
pub async fn count_tokens(desk: State<'_, Desk>, texts: Vec<String>) -> Answer<TokenCounts> {
    desk.app()?.count_tokens(texts).await
}

#[tauri::command]
#[specta::specta]
pub async fn context_use(
    desk: State<'_, Desk>,
    conversation_id: Option<String>,
    head_id: Option<String>,
) -> Answer<ContextUse> {
    desk.app()?.context_use(conversation_id, head_id).await
}

#[tauri::command]
#[specta::specta]
pub async fn conversation_as(desk: State<'_, Desk>, id: String, format: ExportFormat) -> Answer<String> {
    desk.app()?.conversation_as(id, format).await
}

#[tauri::command]
#[specta::specta]
pub async fn export_conversation(
    desk: State<'_, Desk>,
    handle: AppHandle,
    id: String,
    format: ExportFormat,
) -> Answer<Option<String>> {
    let app = desk.app()?;
    let name = app.export_file_name(id.clone(), format).await?;
    let kind = match format {
        ExportFormat::Markdown => Kind { name: "Markdown", endings: &["md"] },
        ExportFormat::Json => JSON,
        ExportFormat::Html => Kind { name: "HTML", endings: &["html"] },
    };
    let Some(path) = outside::choose_new_file(&handle, &name, kind).await else { return Ok(None) };
    app.export_conversation_to(id, format, &path).await?;
    Ok(Some(outside::shown(&path)))
}

#[tauri::command]
#[specta::specta]
pub async fn export_all(desk: State<'_, Desk>, handle: AppHandle) -> Answer<Option<String>> {
    let app = desk.app()?;
    let Some(path) = outside::choose_new_file(&handle, "Paddock conversations.json", JSON).await else {
        return Ok(None);
    };
    app.export_all_to(&path).await?;
    Ok(Some(outside::shown(&path)))
}

#[tauri::command]
#[specta::specta]
pub async fn import_conversations(desk: State<'_, Desk>, handle: AppHandle) -> Answer<Option<ImportReport>> {
    let app = desk.app()?;
    let files =
        outside::choose_files(&handle, Kind { name: "Conversations", endings: &["json", "jsonl", "zip"] }).await;
    if files.is_empty() {
        return Ok(None);
    }
    Ok(Some(app.import_files(files).await?))
}

#[tauri::command]
#[specta::specta]
pub async fn open_link(url: String) -> Answer<()> {
    outside::open_link(&url).await
}

#[tauri::command]
#[specta::specta]
pub async fn places(desk: State<'_, Desk>) -> Answer<Vec<Place>> {
    desk.app()?.places().await
}

#[tauri::command]
#[specta::specta]
pub async fn open_place(desk: State<'_, Desk>, kind: PlaceKind) -> Answer<()> {
    outside::open_folder(desk.app()?.folder_to_show(kind).await?).await
}
