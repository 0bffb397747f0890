//! Reasons and remarks in words.

use paddock_hardware::GpuKind;

use crate::{
    catalogue::Model,
    machine::{GIB, Machine},
    memory::Verdict,
    quant::{Family, Quality},
    recommend::{Alternative, Candidate, Pick, SLOW_TOK_S},
    speed::TokS,
};

/// The three picks, before they have reasons.
pub(crate) struct Picks<'a> {
    pub(crate) machine: &'a Machine,
    pub(crate) model: &'a Model,
    pub(crate) candidates: &'a [Candidate],
    pub(crate) recommended: Option<&'a Candidate>,
    pub(crate) faster: Option<&'a Candidate>,
    pub(crate) smarter: Option<&'a Candidate>,
}

impl Picks<'_> {
    /// Recommended, faster, smarter, with reasons.
    pub(crate) fn explained(&self, instead: Option<&Alternative>) -> [Option<Pick>; 3] {
        let pick = |candidate: Option<&Candidate>, reasons: Vec<String>| {
            candidate.map(|candidate| Pick { candidate: candidate.clone(), reasons })
        };
        let Some(best) = self.recommended else { return [None, None, None] };
        [
            pick(Some(best), self.why(best, instead)),
            pick(self.faster, self.faster.map_or_else(Vec::new, |other| self.other(best, other, true))),
            pick(self.smarter, self.smarter.map_or_else(Vec::new, |other| self.other(best, other, false))),
        ]
    }

    fn why(&self, best: &Candidate, instead: Option<&Alternative>) -> Vec<String> {
        let mut reasons = vec![placement(best, self.machine), best.quant.quality().sentence().to_owned()];
        reasons.extend(self.why_not_better(best));
        reasons.extend(self.why_not_whole(best));
        reasons.extend(self.why_not_tables(best));
        reasons.extend(price_of_disk(best));
        if let Some(other) = instead {
            let problem = if best.tok_s() < SLOW_TOK_S {
                format!("answers at under {SLOW_TOK_S:.0} tokens per second here")
            } else {
                "fits only in a form that makes many mistakes".to_owned()
            };
            reasons.push(format!(
                "{} {problem}. {} {} would answer at {}.",
                self.model.name,
                other.model.name,
                other.candidate.quant.name,
                tok_s(&other.candidate.plan.speed.generation),
            ));
        } else if best.tok_s() < SLOW_TOK_S {
            reasons.push(format!(
                "{} answers at under {SLOW_TOK_S:.0} tokens per second here, and no smaller model in the list is fast either.",
                self.model.name
            ));
        }
        reasons
    }

    /// The next better quantization, and what speaks against it.
    fn why_not_better(&self, best: &Candidate) -> Option<String> {
        let noticeable = |candidate: &&Candidate| candidate.quant.quality() > best.quant.quality();
        let next = self.candidates.iter().filter(noticeable).min_by_key(|candidate| candidate.file_bytes)?;
        let name = &next.quant.name;
        let memory = &next.plan.memory;
        Some(match memory.verdict {
            Verdict::TooBig => format!("Why not more? {name} does not fit."),
            Verdict::ReadsFromDisk => {
                format!("Why not more? {name} does not fit into memory and would be read from disk for every token.")
            }
            _ if self.machine.unified() && memory.n_gpu_layers < memory.n_layers_all => {
                format!(
                    "Why not more? {name} does not fit on the GPU whole, and on Apple Silicon a split is slower than either."
                )
            }
            _ => format!("Why not more? {name} would answer at {}.", tok_s(&next.plan.speed.generation)),
        })
    }

    /// The best quantization that would be whole on the GPU, and what speaks against it.
    fn why_not_whole(&self, best: &Candidate) -> Option<String> {
        let memory = &best.plan.memory;
        if self.machine.devices.is_empty() || memory.n_gpu_layers == memory.n_layers_all {
            return None;
        }
        let whole = self.candidates.iter().filter(|candidate| candidate.plan.memory.verdict == Verdict::FitsOnGpu);
        let Some(whole) = whole.max_by(|a, b| b.quant.ppl_increase().total_cmp(&a.quant.ppl_increase())) else {
            return Some("Why not all on the GPU? No quantization of this model is small enough.".to_owned());
        };
        let loss = match whole.quant.quality() {
            Quality::Broken => "is hardly usable",
            Quality::Poor => "makes clear mistakes in most longer answers",
            Quality::Weak => "makes clear mistakes now and then",
            _ => "gives weaker answers",
        };
        Some(format!(
            "Why not all on the GPU? {} fits whole ({}) but {loss}.",
            whole.quant.name,
            tok_s(&whole.plan.speed.generation)
        ))
    }

    /// Why a K-quant and not the I-quant of the same size.
    fn why_not_tables(&self, best: &Candidate) -> Option<String> {
        let memory = &best.plan.memory;
        let on_cpu = memory.n_gpu_layers < memory.n_layers_all;
        if best.quant.family() != Family::KQuant || !(on_cpu || self.machine.unified()) {
            return None;
        }
        let close = |candidate: &&Candidate| {
            let ratio = candidate.file_bytes as f64 / best.file_bytes as f64;
            candidate.quant.family() == Family::IQuant && (0.9..=1.1).contains(&ratio)
        };
        let other = self
            .candidates
            .iter()
            .filter(close)
            .min_by_key(|candidate| candidate.file_bytes.abs_diff(best.file_bytes))?;
        let place = if on_cpu { "a processor" } else { "Metal" };
        Some(format!(
            "Why not {}? It is about as large, but {place} computes I-quants more slowly: they look every value up in a table.",
            other.quant.name
        ))
    }

    fn other(&self, best: &Candidate, other: &Candidate, faster: bool) -> Vec<String> {
        if other.quant.name == best.quant.name {
            let what = if faster {
                "Nothing that is clearly faster here gives usable answers."
            } else {
                "Nothing better runs at a bearable speed here."
            };
            return vec![what.to_owned()];
        }
        let factor = other.tok_s() / best.tok_s();
        let speed = if factor >= 1.0 {
            format!("About {} times as fast as {}.", times(factor), best.quant.name)
        } else {
            format!(
                "{} tokens per second instead of {}.",
                range(&other.plan.speed.generation),
                range(&best.plan.speed.generation)
            )
        };
        let mut reasons = vec![speed, placement(other, self.machine), other.quant.quality().sentence().to_owned()];
        reasons.extend(price_of_disk(other));
        reasons
    }
}

/// Where the layers go, in a sentence.
fn placement(candidate: &Candidate, machine: &Machine) -> String {
    let memory = &candidate.plan.memory;
    let Some(device) = machine.devices.first() else {
        return "On the processor: there is no graphics card here that the engine can use.".to_owned();
    };
    let names = if machine.devices.len() > 1 {
        format!("{} GPUs", machine.devices.len())
    } else {
        format!("the {}", device.name)
    };
    match (memory.n_gpu_layers, memory.n_layers_all) {
        (0, _) => format!("On the processor: nothing of it fits on {names}."),
        (n, all) if n == all => format!("All {all} layers on {names}."),
        (n, all) => format!("{n} of {all} layers on {names}, the rest in RAM."),
    }
}

fn price_of_disk(candidate: &Candidate) -> Option<String> {
    let (lucky, unlucky) = candidate.plan.memory.disk_bytes_per_token;
    if unlucky == 0 {
        return None;
    }
    let range = &candidate.plan.speed.generation;
    Some(format!(
        "It does not fit into memory: every token reads {:.0} to {:.0} GB from disk, {} a token.",
        lucky as f64 / 1e9,
        unlucky as f64 / 1e9,
        seconds(range)
    ))
}

fn seconds(range: &TokS) -> String {
    let [least, most] = [1.0 / range.high, 1.0 / range.low];
    if most < 1.5 {
        "about a second".to_owned()
    } else {
        format!("{}–{} seconds", two_digits(least), two_digits(most))
    }
}

/// `3.2–4.9`.
pub(crate) fn range(range: &TokS) -> String {
    let [low, high] = [two_digits(range.low), two_digits(range.high)];
    if low == high { low } else { format!("{low}–{high}") }
}

fn tok_s(speed: &TokS) -> String {
    format!("{} tok/s", range(speed))
}

/// Two significant digits, no false precision.
fn two_digits(x: f64) -> String {
    match x {
        x if x >= 99.5 => format!("{:.0}", (x / 10.0).round() * 10.0),
        x if x >= 9.95 => format!("{x:.0}"),
        x if x >= 0.995 => format!("{x:.1}"),
        x if x >= 0.0995 => format!("{x:.2}"),
        _ => format!("{x:.3}"),
    }
}

fn times(factor: f64) -> String {
    if factor < 3.0 { format!("{factor:.1}") } else { format!("{factor:.0}") }
}

/// On Apple Silicon: how much of the memory the GPU may use, and what an expert can do about it.
fn apple_limit(machine: &Machine) -> Option<String> {
    let gpu = machine.devices.iter().find(|device| device.kind == GpuKind::Unified)?;
    let limit = paddock_hardware::apple::wired_limit(machine.ram_total_bytes?, gpu.total_bytes, None);
    Some(match limit.command {
        Some(command) => format!("{} {command}", limit.explanation),
        None => limit.explanation,
    })
}

/// What weakens every figure: what is unknown, and memory that others hold.
pub(crate) fn remarks(machine: &Machine) -> Vec<String> {
    let mut remarks = Vec::new();
    if machine.ram_free_bytes.is_none() {
        remarks.push("How much memory this computer has is unknown. The plan takes it to be enough.".to_owned());
    }
    if !machine.ram_gb_s_known {
        remarks.push(format!(
            "How fast its memory is has not been measured. The plan takes it to read {:.0} GB per second, as common modules do.",
            machine.ram_gb_s
        ));
    }
    remarks.extend(apple_limit(machine));
    for device in &machine.devices {
        let held = device.total_bytes - device.free_bytes;
        if device.total_bytes == 0 {
            remarks.push(format!(
                "The {} does not say how much memory it has, so no layers are planned for it.",
                device.name
            ));
        } else if device.free_bytes == 0 {
            remarks.push(format!("The memory of the {} is full. Close what uses it, and look again.", device.name));
        } else if device.kind == GpuKind::Discrete && held * 4 > device.total_bytes {
            remarks.push(format!(
                "Other programs hold {:.1} of the {:.0} GiB of the {}. Closing them makes room for more layers.",
                held as f64 / GIB as f64,
                device.total_bytes as f64 / GIB as f64,
                device.name
            ));
        }
        if !device.gb_s_known {
            remarks.push(format!(
                "How fast the memory of the {} is is unknown. The speeds are careful guesses.",
                device.name
            ));
        }
    }
    remarks
}
