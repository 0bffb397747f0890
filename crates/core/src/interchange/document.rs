//! Paddock's own form: everything of a conversation, to be imported again. The form has a version; what a newer one adds
//! is ignored, and a newer version is refused.

use std::io::{self, Write};

use paddock_store::{AttachmentKind, ConversationInFull, FinishReason, Message, Role};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What `format` says.
pub(super) const FORMAT: &str = "paddock";

/// The version that is written, and the newest that is read.
pub(super) const VERSION: u64 = 1;

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct DocumentConversation {
    pub id: String,
    pub title: String,
    #[serde(default)]
    pub title_is_auto: bool,
    pub created_at_ms: i64,
    pub updated_at_ms: i64,
    #[serde(default)]
    pub pinned: bool,
    #[serde(default)]
    pub archived: bool,
    #[serde(default)]
    pub folder: Option<String>,
    #[serde(default)]
    pub setup: Option<Value>,
    #[serde(default)]
    pub draft: String,
    #[serde(default)]
    pub head_id: Option<String>,
    pub messages: Vec<DocumentMessage>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct DocumentMessage {
    pub id: String,
    #[serde(default)]
    pub parent_id: Option<String>,
    pub role: Role,
    pub content: String,
    pub created_at_ms: i64,
    #[serde(default)]
    pub finish_reason: Option<FinishReason>,
    #[serde(default)]
    pub timings: Option<DocumentTimings>,
    #[serde(default)]
    pub error: Option<Value>,
    #[serde(default)]
    pub model_name: Option<String>,
    #[serde(default)]
    pub edited: bool,
    #[serde(default)]
    pub cut: Option<Value>,
    #[serde(default)]
    pub thinking_ms: Option<f64>,
    #[serde(default)]
    pub attachments: Vec<DocumentAttachment>,
}

/// llama.cpp's names, as everywhere.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct DocumentTimings {
    pub cache_n: u32,
    pub prompt_n: u32,
    pub prompt_ms: f64,
    pub predicted_n: u32,
    pub predicted_ms: f64,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct DocumentAttachment {
    pub name: String,
    pub kind: AttachmentKind,
    pub size_bytes: u64,
    #[serde(default)]
    pub n_tokens: Option<u32>,
    pub text: String,
}

/// A document with one conversation.
pub(super) fn one(full: &ConversationInFull) -> String {
    let mut json = Vec::new();
    // Memory takes everything, and everything here has a JSON form.
    let _ = Writer::begin(&mut json).and_then(|mut list| {
        list.add(full)?;
        list.end()
    });
    String::from_utf8(json).unwrap_or_default()
}

/// Writes a document, a conversation a line.
pub(super) struct Writer<'w> {
    out: &'w mut dyn Write,
    any: bool,
}

impl<'w> Writer<'w> {
    pub fn begin(out: &'w mut dyn Write) -> io::Result<Self> {
        write!(out, "{{\"format\":\"{FORMAT}\",\"version\":{VERSION},\"conversations\":[")?;
        Ok(Self { out, any: false })
    }

    pub fn add(&mut self, full: &ConversationInFull) -> io::Result<()> {
        self.out.write_all(if self.any { b",\n" } else { b"\n" })?;
        self.any = true;
        serde_json::to_writer(&mut *self.out, &DocumentConversation::from(full))?;
        Ok(())
    }

    pub fn end(self) -> io::Result<()> {
        self.out.write_all(b"\n]}\n")
    }
}

impl From<&ConversationInFull> for DocumentConversation {
    fn from(full: &ConversationInFull) -> Self {
        let conversation = &full.conversation;
        let summary = &conversation.summary;
        Self {
            id: summary.id.to_string(),
            title: summary.title.clone(),
            title_is_auto: summary.title_is_auto,
            created_at_ms: summary.created_at_ms,
            updated_at_ms: summary.updated_at_ms,
            pinned: summary.pinned,
            archived: summary.archived,
            folder: full.folder.clone(),
            setup: parsed(conversation.setup_json.as_deref()),
            draft: conversation.draft.clone(),
            head_id: conversation.head.as_ref().map(ToString::to_string),
            messages: conversation.messages.iter().map(|message| out_of(message, full)).collect(),
        }
    }
}

fn out_of(message: &Message, full: &ConversationInFull) -> DocumentMessage {
    DocumentMessage {
        id: message.id.to_string(),
        parent_id: message.parent_id.as_ref().map(ToString::to_string),
        role: message.role,
        content: message.content.clone(),
        created_at_ms: message.created_at_ms,
        finish_reason: message.finish_reason,
        timings: message.timings.map(|timings| DocumentTimings {
            cache_n: timings.cache_n,
            prompt_n: timings.prompt_n,
            prompt_ms: rounded(timings.prompt_ms),
            predicted_n: timings.predicted_n,
            predicted_ms: rounded(timings.predicted_ms),
        }),
        error: parsed(message.error_json.as_deref()),
        model_name: message.model_name.clone(),
        edited: message.edited,
        cut: parsed(message.cut_json.as_deref()),
        thinking_ms: message.thinking_ms.map(rounded),
        attachments: message
            .attachments
            .iter()
            .map(|attachment| DocumentAttachment {
                name: attachment.name.clone(),
                kind: attachment.kind,
                size_bytes: attachment.size_bytes,
                n_tokens: attachment.n_tokens,
                text: full.attachment_texts.get(&attachment.id).cloned().unwrap_or_default(),
            })
            .collect(),
    }
}

/// To a microsecond: so many digits come through JSON unchanged.
fn rounded(ms: f64) -> f64 {
    (ms * 1000.0).round() / 1000.0
}

fn parsed(json: Option<&str>) -> Option<Value> {
    json.and_then(|json| serde_json::from_str(json).ok())
}
