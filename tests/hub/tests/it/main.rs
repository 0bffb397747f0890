//! The server against clients: a plain socket, and Python's real `huggingface_hub`.
#![expect(clippy::unwrap_used, reason = "tests")]

mod client;
mod faults;
mod models;
mod protocol;
mod proxies;
mod python;
mod scenarios;
