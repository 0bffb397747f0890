//! The shown branch as one page without scripts, which loads nothing from anywhere.

use paddock_store::{ConversationInFull, Message, Role};
use pulldown_cmark::{CowStr, Event, Options, Parser, Tag, TagEnd, html};

use super::shown;

/// Whatever slipped through all escaping could still not run or load anything.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

const STYLE: &str = "
:root { color-scheme: light dark; --ink: #1c1b1a; --soft: #6b6863; --line: #e3e0da; --back: #fdfcfa; --side: #f4f2ee }
@media (prefers-color-scheme: dark) {
  :root { --ink: #ece9e4; --soft: #a09b94; --line: #3a3835; --back: #1c1b1a; --side: #262523 }
}
body { margin: 0 auto; padding: 2rem 1.25rem 4rem; max-width: 46rem; background: var(--back); color: var(--ink);
  font: 1rem/1.6 system-ui, sans-serif; overflow-wrap: break-word }
header { border-block-end: 1px solid var(--line); margin-block-end: 1.5rem }
h1 { font-size: 1.5rem; line-height: 1.3; margin-block-end: 0.25rem }
header p, h2 { color: var(--soft); font-size: 0.875rem }
h2 { margin-block: 2rem 0.5rem; font-weight: 600 }
.text { white-space: pre-wrap }
.user .text { background: var(--side); border-radius: 0.75rem; padding: 0.75rem 1rem }
pre { background: var(--side); border-radius: 0.5rem; padding: 0.75rem 1rem; overflow-x: auto }
code, pre { font: 0.875rem/1.5 ui-monospace, monospace }
table { border-collapse: collapse; display: block; overflow-x: auto }
th, td { border: 1px solid var(--line); padding: 0.25rem 0.75rem; text-align: start }
blockquote { margin-inline: 0; padding-inline-start: 1rem; border-inline-start: 3px solid var(--line) }
details { border-inline-start: 3px solid var(--line); padding-inline-start: 1rem; margin-block: 0.75rem; color: var(--soft) }
summary { cursor: pointer }
details pre { white-space: pre-wrap; max-height: 30rem; overflow-y: auto }
@media print {
  body { max-width: none; padding: 0; font-size: 0.875rem; background: none; color: #000 }
  pre { white-space: pre-wrap; max-height: none !important }
  h2 { break-after: avoid }
}
";

pub(super) fn write(full: &ConversationInFull) -> String {
    let summary = &full.conversation.summary;
    let branch = shown::branch(&full.conversation);
    let title = escaped(&summary.title);
    let models = shown::models(&branch);
    let models = if models.is_empty() { String::new() } else { format!(" · {}", escaped(&models)) };
    let date = shown::date(summary.created_at_ms);
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<meta name=\"referrer\" content=\"no-referrer\">\n\
         <title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n\
         <header>\n<h1 dir=\"auto\">{title}</h1>\n<p>{date}{models}</p>\n</header>\n<main>\n"
    );
    for message in branch {
        add(&mut page, full, message);
    }
    page.push_str("</main>\n</body>\n</html>\n");
    page
}

fn add(page: &mut String, full: &ConversationInFull, message: &Message) {
    let role = shown::role(message);
    page.push_str(&format!("<section class=\"{}\" dir=\"auto\">\n<h2>{role}</h2>\n", role.to_lowercase()));
    for attachment in &message.attachments {
        let content = full.attachment_texts.get(&attachment.id).map_or("", String::as_str);
        page.push_str(&folded(&attachment.name, content));
    }
    let (thought, said) = shown::thinking(&message.content);
    if !thought.is_empty() {
        page.push_str(&folded("Thinking", &thought));
    }
    match message.role {
        Role::Assistant => markdown(page, said),
        // What a person typed means nothing but itself.
        Role::User | Role::System => page.push_str(&format!("<div class=\"text\">{}</div>\n", escaped(said))),
    }
    page.push_str("</section>\n");
}

fn folded(summary: &str, content: &str) -> String {
    format!("<details>\n<summary>{}</summary>\n<pre>{}</pre>\n</details>\n", escaped(summary), escaped(content))
}

/// Markdown without what could load, run or lead astray: HTML in it is text, pictures are their descriptions, and links
/// go to web pages and mail only.
fn markdown(page: &mut String, text: &str) {
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS;
    let mut links = Vec::new();
    let events = Parser::new_ext(text, options).filter_map(move |event| match event {
        Event::Html(text) | Event::InlineHtml(text) => Some(Event::Text(text)),
        Event::Start(Tag::HtmlBlock) => Some(Event::Start(Tag::Paragraph)),
        Event::End(TagEnd::HtmlBlock) => Some(Event::End(TagEnd::Paragraph)),
        Event::Start(Tag::Image { .. }) | Event::End(TagEnd::Image) => None,
        Event::Start(Tag::Link { ref dest_url, .. }) => {
            let harmless = is_harmless(dest_url);
            links.push(harmless);
            harmless.then_some(event)
        }
        Event::End(TagEnd::Link) => links.pop().unwrap_or_default().then_some(event),
        other => Some(other),
    });
    html::push_html(page, events);
    page.push('\n');
}

fn is_harmless(url: &CowStr<'_>) -> bool {
    let start: String = url.chars().take(8).collect::<String>().to_ascii_lowercase();
    ["https://", "http://", "mailto:"].iter().any(|scheme| start.starts_with(scheme))
}

fn escaped(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            '\0' => {}
            c => html.push(c),
        }
    }
    html
}
