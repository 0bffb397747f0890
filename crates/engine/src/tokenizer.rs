//! From text to the loaded model's tokens, on any thread.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use llama_cpp_2::token::LlamaToken;
use paddock_engine_api::{
    Cause,
    protocol::{Event, Failure, FailureCode},
};

use crate::{
    failure::failure,
    llama::Model,
    prompt::{self, Guard, Taken},
};

/// The loaded model's vocabulary, for texts that are counted while the engine thread works. A static, because it belongs
/// to the process like the model does.
static SHARED: Mutex<Option<Arc<Tokenizer>>> = Mutex::new(None);

/// A model's vocabulary, and what keeps messages from becoming control tokens.
pub(crate) struct Tokenizer {
    model: Arc<Model>,
    guard: Guard,
}

impl Tokenizer {
    pub(crate) fn new(model: Arc<Model>, specials: Vec<String>) -> Self {
        Self { model, guard: Guard::new(specials) }
    }

    pub(crate) fn guard(&self) -> &Guard {
        &self.guard
    }

    /// A rendered text to tokens. `None`: over 2 GiB in one piece.
    pub(crate) fn tokens(&self, rendered: &str, taken: &Taken) -> Option<Vec<LlamaToken>> {
        prompt::tokenize(&taken.pieces(rendered), |text, special, into| self.model.tokenize(text, special, into))
    }

    /// A text by itself, as it is in a message: nothing in it is a control token. `None`: it holds too much.
    pub(crate) fn plain(&self, text: &str) -> Option<Vec<LlamaToken>> {
        let (protected, taken) = self.guard.protect_one(text)?;
        self.tokens(&protected, &taken)
    }

    fn count(&self, text: &str) -> Option<u32> {
        u32::try_from(self.plain(text)?.len()).ok()
    }
}

/// Let texts be counted in this model's tokens; with `None`, no longer. Waits for a count that is going on, so that
/// afterwards nobody holds the model that was there before.
pub(crate) fn share(tokenizer: Option<Arc<Tokenizer>>) {
    *shared() = tokenizer;
}

/// Count texts in the loaded model's tokens.
pub(crate) fn count(texts: &[String]) -> Result<Event, Failure> {
    let shared = shared();
    let tokenizer = shared.as_deref().ok_or(Cause::NoModel)?;
    let n_tokens = texts.iter().map(|text| tokenizer.count(text)).collect::<Option<_>>().ok_or_else(|| {
        failure(FailureCode::BadRequest, "A text holds more control tokens or text than can be handled.")
    })?;
    Ok(Event::Counts { n_tokens })
}

fn shared() -> MutexGuard<'static, Option<Arc<Tokenizer>>> {
    SHARED.lock().unwrap_or_else(PoisonError::into_inner)
}
