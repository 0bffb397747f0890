//! An engine that dies or hangs costs the answer, never the app. Real processes, real signals.

use std::{collections::BTreeSet, fs, io::BufRead, process::Stdio, time::Duration};

use paddock_core::{
    ErrorCode, HostConfig, Life,
    view::{ChatEvent, EngineState, FinishReason, LoadSettings},
};
use paddock_engine_api::{
    DeathCause, EngineError, EngineHost, GenerationEvent,
    protocol::{LoadParams, LoadPhase},
};
use rustix::process::Signal;

use crate::harness::{
    TestApp, answer, done, greedy, is_running, loaded_host, patiently, read, real_engine, scripted_engine,
    self_test_model, shown, signal, user,
};

const DEADLY: [(Signal, DeathCause); 3] =
    [(Signal::KILL, DeathCause::Killed), (Signal::SEGV, DeathCause::Crashed), (Signal::ABORT, DeathCause::Aborted)];

fn pid_of(host: &EngineHost) -> u32 {
    match *host.life().borrow() {
        Life::Running(pid) => pid,
        ref other => panic!("the engine should run: {other:?}"),
    }
}

fn cause_of<T: std::fmt::Debug>(result: Result<T, EngineError>) -> DeathCause {
    match result {
        Err(EngineError::Died(death)) => death.cause,
        other => panic!("the engine should have died: {other:?}"),
    }
}

/// The dead engine's host still answers, with a new engine.
async fn works_again(host: &EngineHost) {
    host.load(LoadParams { path: self_test_model(), ..LoadParams::default() }, |_| {}).await.unwrap();
    assert_eq!(answer(host, greedy(vec![user("Count to 5")])).await.0, "1, 2, 3, 4, 5");
}

#[tokio::test]
async fn killed_while_writing_it_says_how_and_the_next_one_works() {
    for (deadly, cause) in DEADLY {
        let (host, _) = loaded_host(LoadParams::default()).await;
        let mut generation = host.generate(greedy(vec![user("Count to 100")]));
        while !matches!(generation.next().await.unwrap(), GenerationEvent::Text { .. }) {}
        signal(pid_of(&host), deadly);
        assert_eq!(cause_of(patiently(read(&mut generation)).await), cause, "{deadly:?}");
        patiently(works_again(&host)).await;
    }
}

#[tokio::test]
async fn killed_while_understanding_it_says_how_and_the_next_one_works() {
    for (deadly, cause) in DEADLY {
        let (host, _) = loaded_host(LoadParams { n_ctx: Some(16_384), ..LoadParams::default() }).await;
        let mut generation = host.generate(greedy(vec![user(&"sky blue ".repeat(2_500))]));
        assert!(matches!(generation.next().await.unwrap(), GenerationEvent::Prompt { processed: 0, .. }));
        signal(pid_of(&host), deadly);
        assert_eq!(cause_of(patiently(read(&mut generation)).await), cause, "{deadly:?}");
        patiently(works_again(&host)).await;
    }
}

/// A model whose weights take a while to read: the self-test model's header with a large embedding in front of it would
/// not load, so this one has true shapes and holes for data.
fn slow_model(folder: &std::path::Path) -> std::path::PathBuf {
    let path = folder.join("slow.gguf");
    let status = std::process::Command::new(env!("CARGO_BIN_EXE_random-model"))
        .args(["--shape", "3b", "--type", "f16", "--sparse", "--out"])
        .arg(&path)
        .stdout(Stdio::null())
        .status()
        .unwrap();
    assert!(status.success());
    path
}

#[tokio::test]
async fn killed_while_loading_it_says_how_and_the_next_one_works() {
    let folder = tempfile::TempDir::new().unwrap();
    let path = slow_model(folder.path());
    for (deadly, cause) in DEADLY {
        let host = crate::harness::host(real_engine());
        let params = LoadParams { path: path.clone(), use_mmap: false, ..LoadParams::default() };
        let killer = host.clone();
        let mut killed = false;
        let load = host.load(params, move |report| {
            if report.phase == LoadPhase::Reading && report.fraction > 0.0 && !killed {
                killed = true;
                signal(pid_of(&killer), deadly);
            }
        });
        assert_eq!(cause_of(patiently(load).await), cause, "{deadly:?}");
        patiently(works_again(&host)).await;
    }
}

#[tokio::test]
async fn a_load_that_nobody_waits_for_is_given_up() {
    let folder = tempfile::TempDir::new().unwrap();
    let params = LoadParams { path: slow_model(folder.path()), use_mmap: false, ..LoadParams::default() };
    let host = crate::harness::host(real_engine());
    let (started, mut begun) = tokio::sync::mpsc::unbounded_channel();
    tokio::select! {
        loaded = host.load(params, move |report| _ = started.send(report)) => panic!("loaded too soon: {loaded:?}"),
        _ = async { while begun.recv().await.is_some_and(|report| report.fraction == 0.0) {} } => {}
    }
    // Were it still loading, this would wait for gigabytes.
    patiently(works_again(&host)).await;
}

#[tokio::test]
async fn killed_while_idle_the_app_says_so_and_the_next_message_works() {
    for (deadly, _) in DEADLY {
        let test = TestApp::ready(LoadSettings::default()).await;
        let mut states = test.app.engine_state();
        signal(test.app.engine_pid().unwrap(), deadly);
        let failed =
            patiently(states.wait_for(|state| matches!(state, EngineState::Failed { .. }))).await.unwrap().clone();
        let EngineState::Failed { error, name, .. } = failed else { unreachable!() };
        assert_eq!((error.code, name.as_deref()), (ErrorCode::EngineDied, Some("Self-test model")));
        let message = done(&test.send(None, "Count to 5").await);
        assert_eq!((message.content.as_str(), message.finish_reason), ("1, 2, 3, 4, 5", Some(FinishReason::Stop)));
    }
}

#[tokio::test]
async fn killed_in_mid_answer_the_partial_text_is_kept_and_marked_and_the_next_message_works() {
    // Not SIGSEGV: the scripted engine has Rust's fault handler, which lets the first one from outside pass.
    for deadly in [Signal::KILL, Signal::ABORT] {
        // Scripted, for an answer so long that the kill is always in its middle.
        let test = TestApp::new(scripted_engine());
        let app = test.app.clone();
        let mut killed = false;
        let events = test
            .send_and(None, "stream 20000 at 1000", |event| {
                if matches!(event, ChatEvent::Text { .. }) && !killed {
                    killed = true;
                    signal(app.engine_pid().unwrap(), deadly);
                }
            })
            .await;
        let partial = done(&events);
        assert_eq!(partial.finish_reason, Some(FinishReason::Interrupted));
        assert!(!partial.content.is_empty());
        assert_eq!(partial.content, shown(&events), "what was shown is what is kept");
        assert_eq!(partial.error.as_ref().map(|error| error.code), Some(ErrorCode::EngineDied));

        let next = done(&test.send(Some(&partial), "one two").await);
        assert_eq!((next.content.trim(), next.finish_reason), ("one two", Some(FinishReason::Stop)));
        let stored = test.app.conversation(next.conversation_id.clone()).await.unwrap();
        let kept = stored.messages.iter().find(|message| message.id == partial.id).unwrap();
        assert_eq!((&kept.content, kept.finish_reason), (&partial.content, Some(FinishReason::Interrupted)));
    }
}

#[tokio::test]
async fn an_engine_that_always_dies_is_not_started_in_a_loop() {
    let test = TestApp::ready(LoadSettings::default()).await;
    let mut pids = BTreeSet::new();
    for _ in 0..3 {
        let mut states = test.app.engine_state();
        let pid = test.app.engine_pid().unwrap();
        assert!(pids.insert(pid));
        signal(pid, Signal::KILL);
        patiently(states.wait_for(|state| matches!(state, EngineState::Failed { .. }))).await.unwrap();
        assert_eq!(test.app.engine_pid(), None, "nobody asked for another engine");
        done(&test.send(None, "Count to 5").await);
    }
}

#[tokio::test]
async fn an_engine_that_is_stopped_dead_is_noticed_ended_and_named() {
    let config = HostConfig { silence_limit: Duration::from_secs(2), ..HostConfig::default() };
    let host = EngineHost::new(real_engine(), config).unwrap();
    host.load(LoadParams { path: self_test_model(), ..LoadParams::default() }, |_| {}).await.unwrap();
    let pid = pid_of(&host);
    let mut generation = host.generate(greedy(vec![user("Count to 100")]));
    signal(pid, Signal::STOP);
    let cause = cause_of(patiently(read(&mut generation)).await);
    assert!(matches!(cause, DeathCause::Hung { seconds } if seconds >= 2), "{cause:?}");
    assert!(!is_running(pid));
    patiently(works_again(&host)).await;
}

#[tokio::test]
async fn an_engine_that_beats_but_does_nothing_is_noticed_too() {
    let config = HostConfig { stall_limit: Duration::from_secs(2), ..HostConfig::default() };
    let host = EngineHost::new(misbehaving("stalled"), config).unwrap();
    host.load(LoadParams { path: self_test_model(), ..LoadParams::default() }, |_| {}).await.unwrap();
    let cause = cause_of(patiently(read(&mut host.generate(greedy(vec![user("hi")])))).await);
    assert!(matches!(cause, DeathCause::Hung { .. }), "{cause:?}");
}

/// The scripted engine with a fault. By an executable of its own, because the environment belongs to all tests.
pub fn misbehaving(script: &str) -> paddock_core::EngineCommand {
    let mut command = scripted_engine();
    command.args =
        vec!["-c".into(), format!("PADDOCK_SCRIPT={script} exec \"$0\" engine").into(), command.program.into()];
    command.program = "/bin/sh".into();
    command
}

#[tokio::test]
async fn engines_that_talk_nonsense_are_ended_and_named() {
    for script in ["garbage", "oversized"] {
        let host = EngineHost::new(misbehaving(script), HostConfig::default()).unwrap();
        host.load(LoadParams { path: self_test_model(), ..LoadParams::default() }, |_| {}).await.unwrap();
        let pid = pid_of(&host);
        let cause = cause_of(patiently(read(&mut host.generate(greedy(vec![user("hi")])))).await);
        assert_eq!(cause, DeathCause::Babbled, "{script}");
        assert!(!is_running(pid), "{script}");
        // The next request gets a new process.
        host.load(LoadParams { path: self_test_model(), ..LoadParams::default() }, |_| {}).await.unwrap();
        assert_ne!(pid_of(&host), pid, "{script}");
    }
    let old = EngineHost::new(misbehaving("old-version"), HostConfig::default()).unwrap();
    assert_eq!(cause_of(patiently(old.devices()).await), DeathCause::Babbled);
}

#[tokio::test]
async fn an_unexpected_exit_names_its_code() {
    let host = EngineHost::new(misbehaving("exit-on-generate"), HostConfig::default()).unwrap();
    host.load(LoadParams { path: self_test_model(), ..LoadParams::default() }, |_| {}).await.unwrap();
    let cause =
        cause_of(patiently(read(&mut host.generate(greedy(vec![user("one two three four five six seven")])))).await);
    assert_eq!(cause, DeathCause::Exited(3));
}

#[tokio::test]
async fn an_engine_that_cannot_be_started_is_an_error_not_a_hang() {
    let mut command = real_engine();
    command.program = "/nonexistent/engine".into();
    let refused = patiently(crate::harness::host(command).devices()).await;
    assert!(matches!(refused, Err(EngineError::Spawn(_))), "{refused:?}");
}

/// Linux, because it looks the children up in /proc.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn no_engine_outlives_a_killed_app() {
    for message in ["Count to 5", "Count to 100"] {
        let folder = tempfile::TempDir::new().unwrap();
        let mut app = std::process::Command::new(env!("CARGO_BIN_EXE_headless-app"))
            .arg(folder.path())
            .arg(env!("CARGO_BIN_EXE_real-engine"))
            .arg(message)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = std::io::BufReader::new(app.stdout.take().unwrap()).lines();
        assert!(lines.any(|line| line.unwrap().starts_with("text")), "no text came");
        let engines = children_of(app.id());
        app.kill().unwrap();
        app.wait().unwrap();
        patiently(async {
            while engines.iter().any(|&pid| is_running(pid)) {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        })
        .await;
    }
}

#[cfg(target_os = "linux")]
fn children_of(parent: u32) -> Vec<u32> {
    let threads = fs::read_dir(format!("/proc/{parent}/task")).unwrap();
    let lists = threads.map(|thread| fs::read_to_string(thread.unwrap().path().join("children")).unwrap_or_default());
    lists.flat_map(|list| list.split_whitespace().map(|pid| pid.parse().unwrap()).collect::<Vec<_>>()).collect()
}

#[tokio::test]
async fn a_model_file_that_shrinks_while_it_is_in_use_costs_only_the_answer() {
    let folder = tempfile::TempDir::new().unwrap();
    let path = folder.path().join("shrinking.gguf");
    fs::copy(self_test_model(), &path).unwrap();
    let host = crate::harness::host(real_engine());
    host.load(LoadParams { path: path.clone(), ..LoadParams::default() }, |_| {}).await.unwrap();
    fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(100_000).unwrap();
    // Either the pages are gone and the process with them, or they were copied at load and it does not matter.
    match patiently(read(&mut host.generate(greedy(vec![user("Count to 5")])))).await {
        Ok((text, ..)) => assert_eq!(text, "1, 2, 3, 4, 5"),
        Err(EngineError::Died(death)) => assert_eq!(death.cause, DeathCause::Crashed),
        Err(other) => panic!("{other:?}"),
    }
    patiently(works_again(&host)).await;
}

/// Linux, because it looks the children up in /proc.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn not_even_a_stopped_engine_outlives_a_killed_app() {
    let folder = tempfile::TempDir::new().unwrap();
    let mut app = std::process::Command::new(env!("CARGO_BIN_EXE_headless-app"))
        .arg(folder.path())
        .arg(env!("CARGO_BIN_EXE_real-engine"))
        .arg("Count to 100")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = std::io::BufReader::new(app.stdout.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap().starts_with("text")), "no text came");
    let engines = children_of(app.id());
    for pid in &engines {
        // It reads no end of input any more.
        signal(*pid, Signal::STOP);
    }
    app.kill().unwrap();
    app.wait().unwrap();
    patiently(async {
        while engines.iter().any(|&pid| is_running(pid)) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_model_file_that_is_gone_is_named_when_it_is_wanted_again_and_the_app_goes_on() {
    let folder = tempfile::TempDir::new().unwrap();
    let path = folder.path().join("gone.gguf");
    fs::copy(self_test_model(), &path).unwrap();
    let test = TestApp::new(real_engine());
    test.app.load_model(path.display().to_string(), LoadSettings::default()).await.unwrap();
    fs::remove_file(&path).unwrap();
    signal(test.app.engine_pid().unwrap(), Signal::KILL);
    let mut states = test.app.engine_state();
    patiently(states.wait_for(|state| matches!(state, EngineState::Failed { .. }))).await.unwrap();
    let failed = done(&test.send(None, "Count to 5").await);
    assert_eq!(failed.finish_reason, Some(FinishReason::Failed));
    assert!(matches!(failed.error.unwrap().what.as_deref(), Some(paddock_core::What::FileMissing { .. })));
    test.app.load_model(self_test_model().display().to_string(), LoadSettings::default()).await.unwrap();
    assert_eq!(done(&test.send(None, "Count to 5").await).content, "1, 2, 3, 4, 5");
}

#[tokio::test]
async fn a_model_that_is_chosen_while_another_answers_waits_for_its_turn() {
    let folder = tempfile::TempDir::new().unwrap();
    let other = folder.path().join("other.gguf");
    fs::copy(self_test_model(), &other).unwrap();
    let test = TestApp::new(scripted_engine());
    let app = test.app.clone();
    let path = other.display().to_string();
    let mut load = None;
    let events = test
        .send_and(None, "stream 200 at 400", |event| {
            if matches!(event, ChatEvent::Text { .. }) && load.is_none() {
                let (app, path) = (app.clone(), path.clone());
                load = Some(tokio::spawn(async move { app.load_model(path, LoadSettings::default()).await }));
            }
        })
        .await;
    assert_eq!(done(&events).finish_reason, Some(FinishReason::Stop), "it is not cut off");
    patiently(load.unwrap()).await.unwrap().unwrap();
    assert!(matches!(&*test.app.engine_state().borrow(), EngineState::Ready { model } if model.path == path));
}

/// What a process holds of main memory, in kB.
#[cfg(target_os = "linux")]
fn memory_kb(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn hundreds_of_models_one_after_the_other_leave_the_engine_about_as_large_as_it_was() {
    let (host, _) = loaded_host(LoadParams::default()).await;
    let pid = pid_of(&host);
    let mut after = Vec::new();
    for _ in 0..400 {
        host.load(LoadParams { path: self_test_model(), ..LoadParams::default() }, |_| {}).await.unwrap();
        host.unload().await.unwrap();
        after.push(memory_kb(pid));
    }
    assert_eq!(pid_of(&host), pid);
    // The first half fills the allocator's pools: one for each thread that ever read a file.
    let (early, late) = (after[199], after[399]);
    assert!(late <= early + early / 100, "{after:?}");
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn fifty_loads_and_unloads_leave_the_app_as_large_as_it_was_and_no_engine() {
    let folder = tempfile::TempDir::new().unwrap();
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_headless-app"))
        .arg(folder.path())
        .arg(env!("CARGO_BIN_EXE_real-engine"))
        .args(["Count to 5", "100"])
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let after: Vec<u64> = text.lines().filter_map(|line| line.strip_prefix("unloaded ")?.trim().parse().ok()).collect();
    assert_eq!(after.len(), 100, "{text}");
    // The first fifty fill the threads' pools of memory.
    let (early, late) = (after[49], after[99]);
    assert!(late.abs_diff(early) <= early / 100, "{after:?}");
    assert!(text.contains("done"), "and it still answers: {text}");
}
