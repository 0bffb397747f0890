//! `paddock download` as a program: what it says and how it ends, killed at two hundred points, and after power cuts.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use paddock_core::{App, AppConfig, DataDir, EngineCommand, HostConfig};
use paddock_test_hub::{Act, Content, Kind, Repo, TestHub};
use serde_json::Value;

const MIB: u64 = 1 << 20;
const NAME: &str = "Model-Q4_K_M.gguf";
const COMMIT: &str = "c0ffeec0ffeec0ffeec0ffeec0ffeec0ffeec0ff";

fn serve(content: &Content) -> TestHub {
    TestHub::start(vec![Repo::new("owner/model").commit(COMMIT).file(NAME, content.clone())])
}

fn download(server: &TestHub, folder: &Path, more: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_paddock"));
    command.args(["download", "owner/model:Q4_K_M", "--endpoint", &server.url(), "--dir"]).arg(folder).args(more);
    command.env_clear().env("HOME", folder).env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn target(folder: &Path) -> PathBuf {
    folder.join("owner/model").join(NAME)
}

/// The lines of JSON that it wrote.
fn lines(stdout: &[u8]) -> Vec<Value> {
    stdout
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
        .map(|line| serde_json::from_slice(line).unwrap())
        .collect()
}

fn same(path: &Path, content: &Content) -> bool {
    let mut file = fs::File::open(path).unwrap();
    let (mut there, mut wanted, mut offset) = (vec![0; MIB as usize], vec![0; MIB as usize], 0);
    while offset < content.len() {
        let n_bytes = (content.len() - offset).min(MIB) as usize;
        if file.read_exact(&mut there[..n_bytes]).is_err() {
            return false;
        }
        content.read(offset, &mut wanted[..n_bytes]);
        if there[..n_bytes] != wanted[..n_bytes] {
            return false;
        }
        offset += n_bytes as u64;
    }
    file.read(&mut there).unwrap() == 0
}

/// The same in each run, and different for each number.
fn random(n: u64) -> u64 {
    let mixed = n.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    (mixed ^ (mixed >> 29)).wrapping_mul(0xBF58_476D_1CE4_E5B9) >> 8
}

#[test]
fn it_prints_the_path_and_nothing_else_on_standard_output() {
    let content = Content::model(1, 30 * MIB);
    let server = serve(&content);
    let folder = tempfile::tempdir().unwrap();
    let output = download(&server, folder.path(), &[]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(String::from_utf8(output.stdout).unwrap().trim_end(), target(folder.path()).to_str().unwrap());
    assert!(same(&target(folder.path()), &content));
}

#[test]
fn with_json_every_line_is_an_object_and_the_last_says_how_it_ended() {
    let content = Content::model(2, 30 * MIB);
    let server = serve(&content);
    let once = std::sync::atomic::AtomicBool::new(true);
    server.on_request(move |request| {
        if request.kind == Kind::Resolve && once.swap(false, std::sync::atomic::Ordering::SeqCst) {
            Act::Status { code: 429, headers: vec![("Retry-After".into(), "1".into())], body: String::new() }
        } else {
            Act::Honest
        }
    });
    let folder = tempfile::tempdir().unwrap();
    // Of two connections the one that was not asked to wait might fetch everything meanwhile.
    let output = download(&server, folder.path(), &["--json", "--connections", "1"]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let lines = lines(&output.stdout);
    let waiting = lines.iter().find(|line| line["event"] == "waiting").unwrap();
    assert!(waiting["reason"].as_str().unwrap().ends_with('.') && waiting["retry_in_s"].as_u64().unwrap() <= 1);
    let done = lines.last().unwrap();
    assert_eq!((&done["event"], &done["commit"]), (&Value::from("done"), &Value::from(COMMIT)));
    assert_eq!(done["path"], target(folder.path()).to_str().unwrap());
}

#[test]
fn what_cannot_heal_ends_within_thirty_seconds_with_a_sentence_and_no_model() {
    let content = Content::model(3, 30 * MIB);
    let gated = Repo::new("owner/model").commit(COMMIT).file(NAME, content.clone()).gated("hf_right");
    type Prepare = fn(&TestHub);
    let cases: [(&str, TestHub, Prepare, &str); 5] = [
        ("gated", TestHub::start(vec![gated]), |_| {}, "accepted its licence"),
        ("a refused name", TestHub::start(vec![]), |_| {}, "no repository owner/model"),
        (
            "a portal",
            serve(&content),
            |server| {
                server.on_request(|request| match request.kind {
                    Kind::Storage => Act::Html,
                    _ => Act::Honest,
                })
            },
            "web page instead of data",
        ),
        (
            "a hash that is wrong twice",
            serve(&content),
            |server| {
                server.on_request(|request| match request.kind {
                    Kind::Storage => Act::Flip(11 * MIB),
                    _ => Act::Honest,
                })
            },
            "other bytes than those published",
        ),
        ("hostile names", TestHub::start(vec![Repo::hostile()]), |_| {}, ""),
    ];
    for (name, server, prepare, words) in cases {
        prepare(&server);
        let folder = tempfile::tempdir().unwrap();
        let since = Instant::now();
        let output = download(&server, folder.path(), &["--json"]).output().unwrap();
        assert!(since.elapsed() < Duration::from_secs(30), "{name}");
        assert!(!output.status.success(), "{name}");
        let error = lines(&output.stdout).pop().unwrap();
        assert_eq!(error["event"], "error", "{name}");
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.contains(words) && said.starts_with("paddock: "), "{name}: {said}");
        assert!(!target(folder.path()).exists(), "{name}");
    }
}

#[test]
fn a_name_that_is_none_is_a_clear_error() {
    let (one, two) = (Content::model(8, MIB), Content::model(9, 2 * MIB));
    let repo = Repo::new("owner/model").commit(COMMIT).file(NAME, one).file("Model-Q8_0.gguf", two);
    let server = TestHub::start(vec![repo]);
    let folder = tempfile::tempdir().unwrap();
    for (model, words) in [
        ("owner/model", "Name one of them, as in owner/model:Q4_K_M"),
        ("../../etc:Q4_K_M", "not the name of a repository"),
        ("owner:Q4_K_M", "not the name of a repository"),
    ] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_paddock"));
        command.args(["download", model, "--endpoint", &server.url(), "--dir"]).arg(folder.path());
        let output = command.stdin(Stdio::null()).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success() && said.contains(words), "{model}: {said}");
    }
}

#[test]
fn without_a_folder_and_a_server_it_takes_those_that_the_window_uses() {
    let content = Content::model(7, 5 * MIB);
    let server = serve(&content);
    let folder = tempfile::tempdir().unwrap();
    let (data, chosen) = (folder.path().join("data"), folder.path().join("chosen"));
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let engine = EngineCommand { program: "no engine".into(), args: Vec::new() };
        let config = AppConfig { data: DataDir::at(&data), engine, host: HostConfig::default() };
        let window = App::open(config).unwrap();
        let mut settings = window.download_settings().await.unwrap();
        settings.models_folder = chosen.to_str().unwrap().to_owned();
        settings.endpoint = Some(server.url());
        window.set_download_settings(settings).await.unwrap();
        window.shut_down().await;
    });
    let mut command = Command::new(env!("CARGO_BIN_EXE_paddock"));
    command.args(["download", "owner/model:Q4_K_M"]).env_clear().env("HOME", folder.path());
    let output = command.env("PADDOCK_DATA_DIR", &data).stdin(Stdio::null()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(String::from_utf8(output.stdout).unwrap().trim_end(), target(&chosen).to_str().unwrap());
}

/// S11.
#[test]
fn a_gated_model_comes_with_the_environments_token_which_is_shown_nowhere() {
    const CANARY: &str = "hf_canaryCanaryCanary";
    let content = Content::model(8, 5 * MIB);
    let gated = Repo::new("owner/model").file(NAME, content.clone()).gated(CANARY);
    let server = TestHub::start(vec![gated]);
    let folder = tempfile::tempdir().unwrap();
    for token in ["hf_wrongCanaryCanary", CANARY] {
        let output = download(&server, folder.path(), &["--json"]).env("HF_TOKEN", token).output().unwrap();
        assert_eq!(output.status.success(), token == CANARY, "{}", String::from_utf8_lossy(&output.stderr));
        let said = [output.stdout, output.stderr].concat();
        assert!(!String::from_utf8(said).unwrap().contains("Canary"));
    }
    assert!(same(&target(folder.path()), &content));
    let mut folders = vec![folder.path().to_owned()];
    while let Some(folder) = folders.pop() {
        for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                folders.push(path);
            } else {
                let bytes = fs::read(&path).unwrap();
                assert!(!bytes.windows(6).any(|window| window == b"Canary"), "{}", path.display());
            }
        }
    }
}

/// D20.
#[test]
fn of_two_programs_on_one_file_one_downloads_and_both_succeed() {
    let content = Content::model(4, 60 * MIB);
    let server = serve(&content);
    server.throttle(Some(4_000_000));
    let folder = tempfile::tempdir().unwrap();
    let two: Vec<Child> = (0..2).map(|_| download(&server, folder.path(), &["--json"]).spawn().unwrap()).collect();
    let outputs: Vec<_> = two.into_iter().map(|child| child.wait_with_output().unwrap()).collect();
    for output in &outputs {
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    let follows = |output: &std::process::Output| lines(&output.stdout).iter().any(|line| line["event"] == "following");
    assert_eq!(outputs.iter().filter(|output| follows(output)).count(), 1);
    assert_eq!(server.served_bytes(), content.len());
    assert!(same(&target(folder.path()), &content));
}

/// What a journal says is safe, and what was fetched for it.
struct Account {
    safe_bytes: u64,
    served_bytes: u64,
}

impl Account {
    fn of(server: &TestHub, folder: &Path) -> Self {
        let part = target(folder).with_file_name(format!("{NAME}.part.journal"));
        let whole = target(folder).metadata().map_or(0, |whole| whole.len());
        let entries = fs::read_to_string(part).unwrap_or_default();
        // A line may be torn; each names blocks of 4 MiB as [number, checksum].
        let blocks = entries
            .lines()
            .filter(|line| line.contains("\"blocks\""))
            .map(|line| line.matches("],[").count() as u64 + 1);
        Self { safe_bytes: whole.max(blocks.sum::<u64>() * 4 * MIB), served_bytes: server.served_bytes() }
    }
}

/// D18.
#[test]
fn killed_at_two_hundred_points_it_loses_little_and_never_shows_what_was_not_verified() {
    let content = Content::model(5, 400 * MIB + 777);
    let server = serve(&content);
    // As lines do. Faster than this, what a socket holds at the kill would count as lost.
    server.throttle(Some(8_000_000));
    let folder = tempfile::tempdir().unwrap();
    let (mut kills, mut with_bytes, mut finished, mut most_lost) = (0_u64, 0, 0, 0);
    while kills < 200 {
        let before = Account::of(&server, folder.path());
        let mut child = download(&server, folder.path(), &["--json"]).spawn().unwrap();
        // From the first news on, so that a slow start does not move all kills before the first byte. Every fourth
        // comes late enough for blocks in the journal.
        let mut told = BufReader::new(child.stdout.take().unwrap()).lines();
        let _ = told.next();
        let longest_ms = if kills % 4 == 0 { 2_000 } else { 240 };
        sleep(Duration::from_millis(random(kills + 1_000 * finished) % longest_ms));
        let ended_by_itself = child.try_wait().unwrap().is_some();
        child.kill().unwrap();
        child.wait().unwrap();
        while server.open_connections() > 0 {
            sleep(Duration::from_millis(1));
        }
        let after = Account::of(&server, folder.path());
        if target(folder.path()).exists() {
            assert!(same(&target(folder.path()), &content), "kill {kills}: an unverified file has the final name");
        }
        let lost = (after.served_bytes - before.served_bytes).saturating_sub(after.safe_bytes - before.safe_bytes);
        assert!(lost <= 64 * MIB, "kill {kills}: {lost} bytes were lost");
        most_lost = most_lost.max(lost);
        with_bytes += u64::from(after.safe_bytes > before.safe_bytes);
        kills += u64::from(!ended_by_itself);
        if target(folder.path()).exists() {
            fs::remove_dir_all(folder.path().join("owner")).unwrap();
            finished += 1;
        }
    }
    server.throttle(None);
    let output = download(&server, folder.path(), &[]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(same(&target(folder.path()), &content));
    assert!(with_bytes > 20, "only {with_bytes} kills came late enough to prove anything");
    eprintln!(
        "200 kills, {with_bytes} after new blocks, {finished} files finished between them, at most {:.1} MiB lost",
        most_lost as f64 / MIB as f64
    );
}

/// D19. The file system is stopped as by a power cut (`FS_IOC_SHUTDOWN` without a flush, as its own tests do): what was
/// not synced is gone. Needs to mount, and says so where it may not.
#[cfg(target_os = "linux")]
#[test]
fn after_fifty_power_cuts_the_final_name_means_verified_and_the_journal_tells_the_truth() {
    let Some(drive) = Drive::new(3_000 * MIB) else { return };
    let content = Content::model(6, 96 * MIB + 5);
    let server = serve(&content);
    server.throttle(Some(10_000_000));
    let folder = drive.place.join("models");
    let mut cuts_with_bytes = 0;
    for cut in 0..50 {
        fs::create_dir_all(&folder).unwrap();
        let mut child = download(&server, &folder, &["--json"]).spawn().unwrap();
        let mut told = BufReader::new(child.stdout.take().unwrap()).lines();
        // From the first news on, so that a slow start does not move all cuts before the first byte.
        let _ = told.next();
        sleep(Duration::from_millis(random(cut) % 1_600));
        drive.cut_the_power();
        child.kill().unwrap();
        child.wait().unwrap();
        drive.mount_again();
        let safe = Account::of(&server, &folder).safe_bytes;
        cuts_with_bytes += u64::from(safe > 0);
        if target(&folder).exists() {
            assert!(same(&target(&folder), &content), "cut {cut}: an unverified file has the final name");
            fs::remove_dir_all(folder.join("owner")).unwrap();
        } else {
            let before = server.served_bytes();
            let throttled = cut % 10 != 9;
            if !throttled {
                server.throttle(None);
                let output = download(&server, &folder, &[]).output().unwrap();
                assert!(output.status.success(), "cut {cut}: {}", String::from_utf8_lossy(&output.stderr));
                let fetched = server.served_bytes() - before;
                assert!(
                    fetched <= content.len() - safe.min(content.len()) + 4 * MIB,
                    "cut {cut}: the journal named blocks that are not there"
                );
                assert!(same(&target(&folder), &content), "cut {cut}");
                fs::remove_dir_all(folder.join("owner")).unwrap();
                server.throttle(Some(10_000_000));
            }
        }
    }
    assert!(cuts_with_bytes > 20, "only {cuts_with_bytes} cuts came late enough to prove anything");
    eprintln!("50 power cuts, {cuts_with_bytes} of them with blocks in the journal");
}

/// A file system of its own in a file.
#[cfg(target_os = "linux")]
struct Drive {
    place: PathBuf,
    image: tempfile::NamedTempFile,
    _folder: tempfile::TempDir,
}

#[cfg(target_os = "linux")]
impl Drive {
    fn new(size_bytes: u64) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let image = tempfile::NamedTempFile::new().unwrap();
        image.as_file().set_len(size_bytes).unwrap();
        let made = Command::new("mkfs.ext4").arg("-q").arg(image.path()).status().ok()?;
        assert!(made.success());
        let place = folder.path().join("drive");
        fs::create_dir(&place).unwrap();
        let drive = Self { place, image, _folder: folder };
        if !drive.mount() {
            eprintln!("skipped: nothing can be mounted here");
            return None;
        }
        Some(drive)
    }

    fn mount(&self) -> bool {
        Command::new("mount")
            .args(["-o", "loop"])
            .arg(self.image.path())
            .arg(&self.place)
            .status()
            .is_ok_and(|status| status.success())
    }

    fn cut_the_power(&self) {
        // _IOR('X', 125, __u32), 2: do not flush the log.
        let program = "import fcntl, os, struct, sys; fcntl.ioctl(os.open(sys.argv[1], os.O_RDONLY), 0x8004587d, struct.pack('I', 2))";
        let cut = Command::new("python3").args(["-c", program]).arg(&self.place).status().unwrap();
        assert!(cut.success(), "the file system cannot be stopped");
    }

    fn mount_again(&self) {
        let since = Instant::now();
        while !Command::new("umount").arg(&self.place).status().unwrap().success() {
            assert!(since.elapsed() < Duration::from_secs(20), "it is still in use");
            sleep(Duration::from_millis(20));
        }
        assert!(self.mount());
    }
}

#[cfg(target_os = "linux")]
impl Drop for Drive {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(&self.place).status();
    }
}
