//! What an answer must look like, as a grammar.

use std::sync::Arc;

use paddock_engine_api::{
    output::{AnswerFormat, ToolChoice},
    protocol::{Failure, FailureCode, GenerateParams},
};
use serde_json::json;

use crate::{
    failure::failure,
    grammar::{Grammar, GrammarError, Matcher},
    llama::Model,
    schema, tools,
};

/// The longest grammar that can be asked for, in bytes.
const MAX_GBNF_BYTES: usize = 256 * 1024;

/// The grammar that the answer is held to; `None`: it is free.
pub(crate) fn grammar_of(params: &GenerateParams, model: &Model) -> Result<Option<Grammar>, Failure> {
    let format = match &params.format {
        AnswerFormat::Text => None,
        AnswerFormat::JsonObject => Some(schema::grammar_of(&json!({ "type": "object" }))),
        AnswerFormat::JsonSchema { schema } => Some(schema::grammar_of(schema)),
        AnswerFormat::Grammar { gbnf } if gbnf.len() > MAX_GBNF_BYTES => {
            Some(Err(GrammarError::new(format!("it is longer than {MAX_GBNF_BYTES} bytes"))))
        }
        AnswerFormat::Grammar { gbnf } => Some(Grammar::parse(gbnf, &|text| model.single_token(text))),
    };
    let format = format.transpose().map_err(|error| refused(params, &error))?;
    Ok(match (format, &params.tool_choice) {
        (_, ToolChoice::Required | ToolChoice::Named { .. }) => Some(tools::grammar_of(params, model)?),
        // Either what was asked for, or a call first.
        (Some(format), ToolChoice::Auto) if !params.tools.is_empty() => {
            Some(Grammar::choice([format, tools::grammar_of(params, model)?]))
        }
        (format, _) => format,
    })
}

/// At the beginning of the answer, or behind what there is of it already.
pub(crate) fn begin(params: &GenerateParams, grammar: Grammar) -> Result<Matcher, GrammarError> {
    let mut matcher = Matcher::new(Arc::new(grammar))?;
    let begun = params.messages.last().filter(|_| params.continue_answer).map_or("", |message| &message.content);
    let mut bytes = [0; 4];
    // No token's number: what is written already is text.
    if begun.chars().all(|c| matcher.accept(-1, c.encode_utf8(&mut bytes).as_bytes())) {
        return Ok(matcher);
    }
    Err(GrammarError::new("the beginning of the answer does not fit it"))
}

/// The refusal of a format, by the name that it has in the request.
pub(crate) fn refused(params: &GenerateParams, error: &GrammarError) -> Failure {
    let name = match params.format {
        AnswerFormat::JsonSchema { .. } | AnswerFormat::JsonObject => "json_schema",
        AnswerFormat::Grammar { .. } => "grammar",
        AnswerFormat::Text => "tools",
    };
    failure(FailureCode::BadRequest, format!("{name} cannot be used: {error}."))
}
