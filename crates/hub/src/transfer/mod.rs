//! Downloads that always arrive.
//!
//! **Owns** the way of a model from a repository to its final name in the models folder ([`download`]), what is known
//! before the first byte ([`Order::preflight`]), and the files that lie beside it until then. **Does not own** which
//! downloads there are and in which order they run.
//!
//! **The invariant:** a file has its final name only after every byte was compared with the published SHA-256, its header
//! was read, and all of it was synced to the disk. Whatever ends the program, at most 64 MiB are fetched again.
//!
//! ```text
//! claims ── which connection fetches what
//! fetch ─── one connection ─▶ disk ─── writer, syncer, hasher ─▶ journal
//! gate ──── waiting for what can heal        file ─ one file     mod ─ all files of a model
//! ```
//!
//! **How to test:** `cargo test -p paddock-hub transfer`, against a server that misbehaves.

mod claims;
mod disk;
mod error;
mod fault;
mod fetch;
mod file;
mod finish;
mod gate;
mod journal;
mod network;
mod order;
mod positional;
mod repair;
mod report;
mod said;
mod speed;
mod unfinished;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

pub use error::TransferError;
pub use gate::{Wait, WaitReason};
pub use order::{Order, Preflight};
pub use repair::reopen;
pub use report::{MAP_CELLS, Phase, Progress};
pub use said::{Delay, Notice};
pub use speed::SpeedLimit;
pub use unfinished::{discard_unfinished, done_bytes, name_of, quant_of};

use fault::Fault;
use file::{Broken, FileJob};
use gate::Gate;
use network::Network;
use report::Report;

use crate::remote::{Hub, RepoId};

/// How often a repository may change under a download.
const MOST_CHANGES: usize = 2;

/// What to download, and to where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The repository.
    pub repo: RepoId,
    /// A branch, usually `main`, a tag or a commit.
    pub revision: String,
    /// A quantization, or the path of a file in the repository; empty for the only model in it.
    pub wanted: String,
    /// The models folder: the files go into `owner/name` below it.
    pub root: PathBuf,
}

/// How to download.
#[derive(Debug, Clone)]
pub struct Options {
    /// The most connections at once.
    pub connections: usize,
    /// How fast at most, over all downloads that share it.
    pub limit: Arc<SpeedLimit>,
}

impl Default for Options {
    /// Eight connections, as fast as they go.
    fn default() -> Self {
        Self { connections: 8, limit: Arc::default() }
    }
}

/// What came of a download.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Downloaded {
    /// The file to load.
    pub path: PathBuf,
    /// All files, in their order.
    pub files: Vec<PathBuf>,
    /// The commit they are of.
    pub commit: String,
}

/// Tells a download to stop: when the value is true, or when the sender is gone.
#[derive(Debug, Clone)]
pub struct Stop(watch::Receiver<bool>);

impl Stop {
    /// With the sender that stops.
    pub fn new(receiver: watch::Receiver<bool>) -> Self {
        Self(receiver)
    }

    async fn wait(&mut self) {
        // An error says that nobody can stop it any other way.
        let _ = self.0.wait_for(|stop| *stop).await;
    }

    async fn or_sleep(&mut self, time: Duration) -> Result<(), TransferError> {
        tokio::select! {
            () = self.wait() => Err(TransferError::Stopped),
            () = tokio::time::sleep(time) => Ok(()),
        }
    }
}

/// Downloads a model: all of its files, of one commit. Goes on where an earlier attempt stopped; waits for what can heal,
/// for as long as it takes.
///
/// When it is stopped, the connections are closed at once, and what came is made safe. Needs a Tokio runtime.
///
/// # Errors
/// See [`TransferError`]: only what does not heal by itself.
pub async fn download(
    hub: &Hub,
    request: &Request,
    options: &Options,
    mut stop: Stop,
    tell: &watch::Sender<Progress>,
) -> Result<Downloaded, TransferError> {
    let report = Report::new(tell);
    for _ in 0..=MOST_CHANGES {
        report.phase(Phase::Preparing);
        let order = resolve(hub, request, &report, &mut stop).await?;
        report.order(&order);
        let at_disk = order.clone();
        let looked = tokio::task::spawn_blocking(move || at_disk.preflight()).await;
        if let Some(problem) = looked.map_err(|_| TransferError::PartFailed)?.problem {
            return Err(problem);
        }
        match get_all(hub, &order, options, &report, &mut stop).await {
            Ok(files) => {
                let path = files.first().cloned().unwrap_or_default();
                return Ok(Downloaded { path, files, commit: order.commit });
            }
            Err(Broken::Failed(error)) => return Err(error),
            Err(Broken::Changed(error)) => {
                tracing::info!(%error, "download");
                report.notice(Notice::ChangedMeanwhile);
            }
        }
    }
    Err(TransferError::KeepsChanging { repo: request.repo.to_string() })
}

/// Asks the server what there is, for as long as it takes.
async fn resolve(hub: &Hub, request: &Request, report: &Report<'_>, stop: &mut Stop) -> Result<Order, TransferError> {
    let (gate, network) = (Gate::default(), Network::watch());
    let mut changes = network.changes();
    loop {
        let pass = tokio::select! {
            pass = gate.pass(&mut changes) => pass,
            () = stop.wait() => return Err(TransferError::Stopped),
        };
        changes.forget();
        let resolved = tokio::select! {
            order = Order::resolve(hub, &request.repo, &request.revision, &request.wanted, &request.root) => order,
            () = changes.next() => { gate.give_up(pass); continue }
            () = stop.wait() => return Err(TransferError::Stopped),
        };
        let remote = match resolved {
            Err(TransferError::Remote(remote)) => remote,
            done => return done,
        };
        let after = remote.retry_after();
        match Fault::refused(remote, after) {
            Fault::Wait { why, after } => gate.close(pass, why, after),
            Fault::Fatal(error) => return Err(error),
            Fault::Changed(error) => return Err(error.into()),
            Fault::Again { .. } | Fault::NewNetwork | Fault::DiskGone => gate.give_up(pass),
        }
        if let Some(wait) = gate.wait() {
            report.phase(Phase::Waiting(wait));
        }
    }
}

/// Gets one file after the other, and gives them their final names when all are here.
async fn get_all(
    hub: &Hub,
    order: &Order,
    options: &Options,
    report: &Report<'_>,
    stop: &mut Stop,
) -> Result<Vec<PathBuf>, Broken> {
    let mut files = Vec::new();
    for (at, file) in order.files.iter().enumerate() {
        report.file(at);
        files.push(FileJob { hub, order, file, options, report }.get(stop).await?);
    }
    let finished = tokio::task::spawn_blocking(move || finish::finish(files)).await;
    Ok(finished.map_err(|_| TransferError::PartFailed)??)
}
