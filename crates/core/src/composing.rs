//! What the message field needs to know before anything is sent. None of it waits for the engine: where it cannot count at
//! once, the numbers are estimates.

use std::time::Duration;

use paddock_engine_api::protocol::MAX_LINE_BYTES;
use paddock_store::{ConversationId, Message, MessageId, Role, Timings};

use crate::{
    ApiError, App, fitting,
    prompt::system_of,
    setup,
    view::{ChatSettings, ChatSetup, ContextUse, EngineState, LoadedModel, NewAttachment, TokenCounts},
};

/// How long a count may take before it is estimated instead.
const PATIENCE: Duration = Duration::from_secs(1);
/// What a chat template puts around a message, in tokens: Llama 3's five, and the system block's rest shared out.
const AROUND_MESSAGE: u32 = 6;

impl App {
    /// The tokens of texts.
    ///
    /// # Errors
    /// None: what cannot be counted is estimated.
    pub async fn count_tokens(&self, texts: Vec<String>) -> Result<TokenCounts, ApiError> {
        Ok(self.count(texts).await)
    }

    /// What fills the context before the next message: what follows `head_id`, or begins the conversation.
    ///
    /// # Errors
    /// When what is named is not there, and what the disk says.
    pub async fn context_use(
        &self,
        conversation_id: Option<String>,
        head_id: Option<String>,
    ) -> Result<ContextUse, ApiError> {
        let Branch { settings, setup, messages, uncounted } = self
            .with_store(move |store| {
                let settings = setup::settings(store)?;
                let setup = match conversation_id.map(ConversationId::from) {
                    Some(id) => setup::parse(store.conversation(&id)?.setup_json.as_deref()),
                    None => setup::of_new_conversation(store)?.unwrap_or_default(),
                };
                let messages = match head_id.map(MessageId::from) {
                    Some(head) => store.branch(&head)?,
                    None => Vec::new(),
                };
                let mut uncounted = Vec::new();
                for message in messages.iter().filter(|message| !message.attachments.is_empty()) {
                    let texts = store.attachment_texts(&message.id)?.into_iter();
                    uncounted.extend(texts.filter(|(file, _)| file.n_tokens.is_none()).map(|(_, text)| text));
                }
                Ok(Branch { settings, setup, messages, uncounted })
            })
            .await?;
        let model = self.loaded();
        let n_ctx = model.as_ref().and_then(LoadedModel::context);
        let system = system_of(&setup, &messages).unwrap_or_default();
        let told = messages.last().and_then(|head| filled_after(head, model.as_ref()?));
        let turns = messages.iter().filter(|message| message.role != Role::System && told.is_none());
        let turns: Vec<String> = turns.map(|message| message.content.clone()).collect();

        let files = messages.iter().flat_map(|message| &message.attachments);
        let counted: u32 = files.filter_map(|file| file.n_tokens).fold(0, u32::saturating_add);
        let n_uncounted = uncounted.len();
        let TokenCounts { counts, exact } =
            self.count(std::iter::once(system).chain(uncounted).chain(turns).collect()).await;
        let sum = |counts: &[u32]| counts.iter().copied().fold(0, u32::saturating_add);
        let (system, rest) = counts.split_first().map_or((0, &[][..]), |(&system, rest)| (system, rest));
        let (uncounted, turns) = rest.split_at_checked(n_uncounted).unwrap_or((rest, &[]));
        let attachments = counted.saturating_add(sum(uncounted));
        let history = match told {
            Some(filled) => filled.saturating_sub(system).saturating_sub(attachments),
            None => {
                let around = AROUND_MESSAGE.saturating_mul(u32::try_from(turns.len()).unwrap_or(u32::MAX));
                sum(turns).saturating_add(around)
            }
        };
        let reserve = n_ctx.map_or(settings.reply_reserve, |n_ctx| fitting::reserve(&settings, &setup, n_ctx));
        Ok(ContextUse { n_ctx, system, history, attachments, reserve, exact })
    }

    /// Count texts with the loaded model, or estimate them.
    pub(crate) async fn count(&self, texts: Vec<String>) -> TokenCounts {
        let bytes: usize = texts.iter().map(String::len).sum();
        let counts = texts.iter().map(|text| estimate(text)).collect();
        // Another server's model counts nothing: nobody asked for a request.
        let here = self.loaded().is_some_and(|model| model.remote.is_none());
        if here && bytes <= MAX_LINE_BYTES / 2 {
            let n_texts = texts.len();
            match tokio::time::timeout(PATIENCE, self.inner.host.count_texts(texts)).await {
                Ok(Ok(counts)) if counts.len() == n_texts => return TokenCounts { counts, exact: true },
                Ok(Ok(_)) => tracing::warn!("the engine counted another number of texts than it was given"),
                Ok(Err(error)) => tracing::debug!(%error, "texts were not counted"),
                Err(_late) => {}
            }
        }
        TokenCounts { counts, exact: false }
    }

    /// Count attached texts that nobody has counted yet; without the loaded model they stay uncounted.
    pub(crate) async fn count_attachments(&self, attachments: &mut [NewAttachment]) {
        let uncounted: Vec<&mut NewAttachment> =
            attachments.iter_mut().filter(|attachment| attachment.n_tokens.is_none()).collect();
        if uncounted.is_empty() {
            return;
        }
        let texts = uncounted.iter().map(|attachment| attachment.text.clone()).collect();
        let TokenCounts { counts, exact } = self.count(texts).await;
        for (attachment, count) in uncounted.into_iter().zip(counts) {
            attachment.n_tokens = exact.then_some(count);
        }
    }

    /// The model in the engine, as far as the window knows.
    pub(crate) fn loaded(&self) -> Option<LoadedModel> {
        match &*self.inner.engine_state.borrow() {
            EngineState::Ready { model }
            | EngineState::Understanding { model, .. }
            | EngineState::Writing { model, .. } => Some(model.clone()),
            EngineState::NoModel
            | EngineState::Resting { .. }
            | EngineState::Loading { .. }
            | EngineState::Failed { .. } => None,
        }
    }
}

struct Branch {
    settings: ChatSettings,
    setup: ChatSetup,
    messages: Vec<Message>,
    /// Texts of attached files without a count.
    uncounted: Vec<String>,
}

/// The tokens that the context held when this answer ended, if the loaded model wrote it and nobody changed it since.
fn filled_after(head: &Message, model: &LoadedModel) -> Option<u32> {
    let same = head.role == Role::Assistant && !head.edited && head.model_name.as_ref() == Some(&model.name);
    let Timings { cache_n, prompt_n, predicted_n, .. } = head.timings.filter(|_| same)?;
    // Some servers do not count.
    if cache_n.saturating_add(prompt_n) == 0 {
        return None;
    }
    Some(cache_n.saturating_add(prompt_n).saturating_add(predicted_n))
}

/// About how many tokens a text has: one for four Latin letters, for two of most other alphabets, and for every
/// character of Chinese, Japanese and Korean, and every emoji.
fn estimate(text: &str) -> u32 {
    let quarters: u64 = text
        .chars()
        .map(|c| match u32::from(c) {
            0..0x250 => 1,
            0x250..0x1100 | 0x1E00..0x2E80 => 2,
            _ => 4,
        })
        .sum();
    u32::try_from(quarters.div_ceil(4)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::estimate;

    #[test]
    fn an_estimate_follows_the_script() {
        assert_eq!(estimate(""), 0);
        assert_eq!(estimate("a"), 1);
        assert_eq!(estimate("explain quantum entanglement"), 7);
        assert_eq!(estimate("привет мир"), 5);
        assert_eq!(estimate("終わり"), 3);
        assert_eq!(estimate("안녕"), 2);
    }
}
