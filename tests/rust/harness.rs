//! What the tests share: the programs under test, the self-test model, an app in a folder of its own.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use paddock_core::{
    App, AppConfig, DataDir, EngineCommand, EngineHost, GenerationEvent, HostConfig,
    view::{ChatEvent, ChatRequest, LoadSettings, Message},
};
use paddock_engine_api::{
    EngineError, Generation,
    protocol::{ChatMessage, ChatRole, FinishReason, GenerateParams, LoadParams, Loaded, Sampling, Timings},
};
use tempfile::TempDir;

/// Long enough for the slowest machine; only a hang takes longer.
pub const PATIENCE: Duration = Duration::from_secs(60);

pub fn real_engine() -> EngineCommand {
    engine(env!("CARGO_BIN_EXE_real-engine"))
}

/// A request that begins a conversation.
pub fn request(content: &str) -> ChatRequest {
    ChatRequest {
        conversation_id: None,
        parent_id: None,
        content: content.into(),
        attachments: Vec::new(),
        setup: None,
    }
}

pub fn scripted_engine() -> EngineCommand {
    engine(env!("CARGO_BIN_EXE_scripted-engine"))
}

fn engine(program: &str) -> EngineCommand {
    EngineCommand { program: program.into(), args: vec!["engine".into()] }
}

pub fn self_test_model() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../models/self-test/paddock-self-test-q8_0.gguf")
        .canonicalize()
        .unwrap()
}

pub fn host(command: EngineCommand) -> EngineHost {
    EngineHost::new(command, HostConfig::default()).unwrap()
}

/// A real engine with the self-test model in it.
pub async fn loaded_host(params: LoadParams) -> (EngineHost, Loaded) {
    let host = host(real_engine());
    let loaded = host.load(LoadParams { path: self_test_model(), ..params }, |_| {}).await.unwrap();
    (host, loaded)
}

pub fn user(content: &str) -> ChatMessage {
    ChatMessage::new(ChatRole::User, content)
}

pub fn assistant(content: &str) -> ChatMessage {
    ChatMessage::new(ChatRole::Assistant, content)
}

/// Always the likeliest token.
pub fn greedy(messages: Vec<ChatMessage>) -> GenerateParams {
    GenerateParams {
        messages,
        sampling: Sampling { temperature: 0.0, ..Sampling::default() },
        ..GenerateParams::default()
    }
}

/// Read an answer to its end.
pub async fn read(generation: &mut Generation) -> Result<(String, FinishReason, Timings), EngineError> {
    let mut text = String::new();
    loop {
        match generation.next().await? {
            GenerationEvent::Prompt { .. } => {}
            GenerationEvent::Text { text: more, .. } => text.push_str(&more),
            GenerationEvent::Done { finish_reason, timings, .. } => return Ok((text, finish_reason, timings)),
        }
    }
}

pub async fn answer(host: &EngineHost, params: GenerateParams) -> (String, FinishReason, Timings) {
    read(&mut host.generate(params)).await.unwrap()
}

/// Wait, within reason.
pub async fn patiently<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future).await.expect("this takes too long; something hangs")
}

/// An app in a folder of its own.
pub struct TestApp {
    pub app: App,
    folder: TempDir,
    engine: EngineCommand,
}

impl TestApp {
    pub fn new(engine: EngineCommand) -> Self {
        let folder = TempDir::new().unwrap();
        let app = open(folder.path(), &engine);
        Self { app, folder, engine }
    }

    /// With the self-test model loaded.
    pub async fn ready(settings: LoadSettings) -> Self {
        let this = Self::new(real_engine());
        let path = self_test_model().display().to_string();
        this.app.load_model(path, settings).await.unwrap();
        this
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// From the next restart on.
    pub fn change_engine(&mut self, engine: EngineCommand) {
        self.engine = engine;
    }

    /// Close and open again, as a restart does.
    pub async fn restart(self) -> Self {
        let Self { app, folder, engine } = self;
        app.shut_down().await;
        drop(app);
        let app = open(folder.path(), &engine);
        Self { app, folder, engine }
    }

    /// Send after `parent` (or begin), and give all events.
    pub async fn send(&self, after: Option<&Message>, content: &str) -> Vec<ChatEvent> {
        self.send_and(after, content, |_| {}).await
    }

    /// As [`Self::send`], and do something at each event.
    pub async fn send_and(
        &self,
        after: Option<&Message>,
        content: &str,
        mut at: impl FnMut(&ChatEvent) + Send,
    ) -> Vec<ChatEvent> {
        let request = ChatRequest {
            conversation_id: after.map(|message| message.conversation_id.clone()),
            parent_id: after.map(|message| message.id.clone()),
            ..request(content)
        };
        self.send_request(request, &mut at).await
    }

    /// Send whatever it is, and do something at each event.
    pub async fn send_request(&self, request: ChatRequest, mut at: impl FnMut(&ChatEvent) + Send) -> Vec<ChatEvent> {
        let mut events = Vec::new();
        patiently(self.app.chat_send(request, |event| {
            at(&event);
            events.push(event);
        }))
        .await
        .unwrap();
        events
    }

    /// Go on with an answer, and give all events.
    pub async fn go_on(&self, answer: &Message) -> Vec<ChatEvent> {
        let mut events = Vec::new();
        patiently(self.app.chat_continue(answer.id.clone(), |event| events.push(event))).await.unwrap();
        events
    }
}

pub fn open(folder: &Path, engine: &EngineCommand) -> App {
    let host = HostConfig::default();
    App::open(AppConfig { data: DataDir::at(folder), engine: engine.clone(), host }).unwrap()
}

/// The answer that closed a turn.
pub fn done(events: &[ChatEvent]) -> Message {
    match events.last() {
        Some(ChatEvent::Done { message }) => (**message).clone(),
        other => panic!("a turn must close with its answer, not with {other:?}"),
    }
}

/// What a window would have shown of the answer.
pub fn shown(events: &[ChatEvent]) -> String {
    let delta =
        |event: &ChatEvent| if let ChatEvent::Text { delta, .. } = event { delta.clone() } else { String::new() };
    events.iter().map(delta).collect()
}

#[cfg(unix)]
pub fn signal(pid: u32, signal: rustix::process::Signal) {
    let pid = rustix::process::Pid::from_raw(pid.cast_signed()).unwrap();
    rustix::process::kill_process(pid, signal).unwrap();
}

/// Whether a process is there and not a zombie.
#[cfg(target_os = "linux")]
pub fn is_running(pid: u32) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/stat"))
        .is_ok_and(|stat| stat.rsplit(')').next().is_some_and(|rest| !rest.trim_start().starts_with('Z')))
}
