//! Open WebUI's export: a list of chats, each with a tree in `chat.history`, and in old ones only the list `chat.messages`.

use serde_json::Value;

use super::{Node, Other, content_text, is, role, text, thought, time_ms};

pub(super) fn conversation(value: &Value) -> Other {
    let chat = value.get("chat").unwrap_or(&Value::Null);
    let history = chat.get("history").unwrap_or(&Value::Null);
    let tree = history.get("messages").and_then(Value::as_object).filter(|tree| !tree.is_empty());
    let list = chat.get("messages").and_then(Value::as_array);
    let title = [text(value, "title"), text(chat, "title")].into_iter().find(|title| !title.is_empty());
    let params = chat.get("params").unwrap_or(&Value::Null);
    let system = [text(params, "system"), text(chat, "system")].into_iter().find(|system| !system.is_empty());
    Other {
        program: "open-webui",
        id: text(value, "id").to_owned(),
        title: title.unwrap_or_default().to_owned(),
        created_at_ms: time_ms(value, "created_at").or_else(|| time_ms(chat, "timestamp")),
        updated_at_ms: time_ms(value, "updated_at"),
        pinned: is(value, "pinned"),
        archived: is(value, "archived"),
        system: system.unwrap_or_default().to_owned(),
        head: history.get("currentId").and_then(Value::as_str).filter(|_| tree.is_some()).map(str::to_owned),
        nodes: match tree {
            Some(tree) => tree.iter().map(|(id, message)| read(id, parent(message), message)).collect(),
            None => in_a_row(list.map_or(&[], Vec::as_slice)),
        },
    }
}

fn parent(message: &Value) -> Option<String> {
    message.get("parentId").and_then(Value::as_str).map(str::to_owned)
}

/// A list may still say what follows what; else each follows the one before.
fn in_a_row(messages: &[Value]) -> Vec<Node> {
    let id = |i: usize| match text(&messages[i], "id") {
        "" => format!("#{i}"),
        id => id.to_owned(),
    };
    let before = |i: usize| i.checked_sub(1).map(id);
    messages
        .iter()
        .enumerate()
        .map(|(i, message)| read(&id(i), parent(message).or_else(|| before(i)), message))
        .collect()
}

fn read(id: &str, parent: Option<String>, message: &Value) -> Node {
    let model = [text(message, "modelName"), text(message, "model")].into_iter().find(|model| !model.is_empty());
    let content = message.get("content").map(content_text).unwrap_or_default();
    Node {
        id: id.to_owned(),
        parent,
        role: role(text(message, "role")),
        text: with_thought(&content).unwrap_or(content),
        at_ms: time_ms(message, "timestamp"),
        model: model.map(str::to_owned),
    }
}

/// Thoughts are kept as `<details type="reasoning">` with a summary and quoted lines.
fn with_thought(content: &str) -> Option<String> {
    let rest = content.trim_start().strip_prefix("<details type=\"reasoning\"")?;
    let (inner, said) = rest.split_once("</details>")?;
    let inner = inner.split_once("</summary>").or_else(|| inner.split_once('>'))?.1;
    let lines = inner.trim().lines().map(|line| {
        let line = line.strip_prefix("&gt; ").or_else(|| line.strip_prefix("> ")).unwrap_or(line);
        if line == ">" || line == "&gt;" { "" } else { line }
    });
    let plain = lines.collect::<Vec<_>>().join("\n");
    let plain = plain.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&#x27;", "'");
    Some(format!("{}\n\n{}", thought(&plain.replace("&amp;", "&")), said.trim_start()))
}
