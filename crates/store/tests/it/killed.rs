//! A process that dies while it writes loses nothing that was acknowledged.
//!
//! The test starts itself again as a child that writes and reports, kills it (SIGKILL, or
//! TerminateProcess on Windows), and looks at what is there.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use paddock_store::{FinishReason, MessageId, Store};

use crate::{Place, as_child, killed, opening};

/// Set for the child: the database to write to.
const CHILD_DATABASE: &str = "PADDOCK_STORE_TEST_DATABASE";

/// How often the child is killed: about 70 ms each.
const KILLS: u64 = 200;

/// Not a test by itself: what the child does.
#[test]
fn a_child_appends_until_it_is_killed() {
    let Some(path) = std::env::var_os(CHILD_DATABASE) else {
        return;
    };
    let mut store = Store::open(Path::new(&path)).unwrap();
    let turn = store.begin_turn(opening("count")).unwrap();
    // Straight to the descriptor: the test harness would catch `println!`.
    let mut out = std::io::stdout();
    let mut acknowledge = |line: String| {
        out.write_all(line.as_bytes()).unwrap();
        out.flush().unwrap();
    };
    acknowledge(format!("\nanswer {}\n", turn.answer.id));
    for n in 0.. {
        store.append_answer(&turn.answer.id, &format!("{n} ")).unwrap();
        acknowledge(format!("{n}\n"));
    }
}

/// When the child is killed.
#[derive(Debug, Clone, Copy)]
enum Kill {
    /// So long after it was started: usually before or while it opens the database.
    AfterStart(Duration),
    /// So long after it acknowledged its question.
    AfterQuestion(Duration),
}

/// Starts the child, kills it, and returns what it had acknowledged: the answer, and the last piece
/// appended to it.
fn killed_child(path: &Path, kill: Kill) -> (Option<MessageId>, Option<u64>) {
    let mut child = as_child("killed::a_child_appends_until_it_is_killed", CHILD_DATABASE, path)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let mut said = String::new();
    match kill {
        Kill::AfterStart(after) => std::thread::sleep(after),
        Kill::AfterQuestion(after) => {
            while !said.contains("\nanswer ") {
                assert!(output.read_line(&mut said).unwrap() > 0, "the child ended by itself: {said}");
            }
            std::thread::sleep(after);
        }
    }
    let whole = killed(child, output, said);
    let answer = whole.lines().find_map(|line| line.strip_prefix("answer ")).map(MessageId::from);
    let last = answer.is_some().then(|| whole.lines().rev().find_map(|line| line.parse().ok()));
    (answer, last.flatten())
}

#[test]
fn a_killed_process_loses_nothing_it_acknowledged() {
    let place = Place::new();
    let mut slowest_open = Duration::ZERO;
    let mut acknowledged = 0;
    for round in 0..KILLS {
        let kill = match round % 4 {
            0 => Kill::AfterStart(Duration::from_millis(2 + round % 23)),
            _ => Kill::AfterQuestion(Duration::from_micros(round * 997 % 15_000)),
        };
        let (answer, last) = killed_child(&place.path(), kill);
        let started = Instant::now();
        let store = place.open();
        slowest_open = slowest_open.max(started.elapsed());
        assert_eq!(store.report().set_aside, None, "a kill does not damage the database");
        let Some(answer) = answer else {
            continue;
        };
        assert!(store.report().recovered_answers >= 1);
        let message = store.message(&answer).unwrap();
        assert_eq!(message.finish_reason, Some(FinishReason::Interrupted));
        let pieces: Vec<u64> = message.content.split_whitespace().map(|piece| piece.parse().unwrap()).collect();
        assert!(pieces.iter().copied().eq(0..pieces.len() as u64), "no piece is torn or missing");
        if let Some(last) = last {
            assert!(pieces.len() as u64 > last, "piece {last} was acknowledged and is lost");
            acknowledged += last + 1;
        }
    }
    assert!(acknowledged > KILLS, "only {acknowledged} pieces were acknowledged");
    assert!(slowest_open < Duration::from_secs(2), "opening took {slowest_open:?}");
    let store = place.open();
    assert_eq!(store.report().recovered_answers, 0, "an answer is recovered once");
}

#[test]
fn a_second_process_does_not_end_the_first_ones_answer() {
    let place = Place::new();
    let mut first = place.open();
    let turn = first.begin_turn(opening("long")).unwrap();
    first.append_answer(&turn.answer.id, "still ").unwrap();
    let second = place.open();
    assert!(second.report().in_use_elsewhere);
    assert_eq!(second.report().recovered_answers, 0);
    assert_eq!(second.message(&turn.answer.id).unwrap().content, "still ");
    drop(second);
    first.append_answer(&turn.answer.id, "here").unwrap();
    drop(first);
    let third = place.open();
    assert!(!third.report().in_use_elsewhere);
    assert_eq!(third.report().recovered_answers, 1);
    assert_eq!(third.message(&turn.answer.id).unwrap().content, "still here");
}
