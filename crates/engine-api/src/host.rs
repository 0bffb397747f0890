//! The app's handle on the engine process.

use std::{
    ffi::OsString,
    io,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use paddock_hardware::NvidiaReport;
use tokio::sync::{mpsc, watch};

use crate::{
    Cause, Death,
    output::{TokenLogprob, ToolCall},
    parking,
    protocol::{
        BENCHMARK_SECONDS, ChatMessage, Device, DeviceRates, Event, Failure, FinishReason, GenerateParams, Inspected,
        LoadParams, LoadPhase, Loaded, Request, Timings,
    },
    supervisor::{self, Order},
};

/// How to start the engine.
#[derive(Debug, Clone)]
pub struct EngineCommand {
    /// The executable: normally this very one.
    pub program: PathBuf,
    /// Its arguments: normally just `engine`.
    pub args: Vec<OsString>,
}

impl EngineCommand {
    /// The engine of this executable.
    pub fn this_executable() -> io::Result<Self> {
        Ok(Self { program: std::env::current_exe()?, args: vec!["engine".into()] })
    }
}

/// How long the host waits before it takes an engine for hung.
#[derive(Debug, Clone, Copy)]
pub struct HostConfig {
    /// Without any message, heartbeats included. A process that is alive sends one every
    /// [`crate::protocol::HEARTBEAT_INTERVAL_MS`], whatever its engine thread does.
    pub silence_limit: Duration,
    /// With heartbeats, but without any progress on the request being worked on.
    pub stall_limit: Duration,
    /// Between the end of its standard input and being ended by force.
    pub drain_limit: Duration,
}

impl Default for HostConfig {
    fn default() -> Self {
        Self {
            silence_limit: Duration::from_secs(10),
            stall_limit: Duration::from_secs(30),
            drain_limit: Duration::from_secs(2),
        }
    }
}

/// Why a request has no result.
#[derive(Debug, Clone, thiserror::Error)]
pub enum EngineError {
    /// The engine answered that it could not do it.
    #[error("{0}")]
    Failed(Failure),
    /// The engine process ended.
    #[error("{}", .0.sentence())]
    Died(Death),
    /// The engine process could not be started.
    #[error("The engine could not be started: {0}.")]
    Spawn(Arc<io::Error>),
    /// What is kept of conversations on the disk could not be deleted.
    #[error("What is kept of conversations could not be deleted: {0}.")]
    Parking(Arc<io::Error>),
    /// The host is shutting down.
    #[error("The engine is shutting down.")]
    ShutDown,
}

/// What a load tells on its way.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LoadReport {
    /// What is being done.
    pub phase: LoadPhase,
    /// How far in this phase, 0 ..= 1.
    pub fraction: f32,
}

/// Starts, watches and, for the next request after its end, restarts the engine process. Cheap to clone; when the last
/// clone goes, the process is stopped.
#[derive(Debug, Clone)]
pub struct EngineHost {
    orders: mpsc::UnboundedSender<Order>,
    next_id: Arc<AtomicU64>,
    life: watch::Receiver<Life>,
}

/// Whether there is an engine process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Life {
    /// Not started yet, or stopped on request.
    Stopped,
    /// Running under this process id.
    Running(u32),
    /// The last one ended by itself; the next request starts a new one.
    Dead(Death),
}

/// How many texts one [`Request::Embed`] holds. Their vectors are one line: of 16,384 numbers each, 32 take up to 8 MiB.
const EMBEDDED_AT_ONCE: usize = 32;

impl EngineHost {
    /// A host without a process yet: the first request starts it.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn new(command: EngineCommand, config: HostConfig) -> io::Result<Self> {
        let (orders, inbox) = mpsc::unbounded_channel();
        let (life_sender, life) = watch::channel(Life::Stopped);
        supervisor::start(command, config, inbox, life_sender)?;
        Ok(Self { orders, next_id: Arc::new(AtomicU64::new(1)), life })
    }

    /// Whether there is a process, now and as it changes.
    pub fn life(&self) -> watch::Receiver<Life> {
        self.life.clone()
    }

    /// What ggml can compute on.
    ///
    /// # Errors
    /// See [`EngineError`].
    pub async fn devices(&self) -> Result<Vec<Device>, EngineError> {
        Ok(self.devices_and_nvidia().await?.0)
    }

    /// What ggml can compute on, and what NVIDIA's driver says of its cards.
    ///
    /// # Errors
    /// See [`EngineError`].
    pub async fn devices_and_nvidia(&self) -> Result<(Vec<Device>, NvidiaReport), EngineError> {
        let mut reply = self.request(Request::ListDevices);
        loop {
            if let Event::Devices { devices, nvidia } = reply.next().await? {
                return Ok((devices, nvidia));
            }
        }
    }

    /// Load a model in place of the one that is loaded. Dropping the future stops the load.
    ///
    /// # Errors
    /// See [`EngineError`].
    pub async fn load(
        &self,
        params: LoadParams,
        mut on_progress: impl FnMut(LoadReport),
    ) -> Result<Loaded, EngineError> {
        let mut reply = self.request(Request::Load(params));
        loop {
            match reply.next().await? {
                Event::LoadProgress { phase, fraction } => on_progress(LoadReport { phase, fraction }),
                Event::Loaded(loaded) => return Ok(*loaded),
                _ => {}
            }
        }
    }

    /// What [`Self::load`] would allocate, without doing it. A model that is loaded stays; an answer that is being
    /// written is finished first. Dropping the future gives it up.
    ///
    /// # Errors
    /// See [`EngineError`].
    pub async fn inspect(&self, params: LoadParams) -> Result<Inspected, EngineError> {
        let mut reply = self.request(Request::Inspect(params));
        loop {
            if let Event::Inspected(inspected) = reply.next().await? {
                return Ok(inspected);
            }
        }
    }

    /// How fast each device gets through weights. Takes up to about three seconds per device and all of its speed, so
    /// it is refused while a model is loaded. Dropping the future gives it up.
    ///
    /// # Errors
    /// See [`EngineError`].
    pub async fn benchmark(&self) -> Result<Vec<DeviceRates>, EngineError> {
        let mut reply = self.request(Request::Benchmark { seconds: BENCHMARK_SECONDS });
        loop {
            if let Event::Rates { devices } = reply.next().await? {
                return Ok(devices);
            }
        }
    }

    /// Free the model. Does not start an engine for it.
    ///
    /// # Errors
    /// See [`EngineError`].
    pub async fn unload(&self) -> Result<(), EngineError> {
        if !matches!(*self.life.borrow(), Life::Running(_)) {
            return Ok(());
        }
        let mut reply = self.request(Request::Unload);
        while !matches!(reply.next().await?, Event::Unloaded) {}
        Ok(())
    }

    /// Forget what was computed for a conversation that is deleted, or with `None` for all of them: in the engine, which
    /// is not started for it, and in the folder that [`LoadParams::parking`] names.
    ///
    /// # Errors
    /// See [`EngineError`]; [`EngineError::Parking`] when files cannot be deleted.
    pub async fn forget(&self, conversation: Option<String>, folder: &Path) -> Result<(), EngineError> {
        if matches!(*self.life.borrow(), Life::Running(_)) {
            let mut reply = self.request(Request::Forget { conversation: conversation.clone() });
            while !matches!(reply.next().await?, Event::Forgotten) {}
        }
        // Also those of other models, and when the engine was loaded with another folder.
        parking::forget(folder, conversation.as_deref()).map_err(|error| EngineError::Parking(Arc::new(error)))
    }

    /// What a conversation takes in the loaded model's tokens, as the prompt of its answer; with `continue_answer`, of
    /// what goes on with its last message.
    ///
    /// # Errors
    /// See [`EngineError`].
    pub async fn count_tokens(&self, messages: Vec<ChatMessage>, continue_answer: bool) -> Result<u32, EngineError> {
        let mut reply = self.request(Request::Tokenize { messages, continue_answer });
        loop {
            if let Event::Tokens { n_tokens } = reply.next().await? {
                return Ok(n_tokens);
            }
        }
    }

    /// What texts take in the loaded model's tokens, each by itself. Does not wait for an answer that is being written.
    ///
    /// # Errors
    /// See [`EngineError`]; [`FailureCode::NoModel`] before a model is loaded.
    pub async fn count_texts(&self, texts: Vec<String>) -> Result<Vec<u32>, EngineError> {
        if !matches!(*self.life.borrow(), Life::Running(_)) {
            return Err(EngineError::Failed(Cause::NoModel.into()));
        }
        let mut reply = self.request(Request::CountTexts { texts });
        loop {
            if let Event::Counts { n_tokens } = reply.next().await? {
                return Ok(n_tokens);
            }
        }
    }

    /// What texts mean, as vectors of length 1, and how many tokens they are together.
    ///
    /// # Errors
    /// See [`EngineError`].
    pub async fn embed(&self, texts: Vec<String>) -> Result<(Vec<Vec<f32>>, u32), EngineError> {
        let (mut all, mut n_tokens_all) = (Vec::with_capacity(texts.len()), 0_u32);
        for some in texts.chunks(EMBEDDED_AT_ONCE) {
            let mut reply = self.request(Request::Embed { texts: some.to_vec() });
            loop {
                if let Event::Embeddings { vectors, n_tokens } = reply.next().await? {
                    all.extend(vectors);
                    n_tokens_all = n_tokens_all.saturating_add(n_tokens);
                    break;
                }
            }
        }
        Ok((all, n_tokens_all))
    }

    /// Answer a conversation. Several may be under way at once, as many as the model was loaded for.
    pub fn generate(&self, params: GenerateParams) -> Generation {
        Generation { reply: self.request(Request::Generate(Box::new(params))) }
    }

    /// Stop the process, if there is one, and wait for its end. Later requests start a new one.
    pub async fn stop(&self) {
        let (done, stopped) = tokio::sync::oneshot::channel();
        if self.orders.send(Order::Stop { done }).is_ok() {
            // An error means that the supervisor is gone, and its process with it.
            let _gone = stopped.await;
        }
    }

    pub(crate) fn request(&self, request: Request) -> Reply {
        let id = self.next_id.fetch_add(1, Ordering::Relaxed);
        let (events, inbox) = mpsc::unbounded_channel();
        // A failed send drops `events`, and the reply then says that the host is shut down.
        let _unsent = self.orders.send(Order::Request { id, request, events });
        Reply { id, inbox, orders: self.orders.clone(), ended: false }
    }
}

/// The events of one request. Dropped before its end, it cancels the request.
#[derive(Debug)]
pub(crate) struct Reply {
    id: u64,
    inbox: mpsc::UnboundedReceiver<Result<Event, EngineError>>,
    orders: mpsc::UnboundedSender<Order>,
    ended: bool,
}

impl Reply {
    pub(crate) async fn next(&mut self) -> Result<Event, EngineError> {
        let event = match self.inbox.recv().await {
            Some(Ok(Event::Failed(failure))) => Err(EngineError::Failed(failure)),
            Some(event) => event,
            None => Err(EngineError::ShutDown),
        };
        self.ended |= match &event {
            Err(_) => true,
            Ok(event) => supervisor::closes_request(event),
        };
        event
    }
}

impl Drop for Reply {
    fn drop(&mut self) {
        if !self.ended {
            let _gone = self.orders.send(Order::Cancel { id: self.id });
        }
    }
}

/// An answer on its way. Dropped before its end, it stops the engine from writing on.
#[derive(Debug)]
pub struct Generation {
    reply: Reply,
}

/// What an answer tells on its way.
#[derive(Debug, Clone, PartialEq)]
pub enum GenerationEvent {
    /// The prompt is counted, and processed this far.
    Prompt {
        /// Tokens in the KV cache by now, reused ones included.
        processed: u32,
        /// Tokens of the whole prompt.
        total: u32,
        /// Of these, reused.
        cached: u32,
    },
    /// More text.
    Text {
        /// May be empty.
        text: String,
        /// Tokens written so far.
        predicted_n: u32,
        /// How likely they were, if that was asked for.
        logprobs: Vec<TokenLogprob>,
    },
    /// The end.
    Done {
        /// Why here.
        finish_reason: FinishReason,
        /// Counts and times.
        timings: Timings,
        /// What the model asks to be done.
        tool_calls: Vec<ToolCall>,
    },
}

impl Generation {
    /// The next event; after [`GenerationEvent::Done`] or an error there is none.
    ///
    /// # Errors
    /// See [`EngineError`].
    pub async fn next(&mut self) -> Result<GenerationEvent, EngineError> {
        loop {
            return Ok(match self.reply.next().await? {
                Event::PromptProgress { processed, total, cached } => {
                    GenerationEvent::Prompt { processed, total, cached }
                }
                Event::Token { text, predicted_n, logprobs } => GenerationEvent::Text { text, predicted_n, logprobs },
                Event::Done { finish_reason, timings, tool_calls } => {
                    GenerationEvent::Done { finish_reason, timings, tool_calls }
                }
                _ => continue,
            });
        }
    }

    /// Ask the engine to stop. The answer then ends with [`FinishReason::Cancelled`], unless it ended before.
    pub fn cancel(&self) {
        let _gone = self.reply.orders.send(Order::Cancel { id: self.reply.id });
    }

    /// A handle that can cancel while another task reads the events.
    pub fn canceller(&self) -> impl Fn() + Send + Sync + 'static {
        let (orders, id) = (self.reply.orders.clone(), self.reply.id);
        move || {
            let _gone = orders.send(Order::Cancel { id });
        }
    }
}
