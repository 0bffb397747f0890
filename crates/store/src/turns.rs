//! A chat turn: the question and the empty answer, the pieces of the answer, and its end.

use rusqlite::{OptionalExtension, Transaction, named_params, params};

use crate::connection::Durability;
use crate::rows::{self, MESSAGE_COLUMNS, SUMMARY_COLUMNS};
use crate::{
    ConversationId, ConversationSummary, Error, Finish, Message, MessageId, NewAttachment, NewTurn, Role, Store, Turn,
};

impl Store {
    /// Stores a question and an empty answer to it in one transaction, and makes the answer the
    /// conversation's head.
    ///
    /// # Errors
    /// [`Error::UnknownConversation`], [`Error::UnknownMessage`] or [`Error::ElsewhereInTree`] for the
    /// parent, [`Error::ParentIsAQuestion`], [`Error::ParentWithoutConversation`].
    pub fn begin_turn(&mut self, turn: NewTurn) -> Result<Turn, Error> {
        let transaction = self.connection.write(Durability::PowerCut)?;
        let conversation = match (turn.conversation, &turn.parent) {
            (Some(id), _) => {
                must_be_live(&transaction, &id)?;
                id
            }
            (None, Some(parent)) => return Err(Error::ParentWithoutConversation(parent.clone())),
            (None, None) => {
                insert_conversation(&transaction, &turn.title_if_new, turn.setup_json.as_deref(), turn.now_ms)?
            }
        };
        let mut writer = BranchWriter { transaction: &transaction, conversation: &conversation, now_ms: turn.now_ms };
        let parent = match (turn.parent, turn.system) {
            (Some(parent), _) => {
                writer.may_be_followed_by_a_question(&parent)?;
                Some(parent)
            }
            (None, Some(system)) => Some(writer.root_system_prompt(&system)?),
            (None, None) => None,
        };
        let user = writer.insert(parent.as_ref(), Role::User, &turn.content, None)?;
        writer.attach(&user, &turn.attachments)?;
        let answer = writer.insert(Some(&user), Role::Assistant, "", turn.model_name.as_deref())?;
        let turn = writer.finish(&user, &answer)?;
        transaction.commit()?;
        Ok(turn)
    }

    /// Stores a new, empty answer to the same question beside `answer_id`, and makes it the
    /// conversation's head.
    ///
    /// # Errors
    /// [`Error::UnknownMessage`], [`Error::NotAnAnswer`].
    pub fn begin_retry(&mut self, answer_id: &MessageId, model_name: Option<&str>, now_ms: i64) -> Result<Turn, Error> {
        let transaction = self.connection.write(Durability::PowerCut)?;
        let old = live_message(&transaction, answer_id)?;
        let (Role::Assistant, Some(user)) = (old.role, old.parent_id) else {
            return Err(Error::NotAnAnswer(answer_id.clone()));
        };
        let mut writer = BranchWriter { transaction: &transaction, conversation: &old.conversation_id, now_ms };
        let answer = writer.insert(Some(&user), Role::Assistant, "", model_name)?;
        let turn = writer.finish(&user, &answer)?;
        transaction.commit()?;
        Ok(turn)
    }

    /// Makes an ended answer one that is being written again: what is appended follows what it has, and it becomes the
    /// conversation's head. How long it took and what went wrong with it are forgotten.
    ///
    /// # Errors
    /// [`Error::UnknownMessage`], [`Error::NotAnAnswer`] (also for one that answers no question),
    /// [`Error::StillBeingWritten`].
    pub fn reopen_answer(&mut self, answer_id: &MessageId) -> Result<Turn, Error> {
        let transaction = self.connection.write(Durability::PowerCut)?;
        let old = live_message(&transaction, answer_id)?;
        let (Role::Assistant, Some(question)) = (old.role, old.parent_id) else {
            return Err(Error::NotAnAnswer(answer_id.clone()));
        };
        if old.body.finish_reason.is_none() {
            return Err(Error::StillBeingWritten(answer_id.clone()));
        }
        let user = live_message(&transaction, &question)?;
        if user.role != Role::User {
            return Err(Error::NotAnAnswer(answer_id.clone()));
        }
        transaction.execute(
            "UPDATE messages SET finish_reason = NULL, error_json = NULL, cache_n = NULL, prompt_n = NULL,
                 prompt_ms = NULL, predicted_n = NULL, predicted_ms = NULL
             WHERE id = ?1",
            [answer_id],
        )?;
        transaction
            .execute("UPDATE conversations SET head_id = ?2 WHERE id = ?1", params![old.conversation_id, answer_id])?;
        let turn = Turn {
            conversation: live_summary(&transaction, &old.conversation_id)?,
            user,
            answer: live_message(&transaction, answer_id)?,
        };
        transaction.commit()?;
        Ok(turn)
    }

    /// Appends to a running answer. Cheap (about 0.01 ms): it does not wait for the disk. An empty
    /// `delta` does nothing.
    ///
    /// # Errors
    /// [`Error::UnknownMessage`], [`Error::NotAnAnswer`], [`Error::AlreadyFinished`].
    pub fn append_answer(&mut self, answer_id: &MessageId, delta: &str) -> Result<(), Error> {
        if delta.is_empty() {
            return Ok(());
        }
        let transaction = self.connection.write(Durability::ProcessDeath)?;
        let added = transaction
            .prepare_cached(
                "INSERT INTO answer_chunks (message_id, seq, text)
                 SELECT m.id, (SELECT coalesce(max(seq), -1) + 1 FROM answer_chunks
                               WHERE message_id = m.id), ?2
                 FROM messages AS m
                 WHERE m.id = ?1 AND m.role = 'assistant' AND m.finish_reason IS NULL",
            )?
            .execute(params![answer_id, delta])?;
        if added == 0 {
            running_answer(&transaction, answer_id)?;
        }
        transaction.commit()?;
        Ok(())
    }

    /// Ends an answer: its text becomes `full_text` or all that was appended, and it gets its reason.
    /// Works in a deleted conversation too, because the answer may still have been running.
    ///
    /// # Errors
    /// [`Error::UnknownMessage`], [`Error::NotAnAnswer`], [`Error::AlreadyFinished`].
    pub fn finish_answer(&mut self, answer_id: &MessageId, finish: Finish, now_ms: i64) -> Result<Message, Error> {
        let transaction = self.connection.write(Durability::PowerCut)?;
        let running = running_answer(&transaction, answer_id)?;
        let timings = finish.timings.as_ref();
        transaction.execute(
            "UPDATE messages SET content = :content, finish_reason = :reason, cache_n = :cache_n,
                 prompt_n = :prompt_n, prompt_ms = :prompt_ms, predicted_n = :predicted_n,
                 predicted_ms = :predicted_ms, error_json = :error_json,
                 model_name = coalesce(:model_name, model_name),
                 cut_json = coalesce(:cut_json, cut_json),
                 thinking_ms = coalesce(:thinking_ms, thinking_ms)
             WHERE id = :id",
            named_params! {
                ":id": answer_id,
                ":content": finish.full_text.unwrap_or(running.body.content),
                ":reason": finish.reason,
                ":cache_n": timings.map(|t| t.cache_n),
                ":prompt_n": timings.map(|t| t.prompt_n),
                ":prompt_ms": timings.map(|t| finite(t.prompt_ms)),
                ":predicted_n": timings.map(|t| t.predicted_n),
                ":predicted_ms": timings.map(|t| finite(t.predicted_ms)),
                ":error_json": finish.error_json,
                ":model_name": finish.model_name,
                ":cut_json": finish.cut_json,
                ":thinking_ms": finish.thinking_ms.map(finite),
            },
        )?;
        transaction.execute("DELETE FROM answer_chunks WHERE message_id = ?1", [answer_id])?;
        transaction.execute(
            "UPDATE conversations SET updated_at_ms = max(updated_at_ms, ?2) WHERE id = ?1",
            params![running.conversation_id, now_ms],
        )?;
        let message = any_message(&transaction, answer_id)?;
        transaction.commit()?;
        Ok(message)
    }

    /// Folds and marks `interrupted` every answer that has no finish reason. Returns how many.
    pub(crate) fn end_unfinished_answers(&mut self) -> Result<usize, Error> {
        let transaction = self.connection.write(Durability::PowerCut)?;
        let ended = transaction.execute(
            "UPDATE messages SET finish_reason = 'interrupted', content = content || coalesce(
                 (SELECT group_concat(text, '' ORDER BY seq) FROM answer_chunks
                  WHERE message_id = messages.id), '')
             WHERE role = 'assistant' AND finish_reason IS NULL",
            (),
        )?;
        transaction.execute("DELETE FROM answer_chunks", ())?;
        transaction.commit()?;
        Ok(ended)
    }
}

/// SQLite stores NaN as NULL, which would not read back as a number.
fn finite(ms: f64) -> f64 {
    if ms.is_finite() { ms } else { 0.0 }
}

/// Adds messages to one conversation.
struct BranchWriter<'a> {
    transaction: &'a Transaction<'a>,
    conversation: &'a ConversationId,
    now_ms: i64,
}

impl BranchWriter<'_> {
    fn may_be_followed_by_a_question(&self, parent: &MessageId) -> Result<(), Error> {
        match message_of(self.transaction, self.conversation, parent)?.role {
            Role::User => Err(Error::ParentIsAQuestion(parent.clone())),
            Role::System | Role::Assistant => Ok(()),
        }
    }

    /// The root that holds this system prompt: an equal one that is there already, or a new one.
    fn root_system_prompt(&mut self, system: &str) -> Result<MessageId, Error> {
        let there: Option<MessageId> = self
            .transaction
            .query_row(
                "SELECT id FROM messages WHERE conversation_id = ?1 AND parent_id IS NULL
                     AND deleted_at_ms IS NULL AND role = 'system' AND content = ?2 ORDER BY seq LIMIT 1",
                params![self.conversation, system],
                |row| row.get(0),
            )
            .optional()?;
        match there {
            Some(id) => Ok(id),
            None => self.insert(None, Role::System, system, None),
        }
    }

    fn insert(
        &mut self,
        parent: Option<&MessageId>,
        role: Role,
        content: &str,
        model_name: Option<&str>,
    ) -> Result<MessageId, Error> {
        let id = MessageId::new();
        self.transaction.execute(
            "INSERT INTO messages
                 (id, conversation_id, parent_id, role, content, created_at_ms, model_name)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            params![id, self.conversation, parent, role, content, self.now_ms, model_name],
        )?;
        Ok(id)
    }

    fn attach(&self, message: &MessageId, attachments: &[NewAttachment]) -> Result<(), Error> {
        for (seq, attachment) in (0_i64..).zip(attachments) {
            self.transaction.execute(
                "INSERT INTO attachments (id, message_id, seq, name, kind, size_bytes, n_tokens, text)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
                params![
                    MessageId::new(),
                    message,
                    seq,
                    attachment.name,
                    attachment.kind,
                    i64::try_from(attachment.size_bytes).unwrap_or(i64::MAX),
                    attachment.n_tokens,
                    attachment.text,
                ],
            )?;
        }
        Ok(())
    }

    /// Makes the answer the head and reads back what was stored.
    fn finish(self, user: &MessageId, answer: &MessageId) -> Result<Turn, Error> {
        self.transaction.execute(
            "UPDATE conversations SET head_id = ?2, updated_at_ms = max(updated_at_ms, ?3)
             WHERE id = ?1",
            params![self.conversation, answer, self.now_ms],
        )?;
        Ok(Turn {
            conversation: live_summary(self.transaction, self.conversation)?,
            user: any_message(self.transaction, user)?,
            answer: any_message(self.transaction, answer)?,
        })
    }
}

fn insert_conversation(
    transaction: &Transaction<'_>,
    title: &str,
    setup_json: Option<&str>,
    now_ms: i64,
) -> Result<ConversationId, Error> {
    let id = ConversationId::new();
    transaction.execute(
        "INSERT INTO conversations (id, title, title_is_auto, created_at_ms, updated_at_ms, setup_json)
         VALUES (?1, ?2, 1, ?3, ?3, ?4)",
        params![id, title, now_ms, setup_json],
    )?;
    Ok(id)
}

/// The summary of a conversation that is not deleted.
pub(crate) fn live_summary(
    connection: &rusqlite::Connection,
    id: &ConversationId,
) -> Result<ConversationSummary, Error> {
    connection
        .prepare_cached(&format!(
            "SELECT {SUMMARY_COLUMNS} FROM conversations AS v
             WHERE v.id = ?1 AND v.deleted_at_ms IS NULL"
        ))?
        .query_row([id], rows::summary)
        .optional()?
        .ok_or_else(|| Error::UnknownConversation(id.clone()))
}

fn must_be_live(transaction: &Transaction<'_>, id: &ConversationId) -> Result<(), Error> {
    live_summary(transaction, id).map(drop)
}

/// A message, also a deleted one or one of a deleted conversation.
pub(crate) fn any_message(connection: &rusqlite::Connection, id: &MessageId) -> Result<Message, Error> {
    connection
        .prepare_cached(&format!("SELECT {MESSAGE_COLUMNS} FROM messages AS m WHERE m.id = ?1"))?
        .query_row([id], rows::message)
        .optional()?
        .ok_or_else(|| Error::UnknownMessage(id.clone()))
}

/// A message that is not deleted, nor its conversation.
pub(crate) fn live_message(connection: &rusqlite::Connection, id: &MessageId) -> Result<Message, Error> {
    let live: bool = connection
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM messages AS m JOIN conversations AS v ON v.id = m.conversation_id
                            WHERE m.id = ?1 AND m.deleted_at_ms IS NULL AND v.deleted_at_ms IS NULL)",
        )?
        .query_row([id], |row| row.get(0))?;
    if live { any_message(connection, id) } else { Err(Error::UnknownMessage(id.clone())) }
}

/// A message of this very conversation, which is not deleted.
pub(crate) fn message_of(
    connection: &rusqlite::Connection,
    conversation: &ConversationId,
    id: &MessageId,
) -> Result<Message, Error> {
    let message = live_message(connection, id)?;
    if message.conversation_id == *conversation {
        Ok(message)
    } else {
        Err(Error::ElsewhereInTree { message: id.clone(), conversation: conversation.clone() })
    }
}

/// An answer that may still be written to.
fn running_answer(connection: &rusqlite::Connection, id: &MessageId) -> Result<Message, Error> {
    let message = any_message(connection, id)?;
    if message.role != Role::Assistant {
        return Err(Error::NotAnAnswer(id.clone()));
    }
    if message.finish_reason.is_some() {
        return Err(Error::AlreadyFinished(id.clone()));
    }
    Ok(message)
}
