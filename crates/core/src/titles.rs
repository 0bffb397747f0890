//! Titles: the first words of a conversation at its beginning, and a better one that the model proposes when it has
//! nothing else to do.

use paddock_engine_api::{
    GenerationEvent,
    protocol::{ChatMessage, ChatRole, GenerateParams, Sampling},
};
use paddock_store::{ConversationId, Role};

use crate::{
    ApiError, App, setup,
    view::{EngineState, LoadedModel},
};

/// The longest title, in characters.
const TITLE_CHARS: usize = 60;
/// The longest answer to [`REQUEST`].
const TITLE_TOKENS: u32 = 24;
/// What the model is asked for after its answer.
const REQUEST: &str =
    "Write a title for this conversation: three to six words, in its own language. Answer with the title alone.";

/// An answer that a title could be made of.
pub(crate) struct Answered {
    pub(crate) conversation: ConversationId,
    pub(crate) model: LoadedModel,
    /// What the model got, and what it answered.
    pub(crate) messages: Vec<ChatMessage>,
}

impl App {
    /// Let the model propose a title, if this was the first answer of its conversation, and the engine is not wanted for
    /// anything else; whatever comes meanwhile goes first, and then there is no title.
    pub(crate) fn propose_title(&self, answered: Answered) {
        // What another server writes may cost money.
        if answered.model.self_test || answered.model.remote.is_some() {
            return;
        }
        let app = self.clone();
        let task = tokio::spawn(async move {
            match app.title_for(answered).await {
                Ok(true) => app.list_changed(),
                Ok(false) => {}
                Err(error) => tracing::debug!(%error, "no title was proposed"),
            }
        });
        // The one before has ended, or is about to: there is one engine.
        *self.inner.title() = Some(task);
    }

    /// Wait for the title that was being written; it is given up once the line is closed.
    pub(crate) async fn end_title(&self) {
        let task = self.inner.title().take();
        if let Some(task) = task {
            // An error means that it panicked, which is in the log.
            let _ended = task.await;
        }
    }

    /// Whether the conversation has a new title.
    async fn title_for(&self, answered: Answered) -> Result<bool, ApiError> {
        let id = answered.conversation.clone();
        let wanted = self
            .with_store(move |store| {
                let conversation = store.conversation(&id)?;
                let answers = conversation.messages.iter().filter(|message| message.role == Role::Assistant).count();
                let wanted = answers == 1 && conversation.summary.title_is_auto;
                Ok(wanted && setup::settings(store)?.propose_titles)
            })
            .await?;
        let idle = self.inner.answering().is_empty();
        if !wanted || !idle {
            return Ok(false);
        }
        let Answered { conversation, model, messages } = answered;
        let words = self.with_idle_engine(async |current| {
            let same = current.model.path == model.path && self.is_alive(current);
            let ready = matches!(*self.engine_state().borrow(), EngineState::Ready { .. });
            if same && ready { self.ask_for_title(messages).await } else { None }
        });
        let Some(title) = words.await.and_then(|words| cleaned(&words)) else { return Ok(false) };
        self.with_store(move |store| store.propose_title(&conversation, &title)).await
    }

    /// The engine's own words. Dropping the future stops it.
    async fn ask_for_title(&self, mut messages: Vec<ChatMessage>) -> Option<String> {
        // What the model has read and written is still in its KV cache, so that only this is new to it.
        messages.push(ChatMessage::new(ChatRole::User, REQUEST));
        let sampling = Sampling { temperature: 0.2, ..Sampling::default() };
        let params = GenerateParams { messages, sampling, max_tokens: Some(TITLE_TOKENS), ..GenerateParams::default() };
        let mut generation = self.inner.host.generate(params);
        let mut words = String::new();
        loop {
            match generation.next().await {
                Ok(GenerationEvent::Prompt { .. }) => {}
                Ok(GenerationEvent::Text { text, .. }) => words.push_str(&text),
                Ok(GenerationEvent::Done { .. }) => return Some(words),
                Err(error) => {
                    tracing::debug!(%error, "the engine proposed no title");
                    return None;
                }
            }
        }
    }
}

/// A title out of what a model says when it is asked for one.
fn cleaned(words: &str) -> Option<String> {
    const WRAPPERS: &[char] =
        &['"', '\'', '“', '”', '„', '‟', '‘', '’', '«', '»', '‹', '›', '「', '」', '『', '』', '*', '_', '`', '#'];
    const ENDS: &[char] = &['.', '。', '．', ':', ';', ','];
    let said = match words.rsplit_once("</think>") {
        Some((_thoughts, said)) => said,
        None if words.trim_start().starts_with("<think>") => return None,
        None => words,
    };
    let line = said.lines().map(str::trim).find(|line| !line.is_empty())?;
    let mut title = line.split_whitespace().collect::<Vec<_>>().join(" ");
    loop {
        let bare = title.trim().trim_matches(WRAPPERS).trim().trim_end_matches(ENDS).trim();
        let label = bare.get(..5).is_some_and(|start| start.eq_ignore_ascii_case("title"));
        let bare = match bare.get(5..).and_then(|rest| rest.trim_start_matches(WRAPPERS).strip_prefix(':')) {
            Some(rest) if label => rest.trim(),
            _ => bare,
        };
        if bare.len() == title.len() {
            break;
        }
        title = bare.to_owned();
    }
    (!title.is_empty() && !(title.eq_ignore_ascii_case("title"))).then(|| shortened(&title, TITLE_CHARS - 1))
}

/// The first words of a message, as a title.
pub(crate) fn first_words(content: &str) -> String {
    let line = content.trim().lines().next().unwrap_or_default();
    shortened(&line.split_whitespace().collect::<Vec<_>>().join(" "), TITLE_CHARS)
}

/// At most so many characters, cut between words, and a sign that more was there.
fn shortened(words: &str, chars: usize) -> String {
    match words.char_indices().nth(chars) {
        None => words.to_owned(),
        Some((end, _)) => {
            let cut = words[..end].rfind(' ').filter(|&at| at > end / 2).unwrap_or(end);
            format!("{}…", &words[..cut])
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{cleaned, first_words};

    #[test]
    fn a_title_is_the_first_line_cut_between_words() {
        assert_eq!(first_words("  Hello\n\nworld"), "Hello");
        let long = "explain quantum entanglement to somebody who has never heard of physics before";
        assert_eq!(first_words(long), "explain quantum entanglement to somebody who has never…");
        assert_eq!(first_words(&"x".repeat(100)), format!("{}…", "x".repeat(60)));
        assert_eq!(first_words(&"終".repeat(100)).chars().count(), 61);
    }

    #[test]
    fn a_proposed_title_is_one_bare_line() {
        let cases = [
            ("Trees in winter", Some("Trees in winter")),
            ("\n\n  “Trees in   winter.” \nI hope this helps.", Some("Trees in winter")),
            ("Title: \"Trees in winter\"", Some("Trees in winter")),
            ("**Title:** Trees in winter.", Some("Trees in winter")),
            ("# Trees in winter", Some("Trees in winter")),
            ("<think>\nThey want a title.\n</think>\n\nTrees", Some("Trees")),
            ("the template began it</think>Trees", Some("Trees")),
            ("<think>\nThey want", None),
            ("「冬の木」。", Some("冬の木")),
            ("Titles of nobility", Some("Titles of nobility")),
            ("Title:", None),
            ("\"\"", None),
            (" \n ", None),
        ];
        for (words, title) in cases {
            assert_eq!(cleaned(words).as_deref(), title, "{words:?}");
        }
        let long = cleaned(&"word ".repeat(40)).unwrap_or_default();
        assert!(long.chars().count() <= 60 && long.ends_with("word…"), "{long}");
    }
}
