//! The task that owns the engine process.
//!
//! It runs on a thread of its own, for two reasons: a busy app cannot delay it, and Linux's parent-death signal goes
//! out when the *thread* that spawned the child ends, so that thread must live as long as the host.

use std::{
    collections::{HashMap, VecDeque},
    io,
    process::Stdio,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    process::{ChildStderr, ChildStdin, ChildStdout, Command},
    sync::{mpsc, oneshot, watch},
    task::JoinHandle,
    time::{MissedTickBehavior, timeout},
};

use crate::{
    Death, DeathCause, EngineCommand, EngineError, HostConfig,
    framing::{self, FrameError},
    host::Life,
    platform,
    protocol::{Event, Failure, FailureCode, FromEngine, PROTOCOL_VERSION, Request, ToEngine},
};

/// What the handle asks of the supervisor.
#[derive(Debug)]
pub(crate) enum Order {
    Request { id: u64, request: Request, events: Events },
    Cancel { id: u64 },
    Stop { done: oneshot::Sender<()> },
}

type Events = mpsc::UnboundedSender<Result<Event, EngineError>>;

/// The handshake's request id; the handle counts from 1.
const HELLO_ID: u64 = 0;
/// How often the watch looks at the clock.
const TICK: Duration = Duration::from_millis(250);
/// How much of standard error is kept, in lines.
const LAST_WORDS_LINES: usize = 40;

/// Whether this event is the last one of its request.
pub(crate) fn closes_request(event: &Event) -> bool {
    match event {
        Event::Ready { .. }
        | Event::Devices { .. }
        | Event::Loaded(_)
        | Event::Inspected(_)
        | Event::Rates { .. }
        | Event::Unloaded
        | Event::Forgotten
        | Event::Done { .. }
        | Event::Tokens { .. }
        | Event::Counts { .. }
        | Event::Embeddings { .. }
        | Event::BenchDone(_)
        | Event::Quantized
        | Event::Failed(_) => true,
        Event::LoadProgress { .. }
        | Event::PromptProgress { .. }
        | Event::Token { .. }
        | Event::BenchProgress(_)
        | Event::BenchTest(_)
        | Event::QuantizeProgress(_)
        | Event::Heartbeat { .. } => false,
    }
}

pub(crate) fn start(
    command: EngineCommand,
    config: HostConfig,
    orders: mpsc::UnboundedReceiver<Order>,
    life: watch::Sender<Life>,
) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let supervisor = Supervisor { command, config, life, pending: HashMap::new(), engine: None };
    std::thread::Builder::new().name("engine-host".into()).spawn(move || runtime.block_on(supervisor.run(orders)))?;
    Ok(())
}

struct Supervisor {
    command: EngineCommand,
    config: HostConfig,
    life: watch::Sender<Life>,
    /// Requests without their closing event.
    pending: HashMap<u64, Events>,
    engine: Option<Engine>,
}

/// A running engine process.
struct Engine {
    child: platform::Child,
    /// Lines for its standard input; dropping it closes the pipe, which asks the process to end.
    input: mpsc::UnboundedSender<Vec<u8>>,
    output: BufReader<ChildStdout>,
    line: Vec<u8>,
    last_words: Arc<Mutex<VecDeque<String>>>,
    stderr_drained: JoinHandle<()>,
    heard_at: Instant,
    progressed_at: Instant,
    progress: u64,
}

impl Supervisor {
    async fn run(mut self, mut orders: mpsc::UnboundedReceiver<Order>) {
        let mut clock = tokio::time::interval(TICK);
        clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut ticked_at = Instant::now();
        loop {
            tokio::select! {
                order = orders.recv() => match order {
                    Some(Order::Request { id, request, events }) => self.request(id, request, events),
                    Some(Order::Cancel { id }) => self.cancel(id),
                    Some(Order::Stop { done }) => {
                        self.stop().await;
                        let _nobody_waits = done.send(());
                    }
                    None => break,
                },
                message = next_message(&mut self.engine) => self.hear(message).await,
                _ = clock.tick() => {
                    self.watch(ticked_at.elapsed()).await;
                    ticked_at = Instant::now();
                }
            }
        }
        self.stop().await;
    }

    fn request(&mut self, id: u64, request: Request, events: Events) {
        if self.engine.is_none()
            && let Err(error) = self.spawn()
        {
            let _nobody_listens = events.send(Err(EngineError::Spawn(Arc::new(error))));
            return;
        }
        self.pending.insert(id, events);
        self.say(id, request);
    }

    fn cancel(&mut self, id: u64) {
        if self.pending.contains_key(&id) {
            self.say(HELLO_ID, Request::Cancel { target: id });
        }
    }

    fn say(&mut self, id: u64, request: Request) {
        let Some(engine) = &self.engine else { return };
        match framing::to_line(&ToEngine { id, request }) {
            // A failed send means that the process is ending; its end answers the request.
            Ok(line) => drop(engine.input.send(line)),
            Err(error) => {
                if let Some(events) = self.pending.remove(&id) {
                    let _nobody_listens = events.send(Ok(Event::Failed(Failure {
                        code: FailureCode::BadRequest,
                        message: format!("This is too much for one request: {error}."),
                        details: None,
                        cause: None,
                    })));
                }
            }
        }
    }

    fn spawn(&mut self) -> io::Result<()> {
        let mut command = Command::new(&self.command.program);
        command.args(&self.command.args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        // ggml looks for backend modules in the working folder; it must not be one that somebody else can write to.
        if let Some(folder) = self.command.program.parent().filter(|folder| folder.is_absolute()) {
            command.current_dir(folder);
        }
        let mut child = platform::spawn(command)?;
        let pid = child.id().unwrap_or_default();
        let (Some(stdin), Some(stdout), Some(stderr)) = platform::take_stdio(&mut child) else {
            return Err(io::Error::other("the process came without its pipes"));
        };
        let (input, lines) = mpsc::unbounded_channel();
        tokio::spawn(write_lines(stdin, lines));
        let last_words = Arc::new(Mutex::new(VecDeque::new()));
        let now = Instant::now();
        self.engine = Some(Engine {
            child,
            input,
            output: BufReader::new(stdout),
            line: Vec::new(),
            stderr_drained: tokio::spawn(drain_stderr(stderr, Arc::clone(&last_words))),
            last_words,
            heard_at: now,
            progressed_at: now,
            progress: 0,
        });
        tracing::debug!(pid, "engine started");
        self.life.send_replace(Life::Running(pid));
        self.say(HELLO_ID, Request::Hello { protocol: PROTOCOL_VERSION });
        Ok(())
    }

    async fn hear(&mut self, message: Result<Option<FromEngine>, FrameError>) {
        match message {
            Ok(Some(FromEngine { event: Event::Ready { protocol, .. }, .. })) if protocol != PROTOCOL_VERSION => {
                tracing::error!(protocol, "the engine speaks another protocol version");
                self.kill(DeathCause::Babbled).await;
            }
            Ok(Some(message)) => self.pass_on(message),
            Ok(None) => self.bury(None).await,
            Err(error) => {
                tracing::error!(%error, "the engine's output makes no sense");
                self.kill(DeathCause::Babbled).await;
            }
        }
    }

    fn pass_on(&mut self, FromEngine { id, event }: FromEngine) {
        let Some(engine) = &mut self.engine else { return };
        engine.heard_at = Instant::now();
        match event {
            Event::Heartbeat { progress, busy } => {
                if progress != engine.progress || busy.is_empty() {
                    engine.progress = progress;
                    engine.progressed_at = engine.heard_at;
                }
                return;
            }
            // Texts are counted beside the work, so this says nothing about the work.
            Event::Counts { .. } => {}
            _ => engine.progressed_at = engine.heard_at,
        }
        let Some(id) = id else { return };
        if closes_request(&event) {
            if let Some(events) = self.pending.remove(&id) {
                let _nobody_listens = events.send(Ok(event));
            }
        } else if let Some(events) = self.pending.get(&id) {
            let _nobody_listens = events.send(Ok(event));
        }
    }

    /// Look whether the engine is hung. `since_last` is the time since the last look: if that is long, this process was
    /// stopped or the computer slept, and the engine's silence says nothing.
    async fn watch(&mut self, since_last: Duration) {
        let Some(engine) = &mut self.engine else { return };
        if since_last > TICK * 8 {
            engine.heard_at = Instant::now();
            engine.progressed_at = engine.heard_at;
        }
        let (silent, stalled) = (engine.heard_at.elapsed(), engine.progressed_at.elapsed());
        if silent > self.config.silence_limit {
            self.kill(DeathCause::Hung { seconds: silent.as_secs() }).await;
        } else if stalled > self.config.stall_limit {
            self.kill(DeathCause::Hung { seconds: stalled.as_secs() }).await;
        }
    }

    async fn kill(&mut self, cause: DeathCause) {
        if let Some(engine) = &mut self.engine {
            // An error means that it has ended already.
            let _ended = engine.child.start_kill();
            self.bury(Some(cause)).await;
        }
    }

    /// The process has ended, or is about to: find out why, and tell all who wait for it.
    async fn bury(&mut self, known_cause: Option<DeathCause>) {
        let Some(mut engine) = self.engine.take() else { return };
        drop(engine.input);
        let status = match timeout(self.config.drain_limit, engine.child.wait()).await {
            Ok(status) => status,
            Err(_still_there) => {
                let _ended = engine.child.start_kill();
                engine.child.wait().await
            }
        };
        // Bounded: a process that inherited the pipe could keep it open.
        let _drained = timeout(Duration::from_millis(200), engine.stderr_drained).await;
        let last_words = take_words(&engine.last_words);
        let death = match (known_cause, status) {
            (Some(cause), _) => Death { cause, last_words },
            (None, Ok(status)) => Death::from_exit(status, last_words),
            (None, Err(_)) => Death { cause: DeathCause::Exited(-1), last_words },
        };
        tracing::warn!(cause = ?death.cause, "engine ended");
        self.life.send_replace(Life::Dead(death.clone()));
        for (_, events) in self.pending.drain() {
            let _nobody_listens = events.send(Err(EngineError::Died(death.clone())));
        }
    }

    /// End the process because that is wanted.
    async fn stop(&mut self) {
        for (_, events) in self.pending.drain() {
            let _nobody_listens = events.send(Err(EngineError::ShutDown));
        }
        if let Some(mut engine) = self.engine.take() {
            drop(engine.input);
            if timeout(self.config.drain_limit, engine.child.wait()).await.is_err() {
                let _ended = engine.child.start_kill();
                let _status = engine.child.wait().await;
            }
            self.life.send_replace(Life::Stopped);
        }
    }
}

async fn next_message(engine: &mut Option<Engine>) -> Result<Option<FromEngine>, FrameError> {
    match engine {
        Some(engine) => framing::read(&mut engine.output, &mut engine.line).await,
        None => std::future::pending().await,
    }
}

/// A task of its own, because a process that has stopped reading must not stop the watch.
async fn write_lines(mut stdin: ChildStdin, mut lines: mpsc::UnboundedReceiver<Vec<u8>>) {
    while let Some(line) = lines.recv().await {
        if stdin.write_all(&line).await.is_err() || stdin.flush().await.is_err() {
            return;
        }
    }
}

async fn drain_stderr(stderr: ChildStderr, words: Arc<Mutex<VecDeque<String>>>) {
    let mut reader = BufReader::new(stderr);
    let mut line = Vec::new();
    // By bytes: what native code prints need not be UTF-8.
    while matches!(reader.read_until(b'\n', &mut line).await, Ok(n) if n > 0) {
        let text = String::from_utf8_lossy(&line).trim_end().to_owned();
        tracing::debug!(target: "engine", "{text}");
        let mut words = words.lock().unwrap_or_else(PoisonError::into_inner);
        if words.len() == LAST_WORDS_LINES {
            words.pop_front();
        }
        words.push_back(text);
        line.clear();
    }
}

fn take_words(words: &Mutex<VecDeque<String>>) -> String {
    let words = words.lock().unwrap_or_else(PoisonError::into_inner);
    words.iter().map(String::as_str).collect::<Vec<_>>().join("\n")
}
