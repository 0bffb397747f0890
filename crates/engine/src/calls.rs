//! Finding the calls of tools in an answer while it is written.
//!
//! Text that may still become a call is held back. What turns out not to be one comes out as the text it is.

use std::{
    collections::hash_map::RandomState,
    hash::{BuildHasher, Hasher},
};

use paddock_engine_api::output::{Tool, ToolCall};
use serde_json::{Deserializer, Map, Value};

use crate::{
    text::overlap,
    tools::{CallStyle, HERMES_CLOSING, HERMES_OPENING, MISTRAL_OPENING, PYTHON_TAG},
};

/// The length of a call's id, in letters and digits. Mistral's templates take no other.
const ID_LEN: usize = 9;

/// Looks for calls in one answer's text.
pub(crate) struct CallFinder {
    names: Vec<String>,
    calls: Vec<ToolCall>,
    state: State,
    /// Text whose meaning is open.
    held: String,
}

enum State {
    /// Nothing but spaces so far: a plain JSON object may follow.
    Start,
    /// In text, in which calls must be marked as such.
    Text,
    /// Behind a call: spaces are not text.
    Behind,
    /// Within what may be a call; `opening` is how it began, as far as that was text.
    Maybe { style: CallStyle, opening: String },
}

enum Verdict {
    /// It depends on what follows.
    Open,
    /// Calls, and how many bytes they take.
    Calls(Vec<ToolCall>, usize),
    Not,
}

impl CallFinder {
    pub(crate) fn new(tools: &[Tool]) -> Self {
        let names = tools.iter().map(|tool| tool.name.clone()).collect();
        Self { names, calls: Vec::new(), state: State::Start, held: String::new() }
    }

    /// Take text; give what is certainly not a call.
    pub(crate) fn push(&mut self, text: &str) -> String {
        self.held.push_str(text);
        self.advance(false)
    }

    /// Take a control token that says something of calls; its text never comes out.
    pub(crate) fn push_marker(&mut self, marker: &str) -> String {
        let style = match marker {
            HERMES_OPENING => CallStyle::Hermes,
            MISTRAL_OPENING => CallStyle::Mistral,
            PYTHON_TAG => CallStyle::Json,
            HERMES_CLOSING => return self.advance(true),
            _ => return String::new(),
        };
        let out = self.advance(true);
        self.state = State::Maybe { style, opening: String::new() };
        out
    }

    /// The rest, at the end of the answer, and the calls.
    pub(crate) fn finish(&mut self) -> (String, Vec<ToolCall>) {
        let rest = self.advance(true);
        (rest, std::mem::take(&mut self.calls))
    }

    /// Decide what can be decided; with `last`, everything.
    fn advance(&mut self, last: bool) -> String {
        let mut out = String::new();
        loop {
            if let State::Maybe { style, opening } = &mut self.state {
                match verdict(*style, &self.held, last, &self.names) {
                    Verdict::Open => return out,
                    Verdict::Calls(calls, used) => {
                        self.calls.extend(calls);
                        self.held.drain(..used);
                        self.state = State::Behind;
                    }
                    Verdict::Not => {
                        out.push_str(opening);
                        self.state = State::Text;
                    }
                }
                continue;
            }
            let Some((at, len, style)) = self.opening() else {
                out.push_str(&self.release(last));
                return out;
            };
            let before: String = self.held.drain(..at).collect();
            let opening: String = self.held.drain(..len).collect();
            // Spaces around a call belong to it, and come out only if it is none.
            let (shown, opening) = match self.state {
                State::Text => (before, opening),
                _ if before.trim().is_empty() => (String::new(), before + &opening),
                _ => (before, opening),
            };
            out.push_str(&shown);
            self.state = State::Maybe { style, opening };
        }
    }

    /// Where the next thing begins that may be a call, and how long its marker is.
    fn opening(&self) -> Option<(usize, usize, CallStyle)> {
        let marked =
            [(HERMES_OPENING, CallStyle::Hermes), (MISTRAL_OPENING, CallStyle::Mistral), (PYTHON_TAG, CallStyle::Json)];
        let first = marked
            .into_iter()
            .filter_map(|(marker, style)| Some((self.held.find(marker)?, marker.len(), style)))
            .min_by_key(|&(at, ..)| at);
        let at = self.held.len() - self.held.trim_start().len();
        let rest = &self.held[at..];
        // `[` may also begin a marker.
        let plain = matches!(self.state, State::Start)
            && rest.starts_with(['{', '['])
            && !(rest.starts_with(MISTRAL_OPENING) || MISTRAL_OPENING.starts_with(rest));
        if plain { Some((at, 0, CallStyle::Json)) } else { first }
    }

    /// What is held and cannot become a call.
    fn release(&mut self, last: bool) -> String {
        if !matches!(self.state, State::Text) && self.held.trim().is_empty() {
            // Behind a call, or before anything else.
            let shown = last && self.calls.is_empty();
            let held = if last { std::mem::take(&mut self.held) } else { String::new() };
            return if shown { held } else { String::new() };
        }
        let markers = [HERMES_OPENING, MISTRAL_OPENING, PYTHON_TAG];
        let keep = if last { 0 } else { markers.iter().map(|marker| overlap(&self.held, marker)).max().unwrap_or(0) };
        let rest = self.held.split_off(self.held.len() - keep);
        let out = std::mem::replace(&mut self.held, rest);
        if matches!(self.state, State::Text) || !out.trim().is_empty() {
            self.state = State::Text;
            return out;
        }
        // Spaces before what may become a marker.
        self.held.insert_str(0, &out);
        String::new()
    }
}

fn verdict(style: CallStyle, body: &str, last: bool, names: &[String]) -> Verdict {
    // Marked calls are calls whatever they name; without a mark, an object is one only if it names a tool.
    let names = (style == CallStyle::Json).then_some(names);
    let mut calls = Vec::new();
    let mut used = 0;
    loop {
        let rest = &body[used..];
        let begin =
            rest.len() - rest.trim_start_matches(|c: char| c.is_whitespace() || !calls.is_empty() && c == ';').len();
        let json = &rest[begin..];
        let mut values = Deserializer::from_str(json).into_iter::<Value>();
        let is_open = match values.next() {
            None => true,
            Some(Ok(value)) => match calls_of(&value, names) {
                Some(found) => {
                    calls.extend(found);
                    used += begin + values.byte_offset();
                    if style == CallStyle::Json {
                        continue;
                    }
                    return closed(style, body, used, last, calls);
                }
                None => false,
            },
            Some(Err(error)) => error.is_eof() && may_be_call(json, names),
        };
        return match (is_open && !last, calls.is_empty()) {
            (true, _) => Verdict::Open,
            (false, true) => Verdict::Not,
            (false, false) => Verdict::Calls(calls, used),
        };
    }
}

/// A marked call whose JSON is whole: its closing mark belongs to it.
fn closed(style: CallStyle, body: &str, used: usize, last: bool, calls: Vec<ToolCall>) -> Verdict {
    if style == CallStyle::Mistral {
        return Verdict::Calls(calls, used);
    }
    let rest = body[used..].trim_start();
    if let Some(behind) = rest.strip_prefix(HERMES_CLOSING) {
        return Verdict::Calls(calls, body.len() - behind.len());
    }
    if HERMES_CLOSING.starts_with(rest) && !last { Verdict::Open } else { Verdict::Calls(calls, used) }
}

/// Whether the beginning of JSON may become a call, by its first key and the name that follows it.
fn may_be_call(json: &str, names: Option<&[String]>) -> bool {
    let inner = json.trim_start_matches(|c: char| c.is_whitespace() || c == '[');
    let Some(object) = inner.strip_prefix('{') else { return inner.is_empty() };
    let mut strings = object.trim_start().splitn(3, '"');
    let (Some(""), Some(key), Some(after)) = (strings.next(), strings.next(), strings.next()) else {
        // The key is not whole; without its quote it is none.
        return object.trim_start().is_empty() || object.trim_start().starts_with('"');
    };
    match key {
        "name" => {
            let value = after.trim_start().trim_start_matches(':').trim_start();
            match (names, value.strip_prefix('"').and_then(|value| value.split_once('"'))) {
                (Some(names), Some((name, _))) => names.iter().any(|known| known == name),
                _ => true,
            }
        }
        "type" | "function" | "id" | "parameters" | "arguments" => true,
        _ => false,
    }
}

/// The calls that a JSON value is, if it is nothing else.
fn calls_of(value: &Value, names: Option<&[String]>) -> Option<Vec<ToolCall>> {
    match value {
        Value::Array(values) if !values.is_empty() => {
            values.iter().map(|value| call_of(value.as_object()?, names)).collect()
        }
        Value::Object(object) => Some(vec![call_of(object, names)?]),
        _ => None,
    }
}

fn call_of(object: &Map<String, Value>, names: Option<&[String]>) -> Option<ToolCall> {
    let object = object.get("function").and_then(Value::as_object).unwrap_or(object);
    let name = object.get("name")?.as_str()?;
    if names.is_some_and(|names| !names.iter().any(|known| known == name)) {
        return None;
    }
    let arguments = match object.get("parameters").or_else(|| object.get("arguments")) {
        // Some models write the JSON as a text.
        Some(Value::String(json)) if serde_json::from_str::<Map<String, Value>>(json).is_ok() => json.clone(),
        Some(arguments @ Value::Object(_)) => arguments.to_string(),
        Some(Value::Null) | None => "{}".to_owned(),
        Some(_) => return None,
    };
    Some(ToolCall { id: new_id(), name: name.to_owned(), arguments })
}

/// Letters and digits that nobody has had before.
fn new_id() -> String {
    id_from(RandomState::new().build_hasher().finish())
}

/// An id out of any number, always the same one.
pub(crate) fn id_from(mut number: u64) -> String {
    const DIGITS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";
    (0..ID_LEN)
        .map(|_| {
            let digit = usize::try_from(number % 36).unwrap_or(0);
            number /= 36;
            char::from(DIGITS[digit])
        })
        .collect()
}

/// Whether an id is one that every template takes.
pub(crate) fn is_usual_id(id: &str) -> bool {
    id.len() == ID_LEN && id.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn finder() -> CallFinder {
        let tool = |name: &str| Tool { name: name.into(), description: String::new(), parameters: Value::Null };
        CallFinder::new(&[tool("weather"), tool("add")])
    }

    /// The text that came out, and the calls as `name(arguments)`.
    fn run<'a>(pieces: impl IntoIterator<Item = &'a str>) -> (String, Vec<String>) {
        let mut finder = finder();
        let mut out: String = pieces.into_iter().map(|piece| finder.push(piece)).collect();
        let (rest, calls) = finder.finish();
        out.push_str(&rest);
        (out, calls.iter().map(|call| format!("{}({})", call.name, call.arguments)).collect())
    }

    fn of(answer: &str) -> (String, Vec<String>) {
        run([answer])
    }

    /// Answers, the text in them that is not a call, and the calls.
    const ANSWERS: [(&str, &str, &[&str]); 22] = [
        (r#"{"name": "add", "parameters": {"a": 1}}"#, "", &[r#"add({"a":1})"#]),
        (r#" {"name":"add","arguments":{"a":"}"}} "#, "", &[r#"add({"a":"}"})"#]),
        (r#"<|python_tag|>{"name": "add", "parameters": {}}"#, "", &["add({})"]),
        (
            r#"{"name": "add", "parameters": {}}; {"name": "weather", "parameters": {"in": "Oslo"}}"#,
            "",
            &["add({})", r#"weather({"in":"Oslo"})"#],
        ),
        (
            "{\"name\": \"add\", \"parameters\": {}}\n{\"name\": \"add\", \"parameters\": {}}",
            "",
            &["add({})", "add({})"],
        ),
        (r#"[{"name": "add", "parameters": {}}, {"name": "add"}]"#, "", &["add({})", "add({})"]),
        (r#"{"type": "function", "function": {"name": "add", "parameters": {}}}"#, "", &["add({})"]),
        (r#"{"type": "function", "name": "add", "parameters": {}}"#, "", &["add({})"]),
        (r#"{"name": "add", "arguments": "{\"a\": 1}"}"#, "", &[r#"add({"a": 1})"#]),
        ("<tool_call>\n{\"name\": \"add\", \"arguments\": {}}\n</tool_call>", "", &["add({})"]),
        (
            "Let me see.\n<tool_call>{\"name\": \"x\", \"arguments\": {\"t\": \"</tool_call>\"}}</tool_call>\n<tool_call>\n{\"name\": \"add\"}\n</tool_call>\n",
            "Let me see.\n",
            &[r#"x({"t":"</tool_call>"})"#, "add({})"],
        ),
        (r#"[TOOL_CALLS][{"name": "add", "arguments": {"a": 1}}]"#, "", &[r#"add({"a":1})"#]),
        (r#"{"name": "add", "parameters": {}} That was it."#, " That was it.", &["add({})"]),
        // None of these is a call.
        (r#"{"name": "Alice", "age": 3}"#, r#"{"name": "Alice", "age": 3}"#, &[]),
        (r#"{"name": "add", "parameters": 3}"#, r#"{"name": "add", "parameters": 3}"#, &[]),
        (r#"{"name": "add", "parameters": {"#, r#"{"name": "add", "parameters": {"#, &[]),
        ("[1, 2]", "[1, 2]", &[]),
        ("{} and { more", "{} and { more", &[]),
        ("  ", "  ", &[]),
        ("<tool_call>nonsense</tool_call>", "<tool_call>nonsense</tool_call>", &[]),
        ("a <tool_call", "a <tool_call", &[]),
        (r#"As JSON: {"name": "add", "parameters": {}}"#, r#"As JSON: {"name": "add", "parameters": {}}"#, &[]),
    ];

    #[test]
    fn calls_are_found_in_every_style_and_nothing_else_is_one() {
        for (answer, text, calls) in ANSWERS {
            assert_eq!(of(answer), (text.to_owned(), calls.iter().map(ToString::to_string).collect()), "{answer}");
        }
    }

    #[test]
    fn json_that_is_no_call_comes_out_at_once() {
        let mut finder = finder();
        assert_eq!(finder.push(r#"{"na"#), "");
        assert_eq!(finder.push(r#"me": "Alice""#), r#"{"name": "Alice""#);
        assert_eq!(finder.push(", "), ", ");
    }

    #[test]
    fn a_control_token_begins_a_call_and_its_text_never_comes_out() {
        let mut finder = finder();
        assert_eq!(finder.push("Hm. "), "Hm. ");
        assert_eq!(finder.push_marker(PYTHON_TAG), "");
        assert_eq!(finder.push("print(1)"), "print(1)");
        assert_eq!(finder.push_marker(MISTRAL_OPENING), "");
        assert_eq!(finder.push(r#"[{"name": "add"}]"#), "");
        let (rest, calls) = finder.finish();
        assert_eq!((rest.as_str(), calls.len()), ("", 1));
    }

    #[test]
    fn ids_are_unique_and_short_enough_for_every_template() {
        let ids: std::collections::HashSet<String> = (0..1000).map(|_| new_id()).collect();
        assert_eq!(ids.len(), 1000);
        assert!(ids.iter().all(|id| is_usual_id(id)), "{ids:?}");
    }

    proptest! {
        #[test]
        fn however_an_answer_is_cut_the_calls_are_those_of_the_whole(
            which in 0..ANSWERS.len(), before in "[a-z{\\[< \n]{0,6}", cuts in proptest::collection::vec(1_usize..7, 0..60),
        ) {
            let answer = before + ANSWERS[which].0;
            let mut rest = answer.as_str();
            let mut pieces = Vec::new();
            for cut in cuts {
                let (piece, tail) = rest.split_at(cut.min(rest.len()));
                pieces.push(piece);
                rest = tail;
            }
            pieces.push(rest);
            prop_assert_eq!(run(pieces), of(&answer));
        }

        #[test]
        fn text_without_a_call_is_never_swallowed(
            pieces in proptest::collection::vec("(\\{|\\}|\\[|\\]|\"|name|:|;|add| |\n|<tool_call>|</tool_call>|\\[TOOL_CALLS\\]|<\\|python_tag\\|>|é){0,4}", 0..12),
        ) {
            let (out, calls) = run(pieces.iter().map(String::as_str));
            if calls.is_empty() {
                prop_assert_eq!(out, pieces.concat());
            }
        }
    }
}
