//! Folders, pins, the archive, search, and what a person changes in the tree of messages.

use std::time::Duration;

use paddock_store::{ConversationId, MessageId, SearchQuery};

use crate::{
    ApiError, App, ErrorCode,
    app::now_ms,
    view::{Conversation, ConversationSummary, EraseReport, Folder, SearchHit, SearchRequest},
};

/// The longest name of a folder, in characters.
const MAX_NAME_CHARS: usize = 100;

/// How long an erasure waits for answers to stop.
const STOP_PATIENCE: Duration = Duration::from_secs(10);

impl App {
    /// The folders, by name.
    ///
    /// # Errors
    /// Only what the disk says; so for all of these, beside what they name.
    pub async fn folders(&self) -> Result<Vec<Folder>, ApiError> {
        let folders = self.with_store(|store| store.folders()).await?;
        Ok(folders.into_iter().map(Folder::from).collect())
    }

    /// A new folder.
    ///
    /// # Errors
    /// When the name is empty or longer than 100 characters.
    pub async fn create_folder(&self, name: String) -> Result<Folder, ApiError> {
        let name = folder_name(&name)?;
        let folder = self.with_store(move |store| store.create_folder(&name, now_ms())).await?;
        self.list_changed();
        Ok(folder.into())
    }

    /// Give a folder another name.
    ///
    /// # Errors
    /// As [`Self::create_folder`], and when it is not there.
    pub async fn rename_folder(&self, id: String, name: String) -> Result<(), ApiError> {
        let name = folder_name(&name)?;
        self.with_store(move |store| store.rename_folder(&id, &name)).await?;
        self.list_changed();
        Ok(())
    }

    /// Delete a folder. What is in it stays, in no folder.
    ///
    /// # Errors
    /// When it is not there.
    pub async fn delete_folder(&self, id: String) -> Result<(), ApiError> {
        self.with_store(move |store| store.delete_folder(&id)).await?;
        self.list_changed();
        Ok(())
    }

    /// Keep a conversation at the top of the list, or no longer.
    ///
    /// # Errors
    /// When it is not there.
    pub async fn pin_conversation(&self, id: String, pinned: bool) -> Result<(), ApiError> {
        self.with_store(move |store| store.set_pinned(&id.into(), pinned)).await?;
        self.list_changed();
        Ok(())
    }

    /// Take a conversation out of the list, or put it back.
    ///
    /// # Errors
    /// When it is not there.
    pub async fn archive_conversation(&self, id: String, archived: bool) -> Result<(), ApiError> {
        self.with_store(move |store| store.set_archived(&id.into(), archived)).await?;
        self.list_changed();
        Ok(())
    }

    /// Put a conversation into a folder, or into none.
    ///
    /// # Errors
    /// When one of them is not there.
    pub async fn move_conversation(&self, id: String, folder_id: Option<String>) -> Result<(), ApiError> {
        self.with_store(move |store| store.set_folder(&id.into(), folder_id.as_deref())).await?;
        self.list_changed();
        Ok(())
    }

    /// Find words in titles and messages, the best first; within one conversation in its order.
    ///
    /// # Errors
    /// When the conversation is not there.
    pub async fn search(&self, request: SearchRequest) -> Result<Vec<SearchHit>, ApiError> {
        let query = SearchQuery {
            words: request.words,
            conversation: request.conversation_id.map(ConversationId::from),
            limit: usize::try_from(request.limit).unwrap_or(usize::MAX),
        };
        let hits = self.with_store(move |store| store.search(&query)).await?;
        Ok(hits.into_iter().map(SearchHit::from).collect())
    }

    /// A new conversation with a copy of the branch up to this message.
    ///
    /// # Errors
    /// When it is not there, or an answer in it is still being written.
    pub async fn fork_conversation(&self, message_id: String) -> Result<ConversationSummary, ApiError> {
        let fork = self.with_store(move |store| store.fork_conversation(&message_id.into(), now_ms())).await?;
        self.list_changed();
        Ok(fork.into())
    }

    /// Remember that the branch that ends here is the one shown.
    ///
    /// # Errors
    /// When one of them is not there, or the message is of another conversation.
    pub async fn show_branch(&self, conversation_id: String, message_id: String) -> Result<(), ApiError> {
        self.with_store(move |store| store.set_head(&conversation_id.into(), &message_id.into())).await?;
        // The list shows the last words of the branch.
        self.list_changed();
        Ok(())
    }

    /// The user's own text in place of an answer: a new message beside it, which is then shown.
    ///
    /// # Errors
    /// When it is not there, is not an answer, or is still being written; when the text is empty.
    pub async fn edit_answer(&self, message_id: String, content: String) -> Result<Conversation, ApiError> {
        if content.trim().is_empty() {
            return Err(ApiError::new(ErrorCode::BadInput, "An answer needs some text.").hint("Delete it instead."));
        }
        let edited = self
            .with_store(move |store| {
                let (conversation, _) = store.edit_answer(&message_id.into(), &content, now_ms())?;
                store.conversation(&conversation)
            })
            .await?;
        self.list_changed();
        Ok(edited.into())
    }

    /// Delete a message and what follows it. An answer that is on its way there is stopped. It can be restored until the
    /// app starts again.
    ///
    /// # Errors
    /// When it is not there.
    pub async fn delete_message(&self, message_id: String) -> Result<Conversation, ApiError> {
        let id = MessageId::from(message_id);
        let (left, was_writing) = self
            .with_store(move |store| {
                let was_writing = store.is_being_written_below(&id)?;
                let conversation = store.delete_message(&id, now_ms())?;
                Ok((store.conversation(&conversation)?, was_writing))
            })
            .await?;
        if was_writing {
            self.stop_answer(left.summary.id.as_str());
        }
        self.list_changed();
        Ok(left.into())
    }

    /// Put a deleted message back, and what was deleted with it.
    ///
    /// # Errors
    /// When it is gone for good.
    pub async fn restore_message(&self, message_id: String) -> Result<Conversation, ApiError> {
        let restored = self
            .with_store(move |store| {
                let conversation = store.restore_message(&message_id.into())?;
                store.conversation(&conversation)
            })
            .await?;
        self.list_changed();
        Ok(restored.into())
    }

    /// The text of an attached file.
    ///
    /// # Errors
    /// When it is not there.
    pub async fn attachment_text(&self, id: String) -> Result<String, ApiError> {
        self.with_store(move |store| store.attachment_text(&id)).await
    }

    /// What was typed and not sent; of the conversation that does not exist yet, with none.
    ///
    /// # Errors
    /// Only what the disk says.
    pub async fn draft(&self, conversation_id: Option<String>) -> Result<String, ApiError> {
        let id = conversation_id.map(ConversationId::from);
        self.with_store(move |store| store.draft(id.as_ref())).await
    }

    /// Keep what was typed.
    ///
    /// # Errors
    /// When the conversation is gone for good.
    pub async fn save_draft(&self, conversation_id: Option<String>, text: String) -> Result<(), ApiError> {
        let id = conversation_id.map(ConversationId::from);
        self.with_store(move |store| store.save_draft(id.as_ref(), &text, now_ms())).await
    }

    /// Erase conversations, deleted ones too, so that no file of ours holds a word of them; with no ids, all deleted ones.
    /// Answers on their way in them are stopped first.
    ///
    /// # Errors
    /// When one of them is not there; when a copy of them could not be deleted.
    pub async fn erase_conversations(&self, ids: Vec<String>) -> Result<EraseReport, ApiError> {
        let named = ids.clone();
        let ids: Vec<ConversationId> = ids.into_iter().map(ConversationId::from).collect();
        self.stop_answers(&ids).await?;
        self.forget_parked(&named).await;
        let _alone = self.inner.copying.lock().await;
        let erased = self.with_store(move |store| store.erase(&ids, now_ms())).await;
        self.list_changed();
        let erased = erased?;
        let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        Ok(EraseReport { conversations: number(erased.conversations), backups: number(erased.backups) })
    }

    /// Stop the answers in these conversations, and wait until they are stored: what is stored later would not be erased.
    async fn stop_answers(&self, conversations: &[ConversationId]) -> Result<(), ApiError> {
        let stopped = async {
            for id in conversations {
                self.stop_answer(id.as_str());
                while self.inner.answering().contains_key(id) {
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
            }
        };
        tokio::time::timeout(STOP_PATIENCE, stopped).await.map_err(|_| {
            ApiError::new(ErrorCode::Busy, "An answer in a conversation that is to be erased does not stop.")
                .hint("Unload the model, then try again.")
        })
    }
}

/// The name without space around it and line breaks in it.
fn folder_name(name: &str) -> Result<String, ApiError> {
    let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
    if name.is_empty() {
        return Err(ApiError::new(ErrorCode::BadInput, "A folder needs a name with at least one letter."));
    }
    if name.chars().count() > MAX_NAME_CHARS {
        return Err(ApiError::new(
            ErrorCode::BadInput,
            format!("The name of a folder can have at most {MAX_NAME_CHARS} characters."),
        )
        .hint("Choose a shorter one."));
    }
    Ok(name)
}
