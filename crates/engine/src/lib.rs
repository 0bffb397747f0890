//! The engine process. The app starts its own executable as `… engine`, and that comes here before anything else.
//!
//! Four threads: this one reads requests and answers the handshake and cancellations at once; the engine thread
//! (`worker`) owns model and context and does the work; a third sends heartbeats; a fourth counts the tokens of texts
//! beside the work. The end of standard input is the stop
//! signal: the work is told to stop, given a moment, and the process ends.
//!
//! Links llama.cpp. Knows nothing of network, database or settings.

mod adapters;
mod answer;
mod benching;
mod benchmark;
mod cache;
mod calls;
mod cells;
mod conversation;
mod devices;
mod draft_model;
mod drafting;
mod embedding;
mod failure;
mod format;
mod grammar;
mod liveness;
mod llama;
mod load;
mod logprobs;
mod output;
mod parking;
mod pieces;
mod prompt;
mod quantizing;
mod sampling;
mod scheduler;
mod schema;
mod stdio;
mod template;
mod text;
mod token_bytes;
mod tokenizer;
mod tools;
mod turns;
mod wire;
mod worker;

use std::{
    io,
    panic::{self, AssertUnwindSafe},
    process,
    sync::mpsc,
    thread,
    time::Duration,
};

use paddock_engine_api::{
    framing,
    protocol::{Event, FailureCode, PROTOCOL_VERSION, Request, ToEngine},
};
use wire::Outbox;

/// The first argument that makes an executable an engine.
pub const ENGINE_ARGUMENT: &str = "engine";

/// How long the engine thread has to come to a stop after the app is gone.
const DRAIN_LIMIT: Duration = Duration::from_millis(1000);

/// Exit codes, after sysexits.h: `EX_USAGE`, `EX_DATAERR`, `EX_OSERR`.
const EXIT_USAGE: i32 = 64;
const EXIT_GARBAGE: i32 = 65;
const EXIT_SYSTEM: i32 = 71;

/// Whether this process was started as the engine. To be asked in the first line of `main`.
pub fn is_engine_process() -> bool {
    std::env::args_os().nth(1).is_some_and(|argument| argument == ENGINE_ARGUMENT)
}

/// Be the engine until standard input ends.
pub fn main() -> ! {
    stdio::die_with_parent();
    stdio::die_of_faults();
    let outbox = match stdio::claim_stdout() {
        Ok(stdout) => Outbox::new(stdout),
        Err(error) => {
            eprintln!("engine: standard output cannot be claimed: {error}");
            process::exit(EXIT_SYSTEM);
        }
    };
    let mut stdin = io::stdin().lock();
    let mut line = Vec::new();

    match framing::read_blocking(&mut stdin, &mut line) {
        Ok(Some(ToEngine { id, request: Request::Hello { protocol: PROTOCOL_VERSION } })) => {
            let version = env!("CARGO_PKG_VERSION").to_owned();
            outbox.send(id, Event::Ready { protocol: PROTOCOL_VERSION, version, system_info: llama::system_info() });
        }
        Ok(Some(ToEngine { id, request: Request::Hello { protocol } })) => {
            let message = format!("The app speaks protocol version {protocol}, this engine {PROTOCOL_VERSION}.");
            outbox.fail(id, FailureCode::ProtocolVersion, message);
            process::exit(EXIT_USAGE);
        }
        Ok(Some(ToEngine { id, .. })) => {
            outbox.fail(id, FailureCode::BadRequest, "The first line must be the handshake.");
            process::exit(EXIT_USAGE);
        }
        Ok(None) => {
            // Started by hand, most likely.
            eprintln!("engine: this is Paddock's engine process; the app starts it and talks to it over its pipes.");
            process::exit(EXIT_USAGE);
        }
        Err(error) => refuse(&outbox, &error),
    }

    outbox.start_heartbeat();
    let (requests, inbox) = mpsc::channel();
    let (ended, worker_ended) = mpsc::channel::<()>();
    let worker_outbox = outbox.clone();
    thread::spawn(move || {
        // After a panic (its message is on standard error) nothing would ever be answered: better no process than that.
        if panic::catch_unwind(AssertUnwindSafe(|| worker::run(&inbox, &worker_outbox))).is_err() {
            process::exit(EXIT_SYSTEM);
        }
        drop(ended);
    });
    let counter = start_counter(&outbox);
    loop {
        match framing::read_blocking(&mut stdin, &mut line) {
            Ok(Some(ToEngine { request: Request::Cancel { target }, .. })) => liveness::cancel(target),
            Ok(Some(ToEngine { id, request: Request::CountTexts { texts } })) => {
                if counter.send((id, texts)).is_err() {
                    process::exit(EXIT_SYSTEM);
                }
            }
            Ok(Some(request)) => {
                liveness::open(request.id);
                if requests.send(request).is_err() {
                    // The engine thread panicked a moment ago.
                    process::exit(EXIT_SYSTEM);
                }
            }
            Ok(None) => break,
            Err(error) => refuse(&outbox, &error),
        }
    }
    drop(requests);
    liveness::cancel_all();
    // Either it ends, or it is in the middle of something that cannot be stopped, and the process ends over it.
    let _ended_or_not = worker_ended.recv_timeout(DRAIN_LIMIT);
    // Without running native destructors, which may wait for a GPU.
    process::exit(0)
}

/// Count texts on a thread of its own: a long one must delay neither an answer nor its cancellation.
fn start_counter(outbox: &Outbox) -> mpsc::Sender<(u64, Vec<String>)> {
    let (counter, inbox) = mpsc::channel::<(u64, Vec<String>)>();
    let outbox = outbox.clone();
    thread::spawn(move || {
        for (id, texts) in inbox {
            outbox.send(id, tokenizer::count(&texts).unwrap_or_else(Event::Failed));
        }
    });
    counter
}

/// A line that makes no sense: whatever speaks there is not our app, or not in its right mind.
fn refuse(outbox: &Outbox, error: &framing::FrameError) -> ! {
    eprintln!("engine: {error}");
    outbox.fail(None, FailureCode::BadRequest, error.to_string());
    process::exit(EXIT_GARBAGE)
}
