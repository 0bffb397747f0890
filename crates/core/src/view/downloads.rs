//! What the window shows of downloads, of repositories to download from, and of the models that are here.

use std::fmt;

use paddock_hub::transfer::{Delay, Notice};
use paddock_planner::quant::{Gone, Quality};
use serde::{Deserialize, Serialize};
use specta::Type;

use crate::ApiError;

/// A download, in full: an event carries all of them, and the page only shows the newest.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct DownloadView {
    /// Stays the same for as long as the download is in the list.
    pub id: String,
    /// Owner and name of the repository.
    pub repo: String,
    /// Its quantization, such as `Q4_K_M`, where the file's name tells it.
    pub quant: Option<String>,
    /// What the model is called: its file's name without the ending.
    pub name: String,
    /// How many files it consists of.
    pub n_files: u32,
    /// All bytes; 0 until the server said.
    #[specta(type = u32)]
    pub total_bytes: u64,
    /// Bytes that are safe on the disk.
    #[specta(type = u32)]
    pub done_bytes: u64,
    /// What is going on.
    pub state: DownloadState,
    /// How fast it comes, smoothed over some seconds; 0 when nothing comes.
    #[specta(type = u32)]
    pub bytes_per_s: u64,
    /// How many more seconds at this speed; nothing while that is a guess.
    #[specta(type = Option<u32>)]
    pub eta_s: Option<u64>,
    /// How full each equal piece of the download is, in percent, in order; at most 96 pieces.
    pub map: Vec<u8>,
    /// What happened on the way that changes what was promised, oldest first.
    pub notices: Vec<Notice>,
    /// The folder it goes into.
    pub folder: String,
    /// The file to load, once it is ready.
    pub path: Option<String>,
}

/// What a download does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum DownloadState {
    /// Waits until those before it are done.
    Queued,
    /// Asks the server, looks at the disk.
    Preparing,
    /// Bytes come.
    Downloading {
        /// Over so many connections.
        connections: u32,
    },
    /// Goes on by itself.
    Waiting {
        /// For what.
        reason: WaitReason,
        /// What happened.
        why: Delay,
        /// When it is tried again, in milliseconds since 1970.
        #[specta(type = Option<u32>)]
        until_ms: Option<i64>,
    },
    /// Another Paddock downloads this file; it goes on here if that one ends.
    Following,
    /// All bytes are here; they are compared with the checksum.
    Verifying {
        /// So many are compared.
        #[specta(type = u32)]
        checked_bytes: u64,
    },
    /// By the user; what is here is kept.
    Paused,
    /// Does not go on by itself. What is here is kept, unless the error says otherwise.
    Failed {
        /// Why.
        error: ApiError,
    },
    /// Verified, under its name, in the list of models.
    Ready,
}

/// What a download waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum WaitReason {
    /// A connection to the internet, or to the server.
    Offline,
    /// The server wants to be left alone for a while.
    Busy,
    /// The server has a fault.
    ServerFault,
    /// The connection is there and nothing comes.
    Stalled,
    /// The network's proxy wants a login.
    Proxy,
}

/// What is to be downloaded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct DownloadRequest {
    /// Owner and name of the repository.
    pub repo: String,
    /// A quantization, or a file's path in the repository.
    pub model: String,
}

/// What is known before the first byte.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct PreflightView {
    /// All bytes of the model.
    #[specta(type = u32)]
    pub total_bytes: u64,
    /// Of these, still to come: an earlier attempt may have left some.
    #[specta(type = u32)]
    pub missing_bytes: u64,
    /// Free where it goes.
    #[specta(type = u32)]
    pub free_bytes: u64,
    /// The folder it goes into.
    pub folder: String,
    /// Why it cannot be downloaded as things are; nothing if it can.
    pub problem: Option<ApiError>,
    /// Where it is here already.
    pub local_path: Option<String>,
    /// Its terms, where the repository names any.
    pub licence: Option<LicenceView>,
}

/// The terms of a model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct LicenceView {
    /// As the repository names it, such as `llama3.3`.
    pub id: String,
    /// For people, such as `Llama 3.3 Community License`.
    pub name: String,
    /// Where it can be read.
    pub link: Option<String>,
    /// Whether it has to be accepted once, and the words “Built with Llama” to be shown.
    pub llama: bool,
    /// Whether it was accepted here.
    pub accepted: bool,
}

/// A repository that was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct RepoSummary {
    /// Owner and name.
    pub repo: String,
    /// Downloads in the last 30 days.
    #[specta(type = u32)]
    pub downloads: u64,
    /// People who like it.
    #[specta(type = u32)]
    pub likes: u64,
    /// When it was last changed, in milliseconds since 1970.
    #[specta(type = Option<u32>)]
    pub updated_ms: Option<i64>,
    /// Whether it is only open to people who accepted its terms on its page.
    pub gated: bool,
    /// Its terms as it names them.
    pub licence: Option<String>,
}

/// A repository, and the models in it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct RepoView {
    /// Owner and name.
    pub repo: String,
    /// The commit that all of this is about.
    pub commit: String,
    /// Its page.
    pub page: String,
    /// Whether it is only open to people who accepted its terms on its page.
    pub gated: bool,
    /// Its terms.
    pub licence: Option<LicenceView>,
    /// Its models, the smallest first.
    pub models: Vec<RemoteModelView>,
    /// How many of its files were left out because their names could not be used safely.
    pub n_unsafe: u32,
}

/// A model in a repository. What it needs and gives here, `plan_remote` says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct RemoteModelView {
    /// What to put into [`DownloadRequest::model`]: the path of its (first) file.
    pub path: String,
    /// What to call it.
    pub name: String,
    /// Its quantization, where the name tells it.
    pub quant: Option<String>,
    /// The bytes of all its files.
    #[specta(type = u32)]
    pub size_bytes: u64,
    /// How many files it consists of.
    pub n_files: u32,
    /// How good it is, from 0 (broken) to 6 (as the full model), where the quantization is known.
    pub quality_step: Option<u32>,
    /// The same by name.
    pub quality: Option<Quality>,
    /// Why it cannot be used.
    pub problem: Option<RemoteProblem>,
    /// Where it is here already, verified.
    pub local_path: Option<String>,
}

/// Why a model in a repository cannot be used. `Display` is English.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum RemoteProblem {
    /// Files of it are missing on the server.
    Incomplete {
        /// The model.
        model: String,
        /// How many files are missing.
        missing: u32,
        /// How many there should be.
        count: u32,
        /// The first that is missing.
        first_missing: String,
    },
    /// Its format is no longer loaded.
    Dead {
        /// The quantization.
        quant: String,
        /// Why.
        why: Option<Gone>,
        /// What to take.
        instead: String,
    },
}

impl fmt::Display for RemoteProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Incomplete { model, missing, count, first_missing } => write!(
                f,
                "The model “{model}” is not complete on the server: missing are {missing} of its {count} files, first of all “{first_missing}”. Choose another quantization, or try again when the upload is finished."
            ),
            Self::Dead { quant, why, instead } => {
                write!(f, "No engine loads {quant} any more. ")?;
                if let Some(why) = why {
                    write!(f, "{why} ")?;
                }
                write!(f, "Take {instead} instead.")
            }
        }
    }
}

/// How downloads are made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct DownloadSettings {
    /// Where models go.
    pub models_folder: String,
    /// Free there.
    #[specta(type = Option<u32>)]
    pub free_bytes: Option<u64>,
    /// At most so many bytes per second.
    #[specta(type = Option<u32>)]
    pub speed_limit_bytes_per_s: Option<u64>,
    /// Another server than Hugging Face, such as a mirror. `HF_ENDPOINT` counts where this is empty.
    pub endpoint: Option<String>,
    /// Whether finished models are also shown to other programs in Hugging Face's cache, without a second copy.
    pub share_with_hf_cache: bool,
    /// Whether the computer is kept from sleeping while something is downloaded.
    pub keep_awake: bool,
    /// Whether the system shows a notification when a download is done.
    pub notify: bool,
}

/// Whether there is an access token for Hugging Face, and where it is kept. The token itself never comes to the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum TokenPlace {
    /// There is none.
    None,
    /// In the system's keychain.
    Keychain,
    /// In memory until Paddock is closed, because this system has no keychain.
    Session,
    /// In the environment (`HF_TOKEN`) or in Hugging Face's own file.
    Environment,
}

/// The models that are on this computer.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct LibraryView {
    /// In Paddock's own folder first, then by place, then by name.
    pub models: Vec<LibraryModelView>,
    /// Where models are looked for.
    pub places: Vec<PlaceView>,
    /// Deleted since the start; can be brought back until Paddock is closed.
    pub deleted: Vec<DeletedView>,
    /// Whether it is being looked through at this moment.
    pub scanning: bool,
    /// Bytes that are there more than once.
    #[specta(type = u32)]
    pub duplicate_bytes: u64,
}

/// A place where models are looked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct PlaceView {
    /// Whose it is.
    pub source: ModelSource,
    /// The folder.
    pub path: String,
    /// How many models are in it.
    pub n_models: u32,
    /// What they take.
    #[specta(type = u32)]
    pub size_bytes: u64,
    /// Why it could not be looked through, in a sentence.
    pub problem: Option<String>,
}

/// Whose folder a model is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the names say it")]
pub enum ModelSource {
    Paddock,
    HuggingFace,
    LmStudio,
    Ollama,
    Jan,
    LlamaCpp,
    /// One that the user added.
    Folder,
}

/// A model on this computer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct LibraryModelView {
    /// The file to load.
    pub path: String,
    /// What to call it.
    pub name: String,
    /// Its quantization.
    pub quant: Option<String>,
    /// The bytes of all its files.
    #[specta(type = u32)]
    pub size_bytes: u64,
    /// How many files it consists of.
    pub n_files: u32,
    /// Whose folder it is in.
    pub source: ModelSource,
    /// The repository it comes from, where that is known.
    pub repo: Option<String>,
    /// Whether every byte is right.
    pub verified: VerifiedView,
    /// Why it cannot be loaded, in a sentence.
    pub problem: Option<String>,
    /// Other paths with the same content.
    pub same_as: Vec<String>,
    /// Whether Paddock may delete it: only what is in its own folder or in one the user added.
    pub can_delete: bool,
}

/// Whether a file's bytes are those that were published.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum VerifiedView {
    /// Compared with the published checksum, and not changed since.
    Verified,
    /// Its checksum is known, but was not compared yet.
    Unverified,
    /// Nobody published a checksum that it could be compared with.
    NoChecksum,
    /// Changed since it was verified; it is verified again before it is used.
    Changed,
    /// Being compared.
    Checking {
        /// So many bytes are compared.
        #[specta(type = u32)]
        checked_bytes: u64,
    },
    /// Not what was published.
    Broken {
        /// What is wrong, in English.
        sentence: String,
        /// The name of the file that is damaged.
        file: String,
        /// How many bytes a repair would fetch again; nothing where it cannot be repaired.
        #[specta(type = Option<u32>)]
        repair_bytes: Option<u64>,
    },
}

/// A model that was deleted and can be brought back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct DeletedView {
    /// To bring it back with.
    pub id: String,
    /// What it is called.
    pub name: String,
    /// The bytes that will be free.
    #[specta(type = u32)]
    pub size_bytes: u64,
}
