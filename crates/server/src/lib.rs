//! The local server: a door for other programs to the model on this computer.
//!
//! It speaks the HTTP interfaces that programs know already: OpenAI's (chat completions, completions, embeddings,
//! responses, models) and Anthropic's (messages), with llama-server's `timings` in replies. It has no way to a model of
//! its own: everything goes through [`paddock_core::App::complete`], in one line with the window.
//!
//! **Who gets in** (`guard`): it listens on this computer alone unless told otherwise; every request has to name it by a
//! name that is its own (`Host`), must not come from a web page that was not allowed (`Origin`), and has to show the
//! token. All of that is checked before the path is looked at, so that no route can be forgotten.

mod anthropic;
mod control;
mod fault;
mod feed;
mod fields;
mod guard;
mod listening;
mod metrics;
mod openai;
mod patience;
mod reply;
mod request;
mod routes;
mod running;
mod switch;
mod writing;

pub use control::{Stopped, stop_all};
pub use routes::ROUTES;
pub use running::{Config, Server};
pub use switch::Switch;
