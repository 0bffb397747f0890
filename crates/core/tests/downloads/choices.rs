//! What is asked and said before a download, and what it may: settings, terms, tokens, room.

use super::*;

#[tokio::test]
async fn settings_count_for_the_next_download_and_the_limit_at_once() {
    if !is_alone("choices::settings_count_for_the_next_download_and_the_limit_at_once") {
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
    if !is_alone("choices::metas_terms_are_accepted_once_before_the_first_byte") {
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
    if !is_alone("choices::a_closed_repository_opens_with_a_token_that_nothing_ever_shows") {
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
    if !is_alone("choices::before_the_first_byte_is_said_how_much_will_come_and_where_it_goes") {
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
    if !is_alone("choices::a_drive_that_is_too_small_is_said_before_and_fails_with_the_numbers") {
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
