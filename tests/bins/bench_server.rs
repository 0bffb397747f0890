//! Measures what the local server adds to a token: the scripted engine writes the time into every token, and a client over
//! a real connection compares it with its own clock. The same without the server, through the app alone, stands beside it.
//!
//! `bench-server --json` prints one object of dotted names and numbers. The scripted engine lies beside this program.

use std::{
    error::Error,
    io::Write as _,
    net::SocketAddr,
    time::{SystemTime, UNIX_EPOCH},
};

use clap::Parser;
use paddock_core::{
    App, AppConfig, ChatMessage, ChatRole, Completion, CompletionEvent, DataDir, EngineCommand, GenerateParams,
    HostConfig,
};
use paddock_server::{Config, Server};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    net::TcpStream,
};

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

/// Measures the local server.
#[derive(Debug, Parser)]
struct Arguments {
    /// Print one JSON object instead of a table.
    #[arg(long)]
    json: bool,
    /// Tokens of each stream.
    #[arg(long, default_value_t = 2000)]
    tokens: u32,
    /// Tokens per second of each stream: faster than any model writes.
    #[arg(long, default_value_t = 200)]
    rate: u32,
}

const TOKEN: &str = "bench";
/// How many streams at once.
const CROWD: usize = 8;

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let metrics = runtime.block_on(measure(&arguments))?;
    let mut output = std::io::stdout().lock();
    if arguments.json {
        writeln!(output, "{}", serde_json::Value::from(metrics))?;
    } else {
        for (name, value) in metrics {
            writeln!(output, "{name:40} {value}")?;
        }
    }
    Ok(())
}

async fn measure(arguments: &Arguments) -> Result<serde_json::Map<String, serde_json::Value>> {
    let folder = std::env::temp_dir().join(format!("paddock-bench-server-{}", std::process::id()));
    let beside = std::env::current_exe()?.with_file_name(format!("scripted-engine{}", std::env::consts::EXE_SUFFIX));
    let engine = EngineCommand { program: beside, args: vec!["engine".into()] };
    let app = App::open_for_command(AppConfig { data: DataDir::at(&folder), engine, host: HostConfig::default() })?;
    let mut settings = app.server_settings().await?;
    settings.n_parallel = u32::try_from(CROWD)?;
    app.set_server_settings(settings).await?;
    let config = Config { host: None, port: 0, token: TOKEN.into(), allowed_origins: Vec::new() };
    let server = Server::start(app.clone(), config).await?;
    let order = format!("stamps {} at {}", arguments.tokens, arguments.rate);
    // The first loads the model.
    through_app(&app, "stamps 10 at 100").await?;

    let mut metrics = serde_json::Map::new();
    note(&mut metrics, "app.token", through_app(&app, &order).await?);
    note(&mut metrics, "server.token", through_server(server.address(), &order).await?);
    let streams = (0..CROWD).map(|_| {
        let (address, order) = (server.address(), order.clone());
        tokio::spawn(async move { through_server(address, &order).await })
    });
    let mut all = Vec::new();
    for stream in streams.collect::<Vec<_>>() {
        all.extend(stream.await??);
    }
    note(&mut metrics, &format!("server.token_of_{CROWD}"), all);
    server.stop().await;
    app.shut_down().await;
    // It is the system's to clean up otherwise.
    let _left = std::fs::remove_dir_all(folder);
    Ok(metrics)
}

/// Milliseconds from the engine to whoever hears the app's events.
async fn through_app(app: &App, order: &str) -> Result<Vec<f64>> {
    let mut delays = Vec::new();
    let messages = vec![ChatMessage::new(ChatRole::User, order)];
    let params = GenerateParams { messages, ..GenerateParams::default() };
    app.complete(Completion { params, ..Completion::default() }, |event| {
        if let CompletionEvent::Text { text, .. } = event {
            delays.extend(since(&text));
        }
    })
    .await?;
    Ok(delays)
}

/// Milliseconds from the engine to the client's end of a connection.
async fn through_server(address: SocketAddr, order: &str) -> Result<Vec<f64>> {
    let body = serde_json::json!({ "messages": [{ "role": "user", "content": order }], "stream": true }).to_string();
    let mut stream = TcpStream::connect(address).await?;
    let head = format!(
        "POST /v1/chat/completions HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {TOKEN}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(format!("{head}{body}").as_bytes()).await?;
    let mut lines = BufReader::new(stream).lines();
    let mut delays = Vec::new();
    while let Some(line) = lines.next_line().await? {
        let now = now_ns();
        let Some(json) = line.strip_prefix("data: {") else { continue };
        let event: serde_json::Value = serde_json::from_str(&format!("{{{json}"))?;
        let stamp = event["choices"][0]["delta"]["content"].as_str().and_then(|text| text.trim().parse().ok());
        delays.extend(stamp.map(|stamp: u64| now.saturating_sub(stamp) as f64 / 1e6));
    }
    Ok(delays)
}

fn since(stamp: &str) -> Option<f64> {
    let stamp: u64 = stamp.trim().parse().ok()?;
    Some(now_ns().saturating_sub(stamp) as f64 / 1e6)
}

fn now_ns() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| u64::try_from(since.as_nanos()).unwrap_or(u64::MAX))
}

fn note(metrics: &mut serde_json::Map<String, serde_json::Value>, name: &str, mut delays: Vec<f64>) {
    delays.sort_by(f64::total_cmp);
    for (word, part) in [("p50", 0.5), ("p99", 0.99), ("max", 1.0)] {
        let at = ((delays.len() as f64 * part).ceil() as usize).clamp(1, delays.len().max(1)) - 1;
        if let Some(delay) = delays.get(at) {
            metrics.insert(format!("{name}_{word}_ms"), (*delay).into());
        }
    }
}
