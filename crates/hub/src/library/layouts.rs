//! How each program lays out its models, and what that says about a file without opening it.

use std::ffi::OsStr;
use std::path::{Component, Path, PathBuf};

use serde::Deserialize;

use super::places::read_small;
use super::walk::Walk;
use super::{Place, Source};
use crate::remote::RepoId;

/// The longest manifest of Ollama that is read, in bytes. Real ones have about a thousand.
const MAX_MANIFEST_BYTES: u64 = 1 << 20;

/// The longest other note beside a model (`model.yml`, `refs/main`, `….gguf.json`), in bytes.
const MAX_NOTE_BYTES: u64 = 64 << 10;

/// A file that may be a model, or a part of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Candidate {
    pub(super) path: PathBuf,
    /// What the program calls it, where the file's own name says nothing.
    pub(super) name: Option<String>,
    /// Owner and name of the repository it comes from.
    pub(super) repo: Option<String>,
    /// Its path in the repository.
    pub(super) repo_path: Option<String>,
    /// The checksum by which the program stores it.
    pub(super) sha256: Option<String>,
}

impl Candidate {
    fn new(path: PathBuf) -> Self {
        Self { path, name: None, repo: None, repo_path: None, sha256: None }
    }
}

/// All files in a place that may be models.
pub(super) fn candidates(place: &Place, walk: &mut Walk<'_>) -> Vec<Candidate> {
    match place.source {
        Source::Paddock | Source::LmStudio => {
            let files = walk.files(&place.path, &is_gguf).into_iter();
            files.map(|path| below_owner_and_name(&place.path, path)).collect()
        }
        Source::HuggingFace => hugging_face(&place.path, walk),
        Source::Ollama => ollama(&place.path, walk),
        Source::Jan => jan(&place.path, walk),
        Source::LlamaCpp => llama_cpp(&place.path, walk),
        Source::Folder => walk.files(&place.path, &is_gguf).into_iter().map(Candidate::new).collect(),
    }
}

/// By its name a GGUF file, and neither the image part of a model nor a table for making quantizations.
fn is_gguf(path: &Path) -> bool {
    let is_gguf = path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("gguf"));
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
    is_gguf && !name.contains("mmproj") && !name.contains("imatrix")
}

/// `owner/name/file.gguf`, and folders below.
fn below_owner_and_name(root: &Path, path: PathBuf) -> Candidate {
    let mut candidate = Candidate::new(path);
    let below: Option<Vec<&str>> = candidate.path.strip_prefix(root).ok().and_then(segments);
    if let Some([owner, name, rest @ ..]) = below.as_deref()
        && !rest.is_empty()
        && let Ok(repo) = RepoId::parse(&format!("{owner}/{name}"))
    {
        let repo_path = rest.join("/");
        candidate.repo = Some(repo.to_string());
        candidate.repo_path = Some(repo_path);
    }
    candidate
}

/// The names in a relative path; `None` if one is not valid text.
fn segments(path: &Path) -> Option<Vec<&str>> {
    path.components().map(|component| component.as_os_str().to_str()).collect()
}

/// `models--owner--name/snapshots/<commit>/path` leads to `blobs/<sha256>`, by links where the system has them.
fn hugging_face(root: &Path, walk: &mut Walk<'_>) -> Vec<Candidate> {
    let mut found = Vec::new();
    for folder in walk.entries(root) {
        let Some(repo) = repo_of_folder(&folder) else { continue };
        let main = read_small(&folder.join("refs/main"), MAX_NOTE_BYTES).unwrap_or_default();
        let main = String::from_utf8_lossy(&main).trim().to_owned();
        let mut snapshots = match folder.join("snapshots") {
            snapshots if snapshots.is_dir() => walk.entries(&snapshots),
            _ => continue,
        };
        // Where two commits have the same file, it is shown as that of the branch.
        snapshots.sort_by_key(|snapshot| snapshot.file_name() != Some(OsStr::new(&main)));
        for snapshot in snapshots.iter().filter(|snapshot| snapshot.is_dir()) {
            for path in walk.files(snapshot, &is_gguf) {
                let repo_path = path.strip_prefix(snapshot).ok().and_then(segments).map(|names| names.join("/"));
                let sha256 = blob_name(&path);
                found.push(Candidate { path, name: None, repo: Some(repo.to_string()), repo_path, sha256 });
            }
        }
    }
    found
}

fn repo_of_folder(folder: &Path) -> Option<RepoId> {
    let (owner, name) = folder.file_name()?.to_str()?.strip_prefix("models--")?.split_once("--")?;
    RepoId::parse(&format!("{owner}/{name}")).ok()
}

/// The name of the blob that an entry of a snapshot leads to, which for large files is their SHA-256.
fn blob_name(entry: &Path) -> Option<String> {
    let blob = std::fs::canonicalize(entry).ok()?;
    let is_blob = blob.parent()?.file_name()? == "blobs";
    let name = blob.file_name()?.to_str()?;
    (is_blob && is_sha256(name)).then(|| name.to_owned())
}

/// 64 small hexadecimal digits.
pub(super) fn is_sha256(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// What is needed of a manifest of Ollama.
#[derive(Deserialize)]
struct Manifest {
    layers: Vec<Layer>,
}

#[derive(Deserialize)]
struct Layer {
    #[serde(rename = "mediaType")]
    media_type: String,
    digest: String,
}

/// `manifests/<host>/<namespace>/<model>/<tag>` names the digest of `blobs/sha256-<digest>`.
fn ollama(root: &Path, walk: &mut Walk<'_>) -> Vec<Candidate> {
    let manifests = root.join("manifests");
    if !manifests.is_dir() {
        return Vec::new();
    }
    let files = walk.files(&manifests, &|_| true);
    files.iter().filter_map(|file| ollama_model(root, file.strip_prefix(&manifests).ok()?, file)).collect()
}

fn ollama_model(root: &Path, name: &Path, file: &Path) -> Option<Candidate> {
    let [_, namespace, model, tag] = segments(name)?.try_into().ok()?;
    let manifest: Manifest = serde_json::from_slice(&read_small(file, MAX_MANIFEST_BYTES)?).ok()?;
    let layer = manifest.layers.iter().find(|layer| layer.media_type == "application/vnd.ollama.image.model")?;
    // Anything else would be a path of the manifest's choice (CVE-2024-37032).
    let digest = layer.digest.strip_prefix("sha256").and_then(|rest| rest.strip_prefix([':', '-']))?;
    if !is_sha256(digest) {
        return None;
    }
    let path = root.join("blobs").join(format!("sha256-{digest}"));
    let own = if namespace == "library" { String::new() } else { format!("{namespace}/") };
    let name = Some(format!("{own}{model}:{tag}"));
    let candidate = Candidate { name, sha256: Some(digest.to_owned()), ..Candidate::new(path) };
    // Gone, or not downloaded yet.
    std::fs::metadata(&candidate.path).is_ok_and(|metadata| metadata.is_file()).then_some(candidate)
}

/// `<data>/llamacpp/models/<name…>/model.yml` names a file below `<data>`, or anywhere if it was imported.
fn jan(root: &Path, walk: &mut Walk<'_>) -> Vec<Candidate> {
    let is_note = |path: &Path| path.file_name() == Some(OsStr::new("model.yml"));
    let files = walk.files(root, &|path| is_gguf(path) || is_note(path));
    let (notes, models): (Vec<_>, Vec<_>) = files.into_iter().partition(|path| is_note(path));
    let data = root.ancestors().nth(if root.ends_with("llamacpp/models") { 2 } else { 1 });
    let noted = notes.iter().filter_map(|note| {
        let model = data?.join(model_path_in(note)?);
        let is_model = is_gguf(&model) && std::fs::metadata(&model).is_ok_and(|metadata| metadata.is_file());
        is_model.then(|| jan_model(root, model, note))
    });
    // Files that a note names come first, because that note may know the name.
    let noted: Vec<Candidate> = noted.collect();
    let others = models.into_iter().map(|path| jan_model(root, path.clone(), &path));
    noted.into_iter().chain(others).collect()
}

/// Jan calls every file `model.gguf`; the folder's name says which.
fn jan_model(root: &Path, path: PathBuf, beside: &Path) -> Candidate {
    let folder = beside.parent().filter(|folder| *folder != root);
    let name = folder.and_then(|folder| folder.file_name()).map(|name| name.to_string_lossy().into_owned());
    let says_nothing = path.file_stem() == Some(OsStr::new("model"));
    Candidate { name: name.filter(|_| says_nothing), ..Candidate::new(path) }
}

/// The line `model_path:` of a `model.yml`, without what could lead out of the data folder.
fn model_path_in(note: &Path) -> Option<PathBuf> {
    let text = String::from_utf8(read_small(note, MAX_NOTE_BYTES)?).ok()?;
    let value = text.lines().find_map(|line| line.strip_prefix("model_path:"))?;
    let path = PathBuf::from(value.trim().trim_matches(['"', '\'']));
    let climbs = path.components().any(|component| component == Component::ParentDir);
    (!climbs && !path.as_os_str().is_empty()).then_some(path)
}

/// `owner_name_file.gguf`, with `….gguf.json` beside in older versions. Newer ones use Hugging Face's cache.
fn llama_cpp(root: &Path, walk: &mut Walk<'_>) -> Vec<Candidate> {
    let files = walk.files(root, &is_gguf).into_iter();
    files
        .map(|path| {
            let from = address_beside(&path);
            let (repo, repo_path) = from.map_or((None, None), |(repo, path)| (Some(repo), Some(path)));
            Candidate { repo, repo_path, ..Candidate::new(path) }
        })
        .collect()
}

/// What is needed of the note beside a file of llama.cpp.
#[derive(Deserialize)]
struct Address {
    url: String,
}

/// Repository and path in `https://huggingface.co/owner/name/resolve/main/file.gguf`.
fn address_beside(path: &Path) -> Option<(String, String)> {
    let mut note = path.as_os_str().to_owned();
    note.push(".json");
    let Address { url } = serde_json::from_slice(&read_small(Path::new(&note), MAX_NOTE_BYTES)?).ok()?;
    let (before, after) = url.split_once("/resolve/")?;
    let (_, repo_path) = after.split_once('/')?;
    let mut names = before.rsplit('/');
    let (name, owner) = (names.next()?, names.next()?);
    let repo = RepoId::parse(&format!("{owner}/{name}")).ok()?;
    crate::remote::names::is_safe_path(repo_path).then(|| (repo.to_string(), repo_path.to_owned()))
}
