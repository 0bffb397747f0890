//! What the store hands out and takes in.

use std::ops::Deref;

use serde::{Deserialize, Serialize};

use crate::{ConversationId, MessageId};

/// Who a message is from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// The instructions at the root of a branch.
    System,
    /// The person.
    User,
    /// The model.
    Assistant,
}

/// Why an answer ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FinishReason {
    /// The model ended its turn.
    Stop,
    /// A limit of tokens or the context length was reached.
    Length,
    /// A stop string was met.
    StopString,
    /// The person stopped it.
    Cancelled,
    /// The app ended while it was being written; set when the database is opened again.
    Interrupted,
    /// The engine failed; `error_json` says how.
    Failed,
}

/// How long an answer took, in the words of llama.cpp's server.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Timings {
    /// Prompt tokens taken from the KV cache.
    pub cache_n: u32,
    /// Prompt tokens that were processed.
    pub prompt_n: u32,
    /// Time spent on them, in milliseconds.
    pub prompt_ms: f64,
    /// Tokens generated.
    pub predicted_n: u32,
    /// Time spent on them, in milliseconds.
    pub predicted_ms: f64,
}

/// What a message says and how it came about, wherever it stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MessageBody {
    /// Who it is from.
    pub role: Role,
    /// Its text. For an answer that is still being written, all that was appended so far.
    pub content: String,
    /// When it was written, in milliseconds since the Unix epoch.
    pub created_at_ms: i64,
    /// Why the answer ended; `None` while it is being written, and for other roles.
    pub finish_reason: Option<FinishReason>,
    /// How long the answer took, where the engine said so.
    pub timings: Option<Timings>,
    /// What went wrong, as the caller's JSON.
    pub error_json: Option<String>,
    /// The model that answered.
    pub model_name: Option<String>,
    /// Whether the person wrote or changed this answer.
    pub edited: bool,
    /// What the model did not see of the branch, as the caller's JSON.
    pub cut_json: Option<String>,
    /// How long the model thought before it answered, in milliseconds.
    pub thinking_ms: Option<f64>,
}

impl MessageBody {
    /// A text of which nothing more is known.
    pub fn new(role: Role, content: impl Into<String>, created_at_ms: i64) -> Self {
        Self {
            role,
            content: content.into(),
            created_at_ms,
            finish_reason: None,
            timings: None,
            error_json: None,
            model_name: None,
            edited: false,
            cut_json: None,
            thinking_ms: None,
        }
    }
}

/// One message of a conversation's tree. It reads like its body.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// Its name.
    pub id: MessageId,
    /// The conversation it is part of.
    pub conversation_id: ConversationId,
    /// The message it follows; `None` at a root.
    pub parent_id: Option<MessageId>,
    /// What it says.
    #[serde(flatten)]
    pub body: MessageBody,
    /// The files that were sent with it, without their texts.
    pub attachments: Vec<Attachment>,
}

/// A message that was made elsewhere. It reads like its body.
#[derive(Debug, Clone, PartialEq)]
pub struct NewMessage {
    /// The message it follows, as a place in the list before its own.
    pub parent: Option<usize>,
    /// What it says. An answer without a finish reason is stored as interrupted: nobody writes it any more.
    pub body: MessageBody,
    /// The files that were sent with it.
    pub attachments: Vec<NewAttachment>,
}

impl Deref for Message {
    type Target = MessageBody;

    fn deref(&self) -> &MessageBody {
        &self.body
    }
}

impl Deref for NewMessage {
    type Target = MessageBody;

    fn deref(&self) -> &MessageBody {
        &self.body
    }
}

/// What kind of file was attached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AttachmentKind {
    /// Plain text.
    Text,
    /// Source code.
    Code,
    /// The text of a PDF.
    Pdf,
    /// The text of a Word document.
    Docx,
}

/// A file that was sent with a message. Its text is kept apart: see [`crate::Store::attachment_text`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// Its name in the store.
    pub id: String,
    /// The file's name.
    pub name: String,
    /// What it was.
    pub kind: AttachmentKind,
    /// The bytes of the file.
    pub size_bytes: u64,
    /// The tokens of its text, in the model that was loaded then.
    pub n_tokens: Option<u32>,
}

/// A file to send with a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewAttachment {
    /// The file's name.
    pub name: String,
    /// What it is.
    pub kind: AttachmentKind,
    /// The bytes of the file.
    pub size_bytes: u64,
    /// The tokens of its text.
    pub n_tokens: Option<u32>,
    /// Its text.
    pub text: String,
}

/// A conversation as a list shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConversationSummary {
    /// Its name in the store.
    pub id: ConversationId,
    /// Its title.
    pub title: String,
    /// Whether the title was made from the first message, and not written by the person.
    pub title_is_auto: bool,
    /// When it was started, in milliseconds since the Unix epoch.
    pub created_at_ms: i64,
    /// When something last happened in it, in milliseconds since the Unix epoch.
    pub updated_at_ms: i64,
    /// The start of the newest text on the shown branch: one line, at most
    /// 120 characters.
    pub preview: String,
    /// Whether it stays at the top of the list.
    pub pinned: bool,
    /// Whether it is out of the list until somebody asks for it.
    pub archived: bool,
    /// The folder it is in.
    pub folder_id: Option<String>,
}

/// A whole conversation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Conversation {
    /// What a list shows of it.
    pub summary: ConversationSummary,
    /// The leaf of the branch that is shown.
    pub head: Option<MessageId>,
    /// System prompt, sampling and so on, as the caller's JSON; `None`: as the settings say.
    pub setup_json: Option<String>,
    /// What was typed and not sent.
    pub draft: String,
    /// Every message of every branch, in the order they were stored: a parent is always before its
    /// children.
    pub messages: Vec<Message>,
}

/// What a person sends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewTurn {
    /// The conversation to go on with; `None` starts one.
    pub conversation: Option<ConversationId>,
    /// The message this one follows: an answer or a system prompt of the same conversation.
    /// `None` makes it the first of a branch, which in an existing conversation is what editing the
    /// first question does. (To go on, pass the conversation's head.)
    pub parent: Option<MessageId>,
    /// The text.
    pub content: String,
    /// Files to send with it.
    pub attachments: Vec<NewAttachment>,
    /// What the conversation is set up with, where one is started, as the caller's JSON.
    pub setup_json: Option<String>,
    /// The title, where a conversation is started.
    pub title_if_new: String,
    /// The system prompt, used where `parent` is `None`: the root of the branch. An equal one
    /// already at the root of this conversation is used again.
    pub system: Option<String>,
    /// The model that is going to answer.
    pub model_name: Option<String>,
    /// The time now, in milliseconds since the Unix epoch.
    pub now_ms: i64,
}

/// A question and the answer that is about to be written.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Turn {
    /// The conversation, as it stands after this.
    pub conversation: ConversationSummary,
    /// The question.
    pub user: Message,
    /// The answer: empty, without a finish reason, and now the conversation's head.
    pub answer: Message,
}

/// How an answer ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Finish {
    /// Why.
    pub reason: FinishReason,
    /// How long it took, where known.
    pub timings: Option<Timings>,
    /// What went wrong, as JSON, where something did.
    pub error_json: Option<String>,
    /// The whole text, where the caller has it; `None` keeps what was appended.
    pub full_text: Option<String>,
    /// The model that wrote it, where that was not known at its beginning; `None` keeps what is noted.
    pub model_name: Option<String>,
    /// What the model did not see of the branch, as JSON; `None` keeps what is noted.
    pub cut_json: Option<String>,
    /// How long the model thought before it answered, in milliseconds; `None` keeps what is noted.
    pub thinking_ms: Option<f64>,
}
