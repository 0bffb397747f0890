//! From paths to JSON: folders, zips, and threads of Jan's.

use std::{
    fs::{self, File},
    io::Read,
    path::{Path, PathBuf},
};

use serde_json::Value;
use zip::ZipArchive;

use super::{MAX_DEPTH, MAX_FILE_BYTES, MAX_FILES, Report, read, shown, stream, too_large, unread};
use crate::interchange::sources::{Foreign, jan};

/// Files in a zip that are looked into.
const MAX_ENTRIES: usize = 10_000;

/// What a file holds: a conversation, or why one could not be read.
pub(super) type Found = Vec<Result<Foreign, String>>;

/// A file itself; of a folder what may be conversations in it, without following links.
pub(super) fn files_at(path: &Path, report: &mut Report) -> Vec<PathBuf> {
    if !path.is_dir() {
        return vec![path.to_owned()];
    }
    let mut files = Vec::new();
    let mut folders = vec![(path.to_owned(), 0)];
    while let Some((folder, depth)) = folders.pop() {
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) => {
                report.problem(format!("The folder “{}” {}.", shown(&folder), unread(&error)));
                continue;
            }
        };
        for entry in entries.flatten() {
            let (path, kind) = (entry.path(), entry.file_type());
            let is = |wanted: &str| path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case(wanted));
            match kind {
                Ok(kind) if kind.is_dir() && depth < MAX_DEPTH => folders.push((path, depth + 1)),
                Ok(kind) if kind.is_file() && (is("json") || is("jsonl")) => files.push(path),
                _ => {}
            }
        }
        if files.len() > MAX_FILES {
            report.problem(format!(
                "The folder “{}” has more than {MAX_FILES} files; the rest was not read.",
                shown(path)
            ));
            break;
        }
    }
    files.sort();
    if files.is_empty() {
        report.problem(format!("The folder “{}” has no conversations in it.", shown(path)));
    }
    files
}

/// A file of JSON, or a zip with such.
pub(super) fn file(path: &Path) -> Result<Found, String> {
    let mut start = [0; 4];
    let is_zip = File::open(path).and_then(|mut file| file.read_exact(&mut start)).is_ok() && start == *b"PK\x03\x04";
    if is_zip { zipped(path) } else { stream::conversations(&read(path)?) }
}

/// The export of ChatGPT: `conversations.json`, or several with a number. Else every JSON file that is understood.
fn zipped(path: &Path) -> Result<Found, String> {
    let file = File::open(path).map_err(|error| unread(&error))?;
    let mut archive = ZipArchive::new(file).map_err(|error| format!("is a damaged zip: {error}"))?;
    let names: Vec<String> = archive
        .file_names()
        .flatten()
        .filter(|name| name.ends_with(".json"))
        .take(MAX_ENTRIES)
        .map(std::borrow::Cow::into_owned)
        .collect();
    let is_list = |name: &String| name.rsplit('/').next().is_some_and(|name| name.starts_with("conversations"));
    let any_list = names.iter().any(is_list);
    let mut found = Vec::new();
    let mut left = MAX_FILE_BYTES;
    for name in names.iter().filter(|name| !any_list || is_list(name)) {
        let entry = archive.by_name(name).map_err(|error| format!("is a damaged zip: {error}"))?;
        let mut bytes = Vec::new();
        entry.take(left + 1).read_to_end(&mut bytes).map_err(|error| format!("is a damaged zip: {error}"))?;
        left = left.checked_sub(bytes.len() as u64).ok_or_else(|| too_large(MAX_FILE_BYTES + 1))?;
        match stream::conversations(&bytes) {
            Ok(conversations) => found.extend(conversations),
            Err(reason) if any_list => return Err(reason),
            Err(_) => {}
        }
    }
    if found.is_empty() { Err("is a zip without conversations that Paddock knows".into()) } else { Ok(found) }
}

/// A thread of Jan's: what it is called, and its messages, a line each.
pub(super) fn jan(folder: &Path) -> Result<Result<Foreign, String>, String> {
    let thread = match read(&folder.join("thread.json")) {
        Ok(bytes) => serde_json::from_slice(&bytes).map_err(|error| format!("is not whole JSON: {error}"))?,
        // Without it the thread has no title, and that is all.
        Err(_) => Value::Null,
    };
    let lines = match read(&folder.join("messages.jsonl")) {
        Ok(bytes) => bytes,
        Err(_) if thread.get("messages").is_some() => Vec::new(),
        Err(reason) => return Err(format!("belongs to “messages.jsonl”, which {reason}")),
    };
    let messages = lines
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.trim_ascii().is_empty())
        .map(serde_json::from_slice)
        .collect::<Result<Vec<Value>, _>>()
        .map_err(|error| format!("has a line that is not JSON: {error}"))?;
    Ok(jan::thread(&thread, &messages, &shown(folder)))
}
