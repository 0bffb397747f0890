//! Loads under a real limit on memory: the kernel ends the engine, or refuses it memory, and it comes to a good end.
//! Control groups need their folder to be writable, as root has it; where it is not, these tests say so and pass.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use paddock_core::{
    Life,
    view::{
        ChatEvent, ChatRequest, ChatSetup, EngineState, FinishReason, LoadChange, LoadSettings, LoadWish,
        LoadingSettings, SamplingChoice,
    },
};
use paddock_engine_api::{DeathCause, EngineError, protocol::LoadParams};
use tempfile::TempDir;

use crate::{
    harness::{TestApp, done, host, patiently, real_engine, request},
    inspect::random_model,
};

/// A group with a limit, beside that of the app. Version 1, or version 2 where memory is handed down.
struct Group(PathBuf);

impl Group {
    fn new(name: &str, bytes: u64) -> io::Result<Self> {
        let list = fs::read_to_string("/proc/self/cgroup")?;
        let of = |line: &str, controller: &str| {
            let mut parts = line.splitn(3, ':').skip(1);
            let (controllers, path) = (parts.next()?, parts.next()?);
            (controllers == controller).then(|| path.trim_start_matches('/').to_owned())
        };
        let v1 = list.lines().find_map(|line| of(line, "memory"));
        let (folder, file) = match v1 {
            Some(path) => (Path::new("/sys/fs/cgroup/memory").join(path), "memory.limit_in_bytes"),
            None => {
                let path = list.lines().find_map(|line| of(line, "")).unwrap_or_default();
                let own = Path::new("/sys/fs/cgroup").join(path);
                (own.parent().unwrap_or(&own).to_owned(), "memory.max")
            }
        };
        let group = Self(folder.join(format!("paddock-test-{name}-{}", std::process::id())));
        fs::create_dir(&group.0)?;
        fs::write(group.0.join(file), bytes.to_string())?;
        Ok(group)
    }

    fn or_skip(name: &str, bytes: u64) -> Option<Self> {
        match Self::new(name, bytes) {
            Ok(group) => Some(group),
            Err(error) => {
                eprintln!("skipped: no control group with a limit on memory can be made here: {error}");
                None
            }
        }
    }

    fn take_in(&self, pid: u32) {
        fs::write(self.0.join("cgroup.procs"), pid.to_string()).unwrap();
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        let _in_use = fs::remove_dir(&self.0);
    }
}

const MB: u64 = 1_000_000;

/// 390 MB in a format that llama.cpp rearranges, none of it in the system's cache.
fn model_of_390_mb(folder: &TempDir) -> PathBuf {
    let path = random_model(folder, &["--shape", "1b", "--layers", "11", "--vocab", "2048", "--type", "q4_0"]);
    let bytes = fs::metadata(&path).unwrap().len();
    assert!((370 * MB..430 * MB).contains(&bytes), "{bytes}");
    let file = fs::File::open(&path).unwrap();
    file.sync_all().unwrap();
    // Pages that are there already would belong to nobody who is limited.
    rustix::fs::fadvise(&file, 0, None, rustix::fs::Advice::DontNeed).unwrap();
    path
}

fn short_context() -> LoadSettings {
    LoadSettings { n_ctx: Some(512), ..LoadSettings::default() }
}

/// A request for an answer of so many tokens.
fn of_tokens(n: u32) -> ChatRequest {
    let sampling = SamplingChoice { max_tokens: Some(n), ..SamplingChoice::default() };
    ChatRequest { setup: Some(ChatSetup { sampling, ..ChatSetup::default() }), ..request("hi") }
}

#[tokio::test]
async fn a_model_twice_the_limit_answers_from_the_disk_and_can_be_stopped() {
    if Group::or_skip("probe", 200 * MB).is_none() {
        return;
    }
    let folder = TempDir::new().unwrap();
    let path = model_of_390_mb(&folder);
    let test = TestApp::new(real_engine());
    let limit = 200 * MB;
    let settings = LoadingSettings { ram_limit_bytes: Some(limit), ..LoadingSettings::default() };
    test.app.set_loading_settings(settings).await.unwrap();
    let wish = LoadWish { anyway: true, ..LoadWish::default() };
    patiently(test.app.load_model_as(path.display().to_string(), short_context(), wish)).await.unwrap();
    let notes = test.app.engine_notes().borrow().clone();
    let (from_disk, ram_limit) = (notes.from_disk.unwrap(), notes.ram_limit.unwrap());
    assert!(ram_limit.enforced && ram_limit.bytes == limit, "{ram_limit:?}");
    assert!(from_disk.least_bytes > 0 && from_disk.most_bytes < 400 * MB, "{from_disk:?}");
    assert_eq!(notes.steps, [], "planned, not found out");

    let whole = done(&test.send_request(of_tokens(3), |_| {}).await);
    assert_eq!(whole.finish_reason, Some(FinishReason::Length), "{:?}", whole.error);

    // Stopped in its middle, while the app does other things.
    let app = test.app.clone();
    let mut conversation = String::new();
    let stopped = test.send_request(of_tokens(400), |event| match event {
        ChatEvent::Started { conversation: started, .. } => conversation.clone_from(&started.id),
        ChatEvent::Text { .. } => app.stop_answer(&conversation),
        _ => {}
    });
    assert_eq!(done(&stopped.await).finish_reason, Some(FinishReason::Cancelled));
    assert_eq!(test.app.list_conversations().await.unwrap().len(), 2);
    let mut notes = test.app.engine_notes();
    let read = |live: Option<paddock_core::view::DiskUse>| live.is_some_and(|live| live.read_bytes > 0);
    patiently(notes.wait_for(|notes| read(notes.from_disk.and_then(|from_disk| from_disk.live)))).await.unwrap();
    test.app.unload_model().await;
    assert_eq!(left_overs(), Vec::<PathBuf>::new(), "the group goes with its engine");
}

/// Groups of engines of this process that are still there.
fn left_overs() -> Vec<PathBuf> {
    let list = fs::read_to_string("/proc/self/cgroup").unwrap();
    let path = list.lines().find_map(|line| line.split_once(":memory:").map(|(_, path)| path.to_owned()));
    let Some(path) = path else { return Vec::new() };
    let folder = Path::new("/sys/fs/cgroup/memory").join(path.trim_start_matches('/'));
    let groups = fs::read_dir(folder).unwrap().map(|group| group.unwrap().path());
    let ended = |group: &PathBuf| fs::read_to_string(group.join("cgroup.procs")).is_ok_and(|list| list.is_empty());
    groups.filter(|group| group.display().to_string().contains("paddock-engine-") && ended(group)).collect()
}

#[tokio::test]
async fn rearranged_weights_get_the_engine_killed_and_the_next_try_leaves_them_as_they_are() {
    let Some(group) = Group::or_skip("killed", 300 * MB) else { return };
    // In memory, where its pages are nobody's who is limited: pages of a drive would be given up and read again without
    // end instead, and nobody be killed.
    let Ok(folder) = TempDir::new_in("/dev/shm") else {
        eprintln!("skipped: there is no /dev/shm to write to");
        return;
    };
    let path = model_of_390_mb(&folder);
    // The engine alone: ended by the kernel.
    let alone = host(real_engine());
    alone.devices().await.unwrap();
    let Life::Running(pid) = *alone.life().borrow() else { panic!("the engine should run") };
    group.take_in(pid);
    let params = LoadParams { path: path.clone(), n_ctx: Some(512), ..LoadParams::default() };
    let EngineError::Died(death) = patiently(alone.load(params, |_| {})).await.unwrap_err() else {
        panic!("it should have died")
    };
    assert_eq!(death.cause, DeathCause::Killed);

    // The app, which knows nothing of the limit: every engine that it starts gets under it.
    let test = TestApp::new(real_engine());
    let mut life = test.app.engine_life();
    let watch = tokio::spawn(async move {
        loop {
            if let Life::Running(pid) = *life.borrow_and_update() {
                group.take_in(pid);
            }
            if life.changed().await.is_err() {
                return;
            }
        }
    });
    patiently(test.app.load_model(path.display().to_string(), short_context())).await.unwrap();
    let notes = test.app.engine_notes().borrow().clone();
    let changes: Vec<LoadChange> = notes.steps.iter().map(|step| step.change).collect();
    assert_eq!(changes, [LoadChange::NotRearranged]);
    assert!(matches!(*test.app.engine_state().borrow(), EngineState::Ready { .. }));
    let answer = done(&test.send_request(of_tokens(3), |_| {}).await);
    assert_eq!(answer.finish_reason, Some(FinishReason::Length), "{:?}", answer.error);
    watch.abort();
}

/// The engine with so much address space, in KiB.
fn with_address_space(kib: u64) -> paddock_core::EngineCommand {
    let mut command = real_engine();
    command.args = vec!["-c".into(), format!("ulimit -v {kib}; exec \"$0\" engine").into(), command.program.into()];
    command.program = "/bin/sh".into();
    command
}

#[tokio::test]
async fn a_context_that_the_system_gives_no_memory_for_is_made_smaller_until_it_fits() {
    let folder = TempDir::new().unwrap();
    let path = random_model(&folder, &["--shape", "1b", "--layers", "4", "--vocab", "2048", "--type", "q8_0"]);
    // 8 KiB for each token: 1 GiB for the whole context, in 16 bits.
    let settings = LoadSettings { n_ctx: Some(131_072), ..LoadSettings::default() };
    let test = TestApp::new(with_address_space(1_300_000));
    patiently(test.app.load_model(path.display().to_string(), settings)).await.unwrap();
    let notes = test.app.engine_notes().borrow().clone();
    let changes: Vec<LoadChange> = notes.steps.iter().map(|step| step.change).collect();
    assert!(changes.contains(&LoadChange::SmallerKvCache), "{changes:?}");
    let EngineState::Ready { model } = test.app.engine_state().borrow().clone() else { panic!("it should be ready") };
    let kv: u64 = model.buffers.iter().map(|buffer| buffer.kv_bytes).sum();
    assert!(kv > 0 && kv < 1 << 30, "{kv}");
    let answer = done(&test.send_request(of_tokens(3), |_| {}).await);
    assert_eq!(answer.finish_reason, Some(FinishReason::Length), "{:?}", answer.error);
}
