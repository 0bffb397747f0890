//! Tokens after what is already in the context, without saying where: for measurements, which have one sequence and
//! read no logits.

use llama_cpp_sys_2 as sys;

use super::{Context, DecodeError};

impl Context {
    /// Compute `tokens` after everything that the first sequence holds.
    pub(crate) fn append(&mut self, tokens: &mut [sys::llama_token]) -> Result<(), DecodeError> {
        let n_tokens = i32::try_from(tokens.len()).map_err(|_| DecodeError::Full)?;
        // SAFETY: the tokens outlive the call, which only reads them; the context is valid while `self` is.
        let code = unsafe {
            let batch = sys::llama_batch_get_one(tokens.as_mut_ptr(), n_tokens);
            sys::llama_decode(self.as_ptr(), batch)
        };
        match code {
            0 => Ok(()),
            1 => Err(DecodeError::Full),
            2 => Err(DecodeError::Aborted),
            code => Err(DecodeError::Other(code)),
        }
    }

    /// The longest a single sequence may become, in tokens.
    pub(crate) fn n_ctx_seq(&self) -> u32 {
        // SAFETY: the context is valid while `self` is.
        unsafe { sys::llama_n_ctx_seq(self.as_ptr()) }
    }
}
