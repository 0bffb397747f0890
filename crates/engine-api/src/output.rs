//! What an answer may look like, besides free text.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What an answer must look like. The engine holds the model to it: no other token can be chosen.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum AnswerFormat {
    /// Whatever the model writes.
    #[default]
    Text,
    /// Any JSON object.
    JsonObject,
    /// JSON that fits a schema.
    JsonSchema {
        /// JSON Schema, as far as llama.cpp's `json_schema_to_grammar` knows it.
        schema: Value,
    },
    /// Text that fits a grammar.
    Grammar {
        /// GBNF, llama.cpp's notation; its start is the rule `root`.
        gbnf: String,
    },
}

/// A function that the model may ask the caller to run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Tool {
    /// Its name: letters, digits, `_` and `-`.
    pub name: String,
    /// What it is for, in words for the model.
    #[serde(default)]
    pub description: String,
    /// JSON Schema of its arguments, an object.
    #[serde(default)]
    pub parameters: Value,
}

/// Whether the model may ask for tools.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ToolChoice {
    /// As the model likes, where there are tools.
    #[default]
    Auto,
    /// It is not told of the tools.
    None,
    /// It must use one.
    Required,
    /// It must use this one.
    Named {
        /// [`Tool::name`].
        name: String,
    },
}

/// One use of a tool that a model asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToolCall {
    /// Unique within the conversation; made up by the engine.
    pub id: String,
    /// [`Tool::name`], as the model wrote it.
    pub name: String,
    /// JSON, as the model wrote it.
    pub arguments: String,
}

/// How likely a token was.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TokenLogprob {
    /// Its number in the vocabulary.
    pub id: u32,
    /// Its bytes; they need not be whole characters.
    pub bytes: Vec<u8>,
    /// Natural logarithm of its probability, before penalties, grammar and temperature.
    pub logprob: f32,
    /// The likeliest tokens at this place, the likeliest first; empty within these.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub top: Vec<TokenLogprob>,
}

/// Whether tokens are guessed ahead and checked together. The answer is the same either way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Speculation {
    /// Where it has been found to be faster with this model on this computer; it is tried, measured, and left again.
    #[default]
    Auto,
    /// Always, for measurements and tests.
    On,
    /// Never.
    Off,
}

/// What happens when an answer reaches the end of the context.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnFull {
    /// It ends there.
    #[default]
    Stop,
    /// The oldest half of what follows the conversation's beginning is forgotten, and it goes on: the positions of the
    /// rest are shifted where the model's memory can do that; otherwise the rest is processed again.
    Shift,
}
