//! What is told, whole or in events.

use paddock_core::{Completed, FinishReason, Timings, TokenLogprob, ToolCall};
use serde_json::{Value, json};

use crate::{
    fault::{Dialect, Fault},
    openai::{named_event, new_id, timings_of},
    writing::{Script, Whole},
};

/// An answer on its way.
pub struct Told {
    id: String,
    model: String,
    /// The one text that ends the answer, if there is only one: the engine does not say which it was.
    only_stop: Option<String>,
    /// Blocks that have begun.
    n_blocks: usize,
    in_text: bool,
}

impl Told {
    pub fn new(stop: &[String]) -> Self {
        let only_stop = match stop {
            [only] => Some(only.clone()),
            _ => None,
        };
        Self { id: new_id("msg_"), model: String::new(), only_stop, n_blocks: 0, in_text: false }
    }

    pub fn whole(&self, whole: &Whole) -> Value {
        let Whole { model, text, completed, .. } = whole;
        let is_spoken = !text.is_empty() || completed.tool_calls.is_empty();
        let text = is_spoken.then(|| json!({ "type": "text", "text": text }));
        let calls = completed.tool_calls.iter().map(|call| tool_use(call, arguments(call)));
        let mut json = self.message(model, text.into_iter().chain(calls).collect(), &completed.timings);
        let (reason, stop) = self.ending(completed.finish_reason);
        json["stop_reason"] = json!(reason);
        json["stop_sequence"] = json!(stop);
        json["timings"] = timings_of(&completed.timings);
        json
    }

    fn message(&self, model: &str, content: Value, timings: &Timings) -> Value {
        json!({
            "id": self.id,
            "type": "message",
            "role": "assistant",
            "model": model,
            "content": content,
            "stop_reason": Value::Null,
            "stop_sequence": Value::Null,
            "usage": usage(timings),
        })
    }

    fn ending(&self, reason: FinishReason) -> (&'static str, Option<&str>) {
        match reason {
            FinishReason::Stop | FinishReason::Cancelled => ("end_turn", None),
            FinishReason::Length => ("max_tokens", None),
            FinishReason::StopString => ("stop_sequence", self.only_stop.as_deref()),
            FinishReason::ToolCalls => ("tool_use", None),
        }
    }

    fn event(name: &str, mut data: Value) -> String {
        data["type"] = name.into();
        named_event(name, &data)
    }

    fn begin_block(&mut self, block: Value) -> String {
        let index = self.n_blocks;
        self.n_blocks += 1;
        Self::event("content_block_start", json!({ "index": index, "content_block": block }))
    }

    /// For the block that was begun last.
    fn delta(&self, delta: Value) -> String {
        Self::event("content_block_delta", json!({ "index": self.n_blocks.saturating_sub(1), "delta": delta }))
    }

    fn end_block(&self) -> String {
        Self::event("content_block_stop", json!({ "index": self.n_blocks.saturating_sub(1) }))
    }

    fn begin_text(&mut self) -> String {
        if self.in_text {
            return String::new();
        }
        self.in_text = true;
        self.begin_block(json!({ "type": "text", "text": "" }))
    }
}

fn usage(timings: &Timings) -> Value {
    json!({
        "input_tokens": timings.prompt_n,
        "cache_read_input_tokens": timings.cache_n,
        "cache_creation_input_tokens": 0,
        "output_tokens": timings.predicted_n,
    })
}

fn tool_use(call: &ToolCall, input: Value) -> Value {
    json!({ "type": "tool_use", "id": call.id, "name": call.name, "input": input })
}

/// What the model wrote, if it is JSON; else in an object, which this interface wants in any case.
fn arguments(call: &ToolCall) -> Value {
    match serde_json::from_str(&call.arguments) {
        Ok(arguments @ Value::Object(_)) => arguments,
        Ok(other) => json!({ "value": other }),
        Err(_) => json!({ "value": call.arguments }),
    }
}

impl Script for Told {
    fn begin(&mut self, model: &str) -> String {
        self.model = model.into();
        let message = self.message(model, json!([]), &Timings::default());
        Self::event("message_start", json!({ "message": message })) + &Self::event("ping", json!({}))
    }

    fn more(&mut self, text: &str, _logprobs: &[TokenLogprob]) -> String {
        if text.is_empty() {
            return String::new();
        }
        self.begin_text() + &self.delta(json!({ "type": "text_delta", "text": text }))
    }

    fn end(&mut self, completed: &Completed) -> String {
        let mut events = String::new();
        if completed.tool_calls.is_empty() {
            events.push_str(&self.begin_text());
        }
        if self.in_text {
            events.push_str(&self.end_block());
        }
        for call in &completed.tool_calls {
            events.push_str(&self.begin_block(tool_use(call, json!({}))));
            let input = json!({ "type": "input_json_delta", "partial_json": arguments(call).to_string() });
            events.push_str(&self.delta(input));
            events.push_str(&self.end_block());
        }
        let (reason, stop) = self.ending(completed.finish_reason);
        let delta = json!({ "stop_reason": reason, "stop_sequence": stop });
        let timings = &completed.timings;
        let last = json!({ "delta": delta, "usage": usage(timings), "timings": timings_of(timings) });
        events.push_str(&Self::event("message_delta", last));
        events.push_str(&Self::event("message_stop", json!({})));
        events
    }

    fn broken(&mut self, fault: &Fault) -> String {
        named_event("error", &fault.body(Dialect::Anthropic))
    }
}
