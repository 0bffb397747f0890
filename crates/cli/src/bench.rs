//! `paddock bench`: how fast a model is here, and what it takes.

use paddock_core::{
    ApiError, App, AppConfig, bench_report,
    view::{BenchEvent, BenchForm, BenchRecord, BenchRun, BenchTestKind, BenchTestView},
};
use serde_json::{Map, Value, json};

use crate::{arguments::BenchOptions, terminal};

pub async fn run(options: BenchOptions) -> Result<(), ApiError> {
    let app = App::open_for_command(AppConfig::usual()?)?;
    let stop = app.clone();
    // What was measured by then is printed and kept.
    tokio::spawn(async move {
        if tokio::signal::ctrl_c().await.is_ok() {
            stop.stop_bench();
        }
    });
    let measured = app.bench(options.choice(), options.request(), show).await;
    terminal::show_progress("");
    app.shut_down().await;
    let record = measured?;
    if let Some(error) = &record.error {
        terminal::complain(error);
    }
    match options.form() {
        None => terminal::write_answer(&lines(&record)),
        Some(BenchForm::Json) => terminal::write_json(&in_json(&record))?,
        Some(form) => terminal::write_answer(&bench_report(std::slice::from_ref(&record), form)),
    }
    if !record.complete {
        eprintln!("paddock: This is not all that was to be measured.");
    }
    Ok(())
}

fn show(event: BenchEvent) {
    match event {
        BenchEvent::Loading { loads_done, loads, fraction } => {
            terminal::show_progress(&format!("{}Loading {:.0} %", load_number(loads_done, loads), fraction * 100.0));
        }
        BenchEvent::Measuring { loads_done, loads, tests_done, tests, repetitions_done, repetitions } => {
            terminal::show_progress(&format!(
                "{}Test {} of {tests}, {repetitions_done} of {repetitions} runs done",
                load_number(loads_done, loads),
                tests_done + 1,
            ));
        }
        BenchEvent::Answering { predicted_n } => {
            terminal::show_progress(&format!("Answering, {predicted_n} tokens"));
        }
        BenchEvent::Measured { .. } => {}
    }
}

fn load_number(done: u32, all: u32) -> String {
    if all > 1 { format!("Load {} of {all}: ", done + 1) } else { String::new() }
}

/// `pp` and `tg` are the first tests of the first load; whatever else was measured is in `runs`.
fn in_json(record: &BenchRecord) -> Value {
    let mut json = Map::new();
    let first = record.runs.first();
    for (key, kind) in [("pp", BenchTestKind::Prompt), ("tg", BenchTestKind::Generation)] {
        let test = first.and_then(|run| run.tests.iter().find(|test| test.kind == kind));
        json.insert(key.into(), test.map_or(Value::Null, test_json));
    }
    if let Some(run) = first {
        json.extend(memory_json(run));
    }
    if record.runs.len() > 1 || first.is_some_and(|run| run.tests.len() > 2) {
        json.insert("runs".into(), record.runs.iter().map(run_json).collect());
    }
    if let Some(answer) = &record.answer {
        let answer = json!({ "text": answer.text, "n": answer.predicted_n, "tok_s": answer.tok_s });
        json.insert("answer".into(), answer);
    }
    Value::Object(json)
}

fn test_json(test: &BenchTestView) -> Value {
    json!({ "n": test.n, "tok_s": test.tok_s, "stddev": test.stddev })
}

fn memory_json(run: &BenchRun) -> Map<String, Value> {
    let pairs = [
        ("load_ms", json!(run.load_ms)),
        ("peak_rss_bytes", json!(run.peak_rss_bytes)),
        ("plan_bytes", json!(run.plan_bytes)),
        ("actual_bytes", json!(run.actual_bytes)),
    ];
    pairs.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}

fn run_json(run: &BenchRun) -> Value {
    let test = |test: &BenchTestView| {
        let mut json = test_json(test);
        json["test"] = json!(test.name());
        json["depth"] = json!(test.depth);
        json
    };
    let mut json = memory_json(run);
    json.insert("n_gpu_layers".into(), json!(run.n_gpu_layers));
    json.insert("n_ubatch".into(), json!(run.n_ubatch));
    json.insert("n_threads".into(), json!(run.n_threads));
    json.insert("tests".into(), run.tests.iter().map(test).collect());
    Value::Object(json)
}

fn lines(record: &BenchRecord) -> String {
    let model = &record.model;
    let quant = model.quant.as_deref().unwrap_or_default();
    let mut out =
        format!("{} {quant} · {:.2} GiB · {}\n", model.name, terminal::gib(model.size_bytes), record.computer);
    for run in &record.runs {
        let gib_or_dash =
            |bytes: Option<u64>| bytes.map_or("–".to_owned(), |bytes| format!("{:.2}", terminal::gib(bytes)));
        out += &format!(
            "\n{} of {} layers on the GPU · {} threads · micro-batch {} · loaded in {:.0} ms\n",
            run.n_gpu_layers, run.n_layers_all, run.n_threads, run.n_ubatch, run.load_ms
        );
        for test in &run.tests {
            out += &format!("  {:<16}{:>10.2} ± {:.2} tok/s\n", test.name(), test.tok_s, test.stddev);
        }
        out += &format!(
            "  memory: planned {}, taken {:.2}, peak of the process {} GiB\n",
            gib_or_dash(run.plan_bytes),
            terminal::gib(run.actual_bytes),
            gib_or_dash(run.peak_rss_bytes)
        );
    }
    if let Some(answer) = &record.answer {
        out += &format!("\n{}\n{:.2} tok/s, {} tokens\n", answer.text.trim(), answer.tok_s, answer.predicted_n);
    }
    out
}
