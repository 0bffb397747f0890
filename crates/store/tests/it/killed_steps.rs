//! A process that dies at any point of a fixed row of steps: what it acknowledged is there, and no half of anything.
//!
//! The kills are counted: one after every line that the child writes, which it does before and after each step, and some
//! at times within each step.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use paddock_store::Store;

use crate::script::{STEPS, is_sound, seen, seen_after, template};
use crate::{Place, as_child};

/// Set for the child: the database to write to.
const CHILD_DATABASE: &str = "PADDOCK_STORE_TEST_STEPS_DATABASE";

/// Kills within each step. A step takes between a tenth of a millisecond and some ten.
const KILLS_WITHIN: u32 = 6;

/// Not a test by itself: what the child does. After its last step it waits to be killed.
#[test]
fn a_child_goes_through_the_steps() {
    let Some(path) = std::env::var_os(CHILD_DATABASE) else { return };
    let mut store = Store::open(Path::new(&path)).unwrap();
    let mut out = std::io::stdout();
    let mut say = |line: String| {
        // Straight to the descriptor: the test harness would catch `println!`.
        out.write_all(line.as_bytes()).unwrap();
        out.flush().unwrap();
    };
    say("\n".to_owned());
    for (n, (_, step)) in STEPS.iter().enumerate() {
        say(format!("begin {n}\n"));
        step(&mut store).unwrap();
        say(format!("end {n}\n"));
    }
    std::io::stdin().read_exact(&mut [0]).unwrap_or_default();
}

/// Kills a child so long after this line. How many steps it acknowledged, and whether it had begun another.
fn killed(path: &Path, line: &str, after: Duration) -> (usize, bool) {
    let mut child = as_child("killed_steps::a_child_goes_through_the_steps", CHILD_DATABASE, path)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let mut said = String::new();
    while said.lines().next_back() != Some(line) {
        assert!(output.read_line(&mut said).unwrap() > 0, "the child ended by itself: {said}");
    }
    std::thread::sleep(after);
    let whole = crate::killed(child, output, said);
    let count = |word: &str| whole.lines().filter(|line| line.starts_with(word)).count();
    (count("end "), count("begin ") > count("end "))
}

#[test]
fn a_process_killed_before_in_and_after_every_step_loses_none_and_leaves_no_half() {
    let template = template();
    let expected: Vec<_> = (0..=STEPS.len()).map(|steps| seen_after(steps, &template.path()).1).collect();
    let mut kills = Vec::new();
    for n in 0..STEPS.len() {
        kills.extend([(format!("begin {n}"), Duration::ZERO), (format!("end {n}"), Duration::ZERO)]);
        // Not spread evenly, since most steps are short: 0.1, 0.3, 0.9 ms and so on.
        kills.extend((0..KILLS_WITHIN).map(|k| (format!("begin {n}"), Duration::from_micros(100 * 3_u64.pow(k)))));
    }
    let mut within = 0;
    for (line, after) in kills {
        let place = Place::new();
        std::fs::copy(template.path(), place.path()).unwrap();
        let (done, begun) = killed(&place.path(), &line, after);
        within += usize::from(begun);
        let mut store = place.open();
        assert_eq!(store.report().set_aside, None, "{after:?} after {line}: a kill does not damage the database");
        let now = seen(&store).unwrap();
        let whole = now == expected[done] || begun && now == expected[done + 1];
        assert!(whole, "{after:?} after {line}, with {done} steps done: {now:?}");
        is_sound(&store, &place.path());
        store.set_setting("theme", "it goes on").unwrap();
    }
    assert!(within >= STEPS.len(), "only {within} kills came within a step");
}
