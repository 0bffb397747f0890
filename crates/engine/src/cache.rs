//! What the context keeps of conversations: sequences of tokens that are computed, each for an answer being written or
//! for the next turn of a conversation.
//!
//! A prompt takes over the longest beginning that any of them has in common with it. What this would destroy is shared
//! instead of taken where that costs nothing that is needed more. When room runs out, those that nobody writes in go:
//! first what edits and regenerations left behind, then the ones used longest ago. Those with a name are parked on the
//! disk, and come back from there.

use llama_cpp_2::token::LlamaToken;

use crate::{
    cells::{Cell, Cells},
    llama::{Batch, Context, DecodeError, Sequence},
    parking::{self, ParkedFiles},
};

/// One sequence.
#[derive(Debug, Default)]
struct Kept {
    tokens: Vec<LlamaToken>,
    /// One for each token.
    cells: Vec<Cell>,
    /// Whose it is, if that was said.
    conversation: Option<String>,
    /// When it was used last, on a clock that counts uses; 0: left behind, nobody is likely to come back for it.
    used: u64,
    /// Whether an answer is being written in it.
    taken: bool,
}

/// A context and what it keeps.
pub(crate) struct Cache {
    context: Context,
    kept: Vec<Kept>,
    cells: Cells,
    clock: u64,
    /// Whether nothing can be taken back from a sequence but all of it.
    in_place: bool,
    parked: Option<ParkedFiles>,
}

/// Tokens to compute in one pass, of one sequence.
#[derive(Debug)]
pub(crate) struct Part {
    pub(crate) place: Place,
    pub(crate) tokens: Vec<LlamaToken>,
    /// Of how many of them, at the end, the logits are wanted.
    pub(crate) n_logits: usize,
}

/// The number of a sequence.
pub(crate) type Place = usize;

impl Cache {
    /// `n_sequences`: as the context was made with. `parked`: where named conversations go that there is no room for.
    pub(crate) fn new(context: Context, n_sequences: u32, parked: Option<ParkedFiles>) -> Self {
        let in_place = context.model().remembers_in_place();
        let cells = Cells::new(context.n_ctx());
        let kept = (0..n_sequences).map(|_| Kept::default()).collect();
        Self { context, kept, cells, clock: 0, in_place, parked }
    }

    pub(crate) fn context(&self) -> &Context {
        &self.context
    }

    pub(crate) fn context_mut(&mut self) -> &mut Context {
        &mut self.context
    }

    /// Whether tokens can be taken back from the end of a sequence.
    pub(crate) fn can_cut(&self) -> bool {
        !self.in_place
    }

    /// The tokens that are computed in a sequence.
    pub(crate) fn held(&self, place: Place) -> &[LlamaToken] {
        &self.kept[place].tokens
    }

    /// A sequence for a prompt, with as much of it as could be found; never all of it, since the last token's logits are
    /// needed. `None`: in all of them answers are being written.
    pub(crate) fn acquire(&mut self, prompt: &[LlamaToken], conversation: Option<&str>) -> Option<Place> {
        let place = match self.bring_back(prompt, conversation) {
            Some(place) => place,
            None => {
                let (best, common) = self.best(prompt, conversation)?;
                self.settle_in(best, common, conversation)?
            }
        };
        self.clock += 1;
        // Of a conversation in several states, the one that goes on is the one to keep.
        for other in &mut self.kept {
            if !other.taken && conversation.is_some() && other.conversation.as_deref() == conversation {
                other.conversation = None;
            }
        }
        let kept = &mut self.kept[place];
        kept.taken = true;
        kept.used = self.clock;
        kept.conversation = conversation.map(str::to_owned);
        Some(place)
    }

    /// The sequence with the longest beginning of a prompt, and how much that is.
    fn best(&self, prompt: &[LlamaToken], conversation: Option<&str>) -> Option<(Place, usize)> {
        let best = (0..self.kept.len()).max_by_key(|&place| {
            let kept = &self.kept[place];
            let own = conversation.is_some() && kept.conversation.as_deref() == conversation;
            (self.usable(place, prompt), own, !kept.taken, kept.used)
        })?;
        Some((best, self.usable(best, prompt)))
    }

    /// Read a parked conversation into a sequence, if that saves enough of a prompt.
    fn bring_back(&mut self, prompt: &[LlamaToken], conversation: Option<&str>) -> Option<Place> {
        let (_, kept) = self.best(prompt, conversation)?;
        let best = |parked: &ParkedFiles| parked.best(prompt, self.in_place, kept + parking::FEWEST_TOKENS - 1);
        let (at, common) = self.parked.as_ref().and_then(best)?;
        let n = self.parked.as_ref()?.n_tokens(at);
        // Those that must go for it are parked themselves, so the number may be another one afterwards.
        let target = self.vacant(None).or_else(|| self.oldest(None))?;
        self.evict(target);
        if !self.make_room(n) {
            return None;
        }
        let (at, _) = self.parked.as_ref()?.best(prompt, self.in_place, common - 1)?;
        if self.parked.as_ref()?.n_tokens(at) > self.cells.n_free() {
            return None;
        }
        let tokens = self.parked.as_mut()?.restore(at, &mut self.context, sequence(target))?;
        let kept = &mut self.kept[target];
        self.cells.take(tokens.len(), &mut kept.cells);
        kept.tokens = tokens;
        self.cut(target, common);
        Some(target)
    }

    /// Forget what is kept of a conversation, here and on the disk; with `None` all of it. What is being written in stays,
    /// without a name.
    pub(crate) fn forget(&mut self, conversation: Option<&str>) {
        for place in 0..self.kept.len() {
            let kept = &mut self.kept[place];
            if conversation.is_some() && kept.conversation.as_deref() != conversation {
                continue;
            }
            kept.conversation = None;
            if !kept.taken {
                self.evict(place);
            }
        }
        if let Some(parked) = &mut self.parked {
            parked.forget(conversation);
        }
    }

    /// The context with nothing in it, for measurements; what has a name is parked. Only while nothing is being written.
    pub(crate) fn emptied(&mut self) -> &mut Context {
        (0..self.kept.len()).for_each(|place| self.evict(place));
        self.context.clear();
        &mut self.context
    }

    /// Park every conversation that has a name, since the context is about to go.
    pub(crate) fn park_all(&mut self) {
        (0..self.kept.len()).for_each(|place| self.park(place));
    }

    fn park(&mut self, place: Place) {
        let kept = &self.kept[place];
        if let (Some(parked), Some(conversation)) = (&mut self.parked, &kept.conversation) {
            parked.store(conversation, &kept.tokens, &mut self.context, sequence(place));
        }
    }

    /// How much of a sequence is the beginning of a prompt and can be used as that.
    fn usable(&self, place: Place, prompt: &[LlamaToken]) -> usize {
        let held = &self.kept[place].tokens;
        let common = common(held, prompt).min(prompt.len().saturating_sub(1));
        if self.in_place && common < held.len() { 0 } else { common }
    }

    /// Get the first `common` tokens of `source` into a sequence that can be written in.
    fn settle_in(&mut self, source: Place, common: usize, conversation: Option<&str>) -> Option<Place> {
        let kept = &self.kept[source];
        let others = kept.conversation.is_some() && kept.conversation.as_deref() != conversation;
        let nothing_lost = common == kept.tokens.len();
        let target = if common == 0 {
            self.vacant(None).or_else(|| self.oldest(None))?
        } else if kept.taken {
            self.vacant(Some(source)).or_else(|| self.oldest(Some(source)))?
        } else if nothing_lost {
            source
        } else if others {
            self.vacant(Some(source)).or_else(|| self.oldest(Some(source))).unwrap_or(source)
        } else {
            self.vacant(Some(source)).unwrap_or(source)
        };
        if target == source {
            self.cut(target, common);
            return Some(target);
        }
        self.evict(target);
        if common > 0 {
            self.share(source, target, common);
            let source = &mut self.kept[source];
            if !source.taken && !others {
                source.used = 0;
                source.conversation = None;
            }
        }
        Some(target)
    }

    fn share(&mut self, source: Place, target: Place, n: usize) {
        let (tokens, cells) = {
            let source = &self.kept[source];
            (source.tokens[..n].to_vec(), source.cells[..n].to_vec())
        };
        self.context.share(sequence(source), sequence(target), count(n));
        self.cells.share(&cells);
        let target = &mut self.kept[target];
        target.tokens = tokens;
        target.cells = cells;
    }

    /// An empty sequence, or one that was left behind.
    fn vacant(&self, but: Option<Place>) -> Option<Place> {
        self.idle(but).filter(|&place| self.kept[place].used == 0).min_by_key(|&place| self.kept[place].tokens.len())
    }

    fn oldest(&self, but: Option<Place>) -> Option<Place> {
        self.idle(but).min_by_key(|&place| self.kept[place].used)
    }

    fn idle(&self, but: Option<Place>) -> impl Iterator<Item = Place> + '_ {
        (0..self.kept.len()).filter(move |&place| !self.kept[place].taken && Some(place) != but)
    }

    /// The answer in a sequence is written, or given up for now; what is computed stays as long as there is room.
    pub(crate) fn release(&mut self, place: Place) {
        self.kept[place].taken = false;
        if self.kept[place].tokens.is_empty() {
            self.evict(place);
        }
    }

    /// Forget what a sequence has from its `n`th token on; all of it, if only all can be forgotten.
    pub(crate) fn cut(&mut self, place: Place, n: usize) {
        if n >= self.kept[place].tokens.len() {
            return;
        }
        let cut = self.context.forget_from(sequence(place), count(n));
        let n = if cut { n } else { 0 };
        if !cut {
            // All of it can always be forgotten.
            self.context.forget_from(sequence(place), 0);
        }
        let kept = &mut self.kept[place];
        kept.tokens.truncate(n);
        self.cells.give_back(kept.cells.drain(n..));
    }

    /// Take a sequence from a conversation.
    fn evict(&mut self, place: Place) {
        self.park(place);
        self.cut(place, 0);
        let kept = &mut self.kept[place];
        kept.conversation = None;
        kept.used = 0;
    }

    /// Make room for `n` more tokens, at the cost of conversations in which nothing is being written. False: that is not
    /// enough.
    pub(crate) fn make_room(&mut self, n: usize) -> bool {
        while self.cells.n_free() < n {
            let holding = self.idle(None).filter(|&place| !self.kept[place].tokens.is_empty());
            let Some(oldest) = holding.min_by_key(|&place| self.kept[place].used) else { return false };
            self.evict(oldest);
        }
        true
    }

    /// Tokens that there would be room for if nothing were kept but what is being written in.
    pub(crate) fn room_beside_taken(&self) -> usize {
        let mut is_taken = vec![false; self.cells.n()];
        for &cell in self.kept.iter().filter(|kept| kept.taken).flat_map(|kept| &kept.cells) {
            is_taken[cell as usize] = true;
        }
        is_taken.into_iter().filter(|taken| !taken).count()
    }

    /// How much of a prompt is computed in the sequences that are being written in.
    pub(crate) fn shared_with_taken(&self, prompt: &[LlamaToken]) -> usize {
        let taken = (0..self.kept.len()).filter(|&place| self.kept[place].taken);
        taken.map(|place| self.usable(place, prompt)).max().unwrap_or(0)
    }

    /// Forget `n` tokens after the first `keep` ones and go on as if they had never been there. False: positions cannot
    /// be shifted here; then everything after the first `keep` is forgotten.
    pub(crate) fn shift(&mut self, place: Place, keep: usize, n: usize) -> bool {
        let shared = self.cells.any_shared(&self.kept[place].cells[keep + n..]);
        let can = !self.in_place && !shared && self.context.can_shift();
        if !can || !self.context.forget(sequence(place), count(keep), Some(count(keep + n))) {
            self.cut(place, keep);
            return false;
        }
        self.context.shift_back(sequence(place), count(keep + n), count(n));
        let kept = &mut self.kept[place];
        kept.tokens.drain(keep..keep + n);
        self.cells.give_back(kept.cells.drain(keep..keep + n));
        true
    }

    /// Compute. There must be room. Gives where each part's first token stands in the batch, for [`Context::logits`].
    /// After an error all parts' sequences are as they were before, or empty.
    pub(crate) fn compute(&mut self, parts: &[Part]) -> Result<Vec<usize>, DecodeError> {
        let mut batch = Batch::default();
        let mut firsts = Vec::with_capacity(parts.len());
        for Part { place, tokens, n_logits } in parts {
            let held = self.kept[*place].tokens.len();
            firsts.push(batch.len());
            for (at, &token) in tokens.iter().enumerate() {
                batch.add(sequence(*place), token, count(held + at), at + n_logits >= tokens.len());
            }
        }
        if batch.len() > self.cells.n_free() {
            return Err(DecodeError::Full);
        }
        let result = self.context.decode(&mut batch);
        for Part { place, tokens, .. } in parts {
            let kept = &mut self.kept[*place];
            if result.is_ok() {
                kept.tokens.extend_from_slice(tokens);
                self.cells.take(tokens.len(), &mut kept.cells);
            } else if !self.context.forget_from(sequence(*place), count(kept.tokens.len())) {
                // Some micro-batches may be in the memory and some not.
                self.cut(*place, 0);
                self.context.forget_from(sequence(*place), 0);
            }
        }
        result.map(|()| firsts)
    }
}

/// How many tokens two texts begin alike with.
pub(crate) fn common(one: &[LlamaToken], other: &[LlamaToken]) -> usize {
    one.iter().zip(other).take_while(|(one, other)| one == other).count()
}

fn sequence(place: Place) -> Sequence {
    Sequence::try_from(place).unwrap_or(Sequence::MAX)
}

fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may fail loudly")]
mod tests {
    use super::*;
    use crate::llama::testing;

    /// Compute tokens in a sequence of their own.
    fn kept(cache: &mut Cache, tokens: &[i32], conversation: Option<&str>) -> Place {
        // One more, since the last one of a prompt is never reused.
        let prompt = [testing::tokens(tokens), testing::tokens(&[0])].concat();
        let place = cache.acquire(&prompt, conversation).unwrap();
        let from = cache.held(place).len();
        let tokens = testing::tokens(&tokens[from..]);
        if !tokens.is_empty() {
            assert!(cache.make_room(tokens.len()));
            cache.compute(&[Part { place, tokens, n_logits: 1 }]).unwrap();
        }
        place
    }

    fn ids(cache: &Cache, place: Place) -> Vec<i32> {
        cache.held(place).iter().map(|token| token.0).collect()
    }

    fn counting(from: i32, to: i32) -> Vec<i32> {
        (from..to).collect()
    }

    #[test]
    fn a_shift_keeps_the_beginning_and_the_end_at_positions_without_a_gap() {
        let mut cache = Cache::new(testing::context(256, 4), 4, None);
        let place = kept(&mut cache, &counting(10, 50), None);
        assert!(cache.shift(place, 8, 16));
        assert_eq!(ids(&cache, place), [counting(10, 18), counting(34, 50)].concat());
        assert_eq!(cache.context.last_position(sequence(place)), Some(23));
        assert_eq!(cache.cells.n_free(), 256 - 24);
        // It can be written on after the last of them.
        cache.compute(&[Part { place, tokens: testing::tokens(&[7]), n_logits: 1 }]).unwrap();
        assert_eq!(cache.context.last_position(sequence(place)), Some(24));
    }

    #[test]
    fn what_is_shared_is_not_shifted_under_the_other_one() {
        let mut cache = Cache::new(testing::context(256, 4), 4, None);
        let one = kept(&mut cache, &counting(10, 50), Some("one"));
        let other = kept(&mut cache, &[counting(10, 50), counting(60, 70)].concat(), Some("other"));
        assert_ne!(one, other);
        assert_eq!(cache.cells.n_free(), 256 - 50, "the beginning is there once");
        assert!(!cache.shift(one, 8, 16));
        assert_eq!(ids(&cache, one), counting(10, 18));
        assert_eq!(ids(&cache, other), [counting(10, 50), counting(60, 70)].concat());
        assert_eq!(cache.context.last_position(sequence(other)), Some(49));
    }

    #[test]
    fn an_edit_leaves_the_other_branch_as_long_as_there_is_room() {
        let mut cache = Cache::new(testing::context(256, 4), 4, None);
        let place = kept(&mut cache, &counting(10, 50), Some("one"));
        cache.release(place);
        let edited = kept(&mut cache, &[counting(10, 30), counting(60, 70)].concat(), Some("one"));
        assert_eq!(cache.cells.n_free(), 256 - 50);
        cache.release(edited);
        let back = cache.acquire(&testing::tokens(&[counting(10, 50), vec![0]].concat()), Some("one")).unwrap();
        assert_eq!(ids(&cache, back), counting(10, 50));
    }

    #[test]
    fn room_is_made_of_what_was_left_behind_and_then_of_the_oldest() {
        let mut cache = Cache::new(testing::context(256, 4), 4, None);
        for (tokens, conversation) in [
            (counting(10, 90), "old"),
            (counting(100, 180), "new"),
            // Leaves the end of what "new" had behind.
            ([counting(100, 140), counting(200, 220)].concat(), "new"),
        ] {
            let place = kept(&mut cache, &tokens, Some(conversation));
            cache.release(place);
        }
        let held = |cache: &Cache| -> Vec<usize> {
            let mut held: Vec<usize> = (0..4).map(|place| cache.held(place).len()).filter(|&n| n > 0).collect();
            held.sort_unstable();
            held
        };
        assert_eq!(held(&cache), [60, 80, 80]);
        assert!(cache.make_room(100));
        assert_eq!(held(&cache), [60, 80], "what was left behind goes first");
        assert!(cache.make_room(150));
        assert_eq!(held(&cache), [60], "then what was used longest ago");
        let place = cache.acquire(&testing::tokens(&counting(100, 150)), None).unwrap();
        assert_eq!(cache.held(place).len(), 40);
        assert!(!cache.make_room(250), "what is written in stays");
    }

    #[test]
    fn what_could_not_be_computed_leaves_no_trace() {
        let mut cache = Cache::new(testing::context(256, 4), 4, None);
        let place = kept(&mut cache, &counting(10, 50), None);
        let too_many = Part { place, tokens: testing::tokens(&counting(0, 250)), n_logits: 1 };
        assert_eq!(cache.compute(&[too_many]), Err(DecodeError::Full));
        assert_eq!(ids(&cache, place), counting(10, 50));
        assert_eq!(cache.context.last_position(sequence(place)), Some(39));
    }
}
