//! Tests across the parts: real engine processes, real files, a real database.

#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

mod answers;
mod benching;
mod chat;
mod composing;
mod continuing;
mod copies;
#[cfg(unix)]
mod death;
mod edges;
mod embedding;
mod files;
mod fitting;
mod format;
mod generation;
mod harness;
mod inspect;
mod keeping;
#[cfg(unix)]
mod killed;
#[cfg(target_os = "linux")]
mod limited;
mod loading;
mod lora;
mod oracle;
mod parallel;
mod planning;
mod protocol;
mod queue;
mod rates;
mod reuse;
mod server;
mod setup;
mod speculation;
mod titles;
