//! Writing a smaller copy of a model.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::{
    EngineError, EngineHost,
    protocol::{Event, Request},
};

/// What to write, and from what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuantizeParams {
    /// The GGUF file (the first shard of a split one).
    pub input: PathBuf,
    /// The file to write; one that is there is overwritten.
    pub output: PathBuf,
    /// The quantization as in file names, such as `Q4_K_M`; `_L` and `_XL` keep embeddings and output at 8 bits.
    pub quant: String,
    /// Which weights matter more: a file of llama.cpp's `imatrix`, in GGUF.
    #[serde(default)]
    pub imatrix: Option<PathBuf>,
    /// Also from a file whose weights have lost something already.
    #[serde(default)]
    pub allow_requantize: bool,
    /// CPU threads; `None`: as many as there are cores.
    #[serde(default)]
    pub n_threads: Option<u32>,
}

/// How far a copy is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuantizeProgress {
    /// Tensors that are done.
    pub tensors_done: u32,
    /// Tensors of the file.
    pub tensors: u32,
}

impl EngineHost {
    /// Write a model in another quantization. llama.cpp has no way to stop in the middle: to do that, stop the process
    /// ([`EngineHost::stop`]) and delete the file.
    ///
    /// # Errors
    /// See [`EngineError`].
    pub async fn quantize(
        &self,
        params: QuantizeParams,
        mut on_progress: impl FnMut(QuantizeProgress),
    ) -> Result<(), EngineError> {
        let mut reply = self.request(Request::Quantize(params));
        loop {
            match reply.next().await? {
                Event::QuantizeProgress(progress) => on_progress(progress),
                Event::Quantized => return Ok(()),
                _ => {}
            }
        }
    }
}
