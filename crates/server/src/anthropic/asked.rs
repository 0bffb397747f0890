//! What is asked for.

use paddock_core::{ChatMessage, ChatRole, Completion, GenerateParams, Sampling, Tool, ToolCall, ToolChoice};
use serde_json::Value;

use crate::{
    fault::Fault,
    fields::Fields,
    openai::{MAX_STOPS, MAX_TOKENS, MAX_TOOLS, check_choice, check_name, no_parameters, parts_text},
};

pub fn completion(fields: &Fields<'_>) -> Result<Completion, Fault> {
    let usual = Sampling::default();
    let temperature = fields.number("temperature", 0.0..=5.0)?;
    let (tools, tool_choice) = tools(fields)?;
    let messages = messages(fields)?;
    let params = GenerateParams {
        // The beginning of the answer, put into the model's mouth.
        continue_answer: messages
            .last()
            .is_some_and(|last| last.role == ChatRole::Assistant && last.tool_calls.is_empty()),
        messages,
        sampling: Sampling {
            temperature: temperature.unwrap_or(usual.temperature),
            top_k: fields.whole("top_k", 0..=1_000_000)?.unwrap_or(usual.top_k),
            top_p: fields.number("top_p", 0.0..=1.0)?.unwrap_or(usual.top_p),
            ..usual
        },
        stop: fields.texts("stop_sequences", MAX_STOPS)?,
        max_tokens: Some(fields.needed("max_tokens", fields.whole("max_tokens", 1..=MAX_TOKENS)?)?),
        tools,
        tool_choice,
        ..GenerateParams::default()
    };
    Ok(Completion { model: fields.text("model")?.map(str::to_owned), temperature, params })
}

pub fn messages(fields: &Fields<'_>) -> Result<Vec<ChatMessage>, Fault> {
    let system = parts_text(fields, "system", &["text"])?;
    let mut messages: Vec<ChatMessage> =
        system.into_iter().map(|text| ChatMessage::new(ChatRole::System, text)).collect();
    let n_system = messages.len();
    for message in fields.objects("messages")? {
        let role = match message.needed("role", message.text("role")?)? {
            "user" => ChatRole::User,
            "assistant" => ChatRole::Assistant,
            _ => return Err(message.fault("role", "has to be user or assistant.")),
        };
        add_message(&message, role, &mut messages)?;
    }
    if messages.len() == n_system {
        return Err(fields.fault("messages", "has to hold at least one message."));
    }
    Ok(messages)
}

/// A turn of many blocks is one or several of ours: each result of a tool has its own.
fn add_message(fields: &Fields<'_>, role: ChatRole, messages: &mut Vec<ChatMessage>) -> Result<(), Fault> {
    let content = fields.needed("content", fields.get("content"))?;
    if let Value::String(text) = content {
        messages.push(ChatMessage::new(role, text.as_str()));
        return Ok(());
    }
    let (mut texts, mut calls) = (Vec::new(), Vec::new());
    for block in fields.objects("content")? {
        match (block.needed("type", block.text("type")?)?, role) {
            ("text", _) => texts.push(block.needed("text", block.text("text")?)?),
            ("tool_use", ChatRole::Assistant) => calls.push(tool_use(&block)?),
            ("tool_result", ChatRole::User) => messages.push(tool_result(&block)?),
            // What a model thought is not part of the conversation.
            ("thinking" | "redacted_thinking", ChatRole::Assistant) => {}
            (kind, _) => {
                return Err(block.fault("type", format!("is {kind}: only text and tools can be read here.")));
            }
        }
    }
    if !texts.is_empty() || !calls.is_empty() {
        messages.push(ChatMessage { tool_calls: calls, ..ChatMessage::new(role, texts.join("\n")) });
    }
    Ok(())
}

fn tool_use(block: &Fields<'_>) -> Result<ToolCall, Fault> {
    block.object("input")?;
    Ok(ToolCall {
        id: block.needed("id", block.text("id")?)?.into(),
        name: check_name(block, "name")?,
        arguments: block.get("input").map_or_else(|| "{}".into(), Value::to_string),
    })
}

fn tool_result(block: &Fields<'_>) -> Result<ChatMessage, Fault> {
    let id = block.needed("tool_use_id", block.text("tool_use_id")?)?;
    let content = parts_text(block, "content", &["text"])?.unwrap_or_default();
    Ok(ChatMessage { tool_call_id: Some(id.into()), ..ChatMessage::new(ChatRole::Tool, content) })
}

fn tools(fields: &Fields<'_>) -> Result<(Vec<Tool>, ToolChoice), Fault> {
    let mut tools = Vec::new();
    for tool in fields.objects("tools")? {
        if tool.text("type")?.is_some_and(|kind| kind != "custom") {
            return Err(tool.fault("type", "has to be custom: no other tools are here."));
        }
        let schema = tool.object("input_schema")?.and(tool.get("input_schema")).cloned();
        tools.push(Tool {
            name: check_name(&tool, "name")?,
            description: tool.text("description")?.unwrap_or_default().into(),
            parameters: schema.unwrap_or_else(no_parameters),
        });
    }
    if tools.len() > MAX_TOOLS {
        return Err(fields.fault("tools", format!("can hold at most {MAX_TOOLS}.")));
    }
    let choice = match fields.object("tool_choice")? {
        None => ToolChoice::Auto,
        Some(choice) => match choice.needed("type", choice.text("type")?)? {
            "auto" => ToolChoice::Auto,
            "none" => ToolChoice::None,
            "any" => ToolChoice::Required,
            "tool" => ToolChoice::Named { name: check_name(&choice, "name")? },
            _ => return Err(choice.fault("type", "has to be auto, any, tool or none.")),
        },
    };
    check_choice(fields, &tools, &choice)?;
    Ok((tools, choice))
}
