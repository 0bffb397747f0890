//! llama.cpp's quantization of a whole file.

use std::{ffi::CString, path::Path};

use llama_cpp_2::llama_backend::LlamaBackend;
use llama_cpp_sys_2 as sys;

use super::imatrix::Importance;

/// How to quantize.
pub(crate) struct Quantization<'a> {
    /// As in file names.
    pub(crate) quant: &'a str,
    pub(crate) importance: Option<&'a Importance>,
    pub(crate) allow_requantize: bool,
    pub(crate) n_threads: u32,
}

/// Write `input` to `output`. `false`: it could not be done, and the log knows why. `None`: there is no such
/// quantization, or a name is not text.
pub(crate) fn quantize(_backend: &LlamaBackend, input: &Path, output: &Path, how: &Quantization<'_>) -> Option<bool> {
    let (base, large_ends) = base_of(how.quant);
    let ftype = file_type(base)?;
    let input = CString::new(input.to_str()?).ok()?;
    let output = CString::new(output.to_str()?).ok()?;
    // SAFETY: returns a plain value.
    let mut params = unsafe { sys::llama_model_quantize_default_params() };
    params.ftype = ftype;
    params.nthread = i32::try_from(how.n_threads).unwrap_or(0);
    params.allow_requantize = how.allow_requantize;
    if large_ends {
        params.output_tensor_type = sys::GGML_TYPE_Q8_0;
        params.token_embedding_type = sys::GGML_TYPE_Q8_0;
    }
    let entries = how.importance.map(Importance::entries);
    params.imatrix = entries.as_ref().map_or(std::ptr::null(), |entries| entries.as_ptr());
    // SAFETY: both names have their end; `entries`, which ends with a null name, and what it points to outlive the call;
    // the other pointers are null; the backend is initialised, as `_backend` proves.
    Some(unsafe { sys::llama_model_quantize(input.as_ptr(), output.as_ptr(), &raw const params) } == 0)
}

/// Whether there is a quantization of this name.
pub(crate) fn can_quantize_to(quant: &str) -> bool {
    file_type(base_of(quant).0).is_some()
}

/// Without what `_L` and `_XL` add: embeddings and output at 8 bits, as in bartowski's repositories.
fn base_of(quant: &str) -> (&str, bool) {
    match quant {
        "Q2_K_L" => ("Q2_K", true),
        "Q3_K_XL" => ("Q3_K_L", true),
        "Q4_K_L" => ("Q4_K_M", true),
        "Q5_K_L" => ("Q5_K_M", true),
        "Q6_K_L" => ("Q6_K", true),
        other => (other, false),
    }
}

fn file_type(base: &str) -> Option<sys::llama_ftype> {
    Some(match base {
        "F32" => sys::LLAMA_FTYPE_ALL_F32,
        "F16" => sys::LLAMA_FTYPE_MOSTLY_F16,
        "BF16" => sys::LLAMA_FTYPE_MOSTLY_BF16,
        "Q8_0" => sys::LLAMA_FTYPE_MOSTLY_Q8_0,
        "Q6_K" => sys::LLAMA_FTYPE_MOSTLY_Q6_K,
        "Q5_K_M" => sys::LLAMA_FTYPE_MOSTLY_Q5_K_M,
        "Q5_K_S" => sys::LLAMA_FTYPE_MOSTLY_Q5_K_S,
        "Q4_K_M" => sys::LLAMA_FTYPE_MOSTLY_Q4_K_M,
        "Q4_K_S" => sys::LLAMA_FTYPE_MOSTLY_Q4_K_S,
        "Q4_0" => sys::LLAMA_FTYPE_MOSTLY_Q4_0,
        "IQ4_NL" => sys::LLAMA_FTYPE_MOSTLY_IQ4_NL,
        "IQ4_XS" => sys::LLAMA_FTYPE_MOSTLY_IQ4_XS,
        "Q3_K_L" => sys::LLAMA_FTYPE_MOSTLY_Q3_K_L,
        "Q3_K_M" => sys::LLAMA_FTYPE_MOSTLY_Q3_K_M,
        "Q3_K_S" => sys::LLAMA_FTYPE_MOSTLY_Q3_K_S,
        "IQ3_M" => sys::LLAMA_FTYPE_MOSTLY_IQ3_M,
        "IQ3_XS" => sys::LLAMA_FTYPE_MOSTLY_IQ3_XS,
        "IQ3_XXS" => sys::LLAMA_FTYPE_MOSTLY_IQ3_XXS,
        "Q2_K" => sys::LLAMA_FTYPE_MOSTLY_Q2_K,
        "IQ2_M" => sys::LLAMA_FTYPE_MOSTLY_IQ2_M,
        "IQ2_S" => sys::LLAMA_FTYPE_MOSTLY_IQ2_S,
        "IQ2_XS" => sys::LLAMA_FTYPE_MOSTLY_IQ2_XS,
        "IQ2_XXS" => sys::LLAMA_FTYPE_MOSTLY_IQ2_XXS,
        "IQ1_M" => sys::LLAMA_FTYPE_MOSTLY_IQ1_M,
        _ => return None,
    })
}
