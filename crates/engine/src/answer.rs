//! One answer on its way: what it consists of so far, and what it has told.

use std::time::Instant;

use llama_cpp_2::token::LlamaToken;
use paddock_engine_api::{
    output::OnFull,
    protocol::{Event, Failure, FinishReason, GenerateParams, Timings},
};

use crate::{
    cache::{Cache, Place},
    draft_model::DraftModel,
    drafting::{Lookup, Worth},
    liveness,
    llama::Model,
    output::{Ended, Output},
    sampling::{Chooser, Chosen},
    wire::Outbox,
};

/// An answer that was asked for, its prompt in tokens.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) id: u64,
    pub(crate) prompt: Vec<LlamaToken>,
    /// How much of the prompt stays when the context is full.
    pub(crate) n_keep: usize,
    pub(crate) params: Box<GenerateParams>,
}

/// An answer that goes on past the end of the context and has no other limit ends after so many times its length: some
/// models never end by themselves.
const CONTEXTS_WRITTEN: u32 = 4;
/// Forgetting fewer tokens than this at the end of the context would do it again and again.
const FEWEST_FORGOTTEN: usize = 16;

/// An answer being written.
pub(crate) struct Answer {
    pub(crate) id: u64,
    pub(crate) params: Box<GenerateParams>,
    /// The prompt, and what is written. All but the last one are computed, or will be before the next one is chosen.
    pub(crate) tokens: Vec<LlamaToken>,
    pub(crate) n_keep: usize,
    n_prompt: usize,
    /// Tokens to write at most.
    longest: Option<u32>,
    /// The sequence it is written in; `None` while it waits for room.
    pub(crate) place: Option<Place>,
    /// Where the draft model keeps its own computation.
    draft_place: Option<Place>,
    pub(crate) timings: Timings,
    chooser: Chooser,
    output: Output,
    lookup: Lookup,
    worth: Worth,
    started: Instant,
    /// When its prompt was understood.
    understood: Option<Instant>,
}

impl Answer {
    pub(crate) fn new(asked: Asked, model: &Model, n_ctx: u32) -> Result<Self, Failure> {
        let Asked { id, prompt, n_keep, params } = asked;
        let chooser = Chooser::new(&params, model, &prompt)?;
        let output = Output::new(&params);
        let shifts = params.on_full == OnFull::Shift;
        let longest = params.max_tokens.or(shifts.then_some(n_ctx.saturating_mul(CONTEXTS_WRITTEN)));
        Ok(Self {
            id,
            n_keep,
            n_prompt: prompt.len(),
            longest,
            tokens: prompt,
            place: None,
            draft_place: None,
            timings: Timings::default(),
            chooser,
            output,
            lookup: Lookup::default(),
            worth: Worth::new(params.speculation),
            started: Instant::now(),
            understood: None,
            params,
        })
    }

    /// It got its first place, with `cached` tokens of the prompt in it.
    pub(crate) fn begin(&mut self, cached: usize, outbox: &Outbox) {
        self.started = Instant::now();
        self.timings.cache_n = count(cached);
        self.tell_progress(cached, outbox);
    }

    /// Whether its prompt is understood.
    pub(crate) fn is_writing(&self) -> bool {
        self.understood.is_some()
    }

    /// At most `n` tokens that may come next, if guessing pays: those of the draft model, if there is one.
    pub(crate) fn guess(&mut self, n: usize, draft: Option<&mut DraftModel>) -> Vec<LlamaToken> {
        if !self.worth.guesses(self.timings.predicted_n as usize) {
            return Vec::new();
        }
        match draft {
            Some(draft) => draft.guess(&mut self.draft_place, &self.tokens, n),
            None => self.lookup.guess(&self.tokens, n).to_vec(),
        }
    }

    /// Its places are for others.
    pub(crate) fn leave(&mut self, cache: &mut Cache, draft: Option<&mut DraftModel>) {
        if let Some(place) = self.place.take() {
            cache.release(place);
        }
        if let (Some(draft), Some(place)) = (draft, self.draft_place.take()) {
            draft.release(place);
        }
    }

    /// A pass in which it was written on took so long, and gave `gained` tokens of which one was not guessed.
    pub(crate) fn learn(&mut self, ms: f64, gained: u32, n_guessed: usize) {
        self.timings.draft_n += count(n_guessed);
        self.timings.draft_accepted_n += gained.saturating_sub(1);
        self.worth.learn(ms, gained, n_guessed > 0, self.timings.predicted_n as usize);
    }

    /// What it can forget to go on at the end of the context: so many tokens after the first so many. `None`: it ends
    /// there.
    pub(crate) fn forgettable(&self) -> Option<(usize, usize)> {
        let keep = self.n_keep.min(self.n_prompt);
        let n = (self.tokens.len() - keep) / 2;
        (self.params.on_full == OnFull::Shift && n >= FEWEST_FORGOTTEN).then_some((keep, n))
    }

    /// Forget `n` tokens after the first `keep` ones.
    pub(crate) fn forget(&mut self, keep: usize, n: usize) {
        self.tokens.drain(keep..keep + n);
        self.lookup.forget();
    }

    /// So many of its tokens are computed by now.
    pub(crate) fn computed(&mut self, held: usize, outbox: &Outbox) {
        if self.is_writing() {
            return;
        }
        let done = held.min(self.n_prompt);
        self.timings.prompt_n = count(done).saturating_sub(self.timings.cache_n);
        self.timings.prompt_ms = ms_since(self.started);
        self.tell_progress(done, outbox);
        if done == self.n_prompt {
            self.understood = Some(Instant::now());
        }
    }

    fn tell_progress(&self, processed: usize, outbox: &Outbox) {
        let (total, cached) = (count(self.n_prompt), self.timings.cache_n);
        outbox.send(self.id, Event::PromptProgress { processed: count(processed), total, cached });
    }

    /// Choose the next token and tell it. Gives why the answer ends here, if it does.
    pub(crate) fn choose(&mut self, logits: Option<&[f32]>, model: &Model, outbox: &Outbox) -> Option<FinishReason> {
        if self.is_long_enough() {
            return Some(FinishReason::Length);
        }
        let Some(Chosen { token, logprob }) = logits.and_then(|logits| self.chooser.choose(logits)) else {
            return Some(FinishReason::Length);
        };
        self.timings.predicted_n += 1;
        self.timings.predicted_ms = self.understood.map_or(0.0, ms_since);
        liveness::progressed();
        if model.is_end(token) {
            return Some(FinishReason::Stop);
        }
        self.tokens.push(token);
        let text = self.output.push(token, model);
        let logprobs = logprob.into_iter().collect();
        outbox.send(self.id, Event::Token { text, predicted_n: self.timings.predicted_n, logprobs });
        if self.output.stopped() {
            return Some(FinishReason::StopString);
        }
        self.is_long_enough().then_some(FinishReason::Length)
    }

    fn is_long_enough(&self) -> bool {
        self.longest.is_some_and(|max| self.timings.predicted_n >= max)
    }

    /// It ends here.
    pub(crate) fn finish(mut self, finish_reason: FinishReason, outbox: &Outbox) {
        let ended = self.output.finish();
        let finish_reason = ended.reason(finish_reason);
        let Ended { rest, tool_calls } = ended;
        if !rest.is_empty() {
            let predicted_n = self.timings.predicted_n;
            outbox.send(self.id, Event::Token { text: rest, predicted_n, logprobs: Vec::new() });
        }
        close(self.id, Event::Done { finish_reason, timings: self.timings, tool_calls }, outbox);
    }

    /// It cannot be written.
    pub(crate) fn fail(self, failure: Failure, outbox: &Outbox) {
        close(self.id, Event::Failed(failure), outbox);
    }
}

/// Send a request's last event.
pub(crate) fn close(id: u64, event: Event, outbox: &Outbox) {
    // Before the event goes out: who gets it may cancel something else next.
    liveness::end(id);
    outbox.send(id, event);
}

pub(crate) fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

pub(crate) fn ms_since(start: Instant) -> f64 {
    start.elapsed().as_secs_f64() * 1e3
}
