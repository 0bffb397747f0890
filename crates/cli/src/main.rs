//! The `paddock` command: the engine without a window.
//!
//! Standard output carries answers (or JSON) and nothing else, so that it can be piped; everything said about the work
//! goes to standard error.

mod arguments;
mod bench;
mod chat;
mod conversations;
mod devices;
mod download;
mod engine;
mod models;
mod planning;
mod quantize;
mod search;
mod serve;
mod terminal;

use std::process::ExitCode;

use clap::Parser;

use arguments::{Arguments, Command};

fn main() -> ExitCode {
    // Before anything else: this executable is also the engine.
    if paddock_engine::is_engine_process() {
        paddock_engine::main();
    }
    let arguments = Arguments::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("paddock: the system gives no threads: {error}.");
            return ExitCode::FAILURE;
        }
    };
    let done = match arguments.command {
        Command::Chat(options) => runtime.block_on(chat::run(options)),
        Command::Bench(options) => runtime.block_on(bench::run(options)),
        Command::Devices(options) => runtime.block_on(devices::run(options)),
        Command::Models(options) => runtime.block_on(models::run(options)),
        Command::Hardware(options) => runtime.block_on(planning::hardware(options)),
        Command::Quants(options) => planning::quants(&options),
        Command::Plan(options) => runtime.block_on(planning::plan_model(options)),
        Command::Download(options) => runtime.block_on(download::run(options)),
        Command::Recommend(options) => runtime.block_on(planning::recommendation(options)),
        Command::Quantize(options) => runtime.block_on(quantize::run(options)),
        Command::Serve(options) => runtime.block_on(serve::run(options)),
        Command::Stop(options) => runtime.block_on(serve::stop(options)),
        Command::Search(options) => runtime.block_on(search::run(options)),
        Command::Conversations(options) => runtime.block_on(conversations::run(options)),
        Command::Export(options) => runtime.block_on(conversations::export(options)),
        Command::Import(options) => runtime.block_on(conversations::import(options)),
    };
    // Not waiting for the thread that may still sit in a read of standard input.
    runtime.shutdown_background();
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            terminal::complain(&error);
            ExitCode::FAILURE
        }
    }
}
