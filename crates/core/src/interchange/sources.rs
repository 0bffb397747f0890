//! What conversations look like in each program, and one form for all of them.

mod chatgpt;
pub(super) mod jan;
mod lm_studio;
mod open_webui;
mod ours;

use paddock_store::{ConversationId, MessageBody, NewConversation, NewMessage, Role};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::tree::{self, Node};
use crate::app::now_ms;

/// The last millisecond of the year 9999: no program writes later ones.
const LAST_MS: i64 = 253_402_300_799_999;

/// The longest title, in characters.
const MAX_TITLE_CHARS: usize = 200;

/// Characters of the first message that become a title where there is none.
const TITLE_CHARS: usize = 60;

/// A conversation as it was read.
#[derive(Debug)]
pub(super) enum Foreign {
    /// Paddock's own, complete.
    Ours(Box<NewConversation>),
    /// Another program's.
    Other(Box<Other>),
}

/// What the other programs have in common.
#[derive(Debug, Default)]
pub(super) struct Other {
    /// Which program.
    pub program: &'static str,
    /// The program's own name for it.
    pub id: String,
    pub title: String,
    pub created_at_ms: Option<i64>,
    pub updated_at_ms: Option<i64>,
    pub pinned: bool,
    pub archived: bool,
    /// The system prompt, where the program keeps it apart from the messages.
    pub system: String,
    /// The name of the message that is shown last.
    pub head: Option<String>,
    pub nodes: Vec<Node>,
}

/// Whose conversation this is; none: nobody's that is known.
pub(super) fn recognise(value: Value) -> Option<Result<Foreign, String>> {
    let other = if value.get("mapping").is_some_and(Value::is_object) {
        chatgpt::conversation(&value)
    } else if value.get("chat").is_some_and(Value::is_object) {
        open_webui::conversation(&value)
    } else if value.get("messages").is_some_and(|messages| messages.is_array() && lm_studio::is(messages)) {
        lm_studio::conversation(&value)
    } else if value.get("object").is_some_and(|object| object == "thread") && value.get("messages").is_some() {
        return Some(jan::thread(&value, &[], ""));
    } else {
        return None;
    };
    Some(Ok(Foreign::Other(Box::new(other))))
}

/// A conversation in a document of Paddock's.
pub(super) fn ours(value: Value) -> Result<Foreign, String> {
    ours::conversation(value).map(|new| Foreign::Ours(Box::new(new)))
}

/// What is stored; none where nobody said anything.
pub(super) fn into_new(foreign: Foreign) -> Result<Option<NewConversation>, String> {
    match foreign {
        Foreign::Ours(new) => Ok(Some(*new)),
        Foreign::Other(other) => stored(*other),
    }
}

fn stored(other: Other) -> Result<Option<NewConversation>, String> {
    let begun = other.created_at_ms.or_else(|| other.nodes.iter().find_map(|node| node.at_ms)).unwrap_or_else(now_ms);
    let (mut messages, mut head) = tree::grow(other.nodes, other.head.as_deref(), begun)?;
    if messages.is_empty() {
        return Ok(None);
    }
    let system = other.system.trim();
    if !system.is_empty() {
        head = head.map(|head| head + 1);
        messages = below(system, messages, begun);
    }
    let given = one_line(&other.title, MAX_TITLE_CHARS);
    let first = messages.iter().find(|message| message.role == Role::User).or(messages.first());
    let title_is_auto = given.is_empty();
    let title = if title_is_auto { first.map_or("", |message| &message.content) } else { &given };
    let last = messages.iter().map(|message| message.created_at_ms).max().unwrap_or(begun);
    Ok(Some(NewConversation {
        origin: origin(other.program, &other.id, &given, &messages),
        own_id: None,
        title: one_line(title, if title_is_auto { TITLE_CHARS } else { MAX_TITLE_CHARS }),
        title_is_auto,
        created_at_ms: begun,
        updated_at_ms: other.updated_at_ms.unwrap_or(last),
        pinned: other.pinned,
        archived: other.archived,
        folder: None,
        setup_json: (!system.is_empty()).then(|| serde_json::json!({ "system": system }).to_string()),
        draft: String::new(),
        head,
        messages,
    }))
}

/// The messages below a system prompt.
fn below(system: &str, messages: Vec<NewMessage>, at_ms: i64) -> Vec<NewMessage> {
    let root =
        NewMessage { parent: None, body: MessageBody::new(Role::System, system, at_ms), attachments: Vec::new() };
    let moved = messages
        .into_iter()
        .map(|message| NewMessage { parent: Some(message.parent.map_or(0, |parent| parent + 1)), ..message });
    std::iter::once(root).chain(moved).collect()
}

/// The same conversation has the same origin, and one that went on since has another.
fn origin(program: &str, id: &str, title: &str, messages: &[NewMessage]) -> String {
    let mut hash = Sha256::new();
    let mut add = |text: &str| {
        hash.update((text.len() as u64).to_le_bytes());
        hash.update(text);
    };
    add(id);
    add(title);
    for message in messages {
        add(match message.role {
            Role::System => "system",
            Role::User => "user",
            Role::Assistant => "assistant",
        });
        add(&message.parent.map_or(String::new(), |parent| parent.to_string()));
        add(&message.content);
    }
    let digest = hash.finalize();
    let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{program}:{hex}")
}

fn own_id(id: &str) -> Option<ConversationId> {
    (!id.is_empty()).then(|| id.into())
}

fn one_line(text: &str, max_chars: usize) -> String {
    let start: String = text.chars().filter(|c| *c != '\0').take(10 * max_chars).collect();
    start.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(max_chars).collect()
}

/// A text of an object, empty where there is none.
fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn is(value: &Value, key: &str) -> bool {
    value.get(key).and_then(Value::as_bool).unwrap_or_default()
}

/// A time in seconds or milliseconds: programs have both, and some have changed their mind.
fn time_ms(value: &Value, key: &str) -> Option<i64> {
    let number = value.get(key)?.as_f64().filter(|number| number.is_finite() && *number > 0.0)?;
    // The year 5138 in seconds, 1973 in milliseconds.
    let ms = if number < 1e11 { number * 1e3 } else { number };
    #[expect(clippy::cast_possible_truncation, reason = "a cast saturates, and the rest is cut off")]
    Some((ms as i64).clamp(0, LAST_MS))
}

/// The text of OpenAI-like contents: a text itself, or a list of parts of which only texts count.
fn content_text(content: &Value) -> String {
    let Value::Array(parts) = content else {
        return content.as_str().unwrap_or_default().to_owned();
    };
    let texts = parts.iter().filter_map(part_text).filter(|text| !text.is_empty());
    texts.collect::<Vec<_>>().join("\n\n")
}

fn part_text(part: &Value) -> Option<String> {
    if let Some(text) = part.as_str() {
        return Some(text.to_owned());
    }
    let text = part.get("text")?;
    let text = text.as_str().or_else(|| text.get("value")?.as_str())?;
    Some(match part.get("type").and_then(Value::as_str) {
        Some("reasoning") => thought(text),
        _ => text.to_owned(),
    })
}

/// What a model thought, as Paddock keeps it.
fn thought(text: &str) -> String {
    format!("<think>\n{}\n</think>", text.trim())
}

fn role(word: &str) -> Option<Role> {
    match word {
        "user" => Some(Role::User),
        "assistant" => Some(Role::Assistant),
        "system" => Some(Role::System),
        _ => None,
    }
}
