//! The list of downloads as the window uses it: a real server on this computer, real files, a real database.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod alone;

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

#[tokio::test]
async fn a_download_ends_as_a_verified_model_in_the_list() {
    if !is_alone("a_download_ends_as_a_verified_model_in_the_list") {
        return;
    }
    let desk = Desk::with(one_model()).await;
    assert_eq!(desk.app.library().await.unwrap().models, []);
    let id = desk.start("Q4_K_M").await;
    let view = desk.ready(&id).await;
    let target = desk.target("M-Q4_K_M.gguf");
    let content = Content::model(1, 40 * MIB);
    assert!(same(&target, &content));
    let shown = (view.name.as_str(), view.quant.as_deref(), view.n_files, view.path.clone());
    assert_eq!(shown, ("M-Q4_K_M", Some("Q4_K_M"), 1, Some(text(&target))));
    assert_eq!((view.total_bytes, view.done_bytes, view.bytes_per_s), (content.len(), content.len(), 0));
    assert_eq!(view.folder, text(target.parent().unwrap()));
    // The list of models is told after the list of downloads.
    let mut library = desk.app.library_changes();
    let shown = tokio::time::timeout(PATIENCE, library.wait_for(|library| !library.models.is_empty())).await;
    let model = only(shown.unwrap().unwrap().clone());
    assert_eq!((&model.verified, model.repo.as_deref()), (&VerifiedView::Verified, Some("owner/model")));
    assert_eq!(desk.app.found_model("owner/model", "M-Q4_K_M.gguf").await, Some(target));
    let n_before = desk.server.requests().len();
    assert_eq!(desk.start("Q4_K_M").await, id);
    desk.ready(&id).await;
    assert_eq!(desk.asked_bytes(n_before), 0, "it was here");
}

#[tokio::test]
async fn downloads_run_one_at_a_time_in_the_order_of_the_list() {
    if !is_alone("downloads_run_one_at_a_time_in_the_order_of_the_list") {
        return;
    }
    let names = ["A-Q4_0.gguf", "B-Q5_0.gguf", "C-Q8_0.gguf"];
    let desk = Desk::with(vec![repo(&names.map(|name| (name, 5 * MIB)))]).await;
    desk.server.throttle(SLOW);
    let (mut most_at_once, mut order) = (0, Vec::new());
    let mut told = desk.app.downloads();
    let [a, b, c] = [desk.start("Q4_0").await, desk.start("Q5_0").await, desk.start("Q8_0").await];
    desk.app.move_download(c.clone(), 1).await.unwrap();
    let ids = |list: &[DownloadView]| list.iter().map(|view| view.id.clone()).collect::<Vec<_>>();
    assert_eq!(ids(&desk.list()), [a.clone(), c.clone(), b.clone()]);
    let seen = told.wait_for(|list| {
        most_at_once = most_at_once.max(list.iter().filter(|view| runs(view)).count());
        let new = list.iter().filter(|view| is_ready(view) && !order.contains(&view.id)).map(|view| view.id.clone());
        let new: Vec<String> = new.collect();
        order.extend(new);
        order.len() == 3
    });
    tokio::time::timeout(PATIENCE, seen).await.unwrap().unwrap();
    assert_eq!((order, most_at_once), (vec![a.clone(), c.clone(), b.clone()], 1));
    desk.app.move_download(a.clone(), 99).await.unwrap();
    assert_eq!(ids(&desk.restart().await.list_when(|list| !list.is_empty()).await), [c, b, a], "after a start too");
}

#[tokio::test]
async fn a_paused_download_keeps_what_came_and_goes_on_from_there() {
    if !is_alone("a_paused_download_keeps_what_came_and_goes_on_from_there") {
        return;
    }
    let desk = Desk::with(one_model()).await;
    desk.server.throttle(SLOW);
    let id = desk.start("Q4_K_M").await;
    desk.on_its_way(&id).await;
    desk.app.pause_download(id.clone()).await.unwrap();
    assert_eq!(desk.list()[0].state, DownloadState::Paused);
    let desk = desk.restart().await;
    let paused = desk.when(&id, |view| view.state == DownloadState::Paused).await;
    assert!(paused.done_bytes >= BLOCK_BYTES && paused.done_bytes % BLOCK_BYTES == 0, "{paused:?}");
    assert_eq!(paused.total_bytes, Content::model(1, 40 * MIB).len());
    desk.server.throttle(None);
    let n_before = desk.server.requests().len();
    desk.app.resume_download(id.clone()).await.unwrap();
    let resumed = desk.list_when(|list| is_downloading(&list[0]) || is_ready(&list[0])).await;
    assert!(resumed[0].done_bytes >= paused.done_bytes, "{resumed:?}");
    desk.ready(&id).await;
    assert_eq!(desk.asked_bytes(n_before), paused.total_bytes - paused.done_bytes);
    desk.app.resume_download(id.clone()).await.unwrap();
    desk.app.pause_download(id.clone()).await.unwrap();
    assert!(is_ready(&desk.list()[0]), "what is done is neither paused nor resumed");
}

#[tokio::test]
async fn a_download_that_is_resumed_while_it_still_stops_runs_again() {
    if !is_alone("a_download_that_is_resumed_while_it_still_stops_runs_again") {
        return;
    }
    let desk = Desk::with(one_model()).await;
    desk.server.throttle(SLOW);
    let id = desk.start("Q4_K_M").await;
    for _ in 0..20 {
        desk.app.pause_download(id.clone()).await.unwrap();
        desk.app.resume_download(id.clone()).await.unwrap();
    }
    desk.on_its_way(&id).await;
    desk.app.pause_download(id.clone()).await.unwrap();
    desk.app.resume_download(id.clone()).await.unwrap();
    desk.server.throttle(None);
    desk.ready(&id).await;
    assert_eq!(desk.list().len(), 1);
}

#[tokio::test]
async fn a_queued_download_that_is_paused_lets_the_next_one_go_first() {
    if !is_alone("a_queued_download_that_is_paused_lets_the_next_one_go_first") {
        return;
    }
    let names = ["A-Q4_0.gguf", "B-Q5_0.gguf", "C-Q8_0.gguf"];
    let desk = Desk::with(vec![repo(&names.map(|name| (name, 5 * MIB)))]).await;
    desk.server.throttle(SLOW);
    let [_, b, c] = [desk.start("Q4_0").await, desk.start("Q5_0").await, desk.start("Q8_0").await];
    desk.app.pause_download(b.clone()).await.unwrap();
    desk.ready(&c).await;
    assert_eq!(desk.list()[1].state, DownloadState::Paused);
    desk.app.resume_download(b.clone()).await.unwrap();
    desk.ready(&b).await;
}

#[tokio::test]
async fn a_cancelled_download_leaves_nothing_and_a_finished_model_stays() {
    if !is_alone("a_cancelled_download_leaves_nothing_and_a_finished_model_stays") {
        return;
    }
    let desk = Desk::with(vec![repo(&[("M-Q4_K_M.gguf", 40 * MIB), ("M-Q8_0.gguf", 5 * MIB)])]).await;
    desk.server.throttle(SLOW);
    let (running, next) = (desk.start("Q4_K_M").await, desk.start("Q8_0").await);
    desk.on_its_way(&running).await;
    desk.app.cancel_download(running.clone()).await.unwrap();
    assert!(desk.list().iter().all(|view| view.id != running));
    // The next one begins when the files of this one are gone.
    desk.ready(&next).await;
    assert_eq!(desk.left(), ["M-Q8_0.gguf"]);
    desk.app.cancel_download(next).await.unwrap();
    assert_eq!((desk.list(), desk.left()), (vec![], vec!["M-Q8_0.gguf".to_owned()]));

    let paused = desk.start("Q4_K_M").await;
    desk.on_its_way(&paused).await;
    fs::remove_file(desk.target("M-Q8_0.gguf")).unwrap();
    let desk = desk.restart().await;
    desk.app.pause_download(paused.clone()).await.unwrap();
    desk.app.cancel_download(paused).await.unwrap();
    desk.app.shut_down().await;
    assert!(desk.left().is_empty(), "{:?}", desk.left());
}

#[tokio::test]
async fn the_same_model_can_be_wanted_again_while_its_cancelled_download_still_stops() {
    if !is_alone("the_same_model_can_be_wanted_again_while_its_cancelled_download_still_stops") {
        return;
    }
    let desk = Desk::with(one_model()).await;
    desk.server.throttle(SLOW);
    let first = desk.start("Q4_K_M").await;
    desk.on_its_way(&first).await;
    let (cancelled, again) = tokio::join!(desk.app.cancel_download(first.clone()), desk.start("Q4_K_M"));
    cancelled.unwrap();
    assert_ne!(again, first);
    desk.server.throttle(None);
    desk.ready(&again).await;
    assert!(same(&desk.target("M-Q4_K_M.gguf"), &Content::model(1, 40 * MIB)));
    assert_eq!(desk.list().len(), 1);
}

#[tokio::test]
async fn what_was_cancelled_before_the_end_is_deleted_after_the_next_start() {
    if !is_alone("what_was_cancelled_before_the_end_is_deleted_after_the_next_start") {
        return;
    }
    let desk = Desk::with(one_model()).await;
    desk.server.throttle(SLOW);
    let id = desk.start("Q4_K_M").await;
    desk.on_its_way(&id).await;
    desk.app.pause_download(id).await.unwrap();
    desk.app.shut_down().await;
    assert!(!desk.left().is_empty());
    // As if Paddock was killed after it was cancelled and before its files were gone.
    let mut store = paddock_store::Store::open(desk.folder.path().join("paddock.db")).unwrap();
    let mut list: serde_json::Value = store.setting("download_list").unwrap().unwrap();
    assert_eq!(list[0]["outcome"], "Paused");
    list[0]["outcome"] = "Cancelled".into();
    store.set_setting("download_list", &list).unwrap();
    drop(store);
    let desk = desk.restart().await;
    // What is asked of the list comes after what was left to do.
    let small = desk.app.start_download(DownloadRequest { repo: "owner/none".into(), model: "Q4_0".into() });
    let small = small.await.unwrap();
    desk.failed(&small).await;
    assert!(desk.left().is_empty(), "{:?}", desk.left());
    assert!(!desk.models().join("owner/model").exists());
}

#[tokio::test]
async fn only_what_is_over_is_dismissed_and_its_files_stay() {
    if !is_alone("only_what_is_over_is_dismissed_and_its_files_stay") {
        return;
    }
    let desk = Desk::with(one_model()).await;
    desk.server.throttle(SLOW);
    let id = desk.start("Q4_K_M").await;
    let refused = desk.app.dismiss_download(id.clone()).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::Busy, "{refused:?}");
    desk.app.pause_download(id.clone()).await.unwrap();
    assert_eq!(desk.app.dismiss_download(id.clone()).await.unwrap_err().code, ErrorCode::Busy, "it is only paused");
    desk.server.throttle(None);
    desk.app.resume_download(id.clone()).await.unwrap();
    desk.ready(&id).await;
    desk.app.dismiss_download(id.clone()).await.unwrap();
    assert_eq!((desk.list(), desk.left()), (vec![], vec!["M-Q4_K_M.gguf".to_owned()]));
    let app = &desk.app;
    for gone in [
        app.pause_download(id.clone()).await,
        app.resume_download(id.clone()).await,
        app.cancel_download(id.clone()).await,
        app.dismiss_download(id.clone()).await,
        app.move_download(id.clone(), 0).await,
    ] {
        assert_eq!(gone.unwrap_err().code, ErrorCode::NotFound);
    }
}

#[tokio::test]
async fn the_same_model_twice_is_one_download_however_it_is_named() {
    if !is_alone("the_same_model_twice_is_one_download_however_it_is_named") {
        return;
    }
    let desk = Desk::with(one_model()).await;
    desk.server.throttle(SLOW);
    let (one, other) = tokio::join!(desk.start("Q4_K_M"), desk.start("M-Q4_K_M.gguf"));
    assert_eq!(one, other);
    desk.app.pause_download(one.clone()).await.unwrap();
    assert_eq!(desk.start("M-Q4_K_M.gguf").await, one, "and it wakes up what is paused");
    desk.on_its_way(&one).await;
    assert_eq!(desk.list().len(), 1);
    let unknown = desk.app.start_download(request("Q2_K")).await.unwrap_err();
    assert_eq!(unknown.code, ErrorCode::NotFound);
    assert!(unknown.message.contains("Q4_K_M"), "it names what there is: {unknown}");
    let no_name = DownloadRequest { repo: "../etc".into(), model: "Q4_0".into() };
    assert_eq!(desk.app.start_download(no_name).await.unwrap_err().code, ErrorCode::BadInput);
}

#[tokio::test]
async fn after_a_restart_what_ran_goes_on_and_what_failed_says_why() {
    if !is_alone("after_a_restart_what_ran_goes_on_and_what_failed_says_why") {
        return;
    }
    let desk = Desk::with(one_model()).await;
    desk.server.throttle(SLOW);
    let none = DownloadRequest { repo: "owner/none".into(), model: "Q4_0".into() };
    let failed = desk.app.start_download(none).await.unwrap();
    let error = desk.failed(&failed).await;
    assert_eq!(error.code, ErrorCode::NotFound, "{error:?}");
    let running = desk.start("Q4_K_M").await;
    let before = desk.on_its_way(&running).await;
    let desk = desk.restart().await;
    let n_before = desk.server.requests().len();
    assert_eq!(desk.failed(&failed).await, error);
    let goes_on = desk.when(&running, runs).await;
    assert!(goes_on.done_bytes >= before.done_bytes, "{goes_on:?}");
    assert_eq!((goes_on.name.as_str(), goes_on.total_bytes), ("M-Q4_K_M", before.total_bytes));
    desk.server.throttle(None);
    desk.ready(&running).await;
    assert!(desk.asked_bytes(n_before) <= before.total_bytes - before.done_bytes);
    let desk = desk.restart().await;
    let view = desk.ready(&running).await;
    assert_eq!((view.done_bytes, view.path), (before.total_bytes, Some(text(&desk.target("M-Q4_K_M.gguf")))));
}

#[tokio::test]
async fn while_the_server_is_away_what_is_here_is_still_known() {
    if !is_alone("while_the_server_is_away_what_is_here_is_still_known") {
        return;
    }
    let desk = Desk::with(one_model()).await;
    desk.server.throttle(SLOW);
    let id = desk.start("Q4_K_M").await;
    let before = desk.on_its_way(&id).await;
    desk.server.go_offline();
    let desk = desk.restart().await;
    let waits = |view: &DownloadView| matches!(view.state, DownloadState::Waiting { .. });
    let waiting = desk.when(&id, waits).await;
    let DownloadState::Waiting { reason, why, until_ms } = &waiting.state else { panic!("{waiting:?}") };
    assert!(*reason == WaitReason::Offline && why.to_string().ends_with('.') && until_ms.is_some(), "{waiting:?}");
    assert!(waiting.done_bytes >= before.done_bytes && waiting.total_bytes == before.total_bytes, "{waiting:?}");
    assert_eq!(waiting.name, "M-Q4_K_M");
    let desk = desk.restart().await;
    desk.when(&id, waits).await;
    desk.app.cancel_download(id).await.unwrap();
    soon(desk.app.shut_down()).await;
    assert!(desk.left().is_empty(), "{:?}", desk.left());
}

#[tokio::test]
async fn paddock_ends_at_once_whatever_a_download_waits_for() {
    if !is_alone("paddock_ends_at_once_whatever_a_download_waits_for") {
        return;
    }
    let desk = Desk::with(one_model()).await;
    let id = desk.start("Q4_K_M").await;
    desk.app.pause_download(id.clone()).await.unwrap();
    let desk = desk.restart().await;
    desk.server.on_request(|_| Act::StallBeforeHead);
    desk.app.resume_download(id.clone()).await.unwrap();
    desk.when(&id, |view| view.state == DownloadState::Preparing).await;
    soon(desk.app.shut_down()).await;
    desk.server.on_request(|_| Act::Honest);
    let desk = desk.restart().await;
    desk.server.throttle(SLOW);
    desk.on_its_way(&id).await;
    soon(desk.app.shut_down()).await;
    assert_eq!(desk.list()[0].state, DownloadState::Queued, "it has stopped");
    let desk = desk.restart().await;
    desk.on_its_way(&id).await;
    desk.app.pause_download(id.clone()).await.unwrap();
    soon(desk.app.shut_down()).await;
    let desk = desk.restart().await;
    desk.when(&id, |view| view.state == DownloadState::Paused && view.done_bytes >= BLOCK_BYTES).await;
}

#[tokio::test]
async fn settings_count_for_the_next_download_and_the_limit_at_once() {
    if !is_alone("settings_count_for_the_next_download_and_the_limit_at_once") {
        return;
    }
    let desk = Desk::with(vec![repo(&[("M-Q4_K_M.gguf", 40 * MIB), ("M-Q8_0.gguf", 5 * MIB)])]).await;
    let mut settings = desk.app.download_settings().await.unwrap();
    settings.speed_limit_bytes_per_s = Some(200_000);
    settings = desk.app.set_download_settings(settings).await.unwrap();
    let id = desk.start("Q4_K_M").await;
    desk.when(&id, is_downloading).await;
    let elsewhere = desk.folder.path().join("another drive");
    settings.models_folder = text(&elsewhere);
    settings.speed_limit_bytes_per_s = None;
    let since = Instant::now();
    settings = desk.app.set_download_settings(settings).await.unwrap();
    let view = desk.ready(&id).await;
    assert!(since.elapsed() < Duration::from_secs(100), "at 200 kB/s it takes 200 s");
    assert_eq!(view.path, Some(text(&desk.target("M-Q4_K_M.gguf"))), "it stays where it began");
    let next = desk.start("Q8_0").await;
    let view = desk.ready(&next).await;
    assert_eq!(view.path, Some(text(&elsewhere.join("owner/model/M-Q8_0.gguf"))));

    let other = TestHub::start(vec![repo(&[("M-Q2_K.gguf", 5 * MIB)])]);
    settings.endpoint = Some(format!(" {} ", other.url()));
    settings = desk.app.set_download_settings(settings).await.unwrap();
    let n_before = desk.server.requests().len();
    let id = desk.start("Q2_K").await;
    desk.ready(&id).await;
    assert_eq!(desk.server.requests().len(), n_before, "another server is asked");

    let file = desk.folder.path().join("file");
    fs::write(&file, "").unwrap();
    let mut refused = vec!["relative".to_owned(), text(&file.join("below a file"))];
    if !is_root() {
        refused.push("/proc/models".to_owned());
    }
    for folder in refused {
        let wrong = paddock_core::view::DownloadSettings {
            models_folder: folder.clone(),
            speed_limit_bytes_per_s: Some(1),
            ..settings.clone()
        };
        let error = desk.app.set_download_settings(wrong).await.unwrap_err();
        assert!(error.code == ErrorCode::BadInput && error.message.contains(&folder), "{error:?}");
    }
    let wrong = paddock_core::view::DownloadSettings { endpoint: Some("nonsense".into()), ..settings.clone() };
    assert_eq!(desk.app.set_download_settings(wrong).await.unwrap_err().code, ErrorCode::BadInput);
    let now = desk.app.download_settings().await.unwrap();
    let kept = |of: &paddock_core::view::DownloadSettings| {
        (of.models_folder.clone(), of.speed_limit_bytes_per_s, of.endpoint.clone())
    };
    assert_eq!(kept(&now), kept(&settings), "nothing was changed");
}

fn is_root() -> bool {
    std::os::unix::fs::MetadataExt::uid(&fs::metadata("/proc/self").unwrap()) == 0
}

#[tokio::test]
async fn metas_terms_are_accepted_once_before_the_first_byte() {
    if !is_alone("metas_terms_are_accepted_once_before_the_first_byte") {
        return;
    }
    let repo = repo(&[("M-Q4_K_M.gguf", 40 * MIB)]).licence("llama3.3");
    let desk = Desk::with(vec![repo]).await;
    let refused = desk.app.start_download(request("Q4_K_M")).await.unwrap_err();
    assert_eq!((refused.code, refused.hint.is_some()), (ErrorCode::LicenceNotAccepted, true), "{refused:?}");
    assert_eq!(desk.list(), []);
    let licence = desk.app.check_download(request("Q4_K_M")).await.unwrap().licence.unwrap();
    assert!(licence.llama && !licence.accepted);

    // Wanted while the server was away, so that nobody could ask for the terms.
    let desk = desk.restart().await;
    desk.server.go_offline();
    let id = desk.start("Q4_K_M").await;
    desk.when(&id, |view| matches!(view.state, DownloadState::Waiting { .. })).await;
    desk.server.throttle(SLOW);
    desk.server.come_back();
    assert_eq!(desk.failed(&id).await.code, ErrorCode::LicenceNotAccepted);
    desk.app.resume_download(id.clone()).await.unwrap();
    assert_eq!(desk.failed(&id).await.code, ErrorCode::LicenceNotAccepted);

    desk.app.accept_licence(licence.id).await.unwrap();
    desk.server.throttle(None);
    assert_eq!(desk.start("Q4_K_M").await, id);
    desk.ready(&id).await;
}

/// S11.
#[tokio::test]
async fn a_closed_repository_opens_with_a_token_that_nothing_ever_shows() {
    if !is_alone("a_closed_repository_opens_with_a_token_that_nothing_ever_shows") {
        return;
    }
    let log = Log::default();
    let writer = log.clone();
    tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(move || writer.clone()).init();
    let closed = repo(&[("M-Q4_K_M.gguf", 40 * MIB)]).gated(CANARY);
    let desk = Desk::with(vec![closed]).await;
    desk.server.throttle(Some(12_000_000));
    let id = desk.start("Q4_K_M").await;
    let error = desk.failed(&id).await;
    assert_eq!(error.code, ErrorCode::Gated, "{error:?}");
    let mut told = format!("{error:?}");
    assert_eq!(desk.app.set_hub_token(Some(CANARY.into())).await.unwrap(), TokenPlace::Session);
    let mut changes = desk.app.downloads();
    desk.app.resume_download(id.clone()).await.unwrap();
    loop {
        let list = tokio::time::timeout(PATIENCE, changes.changed()).await.map(|_| changes.borrow_and_update().clone());
        let list = list.unwrap();
        told += &format!("{list:?}{}", serde_json::to_string(&list).unwrap());
        if is_ready(&list[0]) {
            break;
        }
    }
    let settings = desk.app.download_settings().await.unwrap();
    told += &format!("{settings:?}{:?}", desk.app.check_download(request("Q4_K_M")).await.unwrap());
    desk.app.shut_down().await;
    assert!(!told.contains(CANARY), "{told}");
    let log = log.0.lock().unwrap().clone();
    assert!(holds(&log, "a download failed") && !holds(&log, CANARY), "{}", String::from_utf8_lossy(&log));
    let written = files(desk.folder.path());
    assert!(written.contains(&desk.target("M-Q4_K_M.gguf")) && written.iter().any(|file| file.ends_with("paddock.db")));
    for file in written {
        assert!(!holds(&fs::read(&file).unwrap(), CANARY), "{}", file.display());
    }
    let for_storage = desk.server.requests().into_iter().filter(|request| request.kind == Kind::Storage);
    assert!(for_storage.map(|request| request.header("authorization").map(str::to_owned)).all(|token| token.is_none()));
}

#[tokio::test]
async fn before_the_first_byte_is_said_how_much_will_come_and_where_it_goes() {
    if !is_alone("before_the_first_byte_is_said_how_much_will_come_and_where_it_goes") {
        return;
    }
    let desk = Desk::with(one_model()).await;
    let total_bytes = Content::model(1, 40 * MIB).len();
    let looked = desk.app.check_download(request("Q4_K_M")).await.unwrap();
    assert_eq!((looked.total_bytes, looked.missing_bytes), (total_bytes, total_bytes));
    assert!(looked.free_bytes > 0 && looked.local_path.is_none() && looked.licence.is_none(), "{looked:?}");
    assert_eq!(looked.folder, text(&desk.models().join("owner/model")));
    assert!(desk.left().is_empty(), "nothing was begun");
    desk.server.throttle(SLOW);
    let id = desk.start("Q4_K_M").await;
    desk.on_its_way(&id).await;
    desk.app.pause_download(id.clone()).await.unwrap();
    let desk = desk.restart().await;
    let paused = desk.when(&id, |view| view.state == DownloadState::Paused).await;
    let looked = desk.app.check_download(request("Q4_K_M")).await.unwrap();
    assert_eq!(looked.missing_bytes, total_bytes - paused.done_bytes);
    desk.server.throttle(None);
    desk.app.resume_download(id.clone()).await.unwrap();
    desk.ready(&id).await;
    let looked = desk.app.check_download(request("Q4_K_M")).await.unwrap();
    assert_eq!((looked.missing_bytes, looked.problem), (0, None));
    assert_eq!(looked.local_path, Some(text(&desk.target("M-Q4_K_M.gguf"))));
    let unknown = desk.app.check_download(request("Q2_K")).await.unwrap_err();
    assert_eq!(unknown.code, ErrorCode::NotFound);
}

/// A drive of its own, where that is allowed.
struct SmallDrive(PathBuf);

impl SmallDrive {
    fn new(place: &Path, size: &str) -> Option<Self> {
        fs::create_dir_all(place).unwrap();
        let mount =
            Command::new("mount").args(["-t", "tmpfs", "-o", &format!("size={size}"), "none"]).arg(place).output();
        mount.is_ok_and(|done| done.status.success()).then(|| Self(place.to_owned()))
    }
}

impl Drop for SmallDrive {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(&self.0).status();
    }
}

#[tokio::test]
async fn a_drive_that_is_too_small_is_said_before_and_fails_with_the_numbers() {
    if !is_alone("a_drive_that_is_too_small_is_said_before_and_fails_with_the_numbers") {
        return;
    }
    let desk = Desk::with(one_model()).await;
    let place = desk.folder.path().join("drive");
    let Some(_drive) = SmallDrive::new(&place, "20M") else {
        eprintln!("skipped: nothing can be mounted here");
        return;
    };
    let mut settings = desk.app.download_settings().await.unwrap();
    settings.models_folder = text(&place);
    let settings = desk.app.set_download_settings(settings).await.unwrap();
    assert!(settings.free_bytes.is_some_and(|free| free <= 20 * MIB), "{settings:?}");
    let looked = desk.app.check_download(request("Q4_K_M")).await.unwrap();
    assert!(looked.free_bytes <= 20 * MIB);
    let problem = looked.problem.unwrap();
    assert!(problem.code == ErrorCode::Storage && problem.message.contains("not enough room"), "{problem:?}");
    let id = desk.start("Q4_K_M").await;
    assert_eq!(desk.failed(&id).await, problem);
    desk.app.cancel_download(id).await.unwrap();
    assert!(files(&place).is_empty(), "{:?}", files(&place));
}

#[tokio::test]
async fn a_damaged_model_is_repaired_by_fetching_what_is_damaged() {
    if !is_alone("a_damaged_model_is_repaired_by_fetching_what_is_damaged") {
        return;
    }
    let desk = Desk::with(one_model()).await;
    let id = desk.start("Q4_K_M").await;
    desk.ready(&id).await;
    let target = desk.target("M-Q4_K_M.gguf");
    let path = text(&target);
    desk.app.scan_library().await.unwrap();
    let early = desk.app.repair_model(path.clone()).await.unwrap_err();
    assert_eq!(early.code, ErrorCode::BadInput, "nothing is known to be wrong: {early:?}");
    damage(&target, 9 * MIB);
    damage(&target, 21 * MIB);
    let verified = desk.app.verify_model(path.clone()).await.unwrap().verified;
    let VerifiedView::Broken { repair_bytes, .. } = verified else { panic!("{verified:?}") };
    assert_eq!(repair_bytes, Some(2 * BLOCK_BYTES));
    // Meanwhile the repository has another version, which is not what is repaired.
    desk.server.set_repo(Repo::new("owner/model").file("M-Q4_K_M.gguf", Content::model(9, 40 * MIB)));
    let n_before = desk.server.requests().len();
    assert_eq!(desk.app.repair_model(path).await.unwrap(), id, "it is the same download");
    desk.ready(&id).await;
    assert_eq!(desk.asked_bytes(n_before), 2 * BLOCK_BYTES);
    assert!(same(&target, &Content::model(1, 40 * MIB)));
    desk.app.scan_library().await.unwrap();
    assert_eq!(desk.only_model().await.verified, VerifiedView::Verified);
}

#[tokio::test]
async fn a_model_is_not_deleted_while_a_part_of_it_is_fetched() {
    if !is_alone("a_model_is_not_deleted_while_a_part_of_it_is_fetched") {
        return;
    }
    let parts = Content::split_model(7, 12 * MIB, 2);
    let name = |number: u32| format!("M-Q8_0-0000{number}-of-00002.gguf");
    let repo = (1..).zip(&parts).fold(Repo::new("owner/model"), |repo, (n, part)| repo.file(&name(n), part.clone()));
    let desk = Desk::with(vec![repo]).await;
    let id = desk.start("Q8_0").await;
    let view = desk.ready(&id).await;
    assert_eq!((view.n_files, view.name.as_str()), (2, "M-Q8_0"));
    desk.app.scan_library().await.unwrap();
    let first = text(&desk.target(&name(1)));
    damage(&desk.target(&name(2)), 9 * MIB);
    desk.app.verify_model(first.clone()).await.unwrap();
    desk.server.throttle(Some(1_000_000));
    desk.app.repair_model(first.clone()).await.unwrap();
    desk.when(&id, is_downloading).await;
    let refused = desk.app.delete_model(first.clone()).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::Busy, "{refused:?}");
    assert!(desk.target(&name(1)).is_file());
    desk.server.throttle(None);
    desk.ready(&id).await;
    desk.app.scan_library().await.unwrap();
    assert_eq!(desk.only_model().await.verified, VerifiedView::Verified);
    desk.app.delete_model(first).await.unwrap();
}

#[tokio::test]
async fn a_model_is_shared_with_hugging_faces_cache_without_a_second_copy() {
    use std::os::unix::fs::MetadataExt as _;
    if !is_alone("a_model_is_shared_with_hugging_faces_cache_without_a_second_copy") {
        return;
    }
    let cache = PathBuf::from(std::env::var_os("HF_HOME").unwrap()).join("hub/models--owner--model");
    let desk = Desk::with(one_model()).await;
    let mut settings = desk.app.download_settings().await.unwrap();
    settings.share_with_hf_cache = true;
    desk.app.set_download_settings(settings).await.unwrap();
    let id = desk.start("Q4_K_M").await;
    desk.ready(&id).await;
    let content = Content::model(1, 40 * MIB);
    let blob = fs::metadata(cache.join("blobs").join(content.sha256())).unwrap();
    let own = fs::metadata(desk.target("M-Q4_K_M.gguf")).unwrap();
    assert_eq!((blob.ino(), own.nlink()), (own.ino(), 2));
    let commit = fs::read_to_string(cache.join("refs/main")).unwrap();
    assert!(same(&cache.join("snapshots").join(commit).join("M-Q4_K_M.gguf"), &content));
    let library = desk.app.scan_library().await.unwrap();
    assert_eq!((library.duplicate_bytes, library.models.len()), (0, 1));
}
