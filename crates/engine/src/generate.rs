//! One answer: reuse what the KV cache already holds, process the rest of the prompt piece by piece, then write token by
//! token.

use std::time::Instant;

use llama_cpp_2::token::LlamaToken;
use paddock_engine_api::{
    output::{TokenLogprob, ToolCall},
    protocol::{FinishReason, GenerateParams, Timings},
};

use crate::{
    liveness,
    llama::{Context, DecodeError},
    output::{Ended, Output},
    sampling::{Chooser, Chosen},
};

/// What to do with a prompt that is already in tokens.
pub(crate) struct Job<'a> {
    pub(crate) prompt: &'a [LlamaToken],
    pub(crate) params: &'a GenerateParams,
}

/// An answer that came to its end.
pub(crate) struct Answered {
    pub(crate) finish_reason: FinishReason,
    pub(crate) timings: Timings,
    pub(crate) tool_calls: Vec<ToolCall>,
}

/// What an answer tells on its way.
pub(crate) enum Report {
    Prompt { processed: u32, total: u32, cached: u32 },
    Text { text: String, predicted_n: u32, logprob: Option<TokenLogprob> },
}

/// A context, and the tokens that its KV cache holds.
pub(crate) struct Session {
    context: Context,
    held: Vec<LlamaToken>,
    /// How long a piece of a prompt may be at the speed seen so far, in tokens.
    piece_len: usize,
    /// Tokens computed at once.
    n_ubatch: usize,
}

/// The pieces in which a prompt is processed are as long as takes about this time, so that the progress bar moves on a
/// slow computer, and a fast one still computes in full batches. Every piece reads all weights again: of a 1B model on
/// two cores, pieces of 256 tokens cost 1 % of the speed, of 128 3 %, of 32 17 % (`npm run bench -- engine`).
const PIECE_MS: f64 = 5_000.0;
/// Several micro-batches make one piece only while they take no longer than this together: apart they cost nothing more,
/// and the bar moves sooner.
const SEVERAL_MS: f64 = 1_000.0;
/// The first piece after a load, before anything is known of the speed, is as long as a thread of this many operations
/// per second would take. Measured: 75 to 80 GFLOP/s on AVX2 cores with K-quants and Q8_0.
const THREAD_FLOP_S: f64 = 75e9;
/// Below this, the weights are read too often per token.
const SHORTEST_PIECE: usize = 32;

impl Session {
    /// `n_threads`: those that understand prompts.
    pub(crate) fn new(context: Context, n_threads: u32, n_ubatch: u32) -> Self {
        let n_ubatch = n_ubatch as usize;
        let piece_len = first_piece(context.model().n_params(), n_threads, n_ubatch, context.n_batch() as usize);
        Self { context, held: Vec::new(), piece_len, n_ubatch }
    }

    pub(crate) fn context(&self) -> &Context {
        &self.context
    }

    /// The context with nothing in it, for measurements.
    pub(crate) fn emptied(&mut self) -> &mut Context {
        self.forget_all();
        &mut self.context
    }

    /// Run one token through the model and forget it, so that everything is allocated and paged in.
    pub(crate) fn warm_up(&mut self, token: LlamaToken) -> Result<(), DecodeError> {
        let result = self.context.decode(&[token], 0, true);
        self.context.synchronize();
        self.context.clear();
        result
    }

    /// Answer. The prompt must be shorter than the context and not empty.
    pub(crate) fn answer(&mut self, job: &Job<'_>, mut report: impl FnMut(Report)) -> Result<Answered, DecodeError> {
        let cached = self.reuse(job.prompt);
        let started = Instant::now();
        let understood = self.understand(job.prompt, cached, &mut report);
        let mut timings = Timings {
            cache_n: count(cached),
            prompt_n: count(self.held.len() - cached),
            prompt_ms: ms_since(started),
            ..Timings::default()
        };
        let (finish_reason, tool_calls) = match understood {
            Ok(true) => self.write(job, &mut timings, &mut report)?,
            Ok(false) => (FinishReason::Cancelled, Vec::new()),
            Err(error) => {
                self.forget_all();
                return Err(error);
            }
        };
        Ok(Answered { finish_reason, timings, tool_calls })
    }

    /// Keep the longest common beginning of what is held and the prompt, less one token, whose logits are needed.
    fn reuse(&mut self, prompt: &[LlamaToken]) -> usize {
        let common = self.held.iter().zip(prompt).take_while(|(held, wanted)| held == wanted).count();
        let keep = common.min(prompt.len().saturating_sub(1));
        if keep < self.held.len() {
            if self.context.forget_from(count(keep)) {
                self.held.truncate(keep);
            } else {
                self.forget_all();
            }
        }
        self.held.len()
    }

    fn forget_all(&mut self) {
        self.context.clear();
        self.held.clear();
    }

    /// Process the prompt from `cached` on. False: cancelled.
    fn understand(
        &mut self,
        prompt: &[LlamaToken],
        cached: usize,
        report: &mut impl FnMut(Report),
    ) -> Result<bool, DecodeError> {
        let longest = self.context.n_batch() as usize;
        let total = count(prompt.len());
        report(Report::Prompt { processed: count(cached), total, cached: count(cached) });
        while self.held.len() < prompt.len() {
            if liveness::is_cancelled() {
                return Ok(false);
            }
            let from = self.held.len();
            let piece = &prompt[from..from + share(prompt.len() - from, self.piece_len.min(longest))];
            let last = from + piece.len() == prompt.len();
            let started = Instant::now();
            match self.context.decode(piece, count(from), last) {
                Ok(()) => self.held.extend_from_slice(piece),
                Err(DecodeError::Aborted) => {
                    // Some micro-batches of the piece may be in the cache and some not.
                    if !self.context.forget_from(count(from)) {
                        self.forget_all();
                    }
                    return Ok(false);
                }
                Err(error) => return Err(error),
            }
            self.context.synchronize();
            liveness::progressed();
            report(Report::Prompt { processed: count(self.held.len()), total, cached: count(cached) });
            // A few tokens take about as long as many, and would teach too little.
            if piece.len() * 2 >= self.piece_len.min(longest) {
                self.piece_len = next_piece(piece.len(), ms_since(started), self.n_ubatch, longest);
            }
        }
        Ok(true)
    }

    fn write(
        &mut self,
        job: &Job<'_>,
        timings: &mut Timings,
        report: &mut impl FnMut(Report),
    ) -> Result<(FinishReason, Vec<ToolCall>), DecodeError> {
        let started = Instant::now();
        let mut chooser = Chooser::new(job.params, self.context.model(), job.prompt);
        let mut output = Output::new(job.params);
        let finish_reason = loop {
            if liveness::is_cancelled() {
                break FinishReason::Cancelled;
            }
            if job.params.max_tokens.is_some_and(|max| timings.predicted_n >= max) {
                break FinishReason::Length;
            }
            let Some(Chosen { token, logprob }) = self.context.logits().and_then(|logits| chooser.choose(logits))
            else {
                break FinishReason::Length;
            };
            timings.predicted_n += 1;
            timings.predicted_ms = ms_since(started);
            liveness::progressed();
            if self.context.model().is_end(token) {
                break FinishReason::Stop;
            }
            let shown = output.push(token, self.context.model());
            report(Report::Text { text: shown, predicted_n: timings.predicted_n, logprob });
            if output.stopped() {
                break FinishReason::StopString;
            }
            let position = count(self.held.len());
            if position >= self.context.n_ctx() {
                break FinishReason::Length;
            }
            match self.context.decode(&[token], position, true) {
                Ok(()) => self.held.push(token),
                Err(DecodeError::Full) => break FinishReason::Length,
                Err(DecodeError::Aborted) => {
                    if !self.context.forget_from(position) {
                        self.forget_all();
                    }
                    break FinishReason::Cancelled;
                }
                Err(error) => {
                    self.forget_all();
                    return Err(error);
                }
            }
        };
        timings.predicted_ms = ms_since(started);
        let Ended { rest, tool_calls } = output.finish();
        if !rest.is_empty() {
            report(Report::Text { text: rest, predicted_n: timings.predicted_n, logprob: None });
        }
        Ok((finish_reason, tool_calls))
    }
}

/// How long the first piece may be, for a model of so many weights. A graphics card is faster; the next piece will be.
fn first_piece(n_params: u64, n_threads: u32, n_ubatch: usize, longest: usize) -> usize {
    #[expect(clippy::cast_precision_loss, reason = "an estimate")]
    // Two operations for every weight and token.
    let flop = 2.0 * n_params.max(1) as f64;
    in_piece_time(f64::from(n_threads) * THREAD_FLOP_S / 1e3 / flop, n_ubatch)
        .clamp(SHORTEST_PIECE.min(longest), longest)
}

/// Tokens that are understood in the time of a piece, at so many per millisecond.
fn in_piece_time(tokens_per_ms: f64, n_ubatch: usize) -> usize {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "an estimate; saturates")]
    let within = |ms: f64| (tokens_per_ms * ms) as usize;
    within(PIECE_MS).min(n_ubatch).max(within(SEVERAL_MS))
}

/// The next piece of `left` tokens: as few pieces as may be, all alike, since each reads all weights.
fn share(left: usize, piece_len: usize) -> usize {
    left.div_ceil(left.div_ceil(piece_len.max(1)).max(1))
}

/// How long a piece may be, after one of `len` tokens took `took_ms`.
fn next_piece(len: usize, took_ms: f64, n_ubatch: usize, longest: usize) -> usize {
    #[expect(clippy::cast_precision_loss, reason = "an estimate")]
    let fitting = in_piece_time(len as f64 / took_ms.max(0.01), n_ubatch);
    // At most doubled, since the first pieces of a prompt are cheaper than the last.
    (fitting.min(len * 2) / SHORTEST_PIECE * SHORTEST_PIECE).clamp(SHORTEST_PIECE.min(longest), longest)
}

fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

fn ms_since(start: Instant) -> f64 {
    start.elapsed().as_secs_f64() * 1e3
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_piece_is_long_for_a_small_model_and_short_for_a_large_one() {
        assert_eq!(first_piece(1_236_000_000, 2, 512, 2048), 303);
        assert_eq!(first_piece(70_600_000_000, 8, 512, 2048), 32);
        assert_eq!(first_piece(2_700_000, 1, 512, 2048), 2048);
        assert_eq!(first_piece(0, 0, 16, 16), 16);
    }

    #[test]
    fn a_prompt_is_cut_into_equal_pieces_and_as_few_as_may_be() {
        assert_eq!(share(508, 2048), 508);
        assert_eq!(share(508, 310), 254);
        assert_eq!(share(254, 310), 254);
        assert_eq!(share(1, 32), 1);
        assert_eq!(share(33, 32), 17);
        assert_eq!(share(100, 0), 1);
    }

    #[test]
    fn pieces_grow_on_a_fast_computer_and_stay_short_on_a_slow_one() {
        assert_eq!(next_piece(128, 10.0, 512, 2048), 256);
        assert_eq!(next_piece(1024, 100.0, 512, 2048), 2048);
        assert_eq!(next_piece(128, 8_000.0, 512, 2048), 64);
        assert_eq!(next_piece(32, 60_000.0, 512, 2048), 32);
        assert_eq!(next_piece(128, 0.0, 16, 16), 16);
    }

    #[test]
    fn a_piece_is_one_micro_batch_or_takes_about_a_second() {
        // 400 tokens a second: four micro-batches would take five seconds.
        assert_eq!(next_piece(2048, 5_120.0, 512, 2048), 512);
        // 1,600 tokens a second: three of them take about one.
        assert_eq!(next_piece(2048, 1_280.0, 512, 2048), 1600);
    }
}
