//! How conversations are set up: system prompts, sampling, presets, templates, and what holds for all.

use crate::{
    ApiError, App,
    view::{ChatSettings, ChatSetup, Preset, PromptTemplate},
};

impl App {
    /// Set up a conversation; holds from the next answer on.
    ///
    /// # Errors
    /// When what is named is not there, and what the disk says.
    pub async fn set_chat_setup(&self, conversation_id: String, setup: ChatSetup) -> Result<(), ApiError> {
        let _ = &conversation_id;
        let _ = &setup;
        Err(ApiError::not_there_yet())
    }

    /// The presets, by name.
    ///
    /// # Errors
    /// When what is named is not there, and what the disk says.
    pub async fn presets(&self) -> Result<Vec<Preset>, ApiError> {
        Err(ApiError::not_there_yet())
    }

    /// Store a preset; with an empty id, a new one.
    ///
    /// # Errors
    /// When what is named is not there, and what the disk says.
    pub async fn save_preset(&self, preset: Preset) -> Result<Preset, ApiError> {
        let _ = &preset;
        Err(ApiError::not_there_yet())
    }

    /// Delete a preset. Conversations keep what they took from it.
    ///
    /// # Errors
    /// When what is named is not there, and what the disk says.
    pub async fn delete_preset(&self, id: String) -> Result<(), ApiError> {
        let _ = &id;
        Err(ApiError::not_there_yet())
    }

    /// The templates, by name.
    ///
    /// # Errors
    /// When what is named is not there, and what the disk says.
    pub async fn templates(&self) -> Result<Vec<PromptTemplate>, ApiError> {
        Err(ApiError::not_there_yet())
    }

    /// Store a template; with an empty id, a new one.
    ///
    /// # Errors
    /// When what is named is not there, and what the disk says.
    pub async fn save_template(&self, template: PromptTemplate) -> Result<PromptTemplate, ApiError> {
        let _ = &template;
        Err(ApiError::not_there_yet())
    }

    /// Delete a template.
    ///
    /// # Errors
    /// When what is named is not there, and what the disk says.
    pub async fn delete_template(&self, id: String) -> Result<(), ApiError> {
        let _ = &id;
        Err(ApiError::not_there_yet())
    }

    /// What holds for all conversations.
    ///
    /// # Errors
    /// When what is named is not there, and what the disk says.
    pub async fn chat_settings(&self) -> Result<ChatSettings, ApiError> {
        Err(ApiError::not_there_yet())
    }

    /// Change it; returns it as it is now.
    ///
    /// # Errors
    /// When what is named is not there, and what the disk says.
    pub async fn set_chat_settings(&self, settings: ChatSettings) -> Result<ChatSettings, ApiError> {
        let _ = &settings;
        Err(ApiError::not_there_yet())
    }
}
