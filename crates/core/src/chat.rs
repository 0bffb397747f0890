//! A chat turn: store the question, get the engine, stream the answer, store its end, whatever happens on the way.

use std::{sync::Arc, time::Duration};

use paddock_engine_api::{
    GenerationEvent,
    protocol::{self as engine, ChatMessage, ChatRole, GenerateParams, Sampling},
};
use paddock_store::{ConversationId, Finish, FinishReason, MessageId, NewTurn, Role, Timings, Turn};

use crate::{
    ApiError, App, ErrorCode,
    app::now_ms,
    live::{Live, Registration},
    models::Current,
    streaming::{Due, StopSwitch, Stream},
    view::{ChatEvent, ChatRequest, EngineState, LoadedModel, Message},
};

/// The longest message, in bytes: half of what one protocol line may hold, so that a conversation has room around it.
const MAX_MESSAGE_BYTES: usize = engine::MAX_LINE_BYTES / 2;
/// The longest title made of a first message, in characters.
const TITLE_CHARS: usize = 60;
/// How long a stopped answer waits for the engine's own counts before it ends without them.
const STOP_PATIENCE: Duration = Duration::from_millis(150);

/// How an answer came to its end.
struct Ending {
    reason: FinishReason,
    timings: Option<Timings>,
    error: Option<ApiError>,
}

impl Ending {
    fn failed(error: ApiError, nothing_written: bool) -> Self {
        let reason = if nothing_written { FinishReason::Failed } else { FinishReason::Interrupted };
        Self { reason, timings: None, error: Some(error) }
    }

    fn stopped() -> Self {
        Self { reason: FinishReason::Cancelled, timings: None, error: None }
    }
}

impl App {
    /// Send a message and stream the answer. `on_event` gets [`ChatEvent::Started`] first and [`ChatEvent::Done`] last;
    /// what goes wrong in between is part of the stored answer. Returns when the answer has ended.
    ///
    /// # Errors
    /// Before anything is stored: an empty or oversized message, an unknown conversation or parent, an answer already on
    /// its way in this conversation, a disk that does not take it.
    pub async fn chat_send(
        &self,
        request: ChatRequest,
        on_event: impl FnMut(ChatEvent) + Send,
    ) -> Result<(), ApiError> {
        let content = request.content;
        if content.trim().is_empty() {
            return Err(ApiError::new(ErrorCode::BadInput, "The message is empty."));
        }
        if content.len() > MAX_MESSAGE_BYTES {
            return Err(ApiError::new(
                ErrorCode::BadInput,
                format!("The message is {} bytes long; at most {MAX_MESSAGE_BYTES} can be sent.", content.len()),
            )
            .hint("Send it in parts."));
        }
        let conversation = request.conversation_id.map(ConversationId::from);
        if let Some(id) = &conversation {
            self.refuse_if_answering(id)?;
        }
        let new = NewTurn {
            title_if_new: title_of(&content),
            conversation,
            parent: request.parent_id.map(MessageId::from),
            content,
            attachments: request.attachments.into_iter().map(Into::into).collect(),
            setup_json: request.setup.and_then(|setup| serde_json::to_string(&setup).ok()),
            system: None,
            model_name: self.model_name(),
            now_ms: now_ms(),
        };
        let turn = self.with_store(move |store| store.begin_turn(new)).await?;
        self.run_turn(turn, on_event).await
    }

    /// A new answer beside an existing one.
    ///
    /// # Errors
    /// As [`Self::chat_send`].
    pub async fn chat_retry(&self, answer_id: String, on_event: impl FnMut(ChatEvent) + Send) -> Result<(), ApiError> {
        let answer_id = MessageId::from(answer_id);
        let id = answer_id.clone();
        let old = self.with_store(move |store| store.message(&id)).await?;
        self.refuse_if_answering(&old.conversation_id)?;
        let model = self.model_name();
        let turn = self.with_store(move |store| store.begin_retry(&answer_id, model.as_deref(), now_ms())).await?;
        self.run_turn(turn, on_event).await
    }

    /// Go on with an answer that was cut off, stopped, or edited.
    ///
    /// # Errors
    /// As [`Self::chat_send`].
    pub async fn chat_continue(
        &self,
        answer_id: String,
        on_event: impl FnMut(ChatEvent) + Send,
    ) -> Result<(), ApiError> {
        let _ = (&answer_id, on_event);
        Err(ApiError::not_there_yet())
    }

    /// Stop the answer on its way in a conversation, if there is one. What it has is kept.
    pub fn stop_answer(&self, conversation_id: &str) {
        if let Some(live) = self.inner.answering().get(&ConversationId::from(conversation_id)) {
            live.switch.stop();
        }
    }

    fn refuse_if_answering(&self, id: &ConversationId) -> Result<(), ApiError> {
        if self.inner.answering().contains_key(id) {
            return Err(ApiError::new(ErrorCode::Busy, "An answer is still being written in this conversation.")
                .hint("Wait for its end, or stop it."));
        }
        Ok(())
    }

    async fn run_turn(&self, turn: Turn, mut on_event: impl FnMut(ChatEvent) + Send) -> Result<(), ApiError> {
        let conversation = turn.conversation.id.clone();
        let (user, answer) = (turn.user.id.clone(), turn.answer.clone());
        let started = ChatEvent::Started {
            conversation: turn.conversation.into(),
            user_message: Box::new(turn.user.into()),
            answer: Box::new(turn.answer.into()),
        };
        let live = Arc::new(Live::new(started.clone()));
        let _registered = Registration::new(self, conversation.clone(), Arc::clone(&live));
        self.list_changed();
        on_event(started);
        let mut on_event = |event: ChatEvent| {
            live.tell(&event);
            on_event(event);
        };

        let mut stream = Stream::new(self.clone(), answer.id.clone());
        let (ending, model) = self.answer(&conversation, user, &live.switch, &mut stream, &mut on_event).await;
        if let Some(Due::Show { delta, predicted_n }) = stream.rest() {
            on_event(ChatEvent::Text { delta, predicted_n });
        }
        let (text, _saved_again_below) = stream.finish().await;
        let message = self.store_ending(answer, text, ending, model).await;
        self.list_changed();
        on_event(ChatEvent::Done { message: Box::new(message) });
        Ok(())
    }

    /// Get the engine, and an answer out of it.
    async fn answer(
        &self,
        conversation: &ConversationId,
        user: MessageId,
        switch: &StopSwitch,
        stream: &mut Stream,
        on_event: &mut (impl FnMut(ChatEvent) + Send),
    ) -> (Ending, Option<String>) {
        let prepared = async {
            let mut engine = self.inner.engine.lock().await;
            let model = self.ensure_loaded(&mut engine).await?;
            let branch = self.with_store(move |store| store.branch(&user)).await?;
            Ok((engine, model, branch))
        };
        let (engine, model, branch) = tokio::select! {
            prepared = prepared => match prepared {
                Ok(prepared) => prepared,
                Err(error) => return (Ending::failed(error, true), None),
            },
            () = switch.stopped() => {
                self.settle_state();
                return (Ending::stopped(), None);
            }
        };
        let params = GenerateParams {
            messages: branch.into_iter().map(to_engine).collect(),
            sampling: usual_sampling(model.self_test),
            ..GenerateParams::default()
        };
        let ending = self.generate(conversation, &model, params, switch, stream, on_event).await;
        if let Some(timings) = ending.timings {
            self.note_speed(&model, timings).await;
        }
        self.ready_again(&engine);
        (ending, Some(model.name))
    }

    async fn generate(
        &self,
        conversation: &ConversationId,
        model: &LoadedModel,
        params: GenerateParams,
        switch: &StopSwitch,
        stream: &mut Stream,
        on_event: &mut (impl FnMut(ChatEvent) + Send),
    ) -> Ending {
        let mut generation = self.inner.host.generate(params);
        let conversation_id = conversation.to_string();
        let mut writing = false;
        loop {
            tokio::select! {
                event = generation.next() => match event {
                    Ok(GenerationEvent::Prompt { processed, total, cached }) => {
                        let (model, conversation_id) = (model.clone(), conversation_id.clone());
                        self.inner.engine_state.send_replace(
                            EngineState::Understanding { model, conversation_id, processed, total, cached },
                        );
                        on_event(ChatEvent::Progress { processed, total, cached });
                    }
                    Ok(GenerationEvent::Text { text, predicted_n }) => {
                        if !writing {
                            writing = true;
                            let (model, conversation_id) = (model.clone(), conversation_id.clone());
                            self.inner.engine_state.send_replace(EngineState::Writing { model, conversation_id });
                        }
                        stream.push(&text, predicted_n);
                    }
                    Ok(GenerationEvent::Done { finish_reason, timings }) => return ending(finish_reason, timings),
                    Err(error) => return Ending::failed(error.into(), stream.is_empty()),
                },
                due = stream.next_due() => {
                    if let Due::Show { delta, predicted_n } = due {
                        on_event(ChatEvent::Text { delta, predicted_n });
                    }
                }
                () = switch.stopped() => {
                    generation.cancel();
                    return stop(generation, stream).await;
                }
            }
        }
    }

    /// The model that is going to answer, as far as that is known before the engine is ours.
    fn model_name(&self) -> Option<String> {
        match &*self.inner.engine_state.borrow() {
            EngineState::Ready { model }
            | EngineState::Understanding { model, .. }
            | EngineState::Writing { model, .. } => Some(model.name.clone()),
            EngineState::Loading { name, .. } => Some(name.clone()),
            EngineState::NoModel | EngineState::Failed { .. } => None,
        }
    }

    fn ready_again(&self, engine: &Option<Current>) {
        self.inner.engine_state.send_if_modified(|state| {
            let busy = matches!(state, EngineState::Understanding { .. } | EngineState::Writing { .. });
            match engine {
                Some(current) if busy => {
                    *state = EngineState::Ready { model: current.model.clone() };
                    true
                }
                _ => false,
            }
        });
    }

    /// After a load that was given up half way: nothing is loaded.
    fn settle_state(&self) {
        self.inner.engine_state.send_if_modified(|state| {
            let loading = matches!(state, EngineState::Loading { .. });
            if loading {
                *state = EngineState::NoModel;
            }
            loading
        });
    }

    async fn store_ending(
        &self,
        answer: paddock_store::Message,
        text: String,
        ending: Ending,
        model: Option<String>,
    ) -> Message {
        let finish = Finish {
            reason: ending.reason,
            timings: ending.timings,
            error_json: ending.error.as_ref().and_then(|error| serde_json::to_string(error).ok()),
            full_text: Some(text.clone()),
            model_name: model,
            cut_json: None,
            thinking_ms: None,
        };
        let id = answer.id.clone();
        let stored = self.with_store(move |store| store.finish_answer(&id, finish, now_ms())).await;
        match stored {
            Ok(message) => message.into(),
            // The text is not lost while the window is open, and the card says that the disk did not take it.
            Err(error) => Message {
                content: text,
                finish_reason: Some(crate::view::FinishReason::Interrupted),
                error: Some(ending.error.unwrap_or(error)),
                ..answer.into()
            },
        }
    }
}

/// Wait a moment for the engine to say what it counted, then end in any case: the window must not wait for a micro-batch.
async fn stop(mut generation: paddock_engine_api::Generation, stream: &mut Stream) -> Ending {
    let counted = tokio::time::timeout(STOP_PATIENCE, async {
        loop {
            match generation.next().await {
                Ok(GenerationEvent::Done { finish_reason, timings }) => return Some(ending(finish_reason, timings)),
                Ok(GenerationEvent::Text { text, predicted_n }) => stream.push(&text, predicted_n),
                Ok(GenerationEvent::Prompt { .. }) => {}
                Err(_) => return None,
            }
        }
    });
    counted.await.ok().flatten().unwrap_or_else(Ending::stopped)
}

/// How answers are sampled until the user says otherwise. The self-test model knows its answers by heart; anything random
/// would only make it stumble.
pub(crate) fn usual_sampling(self_test: bool) -> Sampling {
    let usual = Sampling::default();
    if self_test { Sampling { temperature: 0.0, ..usual } } else { usual }
}

fn ending(reason: engine::FinishReason, timings: engine::Timings) -> Ending {
    let reason = match reason {
        engine::FinishReason::Stop => FinishReason::Stop,
        engine::FinishReason::Length => FinishReason::Length,
        engine::FinishReason::StopString => FinishReason::StopString,
        engine::FinishReason::Cancelled => FinishReason::Cancelled,
    };
    let timings = Timings {
        cache_n: timings.cache_n,
        prompt_n: timings.prompt_n,
        prompt_ms: timings.prompt_ms,
        predicted_n: timings.predicted_n,
        predicted_ms: timings.predicted_ms,
    };
    Ending { reason, timings: Some(timings), error: None }
}

fn to_engine(message: paddock_store::Message) -> ChatMessage {
    let role = match message.role {
        Role::System => ChatRole::System,
        Role::User => ChatRole::User,
        Role::Assistant => ChatRole::Assistant,
    };
    ChatMessage { role, content: message.content }
}

/// The first words of a message, as a title.
fn title_of(content: &str) -> String {
    let line = content.trim().lines().next().unwrap_or_default();
    let words = line.split_whitespace().collect::<Vec<_>>().join(" ");
    match words.char_indices().nth(TITLE_CHARS) {
        None => words,
        Some((end, _)) => {
            let cut = words[..end].rfind(' ').filter(|&at| at > end / 2).unwrap_or(end);
            format!("{}…", &words[..cut])
        }
    }
}

#[cfg(test)]
mod tests {
    use super::title_of;

    #[test]
    fn a_title_is_the_first_line_cut_between_words() {
        assert_eq!(title_of("  Hello\n\nworld"), "Hello");
        let long = "explain quantum entanglement to somebody who has never heard of physics before";
        assert_eq!(title_of(long), "explain quantum entanglement to somebody who has never…");
        assert_eq!(title_of(&"x".repeat(100)), format!("{}…", "x".repeat(60)));
        assert_eq!(title_of(&"終".repeat(100)).chars().count(), 61);
    }
}
