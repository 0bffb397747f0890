//! From the format that a person chose to what the engine holds an answer to.

use paddock_engine_api::output::AnswerFormat;
use serde_json::Value;

use crate::{ApiError, ErrorCode, view::FormatChoice};

/// The longest schema or grammar, in bytes: what the engine takes.
const MAX_BYTES: usize = 256 * 1024;

/// What the engine is asked for. Refuses what it would certainly refuse: a schema that is no JSON object, a grammar
/// without a start, and either if it is too long.
pub(crate) fn format_of(choice: &FormatChoice) -> Result<AnswerFormat, ApiError> {
    match choice {
        FormatChoice::Text => Ok(AnswerFormat::Text),
        FormatChoice::JsonObject => Ok(AnswerFormat::JsonObject),
        FormatChoice::JsonSchema { schema } => {
            check_length("JSON schema", schema)?;
            match serde_json::from_str(schema) {
                Ok(schema @ Value::Object(_)) => Ok(AnswerFormat::JsonSchema { schema }),
                Ok(_) => Err(bad("The JSON schema is not an object. A schema begins with `{`.".into())),
                Err(error) => Err(bad(format!("The JSON schema is not JSON: {error}."))),
            }
        }
        FormatChoice::Grammar { gbnf } => {
            check_length("grammar", gbnf)?;
            let begins = |line: &str| {
                line.trim_start().strip_prefix("root").is_some_and(|rest| rest.trim_start().starts_with("::="))
            };
            if !gbnf.lines().any(begins) {
                return Err(bad("The grammar has no rule `root ::= …`, which it begins with.".into()));
            }
            Ok(AnswerFormat::Grammar { gbnf: gbnf.clone() })
        }
    }
}

fn check_length(what: &str, text: &str) -> Result<(), ApiError> {
    if text.len() <= MAX_BYTES {
        return Ok(());
    }
    Err(bad(format!("The {what} is {} bytes long; at most {MAX_BYTES} are possible.", text.len())))
}

fn bad(message: String) -> ApiError {
    ApiError::new(ErrorCode::BadInput, message)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may fail loudly")]
mod tests {
    use super::*;

    #[test]
    fn a_choice_becomes_what_the_engine_knows() {
        let schema = FormatChoice::JsonSchema { schema: r#"{"type": "object"}"#.into() };
        let json = serde_json::json!({ "type": "object" });
        assert_eq!(format_of(&schema).unwrap(), AnswerFormat::JsonSchema { schema: json });
        let gbnf = "# yes or no\nroot  ::= \"yes\" | \"no\"";
        let grammar = FormatChoice::Grammar { gbnf: gbnf.into() };
        assert_eq!(format_of(&grammar).unwrap(), AnswerFormat::Grammar { gbnf: gbnf.into() });
        assert_eq!(format_of(&FormatChoice::default()).unwrap(), AnswerFormat::Text);
        assert_eq!(format_of(&FormatChoice::JsonObject).unwrap(), AnswerFormat::JsonObject);
    }

    #[test]
    fn what_no_engine_would_take_is_refused_in_words() {
        let schema = |schema: &str| FormatChoice::JsonSchema { schema: schema.into() };
        let grammar = |gbnf: &str| FormatChoice::Grammar { gbnf: gbnf.into() };
        for (choice, word) in [
            (schema(""), "not JSON"),
            (schema("{"), "not JSON"),
            (schema("[]"), "not an object"),
            (schema(&format!("{{\"a\": \"{}\"}}", "x".repeat(MAX_BYTES))), "bytes long"),
            (schema(&"[".repeat(1000)), "not JSON"),
            (grammar(""), "root"),
            (grammar("start ::= \"a\""), "root"),
            (grammar(&"#".repeat(MAX_BYTES + 1)), "bytes long"),
        ] {
            let error = format_of(&choice).unwrap_err();
            assert!(error.message.contains(word), "{word}: {}", error.message);
        }
    }
}
