//! Holding an answer to a grammar, token by token.
//!
//! Where the answer may stand in the grammar is a set of stacks, as in llama.cpp. Stacks are linked lists that share
//! their lower parts, sets of them are numbered, and what a character makes of a set is remembered, so that most
//! characters cost one look into a table.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use super::{Element, Grammar, GrammarError, index};

/// The most stacks at once. Each alternative that is still possible is one: a choice of 10,000 words fits.
const MAX_STACKS: usize = 20_000;
/// The most steps that one character may take.
const MAX_STEPS: usize = 200_000;
/// When more than this is remembered, everything but the present is forgotten.
const MAX_STATES: usize = 2_048;
const MAX_FRAMES: usize = 400_000;
const MAX_REMEMBERED_STACKS: usize = 4_000_000;
/// The most steps between two tokens, over all tokens that are tried: about a second.
const MAX_WORK: usize = 20_000_000;
/// What can be forgotten only between two tokens may come to so many times the above.
const WITHIN_A_TOKEN: usize = 4;

/// The empty stack: the grammar may end here.
const BOTTOM: u32 = 0;
/// What a character does that does not fit.
const REFUSED: u32 = u32::MAX - 1;
/// Not worked out yet.
const UNKNOWN: u32 = u32::MAX;
/// [`Frame::done`] of a frame that is not counting.
const NOT_COUNTING: u32 = u32::MAX;

/// Where in a rule something goes on, and what follows the rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Frame {
    rule: u32,
    alternative: u32,
    position: u32,
    /// At a repetition: how often it was done.
    done: u32,
    below: u32,
}

struct State {
    /// Sorted. Each has a character or a token on top, or is [`BOTTOM`].
    stacks: Box<[u32]>,
    ascii: Box<[u32; 128]>,
}

/// Bytes of a character that is not whole yet.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
struct Partial {
    bytes: [u8; 4],
    len: usize,
}

/// Where an answer stands in its grammar.
pub(crate) struct Matcher {
    grammar: Arc<Grammar>,
    /// Stack `n + 1` has `frames[n]` on top.
    frames: Vec<Frame>,
    frame_ids: HashMap<Frame, u32>,
    states: Vec<State>,
    state_ids: HashMap<Box<[u32]>, u32>,
    other: HashMap<(u32, u32), u32>,
    n_stacks: usize,
    /// Steps since the last token.
    work: usize,
    current: u32,
    partial: Partial,
}

impl Matcher {
    /// At the beginning of an answer.
    pub(crate) fn new(grammar: Arc<Grammar>) -> Result<Self, GrammarError> {
        let mut matcher = Self {
            grammar,
            frames: Vec::new(),
            frame_ids: HashMap::new(),
            states: Vec::new(),
            state_ids: HashMap::new(),
            other: HashMap::new(),
            n_stacks: 0,
            work: 0,
            current: REFUSED,
            partial: Partial::default(),
        };
        let root = matcher.grammar.root;
        let mut begin = Vec::new();
        matcher.enter(root, BOTTOM, &mut begin);
        matcher.current = matcher.close(begin);
        if matcher.current == REFUSED {
            return Err(GrammarError::new("it matches nothing, or more things at once than can be followed"));
        }
        Ok(matcher)
    }

    /// Whether the answer may end here.
    pub(crate) fn may_end(&self) -> bool {
        self.partial.len == 0 && self.stacks(self.current).first() == Some(&BOTTOM)
    }

    /// Whether a token fits. `text`: its bytes; empty for a control token, which only its number can match.
    pub(crate) fn fits(&mut self, id: i32, text: &[u8]) -> bool {
        self.tidy();
        let (state, partial) = (self.current, self.partial);
        self.walk(state, partial, text).is_some() || partial.len == 0 && self.take_token(state, id) != REFUSED
    }

    /// Go on by a token. False: it does not fit, and nothing changes.
    pub(crate) fn accept(&mut self, id: i32, text: &[u8]) -> bool {
        self.tidy();
        let walked = self.walk(self.current, self.partial, text);
        let taken = if self.partial.len == 0 { self.take_token(self.current, id) } else { REFUSED };
        let (state, partial) = match (walked, taken) {
            (None, REFUSED) => return false,
            (None, taken) => (taken, Partial::default()),
            (Some(walked), REFUSED) => walked,
            (Some((state, Partial { len: 0, .. })), taken) => {
                let both: Vec<u32> = self.stacks(state).iter().chain(self.stacks(taken)).copied().collect();
                (self.number(both), Partial::default())
            }
            (Some(walked), _) => walked,
        };
        (self.current, self.partial) = (state, partial);
        self.work = 0;
        true
    }

    fn stacks(&self, state: u32) -> &[u32] {
        self.states.get(state as usize).map_or(&[], |state| &state.stacks)
    }

    /// What bytes make of a state. `None`: they do not fit, or are not UTF-8.
    fn walk(&mut self, mut state: u32, mut partial: Partial, text: &[u8]) -> Option<(u32, Partial)> {
        if text.is_empty() {
            return None;
        }
        for &byte in text {
            if partial.len == 0 && byte < 0x80 {
                state = self.step(state, u32::from(byte))?;
                continue;
            }
            *partial.bytes.get_mut(partial.len)? = byte;
            partial.len += 1;
            let bytes = &partial.bytes[..partial.len];
            match std::str::from_utf8(bytes) {
                Ok(text) => {
                    state = self.step(state, u32::from(text.chars().next()?))?;
                    partial = Partial::default();
                }
                Err(error) if error.error_len().is_some() => return None,
                Err(_) => {}
            }
        }
        (partial.len == 0 || self.may_become(state, partial)).then_some((state, partial))
    }

    /// Whether a character that begins with these bytes fits.
    fn may_become(&self, state: u32, partial: Partial) -> bool {
        let lead = u32::from(partial.bytes[0]);
        let (wanted, bits) = match lead {
            0xC0..=0xDF => (2, lead & 0x1F),
            0xE0..=0xEF => (3, lead & 0x0F),
            _ => (4, lead & 0x07),
        };
        let value = partial.bytes[1..partial.len].iter().fold(bits, |value, &byte| value << 6 | u32::from(byte & 0x3F));
        let missing = 6 * (wanted - partial.len);
        let low = value << missing;
        let high = low | ((1 << missing) - 1);
        // Nothing shorter is written with so many bytes.
        let low = low.max([0x80, 0x800, 0x1_0000][wanted - 2]);
        self.stacks(state).iter().any(|&stack| match self.top(stack) {
            Some((_, Element::Chars(set))) => set.meets(low, high),
            _ => false,
        })
    }

    fn step(&mut self, state: u32, c: u32) -> Option<u32> {
        let known = match self.states.get(state as usize)?.ascii.get(c as usize) {
            Some(&known) => known,
            None => self.other.get(&(state, c)).copied().unwrap_or(UNKNOWN),
        };
        let next = if known == UNKNOWN { self.work_out(state, c) } else { known };
        (next != REFUSED).then_some(next)
    }

    fn work_out(&mut self, state: u32, c: u32) -> u32 {
        if self.is_exhausted() {
            return REFUSED;
        }
        let next = self.follow(state, |element| matches!(element, Element::Chars(set) if set.contains(c)));
        match self.states[state as usize].ascii.get_mut(c as usize) {
            Some(known) => *known = next,
            None => _ = self.other.insert((state, c), next),
        }
        next
    }

    fn take_token(&mut self, state: u32, id: i32) -> u32 {
        let fits = |element: &Element| matches!(element, Element::Token { id: wanted, negated } if (*wanted == id) != *negated);
        let any = self.stacks(state).iter().any(|&stack| self.top(stack).is_some_and(|(_, element)| fits(element)));
        if any { self.follow(state, fits) } else { REFUSED }
    }

    /// The state after everything on top that `fits`.
    fn follow(&mut self, state: u32, fits: impl Fn(&Element) -> bool) -> u32 {
        let tops: Vec<Frame> = self
            .stacks(state)
            .iter()
            .filter_map(|&stack| self.top(stack).filter(|(_, element)| fits(element)).map(|(frame, _)| frame))
            .collect();
        let next = tops.into_iter().map(|frame| self.after(frame)).collect();
        self.close(next)
    }

    fn top(&self, stack: u32) -> Option<(Frame, &Element)> {
        let frame = *self.frames.get(stack.checked_sub(1)? as usize)?;
        Some((frame, self.element(frame)))
    }

    fn element(&self, Frame { rule, alternative, position, .. }: Frame) -> &Element {
        &self.grammar.rules[rule as usize][alternative as usize][position as usize]
    }

    fn push(&mut self, frame: Frame) -> u32 {
        *self.frame_ids.entry(frame).or_insert_with(|| {
            self.frames.push(frame);
            index(self.frames.len())
        })
    }

    /// The stack once what a frame points at is done.
    fn after(&mut self, frame: Frame) -> u32 {
        let alternative = &self.grammar.rules[frame.rule as usize][frame.alternative as usize];
        if frame.position as usize + 1 < alternative.len() {
            self.push(Frame { position: frame.position + 1, done: NOT_COUNTING, ..frame })
        } else {
            frame.below
        }
    }

    /// A rule on top of a stack, in each of its alternatives.
    fn enter(&mut self, rule: u32, below: u32, into: &mut Vec<u32>) {
        for alternative in 0..self.grammar.rules[rule as usize].len() {
            let empty = self.grammar.rules[rule as usize][alternative].is_empty();
            let frame = Frame { rule, alternative: index(alternative), position: 0, done: NOT_COUNTING, below };
            into.push(if empty { below } else { self.push(frame) });
        }
    }

    /// Go into rules until only characters and tokens are on top.
    fn close(&mut self, mut todo: Vec<u32>) -> u32 {
        let mut seen: HashSet<u32> = HashSet::new();
        let mut tops = Vec::new();
        while let Some(stack) = todo.pop() {
            if !seen.insert(stack) {
                continue;
            }
            self.work += 1;
            if seen.len() > MAX_STEPS || tops.len() > MAX_STACKS {
                return REFUSED;
            }
            let Some((frame, element)) = self.top(stack) else {
                tops.push(BOTTOM);
                continue;
            };
            match *element {
                Element::Chars(_) | Element::Token { .. } => tops.push(stack),
                Element::Rule(rule) => {
                    let below = self.after(frame);
                    self.enter(rule, below, &mut todo);
                }
                Element::Repeat { rule, min, max } => {
                    let done = if frame.done == NOT_COUNTING { 0 } else { frame.done };
                    if done >= min {
                        todo.push(self.after(frame));
                    }
                    if max.is_none_or(|max| done < max) {
                        // Without an end, only the least number needs counting.
                        let done = if max.is_none() { (done + 1).min(min) } else { done + 1 };
                        let below = self.push(Frame { done, ..frame });
                        self.enter(rule, below, &mut todo);
                    }
                }
            }
        }
        self.number(tops)
    }

    fn number(&mut self, mut stacks: Vec<u32>) -> u32 {
        if stacks.is_empty() {
            return REFUSED;
        }
        stacks.sort_unstable();
        stacks.dedup();
        let stacks = stacks.into_boxed_slice();
        if let Some(&state) = self.state_ids.get(&stacks) {
            return state;
        }
        let state = index(self.states.len());
        self.n_stacks += stacks.len();
        self.states.push(State { stacks: stacks.clone(), ascii: Box::new([UNKNOWN; 128]) });
        self.state_ids.insert(stacks, state);
        state
    }

    /// Whether the grammar is more ambiguous than can be followed. Then nothing fits any more.
    pub(crate) fn is_exhausted(&self) -> bool {
        self.work > MAX_WORK
            || self.frames.len() > WITHIN_A_TOKEN * MAX_FRAMES
            || self.n_stacks > WITHIN_A_TOKEN * MAX_REMEMBERED_STACKS
    }

    /// Forget all but the present, when there is much to forget.
    fn tidy(&mut self) {
        if self.states.len() < MAX_STATES && self.frames.len() < MAX_FRAMES && self.n_stacks < MAX_REMEMBERED_STACKS {
            return;
        }
        let old = std::mem::take(&mut self.frames);
        let kept = self.stacks(self.current).to_vec();
        self.frame_ids.clear();
        self.states.clear();
        self.state_ids.clear();
        self.other.clear();
        self.n_stacks = 0;
        let mut moved = HashMap::from([(BOTTOM, BOTTOM)]);
        let stacks = kept
            .into_iter()
            .map(|stack| {
                // From the top down to what has been moved, and back up.
                let mut path = Vec::new();
                let mut at = stack;
                while !moved.contains_key(&at) {
                    path.push(at);
                    at = old[at as usize - 1].below;
                }
                let mut below = moved[&at];
                for at in path.into_iter().rev() {
                    below = self.push(Frame { below, ..old[at as usize - 1] });
                    moved.insert(at, below);
                }
                below
            })
            .collect();
        self.current = self.number(stacks);
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may fail loudly")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn matcher(gbnf: &str) -> Matcher {
        let token = |text: &str| (text == "<|eot_id|>").then_some(7);
        Matcher::new(Arc::new(Grammar::parse(gbnf, &token).unwrap())).unwrap()
    }

    /// Whether a text fits a grammar from its beginning to its end, byte by byte.
    fn fits(gbnf: &str, text: &str) -> bool {
        let mut matcher = matcher(gbnf);
        text.bytes().all(|byte| matcher.accept(-1, &[byte])) && matcher.may_end()
    }

    #[test]
    fn what_the_notation_means() {
        let cases: [(&str, &[&str], &[&str]); 14] = [
            (r#"root ::= "ab" | "a" [0-9]"#, &["ab", "a7"], &["a", "b", "abc", "a77"]),
            (r#"root ::= [^a-c\]]"#, &["d", "é", "👍"], &["a", "]", ""]),
            (r"root ::= [a\-z-]*", &["", "a-z"], &["b"]),
            (r#"root ::= "x"{2,3}"#, &["xx", "xxx"], &["x", "xxxx"]),
            (r#"root ::= "x"{2}"#, &["xx"], &["x", "xxx"]),
            (r#"root ::= "x"{2,} "y"?"#, &["xx", "xxxxy"], &["xy", "xyy"]),
            (r#"root ::= ("a" | "b")+ "c""#, &["abc", "ac"], &["c", "abca"]),
            (r#"root ::= "\x41\u00e9\U0001F44D\n\t\\\"""#, &["Aé👍\n\t\\\""], &["A"]),
            ("root ::= .{1,2}", &["é", "👍\n"], &["", "abc"]),
            ("# a comment\nroot ::= a # more\n  \na ::= (\n  \"1\" |\n  \"2\" )", &["1", "2"], &["3"]),
            (r#"root ::= "(" root ")" | """#, &["", "(())"], &["(()", ")"]),
            (r#"root ::= ("a"?){0,3} "b""#, &["b", "aaab"], &["aaaab"]),
            (r#"root ::= ("ab"*)* "c""#, &["c", "ababc"], &["abac"]),
            (r#"root ::= "a"{0} "b""#, &["b"], &["ab"]),
        ];
        for (gbnf, good, bad) in cases {
            for text in good {
                assert!(fits(gbnf, text), "{gbnf}: {text:?}");
            }
            for text in bad {
                assert!(!fits(gbnf, text), "{gbnf}: {text:?}");
            }
        }
    }

    #[test]
    fn tokens_match_by_number_and_control_tokens_in_no_other_way() {
        let mut by_name = matcher(r#"root ::= "a" <|eot_id|> !<[9]>"#);
        assert!(!by_name.accept(7, b""));
        assert!(by_name.accept(1, b"a"));
        assert!(!by_name.fits(8, b""));
        assert!(by_name.accept(7, b""));
        assert!(!by_name.fits(9, b"x"));
        assert!(by_name.accept(3, b"x") && by_name.may_end());
        assert!(!matcher("root ::= .*").fits(7, b""), "a control token has no text");
    }

    #[test]
    fn half_a_character_fits_only_where_a_whole_one_may() {
        let mut greek = matcher("root ::= [α-ω]+");
        assert!(greek.accept(0, &[0xCE]));
        assert!(!greek.may_end());
        assert!(!greek.fits(0, b"a"));
        assert!(greek.accept(0, &[0xB1]) && greek.may_end());
        assert!(!greek.fits(0, &[0xF0]), "no Greek letter begins with this byte");
        assert!(!greek.fits(0, &[0xC3]), "Latin letters do");
        assert!(!matcher("root ::= .*").fits(0, &[0xFF]));
    }

    #[test]
    fn a_grammar_that_doubles_its_work_with_every_character_is_given_up() {
        let mut matcher = matcher(r#"root ::= x x; x ::= "a" x "b" | "a" x "c" | """#.replace("; ", "\n").as_str());
        let written = (0..200).take_while(|_| matcher.accept(0, b"a")).count();
        assert!((5..200).contains(&written), "{written}");
    }

    #[test]
    fn forgetting_changes_nothing() {
        let mut matcher = matcher(r#"root ::= "[" .{0,100000} "]" | "[" root "]""#);
        assert!(matcher.accept(0, b"["));
        let all = (0..20_000).all(|_| matcher.accept(0, b"x"));
        assert!(all && !matcher.may_end());
        assert!(matcher.states.len() <= MAX_STATES, "{}", matcher.states.len());
        assert!(matcher.accept(0, b"]") && matcher.may_end());
    }

    proptest! {
        #[test]
        fn tokens_of_any_length_fit_as_their_bytes_do(text in "[ab\"é, 👍\\[\\]]{0,12}", size in 1_usize..5) {
            let gbnf = r#"root ::= "[" (item ("," " "? item)*)? "]"
    item ::= "\"" [^"]{0,3} "\"" | [ab]+ | root"#;
            let mut matcher = matcher(gbnf);
            let all = text.as_bytes().chunks(size).all(|piece| matcher.fits(0, piece) && matcher.accept(0, piece));
            prop_assert_eq!(all && matcher.may_end(), fits(gbnf, &text));
        }
    }
}
