//! The list: its order, pausing, cancelling, dismissing, and what is left of it after a restart.

use super::*;

#[tokio::test]
async fn a_download_ends_as_a_verified_model_in_the_list() {
    if !is_alone("list::a_download_ends_as_a_verified_model_in_the_list") {
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
    if !is_alone("list::downloads_run_one_at_a_time_in_the_order_of_the_list") {
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
    if !is_alone("list::a_paused_download_keeps_what_came_and_goes_on_from_there") {
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
    if !is_alone("list::a_download_that_is_resumed_while_it_still_stops_runs_again") {
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
    if !is_alone("list::a_queued_download_that_is_paused_lets_the_next_one_go_first") {
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
    if !is_alone("list::a_cancelled_download_leaves_nothing_and_a_finished_model_stays") {
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
    if !is_alone("list::the_same_model_can_be_wanted_again_while_its_cancelled_download_still_stops") {
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
    if !is_alone("list::what_was_cancelled_before_the_end_is_deleted_after_the_next_start") {
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
    if !is_alone("list::only_what_is_over_is_dismissed_and_its_files_stay") {
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
    if !is_alone("list::the_same_model_twice_is_one_download_however_it_is_named") {
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
    if !is_alone("list::after_a_restart_what_ran_goes_on_and_what_failed_says_why") {
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
    if !is_alone("list::while_the_server_is_away_what_is_here_is_still_known") {
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
    if !is_alone("list::paddock_ends_at_once_whatever_a_download_waits_for") {
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
