//! Whatever a person does, every branch is the path by the parents.

use std::collections::HashMap;

use paddock_store::{Message, MessageId, NewTurn, Role, Store};
use proptest::prelude::*;

use crate::{follow, opening, stopped};

/// One thing a person can do; the index picks among what is there.
#[derive(Debug, Clone)]
enum Step {
    Start { system: bool },
    Follow(prop::sample::Index),
    EditFirst(prop::sample::Index),
    Retry(prop::sample::Index),
    Finish(prop::sample::Index),
    SetHead(prop::sample::Index),
    Edit(prop::sample::Index),
    Delete(prop::sample::Index),
    Restore(prop::sample::Index),
    Fork(prop::sample::Index),
}

fn step() -> impl Strategy<Value = Step> {
    use prop::sample::Index;
    prop_oneof![
        any::<bool>().prop_map(|system| Step::Start { system }),
        any::<Index>().prop_map(Step::Follow),
        any::<Index>().prop_map(Step::Follow),
        any::<Index>().prop_map(Step::EditFirst),
        any::<Index>().prop_map(Step::Retry),
        any::<Index>().prop_map(Step::Finish),
        any::<Index>().prop_map(Step::SetHead),
        any::<Index>().prop_map(Step::Edit),
        any::<Index>().prop_map(Step::Delete),
        any::<Index>().prop_map(Step::Restore),
        any::<Index>().prop_map(Step::Fork),
    ]
}

/// All messages of all conversations.
fn everything(store: &Store) -> Vec<Message> {
    let conversations = store.conversations().unwrap();
    conversations.iter().flat_map(|summary| store.conversation(&summary.id).unwrap().messages).collect()
}

fn pick<'a>(messages: &'a [Message], index: &prop::sample::Index, role: Role) -> Option<&'a Message> {
    let fitting: Vec<&Message> = messages.iter().filter(|message| message.role == role).collect();
    (!fitting.is_empty()).then(|| fitting[index.index(fitting.len())])
}

fn apply(store: &mut Store, step: &Step, n: usize, deleted: &mut Vec<MessageId>) {
    let messages = everything(store);
    let content = format!("question {n}");
    match step {
        Step::Start { system } => {
            let system = system.then(|| "Be brief.".to_owned());
            store.begin_turn(NewTurn { system, ..opening(&content) }).unwrap();
        }
        Step::Follow(index) => {
            if let Some(answer) = pick(&messages, index, Role::Assistant) {
                store.begin_turn(follow(&answer.conversation_id, &answer.id, &content)).unwrap();
            }
        }
        Step::EditFirst(index) => {
            if let Some(question) = pick(&messages, index, Role::User) {
                let conversation = Some(question.conversation_id.clone());
                store.begin_turn(NewTurn { conversation, ..opening(&content) }).unwrap();
            }
        }
        Step::Retry(index) => {
            if let Some(answer) = pick(&messages, index, Role::Assistant) {
                store.begin_retry(&answer.id, None, 5).unwrap();
            }
        }
        Step::Finish(index) => {
            if let Some(answer) = pick(&messages, index, Role::Assistant) {
                store.append_answer(&answer.id, &content).ok();
                store.finish_answer(&answer.id, stopped(), 5).ok();
            }
        }
        Step::Edit(index) => {
            if let Some(answer) = pick(&messages, index, Role::Assistant) {
                store.edit_answer(&answer.id, &content, 5).ok();
            }
        }
        Step::Delete(index) => {
            if !messages.is_empty() {
                let id = messages[index.index(messages.len())].id.clone();
                store.delete_message(&id, 5).unwrap();
                deleted.push(id);
            }
        }
        Step::Restore(index) => {
            if !deleted.is_empty() {
                let id = &deleted[index.index(deleted.len())];
                store.restore_message(id).unwrap();
                assert!(store.message(id).is_ok());
            }
        }
        Step::Fork(index) => {
            if let Some(question) = pick(&messages, index, Role::User) {
                let before = store.branch(&question.id).unwrap();
                if let Ok(fork) = store.fork_conversation(&question.id, 5) {
                    let texts =
                        |messages: Vec<Message>| messages.into_iter().map(|m| m.body.content).collect::<Vec<_>>();
                    assert_eq!(texts(store.conversation(&fork.id).unwrap().messages), texts(before));
                }
            }
        }
        Step::SetHead(index) => {
            if !messages.is_empty() {
                let message = &messages[index.index(messages.len())];
                store.set_head(&message.conversation_id, &message.id).unwrap();
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn every_branch_is_the_path_by_the_parents(steps in prop::collection::vec(step(), 1..40)) {
        let mut store = Store::open_in_memory().unwrap();
        let mut deleted = Vec::new();
        for (n, step) in steps.iter().enumerate() {
            apply(&mut store, step, n, &mut deleted);
        }
        let messages = everything(&store);
        let by_id: HashMap<&MessageId, &Message> =
            messages.iter().map(|message| (&message.id, message)).collect();
        prop_assert_eq!(by_id.len(), messages.len(), "ids are unique");

        for message in &messages {
            let mut path = vec![message.clone()];
            while let Some(parent) = &path[0].parent_id {
                path.insert(0, by_id[parent].clone());
            }
            prop_assert!(path.iter().all(|m| m.conversation_id == message.conversation_id));
            prop_assert_eq!(store.branch(&message.id).unwrap(), path);
        }
        for summary in store.conversations().unwrap() {
            let whole = store.conversation(&summary.id).unwrap();
            prop_assert_eq!(whole.head.is_none(), whole.messages.is_empty());
            if let Some(head) = &whole.head {
                prop_assert!(whole.messages.iter().any(|message| message.id == *head));
            }
            let mut seen = Vec::new();
            for message in &whole.messages {
                if let Some(parent) = &message.parent_id {
                    prop_assert!(seen.contains(&parent), "a parent comes before its children");
                }
                seen.push(&message.id);
            }
        }
    }
}
