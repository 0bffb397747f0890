//! Answers from somebody else's server: any that speaks OpenAI's chat API, such as vLLM, SGLang, llama-server, Ollama or
//! LM Studio.
//!
//! **Owns** the address, what the server has ([`Remote::models`]), and one answer on its way ([`Remote::answer`]). **Does
//! not own** the conversation, nor where address and key are kept.
//!
//! **The invariant:** the key goes to the server that it was given for and nowhere else: redirects are not followed, and
//! nothing is sent in the clear over a network that is not the user's own. Nothing that comes back is believed: answers
//! are bounded in bytes and in time.
//!
//! An answer is given up by dropping its future: the connection is closed then, which is how these servers are told to
//! stop.

mod address;
mod answer;
mod chunk;
mod error;
mod models;
mod web;

pub use address::{Address, AddressFault};
pub use answer::{AnswerEnd, AnswerEvent, AnswerTimings, Ask, AskedMessage, EndReason, Role};
pub use error::RemoteError;
pub use models::RemoteModel;
pub use web::{Patience, Remote};
