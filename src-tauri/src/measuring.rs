//! The commands for measurements and for smaller copies of models.

use paddock_core::{
    ModelChoice,
    view::{BenchEvent, BenchForm, BenchRecord, BenchRequest, CopyEvent, CopyOptions},
};
use tauri::{AppHandle, State, ipc::Channel};

use crate::{
    commands::Answer,
    desk::Desk,
    outside::{self, Kind},
};

#[tauri::command]
#[specta::specta]
pub async fn bench(
    desk: State<'_, Desk>,
    path: String,
    request: BenchRequest,
    on_event: Channel<BenchEvent>,
) -> Answer<BenchRecord> {
    let choice = ModelChoice::Path { path: path.into(), quant: None };
    // A page that was reloaded no longer listens; the measurement goes on and is stored.
    desk.app()?.bench(choice, request, move |event| drop(on_event.send(event))).await
}

#[tauri::command]
#[specta::specta]
pub async fn stop_bench(desk: State<'_, Desk>) -> Answer<()> {
    desk.app()?.stop_bench();
    Ok(())
}

#[tauri::command]
#[specta::specta]
pub async fn benches(desk: State<'_, Desk>) -> Answer<Vec<BenchRecord>> {
    desk.app()?.benches().await
}

#[tauri::command]
#[specta::specta]
pub async fn export_benches(desk: State<'_, Desk>, handle: AppHandle, form: BenchForm) -> Answer<Option<String>> {
    let app = desk.app()?;
    let (name, kind) = match form {
        BenchForm::Csv => ("Paddock benchmarks.csv", Kind { name: "CSV", endings: &["csv"] }),
        BenchForm::Json => ("Paddock benchmarks.json", Kind { name: "JSON", endings: &["json"] }),
        BenchForm::Markdown => ("Paddock benchmarks.md", Kind { name: "Markdown", endings: &["md"] }),
    };
    let Some(path) = outside::choose_new_file(&handle, name, kind).await else { return Ok(None) };
    app.export_benches_to(&path, form).await?;
    Ok(Some(outside::shown(&path)))
}

#[tauri::command]
#[specta::specta]
pub async fn copies_of(desk: State<'_, Desk>, path: String) -> Answer<CopyOptions> {
    desk.app()?.copies_of(path).await
}

#[tauri::command]
#[specta::specta]
pub async fn copy_model(
    desk: State<'_, Desk>,
    path: String,
    quant: String,
    on_event: Channel<CopyEvent>,
) -> Answer<Option<String>> {
    desk.app()?.copy_model(path, quant, move |event| drop(on_event.send(event))).await
}

#[tauri::command]
#[specta::specta]
pub async fn stop_copy(desk: State<'_, Desk>) -> Answer<()> {
    desk.app()?.stop_copy();
    Ok(())
}
