//! Jan's threads: `thread.json` says what it is, `messages.jsonl` has a message a line, with OpenAI's contents.

use serde_json::Value;

use super::{Foreign, Node, Other, content_text, role, text, time_ms};

/// A thread and its messages. Old threads have the messages in themselves.
pub(in crate::interchange) fn thread(thread: &Value, lines: &[Value], folder: &str) -> Result<Foreign, String> {
    let own = thread.get("messages").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let messages = if lines.is_empty() { own } else { lines };
    let thread_id = messages.first().map_or("", |message| text(message, "thread_id"));
    let id = [text(thread, "id"), thread_id, folder].into_iter().find(|id| !id.is_empty());
    let assistant = thread.get("assistants").and_then(|all| all.get(0)).unwrap_or(&Value::Null);
    let model = assistant.get("model").or(thread.get("model")).map_or("", |model| text(model, "id"));
    let title = thread.get("metadata").map_or("", |metadata| text(metadata, "title"));
    let titles = [text(thread, "title"), title, text(thread, "summary")];
    Ok(Foreign::Other(Box::new(Other {
        program: "jan",
        id: id.unwrap_or_default().to_owned(),
        title: titles.into_iter().find(|title| !title.is_empty()).unwrap_or_default().to_owned(),
        created_at_ms: time_ms(thread, "created"),
        updated_at_ms: time_ms(thread, "updated"),
        pinned: false,
        archived: false,
        system: text(assistant, "instructions").to_owned(),
        head: None,
        nodes: in_a_row(messages, model),
    })))
}

/// By time: the lines are not always in order.
fn in_a_row(messages: &[Value], thread_model: &str) -> Vec<Node> {
    let mut nodes: Vec<Node> = messages.iter().map(|message| read(message, thread_model)).collect();
    nodes.sort_by_key(|node| node.at_ms);
    for (i, node) in nodes.iter_mut().enumerate() {
        node.id = i.to_string();
        node.parent = i.checked_sub(1).map(|before| before.to_string());
    }
    nodes
}

fn read(message: &Value, thread_model: &str) -> Node {
    let own = message.get("metadata").map_or("", |metadata| text(metadata, "modelId"));
    let model = [own, thread_model].into_iter().find(|model| !model.is_empty());
    Node {
        role: role(text(message, "role")),
        text: message.get("content").map(content_text).unwrap_or_default(),
        at_ms: time_ms(message, "created_at").or_else(|| time_ms(message, "created")),
        model: model.map(str::to_owned),
        ..Node::default()
    }
}
