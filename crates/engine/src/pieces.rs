//! How many tokens of prompts are understood in one pass.

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
/// While others write, a pass with a piece of a prompt takes about this time, or twice that of one without, whichever is
/// longer: they write on in between.
const BESIDE_MS: f64 = 500.0;
/// Below this, beside others, a prompt would never get anywhere.
const SHORTEST_BESIDE: usize = 8;

/// How long pieces may be at the speed seen so far, in tokens.
#[derive(Debug)]
pub(crate) struct Pieces {
    /// While nobody writes.
    alone: usize,
    /// While somebody does.
    beside: usize,
    /// How long the last pass took in which everybody wrote.
    writing_ms: f64,
    /// Tokens computed at once.
    n_ubatch: usize,
    longest: usize,
}

impl Pieces {
    /// Before anything is known of the speed. `n_threads`: those that understand prompts; `longest`: what one call takes.
    pub(crate) fn new(n_params: u64, n_threads: u32, n_ubatch: usize, longest: usize) -> Self {
        let alone = first_piece(n_params, n_threads, n_ubatch, longest);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "an estimate"
        )]
        let beside = (alone as f64 * BESIDE_MS / PIECE_MS) as usize;
        Self { alone, beside: beside.max(SHORTEST_BESIDE).min(longest), writing_ms: 0.0, n_ubatch, longest }
    }

    /// How many of `left` tokens to understand in this pass. `beside`: others write in it.
    pub(crate) fn next(&self, left: usize, beside: bool) -> usize {
        if beside { left.min(self.beside) } else { share(left, self.alone) }
    }

    /// A pass in which everybody wrote took so long.
    pub(crate) fn learn_writing(&mut self, took_ms: f64) {
        self.writing_ms = took_ms;
    }

    /// A pass with so many tokens of prompts took so long. `beside`: others wrote in it.
    pub(crate) fn learn(&mut self, n: usize, took_ms: f64, beside: bool) {
        let planned = if beside { self.beside } else { self.alone };
        // A few tokens take about as long as many, and would teach too little.
        if n * 2 < planned {
            return;
        }
        if beside {
            self.beside = next_beside(n, took_ms, BESIDE_MS.max(2.0 * self.writing_ms), self.longest);
        } else {
            self.alone = next_piece(n, took_ms, self.n_ubatch, self.longest);
        }
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

/// As [`next_piece`], in a pass with others who write.
fn next_beside(len: usize, took_ms: f64, target_ms: f64, longest: usize) -> usize {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "an estimate"
    )]
    let fitting = (len as f64 * target_ms / took_ms.max(0.01)) as usize;
    (fitting.min(len * 2) / SHORTEST_BESIDE * SHORTEST_BESIDE).clamp(SHORTEST_BESIDE.min(longest), longest)
}

/// How long a piece may be, after one of `len` tokens took `took_ms`.
fn next_piece(len: usize, took_ms: f64, n_ubatch: usize, longest: usize) -> usize {
    #[expect(clippy::cast_precision_loss, reason = "an estimate")]
    let fitting = in_piece_time(len as f64 / took_ms.max(0.01), n_ubatch);
    // At most doubled, since the first pieces of a prompt are cheaper than the last.
    (fitting.min(len * 2) / SHORTEST_PIECE * SHORTEST_PIECE).clamp(SHORTEST_PIECE.min(longest), longest)
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
    fn beside_others_a_piece_takes_half_a_second() {
        assert_eq!(next_beside(64, 1_000.0, 500.0, 2048), 32);
        assert_eq!(next_beside(64, 10.0, 500.0, 2048), 128);
        assert_eq!(next_beside(8, 9_000.0, 500.0, 2048), 8);
        assert_eq!(next_beside(4, 1.0, 500.0, 4), 4);
        assert_eq!(Pieces::new(1_236_000_000, 2, 512, 2048).next(1_000, true), 30);
        assert_eq!(Pieces::new(1_236_000_000, 2, 512, 2048).next(5, true), 5);
    }

    #[test]
    fn a_piece_is_one_micro_batch_or_takes_about_a_second() {
        // 400 tokens a second: four micro-batches would take five seconds.
        assert_eq!(next_piece(2048, 5_120.0, 512, 2048), 512);
        // 1,600 tokens a second: three of them take about one.
        assert_eq!(next_piece(2048, 1_280.0, 512, 2048), 1600);
    }
}
