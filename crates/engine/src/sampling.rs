//! How the next token is chosen.

use std::sync::Arc;

use llama_cpp_2::{
    sampling::LlamaSampler,
    token::{LlamaToken, data::LlamaTokenData, data_array::LlamaTokenDataArray, logit_bias::LlamaLogitBias},
};
use paddock_engine_api::{
    output::TokenLogprob,
    protocol::{Failure, FailureCode, GenerateParams, Sampling},
};

use crate::{
    failure::failure,
    format,
    grammar::Matcher,
    llama::Model,
    logprobs::{self, MAX_LOGPROBS},
    token_bytes::TokenBytes,
};

/// The longest look back of the penalties, in tokens. llama.cpp reserves room for all of them.
const MAX_REPEAT_LAST_N: u32 = 1 << 20;

/// Chooses the tokens of one answer, and remembers those it chose.
pub(crate) struct Chooser {
    sampler: LlamaSampler,
    candidates: LlamaTokenDataArray,
    constraint: Option<Constraint>,
    /// So many of the likeliest tokens are told of, if any is.
    logprobs: Option<usize>,
    token_bytes: Option<Arc<TokenBytes>>,
}

/// The grammar that an answer is held to.
struct Constraint {
    matcher: Matcher,
    token_bytes: Arc<TokenBytes>,
}

/// A token that was chosen.
pub(crate) struct Chosen {
    pub(crate) token: LlamaToken,
    /// How likely it was, if that was asked for.
    pub(crate) logprob: Option<TokenLogprob>,
}

impl Chooser {
    /// For an answer to `prompt`. Refuses values out of range, and grammars that cannot be followed.
    pub(crate) fn new(params: &GenerateParams, model: &Model, prompt: &[LlamaToken]) -> Result<Self, Failure> {
        check(params, model.n_vocab())?;
        let constraint = format::grammar_of(params, model)?
            .map(|grammar| -> Result<_, Failure> {
                let matcher = format::begin(params, grammar).map_err(|error| format::refused(params, &error))?;
                Ok(Constraint { matcher, token_bytes: model.token_bytes() })
            })
            .transpose()?;
        let mut sampler = sampler(&params.sampling, model.n_vocab());
        sampler.accept_many(prompt.iter().rev().take(params.sampling.repeat_last_n as usize).rev());
        Ok(Self {
            sampler,
            candidates: LlamaTokenDataArray::new(Vec::new(), false),
            constraint,
            logprobs: params.logprobs.map(|n| n as usize),
            token_bytes: params.logprobs.map(|_| model.token_bytes()),
        })
    }

    /// The next token, and it counts as written. `logits`: one per token of the vocabulary. `None`: no token fits what
    /// the answer must look like.
    pub(crate) fn choose(&mut self, logits: &[f32]) -> Option<Chosen> {
        // As llama.cpp does (`common_sampler_sample`): nearly every token fits by itself, and asking the grammar about
        // one is much cheaper than about all.
        let mut token = self.draw(logits, |_| true)?;
        if let Some(mut constraint) = self.constraint.take() {
            let fitting =
                if constraint.fits(token) { Some(token) } else { self.draw(logits, |token| constraint.fits(token)) };
            fitting.into_iter().for_each(|token| constraint.accept(token));
            self.constraint = Some(constraint);
            token = fitting?;
        }
        self.sampler.accept(token);
        let logprob = self
            .logprobs
            .zip(self.token_bytes.as_deref())
            .map(|(n, token_bytes)| logprobs::of(logits, token, n, token_bytes));
        Some(Chosen { token, logprob })
    }

    fn draw(&mut self, logits: &[f32], mut fits: impl FnMut(LlamaToken) -> bool) -> Option<LlamaToken> {
        let candidates = &mut self.candidates;
        candidates.data.clear();
        candidates.data.extend(
            (0..)
                .map(LlamaToken)
                .zip(logits)
                .filter(|&(token, _)| fits(token))
                .map(|(token, &logit)| LlamaTokenData::new(token, logit, 0.0)),
        );
        if candidates.data.is_empty() {
            return None;
        }
        candidates.selected = None;
        candidates.sorted = false;
        candidates.apply_sampler(&mut self.sampler);
        candidates.selected_token()
    }
}

impl Constraint {
    fn fits(&mut self, token: LlamaToken) -> bool {
        if self.token_bytes.is_end(token) {
            return self.matcher.may_end();
        }
        self.matcher.fits(token.0, self.token_bytes.text(token))
    }

    fn accept(&mut self, token: LlamaToken) {
        if !self.token_bytes.is_end(token) {
            self.matcher.accept(token.0, self.token_bytes.text(token));
        }
    }
}

/// In llama.cpp's own order (common/sampling.cpp): logit bias, penalties, top-k, top-p, min-p, temperature, draw.
fn sampler(sampling: &Sampling, n_vocab: i32) -> LlamaSampler {
    let mut chain = Vec::new();
    if !sampling.logit_bias.is_empty() {
        let bias = |&(id, bias): &(u32, f32)| LlamaLogitBias::new(LlamaToken(id.cast_signed()), bias);
        chain.push(LlamaSampler::logit_bias(n_vocab, &sampling.logit_bias.iter().map(bias).collect::<Vec<_>>()));
    }
    let last_n = i32::try_from(sampling.repeat_last_n).unwrap_or(i32::MAX);
    let Sampling { repeat_penalty, frequency_penalty, presence_penalty, .. } = *sampling;
    if last_n > 0 && (repeat_penalty, frequency_penalty, presence_penalty) != (1.0, 0.0, 0.0) {
        chain.push(LlamaSampler::penalties(n_vocab, last_n, repeat_penalty, frequency_penalty, presence_penalty));
    }
    if sampling.temperature <= 0.0 {
        chain.push(LlamaSampler::greedy());
    } else {
        if sampling.top_k > 0 {
            chain.push(LlamaSampler::top_k(i32::try_from(sampling.top_k).unwrap_or(i32::MAX)));
        }
        if sampling.top_p < 1.0 {
            chain.push(LlamaSampler::top_p(sampling.top_p, 1));
        }
        if sampling.min_p > 0.0 {
            chain.push(LlamaSampler::min_p(sampling.min_p, 1));
        }
        chain.push(LlamaSampler::temp(sampling.temperature));
        // llama.cpp reads u32::MAX (LLAMA_DEFAULT_SEED) as "draw a seed".
        chain.push(LlamaSampler::dist(sampling.seed.unwrap_or(u32::MAX)));
    }
    LlamaSampler::chain(chain, true)
}

/// Refuse what is out of range, by its name. Values that are no numbers are in no range.
pub(crate) fn check(params: &GenerateParams, n_vocab: i32) -> Result<(), Failure> {
    let sampling = &params.sampling;
    for (name, value, range) in [
        ("temperature", sampling.temperature, 0.0..=5.0),
        ("top_p", sampling.top_p, 0.0..=1.0),
        ("min_p", sampling.min_p, 0.0..=1.0),
        ("frequency_penalty", sampling.frequency_penalty, -2.0..=2.0),
        ("presence_penalty", sampling.presence_penalty, -2.0..=2.0),
    ] {
        if !range.contains(&value) {
            return bad(format!("{name} must be from {} to {}, not {value}.", range.start(), range.end()));
        }
    }
    if !(sampling.repeat_penalty.is_finite() && sampling.repeat_penalty > 0.0) {
        return bad(format!("repeat_penalty must be above 0, not {}.", sampling.repeat_penalty));
    }
    if sampling.repeat_last_n > MAX_REPEAT_LAST_N {
        return bad(format!("repeat_last_n must be at most {MAX_REPEAT_LAST_N}, not {}.", sampling.repeat_last_n));
    }
    for &(id, bias) in &sampling.logit_bias {
        if i32::try_from(id).is_ok_and(|id| id < n_vocab) {
            if !(-100.0..=100.0).contains(&bias) {
                return bad(format!("logit_bias must be from -100 to 100, not {bias} (for token {id})."));
            }
        } else {
            return bad(format!("logit_bias names token {id}, but this model has {n_vocab} tokens, counted from 0."));
        }
    }
    match params.logprobs {
        Some(n) if n > MAX_LOGPROBS => bad(format!("logprobs must be from 0 to {MAX_LOGPROBS}, not {n}.")),
        _ => Ok(()),
    }
}

fn bad(message: String) -> Result<(), Failure> {
    Err(failure(FailureCode::BadRequest, message))
}
