//! What was typed and not sent, one text for each conversation and one for the conversation that does not exist yet.

use rusqlite::{OptionalExtension, params};

use crate::connection::Durability;
use crate::{ConversationId, Error, Store};

/// The key of the conversation that does not exist yet.
const NEW: &str = "";

impl Store {
    /// What was typed and not sent; empty where nothing was.
    ///
    /// # Errors
    /// Only what the disk says.
    pub fn draft(&self, conversation: Option<&ConversationId>) -> Result<String, Error> {
        let text = self
            .connection
            .read()
            .prepare_cached("SELECT text FROM drafts WHERE conversation_id = ?1")?
            .query_row([key(conversation)], |row| row.get(0))
            .optional()?;
        Ok(text.unwrap_or_default())
    }

    /// Keeps what was typed; an empty text is forgotten. It does not wait for the disk, since it is called while somebody
    /// types.
    ///
    /// # Errors
    /// [`Error::UnknownConversation`]. One that was deleted keeps its draft, because it may be restored.
    pub fn save_draft(&mut self, conversation: Option<&ConversationId>, text: &str, now_ms: i64) -> Result<(), Error> {
        let transaction = self.connection.write(Durability::ProcessDeath)?;
        if let Some(id) = conversation {
            let sql = "SELECT EXISTS (SELECT 1 FROM conversations WHERE id = ?1)";
            let there: bool = transaction.prepare_cached(sql)?.query_row([id], |row| row.get(0))?;
            if !there {
                return Err(Error::UnknownConversation(id.clone()));
            }
        }
        if text.is_empty() {
            transaction
                .prepare_cached("DELETE FROM drafts WHERE conversation_id = ?1")?
                .execute([key(conversation)])?;
        } else {
            transaction
                .prepare_cached(
                    "INSERT INTO drafts (conversation_id, text, updated_at_ms) VALUES (?1, ?2, ?3)
                     ON CONFLICT (conversation_id) DO UPDATE
                     SET text = excluded.text, updated_at_ms = excluded.updated_at_ms",
                )?
                .execute(params![key(conversation), text, now_ms])?;
        }
        transaction.commit()?;
        Ok(())
    }
}

fn key(conversation: Option<&ConversationId>) -> &str {
    conversation.map_or(NEW, ConversationId::as_str)
}
