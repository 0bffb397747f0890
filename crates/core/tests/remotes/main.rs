//! Other servers that answer: known, asked, stopped, failing. Without an engine of our own.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod foreign;
mod server;

use std::{
    io::Write,
    path::Path,
    sync::{Arc, Mutex, mpsc},
    time::Duration,
};

use paddock_core::{
    App, AppConfig, DataDir, EngineCommand, ErrorCode, HostConfig, What,
    view::{
        ChatEvent, ChatRequest, ChatSetup, EngineState, FinishReason, LoadSettings, Message, NewRemote, RemoteKey,
        RemoteServer, SamplingChoice,
    },
};
use tempfile::TempDir;

use server::{STOP, Server, USAGE, body, words};

const KEY: &str = "sk-paddock-test-4711";

/// An app whose engine cannot be started: whatever answers here is another server.
fn open(folder: &Path) -> App {
    let engine = EngineCommand { program: folder.join("no engine"), args: Vec::new() };
    App::open(AppConfig { data: DataDir::at(folder), engine, host: HostConfig::default() }).unwrap()
}

fn app() -> (App, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    (open(folder.path()), folder)
}

fn new(server: &Server, key: Option<&str>) -> NewRemote {
    NewRemote { address: server.address.clone(), name: String::new(), key: key.map(str::to_owned) }
}

fn path(server: &RemoteServer, model: &str) -> String {
    format!("remote://{}/{model}", server.id)
}

/// An app in which the first model of this server is chosen.
async fn chosen(server: &Server) -> (App, TempDir, RemoteServer) {
    let (app, folder) = app();
    let added = app.add_remote(new(server, None)).await.unwrap();
    app.load_model(path(&added, "meta/llama"), LoadSettings::default()).await.unwrap();
    server.requests();
    (app, folder, added)
}

async fn send(app: &App, after: Option<&Message>, content: &str, at: impl FnMut(&ChatEvent) + Send) -> Vec<ChatEvent> {
    send_with(app, after, content, None, at).await
}

async fn send_with(
    app: &App,
    after: Option<&Message>,
    content: &str,
    setup: Option<ChatSetup>,
    mut at: impl FnMut(&ChatEvent) + Send,
) -> Vec<ChatEvent> {
    let request = ChatRequest {
        conversation_id: after.map(|message| message.conversation_id.clone()),
        parent_id: after.map(|message| message.id.clone()),
        content: content.into(),
        attachments: Vec::new(),
        setup,
    };
    let mut events = Vec::new();
    let sent = app.chat_send(request, |event| {
        at(&event);
        events.push(event);
    });
    tokio::time::timeout(Duration::from_secs(60), sent).await.expect("something hangs").unwrap();
    events
}

fn done(events: &[ChatEvent]) -> Message {
    match events.last() {
        Some(ChatEvent::Done { message }) => (**message).clone(),
        other => panic!("a turn must close with its answer, not with {other:?}"),
    }
}

fn hello() -> Server {
    Server::start(|_, mut reply| reply.stream(&format!("{}{STOP}{USAGE}", words(&["Hel", "lo."]))))
}

#[tokio::test]
async fn a_server_is_asked_for_its_models_when_it_is_added_and_nothing_is_kept_if_it_does_not_tell() {
    let (app, _folder) = app();
    let strict = Server::listing(
        |request, reply| match request.contains(&format!("authorization: Bearer {KEY}\r\n")) {
            true => reply.json("200 OK", "", server::MODELS),
            false => reply.json("401 Unauthorized", "", "{}"),
        },
        |_, _| {},
    );
    for key in [None, Some("sk-wrong")] {
        let refused = app.add_remote(new(&strict, key)).await.unwrap_err();
        assert_eq!(refused.code, ErrorCode::RemoteKey, "{refused:?}");
        assert!(!format!("{refused:?}").contains("sk-wrong"));
    }
    assert_eq!(app.list_remotes().await.unwrap(), []);

    let added = app.add_remote(new(&strict, Some(KEY))).await.unwrap();
    assert_eq!((added.name.as_str(), added.host.as_str()), (strict.address.as_str(), strict.address.as_str()));
    assert!(added.this_computer && matches!(added.key, RemoteKey::Keychain | RemoteKey::Session));
    let models: Vec<_> = added.models.iter().map(|model| (model.id.as_str(), model.n_ctx)).collect();
    assert_eq!(models, [("meta/llama", Some(8192)), ("tiny", None)]);
    let named = app.rename_remote(added.id.clone(), " The box ".into()).await.unwrap();
    assert_eq!(named.name, "The box");
    assert_eq!(app.list_remotes().await.unwrap(), [named]);

    let refused = app.set_remote_key(added.id.clone(), Some("sk-wrong".into())).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::RemoteKey);
    app.refresh_remote(added.id.clone()).await.expect("the key of before stays");
    let without = app.set_remote_key(added.id.clone(), None).await.unwrap();
    assert_eq!(without.key, RemoteKey::None);
    assert_eq!(app.refresh_remote(added.id.clone()).await.unwrap_err().code, ErrorCode::RemoteKey);
    app.remove_remote(added.id).await.unwrap();
    assert_eq!(app.list_remotes().await.unwrap(), []);
}

#[tokio::test]
async fn what_cannot_be_a_server_is_refused_with_what_is_wrong() {
    let (app, _folder) = app();
    let add = |address: &str| app.add_remote(NewRemote { address: address.into(), name: String::new(), key: None });
    let clear = add("http://api.example.com/v1").await.unwrap_err();
    assert_eq!(clear.code, ErrorCode::BadInput);
    assert!(matches!(clear.what.as_deref(), Some(What::RemoteAddress { .. })), "{clear:?}");
    let nobody = add("127.0.0.1:1").await.unwrap_err();
    assert_eq!(nobody.code, ErrorCode::RemoteFailed);
    let page = Server::listing(|_, reply| reply.json("200 OK", "", "<html>"), |_, _| {});
    let other = app.add_remote(new(&page, None)).await.unwrap_err();
    assert!(matches!(other.what.as_deref(), Some(What::RemoteNoApi { .. })), "{other:?}");
    let unsendable = app.add_remote(new(&page, Some("sk\nkey"))).await.unwrap_err();
    assert_eq!(unsendable.code, ErrorCode::RemoteKey);
    assert_eq!(app.list_remotes().await.unwrap(), []);
}

#[tokio::test]
async fn its_models_are_chosen_like_any_other_and_its_answer_comes_as_it_is_written() {
    let server = hello();
    let (app, _folder, added) = chosen(&server).await;
    let listed = app.list_models().await.unwrap();
    let theirs: Vec<_> = listed.iter().filter(|entry| entry.remote.is_some()).collect();
    assert_eq!(theirs.len(), 2);
    assert!(theirs[0].last_used_ms.is_some() && theirs[1].last_used_ms.is_none());
    assert_eq!(server.requests(), [""; 0], "a choice sends nothing");

    let states = Arc::new(Mutex::new(Vec::new()));
    let (mut state, seen) = (app.engine_state(), Arc::clone(&states));
    let watching = tokio::spawn(async move {
        while state.changed().await.is_ok() {
            seen.lock().unwrap().push(state.borrow_and_update().clone());
        }
    });
    let setup = ChatSetup {
        system: "Be short.".into(),
        sampling: SamplingChoice { temperature: Some(0.5), max_tokens: Some(9), ..SamplingChoice::default() },
        ..ChatSetup::default()
    };
    let events = send_with(&app, None, "Hi", Some(setup), |_| {}).await;
    let answer = done(&events);
    assert_eq!((answer.content.as_str(), answer.finish_reason), ("Hello.", Some(FinishReason::Stop)));
    assert_eq!(answer.model_name.as_deref(), Some("meta/llama"));
    let timings = answer.timings.unwrap();
    assert_eq!((timings.prompt_n, timings.predicted_n), (12, 2));
    assert!(!events.iter().any(|event| matches!(event, ChatEvent::Progress { .. })));
    let requests = server.requests();
    let [request] = requests.as_slice() else { panic!("one question, one request: {requests:?}") };
    assert_eq!(
        body(request),
        serde_json::json!({
            "model": "meta/llama", "temperature": 0.5, "max_tokens": 9, "stream": true,
            "messages": [{"role": "system", "content": "Be short."}, {"role": "user", "content": "Hi"}],
            "stream_options": {"include_usage": true},
        })
    );
    let again = done(&send(&app, Some(&answer), "More", |_| {}).await);
    assert_eq!(again.content, "Hello.");
    let second = body(&server.requests()[0]);
    assert_eq!(second["messages"].as_array().unwrap().len(), 4);
    assert!(app.engine_pid().is_none());
    assert!(
        matches!(&*app.engine_state().borrow(), EngineState::Ready { model } if model.path == path(&added, "meta/llama"))
    );
    watching.abort();
    let states = states.lock().unwrap();
    assert!(states.iter().any(|state| matches!(state, EngineState::Understanding { total: 0, .. })), "{states:?}");
}

#[tokio::test]
async fn nothing_is_counted_or_asked_at_a_server_but_the_conversation() {
    let server = hello();
    let (app, _folder, added) = chosen(&server).await;
    let counts = app.count_tokens(vec!["one two three".into()]).await.unwrap();
    assert!(!counts.exact);
    assert_eq!(app.context_use(None, None).await.unwrap().n_ctx, Some(8192));
    app.load_model(path(&added, "tiny"), LoadSettings::default()).await.unwrap();
    assert_eq!(app.context_use(None, None).await.unwrap().n_ctx, None, "nobody told how long it is");
    assert_eq!(server.requests(), [""; 0]);
    assert!(app.engine_pid().is_none());
}

#[tokio::test]
async fn stopping_closes_the_connection_and_keeps_what_came() {
    let (closed, hears) = mpsc::channel();
    let server = Server::start(move |_, mut reply| {
        reply.stream(&words(&["so ", "far"]));
        closed.send(reply.is_closed()).unwrap();
    });
    let (app, _folder, _) = chosen(&server).await;
    let (stopping, state) = (app.clone(), app.engine_state());
    let mut text = String::new();
    let mut conversation = String::new();
    let events = send(&app, None, "Go", |event| match event {
        ChatEvent::Started { conversation: started, .. } => conversation = started.id.clone(),
        ChatEvent::Text { delta, .. } => {
            text.push_str(delta);
            assert!(matches!(*state.borrow(), EngineState::Writing { .. }), "the window sees that it is written");
            if text == "so far" {
                stopping.stop_answer(&conversation);
            }
        }
        _ => {}
    })
    .await;
    let answer = done(&events);
    assert_eq!((answer.content.as_str(), answer.finish_reason), ("so far", Some(FinishReason::Cancelled)));
    let is_closed = tokio::task::spawn_blocking(move || hears.recv_timeout(Duration::from_secs(1)));
    assert_eq!(is_closed.await.unwrap(), Ok(true));
    assert!(matches!(*app.engine_state().borrow(), EngineState::Ready { .. }));
}

#[tokio::test]
async fn a_connection_that_ends_in_the_middle_keeps_the_text_and_says_so() {
    let server = Server::start(|_, mut reply| reply.stream(&words(&["half of", " it"])));
    let (app, _folder, _) = chosen(&server).await;
    let answer = done(&send(&app, None, "Go", |_| {}).await);
    assert_eq!((answer.content.as_str(), answer.finish_reason), ("half of it", Some(FinishReason::Interrupted)));
    assert_eq!(answer.error.as_ref().unwrap().code, ErrorCode::RemoteFailed);

    // Its API has no way to go on, and what is there stays as it is.
    let refused = app.chat_continue(answer.id.clone(), |_| {}).await.unwrap_err();
    assert!(matches!(refused.what.as_deref(), Some(What::RemoteCannotContinue { .. })), "{refused:?}");
    let kept = app.conversation(answer.conversation_id.clone()).await.unwrap();
    assert_eq!(kept.messages.last().unwrap().content, "half of it");
}

#[tokio::test]
async fn each_refusal_of_a_server_is_told_under_the_question() {
    let refusals = [
        ("401 Unauthorized", "", "{}", ErrorCode::RemoteKey),
        ("404 Not Found", "", "{}", ErrorCode::RemoteRefused),
        ("429 Too Many Requests", "Retry-After: 7\r\n", "{}", ErrorCode::RemoteFailed),
        ("400 Bad Request", "", "{\"error\":{\"message\":\"the context is too long\"}}", ErrorCode::RemoteRefused),
    ];
    for (status, headers, said, code) in refusals {
        let server = Server::start(move |_, reply| reply.json(status, headers, said));
        let (app, _folder, _) = chosen(&server).await;
        let answer = done(&send(&app, None, "Hi", |_| {}).await);
        let error = answer.error.unwrap();
        assert_eq!((error.code, answer.finish_reason), (code, Some(FinishReason::Failed)), "{status}");
        match status {
            "429 Too Many Requests" => assert!(error.message.contains("in 7 seconds"), "{error}"),
            "400 Bad Request" => assert!(error.message.contains("the context is too long"), "{error}"),
            _ => {}
        }
        assert!(matches!(*app.engine_state().borrow(), EngineState::Ready { .. }), "{status}");
    }
}

#[tokio::test]
async fn after_a_restart_the_server_is_shown_as_chosen_and_nothing_was_sent_to_it() {
    let server = hello();
    let (app, folder, added) = chosen(&server).await;
    app.shut_down().await;
    drop(app);
    let app = open(folder.path());
    // At once: nobody may write to another server unaware of it.
    let state = app.engine_state().borrow().clone();
    let EngineState::Ready { model } = state else { panic!("{state:?}") };
    assert_eq!((model.path, model.remote.unwrap().host), (path(&added, "meta/llama"), added.host.clone()));
    app.list_models().await.unwrap();
    app.list_remotes().await.unwrap();
    assert_eq!(server.requests(), [""; 0]);
    assert_eq!(done(&send(&app, None, "Hi", |_| {}).await).content, "Hello.");
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn a_server_that_is_removed_is_let_go_and_asked_no_more() {
    let server = hello();
    let (app, _folder, added) = chosen(&server).await;
    let mut state = app.engine_state();
    app.remove_remote(added.id.clone()).await.unwrap();
    let freed = state.wait_for(|state| matches!(state, EngineState::NoModel));
    tokio::time::timeout(Duration::from_secs(60), freed).await.unwrap().unwrap();
    assert!(app.list_models().await.unwrap().iter().all(|entry| entry.remote.is_none()));
    let answer = done(&send(&app, None, "Hi", |_| {}).await);
    assert!(matches!(answer.error.unwrap().what.as_deref(), Some(What::RemoteModelGone { .. })));
    assert_eq!(server.requests(), [""; 0]);
    for gone in [app.refresh_remote(added.id.clone()).await.map(drop), app.remove_remote(added.id).await] {
        assert!(matches!(gone.unwrap_err().what.as_deref(), Some(What::RemoteServerGone)));
    }
}

/// What is logged, as text.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn the_key_is_in_no_file_no_event_and_no_log_and_goes_to_its_server_alone() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing_subscriber::filter::LevelFilter::TRACE)
        .with_writer(move || writer.clone())
        .finish();
    let _logging = tracing::subscriber::set_default(subscriber);
    tracing::trace!("this is heard");
    let server = hello();
    let (app, folder) = app();
    let added = app.add_remote(new(&server, Some(KEY))).await.unwrap();
    app.load_model(path(&added, "meta/llama"), LoadSettings::default()).await.unwrap();
    let events = send(&app, None, "Hi", |_| {}).await;
    let requests = server.requests();
    assert!(requests.len() == 2 && requests.iter().all(|request| request.contains(KEY)), "{requests:?}");
    let shown = format!("{events:?} {added:?} {:?} {:?}", app.list_models().await, app.engine_state().borrow());
    assert!(!shown.contains(KEY), "{shown}");
    app.shut_down().await;
    drop(app);
    let mut files = 0;
    for file in walk(folder.path()) {
        files += 1;
        let bytes = std::fs::read(&file).unwrap();
        assert!(!bytes.windows(KEY.len()).any(|window| window == KEY.as_bytes()), "{}", file.display());
    }
    assert!(files > 0);
    let logged = String::from_utf8_lossy(&log.0.lock().unwrap()).into_owned();
    assert!(logged.contains("this is heard") && !logged.contains(KEY), "{logged}");

    // Where it was in memory alone, it has to be entered again, and nothing goes out without it.
    let app = open(folder.path());
    let known = app.list_remotes().await.unwrap().remove(0);
    let answer = done(&send(&app, None, "Hi", |_| {}).await);
    if known.key == RemoteKey::Lost {
        assert!(matches!(answer.error.unwrap().what.as_deref(), Some(What::RemoteKeyLost { .. })));
        assert_eq!(server.requests(), [""; 0]);
    }
    app.remove_remote(known.id).await.unwrap();
}

fn walk(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files.extend(walk(&path)) } else { files.push(path) }
    }
    files
}
