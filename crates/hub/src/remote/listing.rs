//! What a repository holds, and which of its files make up one model.

use std::collections::{BTreeMap, HashMap, HashSet};

use paddock_gguf::PartName;

use super::error::RemoteError;
use super::names::{RepoId, is_safe_path};
use super::quant;
use crate::inspect::one_line;

/// How many files are named when several fit.
const MAX_NAMED: usize = 4;

/// A file in a repository.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RemoteFile {
    /// Its path in the repository, with `/`. Stays below the repository's folder on every system.
    pub path: String,
    /// Its length in bytes, as the server says.
    pub size_bytes: u64,
    /// The SHA-256 of its content in 64 small hexadecimal digits, for files in large file storage (LFS).
    pub sha256: Option<String>,
}

/// One model of a repository: a GGUF file, or the parts of a split one.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RemoteModel {
    /// Its quantization in capitals, as its file names tell it: `Q4_K_M`, `UD-IQ2_XXS`, `F16`.
    pub quant: Option<String>,
    /// The files that are there, in their order.
    pub parts: Vec<RemoteFile>,
    /// The bytes of all files that are there.
    pub size_bytes: u64,
    /// The folder and the names of a split model's parts.
    split: Option<(String, PartName)>,
}

impl RemoteModel {
    /// How many files it consists of, also those that are not there.
    pub fn part_count(&self) -> u32 {
        self.split.as_ref().map_or(1, |(_, name)| name.part.count)
    }

    /// Whether all its files are there.
    pub fn is_complete(&self) -> bool {
        self.parts.len() == self.part_count() as usize
    }

    /// What it is called: the path of its file, or that of its parts without number and ending.
    pub fn path(&self) -> &str {
        match &self.split {
            // A part has its folder and prefix in its path.
            Some((folder, name)) => self.parts[0].path.get(..folder.len() + name.prefix.len()).unwrap_or_default(),
            None => &self.parts[0].path,
        }
    }

    /// The paths of the parts that are not there, in their order. Up to 99,998.
    pub fn missing(&self) -> impl Iterator<Item = String> {
        let there: HashSet<&str> = self.parts.iter().map(|file| file.path.as_str()).collect();
        let all =
            self.split.iter().flat_map(|(folder, name)| name.file_names().map(move |file| format!("{folder}{file}")));
        all.filter(move |path| !there.contains(path.as_str()))
    }
}

/// The files of a repository at one time.
#[derive(Debug, Clone)]
pub struct Listing {
    repo: RepoId,
    revision: String,
    files: Vec<RemoteFile>,
    models: Vec<RemoteModel>,
    n_unsafe: usize,
}

impl Listing {
    /// Drops what must not be used, and finds the models.
    pub(crate) fn new(repo: RepoId, revision: &str, files: Vec<RemoteFile>) -> Self {
        let n_listed = files.len();
        let mut seen = HashSet::new();
        let files: Vec<RemoteFile> =
            files.into_iter().filter(|file| is_safe_path(&file.path) && seen.insert(file.path.clone())).collect();
        let models = models(&files);
        Self { repo, revision: revision.to_owned(), n_unsafe: n_listed - files.len(), files, models }
    }

    /// The repository.
    pub fn repo(&self) -> &RepoId {
        &self.repo
    }

    /// The branch, tag or commit that was listed.
    pub fn revision(&self) -> &str {
        &self.revision
    }

    /// All files whose names can be used.
    pub fn files(&self) -> &[RemoteFile] {
        &self.files
    }

    /// The models, smallest first, each quantization of each model once. Projectors for images (mmproj) and tables for
    /// making quantizations (imatrix) are none.
    pub fn models(&self) -> &[RemoteModel] {
        &self.models
    }

    /// How many files were left out because their names cannot be used safely, or come twice.
    pub fn n_unsafe(&self) -> usize {
        self.n_unsafe
    }

    /// The model with a quantization (in capitals or not), or with a file of this path.
    ///
    /// # Errors
    /// [`RemoteError::NoModels`], [`RemoteError::NoQuant`] with the nearest ones, [`RemoteError::Ambiguous`].
    pub fn model(&self, wanted: &str) -> Result<&RemoteModel, RemoteError> {
        let repo = || self.repo.to_string();
        if self.models.is_empty() {
            return Err(RemoteError::NoModels { repo: repo() });
        }
        let has_file =
            |model: &&RemoteModel| model.path() == wanted || model.parts.iter().any(|file| file.path == wanted);
        if let Some(model) = self.models.iter().find(has_file) {
            return Ok(model);
        }
        let has_quant =
            |model: &&RemoteModel| model.quant.as_deref().is_some_and(|quant| quant.eq_ignore_ascii_case(wanted));
        let found: Vec<&RemoteModel> = self.models.iter().filter(has_quant).collect();
        match found.as_slice() {
            [model] => Ok(model),
            [] => Err(RemoteError::NoQuant { repo: repo(), wanted: one_line(wanted), nearest: self.nearest(wanted) }),
            several => Err(RemoteError::Ambiguous {
                repo: repo(),
                wanted: one_line(wanted),
                files: several.iter().take(MAX_NAMED).map(|model| model.parts[0].path.clone()).collect(),
            }),
        }
    }

    /// The quantizations most like this one; where no file name tells one, the names.
    pub(crate) fn nearest(&self, wanted: &str) -> Vec<String> {
        let quants = quant::nearest(wanted, self.models.iter().filter_map(|model| model.quant.as_deref()));
        if quants.is_empty() { quant::nearest(wanted, self.models.iter().map(RemoteModel::path)) } else { quants }
    }
}

fn models(files: &[RemoteFile]) -> Vec<RemoteModel> {
    let mut single = Vec::new();
    let mut split: BTreeMap<(&str, String, u32), BTreeMap<u32, &RemoteFile>> = BTreeMap::new();
    for file in files {
        let (folder, name) = file.path.split_at(file.path.rfind('/').map_or(0, |slash| slash + 1));
        if !is_model_name(name) {
            continue;
        }
        match PartName::parse(name) {
            Some(PartName { prefix, part }) => {
                split.entry((folder, prefix, part.count)).or_default().insert(part.number, file);
            }
            None => single.push(RemoteModel {
                quant: quant::of_path(&file.path[..file.path.len() - ENDING.len()]),
                parts: vec![file.clone()],
                size_bytes: file.size_bytes,
                split: None,
            }),
        }
    }
    let split = split.into_iter().filter_map(|((folder, prefix, count), parts)| {
        let (number, _) = parts.first_key_value()?;
        let name = PartName { part: paddock_gguf::Part { number: *number, count }, prefix };
        Some(RemoteModel {
            quant: quant::of_path(&format!("{folder}{}", name.prefix)),
            size_bytes: parts.values().fold(0, |sum, file| sum.saturating_add(file.size_bytes)),
            parts: parts.into_values().cloned().collect(),
            split: Some((folder.to_owned(), name)),
        })
    });
    let mut models = once_each(single, split.collect());
    models.sort_by(|a, b| a.size_bytes.cmp(&b.size_bytes).then_with(|| a.path().cmp(b.path())));
    models
}

const ENDING: &str = ".gguf";

/// Whether a file can hold the weights of a model, by its name. Asks the headers of no file, so what is called like a
/// model is one until its header is read.
fn is_model_name(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name.len() > ENDING.len() && name.ends_with(ENDING) && !name.contains("mmproj") && !name.contains("imatrix")
}

/// Leaves out split models that are there in one file too: the same name, and the same size but for the headers.
fn once_each(single: Vec<RemoteModel>, split: Vec<RemoteModel>) -> Vec<RemoteModel> {
    let stem = |path: &str| path.rsplit('/').next().unwrap_or(path).to_ascii_lowercase();
    let mut sizes: HashMap<String, Vec<u64>> = HashMap::new();
    for model in &single {
        let path = model.path();
        sizes.entry(stem(&path[..path.len() - ENDING.len()])).or_default().push(model.size_bytes);
    }
    let is_there_too = |model: &RemoteModel| {
        let same = |size: &u64| !model.is_complete() || size.abs_diff(model.size_bytes) <= size / 100;
        sizes.get(&stem(model.path())).is_some_and(|sizes| sizes.iter().any(same))
    };
    let split: Vec<RemoteModel> = split.into_iter().filter(|model| !is_there_too(model)).collect();
    single.into_iter().chain(split).collect()
}
