//! The app killed in the middle of an answer, at many points: whatever was on screen for a quarter of a second is there
//! after a restart.

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Command, Stdio},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use paddock_core::view::FinishReason;

use crate::harness::{open, scripted_engine};

const KILLS: u64 = 50;
/// What was shown longer ago than this must be on disk.
const GRACE: Duration = Duration::from_millis(250);

#[tokio::test]
async fn fifty_kills_lose_nothing_that_was_shown_a_quarter_of_a_second_before() {
    let mut kills_with_text = 0;
    for kill in 0..KILLS {
        let folder = tempfile::TempDir::new().unwrap();
        let must_have = run_and_kill(folder.path(), delay(kill));
        let app = open(folder.path(), &scripted_engine());
        let list = app.list_conversations().await.unwrap();
        let conversation = app.conversation(list[0].id.clone()).await.unwrap();
        let answer = conversation.messages.last().unwrap();
        let have = answer.content.len();
        assert!(have >= must_have, "kill {kill}: {must_have} bytes were on screen and {have} are left");
        assert_eq!(answer.finish_reason, Some(FinishReason::Interrupted), "kill {kill}");
        assert_eq!(conversation.messages[0].content, MESSAGE);
        kills_with_text += usize::from(must_have > 0);
    }
    assert!(kills_with_text > 25, "only {kills_with_text} kills came late enough to prove anything");
}

/// 20 seconds of text, of which at most two are seen.
const MESSAGE: &str = "stream 20000 at 1000";

/// Different for each kill, and the same in each run: 0 to 1.5 s after the first word.
fn delay(kill: u64) -> Duration {
    // Knuth's multiplicative hash.
    Duration::from_millis(kill.wrapping_mul(2_654_435_761) % 1500)
}

/// Start the app, kill it, and say how much of the answer it had shown by then, less the grace.
fn run_and_kill(folder: &Path, after_first_word: Duration) -> usize {
    let mut app = Command::new(env!("CARGO_BIN_EXE_headless-app"))
        .arg(folder)
        .arg(env!("CARGO_BIN_EXE_scripted-engine"))
        .arg(MESSAGE)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(app.stdout.take().unwrap()).lines();
    let (first_word, heard) = mpsc::channel();
    let reader = thread::spawn(move || {
        let mut shown = Vec::new();
        for line in lines.map_while(Result::ok) {
            if let Some(bytes) = line.strip_prefix("text ") {
                shown.push((Instant::now(), bytes.parse::<usize>().unwrap()));
                let _only_the_first_counts = first_word.send(());
            }
        }
        shown
    });
    heard.recv().expect("the app showed nothing");
    thread::sleep(after_first_word);
    app.kill().unwrap();
    let killed_at = Instant::now();
    app.wait().unwrap();
    let shown = reader.join().unwrap();
    let old_enough = shown.iter().filter(|(at, _)| *at + GRACE <= killed_at);
    old_enough.map(|&(_, bytes)| bytes).max().unwrap_or(0)
}
