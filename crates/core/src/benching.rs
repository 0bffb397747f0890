//! Measuring a model: loads, tests, the question, plan against truth; kept for ever, and of use to the planner.

mod export;

use std::path::Path;

use paddock_engine_api::{
    EngineHost, GenerationEvent, LoadReport,
    benching::{BenchKind, BenchParams, BenchReport, BenchTest},
    protocol::{BufferUse, ChatMessage, ChatRole, GenerateParams, LoadParams, Loaded, Timings},
};
use paddock_hardware::Hardware;
use paddock_hub::ModelFile;
use paddock_planner::{Machine, MemoryPlan, Settings};
use paddock_store::BenchmarkRecord;

pub use export::bench_report;

use crate::{
    ApiError, App, ErrorCode, ModelChoice,
    app::now_ms,
    dialogue,
    interchange::files,
    prompt::usual_sampling,
    self_test,
    view::{
        BenchAnswer, BenchEvent, BenchForm, BenchModel, BenchRecord, BenchRequest, BenchRun, BenchTestKind,
        BenchTestView, EngineState, QUESTION,
    },
    weights_of,
};

/// How many measurements the window shows.
const SHOWN: u32 = 500;
/// The answer to the question is cut after so many tokens.
const ANSWER_TOKENS: u32 = 256;
/// A context in which the question and its answer have room, in tokens.
const ANSWER_N_CTX: u32 = 512;
/// The shortest context that the engine makes, in tokens.
const LEAST_N_CTX: u32 = 16;
/// Tokens computed at once, if nothing else is asked for: llama.cpp's own (`llama_context_default_params`).
const USUAL_UBATCH: u32 = 512;

/// One load of a measurement.
struct Load {
    n_gpu_layers: Option<u32>,
    n_ubatch: u32,
}

impl App {
    /// Measure a model. Takes the engine, whose model is freed; every load has a process of its own. What was measured is
    /// kept in the history, also when it was stopped by [`App::stop_bench`] or failed on its way.
    ///
    /// # Errors
    /// When an answer is being written, when nothing could be measured, or what the disk says.
    pub async fn bench(
        &self,
        choice: ModelChoice,
        request: BenchRequest,
        mut on_event: impl FnMut(BenchEvent),
    ) -> Result<BenchRecord, ApiError> {
        if self.inner.line.is_taken() {
            return Err(ApiError::model_at_work());
        }
        let mut stopped = self.inner.bench_stops.subscribe();
        let mut engine = self.have_engine().await;
        let data = self.inner.data.clone();
        let file = tokio::task::spawn_blocking(move || dialogue::find(&data, &choice)).await??;
        self.verify_before_use(&file, std::time::Instant::now()).await?;
        *engine = None;
        self.inner.engine_state.send_replace(EngineState::NoModel);
        let hardware = self.known_hardware().await?;
        let mut record = begin(&file, &hardware);
        let outcome = {
            let measuring = self.measure(&file, &request, &hardware, &mut record, &mut on_event);
            tokio::select! {
                outcome = measuring => Some(outcome),
                // The sender is the app's own.
                _stop = stopped.changed() => None,
            }
        };
        self.inner.host.stop().await;
        match outcome {
            Some(Ok(())) => record.complete = true,
            Some(Err(error)) if record.runs.iter().all(|run| run.tests.is_empty()) => return Err(error),
            Some(Err(error)) => record.error = Some(error),
            None => {}
        }
        record.runs.retain(|run| !run.tests.is_empty());
        if !record.runs.is_empty() {
            record.id = self.keep_bench(&record).await?;
        }
        drop(engine);
        Ok(record)
    }

    /// Stop a measurement that is being made.
    pub fn stop_bench(&self) {
        self.inner.bench_stops.send_modify(|stops| *stops += 1);
    }

    /// All measurements, newest first, at most 500.
    ///
    /// # Errors
    /// Only what the disk says.
    pub async fn benches(&self) -> Result<Vec<BenchRecord>, ApiError> {
        let kept = self.with_store(|store| store.benchmarks(SHOWN)).await?;
        // What another version wrote and this one cannot read stays in the history, unseen.
        let read = |(id, kept): (i64, BenchmarkRecord)| {
            let record = serde_json::from_str::<BenchRecord>(&kept.record_json).ok()?;
            Some(BenchRecord { id, ..record })
        };
        Ok(kept.into_iter().filter_map(read).collect())
    }

    /// Write all measurements to a file.
    ///
    /// # Errors
    /// Only what the disk says.
    pub async fn export_benches_to(&self, path: &Path, form: BenchForm) -> Result<(), ApiError> {
        let text = bench_report(&self.benches().await?, form);
        let path = path.to_owned();
        tokio::task::spawn_blocking(move || files::write(&path, |out| out.write_all(text.as_bytes()))).await?
    }

    async fn measure(
        &self,
        file: &ModelFile,
        request: &BenchRequest,
        hardware: &Hardware,
        record: &mut BenchRecord,
        on_event: &mut impl FnMut(BenchEvent),
    ) -> Result<(), ApiError> {
        let host = &self.inner.host;
        let params = bench_params(request);
        let least = if request.question { ANSWER_N_CTX } else { LEAST_N_CTX };
        let n_ctx = params.n_ctx().max(least);
        let loads = self.loads(file, request, n_ctx).await;
        let loads_n = count(loads.len());
        for (index, load) in loads.iter().enumerate() {
            let loads_done = count(index);
            // A process that held another load before would tell that one's peak.
            host.stop().await;
            let load = LoadParams {
                path: file.path.clone(),
                n_ctx: Some(n_ctx),
                n_gpu_layers: load.n_gpu_layers,
                n_threads: request.n_threads,
                n_batch: LoadParams::default().n_batch.max(load.n_ubatch),
                n_ubatch: load.n_ubatch,
                ..LoadParams::default()
            };
            let loading = |report: LoadReport| {
                on_event(BenchEvent::Loading { loads_done, loads: loads_n, fraction: report.fraction });
            };
            let loaded = host.load(load.clone(), loading).await?;
            record.runs.push(run_of(&loaded, &load, planned_bytes(file, hardware, &loaded, &load).await));
            let done = host.bench(params.clone(), |report| match report {
                BenchReport::Progress(now) => on_event(BenchEvent::Measuring {
                    loads_done,
                    loads: loads_n,
                    tests_done: now.tests_done,
                    tests: now.tests,
                    repetitions_done: now.repetitions_done,
                    repetitions: now.repetitions,
                }),
                BenchReport::Test(test) => {
                    if let Some(run) = record.runs.last_mut() {
                        run.tests.push(test_view(&test));
                    }
                    on_event(BenchEvent::Measured { record: Box::new(record.clone()) });
                }
            });
            let done = done.await?;
            if let Some(run) = record.runs.last_mut() {
                run.peak_rss_bytes = done.peak_rss_bytes;
            }
            self.teach_planner(&loaded, request, &done.tests).await;
            if request.question && index == 0 {
                record.answer = Some(ask(host, self_test::is(file), on_event).await?);
            }
            on_event(BenchEvent::Measured { record: Box::new(record.clone()) });
        }
        Ok(())
    }

    /// Every combination, the GPU layers outermost.
    async fn loads(&self, file: &ModelFile, request: &BenchRequest, n_ctx: u32) -> Vec<Load> {
        let layers = if request.gpu_layers.is_empty() {
            vec![self.layers_that_fit(&file.path, file.size_bytes, Some(n_ctx)).await]
        } else {
            request.gpu_layers.iter().copied().map(Some).collect()
        };
        let ubatches = if request.ubatches.is_empty() { &[USUAL_UBATCH][..] } else { &request.ubatches };
        let of = |n_gpu_layers: Option<u32>| ubatches.iter().map(move |&n_ubatch| Load { n_gpu_layers, n_ubatch });
        layers.into_iter().flat_map(of).collect()
    }

    /// Every run of writing into an empty context counts for the next prediction, as an answer would.
    async fn teach_planner(&self, loaded: &Loaded, request: &BenchRequest, tests: &[BenchTest]) {
        if request.n_threads.is_some() {
            return;
        }
        let (path, layers) = (loaded.path.display().to_string(), loaded.n_gpu_layers);
        let writing = |test: &&BenchTest| test.kind == BenchKind::Generation && test.depth == 0;
        let samples: Vec<(u32, f64)> =
            tests.iter().filter(writing).flat_map(|test| test.samples_ns.iter().map(|&ns| (test.n, ms(ns)))).collect();
        let noted = self.with_store(move |store| {
            samples.iter().try_for_each(|&(n, took_ms)| store.record_speed(now_ms(), &path, layers, n, took_ms))
        });
        if let Err(error) = noted.await {
            tracing::warn!(%error, "the measured speed could not be noted");
        }
    }

    async fn keep_bench(&self, record: &BenchRecord) -> Result<i64, ApiError> {
        let record_json = serde_json::to_string(record).map_err(|error| {
            ApiError::new(ErrorCode::Internal, format!("A measurement could not be kept: {error}."))
        })?;
        let kept = BenchmarkRecord { at_ms: record.at_ms, path: record.model.path.clone(), record_json };
        self.with_store(move |store| store.record_benchmark(&kept)).await
    }
}

fn begin(file: &ModelFile, hardware: &Hardware) -> BenchRecord {
    let cpu = hardware.cpu.name.clone();
    let gpus = hardware.gpus.iter().filter(|gpu| gpu.engine_device.is_some()).map(|gpu| gpu.name.clone());
    BenchRecord {
        id: 0,
        at_ms: now_ms(),
        version: env!("CARGO_PKG_VERSION").into(),
        computer: cpu.into_iter().chain(gpus).collect::<Vec<_>>().join(", "),
        model: BenchModel {
            path: file.path.display().to_string(),
            name: if self_test::is(file) { self_test::NAME.to_owned() } else { file.name.clone() },
            quant: file.quant.clone(),
            size_bytes: file.size_bytes,
            n_params: file.n_params,
        },
        runs: Vec::new(),
        answer: None,
        complete: false,
        error: None,
    }
}

fn bench_params(request: &BenchRequest) -> BenchParams {
    BenchParams {
        prompt_n: request.prompt_n.clone(),
        predicted_n: request.predicted_n.clone(),
        depths: request.depths.clone(),
        repetitions: request.repetitions,
    }
}

fn run_of(loaded: &Loaded, load: &LoadParams, plan_bytes: Option<u64>) -> BenchRun {
    let bytes = |buffer: &BufferUse| buffer.weights_bytes + buffer.kv_bytes + buffer.compute_bytes;
    BenchRun {
        n_ctx: loaded.n_ctx,
        n_gpu_layers: loaded.n_gpu_layers,
        n_layers_all: loaded.n_layers + 1,
        n_ubatch: load.n_ubatch.min(loaded.n_ctx),
        n_threads: loaded.n_threads,
        load_ms: loaded.load_ms,
        plan_bytes,
        actual_bytes: loaded.buffers.iter().map(bytes).sum(),
        peak_rss_bytes: None,
        tests: Vec::new(),
    }
}

/// What was planned for this very load; `None`: there is no plan for it, such as for a context longer than the model's.
async fn planned_bytes(file: &ModelFile, hardware: &Hardware, loaded: &Loaded, load: &LoadParams) -> Option<u64> {
    let path = file.path.clone();
    let weights = tokio::task::spawn_blocking(move || weights_of(&path)).await.ok()?.ok()?;
    let settings = Settings {
        n_ctx: loaded.n_ctx,
        n_ubatch: load.n_ubatch.min(loaded.n_ctx),
        n_gpu_layers: Some(loaded.n_gpu_layers),
        ..Settings::default()
    };
    let plan = paddock_planner::plan(&Machine::of(hardware), &weights, &settings, None).ok()?;
    Some(allocated(&plan.memory))
}

/// Of a plan, what llama.cpp allocates: without what drivers and Paddock itself take.
fn allocated(plan: &MemoryPlan) -> u64 {
    let on_devices = plan.devices.iter().map(|device| device.weights_bytes + device.kv_bytes + device.compute_bytes);
    let ram = &plan.ram;
    on_devices.sum::<u64>() + ram.mapped_bytes + ram.repacked_bytes + ram.kv_bytes + ram.compute_bytes
}

async fn ask(
    host: &EngineHost,
    self_test: bool,
    on_event: &mut impl FnMut(BenchEvent),
) -> Result<BenchAnswer, ApiError> {
    let mut generation = host.generate(GenerateParams {
        messages: vec![ChatMessage::new(ChatRole::User, QUESTION)],
        sampling: usual_sampling(self_test),
        max_tokens: Some(ANSWER_TOKENS),
        ..GenerateParams::default()
    });
    let mut text = String::new();
    loop {
        match generation.next().await? {
            GenerationEvent::Prompt { .. } => {}
            GenerationEvent::Text { text: more, predicted_n, .. } => {
                text.push_str(&more);
                on_event(BenchEvent::Answering { predicted_n });
            }
            GenerationEvent::Done { timings, .. } => return Ok(answer_of(text, timings)),
        }
    }
}

fn answer_of(text: String, timings: Timings) -> BenchAnswer {
    let Timings { prompt_n, prompt_ms, predicted_n, predicted_ms, .. } = timings;
    let tok_s = if predicted_ms > 0.0 { f64::from(predicted_n) * 1e3 / predicted_ms } else { 0.0 };
    BenchAnswer { text, prompt_n, prompt_ms, predicted_n, predicted_ms, tok_s }
}

fn test_view(test: &BenchTest) -> BenchTestView {
    BenchTestView {
        kind: match test.kind {
            BenchKind::Prompt => BenchTestKind::Prompt,
            BenchKind::Generation => BenchTestKind::Generation,
        },
        n: test.n,
        depth: test.depth,
        tok_s: test.tok_s(),
        stddev: test.stddev(),
        samples_ms: test.samples_ns.iter().map(|&ns| ms(ns)).collect(),
    }
}

#[expect(clippy::cast_precision_loss, reason = "a run of 2^53 ns takes 104 days")]
fn ms(ns: u64) -> f64 {
    ns as f64 / 1e6
}

fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}
