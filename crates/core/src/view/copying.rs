//! Smaller copies of models.

use paddock_planner::quant::Quality;
use serde::{Deserialize, Serialize};
use specta::Type;

/// What can be made of a model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct CopyOptions {
    /// The model is quantized already: a copy loses once more.
    pub again: bool,
    /// The copies that are smaller than it, the smallest first.
    pub options: Vec<CopyOption>,
}

/// A copy that can be made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct CopyOption {
    /// The quantization.
    pub quant: String,
    /// How large it will be, in bytes.
    #[specta(type = u32)]
    pub size_bytes: u64,
    /// How good it is, in a word.
    pub quality: Quality,
    /// Where it will be.
    pub path: String,
}

/// How far a copy is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct CopyEvent {
    /// Tensors that are done.
    pub tensors_done: u32,
    /// Tensors of the model.
    pub tensors: u32,
}
