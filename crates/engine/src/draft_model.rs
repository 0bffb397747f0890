//! A small model that guesses what the large one will write.

use std::time::Instant;

use llama_cpp_2::token::LlamaToken;
use paddock_engine_api::protocol::{Failure, FailureCode};

use crate::{
    answer::ms_since,
    cache::{Cache, Part, Place, common},
    failure::failure,
    llama::{Context, Model},
    pieces::Pieces,
};

/// A guess less likely than this ends the guessing: it costs more than it is worth. llama.cpp's server uses 0.75 for
/// itself; here a wrong guess costs its check, and whether that pays is measured.
const LEAST_LIKELY: f32 = 0.5;

/// The small model, with what it has computed of the answers being written.
pub(crate) struct DraftModel {
    cache: Cache,
    pieces: Pieces,
}

impl DraftModel {
    /// `n_sequences`: as the context was made with.
    pub(crate) fn new(context: Context, n_sequences: u32, pieces: Pieces) -> Self {
        Self { cache: Cache::new(context, n_sequences, None), pieces }
    }

    /// At most `n` tokens that may follow; none as long as the small model has not caught up with the text. `place` is
    /// where it keeps what it computes.
    pub(crate) fn guess(&mut self, place: &mut Option<Place>, tokens: &[LlamaToken], n: usize) -> Vec<LlamaToken> {
        if n == 0 || tokens.len() + n > self.cache.context().n_ctx() as usize {
            return Vec::new();
        }
        if place.is_none() {
            *place = self.cache.acquire(tokens, None);
        }
        let Some(place) = *place else { return Vec::new() };
        // What it guessed and the large one did not choose.
        let right = common(self.cache.held(place), tokens).min(tokens.len() - 1);
        self.cache.cut(place, right);
        let left = tokens.len() - right;
        let piece = self.pieces.next(left, true).min(self.cache.context().n_batch() as usize);
        let started = Instant::now();
        let logits_at = self.compute(place, &tokens[right..right + piece], piece == left);
        self.pieces.learn(piece, ms_since(started), true);
        let Some(mut at) = logits_at.filter(|_| piece == left) else { return Vec::new() };
        let mut guesses = Vec::with_capacity(n);
        while let Some(token) = self.cache.context_mut().logits(at).and_then(likeliest) {
            guesses.push(token);
            if guesses.len() == n {
                break;
            }
            let Some(next) = self.compute(place, &[token], true) else { break };
            at = next;
        }
        guesses
    }

    /// Compute tokens. Gives where the last one's logits are; `None`: they were not computed.
    fn compute(&mut self, place: Place, tokens: &[LlamaToken], logits: bool) -> Option<usize> {
        if !self.cache.make_room(tokens.len()) {
            return None;
        }
        let part = Part { place, tokens: tokens.to_vec(), n_logits: usize::from(logits) };
        self.cache.compute(&[part]).ok()?;
        Some(tokens.len() - 1)
    }

    /// The answer is written.
    pub(crate) fn release(&mut self, place: Place) {
        self.cache.release(place);
    }
}

/// The likeliest token, if it is likely enough.
fn likeliest(logits: &[f32]) -> Option<LlamaToken> {
    let (id, &highest) = logits.iter().enumerate().max_by(|(_, one), (_, other)| one.total_cmp(other))?;
    let all: f32 = logits.iter().map(|logit| (logit - highest).exp()).sum();
    let token = LlamaToken(i32::try_from(id).ok()?);
    (1.0 / all >= LEAST_LIKELY).then_some(token)
}

/// Whether a model can guess for another one.
pub(crate) fn check(draft: &Model, model: &Model) -> Result<(), Failure> {
    let refuse = |why: &str| {
        Err(failure(FailureCode::ModelRefused, format!("The draft model cannot guess for this model: {why}")))
    };
    if draft.remembers_in_place() {
        return refuse("its memory cannot take back what was guessed wrong.");
    }
    if draft.n_vocab() != model.n_vocab() {
        return refuse(&format!(
            "it knows {} tokens and the model {}. Choose one of the same family.",
            draft.n_vocab(),
            model.n_vocab()
        ));
    }
    let (mut one, mut other) = (Vec::new(), Vec::new());
    for id in 0..model.n_vocab() {
        one.clear();
        other.clear();
        draft.piece(LlamaToken(id), true, &mut one);
        model.piece(LlamaToken(id), true, &mut other);
        if one != other {
            return refuse(&format!("their token {id} is not the same text. Choose one of the same family."));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_likely_is_guessed() {
        assert_eq!(likeliest(&[0.0, 3.0, 0.0]), Some(LlamaToken(1)));
        assert_eq!(likeliest(&[0.0, 0.1, 0.0]), None);
        assert_eq!(likeliest(&[]), None);
    }
}
