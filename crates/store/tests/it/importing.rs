//! Whole conversations, stored at once.

use paddock_store::{
    AttachmentKind, Error, FinishReason, Imported, MessageBody, NewAttachment, NewConversation, NewMessage, Role, Store,
};

use crate::{Place, timings};

fn message(parent: Option<usize>, role: Role, content: &str) -> NewMessage {
    NewMessage {
        parent,
        body: MessageBody {
            finish_reason: (role == Role::Assistant).then_some(FinishReason::Stop),
            ..MessageBody::new(role, content, 1_000)
        },
        attachments: Vec::new(),
    }
}

/// A question with two answers, the first of which is shown.
fn conversation(origin: &str) -> NewConversation {
    let note = NewAttachment {
        name: "note.txt".into(),
        kind: AttachmentKind::Text,
        size_bytes: 4,
        n_tokens: Some(1),
        text: "note".into(),
    };
    let question = NewMessage { attachments: vec![note], ..message(None, Role::User, "question") };
    let mut first = message(Some(0), Role::Assistant, "first");
    first.body.timings = Some(timings());
    NewConversation {
        origin: origin.to_owned(),
        own_id: None,
        title: "Title".into(),
        title_is_auto: false,
        created_at_ms: 1_000,
        updated_at_ms: 2_000,
        pinned: true,
        archived: false,
        folder: Some("Folder".into()),
        setup_json: Some("{}".into()),
        draft: "draft".into(),
        head: Some(1),
        messages: vec![question, first, message(Some(0), Role::Assistant, "second")],
    }
}

#[test]
fn an_imported_conversation_is_there_with_all_its_branches_folder_draft_and_files() {
    let mut store = Store::open_in_memory().unwrap();
    let Imported::New(id) = store.import_conversation(&conversation("a")).unwrap() else { panic!("it is new") };
    let full = store.conversation_in_full(&id).unwrap();
    let messages = &full.conversation.messages;
    assert_eq!(full.folder.as_deref(), Some("Folder"));
    assert_eq!((full.conversation.draft.as_str(), full.conversation.summary.pinned), ("draft", true));
    assert_eq!(full.conversation.head.as_ref(), Some(&messages[1].id));
    assert_eq!(messages[1].timings, Some(timings()));
    assert_eq!(messages[2].parent_id.as_ref(), Some(&messages[0].id));
    assert_eq!(full.attachment_texts[&messages[0].attachments[0].id], "note");
}

#[test]
fn the_same_is_stored_once_until_it_is_deleted_and_folders_of_a_name_are_one() {
    let mut store = Store::open_in_memory().unwrap();
    let Imported::New(id) = store.import_conversation(&conversation("a")).unwrap() else { panic!("it is new") };
    assert_eq!(store.import_conversation(&conversation("a")).unwrap(), Imported::AlreadyHere(id.clone()));
    let own = NewConversation { own_id: Some(id.clone()), ..conversation("b") };
    assert_eq!(store.import_conversation(&own).unwrap(), Imported::AlreadyHere(id.clone()));

    store.delete(&id, 3_000).unwrap();
    assert!(matches!(store.import_conversation(&conversation("a")).unwrap(), Imported::New(_)));
    store.restore(&id).unwrap();
    let summaries = store.conversations().unwrap();
    assert_eq!(summaries.len(), 2);
    assert_eq!(summaries[0].folder_id, summaries[1].folder_id);
}

#[test]
fn a_parent_that_is_nowhere_stores_nothing() {
    let place = Place::new();
    let mut store = place.open();
    for parent in [2, 7] {
        let mut broken = conversation("a");
        broken.messages[2].parent = Some(parent);
        assert!(matches!(store.import_conversation(&broken), Err(Error::UnknownMessage(_))));
    }
    let headless = NewConversation { head: Some(9), ..conversation("a") };
    assert!(matches!(store.import_conversation(&headless), Err(Error::UnknownMessage(_))));
    assert!(store.conversations().unwrap().is_empty());
}

#[test]
fn an_answer_nobody_writes_any_more_is_interrupted() {
    let mut store = Store::open_in_memory().unwrap();
    let mut new = conversation("a");
    new.messages[1].body.finish_reason = None;
    let Imported::New(id) = store.import_conversation(&new).unwrap() else { panic!("it is new") };
    assert_eq!(store.conversation(&id).unwrap().messages[1].finish_reason, Some(FinishReason::Interrupted));
}
