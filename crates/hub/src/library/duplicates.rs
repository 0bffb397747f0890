//! What is here more than once.

use std::collections::{BTreeMap, HashSet};
use std::path::PathBuf;

use super::{Found, Identity};

/// Models of the same content in different files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Duplicate {
    /// The files to load, the one listed first at the beginning.
    pub paths: Vec<PathBuf>,
    /// The bytes that would be free if there were only one.
    pub wasted_bytes: u64,
}

/// Groups of models whose files all have the same checksums. Links to one file are not duplicates, since they take
/// its room once.
pub fn duplicates(models: &[Found]) -> Vec<Duplicate> {
    let mut groups: BTreeMap<Vec<&str>, Vec<&Found>> = BTreeMap::new();
    for model in models {
        let sums: Option<Vec<&str>> = model.parts.iter().map(|part| part.sha256.as_deref()).collect();
        if let Some(sums) = sums.filter(|sums| !sums.is_empty()) {
            groups.entry(sums).or_default().push(model);
        }
    }
    let groups = groups.into_values().filter_map(|group| {
        let mut seen = HashSet::new();
        let identities =
            |model: &Found| model.parts.iter().map(|part| part.identity.clone()).collect::<Vec<Identity>>();
        let distinct: Vec<&Found> = group.into_iter().filter(|model| seen.insert(identities(model))).collect();
        let wasted_bytes = distinct.iter().skip(1).map(|model| model.size_bytes).sum();
        let paths = distinct.iter().map(|model| model.path.clone()).collect();
        (distinct.len() > 1).then_some(Duplicate { paths, wasted_bytes })
    });
    groups.collect()
}
