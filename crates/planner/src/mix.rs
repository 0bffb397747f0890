//! Which format each tensor gets when a model is quantized.
//!
//! A file called `Q4_K_M` is a mix: some layers keep more bits. The rules are those of llama.cpp (`llama_tensor_get_type`
//! in src/llama-quant.cpp, as vendored in llama-cpp-sys-2 0.1.161) with an importance matrix, as the files on the Hub
//! are made. They give the size of every quantization of a known model before its header was seen; a test holds them
//! against the published sizes of Llama 3.3 70B. The header, once read, goes before them.

use paddock_gguf::{ModelShape, TensorType as T};

/// The matrices of a layer that the rules tell apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "llama.cpp's own tensor names")]
pub enum Matrix {
    AttnQ,
    AttnK,
    AttnV,
    AttnOutput,
    FfnGate,
    FfnUp,
    FfnDown,
}

/// The rules for one quantization of one model.
#[derive(Debug, Clone, Copy)]
pub struct Mix<'a> {
    /// The quantization's name without what `_L` and `_XL` add.
    base: &'a str,
    /// Embeddings and output at 8 bits: the `_L` and `_XL` files of bartowski's repositories.
    q8_ends: bool,
    default_type: T,
    n_layer: usize,
    n_expert: u32,
    /// Heads that share one pair of key and value.
    n_gqa: u32,
    /// llama.cpp calls every model of 80 layers with shared keys "70B" and is generous with its values.
    is_70b: bool,
    tied: bool,
}

impl<'a> Mix<'a> {
    /// `tied`: the model has no output matrix of its own. `None` for a quantization that cannot be made.
    pub fn new(quant: &'a str, shape: &ModelShape, tied: bool) -> Option<Self> {
        let (base, q8_ends) = match quant {
            "Q2_K_L" => ("Q2_K", true),
            "Q3_K_XL" => ("Q3_K_L", true),
            "Q4_K_L" => ("Q4_K_M", true),
            "Q5_K_L" => ("Q5_K_M", true),
            "Q6_K_L" => ("Q6_K", true),
            other => (other, false),
        };
        let (n_head, n_head_kv) = (shape.n_head.first().copied()?, shape.n_head_kv.first().copied()?);
        let n_gqa = n_head.checked_div(n_head_kv)?;
        Some(Self {
            base,
            q8_ends,
            default_type: default_type(base)?,
            n_layer: shape.n_layer as usize,
            n_expert: shape.n_expert,
            n_gqa,
            is_70b: shape.n_layer == 80 && n_gqa > 1,
            tied,
        })
    }

    /// The format of `output.weight`, or of the embeddings where they serve as output too.
    pub fn output(&self) -> T {
        match self.base {
            _ if self.q8_ends => T::Q8_0,
            "F16" => T::F16,
            "IQ2_XXS" | "IQ2_XS" | "IQ3_XXS" | "IQ2_S" | "IQ2_M" | "IQ1_M" => T::Q5_K,
            "Q8_0" => T::Q8_0,
            _ => T::Q6_K,
        }
    }

    /// The format of `token_embd.weight`.
    pub fn token_embd(&self) -> T {
        match self.base {
            _ if self.tied => self.output(),
            _ if self.q8_ends => T::Q8_0,
            "IQ2_XXS" | "IQ2_XS" | "IQ1_M" => T::Q2_K,
            "IQ2_S" | "IQ2_M" | "IQ3_XXS" => T::IQ3_S,
            _ => self.default_type,
        }
    }

    /// The format of a matrix in a layer, from 0.
    pub fn layer(&self, matrix: Matrix, layer: usize) -> T {
        match (matrix, self.base) {
            (_, "F16" | "Q8_0" | "Q6_K") => self.default_type,
            (Matrix::AttnV, _) => self.attn_v(layer),
            (Matrix::FfnDown, _) => self.ffn_down(layer),
            (Matrix::AttnOutput, _) => self.attn_output(),
            (Matrix::AttnK, base) => match base {
                "IQ2_XXS" | "IQ2_XS" | "IQ2_S" | "IQ2_M" | "IQ1_M" if self.n_expert == 8 => T::Q4_K,
                "IQ2_XXS" | "IQ2_XS" | "IQ2_S" | "IQ2_M" | "IQ1_M" => self.default_type,
                _ if self.n_expert == 8 => T::Q8_0,
                "IQ3_XS" => T::IQ3_XXS,
                "IQ3_XXS" => T::IQ2_S,
                _ => self.default_type,
            },
            (Matrix::AttnQ, "IQ3_XS") => T::IQ3_XXS,
            (Matrix::AttnQ, "IQ3_XXS") => T::IQ2_S,
            (Matrix::FfnGate | Matrix::FfnUp, "IQ3_XS")
                if layer >= self.n_layer / 8 && layer < 7 * self.n_layer / 8 =>
            {
                T::IQ3_XXS
            }
            _ => self.default_type,
        }
    }

    /// The layers that matter most get more bits: the first and last eighth, and every third between.
    fn use_more_bits(&self, layer: usize) -> bool {
        let eighth = self.n_layer / 8;
        layer < eighth || layer >= 7 * self.n_layer / 8 || (layer - eighth) % 3 == 2
    }

    fn attn_v(&self, layer: usize) -> T {
        let shared = self.n_gqa >= 4;
        let mut kind = match self.base {
            "IQ2_XXS" | "IQ2_XS" | "IQ1_M" => {
                return if shared || self.n_expert >= 4 { T::Q4_K } else { T::Q2_K };
            }
            "IQ2_S" | "IQ2_M" => return if shared || self.n_expert >= 4 { T::Q4_K } else { T::IQ3_S },
            "Q2_K" => {
                if shared {
                    T::Q4_K
                } else {
                    T::Q3_K
                }
            }
            "IQ3_XXS" => {
                if shared {
                    T::Q4_K
                } else {
                    T::IQ3_XXS
                }
            }
            "IQ3_XS" if shared => T::Q4_K,
            "IQ3_M" => T::Q4_K,
            "Q3_K_M" if layer < 2 => T::Q5_K,
            "Q3_K_M" => T::Q4_K,
            "Q3_K_L" => T::Q5_K,
            "IQ4_NL" | "IQ4_XS" if shared => T::Q5_K,
            "Q4_K_M" | "Q5_K_M" if self.use_more_bits(layer) => T::Q6_K,
            "Q4_K_S" if layer < 4 => T::Q5_K,
            _ => self.default_type,
        };
        if self.is_70b && matches!(kind, T::Q3_K | T::Q4_K) {
            kind = T::Q5_K;
        }
        if self.n_expert == 8 { T::Q8_0 } else { kind }
    }

    fn ffn_down(&self, layer: usize) -> T {
        let first_eighth = layer < self.n_layer / 8;
        match self.base {
            "IQ2_XXS" | "IQ2_XS" | "IQ1_M" if first_eighth => T::Q2_K,
            "IQ2_S" | "IQ2_M" if first_eighth => T::IQ3_S,
            "Q2_K" => T::Q3_K,
            "Q3_K_M" if layer < self.n_layer / 16 => T::Q5_K,
            "Q3_K_M" => T::Q4_K,
            "IQ3_M" if first_eighth || (self.n_expert == 8 && self.use_more_bits(layer)) => T::Q4_K,
            "Q3_K_L" => T::Q5_K,
            "Q4_K_M" | "Q5_K_M" if self.use_more_bits(layer) => T::Q6_K,
            "Q4_K_S" if first_eighth => T::Q5_K,
            "Q4_0" if first_eighth => T::Q4_1,
            _ => self.default_type,
        }
    }

    fn attn_output(&self) -> T {
        if self.n_expert == 8 {
            return match self.base {
                "Q3_K_L" | "Q4_0" | "Q5_K_S" | "Q5_K_M" => self.default_type,
                _ => T::Q5_K,
            };
        }
        match self.base {
            "IQ1_M" => T::IQ2_XXS,
            "IQ2_S" | "IQ2_M" | "IQ3_XXS" => T::IQ3_S,
            "Q2_K" => T::Q3_K,
            "Q3_K_M" | "IQ3_M" => T::Q4_K,
            "Q3_K_L" => T::Q5_K,
            _ => self.default_type,
        }
    }
}

/// `llama_ftype_get_default_type`.
fn default_type(base: &str) -> Option<T> {
    Some(match base {
        "IQ1_M" => T::IQ1_M,
        "IQ2_XXS" => T::IQ2_XXS,
        "IQ2_XS" | "IQ2_S" => T::IQ2_XS,
        "IQ2_M" => T::IQ2_S,
        "IQ3_XXS" => T::IQ3_XXS,
        "IQ3_XS" | "IQ3_M" => T::IQ3_S,
        "IQ4_XS" => T::IQ4_XS,
        "IQ4_NL" => T::IQ4_NL,
        "Q2_K" => T::Q2_K,
        "Q3_K_S" | "Q3_K_M" | "Q3_K_L" => T::Q3_K,
        "Q4_K_S" | "Q4_K_M" => T::Q4_K,
        "Q5_K_S" | "Q5_K_M" => T::Q5_K,
        "Q6_K" => T::Q6_K,
        "Q4_0" => T::Q4_0,
        "Q8_0" => T::Q8_0,
        "F16" => T::F16,
        _ => return None,
    })
}
