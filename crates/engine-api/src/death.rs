//! Why an engine process ended, in words.

use std::process::ExitStatus;

use crate::platform;

/// How an engine process ended, and what is known of the reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Death {
    /// The kind of end.
    pub cause: DeathCause,
    /// The last lines it wrote to standard error, for the curious; may be empty.
    pub last_words: String,
}

/// The kinds of end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeathCause {
    /// The system (or a person) ended it: on Linux mostly the out-of-memory killer.
    Killed,
    /// The graphics card had no memory left.
    GpuOutOfMemory,
    /// The graphics driver reported an error.
    GpuError,
    /// llama.cpp found a condition that it cannot go on from, and ended the process.
    Aborted,
    /// It touched memory that is not there (a fault in native code, or the model file shrank while in use).
    Crashed,
    /// It needs a processor instruction that this processor does not have.
    IllegalInstruction,
    /// It ended with this exit code although nobody asked it to.
    Exited(i32),
    /// It gave no sign of life and was ended.
    Hung {
        /// Seconds without a sign of life.
        seconds: u64,
    },
    /// What it said made no sense (garbage, a line too long, another version), and it was ended.
    Babbled,
}

/// What a dying llama.cpp writes to standard error, and what it means. Sources: `ggml_cuda_error` in ggml-cuda.cu,
/// `ggml_metal` and `ggml_vulkan` allocation messages of llama.cpp as vendored by llama-cpp-sys-2 0.1.161.
const GPU_OUT_OF_MEMORY: [&str; 4] = [
    "CUDA error: out of memory",
    "cudaMalloc failed: out of memory",
    "ErrorOutOfDeviceMemory",
    "kIOGPUCommandBufferCallbackErrorOutOfMemory",
];
const GPU_ERROR: [&str; 4] =
    ["CUDA error", "ROCm error", "vk::DeviceLostError", "ggml_metal_graph_compute: command buffer"];

impl Death {
    /// Read a cause from how the process ended and from what it wrote last.
    pub(crate) fn from_exit(status: ExitStatus, last_words: String) -> Self {
        let cause = if contains_any(&last_words, &GPU_OUT_OF_MEMORY) {
            DeathCause::GpuOutOfMemory
        } else if contains_any(&last_words, &GPU_ERROR) {
            DeathCause::GpuError
        } else {
            platform::cause_of_exit(status)
        };
        Self { cause, last_words }
    }

    /// What happened, in one sentence.
    pub fn sentence(&self) -> String {
        match self.cause {
            DeathCause::Killed => {
                "The engine was ended from outside; mostly this means that the computer ran out of memory.".into()
            }
            DeathCause::GpuOutOfMemory => "The engine ended because the graphics card ran out of memory.".into(),
            DeathCause::GpuError => "The engine ended because the graphics driver reported an error.".into(),
            DeathCause::Aborted => "The engine ended itself: llama.cpp met a condition it cannot go on from.".into(),
            DeathCause::Crashed => "The engine crashed.".into(),
            DeathCause::IllegalInstruction => {
                "The engine ended because this processor lacks an instruction that it needs (AVX2, FMA or F16C).".into()
            }
            DeathCause::Exited(code) => format!("The engine ended unexpectedly (exit code {code})."),
            DeathCause::Hung { seconds } => {
                format!("The engine gave no sign of life for {seconds} seconds and was ended.")
            }
            DeathCause::Babbled => "The engine sent something that makes no sense and was ended.".into(),
        }
    }
}

fn contains_any(text: &str, patterns: &[&str]) -> bool {
    patterns.iter().any(|pattern| text.contains(pattern))
}
