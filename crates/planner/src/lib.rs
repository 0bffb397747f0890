//! What fits on a computer, how fast it will be and how good: before anything is downloaded.
//!
//! **Owns** the catalogue (models, quantizations, graphics cards), the memory plan, the speed prediction and the
//! recommendation. **Pure functions**: nothing here reads a file, a clock or a driver. What is known comes in as
//! [`paddock_hardware::Hardware`], as a model's [`Weights`] and as [`Settings`].
//!
//! [`recommend`] is the whole of it; [`plan`] looks at one model.
//!
//! **How to test:** `cargo test -p paddock-planner`. `tests/it` holds the plan against published sizes, tables and
//! measured speeds; the engine's own allocation is compared in the workspace's `tests`.

pub mod catalogue;
mod error;
mod figures;
pub mod gpus;
mod guardrail;
pub mod guide;
mod kv;
mod machine;
mod memory;
pub mod mix;
mod plan;
pub mod quant;
mod reason;
mod recommend;
mod remark;
mod settings;
mod slower;
pub mod smaller;
mod speed;
mod weights;
mod words;

pub use error::PlanError;
pub use guardrail::{Concern, Guardrail, Judgement, judge};
pub use machine::{Computer, Device, Machine};
pub use memory::{DevicePlan, MARGIN_BYTES, MemoryPlan, RamPlan, Verdict};
pub use plan::{Plan, plan};
pub use reason::{Gpus, Reason};
pub use recommend::{Alternative, Candidate, Pick, Preference, Recommendation, candidates, recommend};
pub use remark::{AppleRoom, Remark};
pub use settings::{CacheType, PRESETS, Preset, Settings};
pub use slower::{Slower, SlowerBecause, slower};
pub use speed::{Basis, Speed, TokS};
pub use weights::{ByType, Group, Weights};
