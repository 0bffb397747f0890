//! Databases that cannot be used: damaged, foreign, newer.

use std::fs;
use std::path::Path;

use paddock_store::{Error, OpenReport, Store};

use crate::{Place, following, opening, overwrite, stopped};

/// SQLite's page size here (the default).
const PAGE_BYTES: u64 = 4096;

/// A closed database with enough in it to have inner pages.
fn filled() -> Place {
    let place = Place::new();
    let mut store = place.open();
    let mut turn = store.begin_turn(opening("start")).unwrap();
    for n in 0..60 {
        store.append_answer(&turn.answer.id, &format!("answer {n} ").repeat(50)).unwrap();
        store.finish_answer(&turn.answer.id, stopped(), 10).unwrap();
        turn = store.begin_turn(following(&turn, &format!("question {n}"))).unwrap();
    }
    drop(store);
    place
}

/// The damaged file is set aside whole, and a new store works.
#[track_caller]
fn set_aside_and_started_anew(place: &Place) -> OpenReport {
    let damaged = fs::read(place.path()).ok();
    let mut store = place.open();
    let report = store.report().clone();
    let set_aside = report.set_aside.clone().expect("damage was not noticed");
    assert!(!set_aside.reason.is_empty());
    let name = set_aside.path.file_name().unwrap().to_str().unwrap();
    assert!(name.starts_with("paddock.db.corrupt-"), "{name}");
    assert_eq!(fs::read(&set_aside.path).ok(), damaged, "the damaged file is kept as it was");
    assert!(store.conversations().unwrap().is_empty());
    store.begin_turn(opening("after")).unwrap();
    drop(store);
    let store = place.open();
    assert_eq!(store.report().set_aside, None, "the new file is sound");
    assert_eq!(store.conversations().unwrap().len(), 1);
    report
}

#[test]
fn a_closed_database_is_one_file_beside_its_lock() {
    assert_eq!(filled().files(), ["paddock.db", "paddock.db.lock"]);
}

#[test]
fn an_empty_file_is_set_aside() {
    let place = filled();
    fs::write(place.path(), b"").unwrap();
    let report = set_aside_and_started_anew(&place);
    assert_eq!(report.set_aside.unwrap().reason, "the file is empty");
}

#[test]
fn a_zeroed_header_is_set_aside() {
    let place = filled();
    overwrite(&place.path(), 0, &[0; 100]);
    set_aside_and_started_anew(&place);
}

#[test]
fn text_in_place_of_a_database_is_set_aside() {
    let place = Place::new();
    fs::write(place.path(), "this is not a database\n".repeat(500)).unwrap();
    set_aside_and_started_anew(&place);
}

#[test]
fn a_truncated_database_is_set_aside() {
    for keep in [1, 99, 100, PAGE_BYTES - 1, PAGE_BYTES, PAGE_BYTES * 5 / 2] {
        let place = filled();
        let file = fs::File::options().write(true).open(place.path()).unwrap();
        file.set_len(keep).unwrap();
        drop(file);
        set_aside_and_started_anew(&place);
    }
}

#[test]
fn an_overwritten_page_is_noticed_wherever_it_is() {
    let template = filled();
    let pages = fs::metadata(template.path()).unwrap().len() / PAGE_BYTES;
    assert!(pages > 12, "only {pages} pages");
    let mut noticed = 0;
    for page in 0..pages {
        let place = Place::new();
        fs::copy(template.path(), place.path()).unwrap();
        overwrite(&place.path(), page * PAGE_BYTES, &[0xA5; PAGE_BYTES as usize]);
        let store = place.open();
        noticed += u64::from(store.report().set_aside.is_some());
        // A page on the free list has no form that could be broken; it may go unnoticed.
        store.conversations().unwrap();
    }
    assert!(noticed * 10 >= pages * 9, "only {noticed} of {pages} were noticed");
}

#[test]
fn a_flipped_page_of_a_table_is_set_aside() {
    let place = filled();
    let length = fs::metadata(place.path()).unwrap().len();
    let bytes = fs::read(place.path()).unwrap();
    // 0x0D: a leaf of a table, where the messages are (SQLite file format, §1.6).
    let leaf = (1..length / PAGE_BYTES).rfind(|page| bytes[(page * PAGE_BYTES) as usize] == 0x0D).unwrap();
    overwrite(&place.path(), leaf * PAGE_BYTES, &[0xFF; 200]);
    set_aside_and_started_anew(&place);
}

#[test]
fn a_log_without_its_database_is_set_aside_and_not_deleted() {
    let place = Place::new();
    let log = place.path().with_file_name("paddock.db-wal");
    fs::write(&log, [7; 5000]).unwrap();
    let report = set_aside_and_started_anew(&place);
    let aside = report.set_aside.unwrap().path;
    let aside_log = format!("{}-wal", aside.display());
    assert_eq!(fs::read(aside_log).unwrap(), [7; 5000]);
    assert!(!log.exists() || fs::metadata(log).unwrap().len() != 5000);
}

#[test]
fn a_lost_log_costs_the_last_changes_and_nothing_else() {
    let place = filled();
    let mut store = place.open();
    store.begin_turn(opening("lost")).unwrap();
    let copy = Place::new();
    fs::copy(place.path(), copy.path()).unwrap();
    let store = copy.open();
    assert_eq!(store.report().set_aside, None);
    assert_eq!(store.conversations().unwrap().len(), 1);
}

#[test]
fn damage_that_appears_twice_is_set_aside_twice() {
    let place = filled();
    for _ in 0..2 {
        overwrite(&place.path(), 0, &[0; 100]);
        assert!(place.open().report().set_aside.is_some());
    }
    let aside = place.files().into_iter().filter(|name| name.contains(".corrupt-")).count();
    assert_eq!(aside, 2);
}

#[track_caller]
fn refused_and_untouched(path: &Path, expected: impl Fn(&Error) -> bool, words: &str) {
    let before = fs::read(path).unwrap();
    let error = Store::open(path).expect_err("it was opened");
    assert!(expected(&error), "{error:?}");
    assert!(error.to_string().contains(words), "“{error}” does not say “{words}”");
    assert_eq!(fs::read(path).unwrap(), before, "the file was changed");
}

#[test]
fn a_newer_schema_is_refused_and_left_alone() {
    let place = filled();
    // The user_version lies at byte 60, big-endian (SQLite file format, §1.3).
    overwrite(&place.path(), 60, &99_u32.to_be_bytes());
    refused_and_untouched(
        &place.path(),
        |error| matches!(error, Error::NewerSchema { found: 99, known: 4, .. }),
        "newer version of Paddock",
    );
}

#[test]
fn a_database_of_another_program_is_refused_and_left_alone() {
    let place = filled();
    // The application_id lies at byte 68.
    overwrite(&place.path(), 68, &0_u32.to_be_bytes());
    refused_and_untouched(&place.path(), |error| matches!(error, Error::AnotherProgram { .. }), "another program");
}

#[test]
fn a_folder_in_place_of_the_database_is_refused() {
    let place = Place::new();
    fs::create_dir(place.path()).unwrap();
    assert!(matches!(Store::open(place.path()), Err(Error::NotAFile { .. })));
}

#[test]
fn missing_folders_are_made() {
    let place = Place::new();
    let path = place.path().with_file_name("a folder").join("ünder it").join("paddock.db");
    Store::open(&path).unwrap().begin_turn(opening("x")).unwrap();
    assert_eq!(Store::open(&path).unwrap().conversations().unwrap().len(), 1);
}

#[test]
fn what_an_interrupted_creation_left_is_no_obstacle() {
    let place = Place::new();
    fs::write(place.path().with_file_name("paddock.db.new"), b"half").unwrap();
    let store = place.open();
    assert_eq!(store.report(), &OpenReport::default());
    assert_eq!(place.files().into_iter().filter(|name| name.ends_with(".new")).count(), 0);
}
