//! From JSON Schema to a grammar, by llama.cpp's own converter (common/json-schema-to-grammar.cpp).
//!
//! The converter trusts its schemas: some make it run for hours, or recurse until the process ends. What would is
//! refused before it comes there.

use std::{collections::HashSet, thread};

use serde_json::{Map, Value};

use crate::grammar::{Grammar, GrammarError};

/// The longest schema, in bytes of JSON.
const MAX_BYTES: usize = 256 * 1024;
/// How deep a schema may be, in objects and arrays within each other.
const MAX_DEPTH: usize = 64;
/// The most properties of one object. The converter's work grows with their cube: 128 take it about 0.1 s.
const MAX_PROPERTIES: usize = 128;
/// The most work of this kind altogether: so many objects with as many properties as one may have.
const MAX_CUBES: usize = 8 * MAX_PROPERTIES * MAX_PROPERTIES * MAX_PROPERTIES;
/// The longest name of a property, in bytes. Names become parentheses as deep as they are long.
const MAX_NAME_BYTES: usize = 256;
/// The longest pattern, in bytes.
const MAX_PATTERN_BYTES: usize = 1024;
/// The most different `$ref`s, and the longest of them in bytes. What each points to is converted by itself.
const MAX_REFS: usize = 500;
/// The most text that names of rules may come to, in bytes. Each name holds the names of all objects around it.
const MAX_COST: usize = 4_000_000;
/// The largest number that the converter's digits can hold.
const MAX_BOUND: f64 = 1e15;
/// The most characters or items that can be counted.
const MAX_COUNT: u64 = 1_000_000;
/// Deep schemas recurse deeply; only what is used of it is ever taken.
const STACK_BYTES: usize = 256 * 1024 * 1024;

/// A grammar for what fits a schema.
pub(crate) fn grammar_of(schema: &Value) -> Result<Grammar, GrammarError> {
    // `true` and `{}` are schemas that everything fits.
    let anything = Value::Object(Map::new());
    let schema = if *schema == Value::Bool(true) { &anything } else { schema };
    if !schema.is_object() {
        return Err(GrammarError::new("a schema is a JSON object"));
    }
    Check { root: schema, cost: 0, cubes: 0, refs: HashSet::new() }.walk(schema, 0, 1, 0)?;
    let json = schema.to_string();
    if json.len() > MAX_BYTES {
        return Err(GrammarError::new(format!("it is longer than {MAX_BYTES} bytes")));
    }
    let convert = move || llama_cpp_2::json_schema_to_grammar(&json).ok();
    let gbnf = thread::Builder::new()
        .stack_size(STACK_BYTES)
        .spawn(convert)
        .ok()
        .and_then(|thread| thread.join().ok().flatten())
        .ok_or_else(|| {
            GrammarError::new("llama.cpp cannot make a grammar of it; a keyword or type in it is not known")
        })?;
    Grammar::parse(&with_short_exponents(&gbnf), &|_| None)
}

/// The converter's numbers have exponents of up to 16 digits, which most readers of JSON cannot hold (`2e7808`). Two
/// digits stay within a 64-bit float.
fn with_short_exponents(gbnf: &str) -> String {
    // PRIMITIVE_RULES in common/json-schema-to-grammar.cpp, as vendored by llama-cpp-sys-2 0.1.161.
    const LONG: &str = r#"("-"? integral-part) ("." decimal-part)? ([eE] [-+]? integral-part)?"#;
    const SHORT: &str = r#"("-"? integral-part) ("." decimal-part)? ([eE] [-+]? [0-9]{1,2})?"#;
    let is_number = |line: &&str| line.split_once(" ::= ").is_some_and(|(_, rule)| rule == LONG);
    gbnf.lines()
        .map(|line| if is_number(&line) { line.replace(LONG, SHORT) } else { line.to_owned() })
        .collect::<Vec<_>>()
        .join("\n")
}

struct Check<'a> {
    root: &'a Value,
    cost: usize,
    cubes: usize,
    refs: HashSet<&'a str>,
}

impl<'a> Check<'a> {
    /// `times`: how often the converter comes here, since a list of types makes it go through all below for each.
    fn walk(&mut self, value: &'a Value, depth: usize, times: usize, path_bytes: usize) -> Result<(), GrammarError> {
        if depth > MAX_DEPTH {
            return Err(GrammarError::new(format!("it is deeper than {MAX_DEPTH} levels")));
        }
        self.cost = self.cost.saturating_add(times.saturating_mul(64 + path_bytes));
        if self.cost > MAX_COST {
            return Err(GrammarError::new("it is too large"));
        }
        match value {
            Value::Array(items) => items.iter().try_for_each(|item| self.walk(item, depth + 1, times, path_bytes + 8)),
            Value::Object(object) => {
                self.check_object(object)?;
                let n_types = object.get("type").and_then(Value::as_array).map_or(1, Vec::len).max(1);
                let times = times.saturating_mul(n_types);
                object.iter().try_for_each(|(name, value)| {
                    if name.len() > MAX_NAME_BYTES {
                        return Err(GrammarError::new(format!("a name in it is longer than {MAX_NAME_BYTES} bytes")));
                    }
                    self.walk(value, depth + 1, times, path_bytes + name.len() + 1)
                })
            }
            _ => Ok(()),
        }
    }

    fn check_object(&mut self, object: &'a Map<String, Value>) -> Result<(), GrammarError> {
        if let Some(Value::Object(properties)) = object.get("properties") {
            let n = properties.len();
            self.cubes = self.cubes.saturating_add(n * n * n);
            if n > MAX_PROPERTIES || self.cubes > MAX_CUBES {
                return Err(GrammarError::new(format!("an object in it has more than {MAX_PROPERTIES} properties")));
            }
        }
        if object.get("pattern").and_then(Value::as_str).is_some_and(|pattern| pattern.len() > MAX_PATTERN_BYTES) {
            return Err(GrammarError::new(format!("a pattern in it is longer than {MAX_PATTERN_BYTES} bytes")));
        }
        for name in ["minLength", "maxLength", "minItems", "maxItems"] {
            if object.get(name).is_some_and(|value| value.is_number() && value.as_u64().is_none_or(|n| n > MAX_COUNT)) {
                return Err(GrammarError::new(format!("{name} must be a whole number from 0 to {MAX_COUNT}")));
            }
        }
        self.check_bounds(object)?;
        match object.get("$ref") {
            Some(Value::String(reference)) => self.check_ref(reference),
            _ => Ok(()),
        }
    }

    fn check_bounds(&self, object: &Map<String, Value>) -> Result<(), GrammarError> {
        let bound = |name: &str| object.get(name).and_then(Value::as_f64);
        for name in ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"] {
            if bound(name).is_some_and(|bound| bound.abs() > MAX_BOUND) {
                return Err(GrammarError::new(format!("{name} must be from -1e15 to 1e15")));
            }
        }
        if object.get("type").and_then(Value::as_str) == Some("integer") {
            let least = bound("minimum").map(f64::ceil).or(bound("exclusiveMinimum").map(|bound| bound.floor() + 1.0));
            let most = bound("maximum").map(f64::floor).or(bound("exclusiveMaximum").map(|bound| bound.ceil() - 1.0));
            if least.zip(most).is_some_and(|(least, most)| least > most) {
                return Err(GrammarError::new("no number fits between its minimum and its maximum"));
            }
        }
        Ok(())
    }

    /// A reference must lead, within the schema, to something that is not only a reference to itself.
    fn check_ref(&mut self, reference: &'a str) -> Result<(), GrammarError> {
        if !reference.starts_with("#/") {
            return Err(GrammarError::new(
                "a $ref in it leads elsewhere; only those that begin with `#/` are followed",
            ));
        }
        self.refs.insert(reference);
        if self.refs.len() > MAX_REFS || reference.len() > MAX_NAME_BYTES * 2 {
            return Err(GrammarError::new(format!("it has more than {MAX_REFS} references, or too long ones")));
        }
        let mut at = reference;
        let mut seen = HashSet::new();
        loop {
            if !seen.insert(at) {
                return Err(GrammarError::new("a $ref in it leads to itself"));
            }
            let Some(target) = self.root.pointer(&at[1..]) else {
                return Err(GrammarError::new("a $ref in it leads to nothing"));
            };
            match target.get("$ref").and_then(Value::as_str) {
                Some(next) if next.starts_with("#/") => at = next,
                _ => return Ok(()),
            }
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may fail loudly")]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn numbers_stay_within_what_a_float_can_hold() {
        for schema in [json!({ "type": "number" }), json!({ "type": "array", "items": { "type": "number" } })] {
            let gbnf = llama_cpp_2::json_schema_to_grammar(&schema.to_string()).unwrap();
            assert_ne!(with_short_exponents(&gbnf), gbnf.trim_end(), "the converter's rule has changed:\n{gbnf}");
        }
    }
}
