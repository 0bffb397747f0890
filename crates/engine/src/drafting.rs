//! Guessing the next tokens, so that several can be checked in one pass.

/// Tokens that are guessed at once at most, by all answers together. llama.cpp's n-gram drafts are as long by default.
pub(crate) const MAX_GUESSES: u32 = 16;
