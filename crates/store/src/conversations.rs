//! Reading conversations, and what a person does to a whole one.

use rusqlite::params;

use crate::connection::Durability;
use crate::rows::{self, MESSAGE_COLUMNS, SUMMARY_COLUMNS};
use crate::turns::{live_message, live_summary, message_of};
use crate::{Conversation, ConversationId, ConversationSummary, Error, Message, MessageId, Store};

impl Store {
    /// Every conversation that is not deleted, the one that changed last first.
    ///
    /// # Errors
    /// Only what the disk says.
    pub fn conversations(&self) -> Result<Vec<ConversationSummary>, Error> {
        let mut statement = self.connection.read().prepare_cached(&format!(
            "SELECT {SUMMARY_COLUMNS} FROM conversations AS v WHERE v.deleted_at_ms IS NULL
             ORDER BY v.updated_at_ms DESC, v.id DESC"
        ))?;
        let summaries = statement.query_map((), rows::summary)?.collect::<Result<_, _>>()?;
        Ok(summaries)
    }

    /// The title of a conversation.
    ///
    /// # Errors
    /// [`Error::UnknownConversation`].
    pub fn conversation_title(&self, id: &ConversationId) -> Result<String, Error> {
        live_summary(self.connection.read(), id).map(|summary| summary.title)
    }

    /// One conversation with every message of every branch.
    ///
    /// # Errors
    /// [`Error::UnknownConversation`].
    pub fn conversation(&self, id: &ConversationId) -> Result<Conversation, Error> {
        let connection = self.connection.read();
        let summary = live_summary(connection, id)?;
        let (head, setup_json, draft) = connection
            .prepare_cached(
                "SELECT v.head_id, v.setup_json, coalesce(d.text, '') FROM conversations AS v
                 LEFT JOIN drafts AS d ON d.conversation_id = v.id WHERE v.id = ?1",
            )?
            .query_row([id], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        let messages = connection
            .prepare_cached(&format!(
                "SELECT {MESSAGE_COLUMNS} FROM messages AS m WHERE m.conversation_id = ?1
                 AND m.deleted_at_ms IS NULL ORDER BY m.seq"
            ))?
            .query_map([id], rows::message)?
            .collect::<Result<_, _>>()?;
        Ok(Conversation { summary, head, setup_json, draft, messages })
    }

    /// The messages from the root to `message_id`, both included: what the model is given.
    ///
    /// # Errors
    /// [`Error::UnknownMessage`].
    pub fn branch(&self, message_id: &MessageId) -> Result<Vec<Message>, Error> {
        let connection = self.connection.read();
        live_message(connection, message_id)?;
        let messages = connection
            .prepare_cached(&format!(
                "WITH RECURSIVE path (id, parent_id, depth) AS (
                     SELECT id, parent_id, 0 FROM messages WHERE id = ?1
                     UNION ALL
                     SELECT up.id, up.parent_id, path.depth + 1
                     FROM path JOIN messages AS up ON up.id = path.parent_id
                 )
                 SELECT {MESSAGE_COLUMNS} FROM path JOIN messages AS m ON m.id = path.id
                 ORDER BY path.depth DESC"
            ))?
            .query_map([message_id], rows::message)?
            .collect::<Result<_, _>>()?;
        Ok(messages)
    }

    /// One message.
    ///
    /// # Errors
    /// [`Error::UnknownMessage`].
    pub fn message(&self, id: &MessageId) -> Result<Message, Error> {
        live_message(self.connection.read(), id)
    }

    /// Shows another branch: `message_id` becomes the conversation's head. The order of the list does
    /// not change.
    ///
    /// # Errors
    /// [`Error::UnknownConversation`], [`Error::UnknownMessage`], [`Error::ElsewhereInTree`].
    pub fn set_head(&mut self, conversation: &ConversationId, message_id: &MessageId) -> Result<(), Error> {
        let transaction = self.connection.write(Durability::PowerCut)?;
        live_summary(&transaction, conversation)?;
        message_of(&transaction, conversation, message_id)?;
        transaction
            .execute("UPDATE conversations SET head_id = ?2 WHERE id = ?1", params![conversation, message_id])?;
        transaction.commit()?;
        Ok(())
    }

    /// Gives a conversation the person's own title.
    ///
    /// # Errors
    /// [`Error::UnknownConversation`].
    pub fn rename(&mut self, id: &ConversationId, title: &str) -> Result<(), Error> {
        self.change(
            "UPDATE conversations SET title = ?2, title_is_auto = 0
             WHERE id = ?1 AND deleted_at_ms IS NULL",
            id,
            title,
        )
    }

    /// Gives a conversation a title that was made for it, unless the person has given it one. Returns whether it did.
    ///
    /// # Errors
    /// Only what the disk says: a conversation that is gone needs no title.
    pub fn propose_title(&mut self, id: &ConversationId, title: &str) -> Result<bool, Error> {
        let transaction = self.connection.write(Durability::PowerCut)?;
        let changed = transaction.execute(
            "UPDATE conversations SET title = ?2 WHERE id = ?1 AND title_is_auto = 1 AND deleted_at_ms IS NULL",
            params![id, title],
        )?;
        transaction.commit()?;
        Ok(changed > 0)
    }

    /// Notes how a conversation is set up, as the caller's JSON; `None`: as the settings say.
    ///
    /// # Errors
    /// [`Error::UnknownConversation`].
    pub fn set_setup(&mut self, id: &ConversationId, setup_json: Option<&str>) -> Result<(), Error> {
        self.change("UPDATE conversations SET setup_json = ?2 WHERE id = ?1 AND deleted_at_ms IS NULL", id, setup_json)
    }

    /// Hides a conversation. [`Store::restore`] brings it back until the database is opened the next
    /// time, which purges it.
    ///
    /// # Errors
    /// [`Error::UnknownConversation`].
    pub fn delete(&mut self, id: &ConversationId, now_ms: i64) -> Result<(), Error> {
        self.change("UPDATE conversations SET deleted_at_ms = ?2 WHERE id = ?1 AND deleted_at_ms IS NULL", id, now_ms)
    }

    /// Brings back a deleted conversation; one that is not deleted stays as it is.
    ///
    /// # Errors
    /// [`Error::UnknownConversation`] once it was purged.
    pub fn restore(&mut self, id: &ConversationId) -> Result<(), Error> {
        self.change("UPDATE conversations SET deleted_at_ms = ?2 WHERE id = ?1", id, rusqlite::types::Null)
    }

    /// Removes for good every conversation deleted before `before_ms`, with its messages, and every message deleted before
    /// then. Returns how many conversations. Opening the store does this for all of them.
    ///
    /// # Errors
    /// Only what the disk says.
    pub fn purge_deleted(&mut self, before_ms: i64) -> Result<usize, Error> {
        let transaction = self.connection.write(Durability::PowerCut)?;
        let purged = transaction.execute("DELETE FROM conversations WHERE deleted_at_ms < ?1", [before_ms])?;
        // What follows a deleted message was deleted before it or with it, so that no child is left without its parent.
        transaction.execute("DELETE FROM messages WHERE deleted_at_ms < ?1", [before_ms])?;
        transaction.commit()?;
        Ok(purged)
    }

    /// Runs an update of one conversation with `?1` its id and `?2` the value.
    pub(crate) fn change(&mut self, sql: &str, id: &ConversationId, value: impl rusqlite::ToSql) -> Result<(), Error> {
        let transaction = self.connection.write(Durability::PowerCut)?;
        if transaction.execute(sql, params![id, value])? == 0 {
            return Err(Error::UnknownConversation(id.clone()));
        }
        transaction.commit()?;
        Ok(())
    }
}
