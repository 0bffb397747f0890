//! What answers of a conversation look like.

use serde::{Deserialize, Serialize};
use specta::Type;

/// What an answer must look like, as a person chose it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase", tag = "kind")]
pub enum FormatChoice {
    /// Whatever the model writes.
    #[default]
    Text,
    /// Any JSON object.
    JsonObject,
    /// JSON that fits a schema.
    JsonSchema {
        /// The JSON Schema, as it was typed.
        schema: String,
    },
    /// Text that fits a grammar.
    Grammar {
        /// GBNF, llama.cpp's notation.
        gbnf: String,
    },
}
