//! A context that gives what texts mean instead of what follows them.

use std::{ffi::c_void, ptr::NonNull, slice, sync::Arc};

use llama_cpp_2::{llama_backend::LlamaBackend, token::LlamaToken};
use llama_cpp_sys_2 as sys;

use super::{DecodeError, Model};
use crate::liveness;

/// A small context over a loaded model, beside the one that answers. Every token has a vector; none are drawn together
/// here. Freed when dropped, before its model.
pub(crate) struct EmbeddingContext {
    ptr: NonNull<sys::llama_context>,
    model: Arc<Model>,
}

impl EmbeddingContext {
    /// For texts of `n_ctx` tokens together, `n_batch` of them computed at once, of at most `n_texts` texts at once.
    /// `None`: memory for it could not be had; the log knows more.
    pub(crate) fn new(
        _backend: &LlamaBackend,
        model: Arc<Model>,
        (n_ctx, n_batch, n_texts): (u32, u32, u32),
        n_threads: u32,
    ) -> Option<Self> {
        extern "C" fn keep_going(_user_data: *mut c_void) -> bool {
            liveness::progressed();
            liveness::is_cancelled()
        }

        // SAFETY: returns a plain value.
        let mut raw = unsafe { sys::llama_context_default_params() };
        raw.n_ctx = n_ctx;
        raw.n_batch = n_batch;
        raw.n_ubatch = n_batch;
        raw.n_seq_max = n_texts;
        raw.kv_unified = true;
        raw.embeddings = true;
        raw.flash_attn_type = sys::LLAMA_FLASH_ATTN_TYPE_DISABLED;
        raw.pooling_type = sys::LLAMA_POOLING_TYPE_NONE;
        raw.n_threads = i32::try_from(n_threads).unwrap_or(i32::MAX);
        raw.n_threads_batch = raw.n_threads;
        raw.abort_callback = Some(keep_going);
        // SAFETY: the model is valid, is kept alive by `Arc`, and only this thread makes contexts of it; the callback
        // needs no data and is a function for ever.
        let ptr = unsafe { sys::llama_init_from_model(model.as_ptr(), raw) };
        Some(Self { ptr: NonNull::new(ptr)?, model })
    }

    /// Compute tokens of texts: for each, its text's place among those that are open, its place in that text, and itself.
    pub(crate) fn decode(&mut self, tokens: &[(u32, u32, LlamaToken)]) -> Result<(), DecodeError> {
        let Ok(n_tokens) = i32::try_from(tokens.len()) else { return Err(DecodeError::Other(-1)) };
        let signed = |n: u32| i32::try_from(n).unwrap_or(i32::MAX);
        let mut ids: Vec<sys::llama_token> = tokens.iter().map(|&(.., LlamaToken(id))| id).collect();
        let mut positions: Vec<sys::llama_pos> = tokens.iter().map(|&(_, position, _)| signed(position)).collect();
        let mut texts: Vec<sys::llama_seq_id> = tokens.iter().map(|&(text, ..)| signed(text)).collect();
        let mut sequences: Vec<*mut sys::llama_seq_id> = texts.iter_mut().map(std::ptr::from_mut).collect();
        let mut sequence_counts = vec![1; ids.len()];
        let mut wanted = vec![1_i8; ids.len()];
        let batch = sys::llama_batch {
            n_tokens,
            token: ids.as_mut_ptr(),
            embd: std::ptr::null_mut(),
            pos: positions.as_mut_ptr(),
            n_seq_id: sequence_counts.as_mut_ptr(),
            seq_id: sequences.as_mut_ptr(),
            logits: wanted.as_mut_ptr().cast(),
        };
        // SAFETY: every array of the batch has `n_tokens` entries and outlives the call, which only reads them.
        match unsafe { sys::llama_decode(self.ptr.as_ptr(), batch) } {
            0 => Ok(()),
            1 => Err(DecodeError::Full),
            2 => Err(DecodeError::Aborted),
            code => Err(DecodeError::Other(code)),
        }
    }

    /// The vector of the token at a place in the last [`Self::decode`].
    pub(crate) fn vector(&mut self, at: usize) -> Option<&[f32]> {
        let at = i32::try_from(at).ok()?;
        let len = self.model.n_embd_out();
        // SAFETY: the row is null or as long as the model's output, valid until the next decode, which needs `&mut self`.
        unsafe {
            let row = sys::llama_get_embeddings_ith(self.ptr.as_ptr(), at);
            (!row.is_null()).then(|| slice::from_raw_parts(row, len))
        }
    }

    /// Forget all texts.
    pub(crate) fn clear(&mut self) {
        // SAFETY: the memory belongs to the context.
        unsafe {
            let memory = sys::llama_get_memory(self.ptr.as_ptr());
            if !memory.is_null() {
                sys::llama_memory_clear(memory, true);
            }
        }
    }
}

impl Drop for EmbeddingContext {
    fn drop(&mut self) {
        // SAFETY: the only owner; the model is still alive, since `self` holds it.
        unsafe { sys::llama_free(self.ptr.as_ptr()) };
    }
}
