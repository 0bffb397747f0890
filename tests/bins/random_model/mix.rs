//! Which type llama.cpp would give a tensor.

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
    AttentionV(u64),
    AttentionOutput,
    FfnDown(u64),
    Other,
}

/// The mixes of types that need no importance matrix; named as in file names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
#[expect(non_camel_case_types, reason = "the names users and llama.cpp use")]
pub(crate) enum Mix {
    F32,
    F16,
    #[value(name = "bf16")]
    BF16,
    #[value(name = "q4_0")]
    Q4_0,
    #[value(name = "q5_0")]
    Q5_0,
    #[value(name = "q8_0")]
    Q8_0,
    #[value(name = "q2_k")]
    Q2_K,
    #[value(name = "q3_k_m")]
    Q3_K_M,
    #[value(name = "q4_k_s")]
    Q4_K_S,
    #[value(name = "q4_k_m")]
    Q4_K_M,
    #[value(name = "q5_k_m")]
    Q5_K_M,
    #[value(name = "q6_k")]
    Q6_K,
}

impl Mix {
    /// `enum llama_ftype` in llama.h, and `llama_ftype_get_default_type` in llama-quant.cpp.
    pub(super) fn file_and_tensor_type(self) -> (u32, TensorType) {
        match self {
            Self::F32 => (0, TensorType::F32),
            Self::F16 => (1, TensorType::F16),
            Self::BF16 => (32, TensorType::BF16),
            Self::Q4_0 => (2, TensorType::Q4_0),
            Self::Q5_0 => (8, TensorType::Q5_0),
            Self::Q8_0 => (7, TensorType::Q8_0),
            Self::Q2_K => (10, TensorType::Q2_K),
            Self::Q3_K_M => (12, TensorType::Q3_K),
            Self::Q4_K_S => (14, TensorType::Q4_K),
            Self::Q4_K_M => (15, TensorType::Q4_K),
            Self::Q5_K_M => (17, TensorType::Q5_K),
            Self::Q6_K => (18, TensorType::Q6_K),
        }
    }

    /// `llama_tensor_get_type_impl` and `tensor_type_fallback` in llama-quant.cpp, as vendored by llama-cpp-sys-2
    /// 0.1.161: the rules that concern these mixes and dense Llamas.
    pub(super) fn tensor_type(self, role: Role, row: u64, model: &Dimensions) -> TensorType {
        use TensorType as T;
        let n = model.layers;
        let more_bits = |i: u64| i < n / 8 || i >= 7 * n / 8 || (i - n / 8) % 3 == 2;
        let default = self.file_and_tensor_type().1;
        if matches!(role, Role::Ones) {
            return T::F32;
        }
        if matches!(self, Self::F32 | Self::F16 | Self::BF16 | Self::Q8_0) {
            return default;
        }
        let grouped = model.heads / model.kv_heads >= 4;
        let wanted = match (role, self) {
            (Role::Output, _) => T::Q6_K,
            (Role::Embedding, _) if model.tied => T::Q6_K,
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
