//! Downloads, against `curl` and Python's `huggingface_hub`, from the same server on this computer in one run.
//!
//! Prints one JSON object of dotted names and numbers. The server and each client are processes of their own: this program
//! runs itself as the client. `--test-hub PATH` is the server's program; `--python PATH` a Python with `huggingface_hub`.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark that cannot go on stops, and prints its result"
)]

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use paddock_hub::remote::{Hub, HubConfig, RepoId};
use paddock_hub::transfer::{self, Options, Progress, Request, Stop};
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

const NAME: &str = "Bench-Q4_K_M.gguf";
const GB: u64 = 1_000_000_000;

/// Alternating rounds; the best of each counts, since whatever else runs here only makes it slower.
const ROUNDS: usize = 3;

/// What one download took.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Cost {
    wall_s: f64,
    /// Of all threads, in the system too.
    cpu_s: f64,
    /// Over what the process had before it began, without what belongs to the page cache.
    memory_mb: f64,
    /// From the last byte to the final name.
    last_byte_to_ready_s: f64,
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["client", endpoint, folder, connections] => client(endpoint, Path::new(folder), connections.parse().unwrap()),
        ["--test-hub", test_hub, "--python", python, "--folder", folder] => {
            let metrics = measure(Path::new(test_hub), Path::new(python), Path::new(folder));
            println!("{}", serde_json::to_string_pretty(&metrics).unwrap());
        }
        // As `cargo test --all-targets` runs it.
        _ => eprintln!("`npm run bench -- download` runs this."),
    }
}

fn measure(test_hub: &Path, python: &Path, folder: &Path) -> BTreeMap<String, f64> {
    let mut metrics = BTreeMap::new();
    let mut note = |name: &str, value: f64| {
        eprintln!("download.{name} {value:.3}");
        metrics.insert(format!("download.{name}"), value);
    };
    // A file in memory that the server hands out without touching it, to a file system in memory: what is compared is
    // the client, not the disk.
    let memory = tempfile::tempdir_in("/dev/shm").unwrap();
    let source = memory.path().join("source.gguf");
    make_model(&source, 2 * GB);
    let one = Server::start(test_hub, &source, None);
    note("one_connection_vs_curl_ratio", {
        let (mut ours, mut theirs) = (f64::MAX, f64::MAX);
        for _ in 0..ROUNDS {
            theirs = theirs.min(curl(&one, memory.path(), false));
            ours = ours.min(paddock(&one, memory.path(), 1).wall_s);
        }
        theirs / ours
    });
    // To the drive, and until it is really there: curl leaves that to the system, so a sync is part of its time.
    note("one_connection_to_disk_vs_curl_and_sync_ratio", {
        let (mut ours, mut theirs) = (f64::MAX, f64::MAX);
        for _ in 0..ROUNDS {
            theirs = theirs.min(curl(&one, folder, true));
            ours = ours.min(paddock(&one, folder, 1).wall_s);
        }
        theirs / ours
    });
    let usual =
        (0..ROUNDS).map(|_| paddock(&one, memory.path(), 8)).min_by(|a, b| a.wall_s.total_cmp(&b.wall_s)).unwrap();
    note("cpu_s_per_gb", usual.cpu_s / 2.0);
    note("memory_2gb_mb", usual.memory_mb);
    drop(one);
    fs::remove_file(&source).unwrap();

    // Each connection throttled, as CDNs do: 8 MB/s, so that neither client nor computer is what limits.
    make_model(&source, GB / 2);
    let throttled = Server::start(test_hub, &source, Some(8_000_000));
    let ours = paddock(&throttled, memory.path(), 8).wall_s;
    note("throttled_vs_huggingface_hub_ratio", huggingface_hub(&throttled, python, memory.path()) / ours);
    drop(throttled);
    fs::remove_file(&source).unwrap();

    // Ten gigabytes to the drive, from a file that the system makes up.
    let sparse = folder.join("source.gguf");
    make_model(&sparse, 10 * GB);
    let large = Server::start(test_hub, &sparse, None);
    let cost = paddock(&large, folder, 8);
    note("memory_10gb_mb", cost.memory_mb);
    note("last_byte_to_ready_10gb_s", cost.last_byte_to_ready_s);
    note("to_disk_10gb_mb_s", 10_000.0 / cost.wall_s);
    fs::remove_file(&sparse).unwrap();
    metrics
}

/// A GGUF file of some length, whose weights are zeros that take no room.
fn make_model(path: &Path, size_bytes: u64) {
    use paddock_gguf::TensorType;
    use paddock_gguf::write::{Builder, Data};
    let file = fs::File::create(path).unwrap();
    Builder::new()
        .metadata("general.architecture", "llama")
        .tensor("token_embd.weight", TensorType::F32, &[1_000_000, size_bytes / 4_000_000], Data::Zeros)
        .write(file)
        .unwrap();
}

/// The server, in a process of its own.
struct Server {
    child: Child,
    url: String,
}

impl Server {
    fn start(test_hub: &Path, source: &Path, throttle: Option<u64>) -> Self {
        let mut command = Command::new(test_hub);
        command.args(["--repo", "owner/model", "--file", &format!("{NAME}=@{}", source.display())]);
        if let Some(throttle) = throttle {
            command.args(["--throttle", &throttle.to_string()]);
        }
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut url = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut url).unwrap();
        let server = Self { child, url: url.trim().to_owned() };
        // The checksum is computed at the first question.
        let listing = format!("{}/api/models/owner/model/tree/main?recursive=true", server.url);
        assert!(Command::new("curl").args(["-sf", "-o", "/dev/null", &listing]).status().unwrap().success());
        server
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

fn paddock(server: &Server, folder: &Path, connections: usize) -> Cost {
    let place = tempfile::tempdir_in(folder).unwrap();
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["client", &server.url])
        .arg(place.path())
        .arg(connections.to_string())
        .stderr(Stdio::inherit())
        .output()
        .unwrap();
    serde_json::from_slice(&output.stdout).unwrap()
}

fn curl(server: &Server, folder: &Path, synced: bool) -> f64 {
    let place = tempfile::tempdir_in(folder).unwrap();
    let file = place.path().join(NAME);
    let url = format!("{}/owner/model/resolve/main/{NAME}", server.url);
    let since = Instant::now();
    assert!(Command::new("curl").args(["-sfL", "-o"]).arg(&file).arg(url).status().unwrap().success());
    if synced {
        fs::File::open(&file).unwrap().sync_all().unwrap();
    }
    since.elapsed().as_secs_f64()
}

fn huggingface_hub(server: &Server, python: &Path, folder: &Path) -> f64 {
    let place = tempfile::tempdir_in(folder).unwrap();
    let program = format!("from huggingface_hub import hf_hub_download; hf_hub_download('owner/model', '{NAME}')");
    let since = Instant::now();
    let done = Command::new(python)
        .args(["-c", &program])
        .env("HF_ENDPOINT", &server.url)
        .env("HF_HOME", place.path())
        .env("HF_HUB_DISABLE_PROGRESS_BARS", "1")
        .env("HF_HUB_DISABLE_XET", "1")
        .env("HF_HUB_DISABLE_TELEMETRY", "1")
        .status()
        .unwrap();
    assert!(done.success());
    since.elapsed().as_secs_f64()
}

/// One download, measured from inside.
fn client(endpoint: &str, folder: &Path, connections: usize) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let cost = runtime.block_on(async {
        let mut config = HubConfig::default();
        config.endpoint = endpoint.to_owned();
        let hub = Hub::new(config).unwrap();
        let repo = RepoId::parse("owner/model").unwrap();
        let (revision, wanted, root) = ("main".to_owned(), NAME.to_owned(), folder.to_owned());
        let request = Request { repo, revision, wanted, root };
        let options = Options { connections, ..Options::default() };
        let (tell, mut told) = watch::channel(Progress::default());
        let (_go_on, stop) = watch::channel(false);
        let (before, cpu_before, since) = (own_memory_bytes(), cpu_s(), Instant::now());
        let watching = tokio::spawn(async move {
            let (mut most, mut last_byte) = (0, None);
            while told.changed().await.is_ok() {
                let progress = told.borrow_and_update().clone();
                most = most.max(own_memory_bytes());
                if progress.total_bytes > 0 && progress.received_bytes >= progress.total_bytes {
                    last_byte.get_or_insert_with(Instant::now);
                }
            }
            (most, last_byte)
        });
        transfer::download(&hub, &request, &options, Stop::new(stop), &tell).await.unwrap();
        let (ready, wall_s, cpu_s) = (Instant::now(), since.elapsed().as_secs_f64(), cpu_s() - cpu_before);
        drop(tell);
        let (most, last_byte) = watching.await.unwrap();
        let last_byte_to_ready_s = last_byte.map_or(0.0, |at| ready.saturating_duration_since(at).as_secs_f64());
        Cost { wall_s, cpu_s, memory_mb: most.saturating_sub(before) as f64 / 1e6, last_byte_to_ready_s }
    });
    println!("{}", serde_json::to_string(&cost).unwrap());
}

fn own_memory_bytes() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let kilobytes = status.lines().find_map(|line| line.strip_prefix("RssAnon:")?.strip_suffix("kB")).unwrap();
    kilobytes.trim().parse::<u64>().unwrap() * 1_024
}

/// Processor seconds of this process so far: `utime` and `stime` of proc(5), in hundredths.
fn cpu_s() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    let hundredths: u64 = fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap();
    hundredths as f64 / 100.0
}
