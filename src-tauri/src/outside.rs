//! What leads out of the window: the browser, the file manager, and the system's dialogs for files. The page has no
//! permission for any of them; it can only name what Paddock then checks.

use std::path::{Path, PathBuf};

use paddock_core::{ApiError, ErrorCode, checked_link};
use tauri::AppHandle;
use tauri_plugin_dialog::{DialogExt, FileDialogBuilder, FilePath};

/// Show an address in the browser. This is the only function that gives a link to the system.
///
/// # Errors
/// [`ErrorCode::BadInput`] for what is no address of the web, and what the system says.
pub async fn open_link(url: &str) -> Result<(), ApiError> {
    let url = checked_link(url)?;
    if let Some(noted) = stand_in::opened(&url) {
        return noted;
    }
    opened(move || tauri_plugin_opener::open_url(url, None::<&str>), "The browser could not be opened").await
}

/// Show a folder in the file manager.
///
/// # Errors
/// What the system says.
pub async fn open_folder(folder: PathBuf) -> Result<(), ApiError> {
    if let Some(noted) = stand_in::opened(&folder.to_string_lossy()) {
        return noted;
    }
    opened(move || tauri_plugin_opener::open_path(folder, None::<&str>), "The file manager could not be opened").await
}

/// The system is asked on a thread that may wait: it looks for a program first.
async fn opened(
    open: impl FnOnce() -> Result<(), tauri_plugin_opener::Error> + Send + 'static,
    what_failed: &str,
) -> Result<(), ApiError> {
    let done = tokio::task::spawn_blocking(open).await?;
    done.map_err(|error| ApiError {
        code: ErrorCode::NotFound,
        message: format!("{what_failed}."),
        hint: Some("Copy the address instead.".into()),
        details: Some(error.to_string()),
        what: None,
    })
}

/// A kind of files, as a dialog names it.
pub struct Kind<'a> {
    /// What the list of kinds says.
    pub name: &'a str,
    /// The endings of the names, without the dot.
    pub endings: &'a [&'a str],
}

/// An existing file. None: the person changed their mind.
pub async fn choose_file(handle: &AppHandle, kind: Kind<'_>) -> Option<PathBuf> {
    let dialog = handle.dialog().file().add_filter(kind.name, kind.endings);
    chosen(dialog, FileDialogBuilder::pick_file).await
}

/// Existing files. Empty: the person changed their mind.
pub async fn choose_files(handle: &AppHandle, kind: Kind<'_>) -> Vec<PathBuf> {
    if let Some(choice) = stand_in::chosen() {
        return choice.into_iter().collect();
    }
    let dialog = handle.dialog().file().add_filter(kind.name, kind.endings);
    let (answer, answered) = tokio::sync::oneshot::channel();
    dialog.pick_files(move |files| drop(answer.send(files)));
    let files = answered.await.ok().flatten().unwrap_or_default();
    files.into_iter().filter_map(|file| file.into_path().ok()).collect()
}

/// An existing folder. None: the person changed their mind.
pub async fn choose_folder(handle: &AppHandle) -> Option<PathBuf> {
    chosen(handle.dialog().file(), FileDialogBuilder::pick_folder).await
}

/// A file to write, which the dialog has asked about if it is there already. None: the person changed their mind.
pub async fn choose_new_file(handle: &AppHandle, name: &str, kind: Kind<'_>) -> Option<PathBuf> {
    let dialog = handle.dialog().file().set_file_name(name).add_filter(kind.name, kind.endings);
    chosen(dialog, FileDialogBuilder::save_file).await
}

type Shown = Box<dyn FnOnce(Option<FilePath>) + Send>;

async fn chosen<R: tauri::Runtime>(
    dialog: FileDialogBuilder<R>,
    show: impl FnOnce(FileDialogBuilder<R>, Shown),
) -> Option<PathBuf> {
    if let Some(choice) = stand_in::chosen() {
        return choice;
    }
    let (answer, answered) = tokio::sync::oneshot::channel();
    show(dialog, Box::new(move |file| drop(answer.send(file))));
    answered.await.ok().flatten()?.into_path().ok()
}

/// A path as the page shows it.
pub fn shown(path: &Path) -> String {
    path.display().to_string()
}

/// Builds for development let the tests stand in for browsers and dialogs; released ones do not.
#[cfg(debug_assertions)]
mod stand_in {
    use std::{env, fs, io::Write, path::PathBuf};

    use paddock_core::{ApiError, ErrorCode};

    /// Where `PADDOCK_TEST_OPENER` names a file, what would be opened is a line in it.
    pub fn opened(what: &str) -> Option<Result<(), ApiError>> {
        let file = env::var_os("PADDOCK_TEST_OPENER")?;
        let noted = fs::OpenOptions::new().create(true).append(true).open(file);
        let noted = noted.and_then(|mut file| writeln!(file, "{what}"));
        Some(noted.map_err(|error| ApiError {
            code: ErrorCode::Storage,
            message: "What was opened could not be noted.".into(),
            hint: None,
            details: Some(error.to_string()),
            what: None,
        }))
    }

    /// Where `PADDOCK_TEST_DIALOG` names a file, its first line is what the person chooses; without one, nothing is.
    pub fn chosen() -> Option<Option<PathBuf>> {
        let file = env::var_os("PADDOCK_TEST_DIALOG")?;
        let text = fs::read_to_string(file).unwrap_or_default();
        Some(text.lines().next().filter(|line| !line.is_empty()).map(PathBuf::from))
    }
}

#[cfg(not(debug_assertions))]
mod stand_in {
    use std::path::PathBuf;

    use paddock_core::ApiError;

    pub fn opened(_what: &str) -> Option<Result<(), ApiError>> {
        None
    }

    pub fn chosen() -> Option<Option<PathBuf>> {
        None
    }
}
