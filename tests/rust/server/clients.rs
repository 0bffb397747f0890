//! The clients that people use (`tests/clients`), each as it is published, against a server over a scripted engine: what
//! is tested is that they understand each other.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use serde_json::{Value, json};
use tokio::process::Command;

use super::{TOKEN, TestServer, chat};

/// A client with all it stands on takes its time to start, more so where six start at once.
const CLIENT_PATIENCE: Duration = Duration::from_secs(300);

/// The Python that `scripts/setup/python.mjs` made.
fn python() -> Option<PathBuf> {
    let python = std::env::var_os("PADDOCK_CLIENTS_PYTHON").map(PathBuf::from);
    if python.is_none() {
        eprintln!("skipped: PADDOCK_CLIENTS_PYTHON is not set; npm test sets it where Python is");
    }
    python
}

fn node() -> Option<PathBuf> {
    let modules = Path::new(env!("CARGO_MANIFEST_DIR")).join("../node_modules/openai");
    if !modules.exists() {
        eprintln!("skipped: the packages are not installed; npm test installs them");
        return None;
    }
    Some("node".into())
}

async fn output(command: &mut Command) -> String {
    // A proxy, a key or an address of whoever runs the tests must not matter.
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy().into_owned();
        let of_clients =
            ["OPENAI_", "ANTHROPIC_", "LANGCHAIN_", "LANGSMITH_"].iter().any(|start| name.starts_with(start));
        if of_clients || name.to_lowercase().ends_with("_proxy") {
            command.env_remove(name);
        }
    }
    let output = command.stdin(Stdio::null()).kill_on_drop(true).output();
    let output = tokio::time::timeout(CLIENT_PATIENCE, output).await.expect("the client does not end").unwrap();
    let (said, complained) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{said}\n{complained}");
    said.into_owned()
}

/// What a script says of a server, as JSON.
async fn said(program: &Path, script: &str) -> Value {
    let on = TestServer::scripted().await;
    let models = on.client.get("/v1/models").await.json();
    let model = models["data"][0]["id"].as_str().unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("clients").join(script);
    let said = output(Command::new(program).arg(script).args([&on.server.url(), TOKEN, model])).await;
    serde_json::from_str(said.lines().last().unwrap()).unwrap()
}

#[tokio::test]
async fn openai_for_python() {
    let Some(python) = python() else { return };
    let said = said(&python, "openai_client.py").await;
    let ann = json!({ "name": "Ann", "age": 7 });
    assert_eq!(
        said,
        json!({
            "model": true,
            "chat": ["hello there", "stop", 2],
            "timings": 2,
            "stream": "two words",
            "stream usage": 2,
            "logprobs": "two ",
            "tool": ["weather", { "city": "Paris" }, "tool_calls"],
            "tool answer": "and then",
            "streamed tool": { "city": "Rome" },
            "structured": ann,
            "text": "go on",
            "embeddings": [3, 3],
            "same": true,
            "response": "hello there",
            "response stream": ["two words", "response.completed"],
            "response parsed": ann,
            "errors": [["BadRequestError", "temperature"], ["NotFoundError", "model"], ["AuthenticationError", null]],
        })
    );
}

#[tokio::test]
async fn anthropic_for_python() {
    let Some(python) = python() else { return };
    assert_eq!(
        said(&python, "anthropic_client.py").await,
        json!({
            "message": ["hello there", "end_turn", 2],
            "stream": "two words",
            "stream end": "end_turn",
            "tool": ["weather", { "city": "Paris" }, "tool_use"],
            "streamed tool": { "city": "Rome" },
            "tool answer": "and then",
            "count": 7,
            "errors": [["BadRequestError", "invalid_request_error"], ["NotFoundError", "not_found_error"]],
        })
    );
}

#[tokio::test]
async fn langchain_for_python() {
    let Some(python) = python() else { return };
    assert_eq!(
        said(&python, "langchain_client.py").await,
        json!({
            "chat": "hello there",
            "stream": "two words",
            "tool": ["weather", { "city": "Paris" }],
            "structured": { "name": "Ann", "age": 7 },
            "embeddings": [3, 3],
        })
    );
}

#[tokio::test]
async fn openai_for_javascript() {
    let Some(node) = node() else { return };
    assert_eq!(
        said(&node, "openai-client.mjs").await,
        json!({
            "chat": "hello there",
            "stream": "two words",
            "tool": { "city": "Paris" },
            "streamedTool": { "city": "Rome" },
            "embeddings": [3, 3],
            "response": "hello there",
            "responseStream": "two words",
            "error": [400, "temperature"],
        })
    );
}

#[tokio::test]
async fn the_ai_sdk_for_javascript() {
    let Some(node) = node() else { return };
    assert_eq!(
        said(&node, "ai-sdk.mjs").await,
        json!({
            "text": ["hello there", 2],
            "stream": "two words",
            "tool": ["weather", { "city": "Paris" }],
            "structured": { "name": "Ann", "age": 7 },
            "embeddings": [3, 3],
        })
    );
}

#[tokio::test]
async fn curl() {
    let on = TestServer::scripted().await;
    let url = format!("{}/v1/chat/completions", on.server.url());
    let (key, body) = (format!("Authorization: Bearer {TOKEN}"), chat("hello there").to_string());
    let mut command = Command::new("curl");
    if command.arg("--version").stdout(Stdio::null()).status().await.is_err() {
        return eprintln!("skipped: curl is not installed");
    }
    let ask = async |more: &[&str]| {
        let kind = "Content-Type: application/json";
        let mut command = Command::new("curl");
        output(
            command.args(["--silent", "--show-error", "--noproxy", "*", "-H", &key, "-H", kind]).args(more).arg(&url),
        )
        .await
    };
    let whole: Value = serde_json::from_str(&ask(&["-d", &body]).await).unwrap();
    assert_eq!(whole["choices"][0]["message"]["content"], "hello there");
    let streamed = ask(&["-N", "-d", &super::with(chat("two words"), json!({ "stream": true })).to_string()]).await;
    assert!(streamed.starts_with("data: {") && streamed.ends_with("data: [DONE]\n\n"), "{streamed}");
}
