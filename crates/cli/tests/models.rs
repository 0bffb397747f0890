//! `paddock models` as a program, on models that it downloaded from a server on this computer.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::{
    fs,
    io::{Seek as _, SeekFrom, Write as _},
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use paddock_test_hub::{Content, Kind, Repo, TestHub};
use serde_json::Value;
use tempfile::TempDir;

const MIB: u64 = 1 << 20;
const BLOCK_BYTES: u64 = 4 * MIB;
const NAME: &str = "Model-Q4_K_M.gguf";

/// A home folder with nothing of other programs in it, and the server that models come from.
struct Home {
    folder: TempDir,
    server: TestHub,
}

impl Home {
    fn new() -> Self {
        let repo = Repo::new("owner/model").file(NAME, content()).file("Model-Q8_0.gguf", Content::model(2, MIB));
        Self { folder: TempDir::new().unwrap(), server: TestHub::start(vec![repo]) }
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_paddock"));
        command.args(arguments).env_clear().env("HOME", self.folder.path()).env("HF_ENDPOINT", self.server.url());
        command.env("PADDOCK_DATA_DIR", self.folder.path().join("data"));
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default()).stdin(Stdio::null()).output().unwrap()
    }

    /// What it prints when it succeeds.
    fn answer(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(output.status.success(), "{arguments:?}: {}", text(&output.stderr));
        text(&output.stdout)
    }

    /// What it says when it fails.
    fn complaint(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(!output.status.success(), "{arguments:?}: {}", text(&output.stdout));
        text(&output.stderr)
    }

    fn json(&self, arguments: &[&str]) -> Value {
        serde_json::from_str(&self.answer(&[arguments, &["--json"]].concat())).unwrap()
    }

    /// The file of a model that was downloaded.
    fn downloaded(&self) -> PathBuf {
        PathBuf::from(self.answer(&["download", "owner/model:Q4_K_M"]).trim_end())
    }

    fn asked_bytes(&self, n_before: usize) -> u64 {
        let requests = self.server.requests();
        let ranges = requests[n_before..].iter().filter(|request| request.kind == Kind::Storage);
        ranges.filter_map(|request| request.range).filter_map(|(first, last)| Some(last? - first + 1)).sum()
    }
}

fn content() -> Content {
    Content::model(1, 30 * MIB)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// Other bytes than those that were published.
fn damage(file: &Path, at: u64) {
    let mut file = fs::File::options().write(true).open(file).unwrap();
    file.seek(SeekFrom::Start(at)).unwrap();
    file.write_all(b"damaged").unwrap();
}

#[test]
fn what_was_downloaded_is_listed_with_its_state() {
    let home = Home::new();
    assert_eq!(home.json(&["models", "list"])["models"], Value::Array(vec![]));
    assert_eq!(home.answer(&["models", "list"]), "");
    let file = home.downloaded();
    assert!(file.starts_with(home.folder.path().join("data/models/owner/model")), "{file:?}");
    let library = home.json(&["models", "scan"]);
    let [model] = &library["models"].as_array().unwrap()[..] else { panic!("{library}") };
    assert_eq!(model["path"], file.to_str().unwrap());
    assert_eq!((&model["source"], &model["repo"]), (&Value::from("paddock"), &Value::from("owner/model")));
    assert_eq!((&model["verified"]["kind"], &model["nFiles"]), (&Value::from("verified"), &Value::from(1)));
    let said = home.answer(&["models", "list"]);
    assert!(
        said.starts_with("made up ") && said.contains("verified") && said.contains(file.to_str().unwrap()),
        "{said}"
    );
}

#[test]
fn a_model_of_another_program_is_listed_as_its_own_and_not_removed() {
    let home = Home::new();
    let file = home.folder.path().join(".lmstudio/models/someone/other/Other-Q4_0.gguf");
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(&file, Content::model(3, MIB).to_vec()).unwrap();
    let said = home.answer(&["models", "list"]);
    assert!(said.contains("LM Studio") && said.contains("without a checksum"), "{said}");
    let said = home.complaint(&["models", "verify", "Other-Q4_0"]);
    assert!(said.contains("Nobody published a checksum"), "{said}");
    home.complaint(&["models", "remove", "Other-Q4_0"]);
    assert!(file.is_file());
}

#[test]
fn verifying_reads_every_byte_and_fails_if_one_is_wrong() {
    let home = Home::new();
    let file = home.downloaded();
    let said = home.answer(&["models", "verify", "Made up"]);
    assert!(said.contains("verified") && !said.contains("not verified"), "{said}");
    assert_eq!(home.json(&["models", "verify", file.to_str().unwrap()])["verified"]["kind"], "verified");
    damage(&file, 17 * MIB);
    let output = home.run(&["models", "verify", "Model-Q4_K_M", "--json"]);
    assert!(!output.status.success());
    let model: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (&model["verified"]["kind"], &model["verified"]["repairBytes"]),
        (&"broken".into(), &BLOCK_BYTES.into())
    );
    let said = text(&output.stderr);
    assert!(said.contains("is not what was published") && said.contains("--repair"), "{said}");
    let said = home.complaint(&["models", "verify", "no-such-model"]);
    assert!(said.contains("no-such-model") && said.contains("paddock models list"), "{said}");
}

#[test]
fn a_repair_fetches_what_is_damaged_and_nothing_else() {
    let home = Home::new();
    let file = home.downloaded();
    damage(&file, 17 * MIB);
    let n_before = home.server.requests().len();
    let said = home.answer(&["models", "verify", "--repair", "Model-Q4_K_M"]);
    assert!(said.contains("verified"), "{said}");
    assert_eq!(home.asked_bytes(n_before), BLOCK_BYTES);
    assert_eq!(fs::read(&file).unwrap(), content().to_vec());
    let n_before = home.server.requests().len();
    assert_eq!(home.json(&["models", "verify", "--repair", "Model-Q4_K_M"])["verified"]["kind"], "verified");
    assert_eq!(home.server.requests().len(), n_before, "nothing was damaged");
}

#[test]
fn a_repair_that_cannot_be_made_says_how_to_go_on() {
    let home = Home::new();
    let file = home.downloaded();
    damage(&file, 17 * MIB);
    home.server.remove_repo("owner/model");
    let said = home.complaint(&["models", "verify", "--repair", "Model-Q4_K_M"]);
    assert!(said.contains("owner/model") && said.contains("paddock download"), "{said}");
    assert!(!file.exists(), "what is damaged has no final name");
    home.server.set_repo(Repo::new("owner/model").file(NAME, content()));
    let n_before = home.server.requests().len();
    assert_eq!(home.downloaded(), file);
    assert_eq!(home.asked_bytes(n_before), BLOCK_BYTES, "the good part was kept");
}

#[test]
fn a_removed_model_is_gone_for_good_and_its_folders_with_it() {
    let home = Home::new();
    let file = home.downloaded();
    let removed = home.json(&["models", "remove", "Model-Q4_K_M"]);
    assert_eq!(removed["path"], file.to_str().unwrap());
    assert!(!file.exists() && !file.parent().unwrap().exists());
    assert!(!home.folder.path().join("data/models/.paddock/trash").exists(), "the room is free at once");
    home.downloaded();
    let said = home.answer(&["models", "remove", file.to_str().unwrap()]);
    assert!(said.starts_with("Removed ") && said.contains("are free"), "{said}");
    let said = home.complaint(&["models", "remove", "Model-Q4_K_M"]);
    assert!(said.contains("no model “Model-Q4_K_M”"), "{said}");
}

#[test]
fn of_two_models_with_one_name_the_path_has_to_be_given() {
    let home = Home::new();
    let file = home.downloaded();
    let other = home.folder.path().join("data/models/other/model").join(NAME);
    fs::create_dir_all(other.parent().unwrap()).unwrap();
    fs::copy(&file, &other).unwrap();
    let said = home.complaint(&["models", "remove", "Model-Q4_K_M"]);
    let both = [&file, &other].iter().all(|path| said.contains(path.to_str().unwrap()));
    assert!(both && said.contains("Give the path of one."), "{said}");
    home.answer(&["models", "remove", other.to_str().unwrap()]);
    assert!(file.is_file() && !other.exists());
}
