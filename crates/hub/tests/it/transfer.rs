//! Downloads from a server that misbehaves: what the tests have in common. The names D01 to D24 are those of the fault
//! table that Paddock is measured by.

mod arrives;
mod changes;
mod disk;
mod lies;
mod once_more;
mod refused;
mod waits;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use paddock_hub::remote::{Hub, HubConfig, Patience, RepoId};
use paddock_hub::transfer::{self, Downloaded, Options, Phase, Progress, Request, Stop, TransferError};
use paddock_test_hub::{Content, Kind, Repo, TestHub};
use tokio::sync::watch;

const MIB: u64 = 1 << 20;
const BLOCK_BYTES: u64 = 4 * MIB;
const NAME: &str = "Model-Q4_K_M.gguf";
const COMMIT: &str = "c0ffeec0ffeec0ffeec0ffeec0ffeec0ffeec0ff";

/// For servers that fall silent: a stall is noticed after this, not after 30 s.
const SILENCE: Duration = Duration::from_millis(700);

/// A place to download to, and how.
struct Client {
    hub: Hub,
    folder: tempfile::TempDir,
    wanted: String,
    options: Options,
    stop: watch::Sender<bool>,
    tell: watch::Sender<Progress>,
    /// All that was told, newest last.
    seen: Arc<Mutex<Vec<Progress>>>,
}

impl Client {
    fn of(server: &TestHub) -> Self {
        Self::with(server, |_| {})
    }

    fn with(server: &TestHub, change: impl FnOnce(&mut HubConfig)) -> Self {
        let mut config = HubConfig::default();
        config.endpoint = server.url();
        config.patience = Patience { silence: SILENCE, ..Patience::default() };
        change(&mut config);
        let (tell, mut told) = watch::channel(Progress::default());
        let seen = Arc::new(Mutex::new(Vec::new()));
        let for_task = Arc::clone(&seen);
        tokio::spawn(async move {
            while told.changed().await.is_ok() {
                for_task.lock().unwrap().push(told.borrow_and_update().clone());
            }
        });
        Self {
            hub: Hub::new(config).unwrap(),
            folder: tempfile::tempdir().unwrap(),
            wanted: "Q4_K_M".to_owned(),
            options: Options::default(),
            stop: watch::Sender::new(false),
            tell,
            seen,
        }
    }

    fn request(&self) -> Request {
        Request {
            repo: RepoId::parse("owner/model").unwrap(),
            revision: "main".to_owned(),
            wanted: self.wanted.clone(),
            root: self.folder.path().to_owned(),
        }
    }

    async fn get(&self) -> Result<Downloaded, TransferError> {
        let stop = Stop::new(self.stop.subscribe());
        let request = self.request();
        let work = transfer::download(&self.hub, &request, &self.options, stop, &self.tell);
        tokio::time::timeout(Duration::from_secs(100), work).await.expect("it does not end")
    }

    fn target(&self) -> PathBuf {
        self.folder.path().join("owner/model").join(NAME)
    }

    fn part(&self) -> PathBuf {
        self.folder.path().join("owner/model").join(format!("{NAME}.part"))
    }

    /// All files, relative to the models folder, in order.
    fn files(&self) -> Vec<String> {
        let mut files = Vec::new();
        list(self.folder.path(), self.folder.path(), &mut files);
        files.sort();
        files
    }

    fn progress(&self) -> Progress {
        self.tell.borrow().clone()
    }

    /// What it waited for, each once.
    fn waits(&self) -> Vec<transfer::Wait> {
        let mut waits: Vec<transfer::Wait> = Vec::new();
        for progress in self.seen.lock().unwrap().iter() {
            if let Phase::Waiting(wait) = &progress.phase
                && waits.last() != Some(wait)
            {
                waits.push(wait.clone());
            }
        }
        waits
    }

    /// Runs until something is told that `enough` is true for, then stops as a person would.
    async fn get_until(&self, enough: impl Fn(&Progress) -> bool) {
        let mut told = self.tell.subscribe();
        let (got, ()) = tokio::join!(self.get(), async {
            told.wait_for(|progress| enough(progress)).await.unwrap();
            self.stop.send_replace(true);
        });
        assert!(matches!(got, Err(TransferError::Stopped)), "{got:?}");
        self.stop.send_replace(false);
    }
}

fn list(root: &Path, folder: &Path, files: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        if entry.file_type().unwrap().is_dir() {
            list(root, &entry.path(), files);
        } else {
            files.push(entry.path().strip_prefix(root).unwrap().to_string_lossy().into_owned());
        }
    }
}

/// A repository with one model.
fn repo(content: &Content) -> Repo {
    Repo::new("owner/model").commit(COMMIT).file(NAME, content.clone()).file("README.md", Content::bytes("Hello."))
}

fn serve(content: &Content) -> TestHub {
    TestHub::start(vec![repo(content)])
}

/// How many bytes of files were asked for since there were so many requests. What a server sends is not the same: it may
/// still be talking to a connection that nobody listens to.
fn asked_bytes(server: &TestHub, n_before: usize) -> u64 {
    let requests = server.requests();
    let ranges = requests[n_before..].iter().filter(|request| request.kind == Kind::Storage);
    ranges.filter_map(|request| request.range).filter_map(|(first, last)| Some(last? - first + 1)).sum()
}

/// That the file is whole, under its name, with a receipt, and that nothing else is left.
#[track_caller]
fn arrived(client: &Client, content: &Content, got: Result<Downloaded, TransferError>) {
    let done = got.unwrap_or_else(|error| panic!("{error:?}: {error}"));
    assert_eq!(done.path, client.target());
    assert!(same(&done.path, content), "other bytes than those published");
    assert_eq!(client.files(), [format!("owner/model/.paddock/{NAME}.json"), format!("owner/model/{NAME}")]);
    let receipt = paddock_hub::receipt::Receipt::beside(&done.path).unwrap();
    assert!(receipt.still_holds(&fs::metadata(&done.path).unwrap()));
    assert_eq!(receipt.sha256, content.sha256());
}

/// That there is nothing that could be taken for a model, and the words a person is told.
#[track_caller]
fn failed(client: &Client, got: Result<Downloaded, TransferError>, words: &[&str]) {
    let error = got.expect_err("it was accepted");
    let text = error.to_string();
    for word in words {
        assert!(text.contains(word), "“{text}” does not say “{word}”");
    }
    assert!(text.ends_with(['.', '!']) && text.chars().count() < 700, "“{text}” is no sentence");
    let models: Vec<String> = client.files().into_iter().filter(|file| file.ends_with(".gguf")).collect();
    assert!(models.is_empty(), "{models:?}");
}

/// Compares a file with what it should be, piece by piece.
fn same(path: &Path, content: &Content) -> bool {
    use std::io::Read as _;
    let mut file = fs::File::open(path).unwrap();
    if file.metadata().unwrap().len() != content.len() {
        return false;
    }
    let (mut offset, mut there, mut wanted) = (0, vec![0; MIB as usize], vec![0; MIB as usize]);
    while offset < content.len() {
        let n_bytes = (content.len() - offset).min(MIB) as usize;
        file.read_exact(&mut there[..n_bytes]).unwrap();
        content.read(offset, &mut wanted[..n_bytes]);
        if there[..n_bytes] != wanted[..n_bytes] {
            return false;
        }
        offset += n_bytes as u64;
    }
    true
}
