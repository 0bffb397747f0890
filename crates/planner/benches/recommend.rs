//! How long a whole recommendation takes: every quantization of the 70B on one computer.
//!
//! Prints one JSON object of dotted names and numbers; `npm run bench -- recommend` shows it.

use std::error::Error;
use std::io::{self, Write};
use std::time::Instant;

use paddock_hardware::Hardware;
use paddock_planner::{Computer, Machine, Preference, Settings, catalogue, recommend};

/// The median of this many.
const RUNS: usize = 101;

fn main() -> Result<(), Box<dyn Error>> {
    let model = catalogue::model(catalogue::FLAGSHIP).ok_or("the flagship is in the catalogue")?;
    let median_ms = |computer: Computer| -> Result<f64, Box<dyn Error>> {
        let hardware = computer.hardware(&Hardware::default())?;
        let mut times_ms = Vec::new();
        for _ in 0..RUNS {
            let started = Instant::now();
            let machine = Machine::of(&hardware);
            drop(recommend(&machine, model, &Settings::default(), Preference::Balanced)?);
            times_ms.push(started.elapsed().as_secs_f64() * 1e3);
        }
        times_ms.sort_by(f64::total_cmp);
        Ok(times_ms[RUNS / 2])
    };
    let with = |gpu: &str, ram_gib| Computer { gpu: Some(gpu.into()), ram_gib: Some(ram_gib), ..Computer::default() };
    let one_card = median_ms(with("RTX 4090", 64.0))?;
    // Where the 70B is too slow, every smaller model is planned as well.
    let no_card = median_ms(with("none", 64.0))?;
    writeln!(io::stdout(), "{{ \"recommend.rtx_4090_ms\": {one_card}, \"recommend.no_gpu_ms\": {no_card} }}")?;
    Ok(())
}
