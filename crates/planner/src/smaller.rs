//! How large a copy of a model in another quantization will be, from the header of the file it is made from.

use paddock_gguf::{Header, TensorInfo, TensorType as T};

use crate::mix::{Matrix, Mix};

/// The bytes of a copy in the quantization `quant`, by the rules of [`Mix`] with an importance matrix; without one the
/// smallest quantizations come out a little larger. `headers`: of all parts, the first one with the metadata. `None`: a
/// quantization that cannot be made, or a header that says too little.
pub fn copy_bytes(headers: &[Header], quant: &str) -> Option<u64> {
    let first = headers.first()?;
    let shape = first.model_shape().ok()?;
    let tensors = || headers.iter().flat_map(|header| &header.tensors);
    let tied = !tensors().any(|tensor| tensor.name == "output.weight");
    let mix = Mix::new(quant, &shape, tied)?;
    let alignment = u64::from(first.alignment_bytes.max(1));
    let data = tensors().fold(0_u64, |sum, tensor| {
        sum.saturating_add(bytes_as(tensor, wanted(&mix, tensor)).next_multiple_of(alignment))
    });
    // The metadata goes along as it is; the list of tensors is as long.
    Some(first.data_offset.saturating_add(data))
}

/// Whether a model's weights have lost nothing yet: all large ones are F32, F16 or BF16.
pub fn is_full(headers: &[Header]) -> bool {
    let mut matrices = headers.iter().flat_map(|header| &header.tensors).filter(|tensor| is_matrix(tensor));
    matrices.all(|tensor| matches!(tensor.tensor_type, T::F32 | T::F16 | T::BF16))
}

/// The format that a tensor gets (`tensor_allows_quantization` and `llama_tensor_get_type` in llama-quant.cpp).
fn wanted(mix: &Mix<'_>, tensor: &TensorInfo) -> T {
    if !is_matrix(tensor) {
        return tensor.tensor_type;
    }
    let wanted = match tensor.name.as_str() {
        "token_embd.weight" => mix.token_embd(),
        "output.weight" => mix.output(),
        name => in_layer(mix, name),
    };
    fitting(wanted, tensor.shape.row_values())
}

fn in_layer(mix: &Mix<'_>, name: &str) -> T {
    let parts = name.strip_prefix("blk.").and_then(|rest| rest.split_once('.'));
    let (number, name) = parts.map_or((0, name), |(number, name)| (number.parse().unwrap_or(0), name));
    let matrix = match name {
        _ if name.starts_with("attn_q.") => Matrix::AttnQ,
        _ if name.starts_with("attn_k.") => Matrix::AttnK,
        _ if name.starts_with("attn_v.") => Matrix::AttnV,
        _ if name.starts_with("attn_output") => Matrix::AttnOutput,
        _ if name.starts_with("ffn_down") => Matrix::FfnDown,
        _ if name.starts_with("ffn_up") => Matrix::FfnUp,
        // Every other matrix gets the usual format, and so do these where nothing is said of them.
        _ => Matrix::FfnGate,
    };
    mix.layer(matrix, number)
}

fn is_matrix(tensor: &TensorInfo) -> bool {
    let name = tensor.name.as_str();
    let large = tensor.shape.dimensions().iter().filter(|&&size| size > 1).count() >= 2;
    large && name.ends_with("weight") && !name.contains("_norm.weight") && !name.contains("ffn_gate_inp.weight")
}

/// What is taken where a row is no multiple of the format's block (`tensor_type_fallback` in llama-quant.cpp).
fn fitting(wanted: T, row_values: u64) -> T {
    let fits = |format: T| row_values.is_multiple_of(format.block_values());
    if fits(wanted) {
        return wanted;
    }
    let instead = match wanted {
        T::IQ1_S | T::IQ1_M | T::IQ2_XXS | T::IQ2_XS | T::IQ2_S | T::IQ3_XXS | T::IQ3_S | T::IQ4_XS => T::IQ4_NL,
        T::Q2_K | T::Q3_K => T::Q4_0,
        T::Q4_K => T::Q5_0,
        T::Q5_K => T::Q5_1,
        T::Q6_K => T::Q8_0,
        other => other,
    };
    if fits(instead) { instead } else { T::F16 }
}

fn bytes_as(tensor: &TensorInfo, format: T) -> u64 {
    tensor.values() / format.block_values() * format.block_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_that_does_not_fit_gets_a_format_with_smaller_blocks() {
        assert_eq!(fitting(T::Q4_K, 256), T::Q4_K);
        assert_eq!(fitting(T::Q4_K, 288), T::Q5_0);
        assert_eq!(fitting(T::Q6_K, 32), T::Q8_0);
        assert_eq!(fitting(T::Q8_0, 20), T::F16);
    }
}
