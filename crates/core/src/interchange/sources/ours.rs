//! Paddock's own conversations: everything as it was, but for the ids.

use std::collections::HashMap;

use paddock_store::{MessageBody, NewAttachment, NewConversation, NewMessage, Timings};
use serde_json::Value;

use super::{LAST_MS, one_line, origin, own_id};
use crate::interchange::{
    document::{DocumentConversation, DocumentMessage},
    tree::{MAX_MESSAGE_BYTES, MAX_MESSAGES},
};

/// The longest title, name or draft that is taken, in characters: more than the window lets anybody type.
const MAX_NAME_CHARS: usize = 1000;

pub(super) fn conversation(value: Value) -> Result<NewConversation, String> {
    let from: DocumentConversation =
        serde_json::from_value(value).map_err(|error| format!("is not as Paddock writes them: {error}"))?;
    if from.messages.len() > MAX_MESSAGES {
        return Err(format!("has {} messages, and at most {MAX_MESSAGES} can be imported", from.messages.len()));
    }
    let mut places: HashMap<String, usize> = HashMap::with_capacity(from.messages.len());
    let mut messages = Vec::with_capacity(from.messages.len());
    for message in from.messages {
        let parent = match &message.parent_id {
            None => None,
            Some(parent) => Some(*places.get(parent).ok_or("has a message that follows none before it")?),
        };
        if places.insert(message.id.clone(), messages.len()).is_some() {
            return Err("has two messages of the same id".into());
        }
        messages.push(read(message, parent)?);
    }
    let head = match from.head_id {
        None => None,
        Some(head) => Some(*places.get(&head).ok_or("shows a message that is not in it")?),
    };
    let title = one_line(&from.title, MAX_NAME_CHARS);
    Ok(NewConversation {
        origin: origin("paddock", &from.id, &title, &messages),
        own_id: own_id(&from.id),
        title: from.title.chars().take(MAX_NAME_CHARS).collect(),
        title_is_auto: from.title_is_auto,
        created_at_ms: from.created_at_ms.clamp(0, LAST_MS),
        updated_at_ms: from.updated_at_ms.clamp(0, LAST_MS),
        pinned: from.pinned,
        archived: from.archived,
        folder: from.folder.map(|name| name.chars().take(MAX_NAME_CHARS).collect()),
        setup_json: from.setup.map(|setup| setup.to_string()),
        draft: limited(from.draft)?,
        head,
        messages,
    })
}

fn read(from: DocumentMessage, parent: Option<usize>) -> Result<NewMessage, String> {
    let attachments = from.attachments.into_iter().map(|file| {
        Ok(NewAttachment {
            name: file.name,
            kind: file.kind,
            size_bytes: file.size_bytes,
            n_tokens: file.n_tokens,
            text: limited(file.text)?,
        })
    });
    Ok(NewMessage {
        parent,
        body: MessageBody {
            role: from.role,
            content: limited(from.content)?,
            created_at_ms: from.created_at_ms.clamp(0, LAST_MS),
            finish_reason: from.finish_reason,
            timings: from.timings.map(|timings| Timings {
                cache_n: timings.cache_n,
                prompt_n: timings.prompt_n,
                prompt_ms: timings.prompt_ms,
                predicted_n: timings.predicted_n,
                predicted_ms: timings.predicted_ms,
            }),
            error_json: from.error.map(|error| error.to_string()),
            model_name: from.model_name,
            edited: from.edited,
            cut_json: from.cut.map(|cut| cut.to_string()),
            thinking_ms: from.thinking_ms,
        },
        attachments: attachments.collect::<Result<_, String>>()?,
    })
}

fn limited(text: String) -> Result<String, String> {
    if text.len() <= MAX_MESSAGE_BYTES {
        return Ok(text);
    }
    let mb = text.len() / 1_000_000;
    Err(format!("has a text of {mb} MB, and at most {} MB can be imported", MAX_MESSAGE_BYTES / 1_000_000))
}
