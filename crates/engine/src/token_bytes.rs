//! The bytes of every token of a vocabulary, for what looks at all of them at once.

use llama_cpp_2::token::LlamaToken;

use crate::llama::Model;

/// The bytes of all tokens, one after the other.
pub(crate) struct TokenBytes {
    bytes: Vec<u8>,
    /// Where the bytes of each token end.
    ends: Vec<usize>,
    /// Which tokens end an answer.
    is_end: Vec<bool>,
}

impl TokenBytes {
    pub(crate) fn of(model: &Model) -> Self {
        let (mut bytes, mut ends, mut is_end) = (Vec::new(), Vec::new(), Vec::new());
        for token in (0..model.n_vocab()).map(LlamaToken) {
            model.piece(token, false, &mut bytes);
            ends.push(bytes.len());
            is_end.push(model.is_end(token));
        }
        Self { bytes, ends, is_end }
    }

    /// A token's bytes; none for a control token.
    pub(crate) fn text(&self, LlamaToken(id): LlamaToken) -> &[u8] {
        let Ok(id) = usize::try_from(id) else { return &[] };
        let begin = id.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or(0);
        self.ends.get(id).and_then(|&end| self.bytes.get(begin..end)).unwrap_or_default()
    }

    /// Whether a token ends the answer.
    pub(crate) fn is_end(&self, LlamaToken(id): LlamaToken) -> bool {
        usize::try_from(id).ok().and_then(|id| self.is_end.get(id)).copied().unwrap_or(false)
    }
}
