//! The engine thread: it alone owns model and context, and does one request after the other.

use std::{
    path::Path,
    sync::{Arc, mpsc::Receiver},
    time::Instant,
};

use llama_cpp_2::{llama_backend::LlamaBackend, token::LlamaToken};
use paddock_engine_api::{
    Cause,
    protocol::{Event, Failure, FailureCode, GenerateParams, LoadParams, LoadPhase, Loaded, Request, ToEngine},
};

use crate::{
    benchmark,
    conversation::Prompter,
    devices,
    embedding::Embedder,
    failure::failure,
    generate::{Answered, Job, Report, Session},
    liveness,
    llama::{self, ContextParams, DecodeError, Model},
    load::{self, Opened},
    sampling::Chooser,
    template::{ChatTemplate, Vocabulary},
    tokenizer::{self, Tokenizer},
    wire::Outbox,
};

/// Everything there is to a loaded model.
struct Engine {
    session: Session,
    template: ChatTemplate,
    tokenizer: Arc<Tokenizer>,
    n_threads_batch: u32,
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
            Request::Unload => {
                self.drop_engine();
                Ok(Event::Unloaded)
            }
            Request::Generate(params) => self.generate(id, &params),
            Request::Tokenize { messages, continue_answer } => {
                let engine = self.engine.as_ref().ok_or_else(no_model)?;
                let n_tokens = u32::try_from(engine.prompter().conversation(&messages, &[], continue_answer)?.len())
                    .unwrap_or(u32::MAX);
                Ok(Event::Tokens { n_tokens })
            }
            Request::Embed { texts } => self.embed(&texts),
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
        let Opened { model, context, used } = load::open(self.backend()?, params, report)?;
        let mut session = Session::new(context, used.n_threads_batch, used.n_ubatch);
        session.warm_up(model.bos().0.unwrap_or(LlamaToken(0))).map_err(|error| stopped_or(error, log))?;
        report(LoadPhase::WarmingUp, 1.0);

        let engine = Engine::new(session, Arc::clone(&model), used.n_threads_batch);
        let loaded = engine.describe(&model, params, &used, started);
        tokenizer::share(Some(Arc::clone(&engine.tokenizer)));
        self.engine = Some(engine);
        Ok(Event::Loaded(Box::new(loaded)))
    }

    fn drop_engine(&mut self) {
        tokenizer::share(None);
        self.engine = None;
    }

    fn embed(&mut self, texts: &[String]) -> Result<Event, Failure> {
        self.backend()?;
        let (Some(backend), Some(engine)) = (&self.backend, &self.engine) else { return Err(no_model()) };
        let context = engine.session.context();
        let (model, n_ctx, n_threads) = (&context.shared_model(), context.n_ctx(), engine.n_threads_batch);
        Embedder { backend, model, tokenizer: &engine.tokenizer, n_ctx, n_threads }.embed(texts)
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
        let prompt = engine.prompter().prompt(params)?;
        let n_ctx = engine.session.context().n_ctx();
        if prompt.len() >= n_ctx as usize {
            let n_tokens = u32::try_from(prompt.len()).unwrap_or(u32::MAX);
            return Err(Cause::PromptTooLong { n_tokens, n_ctx }.into());
        }
        if prompt.is_empty() {
            return Err(failure(FailureCode::TemplateRefused, "The chat template made nothing of this conversation."));
        }
        let log = llama::log_mark();
        let mut chooser = Chooser::new(params, engine.session.context().model(), &prompt)?;
        let job = Job { prompt: &prompt, params };
        let answer = engine.session.answer(&job, &mut chooser, |report| {
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
    fn new(session: Session, model: Arc<Model>, n_threads_batch: u32) -> Self {
        let specials = model.special_texts();
        let text = |token: Option<LlamaToken>| token.map(|token| model.token_text(token)).unwrap_or_default();
        let vocabulary =
            Vocabulary { bos_token: text(model.bos().0), eos_token: text(model.eos()), special_texts: &specials };
        let template = ChatTemplate::choose(model.chat_template(), vocabulary);
        Self { session, template, tokenizer: Arc::new(Tokenizer::new(model, specials)), n_threads_batch }
    }

    fn prompter(&self) -> Prompter<'_> {
        Prompter { model: self.session.context().model(), tokenizer: &self.tokenizer, template: &self.template }
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
