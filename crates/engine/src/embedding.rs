//! The meaning of texts as vectors, from the model that is loaded, in a context of their own that is gone afterwards.
//!
//! llama.cpp draws the vectors of a text's tokens together only if the whole text is computed at once. Here they are
//! drawn together piece by piece, so that a text may be as long as the model's context.

use std::{ffi::CString, sync::Arc};

use llama_cpp_2::{llama_backend::LlamaBackend, token::LlamaToken};
use paddock_engine_api::protocol::{Event, Failure, FailureCode};

use crate::{
    failure::failure,
    liveness,
    llama::{self, DecodeError, EmbeddingContext, Model},
    tokenizer::Tokenizer,
};

/// The most tokens computed at once. Each takes a row of logits too, which nobody reads: 64 MiB at a 128k vocabulary.
const N_BATCH: usize = 128;
/// The most texts computed at once.
const N_TEXTS: usize = 16;
/// The most bytes of vectors in one event, which is one line of at most 8 MiB; a number takes up to 16.
const MAX_NUMBERS: usize = 8 * 1024 * 1024 / 16 - 1024;

/// What vectors are made with.
pub(crate) struct Embedder<'a> {
    pub(crate) backend: &'a LlamaBackend,
    pub(crate) model: &'a Arc<Model>,
    pub(crate) tokenizer: &'a Tokenizer,
    /// The longest text, in tokens: the context of the answers.
    pub(crate) n_ctx: u32,
    pub(crate) n_threads: u32,
}

/// How the vectors of a text's tokens become one. Numbers of `llama_pooling_type` in llama.h.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Pooling {
    Mean,
    First,
    Last,
}

impl Embedder<'_> {
    /// One vector of length 1 for each text, in their order.
    pub(crate) fn embed(&self, texts: &[String]) -> Result<Event, Failure> {
        let n_embd = self.model.n_embd_out();
        let most = (MAX_NUMBERS / n_embd.max(1)).max(1);
        if texts.len() > most {
            let message =
                format!("{} texts are too many at once; with this model, at most {most} can be.", texts.len());
            return Err(failure(FailureCode::BadRequest, message));
        }
        let texts = texts.iter().enumerate().map(|(at, text)| self.tokens(at, text)).collect::<Result<Vec<_>, _>>()?;
        let n_tokens = texts.iter().map(Vec::len).sum::<usize>();
        let vectors = if texts.is_empty() { Vec::new() } else { self.vectors(&texts)? };
        Ok(Event::Embeddings { vectors, n_tokens: count(n_tokens) })
    }

    /// A text's tokens, with those around it that the model expects.
    fn tokens(&self, at: usize, text: &str) -> Result<Vec<LlamaToken>, Failure> {
        let bad = |message: String| failure(FailureCode::BadRequest, message);
        let mut tokens = self
            .tokenizer
            .plain(text)
            .ok_or_else(|| bad(format!("Text {} holds more control tokens or text than can be handled.", at + 1)))?;
        if let (Some(bos), true) = self.model.bos() {
            tokens.insert(0, bos);
        }
        if let (Some(eos), true) = (self.model.eos(), self.model.adds_eos()) {
            tokens.push(eos);
        }
        let most = self.n_ctx as usize;
        match tokens.len() {
            0 => Err(bad(format!("Text {} is empty; there is nothing to make a vector of.", at + 1))),
            n if n > most => Err(bad(format!(
                "Text {} has {n} tokens; the context has room for {most}. Shorten the text, or load the model with a longer context.",
                at + 1
            ))),
            _ => Ok(tokens),
        }
    }

    fn vectors(&self, texts: &[Vec<LlamaToken>]) -> Result<Vec<Vec<f32>>, Failure> {
        let log = llama::log_mark();
        let longest = texts.iter().map(Vec::len).max().unwrap_or(0);
        // A token that looks ahead too needs its whole text at once.
        let n_batch = if self.looks_ahead() { longest.max(N_BATCH) } else { N_BATCH };
        let n_batch = n_batch.min(texts.iter().map(Vec::len).sum());
        let size = (count(longest.max(n_batch)), count(n_batch), count(texts.len().min(N_TEXTS)));
        let mut context = EmbeddingContext::new(self.backend, Arc::clone(self.model), size, self.n_threads)
            .ok_or_else(|| {
                with_log(FailureCode::OutOfMemory, "There is not enough memory to make vectors of texts.", log)
            })?;
        let pooling = self.pooling();
        let mut vectors = Vec::with_capacity(texts.len());
        while vectors.len() < texts.len() {
            let group = group_of(&texts[vectors.len()..], n_batch);
            let mut sums: Vec<Sum> = group.iter().map(|text| Sum::new(pooling, text.len())).collect();
            let tokens: Vec<(u32, u32, LlamaToken)> = (0..)
                .zip(group)
                .flat_map(|(text, tokens)| (0..).zip(tokens).map(move |(position, &token)| (text, position, token)))
                .collect();
            for piece in tokens.chunks(n_batch) {
                if liveness::is_cancelled() {
                    return Err(stopped());
                }
                context.decode(piece).map_err(|error| match error {
                    DecodeError::Aborted => stopped(),
                    error => with_log(
                        FailureCode::DecodeFailed,
                        &format!("llama.cpp could not make vectors of these texts ({error})."),
                        log,
                    ),
                })?;
                for (at, &(text, position, _)) in piece.iter().enumerate() {
                    let vector = context.vector(at).ok_or_else(no_vectors)?;
                    sums[text as usize].add(position as usize, vector);
                }
                liveness::progressed();
            }
            context.clear();
            vectors.extend(sums.into_iter().map(Sum::normalised));
        }
        Ok(vectors)
    }

    fn pooling(&self) -> Pooling {
        // CLS is the first token's, LAST the last one's; a model that is not made for this has none, or NONE.
        match self.own("pooling_type").as_deref() {
            Some("2") => Pooling::First,
            Some("3") => Pooling::Last,
            _ => Pooling::Mean,
        }
    }

    fn looks_ahead(&self) -> bool {
        self.own("attention.causal").as_deref() == Some("false")
    }

    /// A value of the model's architecture.
    fn own(&self, key: &str) -> Option<String> {
        let architecture = self.model.meta(c"general.architecture")?;
        self.model.meta(&CString::new(format!("{architecture}.{key}")).ok()?)
    }
}

/// As many texts from the first on as are computed at once; at least the first, in pieces.
fn group_of(texts: &[Vec<LlamaToken>], n_batch: usize) -> &[Vec<LlamaToken>] {
    let mut room = n_batch;
    let fitting = texts.iter().take(N_TEXTS).take_while(|text| {
        let fits = text.len() <= room;
        room = room.saturating_sub(text.len());
        fits
    });
    &texts[..fitting.count().max(1)]
}

/// A text's vector in the making.
struct Sum {
    pooling: Pooling,
    n_tokens: usize,
    sum: Vec<f64>,
}

impl Sum {
    fn new(pooling: Pooling, n_tokens: usize) -> Self {
        Self { pooling, n_tokens, sum: Vec::new() }
    }

    fn add(&mut self, position: usize, vector: &[f32]) {
        let counts = match self.pooling {
            Pooling::Mean => true,
            Pooling::First => position == 0,
            Pooling::Last => position + 1 == self.n_tokens,
        };
        if counts {
            self.sum.resize(vector.len(), 0.0);
            self.sum.iter_mut().zip(vector).for_each(|(sum, &value)| *sum += f64::from(value));
        }
    }

    /// Of length 1. The number of tokens does not matter any more.
    fn normalised(self) -> Vec<f32> {
        let length = self.sum.iter().map(|value| value * value).sum::<f64>().sqrt();
        #[expect(clippy::cast_possible_truncation, reason = "the protocol's precision")]
        let scaled = |value: f64| if length > 0.0 { (value / length) as f32 } else { 0.0 };
        self.sum.into_iter().map(scaled).collect()
    }
}

fn stopped() -> Failure {
    failure(FailureCode::Cancelled, "Stopped.")
}

fn no_vectors() -> Failure {
    failure(FailureCode::DecodeFailed, "This model gives no vectors of texts.")
}

fn with_log(code: FailureCode, message: &str, log: usize) -> Failure {
    let details = llama::log_errors_since(log).join("\n");
    Failure { details: (!details.is_empty()).then_some(details), ..failure(code, message) }
}

fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_grouped_as_long_as_they_fit_and_a_long_one_is_alone() {
        let texts: Vec<Vec<LlamaToken>> = [60, 60, 60, 500, 1].map(|len| vec![LlamaToken(0); len]).to_vec();
        let len = |from: usize| group_of(&texts[from..], 128).len();
        assert_eq!((len(0), len(2), len(3), len(4)), (2, 1, 1, 1));
        assert_eq!(group_of(&vec![vec![LlamaToken(0)]; 40], 128).len(), N_TEXTS);
    }

    #[test]
    fn pooling_takes_the_tokens_that_it_names_and_the_vector_has_length_1() {
        for (pooling, expected) in
            [(Pooling::Mean, [0.8, 0.6]), (Pooling::First, [1.0, 0.0]), (Pooling::Last, [0.0, 1.0])]
        {
            let mut sum = Sum::new(pooling, 3);
            [[4.0, 0.0], [4.0, 3.0], [0.0, 3.0]].iter().enumerate().for_each(|(at, vector)| sum.add(at, vector));
            assert_eq!(sum.normalised(), expected);
        }
    }
}
