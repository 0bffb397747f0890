//! Measurements as CSV, JSON and Markdown.

use std::fmt::Write as _;

use serde_json::{Value, json};
use time::{OffsetDateTime, macros::format_description};

use crate::view::{BenchForm, BenchRecord, BenchRun, BenchTestKind, BenchTestView};

/// All measurements in one text.
pub fn bench_report(records: &[BenchRecord], form: BenchForm) -> String {
    match form {
        BenchForm::Csv => csv(records),
        BenchForm::Json => pretty(&Value::Array(records.iter().map(record_json).collect())),
        BenchForm::Markdown => markdown(records),
    }
}

/// The fields of a row of CSV, in order.
const COLUMNS: [&str; 19] = [
    "at",
    "version",
    "computer",
    "model",
    "quant",
    "size_bytes",
    "n_params",
    "n_gpu_layers",
    "n_ubatch",
    "n_threads",
    "n_ctx",
    "test",
    "depth",
    "tok_s",
    "stddev",
    "load_ms",
    "peak_rss_bytes",
    "plan_bytes",
    "actual_bytes",
];

fn csv(records: &[BenchRecord]) -> String {
    let mut out = COLUMNS.join(",") + "\r\n";
    for (record, run, test) in rows(records) {
        let or_empty = |bytes: Option<u64>| bytes.map(|bytes| bytes.to_string()).unwrap_or_default();
        let fields = [
            time(record.at_ms),
            record.version.clone(),
            record.computer.clone(),
            record.model.name.clone(),
            record.model.quant.clone().unwrap_or_default(),
            record.model.size_bytes.to_string(),
            record.model.n_params.to_string(),
            run.n_gpu_layers.to_string(),
            run.n_ubatch.to_string(),
            run.n_threads.to_string(),
            run.n_ctx.to_string(),
            short_name(test),
            test.depth.to_string(),
            format!("{:.4}", test.tok_s),
            format!("{:.4}", test.stddev),
            format!("{:.1}", run.load_ms),
            or_empty(run.peak_rss_bytes),
            or_empty(run.plan_bytes),
            run.actual_bytes.to_string(),
        ];
        out += &fields.map(|field| csv_field(&field)).join(",");
        out += "\r\n";
    }
    out
}

/// As RFC 4180 has it. What a spreadsheet would take for a formula is kept from being one.
fn csv_field(text: &str) -> String {
    let formula =
        text.starts_with(['=', '+', '@', '\t', '\r']) || (text.starts_with('-') && text.parse::<f64>().is_err());
    let text = if formula { format!("'{text}") } else { text.to_owned() };
    if text.contains([',', '"', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}

fn record_json(record: &BenchRecord) -> Value {
    let test = |test: &BenchTestView| {
        json!({
            "test": test.name(), "n": test.n, "depth": test.depth, "tok_s": test.tok_s, "stddev": test.stddev,
            "samples_ms": test.samples_ms,
        })
    };
    let run = |run: &BenchRun| {
        json!({
            "n_ctx": run.n_ctx, "n_gpu_layers": run.n_gpu_layers, "n_ubatch": run.n_ubatch,
            "n_threads": run.n_threads, "load_ms": run.load_ms, "peak_rss_bytes": run.peak_rss_bytes,
            "plan_bytes": run.plan_bytes, "actual_bytes": run.actual_bytes,
            "tests": run.tests.iter().map(test).collect::<Vec<_>>(),
        })
    };
    json!({
        "at": time(record.at_ms), "version": record.version, "computer": record.computer,
        "model": {
            "name": record.model.name, "quant": record.model.quant, "path": record.model.path,
            "size_bytes": record.model.size_bytes, "n_params": record.model.n_params,
        },
        "complete": record.complete, "error": record.error.as_ref().map(|error| &error.message),
        "runs": record.runs.iter().map(run).collect::<Vec<_>>(),
        "answer": record.answer.as_ref().map(|answer| json!({
            "text": answer.text, "prompt_n": answer.prompt_n, "prompt_ms": answer.prompt_ms,
            "predicted_n": answer.predicted_n, "predicted_ms": answer.predicted_ms, "tok_s": answer.tok_s,
        })),
    })
}

/// The table of `llama-bench -o md`, with memory beside it.
fn markdown(records: &[BenchRecord]) -> String {
    let mut out = String::from(
        "| model | size | params | ngl | threads | ubatch | test | tok/s | load | peak memory | plan | taken |\n\
         | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n",
    );
    for (record, run, test) in rows(records) {
        let model = [Some(record.model.name.as_str()), record.model.quant.as_deref()];
        let model = model.into_iter().flatten().collect::<Vec<_>>().join(" ").replace('|', "\\|");
        let gib_or_dash = |bytes: Option<u64>| bytes.map_or("–".to_owned(), gib);
        // Writing to a string cannot fail.
        let _written = writeln!(
            out,
            "| {model} | {} | {:.2} B | {} | {} | {} | {} | {:.2} ± {:.2} | {:.0} ms | {} | {} | {} |",
            gib(record.model.size_bytes),
            as_float(record.model.n_params) / 1e9,
            run.n_gpu_layers,
            run.n_threads,
            run.n_ubatch,
            test.name(),
            test.tok_s,
            test.stddev,
            run.load_ms,
            gib_or_dash(run.peak_rss_bytes),
            gib_or_dash(run.plan_bytes),
            gib(run.actual_bytes),
        );
    }
    let mut made: Vec<String> =
        records.iter().map(|record| format!("Paddock {} · {}", record.version, record.computer)).collect();
    made.sort();
    made.dedup();
    for line in made {
        let _written = writeln!(out, "\n{line}");
    }
    out
}

fn rows(records: &[BenchRecord]) -> impl Iterator<Item = (&BenchRecord, &BenchRun, &BenchTestView)> {
    records.iter().flat_map(|record| {
        record.runs.iter().flat_map(move |run| run.tests.iter().map(move |test| (record, run, test)))
    })
}

fn short_name(test: &BenchTestView) -> String {
    let kind = if test.kind == BenchTestKind::Prompt { "pp" } else { "tg" };
    format!("{kind}{}", test.n)
}

fn time(at_ms: i64) -> String {
    OffsetDateTime::from_unix_timestamp(at_ms.div_euclid(1000))
        .ok()
        .and_then(|at| at.format(format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]Z")).ok())
        .unwrap_or_default()
}

fn gib(bytes: u64) -> String {
    format!("{:.2} GiB", as_float(bytes) / as_float(1 << 30))
}

#[expect(clippy::cast_precision_loss, reason = "shown with few digits")]
fn as_float(n: u64) -> f64 {
    n as f64
}

fn pretty(value: &Value) -> String {
    // Its own values always can be written.
    serde_json::to_string_pretty(value).unwrap_or_default() + "\n"
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

    use super::*;
    use crate::view::{BenchModel, BenchTestKind};

    fn record() -> BenchRecord {
        let test = |kind, n, tok_s| BenchTestView { kind, n, depth: 0, tok_s, stddev: 0.5, samples_ms: vec![1.0, 2.0] };
        BenchRecord {
            id: 1,
            at_ms: 1_790_000_000_000,
            version: "0.1.0".into(),
            computer: "A processor, \"fast\"".into(),
            model: BenchModel {
                path: "/m.gguf".into(),
                name: "=cmd|model".into(),
                quant: Some("Q8_0".into()),
                size_bytes: 1 << 30,
                n_params: 1_000_000_000,
            },
            runs: vec![BenchRun {
                n_ctx: 512,
                n_gpu_layers: 0,
                n_layers_all: 17,
                n_ubatch: 512,
                n_threads: 2,
                load_ms: 300.0,
                plan_bytes: None,
                actual_bytes: 1 << 30,
                peak_rss_bytes: Some(1 << 31),
                tests: vec![
                    test(BenchTestKind::Prompt, 512, 80.0),
                    BenchTestView { depth: 2048, ..test(BenchTestKind::Generation, 128, 12.25) },
                ],
            }],
            answer: None,
            complete: true,
            error: None,
        }
    }

    #[test]
    fn csv_has_a_row_for_each_test_and_no_formula() {
        let text = bench_report(&[record()], BenchForm::Csv);
        let lines: Vec<&str> = text.trim_end().split("\r\n").collect();
        assert_eq!(lines.len(), 3);
        assert!(lines[1].contains("\"A processor, \"\"fast\"\"\",'=cmd|model,Q8_0"), "{}", lines[1]);
        assert!(lines[2].contains(",tg128,2048,12.2500,0.5000,"), "{}", lines[2]);
        assert!(lines[0].split(',').count() == COLUMNS.len());
    }

    #[test]
    fn markdown_names_tests_as_llama_bench_does() {
        let text = bench_report(&[record()], BenchForm::Markdown);
        assert!(text.contains("| pp512 | 80.00 ± 0.50 | 300 ms | 2.00 GiB | – | 1.00 GiB |"), "{text}");
        assert!(text.contains("| tg128 @ d2048 | 12.25 ± 0.50 |"), "{text}");
        assert!(text.contains("=cmd\\|model Q8_0"), "{text}");
    }

    #[test]
    fn json_can_be_read_back() {
        let json: Value = serde_json::from_str(&bench_report(&[record()], BenchForm::Json)).unwrap();
        assert_eq!(json[0]["runs"][0]["tests"][1]["test"], "tg128 @ d2048");
        assert_eq!(json[0]["runs"][0]["plan_bytes"], Value::Null);
        assert_eq!(json[0]["model"]["size_bytes"], 1 << 30);
    }
}
