//! The list of conversations, and single ones.

use paddock_store::ConversationId;

use crate::{
    ApiError, App, ErrorCode,
    app::now_ms,
    view::{Conversation, ConversationSummary},
};

/// The longest title kept, in characters.
const MAX_TITLE_CHARS: usize = 200;

impl App {
    /// All conversations, the one that changed last first.
    ///
    /// # Errors
    /// Only what the disk says; so for all of these, beside what they name.
    pub async fn list_conversations(&self) -> Result<Vec<ConversationSummary>, ApiError> {
        let list = self.with_store(|store| store.conversations()).await?;
        Ok(list.into_iter().map(ConversationSummary::from).collect())
    }

    /// One conversation with all its messages.
    ///
    /// # Errors
    /// When it is not there.
    pub async fn conversation(&self, id: String) -> Result<Conversation, ApiError> {
        let id = ConversationId::from(id);
        Ok(self.with_store(move |store| store.conversation(&id)).await?.into())
    }

    /// Give it another title.
    ///
    /// # Errors
    /// When it is not there, or the title is empty.
    pub async fn rename_conversation(&self, id: String, title: String) -> Result<(), ApiError> {
        let title: String =
            title.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(MAX_TITLE_CHARS).collect();
        if title.is_empty() {
            return Err(ApiError::new(ErrorCode::BadInput, "A title needs at least one letter."));
        }
        let id = ConversationId::from(id);
        self.with_store(move |store| store.rename(&id, &title)).await?;
        self.list_changed();
        Ok(())
    }

    /// Take it off the list. It can be restored until the app starts again.
    ///
    /// # Errors
    /// When it is not there.
    pub async fn delete_conversation(&self, id: String) -> Result<(), ApiError> {
        self.stop_answer(&id);
        let deleted = ConversationId::from(id.as_str());
        self.with_store(move |store| store.delete(&deleted, now_ms())).await?;
        self.list_changed();
        self.forget_parked(&[id]).await;
        Ok(())
    }

    /// Put a deleted one back.
    ///
    /// # Errors
    /// When it is gone for good.
    pub async fn restore_conversation(&self, id: String) -> Result<ConversationSummary, ApiError> {
        let id = ConversationId::from(id);
        let restored = self
            .with_store(move |store| {
                store.restore(&id)?;
                store.conversation(&id)
            })
            .await?;
        self.list_changed();
        Ok(restored.summary.into())
    }
}
