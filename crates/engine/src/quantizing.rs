//! Writing a smaller copy of a model.

use std::{sync::mpsc, thread, time::Duration};

use llama_cpp_2::llama_backend::LlamaBackend;
use paddock_engine_api::{
    protocol::{Event, Failure, FailureCode},
    quantizing::{QuantizeParams, QuantizeProgress},
};

use crate::{
    failure::failure,
    liveness,
    llama::{self, Importance, Quantization},
    load::file_name,
};

/// A matrix of a large model can take longer than the app waits for progress, and llama.cpp tells nothing in between.
const PULSE: Duration = Duration::from_secs(1);

/// Write the copy. Progress comes from llama.cpp's log, on whatever thread it logs.
pub(crate) fn run(
    backend: &LlamaBackend,
    params: &QuantizeParams,
    tell: impl Fn(Event) + Send + 'static,
) -> Result<(), Failure> {
    if !llama::can_quantize_to(&params.quant) {
        return Err(failure(
            FailureCode::BadRequest,
            format!("“{}” is not a quantization that can be written.", params.quant),
        ));
    }
    let importance = params.imatrix.as_deref().map(|path| {
        Importance::read(path).ok_or_else(|| {
            failure(
                FailureCode::BadRequest,
                format!("“{}” is not an importance matrix in GGUF, as llama.cpp's imatrix writes it.", file_name(path)),
            )
        })
    });
    let importance = importance.transpose()?;
    let log = llama::log_mark();
    let how = Quantization {
        quant: &params.quant,
        importance: importance.as_ref(),
        allow_requantize: params.allow_requantize,
        n_threads: params.n_threads.unwrap_or_else(|| u32::try_from(num_cpus::get()).unwrap_or(1)),
    };
    let written = llama::watch_log(
        move |line| {
            if let Some(progress) = progress_in(line) {
                liveness::progressed();
                tell(Event::QuantizeProgress(progress));
            }
        },
        || with_pulse(|| llama::quantize(backend, &params.input, &params.output, &how)),
    );
    if written == Some(true) {
        return Ok(());
    }
    let details = llama::log_errors_since(log).join("\n");
    let message = if details.contains("requantizing from type") {
        "This model is quantized already, and what was lost then is lost again on top. Start from an F16 or BF16 file."
            .into()
    } else if details.contains("requires an imatrix") || details.contains("Missing importance matrix") {
        format!("{} needs an importance matrix.", params.quant)
    } else {
        format!("llama.cpp could not write “{}” as {}.", file_name(&params.input), params.quant)
    };
    Err(Failure { details: (!details.is_empty()).then_some(details), ..failure(FailureCode::BadRequest, message) })
}

/// Do `work` on this thread, and show signs of life from another one.
fn with_pulse<T>(work: impl FnOnce() -> T) -> T {
    let (done, is_done) = mpsc::channel::<()>();
    thread::scope(|scope| {
        scope.spawn(move || {
            while is_done.recv_timeout(PULSE) == Err(mpsc::RecvTimeoutError::Timeout) {
                liveness::progressed();
            }
        });
        let result = work();
        drop(done);
        result
    })
}

/// llama.cpp announces each tensor: `[  12/ 147] blk.1.attn_k.weight - …` (llama-quant.cpp). It is the one that is begun.
fn progress_in(line: &str) -> Option<QuantizeProgress> {
    let (begun, tensors) = line.trim_start().strip_prefix('[')?.split_once(']')?.0.split_once('/')?;
    let begun: u32 = begun.trim().parse().ok()?;
    Some(QuantizeProgress { tensors_done: begun.checked_sub(1)?, tensors: tensors.trim().parse().ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_is_read_from_the_lines_that_announce_tensors_and_no_others() {
        let announced = progress_in("[  12/ 147] blk.1.attn_k.weight                - [ 2048,   512,     1,     1], ");
        assert_eq!(announced, Some(QuantizeProgress { tensors_done: 11, tensors: 147 }));
        for other in ["size =   8.00 MiB", "[0/1] none", "[a/b]", "", "llama_model_quantize_impl: [1"] {
            assert_eq!(progress_in(other), None, "{other}");
        }
    }
}
