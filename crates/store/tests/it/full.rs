//! A disk that takes no more: old data stays whole, and the store goes on when there is room again.
//!
//! The limit is the system's own, on the size of files (`RLIMIT_FSIZE`), moved in steps so that another write fails each
//! time: the first, the second, and so on.
#![cfg(target_os = "linux")]

use std::path::Path;
use std::process::{Command, Stdio};

use paddock_store::{Error, FinishReason, Store, Turn};

use crate::{Place, following, opening, stopped};

/// Something that a person does.
type Step<'a> = dyn Fn(&mut Store) -> Result<(), Error> + 'a;

/// Set for the child: the database to write to.
const CHILD_DATABASE: &str = "PADDOCK_STORE_TEST_FULL_DATABASE";

/// What is written while there may be no room. Stops at the first error, and says how many steps were acknowledged.
fn write_until_it_fails(store: &mut Store, turn: &Turn) -> (usize, Option<Error>) {
    let steps: [&Step<'_>; 6] = [
        &|store| store.append_answer(&turn.answer.id, &"piece ".repeat(2_000)),
        &|store| store.append_answer(&turn.answer.id, "end"),
        &|store| store.finish_answer(&turn.answer.id, stopped(), 50).map(drop),
        &|store| store.begin_turn(opening(&"new question ".repeat(3_000))).map(drop),
        &|store| store.set_setting("theme", &"x".repeat(20_000)),
        &|store| store.save_draft(None, &"draft ".repeat(5_000), 1),
    ];
    for (done, step) in steps.iter().enumerate() {
        if let Err(error) = step(store) {
            return (done, Some(error));
        }
    }
    (steps.len(), None)
}

/// Not a test by itself: what the child does under its limit. It says how far it came, and whether it could still read.
#[test]
fn a_child_writes_until_there_is_no_room() {
    let Some(path) = std::env::var_os(CHILD_DATABASE) else { return };
    let path = Path::new(&path);
    let mut store = match Store::open(path) {
        Ok(store) => store,
        Err(Error::DiskFull | Error::Database(_) | Error::Io { .. }) => return eprintln!("\ncould not open"),
        Err(error) => panic!("{error:?}"),
    };
    let conversation = store.conversations().unwrap().remove(0);
    let head = store.conversation(&conversation.id).unwrap().head.unwrap();
    let turn = Turn { answer: store.message(&head).unwrap(), user: store.message(&head).unwrap(), conversation };
    let turn = match store.begin_turn(following(&turn, "under the limit")) {
        Ok(turn) => turn,
        Err(_) => return eprintln!("\ncame to 0"),
    };
    let (done, error) = write_until_it_fails(&mut store, &turn);
    if let Some(error) = error {
        let told = matches!(error, Error::DiskFull | Error::Database(_));
        assert!(told && !error.to_string().is_empty(), "{error:?}");
    }
    // Reading goes on.
    assert!(!store.conversations().unwrap().is_empty());
    eprintln!("\ncame to {}", done + 1);
}

#[test]
fn whichever_write_finds_no_room_the_old_data_stays_whole_and_the_next_write_works() {
    let template = Place::new();
    let mut store = template.open();
    let mut turn = store.begin_turn(opening("start")).unwrap();
    for n in 0..20 {
        store.append_answer(&turn.answer.id, &format!("answer {n}")).unwrap();
        store.finish_answer(&turn.answer.id, stopped(), 10).unwrap();
        turn = store.begin_turn(following(&turn, &format!("question {n}"))).unwrap();
    }
    store.append_answer(&turn.answer.id, "last").unwrap();
    store.finish_answer(&turn.answer.id, stopped(), 11).unwrap();
    let old = store.conversation(&turn.conversation.id).unwrap().messages;
    drop(store);

    let mut came_to = std::collections::BTreeSet::new();
    for limit_kib in (0..400).step_by(12) {
        let place = Place::new();
        std::fs::copy(template.path(), place.path()).unwrap();
        // The shell sets the limit and ignores the signal that comes with it, as an app must to be told instead.
        let script = format!("trap '' XFSZ; ulimit -f {}; exec \"$0\" \"$@\"", limit_kib * 2);
        let child = Command::new("sh")
            .args(["-c", &script])
            .arg(std::env::current_exe().unwrap())
            .args(["--exact", "full::a_child_writes_until_there_is_no_room", "--nocapture"])
            .env(CHILD_DATABASE, place.path())
            .stdout(Stdio::null())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&child.stderr);
        assert!(child.status.success(), "limit {limit_kib} KiB: {said}");
        let came = said.lines().find_map(|line| line.strip_prefix("came to ")?.parse::<usize>().ok());
        came_to.insert(came);

        let mut store = place.open();
        assert_eq!(store.report().set_aside, None, "limit {limit_kib} KiB");
        let now = store.conversation(&turn.conversation.id).unwrap().messages;
        assert_eq!(now[..old.len()], old[..], "limit {limit_kib} KiB");
        if let Some(answer) = now.iter().skip(old.len()).find(|message| message.role == paddock_store::Role::Assistant)
        {
            let (text, reason) = (answer.content.as_str(), answer.finish_reason);
            let came = came.unwrap_or_default();
            assert_eq!(text.starts_with("piece "), came >= 2, "an acknowledged piece is there");
            assert_eq!(reason == Some(FinishReason::Stop), came >= 4, "an acknowledged end is there");
        }
        store.begin_turn(opening("there is room again")).unwrap();
        store.set_setting("theme", "light").unwrap();
    }
    assert!(came_to.len() >= 4, "the limits stopped it at {came_to:?} only");
}
