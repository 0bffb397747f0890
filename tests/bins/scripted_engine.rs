//! An engine without llama.cpp that speaks the protocol as told: for tests of what the app does with an engine that is
//! fast, slow, hung or mad, and for measuring the window.
//!
//! To `stream 1000 at 50` it answers with 1000 tokens of Markdown at 50 per second, to `stamps 1000 at 50` with the time in
//! place of each token, to `params` with the request as it came here, in JSON, and to `call NAME {…}` by asking for that
//! tool; it repeats any other message word by word. It writes as many answers at once as it is asked for. The environment
//! variable `PADDOCK_SCRIPT` makes it misbehave, see [`Script`]. It ends when its input ends.

use std::{
    collections::HashSet,
    io::{self, Write},
    process,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
        mpsc,
    },
    thread,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use paddock_engine_api::{
    Cause, framing,
    output::{TokenLogprob, ToolCall},
    protocol::{
        BufferUse, CacheType, ChatMessage, ChatRole, Device, DeviceKind, DeviceRates, Event, Failure, FailureCode,
        FinishReason, FromEngine, GenerateParams, HEARTBEAT_INTERVAL_MS, Inspected, LoadParams, LoadPhase, Loaded,
        MAX_LINE_BYTES, PROTOCOL_VERSION, Request, TemplateSource, Timings, ToEngine,
    },
};
use paddock_hardware::{NvidiaReport, Rates};

/// What it does wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Script {
    /// Nothing.
    None,
    /// `garbage`: a line that is not JSON in place of an answer's first token.
    Garbage,
    /// `oversized`: a line over the limit in place of an answer's first token.
    Oversized,
    /// `old-version`: the handshake names protocol version 0.
    OldVersion,
    /// `silent`: no heartbeats, and no answer to a message.
    Silent,
    /// `stalled`: heartbeats without progress, and no answer to a message.
    Stalled,
    /// `abort-on-load`: the process aborts while it loads a model.
    AbortOnLoad,
    /// `exit-on-generate`: the process ends with code 3 after five tokens.
    ExitOnGenerate,
}

impl Script {
    fn from_environment() -> Self {
        match std::env::var("PADDOCK_SCRIPT").unwrap_or_default().as_str() {
            "" => Self::None,
            "garbage" => Self::Garbage,
            "oversized" => Self::Oversized,
            "old-version" => Self::OldVersion,
            "silent" => Self::Silent,
            "stalled" => Self::Stalled,
            "abort-on-load" => Self::AbortOnLoad,
            "exit-on-generate" => Self::ExitOnGenerate,
            other => {
                eprintln!("scripted-engine: PADDOCK_SCRIPT={other} is not known");
                process::exit(EXIT_USAGE)
            }
        }
    }
}

/// As the real engine's.
const EXIT_USAGE: i32 = 64;
const EXIT_GARBAGE: i32 = 65;
/// That of `exit-on-generate`, and after how many tokens it comes.
const EXIT_SCRIPTED: i32 = 3;
/// As a shell reports a process that was killed.
const EXIT_KILLED: i32 = 137;
const TOKENS_BEFORE_EXIT: u32 = 5;
/// What the chat template would add to a message, in tokens.
const TOKENS_AROUND_MESSAGE: u32 = 4;

/// What all threads share.
struct Shared {
    script: Script,
    progress: AtomicU64,
    /// The request being worked on, 0: none.
    busy: AtomicU64,
    /// The answers that are being written.
    writing: AtomicU64,
    /// The requests that were to stop.
    cancelled: Mutex<HashSet<u64>>,
    output: Mutex<io::Stdout>,
}

impl Shared {
    fn send(&self, id: impl Into<Option<u64>>, event: Event) {
        let mut output = self.output.lock().unwrap_or_else(PoisonError::into_inner);
        // An error means that the app is gone; the end of the input says so too.
        let _app_gone = framing::write_blocking(&mut *output, &FromEngine { id: id.into(), event });
    }

    fn send_raw(&self, bytes: &[u8]) {
        let mut output = self.output.lock().unwrap_or_else(PoisonError::into_inner);
        let _app_gone = output.write_all(bytes).and_then(|()| output.flush());
    }

    fn is_cancelled(&self, id: u64) -> bool {
        self.cancelled().contains(&id)
    }

    fn cancelled(&self) -> MutexGuard<'_, HashSet<u64>> {
        self.cancelled.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn heartbeat(&self) {
        let busy = Some(self.busy.load(Ordering::Relaxed)).filter(|&id| id != 0).into_iter().collect();
        self.send(None, Event::Heartbeat { progress: self.progress.load(Ordering::Relaxed), busy });
    }
}

fn main() {
    let shared = Arc::new(Shared {
        script: Script::from_environment(),
        progress: AtomicU64::new(0),
        busy: AtomicU64::new(0),
        writing: AtomicU64::new(0),
        cancelled: Mutex::default(),
        output: Mutex::new(io::stdout()),
    });
    let (requests, inbox) = mpsc::channel();
    let worker = Arc::clone(&shared);
    thread::spawn(move || work(&worker, &inbox));
    let mut input = io::stdin().lock();
    let mut line = Vec::new();
    let mut greeted = false;
    loop {
        match framing::read_blocking(&mut input, &mut line) {
            Ok(Some(ToEngine { id, request: Request::Hello { .. } })) => {
                greet(&shared, id);
                if !greeted && shared.script != Script::Silent {
                    start_heartbeat(Arc::clone(&shared));
                }
                greeted = true;
            }
            Ok(Some(ToEngine { request: Request::Cancel { target }, .. })) => {
                shared.cancelled().insert(target);
            }
            // Like the real one, beside whatever is being done.
            Ok(Some(ToEngine { id, request: Request::CountTexts { texts } })) => {
                let n_tokens = texts.iter().map(|text| count(text.split_whitespace().count())).collect();
                shared.send(id, Event::Counts { n_tokens });
            }
            // The worker never ends before this loop does.
            Ok(Some(request)) => drop(requests.send(request)),
            Ok(None) => process::exit(0),
            Err(error) => {
                eprintln!("scripted-engine: {error}");
                process::exit(EXIT_GARBAGE);
            }
        }
    }
}

fn greet(shared: &Shared, id: u64) {
    let protocol = if shared.script == Script::OldVersion { 0 } else { PROTOCOL_VERSION };
    let version = env!("CARGO_PKG_VERSION").to_owned();
    shared.send(id, Event::Ready { protocol, version, system_info: "SCRIPTED = 1".into() });
}

fn start_heartbeat(shared: Arc<Shared>) {
    thread::spawn(move || {
        loop {
            shared.heartbeat();
            thread::sleep(Duration::from_millis(HEARTBEAT_INTERVAL_MS));
        }
    });
}

/// Do one request after the other.
fn work(shared: &Arc<Shared>, requests: &mpsc::Receiver<ToEngine>) {
    let mut loaded = false;
    for ToEngine { id, request } in requests {
        shared.busy.store(id, Ordering::Relaxed);
        let closing = match request {
            Request::Load(params) => {
                loaded = true;
                load(shared, id, &params)
            }
            Request::Unload => {
                loaded = false;
                Event::Unloaded
            }
            Request::ListDevices => Event::Devices { devices: devices(), nvidia: NvidiaReport::default() },
            Request::Inspect(params) => Event::Inspected(Inspected {
                buffers: [buffer_use()].into_iter().chain(card_use(&params)).collect(),
                n_ctx: params.n_ctx.unwrap_or(4096),
                n_layers: 16,
                n_gpu_layers: params.n_gpu_layers.filter(|_| has_card()).unwrap_or(0),
            }),
            Request::Benchmark { .. } if loaded => fail(FailureCode::BadRequest, "A model is loaded."),
            Request::Benchmark { .. } => Event::Rates { devices: vec![rates()] },
            Request::Tokenize { messages, .. } => Event::Tokens { n_tokens: count_tokens(&messages) },
            Request::Generate(_) if !loaded => fail(FailureCode::NoModel, "No model is loaded."),
            Request::Forget { .. } => Event::Forgotten,
            Request::BenchModel(_) => fail(FailureCode::BadRequest, "This engine measures no models."),
            Request::Quantize(_) => fail(FailureCode::BadRequest, "This engine writes no models."),
            Request::Generate(params) => {
                write_beside(shared, id, *params);
                continue;
            }
            Request::Embed { texts } => embed(&texts),
            Request::Hello { .. } | Request::Cancel { .. } | Request::CountTexts { .. } => continue,
        };
        shared.busy.store(0, Ordering::Relaxed);
        shared.send(id, closing);
    }
}

/// Write an answer beside whatever else is done.
fn write_beside(shared: &Arc<Shared>, id: u64, params: GenerateParams) {
    let shared = Arc::clone(shared);
    shared.writing.fetch_add(1, Ordering::Relaxed);
    thread::spawn(move || {
        let closing = generate(&shared, id, &params);
        shared.cancelled().remove(&id);
        // The last one closes the door.
        if shared.writing.fetch_sub(1, Ordering::Relaxed) == 1 {
            shared.busy.store(0, Ordering::Relaxed);
        }
        shared.send(id, closing);
    });
}

/// Vectors that say how many words and letters a text has.
fn embed(texts: &[String]) -> Event {
    let words = |text: &String| text.split_whitespace().count();
    let vector = |text: &String| {
        let raw = [words(text) as f32, text.chars().count() as f32, 1.0];
        let length = raw.iter().map(|x| x * x).sum::<f32>().sqrt();
        raw.iter().map(|x| x / length).collect()
    };
    Event::Embeddings { vectors: texts.iter().map(vector).collect(), n_tokens: count(texts.iter().map(words).sum()) }
}

/// `call NAME {…}`: the tool that is asked for.
fn tool_call(message: &str) -> Option<ToolCall> {
    let (name, arguments) = message.strip_prefix("call ")?.split_once(' ')?;
    Some(ToolCall { id: format!("call_{name}"), name: name.into(), arguments: arguments.into() })
}

/// What a token may be told with: itself, and as many others as were asked for.
fn logprobs(text: &str, predicted_n: u32, top: Option<u32>) -> Vec<TokenLogprob> {
    let Some(top) = top else { return Vec::new() };
    let one = |rank: u32, text: String| TokenLogprob {
        id: predicted_n + rank,
        bytes: text.into_bytes(),
        logprob: -0.5 * (rank + 1) as f32,
        top: Vec::new(),
    };
    let top = (0..top).map(|rank| one(rank, if rank == 0 { text.into() } else { format!("other {rank}") })).collect();
    vec![TokenLogprob { top, ..one(0, text.into()) }]
}

fn fail(code: FailureCode, message: &str) -> Event {
    Event::Failed(Failure { code, message: message.into(), details: None, cause: None })
}

/// Started with the argument `card`, it also has a graphics card.
fn has_card() -> bool {
    std::env::args().any(|argument| argument == "card")
}

/// A card with 24 GiB, all of them free.
fn card() -> Device {
    Device {
        name: "CUDA0".into(),
        description: "NVIDIA GeForce RTX 4090".into(),
        backend: "CUDA".into(),
        kind: DeviceKind::Gpu,
        memory_total_bytes: 24 << 30,
        memory_free_bytes: 24 << 30,
    }
}

/// What a model takes on the card: 600 MB for each layer, more than any plan would say.
fn card_use(params: &LoadParams) -> Option<BufferUse> {
    let layers = params.n_gpu_layers.filter(|_| has_card())?;
    Some(BufferUse {
        device: "CUDA0".into(),
        buffer_type: "CUDA0".into(),
        weights_bytes: u64::from(layers) * 600_000_000,
        kv_bytes: 0,
        compute_bytes: 0,
    })
}

fn devices() -> Vec<Device> {
    has_card().then(card).into_iter().chain([device()]).collect()
}

fn device() -> Device {
    Device {
        name: "CPU".into(),
        description: "Scripted processor".into(),
        backend: "CPU".into(),
        kind: DeviceKind::Cpu,
        memory_total_bytes: 16 << 30,
        memory_free_bytes: 8 << 30,
    }
}

/// What the small model takes.
fn buffer_use() -> BufferUse {
    BufferUse {
        device: "CPU".into(),
        buffer_type: "CPU".into(),
        weights_bytes: 1_321_000_000,
        kv_bytes: 128 << 20,
        compute_bytes: 64 << 20,
    }
}

/// Those of a desktop processor with two channels of memory.
fn rates() -> DeviceRates {
    let rates = Rates { f16_gb_s: 40.0, q8_0_gb_s: 40.0, k_quants_gb_s: 36.0, i_quants_gb_s: 20.0, n_threads: 6 };
    DeviceRates { device: "CPU".into(), rates }
}

/// `NAME=BYTES` among the arguments: above so much, the load goes wrong in the way that is named. `refuses-above`: there
/// is no memory on the card, or in main memory; `killed-above`: the process ends as if the system
/// had killed it; `hangs-above`, and
/// `hangs-below`: it hangs.
fn limit(name: &str) -> Option<u64> {
    std::env::args().find_map(|argument| argument.strip_prefix(name)?.strip_prefix('=')?.parse().ok())
}

/// What a load takes: 600 MB for each layer on the card, 100 kB for each token of the context, 1 MB for each of the
/// micro-batch, and a copy of the weights if they are rearranged.
fn needs(params: &LoadParams) -> u64 {
    let layers = if has_card() { u64::from(params.n_gpu_layers.unwrap_or(17)) } else { 0 };
    let token_bytes = if params.cache_type_v == CacheType::F16 { 100_000 } else { 53_000 };
    let copy_bytes = if params.repack { 1_000_000_000 } else { 0 };
    layers * 600_000_000
        + u64::from(params.n_ctx.unwrap_or(4096)) * token_bytes
        + u64::from(params.n_ubatch) * 1_000_000
        + copy_bytes
}

fn find_memory(params: &LoadParams) -> Result<(), Event> {
    let above = |name| limit(name).is_some_and(|bytes| needs(params) > bytes);
    if above("hangs-above") {
        park_for_ever();
    }
    if above("killed-above") {
        process::exit(EXIT_KILLED);
    }
    if above("refuses-above") {
        let file = params.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let device = if has_card() { "CUDA0" } else { "CPU" };
        let details = format!("alloc_tensor_range: failed to allocate {device} buffer of size {}", needs(params));
        return Err(Event::Failed(Failure { details: Some(details), ..Cause::NoMemoryForModel { file }.into() }));
    }
    if limit("hangs-below").is_some_and(|bytes| needs(params) <= bytes) {
        park_for_ever();
    }
    Ok(())
}

/// Says that it has loaded a small model, whatever the file is.
fn load(shared: &Shared, id: u64, params: &LoadParams) -> Event {
    let started = Instant::now();
    shared.send(id, Event::LoadProgress { phase: LoadPhase::Reading, fraction: 0.0 });
    if shared.script == Script::AbortOnLoad {
        eprintln!("scripted-engine: GGML_ASSERT(PADDOCK_SCRIPT != abort-on-load) failed");
        process::abort();
    }
    if let Err(failed) = find_memory(params) {
        return failed;
    }
    shared.send(id, Event::LoadProgress { phase: LoadPhase::Reading, fraction: 1.0 });
    shared.send(id, Event::LoadProgress { phase: LoadPhase::WarmingUp, fraction: 1.0 });
    let cpu = buffer_use();
    let stem = params.path.file_stem().unwrap_or_default();
    Event::Loaded(Box::new(Loaded {
        path: params.path.clone(),
        name: stem.to_string_lossy().into_owned(),
        architecture: "llama".into(),
        description: "llama 1B Q8_0".into(),
        n_params: 1_235_814_432,
        weights_bytes: cpu.weights_bytes,
        n_ctx: params.n_ctx.unwrap_or(4096),
        n_ctx_train: 131_072,
        n_layers: 16,
        n_gpu_layers: params.n_gpu_layers.filter(|_| has_card()).unwrap_or(0),
        n_threads: params.n_threads.unwrap_or(2),
        load_ms: ms_since(started),
        buffers: vec![cpu],
        template: TemplateSource::Model,
        warnings: Vec::new(),
    }))
}

/// One token for each word, and some around each message.
fn count_tokens(messages: &[ChatMessage]) -> u32 {
    let words = messages.iter().map(|message| message.content.split_whitespace().count()).sum();
    count(words) + TOKENS_AROUND_MESSAGE * count(messages.len())
}

fn generate(shared: &Shared, id: u64, params: &GenerateParams) -> Event {
    match shared.script {
        Script::Silent | Script::Stalled => park_for_ever(),
        Script::Garbage => shared.send_raw(b"llama_decode: this line is no message\n"),
        Script::Oversized => {
            let mut line = vec![b'x'; MAX_LINE_BYTES + (1 << 20)];
            line.push(b'\n');
            shared.send_raw(&line);
        }
        Script::None | Script::OldVersion | Script::AbortOnLoad | Script::ExitOnGenerate => {}
    }
    let prompt = params.prompt.iter().map(|prompt| ChatMessage::new(ChatRole::User, prompt.as_str()));
    let messages: Vec<ChatMessage> = params.messages.iter().cloned().chain(prompt).collect();
    let Some((last, earlier)) = messages.split_last() else {
        return fail(FailureCode::BadRequest, "There is nothing to answer: the conversation is empty.");
    };
    let (total, cached) = (count_tokens(&messages), count_tokens(earlier));
    let started = Instant::now();
    for processed in [cached, total] {
        shared.send(id, Event::PromptProgress { processed, total, cached });
    }
    let timings =
        Timings { cache_n: cached, prompt_n: total - cached, prompt_ms: ms_since(started), ..Timings::default() };
    // An answer that is gone on with goes on where it is, as the real one does.
    let (asked, begun) = match earlier.last() {
        Some(question) if params.continue_answer => (question.content.trim(), last.content.as_str()),
        _ if last.role == ChatRole::User => (last.content.trim(), ""),
        _ => ("", ""),
    };
    if let Some(call) = tool_call(asked) {
        let timings = Timings { predicted_n: 1, ..timings };
        return Event::Done { finish_reason: FinishReason::ToolCalls, timings, tool_calls: vec![call] };
    }
    let (mut tokens, per_second) = if asked == "params" {
        (vec![serde_json::to_string(params).unwrap_or_default()], f64::INFINITY)
    } else if asked.starts_with(TITLE_REQUEST) {
        (proposed_title(earlier), TITLE_SPEED)
    } else if let Some((n, per_second)) = stream_order(asked, "stream") {
        (markdown(n), per_second)
    } else if let Some((n, per_second)) = stream_order(asked, "stamps") {
        (vec![STAMP.to_owned(); n], per_second)
    } else {
        (asked.split_inclusive(' ').map(str::to_owned).collect(), f64::INFINITY)
    };
    skip(&mut tokens, begun);
    write(shared, id, &tokens, per_second, params, timings)
}

/// Stands for the time at which it is sent, in nanoseconds since 1970.
const STAMP: &str = "\u{0}stamp";
/// How a request for a title begins.
const TITLE_REQUEST: &str = "Write a title";
/// Tokens per second of a title: slow enough that something else can come in its way.
const TITLE_SPEED: f64 = 20.0;

/// Started with the argument `titles`, it proposes titles, in more words than are wanted; else it has no idea.
fn proposed_title(conversation: &[ChatMessage]) -> Vec<String> {
    if !std::env::args().any(|argument| argument == "titles") {
        return Vec::new();
    }
    let first = conversation.iter().find(|message| message.role == ChatRole::User);
    let about = first.map(|message| message.content.as_str()).unwrap_or_default();
    let title = format!("Title: “A talk about {about}”.\nAnything else?");
    title.split_inclusive(' ').map(str::to_owned).collect()
}

/// Take off the tokens that were written before.
fn skip(tokens: &mut Vec<String>, begun: &str) {
    let mut left = begun;
    let written = tokens.iter().take_while(|token| match left.strip_prefix(token.as_str()) {
        Some(rest) => {
            left = rest;
            true
        }
        None => false,
    });
    let written = written.count();
    tokens.drain(..written);
}

/// `stream N at R`: how many tokens, and how many per second. The first word may be another.
fn stream_order(message: &str, order: &str) -> Option<(usize, f64)> {
    let mut words = message.split_whitespace();
    let (stream, n, at, per_second) = (words.next()?, words.next()?, words.next()?, words.next()?);
    let per_second = per_second.parse().ok().filter(|&rate| rate > 0.0)?;
    (stream == order && at == "at" && words.next().is_none()).then_some((n.parse().ok()?, per_second))
}

/// Send the tokens, each when its time has come.
fn write(
    shared: &Shared,
    id: u64,
    tokens: &[String],
    per_second: f64,
    params: &GenerateParams,
    mut timings: Timings,
) -> Event {
    let started = Instant::now();
    let mut finish_reason = FinishReason::Stop;
    for text in tokens {
        if params.max_tokens.is_some_and(|max| timings.predicted_n >= max) {
            finish_reason = FinishReason::Length;
            break;
        }
        let due = started + Duration::from_secs_f64(f64::from(timings.predicted_n) / per_second);
        sleep_until(due, || shared.is_cancelled(id));
        if shared.is_cancelled(id) {
            finish_reason = FinishReason::Cancelled;
            break;
        }
        timings.predicted_n += 1;
        shared.progress.fetch_add(1, Ordering::Relaxed);
        let logprobs = logprobs(text, timings.predicted_n, params.logprobs);
        let text = if text == STAMP { stamp() } else { text.clone() };
        shared.send(id, Event::Token { text, predicted_n: timings.predicted_n, logprobs });
        if shared.script == Script::ExitOnGenerate && timings.predicted_n == TOKENS_BEFORE_EXIT {
            process::exit(EXIT_SCRIPTED);
        }
    }
    timings.predicted_ms = ms_since(started);
    Event::Done { finish_reason, timings, tool_calls: Vec::new() }
}

fn stamp() -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    format!("{} ", now.as_nanos())
}

/// Sleep, but look every now and then whether it is still wanted. At high speeds several tokens are due when a sleep of
/// a millisecond is over; they then go out one right after the other.
fn sleep_until(due: Instant, unwanted: impl Fn() -> bool) {
    const SHORTEST: Duration = Duration::from_millis(1);
    const LONGEST: Duration = Duration::from_millis(20);
    while !unwanted() {
        let left = due.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return;
        }
        thread::sleep(left.clamp(SHORTEST, LONGEST));
    }
}

fn park_for_ever() -> ! {
    loop {
        thread::park();
    }
}

const WORDS: &[&str] = &[
    "the", "herd", "rests", "under", "old", "trees", "and", "every", "morning", "a", "quiet", "wind", "moves", "over",
    "green", "fields", "while", "nobody", "counts", "how", "many", "steps", "it", "takes", "to", "reach", "water",
];

/// A block of code, its tokens separated by bars.
const CODE: &str = "```|rust\n|fn| main|()| {\n|    let| total|:| u64| =| (1|..=|100|)|.sum|();\n|    println|!(\"|{total}|\");\n|}\n|```|\n\n";

/// Exactly `n` tokens of Markdown: paragraphs, and now and then a heading, a list, or code whose fence is closed.
fn markdown(n: usize) -> Vec<String> {
    let code: Vec<String> = CODE.split('|').map(str::to_owned).collect();
    let mut tokens = Vec::new();
    let mut word = 0;
    for block in 0.. {
        let left = n - tokens.len();
        if left == 0 {
            break;
        }
        let whole: Vec<String> = match block % 7 {
            0 => sentence("##", 4, "\n\n", &mut word),
            3 => (0..4).flat_map(|_| sentence("-", 9, "\n", &mut word)).chain(["\n".to_owned()]).collect(),
            5 if left >= code.len() => code.clone(),
            _ => (0..5).flat_map(|_| sentence("", 16, ". ", &mut word)).chain(["\n\n".to_owned()]).collect(),
        };
        tokens.extend(whole.into_iter().take(left));
    }
    tokens
}

/// `length` words, with something before and after them; now and then one of them is strong.
fn sentence(before: &str, length: usize, after: &str, word: &mut usize) -> Vec<String> {
    let mut tokens: Vec<String> = if before.is_empty() { Vec::new() } else { vec![before.to_owned()] };
    for position in 0..length {
        *word += 1;
        // Steps of a size prime to the number of words, so that no two sentences are alike for long.
        let text = WORDS[(*word * 10 + *word / WORDS.len()) % WORDS.len()];
        let space = if position == 0 && before.is_empty() { "" } else { " " };
        tokens.push(if word.is_multiple_of(23) { format!("{space}**{text}**") } else { format!("{space}{text}") });
    }
    tokens.push(after.to_owned());
    tokens
}

fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

fn ms_since(start: Instant) -> f64 {
    start.elapsed().as_secs_f64() * 1e3
}
