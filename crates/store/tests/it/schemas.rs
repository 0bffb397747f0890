//! Databases of every schema there ever was open, with all that was in them, wherever a migration is killed.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use paddock_store::{FinishReason, SearchQuery, Store};

use crate::Place;

/// Set for the child: the database to open.
const CHILD_DATABASE: &str = "PADDOCK_STORE_TEST_OLD_DATABASE";

const FIRST: &str = include_str!("../../migrations/0001_first.sql");
const SECOND: &str = include_str!("../../migrations/0002_measurements.sql");

/// A database as the version with so many migrations left it: a finished turn, a running answer, a deleted conversation,
/// a model and a setting. And `more` turns.
fn old_database(path: &Path, version: usize, more: usize) {
    let old = rusqlite::Connection::open(path).unwrap();
    old.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(())).unwrap();
    for sql in &[FIRST, SECOND][..version] {
        old.execute_batch(sql).unwrap();
    }
    old.execute_batch(&format!(
        "PRAGMA application_id = 0x5044434B;
         PRAGMA user_version = {version};
         BEGIN;
         INSERT INTO conversations VALUES ('c1', 'Old horses', 0, 1, 5, 'm2', NULL), ('c2', 'Going', 1, 2, 6, 'm4', NULL),
             ('c3', 'Gone', 1, 3, 7, 'm5', 99);
         INSERT INTO messages (id, conversation_id, parent_id, role, content, created_at_ms, finish_reason, cache_n,
                 prompt_n, prompt_ms, predicted_n, predicted_ms, model_name)
             VALUES ('m1', 'c1', NULL, 'user', 'How old do horses get?', 1, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
                    ('m2', 'c1', 'm1', 'assistant', 'About thirty years.', 2, 'stop', 1, 2, 3.5, 4, 5.5, 'Llama'),
                    ('m3', 'c2', NULL, 'user', 'Tell me more', 3, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
                    ('m4', 'c2', 'm3', 'assistant', '', 4, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
                    ('m5', 'c3', NULL, 'user', 'Forget zebras', 5, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
         INSERT INTO answer_chunks VALUES ('m4', 0, 'Once upon '), ('m4', 1, 'a time');
         INSERT INTO models VALUES ('/a.gguf', 'A', NULL, 10, 1, NULL);
         INSERT INTO settings VALUES ('theme', '\"dark\"');
         COMMIT;"
    ))
    .unwrap();
    let transaction = old.unchecked_transaction().unwrap();
    for n in 0..more {
        let sql =
            "INSERT INTO messages (id, conversation_id, role, content, created_at_ms) VALUES (?1, 'c1', 'user', ?2, 1)";
        let content = format!("more of number {n} ").repeat(20);
        transaction.prepare_cached(sql).unwrap().execute([format!("more{n}"), content]).unwrap();
    }
    transaction.commit().unwrap();
}

/// All of it is there, and can be found.
#[track_caller]
fn all_is_there(store: &Store, more: usize) {
    assert_eq!((&store.report().set_aside, store.report().recovered_answers), (&None, 1));
    assert_eq!(store.report().purged_conversations, 1);
    let titles: Vec<String> = store.conversations().unwrap().into_iter().map(|summary| summary.title).collect();
    assert_eq!(titles, ["Going", "Old horses"]);
    let old = store.conversation(&"c1".into()).unwrap();
    assert_eq!(old.messages.len(), 2 + more);
    assert_eq!(old.messages[1].content, "About thirty years.");
    assert_eq!(old.messages[1].timings.unwrap().predicted_ms, 5.5);
    let interrupted = store.message(&"m4".into()).unwrap();
    assert_eq!(interrupted.content, "Once upon a time");
    assert_eq!(interrupted.finish_reason, Some(FinishReason::Interrupted));
    assert_eq!(store.setting("theme").unwrap(), Some("dark".to_owned()));
    assert_eq!(store.recent_models(9).unwrap().len(), 1);
    let found =
        |words: &str| store.search(&SearchQuery { words: words.into(), conversation: None, limit: 50 }).unwrap().len();
    assert_eq!((found("horses"), found("thirty"), found("once"), found("zebras")), (2, 1, 1, 0));
}

#[test]
fn every_old_schema_opens_with_all_that_was_in_it() {
    for version in [1, 2] {
        let place = Place::new();
        old_database(&place.path(), version, 0);
        all_is_there(&place.open(), 0);
        let copy = format!("paddock.db.before-v{}", version + 1);
        assert_eq!(place.files(), ["paddock.db", copy.as_str(), "paddock.db.lock"]);
        // The new tables are complete.
        let mut store = place.open();
        let folder = store.create_folder("x", 1).unwrap();
        store.set_folder(&"c1".into(), Some(&folder.id)).unwrap();
        store.save_draft(Some(&"c1".into()), "draft", 1).unwrap();
        store.rename(&"c1".into(), "Ponies").unwrap();
        store.delete_message(&"m2".into(), 1).unwrap();
        store.record_speed(1, "/a.gguf", 0, 100, 1000.0).unwrap();
    }
}

#[test]
fn a_copy_from_before_the_change_still_has_the_old_schema() {
    let place = Place::new();
    old_database(&place.path(), 2, 0);
    drop(place.open());
    let copy = rusqlite::Connection::open(place.folder.path().join("paddock.db.before-v3")).unwrap();
    let version: i64 = copy.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
    assert_eq!(version, 2);
}

#[test]
fn a_backup_of_an_old_schema_is_brought_up_when_it_is_restored() {
    let place = Place::new();
    let mut store = place.open();
    let folder = store.backups().unwrap().folder();
    fs::create_dir(&folder).unwrap();
    let name = "paddock-2026-11-01-000000.db";
    old_database(&folder.join(name), 1, 0);
    assert_eq!(store.backups().unwrap().list().unwrap()[0].conversations, 2);
    store.restore_backup(name, 1_000).unwrap();
    assert_eq!(store.message(&"m2".into()).unwrap().content, "About thirty years.");
    assert_eq!(store.message(&"m4".into()).unwrap().content, "Once upon a time");
    let version = |path: &Path| -> i64 {
        let connection = rusqlite::Connection::open(path).unwrap();
        connection.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap()
    };
    assert_eq!((version(&folder.join(name)), version(&place.path())), (1, 4), "the backup itself stays as it is");
}

/// Not a test by itself: what the child does.
#[test]
fn a_child_opens_the_old_database() {
    if let Some(path) = std::env::var_os(CHILD_DATABASE) {
        drop(Store::open(Path::new(&path)).unwrap());
    }
}

#[test]
fn a_migration_that_is_killed_anywhere_begins_again() {
    let mut interrupted = 0;
    for round in 0..40 {
        let place = Place::new();
        old_database(&place.path(), 1 + round % 2, 400);
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "schemas::a_child_opens_the_old_database"])
            .env(CHILD_DATABASE, place.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_micros(2_000 + round as u64 * 1_500));
        child.kill().unwrap();
        child.wait().unwrap();
        let store = place.open();
        interrupted += usize::from(store.report().recovered_answers == 1);
        if store.report().recovered_answers == 1 {
            all_is_there(&store, 400);
        } else {
            // It was too late: the child was through with it.
            assert_eq!(store.report().set_aside, None);
            assert_eq!(store.conversation(&"c1".into()).unwrap().messages.len(), 402);
        }
    }
    assert!(interrupted > 0, "no kill came in time");
}
