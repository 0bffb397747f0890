//! Tools that a model may ask for: what may be offered, and how a model that must use one is held to it.

use std::collections::HashSet;

use paddock_engine_api::{
    output::{Tool, ToolChoice},
    protocol::{Failure, FailureCode, GenerateParams},
};
use serde_json::{Value, json};

use crate::{
    failure::failure,
    grammar::{Grammar, Part},
    llama::Model,
    schema,
};

/// The most tools, and the longest name of one in bytes, as in OpenAI's API.
const MAX_TOOLS: usize = 128;
const MAX_NAME_BYTES: usize = 64;

/// How a model writes that it wants a tool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CallStyle {
    /// Llama 3.x: `{"name": …, "parameters": …}` as the whole answer.
    Json,
    /// Hermes and Qwen: `<tool_call>{"name": …, "arguments": …}</tool_call>`.
    Hermes,
    /// Mistral: `[TOOL_CALLS][{"name": …, "arguments": …}]`.
    Mistral,
}

/// Texts that begin a call. Some vocabularies have them as control tokens.
pub(crate) const HERMES_OPENING: &str = "<tool_call>";
pub(crate) const HERMES_CLOSING: &str = "</tool_call>";
pub(crate) const MISTRAL_OPENING: &str = "[TOOL_CALLS]";
pub(crate) const PYTHON_TAG: &str = "<|python_tag|>";

impl CallStyle {
    /// The style that a model's chat template speaks of.
    pub(crate) fn of(template: &str) -> Self {
        if template.contains(HERMES_OPENING) {
            Self::Hermes
        } else if template.contains(MISTRAL_OPENING) {
            Self::Mistral
        } else {
            Self::Json
        }
    }
}

/// Whether the model is told of the tools.
pub(crate) fn are_offered(params: &GenerateParams) -> bool {
    !params.tools.is_empty() && params.tool_choice != ToolChoice::None
}

/// Refuse tools that could not be told from each other, or from anything else.
pub(crate) fn check(params: &GenerateParams) -> Result<(), Failure> {
    let bad = |message: String| Err(failure(FailureCode::BadRequest, message));
    if params.tools.len() > MAX_TOOLS {
        return bad(format!("tools holds {}; at most {MAX_TOOLS} can be offered.", params.tools.len()));
    }
    let mut names = HashSet::new();
    for Tool { name, parameters, .. } in &params.tools {
        let is_name_char = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
        if name.is_empty() || name.len() > MAX_NAME_BYTES || !name.chars().all(is_name_char) {
            return bad(format!(
                "tools holds the name `{}`; a name is 1 to {MAX_NAME_BYTES} letters, digits, `_` and `-`.",
                name.chars().take(MAX_NAME_BYTES).collect::<String>()
            ));
        }
        if !names.insert(name) {
            return bad(format!("tools holds the name `{name}` twice."));
        }
        if !(parameters.is_null() || parameters.is_object()) {
            return bad(format!("tools: the parameters of `{name}` must be a JSON Schema, which is an object."));
        }
    }
    match &params.tool_choice {
        ToolChoice::Required if params.tools.is_empty() => {
            bad("tool_choice asks for a tool, but tools holds none.".into())
        }
        ToolChoice::Named { name } if !names.contains(name) => bad(format!(
            "tool_choice names `{}`, which is not among tools.",
            name.chars().take(MAX_NAME_BYTES).collect::<String>()
        )),
        _ => Ok(()),
    }
}

/// What a call of one of the tools that may be used looks like.
pub(crate) fn grammar_of(params: &GenerateParams, model: &Model) -> Result<Grammar, Failure> {
    let style = CallStyle::of(&model.chat_template().unwrap_or_default());
    let may_be_used = |tool: &&Tool| match &params.tool_choice {
        ToolChoice::Named { name } => tool.name == *name,
        _ => true,
    };
    let calls = params.tools.iter().filter(may_be_used).map(|tool| {
        let schema = if tool.parameters.is_null() { json!({ "type": "object" }) } else { arguments_of(tool) };
        let arguments = schema::grammar_of(&schema).map_err(|error| {
            let message = format!("tools: the parameters of `{}` cannot be used: {error}.", tool.name);
            failure(FailureCode::BadRequest, message)
        })?;
        Ok(call_grammar(style, &tool.name, arguments, |text| model.single_token(text)))
    });
    Ok(Grammar::choice(calls.collect::<Result<Vec<_>, Failure>>()?))
}

/// A tool's schema; arguments are an object, also where it does not say so.
fn arguments_of(tool: &Tool) -> Value {
    let mut schema = tool.parameters.clone();
    let says = ["type", "$ref", "anyOf", "oneOf", "allOf"].iter().any(|key| schema.get(key).is_some());
    if let (Value::Object(object), false) = (&mut schema, says) {
        object.insert("type".into(), "object".into());
    }
    schema
}

fn call_grammar(
    style: CallStyle,
    name: &str,
    arguments: Grammar,
    single_token: impl Fn(&str) -> Option<i32>,
) -> Grammar {
    let text = |text: &str| Part::Text(text.to_owned());
    // Control tokens have no text that a grammar could match; they are matched by their number.
    let marker = |marker: &str| single_token(marker).map_or_else(|| text(marker), Part::Token);
    let name = Value::from(name);
    let head = |key| Part::Text(format!("{{\"name\": {name}, \"{key}\": "));
    match style {
        CallStyle::Json => Grammar::sequence([head("parameters"), Part::Grammar(arguments), text("}")]),
        CallStyle::Hermes => Grammar::sequence([
            marker(HERMES_OPENING),
            text("\n"),
            head("arguments"),
            Part::Grammar(arguments),
            text("}\n"),
            marker(HERMES_CLOSING),
        ]),
        CallStyle::Mistral => Grammar::sequence([
            marker(MISTRAL_OPENING),
            text("["),
            head("arguments"),
            Part::Grammar(arguments),
            text("}]"),
        ]),
    }
}
