//! `paddock serve` and `paddock stop`: the local server without a window.

use std::path::PathBuf;

use paddock_core::{ApiError, App, AppConfig, DataDir, ErrorCode, view::LoadSettings};
use paddock_server::{Config, Server, stop_all};
use serde::Serialize;

use crate::{
    arguments::{ServeOptions, StopOptions},
    terminal,
};

/// What `serve --json` prints when it is ready.
#[derive(Serialize)]
struct Ready<'a> {
    url: &'a str,
    api_key: &'a str,
    pid: u32,
}

/// What `stop --json` prints for each server.
#[derive(Serialize)]
struct Ended {
    address: String,
    pid: u32,
}

/// Serve until Ctrl+C, SIGTERM or `paddock stop`.
pub async fn run(options: ServeOptions) -> Result<(), ApiError> {
    let app = App::open_for_command(AppConfig::usual()?)?;
    let served = serve(&app, options).await;
    app.shut_down().await;
    served
}

async fn serve(app: &App, options: ServeOptions) -> Result<(), ApiError> {
    let ServeOptions { model, ctx, gpu_layers, host, port, api_key, allow_origin, json } = options;
    // Before anybody hears that it is ready, and may end it.
    let interruption = interruption();
    let token = match api_key {
        Some(key) => key,
        None => app.server_token().await?.0,
    };
    // The port first: a model may take a minute to load only to find it taken.
    let config = Config { host, port, token: token.clone(), allowed_origins: allow_origin };
    let server = Server::start(app.clone(), config).await?;
    if let Some(model) = model {
        let settings = LoadSettings { n_ctx: ctx, n_gpu_layers: gpu_layers, ..LoadSettings::default() };
        let path = text(std::path::absolute(&model).unwrap_or(model))?;
        eprintln!("paddock: loading {path}");
        app.load_model(path, settings).await?;
    }
    let url = server.url();
    if json {
        let line = serde_json::to_string(&Ready { url: &url, api_key: &token, pid: std::process::id() });
        terminal::write_answer(&format!("{}\n", line.map_err(|error| bad_input(&error.to_string()))?));
    } else {
        terminal::write_answer(&format!("Serving at {url}/v1 with the key {token}\n"));
        eprintln!("paddock: Ctrl+C or `paddock stop` ends it.");
    }
    tokio::select! {
        () = interruption => {}
        () = server.ended() => {}
    }
    server.stop().await;
    Ok(())
}

/// End every server of this user.
pub async fn stop(options: StopOptions) -> Result<(), ApiError> {
    let stopped = stop_all(&DataDir::find()?).await;
    if stopped.is_empty() && !options.json {
        eprintln!("paddock: no server runs.");
    }
    for server in &stopped {
        let line = if options.json {
            let ended = Ended { address: server.address.to_string(), pid: server.pid };
            serde_json::to_string(&ended).map_err(|error| bad_input(&error.to_string()))?
        } else {
            format!("Stopped the server at {} (process {}).", server.address, server.pid)
        };
        terminal::write_answer(&format!("{line}\n"));
    }
    Ok(())
}

/// Listens from now on, and is ready once somebody wants this to end.
#[cfg(unix)]
fn interruption() -> impl Future<Output = ()> {
    use tokio::signal::unix::{SignalKind, signal};
    let signals = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()));
    async move {
        match signals {
            (Ok(mut interrupted), Ok(mut terminated)) => tokio::select! {
                _ = interrupted.recv() => {}
                _ = terminated.recv() => {}
            },
            // Then the system ends it in its own way.
            _ => std::future::pending().await,
        }
    }
}

/// Listens from now on, and is ready once somebody wants this to end.
#[cfg(windows)]
fn interruption() -> impl Future<Output = ()> {
    let signal = tokio::signal::windows::ctrl_c();
    async move {
        match signal {
            Ok(mut interrupted) => {
                interrupted.recv().await;
            }
            Err(_) => std::future::pending().await,
        }
    }
}

fn text(path: PathBuf) -> Result<String, ApiError> {
    path.into_os_string()
        .into_string()
        .map_err(|path| bad_input(&format!("The path “{}” is not valid text.", PathBuf::from(path).display())))
}

fn bad_input(message: &str) -> ApiError {
    ApiError { code: ErrorCode::BadInput, message: message.to_owned(), hint: None, details: None, what: None }
}
