//! What was erased is in no file any more.

use std::fs;
use std::path::Path;

use paddock_store::{AttachmentKind, BackupKind, ConversationId, Erased, Error, NewAttachment, NewTurn, Store};

use crate::{Place, following, opening, overwrite, stopped};

/// Words that are nowhere else.
const CANARIES: [&str; 5] = ["canaryquibble", "canaryjabber", "canarywobble", "canarysnark", "canaryfrumious"];

/// A conversation with a canary in every place that holds text.
fn with_canaries(store: &mut Store) -> ConversationId {
    let file = NewAttachment {
        name: "notes.txt".into(),
        kind: AttachmentKind::Text,
        size_bytes: 10,
        n_tokens: None,
        text: "canarysnark ".repeat(1_000),
    };
    let turn =
        store.begin_turn(NewTurn { attachments: vec![file], ..opening(&"canaryquibble words ".repeat(500)) }).unwrap();
    store.append_answer(&turn.answer.id, "canaryjabber").unwrap();
    store.finish_answer(&turn.answer.id, stopped(), 10).unwrap();
    store.rename(&turn.conversation.id, "canarywobble").unwrap();
    store.save_draft(Some(&turn.conversation.id), "canaryfrumious", 11).unwrap();
    turn.conversation.id
}

fn others(store: &mut Store) {
    let mut turn = store.begin_turn(opening("something else")).unwrap();
    for n in 0..200 {
        store.append_answer(&turn.answer.id, &format!("answer {n} with words like cab and can and cannot")).unwrap();
        store.finish_answer(&turn.answer.id, stopped(), 10).unwrap();
        turn = store.begin_turn(following(&turn, &format!("question {n}"))).unwrap();
    }
    store.finish_answer(&turn.answer.id, stopped(), 10).unwrap();
}

/// Every canary in every file below the folder, whatever the case.
fn canaries_below(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(canaries_below(&path));
            continue;
        }
        let bytes = fs::read(&path).unwrap();
        for canary in CANARIES {
            // Without its beginning too: an index stores only what differs from the word before.
            for piece in [canary, &canary[6..]] {
                if bytes.windows(piece.len()).any(|window| window.eq_ignore_ascii_case(piece.as_bytes())) {
                    found.push(format!("{piece} in {}", path.display()));
                }
            }
        }
    }
    found
}

#[test]
fn no_file_holds_a_word_of_an_erased_conversation() {
    let place = Place::new();
    let folder = place.folder.path();
    let mut store = place.open();
    others(&mut store);
    let id = with_canaries(&mut store);
    others(&mut store);
    let backups = store.backups().unwrap();
    backups.make(BackupKind::Daily, 1_000_000).unwrap();
    fs::copy(backups.folder().join(&backups.list().unwrap()[0].name), folder.join("paddock.db.before-v3")).unwrap();
    fs::copy(folder.join("paddock.db.before-v3"), folder.join("paddock.db.corrupt-1")).unwrap();
    overwrite(&folder.join("paddock.db.corrupt-1"), 0, &[0; 100]);
    fs::write(folder.join("paddock.db.corrupt-2"), "of somebody else").unwrap();
    assert!(canaries_below(folder).len() >= 4 * CANARIES.len(), "the test looks where the words are");

    let erased = store.erase(std::slice::from_ref(&id), 2_000_000).unwrap();
    assert_eq!(erased, Erased { conversations: 1, backups: 1 });
    assert_eq!(canaries_below(folder), [""; 0], "while the store is open");
    assert!(matches!(store.conversation(&id), Err(Error::UnknownConversation(_))));
    assert!(matches!(store.erase(&[id], 3_000_000), Err(Error::UnknownConversation(_))));
    let left = backups.list().unwrap();
    assert_eq!((left.len(), left[0].made_at_ms, left[0].conversations), (1, 2_000_000, 2));
    assert!(place.files().contains(&"paddock.db.corrupt-2".to_owned()));
    store.begin_turn(opening("after")).unwrap();
    drop(store);
    assert_eq!(canaries_below(folder), [""; 0], "when it is closed");
    let store = place.open();
    assert_eq!(store.report().set_aside, None);
    assert_eq!(store.conversations().unwrap().len(), 3);
}

#[test]
fn with_no_ids_all_that_is_deleted_is_erased_and_nothing_else() {
    let place = Place::new();
    let mut store = place.open();
    let backups = store.backups().unwrap();
    let kept = store.begin_turn(opening("kept")).unwrap();
    backups.make(BackupKind::Daily, 1_000_000).unwrap();
    // Deleted and purged long ago, but still in a backup.
    let id = with_canaries(&mut store);
    backups.make(BackupKind::Daily, 2_000_000).unwrap();
    store.delete(&id, 1).unwrap();
    store.purge_deleted(5).unwrap();
    backups.make(BackupKind::Daily, 2_500_000).unwrap();
    // Deleted, and could still be restored.
    let id = with_canaries(&mut store);
    store.delete(&id, 6).unwrap();
    let message = store.begin_turn(following(&kept, "canaryquibble")).unwrap();
    store.delete_message(&message.user.id, 7).unwrap();

    let erased = store.erase(&[], 3_000_000).unwrap();
    assert_eq!(erased, Erased { conversations: 1, backups: 1 });
    assert_eq!(canaries_below(place.folder.path()), [""; 0]);
    let times: Vec<i64> = backups.list().unwrap().into_iter().map(|backup| backup.made_at_ms).collect();
    assert_eq!(times, [3_000_000, 2_500_000, 1_000_000], "the backups without them are kept");
    assert_eq!(store.conversations().unwrap().len(), 1);
    assert_eq!(store.erase(&[], 4_000_000).unwrap(), Erased::default());
}

#[test]
fn nothing_is_erased_where_one_of_the_conversations_is_not_there() {
    let place = Place::new();
    let mut store = place.open();
    let id = store.begin_turn(opening("kept")).unwrap().conversation.id;
    assert!(store.erase(&[id, "gone".into()], 1).is_err());
    assert_eq!(store.conversations().unwrap().len(), 1);
    let mut second = place.open();
    assert!(matches!(second.erase(&[], 1), Err(Error::Busy)), "another process may be reading them");
}

#[test]
fn words_are_still_found_after_something_was_erased() {
    let place = Place::new();
    let mut store = place.open();
    let id = with_canaries(&mut store);
    let kept = store.begin_turn(opening("zebra")).unwrap();
    store.append_answer(&kept.answer.id, "okapi").unwrap();
    store.erase(&[id], 1_000).unwrap();
    store.finish_answer(&kept.answer.id, stopped(), 10).unwrap();
    let found = |words: &str| {
        let query = paddock_store::SearchQuery { words: words.into(), conversation: None, limit: 9 };
        store.search(&query).unwrap().len()
    };
    assert_eq!((found("zebra"), found("okapi"), found("canaryjabber")), (2, 1, 0));
}
