//! The local server, as the window shows it.

use serde::{Deserialize, Serialize};
use specta::Type;

use super::TokenPlace;
use crate::ApiError;

/// The port of the local server, where no other is chosen.
pub const DEFAULT_PORT: u16 = 12434;
/// How many answers are written at once, where nothing else is chosen.
const DEFAULT_PARALLEL: u32 = 4;

/// How the local server is set up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase", default)]
pub struct ServerSettings {
    /// Whether it runs while Paddock does.
    pub on: bool,
    /// Its port, 1024 to 65535.
    pub port: u16,
    /// Whether other computers of the network reach it.
    pub lan: bool,
    /// How many answers are written at once, 1 to 64; counts from the next load of a model.
    pub n_parallel: u32,
}

impl Default for ServerSettings {
    fn default() -> Self {
        Self { on: false, port: DEFAULT_PORT, lan: false, n_parallel: DEFAULT_PARALLEL }
    }
}

/// The local server as it is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct ServerView {
    /// How it is set up.
    pub settings: ServerSettings,
    /// Whether it runs.
    pub state: ServerState,
    /// Requests that are answered at this moment.
    pub running: u32,
    /// Requests that wait for a place.
    pub waiting: u32,
}

/// Whether the local server runs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum ServerState {
    /// It does not.
    Off,
    /// It does.
    On {
        /// Its address for programs on this computer, e.g. `http://127.0.0.1:12434`.
        url: String,
        /// Its address for other computers of the network, if they may use it.
        lan_url: Option<String>,
    },
    /// It should, and cannot.
    Failed {
        /// Why.
        error: ApiError,
    },
}

/// What other programs have to show.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct ServerToken {
    /// The token.
    pub token: String,
    /// Where it is kept.
    pub place: TokenPlace,
}
