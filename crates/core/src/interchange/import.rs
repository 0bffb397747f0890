//! Reading files of conversations: finding out whose they are, and telling what went wrong.

mod load;
mod stream;

use std::{
    collections::HashSet,
    fs,
    path::{Path, PathBuf},
};

use paddock_store::{Imported, NewConversation};

use super::sources::{self, Foreign};
use crate::{ApiError, view::ImportReport};

/// The largest file that is read, in bytes; in a zip, unpacked.
const MAX_FILE_BYTES: u64 = 512_000_000;

/// Files that are taken from one folder, and how deep it is looked into.
const MAX_FILES: usize = 50_000;
const MAX_DEPTH: usize = 5;

/// Sentences that are kept of what went wrong.
const MAX_PROBLEMS: usize = 100;

/// The report while it grows.
#[derive(Debug, Default)]
pub(super) struct Report {
    report: ImportReport,
    unsaid: u32,
}

impl Report {
    fn problem(&mut self, sentence: String) {
        if self.report.problems.len() < MAX_PROBLEMS {
            self.report.problems.push(sentence);
        } else {
            self.unsaid += 1;
        }
    }

    fn took(&mut self, imported: &Imported, messages: usize) {
        match imported {
            Imported::New(_) => {
                self.report.conversations += 1;
                self.report.messages = self.report.messages.saturating_add(u32::try_from(messages).unwrap_or(u32::MAX));
            }
            Imported::AlreadyHere(_) => self.report.already_here += 1,
        }
    }

    pub fn finish(mut self) -> ImportReport {
        if self.unsaid > 0 {
            self.report.problems.push(format!("There were {} more problems.", self.unsaid));
        }
        self.report
    }
}

/// Reads files and folders one after the other. A file that cannot be read brings nothing; a conversation that cannot be
/// read is left out.
pub(super) fn files(
    paths: &[PathBuf],
    report: &mut Report,
    mut store: impl FnMut(&NewConversation) -> Result<Imported, ApiError>,
) -> Result<(), ApiError> {
    let mut jan_threads = HashSet::new();
    for path in paths {
        for file in load::files_at(path, report) {
            let name = shown(&file);
            let found = match jan_thread(&file) {
                Some(folder) if !jan_threads.insert(folder.clone()) => continue,
                Some(folder) => load::jan(&folder).map(|found| vec![found]),
                None => load::file(&file),
            };
            let found = match found {
                Ok(found) => found,
                Err(reason) => {
                    report.problem(format!("“{name}” {reason}."));
                    continue;
                }
            };
            for foreign in found {
                take(foreign, &name, report, &mut store)?;
            }
        }
    }
    Ok(())
}

fn take(
    foreign: Result<Foreign, String>,
    name: &str,
    report: &mut Report,
    store: &mut impl FnMut(&NewConversation) -> Result<Imported, ApiError>,
) -> Result<(), ApiError> {
    match foreign.and_then(sources::into_new) {
        // A conversation in which nobody said anything.
        Ok(None) => {}
        Ok(Some(new)) => report.took(&store(&new)?, new.messages.len()),
        Err(reason) => report.problem(format!("A conversation in “{name}” {reason}.")),
    }
    Ok(())
}

/// The folder of a thread of Jan's, which is two files.
fn jan_thread(path: &Path) -> Option<PathBuf> {
    let is_half = path.file_name().is_some_and(|name| name == "thread.json" || name == "messages.jsonl");
    path.parent().filter(|_| is_half).map(Path::to_owned)
}

fn shown(path: &Path) -> String {
    path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned())
}

/// Why the system did not give a file, as the end of a sentence.
fn unread(error: &std::io::Error) -> String {
    format!("could not be read: {error}")
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    let size = fs::metadata(path).map_err(|error| unread(&error))?.len();
    if size > MAX_FILE_BYTES {
        return Err(too_large(size));
    }
    fs::read(path).map_err(|error| unread(&error))
}

fn too_large(bytes: u64) -> String {
    format!("has {} MB, and at most {} MB can be read", bytes / 1_000_000, MAX_FILE_BYTES / 1_000_000)
}
