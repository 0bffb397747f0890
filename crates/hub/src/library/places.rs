//! Where models lie.

use std::collections::{BTreeMap, HashSet};
use std::ffi::OsString;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use super::Identity;

/// The environment variables that move other programs' folders.
const VARIABLES: [&str; 9] = [
    "HF_HUB_CACHE",
    "HUGGINGFACE_HUB_CACHE",
    "HF_HOME",
    "XDG_CACHE_HOME",
    "XDG_DATA_HOME",
    "OLLAMA_MODELS",
    "LLAMA_CACHE",
    "APPDATA",
    "LOCALAPPDATA",
];

/// The longest settings file of another program that is read, in bytes. Real ones have a few thousand.
const MAX_SETTINGS_BYTES: u64 = 1 << 20;

/// Whose folder a model is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Source {
    Paddock,
    HuggingFace,
    LmStudio,
    Ollama,
    Jan,
    LlamaCpp,
    /// One that a person added.
    Folder,
}

/// A folder where models are looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Whose it is, and with that how it is laid out.
    pub source: Source,
    /// The folder.
    pub path: PathBuf,
}

/// Whose habits other programs follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum System {
    Linux,
    Macos,
    Windows,
}

/// What the places of other programs depend on, by value.
#[derive(Debug, Clone)]
pub struct Surroundings {
    /// The home folder, where there is one.
    pub home: Option<PathBuf>,
    /// Environment variables.
    pub variables: BTreeMap<String, OsString>,
    /// The operating system.
    pub system: System,
}

impl Surroundings {
    /// Those of this process.
    pub fn here() -> Self {
        let variable = |name: &str| Some((name.to_owned(), std::env::var_os(name)?));
        Self {
            home: std::env::home_dir(),
            variables: VARIABLES.iter().filter_map(|name| variable(name)).collect(),
            system: if cfg!(windows) {
                System::Windows
            } else if cfg!(target_os = "macos") {
                System::Macos
            } else {
                System::Linux
            },
        }
    }

    /// Hugging Face's cache, by the rules of huggingface_hub (`constants.py`), whether it is there or not.
    ///
    /// hf-hub's own `Cache::from_env` looks at `HF_HOME` alone, and panics without a home folder.
    pub fn hugging_face_cache(&self) -> Option<PathBuf> {
        if let Some(cache) = self.folder("HF_HUB_CACHE").or_else(|| self.folder("HUGGINGFACE_HUB_CACHE")) {
            return Some(cache);
        }
        let home = self.folder("HF_HOME").or_else(|| {
            let cache = self.folder("XDG_CACHE_HOME").or_else(|| self.below_home(".cache"));
            Some(cache?.join("huggingface"))
        });
        Some(home?.join("hub"))
    }

    /// The folder that a variable names; a leading `~` is the home folder, as Python and shells have it.
    fn folder(&self, variable: &str) -> Option<PathBuf> {
        let value = PathBuf::from(self.variables.get(variable).filter(|value| !value.is_empty())?);
        match value.strip_prefix("~") {
            Ok(rest) => Some(self.home.as_ref()?.join(rest)),
            Err(_) => Some(value),
        }
    }

    fn below_home(&self, path: &str) -> Option<PathBuf> {
        self.home.as_ref().map(|home| home.join(path))
    }

    /// Where programs of this system keep data that moves with the user.
    fn data_folder(&self) -> Option<PathBuf> {
        match self.system {
            System::Linux => self.folder("XDG_DATA_HOME").or_else(|| self.below_home(".local/share")),
            System::Macos => self.below_home("Library/Application Support"),
            System::Windows => self.folder("APPDATA").or_else(|| self.below_home("AppData/Roaming")),
        }
    }

    fn cache_folder(&self) -> Option<PathBuf> {
        match self.system {
            System::Linux => self.folder("XDG_CACHE_HOME").or_else(|| self.below_home(".cache")),
            System::Macos => self.below_home("Library/Caches"),
            System::Windows => self.folder("LOCALAPPDATA").or_else(|| self.below_home("AppData/Local")),
        }
    }

    fn lm_studio(&self) -> Vec<PathBuf> {
        let Some(home) = &self.home else { return Vec::new() };
        let pointed = read_small(&home.join(".lmstudio-home-pointer"), MAX_SETTINGS_BYTES)
            .and_then(|text| String::from_utf8(text).ok())
            .map(|text| PathBuf::from(text.trim()))
            .filter(|folder| folder.is_absolute());
        let homes = pointed.into_iter().chain([home.join(".lmstudio"), home.join(".cache/lm-studio")]);
        homes
            .flat_map(|home| {
                let chosen = folder_in_settings(&home.join("settings.json"), "downloadsFolder");
                chosen.into_iter().chain([home.join("models")])
            })
            .collect()
    }

    fn ollama(&self) -> Vec<PathBuf> {
        if let Some(folder) = self.folder("OLLAMA_MODELS") {
            return vec![folder];
        }
        // The service that its Linux installer sets up has a home of its own.
        let service = (self.system == System::Linux).then(|| PathBuf::from("/usr/share/ollama/.ollama/models"));
        self.below_home(".ollama/models").into_iter().chain(service).collect()
    }

    fn jan(&self) -> Vec<PathBuf> {
        let app = self.data_folder().map(|folder| folder.join("Jan"));
        // The Electron versions kept their settings elsewhere on Linux.
        let older = self.below_home(".config/Jan");
        let chosen = [&app, &older].into_iter().flatten();
        let chosen: Vec<_> =
            chosen.filter_map(|app| folder_in_settings(&app.join("settings.json"), "data_folder")).collect();
        let usual = app.map(|app| app.join("data")).into_iter().chain(self.below_home("jan"));
        // Up to 0.6 models lay in `models`.
        chosen.into_iter().chain(usual).flat_map(|data| [data.join("llamacpp/models"), data.join("models")]).collect()
    }

    fn llama_cpp(&self) -> Option<PathBuf> {
        self.folder("LLAMA_CACHE").or_else(|| Some(self.cache_folder()?.join("llama.cpp")))
    }
}

/// The absolute folder that a JSON file of settings names.
fn folder_in_settings(settings: &Path, key: &str) -> Option<PathBuf> {
    let settings: serde_json::Value = serde_json::from_slice(&read_small(settings, MAX_SETTINGS_BYTES)?).ok()?;
    settings.get(key)?.as_str().map(PathBuf::from).filter(|folder| folder.is_absolute())
}

/// A regular file that is not longer than this. Pipes are not opened, as that would wait for a writer.
pub(super) fn read_small(path: &Path, max_bytes: u64) -> Option<Vec<u8>> {
    let metadata = std::fs::metadata(path).ok()?;
    if !metadata.is_file() || metadata.len() > max_bytes {
        return None;
    }
    let mut bytes = Vec::new();
    // It may have grown.
    File::open(path).ok()?.take(max_bytes).read_to_end(&mut bytes).ok()?;
    Some(bytes)
}

/// All folders where models are looked for, each once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Places(Vec<Place>);

impl Places {
    /// Paddock's own folders alone.
    pub fn own(folders: &[PathBuf]) -> Self {
        let places = folders.iter().map(|path| Place { source: Source::Paddock, path: path.clone() });
        Self(places.collect())
    }

    /// Paddock's own folders, those of other programs that are there, and those that a person added.
    pub fn find(own: &[PathBuf], added: &[PathBuf], surroundings: &Surroundings) -> Self {
        let of = |source: Source, folders: Vec<PathBuf>| folders.into_iter().map(move |path| Place { source, path });
        let others = of(Source::HuggingFace, surroundings.hugging_face_cache().into_iter().collect())
            .chain(of(Source::LmStudio, surroundings.lm_studio()))
            .chain(of(Source::Ollama, surroundings.ollama()))
            .chain(of(Source::Jan, surroundings.jan()))
            .chain(of(Source::LlamaCpp, surroundings.llama_cpp().into_iter().collect()))
            // A program that is not installed is no news.
            .filter(|place| place.path.is_dir());
        let all = Self::own(own).0.into_iter().chain(others).chain(of(Source::Folder, added.to_vec()));
        let mut seen = HashSet::new();
        let once = |place: &Place| match Identity::at(&place.path) {
            Some(identity) => seen.insert(identity),
            None => true,
        };
        Self(all.filter(once).collect())
    }

    /// The places, Paddock's own first and the added ones last.
    pub fn iter(&self) -> impl Iterator<Item = &Place> {
        self.0.iter()
    }
}
