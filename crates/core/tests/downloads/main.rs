//! The list of downloads as the window uses it: a real server on this computer, real files, a real database.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "../alone/mod.rs"]
mod alone;
mod choices;
mod library;
mod list;

use std::{
    fs,
    future::Future,
    os::unix::fs::FileExt as _,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use paddock_core::{
    App, AppConfig, DataDir, EngineCommand, ErrorCode, HostConfig,
    view::{
        DownloadRequest, DownloadState, DownloadView, LibraryModelView, LibraryView, TokenPlace, VerifiedView,
        WaitReason,
    },
};
use paddock_test_hub::{Act, Content, Kind, Repo, TestHub};

use alone::{Log, holds, is_alone};

const MIB: u64 = 1 << 20;
const BLOCK_BYTES: u64 = 4 * MIB;
const CANARY: &str = "hf_canaryCanaryCanary";

/// Each connection, so that a download can be met on its way.
const SLOW: Option<u64> = Some(4_000_000);

/// Longer than anything here takes on the slowest computer.
const PATIENCE: Duration = Duration::from_secs(60);

/// Paddock with a data folder of its own, and the server it asks.
struct Desk {
    folder: tempfile::TempDir,
    app: App,
    server: TestHub,
}

impl Desk {
    async fn with(repos: Vec<Repo>) -> Self {
        let (folder, server) = (tempfile::tempdir().unwrap(), TestHub::start(repos));
        let app = open(folder.path());
        ask(&app, &server).await;
        Self { folder, app, server }
    }

    /// Ends Paddock and starts it again.
    async fn restart(self) -> Self {
        let Self { folder, app, server } = self;
        app.shut_down().await;
        drop(app);
        let app = open(folder.path());
        Self { folder, app, server }
    }

    async fn start(&self, model: &str) -> String {
        self.app.start_download(request(model)).await.unwrap()
    }

    fn list(&self) -> Vec<DownloadView> {
        self.app.downloads().borrow().clone()
    }

    /// The list as soon as this is true of it.
    async fn list_when(&self, is_it: impl FnMut(&Vec<DownloadView>) -> bool) -> Vec<DownloadView> {
        let mut told = self.app.downloads();
        let found = tokio::time::timeout(PATIENCE, told.wait_for(is_it)).await.map(|list| list.unwrap().clone());
        found.unwrap_or_else(|_| panic!("that did not come: {:?}", self.list()))
    }

    async fn when(&self, id: &str, is_it: impl Fn(&DownloadView) -> bool) -> DownloadView {
        let list = self.list_when(|list| list.iter().any(|view| view.id == id && is_it(view))).await;
        list.into_iter().find(|view| view.id == id).unwrap()
    }

    async fn ready(&self, id: &str) -> DownloadView {
        self.when(id, is_ready).await
    }

    async fn failed(&self, id: &str) -> paddock_core::ApiError {
        let view = self.when(id, |view| matches!(view.state, DownloadState::Failed { .. })).await;
        let DownloadState::Failed { error } = view.state else { panic!("{view:?}") };
        error
    }

    /// Some of it is safe, and not all.
    async fn on_its_way(&self, id: &str) -> DownloadView {
        self.when(id, |view| is_downloading(view) && view.done_bytes >= BLOCK_BYTES).await
    }

    fn models(&self) -> PathBuf {
        self.folder.path().join("models")
    }

    fn target(&self, name: &str) -> PathBuf {
        self.models().join("owner/model").join(name)
    }

    /// All files of the models folder that are left, but not the models' receipts.
    fn left(&self) -> Vec<String> {
        let mut names = Vec::new();
        for file in files(&self.models()).iter().filter(|file| !file.to_string_lossy().contains("/.paddock/")) {
            names.push(file.file_name().unwrap().to_string_lossy().into_owned());
        }
        names.sort();
        names
    }

    /// Bytes of files that were asked for since there were so many requests.
    fn asked_bytes(&self, n_before: usize) -> u64 {
        let requests = self.server.requests();
        let ranges = requests[n_before..].iter().filter(|request| request.kind == Kind::Storage);
        ranges.filter_map(|request| request.range).filter_map(|(first, last)| Some(last? - first + 1)).sum()
    }

    async fn only_model(&self) -> LibraryModelView {
        only(self.app.library().await.unwrap())
    }
}

/// An app whose engine cannot be started, which no test here needs.
fn open(folder: &Path) -> App {
    let engine = EngineCommand { program: folder.join("no engine"), args: Vec::new() };
    App::open(AppConfig { data: DataDir::at(folder), engine, host: HostConfig::default() }).unwrap()
}

/// From now on this server is asked.
async fn ask(app: &App, server: &TestHub) {
    let mut settings = app.download_settings().await.unwrap();
    settings.endpoint = Some(server.url());
    app.set_download_settings(settings).await.unwrap();
}

fn request(model: &str) -> DownloadRequest {
    DownloadRequest { repo: "owner/model".into(), model: model.into() }
}

fn repo(files: &[(&str, u64)]) -> Repo {
    let numbered = files.iter().zip(1..);
    numbered.fold(Repo::new("owner/model"), |repo, ((name, size_bytes), seed)| {
        repo.file(name, Content::model(seed, *size_bytes))
    })
}

/// One model of three connections.
fn one_model() -> Vec<Repo> {
    vec![repo(&[("M-Q4_K_M.gguf", 40 * MIB)])]
}

fn is_ready(view: &DownloadView) -> bool {
    view.state == DownloadState::Ready
}

fn is_downloading(view: &DownloadView) -> bool {
    matches!(view.state, DownloadState::Downloading { .. })
}

/// Whether it is its turn.
fn runs(view: &DownloadView) -> bool {
    !matches!(
        view.state,
        DownloadState::Queued | DownloadState::Paused | DownloadState::Ready | DownloadState::Failed { .. }
    )
}

fn only(library: LibraryView) -> LibraryModelView {
    let [model] = <[_; 1]>::try_from(library.models).unwrap_or_else(|models| panic!("not one: {models:?}"));
    model
}

fn same(path: &Path, content: &Content) -> bool {
    fs::read(path).unwrap() == content.to_vec()
}

fn text(path: &Path) -> String {
    path.to_str().unwrap().to_owned()
}

/// The files in a folder, with those in its folders.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

/// Overwrites a byte, as a failing disk does.
fn damage(path: &Path, at: u64) {
    let file = fs::File::options().read(true).write(true).open(path).unwrap();
    let mut byte = [0];
    file.read_exact_at(&mut byte, at).unwrap();
    file.write_all_at(&[byte[0] ^ 0x55], at).unwrap();
}

async fn soon<T>(work: impl Future<Output = T>) -> T {
    let since = Instant::now();
    let done = work.await;
    // A stop that is missed takes five seconds.
    assert!(since.elapsed() < Duration::from_secs(4), "took {:?}", since.elapsed());
    done
}
