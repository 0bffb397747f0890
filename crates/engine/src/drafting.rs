//! Guessing the next tokens, so that several can be checked in one pass.
//!
//! A guess costs nothing but the time of its check: tokens are chosen one after the other from the logits that the check
//! computes, as without guesses, and a guess counts only while it is what was chosen.

use std::collections::HashMap;

use llama_cpp_2::token::LlamaToken;
use paddock_engine_api::output::Speculation;

/// Tokens that are guessed at once at most, by all answers together. More logits would have to be kept: a row of them
/// takes 0.5 MB at a vocabulary of 128k.
pub(crate) const MAX_GUESSES: u32 = 16;
/// So many tokens must have been there before for what followed them to be guessed again. Shorter runs return by chance.
const RUN: usize = 3;
/// Tokens that are written without guesses first, to know how long one takes.
const FIRST_PLAIN: u32 = 4;
/// How many tokens are written without guesses when these were found to be slower, at first and at most.
const FIRST_PAUSE: usize = 32;
const LONGEST_PAUSE: usize = 1024;
/// With every pass, earlier ones count this much less.
const FORGETTING: f64 = 0.9;

/// Guesses that what followed the last few tokens when they stood there before follows them again.
#[derive(Debug, Default)]
pub(crate) struct Lookup {
    /// What followed each run of tokens the last time.
    after: HashMap<[i32; RUN], usize>,
    /// Where the next run to enter begins.
    next: usize,
}

impl Lookup {
    /// At most `n` tokens that may follow.
    pub(crate) fn guess<'a>(&mut self, tokens: &'a [LlamaToken], n: usize) -> &'a [LlamaToken] {
        let Some(last) = tokens.len().checked_sub(RUN) else { return &[] };
        // All but the last run, which is the one to be looked up.
        while self.next < last {
            self.after.insert(run(&tokens[self.next..]), self.next + RUN);
            self.next += 1;
        }
        let Some(&from) = self.after.get(&run(&tokens[last..])) else { return &[] };
        &tokens[from..(from + n).min(tokens.len())]
    }

    /// The tokens are others than before.
    pub(crate) fn forget(&mut self) {
        *self = Self::default();
    }
}

fn run(tokens: &[LlamaToken]) -> [i32; RUN] {
    std::array::from_fn(|at| tokens[at].0)
}

/// Time and tokens, the later ones counting more.
#[derive(Debug, Clone, Copy, Default)]
struct Speed {
    ms: f64,
    tokens: f64,
}

impl Speed {
    fn learn(&mut self, ms: f64, tokens: u32) {
        self.ms = self.ms * FORGETTING + ms;
        self.tokens = self.tokens * FORGETTING + f64::from(tokens);
    }

    fn ms_per_token(self) -> f64 {
        self.ms / self.tokens.max(1e-9)
    }
}

/// Whether guessing pays, for one answer.
#[derive(Debug)]
pub(crate) struct Worth {
    speculation: Speculation,
    plain: Speed,
    guessed: Speed,
    n_plain: u32,
    n_guessed: u32,
    /// How many tokens were written when guessing is tried again.
    again_at: usize,
    pause: usize,
}

impl Worth {
    pub(crate) fn new(speculation: Speculation) -> Self {
        Self {
            speculation,
            plain: Speed::default(),
            guessed: Speed::default(),
            n_plain: 0,
            n_guessed: 0,
            again_at: 0,
            pause: FIRST_PAUSE,
        }
    }

    /// Whether to guess after `written` tokens.
    pub(crate) fn guesses(&self, written: usize) -> bool {
        match self.speculation {
            Speculation::On => true,
            Speculation::Off => false,
            Speculation::Auto => self.n_plain >= FIRST_PLAIN && written >= self.again_at,
        }
    }

    /// A pass took so long and gave `gained` tokens, `written` in all by now.
    pub(crate) fn learn(&mut self, ms: f64, gained: u32, guessed: bool, written: usize) {
        if !guessed {
            self.plain.learn(ms, gained);
            self.n_plain += 1;
            return;
        }
        self.guessed.learn(ms, gained);
        self.n_guessed += 1;
        // One pass may have been disturbed.
        if self.n_guessed >= 2 && self.guessed.ms_per_token() >= self.plain.ms_per_token() {
            self.again_at = written + self.pause;
            self.pause = (self.pause * 2).min(LONGEST_PAUSE);
            self.guessed = Speed::default();
            self.n_guessed = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(ids: &[i32]) -> Vec<LlamaToken> {
        ids.iter().copied().map(LlamaToken).collect()
    }

    #[test]
    fn what_followed_before_is_guessed_again() {
        let mut lookup = Lookup::default();
        let mut text = tokens(&[1, 2, 3, 4, 5, 6, 1, 2]);
        assert!(lookup.guess(&text, 16).is_empty());
        text.push(LlamaToken(3));
        assert_eq!(lookup.guess(&text, 16), tokens(&[4, 5, 6, 1, 2, 3]));
        assert_eq!(lookup.guess(&text, 2), tokens(&[4, 5]));
        // The last time counts.
        text.extend(tokens(&[9, 9, 1, 2, 3]));
        assert_eq!(lookup.guess(&text, 2), tokens(&[9, 9]));
        lookup.forget();
        assert!(lookup.guess(&text[..3], 16).is_empty());
    }

    #[test]
    fn a_text_too_short_to_repeat_itself_is_not_guessed() {
        for n in 0..5 {
            assert!(Lookup::default().guess(&tokens(&[7, 8, 9, 7, 8])[..n], 16).is_empty());
        }
    }

    #[test]
    fn guessing_stays_where_it_is_faster_and_is_left_where_it_is_not() {
        let mut worth = Worth::new(Speculation::Auto);
        assert!(!worth.guesses(0), "nothing is known yet");
        for written in 1..=4 {
            worth.learn(10.0, 1, false, written);
        }
        assert!(worth.guesses(4));
        for written in [10, 16, 22] {
            worth.learn(20.0, 6, true, written);
        }
        assert!(worth.guesses(22));
        for written in 23..40 {
            worth.learn(20.0, 1, true, written);
        }
        assert!(!worth.guesses(40));
        assert!(worth.guesses(40 + LONGEST_PAUSE), "it is tried again");
        assert!(Worth::new(Speculation::On).guesses(0) && !Worth::new(Speculation::Off).guesses(1000));
    }
}
