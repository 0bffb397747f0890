//! Folders, pins and the archive: where a conversation is found in the list.

use rusqlite::params;
use serde::{Deserialize, Serialize};

use crate::connection::Durability;
use crate::ids::new_id;
use crate::{ConversationId, Error, Store};

/// A folder for conversations.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FolderRecord {
    /// Its name in the store.
    pub id: String,
    /// Its name.
    pub name: String,
}

impl Store {
    /// The folders, by name.
    ///
    /// # Errors
    /// Only what the disk says.
    pub fn folders(&self) -> Result<Vec<FolderRecord>, Error> {
        let folders = self
            .connection
            .read()
            .prepare_cached("SELECT id, name FROM folders ORDER BY name COLLATE NOCASE, created_at_ms, id")?
            .query_map((), |row| Ok(FolderRecord { id: row.get(0)?, name: row.get(1)? }))?
            .collect::<Result<_, _>>()?;
        Ok(folders)
    }

    /// Makes a folder. Two may have the same name.
    ///
    /// # Errors
    /// Only what the disk says.
    pub fn create_folder(&mut self, name: &str, now_ms: i64) -> Result<FolderRecord, Error> {
        let folder = FolderRecord { id: new_id(), name: name.to_owned() };
        let transaction = self.connection.write(Durability::PowerCut)?;
        transaction.execute(
            "INSERT INTO folders (id, name, created_at_ms) VALUES (?1, ?2, ?3)",
            params![folder.id, folder.name, now_ms],
        )?;
        transaction.commit()?;
        Ok(folder)
    }

    /// Gives a folder another name.
    ///
    /// # Errors
    /// [`Error::NotThere`].
    pub fn rename_folder(&mut self, id: &str, name: &str) -> Result<(), Error> {
        let transaction = self.connection.write(Durability::PowerCut)?;
        if transaction.execute("UPDATE folders SET name = ?2 WHERE id = ?1", [id, name])? == 0 {
            return Err(Error::NotThere { what: "folder", id: id.to_owned() });
        }
        transaction.commit()?;
        Ok(())
    }

    /// Deletes a folder. The conversations in it stay, in no folder.
    ///
    /// # Errors
    /// [`Error::NotThere`].
    pub fn delete_folder(&mut self, id: &str) -> Result<(), Error> {
        self.delete_named("folder", "DELETE FROM folders WHERE id = ?1", id)
    }

    /// Keeps a conversation at the top of the list, or no longer.
    ///
    /// # Errors
    /// [`Error::UnknownConversation`].
    pub fn set_pinned(&mut self, id: &ConversationId, pinned: bool) -> Result<(), Error> {
        self.change("UPDATE conversations SET pinned = ?2 WHERE id = ?1 AND deleted_at_ms IS NULL", id, pinned)
    }

    /// Takes a conversation out of the list, or puts it back.
    ///
    /// # Errors
    /// [`Error::UnknownConversation`].
    pub fn set_archived(&mut self, id: &ConversationId, archived: bool) -> Result<(), Error> {
        self.change("UPDATE conversations SET archived = ?2 WHERE id = ?1 AND deleted_at_ms IS NULL", id, archived)
    }

    /// Puts a conversation into a folder, or into none.
    ///
    /// # Errors
    /// [`Error::UnknownConversation`]; [`Error::NotThere`] for the folder.
    pub fn set_folder(&mut self, id: &ConversationId, folder_id: Option<&str>) -> Result<(), Error> {
        if let Some(folder) = folder_id {
            let sql = "SELECT EXISTS (SELECT 1 FROM folders WHERE id = ?1)";
            let there: bool = self.connection.read().query_row(sql, [folder], |row| row.get(0))?;
            if !there {
                return Err(Error::NotThere { what: "folder", id: folder.to_owned() });
            }
        }
        self.change("UPDATE conversations SET folder_id = ?2 WHERE id = ?1 AND deleted_at_ms IS NULL", id, folder_id)
    }
}
