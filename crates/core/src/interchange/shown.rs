//! What a reader of an export sees: the shown branch, with thoughts apart.

use std::collections::HashMap;

use paddock_store::{Conversation, Message, Role};
use time::{OffsetDateTime, macros::format_description};

/// The messages from the root to the head.
pub(super) fn branch(conversation: &Conversation) -> Vec<&Message> {
    let by_id: HashMap<_, _> = conversation.messages.iter().map(|message| (&message.id, message)).collect();
    let mut branch = Vec::new();
    let mut next = conversation.head.as_ref();
    while let Some(message) = next.and_then(|id| by_id.get(id)) {
        branch.push(*message);
        next = message.parent_id.as_ref();
    }
    branch.reverse();
    branch
}

/// The models that answered on a branch, each once.
pub(super) fn models(branch: &[&Message]) -> String {
    let mut models: Vec<&str> = Vec::new();
    for name in branch.iter().filter_map(|message| message.model_name.as_deref()) {
        if !models.contains(&name) {
            models.push(name);
        }
    }
    models.join(", ")
}

/// A role as a heading.
pub(super) fn role(message: &Message) -> &'static str {
    match message.role {
        Role::System => "System",
        Role::User => "User",
        Role::Assistant => "Assistant",
    }
}

/// A day, in the time of Greenwich: the file may be read anywhere.
pub(super) fn date(ms: i64) -> String {
    OffsetDateTime::from_unix_timestamp(ms.div_euclid(1000))
        .ok()
        .and_then(|at| at.format(format_description!("[year]-[month]-[day]")).ok())
        .unwrap_or_default()
}

/// Parts what the model thought from what it then said. Only at the beginning are the tags more than text.
pub(super) fn thinking(content: &str) -> (String, &str) {
    let mut thought = String::new();
    let mut rest = content;
    while let Some(inside) = opened(rest) {
        let (inner, after) = match ["</think>", "</thinking>"].iter().filter_map(|tag| inside.find(tag)).min() {
            Some(at) => (&inside[..at], inside[at..].split_once('>').map_or("", |(_, after)| after)),
            None => (inside, ""),
        };
        if !thought.is_empty() {
            thought.push_str("\n\n");
        }
        thought.push_str(inner.trim());
        rest = after.trim_start();
    }
    (thought, rest)
}

fn opened(text: &str) -> Option<&str> {
    let text = text.trim_start();
    text.strip_prefix("<think>").or_else(|| text.strip_prefix("<thinking>"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thoughts_are_parted_at_the_beginning_only() {
        assert_eq!(thinking("<think>\na < b\n</think>\n\nYes."), ("a < b".into(), "Yes."));
        assert_eq!(thinking("<think>a</think><thinking>b</thinking>c"), ("a\n\nb".into(), "c"));
        assert_eq!(thinking("<think>never said"), ("never said".into(), ""));
        assert_eq!(thinking("Write <think>a</think>"), (String::new(), "Write <think>a</think>"));
    }

    #[test]
    fn days_are_those_of_greenwich_and_nonsense_is_none() {
        assert_eq!(date(1_764_305_000_000), "2025-11-28");
        assert_eq!(date(-1), "1969-12-31");
        assert_eq!(date(i64::MAX), "");
    }
}
