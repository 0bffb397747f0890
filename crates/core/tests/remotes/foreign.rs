//! A server that is not ours: llama.cpp's own, with the self-test model. Skipped where `LLAMA_BIN` names no folder with it.

use std::{
    io::{BufRead, BufReader},
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use paddock_core::{
    ErrorCode,
    view::{ChatEvent, EngineState, FinishReason, LoadSettings, NewRemote},
};

use crate::{app, done, send};

const KEY: &str = "sk-llama-server";

struct Foreign {
    process: Child,
    address: String,
}

impl Drop for Foreign {
    fn drop(&mut self) {
        let _ended_already = self.process.kill();
        let _reaped = self.process.wait();
    }
}

fn program() -> Option<PathBuf> {
    let program = Path::new(&std::env::var_os("LLAMA_BIN")?).join("llama-server");
    program.is_file().then_some(program)
}

/// Starts it and waits until it says that it listens.
fn start(program: &Path) -> Foreign {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let model = concat!(env!("CARGO_MANIFEST_DIR"), "/../../models/self-test/paddock-self-test-q8_0.gguf");
    let mut process = Command::new(program)
        .args(["-m", model, "--alias", "self-test", "-c", "512", "-np", "1", "--no-webui"])
        .args(["--host", "127.0.0.1", "--port", &port.to_string(), "--api-key", KEY])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(process.stderr.take().unwrap()).lines();
    let mut said = Vec::new();
    let listens = lines.by_ref().map_while(Result::ok).any(|line| {
        let listens = line.contains("listening on http");
        said.push(line);
        listens
    });
    assert!(listens, "{}", said.join("\n"));
    // A full pipe would stop it.
    std::thread::spawn(move || lines.map_while(Result::ok).for_each(drop));
    Foreign { process, address: format!("127.0.0.1:{port}") }
}

#[tokio::test]
async fn llama_server_answers_is_stopped_and_refuses_like_any_other() {
    let Some(program) = program() else {
        eprintln!("skipped: LLAMA_BIN names no folder with llama-server");
        return;
    };
    let foreign = start(&program);
    let (app, _folder) = app();
    let add = |key: &str| {
        app.add_remote(NewRemote {
            address: format!("http://{}", foreign.address),
            name: "llama.cpp".into(),
            key: Some(key.into()),
        })
    };
    // It lists its models to everybody and asks for the key when it is to answer.
    let added = add(KEY).await.unwrap();
    assert_eq!(added.models.iter().map(|model| model.id.as_str()).collect::<Vec<_>>(), ["self-test"]);
    let path = format!("remote://{}/self-test", added.id);
    app.load_model(path.clone(), LoadSettings::default()).await.unwrap();

    let events = send(&app, None, "Count to 20", |_| {}).await;
    let answer = done(&events);
    assert_eq!(answer.finish_reason, Some(FinishReason::Stop), "{answer:?}");
    assert!(answer.content.contains("20"), "{answer:?}");
    assert!(events.iter().filter(|event| matches!(event, ChatEvent::Text { .. })).count() > 1);
    let timings = answer.timings.unwrap();
    assert!(timings.prompt_n > 0 && timings.predicted_n > 0 && timings.predicted_ms > 0.0, "{timings:?}");

    let again = done(&send(&app, Some(&answer), "Count to 20", |_| {}).await);
    assert!(again.timings.unwrap().cache_n > 0, "its own counts are shown: {again:?}");

    let (stopping, mut conversation) = (app.clone(), String::new());
    let events = send(&app, None, "Count to 20", |event| match event {
        ChatEvent::Started { conversation: started, .. } => conversation = started.id.clone(),
        ChatEvent::Text { .. } => stopping.stop_answer(&conversation),
        _ => {}
    })
    .await;
    let stopped = done(&events);
    assert_eq!(stopped.finish_reason, Some(FinishReason::Cancelled));
    assert!(!stopped.content.is_empty());

    let long = "word ".repeat(2_000);
    let refused = done(&send(&app, None, &long, |_| {}).await);
    assert_eq!(refused.error.unwrap().code, ErrorCode::RemoteRefused, "it says itself what is too long");

    let wrong = match add("sk-wrong").await {
        Err(error) => error,
        Ok(other) => {
            app.load_model(format!("remote://{}/self-test", other.id), LoadSettings::default()).await.unwrap();
            done(&send(&app, None, "Hi", |_| {}).await).error.unwrap()
        }
    };
    assert_eq!(wrong.code, ErrorCode::RemoteKey, "{wrong:?}");

    app.load_model(path, LoadSettings::default()).await.unwrap();
    drop(foreign);
    let gone = done(&send(&app, None, "Hi", |_| {}).await);
    assert_eq!(gone.error.unwrap().code, ErrorCode::RemoteFailed);
    assert!(matches!(*app.engine_state().borrow(), EngineState::Ready { .. }));
}
