//! Several answers at once. Each pass computes one batch: the next token of every answer that is being written, and
//! pieces of the prompts that are being understood.

use std::{collections::VecDeque, time::Instant};

use llama_cpp_2::token::LlamaToken;
use paddock_engine_api::protocol::{Event, Failure, FailureCode, FinishReason};

use crate::{
    answer::{self, Answer, Asked, ms_since},
    cache::{Cache, Part, Place},
    failure::failure,
    liveness,
    llama::{self, DecodeError},
    pieces::Pieces,
    wire::Outbox,
};

/// The answers being written, and what they are written in.
pub(crate) struct Scheduler {
    cache: Cache,
    pieces: Pieces,
    n_parallel: usize,
    /// In the order they began.
    running: Vec<Answer>,
    /// Those that gave way to older ones, in the order they began.
    suspended: VecDeque<Answer>,
    /// Whose prompt is served first in the next pass.
    turn: usize,
}

/// What a pass computes.
struct Plan {
    parts: Vec<Part>,
    /// How many tokens of it belong to prompts.
    n_prompt: usize,
    /// How many answers are written on in it.
    n_writing: usize,
}

/// Room that an answer should find before it begins beside others, so that it need not give way again soon.
const ROOM_TO_WRITE: usize = 64;

impl Scheduler {
    pub(crate) fn new(cache: Cache, pieces: Pieces, n_parallel: u32) -> Self {
        let n_parallel = n_parallel.max(1) as usize;
        Self { cache, pieces, n_parallel, running: Vec::new(), suspended: VecDeque::new(), turn: 0 }
    }

    pub(crate) fn cache(&self) -> &Cache {
        &self.cache
    }

    pub(crate) fn is_idle(&self) -> bool {
        self.running.is_empty() && self.suspended.is_empty()
    }

    /// Whether an answer to this prompt can begin now.
    pub(crate) fn has_place_for(&self, asked: &Asked) -> bool {
        self.suspended.is_empty() && self.fits(&asked.prompt)
    }

    fn fits(&self, tokens: &[LlamaToken]) -> bool {
        if self.running.is_empty() {
            return true;
        }
        let outstanding: usize = self.running.iter().map(|answer| self.outstanding(answer)).sum();
        let needed = tokens.len() - self.cache.shared_with_taken(tokens) + outstanding + ROOM_TO_WRITE;
        self.running.len() < self.n_parallel && needed <= self.cache.room_beside_taken()
    }

    /// Begin an answer.
    pub(crate) fn begin(&mut self, asked: Asked, outbox: &Outbox) {
        let id = asked.id;
        let context = self.cache.context();
        match Answer::new(asked, context.model(), context.n_ctx()) {
            Ok(mut answer) => {
                self.place(&mut answer);
                let cached = answer.place.map_or(0, |place| self.cache.held(place).len());
                answer.begin(cached, outbox);
                self.running.push(answer);
            }
            Err(failure) => answer::close(id, Event::Failed(failure), outbox),
        }
    }

    fn place(&mut self, answer: &mut Answer) {
        answer.place = self.cache.acquire(&answer.tokens, answer.params.conversation.as_deref());
    }

    /// Tokens of an answer that are not computed yet.
    fn outstanding(&self, answer: &Answer) -> usize {
        answer.tokens.len() - answer.place.map_or(0, |place| self.cache.held(place).len())
    }

    /// Compute one batch, and go on with every answer that was in it.
    pub(crate) fn pass(&mut self, outbox: &Outbox) {
        self.stop_cancelled(outbox);
        self.resume();
        let Some(Plan { parts, n_prompt, n_writing }) = self.plan(outbox) else { return };
        liveness::compute(self.running.iter().filter(|answer| is_in(&parts, answer)).map(|answer| answer.id));
        let log = llama::log_mark();
        let started = Instant::now();
        let computed = self.cache.compute(&parts);
        if computed.is_ok() && n_prompt > 0 {
            self.cache.context_mut().synchronize();
            self.pieces.learn(n_prompt, ms_since(started), n_writing > 0);
        }
        liveness::progressed();
        match computed {
            Ok(firsts) => self.settle(&parts, &firsts, outbox),
            // All that were in it are cancelled, and are stopped before the next pass.
            Err(DecodeError::Aborted) => {}
            Err(error) => self.fail(&parts, error, log, outbox),
        }
        if n_prompt == 0 {
            self.pieces.learn_writing(ms_since(started));
        }
        liveness::compute([]);
    }

    fn stop_cancelled(&mut self, outbox: &Outbox) {
        let suspended = std::mem::take(&mut self.suspended);
        let (stopped, left) = suspended.into_iter().partition(|answer| liveness::is_request_cancelled(answer.id));
        self.suspended = left;
        stopped.into_iter().for_each(|answer: Answer| answer.finish(FinishReason::Cancelled, outbox));
        let cancelled = |answer: &Answer| liveness::is_request_cancelled(answer.id);
        while let Some(at) = self.running.iter().position(cancelled) {
            self.end(at, FinishReason::Cancelled, outbox);
        }
    }

    fn end(&mut self, at: usize, reason: FinishReason, outbox: &Outbox) {
        let answer = self.running.remove(at);
        if let Some(place) = answer.place {
            self.cache.release(place);
        }
        answer.finish(reason, outbox);
    }

    /// Let those go on that gave way, as far as there is room.
    fn resume(&mut self) {
        while let Some(answer) = self.suspended.front() {
            if !self.fits(&answer.tokens) {
                return;
            }
            if let Some(mut answer) = self.suspended.pop_front() {
                self.place(&mut answer);
                let at = self.running.partition_point(|other| other.id < answer.id);
                self.running.insert(at, answer);
            }
        }
    }

    /// What the next pass computes. `None`: nothing.
    fn plan(&mut self, outbox: &Outbox) -> Option<Plan> {
        loop {
            let plan = self.parts();
            let n: usize = plan.parts.iter().map(|part| part.tokens.len()).sum();
            if n == 0 {
                return None;
            }
            if self.cache.make_room(n) {
                return Some(plan);
            }
            if self.running.len() > 1 {
                self.suspend_youngest();
            } else {
                self.end(0, FinishReason::Length, outbox);
            }
        }
    }

    fn parts(&mut self) -> Plan {
        let longest = self.cache.context().n_batch() as usize;
        let mut parts = Vec::with_capacity(self.running.len());
        let mut understanding = Vec::new();
        for answer in &self.running {
            let Some(place) = answer.place else { continue };
            match self.outstanding(answer) {
                0 => {}
                1 if answer.is_writing() => parts.push(self.part(answer, place, 1)),
                left => understanding.push((answer, place, left)),
            }
        }
        let n_writing = parts.len();
        let left_in_all: usize = understanding.iter().map(|(_, _, left)| left).sum();
        let mut budget = self.pieces.next(left_in_all, n_writing > 0).min(longest.saturating_sub(parts.len()));
        let n_prompt = budget;
        if !understanding.is_empty() {
            let first = self.turn % understanding.len();
            understanding.rotate_left(first);
        }
        for (at, &(answer, place, left)) in understanding.iter().enumerate() {
            // Everybody gets as much of the piece, and what one does not need is for those after it.
            let n = left.min(budget.div_ceil(understanding.len() - at));
            if n > 0 {
                parts.push(self.part(answer, place, n));
            }
            budget -= n;
        }
        self.turn = self.turn.wrapping_add(1);
        Plan { parts, n_prompt: n_prompt - budget, n_writing }
    }

    /// The next `n` tokens of an answer.
    fn part(&self, answer: &Answer, place: Place, n: usize) -> Part {
        let from = self.cache.held(place).len();
        let tokens = answer.tokens[from..from + n].to_vec();
        Part { place, n_logits: usize::from(from + n == answer.tokens.len()), tokens }
    }

    fn suspend_youngest(&mut self) {
        if let Some(mut answer) = self.running.pop() {
            if let Some(place) = answer.place.take() {
                self.cache.release(place);
            }
            self.suspended.push_front(answer);
        }
    }

    /// Take what a pass computed.
    fn settle(&mut self, parts: &[Part], firsts: &[usize], outbox: &Outbox) {
        for (part, &first) in parts.iter().zip(firsts) {
            let Some(at) = self.running.iter().position(|answer| answer.place == Some(part.place)) else { continue };
            let answer = &mut self.running[at];
            answer.computed(self.cache.held(part.place).len(), outbox);
            if part.n_logits == 0 {
                continue;
            }
            let context = self.cache.context_mut();
            let n_ctx = context.n_ctx() as usize;
            let model = context.shared_model();
            let logits = context.logits(first + part.tokens.len() - 1);
            let mut ended = answer.choose(logits, &model, outbox);
            if ended.is_none() && answer.tokens.len() > n_ctx {
                ended = self.go_on_at_the_end(at);
            }
            if let Some(reason) = ended {
                self.end(at, reason, outbox);
            }
        }
    }

    /// An answer has reached the end of the context.
    fn go_on_at_the_end(&mut self, at: usize) -> Option<FinishReason> {
        let answer = &mut self.running[at];
        let (Some(place), Some((keep, n))) = (answer.place, answer.forgettable()) else {
            return Some(FinishReason::Length);
        };
        answer.forget(keep, n);
        // Where positions cannot be shifted, the rest is processed again in the next passes.
        self.cache.shift(place, keep, n);
        None
    }

    /// A pass could not be computed.
    fn fail(&mut self, parts: &[Part], error: DecodeError, log: usize, outbox: &Outbox) {
        if error == DecodeError::Full && self.running.len() > 1 {
            return self.suspend_youngest();
        }
        for part in parts {
            let Some(at) = self.running.iter().position(|answer| answer.place == Some(part.place)) else { continue };
            if error == DecodeError::Full && self.running[at].is_writing() {
                self.end(at, FinishReason::Length, outbox);
                continue;
            }
            // What is left in the memory after an error is not to be trusted.
            self.cache.cut(part.place, 0);
            self.cache.release(part.place);
            self.running.remove(at).fail(decode_failure(error, log), outbox);
        }
    }
}

fn is_in(parts: &[Part], answer: &Answer) -> bool {
    parts.iter().any(|part| Some(part.place) == answer.place)
}

pub(crate) fn decode_failure(error: DecodeError, log: usize) -> Failure {
    match error {
        DecodeError::Aborted => failure(FailureCode::Cancelled, "Stopped."),
        DecodeError::Full | DecodeError::Other(_) => Failure {
            code: FailureCode::DecodeFailed,
            message: format!("llama.cpp could not compute this answer ({error})."),
            details: Some(llama::log_errors_since(log).join("\n")).filter(|details| !details.is_empty()),
            cause: None,
        },
    }
}
