//! The way out: events as lines on the claimed standard output, from any thread.

use std::{
    fs::File,
    sync::{Arc, Mutex, PoisonError},
    thread,
    time::Duration,
};

use paddock_engine_api::{
    framing,
    protocol::{Event, Failure, FailureCode, FromEngine, HEARTBEAT_INTERVAL_MS},
};

use crate::liveness;

/// Sends events to the app.
#[derive(Clone)]
pub(crate) struct Outbox {
    pipe: Arc<Mutex<File>>,
}

impl Outbox {
    pub(crate) fn new(pipe: File) -> Self {
        Self { pipe: Arc::new(Mutex::new(pipe)) }
    }

    /// Send one event. A broken pipe means that the app is gone; the end of standard input says so too and ends the
    /// process, so it is not handled here.
    pub(crate) fn send(&self, id: impl Into<Option<u64>>, event: Event) {
        let mut pipe = self.pipe.lock().unwrap_or_else(PoisonError::into_inner);
        let _app_gone = framing::write_blocking(&mut *pipe, &FromEngine { id: id.into(), event });
    }

    /// Send that a request cannot be done.
    pub(crate) fn fail(&self, id: impl Into<Option<u64>>, code: FailureCode, message: impl Into<String>) {
        self.send(id, Event::Failed(Failure { code, message: message.into(), details: None, cause: None }));
    }

    /// Send a heartbeat for ever, from a thread that does nothing else.
    pub(crate) fn start_heartbeat(&self) {
        let outbox = self.clone();
        thread::spawn(move || {
            loop {
                liveness::notice_reading();
                outbox.send(None, Event::Heartbeat { progress: liveness::progress(), busy: liveness::busy() });
                thread::sleep(Duration::from_millis(HEARTBEAT_INTERVAL_MS));
            }
        });
    }
}
