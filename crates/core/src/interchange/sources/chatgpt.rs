//! ChatGPT's export: `mapping` holds a tree of nodes, `current_node` is the last one shown. Between the messages are
//! hidden instructions and the talk with tools, which nobody saw.

use serde_json::Value;

use super::{Node, Other, is, role, text, time_ms};

pub(super) fn conversation(value: &Value) -> Other {
    let id = [text(value, "conversation_id"), text(value, "id")].into_iter().find(|id| !id.is_empty());
    let mapping = value.get("mapping").and_then(Value::as_object);
    Other {
        program: "chatgpt",
        id: id.unwrap_or_default().to_owned(),
        title: text(value, "title").to_owned(),
        created_at_ms: time_ms(value, "create_time"),
        updated_at_ms: time_ms(value, "update_time"),
        pinned: false,
        archived: is(value, "is_archived"),
        system: String::new(),
        head: Some(text(value, "current_node").to_owned()),
        nodes: mapping.into_iter().flatten().map(|(id, node)| read(id, node)).collect(),
    }
}

fn read(id: &str, node: &Value) -> Node {
    let parent = node.get("parent").and_then(Value::as_str).map(str::to_owned);
    let message = node.get("message").unwrap_or(&Value::Null);
    let metadata = message.get("metadata").unwrap_or(&Value::Null);
    let author = message.get("author").map_or("", |author| text(author, "role"));
    let hidden = is(metadata, "is_visually_hidden_from_conversation") || is(metadata, "is_user_system_message");
    // What is not addressed to all is a call of a tool.
    let to_all = matches!(text(message, "recipient"), "" | "all");
    let content = message.get("content").unwrap_or(&Value::Null);
    let shown = !hidden && to_all && matches!(text(content, "content_type"), "" | "text" | "multimodal_text" | "code");
    let model = Some(text(metadata, "model_slug")).filter(|model| !model.is_empty());
    Node {
        id: id.to_owned(),
        parent,
        role: role(author).filter(|_| shown),
        text: said(content),
        at_ms: time_ms(message, "create_time"),
        model: model.map(str::to_owned),
    }
}

/// Texts, and what was spoken; pictures and files are left out.
fn said(content: &Value) -> String {
    let Some(parts) = content.get("parts").and_then(Value::as_array) else {
        return text(content, "text").to_owned();
    };
    let texts =
        parts.iter().map(|part| part.as_str().unwrap_or_else(|| text(part, "text"))).filter(|text| !text.is_empty());
    texts.collect::<Vec<_>>().join("\n\n")
}
