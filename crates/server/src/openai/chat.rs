//! `/v1/chat/completions`.

use std::sync::Arc;

use paddock_core::{ChatRole, Completed, Completion, GenerateParams, TokenLogprob, ToolCall};
use serde_json::{Value, json};

use super::{DONE, choosing, event, finish_reason, logprobs_of, messages, new_id, now_s, timings_of, tools, usage};
use crate::{
    fault::{Dialect, Fault},
    fields::Fields,
    reply::{self, Reply},
    running::Shared,
    writing::{self, Script, Whole},
};

pub async fn answer(shared: &Arc<Shared>, json: &Value) -> Result<Reply, Fault> {
    let fields = Fields::of(json)?;
    let completion = completion(&fields)?;
    let named = |fault: Fault| fault.or_param(choosing::format_param(&fields));
    let is_stream = fields.flag("stream")?;
    let usage_wanted = include_usage(&fields, is_stream)?;
    let with_logprobs = completion.params.logprobs.is_some();
    if is_stream {
        let script = Chunks { head: Head::new(), usage_wanted, with_logprobs };
        return writing::events(shared, completion, script).await.map_err(named);
    }
    let whole = writing::whole(shared, completion).await.map_err(named)?;
    Ok(reply::json(&whole_answer(&whole, with_logprobs)))
}

/// What is asked for.
pub fn completion(fields: &Fields<'_>) -> Result<Completion, Fault> {
    fields.only("n", &json!(1))?;
    fields.without("functions", "is no longer in use; `tools` is.")?;
    let (temperature, sampling) = choosing::sampling(fields)?;
    let (tools, tool_choice) = tools::tools(fields, true)?;
    let messages = messages::messages(fields)?;
    let params = GenerateParams {
        continue_answer: messages
            .last()
            .is_some_and(|last| last.role == ChatRole::Assistant && last.tool_calls.is_empty()),
        messages,
        sampling,
        stop: fields.texts("stop", choosing::MAX_STOPS)?,
        max_tokens: max_tokens(fields)?,
        format: choosing::format(fields)?,
        tools,
        tool_choice,
        logprobs: logprobs(fields)?,
        ..GenerateParams::default()
    };
    Ok(Completion { model: fields.text("model")?.map(str::to_owned), temperature, params })
}

fn max_tokens(fields: &Fields<'_>) -> Result<Option<u32>, Fault> {
    let range = 1..=choosing::MAX_TOKENS;
    let newer = fields.whole("max_completion_tokens", range.clone())?;
    let older = fields.whole("max_tokens", range)?;
    Ok(newer.or(older))
}

fn logprobs(fields: &Fields<'_>) -> Result<Option<u32>, Fault> {
    let wanted = fields.flag("logprobs")?;
    let top = fields.whole("top_logprobs", 0..=20)?;
    match top {
        Some(_) if !wanted => Err(fields.fault("top_logprobs", "needs `logprobs` to be true.")),
        _ => Ok(wanted.then_some(top.unwrap_or(0))),
    }
}

/// Whether the counts come as the last event.
pub fn include_usage(fields: &Fields<'_>, is_stream: bool) -> Result<bool, Fault> {
    match fields.object("stream_options")? {
        Some(_) if !is_stream => Err(fields.fault("stream_options", "needs `stream` to be true.")),
        Some(options) => options.flag("include_usage"),
        None => Ok(false),
    }
}

fn calls(tool_calls: &[ToolCall], numbered: bool) -> Value {
    let one = |(index, call): (usize, &ToolCall)| {
        let mut json = json!({
            "id": call.id,
            "type": "function",
            "function": { "name": call.name, "arguments": call.arguments },
        });
        if numbered {
            json["index"] = index.into();
        }
        json
    };
    tool_calls.iter().enumerate().map(one).collect()
}

fn whole_answer(whole: &Whole, with_logprobs: bool) -> Value {
    let Whole { model, text, logprobs, completed } = whole;
    let calls_only = text.is_empty() && !completed.tool_calls.is_empty();
    let mut message = json!({ "role": "assistant", "content": if calls_only { Value::Null } else { json!(text) } });
    if !completed.tool_calls.is_empty() {
        message["tool_calls"] = calls(&completed.tool_calls, false);
    }
    json!({
        "id": new_id("chatcmpl-"),
        "object": "chat.completion",
        "created": now_s(),
        "model": model,
        "choices": [{
            "index": 0,
            "message": message,
            "logprobs": if with_logprobs { logprobs_of(logprobs) } else { Value::Null },
            "finish_reason": finish_reason(completed.finish_reason),
        }],
        "usage": usage(&completed.timings),
        "timings": timings_of(&completed.timings),
    })
}

/// What is the same in all events of an answer.
pub struct Head {
    id: String,
    created: u64,
    model: String,
}

impl Head {
    fn new() -> Self {
        Self { id: new_id("chatcmpl-"), created: now_s(), model: String::new() }
    }

    fn chunk(&self, choices: Value) -> Value {
        json!({
            "id": self.id,
            "object": "chat.completion.chunk",
            "created": self.created,
            "model": self.model,
            "choices": choices,
        })
    }
}

struct Chunks {
    head: Head,
    usage_wanted: bool,
    with_logprobs: bool,
}

impl Chunks {
    fn delta(&self, delta: Value, logprobs: Value, reason: Option<&str>) -> Value {
        let choice = json!({ "index": 0, "delta": delta, "logprobs": logprobs, "finish_reason": reason });
        self.head.chunk(json!([choice]))
    }
}

impl Script for Chunks {
    fn begin(&mut self, model: &str) -> String {
        self.head.model = model.into();
        event(&self.delta(json!({ "role": "assistant", "content": "" }), Value::Null, None))
    }

    fn more(&mut self, text: &str, logprobs: &[TokenLogprob]) -> String {
        if text.is_empty() && logprobs.is_empty() {
            return String::new();
        }
        let logprobs = if self.with_logprobs { logprobs_of(logprobs) } else { Value::Null };
        event(&self.delta(json!({ "content": text }), logprobs, None))
    }

    fn end(&mut self, completed: &Completed) -> String {
        let mut events = String::new();
        if !completed.tool_calls.is_empty() {
            let calls = calls(&completed.tool_calls, true);
            events.push_str(&event(&self.delta(json!({ "tool_calls": calls }), Value::Null, None)));
        }
        let mut last = self.delta(json!({}), Value::Null, Some(finish_reason(completed.finish_reason)));
        last["timings"] = timings_of(&completed.timings);
        events.push_str(&event(&last));
        if self.usage_wanted {
            let mut counts = self.head.chunk(json!([]));
            counts["usage"] = usage(&completed.timings);
            events.push_str(&event(&counts));
        }
        events.push_str(DONE);
        events
    }

    fn broken(&mut self, fault: &Fault) -> String {
        event(&fault.body(Dialect::OpenAi))
    }
}
