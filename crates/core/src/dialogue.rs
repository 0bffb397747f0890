//! A conversation that is kept only while it goes on, for the command line: the same engine, the same rules, no database.

use std::path::{Path, PathBuf};

use paddock_engine_api::{
    EngineHost, GenerationEvent, Life, LoadReport,
    protocol::{ChatMessage, ChatRole, FinishReason, GenerateParams, LoadParams, Loaded, Sampling, Timings},
};
use paddock_hub::ModelFile;

use crate::{ApiError, AppConfig, DataDir, ErrorCode, prompt::usual_sampling, self_test};

/// Which model a dialogue uses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ModelChoice {
    /// The one that comes with Paddock.
    SelfTest,
    /// This file; or, in this folder, the file of this quantization.
    Path {
        /// File or folder.
        path: PathBuf,
        /// Needed where the folder holds several models, e.g. `Q4_K_M`.
        quant: Option<String>,
    },
}

/// A loaded model and what was said so far.
pub struct Dialogue {
    host: EngineHost,
    /// For loading again after the engine ended.
    params: LoadParams,
    loaded: Loaded,
    /// How answers are sampled.
    pub sampling: Sampling,
    messages: Vec<ChatMessage>,
}

/// One answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// Its text.
    pub text: String,
    /// Why it ended.
    pub finish_reason: FinishReason,
    /// Counts and times.
    pub timings: Timings,
}

impl Dialogue {
    /// Start the engine and load a model.
    ///
    /// # Errors
    /// When the file is not a usable model, or the engine could not load it.
    pub async fn open(
        config: &AppConfig,
        choice: &ModelChoice,
        params: LoadParams,
        on_progress: impl FnMut(LoadReport),
    ) -> Result<Self, ApiError> {
        let file = find(&config.data, choice)?;
        let host = EngineHost::new(config.engine.clone(), config.host).map_err(|error| {
            ApiError::new(ErrorCode::Internal, format!("The engine could not be started: {error}."))
        })?;
        let params = LoadParams { path: file.path.clone(), ..params };
        let loaded = host.load(params.clone(), on_progress).await?;
        let sampling = usual_sampling(self_test::is(&file));
        Ok(Self { host, params, loaded, sampling, messages: Vec::new() })
    }

    /// The model as loaded.
    pub fn model(&self) -> &Loaded {
        &self.loaded
    }

    /// Begin with these instructions. Forgets what was said.
    pub fn begin(&mut self, system: Option<String>) {
        self.messages = system.map(|content| ChatMessage::new(ChatRole::System, content)).into_iter().collect();
    }

    /// Ask, and keep question and answer. `cancelled` resolves when the answer is to stop where it is. After an error
    /// the conversation is as it was before.
    ///
    /// # Errors
    /// When the conversation does not fit, or the engine ended.
    pub async fn ask(
        &mut self,
        prompt: String,
        stop: Vec<String>,
        max_tokens: Option<u32>,
        cancelled: impl Future<Output = ()>,
        mut on_event: impl FnMut(&GenerationEvent),
    ) -> Result<Answer, ApiError> {
        if !matches!(*self.host.life().borrow(), Life::Running(_)) {
            self.loaded = self.host.load(self.params.clone(), |_| {}).await?;
        }
        let mut messages = self.messages.clone();
        messages.push(ChatMessage::new(ChatRole::User, prompt));
        let params = GenerateParams {
            messages: messages.clone(),
            sampling: self.sampling.clone(),
            stop,
            max_tokens,
            ..GenerateParams::default()
        };
        let mut generation = self.host.generate(params);
        let cancel = generation.canceller();
        let read = async {
            let mut text = String::new();
            loop {
                let event = generation.next().await?;
                on_event(&event);
                match event {
                    GenerationEvent::Prompt { .. } => {}
                    GenerationEvent::Text { text: more, .. } => text.push_str(&more),
                    GenerationEvent::Done { finish_reason, timings, .. } => {
                        return Ok::<_, ApiError>(Answer { text, finish_reason, timings });
                    }
                }
            }
        };
        tokio::pin!(read);
        let answer = tokio::select! {
            done = &mut read => done?,
            () = cancelled => {
                cancel();
                read.await?
            }
        };
        messages.push(ChatMessage::new(ChatRole::Assistant, answer.text.clone()));
        self.messages = messages;
        Ok(answer)
    }

    /// End the engine.
    pub async fn close(self) {
        self.host.stop().await;
    }
}

pub(crate) fn find(data: &DataDir, choice: &ModelChoice) -> Result<ModelFile, ApiError> {
    let path = match choice {
        ModelChoice::SelfTest => self_test::ensure(data)?,
        ModelChoice::Path { path, quant } if path.is_dir() => in_folder(path, quant.as_deref())?,
        ModelChoice::Path { path, .. } => std::path::absolute(path).unwrap_or_else(|_| path.clone()),
    };
    crate::app::path_text(&path)?;
    Ok(paddock_hub::inspect(&path)?)
}

/// The model of a folder: the only one, or the one whose name ends in the quantization asked for.
fn in_folder(folder: &Path, quant: Option<&str>) -> Result<PathBuf, ApiError> {
    let folder = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
    let cannot = |error: std::io::Error| {
        ApiError::new(ErrorCode::NotFound, format!("The folder {} cannot be read: {error}.", folder.display()))
    };
    let mut models = Vec::new();
    for entry in std::fs::read_dir(&folder).map_err(cannot)? {
        let path = entry.map_err(cannot)?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
        // Of a split model, the first part stands for all.
        let later_part = name.contains("-of-") && !name.contains("-00001-of-");
        if name.ends_with(".gguf") && !later_part && quant.is_none_or(|quant| names_quant(&name, quant)) {
            models.push(path);
        }
    }
    models.sort();
    match (models.len(), quant) {
        (1, _) => Ok(models.remove(0)),
        (0, Some(quant)) => Err(ApiError::new(
            ErrorCode::NotFound,
            format!("There is no {quant} model (.gguf) in {}.", folder.display()),
        )),
        (0, None) => {
            Err(ApiError::new(ErrorCode::NotFound, format!("There is no .gguf file in {}.", folder.display())))
        }
        (count, _) => Err(ApiError::new(
            ErrorCode::BadInput,
            format!("{count} models in {} fit; say which one is meant.", folder.display()),
        )
        .hint("Name the file itself, or set QUANT.")),
    }
}

/// Whether a file name names a quantization, as a word of its own: `Q4_K_M` is not in `…-IQ4_K_M.gguf`.
fn names_quant(name: &str, quant: &str) -> bool {
    let quant = quant.to_ascii_lowercase();
    let is_part_of_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    name.match_indices(&quant).any(|(at, _)| {
        let (before, after) = (name[..at].chars().next_back(), name[at + quant.len()..].chars().next());
        !before.is_some_and(is_part_of_word) && !after.is_some_and(is_part_of_word)
    })
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may fail loudly")]
mod tests {
    use super::*;

    #[test]
    fn a_quantization_is_found_as_a_whole_word() {
        let name = "llama-3.3-70b-instruct-q4_k_m.gguf";
        assert!(names_quant(name, "Q4_K_M"));
        assert!(!names_quant(name, "Q4_K"));
        assert!(!names_quant("llama-iq4_xs.gguf", "Q4_XS"));
        assert!(names_quant("llama-q8_0-00001-of-00002.gguf", "Q8_0"));
    }

    #[test]
    fn a_folder_with_several_models_asks_which() {
        let folder = std::env::temp_dir().join(format!("paddock-folder-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        for name in ["a-Q4_K_M.gguf", "a-Q8_0-00001-of-00002.gguf", "a-Q8_0-00002-of-00002.gguf", "notes.txt"] {
            std::fs::write(folder.join(name), "").unwrap();
        }
        assert!(in_folder(&folder, Some("q8_0")).unwrap().ends_with("a-Q8_0-00001-of-00002.gguf"));
        assert_eq!(in_folder(&folder, None).unwrap_err().code, ErrorCode::BadInput);
        assert_eq!(in_folder(&folder, Some("F16")).unwrap_err().code, ErrorCode::NotFound);
        std::fs::remove_dir_all(folder).unwrap();
    }
}
