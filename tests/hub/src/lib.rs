//! A server that speaks like Hugging Face's Hub, and misbehaves on command.
//!
//! **Owns** the Hub's HTTP API as its clients use it (search, repositories, trees, files behind signed addresses on a
//! second host), every fault a download can meet ([`Act`], [`scenario`]), and two small proxies. **Does not own** any
//! judgement: what a client must make of a fault is said in the client's own tests.
//!
//! Plain threads and hand-written HTTP: no library would send what these tests need. Bodies of files on disk go out
//! through the system's own copying (`sendfile` on Linux), so that the server is not what a benchmark measures.
//!
//! [`TestHub::start`] is the entry point. **How to test:** `cargo test -p paddock-test-hub`, which among others lets
//! Python's real `huggingface_hub` list and download from it.
#![expect(clippy::unwrap_used, reason = "it never ships, and a test whose server cannot go on should end there")]

mod act;
mod answer;
mod black_hole;
mod connection;
mod content;
mod listener;
mod model;
mod proxy;
mod reply;
mod repo;
mod request;
pub mod scenario;
mod send;
mod server;
mod socks;
mod state;

pub use act::Act;
pub use black_hole::BlackHole;
pub use content::Content;
pub use proxy::Proxy;
pub use repo::Repo;
pub use request::{Kind, Request};
pub use server::TestHub;
pub use socks::Socks;
