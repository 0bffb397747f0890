//! What surrounds the messages of a conversation: how it is set up, what is attached, where things are found again.

use serde::{Deserialize, Serialize};
use specta::Type;

use super::FormatChoice;

/// A folder for conversations.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Folder {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
}

/// What is looked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct SearchRequest {
    /// As typed. All words must be there; the last may be the beginning of one.
    pub words: String,
    /// Only in this conversation; none: in all.
    pub conversation_id: Option<String>,
    /// The most hits wanted, 1 to 500.
    pub limit: u32,
}

/// Where something was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct SearchHit {
    /// The conversation.
    pub conversation_id: String,
    /// Its title.
    pub conversation_title: String,
    /// Whether it is archived.
    pub archived: bool,
    /// The message; none: the title itself.
    pub message_id: Option<String>,
    /// Whose message.
    pub role: Option<super::Role>,
    /// When it was written, in milliseconds since 1970.
    #[specta(type = u32)]
    pub at_ms: i64,
    /// The words around the hit, in pieces.
    pub snippet: Vec<SnippetPart>,
}

/// A piece of text around a hit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct SnippetPart {
    /// The text.
    pub text: String,
    /// Whether it is what was looked for.
    pub hit: bool,
}

/// How the next token is chosen; none: the usual.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase", default)]
pub struct SamplingChoice {
    /// 0 to 5; 0: always the likeliest token.
    #[specta(type = Option<u32>)]
    pub temperature: Option<f32>,
    /// Only the k likeliest tokens; 0: all.
    pub top_k: Option<u32>,
    /// Only the likeliest tokens that together reach p, 0 to 1.
    #[specta(type = Option<u32>)]
    pub top_p: Option<f32>,
    /// Only tokens at least so many times as likely as the likeliest, 0 to 1.
    #[specta(type = Option<u32>)]
    pub min_p: Option<f32>,
    /// How much a repeated token is held back, 0 to 2; 1: not at all.
    #[specta(type = Option<u32>)]
    pub repeat_penalty: Option<f32>,
    /// The same seed gives the same answer.
    pub seed: Option<u32>,
    /// Tokens to write at most.
    pub max_tokens: Option<u32>,
}

/// What happens when a conversation is longer than the context.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum ContextPolicy {
    /// Nothing is sent; the user decides.
    #[default]
    StopAtLimit,
    /// The beginning and the end are kept.
    TruncateMiddle,
    /// The system prompt and the end are kept.
    RollingWindow,
}

/// How a conversation is set up.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase", default)]
pub struct ChatSetup {
    /// The preset it was made from, if that is still the same.
    pub preset_id: Option<String>,
    /// The system prompt; empty: none.
    pub system: String,
    /// How tokens are chosen.
    pub sampling: SamplingChoice,
    /// When the context is full; none: as the settings say.
    pub context_policy: Option<ContextPolicy>,
    /// What its answers look like.
    pub format: FormatChoice,
}

/// A named setup.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Preset {
    /// Its id; empty for one that is not stored yet.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The system prompt.
    pub system: String,
    /// How tokens are chosen.
    pub sampling: SamplingChoice,
    /// What answers look like.
    #[serde(default)]
    pub format: FormatChoice,
}

/// A named text to begin a message with: `/name` in the message field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct PromptTemplate {
    /// Its id; empty for one that is not stored yet.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The text.
    pub text: String,
}

/// What holds for all conversations.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase", default)]
pub struct ChatSettings {
    /// When the context is full.
    pub context_policy: ContextPolicy,
    /// Tokens that are kept free for the answer, 16 to 32,768.
    pub reply_reserve: u32,
    /// Whether the model proposes a title after the first answer.
    pub propose_titles: bool,
    /// Whether the database is copied once a day.
    pub daily_backups: bool,
    /// The preset of new conversations.
    pub default_preset_id: Option<String>,
}

impl Default for ChatSettings {
    /// Stop at the limit, 512 tokens for the answer, titles and backups.
    fn default() -> Self {
        Self {
            context_policy: ContextPolicy::StopAtLimit,
            reply_reserve: 512,
            propose_titles: true,
            daily_backups: true,
            default_preset_id: None,
        }
    }
}

/// What kind of file is attached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
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

macro_rules! same_kinds {
    ($from:ty => $to:ty) => {
        impl From<$from> for $to {
            fn from(from: $from) -> Self {
                match from {
                    <$from>::Text => Self::Text,
                    <$from>::Code => Self::Code,
                    <$from>::Pdf => Self::Pdf,
                    <$from>::Docx => Self::Docx,
                }
            }
        }
    };
}

same_kinds!(paddock_store::AttachmentKind => AttachmentKind);
same_kinds!(AttachmentKind => paddock_store::AttachmentKind);

/// A file that was sent with a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Attachment {
    /// Its id.
    pub id: String,
    /// The file's name.
    pub name: String,
    /// What it is.
    pub kind: AttachmentKind,
    /// The bytes of the file.
    #[specta(type = u32)]
    pub size_bytes: u64,
    /// The tokens of its text, where they were counted.
    pub n_tokens: Option<u32>,
}

impl From<paddock_store::Attachment> for Attachment {
    fn from(from: paddock_store::Attachment) -> Self {
        let paddock_store::Attachment { id, name, kind, size_bytes, n_tokens } = from;
        Self { id, name, kind: kind.into(), size_bytes, n_tokens }
    }
}

/// A file whose text was taken out, to be sent with a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct NewAttachment {
    /// The file's name.
    pub name: String,
    /// What it is.
    pub kind: AttachmentKind,
    /// The bytes of the file.
    #[specta(type = u32)]
    pub size_bytes: u64,
    /// The tokens of its text, where they could be counted.
    pub n_tokens: Option<u32>,
    /// Its text.
    pub text: String,
}

impl From<NewAttachment> for paddock_store::NewAttachment {
    fn from(from: NewAttachment) -> Self {
        let NewAttachment { name, kind, size_bytes, n_tokens, text } = from;
        Self { name, kind: kind.into(), size_bytes, n_tokens, text }
    }
}

/// What the model did not see of the branch when it wrote an answer: of the messages from the root to the question, those
/// from number `from` (0 is the first) on, `count` of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct ContextCut {
    /// The policy that took them out.
    pub policy: ContextPolicy,
    /// The first that was not seen.
    pub from: u32,
    /// How many were not seen.
    pub count: u32,
}

/// Tokens of texts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct TokenCounts {
    /// One number for each text.
    pub counts: Vec<u32>,
    /// Whether the loaded model counted them; else they are estimated from the length.
    pub exact: bool,
}

/// What fills the context before the next message is typed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct ContextUse {
    /// The context length of the loaded model; none: none is loaded.
    pub n_ctx: Option<u32>,
    /// Tokens of the system prompt.
    pub system: u32,
    /// Tokens of the messages so far, without their attachments.
    pub history: u32,
    /// Tokens of attachments in it.
    pub attachments: u32,
    /// Tokens kept free for the answer.
    pub reserve: u32,
    /// Whether the loaded model counted them.
    pub exact: bool,
}

/// The forms a conversation can be given out in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum ExportFormat {
    /// The shown branch, to read.
    Markdown,
    /// All of it, to import again.
    Json,
    /// The shown branch, to look at in a browser.
    Html,
}

/// What an import brought.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct ImportReport {
    /// Conversations that are new here.
    pub conversations: u32,
    /// Messages in them.
    pub messages: u32,
    /// Conversations that were here already and were left alone.
    pub already_here: u32,
    /// What could not be read, a sentence each.
    pub problems: Vec<String>,
}

/// A copy of the database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Backup {
    /// The name of its file.
    pub name: String,
    /// When it was made, in milliseconds since 1970.
    #[specta(type = u32)]
    pub made_at_ms: i64,
    /// Its size.
    #[specta(type = u32)]
    pub size_bytes: u64,
    /// How many conversations are in it.
    pub conversations: u32,
}

/// What happened when the database was opened, where the user should know.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct StartReport {
    /// Answers that were cut off when Paddock ended; what they had was kept.
    pub recovered_answers: u32,
    /// Where the damaged database is now, and what was wrong with it.
    pub set_aside: Option<SetAside>,
    /// The backup that took its place; none: Paddock started empty.
    pub restored_from: Option<Backup>,
}

/// A database that could not be used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct SetAside {
    /// Where it is.
    pub path: String,
    /// What was wrong with it, as half a sentence.
    pub reason: String,
}

/// What was erased.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct EraseReport {
    /// Conversations that are gone for good.
    pub conversations: u32,
    /// Backups that held them and were deleted; a new one was made.
    pub backups: u32,
}

/// A folder or file of Paddock's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Place {
    /// What is there.
    pub kind: PlaceKind,
    /// Where it is.
    pub path: String,
    /// Whether it is there yet.
    pub exists: bool,
}

/// What lies in a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum PlaceKind {
    /// Everything but models elsewhere.
    Data,
    /// Conversations, settings and measurements.
    Database,
    /// Copies of the database.
    Backups,
    /// Downloaded models.
    Models,
}
