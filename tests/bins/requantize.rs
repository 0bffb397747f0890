//! Writes a model file in another quantization, by llama.cpp itself: `requantize f16|q8_0|q4_k_m FROM TO`.
//!
//! For tests that ask whether a model still answers alike; a file made from an already quantized one is a little worse
//! than one made from the original.

#![expect(unsafe_code, reason = "llama_model_quantize has no safe wrapper")]

use std::{error::Error, ffi::CString};

use llama_cpp_2::llama_backend::LlamaBackend;
use llama_cpp_sys_2 as sys;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [kind, from, to] = arguments.as_slice() else { return Err("usage: requantize f16|q8_0|q4_k_m FROM TO".into()) };
    let kind = match kind.as_str() {
        "f16" => sys::LLAMA_FTYPE_MOSTLY_F16,
        "q8_0" => sys::LLAMA_FTYPE_MOSTLY_Q8_0,
        "q4_k_m" => sys::LLAMA_FTYPE_MOSTLY_Q4_K_M,
        other => return Err(format!("unknown quantization {other}").into()),
    };
    let (from, to) = (CString::new(from.as_str())?, CString::new(to.as_str())?);
    let _backend = LlamaBackend::init()?;
    // SAFETY: returns a plain value.
    let mut params = unsafe { sys::llama_model_quantize_default_params() };
    params.ftype = kind;
    params.allow_requantize = true;
    // SAFETY: both names have their end, and the pointers in `params` are null.
    match unsafe { sys::llama_model_quantize(from.as_ptr(), to.as_ptr(), &raw const params) } {
        0 => Ok(()),
        code => Err(format!("llama.cpp could not write the file (code {code})").into()),
    }
}
