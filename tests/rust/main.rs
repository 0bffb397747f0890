//! Tests across the parts: real engine processes, real files, a real database.

#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

mod answers;
mod chat;
mod composing;
mod continuing;
#[cfg(unix)]
mod death;
mod edges;
mod files;
mod fitting;
mod generation;
mod harness;
mod inspect;
mod keeping;
#[cfg(unix)]
mod killed;
#[cfg(target_os = "linux")]
mod limited;
mod loading;
mod oracle;
mod planning;
mod protocol;
mod queue;
mod rates;
mod setup;
mod titles;
