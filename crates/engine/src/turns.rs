//! Messages and tools as chat templates expect them: the shapes of Hugging Face's `apply_chat_template`.

use std::{
    collections::HashMap,
    hash::{DefaultHasher, Hash, Hasher},
};

use paddock_engine_api::{
    output::{Tool, ToolCall},
    protocol::{ChatMessage, ChatRole},
};
use serde_json::{Map, Value, json};

use crate::{calls, tools::CallStyle};

/// The tools in OpenAI's shape.
pub(crate) fn offered(tools: &[Tool]) -> Vec<Value> {
    tools
        .iter()
        .map(|Tool { name, description, parameters }| {
            let parameters =
                if parameters.is_null() { json!({ "type": "object", "properties": {} }) } else { parameters.clone() };
            json!({
                "type": "function",
                "function": { "name": name, "description": description, "parameters": parameters },
            })
        })
        .collect()
}

/// For a template that knows tools.
pub(crate) fn with_calls(messages: &[ChatMessage], style: CallStyle) -> Vec<Value> {
    let names: HashMap<&str, &str> = messages
        .iter()
        .flat_map(|message| &message.tool_calls)
        .map(|call| (call.id.as_str(), call.name.as_str()))
        .collect();
    messages
        .iter()
        .map(|message| {
            let mut turn = Map::new();
            turn.insert("role".into(), message.role.as_str().into());
            turn.insert("content".into(), message.content.as_str().into());
            // Templates ask whether the key is there.
            if !message.tool_calls.is_empty() {
                let calls = message.tool_calls.iter().map(|call| call_value(call, style));
                turn.insert("tool_calls".into(), calls.collect());
            }
            if let Some(id) = &message.tool_call_id {
                turn.insert("tool_call_id".into(), usual_id(id, style).into());
                if let Some(&name) = names.get(id.as_str()) {
                    turn.insert("name".into(), name.into());
                }
            }
            Value::Object(turn)
        })
        .collect()
}

fn call_value(call: &ToolCall, style: CallStyle) -> Value {
    json!({
        "id": usual_id(&call.id, style),
        "type": "function",
        "function": { "name": call.name, "arguments": arguments_of(call) },
    })
}

/// Templates print arguments as JSON, so they get what the JSON means.
fn arguments_of(call: &ToolCall) -> Value {
    serde_json::from_str(&call.arguments).unwrap_or_else(|_| Value::String(call.arguments.clone()))
}

/// Mistral's templates refuse ids that others made: they get one of the right length, the same for the same call.
fn usual_id(id: &str, style: CallStyle) -> String {
    if style != CallStyle::Mistral || calls::is_usual_id(id) {
        return id.to_owned();
    }
    let mut hasher = DefaultHasher::new();
    id.hash(&mut hasher);
    calls::id_from(hasher.finish())
}

/// For a template that knows no tools: they are offered in the user's first message, in the words that Llama 3.3 knows,
/// and calls are the text that they were.
pub(crate) fn as_text(messages: &[ChatMessage], tools: &[Tool]) -> Vec<Value> {
    let mut to_say = (!tools.is_empty()).then(|| introduction(tools));
    messages
        .iter()
        .map(|message| {
            let introduction = if message.role == ChatRole::User { to_say.take() } else { None };
            let calls: Vec<String> = message
                .tool_calls
                .iter()
                .map(|call| json!({ "name": call.name, "parameters": arguments_of(call) }).to_string())
                .collect();
            let content = introduction.unwrap_or_default() + &message.content + &calls.join("; ");
            json!({ "role": message.role.as_str(), "content": content })
        })
        .collect()
}

fn introduction(tools: &[Tool]) -> String {
    let mut text = "Given the following functions, please respond with a JSON for a function call with its proper \
                    arguments that best answers the given prompt.\n\nRespond in the format {\"name\": function name, \
                    \"parameters\": dictionary of argument name and its value}. Do not use variables.\n\n"
        .to_owned();
    for tool in offered(tools) {
        text.push_str(&tool.to_string());
        text.push_str("\n\n");
    }
    text
}
