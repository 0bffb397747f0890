//! `/v1/responses`. Nothing is kept between requests, so that what goes on with an earlier one is refused.

use std::sync::Arc;

use paddock_core::{
    ChatMessage, ChatRole, Completed, Completion, FinishReason, GenerateParams, Timings, TokenLogprob, ToolCall,
};
use serde_json::{Value, json};

use super::{choosing, messages::parts_text, named_event, new_id, now_s, timings_of, tools};
use crate::{
    fault::Fault,
    fields::Fields,
    reply::{self, Reply},
    running::Shared,
    writing::{self, Script},
};

pub async fn answer(shared: &Arc<Shared>, json: &Value) -> Result<Reply, Fault> {
    let fields = Fields::of(json)?;
    let completion = completion(&fields)?;
    let named = |fault: Fault| fault.or_param(fields.get("text").map(|_| "text.format"));
    let is_stream = fields.flag("stream")?;
    let mut response = Response::new(json);
    if is_stream {
        return writing::events(shared, completion, response).await.map_err(named);
    }
    let whole = writing::whole(shared, completion).await.map_err(named)?;
    response.model.clone_from(&whole.model);
    response.text = whole.text;
    Ok(reply::json(&response.ended(&whole.completed)))
}

fn completion(fields: &Fields<'_>) -> Result<Completion, Fault> {
    let kept = "needs what was said before, and nothing is kept here; send all of it as `input`.";
    fields.without("previous_response_id", kept)?;
    fields.without("conversation", kept)?;
    fields.only("background", &json!(false))?;
    let (temperature, sampling) = choosing::sampling(fields)?;
    let (tools, tool_choice) = tools::tools(fields, false)?;
    let params = GenerateParams {
        messages: messages(fields)?,
        sampling,
        max_tokens: fields.whole("max_output_tokens", 1..=choosing::MAX_TOKENS)?,
        format: format(fields)?,
        tools,
        tool_choice,
        ..GenerateParams::default()
    };
    Ok(Completion { model: fields.text("model")?.map(str::to_owned), temperature, params })
}

fn format(fields: &Fields<'_>) -> Result<paddock_core::AnswerFormat, Fault> {
    use paddock_core::AnswerFormat;
    let Some(text) = fields.object("text")? else { return Ok(AnswerFormat::Text) };
    let Some(format) = text.object("format")? else { return Ok(AnswerFormat::Text) };
    match format.needed("type", format.text("type")?)? {
        "text" => Ok(AnswerFormat::Text),
        "json_object" => Ok(AnswerFormat::JsonObject),
        "json_schema" => choosing::schema(&format),
        _ => Err(format.fault("type", "has to be text, json_object or json_schema.")),
    }
}

fn messages(fields: &Fields<'_>) -> Result<Vec<ChatMessage>, Fault> {
    let system = fields.text("instructions")?.map(|text| ChatMessage::new(ChatRole::System, text));
    let mut messages: Vec<ChatMessage> = system.into_iter().collect();
    match fields.needed("input", fields.get("input"))? {
        Value::String(text) => messages.push(ChatMessage::new(ChatRole::User, text.as_str())),
        Value::Array(_) => {
            for item in fields.objects("input")? {
                add_item(&item, &mut messages)?;
            }
        }
        _ => return Err(fields.fault("input", "has to be a string or a list of items.")),
    }
    if messages.iter().all(|message| message.role == ChatRole::System) {
        return Err(fields.fault("input", "has to hold at least one message."));
    }
    Ok(messages)
}

fn add_item(item: &Fields<'_>, messages: &mut Vec<ChatMessage>) -> Result<(), Fault> {
    match item.text("type")?.unwrap_or("message") {
        "message" => {
            let role = match item.needed("role", item.text("role")?)? {
                "system" | "developer" => ChatRole::System,
                "user" => ChatRole::User,
                "assistant" => ChatRole::Assistant,
                _ => return Err(item.fault("role", "has to be system, developer, user or assistant.")),
            };
            let content = parts_text(item, "content", &["input_text", "output_text", "text", "refusal"])?;
            messages.push(ChatMessage::new(role, item.needed("content", content)?));
        }
        "function_call" => {
            let call = ToolCall {
                id: item.needed("call_id", item.text("call_id")?)?.into(),
                name: tools::check_name(item, "name")?,
                arguments: item.text("arguments")?.unwrap_or("{}").into(),
            };
            // Calls that follow one another are one turn, also behind its words.
            match messages.last_mut().filter(|last| last.role == ChatRole::Assistant) {
                Some(last) => last.tool_calls.push(call),
                None => {
                    messages.push(ChatMessage { tool_calls: vec![call], ..ChatMessage::new(ChatRole::Assistant, "") })
                }
            }
        }
        "function_call_output" => {
            let id = item.needed("call_id", item.text("call_id")?)?;
            let output = parts_text(item, "output", &["input_text", "output_text", "text"])?;
            messages.push(ChatMessage {
                tool_call_id: Some(id.into()),
                ..ChatMessage::new(ChatRole::Tool, item.needed("output", output)?)
            });
        }
        // What a model thought is not part of the conversation.
        "reasoning" => {}
        other => return Err(item.fault("type", format!("is {other}, which is not known here."))),
    }
    Ok(())
}

/// A response on its way.
struct Response {
    id: String,
    message_id: String,
    created: u64,
    model: String,
    /// Those of the request that are repeated in the response.
    asked: Value,
    text: String,
    /// Events so far.
    n_events: u64,
    has_message: bool,
}

impl Response {
    fn new(request: &Value) -> Self {
        let or =
            |name: &str, other: Value| request.get(name).filter(|value| !value.is_null()).cloned().unwrap_or(other);
        let asked = json!({
            "instructions": or("instructions", Value::Null),
            "max_output_tokens": or("max_output_tokens", Value::Null),
            "metadata": or("metadata", json!({})),
            "parallel_tool_calls": true,
            "previous_response_id": Value::Null,
            "temperature": or("temperature", Value::Null),
            "top_p": or("top_p", Value::Null),
            "text": or("text", json!({ "format": { "type": "text" } })),
            "tool_choice": or("tool_choice", json!("auto")),
            "tools": or("tools", json!([])),
            "truncation": "disabled",
            "store": false,
        });
        Self {
            id: new_id("resp_"),
            message_id: new_id("msg_"),
            created: now_s(),
            model: String::new(),
            asked,
            text: String::new(),
            n_events: 0,
            has_message: false,
        }
    }

    fn json(&self, status: &str, output: Value) -> Value {
        let mut json = self.asked.clone();
        json["id"] = json!(self.id);
        json["object"] = json!("response");
        json["created_at"] = json!(self.created);
        json["model"] = json!(self.model);
        json["status"] = json!(status);
        json["output"] = output;
        json["error"] = Value::Null;
        json["incomplete_details"] = Value::Null;
        json["usage"] = Value::Null;
        json
    }

    fn part(text: &str) -> Value {
        json!({ "type": "output_text", "text": text, "annotations": [], "logprobs": [] })
    }

    fn message(&self, status: &str, content: Value) -> Value {
        json!({
            "id": self.message_id,
            "type": "message",
            "role": "assistant",
            "status": status,
            "content": content,
        })
    }

    /// Whether the answer has words of its own, or asks for tools alone.
    fn is_spoken(&self, completed: &Completed) -> bool {
        !self.text.is_empty() || completed.tool_calls.is_empty()
    }

    fn ended(&self, completed: &Completed) -> Value {
        let is_whole = completed.finish_reason != FinishReason::Length;
        let status = if is_whole { "completed" } else { "incomplete" };
        let message = self.is_spoken(completed).then(|| self.message(status, json!([Self::part(&self.text)])));
        let calls = completed.tool_calls.iter().map(|call| function_call(call, "completed", &call.arguments));
        let mut json = self.json(status, message.into_iter().chain(calls).collect());
        if !is_whole {
            json["incomplete_details"] = json!({ "reason": "max_output_tokens" });
        }
        json["usage"] = usage(&completed.timings);
        json["timings"] = timings_of(&completed.timings);
        json
    }

    fn event(&mut self, name: &str, mut data: Value) -> String {
        data["type"] = name.into();
        data["sequence_number"] = self.n_events.into();
        self.n_events += 1;
        named_event(name, &data)
    }

    fn in_message(&self, data: Value) -> Value {
        let mut data = data;
        data["item_id"] = json!(self.message_id);
        data["output_index"] = json!(0);
        data["content_index"] = json!(0);
        data
    }

    fn begin_message(&mut self) -> String {
        if self.has_message {
            return String::new();
        }
        self.has_message = true;
        let item = self.message("in_progress", json!([]));
        let part = self.in_message(json!({ "part": Self::part("") }));
        self.event("response.output_item.added", json!({ "output_index": 0, "item": item }))
            + &self.event("response.content_part.added", part)
    }

    fn end_message(&mut self, status: &str) -> String {
        let text = self.text.clone();
        let done = self.in_message(json!({ "text": text, "logprobs": [] }));
        let part = self.in_message(json!({ "part": Self::part(&text) }));
        let item = self.message(status, json!([Self::part(&text)]));
        self.event("response.output_text.done", done)
            + &self.event("response.content_part.done", part)
            + &self.event("response.output_item.done", json!({ "output_index": 0, "item": item }))
    }

    fn call_events(&mut self, index: usize, call: &ToolCall) -> String {
        let begun = function_call(call, "in_progress", "");
        let ended = function_call(call, "completed", &call.arguments);
        let id = ended["id"].clone();
        let arguments = |name: &str| json!({ "item_id": id, "output_index": index, name: call.arguments });
        self.event("response.output_item.added", json!({ "output_index": index, "item": begun }))
            + &self.event("response.function_call_arguments.delta", arguments("delta"))
            + &self.event("response.function_call_arguments.done", arguments("arguments"))
            + &self.event("response.output_item.done", json!({ "output_index": index, "item": ended }))
    }
}

fn function_call(call: &ToolCall, status: &str, arguments: &str) -> Value {
    json!({
        "type": "function_call",
        "id": format!("fc_{}", call.id),
        "call_id": call.id,
        "name": call.name,
        "arguments": arguments,
        "status": status,
    })
}

fn usage(timings: &Timings) -> Value {
    let input = timings.cache_n + timings.prompt_n;
    json!({
        "input_tokens": input,
        "input_tokens_details": { "cached_tokens": timings.cache_n },
        "output_tokens": timings.predicted_n,
        "output_tokens_details": { "reasoning_tokens": 0 },
        "total_tokens": input + timings.predicted_n,
    })
}

impl Script for Response {
    fn begin(&mut self, model: &str) -> String {
        self.model = model.into();
        let begun = json!({ "response": self.json("in_progress", json!([])) });
        self.event("response.created", begun.clone()) + &self.event("response.in_progress", begun)
    }

    fn more(&mut self, text: &str, _logprobs: &[TokenLogprob]) -> String {
        if text.is_empty() {
            return String::new();
        }
        self.text.push_str(text);
        let delta = self.in_message(json!({ "delta": text, "logprobs": [] }));
        self.begin_message() + &self.event("response.output_text.delta", delta)
    }

    fn end(&mut self, completed: &Completed) -> String {
        let is_whole = completed.finish_reason != FinishReason::Length;
        let mut events = String::new();
        if self.is_spoken(completed) {
            events.push_str(&self.begin_message());
            events.push_str(&self.end_message(if is_whole { "completed" } else { "incomplete" }));
        }
        let first = usize::from(self.has_message);
        for (index, call) in completed.tool_calls.iter().enumerate() {
            events.push_str(&self.call_events(first + index, call));
        }
        let name = if is_whole { "response.completed" } else { "response.incomplete" };
        let response = json!({ "response": self.ended(completed) });
        events.push_str(&self.event(name, response));
        events
    }

    fn broken(&mut self, fault: &Fault) -> String {
        let mut response = self.json("failed", json!([]));
        response["error"] = json!({ "code": "server_error", "message": fault.message });
        self.event("response.failed", json!({ "response": response }))
    }
}
