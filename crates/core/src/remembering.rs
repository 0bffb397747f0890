//! What the window remembers of itself. It is kept here and not by the web view, which writes some seconds later and so
//! forgets what was chosen last when the window is closed.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::{
    ApiError, App, ErrorCode,
    view::{Remembered, WindowKey},
};

/// The setting that holds it: one object, so that a start reads one row.
const WINDOW: &str = "window";
/// The longest text under one key, in bytes: a thousand folded folders.
const MAX_TEXT_BYTES: usize = 64 * 1024;

/// As it is stored. A key of a newer version is kept, and means nothing here.
type Stored = BTreeMap<String, String>;

impl App {
    /// All that the window remembers.
    ///
    /// # Errors
    /// Only what the disk says.
    pub async fn remembered(&self) -> Result<Remembered, ApiError> {
        let stored: Stored = self.with_store(|store| store.setting_or_default(WINDOW)).await?;
        Ok(stored.into_iter().filter_map(|(name, text)| Some((key_named(name)?, text))).collect())
    }

    /// Remember a text under a key, or forget it.
    ///
    /// # Errors
    /// When the text is longer than 64 KiB, or with what the disk says.
    pub async fn remember(&self, key: WindowKey, text: Option<String>) -> Result<(), ApiError> {
        if text.as_ref().is_some_and(|text| text.len() > MAX_TEXT_BYTES) {
            return Err(ApiError::new(ErrorCode::BadInput, "The window cannot remember more than 64 KiB at once."));
        }
        let Ok(Value::String(name)) = serde_json::to_value(key) else { return Ok(()) };
        self.with_store(move |store| {
            let mut stored: Stored = store.setting_or_default(WINDOW)?;
            let before = match &text {
                Some(text) => stored.insert(name, text.clone()),
                None => stored.remove(&name),
            };
            if before == text { Ok(()) } else { store.set_setting(WINDOW, &stored) }
        })
        .await
    }
}

fn key_named(name: String) -> Option<WindowKey> {
    serde_json::from_value(Value::String(name)).ok()
}
