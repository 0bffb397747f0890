//! The plan against published sizes, tables and measured speeds.

#![expect(clippy::unwrap_used, reason = "a test may fail")]

mod computers;
mod hostile;
mod layers;
mod loading;
mod memory;
mod recommendation;
mod sizes;
mod speeds;
mod tables;
