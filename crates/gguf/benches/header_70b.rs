//! How long the header of a 70B model takes, on a file with the true shape of Llama 3.3 70B.
//!
//! Prints one JSON object of dotted names and numbers; `npm run bench -- gguf` shows it.

use std::fs::File;
use std::io::{self, Write};
use std::time::Instant;

use paddock_gguf::{Limits, Model, read};

#[path = "../tests/it/llama_70b.rs"]
mod llama_70b;

/// The median of this many; the first ones fill the system's file cache.
const RUNS: usize = 21;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

fn main() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("70b.gguf");
    let length = llama_70b::llama_70b().write(File::create(&path)?)?;
    let header_bytes = read(File::open(&path)?, Some(length), &Limits::default())?.data_offset;
    let usual_ms = median_ms(|| {
        let header = read(File::open(&path)?, Some(length), &Limits::default())?;
        Ok(Model::new(vec![header])?.model_shape()?)
    })?;
    let whole_ms = median_ms(|| Ok(read(File::open(&path)?, Some(length), &Limits::keeping_all_arrays())?))?;
    writeln!(
        io::stdout(),
        "{{ \"gguf.header_70b_ms\": {usual_ms}, \"gguf.header_70b_with_vocabulary_ms\": {whole_ms}, \"gguf.header_70b_bytes\": {header_bytes} }}"
    )?;
    Ok(())
}

/// What is made is dropped within the time, as it would be in the app.
fn median_ms<T>(mut work: impl FnMut() -> Result<T>) -> Result<f64> {
    let mut times_ms = Vec::new();
    for _ in 0..RUNS {
        let started = Instant::now();
        drop(work()?);
        times_ms.push(started.elapsed().as_secs_f64() * 1e3);
    }
    times_ms.sort_by(f64::total_cmp);
    Ok(times_ms[RUNS / 2])
}
