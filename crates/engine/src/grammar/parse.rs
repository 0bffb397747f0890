//! Reading GBNF, as `llama_grammar_parser` in src/llama-grammar.cpp does.

use std::collections::HashMap;

use super::{CharSet, Element, Grammar, GrammarError, MAX_ELEMENTS, MAX_RULES, Rule, index};

/// How deep parentheses may go. A schema's property names become as deep as they are long.
const MAX_DEPTH: usize = 400;
/// The most often that something can be repeated by number.
const MAX_REPETITIONS: u32 = 1_000_000;

pub(super) fn parse(gbnf: &str, token: &dyn Fn(&str) -> Option<i32>) -> Result<Grammar, GrammarError> {
    let mut parser = Parser { rest: gbnf, whole: gbnf, names: HashMap::new(), rules: Vec::new(), n_elements: 0, token };
    parser.space(true);
    while !parser.rest.is_empty() {
        parser.rule()?;
    }
    let root = parser.names.get("root").copied();
    let missing = parser.names.iter().find(|&(_, &rule)| parser.rules[rule as usize].is_none());
    if let Some((name, _)) = missing {
        return Err(GrammarError::new(format!("it uses the rule `{name}`, which is not defined")));
    }
    let root = root.ok_or_else(|| GrammarError::new("it has no rule `root`"))?;
    Ok(Grammar { rules: parser.rules.into_iter().flatten().collect(), root })
}

struct Parser<'a> {
    rest: &'a str,
    whole: &'a str,
    names: HashMap<&'a str, u32>,
    /// `None`: named somewhere, but not defined yet.
    rules: Vec<Option<Rule>>,
    n_elements: usize,
    token: &'a dyn Fn(&str) -> Option<i32>,
}

impl<'a> Parser<'a> {
    fn fail<T>(&self, wanted: &str) -> Result<T, GrammarError> {
        let line = self.whole[..self.whole.len() - self.rest.len()].matches('\n').count() + 1;
        Err(GrammarError::new(format!("line {line}: {wanted}")))
    }

    fn eat(&mut self, text: &str) -> bool {
        let rest = self.rest.strip_prefix(text);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn expect(&mut self, text: &str) -> Result<(), GrammarError> {
        if self.eat(text) { Ok(()) } else { self.fail(&format!("`{text}` is expected here")) }
    }

    fn take_while(&mut self, holds: impl Fn(char) -> bool) -> &'a str {
        let len = self.rest.find(|c| !holds(c)).unwrap_or(self.rest.len());
        let (taken, rest) = self.rest.split_at(len);
        self.rest = rest;
        taken
    }

    /// Spaces and comments; with `newlines`, also the ends of lines.
    fn space(&mut self, newlines: bool) {
        loop {
            let before = self.rest.len();
            self.take_while(|c| matches!(c, ' ' | '\t') || newlines && matches!(c, '\r' | '\n'));
            if self.rest.starts_with('#') {
                self.take_while(|c| !matches!(c, '\r' | '\n'));
            }
            if self.rest.len() == before {
                return;
            }
        }
    }

    fn name(&mut self) -> Result<&'a str, GrammarError> {
        let name = self.take_while(is_word);
        if name.is_empty() { self.fail("the name of a rule is expected here") } else { Ok(name) }
    }

    fn named(&mut self, name: &'a str) -> u32 {
        let next = index(self.rules.len());
        let rule = *self.names.entry(name).or_insert(next);
        if rule == next {
            self.rules.push(None);
        }
        rule
    }

    fn add(&mut self, rule: Rule) -> Result<u32, GrammarError> {
        if self.rules.len() >= MAX_RULES {
            return self.fail(&format!("there are more than {MAX_RULES} rules"));
        }
        self.rules.push(Some(rule));
        Ok(index(self.rules.len() - 1))
    }

    fn rule(&mut self) -> Result<(), GrammarError> {
        let name = self.name()?;
        if self.rules.len() >= MAX_RULES {
            return self.fail(&format!("there are more than {MAX_RULES} rules"));
        }
        self.space(false);
        self.expect("::=")?;
        self.space(true);
        let rule = self.named(name);
        let alternatives = self.alternatives(0)?;
        self.rules[rule as usize] = Some(alternatives);
        if !(self.rest.is_empty() || self.rest.starts_with(['\r', '\n'])) {
            return self.fail("the end of the rule is expected here");
        }
        self.space(true);
        Ok(())
    }

    fn alternatives(&mut self, depth: usize) -> Result<Rule, GrammarError> {
        let mut alternatives = vec![self.sequence(depth)?];
        while self.eat("|") {
            self.space(true);
            alternatives.push(self.sequence(depth)?);
        }
        Ok(alternatives)
    }

    fn sequence(&mut self, depth: usize) -> Result<Vec<Element>, GrammarError> {
        let mut elements = Vec::new();
        // Where the last item begins, which `*`, `+`, `?` and `{}` are about.
        let mut last = 0;
        while let Some(c) = self.rest.chars().next() {
            let begin = elements.len();
            match c {
                '"' => self.literal(&mut elements)?,
                '[' => elements.push(Element::Chars(self.set()?)),
                '.' => {
                    self.rest = &self.rest[1..];
                    elements.push(Element::Chars(CharSet { ranges: Vec::new(), negated: true }));
                }
                '<' | '!' => elements.push(self.token_element()?),
                '(' => elements.push(self.group(depth)?),
                '*' | '+' | '?' | '{' => {
                    let (min, max) = self.times()?;
                    if last == elements.len() {
                        return self.fail("there is nothing to repeat");
                    }
                    let repeated = elements.split_off(last);
                    let rule = match repeated.as_slice() {
                        [Element::Rule(rule)] => *rule,
                        _ => self.add(vec![repeated])?,
                    };
                    elements.push(Element::Repeat { rule, min, max });
                    self.space(depth > 0);
                    continue;
                }
                c if is_word(c) => {
                    let name = self.name()?;
                    elements.push(Element::Rule(self.named(name)));
                }
                _ => break,
            }
            last = begin;
            self.n_elements += elements.len() - begin;
            if self.n_elements > MAX_ELEMENTS || self.rules.len() > MAX_RULES {
                return self.fail("the grammar is too large");
            }
            self.space(depth > 0);
        }
        Ok(elements)
    }

    fn literal(&mut self, into: &mut Vec<Element>) -> Result<(), GrammarError> {
        self.expect("\"")?;
        while !self.eat("\"") {
            let c = self.char()?;
            into.push(Element::Chars(CharSet { ranges: vec![(c, c)], negated: false }));
        }
        Ok(())
    }

    fn set(&mut self) -> Result<CharSet, GrammarError> {
        self.expect("[")?;
        let negated = self.eat("^");
        let mut ranges = Vec::new();
        while !self.eat("]") {
            let from = self.char()?;
            let to = if self.rest.starts_with('-') && !self.rest.starts_with("-]") {
                self.rest = &self.rest[1..];
                self.char()?
            } else {
                from
            };
            ranges.push((from, to));
        }
        if ranges.is_empty() {
            return self.fail("a set of characters is empty");
        }
        Ok(CharSet { ranges, negated })
    }

    fn char(&mut self) -> Result<u32, GrammarError> {
        let Some(c) = self.rest.chars().next() else { return self.fail("a text or a set has no end") };
        if c != '\\' {
            self.rest = &self.rest[c.len_utf8()..];
            return Ok(u32::from(c));
        }
        let escaped = self.rest[1..].chars().next();
        let digits = match escaped {
            Some('x') => 2,
            Some('u') => 4,
            Some('U') => 8,
            Some(c @ ('\\' | '"' | '[' | ']' | '-')) => {
                self.rest = &self.rest[2..];
                return Ok(u32::from(c));
            }
            Some(c @ ('t' | 'r' | 'n')) => {
                self.rest = &self.rest[2..];
                return Ok(u32::from(match c {
                    't' => '\t',
                    'r' => '\r',
                    _ => '\n',
                }));
            }
            _ => return self.fail("this escape is not known"),
        };
        let hex = self.rest.get(2..2 + digits).filter(|hex| hex.bytes().all(|byte| byte.is_ascii_hexdigit()));
        let Some(value) = hex.and_then(|hex| u32::from_str_radix(hex, 16).ok()) else {
            return self.fail(&format!("{digits} hexadecimal digits are expected here"));
        };
        self.rest = &self.rest[2 + digits..];
        Ok(value)
    }

    /// `<|name|>`, `<[number]>`, and with `!` before it any other token.
    fn token_element(&mut self) -> Result<Element, GrammarError> {
        let negated = self.eat("!");
        let Some(len) = self.rest.find('>').filter(|_| self.rest.starts_with('<')) else {
            return self.fail("a token, as in `<|name|>` or `<[number]>`, is expected here");
        };
        let text = &self.rest[..=len];
        let number = text.strip_prefix("<[").and_then(|rest| rest.strip_suffix("]>"));
        let id = match number {
            Some(number) => number.parse().ok().filter(|&id: &i32| id >= 0),
            None => (self.token)(text),
        };
        let Some(id) = id else {
            return self
                .fail(&format!("`{}` is not one token of this model", text.chars().take(40).collect::<String>()));
        };
        self.rest = &self.rest[len + 1..];
        Ok(Element::Token { id, negated })
    }

    fn group(&mut self, depth: usize) -> Result<Element, GrammarError> {
        if depth >= MAX_DEPTH {
            return self.fail(&format!("parentheses are deeper than {MAX_DEPTH}"));
        }
        self.expect("(")?;
        self.space(true);
        let alternatives = self.alternatives(depth + 1)?;
        self.expect(")")?;
        Ok(Element::Rule(self.add(alternatives)?))
    }

    fn times(&mut self) -> Result<(u32, Option<u32>), GrammarError> {
        for (sign, times) in [("*", (0, None)), ("+", (1, None)), ("?", (0, Some(1)))] {
            if self.eat(sign) {
                return Ok(times);
            }
        }
        self.expect("{")?;
        self.space(true);
        let min = self.number()?;
        self.space(true);
        let max = if self.eat(",") {
            self.space(true);
            if self.rest.starts_with(|c: char| c.is_ascii_digit()) { Some(self.number()?) } else { None }
        } else {
            Some(min)
        };
        self.space(true);
        self.expect("}")?;
        if max.is_some_and(|max| max < min) {
            return self.fail("the most repetitions are fewer than the least");
        }
        Ok((min, max))
    }

    fn number(&mut self) -> Result<u32, GrammarError> {
        let digits = self.take_while(|c| c.is_ascii_digit());
        if digits.is_empty() {
            return self.fail("a number is expected here");
        }
        match digits.parse() {
            Ok(number) if number <= MAX_REPETITIONS => Ok(number),
            _ => self.fail(&format!("more than {MAX_REPETITIONS} repetitions cannot be counted")),
        }
    }
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '-'
}
