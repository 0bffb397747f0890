//! Other servers that answer: where they are, and what of theirs can be chosen.

use serde::{Deserialize, Serialize};
use specta::Type;

/// Where a model is that is not on this computer's own engine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct RemotePlace {
    /// The server's id.
    pub server: String,
    /// What the user calls it.
    pub name: String,
    /// Its host, with its port where that is not the usual one.
    pub host: String,
    /// Whether it runs on this very computer: then nothing leaves it.
    pub this_computer: bool,
    /// The longest prompt and answer together, in tokens, where the server tells.
    pub n_ctx: Option<u32>,
}

/// A server that speaks OpenAI's chat API.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct RemoteServer {
    /// Its id.
    pub id: String,
    /// What the user calls it.
    pub name: String,
    /// Its address, as it is asked.
    pub address: String,
    /// Its host, with its port where that is not the usual one.
    pub host: String,
    /// Whether it runs on this very computer.
    pub this_computer: bool,
    /// Where its key is.
    pub key: RemoteKey,
    /// What it had when it was asked last, in its own order.
    pub models: Vec<RemoteModelEntry>,
    /// When that was, in milliseconds since 1970.
    #[specta(type = u32)]
    pub listed_at_ms: i64,
}

/// A model that a server offers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct RemoteModelEntry {
    /// What the server calls it.
    pub id: String,
    /// The longest prompt and answer together, in tokens, where the server tells.
    pub n_ctx: Option<u32>,
}

/// Where a server's key is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum RemoteKey {
    /// It needs none.
    None,
    /// In the system's keychain.
    Keychain,
    /// In memory until Paddock is closed, because this system has no keychain.
    Session,
    /// It was in memory when Paddock was closed: it has to be entered again.
    Lost,
}

/// A server to add.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct NewRemote {
    /// Its address, as it was typed.
    pub address: String,
    /// What to call it; empty: as its host.
    pub name: String,
    /// Its key, if it wants one.
    pub key: Option<String>,
}
