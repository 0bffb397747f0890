//! NVIDIA's management library (NVML) for tests: a real shared library with NVML's own functions, which answers what
//! the file beside it says. So the tests go through the real nvml-wrapper and the system's loader, without a card.
//!
//! A copy of the library reads the file of its own name with `.profile` added; several copies can be loaded at once.
//! `profile.rs` describes that file.
//!
//! In Rust and a member of the workspace, because then cargo builds it on every system with what is there anyway: a
//! dependency of the tests, found beside their executable.

mod calls;
mod newer;
mod place;
mod profile;
