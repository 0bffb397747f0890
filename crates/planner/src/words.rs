//! Which reasons a pick has.

use crate::{
    catalogue::Model,
    machine::Machine,
    memory::Verdict,
    quant::Family,
    reason::{Gpus, Reason},
    recommend::{Alternative, Candidate, Pick, SLOW_TOK_S},
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
        let pick = |candidate: Option<&Candidate>, reasons: Vec<Reason>| {
            candidate.map(|candidate| Pick { candidate: candidate.clone(), reasons })
        };
        let Some(best) = self.recommended else { return [None, None, None] };
        [
            pick(Some(best), self.why(best, instead)),
            pick(self.faster, self.faster.map_or_else(Vec::new, |other| self.other(best, other, true))),
            pick(self.smarter, self.smarter.map_or_else(Vec::new, |other| self.other(best, other, false))),
        ]
    }

    fn why(&self, best: &Candidate, instead: Option<&Alternative>) -> Vec<Reason> {
        let mut reasons = vec![placement(best, self.machine), Reason::Quality { quality: best.quant.quality() }];
        reasons.extend(self.why_not_better(best));
        reasons.extend(self.why_not_whole(best));
        reasons.extend(self.why_not_tables(best));
        reasons.extend(price_of_disk(best));
        let slow = best.tok_s() < SLOW_TOK_S;
        let model = self.model.name.clone();
        if let Some(other) = instead {
            let (instead, quant) = (other.model.name.clone(), other.candidate.quant.name.clone());
            let speed = other.candidate.plan.speed.generation;
            reasons.push(if slow {
                Reason::OtherIsFaster { model, under_tok_s: SLOW_TOK_S, instead, quant, speed }
            } else {
                Reason::OtherIsBetter { model, instead, quant, speed }
            });
        } else if slow {
            reasons.push(Reason::AllAreSlow { model, under_tok_s: SLOW_TOK_S });
        }
        reasons
    }

    /// The next better quantization, and what speaks against it.
    fn why_not_better(&self, best: &Candidate) -> Option<Reason> {
        let noticeable = |candidate: &&Candidate| candidate.quant.quality() > best.quant.quality();
        let next = self.candidates.iter().filter(noticeable).min_by_key(|candidate| candidate.file_bytes)?;
        let quant = next.quant.name.clone();
        let memory = &next.plan.memory;
        Some(match memory.verdict {
            Verdict::TooBig => Reason::BetterDoesNotFit { quant },
            Verdict::ReadsFromDisk => Reason::BetterReadsFromDisk { quant },
            _ if self.machine.unified() && memory.n_gpu_layers < memory.n_layers_all => Reason::BetterIsSplit { quant },
            _ => Reason::BetterIsSlower { quant, speed: next.plan.speed.generation },
        })
    }

    /// The best quantization that would be whole on the GPU, and what speaks against it.
    fn why_not_whole(&self, best: &Candidate) -> Option<Reason> {
        let memory = &best.plan.memory;
        if self.machine.devices.is_empty() || memory.n_gpu_layers == memory.n_layers_all {
            return None;
        }
        let whole = self.candidates.iter().filter(|candidate| candidate.plan.memory.verdict == Verdict::FitsOnGpu);
        let Some(whole) = whole.max_by(|a, b| b.quant.ppl_increase().total_cmp(&a.quant.ppl_increase())) else {
            return Some(Reason::NoneIsWhole);
        };
        Some(Reason::WholeIsWorse {
            quant: whole.quant.name.clone(),
            speed: whole.plan.speed.generation,
            quality: whole.quant.quality(),
        })
    }

    /// Why a K-quant and not the I-quant of the same size.
    fn why_not_tables(&self, best: &Candidate) -> Option<Reason> {
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
        let quant = other.quant.name.clone();
        Some(if on_cpu { Reason::TablesOnProcessor { quant } } else { Reason::TablesOnMetal { quant } })
    }

    fn other(&self, best: &Candidate, other: &Candidate, faster: bool) -> Vec<Reason> {
        if other.quant.name == best.quant.name {
            return vec![if faster { Reason::NothingFaster } else { Reason::NothingBetter }];
        }
        let factor = other.tok_s() / best.tok_s();
        let speed = if factor >= 1.0 {
            Reason::TimesAsFast { factor, quant: best.quant.name.clone() }
        } else {
            Reason::SpeedInstead { speed: other.plan.speed.generation, instead_of: best.plan.speed.generation }
        };
        let mut reasons =
            vec![speed, placement(other, self.machine), Reason::Quality { quality: other.quant.quality() }];
        reasons.extend(price_of_disk(other));
        reasons
    }
}

/// Where the layers go.
fn placement(candidate: &Candidate, machine: &Machine) -> Reason {
    let memory = &candidate.plan.memory;
    let gpus = match machine.devices.as_slice() {
        [] => return Reason::OnProcessor,
        [only] => Gpus::One { name: only.name.clone() },
        several => Gpus::Several { count: u32::try_from(several.len()).unwrap_or(u32::MAX) },
    };
    match (memory.n_gpu_layers, memory.n_layers_all) {
        (0, _) => Reason::NothingOnGpus { gpus },
        (n, all) if n == all => Reason::AllOnGpus { n_layers: all, gpus },
        (n, all) => Reason::SomeOnGpus { n_gpu_layers: n, n_layers: all, gpus },
    }
}

fn price_of_disk(candidate: &Candidate) -> Option<Reason> {
    let (least_bytes, most_bytes) = candidate.plan.memory.disk_bytes_per_token;
    let speed = candidate.plan.speed.generation;
    (most_bytes > 0).then_some(Reason::ReadsFromDisk { least_bytes, most_bytes, speed })
}
