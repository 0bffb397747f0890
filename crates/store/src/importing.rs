//! Whole conversations, out and in: what an export reads and an import stores.

use rusqlite::{OptionalExtension, Transaction, named_params, params};

use crate::connection::Durability;
use crate::{Conversation, ConversationId, Error, FinishReason, MessageId, NewMessage, Role, Store};

/// A conversation with everything that belongs to it.
#[derive(Debug, Clone, PartialEq)]
pub struct ConversationInFull {
    /// The conversation.
    pub conversation: Conversation,
    /// The name of the folder it is in.
    pub folder: Option<String>,
    /// The texts of attached files, by the attachment's id.
    pub attachment_texts: std::collections::HashMap<String, String>,
}

/// A conversation that was made elsewhere.
#[derive(Debug, Clone, PartialEq)]
pub struct NewConversation {
    /// What tells it from all others: an equal one is stored once.
    pub origin: String,
    /// The id it had, if it was made by Paddock: a conversation that still has it is the same.
    pub own_id: Option<ConversationId>,
    /// Its title.
    pub title: String,
    /// Whether the title was made from its text.
    pub title_is_auto: bool,
    /// When it was started, in milliseconds since the Unix epoch.
    pub created_at_ms: i64,
    /// When something last happened in it, in milliseconds since the Unix epoch.
    pub updated_at_ms: i64,
    /// Whether it stays at the top of the list.
    pub pinned: bool,
    /// Whether it is out of the list.
    pub archived: bool,
    /// The name of its folder, which is made where there is none of that name.
    pub folder: Option<String>,
    /// System prompt, sampling and so on, as the caller's JSON.
    pub setup_json: Option<String>,
    /// What was typed and not sent.
    pub draft: String,
    /// The end of the branch that is shown, as a place in `messages`.
    pub head: Option<usize>,
    /// Every message of every branch: a parent before its children, siblings in their order.
    pub messages: Vec<NewMessage>,
}

/// What became of an import.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Imported {
    /// It is stored under this id.
    New(ConversationId),
    /// It was here already.
    AlreadyHere(ConversationId),
}

impl Store {
    /// A conversation with the texts of its attached files and the name of its folder.
    ///
    /// # Errors
    /// [`Error::UnknownConversation`].
    pub fn conversation_in_full(&self, id: &ConversationId) -> Result<ConversationInFull, Error> {
        let conversation = self.conversation(id)?;
        let connection = self.connection.read();
        let folder = connection
            .prepare_cached(
                "SELECT f.name FROM folders AS f JOIN conversations AS v ON v.folder_id = f.id WHERE v.id = ?1",
            )?
            .query_row([id], |row| row.get(0))
            .optional()?;
        let attachment_texts = connection
            .prepare_cached(
                "SELECT a.id, a.text FROM attachments AS a JOIN messages AS m ON m.id = a.message_id
                 WHERE m.conversation_id = ?1 AND m.deleted_at_ms IS NULL",
            )?
            .query_map([id], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<Result<_, _>>()?;
        Ok(ConversationInFull { conversation, folder, attachment_texts })
    }

    /// Stores a conversation that was made elsewhere: all of it or nothing. One of the same origin, and Paddock's own
    /// where it still is, is left alone. A deleted one does not count.
    ///
    /// # Errors
    /// [`Error::UnknownMessage`] where a parent or the head is not in the list, or not before its child.
    pub fn import_conversation(&mut self, new: &NewConversation) -> Result<Imported, Error> {
        let transaction = self.connection.write(Durability::PowerCut)?;
        if let Some(id) = already_here(&transaction, new)? {
            return Ok(Imported::AlreadyHere(id));
        }
        // A deleted one may still be brought back, so it keeps everything but its origin.
        transaction.execute("UPDATE conversations SET origin = NULL WHERE origin = ?1", [&new.origin])?;
        let id = ConversationId::new();
        let ids: Vec<MessageId> = new.messages.iter().map(|_| MessageId::new()).collect();
        let head = new.head.map(|head| ids.get(head).ok_or_else(|| nowhere(head))).transpose()?;
        insert_conversation(&transaction, &id, new, head)?;
        for (at, message) in new.messages.iter().enumerate() {
            let parent =
                message.parent.map(|parent| ids[..at].get(parent).ok_or_else(|| nowhere(parent))).transpose()?;
            insert_message(&transaction, &id, &ids[at], parent, message)?;
        }
        if !new.draft.is_empty() {
            transaction.execute(
                "INSERT INTO drafts (conversation_id, text, updated_at_ms) VALUES (?1, ?2, ?3)",
                params![id, new.draft, new.updated_at_ms],
            )?;
        }
        transaction.commit()?;
        Ok(Imported::New(id))
    }
}

fn nowhere(place: usize) -> Error {
    Error::UnknownMessage(format!("number {place}").into())
}

fn already_here(transaction: &Transaction<'_>, new: &NewConversation) -> Result<Option<ConversationId>, Error> {
    let here = transaction
        .prepare_cached(
            "SELECT id FROM conversations WHERE (origin = ?1 OR id = ?2) AND deleted_at_ms IS NULL LIMIT 1",
        )?
        .query_row(params![new.origin, new.own_id], |row| row.get(0))
        .optional()?;
    Ok(here)
}

fn insert_conversation(
    transaction: &Transaction<'_>,
    id: &ConversationId,
    new: &NewConversation,
    head: Option<&MessageId>,
) -> Result<(), Error> {
    let folder = new.folder.as_deref().map(|name| folder_named(transaction, name, new.created_at_ms)).transpose()?;
    transaction
        .prepare_cached(
            "INSERT INTO conversations (id, title, title_is_auto, created_at_ms, updated_at_ms, head_id, pinned,
                 archived, folder_id, setup_json, origin)
             VALUES (:id, :title, :title_is_auto, :created_at_ms, :updated_at_ms, :head_id, :pinned,
                 :archived, :folder_id, :setup_json, :origin)",
        )?
        .execute(named_params! {
            ":id": id,
            ":title": new.title,
            ":title_is_auto": new.title_is_auto,
            ":created_at_ms": new.created_at_ms,
            ":updated_at_ms": new.updated_at_ms,
            ":head_id": head,
            ":pinned": new.pinned,
            ":archived": new.archived,
            ":folder_id": folder,
            ":setup_json": new.setup_json,
            ":origin": new.origin,
        })?;
    Ok(())
}

/// The folder of this name, made where there is none.
fn folder_named(transaction: &Transaction<'_>, name: &str, now_ms: i64) -> Result<String, Error> {
    let there: Option<String> = transaction
        .query_row("SELECT id FROM folders WHERE name = ?1 ORDER BY created_at_ms LIMIT 1", [name], |row| row.get(0))
        .optional()?;
    if let Some(id) = there {
        return Ok(id);
    }
    let id = String::from(ConversationId::new());
    transaction
        .execute("INSERT INTO folders (id, name, created_at_ms) VALUES (?1, ?2, ?3)", params![id, name, now_ms])?;
    Ok(id)
}

fn insert_message(
    transaction: &Transaction<'_>,
    conversation: &ConversationId,
    id: &MessageId,
    parent: Option<&MessageId>,
    message: &NewMessage,
) -> Result<(), Error> {
    let unfinished = message.role == Role::Assistant && message.finish_reason.is_none();
    let finish_reason = if unfinished { Some(FinishReason::Interrupted) } else { message.finish_reason };
    let timings = message.timings.as_ref();
    transaction
        .prepare_cached(
            "INSERT INTO messages (id, conversation_id, parent_id, role, content, created_at_ms, finish_reason,
                 cache_n, prompt_n, prompt_ms, predicted_n, predicted_ms, error_json, model_name, edited, cut_json,
                 thinking_ms)
             VALUES (:id, :conversation_id, :parent_id, :role, :content, :created_at_ms, :finish_reason,
                 :cache_n, :prompt_n, :prompt_ms, :predicted_n, :predicted_ms, :error_json, :model_name, :edited,
                 :cut_json, :thinking_ms)",
        )?
        .execute(named_params! {
            ":id": id,
            ":conversation_id": conversation,
            ":parent_id": parent,
            ":role": message.role,
            ":content": message.content,
            ":created_at_ms": message.created_at_ms,
            ":finish_reason": finish_reason,
            ":cache_n": timings.map(|t| t.cache_n),
            ":prompt_n": timings.map(|t| t.prompt_n),
            ":prompt_ms": timings.map(|t| t.prompt_ms),
            ":predicted_n": timings.map(|t| t.predicted_n),
            ":predicted_ms": timings.map(|t| t.predicted_ms),
            ":error_json": message.error_json,
            ":model_name": message.model_name,
            ":edited": message.edited,
            ":cut_json": message.cut_json,
            ":thinking_ms": message.thinking_ms,
        })?;
    for (seq, attachment) in (0_i64..).zip(&message.attachments) {
        transaction
            .prepare_cached(
                "INSERT INTO attachments (id, message_id, seq, name, kind, size_bytes, n_tokens, text)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            )?
            .execute(params![
                MessageId::new(),
                id,
                seq,
                attachment.name,
                attachment.kind,
                i64::try_from(attachment.size_bytes).unwrap_or(i64::MAX),
                attachment.n_tokens,
                attachment.text,
            ])?;
    }
    Ok(())
}
