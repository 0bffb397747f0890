//! LM Studio's `*.conversation.json`: a row of messages, each with versions of which one is selected. An answer is made of
//! steps; those that hold text are content blocks, and some of them thoughts.

use serde_json::Value;

use super::{Node, Other, content_text, is as flag, role, text, thought, time_ms};

/// Whether messages look like LM Studio's.
pub(super) fn is(messages: &Value) -> bool {
    let first = messages.get(0);
    first.is_some_and(|first| first.get("versions").is_some_and(Value::is_array))
}

pub(super) fn conversation(value: &Value) -> Other {
    let messages = value.get("messages").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let last_model = value.get("lastUsedModel").map_or("", |model| text(model, "identifier"));
    let mut nodes = Vec::new();
    let mut before: Option<String> = None;
    for (i, message) in messages.iter().enumerate() {
        let versions = message.get("versions").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let selected = message.get("currentlySelected").and_then(Value::as_u64).unwrap_or_default();
        let name = |version: usize| format!("{i}.{version}");
        for (version, content) in versions.iter().enumerate() {
            nodes.push(read(name(version), before.clone(), content, last_model));
        }
        // What comes next follows the version that is selected; the others end here.
        let selected = usize::try_from(selected).unwrap_or_default().min(versions.len().saturating_sub(1));
        before = (!versions.is_empty()).then(|| name(selected)).or(before);
    }
    Other {
        program: "lm-studio",
        id: String::new(),
        title: text(value, "name").to_owned(),
        created_at_ms: time_ms(value, "createdAt"),
        updated_at_ms: time_ms(value, "assistantLastMessagedAt").max(time_ms(value, "userLastMessagedAt")),
        pinned: flag(value, "pinned"),
        archived: false,
        system: text(value, "systemPrompt").to_owned(),
        head: before,
        nodes,
    }
}

fn read(id: String, parent: Option<String>, version: &Value, last_model: &str) -> Node {
    let sender = version.get("senderInfo").map_or("", |sender| text(sender, "senderName"));
    let steps = version.get("steps").and_then(Value::as_array);
    let made = steps.into_iter().flatten().filter_map(|step| step.get("genInfo"));
    let identifier = made.map(|made| text(made, "identifier")).find(|name| !name.is_empty());
    let model = [sender, identifier.unwrap_or_default(), last_model].into_iter().find(|name| !name.is_empty());
    Node {
        id,
        parent,
        role: role(text(version, "role")),
        text: said(version),
        at_ms: None,
        model: model.map(str::to_owned),
    }
}

fn said(version: &Value) -> String {
    let Some(steps) = version.get("steps").and_then(Value::as_array) else {
        return version.get("content").map(content_text).unwrap_or_default();
    };
    let blocks = steps.iter().filter(|step| text(step, "type") == "contentBlock").map(|step| {
        let content = step.get("content").map(content_text).unwrap_or_default();
        let is_thought = step.get("style").is_some_and(|style| text(style, "type") == "thinking");
        // The tags are sometimes part of it.
        let bare = content.trim().trim_start_matches("<think>").trim_end_matches("</think>");
        if is_thought { thought(bare) } else { content }
    });
    blocks.filter(|block| !block.trim().is_empty()).collect::<Vec<_>>().join("\n\n")
}
