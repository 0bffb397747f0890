//! Python's `huggingface_hub` takes the server for the Hub.

use std::path::PathBuf;
use std::process::{Command, Output};

use paddock_test_hub::{Act, Content, Kind, Repo, TestHub};

/// The Python that `scripts/setup/python.mjs` made.
fn python() -> Option<PathBuf> {
    let python = std::env::var_os("PADDOCK_PYTHON").map(PathBuf::from);
    if python.is_none() {
        eprintln!("skipped: PADDOCK_PYTHON is not set; npm test sets it");
    }
    python
}

fn run(python: &PathBuf, hub: &TestHub, script: &str) -> Output {
    let home = tempfile::tempdir().unwrap();
    let mut command = Command::new(python);
    // A proxy, a token or an endpoint of whoever runs the tests must not matter.
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy().into_owned();
        if name.to_lowercase().ends_with("_proxy") || name.starts_with("HF_") {
            command.env_remove(name);
        }
    }
    command
        .args(["-c", script, &hub.url()])
        .env("HF_HOME", home.path())
        .env("HF_ENDPOINT", hub.url())
        .env("HF_HUB_DISABLE_XET", "1")
        .env("HF_HUB_DISABLE_TELEMETRY", "1")
        .env("HF_HUB_DISABLE_PROGRESS_BARS", "1")
        .output()
        .unwrap()
}

/// What the script prints, as JSON.
fn result(python: &PathBuf, hub: &TestHub, script: &str) -> serde_json::Value {
    let output = run(python, hub, script);
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}\n{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_str(text.lines().last().unwrap()).unwrap()
}

#[test]
fn it_searches_describes_and_lists() {
    let Some(python) = python() else { return };
    let model = Content::model(1, 3 << 20);
    let repo = Repo::new("owner/llama-gguf")
        .file("a/model-Q4_K_M.gguf", model.clone())
        .file("README.md", Content::bytes("Read me."))
        .licence("llama3.3")
        .commit(&"c".repeat(40));
    let other = Repo::new("owner/qwen-gguf").file("q.gguf", Content::bytes("GGUF"));
    let hub = TestHub::start(vec![repo, other, Repo::new("owner/llama-original").downloads(9)]);
    hub.page_size(1);
    let script = r#"
import json, sys
from huggingface_hub import HfApi
api = HfApi(endpoint=sys.argv[1])
info = api.model_info("owner/llama-gguf", files_metadata=True)
files = [f for f in api.list_repo_tree("owner/llama-gguf", recursive=True) if hasattr(f, "size")]
print(json.dumps({
    "found": [m.id for m in api.list_models(search="llama", filter="gguf", sort="downloads", limit=5)],
    "all": sorted(m.id for m in api.list_models()),
    "sha": info.sha, "gated": info.gated, "licence": info.card_data["license"], "tags": info.tags,
    "siblings": [[s.rfilename, s.size] for s in info.siblings],
    "files": [[f.path, f.size, f.lfs.sha256 if f.lfs else None] for f in files],
}))
"#;
    let said = result(&python, &hub, script);
    assert_eq!(said["found"], serde_json::json!(["owner/llama-gguf"]));
    assert_eq!(said["all"], serde_json::json!(["owner/llama-gguf", "owner/llama-original", "owner/qwen-gguf"]));
    assert_eq!((said["sha"].as_str(), &said["gated"]), (Some("c".repeat(40).as_str()), &false.into()));
    assert_eq!(said["licence"], "llama3.3");
    assert_eq!(said["tags"], serde_json::json!(["gguf", "license:llama3.3", "region:us"]));
    assert_eq!(said["siblings"], serde_json::json!([["a/model-Q4_K_M.gguf", model.len()], ["README.md", 8]]));
    let files = serde_json::json!([["a/model-Q4_K_M.gguf", model.len(), model.sha256()], ["README.md", 8, null]]);
    assert_eq!(said["files"], files);
}

/// Downloads both files and prints their checksums.
const DOWNLOAD: &str = r#"
import hashlib, json, sys
from huggingface_hub import hf_hub_download
def sha(name):
    path = hf_hub_download("owner/model", name, endpoint=sys.argv[1])
    return hashlib.sha256(open(path, "rb").read()).hexdigest()
print(json.dumps([sha("sub dir/model.gguf"), sha("README.md")]))
"#;

fn repo() -> (Repo, [String; 2]) {
    let (model, readme) = (Content::model(2, 24 << 20), Content::bytes("Read me."));
    let checksums = [model.sha256(), readme.sha256()];
    (Repo::new("owner/model").file("sub dir/model.gguf", model).file("README.md", readme), checksums)
}

#[test]
fn it_downloads_what_is_there() {
    let Some(python) = python() else { return };
    let (repo, checksums) = repo();
    let hub = TestHub::start(vec![repo]);
    assert_eq!(result(&python, &hub, DOWNLOAD), serde_json::json!(checksums));
    assert_eq!(hub.served_bytes(), (24 << 20) + 8);
}

#[test]
fn it_resumes_a_body_that_was_cut() {
    let Some(python) = python() else { return };
    let (repo, checksums) = repo();
    let hub = TestHub::start(vec![repo]);
    hub.on_request(|request| match (request.kind, request.n_of_file) {
        (Kind::Storage, 1) => Act::CutAfter(15 << 20),
        _ => Act::Honest,
    });
    assert_eq!(result(&python, &hub, DOWNLOAD), serde_json::json!(checksums));
    // It writes 10 MiB at a time, and what it has not written is lost to it.
    let resumed = hub.requests().into_iter().any(|request| request.range == Some((10 << 20, None)));
    assert!(resumed);
}

#[test]
fn it_is_refused_a_gated_file_without_the_token_and_given_it_with_it() {
    let Some(python) = python() else { return };
    let (repo, _) = repo();
    let hub = TestHub::start(vec![repo.gated("hf_right")]);
    let script = r#"
import json, sys
from huggingface_hub import hf_hub_download, HfApi
from huggingface_hub.errors import GatedRepoError
def attempt(token):
    try:
        hf_hub_download("owner/model", "sub dir/model.gguf", endpoint=sys.argv[1], token=token)
        return "given"
    except GatedRepoError as error:
        return error.response.status_code
gated = HfApi(endpoint=sys.argv[1]).model_info("owner/model").gated
print(json.dumps([gated, attempt(False), attempt("hf_wrong"), attempt("hf_right")]))
"#;
    assert_eq!(result(&python, &hub, script), serde_json::json!(["manual", 401, 403, "given"]));
}

#[test]
fn it_tells_what_is_missing_apart() {
    let Some(python) = python() else { return };
    let (repo, _) = repo();
    let hub = TestHub::start(vec![repo]);
    let script = r#"
import json, sys
from huggingface_hub import hf_hub_download
def attempt(repo, name, revision="main"):
    try:
        hf_hub_download(repo, name, revision=revision, endpoint=sys.argv[1])
    except Exception as error:
        return type(error).__name__
print(json.dumps([attempt("owner/model", "x.gguf"), attempt("owner/model", "README.md", "dev"), attempt("owner/x", "x")]))
"#;
    let expected = serde_json::json!(["RemoteEntryNotFoundError", "RevisionNotFoundError", "RepositoryNotFoundError"]);
    assert_eq!(result(&python, &hub, script), expected);
}
