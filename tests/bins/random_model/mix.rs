//! Which type llama.cpp would give a tensor.

use std::{collections::BTreeMap, error::Error};

use clap::ValueEnum;
use paddock_gguf::TensorType;

use super::Dimensions;

/// What a tensor is to the choice of its type.
#[derive(Clone, Copy)]
pub(super) enum Role {
    /// Norms and the like: F32, all one.
    Ones,
    Embedding,
    Output,
    /// What chooses the experts: F32.
    Router,
    AttentionK,
    AttentionV(u64),
    AttentionOutput,
    FfnDown(u64),
    Other,
}

macro_rules! mixes {
    ($($variant:ident = $name:literal, $file_type:literal, $tensor_type:ident;)+) => {
        /// The mixes of types, named as in file names.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
        #[expect(non_camel_case_types, reason = "the names users and llama.cpp use")]
        pub(crate) enum Mix {
            $(#[value(name = $name)] $variant,)+
        }

        impl Mix {
            /// `enum llama_ftype` in llama.h, and `llama_ftype_get_default_type` in llama-quant.cpp.
            pub(super) fn file_and_tensor_type(self) -> (u32, TensorType) {
                match self {
                    $(Self::$variant => ($file_type, TensorType::$tensor_type),)+
                }
            }

            fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => stringify!($variant),)+
                }
            }
        }
    };
}

mixes! {
    // Those that can be made of any shape.
    F32 = "f32", 0, F32;
    F16 = "f16", 1, F16;
    BF16 = "bf16", 32, BF16;
    Q4_0 = "q4_0", 2, Q4_0;
    Q5_0 = "q5_0", 8, Q5_0;
    Q8_0 = "q8_0", 7, Q8_0;
    Q2_K = "q2_k", 10, Q2_K;
    Q3_K_M = "q3_k_m", 12, Q3_K;
    Q4_K_S = "q4_k_s", 14, Q4_K;
    Q4_K_M = "q4_k_m", 15, Q4_K;
    Q5_K_M = "q5_k_m", 17, Q5_K;
    Q6_K = "q6_k", 18, Q6_K;
    // Those whose types are only listed, for Llama 3.3 70B. L and XL are the mixes before them with another embedding
    // and output layer (`--token-embedding-type` of llama-quantize).
    IQ1_M = "iq1_m", 31, IQ1_M;
    IQ2_XXS = "iq2_xxs", 19, IQ2_XXS;
    IQ2_XS = "iq2_xs", 20, IQ2_XS;
    IQ2_S = "iq2_s", 28, IQ2_S;
    IQ2_M = "iq2_m", 29, IQ2_S;
    Q2_K_L = "q2_k_l", 10, Q2_K;
    IQ3_XXS = "iq3_xxs", 23, IQ3_XXS;
    IQ3_XS = "iq3_xs", 22, IQ3_S;
    Q3_K_S = "q3_k_s", 11, Q3_K;
    IQ3_M = "iq3_m", 27, IQ3_S;
    Q3_K_L = "q3_k_l", 13, Q3_K;
    Q3_K_XL = "q3_k_xl", 13, Q3_K;
    IQ4_XS = "iq4_xs", 30, IQ4_XS;
    IQ4_NL = "iq4_nl", 25, IQ4_NL;
    Q4_K_L = "q4_k_l", 15, Q4_K;
    Q5_K_S = "q5_k_s", 16, Q5_K;
    Q5_K_L = "q5_k_l", 17, Q5_K;
    Q6_K_L = "q6_k_l", 18, Q6_K;
}

/// The types of one mix of Llama 3.3 70B made with an importance matrix, as the published files have them: by tensor,
/// those of the layers as runs of a type and a number of layers.
type Listed = BTreeMap<String, serde_json::Value>;

impl Mix {
    /// Whether it can be made of any shape, without an importance matrix.
    pub(super) fn has_rules(self) -> bool {
        self as usize <= Self::Q6_K as usize
    }

    /// The types that the published files of Llama 3.3 70B have in this mix, if it is listed.
    pub(super) fn listed(self) -> Result<Option<Listed>, Box<dyn Error>> {
        let mut all: BTreeMap<String, Listed> = serde_json::from_str(include_str!("llama_70b_types.json"))?;
        Ok(all.remove(self.name()))
    }

    /// `llama_tensor_get_type_impl` and `tensor_type_fallback` in llama-quant.cpp, as vendored by llama-cpp-sys-2
    /// 0.1.161: the rules that concern these mixes and Llamas.
    pub(super) fn tensor_type(self, role: Role, row: u64, model: &Dimensions) -> TensorType {
        use TensorType as T;
        let n = model.layers;
        let more_bits = |i: u64| i < n / 8 || i >= 7 * n / 8 || (i - n / 8) % 3 == 2;
        let default = self.file_and_tensor_type().1;
        if matches!(role, Role::Ones | Role::Router) {
            return T::F32;
        }
        if matches!(self, Self::F32 | Self::F16 | Self::BF16 | Self::Q8_0) {
            return default;
        }
        let many_experts = model.experts == 8;
        let grouped = model.heads / model.kv_heads >= 4;
        let wanted = match (role, self) {
            (Role::Output, _) => T::Q6_K,
            (Role::Embedding, _) if model.tied => T::Q6_K,
            (Role::AttentionV(_) | Role::AttentionK, _) if many_experts => T::Q8_0,
            (Role::AttentionOutput, Self::Q2_K | Self::Q3_K_M | Self::Q4_K_S | Self::Q4_K_M) if many_experts => T::Q5_K,
            (Role::AttentionV(_), Self::Q2_K) => {
                if grouped {
                    T::Q4_K
                } else {
                    T::Q3_K
                }
            }
            (Role::AttentionV(i), Self::Q3_K_M) => {
                if i < 2 {
                    T::Q5_K
                } else {
                    T::Q4_K
                }
            }
            (Role::AttentionV(i), Self::Q4_K_S) if i < 4 => T::Q5_K,
            (Role::AttentionV(i) | Role::FfnDown(i), Self::Q4_K_M | Self::Q5_K_M) if more_bits(i) => T::Q6_K,
            (Role::FfnDown(_) | Role::AttentionOutput, Self::Q2_K) => T::Q3_K,
            (Role::FfnDown(i), Self::Q3_K_M) => {
                if i < n / 16 {
                    T::Q5_K
                } else {
                    T::Q4_K
                }
            }
            (Role::AttentionOutput, Self::Q3_K_M) => T::Q4_K,
            (Role::FfnDown(i), Self::Q4_K_S) if i < n / 8 => T::Q5_K,
            _ => default,
        };
        // llama.cpp takes every model of 80 layers with fewer KV heads for a 70B, and gives its small attn_v more.
        let is_70b = n == 80 && model.heads != model.kv_heads;
        let wanted = match (role, wanted) {
            (Role::AttentionV(_), T::Q3_K | T::Q4_K) if is_70b => T::Q5_K,
            _ => wanted,
        };
        fitting(wanted, row)
    }
}

/// The type of a tensor by the list.
pub(super) fn listed_type(list: &Listed, name: &str) -> Result<TensorType, Box<dyn Error>> {
    let unlisted = || format!("the list has no type for {name}");
    let stem = name.strip_suffix(".weight").unwrap_or(name);
    let mut parts = stem.rsplitn(2, '.');
    let part = parts.next().unwrap_or(stem);
    let layer = parts.next().and_then(|before| before.strip_prefix("blk.")?.parse::<u64>().ok());
    let entry = list.get(part).ok_or_else(unlisted)?;
    let type_name = match layer {
        None => entry.as_str(),
        Some(layer) => {
            let runs: Vec<(&str, u64)> = serde::Deserialize::deserialize(entry)?;
            let mut end = 0;
            runs.into_iter()
                .find(|(_, layers)| {
                    end += layers;
                    layer < end
                })
                .map(|(type_name, _)| type_name)
        }
    };
    let type_name = type_name.ok_or_else(unlisted)?;
    Ok(TensorType::all().find(|tensor_type| tensor_type.name() == type_name).ok_or_else(unlisted)?)
}

/// `wanted`, or what llama.cpp takes in its place for rows that are no multiple of its blocks.
fn fitting(wanted: TensorType, row: u64) -> TensorType {
    use TensorType as T;
    let fits = |tensor_type: TensorType| row.is_multiple_of(tensor_type.block_values());
    let instead = match wanted {
        _ if fits(wanted) => return wanted,
        T::Q2_K | T::Q3_K => T::Q4_0,
        T::Q4_K => T::Q5_0,
        T::Q5_K => T::Q5_1,
        T::Q6_K => T::Q8_0,
        _ => wanted,
    };
    if fits(instead) { instead } else { T::F16 }
}
