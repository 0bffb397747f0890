//! The format from outside: what is written is read back, and what is hostile is refused.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod corpus;
mod hostile;
mod large;
mod llama_70b;
mod ranged;
mod raw;
mod refused;
mod round_trip;
mod shape;
mod split;
mod tables;
