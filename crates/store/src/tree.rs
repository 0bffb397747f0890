//! What a person changes in the tree of messages: forks, an answer in their own words, deleting and restoring.

use rusqlite::{OptionalExtension, Transaction, params};

use crate::connection::Durability;
use crate::turns::{any_message, live_message, live_summary};
use crate::{ConversationId, ConversationSummary, Error, MessageId, Role, Store};

impl Store {
    /// A new conversation with a copy of the branch from the root to `message_id`, with its files, its setup, its title
    /// and its folder.
    ///
    /// # Errors
    /// [`Error::UnknownMessage`]; [`Error::StillBeingWritten`] for an answer without an end.
    pub fn fork_conversation(&mut self, message_id: &MessageId, now_ms: i64) -> Result<ConversationSummary, Error> {
        let branch = self.branch(message_id)?;
        if let Some(running) = branch.iter().find(|m| m.role == Role::Assistant && m.finish_reason.is_none()) {
            return Err(Error::StillBeingWritten(running.id.clone()));
        }
        let transaction = self.connection.write(Durability::PowerCut)?;
        let fork = ConversationId::new();
        transaction.execute(
            "INSERT INTO conversations (id, title, title_is_auto, created_at_ms, updated_at_ms, folder_id, setup_json)
             SELECT ?1, v.title, v.title_is_auto, ?3, ?3, v.folder_id, v.setup_json
             FROM conversations AS v JOIN messages AS m ON m.conversation_id = v.id WHERE m.id = ?2",
            params![fork, message_id, now_ms],
        )?;
        let mut parent: Option<MessageId> = None;
        for message in &branch {
            parent = Some(copy_message(&transaction, &message.id, &fork, parent.as_ref())?);
        }
        transaction.execute("UPDATE conversations SET head_id = ?2 WHERE id = ?1", params![fork, parent])?;
        let summary = live_summary(&transaction, &fork)?;
        transaction.commit()?;
        Ok(summary)
    }

    /// The person's own text in place of an answer: a new message beside it, marked as edited, which becomes the head.
    /// Returns its id and its conversation.
    ///
    /// # Errors
    /// [`Error::UnknownMessage`], [`Error::NotAnAnswer`], [`Error::StillBeingWritten`].
    pub fn edit_answer(
        &mut self,
        answer_id: &MessageId,
        content: &str,
        now_ms: i64,
    ) -> Result<(ConversationId, MessageId), Error> {
        let transaction = self.connection.write(Durability::PowerCut)?;
        let old = live_message(&transaction, answer_id)?;
        if old.role != Role::Assistant {
            return Err(Error::NotAnAnswer(answer_id.clone()));
        }
        if old.finish_reason.is_none() {
            return Err(Error::StillBeingWritten(answer_id.clone()));
        }
        let id = MessageId::new();
        transaction.execute(
            "INSERT INTO messages (id, conversation_id, parent_id, role, content, created_at_ms, finish_reason,
                 model_name, edited)
             VALUES (?1, ?2, ?3, 'assistant', ?4, ?5, 'stop', ?6, 1)",
            params![id, old.conversation_id, old.parent_id, content, now_ms, old.model_name],
        )?;
        transaction.execute(
            "UPDATE conversations SET head_id = ?2, updated_at_ms = max(updated_at_ms, ?3) WHERE id = ?1",
            params![old.conversation_id, id, now_ms],
        )?;
        transaction.commit()?;
        Ok((old.conversation_id, id))
    }

    /// Whether this message, or one below it, is an answer that is still being written.
    ///
    /// # Errors
    /// [`Error::UnknownMessage`].
    pub fn is_being_written_below(&self, message_id: &MessageId) -> Result<bool, Error> {
        let connection = self.connection.read();
        let message = live_message(connection, message_id)?;
        let running = connection.query_row(
            "WITH RECURSIVE below (id) AS (
                 SELECT ?2
                 UNION ALL
                 SELECT m.id FROM below
                 JOIN messages AS m ON m.conversation_id = ?1 AND m.parent_id = below.id AND m.deleted_at_ms IS NULL
             )
             SELECT EXISTS (SELECT 1 FROM below JOIN messages AS m ON m.id = below.id
                            WHERE m.role = 'assistant' AND m.finish_reason IS NULL)",
            params![message.conversation_id, message_id],
            |row| row.get(0),
        )?;
        Ok(running)
    }

    /// Deletes a message and all that follows it. [`Store::restore_message`] brings them back until the database is opened
    /// the next time, which purges them. A head among them moves to the newest of the branches beside the message, else
    /// to its parent. Returns the conversation.
    ///
    /// # Errors
    /// [`Error::UnknownMessage`].
    pub fn delete_message(&mut self, message_id: &MessageId, now_ms: i64) -> Result<ConversationId, Error> {
        let transaction = self.connection.write(Durability::PowerCut)?;
        let message = live_message(&transaction, message_id)?;
        let conversation = message.conversation_id;
        // One stamp for one deletion, so that what was deleted before does not come back with it.
        let stamp: i64 = transaction.query_row(
            "SELECT max(?2, coalesce(max(deleted_at_ms), 0) + 1) FROM messages
             WHERE conversation_id = ?1 AND deleted_at_ms IS NOT NULL",
            params![conversation, now_ms],
            |row| row.get(0),
        )?;
        transaction.execute(
            "WITH RECURSIVE below (id) AS (
                 SELECT ?2
                 UNION ALL
                 SELECT m.id FROM below
                 JOIN messages AS m ON m.conversation_id = ?1 AND m.parent_id = below.id AND m.deleted_at_ms IS NULL
             )
             UPDATE messages SET deleted_at_ms = ?3 WHERE id IN below",
            params![conversation, message_id, stamp],
        )?;
        let beside = newest_below(&transaction, &conversation, message.parent_id.as_ref())?;
        transaction.execute(
            "UPDATE conversations SET head_id = ?2 WHERE id = ?1
             AND head_id IN (SELECT id FROM messages WHERE conversation_id = ?1 AND deleted_at_ms IS NOT NULL)",
            params![conversation, beside.or(message.parent_id)],
        )?;
        transaction.commit()?;
        Ok(conversation)
    }

    /// Brings back a deleted message with all that was deleted with it, and what it follows if that was deleted
    /// elsewhere; the newest of them becomes the head. One that is not deleted stays as it is. Returns the conversation.
    ///
    /// # Errors
    /// [`Error::UnknownMessage`] once it was purged, or its conversation deleted.
    pub fn restore_message(&mut self, message_id: &MessageId) -> Result<ConversationId, Error> {
        let transaction = self.connection.write(Durability::PowerCut)?;
        let message = any_message(&transaction, message_id)?;
        let conversation = message.conversation_id;
        live_summary(&transaction, &conversation).map_err(|error| match error {
            Error::UnknownConversation(_) => Error::UnknownMessage(message_id.clone()),
            other => other,
        })?;
        let sql = "SELECT deleted_at_ms FROM messages WHERE id = ?1";
        let stamp: Option<i64> = transaction.query_row(sql, [message_id], |row| row.get(0))?;
        let Some(stamp) = stamp else { return Ok(conversation) };
        transaction.execute(
            "UPDATE messages SET deleted_at_ms = NULL WHERE conversation_id = ?1 AND deleted_at_ms = ?2",
            params![conversation, stamp],
        )?;
        // A branch without its beginning would hang in the air.
        transaction.execute(
            "WITH RECURSIVE above (id) AS (
                 SELECT ?1
                 UNION ALL
                 SELECT m.parent_id FROM above JOIN messages AS m ON m.id = above.id WHERE m.parent_id IS NOT NULL
             )
             UPDATE messages SET deleted_at_ms = NULL WHERE id IN above AND deleted_at_ms IS NOT NULL",
            [message_id],
        )?;
        let head = newest_below(&transaction, &conversation, Some(message_id))?;
        transaction.execute(
            "UPDATE conversations SET head_id = ?2 WHERE id = ?1",
            params![conversation, head.unwrap_or_else(|| message_id.clone())],
        )?;
        transaction.commit()?;
        Ok(conversation)
    }
}

/// The newest message that follows `parent`, directly or not. It is the end of a branch, because what follows a message is
/// newer.
fn newest_below(
    transaction: &Transaction<'_>,
    conversation: &ConversationId,
    parent: Option<&MessageId>,
) -> Result<Option<MessageId>, Error> {
    let newest = transaction
        .query_row(
            "WITH RECURSIVE below (id, seq) AS (
                 SELECT id, seq FROM messages
                 WHERE conversation_id = ?1 AND parent_id IS ?2 AND deleted_at_ms IS NULL
                 UNION ALL
                 SELECT m.id, m.seq FROM below
                 JOIN messages AS m ON m.conversation_id = ?1 AND m.parent_id = below.id AND m.deleted_at_ms IS NULL
             )
             SELECT id FROM below ORDER BY seq DESC LIMIT 1",
            params![conversation, parent],
            |row| row.get(0),
        )
        .optional()?;
    Ok(newest)
}

/// Copies a message and its files into another conversation.
fn copy_message(
    transaction: &Transaction<'_>,
    from: &MessageId,
    conversation: &ConversationId,
    parent: Option<&MessageId>,
) -> Result<MessageId, Error> {
    let id = MessageId::new();
    transaction
        .prepare_cached(
            "INSERT INTO messages (id, conversation_id, parent_id, role, content, created_at_ms, finish_reason, cache_n,
                 prompt_n, prompt_ms, predicted_n, predicted_ms, error_json, model_name, edited, cut_json, thinking_ms)
             SELECT ?1, ?2, ?3, role, content, created_at_ms, finish_reason, cache_n, prompt_n, prompt_ms,
                 predicted_n, predicted_ms, error_json, model_name, edited, cut_json, thinking_ms
             FROM messages WHERE id = ?4",
        )?
        .execute(params![id, conversation, parent, from])?;
    transaction
        .prepare_cached(
            "INSERT INTO attachments (id, message_id, seq, name, kind, size_bytes, n_tokens, text)
             SELECT lower(hex(randomblob(16))), ?1, seq, name, kind, size_bytes, n_tokens, text
             FROM attachments WHERE message_id = ?2",
        )?
        .execute(params![id, from])?;
    Ok(id)
}
