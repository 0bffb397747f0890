//! The engine thread: it alone owns model and context, and does one request after the other.

use std::{path::Path, rc::Rc, sync::mpsc::Receiver, time::Instant};

use llama_cpp_2::{LlamaBackendDeviceType, llama_backend::LlamaBackend, token::LlamaToken};
use paddock_engine_api::protocol::{
    ChatMessage, DEFAULT_N_CTX, Device, DeviceKind, Event, Failure, FailureCode, GenerateParams, LoadParams, LoadPhase,
    Loaded, Request, Sampling, ToEngine,
};

use crate::{
    generate::{Job, Report, Session},
    liveness,
    llama::{self, Context, ContextParams, DecodeError, Model, ModelParams},
    prompt::{self, Guard},
    template::{ChatTemplate, Vocabulary},
    wire::Outbox,
};

/// Everything there is to a loaded model.
struct Engine {
    session: Session,
    template: ChatTemplate,
    guard: Guard,
}

/// Do requests until there are no more.
pub(crate) fn run(requests: &Receiver<ToEngine>, outbox: &Outbox) {
    let mut worker = Worker { backend: None, engine: None, outbox };
    for ToEngine { id, request } in requests {
        liveness::begin(id);
        let closing = worker.handle(id, request).unwrap_or_else(Event::Failed);
        // Before the answer goes out: who gets it may cancel something else next.
        liveness::end();
        outbox.send(id, closing);
    }
}

struct Worker<'a> {
    backend: Option<LlamaBackend>,
    engine: Option<Engine>,
    outbox: &'a Outbox,
}

impl Worker<'_> {
    fn handle(&mut self, id: u64, request: Request) -> Result<Event, Failure> {
        match request {
            Request::ListDevices => {
                self.backend()?;
                Ok(Event::Devices { devices: devices() })
            }
            Request::Load(params) => self.load(id, &params),
            Request::Unload => {
                self.engine = None;
                Ok(Event::Unloaded)
            }
            Request::Generate(params) => self.generate(id, &params),
            Request::Tokenize { messages } => {
                let engine = self.engine.as_ref().ok_or_else(no_model)?;
                let n_tokens = u32::try_from(engine.tokenize(&messages)?.len()).unwrap_or(u32::MAX);
                Ok(Event::Tokens { n_tokens })
            }
            // The reader answers these itself.
            Request::Hello { .. } | Request::Cancel { .. } => {
                Err(failure(FailureCode::BadRequest, "This request does not belong here."))
            }
        }
    }

    fn backend(&mut self) -> Result<&LlamaBackend, Failure> {
        if self.backend.is_none() {
            llama::capture_log();
            let backend = LlamaBackend::init().map_err(|error| {
                failure(FailureCode::LoadFailed, format!("llama.cpp could not be initialised: {error}."))
            })?;
            self.backend = Some(backend);
        }
        self.backend.as_ref().ok_or_else(|| failure(FailureCode::LoadFailed, "llama.cpp could not be initialised."))
    }

    fn load(&mut self, id: u64, params: &LoadParams) -> Result<Event, Failure> {
        let started = Instant::now();
        check(params)?;
        // First, so that two models never take memory at once.
        self.engine = None;
        let outbox = self.outbox;
        let report = |phase, fraction| outbox.send(id, Event::LoadProgress { phase, fraction });
        let log = llama::log_mark();
        let backend = self.backend()?;

        report(LoadPhase::Reading, 0.0);
        let mut reported = 0.0;
        let model_params =
            ModelParams { n_gpu_layers: params.n_gpu_layers, use_mmap: params.use_mmap, use_mlock: params.use_mlock };
        let model = Model::load(backend, &params.path, &model_params, &mut |fraction| {
            liveness::progressed();
            if fraction - reported >= 0.01 {
                reported = fraction;
                report(LoadPhase::Reading, fraction);
            }
            !liveness::is_cancelled()
        });
        let model = Rc::new(model.ok_or_else(|| load_failure(&params.path, log))?);
        if !model.can_chat() {
            return Err(failure(
                FailureCode::ModelRefused,
                format!(
                    "“{}” is not a model that writes answers (it has no decoder of its own).",
                    file_name(&params.path)
                ),
            ));
        }
        let context_params = context_params(params, &model);
        report(LoadPhase::WarmingUp, 0.0);
        let context = Context::new(backend, Rc::clone(&model), &context_params).ok_or_else(|| {
            let details = llama::log_errors_since(log).join("\n");
            Failure {
                code: FailureCode::OutOfMemory,
                message: format!(
                    "There is not enough memory for a context of {} tokens beside the model.",
                    context_params.n_ctx
                ),
                details: (!details.is_empty()).then_some(details),
            }
        })?;
        let mut session = Session::new(context);
        session.warm_up(model.bos().0.unwrap_or(LlamaToken(0))).map_err(|error| stopped_or(error, log))?;
        report(LoadPhase::WarmingUp, 1.0);

        let engine = Engine::new(session, &model);
        let loaded = engine.describe(&model, params, &context_params, started);
        self.engine = Some(engine);
        Ok(Event::Loaded(Box::new(loaded)))
    }

    fn generate(&mut self, id: u64, params: &GenerateParams) -> Result<Event, Failure> {
        let outbox = self.outbox;
        let engine = self.engine.as_mut().ok_or_else(no_model)?;
        check_sampling(&params.sampling)?;
        if params.messages.is_empty() {
            return Err(failure(FailureCode::BadRequest, "There is nothing to answer: the conversation is empty."));
        }
        let prompt = engine.tokenize(&params.messages)?;
        let n_ctx = engine.session.context().n_ctx();
        if prompt.len() >= n_ctx as usize {
            return Err(failure(
                FailureCode::PromptTooLong,
                format!(
                    "This conversation is {} tokens long and does not fit in the context of {n_ctx} tokens.",
                    prompt.len()
                ),
            ));
        }
        if prompt.is_empty() {
            return Err(failure(FailureCode::TemplateRefused, "The chat template made nothing of this conversation."));
        }
        let log = llama::log_mark();
        let job =
            Job { prompt: &prompt, sampling: &params.sampling, stop: &params.stop, max_tokens: params.max_tokens };
        let answer = engine.session.answer(&job, |report| {
            outbox.send(
                id,
                match report {
                    Report::Prompt { processed, total, cached } => Event::PromptProgress { processed, total, cached },
                    Report::Text { text, predicted_n } => Event::Token { text, predicted_n },
                },
            );
        });
        let (finish_reason, timings) = answer.map_err(|error| stopped_or(error, log))?;
        Ok(Event::Done { finish_reason, timings })
    }
}

impl Engine {
    fn new(session: Session, model: &Model) -> Self {
        let specials = model.special_texts();
        let text = |token: Option<LlamaToken>| token.map(|token| model.token_text(token)).unwrap_or_default();
        let vocabulary =
            Vocabulary { bos_token: text(model.bos().0), eos_token: text(model.eos()), special_texts: &specials };
        let template = ChatTemplate::choose(model.chat_template(), vocabulary);
        Self { session, template, guard: Guard::new(specials) }
    }

    fn tokenize(&self, messages: &[ChatMessage]) -> Result<Vec<LlamaToken>, Failure> {
        let too_much = || {
            failure(FailureCode::BadRequest, "This conversation holds more control tokens or text than can be handled.")
        };
        let model = self.session.context().model();
        let (protected, taken) = self.guard.protect(messages).ok_or_else(too_much)?;
        let rendered = self
            .template
            .render(&protected)
            .map_err(|error| failure(FailureCode::TemplateRefused, error.to_string()))?;
        let mut tokens =
            prompt::tokenize(&taken.pieces(&rendered), |text, special, into| model.tokenize(text, special, into))
                .ok_or_else(too_much)?;
        // Most templates begin with the token themselves; twice would confuse the model.
        if let (Some(bos), true) = model.bos()
            && !rendered.starts_with(self.template.bos_text())
        {
            tokens.insert(0, bos);
        }
        Ok(tokens)
    }

    fn describe(&self, model: &Model, params: &LoadParams, used: &ContextParams, started: Instant) -> Loaded {
        let context = self.session.context();
        let n_layers = model.n_layers();
        let has_gpu = devices().iter().any(|device| matches!(device.kind, DeviceKind::Gpu | DeviceKind::IntegratedGpu));
        let n_ctx_train = model.n_ctx_train();
        let mut warnings: Vec<String> = self.template.warning.clone().into_iter().collect();
        if context.n_ctx() > n_ctx_train && n_ctx_train > 0 {
            warnings.push(format!(
                "The context of {} tokens is longer than the {n_ctx_train} this model was trained for; late answers may ramble.",
                context.n_ctx()
            ));
        }
        Loaded {
            path: params.path.clone(),
            name: model
                .meta(c"general.name")
                .filter(|name| !name.trim().is_empty())
                .unwrap_or_else(|| file_stem(&params.path)),
            architecture: model.meta(c"general.architecture").unwrap_or_default(),
            description: model.description(),
            n_params: model.n_params(),
            weights_bytes: model.weights_bytes(),
            n_ctx: context.n_ctx(),
            n_ctx_train,
            n_layers,
            // Counted as llama.cpp does: the output layer is one of them.
            n_gpu_layers: if has_gpu { params.n_gpu_layers.unwrap_or(u32::MAX).min(n_layers + 1) } else { 0 },
            n_threads: used.n_threads,
            load_ms: started.elapsed().as_secs_f64() * 1e3,
            buffers: context.buffers(),
            template: self.template.source,
            warnings,
        }
    }
}

/// The limits within which llama.cpp neither fails silently nor ends the process.
fn check(params: &LoadParams) -> Result<(), Failure> {
    const MAX_THREADS: u32 = 512; // GGML_MAX_N_THREADS in ggml.h
    let bad = |message: String| Err(failure(FailureCode::BadRequest, message));
    if params.n_ctx.is_some_and(|n| n < 16) {
        return bad("A context of less than 16 tokens has no room for a question.".into());
    }
    if params.n_batch == 0 || params.n_ubatch == 0 || params.n_ubatch > params.n_batch {
        return bad(format!(
            "The micro-batch ({}) must be at least 1 and at most the batch ({}).",
            params.n_ubatch, params.n_batch
        ));
    }
    for threads in [params.n_threads, params.n_threads_batch].into_iter().flatten() {
        if threads == 0 || threads > MAX_THREADS {
            return bad(format!("{threads} threads cannot be used; 1 to {MAX_THREADS} can."));
        }
    }
    Ok(())
}

fn check_sampling(sampling: &Sampling) -> Result<(), Failure> {
    let in_range = (0.0..=5.0).contains(&sampling.temperature)
        && (0.0..=1.0).contains(&sampling.top_p)
        && (0.0..=1.0).contains(&sampling.min_p)
        && sampling.repeat_penalty.is_finite()
        && sampling.repeat_penalty > 0.0;
    if in_range {
        return Ok(());
    }
    Err(failure(
        FailureCode::BadRequest,
        "A sampling value is out of range: temperature 0 to 5, top-p and min-p 0 to 1, repeat penalty above 0.",
    ))
}

fn context_params(params: &LoadParams, model: &Model) -> ContextParams {
    let trained = model.n_ctx_train();
    let usual = if trained == 0 { DEFAULT_N_CTX } else { trained.min(DEFAULT_N_CTX) };
    let n_ctx = params.n_ctx.unwrap_or(usual);
    let cores = u32::try_from(num_cpus::get_physical().min(num_cpus::get())).unwrap_or(1).max(1);
    let n_threads = params.n_threads.unwrap_or(cores);
    ContextParams {
        n_ctx,
        n_batch: params.n_batch.min(n_ctx),
        n_ubatch: params.n_ubatch.min(n_ctx),
        n_threads,
        n_threads_batch: params.n_threads_batch.unwrap_or(n_threads),
        cache_type_k: params.cache_type_k,
        cache_type_v: params.cache_type_v,
        flash_attention: params.flash_attention,
    }
}

/// llama.cpp returns null from a failed load; its log says why.
fn load_failure(path: &Path, log: usize) -> Failure {
    if liveness::is_cancelled() {
        return failure(FailureCode::Cancelled, "Loading was stopped.");
    }
    let details = llama::log_errors_since(log).join("\n");
    let name = file_name(path);
    let has = |pattern: &str| details.contains(pattern);
    // Messages of llama-model-loader.cpp, llama-model.cpp, llama-vocab.cpp and the backends' allocators, as vendored by
    // llama-cpp-sys-2 0.1.161.
    let (code, message) = if has("unknown model architecture") {
        let architecture =
            details.split("unknown model architecture: '").nth(1).and_then(|rest| rest.split('\'').next());
        (
            FailureCode::ModelRefused,
            format!(
                "“{name}” has an architecture that this version of llama.cpp does not know ({}).",
                architecture.unwrap_or("unnamed")
            ),
        )
    } else if has("not within the file bounds") || has("tensor data is not within") || has("file is corrupted") {
        (
            FailureCode::ModelRefused,
            format!("“{name}” is incomplete: some of its data lies beyond the end of the file."),
        )
    } else if has("unable to allocate") || has("failed to allocate") || has("out of memory") {
        (FailureCode::OutOfMemory, format!("There is not enough memory for “{name}”."))
    } else if has("missing tensor")
        || has("wrong shape")
        || has("key not found")
        || has("wrong number of tensors")
        || has("invalid")
    {
        (
            FailureCode::ModelRefused,
            format!("“{name}” is not a complete model: parts that its kind must have are missing."),
        )
    } else {
        (FailureCode::LoadFailed, format!("llama.cpp could not load “{name}”."))
    };
    Failure { code, message, details: (!details.is_empty()).then_some(details) }
}

fn stopped_or(error: DecodeError, log: usize) -> Failure {
    match error {
        DecodeError::Aborted => failure(FailureCode::Cancelled, "Stopped."),
        DecodeError::Full | DecodeError::Other(_) => Failure {
            code: FailureCode::DecodeFailed,
            message: format!("llama.cpp could not compute this answer ({error})."),
            details: Some(llama::log_errors_since(log).join("\n")).filter(|details| !details.is_empty()),
        },
    }
}

fn devices() -> Vec<Device> {
    llama_cpp_2::list_llama_ggml_backend_devices()
        .into_iter()
        .map(|device| Device {
            name: device.name,
            description: device.description,
            backend: device.backend,
            kind: match device.device_type {
                LlamaBackendDeviceType::Cpu => DeviceKind::Cpu,
                LlamaBackendDeviceType::Accelerator => DeviceKind::Accelerator,
                LlamaBackendDeviceType::Gpu => DeviceKind::Gpu,
                LlamaBackendDeviceType::IntegratedGpu => DeviceKind::IntegratedGpu,
                LlamaBackendDeviceType::Unknown => DeviceKind::Unknown,
            },
            memory_total_bytes: device.memory_total as u64,
            memory_free_bytes: device.memory_free as u64,
        })
        .collect()
}

fn no_model() -> Failure {
    failure(FailureCode::NoModel, "No model is loaded.")
}

fn failure(code: FailureCode, message: impl Into<String>) -> Failure {
    Failure { code, message: message.into(), details: None }
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}

fn file_stem(path: &Path) -> String {
    path.file_stem().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}
