//! The messages of a chat completion.

use paddock_core::{ChatMessage, ChatRole, ToolCall};
use serde_json::Value;

use super::tools::check_name;
use crate::{fault::Fault, fields::Fields};

/// All of them.
pub fn messages(fields: &Fields<'_>) -> Result<Vec<ChatMessage>, Fault> {
    let messages: Vec<ChatMessage> = fields.objects("messages")?.iter().map(message).collect::<Result<_, _>>()?;
    if messages.is_empty() {
        return Err(fields.fault("messages", "has to hold at least one message."));
    }
    Ok(messages)
}

fn message(fields: &Fields<'_>) -> Result<ChatMessage, Fault> {
    let role = match fields.needed("role", fields.text("role")?)? {
        "system" | "developer" => ChatRole::System,
        "user" => ChatRole::User,
        "assistant" => ChatRole::Assistant,
        "tool" => ChatRole::Tool,
        _ => return Err(fields.fault("role", "has to be system, developer, user, assistant or tool.")),
    };
    let tool_calls = if role == ChatRole::Assistant { tool_calls(fields)? } else { Vec::new() };
    let content = parts_text(fields, "content", &["text", "refusal"])?;
    // Only a turn that asks for tools may say nothing.
    let content = if tool_calls.is_empty() { fields.needed("content", content)? } else { content.unwrap_or_default() };
    let tool_call_id = match role {
        ChatRole::Tool => Some(fields.needed("tool_call_id", fields.text("tool_call_id")?)?.to_owned()),
        _ => None,
    };
    Ok(ChatMessage { role, content, tool_calls, tool_call_id })
}

fn tool_calls(fields: &Fields<'_>) -> Result<Vec<ToolCall>, Fault> {
    let one = |call: &Fields<'_>| {
        let function = call.needed("function", call.object("function")?)?;
        Ok(ToolCall {
            id: call.needed("id", call.text("id")?)?.into(),
            name: check_name(&function, "name")?,
            arguments: function.text("arguments")?.unwrap_or("{}").into(),
        })
    };
    fields.objects("tool_calls")?.iter().map(one).collect()
}

/// A string, or a list of parts of which each holds text: under `text`, or under its own type's name.
pub fn parts_text(fields: &Fields<'_>, name: &str, kinds: &[&str]) -> Result<Option<String>, Fault> {
    match fields.get(name) {
        None => return Ok(None),
        Some(Value::String(text)) => return Ok(Some(text.clone())),
        Some(Value::Array(_)) => {}
        Some(_) => return Err(fields.fault(name, "has to be a string or a list of parts.")),
    }
    let mut texts = Vec::new();
    for part in fields.objects(name)? {
        let kind = part.needed("type", part.text("type")?)?;
        if !kinds.contains(&kind) {
            return Err(part.fault("type", format!("is {kind}: only text can be read here.")));
        }
        let field = if kind == "refusal" { "refusal" } else { "text" };
        texts.push(part.needed(field, part.text(field)?)?);
    }
    Ok(Some(texts.join("\n")))
}
