//! `/v1/completions`: a text is gone on with as it is, without a chat template.

use std::sync::Arc;

use paddock_core::{Completed, Completion, GenerateParams, TokenLogprob};
use serde_json::{Value, json};

use super::{DONE, chat::include_usage, choosing, event, finish_reason, new_id, now_s, timings_of, usage};
use crate::{
    fault::{Dialect, Fault},
    fields::Fields,
    reply::{self, Reply},
    running::Shared,
    writing::{self, Script},
};

pub async fn answer(shared: &Arc<Shared>, json: &Value) -> Result<Reply, Fault> {
    let fields = Fields::of(json)?;
    let completion = completion(&fields)?;
    let named = |fault: Fault| fault.or_param(choosing::format_param(&fields));
    let is_stream = fields.flag("stream")?;
    let usage_wanted = include_usage(&fields, is_stream)?;
    let mut text = Text {
        id: new_id("cmpl-"),
        created: now_s(),
        model: String::new(),
        usage_wanted,
        with_logprobs: completion.params.logprobs.is_some(),
        offset: 0,
    };
    if is_stream {
        return writing::events(shared, completion, text).await.map_err(named);
    }
    let whole = writing::whole(shared, completion).await.map_err(named)?;
    text.model.clone_from(&whole.model);
    let reason = Some(finish_reason(whole.completed.finish_reason));
    let mut json = text.piece(&whole.text, &whole.logprobs, reason);
    json["usage"] = usage(&whole.completed.timings);
    json["timings"] = timings_of(&whole.completed.timings);
    Ok(reply::json(&json))
}

fn completion(fields: &Fields<'_>) -> Result<Completion, Fault> {
    fields.only("n", &json!(1))?;
    fields.only("best_of", &json!(1))?;
    fields.only("echo", &json!(false))?;
    fields.without("suffix", "is not possible here.")?;
    let (temperature, sampling) = choosing::sampling(fields)?;
    let params = GenerateParams {
        prompt: Some(prompt(fields)?),
        sampling,
        stop: fields.texts("stop", choosing::MAX_STOPS)?,
        max_tokens: fields.whole("max_tokens", 1..=choosing::MAX_TOKENS)?,
        format: choosing::format(fields)?,
        logprobs: fields.whole("logprobs", 0..=20)?,
        ..GenerateParams::default()
    };
    Ok(Completion { model: fields.text("model")?.map(str::to_owned), temperature, params })
}

fn prompt(fields: &Fields<'_>) -> Result<String, Fault> {
    let given = fields.needed("prompt", fields.get("prompt"))?;
    let text = match given {
        Value::String(text) => Some(text),
        Value::Array(list) => match list.as_slice() {
            [Value::String(text)] => Some(text),
            _ => None,
        },
        _ => None,
    };
    match text.filter(|text| !text.is_empty()) {
        Some(text) => Ok(text.clone()),
        None => Err(fields.fault("prompt", "has to be one text, and not empty.")),
    }
}

/// An answer in pieces, or as one.
struct Text {
    id: String,
    created: u64,
    model: String,
    usage_wanted: bool,
    with_logprobs: bool,
    /// Where the next token stands in the text, in characters.
    offset: usize,
}

impl Text {
    fn json(&self, choices: Value) -> Value {
        json!({
            "id": self.id,
            "object": "text_completion",
            "created": self.created,
            "model": self.model,
            "choices": choices,
        })
    }

    fn piece(&mut self, text: &str, logprobs: &[TokenLogprob], reason: Option<&str>) -> Value {
        let logprobs = if self.with_logprobs { self.logprobs(logprobs) } else { Value::Null };
        self.json(json!([{ "index": 0, "text": text, "logprobs": logprobs, "finish_reason": reason }]))
    }

    /// How likely tokens were, as this interface tells it.
    fn logprobs(&mut self, logprobs: &[TokenLogprob]) -> Value {
        let word = |token: &TokenLogprob| String::from_utf8_lossy(&token.bytes).into_owned();
        let mut offsets = Vec::new();
        for token in logprobs {
            offsets.push(self.offset);
            self.offset += word(token).chars().count();
        }
        let top = |token: &TokenLogprob| -> Value {
            token.top.iter().map(|other| (word(other), json!(other.logprob))).collect::<serde_json::Map<_, _>>().into()
        };
        json!({
            "tokens": logprobs.iter().map(word).collect::<Value>(),
            "token_logprobs": logprobs.iter().map(|token| token.logprob).collect::<Value>(),
            "top_logprobs": logprobs.iter().map(top).collect::<Value>(),
            "text_offset": offsets,
        })
    }
}

impl Script for Text {
    fn begin(&mut self, model: &str) -> String {
        self.model = model.into();
        String::new()
    }

    fn more(&mut self, text: &str, logprobs: &[TokenLogprob]) -> String {
        if text.is_empty() && logprobs.is_empty() {
            return String::new();
        }
        event(&self.piece(text, logprobs, None))
    }

    fn end(&mut self, completed: &Completed) -> String {
        let mut last = self.piece("", &[], Some(finish_reason(completed.finish_reason)));
        last["timings"] = timings_of(&completed.timings);
        let mut events = event(&last);
        if self.usage_wanted {
            let mut counts = self.json(json!([]));
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
