//! A loaded model and its vocabulary.

use std::{
    ffi::{CStr, CString, c_void},
    path::Path,
    ptr::NonNull,
    sync::{Arc, OnceLock},
};

use llama_cpp_2::{llama_backend::LlamaBackend, token::LlamaToken};
use llama_cpp_sys_2 as sys;

use super::text_of;
use crate::token_bytes::TokenBytes;

/// How to load.
pub(crate) struct ModelParams {
    /// Layers on GPUs; `None`: all.
    pub(crate) n_gpu_layers: Option<u32>,
    pub(crate) use_mmap: bool,
    pub(crate) use_mlock: bool,
    /// Whether weights in main memory are rearranged for the processor; what is rearranged is not mapped.
    pub(crate) repack: bool,
    /// Only find out what would be allocated: such a model, and a context over it, have sizes and nothing else.
    pub(crate) no_alloc: bool,
}

/// A loaded model. Freed when dropped.
pub(crate) struct Model {
    ptr: NonNull<sys::llama_model>,
    token_bytes: OnceLock<Arc<TokenBytes>>,
}

// SAFETY: after its load a model does not change any more: llama.cpp's own server tokenizes on other threads while one
// computes. Every method here reads, and contexts, which write, are made and used by the engine thread alone.
unsafe impl Send for Model {}
// SAFETY: as above.
unsafe impl Sync for Model {}

/// Metadata longer than this is cut: a chat template of a quarter of a megabyte is not one.
const MAX_META_BYTES: usize = 256 * 1024;

impl Model {
    /// Load a file. `on_progress` gets 0 ..= 1 and returns whether to go on. `None`: the log knows why, or `on_progress`
    /// said no.
    pub(crate) fn load(
        _backend: &LlamaBackend,
        path: &Path,
        params: &ModelParams,
        on_progress: &mut dyn FnMut(f32) -> bool,
    ) -> Option<Self> {
        extern "C" fn progress(fraction: f32, user_data: *mut c_void) -> bool {
            // SAFETY: `user_data` is the `&mut &mut dyn FnMut` below, which outlives the load that calls this.
            let on_progress = unsafe { &mut *user_data.cast::<&mut dyn FnMut(f32) -> bool>() };
            on_progress(fraction)
        }

        let path = CString::new(path.to_str()?).ok()?;
        let mut on_progress = on_progress;
        // SAFETY: returns a plain value.
        let mut raw = unsafe { sys::llama_model_default_params() };
        raw.n_gpu_layers = params.n_gpu_layers.map_or(-1, |n| i32::try_from(n).unwrap_or(i32::MAX));
        raw.no_alloc = params.no_alloc;
        raw.use_extra_bufts = params.repack;
        raw.load_mode = match (params.use_mmap, params.use_mlock) {
            // With a mapping, llama.cpp asserts that there is something to map (`load_tensors` in llama-model.cpp).
            _ if params.no_alloc => sys::LLAMA_LOAD_MODE_NONE,
            (true, true) => sys::LLAMA_LOAD_MODE_MMAP_MLOCK,
            (true, false) => sys::LLAMA_LOAD_MODE_MMAP,
            (false, true) => sys::LLAMA_LOAD_MODE_MLOCK,
            (false, false) => sys::LLAMA_LOAD_MODE_NONE,
        };
        raw.progress_callback = Some(progress);
        raw.progress_callback_user_data = (&raw mut on_progress).cast();
        // SAFETY: `path` has its end, every pointer in `raw` is null or valid until the call returns, and the backend
        // is initialised, as `_backend` proves.
        let ptr = unsafe { sys::llama_model_load_from_file(path.as_ptr(), raw) };
        NonNull::new(ptr).map(|ptr| Self { ptr, token_bytes: OnceLock::new() })
    }

    pub(crate) fn as_ptr(&self) -> *mut sys::llama_model {
        self.ptr.as_ptr()
    }

    pub(crate) fn n_params(&self) -> u64 {
        // SAFETY: the model is valid while `self` is; so for all the getters below.
        unsafe { sys::llama_model_n_params(self.as_ptr()) }
    }

    pub(crate) fn weights_bytes(&self) -> u64 {
        // SAFETY: as above.
        unsafe { sys::llama_model_size(self.as_ptr()) }
    }

    pub(crate) fn n_ctx_train(&self) -> u32 {
        // SAFETY: as above.
        unsafe { sys::llama_model_n_ctx_train(self.as_ptr()) }.max(0).cast_unsigned()
    }

    pub(crate) fn n_layers(&self) -> u32 {
        // SAFETY: as above.
        unsafe { sys::llama_model_n_layer(self.as_ptr()) }.max(0).cast_unsigned()
    }

    /// How many numbers a vector of its output has.
    pub(crate) fn n_embd_out(&self) -> usize {
        // SAFETY: as above.
        usize::try_from(unsafe { sys::llama_model_n_embd_out(self.as_ptr()) }).unwrap_or(0)
    }

    /// Whether it writes text left to right; encoders and the like do not.
    pub(crate) fn can_chat(&self) -> bool {
        // SAFETY: as above.
        unsafe { sys::llama_model_has_decoder(self.as_ptr()) && !sys::llama_model_has_encoder(self.as_ptr()) }
    }

    /// One metadata value as text; numbers are printed.
    pub(crate) fn meta(&self, key: &CStr) -> Option<String> {
        let read = |buffer: &mut [u8]| {
            // SAFETY: the buffer is as long as said, and llama.cpp writes at most that, its end included.
            unsafe {
                sys::llama_model_meta_val_str(self.as_ptr(), key.as_ptr(), buffer.as_mut_ptr().cast(), buffer.len())
            }
        };
        let len = usize::try_from(read(&mut [0; 1])).ok()?;
        let mut buffer = vec![0; len.min(MAX_META_BYTES) + 1];
        read(&mut buffer);
        buffer.pop();
        Some(String::from_utf8_lossy(&buffer).into_owned())
    }

    /// llama.cpp's description, e.g. `llama 70B Q4_K - Medium`.
    pub(crate) fn description(&self) -> String {
        let mut buffer = [0_u8; 128];
        // SAFETY: the buffer is as long as said.
        unsafe { sys::llama_model_desc(self.as_ptr(), buffer.as_mut_ptr().cast(), buffer.len()) };
        CStr::from_bytes_until_nul(&buffer).map(|text| text.to_string_lossy().into_owned()).unwrap_or_default()
    }

    /// The file's own chat template.
    pub(crate) fn chat_template(&self) -> Option<String> {
        // SAFETY: a null name asks for the default; the text lives as long as the model.
        unsafe { text_of(sys::llama_model_chat_template(self.as_ptr(), std::ptr::null())) }
    }

    fn vocab(&self) -> *const sys::llama_vocab {
        // SAFETY: the vocabulary lives as long as the model.
        unsafe { sys::llama_model_get_vocab(self.as_ptr()) }
    }

    pub(crate) fn n_vocab(&self) -> i32 {
        // SAFETY: as above.
        unsafe { sys::llama_vocab_n_tokens(self.vocab()) }
    }

    /// Text to tokens. `parse_special`: the texts of control tokens become control tokens. `None`: over 2 GiB of text.
    pub(crate) fn tokenize(&self, text: &str, parse_special: bool, into: &mut Vec<LlamaToken>) -> Option<()> {
        let text_len = i32::try_from(text.len()).ok()?;
        let mut buffer: Vec<sys::llama_token> = vec![0; text.len() / 2 + 8];
        let call = |buffer: &mut [sys::llama_token]| {
            // SAFETY: text and buffer are as long as said; no more than the buffer is written.
            unsafe {
                sys::llama_tokenize(
                    self.vocab(),
                    text.as_ptr().cast(),
                    text_len,
                    buffer.as_mut_ptr(),
                    i32::try_from(buffer.len()).unwrap_or(i32::MAX),
                    false,
                    parse_special,
                )
            }
        };
        let mut n = call(&mut buffer);
        if n < 0 && n != i32::MIN {
            buffer.resize(usize::try_from(-n).ok()?, 0);
            n = call(&mut buffer);
        }
        buffer.truncate(usize::try_from(n).ok()?);
        into.extend(buffer.into_iter().map(LlamaToken::new));
        Some(())
    }

    /// The token that a text is, control tokens included, if it is exactly one.
    pub(crate) fn single_token(&self, text: &str) -> Option<i32> {
        let mut tokens = Vec::new();
        self.tokenize(text, true, &mut tokens)?;
        if let [LlamaToken(id)] = tokens[..] { Some(id) } else { None }
    }

    /// Append a token's bytes; they need not be whole characters. `special`: also those of control tokens.
    pub(crate) fn piece(&self, token: LlamaToken, special: bool, into: &mut Vec<u8>) {
        let mut buffer = [0_u8; 64];
        let call = |buffer: &mut [u8]| {
            let len = i32::try_from(buffer.len()).unwrap_or(i32::MAX);
            // SAFETY: the buffer is as long as said.
            unsafe { sys::llama_token_to_piece(self.vocab(), token.0, buffer.as_mut_ptr().cast(), len, 0, special) }
        };
        match usize::try_from(call(&mut buffer)) {
            Ok(len) => into.extend_from_slice(&buffer[..len.min(64)]),
            Err(_) => {
                let mut long = vec![0; usize::try_from(-call(&mut buffer)).unwrap_or(0)];
                if usize::try_from(call(&mut long)).is_ok() {
                    into.append(&mut long);
                }
            }
        }
    }

    /// The bytes of all tokens; gathered at the first call.
    pub(crate) fn token_bytes(&self) -> Arc<TokenBytes> {
        Arc::clone(self.token_bytes.get_or_init(|| Arc::new(TokenBytes::of(self))))
    }

    /// A token as text, control tokens included.
    pub(crate) fn token_text(&self, token: LlamaToken) -> String {
        let mut bytes = Vec::new();
        self.piece(token, true, &mut bytes);
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Whether a token ends the turn or the text.
    pub(crate) fn is_end(&self, token: LlamaToken) -> bool {
        // SAFETY: any token id may be asked for; unknown ones are not ends.
        unsafe { sys::llama_vocab_is_eog(self.vocab(), token.0) }
    }

    /// The token that begins a text, and whether the model expects it.
    pub(crate) fn bos(&self) -> (Option<LlamaToken>, bool) {
        // SAFETY: as the getters above.
        let (bos, wanted) = unsafe { (sys::llama_vocab_bos(self.vocab()), sys::llama_vocab_get_add_bos(self.vocab())) };
        ((bos >= 0).then_some(LlamaToken(bos)), wanted)
    }

    /// Whether the model expects the token that ends a text behind one whose meaning it is asked for.
    pub(crate) fn adds_eos(&self) -> bool {
        // SAFETY: as the getters above.
        unsafe { sys::llama_vocab_get_add_eos(self.vocab()) }
    }

    /// The token that ends a text.
    pub(crate) fn eos(&self) -> Option<LlamaToken> {
        // SAFETY: as the getters above.
        let eos = unsafe { sys::llama_vocab_eos(self.vocab()) };
        (eos >= 0).then_some(LlamaToken(eos))
    }

    /// The texts that must never come from a message: control tokens, and added tokens that look like role markers
    /// although the file does not call them control tokens.
    pub(crate) fn special_texts(&self) -> Vec<String> {
        let control = sys::LLAMA_TOKEN_ATTR_CONTROL | sys::LLAMA_TOKEN_ATTR_UNKNOWN;
        (0..self.n_vocab())
            .filter_map(|id| {
                // SAFETY: the id is one of the vocabulary's.
                let attributes = unsafe { sys::llama_vocab_get_attr(self.vocab(), id) };
                let added = attributes & sys::LLAMA_TOKEN_ATTR_USER_DEFINED != 0;
                if attributes & control == 0 && !added {
                    return None;
                }
                let text = self.token_text(LlamaToken(id));
                (!text.is_empty() && (!added || text.starts_with("<|"))).then_some(text)
            })
            .collect()
    }
}

impl Drop for Model {
    fn drop(&mut self) {
        // SAFETY: the only owner; contexts hold the model through `Arc` and are freed first.
        unsafe { sys::llama_model_free(self.as_ptr()) };
    }
}
