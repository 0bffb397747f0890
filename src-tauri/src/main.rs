//! The desktop app. Its first lines decide whether this process is the window, the engine or the reader of one file.

#![cfg_attr(all(not(debug_assertions), windows), windows_subsystem = "windows")]

mod chat_commands;
mod commands;
mod desk;
#[cfg(target_os = "linux")]
mod drawing;
mod events;
mod measuring;
mod outside;
mod remote_commands;
mod server_commands;
mod window;

fn main() {
    // Before Tauri, before the single-instance check, before logging: the engine is this same executable.
    if paddock_engine::is_engine_process() {
        paddock_engine::main();
    }
    if paddock_core::is_reader_process() {
        paddock_core::reader_main();
    }
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::try_from_env("PADDOCK_LOG").unwrap_or_else(|_| "warn".into()))
        .with_writer(std::io::stderr)
        .init();
    window::run();
}
