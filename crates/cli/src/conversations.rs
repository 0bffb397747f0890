//! `paddock conversations`, `export` and `import`: conversations as text and files.

use paddock_core::{
    ApiError, App, AppConfig, ErrorCode,
    view::{ConversationSummary, ImportReport},
};

use crate::{
    arguments::{ConversationsCommand, ConversationsOptions, ExportOptions, Form, ImportOptions},
    terminal,
};

pub async fn run(options: ConversationsOptions) -> Result<(), ApiError> {
    let ConversationsCommand::List { json } = options.command;
    let conversations = app()?.list_conversations().await?;
    if json {
        return terminal::write_json(&conversations);
    }
    for conversation in &conversations {
        terminal::write_answer(&line_of(conversation));
    }
    Ok(())
}

pub async fn export(options: ExportOptions) -> Result<(), ApiError> {
    let app = app()?;
    if let Some(wanted) = &options.conversation {
        let id = find(&app.list_conversations().await?, wanted)?;
        let format = options.format.unwrap_or(Form::Markdown).into();
        return match &options.out {
            Some(path) => app.export_conversation_to(id, format, path).await,
            None => print(&app.conversation_as(id, format).await?),
        };
    }
    if options.format.is_some_and(|form| form != Form::Json) {
        let message = "All conversations together are written as JSON only.".to_owned();
        let hint = Some("Leave out --format, or export one conversation.".into());
        return Err(ApiError { hint, ..failure(ErrorCode::BadInput, message) });
    }
    match &options.out {
        Some(path) => app.export_all_to(path).await,
        None => print(&app.export_all_json().await?),
    }
}

/// Fails if something could not be read, so that scripts can rely on it; the rest is imported all the same.
pub async fn import(options: ImportOptions) -> Result<(), ApiError> {
    let report = app()?.import_files(options.files).await?;
    if options.json {
        terminal::write_json(&report)?;
    } else {
        terminal::write_answer(&summary(&report));
    }
    match report.problems.as_slice() {
        [] => Ok(()),
        problems => Err(failure(ErrorCode::BadInput, problems.join("\n"))),
    }
}

fn app() -> Result<App, ApiError> {
    App::open_for_command(AppConfig::usual()?)
}

fn print(text: &str) -> Result<(), ApiError> {
    terminal::write_answer(text);
    Ok(())
}

fn summary(report: &ImportReport) -> String {
    let count = |n: u32, one: &str| if n == 1 { format!("1 {one}") } else { format!("{n} {one}s") };
    let new = count(report.conversations, "conversation");
    let mut text = format!("Imported {new} with {}.", count(report.messages, "message"));
    match report.already_here {
        0 => {}
        1 => text.push_str(" 1 was here already."),
        n => text.push_str(&format!(" {n} were here already.")),
    }
    text.push('\n');
    text
}

/// The conversation of this id or title.
fn find(conversations: &[ConversationSummary], wanted: &str) -> Result<String, ApiError> {
    let by_id = conversations.iter().find(|conversation| conversation.id == wanted);
    let titled: Vec<_> = conversations.iter().filter(|conversation| conversation.title == wanted).collect();
    match (by_id, titled.as_slice()) {
        (Some(conversation), _) => Ok(conversation.id.clone()),
        (None, [conversation]) => Ok(conversation.id.clone()),
        (None, []) => {
            let hint = Some("`paddock conversations list` shows those that are here.".into());
            Err(ApiError { hint, ..failure(ErrorCode::NotFound, format!("There is no conversation “{wanted}”.")) })
        }
        (None, several) => {
            let ids: Vec<&str> = several.iter().map(|conversation| conversation.id.as_str()).collect();
            let message = format!("Several conversations are called “{wanted}”:\n{}", ids.join("\n"));
            Err(ApiError { hint: Some("Give the id of one.".into()), ..failure(ErrorCode::BadInput, message) })
        }
    }
}

fn line_of(conversation: &ConversationSummary) -> String {
    let mark = if conversation.archived { " (archived)" } else { "" };
    // A title may hold anything, and a terminal obeys control characters.
    let title: String = conversation.title.chars().filter(|c| !c.is_control()).collect();
    format!("{}  {}{mark}\n", conversation.id, title)
}

fn failure(code: ErrorCode, message: String) -> ApiError {
    ApiError { code, message, hint: None, details: None, what: None }
}
