//! Out, in, and out again: the same document, but for the ids.

use std::collections::HashMap;

use paddock_store::{
    AttachmentKind, FinishReason, MessageBody, NewAttachment, NewConversation, NewMessage, Role, Timings,
};
use proptest::{collection::vec, option, prelude::*, sample::select};
use serde_json::Value;

use super::Place;

fn words() -> impl Strategy<Value = String> {
    prop_oneof!["[\\PC\n\t]{0,60}", Just("<think>\nhm\n</think>\n\n`😀` \"\\u0000\" </script>".to_owned())]
}

fn milliseconds() -> impl Strategy<Value = f64> {
    prop_oneof![0.0..1e9_f64, Just(0.1 + 0.2), Just(1e-9)]
}

prop_compose! {
    fn timings()(cache_n: u32, prompt_n: u32, prompt_ms in milliseconds(), predicted_n: u32, predicted_ms in milliseconds())
        -> Timings {
        Timings { cache_n, prompt_n, prompt_ms, predicted_n, predicted_ms }
    }
}

prop_compose! {
    fn attachment()(
        name in "[\\PC]{1,20}",
        kind in select(vec![AttachmentKind::Text, AttachmentKind::Code, AttachmentKind::Pdf, AttachmentKind::Docx]),
        size_bytes in 0..1_u64 << 40,
        n_tokens in option::of(any::<u32>()),
        text in words(),
    ) -> NewAttachment {
        NewAttachment { name, kind, size_bytes, n_tokens, text }
    }
}

fn reason() -> impl Strategy<Value = FinishReason> {
    use FinishReason::{Cancelled, Failed, Interrupted, Length, Stop, StopString};
    select(vec![Stop, Length, StopString, Cancelled, Interrupted, Failed])
}

prop_compose! {
    fn message()(
        role in select(vec![Role::System, Role::User, Role::Assistant]),
        content in words(),
        created_at_ms in 0..4_000_000_000_000_i64,
        finish_reason in reason(),
        timings in option::of(timings()),
        error in option::of(words()),
        model_name in option::of(words()),
        edited: bool,
        cut in option::of(0..9_u32),
        thinking_ms in option::of(milliseconds()),
        attachments in vec(attachment(), 0..3),
    ) -> NewMessage {
        NewMessage {
            parent: None,
            body: MessageBody {
                role,
                content,
                created_at_ms,
                finish_reason: (role == Role::Assistant).then_some(finish_reason),
                timings,
                error_json: error.map(|message| serde_json::json!({ "code": "internal", "message": message }).to_string()),
                model_name,
                edited,
                cut_json: cut.map(|from| serde_json::json!({ "policy": "rollingWindow", "from": from, "count": 1 }).to_string()),
                thinking_ms,
            },
            attachments,
        }
    }
}

prop_compose! {
    fn conversation()(
        title in "[\\PC]{0,80}",
        flags in any::<[bool; 3]>(),
        created_at_ms in 0..4_000_000_000_000_i64,
        updated_at_ms in select(vec![1_000, 2_000, 3_000]),
        folder in option::of(select(vec!["Work", "Home"])),
        temperature in option::of(0.0..5.0_f32),
        draft in words(),
        head in option::of(any::<prop::sample::Index>()),
        tree in vec((message(), option::of(any::<prop::sample::Index>())), 0..12),
    ) -> NewConversation {
        let messages: Vec<NewMessage> = tree.into_iter().enumerate().map(|(at, (message, parent))| {
            NewMessage { parent: parent.filter(|_| at > 0).map(|parent| parent.index(at)), ..message }
        }).collect();
        NewConversation {
            origin: String::new(),
            own_id: None,
            title,
            title_is_auto: flags[0],
            created_at_ms,
            updated_at_ms,
            pinned: flags[1],
            archived: flags[2],
            folder: folder.map(str::to_owned),
            setup_json: temperature.map(|t| serde_json::json!({ "system": "Be kind.", "sampling": { "temperature": t } }).to_string()),
            draft,
            head: head.filter(|_| !messages.is_empty()).map(|head| head.index(messages.len())),
            messages,
        }
    }
}

/// A document in which ids are numbers in their order.
fn without_ids(json: &str) -> Value {
    let mut document: Value = serde_json::from_str(json).unwrap();
    let mut numbers: HashMap<String, usize> = HashMap::new();
    let mut number = |id: &mut Value| {
        if let Some(text) = id.as_str() {
            let next = numbers.len();
            *id = (*numbers.entry(text.to_owned()).or_insert(next)).into();
        }
    };
    for conversation in document["conversations"].as_array_mut().unwrap() {
        number(&mut conversation["id"]);
        for message in conversation["messages"].as_array_mut().unwrap() {
            number(&mut message["id"]);
            number(&mut message["parentId"]);
        }
        number(&mut conversation["headId"]);
    }
    document
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn a_document_comes_out_of_another_database_as_it_went_in(conversations in vec(conversation(), 0..5)) {
        let (mut first, mut second) = (Place::new(), Place::new());
        for (i, conversation) in conversations.iter().enumerate() {
            let origin = i.to_string();
            first.store.import_conversation(&NewConversation { origin, ..conversation.clone() }).unwrap();
        }
        let out = first.document();
        let file = second.write("all.json", &out);
        let report = second.import(&[&file]);
        prop_assert_eq!(report.problems, Vec::<String>::new());
        prop_assert_eq!(report.conversations as usize, conversations.len());
        prop_assert_eq!(without_ids(&second.document()), without_ids(&out));

        // Where they come from, they are still there; where they went, they are now.
        prop_assert_eq!(first.import(&[&file]).already_here as usize, conversations.len());
        prop_assert_eq!(second.import(&[&file]).already_here as usize, conversations.len());
    }
}
