//! The engine thread: it alone owns model and context. Answers are written several at a time; everything else waits until
//! they are done, and what came after it waits behind it.

use std::{
    collections::VecDeque,
    path::Path,
    sync::{
        Arc,
        mpsc::{Receiver, TryRecvError},
    },
    time::Instant,
};

use llama_cpp_2::{llama_backend::LlamaBackend, token::LlamaToken};
use paddock_engine_api::{
    Cause,
    output::OnFull,
    protocol::{
        BufferUse, ChatMessage, ChatRole, Event, Failure, FailureCode, FinishReason, GenerateParams, LoadParams,
        LoadPhase, Loaded, Request, Timings, ToEngine,
    },
};

use crate::{
    answer::{Asked, close, count},
    benching, benchmark,
    cache::{self, Cache},
    conversation::Prompter,
    devices,
    draft_model::DraftModel,
    embedding::Embedder,
    failure::failure,
    liveness,
    llama::{self, Context, ContextParams, Model},
    load::{self, Opened},
    parking::ParkedFiles,
    pieces::Pieces,
    quantizing,
    scheduler::{Scheduler, decode_failure},
    template::{ChatTemplate, Vocabulary},
    tokenizer::{self, Tokenizer},
    tools,
    wire::Outbox,
};

/// Everything there is to a loaded model.
struct Engine {
    scheduler: Scheduler,
    template: ChatTemplate,
    tokenizer: Arc<Tokenizer>,
    n_threads_batch: u32,
}

/// Do requests until there are no more.
pub(crate) fn run(requests: &Receiver<ToEngine>, outbox: &Outbox) {
    let mut worker = Worker { backend: None, engine: None, waiting: VecDeque::new(), asked: None, outbox };
    loop {
        if worker.is_idle() {
            let Ok(request) = requests.recv() else { return };
            worker.take(request);
        }
        loop {
            match requests.try_recv() {
                Ok(request) => worker.take(request),
                Err(TryRecvError::Empty) => break,
                Err(TryRecvError::Disconnected) => return,
            }
        }
        worker.step();
    }
}

struct Worker<'a> {
    backend: Option<LlamaBackend>,
    engine: Option<Engine>,
    /// What came and has not begun, in order.
    waiting: VecDeque<ToEngine>,
    /// The answer whose turn is next and that there is no place for yet.
    asked: Option<Asked>,
    outbox: &'a Outbox,
}

impl Worker<'_> {
    fn is_idle(&self) -> bool {
        let writes = self.engine.as_ref().is_some_and(|engine| !engine.scheduler.is_idle());
        !writes && self.waiting.is_empty() && self.asked.is_none()
    }

    /// A request came.
    fn take(&mut self, ToEngine { id, request }: ToEngine) {
        let at_once = match request {
            Request::Tokenize { .. } | Request::Forget { .. } => {
                self.waiting.iter().all(|waiting| is_answer(&waiting.request))
            }
            _ => false,
        };
        if at_once {
            self.run(id, request);
        } else {
            self.waiting.push_back(ToEngine { id, request });
        }
    }

    /// Begin what can begin, and compute one batch.
    fn step(&mut self) {
        self.stop_waiting();
        loop {
            if let Some(asked) = self.asked.take() {
                let Some(engine) = &mut self.engine else {
                    return close(asked.id, Event::Failed(no_model()), self.outbox);
                };
                if !engine.scheduler.has_place_for(&asked) {
                    self.asked = Some(asked);
                    break;
                }
                engine.scheduler.begin(asked, self.outbox);
            }
            let writes = self.engine.as_ref().is_some_and(|engine| !engine.scheduler.is_idle());
            match self.waiting.pop_front() {
                Some(ToEngine { id, request: Request::Generate(params) }) => {
                    liveness::begin(id);
                    match self.ask(id, params) {
                        Ok(asked) => self.asked = Some(asked),
                        Err(failure) => close(id, Event::Failed(failure), self.outbox),
                    }
                }
                Some(request) if writes => {
                    self.waiting.push_front(request);
                    break;
                }
                Some(ToEngine { id, request }) => self.run(id, request),
                None => break,
            }
        }
        if let Some(engine) = &mut self.engine {
            engine.scheduler.pass(self.outbox);
        }
    }

    /// Answer those that wait and are to stop.
    fn stop_waiting(&mut self) {
        let stopped = |id| {
            let (finish_reason, timings, tool_calls) = (FinishReason::Cancelled, Timings::default(), Vec::new());
            close(id, Event::Done { finish_reason, timings, tool_calls }, self.outbox);
        };
        self.waiting.retain(|ToEngine { id, request }| {
            let stop = is_answer(request) && liveness::is_request_cancelled(*id);
            if stop {
                stopped(*id);
            }
            !stop
        });
        if let Some(asked) = self.asked.take_if(|asked| liveness::is_request_cancelled(asked.id)) {
            stopped(asked.id);
        }
    }

    /// Do a request that nothing is written beside.
    fn run(&mut self, id: u64, request: Request) {
        liveness::begin(id);
        liveness::compute([id]);
        let closing = self.handle(id, request).unwrap_or_else(Event::Failed);
        liveness::compute([]);
        close(id, closing, self.outbox);
    }

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
                benching::run(engine.scheduler.emptied(), &params, |event| outbox.send(id, event)).map(Event::BenchDone)
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
            Request::Tokenize { messages, continue_answer } => {
                let engine = self.engine.as_ref().ok_or_else(no_model)?;
                Ok(Event::Tokens {
                    n_tokens: count(engine.prompter().conversation(&messages, &[], continue_answer)?.len()),
                })
            }
            Request::Forget { conversation } => {
                if let Some(engine) = &mut self.engine {
                    engine.scheduler.forget(conversation.as_deref());
                }
                Ok(Event::Forgotten)
            }
            Request::Embed { texts } => self.embed(&texts),
            // Answers begin in `step`; the reader answers the others itself, or has them answered.
            Request::Generate(_) | Request::Hello { .. } | Request::Cancel { .. } | Request::CountTexts { .. } => {
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
        let mut opened = load::open(self.backend()?, params, report)?;
        let token = opened.model.bos().0.unwrap_or(LlamaToken(0));
        for context in [&mut opened.context].into_iter().chain(opened.draft.as_mut().map(|(context, _)| context)) {
            context.warm_up(token).map_err(|error| decode_failure(error, log))?;
        }
        report(LoadPhase::WarmingUp, 1.0);

        let buffers = opened.buffers();
        let (model, n_threads) = (Arc::clone(&opened.model), opened.used.n_threads);
        let engine = Engine::new(opened, params);
        let loaded = engine.describe(&model, params, n_threads, buffers, started);
        tokenizer::share(Some(Arc::clone(&engine.tokenizer)));
        self.engine = Some(engine);
        Ok(Event::Loaded(Box::new(loaded)))
    }

    fn drop_engine(&mut self) {
        tokenizer::share(None);
        if let Some(mut engine) = self.engine.take() {
            engine.scheduler.park_all();
            drop(engine);
            llama::give_memory_back();
        }
    }

    fn embed(&mut self, texts: &[String]) -> Result<Event, Failure> {
        self.backend()?;
        let (Some(backend), Some(engine)) = (&self.backend, &self.engine) else { return Err(no_model()) };
        let context = engine.context();
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

    /// The prompt of an answer, if it can be answered.
    fn ask(&mut self, id: u64, params: Box<GenerateParams>) -> Result<Asked, Failure> {
        let engine = self.engine.as_ref().ok_or_else(no_model)?;
        let prompt = engine.prompter().prompt(&params)?;
        let n_ctx = engine.context().n_ctx();
        if prompt.len() >= n_ctx as usize {
            return Err(Cause::PromptTooLong { n_tokens: count(prompt.len()), n_ctx }.into());
        }
        if prompt.is_empty() {
            return Err(failure(FailureCode::TemplateRefused, "The chat template made nothing of this conversation."));
        }
        let n_keep = engine.n_keep(&params, &prompt);
        Ok(Asked { id, prompt, n_keep, params })
    }
}

fn pieces_of(context: &Context, used: &ContextParams) -> Pieces {
    let longest = context.n_batch() as usize;
    Pieces::new(context.model().n_params(), used.n_threads_batch, used.n_ubatch as usize, longest)
}

fn is_answer(request: &Request) -> bool {
    matches!(request, Request::Generate(_))
}

impl Engine {
    fn new(opened: Opened, params: &LoadParams) -> Self {
        let Opened { model, context, used, draft, lora_buffers: _ } = opened;
        let specials = model.special_texts();
        let text = |token: Option<LlamaToken>| token.map(|token| model.token_text(token)).unwrap_or_default();
        let vocabulary =
            Vocabulary { bos_token: text(model.bos().0), eos_token: text(model.eos()), special_texts: &specials };
        let template = ChatTemplate::choose(model.chat_template(), vocabulary);
        let pieces = pieces_of(&context, &used);
        let draft = draft.map(|(context, used)| {
            let pieces = pieces_of(&context, &used);
            DraftModel::new(context, used.n_sequences, pieces)
        });
        let cache = Cache::new(context, used.n_sequences, ParkedFiles::open(params));
        let scheduler = Scheduler::new(cache, pieces, draft, params.n_parallel);
        Self {
            scheduler,
            template,
            tokenizer: Arc::new(Tokenizer::new(model, specials)),
            n_threads_batch: used.n_threads_batch,
        }
    }

    fn context(&self) -> &Context {
        self.scheduler.cache().context()
    }

    /// How much of a prompt is the conversation's beginning, which stays when the context is full: its instructions, and
    /// what the template puts around a question.
    fn n_keep(&self, params: &GenerateParams, prompt: &[LlamaToken]) -> usize {
        if params.on_full == OnFull::Stop {
            return 0;
        }
        let is_instruction = |message: &&ChatMessage| message.role == ChatRole::System;
        let mut beginning: Vec<ChatMessage> = params.messages.iter().take_while(is_instruction).cloned().collect();
        beginning.push(ChatMessage::new(ChatRole::User, ""));
        let offered = if tools::are_offered(params) { params.tools.as_slice() } else { &[] };
        // A template that refuses this has no beginning to keep but the token that begins every text.
        self.prompter()
            .conversation(&beginning, offered, false)
            .map_or(1, |beginning| cache::common(&beginning, prompt))
    }

    fn prompter(&self) -> Prompter<'_> {
        Prompter { model: self.context().model(), tokenizer: &self.tokenizer, template: &self.template }
    }

    fn describe(
        &self,
        model: &Model,
        params: &LoadParams,
        n_threads: u32,
        buffers: Vec<BufferUse>,
        started: Instant,
    ) -> Loaded {
        let context = self.context();
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
            n_threads,
            load_ms: started.elapsed().as_secs_f64() * 1e3,
            buffers,
            template: self.template.source,
            warnings,
        }
    }
}

fn no_model() -> Failure {
    Cause::NoModel.into()
}

fn file_stem(path: &Path) -> String {
    path.file_stem().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}
