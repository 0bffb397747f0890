//! What happened, with its values: the errors that people meet often, so that the window can say them in its own
//! language. The English of each is the [`super::ApiError`]'s own message and hint.

use std::time::Duration;

use paddock_engine_api::{Cause, DeathCause};
use paddock_hub::{remote::RemoteError, transfer::TransferError};
use serde::{Deserialize, Serialize};
use specta::Type;

/// An error that people meet often. A kind is here when the window has its sentence in every language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
#[expect(missing_docs, reason = "fields are named as in the errors that they come from")]
pub enum What {
    /// The engine was ended from outside, mostly for want of memory.
    EngineKilled,
    /// The graphics card had no memory left.
    EngineGpuFull,
    /// The graphics driver reported an error.
    EngineGpuError,
    /// llama.cpp ended it.
    EngineAborted,
    /// It touched memory that is not there.
    EngineCrashed,
    /// The processor lacks an instruction.
    EngineTooNew,
    /// It ended and nobody knows why.
    EngineExited { exit_code: i32 },
    /// It gave no sign of life.
    EngineHung { seconds: u32 },
    /// It said something that makes no sense.
    EngineBabbled,
    /// It could not be started.
    EngineNotStarted { reason: String },
    /// See [`Cause`].
    UnknownArchitecture { file: String, architecture: String },
    /// See [`Cause`].
    FileIncomplete { file: String },
    /// See [`Cause`].
    NoMemoryForModel { file: String },
    /// See [`Cause`].
    NotAWholeModel { file: String },
    /// See [`Cause`].
    NoDecoder { file: String },
    /// See [`Cause`].
    CannotLoad { file: String },
    /// See [`Cause`].
    NoMemoryForContext { n_ctx: u32 },
    /// The guardrail speaks against a load.
    LoadHeldBack { name: String },
    /// Somebody gave a load up.
    LoadStopped,
    /// Nothing is loaded.
    NoModel,
    /// The conversation is longer than the context.
    PromptTooLong { n_tokens: u32, n_ctx: u32 },
    /// The conversation leaves no room for an answer.
    ConversationTooLong { n_tokens: u32, reserve: u32, n_ctx: u32 },
    /// The message alone leaves no room for an answer.
    MessageTooLong { n_tokens: u32, reserve: u32, n_ctx: u32 },
    /// An answer is being written in the conversation.
    AnswerUnderway,
    /// The model is at work, and something else wants all of the computer.
    ModelAtWork,
    /// Paddock is being closed.
    Closing,
    /// Another program has the local server's port.
    PortTaken { port: u16, by: Option<String> },
    /// The local server cannot run.
    ServerNotStarted { reason: String },
    /// The model that is to go is loaded.
    ModelLoaded { name: String },
    /// The model that is to go is being compared with its checksum.
    ModelInCheck { name: String },
    /// The conversation was deleted.
    ConversationGone,
    /// The message was deleted.
    MessageGone,
    /// The download was taken off the list.
    DownloadGone,
    /// Nothing more can be saved.
    StorageFull,
    /// The database cannot be written.
    StorageReadOnly,
    /// Another program holds the database.
    StorageBusy,
    /// See [`paddock_hub::Error`].
    FileMissing { path: String },
    /// See [`paddock_hub::Error`].
    FileForbidden { path: String },
    /// See [`paddock_hub::Error`].
    FileEmpty { file: String },
    /// See [`paddock_hub::Error`].
    PartMissing { file: String, count: u32 },
    /// Not even the beginning is GGUF's.
    NotGguf { file: String },
    /// A file has other bytes than those published.
    FileDamaged {
        file: String,
        /// 0: it has bytes too many; nothing: nobody knows which are wrong.
        #[specta(type = Option<u32>)]
        damaged_bytes: Option<u64>,
    },
    /// The model's terms were not accepted yet.
    LicenceNotAccepted { repo: String, licence: String },
    /// See [`RemoteError`].
    Gated { repo: String, page: String, had_token: bool },
    /// See [`RemoteError`].
    TokenRefused { host: String },
    /// See [`RemoteError`].
    Unreachable { host: String, reason: String },
    /// See [`RemoteError`].
    ProxyLogin { proxy: String },
    /// See [`RemoteError`].
    Certificate { host: String, reason: String },
    /// See [`RemoteError`].
    Silent { host: String, seconds: u32 },
    /// See [`RemoteError`].
    TooSlow { host: String, seconds: u32 },
    /// See [`RemoteError`].
    Cut { host: String, reason: String },
    /// See [`RemoteError`].
    NoRepo { repo: String, page: String, had_token: bool },
    /// See [`RemoteError`].
    NoQuant { repo: String, wanted: String, nearest: Vec<String> },
    /// See [`RemoteError`].
    NoModels { repo: String },
    /// See [`RemoteError`].
    TooManyRequests { host: String, after_seconds: Option<u32> },
    /// See [`RemoteError`].
    ServerFault { host: String, status: u16 },
    /// See [`RemoteError`].
    WebPage { host: String },
    /// See [`TransferError`].
    NoChecksum { file: String },
    /// See [`TransferError`].
    DiskFull {
        folder: String,
        #[specta(type = u32)]
        needed_bytes: u64,
        #[specta(type = u32)]
        free_bytes: u64,
    },
    /// See [`TransferError`].
    FileTooLarge {
        folder: String,
        #[specta(type = u32)]
        size_bytes: u64,
    },
    /// See [`TransferError`].
    FolderReadOnly { folder: String, reason: String },
    /// See [`TransferError`].
    Occupied { path: String },
    /// See [`TransferError`].
    WrongHash { file: String, host: String },
    /// What was typed is no address of a server.
    RemoteAddress { given: String, fault: AddressFault },
    /// A key holds characters that cannot be sent.
    RemoteKeyUnsendable,
    /// The system's encryption cannot be used.
    RemoteNoTls { reason: String },
    /// Nobody answers at another server's address.
    RemoteUnreachable { host: String, reason: String },
    /// Another server says nothing.
    RemoteSilent { host: String, seconds: u32 },
    /// Another server refuses the key.
    RemoteKeyRefused { host: String, status: u16 },
    /// A server's key is not where it was put.
    RemoteKeyLost { name: String },
    /// Another server does not have the model.
    RemoteNoModel { host: String, model: String },
    /// What is at the address does not speak OpenAI's chat API.
    RemoteNoApi { host: String },
    /// Another server has too much to do.
    RemoteBusy { host: String, after_seconds: Option<u32> },
    /// Another server refuses the request.
    RemoteRefused { host: String, status: u16, said: String },
    /// The connection ended in the middle of the answer.
    RemoteCut { host: String },
    /// The server of a model was removed.
    RemoteModelGone { model: String },
    /// The server was removed.
    RemoteServerGone,
    /// Another server cannot go on with an answer.
    RemoteCannotContinue { host: String },
    /// Another server's own rules ended the answer.
    RemoteFiltered { host: String },
}

/// What is wrong with something that was typed as an address of a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum AddressFault {
    /// It is no address at all.
    Unreadable,
    /// It holds a name or a password.
    HoldsPassword,
    /// It names no host.
    NoHost,
    /// It has a query or a fragment.
    HasQuery,
    /// It would send the conversation through a foreign network in the clear.
    InTheClear,
    /// It is of another kind than the web's.
    OtherScheme,
}

impl From<paddock_remote::AddressFault> for AddressFault {
    fn from(fault: paddock_remote::AddressFault) -> Self {
        use paddock_remote::AddressFault as F;
        match fault {
            F::Unreadable => Self::Unreadable,
            F::HoldsPassword => Self::HoldsPassword,
            F::NoHost => Self::NoHost,
            F::HasQuery => Self::HasQuery,
            F::InTheClear => Self::InTheClear,
            F::OtherScheme => Self::OtherScheme,
        }
    }
}

impl What {
    pub(super) fn of_death(cause: DeathCause) -> Self {
        match cause {
            DeathCause::Killed => Self::EngineKilled,
            DeathCause::GpuOutOfMemory => Self::EngineGpuFull,
            DeathCause::GpuError => Self::EngineGpuError,
            DeathCause::Aborted => Self::EngineAborted,
            DeathCause::Crashed => Self::EngineCrashed,
            DeathCause::IllegalInstruction => Self::EngineTooNew,
            DeathCause::Exited(exit_code) => Self::EngineExited { exit_code },
            DeathCause::Hung { seconds } => Self::EngineHung { seconds: small(seconds) },
            DeathCause::Babbled => Self::EngineBabbled,
        }
    }

    pub(super) fn of_cause(cause: Cause) -> Self {
        match cause {
            Cause::UnknownArchitecture { file, architecture } => Self::UnknownArchitecture { file, architecture },
            Cause::FileIncomplete { file } => Self::FileIncomplete { file },
            Cause::NoMemoryForModel { file } => Self::NoMemoryForModel { file },
            Cause::NotAWholeModel { file } => Self::NotAWholeModel { file },
            Cause::NoDecoder { file } => Self::NoDecoder { file },
            Cause::CannotLoad { file } => Self::CannotLoad { file },
            Cause::NoMemoryForContext { n_ctx } => Self::NoMemoryForContext { n_ctx },
            Cause::NoModel => Self::NoModel,
            Cause::PromptTooLong { n_tokens, n_ctx } => Self::PromptTooLong { n_tokens, n_ctx },
        }
    }

    pub(super) fn of_store(error: &paddock_store::Error) -> Option<Self> {
        use paddock_store::Error as E;
        Some(match error {
            E::DiskFull => Self::StorageFull,
            E::ReadOnly => Self::StorageReadOnly,
            E::Busy => Self::StorageBusy,
            _ => return None,
        })
    }

    pub(super) fn of_file(error: &paddock_hub::Error) -> Option<Self> {
        use paddock_hub::Error as E;
        let name = |path: &std::path::Path| path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
        Some(match error {
            E::NotFound { path } => Self::FileMissing { path: path.display().to_string() },
            E::NoAccess { path } => Self::FileForbidden { path: path.display().to_string() },
            E::Empty { path } => Self::FileEmpty { file: name(path) },
            E::NotGguf { path, looks_like: None } => Self::NotGguf { file: name(path) },
            E::MissingPart { path, count } => Self::PartMissing { file: name(path), count: *count },
            _ => return None,
        })
    }

    pub(crate) fn of_remote(error: &RemoteError) -> Option<Self> {
        use RemoteError as E;
        let seconds = |time: &Duration| small(time.as_secs());
        Some(match error {
            E::Gated { repo, page, had_token } => {
                Self::Gated { repo: repo.clone(), page: page.clone(), had_token: *had_token }
            }
            E::TokenRefused { host } => Self::TokenRefused { host: host.clone() },
            E::Unreachable { host, cause } => Self::Unreachable { host: host.clone(), reason: cause.clone() },
            E::ProxyLogin { proxy } => Self::ProxyLogin { proxy: proxy.clone() },
            E::Certificate { host, cause } => Self::Certificate { host: host.clone(), reason: cause.clone() },
            E::Silent { host, silence } => Self::Silent { host: host.clone(), seconds: seconds(silence) },
            E::TooSlow { host, limit } => Self::TooSlow { host: host.clone(), seconds: seconds(limit) },
            E::Cut { host, cause } => Self::Cut { host: host.clone(), reason: cause.clone() },
            E::NoRepo { repo, page, had_token } => {
                Self::NoRepo { repo: repo.clone(), page: page.clone(), had_token: *had_token }
            }
            E::NoQuant { repo, wanted, nearest } => {
                Self::NoQuant { repo: repo.clone(), wanted: wanted.clone(), nearest: nearest.clone() }
            }
            E::NoModels { repo } => Self::NoModels { repo: repo.clone() },
            E::TooManyRequests { host, retry_after } => {
                Self::TooManyRequests { host: host.clone(), after_seconds: retry_after.as_ref().map(seconds) }
            }
            E::ServerFault { host, status } => Self::ServerFault { host: host.clone(), status: *status },
            E::WebPage { host } => Self::WebPage { host: host.clone() },
            _ => return None,
        })
    }

    pub(crate) fn of_other_server(error: paddock_remote::RemoteError) -> Self {
        use paddock_remote::RemoteError as E;
        match error {
            E::BadAddress { given, fault } => Self::RemoteAddress { given, fault: fault.into() },
            E::BadKey => Self::RemoteKeyUnsendable,
            E::NoTls { cause } => Self::RemoteNoTls { reason: cause },
            E::Unreachable { host, cause } => Self::RemoteUnreachable { host, reason: cause },
            E::Silent { host, silence } => Self::RemoteSilent { host, seconds: small(silence.as_secs()) },
            E::KeyRefused { host, status } => Self::RemoteKeyRefused { host, status },
            E::NotThere { host, model: Some(model) } => Self::RemoteNoModel { host, model },
            E::NotThere { host, model: None } | E::Garbled { host, .. } => Self::RemoteNoApi { host },
            E::Busy { host, retry_after, .. } => {
                Self::RemoteBusy { host, after_seconds: retry_after.map(|time| small(time.as_secs())) }
            }
            E::Refused { host, status, said } => Self::RemoteRefused { host, status, said },
            E::Cut { host } => Self::RemoteCut { host },
        }
    }

    pub(crate) fn of_transfer(error: &TransferError) -> Option<Self> {
        use TransferError as E;
        Some(match error {
            E::NoChecksum { file } => Self::NoChecksum { file: file.clone() },
            E::DiskFull { folder, needed_bytes, free_bytes } => Self::DiskFull {
                folder: folder.display().to_string(),
                needed_bytes: *needed_bytes,
                free_bytes: *free_bytes,
            },
            E::FileTooLarge { folder, size_bytes } => {
                Self::FileTooLarge { folder: folder.display().to_string(), size_bytes: *size_bytes }
            }
            E::NoAccess { folder, source } => {
                Self::FolderReadOnly { folder: folder.display().to_string(), reason: source.to_string() }
            }
            E::Occupied { path } => Self::Occupied { path: path.display().to_string() },
            E::WrongHash { file, host } => Self::WrongHash { file: file.clone(), host: host.clone() },
            E::NotGguf { file } => Self::NotGguf { file: file.clone() },
            _ => return None,
        })
    }
}

fn small(n: u64) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}
