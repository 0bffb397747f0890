//! Backups: made whole, kept seven of a kind, restored as they were, and in the place of a damaged database.

use std::fs;

use paddock_store::{BackupKind, Conversation, Error, NewTurn, PresetRecord, Store};
use proptest::prelude::*;

use crate::{Place, follow, opening, overwrite, stopped};

const DAY_MS: i64 = 24 * 3600 * 1000;

/// All that a person would miss.
fn everything(store: &Store) -> (Vec<Conversation>, Vec<PresetRecord>, Option<String>) {
    let conversations =
        store.conversations().unwrap().iter().map(|summary| store.conversation(&summary.id).unwrap()).collect();
    (conversations, store.presets().unwrap(), store.setting("theme").unwrap())
}

fn fill(store: &mut Store, questions: &[String]) {
    let mut turn = store.begin_turn(NewTurn { setup_json: Some("{}".into()), ..opening("first") }).unwrap();
    for question in questions {
        store.append_answer(&turn.answer.id, question).unwrap();
        store.finish_answer(&turn.answer.id, stopped(), 10).unwrap();
        turn = store.begin_turn(follow(&turn.conversation.id, &turn.answer.id, question)).unwrap();
    }
    store.finish_answer(&turn.answer.id, stopped(), 10).unwrap();
    store.save_draft(Some(&turn.conversation.id), "draft", 1).unwrap();
    store.set_setting("theme", "dark").unwrap();
    store.save_preset(PresetRecord { id: String::new(), name: "p".into(), body_json: "{}".into() }, 1).unwrap();
}

#[test]
fn a_backup_is_one_file_that_says_what_is_in_it() {
    let place = Place::new();
    let mut store = place.open();
    let backups = store.backups().unwrap();
    assert_eq!(backups.list().unwrap(), []);
    assert!(backups.is_due(DAY_MS).unwrap());
    fill(&mut store, &["x".into()]);
    let deleted = store.begin_turn(opening("deleted")).unwrap();
    store.delete(&deleted.conversation.id, 1).unwrap();
    let made = backups.make(BackupKind::Daily, 1_795_844_526_789).unwrap();
    assert_eq!(made.name, "paddock-2026-11-28-054206.db");
    assert_eq!((made.made_at_ms, made.conversations), (1_795_844_526_000, 1));
    let size = fs::metadata(backups.folder().join(&made.name)).unwrap().len();
    assert_eq!(made.size_bytes, size);
    assert_eq!(backups.list().unwrap(), std::slice::from_ref(&made));
    assert!(!backups.is_due(made.made_at_ms + DAY_MS - 1).unwrap());
    assert!(backups.is_due(made.made_at_ms + DAY_MS).unwrap());
    assert!(backups.is_due(made.made_at_ms - 1).unwrap(), "a clock that was set back stops no backups");
    let names: Vec<_> = fs::read_dir(backups.folder()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, [made.name.as_str()]);
    let same_second = backups.make(BackupKind::Daily, 1_795_844_526_000).unwrap();
    assert_eq!(same_second.name, "paddock-2026-11-28-054207.db", "none is overwritten");
}

#[test]
fn seven_of_a_kind_are_kept() {
    let place = Place::new();
    let store = place.open();
    let backups = store.backups().unwrap();
    for day in 1..=9 {
        backups.make(BackupKind::Daily, day * DAY_MS).unwrap();
        backups.make(BackupKind::AskedFor, day * DAY_MS).unwrap();
    }
    fs::write(backups.folder().join("mine.db"), "not ours").unwrap();
    backups.prune().unwrap();
    let list = backups.list().unwrap();
    assert_eq!(list.len(), 14);
    assert!(list.iter().all(|backup| backup.made_at_ms >= 3 * DAY_MS));
    assert!(list.is_sorted_by_key(|backup| -backup.made_at_ms), "newest first");
    assert!(backups.folder().join("mine.db").exists());
}

#[test]
fn a_restored_backup_is_what_was_backed_up_and_what_was_there_is_backed_up_first() {
    let place = Place::new();
    let mut store = place.open();
    fill(&mut store, &["a".into(), "b".into()]);
    let then = everything(&store);
    let backups = store.backups().unwrap();
    let old = backups.make(BackupKind::Daily, DAY_MS).unwrap();
    store.begin_turn(opening("later")).and_then(|turn| store.finish_answer(&turn.answer.id, stopped(), 9)).unwrap();
    store.set_setting("theme", "light").unwrap();
    let now = everything(&store);

    let before = store.restore_backup(&old.name, 2 * DAY_MS).unwrap();
    assert_eq!(everything(&store), then);
    assert_eq!(backups.list().unwrap().len(), 2);
    store.begin_turn(opening("goes on")).and_then(|turn| store.finish_answer(&turn.answer.id, stopped(), 9)).unwrap();
    drop(store);
    let mut store = place.open();
    assert_eq!(store.report().set_aside, None);
    assert_eq!(store.conversations().unwrap().len(), 2);
    store.restore_backup(&before.name, 3 * DAY_MS).unwrap();
    assert_eq!(everything(&store), now);
    assert!(!place.files().iter().any(|name| name.contains("restoring")));
}

#[test]
fn a_backup_that_cannot_be_used_changes_nothing() {
    let place = Place::new();
    let mut store = place.open();
    fill(&mut store, &["a".into()]);
    let backups = store.backups().unwrap();
    let file = |name: &str| backups.folder().join(name);
    let name = backups.make(BackupKind::Daily, DAY_MS).unwrap().name;
    let cut = "paddock-1970-01-03-000000.db";
    fs::write(file(cut), &fs::read(file(&name)).unwrap()[..9_000]).unwrap();
    let newer = "paddock-1970-01-04-000000.db";
    fs::copy(file(&name), file(newer)).unwrap();
    // The user_version lies at byte 60, big-endian (SQLite file format, §1.3).
    overwrite(&file(newer), 60, &99_u32.to_be_bytes());
    fs::write(place.folder.path().join("paddock-1970-01-05-000000.db"), "outside").unwrap();
    let now = everything(&store);

    let refused = |store: &mut Store, name: &str| store.restore_backup(name, 2 * DAY_MS).unwrap_err();
    let error = refused(&mut store, cut);
    assert!(matches!(error, Error::BackupUnusable { .. }), "{error:?}");
    assert!(error.to_string().contains("Nothing was changed"), "{error}");
    assert!(matches!(refused(&mut store, newer), Error::NewerSchema { found: 99, .. }));
    for none in
        ["", "..", "../paddock.db", "../paddock-1970-01-05-000000.db", "paddock-1970-01-09-000000.db", "/etc/passwd"]
    {
        let error = refused(&mut store, none);
        assert!(matches!(error, Error::NotThere { what: "backup", .. }), "{none}: {error:?}");
    }
    let turn = store.begin_turn(opening("running")).unwrap();
    assert!(matches!(refused(&mut store, &name), Error::StillBeingWritten(_)));
    store.finish_answer(&turn.answer.id, stopped(), 9).unwrap();
    store.delete(&turn.conversation.id, 1).unwrap();
    assert_eq!(everything(&store), now);
    assert!(!place.files().iter().any(|name| name.contains("restoring")), "{:?}", place.files());
    let mut second = place.open();
    assert!(matches!(refused(&mut second, &name), Error::Busy));
    assert!(matches!(Store::open_in_memory().unwrap().restore_backup(&name, 1), Err(Error::NotThere { .. })));
}

#[test]
fn a_damaged_database_is_replaced_by_the_newest_backup_that_is_sound() {
    let place = Place::new();
    let mut store = place.open();
    fill(&mut store, &["a".into()]);
    let then = everything(&store);
    let backups = store.backups().unwrap();
    let sound = backups.make(BackupKind::Daily, DAY_MS).unwrap();
    let torn = backups.make(BackupKind::Daily, 2 * DAY_MS).unwrap();
    overwrite(&backups.folder().join(&torn.name), 4096, &[0xA5; 4096]);
    store.begin_turn(opening("only here")).unwrap();
    drop(store);
    overwrite(&place.path(), 0, &[0; 100]);
    let damaged = fs::read(place.path()).unwrap();

    let store = place.open();
    let report = store.report().clone();
    assert_eq!(report.restored_from, Some(sound));
    let aside = report.set_aside.unwrap();
    assert!(!aside.reason.is_empty());
    assert_eq!(fs::read(aside.path).unwrap(), damaged, "the damaged file is kept as it was");
    assert_eq!(everything(&store), then);
    drop(store);
    let store = place.open();
    assert_eq!(
        (store.report().set_aside.clone(), store.report().restored_from.clone()),
        (None, None),
        "it is told once"
    );
}

#[test]
fn with_damaged_backups_only_the_store_starts_empty() {
    let place = Place::new();
    let store = place.open();
    let backups = store.backups().unwrap();
    let backup = backups.make(BackupKind::Daily, DAY_MS).unwrap();
    fs::write(backups.folder().join(backup.name), "nothing").unwrap();
    drop(store);
    fs::write(place.path(), b"").unwrap();
    let store = place.open();
    assert!(store.report().set_aside.is_some() && store.report().restored_from.is_none());
    assert!(store.conversations().unwrap().is_empty());
}

#[test]
fn a_backup_is_made_while_an_answer_is_written() {
    let place = Place::new();
    let mut store = place.open();
    let turn = store.begin_turn(opening("x")).unwrap();
    store.append_answer(&turn.answer.id, "so far").unwrap();
    let backups = store.backups().unwrap();
    let backup = backups.make(BackupKind::Daily, DAY_MS).unwrap();
    store.append_answer(&turn.answer.id, " and on").unwrap();
    store.finish_answer(&turn.answer.id, stopped(), 1).unwrap();
    store.restore_backup(&backup.name, 2 * DAY_MS).unwrap();
    let restored = store.message(&turn.answer.id).unwrap();
    assert_eq!(restored.content, "so far");
    assert_eq!(restored.finish_reason, Some(paddock_store::FinishReason::Interrupted));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn backup_and_restore_give_back_the_same(questions in prop::collection::vec("\\PC{1,60}", 0..12)) {
        let place = Place::new();
        let mut store = place.open();
        fill(&mut store, &questions);
        let then = everything(&store);
        let backup = store.backups().unwrap().make(BackupKind::AskedFor, DAY_MS).unwrap();
        fill(&mut store, &questions);
        store.restore_backup(&backup.name, 2 * DAY_MS).unwrap();
        prop_assert_eq!(everything(&store), then);
    }
}
