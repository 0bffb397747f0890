//! How the next token is chosen, and what an answer must look like: fields that several interfaces share.

use paddock_core::{AnswerFormat, Sampling};

use crate::{fault::Fault, fields::Fields};

/// The most texts that may end an answer.
pub const MAX_STOPS: usize = 16;
/// The longest context that there is, in tokens.
pub const MAX_TOKENS: u32 = 16 << 20;

/// Everything but the temperature, which depends on the model where it is not given.
pub fn sampling(fields: &Fields<'_>) -> Result<(Option<f32>, Sampling), Fault> {
    let usual = Sampling::default();
    let temperature = fields.number("temperature", 0.0..=5.0)?;
    let sampling = Sampling {
        temperature: temperature.unwrap_or(usual.temperature),
        top_k: fields.whole("top_k", 0..=1_000_000)?.unwrap_or(usual.top_k),
        top_p: fields.number("top_p", 0.0..=1.0)?.unwrap_or(usual.top_p),
        min_p: fields.number("min_p", 0.0..=1.0)?.unwrap_or(usual.min_p),
        // llama.cpp divides by it.
        repeat_penalty: fields.number("repeat_penalty", 0.01..=2.0)?.unwrap_or(usual.repeat_penalty),
        repeat_last_n: fields.whole("repeat_last_n", 0..=MAX_TOKENS)?.unwrap_or(usual.repeat_last_n),
        frequency_penalty: fields.number("frequency_penalty", -2.0..=2.0)?.unwrap_or(usual.frequency_penalty),
        presence_penalty: fields.number("presence_penalty", -2.0..=2.0)?.unwrap_or(usual.presence_penalty),
        logit_bias: logit_bias(fields)?,
        seed: fields.whole("seed", 0..=u32::MAX)?,
    };
    Ok((temperature, sampling))
}

fn logit_bias(fields: &Fields<'_>) -> Result<Vec<(u32, f32)>, Fault> {
    let Some(value) = fields.get("logit_bias") else { return Ok(Vec::new()) };
    let Some(map) = value.as_object() else {
        return Err(fields.fault("logit_bias", "has to be an object of token ids and numbers."));
    };
    let one = |(id, bias): (&String, &serde_json::Value)| {
        let id = id.parse::<u32>().ok()?;
        let bias = bias.as_f64().filter(|bias| (-100.0..=100.0).contains(bias))?;
        Some((id, bias as f32))
    };
    map.iter()
        .map(one)
        .collect::<Option<_>>()
        .ok_or_else(|| fields.fault("logit_bias", "has to hold token ids, each with a number from -100 to 100."))
}

/// `response_format`, or llama-server's `grammar`.
pub fn format(fields: &Fields<'_>) -> Result<AnswerFormat, Fault> {
    let gbnf = fields.text("grammar")?.filter(|gbnf| !gbnf.trim().is_empty());
    let Some(format) = fields.object("response_format")? else {
        return Ok(gbnf.map_or(AnswerFormat::Text, |gbnf| AnswerFormat::Grammar { gbnf: gbnf.into() }));
    };
    let kind = format.needed("type", format.text("type")?)?;
    if gbnf.is_some() && kind != "text" {
        return Err(fields.fault("grammar", "and `response_format` cannot both hold."));
    }
    match kind {
        "text" => Ok(gbnf.map_or(AnswerFormat::Text, |gbnf| AnswerFormat::Grammar { gbnf: gbnf.into() })),
        "json_object" => Ok(AnswerFormat::JsonObject),
        "json_schema" => {
            let holder = format.needed("json_schema", format.object("json_schema")?)?;
            schema(&holder)
        }
        _ => Err(format.fault("type", "has to be text, json_object or json_schema.")),
    }
}

/// The field that says what an answer must look like, if one does: whether a schema or a grammar can be held to is known
/// when the engine has read it.
pub fn format_param(fields: &Fields<'_>) -> Option<&'static str> {
    ["response_format", "grammar"].into_iter().find(|name| fields.get(name).is_some())
}

/// The schema in an object that has it under `schema`.
pub fn schema(holder: &Fields<'_>) -> Result<AnswerFormat, Fault> {
    let schema = holder.needed("schema", holder.get("schema"))?;
    if !schema.is_object() {
        return Err(holder.fault("schema", "has to be a JSON Schema, an object."));
    }
    Ok(AnswerFormat::JsonSchema { schema: schema.clone() })
}
