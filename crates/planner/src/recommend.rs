//! Which quantization to take: three picks, with reasons.

use serde::{Deserialize, Serialize};

use crate::{
    PlanError,
    catalogue::{self, Model},
    guide::{self, GuideCheck},
    machine::Machine,
    memory::Verdict,
    plan::{self, Plan},
    quant::{self, Family, Quality, Quant},
    reason::Reason,
    remark::{self, Remark},
    settings::Settings,
    words,
};

/// What matters more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Preference {
    /// Speed.
    Faster,
    /// Both.
    #[default]
    Balanced,
    /// Quality.
    Smarter,
}

impl Preference {
    /// What a factor of e in speed is worth, in the logarithm of perplexity. Balanced: half the speed weighs as much as
    /// 19 % more perplexity; chosen so that a 24 GiB card with fast memory beside it gets Q3_K_M at 4 tok/s before IQ2_S
    /// at 33 and before Q4_K_M at 3, and a 32 GiB card Q3_K_S, which is whole on it, before Q3_K_M at a third of the speed.
    fn speed_weight(self) -> f64 {
        match self {
            Self::Faster => 0.45,
            Self::Balanced => 0.25,
            Self::Smarter => 0.12,
        }
    }
}

/// Faster than this nobody reads, in tokens per second.
const SATISFIED_TOK_S: f64 = 30.0;
/// Below this, waiting is what one remembers of an answer, in tokens per second.
const PATIENT_TOK_S: f64 = 4.0;
/// Below this a conversation is no fun, and a smaller model is named, in tokens per second.
pub(crate) const SLOW_TOK_S: f64 = 2.0;
/// What a smaller model must reach to be named instead: as fast as people read, in tokens per second.
const READING_TOK_S: f64 = 5.0;

/// One quantization on this computer.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// Which one.
    pub quant: &'static Quant,
    /// Its file, in bytes.
    pub file_bytes: u64,
    /// What it needs and gives.
    pub plan: Plan,
}

impl Candidate {
    /// The middle of the predicted range, in tokens per second.
    pub fn tok_s(&self) -> f64 {
        let range = &self.plan.speed.generation;
        (range.low * range.high).sqrt()
    }

    /// How much better than nothing: higher is better.
    fn score(&self, preference: Preference, machine: &Machine) -> f64 {
        let tok_s = self.tok_s().clamp(1e-6, SATISFIED_TOK_S);
        let waiting = (SATISFIED_TOK_S / tok_s).ln() * preference.speed_weight();
        let impatience = (PATIENT_TOK_S / tok_s).ln().max(0.0) * 0.5;
        // Of two that are alike, the one whose kernels are quick on every device.
        let on_cpu = self.plan.memory.n_gpu_layers < self.plan.memory.n_layers_all;
        let tables = self.quant.family() == Family::IQuant && (on_cpu || machine.unified());
        let disk = self.plan.memory.verdict == Verdict::ReadsFromDisk;
        let mistakes = match self.quant.quality() {
            Quality::Broken => 0.5,
            Quality::Poor => 0.2,
            _ => 0.0,
        };
        -self.quant.ppl_increase().ln_1p()
            - waiting
            - impatience
            - mistakes
            // A split keeps the processor busy at every token, and long prompts wait for the bus.
            - if on_cpu && !machine.devices.is_empty() { 0.05 } else { 0.0 }
            - if tables { 0.05 } else { 0.0 }
            - if disk { 2.0 } else { 0.0 }
    }

    /// On shared memory a model that is only partly on the GPU waits for the processor at every token.
    fn split_on_shared_memory(&self, machine: &Machine) -> bool {
        machine.unified() && self.plan.memory.n_gpu_layers < self.plan.memory.n_layers_all
    }
}

/// A candidate with the reasons for it.
#[derive(Debug, Clone, PartialEq)]
pub struct Pick {
    /// What.
    pub candidate: Candidate,
    /// Why, what is lost and what is gained.
    pub reasons: Vec<Reason>,
}

/// A smaller model that answers faster.
#[derive(Debug, Clone, PartialEq)]
pub struct Alternative {
    /// Which.
    pub model: &'static Model,
    /// In which quantization.
    pub candidate: Candidate,
}

/// What to take on a computer.
#[derive(Debug, Clone, PartialEq)]
pub struct Recommendation {
    /// The model that was asked about.
    pub model: &'static Model,
    /// The best of both; `None` only if nothing can be loaded at all.
    pub recommended: Option<Pick>,
    /// Faster than that, if anything usable is; else the same.
    pub faster: Option<Pick>,
    /// Smarter than that, if anything bearable is; else the same.
    pub smarter: Option<Pick>,
    /// Every quantization, the smallest first.
    pub candidates: Vec<Candidate>,
    /// What the guide's table says of this computer.
    pub guide: Option<GuideCheck>,
    /// Named where the model would answer too slowly or too badly here.
    pub instead: Option<Alternative>,
    /// What the person should know before believing any of it: missing figures, slow memory.
    pub remarks: Vec<Remark>,
}

/// Plans every quantization of a model.
///
/// # Errors
/// [`PlanError`] for settings that make no sense with this model.
pub fn candidates(machine: &Machine, model: &Model, settings: &Settings) -> Result<Vec<Candidate>, PlanError> {
    let mut all = Vec::with_capacity(quant::all().len());
    for quant in quant::all().iter().filter(|quant| quant.loadable()) {
        let Some(weights) = model.weights(&quant.name) else { continue };
        let plan = plan::plan(machine, &weights, settings, None)?;
        all.push(Candidate { quant, file_bytes: weights.file_bytes, plan });
    }
    all.sort_by_key(|candidate| candidate.file_bytes);
    Ok(all)
}

/// What to take.
///
/// # Errors
/// [`PlanError`] for settings that make no sense with this model.
pub fn recommend(
    machine: &Machine,
    model: &'static Model,
    settings: &Settings,
    preference: Preference,
) -> Result<Recommendation, PlanError> {
    let candidates = candidates(machine, model, settings)?;
    let usable = usable(&candidates, machine);
    let best = |preference| {
        usable.iter().copied().max_by(|a, b| a.score(preference, machine).total_cmp(&b.score(preference, machine)))
    };
    let recommended = best(preference);
    let faster = recommended.map(|best| faster(&usable, best, machine).unwrap_or(best));
    let smarter = recommended.map(|best| smarter(&usable, best, machine).unwrap_or(best));
    let poor = recommended.is_none_or(|best| best.tok_s() < SLOW_TOK_S || best.quant.quality() <= Quality::Poor);
    let instead = if poor { instead(machine, model, settings) } else { None };
    let picks = words::Picks { machine, model, candidates: &candidates, recommended, faster, smarter };
    let [recommended, faster, smarter] = picks.explained(instead.as_ref());
    let flagship = model.id == catalogue::FLAGSHIP;
    let guide = if flagship { guide::check(machine, settings, |quant| model.weights(quant)) } else { None };
    let remarks = remark::remarks(machine);
    Ok(Recommendation { model, recommended, faster, smarter, candidates, guide, instead, remarks })
}

/// What may be picked: what stays in memory; if nothing does, what can be read from disk. On Apple Silicon only what is
/// whole on the GPU, if anything is.
fn usable<'c>(candidates: &'c [Candidate], machine: &Machine) -> Vec<&'c Candidate> {
    let with = |worst: Verdict| -> Vec<&'c Candidate> {
        candidates.iter().filter(|candidate| candidate.plan.memory.verdict <= worst).collect()
    };
    let mut usable = with(Verdict::FitsWithRam);
    if usable.is_empty() {
        usable = with(Verdict::ReadsFromDisk);
    }
    if usable.iter().any(|candidate| !candidate.split_on_shared_memory(machine)) {
        usable.retain(|candidate| !candidate.split_on_shared_memory(machine));
    }
    usable
}

/// The best answers among those that are clearly faster than the pick and not broken.
fn faster<'c>(usable: &[&'c Candidate], best: &Candidate, machine: &Machine) -> Option<&'c Candidate> {
    let clearly = best.tok_s() * 1.25;
    let candidates = usable
        .iter()
        .copied()
        .filter(|candidate| candidate.tok_s() >= clearly && candidate.quant.quality() >= Quality::Poor);
    candidates.max_by(|a, b| a.score(Preference::Faster, machine).total_cmp(&b.score(Preference::Faster, machine)))
}

/// The best answers among those that are noticeably better than the pick and at most four times as slow, but not below
/// half a token per second. If no step in quality is left, the next better figure.
fn smarter<'c>(usable: &[&'c Candidate], best: &Candidate, machine: &Machine) -> Option<&'c Candidate> {
    let slowest = (best.tok_s() / 4.0).max(0.5);
    let bearable = || usable.iter().copied().filter(|candidate| candidate.tok_s() >= slowest);
    let score = |candidate: &Candidate| candidate.score(Preference::Smarter, machine);
    let noticeable = bearable().filter(|candidate| candidate.quant.quality() > best.quant.quality());
    noticeable.max_by(|a, b| score(a).total_cmp(&score(b))).or_else(|| {
        let better = bearable().filter(|candidate| candidate.quant.ppl_increase() < best.quant.ppl_increase());
        better.max_by(|a, b| score(a).total_cmp(&score(b)))
    })
}

/// A smaller model that answers as fast as people read: the largest such, well quantized.
fn instead(machine: &Machine, model: &Model, settings: &Settings) -> Option<Alternative> {
    let mut smaller: Vec<(&'static Model, u64)> =
        catalogue::models().iter().filter_map(|other| Some((other, other.weights("Q8_0")?.n_params))).collect();
    let own = model.weights("Q8_0")?.n_params;
    smaller.retain(|(_, n_params)| *n_params < own);
    smaller.sort_by_key(|(_, n_params)| std::cmp::Reverse(*n_params));
    smaller.into_iter().find_map(|(model, _)| {
        let settings = Settings { n_gpu_layers: None, ..*settings };
        let all = candidates(machine, model, &settings).ok()?;
        // Below four bits a smaller model has no advantage left.
        let good = usable(&all, machine).into_iter().filter(|candidate| {
            candidate.quant.quality() >= Quality::VeryGood
                && candidate.plan.memory.verdict <= Verdict::FitsWithRam
                && candidate.plan.speed.generation.low >= READING_TOK_S
        });
        let best = good
            .max_by(|a, b| a.score(Preference::Balanced, machine).total_cmp(&b.score(Preference::Balanced, machine)))?;
        Some(Alternative { model, candidate: best.clone() })
    })
}
