//! Forks, answers in the person's own words, deleted and restored messages.

use paddock_store::{AttachmentKind, Error, FinishReason, MessageId, NewAttachment, NewTurn, Role, Store, Turn};

use crate::{Place, following, opening, stopped};

/// A turn whose answer has ended.
fn ended(store: &mut Store, turn: NewTurn) -> Turn {
    let turn = store.begin_turn(turn).unwrap();
    store.append_answer(&turn.answer.id, &format!("answer to {}", turn.user.content)).unwrap();
    store.finish_answer(&turn.answer.id, stopped(), 10).unwrap();
    turn
}

fn ids(store: &Store, turn: &Turn) -> Vec<MessageId> {
    store.conversation(&turn.conversation.id).unwrap().messages.into_iter().map(|message| message.id).collect()
}

fn head(store: &Store, turn: &Turn) -> Option<MessageId> {
    store.conversation(&turn.conversation.id).unwrap().head
}

#[test]
fn a_fork_is_a_copy_of_the_branch_with_all_that_belongs_to_it() {
    let mut store = Store::open_in_memory().unwrap();
    let file = NewAttachment {
        name: "a.txt".into(),
        kind: AttachmentKind::Text,
        size_bytes: 4,
        n_tokens: Some(2),
        text: "text".into(),
    };
    let first = NewTurn {
        attachments: vec![file],
        setup_json: Some("{}".into()),
        system: Some("Be brief.".into()),
        ..opening("one")
    };
    let one = ended(&mut store, first);
    let two = ended(&mut store, following(&one, "two"));
    store.begin_retry(&one.answer.id, None, 20).unwrap();
    let fork = store.fork_conversation(&two.user.id, 99).unwrap();
    assert_ne!(fork.id, one.conversation.id);
    assert_eq!((fork.title.as_str(), fork.title_is_auto, fork.updated_at_ms), ("About one", true, 99));
    let copy = store.conversation(&fork.id).unwrap();
    assert_eq!(copy.setup_json.as_deref(), Some("{}"));
    assert_eq!(copy.head.as_ref(), copy.messages.last().map(|message| &message.id));
    let texts: Vec<(Role, &str)> = copy.messages.iter().map(|m| (m.role, m.content.as_str())).collect();
    let expected =
        [(Role::System, "Be brief."), (Role::User, "one"), (Role::Assistant, "answer to one"), (Role::User, "two")];
    assert_eq!(texts, expected);
    assert_eq!(copy.messages[2].timings, store.message(&one.answer.id).unwrap().timings);
    assert_eq!(store.attachment_texts(&copy.messages[1].id).unwrap()[0].1, "text");
    store.delete_message(&copy.messages[0].id, 100).unwrap();
    assert_eq!(ids(&store, &one).len(), 6, "the original is another conversation");
}

#[test]
fn a_branch_that_is_being_written_is_not_forked_and_not_edited() {
    let mut store = Store::open_in_memory().unwrap();
    let turn = store.begin_turn(opening("x")).unwrap();
    let fork = store.fork_conversation(&turn.answer.id, 1);
    assert!(matches!(fork, Err(Error::StillBeingWritten(_))), "{fork:?}");
    let edit = store.edit_answer(&turn.answer.id, "mine", 1);
    assert!(matches!(edit, Err(Error::StillBeingWritten(_))), "{edit:?}");
    assert_eq!(store.conversations().unwrap().len(), 1);
    store.fork_conversation(&turn.user.id, 1).unwrap();
}

#[test]
fn an_edited_answer_stands_beside_the_old_one_and_is_shown() {
    let mut store = Store::open_in_memory().unwrap();
    let turn = ended(&mut store, opening("x"));
    let (conversation, id) = store.edit_answer(&turn.answer.id, "my own words", 50).unwrap();
    assert_eq!(conversation, turn.conversation.id);
    let edited = store.message(&id).unwrap();
    assert_eq!((edited.parent_id.as_ref(), edited.content.as_str()), (Some(&turn.user.id), "my own words"));
    assert!(edited.edited);
    assert_eq!((edited.finish_reason, edited.model_name.as_deref()), (Some(FinishReason::Stop), Some("Llama 3.3 70B")));
    assert_eq!(head(&store, &turn), Some(id.clone()));
    assert!(!store.message(&turn.answer.id).unwrap().edited);
    assert_eq!(
        store.begin_turn(NewTurn { parent: Some(id.clone()), ..following(&turn, "on") }).unwrap().user.parent_id,
        Some(id)
    );
    assert!(matches!(store.edit_answer(&turn.user.id, "x", 1), Err(Error::NotAnAnswer(_))));
}

#[test]
fn a_deleted_message_takes_with_it_what_follows_and_brings_it_back() {
    let mut store = Store::open_in_memory().unwrap();
    let one = ended(&mut store, opening("one"));
    let two = ended(&mut store, following(&one, "two"));
    let three = ended(&mut store, following(&two, "three"));
    let all = ids(&store, &one);
    store.delete_message(&two.user.id, 5).unwrap();
    assert_eq!(ids(&store, &one), [one.user.id.clone(), one.answer.id.clone()]);
    assert_eq!(head(&store, &one), Some(one.answer.id.clone()));
    assert_eq!(store.conversations().unwrap()[0].preview, "answer to one");
    for gone in [&two.user.id, &three.answer.id] {
        assert!(matches!(store.message(gone), Err(Error::UnknownMessage(_))));
        assert!(store.branch(gone).is_err() && store.begin_retry(gone, None, 1).is_err());
        assert!(store.set_head(&one.conversation.id, gone).is_err());
        assert!(store.delete_message(gone, 6).is_err() && store.fork_conversation(gone, 6).is_err());
    }
    assert!(store.begin_turn(following(&two, "on")).is_err(), "nothing follows what is deleted");
    store.restore_message(&two.user.id).unwrap();
    assert_eq!(ids(&store, &one), all);
    assert_eq!(head(&store, &one), Some(three.answer.id.clone()));
    store.restore_message(&two.user.id).unwrap();
    assert_eq!(ids(&store, &one), all, "what is there stays");
}

#[test]
fn the_head_moves_to_the_newest_branch_beside_what_was_deleted() {
    let mut store = Store::open_in_memory().unwrap();
    let one = ended(&mut store, opening("one"));
    let follow_up = ended(&mut store, following(&one, "two"));
    let second = store.begin_retry(&one.answer.id, None, 3).unwrap();
    store.finish_answer(&second.answer.id, stopped(), 4).unwrap();
    store.delete_message(&second.answer.id, 5).unwrap();
    assert_eq!(head(&store, &one), Some(follow_up.answer.id.clone()), "the end of the branch, not its beginning");
    let elsewhere = store.restore_message(&second.answer.id).unwrap();
    assert_eq!(elsewhere, one.conversation.id);
    assert_eq!(head(&store, &one), Some(second.answer.id.clone()));
    store.delete_message(&one.answer.id, 6).unwrap();
    assert_eq!(head(&store, &one), Some(second.answer.id), "a head that is not deleted stays");
}

#[test]
fn a_conversation_whose_last_message_goes_stays() {
    let place = Place::new();
    let mut store = place.open();
    let turn = ended(&mut store, opening("one"));
    store.delete_message(&turn.answer.id, 1).unwrap();
    assert_eq!(head(&store, &turn), Some(turn.user.id.clone()));
    store.delete_message(&turn.user.id, 2).unwrap();
    assert_eq!(head(&store, &turn), None);
    assert_eq!(store.conversations().unwrap()[0].preview, "");
    let anew = NewTurn { conversation: Some(turn.conversation.id.clone()), ..opening("anew") };
    let anew = store.begin_turn(anew).unwrap();
    assert_eq!(head(&store, &turn), Some(anew.answer.id));
    drop(store);
    let mut store = place.open();
    assert_eq!(store.report().purged_conversations, 0);
    assert_eq!(ids(&store, &turn).len(), 2, "the deleted ones are gone for good");
    assert!(matches!(store.restore_message(&turn.user.id), Err(Error::UnknownMessage(_))));
}

#[test]
fn two_deletions_at_the_same_moment_are_restored_apart() {
    let mut store = Store::open_in_memory().unwrap();
    let one = ended(&mut store, opening("one"));
    let two = ended(&mut store, following(&one, "two"));
    store.delete_message(&two.answer.id, 7).unwrap();
    store.delete_message(&one.answer.id, 7).unwrap();
    store.restore_message(&one.answer.id).unwrap();
    assert_eq!(ids(&store, &one), [one.user.id.clone(), one.answer.id.clone(), two.user.id.clone()]);
    store.delete_message(&one.answer.id, 7).unwrap();
    store.restore_message(&two.answer.id).unwrap();
    assert_eq!(ids(&store, &one).len(), 4, "a message comes back with what it follows");
}

#[test]
fn an_answer_that_was_deleted_while_it_was_written_still_ends() {
    let mut store = Store::open_in_memory().unwrap();
    let turn = store.begin_turn(opening("one")).unwrap();
    assert!(store.is_being_written_below(&turn.user.id).unwrap());
    store.delete_message(&turn.user.id, 1).unwrap();
    store.append_answer(&turn.answer.id, "late").unwrap();
    store.finish_answer(&turn.answer.id, stopped(), 2).unwrap();
    assert_eq!(ids(&store, &turn).len(), 0);
    store.restore_message(&turn.user.id).unwrap();
    assert_eq!(store.message(&turn.answer.id).unwrap().content, "late");
    assert!(!store.is_being_written_below(&turn.user.id).unwrap());
}
