//! Everything that can go wrong in the store, in sentences for the person in front of the screen.

use std::path::PathBuf;

use rusqlite::{ErrorCode, ffi};

use crate::{ConversationId, MessageId};

/// Why the store could not do what was asked. Nothing was changed when one of these is returned.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file was made by a later version; it is left untouched.
    #[error(
        "The conversations in {} were saved by a newer version of Paddock (format {found}; this version knows up to {known}). Update Paddock to open them.",
        path.display()
    )]
    NewerSchema {
        /// The database file.
        path: PathBuf,
        /// The file's `user_version`.
        found: i64,
        /// The newest `user_version` this build can read.
        known: i64,
    },
    /// A valid SQLite file that is not Paddock's; it is left untouched.
    #[error(
        "The file {} is a database of another program. Move it away or choose another folder.",
        path.display()
    )]
    AnotherProgram {
        /// The database file.
        path: PathBuf,
    },
    /// A folder, a device or a pipe where the database file should be.
    #[error("{} is not a file, so conversations cannot be kept there. Move it away.", path.display())]
    NotAFile {
        /// What was found there.
        path: PathBuf,
    },
    /// The operating system refused a file operation around the database.
    #[error("Paddock could not {doing} {}: {source}.", path.display())]
    Io {
        /// What was being done, as a verb: "create the folder".
        doing: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The disk is full (`SQLITE_FULL`).
    #[error("The disk is full, so nothing more can be saved. Free some space and try again.")]
    DiskFull,
    /// The file or its folder cannot be written.
    #[error("The conversations file cannot be written. Check that the folder is not read-only.")]
    ReadOnly,
    /// Another process held the database for longer than the busy timeout.
    #[error("Another program is using the conversations file. Close it and try again.")]
    Busy,
    /// Damage was met after the database had been opened. The next start sets the file aside.
    #[error("The conversations file is damaged ({detail}). Restart Paddock: it sets the file aside and goes on.")]
    Damaged {
        /// What SQLite said.
        detail: String,
    },
    /// Any other failure of SQLite.
    #[error("The conversations file could not be read or written: {0}.")]
    Database(#[source] rusqlite::Error),
    /// No such conversation, or it was deleted.
    #[error("This conversation no longer exists ({0}).")]
    UnknownConversation(ConversationId),
    /// No such message, or its conversation was deleted.
    #[error("This message no longer exists ({0}).")]
    UnknownMessage(MessageId),
    /// The message named as parent or head belongs to another conversation.
    #[error("The message {message} is not part of the conversation {conversation}.")]
    ElsewhereInTree {
        /// The message that was named.
        message: MessageId,
        /// The conversation it should be part of.
        conversation: ConversationId,
    },
    /// A new conversation cannot continue from a message.
    #[error("A new conversation cannot start from the existing message {0}.")]
    ParentWithoutConversation(MessageId),
    /// A question cannot directly follow a question.
    #[error("The message {0} is a question that has no answer yet; a new question cannot follow it.")]
    ParentIsAQuestion(MessageId),
    /// Only an answer can be appended to, finished or retried.
    #[error("The message {0} is not an answer.")]
    NotAnAnswer(MessageId),
    /// The answer has no finish reason yet, and what was asked for needs one that has ended.
    #[error("The answer {0} is still being written. Wait for its end, or stop it.")]
    StillBeingWritten(MessageId),
    /// Something else that the store does not hold, or no longer.
    #[error("This {what} no longer exists ({id}).")]
    NotThere {
        /// What it is: "folder", "preset".
        what: &'static str,
        /// How it was named.
        id: String,
    },
    /// A backup that cannot take the place of the database. It is left as it is.
    #[error("The backup {name} cannot be used: {detail}. Nothing was changed. Choose another one.")]
    BackupUnusable {
        /// The name of its file.
        name: String,
        /// What is wrong with it, as half a sentence.
        detail: String,
    },
    /// The answer already has a finish reason.
    #[error("The answer {0} is already finished.")]
    AlreadyFinished(MessageId),
    /// A stored setting does not have the form the caller expects. The stored text is kept.
    #[error("The setting “{key}” could not be understood ({source}). Its default is used until it is set again.")]
    SettingUnreadable {
        /// The setting's key.
        key: String,
        /// What the JSON parser said.
        source: serde_json::Error,
    },
    /// A value that has no JSON form, such as a map whose keys are not text.
    #[error("The setting “{key}” cannot be saved: {source}.")]
    SettingUnwritable {
        /// The setting's key.
        key: String,
        /// What the JSON writer said.
        source: serde_json::Error,
    },
}

impl From<rusqlite::Error> for Error {
    fn from(source: rusqlite::Error) -> Self {
        // The index of the log could not be made longer: SQLite does not ask why, and it is only ever for want of room.
        if source.sqlite_error().is_some_and(|error| error.extended_code == ffi::SQLITE_IOERR_SHMSIZE) {
            return Self::DiskFull;
        }
        match source.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::DiskFull,
            Some(ErrorCode::ReadOnly) => Self::ReadOnly,
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy,
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Self::Damaged { detail: source.to_string() },
            _ => Self::Database(source),
        }
    }
}
