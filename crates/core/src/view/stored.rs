//! From the store's records to what the user interface sees.

use super::{Backup, Folder, Role, SearchHit, SetAside, SnippetPart, StartReport};

impl From<paddock_store::Role> for Role {
    fn from(from: paddock_store::Role) -> Self {
        match from {
            paddock_store::Role::System => Self::System,
            paddock_store::Role::User => Self::User,
            paddock_store::Role::Assistant => Self::Assistant,
        }
    }
}

impl From<paddock_store::FolderRecord> for Folder {
    fn from(from: paddock_store::FolderRecord) -> Self {
        Self { id: from.id, name: from.name }
    }
}

impl From<paddock_store::SearchHit> for SearchHit {
    fn from(from: paddock_store::SearchHit) -> Self {
        let part = |part: paddock_store::SnippetPart| SnippetPart { text: part.text, hit: part.hit };
        Self {
            conversation_id: from.conversation_id.into(),
            conversation_title: from.conversation_title,
            archived: from.archived,
            message_id: from.message_id.map(String::from),
            role: from.role.map(Role::from),
            at_ms: from.at_ms,
            snippet: from.snippet.into_iter().map(part).collect(),
        }
    }
}

impl From<paddock_store::BackupRecord> for Backup {
    fn from(from: paddock_store::BackupRecord) -> Self {
        let paddock_store::BackupRecord { name, made_at_ms, size_bytes, conversations } = from;
        Self { name, made_at_ms, size_bytes, conversations }
    }
}

impl From<paddock_store::OpenReport> for StartReport {
    fn from(from: paddock_store::OpenReport) -> Self {
        let set_aside =
            |aside: paddock_store::SetAside| SetAside { path: aside.path.display().to_string(), reason: aside.reason };
        Self {
            recovered_answers: u32::try_from(from.recovered_answers).unwrap_or(u32::MAX),
            set_aside: from.set_aside.map(set_aside),
            restored_from: from.restored_from.map(Backup::from),
        }
    }
}
