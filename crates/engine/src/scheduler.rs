//! Several answers at once. Each pass computes one batch: the next token of every answer that is being written, and
//! pieces of the prompts that are being understood.

use std::{collections::VecDeque, time::Instant};

use llama_cpp_2::token::LlamaToken;
use paddock_engine_api::protocol::{Event, Failure, FailureCode, FinishReason};

use crate::{
    answer::{self, Answer, Asked, count, ms_since},
    cache::{Cache, Part, Place},
    draft_model::DraftModel,
    failure::failure,
    liveness,
    llama::{self, Context, DecodeError},
    pieces::Pieces,
    wire::Outbox,
};

/// The answers being written, and what they are written in.
pub(crate) struct Scheduler {
    cache: Cache,
    pieces: Pieces,
    draft: Option<DraftModel>,
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
    pub(crate) fn new(cache: Cache, pieces: Pieces, draft: Option<DraftModel>, n_parallel: u32) -> Self {
        let n_parallel = n_parallel.max(1) as usize;
        Self { cache, pieces, draft, n_parallel, running: Vec::new(), suspended: VecDeque::new(), turn: 0 }
    }

    pub(crate) fn cache(&self) -> &Cache {
        &self.cache
    }

    /// The context with nothing in it, for measurements. Only while nothing is being written.
    pub(crate) fn emptied(&mut self) -> &mut Context {
        self.cache.emptied()
    }

    /// Park every conversation that has a name.
    pub(crate) fn park_all(&mut self) {
        self.cache.park_all();
    }

    /// Forget what is kept of a conversation; with `None` of all.
    pub(crate) fn forget(&mut self, conversation: Option<&str>) {
        for answer in self.running.iter_mut().chain(&mut self.suspended) {
            if conversation.is_none() || answer.params.conversation.as_deref() == conversation {
                answer.params.conversation = None;
            }
        }
        self.cache.forget(conversation);
    }

    pub(crate) fn is_idle(&self) -> bool {
        self.running.is_empty() && self.suspended.is_empty()
    }

    /// Whether an answer to this prompt can begin now.
    pub(crate) fn has_place_for(&self, asked: &Asked) -> bool {
        self.suspended.is_empty() && self.fits(&asked.prompt)
    }

    fn fits(&self, tokens: &[LlamaToken]) -> bool {
        if self.running.is_empty() || self.running.len() >= self.n_parallel {
            return self.running.is_empty();
        }
        let outstanding: usize = self.running.iter().map(|answer| self.outstanding(answer)).sum();
        let needed = tokens.len() - self.cache.shared_with_taken(tokens) + outstanding + ROOM_TO_WRITE;
        needed <= self.cache.room_beside_taken()
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
        let began = Instant::now();
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
            Ok(firsts) => self.settle(&parts, &firsts, began, outbox),
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
        let mut answer = self.running.remove(at);
        answer.leave(&mut self.cache, self.draft.as_mut());
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
        let mut guess = self.cache.can_cut();
        loop {
            let plan = self.parts(guess);
            let n: usize = plan.parts.iter().map(|part| part.tokens.len()).sum();
            if n == 0 {
                return None;
            }
            if self.cache.make_room(n) {
                return Some(plan);
            }
            if std::mem::take(&mut guess) {
                continue;
            }
            if self.running.len() > 1 {
                self.suspend_youngest();
            } else {
                self.end(0, FinishReason::Length, outbox);
            }
        }
    }

    fn parts(&mut self, guess: bool) -> Plan {
        let context = self.cache.context();
        let (longest, n_ctx) = (context.n_batch() as usize, context.n_ctx() as usize);
        // Every answer may need one row of logits.
        let mut n_guesses = context.n_outputs().min(longest).saturating_sub(self.running.len());
        let mut parts = Vec::with_capacity(self.running.len());
        let mut understanding = Vec::new();
        for (at, answer) in self.running.iter_mut().enumerate() {
            let Some(place) = answer.place else { continue };
            let held = self.cache.held(place).len();
            let left = answer.tokens.len() - held;
            if left == 1 && answer.is_writing() {
                let mut tokens = answer.tokens[held..].to_vec();
                if guess {
                    let n = n_guesses.min(n_ctx.saturating_sub(answer.tokens.len()));
                    let guessed = answer.guess(n, self.draft.as_mut());
                    n_guesses -= guessed.len();
                    tokens.extend(guessed);
                }
                parts.push(Part { place, n_logits: tokens.len(), tokens });
            } else if left > 0 {
                understanding.push((at, place, left));
            }
        }
        let n_writing = parts.len();
        let n_computed: usize = parts.iter().map(|part| part.tokens.len()).sum();
        let left_in_all: usize = understanding.iter().map(|(_, _, left)| left).sum();
        let mut budget = self.pieces.next(left_in_all, n_writing > 0).min(longest.saturating_sub(n_computed));
        let n_prompt = budget;
        if !understanding.is_empty() {
            let first = self.turn % understanding.len();
            understanding.rotate_left(first);
        }
        for (nth, &(at, place, left)) in understanding.iter().enumerate() {
            // Everybody gets as much of the piece, and what one does not need is for those after it.
            let n = left.min(budget.div_ceil(understanding.len() - nth));
            if n > 0 {
                parts.push(self.part(&self.running[at], place, n));
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
            answer.leave(&mut self.cache, self.draft.as_mut());
            self.suspended.push_front(answer);
        }
    }

    /// Take what a pass computed.
    fn settle(&mut self, parts: &[Part], firsts: &[usize], began: Instant, outbox: &Outbox) {
        for (part, &first) in parts.iter().zip(firsts) {
            let Some(at) = self.running.iter().position(|answer| answer.place == Some(part.place)) else { continue };
            let held = self.cache.held(part.place).len();
            let answer = &mut self.running[at];
            let was_writing = answer.is_writing();
            answer.computed(held, outbox);
            if part.n_logits == 0 {
                continue;
            }
            let context = self.cache.context_mut();
            let n_ctx = context.n_ctx() as usize;
            let (gained, mut ended) = choose(answer, part, first, context, outbox);
            let n_guessed = part.n_logits - 1;
            if was_writing {
                answer.learn(ms_since(began), gained, n_guessed);
            }
            let right = (gained as usize).saturating_sub(1);
            let is_full = answer.tokens.len() > n_ctx;
            self.cache.cut(part.place, held - (n_guessed - right));
            if ended.is_none() && is_full {
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
            let mut answer = self.running.remove(at);
            answer.leave(&mut self.cache, self.draft.as_mut());
            answer.fail(decode_failure(error, log), outbox);
        }
    }
}

/// Choose an answer's next tokens, as many as were guessed right and one more. Gives how many, and why it ends with the
/// last of them, if it does.
fn choose(
    answer: &mut Answer,
    part: &Part,
    first: usize,
    context: &mut Context,
    outbox: &Outbox,
) -> (u32, Option<FinishReason>) {
    let model = context.shared_model();
    let from = part.tokens.len() - part.n_logits;
    let mut gained = 0;
    loop {
        let at = from + gained;
        let ended = answer.choose(context.logits(first + at), &model, outbox);
        gained += 1;
        let right = ended.is_none() && part.tokens.get(at + 1) == answer.tokens.last();
        if !right {
            return (count(gained), ended);
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
