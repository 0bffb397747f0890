//! What to make smaller, and in which order, when a load finds no memory. Pure: whether the next step is enough is the
//! business of whoever asks.

use paddock_engine_api::protocol::{CacheType, FlashAttention, LoadParams};

use crate::view::{LoadChange, ShortOf};

/// No load is tried more often than this.
pub(super) const MOST_STEPS: usize = 12;
/// A quarter of llama.cpp's 512: scratch space shrinks with it, understanding gets slower, writing does not.
const SMALL_MICRO_BATCH: u32 = 128;
/// A shorter context than this leaves no room for a question and its answer.
const LEAST_N_CTX: u32 = 1024;
/// On the way to none, so many times layers are taken off the card.
const LAYER_STEPS: u32 = 4;

/// The rungs that are left for one model.
pub(super) struct Ladder {
    /// Layers that can be on a card, the output counted as one; 0: there is no card.
    layers_all: u32,
    /// The context in tokens that no choice means.
    usual_n_ctx: u32,
    kv_refused: bool,
    left: usize,
}

impl Ladder {
    pub(super) fn new(layers_all: u32, usual_n_ctx: u32) -> Self {
        Self { layers_all, usual_n_ctx, kv_refused: false, left: MOST_STEPS }
    }

    /// The next smaller way to load; `None`: there is none.
    pub(super) fn next(&mut self, params: &LoadParams, short_of: ShortOf) -> Option<(LoadParams, LoadChange)> {
        self.left = self.left.checked_sub(1)?;
        let mut smaller = params.clone();
        let on_card = params.n_gpu_layers.unwrap_or(self.layers_all).min(self.layers_all);
        let n_ctx = params.n_ctx.unwrap_or(self.usual_n_ctx);
        let change = if short_of == ShortOf::Gpu && on_card > 0 {
            let to = on_card.saturating_sub(self.layers_all.div_ceil(LAYER_STEPS));
            smaller.n_gpu_layers = Some(to);
            LoadChange::FewerLayers { from: on_card, to }
        } else if params.repack && short_of == ShortOf::Ram && on_card < self.layers_all.max(1) {
            (smaller.repack, smaller.use_mmap, smaller.use_mlock) = (false, true, false);
            LoadChange::NotRearranged
        } else if params.n_ubatch > SMALL_MICRO_BATCH {
            smaller.n_ubatch = SMALL_MICRO_BATCH;
            LoadChange::SmallerMicroBatch { from: params.n_ubatch, to: SMALL_MICRO_BATCH }
        } else if params.cache_type_v == CacheType::F16 && !self.kv_refused {
            (smaller.cache_type_k, smaller.cache_type_v) = (CacheType::Q8_0, CacheType::Q8_0);
            // A quantized V cache works with flash attention only.
            smaller.flash_attention = FlashAttention::On;
            LoadChange::SmallerKvCache
        } else if n_ctx > LEAST_N_CTX {
            let to = (n_ctx / 2).max(LEAST_N_CTX);
            smaller.n_ctx = Some(to);
            LoadChange::ShorterContext { from: n_ctx, to }
        } else {
            return None;
        };
        Some((smaller, change))
    }

    /// This model's KV cache cannot be made smaller.
    pub(super) fn refuse_small_kv(&mut self) {
        self.kv_refused = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(ladder: &mut Ladder, mut params: LoadParams, short_of: ShortOf) -> (Vec<LoadChange>, LoadParams) {
        let mut changes = Vec::new();
        while let Some((smaller, change)) = ladder.next(&params, short_of) {
            changes.push(change);
            params = smaller;
        }
        (changes, params)
    }

    #[test]
    fn a_full_card_gives_up_layers_first_then_what_is_beside_them() {
        let (changes, last) = all(&mut Ladder::new(33, 4096), LoadParams::default(), ShortOf::Gpu);
        assert_eq!(
            changes,
            [
                LoadChange::FewerLayers { from: 33, to: 24 },
                LoadChange::FewerLayers { from: 24, to: 15 },
                LoadChange::FewerLayers { from: 15, to: 6 },
                LoadChange::FewerLayers { from: 6, to: 0 },
                LoadChange::SmallerMicroBatch { from: 512, to: 128 },
                LoadChange::SmallerKvCache,
                LoadChange::ShorterContext { from: 4096, to: 2048 },
                LoadChange::ShorterContext { from: 2048, to: 1024 },
            ]
        );
        assert_eq!((last.n_gpu_layers, last.flash_attention, last.n_ctx), (Some(0), FlashAttention::On, Some(1024)));
    }

    #[test]
    fn full_main_memory_takes_nothing_off_the_card() {
        let params = LoadParams { n_gpu_layers: Some(10), n_ctx: Some(3000), ..LoadParams::default() };
        let (changes, last) = all(&mut Ladder::new(33, 4096), params, ShortOf::Ram);
        assert_eq!(
            changes,
            [
                LoadChange::NotRearranged,
                LoadChange::SmallerMicroBatch { from: 512, to: 128 },
                LoadChange::SmallerKvCache,
                LoadChange::ShorterContext { from: 3000, to: 1500 },
                LoadChange::ShorterContext { from: 1500, to: 1024 },
            ]
        );
        assert_eq!((last.n_gpu_layers, last.repack), (Some(10), false));
    }

    #[test]
    fn the_longest_context_ends_too() {
        let params = LoadParams { n_ctx: Some(16 << 20), ..LoadParams::default() };
        let (changes, _) = all(&mut Ladder::new(33, 4096), params, ShortOf::Gpu);
        assert_eq!(changes.len(), MOST_STEPS);
    }

    #[test]
    fn a_kv_cache_that_cannot_be_smaller_is_left_as_it_is() {
        let mut ladder = Ladder::new(0, 2048);
        ladder.refuse_small_kv();
        let (changes, last) = all(&mut ladder, LoadParams::default(), ShortOf::Ram);
        assert!(!changes.contains(&LoadChange::SmallerKvCache), "{changes:?}");
        assert_eq!(last.cache_type_v, CacheType::F16);
    }
}
