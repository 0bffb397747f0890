//! What models are here.

use std::collections::{HashMap, HashSet};
use std::fs::{self, Metadata};
use std::path::{Path, PathBuf};

use paddock_gguf::PartName;

use super::layouts::{Candidate, candidates};
use super::walk::Walk;
use super::{Identity, Place, Places, Receipts, Source};
use crate::appearance::stem;
use crate::inspect::one_line;
use crate::receipt::{Origin, Receipt, Stamp};
use crate::remote::quant;
use crate::{Error, ModelFile, inspect};

/// Whether a model's bytes are known to be those that were published.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verified {
    /// All were compared, and nothing changed since.
    Verified,
    /// The published checksum is known, but was not compared.
    Unverified,
    /// There is nothing to compare with.
    NoChecksum,
    /// Was verified, and changed since.
    Changed,
}

/// A model on this computer, whole or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The file to load; of a split model the first part.
    pub path: PathBuf,
    /// The files that are there, in order.
    pub parts: Vec<FoundPart>,
    /// What to call it: one line.
    pub name: String,
    /// Its quantization, where known.
    pub quant: Option<String>,
    /// The bytes of the files that are there.
    pub size_bytes: u64,
    /// Whose folder it is in.
    pub source: Source,
    /// The folder that was looked through.
    pub place: PathBuf,
    /// The repository it comes from, where that is known.
    pub repo: Option<String>,
    /// Whether its bytes are right: what is true of its worst part.
    pub verified: Verified,
    /// Why it cannot be loaded, in a sentence.
    pub problem: Option<String>,
}

/// A file of a model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundPart {
    /// Where it is.
    pub path: PathBuf,
    /// Its bytes.
    pub size_bytes: u64,
    /// Which file it is, whatever path leads to it.
    pub identity: Identity,
    /// The SHA-256 it should have, where that is known.
    pub sha256: Option<String>,
    /// Its path in the repository, where that is known.
    pub repo_path: Option<String>,
    /// Where its receipt says it was downloaded from.
    pub origin: Option<Origin>,
    /// Whether its bytes are right.
    pub verified: Verified,
}

/// A place after it was looked through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LookedAt {
    /// The place.
    pub place: Place,
    /// How many models are in it that were not found before.
    pub n_models: u32,
    /// What they take.
    pub size_bytes: u64,
    /// Why it could not be looked through, or not all of it, in a sentence.
    pub problem: Option<String>,
}

/// What a scan found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scanned {
    /// The models, in the order of the places, then by path.
    pub models: Vec<Found>,
    /// The places.
    pub places: Vec<LookedAt>,
    /// How many models had to be opened, because they were new or had changed.
    pub n_opened: u32,
}

/// What earlier scans found out about files that have not changed since.
#[derive(Debug, Default)]
pub struct Memory {
    models: HashMap<PathBuf, (Vec<(PathBuf, Stamp)>, Outcome)>,
    receipts: HashMap<PathBuf, (Stamp, Option<Noted>)>,
}

/// What the headers of a model say.
#[derive(Debug, Clone)]
enum Outcome {
    Model(Box<ModelFile>),
    /// A sound file that is no model: an adapter, the image part of a model.
    SomethingElse,
    Broken(String),
}

/// What is needed of a receipt; the checksums of its blocks may take megabytes.
#[derive(Debug, Clone)]
struct Noted {
    sha256: String,
    stamp: Stamp,
    verified_ms: i64,
    origin: Option<Origin>,
}

impl From<Receipt> for Noted {
    fn from(Receipt { sha256, stamp, verified_ms, origin, .. }: Receipt) -> Self {
        Self { sha256, stamp, verified_ms, origin }
    }
}

/// Looks for models in all places. Each file is listed once, where it was found first. Opens only what is new or
/// changed since the scans before, by `memory`. `None`: `given_up` said so.
pub fn scan(places: &Places, receipts: &Receipts, memory: &mut Memory, given_up: &dyn Fn() -> bool) -> Option<Scanned> {
    let mut scan =
        Scan { receipts, before: memory, now: Memory::default(), seen: HashSet::new(), done: Scanned::default() };
    for place in places.iter() {
        scan.look_through(place, given_up)?;
    }
    let Scan { now, done, .. } = scan;
    *memory = now;
    Some(done)
}

struct Scan<'a> {
    receipts: &'a Receipts,
    before: &'a Memory,
    now: Memory,
    seen: HashSet<Identity>,
    done: Scanned,
}

impl Scan<'_> {
    fn look_through(&mut self, place: &Place, given_up: &dyn Fn() -> bool) -> Option<()> {
        let mut walk = Walk::new(&place.path, given_up);
        // Paddock's own folder is made with the first download.
        let is_expected = place.source != Source::Paddock || place.path.exists();
        let found = if is_expected { candidates(place, &mut walk) } else { Vec::new() };
        let mut looked_at = LookedAt { place: place.clone(), n_models: 0, size_bytes: 0, problem: walk.problem() };
        for group in models_of(found) {
            if given_up() {
                return None;
            }
            if let Some(model) = self.look_at(place, group) {
                looked_at.n_models += 1;
                looked_at.size_bytes = looked_at.size_bytes.saturating_add(model.size_bytes);
                self.done.models.push(model);
            }
        }
        self.done.places.push(looked_at);
        (!given_up()).then_some(())
    }

    /// Judges the files of one model. `None`: they are listed already, or they are no model.
    fn look_at(&mut self, place: &Place, group: Vec<Candidate>) -> Option<Found> {
        let files: Vec<(Candidate, Metadata)> = group
            .into_iter()
            .filter_map(|file| Some((fs::metadata(&file.path).ok()?, file)))
            .map(|(metadata, file)| (file, metadata))
            .collect();
        let (first, _) = files.first()?;
        let mut is_new = false;
        for (file, metadata) in &files {
            is_new |= self.seen.insert(Identity::of(&file.path, metadata));
        }
        if !is_new {
            return None;
        }
        let stamps = files.iter().map(|(file, metadata)| (file.path.clone(), Stamp::of(metadata))).collect();
        let outcome = self.outcome(&first.path, stamps);
        let parts: Vec<FoundPart> = files.iter().map(|(file, metadata)| self.part(file, metadata)).collect();
        let (model, problem) = match outcome {
            Outcome::SomethingElse => return None,
            Outcome::Model(model) => (Some(model), None),
            Outcome::Broken(sentence) => (None, Some(sentence)),
        };
        let stem = stem(&first.path);
        let from_receipt = parts.iter().find_map(|part| Some(part.origin.as_ref()?.repo.clone()));
        let name = first.name.clone().or_else(|| model.as_ref().map(|model| model.name.clone()));
        Some(Found {
            path: model.as_ref().map_or_else(|| first.path.clone(), |model| model.path.clone()),
            name: one_line(name.as_deref().unwrap_or(&stem)),
            quant: model.and_then(|model| model.quant.clone()).or_else(|| quant::of_path(&stem)),
            size_bytes: parts.iter().fold(0, |sum, part| sum.saturating_add(part.size_bytes)),
            source: place.source,
            place: place.path.clone(),
            repo: from_receipt.or_else(|| first.repo.clone()),
            verified: parts.iter().map(|part| part.verified).max().unwrap_or(Verified::NoChecksum),
            problem,
            parts,
        })
    }

    /// What the headers say, from memory if no file of the model changed, came or went.
    fn outcome(&mut self, path: &Path, stamps: Vec<(PathBuf, Stamp)>) -> Outcome {
        let known = self.before.models.get(path).filter(|(before, _)| *before == stamps);
        let outcome = if let Some((_, outcome)) = known {
            outcome.clone()
        } else {
            self.done.n_opened += 1;
            match inspect(path) {
                Ok(model) => Outcome::Model(Box::new(model)),
                Err(Error::NotAModel { .. }) => Outcome::SomethingElse,
                // Not about the file itself, so it is tried again next time.
                Err(error @ (Error::Io { .. } | Error::NoAccess { .. } | Error::NotFound { .. })) => {
                    return Outcome::Broken(one_sentence(&error));
                }
                Err(error) => Outcome::Broken(one_sentence(&error)),
            }
        };
        self.now.models.insert(path.to_owned(), (stamps, outcome.clone()));
        outcome
    }

    fn part(&mut self, file: &Candidate, metadata: &Metadata) -> FoundPart {
        let noted = self.noted(&file.path);
        let verified = match (&noted, &file.sha256) {
            (Some(noted), _) if noted.stamp == Stamp::of(metadata) => Verified::Verified,
            (Some(_), _) => Verified::Changed,
            (None, Some(_)) => Verified::Unverified,
            (None, None) => Verified::NoChecksum,
        };
        let (sha256, origin) = noted.map_or((None, None), |noted| (Some(noted.sha256), noted.origin));
        FoundPart {
            path: file.path.clone(),
            size_bytes: metadata.len(),
            identity: Identity::of(&file.path, metadata),
            sha256: sha256.or_else(|| file.sha256.clone()),
            repo_path: origin.as_ref().map(|origin| origin.path.clone()).or_else(|| file.repo_path.clone()),
            origin,
            verified,
        }
    }

    /// The newest receipt of a file, as [`Receipts::read`] has it.
    fn noted(&mut self, file: &Path) -> Option<Noted> {
        let places = self.receipts.places(file).into_iter();
        places.filter_map(|place| self.noted_in(place)).max_by_key(|noted| noted.verified_ms)
    }

    fn noted_in(&mut self, place: PathBuf) -> Option<Noted> {
        let stamp = Stamp::of(&fs::metadata(&place).ok()?);
        let known = self.before.receipts.get(&place).filter(|(before, _)| *before == stamp);
        let noted = match known {
            Some((_, noted)) => noted.clone(),
            None => Receipt::read(&place).map(Noted::from),
        };
        self.now.receipts.insert(place, (stamp, noted.clone()));
        noted
    }
}

/// A sentence about a file whose name may hold anything.
fn one_sentence(error: &Error) -> String {
    error.to_string().chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// Puts the parts of split models together, in their order.
fn models_of(found: Vec<Candidate>) -> Vec<Vec<Candidate>> {
    let mut models: Vec<Vec<Candidate>> = Vec::new();
    let mut split: HashMap<(PathBuf, String, u32), usize> = HashMap::new();
    for file in found {
        let name = file.path.file_name().and_then(|name| name.to_str()).and_then(PartName::parse);
        let Some(name) = name else {
            models.push(vec![file]);
            continue;
        };
        let folder = file.path.parent().unwrap_or(Path::new("")).to_owned();
        let place = *split.entry((folder, name.prefix, name.part.count)).or_insert_with(|| {
            models.push(Vec::new());
            models.len() - 1
        });
        models[place].push(file);
    }
    for parts in &mut models {
        // Numbers have five digits, so that names sort as they do.
        parts.sort_by(|a, b| a.path.cmp(&b.path));
    }
    models
}
