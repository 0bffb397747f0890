//! Folders, pins, the archive, and drafts.

use paddock_store::{ConversationId, Error, Store};

use crate::{Place, opening};

#[test]
fn a_deleted_folder_leaves_its_conversations() {
    let place = Place::new();
    let mut store = place.open();
    let id = store.begin_turn(opening("x")).unwrap().conversation.id;
    let work = store.create_folder("Work", 1).unwrap();
    let art = store.create_folder("art", 2).unwrap();
    store.set_folder(&id, Some(&work.id)).unwrap();
    store.rename_folder(&work.id, "Labour").unwrap();
    drop(store);
    let mut store = place.open();
    let names: Vec<String> = store.folders().unwrap().into_iter().map(|folder| folder.name).collect();
    assert_eq!(names, ["art", "Labour"]);
    assert_eq!(store.conversations().unwrap()[0].folder_id.as_ref(), Some(&work.id));
    store.delete_folder(&work.id).unwrap();
    assert_eq!(store.conversations().unwrap()[0].folder_id, None);
    store.set_folder(&id, Some(&art.id)).unwrap();
    store.set_folder(&id, None).unwrap();
    assert_eq!(store.conversations().unwrap()[0].folder_id, None);
    for refused in
        [store.delete_folder(&work.id), store.rename_folder(&work.id, "x"), store.set_folder(&id, Some(&work.id))]
    {
        assert!(matches!(refused, Err(Error::NotThere { what: "folder", .. })), "{refused:?}");
    }
}

#[test]
fn a_pin_and_the_archive_are_kept_and_change_no_times() {
    let mut store = Store::open_in_memory().unwrap();
    let before = store.begin_turn(opening("x")).unwrap().conversation;
    store.set_pinned(&before.id, true).unwrap();
    store.set_archived(&before.id, true).unwrap();
    let after = store.conversations().unwrap().remove(0);
    assert!(after.pinned && after.archived);
    assert_eq!(after.updated_at_ms, before.updated_at_ms);
    store.set_pinned(&before.id, false).unwrap();
    store.set_archived(&before.id, false).unwrap();
    let after = store.conversations().unwrap().remove(0);
    assert!(!after.pinned && !after.archived);
    assert!(matches!(store.set_pinned(&"none".into(), true), Err(Error::UnknownConversation(_))));
}

#[test]
fn each_conversation_has_its_own_draft_and_the_next_one_too() {
    let place = Place::new();
    let mut store = place.open();
    let id = store.begin_turn(opening("x")).unwrap().conversation.id;
    store.save_draft(Some(&id), "half a sen", 1).unwrap();
    store.save_draft(Some(&id), "half a sentence", 2).unwrap();
    store.save_draft(None, "a new", 3).unwrap();
    drop(store);
    let mut store = place.open();
    assert_eq!(store.draft(Some(&id)).unwrap(), "half a sentence");
    assert_eq!(store.draft(None).unwrap(), "a new");
    assert_eq!(store.conversation(&id).unwrap().draft, "half a sentence");
    store.save_draft(Some(&id), "", 4).unwrap();
    assert_eq!(store.draft(Some(&id)).unwrap(), "");
    let gone = ConversationId::from("gone");
    assert!(matches!(store.save_draft(Some(&gone), "x", 5), Err(Error::UnknownConversation(_))));
}

#[test]
fn the_draft_of_a_deleted_conversation_is_restored_with_it_and_goes_for_good_with_it() {
    let mut store = Store::open_in_memory().unwrap();
    let id = store.begin_turn(opening("x")).unwrap().conversation.id;
    store.save_draft(Some(&id), "kept", 1).unwrap();
    store.delete(&id, 2).unwrap();
    store.restore(&id).unwrap();
    assert_eq!(store.conversation(&id).unwrap().draft, "kept");
    store.delete(&id, 3).unwrap();
    store.purge_deleted(10).unwrap();
    assert_eq!(store.draft(Some(&id)).unwrap(), "");
}
