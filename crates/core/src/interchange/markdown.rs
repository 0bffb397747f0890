//! The shown branch as Markdown, to read.

use std::fmt::Write;

use paddock_store::{Attachment, ConversationInFull, Message};

use super::shown;

pub(super) fn write(full: &ConversationInFull) -> String {
    let summary = &full.conversation.summary;
    let branch = shown::branch(&full.conversation);
    let mut text = format!("# {}\n\n{}", one_line(&summary.title), shown::date(summary.created_at_ms));
    let models = shown::models(&branch);
    if !models.is_empty() {
        text.push_str(&format!(" · {}", one_line(&models)));
    }
    text.push('\n');
    for message in branch {
        add(&mut text, full, message);
    }
    text
}

fn add(text: &mut String, full: &ConversationInFull, message: &Message) {
    text.push_str(&format!("\n## {}\n", shown::role(message)));
    for attachment in &message.attachments {
        let content = full.attachment_texts.get(&attachment.id).map_or("", String::as_str);
        let _ = write!(text, "\n**{}**\n\n{}", escaped(&one_line(&attachment.name)), fenced(attachment, content));
    }
    let (thought, said) = shown::thinking(&message.content);
    if !thought.is_empty() {
        // A thought that ends the block would spill over.
        let thought = thought.replace("</details", "&lt;/details");
        let _ = write!(text, "\n<details>\n<summary>Thinking</summary>\n\n{thought}\n\n</details>\n");
    }
    if !said.trim().is_empty() {
        let _ = write!(text, "\n{}\n", said.trim_end());
    }
}

/// A block that no line of the text ends: its fence is longer than any in it.
fn fenced(attachment: &Attachment, content: &str) -> String {
    let longest = content.split(|c| c != '`').map(str::len).max().unwrap_or_default();
    let fence = "`".repeat(longest.max(2) + 1);
    let ending = attachment.name.rsplit_once('.').map_or("", |(_, ending)| ending);
    let language = if ending.chars().all(|c| c.is_ascii_alphanumeric()) { ending } else { "" };
    format!("{fence}{language}\n{}\n{fence}\n", content.trim_end_matches('\n'))
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn escaped(text: &str) -> String {
    let special = |c: char| "\\`*_[]<>#".contains(c);
    text.chars().flat_map(|c| special(c).then_some('\\').into_iter().chain([c])).collect()
}
