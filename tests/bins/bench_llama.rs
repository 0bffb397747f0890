//! Paddock's side of the comparison with llama.cpp's own server: how soon a model is ready, how soon the tenth turn of a
//! chat begins to be answered, how fast several answers are written at once, and what all that takes of main memory.
//!
//! `bench-llama --model FILE --chat FILE` prints one object of names and numbers. The chat is a JSON array of messages
//! whose user turns are asked one after the other; `scripts/bench/llama.mjs` asks llama-server the same. The engine is
//! this very program.

use std::{error::Error, io::Write, path::PathBuf, time::Instant};

use clap::Parser;
use paddock_engine_api::{
    EngineCommand, EngineHost, GenerationEvent, HostConfig, Life,
    protocol::{ChatMessage, ChatRole, GenerateParams, LoadParams, Sampling},
};
use serde_json::json;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

#[derive(Debug, Parser)]
struct Arguments {
    #[arg(long)]
    model: PathBuf,
    /// A JSON array of `{role, content}`.
    #[arg(long)]
    chat: PathBuf,
    /// Context of the chat, in tokens.
    #[arg(long, default_value_t = 4608)]
    ctx: u32,
    #[arg(long)]
    threads: Option<u32>,
    /// Answers at once, each of so many tokens; 0: this is left out.
    #[arg(long, default_value_t = 0)]
    parallel: u32,
    #[arg(long, default_value_t = 32)]
    parallel_tokens: u32,
}

fn main() -> Result<()> {
    if paddock_engine::is_engine_process() {
        paddock_engine::main();
    }
    let arguments = Arguments::parse();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let measured = runtime.block_on(measure(&arguments))?;
    writeln!(std::io::stdout().lock(), "{measured}")?;
    Ok(())
}

async fn measure(arguments: &Arguments) -> Result<serde_json::Value> {
    let chat = read_chat(&arguments.chat)?;
    let started = Instant::now();
    let host = start(arguments, arguments.ctx, 1).await?;
    let start_and_load_ms = ms_since(started);
    let (turn_ttft_ms, turn_new_n) = turns(&host, &chat).await?;
    let peak_rss_bytes = peak_rss_bytes(&host);
    host.stop().await;
    let parallel_tok_s = match arguments.parallel {
        0 => None,
        n => Some(parallel(arguments, n).await?),
    };
    Ok(json!({
        "start_and_load_ms": start_and_load_ms, "turn_ttft_ms": turn_ttft_ms, "turn_new_n": turn_new_n,
        "peak_rss_bytes": peak_rss_bytes, "parallel_tok_s": parallel_tok_s,
    }))
}

async fn start(arguments: &Arguments, n_ctx: u32, n_parallel: u32) -> Result<EngineHost> {
    let host = EngineHost::new(EngineCommand::this_executable()?, HostConfig::default())?;
    let params = LoadParams {
        path: std::path::absolute(&arguments.model)?,
        n_ctx: Some(n_ctx),
        n_threads: arguments.threads,
        n_parallel,
        ..LoadParams::default()
    };
    host.load(params, |_| {}).await?;
    Ok(host)
}

/// Every user turn, with all that is before it: time to the first token, and tokens that were new.
async fn turns(host: &EngineHost, chat: &[ChatMessage]) -> Result<(Vec<f64>, Vec<u32>)> {
    let mut times = Vec::new();
    let mut new = Vec::new();
    for (index, message) in chat.iter().enumerate() {
        if message.role != ChatRole::User {
            continue;
        }
        let started = Instant::now();
        let mut generation = host.generate(GenerateParams { max_tokens: Some(1), ..greedy(&chat[..=index]) });
        let mut first = None;
        loop {
            match generation.next().await? {
                GenerationEvent::Text { .. } => first = first.or(Some(ms_since(started))),
                GenerationEvent::Done { timings, .. } => {
                    times.push(first.unwrap_or_else(|| ms_since(started)));
                    new.push(timings.prompt_n);
                    break;
                }
                GenerationEvent::Prompt { .. } => {}
            }
        }
    }
    Ok((times, new))
}

/// Tokens of all answers together, per second, from the first request to the last token.
async fn parallel(arguments: &Arguments, n: u32) -> Result<f64> {
    let host = start(arguments, 512 * n, n).await?;
    let started = Instant::now();
    let asked: Vec<_> = (0..n)
        .map(|index| {
            let message = ChatMessage::new(ChatRole::User, format!("Tell me about number {index}."));
            let params = GenerateParams { max_tokens: Some(arguments.parallel_tokens), ..greedy(&[message]) };
            host.generate(params)
        })
        .collect();
    let mut tokens = 0;
    for mut generation in asked {
        loop {
            if let GenerationEvent::Done { timings, .. } = generation.next().await? {
                tokens += timings.predicted_n;
                break;
            }
        }
    }
    let tok_s = f64::from(tokens) / started.elapsed().as_secs_f64();
    host.stop().await;
    Ok(tok_s)
}

fn greedy(messages: &[ChatMessage]) -> GenerateParams {
    GenerateParams {
        messages: messages.to_vec(),
        sampling: Sampling { temperature: 0.0, ..Sampling::default() },
        ..GenerateParams::default()
    }
}

fn read_chat(path: &PathBuf) -> Result<Vec<ChatMessage>> {
    Ok(serde_json::from_str(&std::fs::read_to_string(path)?)?)
}

/// `VmHWM` of proc(5); `None` where there is no such file.
fn peak_rss_bytes(host: &EngineHost) -> Option<u64> {
    let Life::Running(pid) = *host.life().borrow() else { return None };
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()? * 1024)
}

fn ms_since(start: Instant) -> f64 {
    start.elapsed().as_secs_f64() * 1e3
}
