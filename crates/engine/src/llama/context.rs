//! A context: the KV cache, the computation, and the logits it leaves.

use std::{ffi::c_void, ptr::NonNull, slice, sync::Arc};

use llama_cpp_2::{llama_backend::LlamaBackend, token::LlamaToken};
use llama_cpp_sys_2 as sys;
use paddock_engine_api::protocol::{BufferUse, CacheType, FlashAttention};

use super::{Model, text_of};
use crate::liveness;

/// How to make a context.
pub(crate) struct ContextParams {
    pub(crate) n_ctx: u32,
    pub(crate) n_batch: u32,
    pub(crate) n_ubatch: u32,
    pub(crate) n_threads: u32,
    pub(crate) n_threads_batch: u32,
    pub(crate) cache_type_k: CacheType,
    pub(crate) cache_type_v: CacheType,
    pub(crate) flash_attention: FlashAttention,
}

/// Why a decode call failed. Codes of `llama_decode` in llama.h.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum DecodeError {
    #[error("the context is full")]
    Full,
    #[error("stopped")]
    Aborted,
    #[error("llama_decode returned {0}")]
    Other(i32),
}

/// A context with one sequence. Freed when dropped, before its model.
pub(crate) struct Context {
    ptr: NonNull<sys::llama_context>,
    model: Arc<Model>,
}

/// The only sequence in use.
const SEQUENCE: sys::llama_seq_id = 0;

#[repr(C)]
#[derive(Clone, Copy)]
struct RawBufferUse {
    buffer_type: sys::ggml_backend_buffer_type_t,
    weights_bytes: usize,
    kv_bytes: usize,
    compute_bytes: usize,
}

unsafe extern "C" {
    /// From native/memory.cpp.
    fn paddock_memory_breakdown(ctx: *const sys::llama_context, out: *mut RawBufferUse, capacity: usize) -> usize;
}

impl Context {
    /// `None`: memory for the KV cache or the computation could not be had; the log knows more.
    pub(crate) fn new(_backend: &LlamaBackend, model: Arc<Model>, params: &ContextParams) -> Option<Self> {
        /// Called between graph nodes (on the CPU; GPU backends do not call it): a sign of life, and a way out.
        extern "C" fn keep_going(_user_data: *mut c_void) -> bool {
            liveness::progressed();
            liveness::is_cancelled()
        }

        // SAFETY: returns a plain value.
        let mut raw = unsafe { sys::llama_context_default_params() };
        raw.n_ctx = params.n_ctx;
        raw.n_batch = params.n_batch;
        raw.n_ubatch = params.n_ubatch;
        raw.n_seq_max = 1;
        // Only the last token's logits are ever read. With the default, n_batch rows of logits are reserved: 250 MiB at
        // a 128k vocabulary (llama-context.cpp, `n_outputs_max`).
        raw.n_outputs_max = 1;
        raw.n_threads = i32::try_from(params.n_threads).unwrap_or(i32::MAX);
        raw.n_threads_batch = i32::try_from(params.n_threads_batch).unwrap_or(i32::MAX);
        raw.type_k = ggml_type(params.cache_type_k);
        raw.type_v = ggml_type(params.cache_type_v);
        raw.flash_attn_type = match params.flash_attention {
            FlashAttention::Auto => sys::LLAMA_FLASH_ATTN_TYPE_AUTO,
            FlashAttention::On => sys::LLAMA_FLASH_ATTN_TYPE_ENABLED,
            FlashAttention::Off => sys::LLAMA_FLASH_ATTN_TYPE_DISABLED,
        };
        raw.abort_callback = Some(keep_going);
        // SAFETY: the model is valid, is kept alive by `Arc`, and only this thread makes contexts of it; the callback
        // needs no data and is a function for ever.
        let ptr = unsafe { sys::llama_init_from_model(model.as_ptr(), raw) };
        NonNull::new(ptr).map(|ptr| Self { ptr, model })
    }

    pub(crate) fn model(&self) -> &Model {
        &self.model
    }

    pub(super) fn as_ptr(&self) -> *mut sys::llama_context {
        self.ptr.as_ptr()
    }

    pub(crate) fn n_ctx(&self) -> u32 {
        // SAFETY: the context is valid while `self` is; so for all calls below.
        unsafe { sys::llama_n_ctx(self.ptr.as_ptr()) }
    }

    pub(crate) fn n_batch(&self) -> u32 {
        // SAFETY: as above.
        unsafe { sys::llama_n_batch(self.ptr.as_ptr()) }
    }

    /// Compute `tokens` at the positions from `position` on. The last one's logits can be read afterwards if `logits`.
    pub(crate) fn decode(&mut self, tokens: &[LlamaToken], position: u32, logits: bool) -> Result<(), DecodeError> {
        let count = tokens.len();
        let mut ids: Vec<sys::llama_token> = tokens.iter().map(|token| token.0).collect();
        let first = i32::try_from(position).map_err(|_| DecodeError::Full)?;
        let n_tokens = i32::try_from(count).map_err(|_| DecodeError::Full)?;
        let mut positions: Vec<sys::llama_pos> = (first..first.saturating_add(n_tokens)).collect();
        let mut sequence = SEQUENCE;
        let mut sequences = vec![&raw mut sequence; count];
        let mut sequence_counts = vec![1; count];
        let mut wants_logits = vec![0_i8; count];
        if let Some(last) = wants_logits.last_mut() {
            *last = i8::from(logits);
        }
        let batch = sys::llama_batch {
            n_tokens,
            token: ids.as_mut_ptr(),
            embd: std::ptr::null_mut(),
            pos: positions.as_mut_ptr(),
            n_seq_id: sequence_counts.as_mut_ptr(),
            seq_id: sequences.as_mut_ptr(),
            logits: wants_logits.as_mut_ptr().cast(),
        };
        // SAFETY: every array of the batch has `n_tokens` entries and outlives the call, which only reads them.
        match unsafe { sys::llama_decode(self.ptr.as_ptr(), batch) } {
            0 => Ok(()),
            1 => Err(DecodeError::Full),
            2 => Err(DecodeError::Aborted),
            code => Err(DecodeError::Other(code)),
        }
    }

    /// Wait until everything that was started is computed.
    pub(crate) fn synchronize(&mut self) {
        // SAFETY: as above.
        unsafe { sys::llama_synchronize(self.ptr.as_ptr()) };
    }

    /// The logits that the last [`Self::decode`] with `logits` left, one per token of the vocabulary.
    pub(crate) fn logits(&mut self) -> Option<&[f32]> {
        let len = usize::try_from(self.model.n_vocab()).ok()?;
        // SAFETY: -1 asks for the last row; it is null or `n_vocab` floats, valid until the next decode, which needs
        // `&mut self`.
        unsafe {
            let row = sys::llama_get_logits_ith(self.ptr.as_ptr(), -1);
            (!row.is_null()).then(|| slice::from_raw_parts(row, len))
        }
    }

    /// Forget everything from `position` on. False: this kind of memory cannot, and nothing was changed.
    pub(crate) fn forget_from(&mut self, position: u32) -> bool {
        let Ok(position) = i32::try_from(position) else { return true };
        // SAFETY: the memory belongs to the context.
        unsafe {
            let memory = sys::llama_get_memory(self.ptr.as_ptr());
            memory.is_null() || sys::llama_memory_seq_rm(memory, SEQUENCE, position, -1)
        }
    }

    /// Forget everything.
    pub(crate) fn clear(&mut self) {
        // SAFETY: the memory belongs to the context.
        unsafe {
            let memory = sys::llama_get_memory(self.ptr.as_ptr());
            if !memory.is_null() {
                sys::llama_memory_clear(memory, true);
            }
        }
    }

    /// What is allocated (or would be, over a model without allocations), by buffer type.
    pub(crate) fn buffers(&self) -> Vec<BufferUse> {
        const CAPACITY: usize = 64;
        let empty = RawBufferUse { buffer_type: std::ptr::null_mut(), weights_bytes: 0, kv_bytes: 0, compute_bytes: 0 };
        let mut raw = [empty; CAPACITY];
        // SAFETY: at most `CAPACITY` entries are written; the struct is declared alike on both sides.
        let n = unsafe { paddock_memory_breakdown(self.ptr.as_ptr(), raw.as_mut_ptr(), CAPACITY) };
        raw[..n.min(CAPACITY)]
            .iter()
            .filter(|raw| raw.weights_bytes + raw.kv_bytes + raw.compute_bytes > 0)
            .map(|raw| {
                // SAFETY: buffer types and devices live as long as the process; a null device (a plain host buffer) is
                // not asked for its name.
                let (buffer_type, device) = unsafe {
                    let device = sys::ggml_backend_buft_get_device(raw.buffer_type);
                    // A card's host buffers are main memory, although the card is their device.
                    let host = device.is_null() || sys::ggml_backend_buft_is_host(raw.buffer_type);
                    let name = if host { None } else { text_of(sys::ggml_backend_dev_name(device)) };
                    (text_of(sys::ggml_backend_buft_name(raw.buffer_type)), name)
                };
                BufferUse {
                    device: device.unwrap_or_else(|| "CPU".into()),
                    buffer_type: buffer_type.unwrap_or_default(),
                    weights_bytes: raw.weights_bytes as u64,
                    kv_bytes: raw.kv_bytes as u64,
                    compute_bytes: raw.compute_bytes as u64,
                }
            })
            .collect()
    }
}

impl Drop for Context {
    fn drop(&mut self) {
        // SAFETY: the only owner; the model is still alive, since `self` holds it.
        unsafe { sys::llama_free(self.ptr.as_ptr()) };
    }
}

fn ggml_type(cache_type: CacheType) -> sys::ggml_type {
    match cache_type {
        CacheType::F32 => sys::GGML_TYPE_F32,
        CacheType::F16 => sys::GGML_TYPE_F16,
        CacheType::Bf16 => sys::GGML_TYPE_BF16,
        CacheType::Q8_0 => sys::GGML_TYPE_Q8_0,
        CacheType::Q5_0 => sys::GGML_TYPE_Q5_0,
        CacheType::Q4_0 => sys::GGML_TYPE_Q4_0,
    }
}
