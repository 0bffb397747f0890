//! How the next token is chosen.

use llama_cpp_2::{
    sampling::LlamaSampler,
    token::{LlamaToken, data::LlamaTokenData, data_array::LlamaTokenDataArray},
};
use paddock_engine_api::{
    output::TokenLogprob,
    protocol::{GenerateParams, Sampling},
};

use crate::llama::Model;

/// Chooses the tokens of one answer, and remembers those it chose.
pub(crate) struct Chooser {
    sampler: LlamaSampler,
    candidates: LlamaTokenDataArray,
}

/// A token that was chosen.
pub(crate) struct Chosen {
    pub(crate) token: LlamaToken,
    /// How likely it was, if that was asked for.
    pub(crate) logprob: Option<TokenLogprob>,
}

impl Chooser {
    /// For an answer to `prompt`.
    pub(crate) fn new(params: &GenerateParams, model: &Model, prompt: &[LlamaToken]) -> Self {
        let mut sampler = sampler(&params.sampling, model.n_vocab());
        sampler.accept_many(prompt.iter().rev().take(params.sampling.repeat_last_n as usize).rev());
        Self { sampler, candidates: LlamaTokenDataArray::new(Vec::new(), false) }
    }

    /// The next token, and it counts as written. `logits`: one per token of the vocabulary.
    pub(crate) fn choose(&mut self, logits: &[f32]) -> Option<Chosen> {
        let candidates = &mut self.candidates;
        candidates.data.clear();
        candidates.data.extend((0..).zip(logits).map(|(id, &logit)| LlamaTokenData::new(LlamaToken(id), logit, 0.0)));
        candidates.selected = None;
        candidates.sorted = false;
        candidates.apply_sampler(&mut self.sampler);
        let token = candidates.selected_token()?;
        self.sampler.accept(token);
        Some(Chosen { token, logprob: None })
    }
}

/// In llama.cpp's own order (common/sampling.cpp): penalties, top-k, top-p, min-p, temperature, draw.
fn sampler(sampling: &Sampling, n_vocab: i32) -> LlamaSampler {
    let mut chain = Vec::new();
    let last_n = i32::try_from(sampling.repeat_last_n).unwrap_or(i32::MAX);
    if sampling.repeat_penalty != 1.0 && last_n > 0 {
        chain.push(LlamaSampler::penalties(n_vocab, last_n, sampling.repeat_penalty, 0.0, 0.0));
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
