//! From a file to a model with a context: for real, or only to know what that would take.

use std::{path::Path, sync::Arc};

use llama_cpp_2::llama_backend::LlamaBackend;
use paddock_engine_api::{
    Cause,
    protocol::{
        BufferUse, DEFAULT_N_CTX, Failure, FailureCode, Inspected, LoadParams, LoadPhase, MAX_N_CTX, MAX_PARALLEL,
    },
};

use crate::{
    adapters, devices, draft_model,
    drafting::MAX_GUESSES,
    failure::failure,
    liveness,
    llama::{self, Context, ContextParams, Model, ModelParams},
};

/// A model with its context.
pub(crate) struct Opened {
    pub(crate) model: Arc<Model>,
    pub(crate) context: Context,
    /// How the context was made.
    pub(crate) used: ContextParams,
    /// The model that guesses, and how its context was made.
    pub(crate) draft: Option<(Context, ContextParams)>,
    /// What the LoRA adapters take; llama.cpp does not count it among the context's buffers.
    pub(crate) lora_buffers: Vec<BufferUse>,
}

impl Opened {
    /// What is allocated for both models, or would be.
    pub(crate) fn buffers(&self) -> Vec<BufferUse> {
        let mut buffers = self.context.buffers();
        for more in self.draft.iter().flat_map(|(context, _)| context.buffers()) {
            let same = |buffer: &&mut BufferUse| buffer.device == more.device && buffer.buffer_type == more.buffer_type;
            match buffers.iter_mut().find(same) {
                Some(buffer) => {
                    buffer.weights_bytes += more.weights_bytes;
                    buffer.kv_bytes += more.kv_bytes;
                    buffer.compute_bytes += more.compute_bytes;
                }
                None => buffers.push(more),
            }
        }
        buffers.extend(self.lora_buffers.iter().cloned());
        buffers
    }
}

/// Load the weights and reserve the context.
pub(crate) fn open(
    backend: &LlamaBackend,
    params: &LoadParams,
    on_progress: impl FnMut(LoadPhase, f32),
) -> Result<Opened, Failure> {
    open_as(backend, params, false, on_progress)
}

/// What [`open`] would allocate. It runs the same code up to the allocations, so the numbers are the same.
pub(crate) fn inspect(backend: &LlamaBackend, params: &LoadParams) -> Result<Inspected, Failure> {
    let opened = open_as(backend, params, true, |_, _| {})?;
    if liveness::is_cancelled() {
        return Err(failure(FailureCode::Cancelled, STOPPED));
    }
    Ok(Inspected {
        buffers: opened.buffers(),
        n_ctx: opened.context.n_ctx(),
        n_layers: opened.model.n_layers(),
        n_gpu_layers: gpu_layers(params, &opened.model),
    })
}

const STOPPED: &str = "Loading was stopped.";

fn open_as(
    backend: &LlamaBackend,
    params: &LoadParams,
    no_alloc: bool,
    mut on_progress: impl FnMut(LoadPhase, f32),
) -> Result<Opened, Failure> {
    check(params)?;
    let log = llama::log_mark();
    if liveness::is_cancelled() {
        return Err(failure(FailureCode::Cancelled, STOPPED));
    }
    let model = open_model(backend, params, no_alloc, &mut on_progress)?;
    let used = context_params(params, &model);
    let guesser = params.draft.as_ref().map(|draft| {
        let params = LoadParams {
            path: draft.path.clone(),
            n_gpu_layers: draft.n_gpu_layers,
            n_ctx: Some(used.n_ctx),
            draft: None,
            lora: Vec::new(),
            ..params.clone()
        };
        let guesser = open_model(backend, &params, no_alloc, &mut on_progress)?;
        draft_model::check(&guesser, &model)?;
        // One sequence for each answer, and of each the logits of one token.
        let n = params.n_parallel;
        let used = ContextParams { n_sequences: n, n_outputs: n, ..context_params(&params, &guesser) };
        Ok::<_, Failure>((guesser, used))
    });
    let guesser = guesser.transpose()?;
    on_progress(LoadPhase::WarmingUp, 0.0);
    let context = |model: &Arc<Model>, used: &ContextParams| {
        Context::new(backend, Arc::clone(model), used).ok_or_else(|| context_failure(used.n_ctx, log))
    };
    let draft = match guesser {
        Some((guesser, used)) => Some((context(&guesser, &used)?, used)),
        None => None,
    };
    let mut context = context(&model, &used)?;
    let lora_buffers = if no_alloc { Vec::new() } else { adapters::apply(&mut context, &params.lora)? };
    Ok(Opened { model, context, used, draft, lora_buffers })
}

fn open_model(
    backend: &LlamaBackend,
    params: &LoadParams,
    no_alloc: bool,
    on_progress: &mut dyn FnMut(LoadPhase, f32),
) -> Result<Arc<Model>, Failure> {
    let log = llama::log_mark();
    on_progress(LoadPhase::Reading, 0.0);
    let mut reported = 0.0;
    let model_params = ModelParams {
        n_gpu_layers: params.n_gpu_layers,
        use_mmap: params.use_mmap,
        use_mlock: params.use_mlock,
        repack: params.repack,
        no_alloc,
    };
    let model = Model::load(backend, &params.path, &model_params, &mut |fraction| {
        liveness::progressed();
        if fraction - reported >= 0.01 {
            reported = fraction;
            on_progress(LoadPhase::Reading, fraction);
        }
        !liveness::is_cancelled()
    });
    let model = Arc::new(model.ok_or_else(|| load_failure(&params.path, log))?);
    liveness::progressed();
    if liveness::is_cancelled() {
        return Err(failure(FailureCode::Cancelled, STOPPED));
    }
    if !model.can_chat() {
        return Err(Cause::NoDecoder { file: file_name(&params.path) }.into());
    }
    Ok(model)
}

/// Layers that are on a GPU, counted as llama.cpp does: the output layer is one of them.
pub(crate) fn gpu_layers(params: &LoadParams, model: &Model) -> u32 {
    if devices::has_gpu() { params.n_gpu_layers.unwrap_or(u32::MAX).min(model.n_layers() + 1) } else { 0 }
}

/// The limits within which llama.cpp neither fails silently nor ends the process.
pub(crate) fn check(params: &LoadParams) -> Result<(), Failure> {
    const MAX_THREADS: u32 = 512; // GGML_MAX_N_THREADS in ggml.h
    let bad = |message: String| Err(failure(FailureCode::BadRequest, message));
    if params.n_ctx.is_some_and(|n| n < 16) {
        return bad("A context of less than 16 tokens has no room for a question.".into());
    }
    if let Some(n) = params.n_ctx.filter(|&n| n > MAX_N_CTX) {
        return bad(format!(
            "A context of {n} tokens is longer than any model can use; at most {MAX_N_CTX} can be asked for."
        ));
    }
    if params.n_batch == 0 || params.n_ubatch == 0 || params.n_ubatch > params.n_batch {
        return bad(format!(
            "The micro-batch ({}) must be at least 1 and at most the batch ({}).",
            params.n_ubatch, params.n_batch
        ));
    }
    if params.n_parallel == 0 || params.n_parallel > MAX_PARALLEL {
        return bad(format!("{} answers cannot be written at once; 1 to {MAX_PARALLEL} can.", params.n_parallel));
    }
    adapters::check(&params.lora)?;
    for threads in [params.n_threads, params.n_threads_batch].into_iter().flatten() {
        if threads == 0 || threads > MAX_THREADS {
            return bad(format!("{threads} threads cannot be used; 1 to {MAX_THREADS} can."));
        }
    }
    Ok(())
}

/// Conversations that are kept apart in one context, if there is room for their tokens, at least. Each takes a row of
/// logits in main memory, 0.5 MB at a vocabulary of 128k (llama-context.cpp, `output_reserve`).
const FEWEST_SEQUENCES: u32 = 8;

fn context_params(params: &LoadParams, model: &Model) -> ContextParams {
    let trained = model.n_ctx_train();
    let usual = if trained == 0 { DEFAULT_N_CTX } else { trained.min(DEFAULT_N_CTX) };
    let n_ctx = params.n_ctx.unwrap_or(usual);
    let n_threads = params.n_threads.unwrap_or_else(usual_threads);
    // One that overwrites its state has to have one for each sequence, which may be as large as a whole context.
    let n_sequences =
        if model.remembers_in_place() { params.n_parallel } else { (2 * params.n_parallel).max(FEWEST_SEQUENCES) };
    ContextParams {
        n_ctx,
        // Every answer must be able to write a token in one call.
        n_batch: params.n_batch.min(n_ctx).max(params.n_parallel),
        n_ubatch: params.n_ubatch.min(n_ctx),
        n_sequences,
        n_outputs: params.n_parallel + MAX_GUESSES,
        n_threads,
        n_threads_batch: params.n_threads_batch.unwrap_or(n_threads),
        cache_type_k: params.cache_type_k,
        cache_type_v: params.cache_type_v,
        flash_attention: params.flash_attention,
    }
}

/// The threads that a load chooses by itself: the physical cores, as far as this process may use them. Writing is limited
/// by memory, and a core's second thread brings no more of that.
pub(crate) fn usual_threads() -> u32 {
    u32::try_from(num_cpus::get_physical().min(num_cpus::get())).unwrap_or(1).max(1)
}

/// What llama.cpp and the system's C library say when memory could not be had.
const OUT_OF_MEMORY: [&str; 5] =
    ["unable to allocate", "failed to allocate", "out of memory", "Cannot allocate memory", "bad_alloc"];

/// llama.cpp returns null from a failed load; its log says why.
fn load_failure(path: &Path, log: usize) -> Failure {
    if liveness::is_cancelled() {
        return failure(FailureCode::Cancelled, STOPPED);
    }
    let details = llama::log_errors_since(log).join("\n");
    let file = file_name(path);
    let has = |pattern: &str| details.contains(pattern);
    // Messages of llama-model-loader.cpp, llama-model.cpp, llama-vocab.cpp and the backends' allocators, as vendored by
    // llama-cpp-sys-2 0.1.161.
    let cause = if has("unknown model architecture") {
        let architecture =
            details.split("unknown model architecture: '").nth(1).and_then(|rest| rest.split('\'').next());
        Cause::UnknownArchitecture { file, architecture: architecture.unwrap_or("unnamed").to_owned() }
    } else if has("not within the file bounds") || has("tensor data is not within") || has("file is corrupted") {
        Cause::FileIncomplete { file }
    } else if OUT_OF_MEMORY.iter().any(|pattern| has(pattern)) {
        Cause::NoMemoryForModel { file }
    } else if has("missing tensor")
        || has("wrong shape")
        || has("key not found")
        || has("wrong number of tensors")
        || has("invalid")
    {
        Cause::NotAWholeModel { file }
    } else {
        Cause::CannotLoad { file }
    };
    Failure { details: (!details.is_empty()).then_some(details), ..Failure::from(cause) }
}

/// A context that was not made; the log says why. Messages of llama-context.cpp, as vendored by llama-cpp-sys-2 0.1.161.
fn context_failure(n_ctx: u32, log: usize) -> Failure {
    let details = llama::log_errors_since(log).join("\n");
    let refused = if details.contains("quantized V cache requires flash_attn") {
        failure(
            FailureCode::BadRequest,
            "A quantized V cache works with flash attention only. Switch it on, or keep the V cache in 16 bits.",
        )
    } else if details.contains("does not divide n_embd_head") {
        failure(
            FailureCode::BadRequest,
            "The KV cache of this model cannot be quantized: its heads do not fit the format's blocks. Keep it in 16 bits.",
        )
    } else {
        Cause::NoMemoryForContext { n_ctx }.into()
    };
    Failure { details: (!details.is_empty()).then_some(details), ..refused }
}

pub(crate) fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}
