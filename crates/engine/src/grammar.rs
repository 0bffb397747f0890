//! Grammars that an answer is held to: GBNF, llama.cpp's notation (grammars/README.md).
//!
//! llama.cpp's own matcher (src/llama-grammar.cpp) trusts its grammars: an ambiguous one doubles its work with every
//! character, a deep one overflows its stack, and an exception ends the process. Grammars come here from other programs,
//! so they are read and matched in Rust, with a limit on everything. A grammar that llama.cpp takes means the same here.

mod matcher;
mod parse;

use std::fmt;

pub(crate) use matcher::Matcher;

/// The most rules of a grammar, those in parentheses counted too. A schema with a thousand properties has about 4,000.
const MAX_RULES: usize = 20_000;
/// The most characters, sets and references of all rules together.
const MAX_ELEMENTS: usize = 1_000_000;

/// A grammar that can be matched: every rule exists, and none begins with itself.
#[derive(Debug, Clone)]
pub(crate) struct Grammar {
    rules: Vec<Rule>,
    root: u32,
}

/// The alternatives of a rule.
type Rule = Vec<Vec<Element>>;

#[derive(Debug, Clone, PartialEq, Eq)]
enum Element {
    /// One character.
    Chars(CharSet),
    /// One token of the vocabulary, or any but this one.
    Token { id: i32, negated: bool },
    /// Another rule, by its index.
    Rule(u32),
    /// Another rule, several times. `max`: `None` is without end.
    Repeat { rule: u32, min: u32, max: Option<u32> },
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct CharSet {
    /// First and last, both in it.
    ranges: Vec<(u32, u32)>,
    negated: bool,
}

impl CharSet {
    fn one(c: char) -> Self {
        Self { ranges: vec![(u32::from(c), u32::from(c))], negated: false }
    }

    fn contains(&self, c: u32) -> bool {
        self.ranges.iter().any(|&(from, to)| (from..=to).contains(&c)) != self.negated
    }

    /// Whether a character from `low` to `high` may be in it.
    fn meets(&self, low: u32, high: u32) -> bool {
        if self.negated {
            !self.ranges.iter().any(|&(from, to)| from <= low && high <= to)
        } else {
            self.ranges.iter().any(|&(from, to)| from <= high && low <= to)
        }
    }
}

/// Why a grammar cannot be used, in words that follow "The grammar cannot be used: ".
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct GrammarError(String);

impl GrammarError {
    pub(crate) fn new(reason: impl fmt::Display) -> Self {
        Self(reason.to_string())
    }
}

/// What a grammar is put together from, see [`Grammar::sequence`].
pub(crate) enum Part {
    /// Exactly this text.
    Text(String),
    /// This token.
    Token(i32),
    /// What fits this grammar.
    Grammar(Grammar),
}

impl Grammar {
    /// Read GBNF. `token`: the token that a text such as `<|eot_id|>` is, if it is exactly one.
    pub(crate) fn parse(gbnf: &str, token: &dyn Fn(&str) -> Option<i32>) -> Result<Self, GrammarError> {
        parse::parse(gbnf, token)?.checked()
    }

    /// One part after the other.
    pub(crate) fn sequence(parts: impl IntoIterator<Item = Part>) -> Self {
        let mut rules = vec![vec![Vec::new()]];
        for part in parts {
            let elements = match part {
                Part::Text(text) => text.chars().map(|c| Element::Chars(CharSet::one(c))).collect(),
                Part::Token(id) => vec![Element::Token { id, negated: false }],
                Part::Grammar(grammar) => vec![Element::Rule(adopt(&mut rules, grammar))],
            };
            rules[0][0].extend(elements);
        }
        Self { rules, root: 0 }
    }

    /// One of several.
    pub(crate) fn choice(choices: impl IntoIterator<Item = Self>) -> Self {
        let mut rules = vec![Vec::new()];
        for choice in choices {
            let root = adopt(&mut rules, choice);
            rules[0].push(vec![Element::Rule(root)]);
        }
        Self { rules, root: 0 }
    }

    /// Refuse what could not be matched.
    fn checked(self) -> Result<Self, GrammarError> {
        if self.rules.len() > MAX_RULES {
            return Err(GrammarError::new(format!("it has more than {MAX_RULES} rules")));
        }
        if self.rules.iter().flatten().map(Vec::len).sum::<usize>() > MAX_ELEMENTS {
            return Err(GrammarError::new(format!("it has more than {MAX_ELEMENTS} parts")));
        }
        let nullable = self.nullable();
        if self.begins_with_itself(&nullable) {
            return Err(GrammarError::new("a rule begins with itself (left recursion)"));
        }
        Ok(self)
    }

    /// Which rules may match nothing at all. In one pass over the parts: an alternative is empty once all its parts are.
    fn nullable(&self) -> Vec<bool> {
        let mut nullable = vec![false; self.rules.len()];
        let mut users: Vec<Vec<(usize, usize)>> = vec![Vec::new(); self.rules.len()];
        let mut open: Vec<Vec<usize>> = Vec::with_capacity(self.rules.len());
        let mut found = Vec::new();
        for (at, rule) in self.rules.iter().enumerate() {
            let mut counts = Vec::with_capacity(rule.len());
            for (alt_at, alt) in rule.iter().enumerate() {
                let needs = |element: &Element| match element {
                    Element::Rule(rule) | Element::Repeat { rule, min: 1.., .. } => Some(*rule as usize),
                    Element::Repeat { min: 0, .. } | Element::Chars(_) | Element::Token { .. } => None,
                };
                alt.iter().filter_map(needs).for_each(|needed| users[needed].push((at, alt_at)));
                counts.push(alt.iter().filter(|element| !matches!(element, Element::Repeat { min: 0, .. })).count());
            }
            if counts.contains(&0) {
                found.push(at);
            }
            open.push(counts);
        }
        while let Some(at) = found.pop() {
            if std::mem::replace(&mut nullable[at], true) {
                continue;
            }
            for (user, alt) in std::mem::take(&mut users[at]) {
                open[user][alt] -= 1;
                if open[user][alt] == 0 {
                    found.push(user);
                }
            }
        }
        nullable
    }

    /// The rules that may stand at the very beginning of a rule.
    fn first_rules<'a>(&'a self, rule: u32, nullable: &'a [bool]) -> impl Iterator<Item = u32> + 'a {
        self.rules[rule as usize].iter().flat_map(move |alt| {
            let mut open = true;
            alt.iter()
                .take_while(move |element| {
                    let is_first = open;
                    open = open && is_nullable(element, nullable);
                    is_first
                })
                .filter_map(|element| match element {
                    Element::Rule(rule) | Element::Repeat { rule, .. } => Some(*rule),
                    Element::Chars(_) | Element::Token { .. } => None,
                })
        })
    }

    /// Depth-first, each rule once, without recursion: the grammar may be as deep as it likes.
    fn begins_with_itself(&self, nullable: &[bool]) -> bool {
        #[derive(Clone, Copy, PartialEq)]
        enum Visit {
            Not,
            Open,
            Done,
        }
        let mut visits = vec![Visit::Not; self.rules.len()];
        for start in 0..self.rules.len() {
            if visits[start] != Visit::Not {
                continue;
            }
            let start = index(start);
            visits[start as usize] = Visit::Open;
            let mut path = vec![(start, self.first_rules(start, nullable).collect::<Vec<_>>())];
            while let Some((rule, firsts)) = path.last_mut() {
                let Some(next) = firsts.pop() else {
                    visits[*rule as usize] = Visit::Done;
                    path.pop();
                    continue;
                };
                match visits[next as usize] {
                    Visit::Open => return true,
                    Visit::Done => {}
                    Visit::Not => {
                        visits[next as usize] = Visit::Open;
                        path.push((next, self.first_rules(next, nullable).collect()));
                    }
                }
            }
        }
        false
    }
}

fn is_nullable(element: &Element, nullable: &[bool]) -> bool {
    match element {
        Element::Chars(_) | Element::Token { .. } => false,
        Element::Rule(rule) => nullable[*rule as usize],
        Element::Repeat { rule, min, .. } => *min == 0 || nullable[*rule as usize],
    }
}

/// Add a grammar's rules to others; its root's new index.
fn adopt(rules: &mut Vec<Rule>, grammar: Grammar) -> u32 {
    let offset = index(rules.len());
    let root = grammar.root + offset;
    rules.extend(grammar.rules.into_iter().map(|mut rule| {
        for element in rule.iter_mut().flatten() {
            if let Element::Rule(rule) | Element::Repeat { rule, .. } = element {
                *rule += offset;
            }
        }
        rule
    }));
    root
}

fn index(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}
