//! Models that are not here yet, with a server on this computer that speaks like Hugging Face.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod alone;
#[path = "../../hub/tests/it/hub_server.rs"]
#[allow(dead_code, reason = "other tests misbehave in more ways")]
mod hub_server;
#[path = "../../gguf/tests/it/llama_70b.rs"]
mod llama_70b;

use std::{
    fs::File,
    path::Path,
    process::{Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use paddock_core::{
    App, AppConfig, DataDir, EngineCommand, ErrorCode, HostConfig,
    planner::quant::Quality,
    view::{RemoteModelView, TokenPlace},
};

use alone::{Log, holds, is_alone};
use hub_server::{Content, HubServer, Reply, Repo, Request, entry};
use llama_70b::llama_70b;

const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";
const CANARY: &str = "hf_canaryCanaryCanary";

/// An app whose engine cannot be started, which no test here needs.
fn app(folder: &Path) -> App {
    let engine = EngineCommand { program: folder.join("no engine"), args: Vec::new() };
    App::open(AppConfig { data: DataDir::at(folder), engine, host: HostConfig::default() }).unwrap()
}

async fn app_with(folder: &Path, server: &HubServer) -> App {
    let app = app(folder);
    ask(&app, server).await;
    app
}

/// From now on this server is asked.
async fn ask(app: &App, server: &HubServer) {
    let mut settings = app.download_settings().await.unwrap();
    settings.endpoint = Some(server.url());
    app.set_download_settings(settings).await.unwrap();
}

/// Answers for a repository at its commit. `fields` are what it says of itself besides.
fn answer(request: &Request, repo: &Repo, fields: &str) -> Reply {
    if request.target.starts_with("/api/models/owner/model/revision/main") {
        return Reply::json(format!(r#"{{"id":"owner/model","sha":"{COMMIT}"{fields}}}"#));
    }
    let mut request = request.clone();
    request.target = request.target.replace(COMMIT, "main");
    repo.reply(&request)
}

fn serve(repo: Repo, fields: &'static str) -> HubServer {
    HubServer::start(move |request| answer(request, &repo, fields))
}

fn tiny() -> Content {
    Content::Bytes(vec![0; 9])
}

#[tokio::test]
async fn a_search_shows_what_was_found() {
    if !is_alone("a_search_shows_what_was_found") {
        return;
    }
    let body = r#"[{"id":"a/one","downloads":9,"likes":2,"gated":"auto","tags":["license:llama3.3"]},{"id":"../x"}]"#;
    let server = HubServer::start(move |_| Reply::json(body));
    let folder = tempfile::tempdir().unwrap();
    let found = app_with(folder.path(), &server).await.search_hub("llama".into()).await.unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].repo.as_str(), found[0].downloads, found[0].gated), ("a/one", 9, true));
    assert_eq!(found[0].licence.as_deref(), Some("llama3.3"));
}

#[tokio::test]
async fn a_repository_shows_its_models_and_what_is_wrong_with_them() {
    if !is_alone("a_repository_shows_its_models_and_what_is_wrong_with_them") {
        return;
    }
    let repo = Repo::default()
        .file("big/M-Q4_K_M.gguf", Content::Bytes(vec![0; 20]))
        .file("M-Q4_0_4_4.gguf", tiny())
        .file("M-UD-Q9_X.gguf", Content::Bytes(vec![0; 10]))
        .file("M-Q8_0-00002-of-00002.gguf", Content::Bytes(vec![0; 30]))
        .file("../escape.gguf", tiny());
    let server = serve(repo, r#","gated":"auto","tags":["license:llama3.3"]"#);
    let folder = tempfile::tempdir().unwrap();
    let app = app_with(folder.path(), &server).await;
    let details = app.repo_details("owner/model".into()).await.unwrap();
    assert_eq!((details.commit.as_str(), details.gated, details.n_unsafe), (COMMIT, true, 1));
    assert!(details.page.ends_with("/owner/model"), "{}", details.page);
    let [dead, unknown, good, cut] = details.models.as_slice() else { panic!("{:?}", details.models) };
    let shown = |m: &RemoteModelView| (m.path.clone(), m.name.clone(), m.quality_step, m.n_files);
    assert_eq!(shown(good), ("big/M-Q4_K_M.gguf".into(), "M-Q4_K_M".into(), Some(5), 1));
    assert_eq!((good.quality, &good.problem, &good.local_path), (Some(Quality::VeryGood), &None, &None));
    let problem = dead.problem.as_ref().unwrap().to_string();
    assert!(problem.contains("Q4_0_4_4") && problem.ends_with("Take Q4_0 instead."), "{problem}");
    assert_eq!((unknown.quality_step, &unknown.problem), (None, &None));
    let problem = cut.problem.as_ref().unwrap().to_string();
    assert!(problem.contains("1 of its 2 files") && problem.contains("M-Q8_0-00001-of-00002.gguf"), "{problem}");
    // The listing is that of the commit, not of a branch that may have moved since.
    assert!(server.requests()[1].target.contains(COMMIT));
}

#[tokio::test]
async fn a_licence_is_accepted_once_and_for_all() {
    if !is_alone("a_licence_is_accepted_once_and_for_all") {
        return;
    }
    let server = serve(Repo::default(), r#","tags":["license:llama3.3"]"#);
    let folder = tempfile::tempdir().unwrap();
    let app = app_with(folder.path(), &server).await;
    let licence = async |app: &App| app.repo_details("owner/model".into()).await.unwrap().licence.unwrap();
    let first = licence(&app).await;
    assert_eq!((first.id.as_str(), first.llama, first.accepted), ("llama3.3", true, false));
    app.accept_licence("mit".into()).await.unwrap();
    assert!(!licence(&app).await.accepted);
    app.accept_licence(first.id).await.unwrap();
    assert!(licence(&app).await.accepted);
    app.shut_down().await;
    drop(app);
    let again = app_with(folder.path(), &server).await;
    assert!(licence(&again).await.accepted, "it was forgotten");
    assert_eq!(again.accept_licence(" ".into()).await.unwrap_err().code, ErrorCode::BadInput);
}

#[tokio::test]
async fn a_model_is_planned_from_its_header_which_is_fetched_once() {
    if !is_alone("a_model_is_planned_from_its_header_which_is_fetched_once") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("70b.gguf");
    llama_70b().write(File::create(&path).unwrap()).unwrap();
    let server = serve(Repo::default().file("M-Q4_K_M.gguf", Content::Disk(path.clone())), "");
    let app = app_with(folder.path(), &server).await;
    let n_pieces = || server.requests().iter().filter(|request| request.range().is_some()).count();
    let plan = |n_ctx| app.plan_remote("owner/model".into(), "Q4_K_M".into(), n_ctx);
    let (one, other, third) = tokio::join!(plan(4_096), plan(4_096), plan(4_096));
    let of_file = app.plan_file(path.display().to_string(), 4_096).await.unwrap();
    let comparable = |plan: &paddock_core::view::PlanView| {
        let mut plan = serde_json::to_value(plan).unwrap();
        // The name tells the quantization of the file on the disk; and other programs take memory as they please, which
        // is what the disk is read for here. Nothing else may differ.
        let differs = ["name", "quant", "diskBytesPerToken", "tokS", "promptTokS", "verdict", "verdictWords"];
        plan.as_object_mut().unwrap().retain(|key, _| !differs.contains(&key.as_str()));
        for bar in plan["bars"].as_array_mut().unwrap() {
            bar["parts"].as_array_mut().unwrap().retain(|part| part["kind"] != "others" && part["kind"] != "free");
        }
        plan
    };
    for plan in [one, other, third] {
        assert_eq!(comparable(&plan.unwrap()), comparable(&of_file));
    }
    let fetched = n_pieces();
    assert!((4..=6).contains(&fetched), "{fetched} requests");
    for n_ctx in [512, 8_192, 131_072, u32::MAX] {
        plan(n_ctx).await.unwrap();
    }
    assert_eq!(n_pieces(), fetched, "a slider asks no server");
    // Nor does the next start.
    app.shut_down().await;
    drop(app);
    let again = app_with(folder.path(), &server).await;
    again.plan_remote("owner/model".into(), "M-Q4_K_M.gguf".into(), 4_096).await.unwrap();
    assert_eq!(n_pieces(), fetched);
    let unknown = again.plan_remote("owner/model".into(), "Q2_K".into(), 4_096).await.unwrap_err();
    assert_eq!(unknown.code, ErrorCode::NotFound);
    assert!(unknown.message.contains("Q4_K_M"), "{unknown}");
}

#[tokio::test]
async fn no_more_than_two_headers_are_fetched_at_once() {
    if !is_alone("no_more_than_two_headers_are_fetched_at_once") {
        return;
    }
    let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (counted, seen) = (Arc::clone(&now), Arc::clone(&most));
    let server = HubServer::start(move |request| {
        if request.target.contains("/revision/") {
            return Reply::json(format!(r#"{{"sha":"{COMMIT}"}}"#));
        } else if request.range().is_none() {
            return Reply::json(format!("[{}]", entry("M-Q4_0.gguf", 100)));
        }
        seen.fetch_max(counted.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        std::thread::sleep(Duration::from_millis(60));
        counted.fetch_sub(1, Ordering::SeqCst);
        Content::Bytes(vec![1; 100]).reply(request)
    });
    let folder = tempfile::tempdir().unwrap();
    let app = app_with(folder.path(), &server).await;
    let mut asking = tokio::task::JoinSet::new();
    for n in 0..6 {
        let app = app.clone();
        asking.spawn(async move { app.plan_remote(format!("owner/m{n}"), "Q4_0".into(), 512).await });
    }
    for result in asking.join_all().await {
        assert_eq!(result.unwrap_err().code, ErrorCode::ModelRefused);
    }
    assert_eq!(most.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn another_server_in_the_settings_is_asked_from_then_on() {
    if !is_alone("another_server_in_the_settings_is_asked_from_then_on") {
        return;
    }
    let (one, other) = (serve(Repo::default(), ""), serve(Repo::default(), ""));
    let folder = tempfile::tempdir().unwrap();
    let app = app_with(folder.path(), &one).await;
    app.repo_details("owner/model".into()).await.unwrap();
    ask(&app, &other).await;
    app.repo_details("owner/model".into()).await.unwrap();
    assert_eq!((one.requests().len(), other.requests().len()), (2, 2));
}

#[tokio::test]
async fn a_repository_that_is_closed_or_not_there_is_told_apart() {
    if !is_alone("a_repository_that_is_closed_or_not_there_is_told_apart") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let code = async |repo: &str, reply: Reply| {
        let server = HubServer::start(move |_| reply.clone());
        let error = app_with(folder.path(), &server).await.repo_details(repo.into()).await.unwrap_err();
        error.code
    };
    assert_eq!(code("owner/model", Reply::refusal(401, "GatedRepo")).await, ErrorCode::Gated);
    assert_eq!(code("owner/model", Reply::refusal(401, "RepoNotFound")).await, ErrorCode::NotFound);
    assert_eq!(code("owner", Reply::refusal(500, "")).await, ErrorCode::BadInput);
}

/// The files in a folder, with those in its folders.
fn files(folder: &Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn without_a_keychain_the_token_is_kept_until_the_end_and_nowhere_else() {
    if !is_alone("without_a_keychain_the_token_is_kept_until_the_end_and_nowhere_else") {
        return;
    }
    let log = Log::default();
    let writer = log.clone();
    tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(move || writer.clone()).init();
    let repo = Repo::default().file("M-Q4_0.gguf", tiny());
    let server = HubServer::start(move |request| match request.header("authorization") {
        Some(token) if token == format!("Bearer {CANARY}") => answer(request, &repo, ""),
        _ => Reply::refusal(401, "GatedRepo"),
    });
    let folder = tempfile::tempdir().unwrap();
    let app = app_with(folder.path(), &server).await;
    assert_eq!(app.hub_token().await.unwrap(), TokenPlace::None);
    let closed = app.repo_details("owner/model".into()).await.unwrap_err();
    assert_eq!(closed.code, ErrorCode::Gated);
    assert_eq!(app.set_hub_token(Some(format!(" {CANARY}\n"))).await.unwrap(), TokenPlace::Session);
    let details = app.repo_details("owner/model".into()).await.unwrap();
    assert_eq!(details.models.len(), 1);
    let mut told = format!("{details:?}");
    told += &format!("{:?}", app.plan_remote("owner/model".into(), "Q4_0".into(), 512).await.unwrap_err());
    let bad = app.set_hub_token(Some(format!("{CANARY} ü"))).await.unwrap_err();
    assert_eq!(bad.code, ErrorCode::BadInput);
    told += &format!("{bad:?}");
    assert_eq!(app.hub_token().await.unwrap(), TokenPlace::Session, "the good one stays");
    assert_eq!(app.set_hub_token(None).await.unwrap(), TokenPlace::None);
    assert_eq!(app.repo_details("owner/model".into()).await.unwrap_err().code, ErrorCode::Gated);
    app.set_hub_token(Some(CANARY.into())).await.unwrap();
    app.shut_down().await;
    drop(app);
    assert!(!told.contains(CANARY), "{told}");
    let log = log.0.lock().unwrap().clone();
    assert!(holds(&log, "no keychain") && !holds(&log, CANARY), "{}", String::from_utf8_lossy(&log));
    let written = files(folder.path());
    assert!(written.iter().any(|file| file.ends_with("paddock.db")));
    for file in written {
        assert!(!holds(&std::fs::read(&file).unwrap(), CANARY), "{}", file.display());
    }
    assert_eq!(app_with(folder.path(), &server).await.hub_token().await.unwrap(), TokenPlace::None);
}

/// With a real Secret Service on a bus of its own, where Debian's `gnome-keyring` and `dbus` are installed.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn the_systems_keychain_keeps_the_token_over_a_restart() {
    const MARK: &str = "PADDOCK_TEST_KEYCHAIN";
    if std::env::var_os(MARK).is_none() {
        let is_there = |program: &str| Command::new(program).arg("--version").stdout(Stdio::null()).status().is_ok();
        if !is_there("gnome-keyring-daemon") || !is_there("dbus-run-session") {
            eprintln!("skipped: gnome-keyring and dbus are not installed");
            return;
        }
        let home = tempfile::tempdir().unwrap();
        let script = r#"printf 'password' | gnome-keyring-daemon --unlock --components=secrets >/dev/null &&
            exec "$0" --exact the_systems_keychain_keeps_the_token_over_a_restart --nocapture"#;
        let status = Command::new("dbus-run-session")
            .args(["--", "sh", "-c", script])
            .arg(std::env::current_exe().unwrap())
            .env(MARK, "1")
            .env("HOME", home.path())
            .env("HF_HOME", home.path())
            .env("XDG_DATA_HOME", home.path())
            .env("PADDOCK_DATA_DIR", home.path().join("paddock"))
            .env_remove("HF_ENDPOINT")
            .env("XDG_RUNTIME_DIR", home.path())
            .status();
        assert!(status.unwrap().success());
        return;
    }
    let folder = DataDir::find().unwrap();
    let (server, other) = (serve(Repo::default(), ""), serve(Repo::default(), ""));
    let first = app_with(folder.path(), &server).await;
    assert_eq!(first.set_hub_token(Some(CANARY.into())).await.unwrap(), TokenPlace::Keychain);
    first.shut_down().await;
    drop(first);
    let second = app_with(folder.path(), &server).await;
    assert_eq!(second.hub_token().await.unwrap(), TokenPlace::Keychain);
    second.repo_details("owner/model".into()).await.unwrap();
    // The command line asks the same server as the same person, and any other as nobody.
    for named in [None, Some(server.url()), Some(other.url())] {
        let _ = paddock_core::models_at(named, "owner/model").await;
    }
    let (shown, bearer) =
        (|request: &Request| request.header("authorization").map(str::to_owned), format!("Bearer {CANARY}"));
    let asked = server.requests();
    assert!(asked.len() >= 3 && asked.iter().all(|request| shown(request).as_ref() == Some(&bearer)), "{asked:?}");
    let asked = other.requests();
    assert!(!asked.is_empty() && asked.iter().all(|request| shown(request).is_none()), "{asked:?}");
    assert_eq!(second.set_hub_token(None).await.unwrap(), TokenPlace::None);
    for file in files(folder.path()) {
        assert!(!holds(&std::fs::read(&file).unwrap(), CANARY), "{}", file.display());
    }
}
