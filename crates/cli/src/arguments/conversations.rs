//! What can be typed after `paddock conversations`, `export` and `import`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use paddock_core::view::ExportFormat;

#[derive(Debug, Args)]
pub struct ConversationsOptions {
    #[command(subcommand)]
    pub command: ConversationsCommand,
}

#[derive(Debug, Subcommand)]
pub enum ConversationsCommand {
    /// List the conversations, the one that changed last first.
    List {
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Args)]
pub struct ExportOptions {
    /// A conversation: its id, or its title if no other has it.
    #[arg(value_name = "ID", required_unless_present = "all")]
    pub conversation: Option<String>,
    /// All conversations, archived ones too, as JSON that `paddock import` reads.
    #[arg(long, conflicts_with = "conversation")]
    pub all: bool,
    /// The form: markdown and html are the shown branch, json is everything [default: markdown, or json with --all].
    #[arg(long, value_enum, value_name = "FORM")]
    pub format: Option<Form>,
    /// The file to write, instead of standard output.
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Form {
    Markdown,
    Json,
    Html,
}

impl From<Form> for ExportFormat {
    fn from(form: Form) -> Self {
        match form {
            Form::Markdown => Self::Markdown,
            Form::Json => Self::Json,
            Form::Html => Self::Html,
        }
    }
}

#[derive(Debug, Args)]
pub struct ImportOptions {
    /// Exports of Paddock, ChatGPT (the zip, or conversations.json), LM Studio, Jan or Open WebUI; or folders of them.
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}
