//! Measures how well a speed can be predicted: the rates that the engine's benchmark finds, over the bytes that a token
//! needs, against what the engine then writes. Both sides of a round see the same computer.
//!
//! `bench-plan --json` prints one object of dotted names and numbers. The engine is this very program.

#[path = "random_model.rs"]
mod random_model;

use std::{
    error::Error,
    fs::File,
    io::{BufReader, Write},
    path::{Path, PathBuf},
    time::Instant,
};

use clap::Parser;
use paddock_engine_api::{
    EngineCommand, EngineHost, GenerationEvent, HostConfig,
    protocol::{ChatMessage, ChatRole, GenerateParams, LoadParams, Loaded, Sampling},
};
use paddock_gguf::{Limits, TensorType};
use paddock_hardware::Rates;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Predicts speeds, then measures them.
#[derive(Debug, Parser)]
struct Arguments {
    /// Print one JSON object instead of a table.
    #[arg(long)]
    json: bool,
    /// How often each model has its turn.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
}

/// Models of 1B parameters: the smallest that fill more than a cache.
const MIXES: [&str; 2] = ["q8_0", "q4_k_m"];
const N_CTX: u32 = 1024;
const ANSWER_TOKENS: u32 = 64;

/// What one round of one model gave, in tokens per second.
struct Round {
    predicted: f64,
    measured: f64,
}

fn main() -> Result<()> {
    if paddock_engine::is_engine_process() {
        paddock_engine::main();
    }
    let arguments = Arguments::parse();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let metrics = runtime.block_on(measure(arguments.rounds))?;
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

async fn measure(rounds: u32) -> Result<serde_json::Map<String, serde_json::Value>> {
    let models = MIXES.iter().map(|mix| Ok((*mix, made_up_model(mix)?))).collect::<Result<Vec<_>>>()?;
    let host = EngineHost::new(EngineCommand::this_executable()?, HostConfig::default())?;
    let mut results: Vec<Vec<Round>> = models.iter().map(|_| Vec::new()).collect();
    let mut benchmark_ms = Vec::new();
    for round in 1..=rounds {
        for ((mix, path), results) in models.iter().zip(&mut results) {
            let started = Instant::now();
            let rates = processor_rates(&host).await?;
            benchmark_ms.push(started.elapsed().as_secs_f64() * 1e3);
            let params = LoadParams { path: path.clone(), n_ctx: Some(N_CTX), ..LoadParams::default() };
            let loaded = host.load(params, |_| {}).await?;
            let predicted = 1.0 / seconds_per_token(path, &loaded, &rates)?;
            let measured = tokens_per_second(&host).await?;
            host.unload().await?;
            eprintln!(
                "round {round}, {mix}: predicted {predicted:.2}, measured {measured:.2} tok/s, ratio {:.3}; {:.1} {:.1} {:.1} {:.1} GB/s",
                predicted / measured,
                rates.f16_gb_s,
                rates.q8_0_gb_s,
                rates.k_quants_gb_s,
                rates.i_quants_gb_s
            );
            results.push(Round { predicted, measured });
        }
    }
    host.stop().await;
    let mut metrics = serde_json::Map::new();
    metrics.insert("plan.benchmark_ms".into(), median(benchmark_ms.into_iter()).into());
    for ((mix, _), rounds) in models.iter().zip(&results) {
        let mut insert = |name: &str, value: &dyn Fn(&Round) -> f64| {
            metrics.insert(format!("plan.{mix}.{name}"), median(rounds.iter().map(value)).into());
        };
        insert("predicted_tok_s", &|round| round.predicted);
        insert("measured_tok_s", &|round| round.measured);
        insert("prediction_ratio", &|round| round.predicted / round.measured);
    }
    Ok(metrics)
}

/// Made once.
fn made_up_model(mix: &str) -> Result<PathBuf> {
    let folder = std::env::var_os("PADDOCK_CACHE_DIR").map_or_else(std::env::temp_dir, PathBuf::from);
    std::fs::create_dir_all(&folder)?;
    let path = std::path::absolute(folder.join(format!("random-1b-{mix}.gguf")))?;
    if !path.exists() {
        eprintln!("Making {} …", path.display());
        let arguments = ["random-model", "--shape", "1b", "--type", mix, "--out"].map(Into::into);
        let arguments = arguments.into_iter().chain([path.clone().into_os_string()]);
        random_model::make(&random_model::Arguments::try_parse_from(arguments)?)?;
    }
    Ok(path)
}

/// The models are on the processor, as in every build without a GPU backend.
async fn processor_rates(host: &EngineHost) -> Result<Rates> {
    let devices = host.benchmark().await?;
    let cpu = devices.iter().find(|device| device.device == "CPU").ok_or("the processor was not measured")?;
    Ok(cpu.rates)
}

/// Every weight is read once for a token, and the keys and values of the tokens before it. Of the embeddings one row is
/// read, but they are the output layer too in a model that has none.
fn seconds_per_token(path: &Path, loaded: &Loaded, rates: &Rates) -> Result<f64> {
    let file = File::open(path)?;
    let file_len = file.metadata()?.len();
    let header = paddock_gguf::read(BufReader::new(file), Some(file_len), &Limits::default())?;
    let tied = !header.tensors.iter().any(|tensor| tensor.name == "output.weight");
    let read = header.tensors.iter().filter(|tensor| tied || tensor.name != "token_embd.weight");
    let weights: f64 = read.map(|tensor| tensor.n_bytes as f64 / rate_of(tensor.tensor_type, rates) / 1e9).sum();
    let kv_bytes: u64 = loaded.buffers.iter().map(|buffer| buffer.kv_bytes).sum();
    let kv_read = kv_bytes as f64 / f64::from(loaded.n_ctx) * f64::from(ANSWER_TOKENS) / 2.0;
    Ok(weights + kv_read / rates.f16_gb_s / 1e9)
}

fn rate_of(tensor_type: TensorType, rates: &Rates) -> f64 {
    match tensor_type.name() {
        name if name.starts_with("IQ") => rates.i_quants_gb_s,
        name if name.ends_with("_K") => rates.k_quants_gb_s,
        name if name.starts_with('Q') => rates.q8_0_gb_s,
        _ => rates.f16_gb_s,
    }
}

async fn tokens_per_second(host: &EngineHost) -> Result<f64> {
    let mut generation = host.generate(GenerateParams {
        messages: vec![ChatMessage::new(ChatRole::User, "Where do the horses sleep tonight?")],
        sampling: Sampling { temperature: 0.0, ..Sampling::default() },
        max_tokens: Some(ANSWER_TOKENS),
        ..GenerateParams::default()
    });
    loop {
        if let GenerationEvent::Done { timings, .. } = generation.next().await? {
            // The first token comes out of the prompt's computation.
            return Ok(f64::from(timings.predicted_n - 1) * 1e3 / timings.predicted_ms);
        }
    }
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
