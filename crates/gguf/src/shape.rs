//! The shape of the model itself: layers, heads, vocabulary; what memory and speed are computed from.
//!
//! Names and defaults are those of llama.cpp (`llama_model_base::load_hparams` in llama-model.cpp, as
//! vendored in llama-cpp-sys-2 0.1.161), so that a plan speaks about what the engine is going to do.

use crate::{Array, Error, Header, Metadata};

/// The most layers llama.cpp has room for (`LLAMA_MAX_LAYERS`, llama-hparams.h).
const MAX_LAYERS: u64 = 512;

/// The most experts (`LLAMA_MAX_EXPERTS`, llama-hparams.h).
const MAX_EXPERTS: u64 = 1024;

/// The widest embedding, and the most values that all heads of a layer have together. The widest
/// published dense model has 16,384 (Llama 3.1 405B).
///
/// This and the bounds below are chosen so that layers · tokens · width · (K and V) · 4 bytes is at most
/// 2⁶³: whoever plans memory from a [`ModelShape`] in `u64` cannot overflow.
const MAX_WIDTH: u64 = 1 << 20;

/// The widest feed-forward network. Published ones are below 200,000.
const MAX_FEED_FORWARD: u64 = 1 << 24;

/// The most heads in a layer. Published models have up to 128.
const MAX_HEADS: u64 = 1 << 16;

/// The longest context, in tokens. The longest published one is 10,485,760 (Llama 4 Scout).
const MAX_CONTEXT: u64 = 1 << 30;

/// The most tokens in a vocabulary. Published ones have up to 262,144.
const MAX_VOCABULARY: u64 = 16 << 20;

/// What a model is made of. Every vector has one element per layer.
///
/// Bounds hold for every value of this type: 1 ≤ `n_layer` ≤ 512, `n_embd` ≤ 2²⁰, and in each layer
/// `n_head` · `head_dim` ≤ 2²⁰; where a layer has heads, `head_dim_k` and `head_dim_v` are at least 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelShape {
    /// Layers (`block_count`), among them [`ModelShape::n_layer_nextn`].
    pub n_layer: u32,
    /// How many of the layers, the last ones, only predict further tokens (`nextn_predict_layers`).
    pub n_layer_nextn: u32,
    /// Values of an embedding (`embedding_length`).
    pub n_embd: u32,
    /// Width of the feed-forward network; 0 where a layer has none, or only experts of another width.
    pub n_ff: Vec<u32>,
    /// Attention heads; 0 in layers without attention (Mamba and its like).
    pub n_head: Vec<u32>,
    /// Heads of keys and values. Where the file does not say, as many as `n_head`. 0 in layers that keep
    /// nothing in the KV cache.
    pub n_head_kv: Vec<u32>,
    /// Values of one key (`key_length`), else `n_embd` / `n_head`. 0 if the first layer has no heads.
    pub head_dim_k: u32,
    /// Values of one value vector (`value_length`), else `n_embd` / `n_head`.
    pub head_dim_v: u32,
    /// Values of one key in layers with a sliding window, usually [`ModelShape::head_dim_k`].
    pub head_dim_k_swa: u32,
    /// Values of one value vector in layers with a sliding window.
    pub head_dim_v_swa: u32,
    /// How many values of a head are rotated (`rope.dimension_count`), else `head_dim_k`.
    pub n_rot: u32,
    /// Tokens in the vocabulary: as many as are listed, else `vocab_size`.
    pub n_vocab: u32,
    /// The context length the model was trained for, in tokens.
    pub n_ctx_train: u32,
    /// Experts in a layer; 0 for a dense model.
    pub n_expert: u32,
    /// The most experts any layer uses for one token; 0 for a dense model.
    pub n_expert_used: u32,
    /// How many tokens back the layers with a sliding window see, where the file has one. Which layers
    /// these are depends on the architecture.
    pub sliding_window: Option<u32>,
}

impl ModelShape {
    /// Takes the shape from a file's metadata, for a split model that of its first file. Works for every
    /// architecture, since all of them use the same keys behind their own name.
    ///
    /// # Errors
    /// [`Error::MissingKey`] for what llama.cpp needs too; [`Error::WrongType`], [`Error::OutOfRange`],
    /// [`Error::WrongArrayLength`] and [`Error::Contradiction`] for values that cannot be right.
    pub fn from_metadata(metadata: &Metadata) -> Result<Self, Error> {
        let keys = Keys::new(metadata)?;
        let n_layer = keys.required("block_count", 1, MAX_LAYERS)?;
        let n_layer_nextn = keys.or("nextn_predict_layers", u64::from(n_layer), 0)?;
        let n_embd = keys.required("embedding_length", 1, MAX_WIDTH)?;
        let n_head = keys.per_layer("attention.head_count", n_layer, MAX_HEADS)?.unwrap_or(vec![0; n_layer as usize]);
        let n_head_kv =
            keys.per_layer("attention.head_count_kv", n_layer, MAX_HEADS)?.unwrap_or_else(|| n_head.clone());
        let heads = HeadDims::read(&keys, n_embd, n_head.first().copied().unwrap_or(0))?;
        let (n_expert, n_expert_used) = experts(&keys, n_layer)?;
        let shape = Self {
            n_layer,
            n_layer_nextn,
            n_embd,
            n_ff: keys
                .per_layer("feed_forward_length", n_layer, MAX_FEED_FORWARD)?
                .unwrap_or(vec![0; n_layer as usize]),
            n_head,
            n_head_kv,
            head_dim_k: heads.k,
            head_dim_v: heads.v,
            head_dim_k_swa: heads.k_swa,
            head_dim_v_swa: heads.v_swa,
            n_rot: heads.n_rot,
            n_vocab: vocabulary(&keys)?,
            n_ctx_train: keys.required("context_length", 1, MAX_CONTEXT)?,
            n_expert,
            n_expert_used,
            sliding_window: keys.optional("attention.sliding_window", 0, u32::MAX.into())?.filter(|n| *n > 0),
        };
        shape.check_heads(&keys)?;
        Ok(shape)
    }

    /// Values that one token adds to the cache of keys in a layer; 0 for a layer that does not exist.
    /// Where a layer has a sliding window of another head size, multiply `n_head_kv` with that instead.
    pub fn n_embd_k_gqa(&self, layer: usize) -> u32 {
        // At most 2²⁰: `check_heads`.
        self.n_head_kv.get(layer).map_or(0, |heads| heads * self.head_dim_k)
    }

    /// Values that one token adds to the cache of values in a layer; 0 for a layer that does not exist.
    pub fn n_embd_v_gqa(&self, layer: usize) -> u32 {
        self.n_head_kv.get(layer).map_or(0, |heads| heads * self.head_dim_v)
    }

    /// Heads that no computation can be made with, or whose products would be absurd.
    fn check_heads(&self, keys: &Keys<'_>) -> Result<(), Error> {
        let head_dims = [self.head_dim_k, self.head_dim_v, self.head_dim_k_swa, self.head_dim_v_swa];
        let widest = u64::from(head_dims.into_iter().max().unwrap_or(0));
        for (layer, (n_head, n_head_kv)) in self.n_head.iter().zip(&self.n_head_kv).enumerate() {
            let key = |name: &str| keys.name(name);
            let heads = u64::from(*n_head.max(n_head_kv));
            if heads * widest > MAX_WIDTH {
                return Err(Error::Contradiction {
                    what: format!(
                        "layer {layer} has {heads} heads of {widest} values, and at most {MAX_WIDTH} values together are possible"
                    ),
                });
            }
            // Each head of keys serves the same number of heads; ggml ends the process otherwise.
            if *n_head > 0 && *n_head_kv > 0 && !n_head.is_multiple_of(*n_head_kv) {
                return Err(Error::Contradiction {
                    what: format!(
                        "“{}” is {n_head} in layer {layer}, which is no multiple of “{}”, {n_head_kv}",
                        key("attention.head_count"),
                        key("attention.head_count_kv"),
                    ),
                });
            }
        }
        Ok(())
    }
}

impl Header {
    /// The shape of the model in this file; for a split model, ask its first file or [`crate::Model`].
    ///
    /// # Errors
    /// As [`ModelShape::from_metadata`].
    pub fn model_shape(&self) -> Result<ModelShape, Error> {
        ModelShape::from_metadata(&self.metadata)
    }
}

/// The sizes of a head.
struct HeadDims {
    k: u32,
    v: u32,
    k_swa: u32,
    v_swa: u32,
    n_rot: u32,
}

impl HeadDims {
    /// As llama.cpp, which takes the heads of the first layer, and no sizes at all where it has none.
    fn read(keys: &Keys<'_>, n_embd: u32, n_head: u32) -> Result<Self, Error> {
        let Some(even) = n_embd.checked_div(n_head) else {
            return Ok(Self { k: 0, v: 0, k_swa: 0, v_swa: 0, n_rot: 0 });
        };
        let size = |name, default: u32| match keys.optional(name, 1, MAX_WIDTH)? {
            Some(size) => Ok(size),
            None if default > 0 => Ok(default),
            None => Err(Error::Contradiction { what: format!("an embedding of {n_embd} values has {n_head} heads") }),
        };
        let k = size("attention.key_length", even)?;
        let v = size("attention.value_length", even)?;
        Ok(Self {
            k,
            v,
            k_swa: size("attention.key_length_swa", k)?,
            v_swa: size("attention.value_length_swa", v)?,
            n_rot: keys.or("rope.dimension_count", MAX_WIDTH, k)?,
        })
    }
}

/// How many experts there are, and how many at most are used at once.
fn experts(keys: &Keys<'_>, n_layer: u32) -> Result<(u32, u32), Error> {
    let n_expert = keys.or("expert_count", MAX_EXPERTS, 0)?;
    let used = keys.per_layer("expert_used_count", n_layer, MAX_EXPERTS)?.unwrap_or_default();
    let n_expert_used = used.into_iter().max().unwrap_or(0);
    if n_expert_used > n_expert || (n_expert > 0 && n_expert_used == 0) {
        return Err(Error::Contradiction { what: format!("{n_expert_used} of {n_expert} experts are used") });
    }
    Ok((n_expert, n_expert_used))
}

/// What is listed counts, as in llama.cpp, even where `vocab_size` says something else: several
/// converters write the size before padding.
fn vocabulary(keys: &Keys<'_>) -> Result<u32, Error> {
    const TOKENS: &str = "tokenizer.ggml.tokens";
    match keys.metadata.array(TOKENS)? {
        Some(tokens) => in_range(TOKENS, tokens.len, 1, MAX_VOCABULARY),
        None => match keys.optional("vocab_size", 1, MAX_VOCABULARY)? {
            Some(size) => Ok(size),
            None => Err(Error::MissingKey { key: TOKENS.to_owned() }),
        },
    }
}

/// The keys of one architecture.
struct Keys<'a> {
    metadata: &'a Metadata,
    architecture: &'a str,
}

impl<'a> Keys<'a> {
    fn new(metadata: &'a Metadata) -> Result<Self, Error> {
        const ARCHITECTURE: &str = "general.architecture";
        let architecture = metadata.str(ARCHITECTURE)?.filter(|name| !name.is_empty());
        let architecture = architecture.ok_or_else(|| Error::MissingKey { key: ARCHITECTURE.to_owned() })?;
        Ok(Self { metadata, architecture })
    }

    fn name(&self, name: &str) -> String {
        format!("{}.{name}", self.architecture)
    }

    fn optional(&self, name: &str, least: u64, most: u64) -> Result<Option<u32>, Error> {
        let key = self.name(name);
        self.metadata.u64(&key)?.map(|found| in_range(&key, found, least, most)).transpose()
    }

    fn required(&self, name: &str, least: u64, most: u64) -> Result<u32, Error> {
        self.optional(name, least, most)?.ok_or_else(|| Error::MissingKey { key: self.name(name) })
    }

    /// A number that may be 0, and is `default` where it is missing.
    fn or(&self, name: &str, most: u64, default: u32) -> Result<u32, Error> {
        Ok(self.optional(name, 0, most)?.unwrap_or(default))
    }

    /// One number for all layers, or an array of one for each.
    fn per_layer(&self, name: &str, n_layer: u32, most: u64) -> Result<Option<Vec<u32>>, Error> {
        let key = self.name(name);
        match self.metadata.get(&key).and_then(|value| value.as_array()) {
            Some(array) => self.layers_of(&key, array, n_layer, most).map(Some),
            None => Ok(self.optional(name, 0, most)?.map(|number| vec![number; n_layer as usize])),
        }
    }

    fn layers_of(&self, key: &str, array: &Array, n_layer: u32, most: u64) -> Result<Vec<u32>, Error> {
        if array.len != u64::from(n_layer) {
            return Err(Error::WrongArrayLength { key: key.to_owned(), found: array.len, needed: n_layer.into() });
        }
        // An array as short as this is dropped only if thousands before it used up what may be kept.
        let elements = array.elements.as_deref().ok_or_else(|| Error::ArrayNotKept { key: key.to_owned() })?;
        let number = |element: &crate::Value| {
            let wrong = || crate::WrongType {
                key: key.to_owned(),
                found: array.element_type.name(),
                wanted: "a list of whole numbers",
            };
            in_range(key, element.as_u64().ok_or_else(wrong)?, 0, most)
        };
        elements.iter().map(number).collect()
    }
}

fn in_range(key: &str, found: u64, least: u64, most: u64) -> Result<u32, Error> {
    u32::try_from(found).ok().filter(|_| (least..=most).contains(&found)).ok_or_else(|| Error::OutOfRange {
        key: key.to_owned(),
        found,
        least,
        most,
    })
}
