//! The engine thread: it alone owns model and context, and does one request after the other.

use std::{
    path::Path,
    sync::{Arc, mpsc::Receiver},
    time::Instant,
};

use llama_cpp_2::{llama_backend::LlamaBackend, token::LlamaToken};
use paddock_engine_api::{
    Cause,
    protocol::{
        ChatMessage, ChatRole, Event, Failure, FailureCode, GenerateParams, LoadParams, LoadPhase, Loaded, Request,
        Sampling, ToEngine,
    },
};

use crate::{
    benching, benchmark, devices,
    failure::failure,
    generate::{Answered, Job, Report, Session},
    liveness,
    llama::{self, ContextParams, DecodeError, Model},
    load::{self, Opened},
    quantizing,
    template::{ChatTemplate, Vocabulary},
    tokenizer::{self, Tokenizer},
    wire::Outbox,
};

/// Everything there is to a loaded model.
struct Engine {
    session: Session,
    template: ChatTemplate,
    tokenizer: Arc<Tokenizer>,
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
                Ok(Event::Devices { devices: devices::all(), nvidia: devices::nvidia() })
            }
            Request::Load(params) => self.load(id, &params),
            Request::Inspect(params) => load::inspect(self.backend()?, &params).map(Event::Inspected),
            Request::Benchmark { seconds } => self.benchmark(seconds),
            Request::BenchModel(params) => {
                let engine = self.engine.as_mut().ok_or_else(no_model)?;
                let outbox = self.outbox;
                benching::run(engine.session.emptied(), &params, |event| outbox.send(id, event)).map(Event::BenchDone)
            }
            Request::Quantize(params) => {
                let outbox = self.outbox.clone();
                quantizing::run(self.backend()?, &params, move |event| outbox.send(id, event))?;
                Ok(Event::Quantized)
            }
            Request::Unload => {
                self.drop_engine();
                Ok(Event::Unloaded)
            }
            Request::Generate(params) => self.generate(id, &params),
            Request::Tokenize { messages, continue_answer } => {
                let engine = self.engine.as_ref().ok_or_else(no_model)?;
                let n_tokens = u32::try_from(engine.tokenize(&messages, continue_answer)?.len()).unwrap_or(u32::MAX);
                Ok(Event::Tokens { n_tokens })
            }
            Request::Embed { .. } => {
                Err(failure(FailureCode::BadRequest, "This engine does not make vectors of texts."))
            }
            // The reader answers these itself, or has them answered.
            Request::Hello { .. } | Request::Cancel { .. } | Request::CountTexts { .. } => {
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
        load::check(params)?;
        // First, so that two models never take memory at once.
        self.drop_engine();
        let outbox = self.outbox;
        let report = |phase, fraction| outbox.send(id, Event::LoadProgress { phase, fraction });
        let log = llama::log_mark();
        let Opened { model, context, used, lora_buffers } = load::open(self.backend()?, params, report)?;
        let mut session = Session::new(context, used.n_threads_batch, used.n_ubatch);
        session.warm_up(model.bos().0.unwrap_or(LlamaToken(0))).map_err(|error| stopped_or(error, log))?;
        report(LoadPhase::WarmingUp, 1.0);

        let engine = Engine::new(session, Arc::clone(&model));
        let mut loaded = engine.describe(&model, params, &used, started);
        loaded.buffers.extend(lora_buffers);
        tokenizer::share(Some(Arc::clone(&engine.tokenizer)));
        self.engine = Some(engine);
        Ok(Event::Loaded(Box::new(loaded)))
    }

    fn drop_engine(&mut self) {
        tokenizer::share(None);
        self.engine = None;
    }

    fn benchmark(&mut self, seconds: f32) -> Result<Event, Failure> {
        if self.engine.is_some() {
            return Err(failure(
                FailureCode::BadRequest,
                "The speed of this computer cannot be measured while a model is loaded. Unload it first.",
            ));
        }
        let devices = benchmark::run(self.backend()?, seconds, load::usual_threads())?;
        Ok(Event::Rates { devices })
    }

    fn generate(&mut self, id: u64, params: &GenerateParams) -> Result<Event, Failure> {
        let outbox = self.outbox;
        let engine = self.engine.as_mut().ok_or_else(no_model)?;
        check_sampling(&params.sampling)?;
        if params.messages.is_empty() {
            return Err(failure(FailureCode::BadRequest, "There is nothing to answer: the conversation is empty."));
        }
        let prompt = engine.tokenize(&params.messages, params.continue_answer)?;
        let n_ctx = engine.session.context().n_ctx();
        if prompt.len() >= n_ctx as usize {
            let n_tokens = u32::try_from(prompt.len()).unwrap_or(u32::MAX);
            return Err(Cause::PromptTooLong { n_tokens, n_ctx }.into());
        }
        if prompt.is_empty() {
            return Err(failure(FailureCode::TemplateRefused, "The chat template made nothing of this conversation."));
        }
        let log = llama::log_mark();
        let job = Job { prompt: &prompt, params };
        let answer = engine.session.answer(&job, |report| {
            outbox.send(
                id,
                match report {
                    Report::Prompt { processed, total, cached } => Event::PromptProgress { processed, total, cached },
                    Report::Text { text, predicted_n, logprob } => {
                        Event::Token { text, predicted_n, logprobs: logprob.into_iter().collect() }
                    }
                },
            );
        });
        let Answered { finish_reason, timings, tool_calls } = answer.map_err(|error| stopped_or(error, log))?;
        Ok(Event::Done { finish_reason, timings, tool_calls })
    }
}

impl Engine {
    fn new(session: Session, model: Arc<Model>) -> Self {
        let specials = model.special_texts();
        let text = |token: Option<LlamaToken>| token.map(|token| model.token_text(token)).unwrap_or_default();
        let vocabulary =
            Vocabulary { bos_token: text(model.bos().0), eos_token: text(model.eos()), special_texts: &specials };
        let template = ChatTemplate::choose(model.chat_template(), vocabulary);
        Self { session, template, tokenizer: Arc::new(Tokenizer::new(model, specials)) }
    }

    /// The prompt of an answer. With `continue_answer` the last message is the beginning of that answer: the template
    /// sees only what is before it, and it follows as it is, since templates trim, close and sometimes cut answers.
    fn tokenize(&self, messages: &[ChatMessage], continue_answer: bool) -> Result<Vec<LlamaToken>, Failure> {
        let too_much = || {
            failure(FailureCode::BadRequest, "This conversation holds more control tokens or text than can be handled.")
        };
        let model = self.session.context().model();
        let (mut protected, taken) = self.tokenizer.guard().protect(messages).ok_or_else(too_much)?;
        let begun = if continue_answer { Some(begun_answer(&mut protected)?) } else { None };
        let mut rendered = self
            .template
            .render(&protected)
            .map_err(|error| failure(FailureCode::TemplateRefused, error.to_string()))?;
        rendered.push_str(&begun.unwrap_or_default());
        let mut tokens = self.tokenizer.tokens(&rendered, &taken).ok_or_else(too_much)?;
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
            n_layers: model.n_layers(),
            n_gpu_layers: load::gpu_layers(params, model),
            n_threads: used.n_threads,
            load_ms: started.elapsed().as_secs_f64() * 1e3,
            buffers: context.buffers(),
            template: self.template.source,
            warnings,
        }
    }
}

/// Takes the answer that is to be gone on with off the end of a conversation.
fn begun_answer(messages: &mut Vec<ChatMessage>) -> Result<String, Failure> {
    match messages.pop() {
        Some(ChatMessage { role: ChatRole::Assistant, content, .. }) if !messages.is_empty() => Ok(content),
        _ => Err(failure(
            FailureCode::BadRequest,
            "There is nothing to go on with: the conversation does not end with an answer to something.",
        )),
    }
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

fn stopped_or(error: DecodeError, log: usize) -> Failure {
    match error {
        DecodeError::Aborted => failure(FailureCode::Cancelled, "Stopped."),
        DecodeError::Full | DecodeError::Other(_) => Failure {
            code: FailureCode::DecodeFailed,
            message: format!("llama.cpp could not compute this answer ({error})."),
            details: Some(llama::log_errors_since(log).join("\n")).filter(|details| !details.is_empty()),
            cause: None,
        },
    }
}

fn no_model() -> Failure {
    Cause::NoModel.into()
}

fn file_stem(path: &Path) -> String {
    path.file_stem().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}
