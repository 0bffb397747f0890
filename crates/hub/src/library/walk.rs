//! Going through folders that may be anything: deep, endless, circular, closed.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::Identity;
use crate::inspect::one_line;

/// How deep models lie at most. The deepest layout known is `models--…/snapshots/<commit>/folder/file`.
const MAX_DEPTH: u32 = 8;

/// The most files and folders looked at in one place. A cache of thousands of repositories has fewer.
const MAX_ENTRIES: u32 = 100_000;

/// A walk through one place.
pub(super) struct Walk<'a> {
    given_up: &'a dyn Fn() -> bool,
    root: Option<PathBuf>,
    entries_left: u32,
    /// Each folder once, so that links cannot lead in circles.
    entered: HashSet<Identity>,
    problem: Option<String>,
}

impl<'a> Walk<'a> {
    /// Below this folder.
    pub(super) fn new(root: &Path, given_up: &'a dyn Fn() -> bool) -> Self {
        Self {
            given_up,
            root: fs::canonicalize(root).ok(),
            entries_left: MAX_ENTRIES,
            entered: HashSet::new(),
            problem: None,
        }
    }

    /// Why not all of it could be looked at, in a sentence.
    pub(super) fn problem(self) -> Option<String> {
        self.problem
    }

    /// What is directly in a folder, by name; nothing where it cannot be read.
    pub(super) fn entries(&mut self, folder: &Path) -> Vec<PathBuf> {
        let mut paths = Vec::new();
        let entries = match fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(error) => {
                self.note(|| {
                    let folder = one_line(&folder.to_string_lossy());
                    format!("“{folder}” could not be looked through: {error}. Check its permissions and its drive.")
                });
                return paths;
            }
        };
        for entry in entries.flatten() {
            if (self.given_up)() {
                return Vec::new();
            }
            let Some(left) = self.entries_left.checked_sub(1) else {
                self.note(|| {
                    format!(
                        "Only its first {MAX_ENTRIES} files were looked at. Add a folder that holds just the models."
                    )
                });
                break;
            };
            self.entries_left = left;
            paths.push(entry.path());
        }
        paths.sort_unstable();
        paths
    }

    /// The regular files below a folder that are wanted by their name. Names that begin with a dot are left out:
    /// programs keep their own things there, Paddock's deleted models among them.
    pub(super) fn files(&mut self, folder: &Path, wanted: &dyn Fn(&Path) -> bool) -> Vec<PathBuf> {
        let mut found = Vec::new();
        let mut waiting = vec![(folder.to_owned(), 0)];
        while let Some((folder, depth)) = waiting.pop() {
            if !self.enter(&folder) {
                continue;
            }
            for path in self.entries(&folder) {
                if path.file_name().is_none_or(|name| name.as_encoded_bytes().starts_with(b".")) {
                    continue;
                }
                let Ok(metadata) = fs::metadata(&path) else { continue };
                if metadata.is_dir() && depth < MAX_DEPTH {
                    waiting.push((path, depth + 1));
                } else if metadata.is_file() && wanted(&path) {
                    found.push(path);
                }
            }
        }
        found.sort_unstable();
        found
    }

    /// Whether the folder is entered for the first time, and does not lead back out over the place itself.
    fn enter(&mut self, folder: &Path) -> bool {
        let Some(identity) = Identity::at(folder) else { return self.entered.is_empty() };
        let is_above = || {
            let real = fs::canonicalize(folder).ok();
            real.zip(self.root.as_ref()).is_some_and(|(real, root)| real != *root && root.starts_with(real))
        };
        !is_above() && self.entered.insert(identity)
    }

    /// The first problem is the one shown.
    fn note(&mut self, sentence: impl FnOnce() -> String) {
        self.problem.get_or_insert_with(sentence);
    }
}
