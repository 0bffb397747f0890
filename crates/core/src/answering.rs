//! The middle of a chat turn: get the engine, and an answer out of it.

use std::time::Duration;

use paddock_engine_api::{
    Generation, GenerationEvent,
    protocol::{self as engine, GenerateParams},
};
use paddock_store::{ConversationId, FinishReason, MessageId, Timings};

use crate::{
    ApiError, App,
    completing::Seat,
    fitting::{self, Fitted},
    formats::format_of,
    line::{Asker, Named, Place},
    prompt::{self, Prompt},
    remotes,
    streaming::{Due, StopSwitch, Stream},
    view::{ChatEvent, ContextCut, EngineState, LoadedModel},
};

/// How long a stopped answer waits for the engine's own counts before it ends without them.
const STOP_PATIENCE: Duration = Duration::from_millis(150);

/// What is to be answered.
pub(crate) struct Asked {
    pub(crate) conversation: ConversationId,
    /// The conversation's title, for those who have to wait for this.
    pub(crate) title: String,
    pub(crate) question: MessageId,
    /// The text that the answer has already; none: it begins anew.
    pub(crate) begun: Option<String>,
}

/// How an answer came to its end.
pub(crate) struct Ending {
    pub(crate) reason: FinishReason,
    pub(crate) timings: Option<Timings>,
    pub(crate) error: Option<ApiError>,
}

impl Ending {
    pub(crate) fn failed(error: ApiError, nothing_written: bool) -> Self {
        let reason = if nothing_written { FinishReason::Failed } else { FinishReason::Interrupted };
        Self { reason, timings: None, error: Some(error) }
    }

    pub(crate) fn stopped() -> Self {
        Self { reason: FinishReason::Cancelled, timings: None, error: None }
    }

    fn done(reason: engine::FinishReason, timings: engine::Timings) -> Self {
        let reason = match reason {
            // Nobody offers tools to a conversation of the window.
            engine::FinishReason::Stop | engine::FinishReason::ToolCalls => FinishReason::Stop,
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
        Self { reason, timings: Some(timings), error: None }
    }
}

/// An ending, and what is known of the way to it.
pub(crate) struct Outcome {
    pub(crate) ending: Ending,
    pub(crate) model: Option<LoadedModel>,
    pub(crate) cut: Option<ContextCut>,
    /// What the model got, without the text that the answer had; empty if it got nothing.
    pub(crate) messages: Vec<engine::ChatMessage>,
}

impl Outcome {
    fn only(ending: Ending, model: Option<LoadedModel>) -> Self {
        Self { ending, model, cut: None, messages: Vec::new() }
    }
}

/// Everything that a generation needs.
struct Prepared<'a> {
    seat: Seat<'a>,
    /// Or why this conversation cannot be answered.
    ready: Result<(Prompt, Fitted), ApiError>,
}

impl App {
    /// Get the engine, and an answer out of it.
    pub(crate) async fn answer(
        &self,
        asked: Asked,
        switch: &StopSwitch,
        stream: &mut Stream,
        on_event: &mut (impl FnMut(ChatEvent) + Send),
    ) -> Outcome {
        let conversation = asked.conversation.clone();
        let prepared = tokio::select! {
            prepared = self.get_ready(asked, on_event) => prepared,
            () = switch.stopped() => {
                self.settle_state();
                return Outcome::only(Ending::stopped(), None);
            }
        };
        let Prepared { seat, ready } = match prepared {
            Ok(prepared) => prepared,
            Err(error) => return Outcome::only(Ending::failed(error, stream.is_empty()), None),
        };
        let model = seat.model.clone();
        let (prompt, Fitted { mut messages, cut }) = match ready {
            Ok(ready) => ready,
            Err(error) => return Outcome::only(Ending::failed(error, stream.is_empty()), Some(model)),
        };
        if model.remote.is_some() {
            let sent = (messages.as_slice(), &prompt.setup.sampling);
            let ending = self.answer_remotely(&conversation, &model, sent, switch, stream, on_event).await;
            self.ready_again(seat);
            return Outcome { ending, model: Some(model), cut, messages };
        }
        let format = match format_of(&prompt.setup.format) {
            Ok(format) => format,
            Err(error) => return Outcome::only(Ending::failed(error, stream.is_empty()), Some(model)),
        };
        let params = GenerateParams {
            messages: messages.clone(),
            continue_answer: prompt.begun.is_some(),
            sampling: prompt::sampling(&prompt.setup.sampling, model.self_test),
            max_tokens: prompt.setup.sampling.max_tokens,
            format,
            conversation: Some(conversation.to_string()),
            ..GenerateParams::default()
        };
        let ending = self.generate(&conversation, &model, params, switch, stream, on_event).await;
        if let Some(timings) = ending.timings {
            self.note_speed(&model, timings).await;
        }
        self.ready_again(seat);
        if prompt.begun.is_some() {
            messages.pop();
        }
        Outcome { ending, model: Some(model), cut, messages }
    }

    /// Wait for a place in the engine, a model in it, and the prompt.
    async fn get_ready(
        &self,
        asked: Asked,
        on_event: &mut (impl FnMut(ChatEvent) + Send),
    ) -> Result<Prepared<'_>, ApiError> {
        let Asked { conversation, title, question, begun } = asked;
        let named = Named { id: conversation.to_string(), title };
        let mut on_place = |Place { position, behind }| on_event(ChatEvent::Queued { position, behind });
        let seat = self.have_seat(Asker::Window, Some(named), None, &mut on_place).await?;
        let (n_ctx, remote) = (seat.model.n_ctx, seat.model.remote.clone());
        let ready = async {
            let prompt = self.with_store(move |store| Prompt::read(store, &conversation, &question, begun)).await?;
            let fitted = match &remote {
                Some(place) => remotes::whole(&prompt, place)?,
                None => fitting::fit(&self.inner.host, &prompt, n_ctx).await?,
            };
            Ok((prompt, fitted))
        };
        let ready = ready.await;
        Ok(Prepared { seat, ready })
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
                    Ok(GenerationEvent::Text { text, predicted_n, .. }) => {
                        if !writing {
                            writing = true;
                            let (model, conversation_id) = (model.clone(), conversation_id.clone());
                            self.inner.engine_state.send_replace(EngineState::Writing { model, conversation_id });
                        }
                        self.inner.loading.token_written();
                        stream.push(&text, predicted_n);
                    }
                    Ok(GenerationEvent::Done { finish_reason, timings, .. }) => {
                        return Ending::done(finish_reason, timings);
                    }
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

    /// The window sees the answer of another conversation, if one is being written, or a model that is ready.
    fn ready_again(&self, seat: Seat<'_>) {
        let Seat { model, holding } = seat;
        self.inner.engine_state.send_if_modified(|state| {
            let busy = matches!(state, EngineState::Understanding { .. } | EngineState::Writing { .. });
            if busy {
                *state = match holding.another() {
                    Some(conversation_id) => EngineState::Writing { model, conversation_id },
                    None => EngineState::Ready { model },
                };
            }
            busy
        });
    }

    /// After a load that was given up half way: nothing is loaded.
    pub(crate) fn settle_state(&self) {
        // Whoever has the engine now may well be loading; that was not given up.
        let Ok(_nobody_else) = self.inner.engine.try_lock() else { return };
        self.inner.engine_state.send_if_modified(|state| {
            let loading = matches!(state, EngineState::Loading { .. });
            if loading {
                *state = EngineState::NoModel;
            }
            loading
        });
    }
}

/// Wait a moment for the engine to say what it counted, then end in any case: the window must not wait for a micro-batch.
async fn stop(mut generation: Generation, stream: &mut Stream) -> Ending {
    let counted = tokio::time::timeout(STOP_PATIENCE, async {
        loop {
            match generation.next().await {
                Ok(GenerationEvent::Done { finish_reason, timings, .. }) => {
                    return Some(Ending::done(finish_reason, timings));
                }
                Ok(GenerationEvent::Text { text, predicted_n, .. }) => stream.push(&text, predicted_n),
                Ok(GenerationEvent::Prompt { .. }) => {}
                Err(_) => return None,
            }
        }
    });
    counted.await.ok().flatten().unwrap_or_else(Ending::stopped)
}
