//! Measures a model that is twice as large as the memory it may use: what it writes against what its disk reads, both in
//! the same run. Linux, where a control group can be made.
//!
//! `bench-larger --json` prints one object of dotted names and numbers. The engine is this very program.

#[path = "random_model.rs"]
mod random_model;

use std::{error::Error, fs::File, io::Write, path::Path};

use clap::Parser;
use paddock_core::{
    App, AppConfig, DataDir, EngineCommand, HostConfig,
    view::{ChatEvent, ChatRequest, ChatSetup, LoadSettings, LoadWish, LoadingSettings, Message, SamplingChoice},
};

type Result<T> = std::result::Result<T, Box<dyn Error>>;
/// Names with their numbers, in the order of measuring.
type Metrics = serde_json::Map<String, serde_json::Value>;

/// Measures a model that is larger than the memory it may use.
#[derive(Debug, Parser)]
struct Arguments {
    /// Print one JSON object instead of a table.
    #[arg(long)]
    json: bool,
    /// What the engine may use, in MB; the model has about twice that.
    #[arg(long, default_value_t = 400, value_parser = clap::value_parser!(u64).range(200..))]
    limit_mb: u64,
    /// Tokens to write.
    #[arg(long, default_value_t = 24, value_parser = clap::value_parser!(u32).range(2..))]
    tokens: u32,
}

/// Bytes of a layer of Llama 3.2 1B in Q4_0, in MB: 60.8 million weights of 4.5 bits.
const LAYER_MB: u64 = 34;

fn main() -> Result<()> {
    if paddock_engine::is_engine_process() {
        paddock_engine::main();
    }
    let arguments = Arguments::parse();
    let folder = tempfile::tempdir()?;
    let model = folder.path().join("larger.gguf");
    let layers = (2 * arguments.limit_mb / LAYER_MB).to_string();
    let out = model.to_string_lossy().into_owned();
    let shape =
        ["random-model", "--shape", "1b", "--layers", &layers, "--vocab", "2048", "--type", "q4_0", "--out", &out];
    random_model::make(&random_model::Arguments::try_parse_from(shape)?)?;
    let metrics = tokio::runtime::Runtime::new()?.block_on(measure(folder.path(), &model, &arguments))?;
    let mut out = std::io::stdout();
    if arguments.json {
        writeln!(out, "{}", serde_json::Value::Object(metrics))?;
    } else {
        for (name, value) in &metrics {
            writeln!(out, "{name:<44} {value}")?;
        }
    }
    Ok(())
}

async fn measure(folder: &Path, model: &Path, arguments: &Arguments) -> Result<Metrics> {
    forget(model)?;
    let before_gb_s = paddock_hardware::read_speed(model).ok_or("the disk's speed cannot be measured here")?;
    let app = App::open_for_command(AppConfig {
        data: DataDir::at(folder.join("data")),
        engine: EngineCommand::this_executable()?,
        host: HostConfig::default(),
    })?;
    let ram_limit_bytes = Some(arguments.limit_mb * 1_000_000);
    app.set_loading_settings(LoadingSettings { ram_limit_bytes, ..LoadingSettings::default() }).await?;
    let settings = LoadSettings { n_ctx: Some(512), ..LoadSettings::default() };
    let path = model.to_string_lossy().into_owned();
    app.load_model_as(path, settings, LoadWish { anyway: true, ..LoadWish::default() }).await?;
    let notes = app.engine_notes().borrow().clone();
    let from_disk = notes.from_disk.ok_or("the model is not larger than the memory it may use")?;
    if !notes.ram_limit.is_some_and(|limit| limit.enforced) {
        return Err("the limit on memory cannot be enforced here: no control group can be made".into());
    }
    // The first answer fills the memory that there is.
    answer(&app, 2).await?;
    let timings = answer(&app, arguments.tokens).await?.timings.ok_or("the answer came without its times")?;
    let live = app.engine_notes().borrow().from_disk.and_then(|from_disk| from_disk.live).unwrap_or_default();
    app.unload_model().await;
    let after_gb_s = paddock_hardware::read_speed(model).unwrap_or(before_gb_s);
    app.shut_down().await;

    // What the disk reads varies; the better of both is what it can.
    let read_gb_s = before_gb_s.max(after_gb_s);
    let tok_s = f64::from(timings.predicted_n) / timings.predicted_ms * 1e3;
    let (least, most) = (from_disk.least_bytes as f64, from_disk.most_bytes as f64);
    let file_bytes = std::fs::metadata(model)?.len();
    let mut metrics = Metrics::new();
    let mut put = |name: &str, value: f64| metrics.insert(format!("larger_than_ram.{name}"), value.into());
    put("model_bytes", file_bytes as f64);
    put("limit_bytes", arguments.limit_mb as f64 * 1e6);
    put("disk_read_gb_s", read_gb_s);
    put("missing_bytes", least);
    put("weights_bytes", most);
    put("token_s", 1.0 / tok_s);
    put("read_bytes_per_token", live.read_bytes as f64 / f64::from(live.n_tokens.max(1)));
    put("of_disk_if_all_is_read_ratio", tok_s / (read_gb_s * 1e9 / most));
    put("of_disk_if_the_rest_is_read_ratio", tok_s / (read_gb_s * 1e9 / least));
    Ok(metrics)
}

async fn answer(app: &App, n: u32) -> Result<Message> {
    let sampling = SamplingChoice { max_tokens: Some(n), temperature: Some(0.0), ..SamplingChoice::default() };
    let request = ChatRequest {
        conversation_id: None,
        parent_id: None,
        content: "hi".into(),
        attachments: Vec::new(),
        setup: Some(ChatSetup { sampling, ..ChatSetup::default() }),
    };
    let mut last = None;
    app.chat_send(request, |event| {
        if let ChatEvent::Done { message } = event {
            last = Some(*message);
        }
    })
    .await?;
    last.ok_or_else(|| "the answer has no end".into())
}

/// Nothing of the file stays in the system's cache, which would belong to nobody who is limited.
#[cfg(target_os = "linux")]
fn forget(model: &Path) -> Result<()> {
    let file = File::open(model)?;
    file.sync_all()?;
    rustix::fs::fadvise(&file, 0, None, rustix::fs::Advice::DontNeed)?;
    Ok(())
}

#[cfg(not(target_os = "linux"))]
fn forget(model: &Path) -> Result<()> {
    File::open(model)?.sync_all()?;
    Ok(())
}
