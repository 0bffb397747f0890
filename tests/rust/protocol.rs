//! The engine process as a stranger would talk to it: raw lines in, raw lines and an exit code out.

use std::{
    io::{BufRead, BufReader, Read, Write},
    process::{Child, ChildStdin, Command, ExitStatus, Stdio},
};

use paddock_engine_api::protocol::{
    Event, FailureCode, FromEngine, LoadParams, MAX_LINE_BYTES, PROTOCOL_VERSION, Request, ToEngine,
};

use crate::harness::self_test_model;

struct Raw {
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: BufReader<std::process::ChildStdout>,
}

impl Raw {
    fn start() -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_real-engine"))
            .arg("engine")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let stdin = child.stdin.take();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        Self { child, stdin, stdout }
    }

    fn greeted() -> Self {
        let mut raw = Self::start();
        raw.say(0, Request::Hello { protocol: PROTOCOL_VERSION });
        assert!(matches!(raw.hear().unwrap().event, Event::Ready { protocol: PROTOCOL_VERSION, .. }));
        raw
    }

    fn send(&mut self, bytes: &[u8]) {
        // It may end before it has read everything.
        let _closed = self.stdin.as_mut().unwrap().write_all(bytes);
    }

    fn say(&mut self, id: u64, request: Request) {
        let mut line = serde_json::to_vec(&ToEngine { id, request }).unwrap();
        line.push(b'\n');
        self.send(&line);
    }

    /// The next line that is not a heartbeat; none at the end.
    fn hear(&mut self) -> Option<FromEngine> {
        loop {
            let mut line = String::new();
            if self.stdout.read_line(&mut line).unwrap() == 0 {
                return None;
            }
            let message: FromEngine = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line:?}"));
            if !matches!(message.event, Event::Heartbeat { .. }) {
                return Some(message);
            }
        }
    }

    /// Its last messages, its exit status, and what it wrote to standard error.
    fn end(mut self) -> (Vec<FromEngine>, ExitStatus, String) {
        drop(self.stdin.take());
        let messages = std::iter::from_fn(|| self.hear()).collect();
        let mut stderr = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
        (messages, self.child.wait().unwrap(), stderr)
    }
}

fn failure_codes(messages: &[FromEngine]) -> Vec<FailureCode> {
    let code =
        |message: &FromEngine| if let Event::Failed(failure) = &message.event { Some(failure.code) } else { None };
    messages.iter().filter_map(code).collect()
}

#[test]
fn closing_stdin_stops_the_engine() {
    let (messages, status, _) = Raw::greeted().end();
    assert_eq!((messages.len(), status.code()), (0, Some(0)));
}

#[test]
fn closing_stdin_stops_an_engine_that_is_busy() {
    let mut raw = Raw::greeted();
    raw.say(1, Request::Load(LoadParams { path: self_test_model(), n_ctx: Some(16_384), ..LoadParams::default() }));
    raw.say(
        2,
        Request::Generate(Box::new(crate::harness::greedy(vec![crate::harness::user(&"sky blue ".repeat(2_500))]))),
    );
    while !matches!(raw.hear().unwrap().event, Event::PromptProgress { .. }) {}
    assert_eq!(raw.end().1.code(), Some(0));
}

#[test]
fn garbage_closes_the_connection_without_a_panic() {
    let garbage: [&[u8]; 5] =
        [b"hello\n", b"{}\n", b"\x00\xff\xfe\n", b"{\"id\":1,\"type\":\"format_disk\"}\n", b"[[[[[[[[[[[[[[\n"];
    for bytes in garbage {
        for greeted in [false, true] {
            let mut raw = if greeted { Raw::greeted() } else { Raw::start() };
            raw.send(bytes);
            let (messages, status, stderr) = raw.end();
            assert_eq!(failure_codes(&messages), [FailureCode::BadRequest], "{bytes:?}");
            assert_eq!(status.code(), Some(65), "{bytes:?}: {stderr}");
            assert!(!stderr.contains("panicked"), "{stderr}");
        }
    }
}

#[test]
fn a_line_without_end_closes_the_connection() {
    let mut raw = Raw::greeted();
    raw.send(&vec![b'a'; MAX_LINE_BYTES + 1000]);
    let (messages, status, stderr) = raw.end();
    assert_eq!((failure_codes(&messages), status.code()), (vec![FailureCode::BadRequest], Some(65)), "{stderr}");
}

#[test]
fn another_protocol_version_is_refused_by_name() {
    let mut raw = Raw::start();
    raw.say(0, Request::Hello { protocol: PROTOCOL_VERSION + 1 });
    let (messages, status, _) = raw.end();
    assert_eq!((failure_codes(&messages), status.code()), (vec![FailureCode::ProtocolVersion], Some(64)));
}

#[test]
fn a_request_before_the_handshake_is_refused() {
    let mut raw = Raw::start();
    raw.say(1, Request::ListDevices);
    let (messages, status, _) = raw.end();
    assert_eq!((failure_codes(&messages), status.code()), (vec![FailureCode::BadRequest], Some(64)));
}

#[test]
fn standard_output_carries_nothing_but_messages() {
    let mut raw = Raw::greeted();
    raw.say(1, Request::ListDevices);
    raw.say(2, Request::Load(LoadParams { path: self_test_model(), ..LoadParams::default() }));
    raw.say(3, Request::Unload);
    // `hear` fails at any line that is not a message; llama.cpp has a lot to say while it loads.
    while !matches!(raw.hear().unwrap().event, Event::Unloaded) {}
    let (_, _, stderr) = raw.end();
    assert!(stderr.contains("llama_model_loader"), "llama.cpp's log belongs on standard error:\n{stderr}");
}

#[test]
fn texts_are_not_embedded_to_the_end_when_nobody_wants_them_any_more() {
    let mut raw = Raw::greeted();
    // Nobody else reads it here, and what llama.cpp says of both contexts fills the pipe.
    let mut stderr = raw.child.stderr.take().unwrap();
    std::thread::spawn(move || std::io::copy(&mut stderr, &mut std::io::sink()));
    raw.say(1, Request::Load(LoadParams { path: self_test_model(), n_threads: Some(1), ..LoadParams::default() }));
    while !matches!(raw.hear().unwrap().event, Event::Loaded(_)) {}
    raw.say(2, Request::Embed { texts: vec!["1, 2, 3, 4, 5, 6, 7, 8, 9, 10. ".repeat(45); 400] });
    raw.say(3, Request::Cancel { target: 2 });
    let Some(FromEngine { id: Some(2), event: Event::Failed(failure) }) = raw.hear() else {
        panic!("it must be stopped")
    };
    assert_eq!(failure.code, FailureCode::Cancelled);
}
