//! Files in and out, over a real database.
#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

mod exports;
mod hostile;
mod programs;
mod round_trip;

use std::{
    fs,
    path::{Path, PathBuf},
};

use paddock_store::{Conversation, ConversationId, Role, Store};
use serde_json::Value;
use tempfile::TempDir;

use super::{document, import};
use crate::view::ImportReport;

/// A folder for files, and a database.
struct Place {
    folder: TempDir,
    store: Store,
}

impl Place {
    fn new() -> Self {
        Self { folder: TempDir::new().unwrap(), store: Store::open_in_memory().unwrap() }
    }

    fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        path
    }

    fn import(&mut self, paths: &[&Path]) -> ImportReport {
        let paths: Vec<PathBuf> = paths.iter().map(|path| (*path).to_owned()).collect();
        let mut report = import::Report::default();
        import::files(&paths, &mut report, |new| Ok(self.store.import_conversation(new)?)).unwrap();
        report.finish()
    }

    /// Imports one file and returns what came of it; nothing may be wrong with it.
    fn import_json(&mut self, name: &str, content: &Value) -> Vec<Conversation> {
        let file = self.write(name, content.to_string());
        let report = self.import(&[&file]);
        assert_eq!(report.problems, Vec::<String>::new());
        self.conversations()
    }

    /// Oldest first.
    fn conversations(&self) -> Vec<Conversation> {
        let ids = self.ids();
        ids.iter().map(|id| self.store.conversation(id).unwrap()).collect()
    }

    fn ids(&self) -> Vec<ConversationId> {
        self.store.conversations().unwrap().into_iter().rev().map(|summary| summary.id).collect()
    }

    /// The document of all of it.
    fn document(&self) -> String {
        let mut json = Vec::new();
        let mut list = document::Writer::begin(&mut json).unwrap();
        for id in self.ids() {
            list.add(&self.store.conversation_in_full(&id).unwrap()).unwrap();
        }
        list.end().unwrap();
        String::from_utf8(json).unwrap()
    }
}

/// Roles and texts of the shown branch.
fn branch(conversation: &Conversation) -> Vec<(Role, &str)> {
    super::shown::branch(conversation).into_iter().map(|message| (message.role, message.content.as_str())).collect()
}
