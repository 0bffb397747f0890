//! What a context's memory holds, sequence by sequence.

use std::{ffi::CString, path::Path};

use llama_cpp_2::token::LlamaToken;
use llama_cpp_sys_2 as sys;

use super::{Context, Model, context::Sequence};

impl Model {
    /// Whether its memory is a state that is overwritten with every token, so that nothing can be taken back.
    pub(crate) fn remembers_in_place(&self) -> bool {
        // SAFETY: the model is valid while `self` is.
        unsafe { sys::llama_model_is_recurrent(self.as_ptr()) || sys::llama_model_is_hybrid(self.as_ptr()) }
    }
}

impl Context {
    fn memory(&self) -> sys::llama_memory_t {
        // SAFETY: the context is valid while `self` is, and its memory with it; so for all calls below. Null for models
        // without one, which are not loaded.
        unsafe { sys::llama_get_memory(self.as_ptr()) }
    }

    /// Forget what a sequence has from `position` on. False: this kind of memory cannot, and nothing was changed.
    pub(crate) fn forget_from(&mut self, sequence: Sequence, position: u32) -> bool {
        self.forget(sequence, position, None)
    }

    /// Forget what a sequence has from one position to before another. False: as [`Self::forget_from`].
    pub(crate) fn forget(&mut self, sequence: Sequence, from: u32, to: Option<u32>) -> bool {
        let memory = self.memory();
        // SAFETY: as above; -1 means to the end.
        memory.is_null()
            || unsafe { sys::llama_memory_seq_rm(memory, sequence, position(from), to.map_or(-1, position)) }
    }

    /// Give a sequence all that another one has before position `to`. They share it; nothing is copied but the record.
    pub(crate) fn share(&mut self, from: Sequence, with: Sequence, to: u32) {
        let memory = self.memory();
        if !memory.is_null() {
            // SAFETY: as above.
            unsafe { sys::llama_memory_seq_cp(memory, from, with, 0, position(to)) };
        }
    }

    /// Whether positions can be shifted.
    pub(crate) fn can_shift(&self) -> bool {
        let memory = self.memory();
        // SAFETY: as above.
        !memory.is_null() && unsafe { sys::llama_memory_can_shift(memory) }
    }

    /// Move what a sequence has from `from` on to positions that are `by` smaller. Only if [`Self::can_shift`], and only
    /// over what it shares with no other, which would be moved too.
    pub(crate) fn shift_back(&mut self, sequence: Sequence, from: u32, by: u32) {
        let memory = self.memory();
        if !memory.is_null() {
            // SAFETY: as above.
            unsafe { sys::llama_memory_seq_add(memory, sequence, position(from), -1, -position(by)) };
        }
    }

    /// The last position of a sequence that is kept.
    pub(crate) fn last_position(&self, sequence: Sequence) -> Option<u32> {
        let memory = self.memory();
        if memory.is_null() {
            return None;
        }
        // SAFETY: as above.
        u32::try_from(unsafe { sys::llama_memory_seq_pos_max(memory, sequence) }).ok()
    }

    /// Forget everything.
    pub(crate) fn clear(&mut self) {
        let memory = self.memory();
        if !memory.is_null() {
            // SAFETY: as above.
            unsafe { sys::llama_memory_clear(memory, true) };
        }
    }

    /// How large a file [`Self::save`] would write, without its tokens.
    pub(crate) fn state_bytes(&mut self, sequence: Sequence) -> u64 {
        // SAFETY: as above.
        unsafe { sys::llama_state_seq_get_size(self.as_ptr(), sequence) as u64 }
    }

    /// Write what a sequence holds to a file. False: it could not be written.
    pub(crate) fn save(&mut self, sequence: Sequence, tokens: &[LlamaToken], to: &Path) -> bool {
        let Some(path) = to.to_str().and_then(|path| CString::new(path).ok()) else { return false };
        let ids: Vec<sys::llama_token> = tokens.iter().map(|token| token.0).collect();
        // SAFETY: the path has its end, and the array is as long as said.
        unsafe { sys::llama_state_seq_save_file(self.as_ptr(), path.as_ptr(), sequence, ids.as_ptr(), ids.len()) > 0 }
    }

    /// Read into a sequence what [`Self::save`] wrote, in place of what it has. The file must be whole: what is damaged in
    /// a way that llama.cpp does not expect may end the process. False: it does not fit in here, and the sequence is empty.
    pub(crate) fn restore(&mut self, sequence: Sequence, tokens: &[LlamaToken], from: &Path) -> bool {
        let Some(path) = from.to_str().and_then(|path| CString::new(path).ok()) else { return false };
        let mut ids: Vec<sys::llama_token> = vec![0; tokens.len()];
        let mut n = 0;
        // SAFETY: the path has its end; at most as many tokens as the array has are written.
        let read = unsafe {
            sys::llama_state_seq_load_file(
                self.as_ptr(),
                path.as_ptr(),
                sequence,
                ids.as_mut_ptr(),
                ids.len(),
                &raw mut n,
            )
        };
        let same = n == tokens.len() && ids.iter().zip(tokens).all(|(id, token)| *id == token.0);
        let whole = read > 0 && same && self.last_position(sequence).map(|last| last as usize + 1) == Some(n);
        if !whole {
            self.forget_from(sequence, 0);
        }
        whole
    }
}

fn position(position: u32) -> sys::llama_pos {
    i32::try_from(position).unwrap_or(i32::MAX)
}
