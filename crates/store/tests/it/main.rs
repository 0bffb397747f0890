//! The store from outside: on real files, with real crashes and real damage.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod backups;
mod conversations;
mod damage;
mod editing;
mod erase;
mod full;
mod importing;
mod killed;
mod killed_steps;
mod organise;
mod presets;
mod records;
mod schemas;
mod script;
mod search;
mod tree;

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};

use paddock_store::{ConversationId, Finish, FinishReason, MessageId, NewTurn, Store, Timings, Turn};

/// A folder for one test's database.
struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("paddock.db")
    }

    fn open(&self) -> Store {
        Store::open(self.path()).unwrap()
    }

    /// The names of all files in the folder, sorted.
    fn files(&self) -> Vec<String> {
        let mut names: Vec<String> = std::fs::read_dir(self.folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }
}

/// A question that starts a conversation.
fn opening(content: &str) -> NewTurn {
    NewTurn {
        conversation: None,
        parent: None,
        content: content.to_owned(),
        attachments: Vec::new(),
        setup_json: None,
        title_if_new: format!("About {content}"),
        system: None,
        model_name: Some("Llama 3.3 70B".to_owned()),
        now_ms: 1_000,
    }
}

/// A question that follows an answer.
fn following(turn: &Turn, content: &str) -> NewTurn {
    follow(&turn.conversation.id, &turn.answer.id, content)
}

fn follow(conversation: &ConversationId, parent: &MessageId, content: &str) -> NewTurn {
    NewTurn {
        conversation: Some(conversation.clone()),
        parent: Some(parent.clone()),
        now_ms: 2_000,
        ..opening(content)
    }
}

fn stopped() -> Finish {
    Finish {
        reason: FinishReason::Stop,
        timings: Some(timings()),
        error_json: None,
        full_text: None,
        model_name: None,
        cut_json: None,
        thinking_ms: None,
    }
}

fn timings() -> Timings {
    Timings { cache_n: 3, prompt_n: 40, prompt_ms: 12.5, predicted_n: 7, predicted_ms: 99.25 }
}

/// Overwrites bytes of a file in place.
fn overwrite(path: &Path, offset: u64, bytes: &[u8]) {
    use std::io::{Seek, SeekFrom, Write};
    let mut file = std::fs::File::options().write(true).open(path).unwrap();
    file.seek(SeekFrom::Start(offset)).unwrap();
    file.write_all(bytes).unwrap();
}

/// This program again, running one of its tests alone, which finds its database in a variable.
fn as_child(test: &str, variable: &str, database: &Path) -> Command {
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", test, "--nocapture"]).env(variable, database);
    child
}

/// Kills a child and returns the whole lines it wrote, with those of `said` that were read already: a line without its
/// end was not acknowledged.
fn killed(mut child: Child, mut output: impl Read, mut said: String) -> String {
    child.kill().unwrap();
    child.wait().unwrap();
    output.read_to_string(&mut said).unwrap();
    said.truncate(said.rfind('\n').map_or(0, |end| end + 1));
    said
}
