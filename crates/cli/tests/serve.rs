//! `paddock serve` and `paddock stop`, as a script would use them.

#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    path::Path,
    process::{Child, Command, Output, Stdio},
};

use serde_json::Value;
use tempfile::TempDir;

fn paddock(data: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_paddock"));
    for name in ["MODEL_PATH", "CTX", "GPU_LAYERS", "PADDOCK_API_KEY"] {
        command.env_remove(name);
    }
    command.args(arguments).env("PADDOCK_DATA_DIR", data).stdin(Stdio::null());
    command
}

/// A server that has said its line.
struct Serving {
    child: Child,
    line: String,
}

impl Serving {
    fn start(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        Self { child, line }
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ended = self.child.kill();
        let _ended = self.child.wait();
    }
}

fn ask(url: &str, key: &str, request: &str) -> String {
    let host = url.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(host).unwrap();
    let head = format!(
        "Host: {host}\r\nAuthorization: Bearer {key}\r\nConnection: close\r\nContent-Type: application/json\r\n"
    );
    let (line, body) = request.split_once('\n').unwrap();
    write!(stream, "{line} HTTP/1.1\r\n{head}Content-Length: {}\r\n\r\n{body}", body.len()).unwrap();
    let mut reply = String::new();
    stream.read_to_string(&mut reply).unwrap();
    reply
}

fn run(data: &Path, arguments: &[&str]) -> Output {
    paddock(data, arguments).output().unwrap()
}

const CHAT: &str =
    "POST /v1/chat/completions\n{\"messages\":[{\"role\":\"user\",\"content\":\"What is the capital of France?\"}]}";

#[test]
fn serve_prints_one_line_of_json_answers_and_stop_ends_it() {
    let data = TempDir::new().unwrap();
    let mut serving = Serving::start(paddock(data.path(), &["serve", "--port", "0", "--json"]));
    let ready: Value = serde_json::from_str(&serving.line).unwrap();
    let (url, key) = (ready["url"].as_str().unwrap(), ready["api_key"].as_str().unwrap());
    assert!(url.starts_with("http://127.0.0.1:") && key.len() > 40, "{ready}");
    assert_eq!(ready["pid"], serving.child.id());
    let reply = ask(url, key, CHAT);
    assert!(reply.starts_with("HTTP/1.1 200") && reply.contains("Paris"), "{reply}");
    assert!(ask(url, "wrong", CHAT).starts_with("HTTP/1.1 401"));
    let stopped = run(data.path(), &["stop", "--json"]);
    let stopped: Value = serde_json::from_slice(&stopped.stdout).unwrap();
    assert_eq!(stopped["pid"], serving.child.id());
    assert!(serving.child.wait().unwrap().success());
    let again = run(data.path(), &["stop"]);
    assert!(again.status.success() && String::from_utf8_lossy(&again.stderr).contains("no server runs"));
}

#[test]
fn the_key_may_come_from_the_environment_and_the_model_by_name() {
    let data = TempDir::new().unwrap();
    let model = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/self-test/paddock-self-test-q8_0.gguf");
    let mut command = paddock(data.path(), &["serve", "--port", "0", "--json", "-m", &model.display().to_string()]);
    command.env("PADDOCK_API_KEY", "from-the-environment");
    let serving = Serving::start(command);
    let ready: Value = serde_json::from_str(&serving.line).unwrap();
    assert_eq!(ready["api_key"], "from-the-environment");
    let reply = ask(ready["url"].as_str().unwrap(), "from-the-environment", CHAT);
    assert!(reply.starts_with("HTTP/1.1 200"), "{reply}");
}

#[test]
fn what_cannot_be_served_is_said_before_anything_is_loaded() {
    let data = TempDir::new().unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let refused = run(data.path(), &["serve", "--port", &port]);
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success() && said.contains(&format!("Port {port} is taken")), "{said}");
    for arguments in [["serve", "--host", "0.0.0.0", "--api-key", ""], ["serve", "--port", "0", "--api-key", " "]] {
        let refused = run(data.path(), &arguments);
        assert!(!refused.status.success() && refused.stdout.is_empty());
        assert!(String::from_utf8_lossy(&refused.stderr).contains("token"));
    }
    let help = String::from_utf8(run(data.path(), &["serve", "--help"]).stdout).unwrap();
    assert!(help.contains("PADDOCK_API_KEY") && help.contains("Other users"), "{help}");
}

/// Ctrl+C and the end of a session.
#[test]
#[cfg(unix)]
fn a_signal_ends_it_cleanly() {
    let data = TempDir::new().unwrap();
    for signal in ["-INT", "-TERM"] {
        let mut serving = Serving::start(paddock(data.path(), &["serve", "--port", "0"]));
        assert!(serving.line.starts_with("Serving at http://127.0.0.1:"), "{}", serving.line);
        Command::new("kill").args([signal, &serving.child.id().to_string()]).status().unwrap();
        assert!(serving.child.wait().unwrap().success());
        assert_eq!(std::fs::read_dir(data.path().join("servers")).unwrap().count(), 0);
    }
}
