//! What the model gets of a conversation: its system prompt, the messages of the branch with what is attached to them,
//! and how its answer is chosen.

use std::fmt::Write as _;

use paddock_engine_api::protocol::{ChatMessage, ChatRole, Sampling};
use paddock_store::{Attachment, ConversationId, Error, Message, MessageId, Role, Store};

use crate::{
    setup,
    view::{ChatSettings, ChatSetup, SamplingChoice},
};

/// A conversation up to a question, as the model gets it if all of it fits.
pub(crate) struct Prompt {
    pub(crate) setup: ChatSetup,
    pub(crate) settings: ChatSettings,
    pub(crate) system: Option<String>,
    /// Everything after the system prompt; the last is the question.
    pub(crate) turns: Vec<Turn>,
    /// The text that the answer has already; none: it begins anew.
    pub(crate) begun: Option<String>,
}

/// A message of the branch.
pub(crate) struct Turn {
    /// Its number in the branch, counted from the root.
    pub(crate) number: u32,
    pub(crate) message: ChatMessage,
}

impl Prompt {
    /// Read it for the answer to `question`.
    pub(crate) fn read(
        store: &mut Store,
        conversation: &ConversationId,
        question: &MessageId,
        begun: Option<String>,
    ) -> Result<Self, Error> {
        let settings = setup::settings(store)?;
        let setup = setup::parse(store.conversation(conversation)?.setup_json.as_deref());
        let branch = store.branch(question)?;
        let system = system_of(&setup, &branch);
        let mut turns = Vec::new();
        for (number, message) in (0_u32..).zip(branch) {
            let role = match message.role {
                Role::System => continue,
                Role::User => ChatRole::User,
                Role::Assistant => ChatRole::Assistant,
            };
            let content = if message.attachments.is_empty() {
                message.body.content
            } else {
                with_attachments(&store.attachment_texts(&message.id)?, &message.content)
            };
            turns.push(Turn { number, message: ChatMessage::new(role, content) });
        }
        Ok(Self { setup, settings, system, turns, begun })
    }

    /// The messages without those of `left_out`, which counts turns.
    pub(crate) fn without(&self, left_out: &std::ops::Range<usize>) -> Vec<ChatMessage> {
        let say = |role| move |content: &String| ChatMessage::new(role, content.as_str());
        let kept = self.turns.iter().enumerate().filter(|(at, _)| !left_out.contains(at));
        let system = self.system.iter().map(say(ChatRole::System));
        let begun = self.begun.iter().map(say(ChatRole::Assistant));
        system.chain(kept.map(|(_, turn)| turn.message.clone())).chain(begun).collect()
    }
}

/// The system prompt of a branch: that of the setup, or the one at its root, as old and imported conversations have it.
pub(crate) fn system_of(setup: &ChatSetup, branch: &[Message]) -> Option<String> {
    if !setup.system.trim().is_empty() {
        return Some(setup.system.clone());
    }
    branch.iter().find(|message| message.role == Role::System).map(|message| message.content.clone())
}

/// A message after the files that were sent with it, each in a fence that its text cannot close.
fn with_attachments(attachments: &[(Attachment, String)], content: &str) -> String {
    let mut text = String::new();
    for (attachment, body) in attachments {
        let name: String = attachment.name.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        let fence = "`".repeat(longest_run(body).max(2) + 1);
        // Writing to a string cannot fail.
        let _written = write!(text, "Attached file “{name}”:\n{fence}\n{}\n{fence}\n\n", body.trim_end_matches('\n'));
    }
    text.push_str(content);
    text
}

/// The length of the longest row of backticks.
fn longest_run(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or(0)
}

/// What was chosen, and the usual for the rest.
pub(crate) fn sampling(choice: &SamplingChoice, self_test: bool) -> Sampling {
    /// llama.cpp divides by it.
    const LOWEST_PENALTY: f32 = 0.01;
    let usual = usual_sampling(self_test);
    Sampling {
        temperature: choice.temperature.unwrap_or(usual.temperature),
        top_k: choice.top_k.unwrap_or(usual.top_k),
        top_p: choice.top_p.unwrap_or(usual.top_p),
        min_p: choice.min_p.unwrap_or(usual.min_p),
        repeat_penalty: choice.repeat_penalty.map_or(usual.repeat_penalty, |penalty| penalty.max(LOWEST_PENALTY)),
        repeat_last_n: usual.repeat_last_n,
        seed: choice.seed.or(usual.seed),
        ..usual
    }
}

/// How answers are sampled until the user says otherwise. The self-test model knows its answers by heart; anything random
/// would only make it stumble.
pub(crate) fn usual_sampling(self_test: bool) -> Sampling {
    let usual = Sampling::default();
    if self_test { Sampling { temperature: 0.0, ..usual } } else { usual }
}

#[cfg(test)]
mod tests {
    use paddock_store::AttachmentKind;

    use super::*;

    fn file(name: &str, text: &str) -> (Attachment, String) {
        let (id, kind, size_bytes) = ("a".into(), AttachmentKind::Text, text.len() as u64);
        (Attachment { id, name: name.into(), kind, size_bytes, n_tokens: None }, text.into())
    }

    #[test]
    fn attached_files_come_before_the_message_with_their_names() {
        let text = with_attachments(&[file("a.txt", "one\n"), file("b\n.md", "two")], "What is in them?");
        assert_eq!(
            text,
            "Attached file “a.txt”:\n```\none\n```\n\nAttached file “b .md”:\n```\ntwo\n```\n\nWhat is in them?"
        );
    }

    #[test]
    fn no_text_of_a_file_closes_its_fence() {
        let text = with_attachments(&[file("a.md", "```\ncode\n```` end")], "");
        assert!(text.starts_with("Attached file “a.md”:\n`````\n```\ncode"), "{text}");
    }

    #[test]
    fn what_is_not_chosen_is_as_usual_and_the_self_test_model_stays_cold() {
        let choice = SamplingChoice { top_k: Some(7), ..SamplingChoice::default() };
        assert_eq!(sampling(&choice, true), Sampling { temperature: 0.0, top_k: 7, ..Sampling::default() });
        let hot = SamplingChoice { temperature: Some(1.5), ..SamplingChoice::default() };
        assert_eq!(sampling(&hot, true).temperature.to_bits(), 1.5_f32.to_bits());
        assert_eq!(sampling(&SamplingChoice::default(), false), Sampling::default());
    }
}
