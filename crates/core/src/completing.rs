//! A completion that nothing is stored of: what another program asks for at the local server.

use std::path::{Path, PathBuf};

use paddock_engine_api::{
    GenerationEvent,
    output::{TokenLogprob, ToolCall},
    protocol::{ChatMessage, FinishReason, GenerateParams, MAX_LINE_BYTES, Timings},
};
use sha2::{Digest as _, Sha256};

use crate::{
    ApiError, App, ErrorCode,
    line::{Asker, Full, Holding, MAX_WAITING, Named, Place},
    models::Asked,
    prompt::usual_sampling,
    view::{LoadedModel, ModelEntry},
};

/// What the protocol puts around a request, in bytes, with room to spare.
const AROUND_REQUEST: usize = 1024;
/// How the second and later files of a split model are told from the first, which stands for all.
const FIRST_PART: &str = "-00001-of-";

/// A model that can be asked for by its id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServedModel {
    /// The name of its file without its ending; with a part of a checksum where two files have the same name.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// The bytes of all its files.
    pub size_bytes: u64,
    /// When it was used last, in milliseconds since 1970.
    pub last_used_ms: Option<i64>,
    path: PathBuf,
}

/// What is asked for.
#[derive(Debug, Clone, Default)]
pub struct Completion {
    /// [`ServedModel::id`] or its name; none: the one that is loaded, or was used last.
    pub model: Option<String>,
    /// 0 ..= 5; none: as usual for the model. Stands in for that of `params`.
    pub temperature: Option<f32>,
    /// Everything else.
    pub params: GenerateParams,
}

/// What is told on the way.
#[derive(Debug, Clone, PartialEq)]
pub enum CompletionEvent {
    /// It has to wait; 1: it is the next.
    Queued {
        /// The place in line.
        position: u32,
    },
    /// The engine has it.
    Started {
        /// Which model answers: [`ServedModel::id`].
        model: String,
    },
    /// See [`GenerationEvent::Prompt`].
    Prompt {
        /// Tokens in the KV cache by now, reused ones included.
        processed: u32,
        /// Tokens of the whole prompt.
        total: u32,
    },
    /// More text.
    Text {
        /// May be empty.
        text: String,
        /// Tokens written so far.
        predicted_n: u32,
        /// How likely they were, if that was asked for.
        logprobs: Vec<TokenLogprob>,
    },
}

/// How it ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Completed {
    /// Why here.
    pub finish_reason: FinishReason,
    /// Counts and times.
    pub timings: Timings,
    /// What the model asks to be done.
    pub tool_calls: Vec<ToolCall>,
}

/// Why nothing was begun, or why it did not come to its end.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Refusal {
    /// Too many wait already.
    #[error("{waiting} requests wait already. Try again later.")]
    Full {
        /// How many.
        waiting: usize,
    },
    /// No model is called that.
    #[error("There is no model “{asked}” here. There are: {}.", known.join(", "))]
    UnknownModel {
        /// What was asked for.
        asked: String,
        /// The ids that there are.
        known: Vec<String>,
    },
    /// No model is asked for, and the one that is chosen in the window is another server's.
    #[error("The model chosen in Paddock is on another server. Ask for one of these: {}.", known.join(", "))]
    NoneOfOurs {
        /// The ids that there are.
        known: Vec<String>,
    },
    /// What was given as a model is a path or an address.
    #[error("“{asked}” is a path or an address; models are asked for by the ids that /v1/models lists.")]
    NotAName {
        /// What was asked for.
        asked: String,
    },
    /// More than the engine takes at once.
    #[error("The request is {bytes} bytes long for the engine; at most {limit} are possible.")]
    TooLong {
        /// How long.
        bytes: usize,
        /// How long it may be.
        limit: usize,
    },
    /// Everything else.
    #[error("{0}")]
    Failed(ApiError),
}

impl From<ApiError> for Refusal {
    fn from(error: ApiError) -> Self {
        Self::Failed(error)
    }
}

impl From<Full> for Refusal {
    fn from(_: Full) -> Self {
        Self::Full { waiting: MAX_WAITING }
    }
}

impl From<Refusal> for ApiError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Failed(error) => error,
            Refusal::Full { .. } => Self::new(ErrorCode::Busy, refusal.to_string()),
            Refusal::UnknownModel { .. } => Self::new(ErrorCode::NotFound, refusal.to_string()),
            Refusal::NoneOfOurs { .. } | Refusal::NotAName { .. } | Refusal::TooLong { .. } => {
                Self::new(ErrorCode::BadInput, refusal.to_string())
            }
        }
    }
}

/// A place in the engine, and the model that is in it.
pub(crate) struct Seat<'a> {
    pub(crate) model: LoadedModel,
    pub(crate) holding: Holding<'a>,
}

impl App {
    /// The models that can be asked for, the self-test model first, then those used last.
    ///
    /// # Errors
    /// Only what the disk says.
    pub async fn served_models(&self) -> Result<Vec<ServedModel>, ApiError> {
        Ok(with_ids(
            self.list_models().await?.into_iter().filter(|entry| entry.present && entry.remote.is_none()).collect(),
        ))
    }

    /// How many requests of other programs are answered at this moment, and how many wait.
    pub fn outside_load(&self) -> (usize, usize) {
        self.inner.line.outside()
    }

    /// Changes whenever [`Self::outside_load`] may have.
    pub fn outside_load_changes(&self) -> tokio::sync::watch::Receiver<u64> {
        self.inner.line.changes()
    }

    /// Answer. The model asked for is loaded first if it is not there. Dropping the future stops the engine from writing
    /// on.
    ///
    /// # Errors
    /// See [`Refusal`].
    pub async fn complete(
        &self,
        completion: Completion,
        mut on_event: impl FnMut(CompletionEvent) + Send,
    ) -> Result<Completed, Refusal> {
        let Completion { model, temperature, mut params } = completion;
        check_length(&params)?;
        let (seat, id) = self.outside_seat(model.as_deref(), &mut on_event).await?;
        params.sampling.temperature = temperature.unwrap_or(usual_sampling(seat.model.self_test).temperature);
        on_event(CompletionEvent::Started { model: id });
        let mut generation = self.inner.host.generate(params);
        loop {
            match generation.next().await.map_err(ApiError::from)? {
                GenerationEvent::Prompt { processed, total, .. } => {
                    on_event(CompletionEvent::Prompt { processed, total });
                }
                GenerationEvent::Text { text, predicted_n, logprobs } => {
                    on_event(CompletionEvent::Text { text, predicted_n, logprobs });
                }
                GenerationEvent::Done { finish_reason, timings, tool_calls } => {
                    return Ok(Completed { finish_reason, timings, tool_calls });
                }
            }
        }
    }

    /// What texts mean, as vectors of length 1; how many tokens they are together; and which model says so.
    ///
    /// # Errors
    /// See [`Refusal`].
    pub async fn embed(
        &self,
        model: Option<&str>,
        texts: Vec<String>,
    ) -> Result<(Vec<Vec<f32>>, u32, String), Refusal> {
        check_length(&texts)?;
        let (_seat, id) = self.outside_seat(model, &mut |_| {}).await?;
        let (vectors, n_tokens) = self.inner.host.embed(texts).await.map_err(ApiError::from)?;
        Ok((vectors, n_tokens, id))
    }

    /// How many tokens the prompt of an answer to these messages takes.
    ///
    /// # Errors
    /// See [`Refusal`].
    pub async fn count_prompt(&self, model: Option<&str>, messages: Vec<ChatMessage>) -> Result<u32, Refusal> {
        check_length(&messages)?;
        let (_seat, _id) = self.outside_seat(model, &mut |_| {}).await?;
        Ok(self.inner.host.count_tokens(messages, false).await.map_err(ApiError::from)?)
    }

    /// A place for another program, in the model it asks for, and that model's id.
    async fn outside_seat(
        &self,
        model: Option<&str>,
        on_event: &mut (impl FnMut(CompletionEvent) + Send),
    ) -> Result<(Seat<'_>, String), Refusal> {
        let _settled = Settled(self);
        let models = self.served_models().await?;
        let wanted = model.map(|asked| find(&models, asked)).transpose()?.map(|model| model.path.clone());
        let mut on_place = |Place { position, .. }| on_event(CompletionEvent::Queued { position });
        let seat = self.have_seat(Asker::Outside, None, wanted, &mut on_place).await?;
        if seat.model.remote.is_some() {
            // Not passed on: what other programs ask may cost money there, and nobody chose that.
            let known = models.into_iter().map(|model| model.id).collect();
            return Err(Refusal::NoneOfOurs { known });
        }
        let loaded = Path::new(&seat.model.path);
        let id = models.into_iter().find(|model| model.path == loaded).map(|model| model.id);
        let id = id.unwrap_or_else(|| stem(loaded));
        Ok((seat, id))
    }

    /// A place in the engine with a model in it: the one wanted, else the one that is there, else the one used last.
    pub(crate) async fn have_seat(
        &self,
        from: Asker,
        conversation: Option<Named>,
        wanted: Option<PathBuf>,
        on_place: &mut (impl FnMut(Place) + Send),
    ) -> Result<Seat<'_>, Refusal> {
        let holding = self.have_place(from, conversation.clone(), on_place).await?;
        if let Some(model) = self.suitable(wanted.as_deref()).await {
            return Ok(Seat { model, holding });
        }
        let mut engine = self.have_alone(holding, conversation, on_place).await;
        // It may have been loaded while this waited for those before it.
        let is_other = |path: &Path| engine.as_ref().is_none_or(|current| Path::new(&current.model.path) != path);
        match wanted.filter(|path| is_other(path)) {
            Some(path) => {
                let settings = self.settings_of(&path).await?;
                self.load_into(&mut engine, path, settings, Asked::by_a_program()).await?;
            }
            None => drop(self.ensure_loaded(&mut engine).await?),
        }
        let model = self.ensure_loaded(&mut engine).await?;
        Ok(Seat { model, holding: engine.into_place() })
    }

    /// The model in the engine, if it is there and the one wanted.
    async fn suitable(&self, wanted: Option<&Path>) -> Option<LoadedModel> {
        let engine = self.inner.engine.lock().await;
        let current = engine.as_ref().filter(|current| self.is_alive(current))?;
        let is_wanted = wanted.is_none_or(|path| Path::new(&current.model.path) == path);
        is_wanted.then(|| current.model.clone())
    }
}

/// A client that goes away in the middle of a load leaves none behind that the window would show for ever.
struct Settled<'a>(&'a App);

impl Drop for Settled<'_> {
    fn drop(&mut self) {
        self.0.settle_state();
    }
}

/// Longer than a line of the protocol would end the engine.
fn check_length(request: &impl serde::Serialize) -> Result<(), Refusal> {
    let limit = MAX_LINE_BYTES - AROUND_REQUEST;
    let json = serde_json::to_vec(request)
        .map_err(|error| ApiError::new(ErrorCode::BadInput, format!("This has no JSON form: {error}.")))?;
    if json.len() > limit { Err(Refusal::TooLong { bytes: json.len(), limit }) } else { Ok(()) }
}

fn find<'a>(models: &'a [ServedModel], asked: &str) -> Result<&'a ServedModel, Refusal> {
    let is_path = |c: char| matches!(c, '/' | '\\' | '\0') || c.is_control();
    if asked.contains(is_path) || asked == ".." || asked.contains("://") {
        return Err(Refusal::NotAName { asked: asked.chars().take(80).collect() });
    }
    let by_id = models.iter().find(|model| model.id == asked);
    let mut by_name = models.iter().filter(|model| model.name == asked);
    let by_name = by_name.next().filter(|_| by_name.next().is_none());
    by_id.or(by_name).ok_or_else(|| Refusal::UnknownModel {
        asked: asked.chars().take(80).collect(),
        known: models.iter().map(|model| model.id.clone()).collect(),
    })
}

fn with_ids(entries: Vec<ModelEntry>) -> Vec<ServedModel> {
    let stems: Vec<String> = entries.iter().map(|entry| stem(Path::new(&entry.path))).collect();
    let is_twin = |id: &String| stems.iter().filter(|other| *other == id).count() > 1;
    // The model that comes with Paddock is called the same everywhere.
    let ids = entries.iter().zip(&stems).map(|(entry, id)| {
        if is_twin(id) && !entry.self_test { format!("{id}@{}", fingerprint(&entry.path)) } else { id.clone() }
    });
    let ids: Vec<String> = ids.collect();
    ids.into_iter()
        .zip(entries)
        .map(|(id, entry)| ServedModel {
            id,
            name: entry.name,
            size_bytes: entry.size_bytes,
            last_used_ms: entry.last_used_ms,
            path: entry.path.into(),
        })
        .collect()
}

/// The beginning of a checksum of a path: enough to tell a handful of files apart, for ever.
fn fingerprint(path: &str) -> String {
    Sha256::digest(path.as_bytes()).iter().take(3).map(|byte| format!("{byte:02x}")).collect()
}

fn stem(path: &Path) -> String {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    match stem.find(FIRST_PART) {
        Some(at) => stem[..at].to_owned(),
        None => stem,
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may fail loudly")]
mod tests {
    use super::*;

    fn entry(path: &str, name: &str) -> ModelEntry {
        ModelEntry {
            path: path.into(),
            name: name.into(),
            quant: None,
            size_bytes: 1,
            self_test: false,
            last_used_ms: None,
            remote: None,
            present: true,
        }
    }

    #[test]
    fn a_model_is_asked_for_by_the_name_of_its_file_or_its_own() {
        let models = with_ids(vec![
            entry("/m/Llama-Q4_K_M-00001-of-00002.gguf", "Llama"),
            entry("/m/a/twin.gguf", "Twin"),
            entry("/m/b/twin.gguf", "Twin"),
        ]);
        let ids: Vec<&str> = models.iter().map(|model| model.id.as_str()).collect();
        assert_eq!(ids[0], "Llama-Q4_K_M");
        assert!(ids[1].starts_with("twin@") && ids[2].starts_with("twin@") && ids[1] != ids[2], "{ids:?}");
        assert_eq!(find(&models, "Llama").unwrap().id, "Llama-Q4_K_M");
        assert_eq!(find(&models, ids[2]).unwrap().path, Path::new("/m/b/twin.gguf"));
        assert!(matches!(find(&models, "Twin"), Err(Refusal::UnknownModel { known, .. }) if known.len() == 3));
    }

    #[test]
    fn no_path_and_no_address_is_a_model() {
        let models = with_ids(vec![entry("/m/a.gguf", "A")]);
        for asked in ["/m/a.gguf", "..", "../a", "m\\a", "file:///m/a.gguf", "https://example.org/a", "a\0", "owner/a"]
        {
            assert!(matches!(find(&models, asked), Err(Refusal::NotAName { .. })), "{asked:?}");
        }
    }
}
