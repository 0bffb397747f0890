//! Errors of the use cases themselves that people meet often.

use super::{ApiError, ErrorCode, What};
use crate::view::ContextPolicy;

impl ApiError {
    /// Something that was begun is given up because the app ends.
    pub(crate) fn closing() -> Self {
        Self::new(ErrorCode::Busy, "Paddock is being closed.").what(What::Closing)
    }

    /// One conversation has one answer at a time.
    pub(crate) fn answer_underway() -> Self {
        Self::new(ErrorCode::Busy, "An answer is still being written in this conversation.")
            .hint("Wait for its end, or stop it.")
            .what(What::AnswerUnderway)
    }

    /// A measurement wants all of the computer.
    pub(crate) fn model_at_work() -> Self {
        Self::new(ErrorCode::Busy, "The model is working.")
            .hint("Measure when it has finished.")
            .what(What::ModelAtWork)
    }

    /// The local server's port is another program's; `by` says whose, where that is known.
    pub fn port_taken(port: u16, by: Option<String>) -> Self {
        let who = by.clone().unwrap_or_else(|| "another program".into());
        Self::new(ErrorCode::Busy, format!("Port {port} is taken by {who}."))
            .hint("End that program, or choose another port.")
            .what(What::PortTaken { port, by })
    }

    /// The local server cannot run; `reason` is the rest of a sentence.
    pub fn server_not_started(reason: String) -> Self {
        Self::new(ErrorCode::BadInput, format!("The local server could not be started: {reason}."))
            .hint("Change its settings and try again.")
            .what(What::ServerNotStarted { reason })
    }

    /// What is loaded is not deleted.
    pub(crate) fn model_loaded(name: String) -> Self {
        Self::new(ErrorCode::Busy, format!("“{name}” is loaded, so it was not deleted."))
            .hint("Unload it first.")
            .what(What::ModelLoaded { name })
    }

    /// What is being compared with its checksum is not deleted.
    pub(crate) fn model_in_check(name: String) -> Self {
        Self::new(ErrorCode::Busy, format!("“{name}” is being verified."))
            .hint("Delete it when that is done.")
            .what(What::ModelInCheck { name })
    }

    /// A download was taken off the list meanwhile.
    pub(crate) fn download_gone() -> Self {
        Self::new(ErrorCode::NotFound, "This download is no longer in the list.").what(What::DownloadGone)
    }

    /// Meta's terms are accepted before the first byte.
    pub(crate) fn licence_not_accepted(repo: String, licence: String) -> Self {
        Self::new(ErrorCode::LicenceNotAccepted, format!("{repo} comes under the {licence}."))
            .hint("Read it and accept it once; then the download can begin.")
            .what(What::LicenceNotAccepted { repo, licence })
    }

    /// A file that is to be used has other bytes than those published; `sentence` says how that shows.
    pub(crate) fn file_damaged(sentence: String, file: String, damaged_bytes: Option<u64>) -> Self {
        Self::new(ErrorCode::ModelRefused, sentence)
            .hint("Repair it under Models, or download it again.")
            .what(What::FileDamaged { file, damaged_bytes })
    }

    /// What is to be sent leaves no room for an answer of `reserve` tokens.
    pub(crate) fn too_long(n_tokens: u32, reserve: u32, n_ctx: u32, policy: ContextPolicy) -> Self {
        let (subject, hint, what) = match policy {
            ContextPolicy::StopAtLimit => (
                "This conversation is",
                "Load the model with a longer context, start a new chat, or let old messages be left out.",
                What::ConversationTooLong { n_tokens, reserve, n_ctx },
            ),
            ContextPolicy::TruncateMiddle | ContextPolicy::RollingWindow => (
                "This message, without the messages before it, is",
                "Load the model with a longer context, or send less at once.",
                What::MessageTooLong { n_tokens, reserve, n_ctx },
            ),
        };
        let message = format!(
            "{subject} {n_tokens} tokens long. With {reserve} kept free for the answer, that does not fit in the context of {n_ctx} tokens."
        );
        Self::new(ErrorCode::PromptTooLong, message).hint(hint).what(what)
    }
}
