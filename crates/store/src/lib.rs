//! Conversations, models and settings, kept in one SQLite file.
//!
//! **Owns** the file, its schema and its recovery. **Does not own** what a conversation means to the
//! user interface, clocks (every time is given by the caller, in milliseconds since the Unix epoch)
//! or threads: a [`Store`] is `Send`, holds the one connection, and is used from one thread or behind
//! a mutex. No SQL leaves this crate.
//!
//! **What is promised.** A call that returned `Ok` survives the death of the process. User actions
//! (sending, deleting, renaming, settings) also survive a power cut, because they wait for the disk;
//! the pieces of a running answer do not wait, and a power cut may cost the last of them.
//!
//! **How to test:** `cargo test -p paddock-store`. The tests work on real files, kill real processes
//! and damage real databases.

mod attachments;
mod backups;
mod benchmarks;
mod connection;
mod conversations;
mod dates;
mod drafts;
mod erase;
mod error;
mod files;
mod ids;
mod importing;
mod measurements;
mod migrations;
mod models;
mod open;
mod organise;
mod presets;
mod records;
mod rows;
mod search;
mod settings;
mod tree;
mod turns;

pub use backups::{BackupKind, BackupRecord, Backups};
pub use benchmarks::BenchmarkRecord;
pub use erase::Erased;
pub use error::Error;
pub use ids::{ConversationId, MessageId};
pub use importing::{ConversationInFull, Imported, NewConversation};
pub use measurements::LoadRecord;
pub use models::ModelRecord;
pub use open::{OpenReport, SetAside};
pub use organise::FolderRecord;
pub use presets::{PresetRecord, TemplateRecord};
pub use records::{
    Attachment, AttachmentKind, Conversation, ConversationSummary, Finish, FinishReason, Message, MessageBody,
    NewAttachment, NewMessage, NewTurn, Role, Timings, Turn,
};
pub use search::{SearchHit, SearchQuery, SnippetPart};

/// The open database. See the crate's page for what it promises.
#[derive(Debug)]
pub struct Store {
    connection: connection::Connection,
    report: OpenReport,
    /// Where the file is; `None` in memory.
    path: Option<std::path::PathBuf>,
    /// Held for as long as the store is open; see [`OpenReport::in_use_elsewhere`].
    _lock: Option<std::fs::File>,
}

impl Store {
    /// What happened while the database was opened: what was recovered, and whether a damaged file
    /// had to be set aside. The app shows this once.
    pub fn report(&self) -> &OpenReport {
        &self.report
    }
}
