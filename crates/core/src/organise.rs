//! Folders, pins, the archive, search, and what a person changes in the tree of messages.

use crate::{
    ApiError, App,
    view::{Conversation, ConversationSummary, EraseReport, Folder, SearchHit, SearchRequest},
};

impl App {
    /// The folders, by name.
    ///
    /// # Errors
    /// When what is named is not there, and what the disk says.
    pub async fn folders(&self) -> Result<Vec<Folder>, ApiError> {
        Err(ApiError::not_there_yet())
    }

    /// A new folder.
    ///
    /// # Errors
    /// When what is named is not there, and what the disk says.
    pub async fn create_folder(&self, name: String) -> Result<Folder, ApiError> {
        let _ = &name;
        Err(ApiError::not_there_yet())
    }

    /// Give a folder another name.
    ///
    /// # Errors
    /// When what is named is not there, and what the disk says.
    pub async fn rename_folder(&self, id: String, name: String) -> Result<(), ApiError> {
        let _ = &id;
        let _ = &name;
        Err(ApiError::not_there_yet())
    }

    /// Delete a folder. What is in it stays, in no folder.
    ///
    /// # Errors
    /// When what is named is not there, and what the disk says.
    pub async fn delete_folder(&self, id: String) -> Result<(), ApiError> {
        let _ = &id;
        Err(ApiError::not_there_yet())
    }

    /// Keep a conversation at the top of the list, or no longer.
    ///
    /// # Errors
    /// When what is named is not there, and what the disk says.
    pub async fn pin_conversation(&self, id: String, pinned: bool) -> Result<(), ApiError> {
        let _ = &id;
        let _ = &pinned;
        Err(ApiError::not_there_yet())
    }

    /// Take a conversation out of the list, or put it back.
    ///
    /// # Errors
    /// When what is named is not there, and what the disk says.
    pub async fn archive_conversation(&self, id: String, archived: bool) -> Result<(), ApiError> {
        let _ = &id;
        let _ = &archived;
        Err(ApiError::not_there_yet())
    }

    /// Put a conversation into a folder, or into none.
    ///
    /// # Errors
    /// When what is named is not there, and what the disk says.
    pub async fn move_conversation(&self, id: String, folder_id: Option<String>) -> Result<(), ApiError> {
        let _ = &id;
        let _ = &folder_id;
        Err(ApiError::not_there_yet())
    }

    /// Find words in titles and messages, the best first; within one conversation in its order.
    ///
    /// # Errors
    /// When what is named is not there, and what the disk says.
    pub async fn search(&self, request: SearchRequest) -> Result<Vec<SearchHit>, ApiError> {
        let _ = &request;
        Err(ApiError::not_there_yet())
    }

    /// A new conversation with a copy of the branch up to this message.
    ///
    /// # Errors
    /// When what is named is not there, and what the disk says.
    pub async fn fork_conversation(&self, message_id: String) -> Result<ConversationSummary, ApiError> {
        let _ = &message_id;
        Err(ApiError::not_there_yet())
    }

    /// Remember that the branch that ends here is the one shown.
    ///
    /// # Errors
    /// When what is named is not there, and what the disk says.
    pub async fn show_branch(&self, conversation_id: String, message_id: String) -> Result<(), ApiError> {
        let _ = &conversation_id;
        let _ = &message_id;
        Err(ApiError::not_there_yet())
    }

    /// The user's own text in place of an answer: a new message beside it, which is then shown.
    ///
    /// # Errors
    /// When what is named is not there, and what the disk says.
    pub async fn edit_answer(&self, message_id: String, content: String) -> Result<Conversation, ApiError> {
        let _ = &message_id;
        let _ = &content;
        Err(ApiError::not_there_yet())
    }

    /// Delete a message and what follows it. It can be restored until the app starts again.
    ///
    /// # Errors
    /// When what is named is not there, and what the disk says.
    pub async fn delete_message(&self, message_id: String) -> Result<Conversation, ApiError> {
        let _ = &message_id;
        Err(ApiError::not_there_yet())
    }

    /// Put a deleted message back, and what was deleted with it.
    ///
    /// # Errors
    /// When what is named is not there, and what the disk says.
    pub async fn restore_message(&self, message_id: String) -> Result<Conversation, ApiError> {
        let _ = &message_id;
        Err(ApiError::not_there_yet())
    }

    /// The text of an attached file.
    ///
    /// # Errors
    /// When what is named is not there, and what the disk says.
    pub async fn attachment_text(&self, id: String) -> Result<String, ApiError> {
        let _ = &id;
        Err(ApiError::not_there_yet())
    }

    /// What was typed and not sent; of the conversation that does not exist yet, with none.
    ///
    /// # Errors
    /// When what is named is not there, and what the disk says.
    pub async fn draft(&self, conversation_id: Option<String>) -> Result<String, ApiError> {
        let _ = &conversation_id;
        Err(ApiError::not_there_yet())
    }

    /// Keep what was typed.
    ///
    /// # Errors
    /// When what is named is not there, and what the disk says.
    pub async fn save_draft(&self, conversation_id: Option<String>, text: String) -> Result<(), ApiError> {
        let _ = &conversation_id;
        let _ = &text;
        Err(ApiError::not_there_yet())
    }

    /// Erase conversations, deleted ones too, so that no file of ours holds a word of them; with no ids, all deleted ones.
    ///
    /// # Errors
    /// When what is named is not there, and what the disk says.
    pub async fn erase_conversations(&self, ids: Vec<String>) -> Result<EraseReport, ApiError> {
        let _ = &ids;
        Err(ApiError::not_there_yet())
    }
}
