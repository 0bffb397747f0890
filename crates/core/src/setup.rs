//! How conversations are set up: system prompts, sampling, presets, templates, and what holds for all.

use paddock_store::{ConversationId, Error, PresetRecord, Store, TemplateRecord};
use serde::{Deserialize, Serialize};

use crate::{
    ApiError, App, ErrorCode,
    app::now_ms,
    formats::format_of,
    view::{ChatSettings, ChatSetup, FormatChoice, Preset, PromptTemplate, SamplingChoice},
};

/// The setting that holds the [`ChatSettings`].
const CHAT_SETTINGS: &str = "chat_settings";
/// The longest name of a preset or template, in characters.
const MAX_NAME_CHARS: usize = 100;
/// The longest system prompt or template, in bytes.
const MAX_TEXT_BYTES: usize = 1_000_000;
/// The tokens that can be kept free for an answer.
const RESERVES: std::ops::RangeInclusive<u32> = 16..=32_768;

/// A preset's contents, as they are stored.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct PresetBody {
    system: String,
    sampling: SamplingChoice,
    format: FormatChoice,
}

impl App {
    /// Set up a conversation; holds from the next answer on.
    ///
    /// # Errors
    /// When it is not there, a value is out of its range, or the system prompt too long.
    pub async fn set_chat_setup(&self, conversation_id: String, setup: ChatSetup) -> Result<(), ApiError> {
        check_setup(&setup)?;
        let id = ConversationId::from(conversation_id);
        let json = json_of(&setup)?;
        self.with_store(move |store| store.set_setup(&id, Some(&json))).await
    }

    /// The presets, by name.
    ///
    /// # Errors
    /// Only what the disk says.
    pub async fn presets(&self) -> Result<Vec<Preset>, ApiError> {
        Ok(self.with_store(|store| store.presets()).await?.into_iter().map(preset_of).collect())
    }

    /// Store a preset; with an empty id, a new one.
    ///
    /// # Errors
    /// When it is not there (any more), its name is empty or too long, or a value makes no sense.
    pub async fn save_preset(&self, preset: Preset) -> Result<Preset, ApiError> {
        let Preset { id, name, system, sampling, format } = preset;
        let name = checked_name(&name)?;
        check_text("system prompt", &system)?;
        check_sampling(&sampling)?;
        format_of(&format)?;
        let body_json = json_of(&PresetBody { system, sampling, format })?;
        let record = PresetRecord { id, name, body_json };
        Ok(preset_of(self.with_store(move |store| store.save_preset(record, now_ms())).await?))
    }

    /// Delete a preset. Conversations keep what they took from it.
    ///
    /// # Errors
    /// When it is not there.
    pub async fn delete_preset(&self, id: String) -> Result<(), ApiError> {
        self.with_store(move |store| {
            store.delete_preset(&id)?;
            let settings = settings(store)?;
            if settings.default_preset_id.as_deref() == Some(id.as_str()) {
                store.set_setting(CHAT_SETTINGS, &ChatSettings { default_preset_id: None, ..settings })?;
            }
            Ok(())
        })
        .await
    }

    /// The templates, by name.
    ///
    /// # Errors
    /// Only what the disk says.
    pub async fn templates(&self) -> Result<Vec<PromptTemplate>, ApiError> {
        Ok(self.with_store(|store| store.templates()).await?.into_iter().map(template_of).collect())
    }

    /// Store a template; with an empty id, a new one.
    ///
    /// # Errors
    /// When it is not there (any more), its name is empty or too long, or its text is.
    pub async fn save_template(&self, template: PromptTemplate) -> Result<PromptTemplate, ApiError> {
        let PromptTemplate { id, name, text } = template;
        let name = checked_name(&name)?;
        if text.trim().is_empty() {
            return Err(ApiError::new(ErrorCode::BadInput, "The template has no text."));
        }
        check_text("template", &text)?;
        let record = TemplateRecord { id, name, text };
        Ok(template_of(self.with_store(move |store| store.save_template(record, now_ms())).await?))
    }

    /// Delete a template.
    ///
    /// # Errors
    /// When it is not there.
    pub async fn delete_template(&self, id: String) -> Result<(), ApiError> {
        self.with_store(move |store| store.delete_template(&id)).await
    }

    /// What holds for all conversations.
    ///
    /// # Errors
    /// Only what the disk says; what cannot be read counts as not set.
    pub async fn chat_settings(&self) -> Result<ChatSettings, ApiError> {
        self.with_store(|store| settings(store)).await
    }

    /// Change it; returns it as it is now.
    ///
    /// # Errors
    /// When a value is out of its range, and what the disk says.
    pub async fn set_chat_settings(&self, settings: ChatSettings) -> Result<ChatSettings, ApiError> {
        if !RESERVES.contains(&settings.reply_reserve) {
            return Err(ApiError::new(
                ErrorCode::BadInput,
                format!(
                    "{} tokens cannot be kept free for an answer; {} to {} can.",
                    settings.reply_reserve,
                    RESERVES.start(),
                    RESERVES.end()
                ),
            ));
        }
        self.with_store(move |store| {
            store.set_setting(CHAT_SETTINGS, &settings)?;
            Ok(settings)
        })
        .await
    }
}

/// What holds for all conversations.
pub(crate) fn settings(store: &Store) -> Result<ChatSettings, Error> {
    match store.setting(CHAT_SETTINGS) {
        Ok(settings) => Ok(settings.unwrap_or_default()),
        // What a newer version wrote and this one cannot read counts as not set.
        Err(Error::SettingUnreadable { .. }) => Ok(ChatSettings::default()),
        Err(error) => Err(error),
    }
}

/// A stored setup; what cannot be read counts as not set.
pub(crate) fn parse(json: Option<&str>) -> ChatSetup {
    json.and_then(|json| serde_json::from_str(json).ok()).unwrap_or_default()
}

/// How a conversation is set up that begins without saying so: by the default preset, if there is one.
pub(crate) fn of_new_conversation(store: &Store) -> Result<Option<ChatSetup>, Error> {
    let Some(id) = settings(store)?.default_preset_id else { return Ok(None) };
    let preset = store.presets()?.into_iter().find(|preset| preset.id == id).map(preset_of);
    Ok(preset.map(|Preset { id, system, sampling, format, .. }| ChatSetup {
        preset_id: Some(id),
        system,
        sampling,
        context_policy: None,
        format,
    }))
}

/// Refuse what no engine would take.
pub(crate) fn check_setup(setup: &ChatSetup) -> Result<(), ApiError> {
    check_text("system prompt", &setup.system)?;
    format_of(&setup.format)?;
    check_sampling(&setup.sampling)
}

fn check_sampling(sampling: &SamplingChoice) -> Result<(), ApiError> {
    let ranged = [
        ("temperature", sampling.temperature, 5.0),
        ("top-p", sampling.top_p, 1.0),
        ("min-p", sampling.min_p, 1.0),
        ("repeat penalty", sampling.repeat_penalty, 2.0),
    ];
    for (name, value, highest) in ranged {
        if let Some(value) = value.filter(|value| !(0.0..=highest).contains(value)) {
            let message = format!("The {name} cannot be {value}; it is 0 to {highest}.");
            return Err(ApiError::new(ErrorCode::BadInput, message));
        }
    }
    if sampling.max_tokens == Some(0) {
        return Err(ApiError::new(ErrorCode::BadInput, "An answer of 0 tokens is none; at least 1 can be allowed."));
    }
    Ok(())
}

fn checked_name(name: &str) -> Result<String, ApiError> {
    let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
    let chars = name.chars().count();
    if chars == 0 {
        return Err(ApiError::new(ErrorCode::BadInput, "It needs a name."));
    }
    if chars > MAX_NAME_CHARS {
        let message = format!("The name has {chars} characters; at most {MAX_NAME_CHARS} are possible.");
        return Err(ApiError::new(ErrorCode::BadInput, message));
    }
    Ok(name)
}

fn check_text(what: &str, text: &str) -> Result<(), ApiError> {
    if text.len() <= MAX_TEXT_BYTES {
        return Ok(());
    }
    let message = format!("The {what} is {} bytes long; at most {MAX_TEXT_BYTES} are possible.", text.len());
    Err(ApiError::new(ErrorCode::BadInput, message).hint("Shorten it."))
}

pub(crate) fn json_of(value: &impl Serialize) -> Result<String, ApiError> {
    serde_json::to_string(value)
        .map_err(|error| ApiError::new(ErrorCode::Internal, format!("This has no JSON form: {error}.")))
}

fn preset_of(record: PresetRecord) -> Preset {
    let PresetRecord { id, name, body_json } = record;
    let PresetBody { system, sampling, format } = serde_json::from_str(&body_json).unwrap_or_default();
    Preset { id, name, system, sampling, format }
}

fn template_of(record: TemplateRecord) -> PromptTemplate {
    let TemplateRecord { id, name, text } = record;
    PromptTemplate { id, name, text }
}
