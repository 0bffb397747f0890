//! What is written to be read.

use paddock_store::{AttachmentKind, Imported, MessageBody, NewAttachment, NewConversation, NewMessage, Role};

use super::{super::rendered, Place};
use crate::view::ExportFormat;

fn message(parent: Option<usize>, role: Role, content: &str) -> NewMessage {
    NewMessage {
        parent,
        body: MessageBody {
            model_name: (role == Role::Assistant).then(|| "Llama <3>".into()),
            ..MessageBody::new(role, content, 1_700_000_000_000)
        },
        attachments: Vec::new(),
    }
}

/// A conversation of these messages, of which the last is shown.
fn exported(title: &str, messages: Vec<NewMessage>, format: ExportFormat) -> String {
    let mut place = Place::new();
    let new = NewConversation {
        origin: "a".into(),
        own_id: None,
        title: title.into(),
        title_is_auto: false,
        created_at_ms: 1_700_000_000_000,
        updated_at_ms: 1_700_000_000_000,
        pinned: false,
        archived: false,
        folder: None,
        setup_json: None,
        draft: String::new(),
        head: messages.len().checked_sub(1),
        messages,
    };
    let Imported::New(id) = place.store.import_conversation(&new).unwrap() else { panic!("it is new") };
    rendered(&place.store.conversation_in_full(&id).unwrap(), format)
}

fn with_file(name: &str, text: &str) -> NewMessage {
    let file = NewAttachment {
        name: name.into(),
        kind: AttachmentKind::Code,
        size_bytes: 1,
        n_tokens: None,
        text: text.into(),
    };
    NewMessage { attachments: vec![file], ..message(None, Role::User, "Look.") }
}

#[test]
fn markdown_has_the_shown_branch_with_files_in_fences_that_hold_and_thoughts_folded() {
    let messages = vec![
        with_file("a_b.rs", "before\n````\nafter\n"),
        message(Some(0), Role::Assistant, "another branch"),
        message(Some(0), Role::Assistant, "<think>\nhm </details>\n</think>\n\nFine.\n"),
    ];
    let wanted = "# Horses and more\n\n2023-11-14 · Llama <3>\n\n## User\n\n**a\\_b.rs**\n\n`````rs\nbefore\n````\nafter\n`````\n\n\
                  Look.\n\n## Assistant\n\n<details>\n<summary>Thinking</summary>\n\nhm &lt;/details>\n\n</details>\n\nFine.\n";
    assert_eq!(exported("Horses\nand more", messages, ExportFormat::Markdown), wanted);
}

#[test]
fn html_renders_answers_and_leaves_what_a_person_typed_alone() {
    let messages = vec![
        message(None, Role::User, "**no** markdown\n here"),
        message(Some(0), Role::Assistant, "**yes**\n\n| a |\n|---|\n| b |"),
    ];
    let page = exported("Horses", messages, ExportFormat::Html);
    assert!(page.contains("<div class=\"text\">**no** markdown\n here</div>"));
    assert!(page.contains("<strong>yes</strong>") && page.contains("<td>b</td>"));
    assert!(page.contains("default-src 'none'; style-src 'unsafe-inline'"));
    assert!(page.contains("prefers-color-scheme: dark") && page.contains("@media print"));
}

/// Texts that would run, load or lead astray in a careless page.
const ATTACKS: &[&str] = &[
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "</pre></div></title></style><script>alert(1)</script>",
    "\"><svg onload=alert(1)>",
    "<!--<script>alert(1)</script>-->",
    "<iframe src='javascript:alert(1)'></iframe>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "[x](vbscript:x)",
    "[x](<javascript:alert(1)>)",
    "[x](&#106;avascript:alert(1))",
    "[x](/\\evil.example \"a\\\" onclick=alert(1)\")",
    "<javascript:alert(1)>",
    "![x](https://evil.example/a.png)",
    "![x](javascript:alert(1))",
    "[![x](https://evil.example/a.png)](javascript:alert(1))",
    "[a]: javascript:alert(1)\n\n[a]",
    "```\"><script>alert(1)</script>\nx\n```",
    "```js onload=alert(1)\n</code></pre><script>alert(1)</script>\n```",
    "| <script>a</script> |\n|---|\n| <img src=x onerror=a> |",
    "<details open ontoggle=alert(1)>\n\n<link rel=stylesheet href=https://evil.example>\n\n<meta http-equiv=refresh content=0>",
    "<style>@import 'https://evil.example'</style>",
    "<base href=https://evil.example>",
    "<think><script>alert(1)</script></think><script>alert(1)</script>",
    "# <b onmouseover=alert(1)>x</b>",
];

#[test]
fn nothing_that_comes_in_a_text_name_or_title_becomes_html_that_acts() {
    for attack in ATTACKS {
        let mut answer = message(Some(0), Role::Assistant, attack);
        answer.body.model_name = Some((*attack).into());
        let messages = vec![with_file(attack, attack), answer, message(Some(1), Role::User, attack)];
        let page = exported(attack, messages, ExportFormat::Html).to_lowercase();
        let (_, body) = page.split_once("</head>").unwrap();
        let tags: Vec<&str> = body.split('<').skip(1).map(|rest| rest.split('>').next().unwrap()).collect();
        for tag in tags {
            let name = tag.trim_start_matches('/').split([' ', '\n']).next().unwrap();
            let harmless = [
                "body", "header", "h1", "h2", "p", "main", "section", "details", "summary", "pre", "div", "code",
                "table", "thead", "tbody", "tr", "th", "td", "html", "a", "br",
            ];
            assert!(harmless.contains(&name), "{attack}: <{tag}>");
            assert!(!tag.contains(" on") && !tag.contains("src="), "{attack}: <{tag}>");
            let target = tag.split_once("href=\"").map_or("https://", |(_, target)| target);
            assert!(target.starts_with("http"), "{attack}: <{tag}>");
        }
        assert_eq!(page.matches("<title>").count(), 1);
        assert_eq!(page.matches("<style>").count(), 1);
    }
}

#[test]
fn a_conversation_without_messages_is_still_a_page() {
    for format in [ExportFormat::Markdown, ExportFormat::Html, ExportFormat::Json] {
        assert!(exported("Nothing yet", Vec::new(), format).contains("Nothing yet"));
    }
}
