//! Turns, branches, and what a person does to a conversation.

use paddock_store::{
    AttachmentKind, ConversationId, Error, Finish, FinishReason, MessageId, NewAttachment, NewTurn, Role, Store,
};

use crate::{Place, follow, following, opening, stopped, timings};

#[test]
fn a_first_turn_makes_the_conversation_the_question_and_an_empty_answer() {
    let mut store = Store::open_in_memory().unwrap();
    let turn = store.begin_turn(opening("horses")).unwrap();
    assert_eq!(turn.conversation.title, "About horses");
    assert!(turn.conversation.title_is_auto);
    assert_eq!(turn.conversation.preview, "horses");
    assert_eq!((turn.user.role, turn.answer.role), (Role::User, Role::Assistant));
    assert_eq!(turn.user.parent_id, None);
    assert_eq!(turn.answer.parent_id.as_ref(), Some(&turn.user.id));
    assert_eq!(turn.answer.content, "");
    assert_eq!(turn.answer.finish_reason, None);
    assert_eq!(turn.answer.model_name.as_deref(), Some("Llama 3.3 70B"));
    assert_eq!(turn.user.model_name, None);
    let whole = store.conversation(&turn.conversation.id).unwrap();
    assert_eq!(whole.head.as_ref(), Some(&turn.answer.id));
    assert_eq!(whole.messages, [turn.user, turn.answer]);
}

#[test]
fn a_system_prompt_is_the_root_and_an_equal_one_is_used_again() {
    let mut store = Store::open_in_memory().unwrap();
    let with_system = |content: &str, system: &str| NewTurn { system: Some(system.to_owned()), ..opening(content) };
    let first = store.begin_turn(with_system("one", "Be brief.")).unwrap();
    let branch = store.branch(&first.answer.id).unwrap();
    assert_eq!(
        branch.iter().map(|message| message.role).collect::<Vec<_>>(),
        [Role::System, Role::User, Role::Assistant]
    );
    let edit =
        |content, system| NewTurn { conversation: Some(first.conversation.id.clone()), ..with_system(content, system) };
    let edited = store.begin_turn(edit("one, edited", "Be brief.")).unwrap();
    assert_eq!(edited.user.parent_id, first.user.parent_id, "the equal prompt is used again");
    let other = store.begin_turn(edit("one, edited", "Be long.")).unwrap();
    assert_ne!(other.user.parent_id, first.user.parent_id);
    assert_eq!(store.branch(&other.answer.id).unwrap()[0].content, "Be long.");
    assert_eq!(store.conversations().unwrap().len(), 1);
}

#[test]
fn an_answer_grows_by_pieces_and_is_folded_when_it_ends() {
    let mut store = Store::open_in_memory().unwrap();
    let turn = store.begin_turn(opening("count")).unwrap();
    for piece in ["one ", "", "two ", "thrée 🐎"] {
        store.append_answer(&turn.answer.id, piece).unwrap();
    }
    assert_eq!(store.message(&turn.answer.id).unwrap().content, "one two thrée 🐎");
    let ended = store.finish_answer(&turn.answer.id, stopped(), 5_000).unwrap();
    assert_eq!(ended.content, "one two thrée 🐎");
    assert_eq!(ended.finish_reason, Some(FinishReason::Stop));
    assert_eq!(ended.timings, Some(timings()));
    assert_eq!(store.branch(&turn.answer.id).unwrap()[1], ended);
    let summary = &store.conversations().unwrap()[0];
    assert_eq!(summary.updated_at_ms, 5_000);
    assert_eq!(summary.preview, "one two thrée 🐎");
}

#[test]
fn the_full_text_replaces_the_pieces() {
    let mut store = Store::open_in_memory().unwrap();
    let turn = store.begin_turn(opening("x")).unwrap();
    store.append_answer(&turn.answer.id, "partial").unwrap();
    let finish = Finish {
        reason: FinishReason::Failed,
        timings: None,
        error_json: Some(r#"{"code":"engine_died"}"#.to_owned()),
        full_text: Some("the whole".to_owned()),
        cut_json: Some("{}".to_owned()),
        thinking_ms: Some(1_500.0),
        model_name: None,
    };
    let ended = store.finish_answer(&turn.answer.id, finish, 1).unwrap();
    assert_eq!(ended.content, "the whole");
    assert_eq!(ended.timings, None);
    assert_eq!(ended.error_json.as_deref(), Some(r#"{"code":"engine_died"}"#));
    assert_eq!((ended.cut_json.as_deref(), ended.thinking_ms), (Some("{}"), Some(1_500.0)));
}

#[test]
fn an_answer_that_is_gone_on_with_keeps_its_text_and_becomes_the_head() {
    let mut store = Store::open_in_memory().unwrap();
    let turn = store.begin_turn(opening("x")).unwrap();
    assert!(matches!(store.reopen_answer(&turn.answer.id), Err(Error::StillBeingWritten(_))));
    store.append_answer(&turn.answer.id, "one ").unwrap();
    let thought = Finish { thinking_ms: Some(20.0), ..stopped() };
    store.finish_answer(&turn.answer.id, thought, 1).unwrap();
    let other = store.begin_retry(&turn.answer.id, None, 2).unwrap();
    let again = store.reopen_answer(&turn.answer.id).unwrap();
    assert_eq!((again.user.id, again.answer.content.as_str()), (turn.user.id.clone(), "one "));
    assert_eq!((again.answer.finish_reason, again.answer.timings), (None, None));
    assert_eq!(store.conversation(&turn.conversation.id).unwrap().head, Some(turn.answer.id.clone()));
    store.append_answer(&turn.answer.id, "two").unwrap();
    let ended = store.finish_answer(&turn.answer.id, stopped(), 3).unwrap();
    assert_eq!((ended.content.as_str(), ended.thinking_ms), ("one two", Some(20.0)));
    assert!(matches!(store.reopen_answer(&turn.user.id), Err(Error::NotAnAnswer(_))));
    assert!(store.message(&other.answer.id).is_ok());
}

#[test]
fn a_proposed_title_never_replaces_the_persons_own() {
    let mut store = Store::open_in_memory().unwrap();
    let id = store.begin_turn(opening("x")).unwrap().conversation.id;
    assert!(store.propose_title(&id, "Proposed").unwrap());
    assert!(store.propose_title(&id, "Proposed again").unwrap(), "it is still not the person's");
    store.rename(&id, "Mine").unwrap();
    assert!(!store.propose_title(&id, "Late").unwrap());
    assert_eq!(store.conversations().unwrap()[0].title, "Mine");
    assert!(!store.propose_title(&ConversationId::from("gone"), "x").unwrap());
}

#[test]
fn a_setup_is_kept_and_can_be_taken_back() {
    let mut store = Store::open_in_memory().unwrap();
    let id = store.begin_turn(opening("x")).unwrap().conversation.id;
    store.set_setup(&id, Some(r#"{"system":"Be brief."}"#)).unwrap();
    assert_eq!(store.conversation(&id).unwrap().setup_json.as_deref(), Some(r#"{"system":"Be brief."}"#));
    store.set_setup(&id, None).unwrap();
    assert_eq!(store.conversation(&id).unwrap().setup_json, None);
}

#[test]
fn files_that_were_sent_are_read_back_in_their_order_with_their_texts() {
    let mut store = Store::open_in_memory().unwrap();
    let file = |name: &str, text: &str| NewAttachment {
        name: name.into(),
        kind: AttachmentKind::Code,
        size_bytes: 7,
        n_tokens: None,
        text: text.into(),
    };
    let attachments = vec![file("b.rs", "fn b() {}"), file("a.rs", "fn a() {}")];
    let turn = store.begin_turn(NewTurn { attachments, ..opening("look") }).unwrap();
    let read = store.attachment_texts(&turn.user.id).unwrap();
    let texts: Vec<&str> = read.iter().map(|(_, text)| text.as_str()).collect();
    assert_eq!(texts, ["fn b() {}", "fn a() {}"]);
    let described: Vec<_> = read.iter().map(|(attachment, _)| attachment.clone()).collect();
    assert_eq!(turn.user.attachments, described);
    assert_eq!(store.attachment_text(&read[1].0.id).unwrap(), "fn a() {}");
    assert!(matches!(store.attachment_text("none"), Err(Error::NotThere { .. })));
}

#[test]
fn the_end_of_an_answer_may_name_its_model_and_keeps_the_name_otherwise() {
    let mut store = Store::open_in_memory().unwrap();
    let first = store.begin_turn(NewTurn { model_name: None, ..opening("x") }).unwrap();
    let named = Finish { model_name: Some("late".to_owned()), ..stopped() };
    let ended = store.finish_answer(&first.answer.id, named, 1).unwrap();
    assert_eq!(ended.model_name.as_deref(), Some("late"));
    let second = store.begin_turn(following(&first, "y")).unwrap();
    let ended = store.finish_answer(&second.answer.id, stopped(), 1).unwrap();
    assert_eq!(ended.model_name.as_deref(), Some("Llama 3.3 70B"));
}

#[test]
fn a_finished_answer_takes_no_more_text_and_no_second_end() {
    let mut store = Store::open_in_memory().unwrap();
    let turn = store.begin_turn(opening("x")).unwrap();
    store.finish_answer(&turn.answer.id, stopped(), 1).unwrap();
    assert!(matches!(store.append_answer(&turn.answer.id, "late"), Err(Error::AlreadyFinished(_))));
    assert!(matches!(store.finish_answer(&turn.answer.id, stopped(), 1), Err(Error::AlreadyFinished(_))));
    assert!(matches!(store.append_answer(&turn.user.id, "x"), Err(Error::NotAnAnswer(_))));
    let unknown = MessageId::from("nowhere");
    assert!(matches!(store.append_answer(&unknown, "x"), Err(Error::UnknownMessage(_))));
    assert_eq!(store.message(&turn.answer.id).unwrap().content, "");
}

#[test]
fn a_retry_stands_beside_the_old_answer_and_becomes_the_head() {
    let mut store = Store::open_in_memory().unwrap();
    let turn = store.begin_turn(opening("x")).unwrap();
    store.append_answer(&turn.answer.id, "first").unwrap();
    store.finish_answer(&turn.answer.id, stopped(), 1).unwrap();
    let retry = store.begin_retry(&turn.answer.id, Some("other model"), 7_000).unwrap();
    assert_eq!(retry.user, turn.user);
    assert_eq!(retry.answer.parent_id, turn.answer.parent_id);
    assert_ne!(retry.answer.id, turn.answer.id);
    assert_eq!(retry.answer.model_name.as_deref(), Some("other model"));
    let whole = store.conversation(&turn.conversation.id).unwrap();
    assert_eq!(whole.head, Some(retry.answer.id.clone()));
    assert_eq!(whole.messages.len(), 3, "the old answer is kept");
    store.set_head(&turn.conversation.id, &turn.answer.id).unwrap();
    assert_eq!(store.conversations().unwrap()[0].preview, "first");
    assert!(matches!(store.begin_retry(&turn.user.id, None, 1), Err(Error::NotAnAnswer(_))));
}

#[test]
fn messages_of_two_conversations_cannot_be_mixed() {
    let mut store = Store::open_in_memory().unwrap();
    let one = store.begin_turn(opening("one")).unwrap();
    let two = store.begin_turn(opening("two")).unwrap();
    let mixed = follow(&one.conversation.id, &two.answer.id, "mixed");
    assert!(matches!(store.begin_turn(mixed), Err(Error::ElsewhereInTree { .. })));
    assert!(matches!(store.set_head(&one.conversation.id, &two.answer.id), Err(Error::ElsewhereInTree { .. })));
    let nowhere = NewTurn { parent: Some(two.answer.id.clone()), ..opening("new") };
    assert!(matches!(store.begin_turn(nowhere), Err(Error::ParentWithoutConversation(_))));
    let on_question = follow(&one.conversation.id, &one.user.id, "again");
    assert!(matches!(store.begin_turn(on_question), Err(Error::ParentIsAQuestion(_))));
    assert_eq!(store.conversations().unwrap().len(), 2, "a refused turn leaves nothing");
    assert_eq!(store.conversation(&one.conversation.id).unwrap().messages.len(), 2);
}

#[test]
fn conversations_are_listed_by_what_changed_last() {
    let mut store = Store::open_in_memory().unwrap();
    let one = store.begin_turn(NewTurn { now_ms: 10, ..opening("one") }).unwrap();
    let two = store.begin_turn(NewTurn { now_ms: 20, ..opening("two") }).unwrap();
    let titles = |store: &Store| -> Vec<String> {
        store.conversations().unwrap().into_iter().map(|summary| summary.title).collect()
    };
    assert_eq!(titles(&store), ["About two", "About one"]);
    store.begin_turn(NewTurn { now_ms: 30, ..following(&one, "more") }).unwrap();
    assert_eq!(titles(&store), ["About one", "About two"]);
    store.rename(&two.conversation.id, "My title").unwrap();
    assert_eq!(titles(&store), ["About one", "My title"]);
    assert!(!store.conversation(&two.conversation.id).unwrap().summary.title_is_auto);
}

#[test]
fn a_deleted_conversation_can_be_restored_until_the_next_start() {
    let place = Place::new();
    let mut store = place.open();
    let kept = store.begin_turn(opening("kept")).unwrap();
    let deleted = store.begin_turn(opening("deleted")).unwrap();
    let id = &deleted.conversation.id;
    store.delete(id, 3_000).unwrap();
    assert!(matches!(store.conversation(id), Err(Error::UnknownConversation(_))));
    assert!(matches!(store.branch(&deleted.answer.id), Err(Error::UnknownMessage(_))));
    assert!(matches!(store.begin_turn(following(&deleted, "x")), Err(Error::UnknownConversation(_))));
    assert!(matches!(store.delete(id, 3_000), Err(Error::UnknownConversation(_))));
    store.finish_answer(&deleted.answer.id, stopped(), 3_001).unwrap();
    store.restore(id).unwrap();
    assert_eq!(store.conversation(id).unwrap().messages.len(), 2);
    store.delete(id, 4_000).unwrap();
    drop(store);

    let mut store = place.open();
    assert_eq!(store.report().purged_conversations, 1);
    assert!(matches!(store.restore(id), Err(Error::UnknownConversation(_))));
    assert_eq!(store.conversations().unwrap().len(), 1);
    assert_eq!(store.conversation(&kept.conversation.id).unwrap().messages.len(), 2);
}

#[test]
fn purging_spares_what_was_deleted_later() {
    let mut store = Store::open_in_memory().unwrap();
    let old = store.begin_turn(opening("old")).unwrap().conversation.id;
    let new = store.begin_turn(opening("new")).unwrap().conversation.id;
    store.delete(&old, 100).unwrap();
    store.delete(&new, 200).unwrap();
    assert_eq!(store.purge_deleted(200).unwrap(), 1);
    assert!(store.restore(&old).is_err());
    store.restore(&new).unwrap();
}

#[test]
fn a_preview_is_one_short_line() {
    let mut store = Store::open_in_memory().unwrap();
    let turn = store.begin_turn(opening(&format!("  a\n\n\tb {}", "é".repeat(500)))).unwrap();
    let preview = turn.conversation.preview;
    assert!(preview.starts_with("a b éé"), "{preview}");
    assert_eq!(preview.chars().count(), 120);
}

#[test]
fn a_conversation_of_ten_thousand_messages_opens_quickly() {
    let mut store = Store::open_in_memory().unwrap();
    let mut turn = store.begin_turn(opening("start")).unwrap();
    for n in 0..5_000 {
        turn = store.begin_turn(following(&turn, &format!("question {n}"))).unwrap();
    }
    let started = std::time::Instant::now();
    assert_eq!(store.branch(&turn.answer.id).unwrap().len(), 10_002);
    assert_eq!(store.conversation(&turn.conversation.id).unwrap().messages.len(), 10_002);
    assert!(started.elapsed().as_millis() < 1_000, "took {:?}", started.elapsed());
}
