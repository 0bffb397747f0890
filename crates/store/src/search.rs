//! Finding words in titles and messages.
//!
//! SQLite's FTS5 finds words and beginnings of words, whatever their case and accents. Scripts that put no spaces between
//! words (Chinese, Japanese, Thai and others) are one long word to it, so what is typed in them is looked for as a piece of
//! text.

mod snippet;
mod words;

use rusqlite::{OptionalExtension, params};
use serde::{Deserialize, Serialize};

use crate::{ConversationId, Error, MessageId, Role, Store};
use words::Words;

/// The most hits that one search gives.
const MAX_HITS: usize = 500;

/// Up to so many messages with the words in them are put in order by how well they fit. What is in more of them says
/// little about any: the newest come first.
const MAX_RANKED: i64 = 10_000;

/// So many of the newest messages are looked through for a piece of text, which takes about a microsecond each.
const MAX_SCANNED: i64 = 200_000;

/// What is looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchQuery {
    /// As typed. All words must be there, in any order; the last may be the beginning of one.
    pub words: String,
    /// Only in the messages of this conversation, in their order; `None`: in all titles and messages, the best first.
    pub conversation: Option<ConversationId>,
    /// The most hits wanted, 1 to 500.
    pub limit: usize,
}

/// Where something was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SearchHit {
    /// The conversation.
    pub conversation_id: ConversationId,
    /// Its title.
    pub conversation_title: String,
    /// Whether it is archived.
    pub archived: bool,
    /// The message; `None`: the title.
    pub message_id: Option<MessageId>,
    /// Whose message.
    pub role: Option<Role>,
    /// When the message was stored or, for a title, when something last happened in the conversation; in milliseconds
    /// since the Unix epoch.
    pub at_ms: i64,
    /// The text around the hit, in pieces.
    pub snippet: Vec<SnippetPart>,
}

/// A piece of text around a hit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SnippetPart {
    /// The text.
    pub text: String,
    /// Whether it is what was looked for.
    pub hit: bool,
}

impl Store {
    /// Finds words. Any text can be typed; one without a letter or digit finds nothing. What is deleted is not found, and
    /// neither is an answer that is still being written.
    ///
    /// # Errors
    /// [`Error::UnknownConversation`].
    pub fn search(&self, query: &SearchQuery) -> Result<Vec<SearchHit>, Error> {
        if let Some(id) = &query.conversation {
            crate::turns::live_summary(self.connection.read(), id)?;
        }
        let words = Words::of(&query.words);
        let limit = query.limit.clamp(1, MAX_HITS);
        let mut hits = Vec::new();
        if words.is_empty() {
            return Ok(hits);
        }
        if query.conversation.is_none() {
            self.take_hits(self.titles_with(&words)?, TITLE, &words, limit, &mut hits)?;
        }
        let messages = match (&query.conversation, words.match_expression()) {
            (None, Some(expression)) => self.best_messages(&expression)?,
            (None, None) => self.messages_with_pieces(&words)?,
            (Some(id), Some(expression)) => self.messages_of_with(id, &expression)?,
            (Some(id), None) => self.messages_of_with_pieces(id, &words)?,
        };
        self.take_hits(messages, MESSAGE, &words, limit, &mut hits)?;
        Ok(hits)
    }

    /// The numbers of titles with the words in them, the best first. Pieces of text are still to be looked for.
    fn titles_with(&self, words: &Words) -> Result<Vec<i64>, Error> {
        match words.match_expression() {
            Some(expression) => self.numbers(
                "SELECT rowid FROM title_index WHERE title_index MATCH ?1 ORDER BY rank, rowid DESC",
                [expression],
            ),
            None => self
                .numbers("SELECT seq FROM conversations WHERE deleted_at_ms IS NULL ORDER BY updated_at_ms DESC", ()),
        }
    }

    fn best_messages(&self, expression: &str) -> Result<Vec<i64>, Error> {
        let newest = self.numbers(
            "SELECT rowid FROM message_index WHERE message_index MATCH ?1 ORDER BY rowid DESC LIMIT ?2",
            params![expression, MAX_RANKED],
        )?;
        if i64::try_from(newest.len()) == Ok(MAX_RANKED) {
            return Ok(newest);
        }
        self.numbers(
            "SELECT rowid FROM message_index WHERE message_index MATCH ?1 ORDER BY rank, rowid DESC",
            [expression],
        )
    }

    /// Newest first.
    fn messages_with_pieces(&self, words: &Words) -> Result<Vec<i64>, Error> {
        self.numbers(
            "SELECT seq FROM searchable_messages
             WHERE seq > (SELECT max(seq) FROM messages) - ?1 AND instr(content, ?2) > 0 ORDER BY seq DESC",
            params![MAX_SCANNED, words.longest_unspaced()],
        )
    }

    /// In their order.
    fn messages_of_with(&self, conversation: &ConversationId, expression: &str) -> Result<Vec<i64>, Error> {
        // The plus keeps FTS5 from searching once for each message.
        self.numbers(
            "SELECT rowid FROM message_index WHERE message_index MATCH ?2
             AND +rowid IN (SELECT seq FROM messages WHERE conversation_id = ?1) ORDER BY rowid",
            params![conversation, expression],
        )
    }

    /// In their order.
    fn messages_of_with_pieces(&self, conversation: &ConversationId, words: &Words) -> Result<Vec<i64>, Error> {
        self.numbers(
            "SELECT seq FROM messages WHERE conversation_id = ?1 AND instr(content, ?2) > 0 ORDER BY seq",
            params![conversation, words.longest_unspaced()],
        )
    }

    fn numbers(&self, sql: &str, parameters: impl rusqlite::Params) -> Result<Vec<i64>, Error> {
        let mut statement = self.connection.read().prepare_cached(sql)?;
        let numbers = statement.query_map(parameters, |row| row.get(0))?.collect::<Result<_, _>>()?;
        Ok(numbers)
    }

    /// Reads what the numbers stand for, one after the other, until there are enough hits. One at a time, because most
    /// are never needed.
    fn take_hits(
        &self,
        numbers: Vec<i64>,
        sql: &str,
        words: &Words,
        limit: usize,
        hits: &mut Vec<SearchHit>,
    ) -> Result<(), Error> {
        let mut statement = self.connection.read().prepare_cached(sql)?;
        for number in numbers {
            if hits.len() == limit {
                break;
            }
            let hit = statement
                .query_row([number], |row| {
                    let text = row.get_ref(6)?.as_str()?;
                    if !words.has_pieces(text) {
                        return Ok(None);
                    }
                    Ok(Some(SearchHit {
                        conversation_id: row.get(0)?,
                        conversation_title: row.get(1)?,
                        archived: row.get(2)?,
                        message_id: row.get(3)?,
                        role: row.get(4)?,
                        at_ms: row.get(5)?,
                        snippet: snippet::cut(text, words),
                    }))
                })
                .optional()?
                .flatten();
            hits.extend(hit);
        }
        Ok(())
    }
}

/// A title that is not deleted, by its number.
const TITLE: &str = "SELECT v.id, v.title, v.archived, NULL, NULL, v.updated_at_ms, v.title FROM conversations AS v
     WHERE v.seq = ?1 AND v.deleted_at_ms IS NULL";

/// A message that is not deleted, nor its conversation, by its number.
const MESSAGE: &str = "SELECT v.id, v.title, v.archived, m.id, m.role, m.created_at_ms, m.content
     FROM messages AS m JOIN conversations AS v ON v.id = m.conversation_id
     WHERE m.seq = ?1 AND m.deleted_at_ms IS NULL AND v.deleted_at_ms IS NULL
     AND (m.role <> 'assistant' OR m.finish_reason IS NOT NULL)";
