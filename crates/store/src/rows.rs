//! From rows to records, and back to the words that the tables use.

use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef};
use rusqlite::{Result, Row};

use crate::{
    Attachment, AttachmentKind, ConversationId, ConversationSummary, FinishReason, Message, MessageBody, MessageId,
    Role, Timings,
};

/// The longest preview, in characters: two lines of the narrowest list.
const PREVIEW_CHARS: usize = 120;

/// The columns [`message`] reads, of `messages AS m`. The text of a running answer is still in its
/// chunks. Most messages have no chunks and no files, and it is much cheaper to ask for none.
pub(crate) const MESSAGE_COLUMNS: &str = "m.id, m.conversation_id, m.parent_id, m.role, \
     CASE WHEN m.role <> 'assistant' OR m.finish_reason IS NOT NULL THEN m.content \
          ELSE m.content || coalesce((SELECT group_concat(c.text, '' ORDER BY c.seq) \
                                      FROM answer_chunks AS c WHERE c.message_id = m.id), '') END, \
     m.created_at_ms, m.finish_reason, m.cache_n, m.prompt_n, m.prompt_ms, m.predicted_n, \
     m.predicted_ms, m.error_json, m.model_name, m.edited, m.cut_json, m.thinking_ms, \
     CASE WHEN EXISTS (SELECT 1 FROM attachments AS a WHERE a.message_id = m.id) THEN \
     (SELECT json_group_array(json_object('id', a.id, 'name', a.name, 'kind', a.kind, 'size_bytes', a.size_bytes, \
                                          'n_tokens', a.n_tokens) ORDER BY a.seq) \
      FROM attachments AS a WHERE a.message_id = m.id) END";

/// The columns [`summary`] reads, of `conversations AS v`. The preview is the head's text or, while
/// that is empty, the question it answers; 400 characters leave room for collapsed white space.
pub(crate) const SUMMARY_COLUMNS: &str = "v.id, v.title, v.title_is_auto, v.created_at_ms, \
     v.updated_at_ms, \
     (SELECT CASE WHEN h.content <> '' THEN substr(h.content, 1, 400) \
             ELSE (SELECT substr(p.content, 1, 400) FROM messages AS p WHERE p.id = h.parent_id) END \
      FROM messages AS h WHERE h.id = v.head_id), \
     v.pinned, v.archived, v.folder_id";

/// Reads a row of [`MESSAGE_COLUMNS`].
pub(crate) fn message(row: &Row<'_>) -> Result<Message> {
    Ok(Message {
        id: row.get(0)?,
        conversation_id: row.get(1)?,
        parent_id: row.get(2)?,
        body: MessageBody {
            role: row.get(3)?,
            content: row.get(4)?,
            created_at_ms: row.get(5)?,
            finish_reason: row.get(6)?,
            timings: timings(row)?,
            error_json: row.get(12)?,
            model_name: row.get(13)?,
            edited: row.get(14)?,
            cut_json: row.get(15)?,
            thinking_ms: row.get(16)?,
        },
        attachments: attachments(row.get_ref(17)?.as_str_or_null()?)?,
    })
}

fn attachments(json: Option<&str>) -> Result<Vec<Attachment>> {
    match json {
        None => Ok(Vec::new()),
        Some(json) => serde_json::from_str(json).map_err(|error| FromSqlError::Other(error.into()).into()),
    }
}

/// The five timing columns are written together, so the first stands for all.
fn timings(row: &Row<'_>) -> Result<Option<Timings>> {
    let Some(cache_n) = row.get(7)? else {
        return Ok(None);
    };
    Ok(Some(Timings {
        cache_n,
        prompt_n: row.get(8)?,
        prompt_ms: row.get(9)?,
        predicted_n: row.get(10)?,
        predicted_ms: row.get(11)?,
    }))
}

/// Reads a row of [`SUMMARY_COLUMNS`].
pub(crate) fn summary(row: &Row<'_>) -> Result<ConversationSummary> {
    let head_text = row.get_ref(5)?.as_str_or_null()?;
    Ok(ConversationSummary {
        id: row.get(0)?,
        title: row.get(1)?,
        title_is_auto: row.get(2)?,
        created_at_ms: row.get(3)?,
        updated_at_ms: row.get(4)?,
        preview: preview(head_text.unwrap_or_default()),
        pinned: row.get(6)?,
        archived: row.get(7)?,
        folder_id: row.get(8)?,
    })
}

/// One line of at most [`PREVIEW_CHARS`] characters.
fn preview(text: &str) -> String {
    let mut line = String::new();
    for word in text.split_whitespace() {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
        // A character has at most four bytes.
        if line.len() > 4 * PREVIEW_CHARS {
            break;
        }
    }
    match line.char_indices().nth(PREVIEW_CHARS) {
        Some((end, _)) => line[..end].trim_end().to_owned(),
        None => line,
    }
}

macro_rules! text_column {
    ($name:ident) => {
        impl FromSql for $name {
            fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
                Ok(Self::from(value.as_str()?))
            }
        }

        impl ToSql for $name {
            fn to_sql(&self) -> Result<ToSqlOutput<'_>> {
                Ok(self.as_str().into())
            }
        }
    };
}

text_column!(ConversationId);
text_column!(MessageId);

macro_rules! word_column {
    ($name:ident { $($variant:ident = $word:literal),+ $(,)? }) => {
        impl FromSql for $name {
            fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
                match value.as_str()? {
                    $($word => Ok(Self::$variant),)+
                    other => Err(FromSqlError::Other(
                        format!("“{other}” is not a {}", stringify!($name)).into(),
                    )),
                }
            }
        }

        impl ToSql for $name {
            fn to_sql(&self) -> Result<ToSqlOutput<'_>> {
                Ok(match self { $(Self::$variant => $word,)+ }.into())
            }
        }
    };
}

word_column!(Role { System = "system", User = "user", Assistant = "assistant" });
word_column!(FinishReason {
    Stop = "stop",
    Length = "length",
    StopString = "stop_string",
    Cancelled = "cancelled",
    Interrupted = "interrupted",
    Failed = "failed",
});
word_column!(AttachmentKind { Text = "text", Code = "code", Pdf = "pdf", Docx = "docx" });
