//! A thin safe layer over llama.cpp's C API: [`Model`], [`Context`] and the log.
//!
//! llama-cpp-2's own types hide their pointers, and with them what the engine needs: the abort callback (a sign of life
//! and a way out of a long micro-batch), what was really allocated, and the limit on output rows. So models and contexts
//! are held here, over the raw bindings of the same pinned version, and the rest (backend, devices, samplers, tokens)
//! comes from llama-cpp-2.

#![expect(unsafe_code, reason = "this is where C begins")]

mod context;
mod embedding;
mod imatrix;
mod log;
mod lora;
mod memory;
mod model;
mod quantize;
mod rates;
mod stretch;
#[cfg(test)]
pub(crate) mod testing;

pub(crate) use context::{Batch, Context, ContextParams, DecodeError, Sequence};
pub(crate) use embedding::EmbeddingContext;
pub(crate) use imatrix::Importance;
pub(crate) use log::{capture as capture_log, errors_since as log_errors_since, mark as log_mark, watch as watch_log};
pub(crate) use model::{Model, ModelParams};
pub(crate) use quantize::{Quantization, can_quantize_to, quantize};
pub(crate) use rates::{ComputeDevice, MEASUREMENT_BYTES, Measurement, WeightFormat};

use std::ffi::{CStr, c_char};

/// A C string that may be null, as Rust text.
///
/// # Safety
/// `text` is null or points to a string with its end, valid for the call.
unsafe fn text_of(text: *const c_char) -> Option<String> {
    // SAFETY: the caller's promise.
    (!text.is_null()).then(|| unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned())
}

/// What llama.cpp says of the instructions it uses.
pub(crate) fn system_info() -> String {
    // SAFETY: returns a pointer to a static buffer; only the engine thread calls this.
    unsafe { text_of(llama_cpp_sys_2::llama_print_system_info()) }.unwrap_or_default()
}

/// Give memory that was freed back to the system. glibc keeps blocks of the size of a small model once it has freed one
/// (`M_MMAP_THRESHOLD` in mallopt(3) grows by itself), others do not.
pub(crate) fn give_memory_back() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: may be called at any time, from any thread.
    unsafe {
        libc::malloc_trim(0);
    }
}
