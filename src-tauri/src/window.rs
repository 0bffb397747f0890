//! The window: one, with one page, which is ours.

use std::{
    ffi::OsString,
    hash::{DefaultHasher, Hash, Hasher},
    path::PathBuf,
};

use paddock_core::{DataDir, view::LoadSettings};
use tauri::{
    AppHandle, Context, Manager, RunEvent, Url, WebviewUrl, WebviewWindowBuilder, Wry, webview::NewWindowResponse,
};

use crate::{commands, desk::Desk, events};

const MAIN: &str = "main";

/// Open the window and stay until it is closed.
pub fn run() {
    let data = DataDir::find();
    let mut context = tauri::generate_context!();
    if std::env::var_os("PADDOCK_DATA_DIR").is_some() {
        name_after(&mut context, data.as_ref().ok());
    }
    let webview_data = data.as_ref().map(DataDir::webview).ok();
    let builder = commands::builder();
    let app = tauri::Builder::default()
        .plugin(tauri_plugin_single_instance::init(|handle, arguments, folder| {
            show(handle);
            open_file(handle, model_file(arguments.into_iter().map(OsString::from), Some(folder.into())));
        }))
        .plugin(tauri_plugin_dialog::init())
        .plugin(tauri_plugin_notification::init())
        .invoke_handler(builder.invoke_handler())
        .setup(move |app| {
            builder.mount_events(app);
            // The web view starts its processes while the database is opened; no command comes before this ends.
            open_window(app.handle(), webview_data)?;
            let desk = Desk::open(data);
            if let (Ok(core), Ok(server)) = (desk.app(), desk.server()) {
                events::forward(app.handle(), core, server);
                let server = server.clone();
                tauri::async_runtime::spawn(async move { server.restore().await });
            }
            app.manage(desk);
            open_file(app.handle(), model_file(std::env::args_os(), std::env::current_dir().ok()));
            Ok(())
        })
        .build(context);
    match app {
        Ok(app) => app.run(on_event),
        Err(error) => {
            eprintln!("paddock-desktop: the window could not be opened: {error}");
            std::process::exit(1);
        }
    }
}

/// Another data folder is another Paddock: it gets another name, so that both can run.
fn name_after(context: &mut Context<Wry>, data: Option<&DataDir>) {
    let mut hasher = DefaultHasher::new();
    data.map(DataDir::path).hash(&mut hasher);
    let identifier = format!("{}.d{:016x}", context.config().identifier, hasher.finish());
    context.config_mut().identifier = identifier;
}

fn open_window(handle: &AppHandle, webview_data: Option<PathBuf>) -> tauri::Result<()> {
    let mut window = WebviewWindowBuilder::new(handle, MAIN, WebviewUrl::default())
        .title("Paddock")
        .inner_size(1180.0, 780.0)
        .min_inner_size(480.0, 420.0)
        // The page never leads anywhere else, whatever a model writes into it.
        .on_navigation(is_ours)
        .on_new_window(|_, _| NewWindowResponse::Deny)
        // What is saved goes through the system's dialog (outside.rs), never past it.
        .on_download(|_, _| false)
        // Files that are dropped are the page's to read; without this it would only be told their paths.
        .disable_drag_drop_handler();
    if let Some(folder) = webview_data {
        window = window.data_directory(folder);
    }
    let window = window.build()?;
    #[cfg(target_os = "linux")]
    crate::drawing::suit(&window)?;
    #[cfg(not(target_os = "linux"))]
    drop(window);
    Ok(())
}

/// `tauri://localhost` here, `http://tauri.localhost` on Windows; the dev server in a build for development.
fn is_ours(url: &Url) -> bool {
    match (url.scheme(), url.host_str()) {
        ("tauri", Some("localhost")) | ("http" | "https", Some("tauri.localhost")) => true,
        ("http", Some("localhost")) => cfg!(dev) && url.port() == Some(1420),
        _ => false,
    }
}

fn show(handle: &AppHandle) {
    if let Some(window) = handle.get_webview_window(MAIN) {
        // A window manager may refuse; there is nothing better to try.
        let _refused = window.unminimize().and_then(|()| window.show()).and_then(|()| window.set_focus());
    }
}

/// The model file among the arguments that a double click (or a person) gave.
fn model_file(arguments: impl IntoIterator<Item = OsString>, folder: Option<PathBuf>) -> Option<PathBuf> {
    let file = arguments.into_iter().skip(1).find(|argument| !argument.to_string_lossy().starts_with('-'))?;
    let file = match file.to_str().and_then(|text| Url::parse(text).ok()).filter(|url| url.scheme() == "file") {
        Some(url) => url.to_file_path().ok()?,
        None => PathBuf::from(file),
    };
    Some(folder.unwrap_or_default().join(file))
}

fn open_file(handle: &AppHandle, file: Option<PathBuf>) {
    let Some(file) = file else { return };
    let Ok(app) = handle.state::<Desk>().app().cloned() else { return };
    tauri::async_runtime::spawn(async move {
        // What goes wrong shows as the engine's state.
        if let Err(error) = app.load_model(file.to_string_lossy().into_owned(), LoadSettings::default()).await {
            tracing::warn!(%error, "the file could not be opened");
        }
    });
}

fn on_event(handle: &AppHandle, event: RunEvent) {
    match event {
        #[cfg(target_os = "macos")]
        RunEvent::Opened { urls } => open_file(handle, urls.first().and_then(|url| url.to_file_path().ok())),
        RunEvent::Exit => {
            let desk = handle.state::<Desk>();
            if let (Ok(app), Ok(server)) = (desk.app(), desk.server()) {
                tauri::async_runtime::block_on(async {
                    server.close().await;
                    app.shut_down().await;
                });
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(arguments: &[&str]) -> Option<PathBuf> {
        model_file(arguments.iter().map(OsString::from), Some("/home/ü".into()))
    }

    #[test]
    fn a_model_file_is_found_among_the_arguments() {
        assert_eq!(file(&["paddock-desktop"]), None);
        assert_eq!(file(&["paddock-desktop", "--flag"]), None);
        assert_eq!(file(&["paddock-desktop", "a b.gguf"]), Some("/home/ü/a b.gguf".into()));
        #[cfg(unix)]
        {
            assert_eq!(file(&["paddock-desktop", "/m/x.gguf"]), Some("/m/x.gguf".into()));
            assert_eq!(file(&["paddock-desktop", "file:///m/a%20b.gguf"]), Some("/m/a b.gguf".into()));
        }
    }

    #[test]
    #[expect(clippy::unwrap_used, reason = "a test may fail loudly")]
    fn the_window_stays_on_its_own_page() {
        for url in
            ["https://example.com", "http://app.evil.com", "file:///etc/passwd", "tauri://evil", "data:text/html,x"]
        {
            assert!(!is_ours(&Url::parse(url).unwrap()), "{url}");
        }
        assert!(is_ours(&Url::parse("tauri://localhost/index.html").unwrap()));
        assert!(is_ours(&Url::parse("http://tauri.localhost/").unwrap()));
    }
}
