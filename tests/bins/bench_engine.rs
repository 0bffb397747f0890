//! Measures what the engine process costs: [`EngineHost`] with a real engine against a bare loop over llama-cpp-2 in
//! this process, on the same model, taking turns, so that whatever else the computer does hits both alike.
//!
//! `bench-engine --json` prints one object of dotted names and numbers. The engine is this very program.

#[path = "random_model.rs"]
mod random_model;

use std::{
    error::Error,
    io::Write,
    num::NonZeroU32,
    path::{Path, PathBuf},
    time::Instant,
};

use clap::Parser;
use llama_cpp_2::{
    context::{LlamaContext, params::LlamaContextParams},
    llama_backend::LlamaBackend,
    llama_batch::LlamaBatch,
    model::{LlamaModel, params::LlamaModelParams},
    sampling::LlamaSampler,
    token::LlamaToken,
};
use paddock_engine_api::{
    EngineCommand, EngineHost, Generation, GenerationEvent, HostConfig,
    output::Speculation,
    protocol::{ChatMessage, ChatRole, GenerateParams, LoadParams, Loaded, Sampling, Timings},
};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Measures the engine.
#[derive(Debug, Parser)]
struct Arguments {
    /// Print one JSON object instead of a table.
    #[arg(long)]
    json: bool,
    /// Measure on this model instead of a made-up one of 1.3 GB.
    #[arg(long)]
    model: Option<PathBuf>,
    /// How often both take their turn.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// CPU threads; the engine's own choice if not given.
    #[arg(long)]
    threads: Option<u32>,
}

const PROMPT_TOKENS: u32 = 512;
const ANSWER_TOKENS: u32 = 64;
const N_CTX: u32 = 2048;
/// On the self-test model, whose tokens take so little time that the way between the processes shows.
const SMALL_ROUNDS: u32 = 15;
const SMALL_ANSWER_TOKENS: u32 = 200;

/// Answers at once, and their length.
const STREAMS: u32 = 8;
const STREAM_TOKENS: u32 = 32;
const PARALLEL_ROUNDS: u32 = 3;
/// Length of the answer that is guessed.
const GUESSED_TOKENS: u32 = 400;

/// Names with their numbers, in the order of measuring.
type Metrics = serde_json::Map<String, serde_json::Value>;

fn main() -> Result<()> {
    if paddock_engine::is_engine_process() {
        paddock_engine::main();
    }
    let arguments = Arguments::parse();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let metrics = runtime.block_on(measure(&arguments))?;
    let mut out = std::io::stdout().lock();
    if arguments.json {
        writeln!(out, "{}", serde_json::to_string_pretty(&metrics)?)?;
    } else {
        for (name, value) in metrics {
            writeln!(out, "{name:<36}{value}")?;
        }
    }
    Ok(())
}

async fn measure(arguments: &Arguments) -> Result<Metrics> {
    let mut backend = LlamaBackend::init()?;
    backend.void_logs();
    let mut metrics = Metrics::new();
    let large = match &arguments.model {
        Some(path) => std::path::absolute(path)?,
        None => made_up_model()?,
    };
    let size_bytes = std::fs::metadata(&large)?.len();
    metrics.insert("engine.model_gb".into(), (size_bytes as f64 / 1e9).into());
    compare_large(&backend, arguments, large.clone(), &mut metrics).await?;
    let small = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models/self-test/paddock-self-test-q8_0.gguf");
    let small = small.canonicalize()?;
    compare_small(&backend, arguments, small.clone(), &mut metrics).await?;
    compare_parallel(arguments, large, &mut metrics).await?;
    // The self-test model, asked to say again what is in its prompt.
    let numbers: Vec<String> = (1..=300).map(|n: u32| n.to_string()).collect();
    let question = message(ChatRole::User, "Count to 300.");
    let copies = vec![question.clone(), message(ChatRole::Assistant, &numbers.join(", ")), question];
    compare_guessing(arguments, small, copies, &mut metrics).await?;
    Ok(metrics)
}

/// A model of 1.3 GB with random weights, made once.
fn made_up_model() -> Result<PathBuf> {
    let folder = std::env::var_os("PADDOCK_CACHE_DIR").map_or_else(std::env::temp_dir, PathBuf::from);
    std::fs::create_dir_all(&folder)?;
    let path = std::path::absolute(folder.join("random-1b-q8_0.gguf"))?;
    if !path.exists() {
        eprintln!("Making {} …", path.display());
        let arguments = ["random-model", "--shape", "1b", "--type", "q8_0", "--out"].map(Into::into);
        let arguments = arguments.into_iter().chain([path.clone().into_os_string()]);
        random_model::make(&random_model::Arguments::try_parse_from(arguments)?)?;
    }
    Ok(path)
}

/// What one turn gave.
struct Turn {
    prompt_tokens: u32,
    prompt_tok_s: f64,
    answer_tokens: u32,
    generation_tok_s: f64,
}

async fn compare_large(
    backend: &LlamaBackend,
    arguments: &Arguments,
    path: PathBuf,
    metrics: &mut Metrics,
) -> Result<()> {
    let host = Host::start(arguments, path.clone(), Some(N_CTX)).await?;
    let question = host.question(PROMPT_TOKENS).await?;
    let model = load_bare(backend, &path)?;
    let mut bare = Bare::new(backend, &model, &host.loaded)?;
    let mut turns = Vec::new();
    for round in 1..=arguments.rounds {
        // A fresh load, so that nothing of the prompt is in the KV cache.
        host.load().await?;
        let host_turn = host.turn(&question, ANSWER_TOKENS).await?;
        let bare_turn = bare.turn(host_turn.prompt_tokens, host_turn.answer_tokens)?;
        eprintln!(
            "round {round}: {} tokens understood at {:.1} bare, {:.1} host; written at {:.2} bare, {:.2} host (tok/s)",
            host_turn.prompt_tokens,
            bare_turn.prompt_tok_s,
            host_turn.prompt_tok_s,
            bare_turn.generation_tok_s,
            host_turn.generation_tok_s
        );
        turns.push((bare_turn, host_turn));
    }
    host.host.stop().await;
    let mut insert = |name: &str, value: &dyn Fn(&(Turn, Turn)) -> f64| {
        metrics.insert(format!("engine.{name}"), median(turns.iter().map(value).collect()).into());
    };
    insert("prompt_bare_tok_s", &|(bare, _)| bare.prompt_tok_s);
    insert("prompt_host_tok_s", &|(_, host)| host.prompt_tok_s);
    // Of each round, not of the medians: both sides of a round saw the same computer.
    insert("prompt_ratio", &|(bare, host)| host.prompt_tok_s / bare.prompt_tok_s);
    insert("generation_bare_tok_s", &|(bare, _)| bare.generation_tok_s);
    insert("generation_host_tok_s", &|(_, host)| host.generation_tok_s);
    insert("generation_ratio", &|(bare, host)| host.generation_tok_s / bare.generation_tok_s);
    Ok(())
}

async fn compare_small(
    backend: &LlamaBackend,
    arguments: &Arguments,
    path: PathBuf,
    metrics: &mut Metrics,
) -> Result<()> {
    let mut starts_ms = Vec::new();
    for _ in 0..arguments.rounds {
        let started = Instant::now();
        let host = Host::start(arguments, path.clone(), None).await?;
        starts_ms.push(started.elapsed().as_secs_f64() * 1e3);
        host.host.stop().await;
    }
    metrics.insert("engine.start_and_load_ms".into(), median(starts_ms).into());

    let host = Host::start(arguments, path.clone(), None).await?;
    let mut conversation = vec![message(ChatRole::User, "What is the capital of France?")];
    let (answer, first) = host.answer(conversation.clone()).await?;
    conversation.extend([message(ChatRole::Assistant, &answer), message(ChatRole::User, "What is 2+2?")]);
    let (_, second) = host.answer(conversation).await?;
    metrics.insert("engine.first_turn_prompt_n".into(), first.prompt_n.into());
    metrics.insert("engine.second_turn_prompt_n".into(), second.prompt_n.into());
    metrics.insert("engine.second_turn_cache_n".into(), second.cache_n.into());

    let model = load_bare(backend, &path)?;
    let mut bare = Bare::new(backend, &model, &host.loaded)?;
    let question = message(ChatRole::User, "Count to 300.");
    let prompt_tokens = host.host.count_tokens(vec![question.clone()], false).await?;
    let (mut bare_us, mut host_us) = (f64::INFINITY, f64::INFINITY);
    for _ in 0..SMALL_ROUNDS {
        let host_turn = host.turn(&question, SMALL_ANSWER_TOKENS).await?;
        let bare_turn = bare.turn(prompt_tokens, host_turn.answer_tokens)?;
        // The quickest turn is the one that nothing else disturbed.
        host_us = host_us.min(1e6 / host_turn.generation_tok_s);
        bare_us = bare_us.min(1e6 / bare_turn.generation_tok_s);
    }
    host.host.stop().await;
    metrics.insert("engine.small_bare_us_per_token".into(), bare_us.into());
    metrics.insert("engine.ipc_overhead_us_per_token".into(), (host_us - bare_us).into());
    Ok(())
}

/// Several answers at once against the same ones after each other.
async fn compare_parallel(arguments: &Arguments, path: PathBuf, metrics: &mut Metrics) -> Result<()> {
    let host = Host::start_with(LoadParams {
        path,
        n_ctx: Some(N_CTX),
        n_threads: arguments.threads,
        n_parallel: STREAMS,
        ..Default::default()
    })
    .await?;
    let ask = |n: u32| GenerateParams {
        messages: vec![message(ChatRole::User, &format!("Where do the {n} horses sleep tonight?"))],
        sampling: greedy(),
        max_tokens: Some(STREAM_TOKENS),
        speculation: Speculation::Off,
        ..Default::default()
    };
    let mut ratios = Vec::new();
    let mut totals = Vec::new();
    for round in 0..arguments.rounds.min(PARALLEL_ROUNDS) {
        // Other questions in every turn, so that nothing of them is in the KV cache.
        let numbers = |turn: u32| (0..STREAMS).map(move |n| 1000 + (round * 2 + turn) * STREAMS + n);
        let started = Instant::now();
        let mut tokens = 0;
        for n in numbers(0) {
            tokens += finish(&mut host.host.generate(ask(n))).await?.predicted_n;
        }
        let one_by_one = f64::from(tokens) / started.elapsed().as_secs_f64();
        let started = Instant::now();
        let mut tokens = 0;
        let mut streams: Vec<_> = numbers(1).map(|n| host.host.generate(ask(n))).collect();
        for stream in &mut streams {
            tokens += finish(stream).await?.predicted_n;
        }
        let at_once = f64::from(tokens) / started.elapsed().as_secs_f64();
        eprintln!("{STREAMS} answers: {one_by_one:.2} tok/s after each other, {at_once:.2} at once");
        totals.push(at_once);
        ratios.push(at_once / one_by_one);
    }
    host.host.stop().await;
    metrics.insert(format!("engine.parallel_{STREAMS}_tok_s"), median(totals).into());
    metrics.insert(format!("engine.parallel_{STREAMS}_ratio"), median(ratios).into());
    Ok(())
}

/// The same answer plain, with guesses, and with guesses where they are found to be faster.
async fn compare_guessing(
    arguments: &Arguments,
    path: PathBuf,
    messages: Vec<ChatMessage>,
    metrics: &mut Metrics,
) -> Result<()> {
    let host =
        Host::start_with(LoadParams { path, n_ctx: Some(4096), n_threads: arguments.threads, ..Default::default() })
            .await?;
    let ask = |speculation| GenerateParams {
        messages: messages.clone(),
        sampling: greedy(),
        max_tokens: Some(GUESSED_TOKENS),
        speculation,
        ..Default::default()
    };
    let mut ratios = [Vec::new(), Vec::new()];
    for _ in 0..arguments.rounds.min(PARALLEL_ROUNDS) {
        let plain = speed(finish(&mut host.host.generate(ask(Speculation::Off))).await?);
        for (ratios, speculation) in ratios.iter_mut().zip([Speculation::On, Speculation::Auto]) {
            let timings = finish(&mut host.host.generate(ask(speculation))).await?;
            let guessed = speed(timings);
            let Timings { draft_n, draft_accepted_n, .. } = timings;
            eprintln!(
                "copying: {plain:.1} tok/s plain, {guessed:.1} {speculation:?}, {draft_accepted_n} of {draft_n} right"
            );
            ratios.push(guessed / plain);
        }
    }
    host.host.stop().await;
    let [on, auto] = ratios;
    metrics.insert("engine.guessing_ratio".into(), median(on).into());
    metrics.insert("engine.guessing_auto_ratio".into(), median(auto).into());
    Ok(())
}

async fn finish(generation: &mut Generation) -> Result<Timings> {
    loop {
        if let GenerationEvent::Done { timings, .. } = generation.next().await? {
            return Ok(timings);
        }
    }
}

fn speed(timings: Timings) -> f64 {
    f64::from(timings.predicted_n) * 1e3 / timings.predicted_ms
}

/// The engine process with a model.
struct Host {
    host: EngineHost,
    params: LoadParams,
    loaded: Loaded,
}

impl Host {
    async fn start(arguments: &Arguments, path: PathBuf, n_ctx: Option<u32>) -> Result<Self> {
        Self::start_with(LoadParams { path, n_ctx, n_threads: arguments.threads, ..LoadParams::default() }).await
    }

    async fn start_with(params: LoadParams) -> Result<Self> {
        let host = EngineHost::new(EngineCommand::this_executable()?, HostConfig::default())?;
        let loaded = host.load(params.clone(), |_| {}).await?;
        Ok(Self { host, params, loaded })
    }

    /// Load the model once more.
    async fn load(&self) -> Result<()> {
        self.host.load(self.params.clone(), |_| {}).await?;
        Ok(())
    }

    /// A message that makes a prompt of about `tokens` tokens.
    async fn question(&self, tokens: u32) -> Result<ChatMessage> {
        const SAMPLE_WORDS: u32 = 100;
        let words = |n: u32| message(ChatRole::User, &"Where do the horses sleep tonight? ".repeat(n as usize));
        let empty = self.host.count_tokens(vec![words(0)], false).await?;
        let sample = self.host.count_tokens(vec![words(SAMPLE_WORDS)], false).await?;
        Ok(words(tokens.saturating_sub(empty) * SAMPLE_WORDS / (sample - empty)))
    }

    async fn answer(&self, messages: Vec<ChatMessage>) -> Result<(String, Timings)> {
        let mut generation = self.host.generate(GenerateParams { messages, sampling: greedy(), ..Default::default() });
        let mut answer = String::new();
        loop {
            match generation.next().await? {
                GenerationEvent::Text { text, .. } => answer.push_str(&text),
                GenerationEvent::Done { timings, .. } => return Ok((answer, timings)),
                GenerationEvent::Prompt { .. } => {}
            }
        }
    }

    /// Writing is timed where its tokens arrive, from the first one to the last.
    async fn turn(&self, question: &ChatMessage, max_tokens: u32) -> Result<Turn> {
        let mut generation = self.host.generate(GenerateParams {
            messages: vec![question.clone()],
            sampling: greedy(),
            max_tokens: Some(max_tokens),
            // The bare loop guesses nothing either.
            speculation: Speculation::Off,
            ..Default::default()
        });
        let mut first = None;
        let mut last = (Instant::now(), 0);
        loop {
            match generation.next().await? {
                // At the end may come the rest of the last token's text, later and under the same number.
                GenerationEvent::Text { predicted_n, .. } if predicted_n > last.1 => {
                    last = (Instant::now(), predicted_n);
                    first = first.or(Some(last.0));
                }
                GenerationEvent::Done { timings, .. } => {
                    let (last, answer_tokens) = last;
                    let first = first.filter(|_| answer_tokens > 1).ok_or("the answer has less than two tokens")?;
                    return Ok(Turn {
                        prompt_tokens: timings.prompt_n,
                        prompt_tok_s: f64::from(timings.prompt_n) * 1e3 / timings.prompt_ms,
                        answer_tokens,
                        generation_tok_s: f64::from(answer_tokens - 1) / (last - first).as_secs_f64(),
                    });
                }
                GenerationEvent::Text { .. } | GenerationEvent::Prompt { .. } => {}
            }
        }
    }
}

fn load_bare(backend: &LlamaBackend, path: &Path) -> Result<LlamaModel> {
    Ok(LlamaModel::load_from_file(backend, path, &LlamaModelParams::default())?)
}

/// The loop that everybody writes first.
struct Bare<'a> {
    model: &'a LlamaModel,
    context: LlamaContext<'a>,
    sampler: LlamaSampler,
}

impl<'a> Bare<'a> {
    /// With as many threads and as much context as the engine uses.
    fn new(backend: &LlamaBackend, model: &'a LlamaModel, engine: &Loaded) -> Result<Self> {
        let threads = i32::try_from(engine.n_threads)?;
        let params = LlamaContextParams::default()
            .with_n_ctx(NonZeroU32::new(engine.n_ctx))
            .with_n_batch(engine.n_ctx.min(2048))
            .with_n_ubatch(512)
            .with_n_threads(threads)
            .with_n_threads_batch(threads);
        let mut bare = Self { model, context: model.new_context(backend, params)?, sampler: LlamaSampler::greedy() };
        bare.turn(1, 2)?;
        Ok(bare)
    }

    /// Which tokens the prompt consists of makes no difference to the time it takes.
    fn turn(&mut self, prompt_tokens: u32, answer_tokens: u32) -> Result<Turn> {
        const ORDINARY_TOKENS: u32 = 200;
        self.context.clear_kv_cache();
        let mut batch = LlamaBatch::new(prompt_tokens as usize, 1);
        for position in 0..prompt_tokens {
            let token = LlamaToken(i32::try_from(position * 7 % ORDINARY_TOKENS)?);
            batch.add(token, i32::try_from(position)?, &[0], position + 1 == prompt_tokens)?;
        }
        let started = Instant::now();
        self.context.decode(&mut batch)?;
        self.context.synchronize();
        let prompt = started.elapsed();
        let mut piece = Vec::new();
        let mut first = Instant::now();
        let mut last = first;
        for n in 0..answer_tokens {
            let token = self.sampler.sample(&self.context, -1);
            piece.clear();
            self.model.vocab().token_to_piece_into(token, &mut piece, false, None);
            last = Instant::now();
            if n == 0 {
                first = last;
            }
            batch.clear();
            batch.add(token, i32::try_from(prompt_tokens + n)?, &[0], true)?;
            self.context.decode(&mut batch)?;
        }
        Ok(Turn {
            prompt_tokens,
            prompt_tok_s: f64::from(prompt_tokens) / prompt.as_secs_f64(),
            answer_tokens,
            generation_tok_s: f64::from(answer_tokens - 1) / (last - first).as_secs_f64(),
        })
    }
}

fn message(role: ChatRole, content: &str) -> ChatMessage {
    ChatMessage::new(role, content)
}

fn greedy() -> Sampling {
    Sampling { temperature: 0.0, ..Sampling::default() }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
