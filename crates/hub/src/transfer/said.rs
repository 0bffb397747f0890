//! What a download tells on its way, each with its values, so that every language can say it. `Display` is English.

use std::fmt;

use serde::{Deserialize, Serialize};
use specta::Type;

use super::gate::WaitReason;

/// Why a download waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Delay {
    /// No way to the server.
    Unreachable {
        /// The server.
        host: String,
        /// What the system said.
        reason: String,
    },
    /// Connected, and nothing comes.
    Silent {
        /// The server.
        host: String,
        /// For so long.
        seconds: u32,
    },
    /// The connection broke.
    Cut {
        /// The server.
        host: String,
        /// What the system said.
        reason: String,
    },
    /// Bytes come, but too slowly.
    TooSlow {
        /// The server.
        host: String,
    },
    /// The network's proxy wants a login.
    ProxyLogin {
        /// The proxy.
        proxy: String,
    },
    /// The server wants to be left alone for a while.
    TooManyRequests {
        /// The server.
        host: String,
    },
    /// The server has a fault.
    ServerFault {
        /// The server.
        host: String,
        /// The HTTP status.
        status: u16,
    },
}

impl Delay {
    /// Its kind.
    pub fn reason(&self) -> WaitReason {
        match self {
            Self::Unreachable { .. } => WaitReason::Offline,
            Self::Silent { .. } | Self::Cut { .. } | Self::TooSlow { .. } => WaitReason::Stalled,
            Self::ProxyLogin { .. } => WaitReason::Proxy,
            Self::TooManyRequests { .. } => WaitReason::Busy,
            Self::ServerFault { .. } => WaitReason::ServerFault,
        }
    }
}

impl fmt::Display for Delay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreachable { host, reason } => write!(f, "“{host}” cannot be reached: {reason}."),
            Self::Silent { host, seconds } => write!(f, "“{host}” sent nothing for {seconds} seconds."),
            Self::Cut { host, reason } => write!(f, "The connection to “{host}” was lost: {reason}."),
            Self::TooSlow { host } => write!(f, "“{host}” answers too slowly."),
            Self::ProxyLogin { proxy } => write!(f, "The proxy “{proxy}” wants a login."),
            Self::TooManyRequests { host } => write!(f, "“{host}” takes no more requests for now."),
            Self::ServerFault { host, status } => write!(f, "“{host}” has a fault at the moment (status {status})."),
        }
    }
}

/// What happened to a download that changes what was promised.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Notice {
    /// There is a newer version than the one that was begun.
    NewVersion {
        /// The file.
        file: String,
        /// The commit that is downloaded now, shortened.
        commit: String,
        /// The one that was begun, shortened.
        before: String,
    },
    /// It came with the wrong bytes.
    OnceMore {
        /// The file.
        file: String,
    },
    /// Files were exchanged while they were fetched.
    ChangedMeanwhile,
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NewVersion { file, commit, before } => write!(
                f,
                "{file} was changed in the repository since its download began (commit {commit} instead of {before}). What was here of the old version was dropped, and the new one is downloaded."
            ),
            Self::OnceMore { file } => {
                write!(f, "{file} came with other bytes than those published, so it is downloaded once more.")
            }
            Self::ChangedMeanwhile => {
                f.write_str("Its files were changed on the server meanwhile, so the repository is asked again.")
            }
        }
    }
}
