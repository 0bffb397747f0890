//! A chat turn: store the question, get the engine, stream the answer, store its end, whatever happens on the way.

use std::sync::Arc;

use paddock_engine_api::protocol::{self as engine, ChatMessage, ChatRole};
use paddock_store::{ConversationId, Finish, FinishReason, MessageId, NewTurn, Turn};

use crate::{
    ApiError, App, ErrorCode,
    answering::{Asked, Outcome},
    app::now_ms,
    live::{Live, Registration},
    setup,
    streaming::{Due, Stream, Written},
    titles::{self, Answered},
    view::{ChatEvent, ChatRequest, EngineState, Message},
};

/// The longest message with all that is attached to it, in bytes: half of what one protocol line may hold, so that a
/// conversation has room around it.
const MAX_MESSAGE_BYTES: usize = engine::MAX_LINE_BYTES / 2;

impl App {
    /// Send a message and stream the answer. `on_event` gets [`ChatEvent::Started`] first and [`ChatEvent::Done`] last;
    /// what goes wrong in between is part of the stored answer. Returns when the answer has ended.
    ///
    /// # Errors
    /// Before anything is stored: an empty or oversized message, a setup that makes no sense, an unknown conversation or
    /// parent, an answer already on its way in this conversation, a disk that does not take it.
    pub async fn chat_send(
        &self,
        request: ChatRequest,
        on_event: impl FnMut(ChatEvent) + Send,
    ) -> Result<(), ApiError> {
        check(&request)?;
        let ChatRequest { conversation_id, parent_id, content, mut attachments, setup } = request;
        let conversation = conversation_id.map(ConversationId::from);
        if let Some(id) = &conversation {
            self.refuse_if_answering(id)?;
        }
        self.count_attachments(&mut attachments).await;
        let new = NewTurn {
            title_if_new: match attachments.first() {
                Some(file) if content.trim().is_empty() => titles::first_words(&file.name),
                _ => titles::first_words(&content),
            },
            parent: parent_id.map(MessageId::from),
            content,
            attachments: attachments.into_iter().map(Into::into).collect(),
            setup_json: setup.as_ref().map(setup::json_of).transpose()?,
            system: None,
            model_name: self.model_name(),
            now_ms: now_ms(),
            conversation,
        };
        let turn = self
            .with_store(move |store| {
                let usual = if new.conversation.is_none() && new.setup_json.is_none() {
                    setup::of_new_conversation(store)?
                } else {
                    None
                };
                let setup_json = usual.and_then(|setup| serde_json::to_string(&setup).ok()).or(new.setup_json);
                store.begin_turn(NewTurn { setup_json, ..new })
            })
            .await?;
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

    /// Go on with an answer that was cut off, stopped, or edited. What is written is appended to it; the text it had is
    /// never lost.
    ///
    /// # Errors
    /// As [`Self::chat_send`].
    pub async fn chat_continue(
        &self,
        answer_id: String,
        on_event: impl FnMut(ChatEvent) + Send,
    ) -> Result<(), ApiError> {
        let answer_id = MessageId::from(answer_id);
        let id = answer_id.clone();
        let old = self.with_store(move |store| store.message(&id)).await?;
        self.refuse_if_answering(&old.conversation_id)?;
        if let Some(place) = self.loaded().and_then(|model| model.remote) {
            return Err(ApiError::remote_cannot_continue(place.host));
        }
        let turn = self.with_store(move |store| store.reopen_answer(&answer_id)).await?;
        self.run_turn(turn, on_event).await
    }

    /// Stop the answer on its way in a conversation, if there is one. What it has is kept.
    pub fn stop_answer(&self, conversation_id: &str) {
        if let Some(live) = self.inner.answering().get(&ConversationId::from(conversation_id)) {
            live.switch.stop();
        }
    }

    fn refuse_if_answering(&self, id: &ConversationId) -> Result<(), ApiError> {
        if self.inner.answering().contains_key(id) {
            return Err(ApiError::answer_underway());
        }
        Ok(())
    }

    async fn run_turn(&self, turn: Turn, mut on_event: impl FnMut(ChatEvent) + Send) -> Result<(), ApiError> {
        let answer = turn.answer.clone();
        let asked = Asked {
            conversation: turn.conversation.id.clone(),
            title: turn.conversation.title.clone(),
            question: turn.user.id.clone(),
            begun: Some(answer.content.clone()).filter(|text| !text.is_empty()),
        };
        let conversation = asked.conversation.clone();
        let started = ChatEvent::Started {
            conversation: turn.conversation.into(),
            user_message: Box::new(turn.user.into()),
            answer: Box::new(turn.answer.into()),
        };
        let live = Arc::new(Live::new(started.clone()));
        let registered = Registration::new(self, conversation.clone(), Arc::clone(&live));
        self.list_changed();
        on_event(started);
        let mut on_event = |event: ChatEvent| {
            live.tell(&event);
            on_event(event);
        };

        let mut stream = Stream::new(self.clone(), &answer);
        let mut outcome = self.answer(asked, &live.switch, &mut stream, &mut on_event).await;
        if let Some(Due::Show { delta, predicted_n }) = stream.rest() {
            on_event(ChatEvent::Text { delta, predicted_n });
        }
        let written = stream.finish().await;
        let answered = answered(&conversation, &mut outcome, &written.text);
        let message = self.store_ending(answer, written, outcome).await;
        self.list_changed();
        let whole = message.error.is_none();
        on_event(ChatEvent::Done { message: Box::new(message) });
        drop(registered);
        if let Some(answered) = answered.filter(|_| whole) {
            self.propose_title(answered);
        }
        Ok(())
    }

    /// The model that is going to answer, as far as that is known before the engine is ours.
    fn model_name(&self) -> Option<String> {
        match &*self.inner.engine_state.borrow() {
            EngineState::Resting { name, .. } | EngineState::Loading { name, .. } => Some(name.clone()),
            EngineState::Ready { model }
            | EngineState::Understanding { model, .. }
            | EngineState::Writing { model, .. } => Some(model.name.clone()),
            EngineState::NoModel | EngineState::Failed { .. } => None,
        }
    }

    async fn store_ending(&self, answer: paddock_store::Message, written: Written, outcome: Outcome) -> Message {
        let Outcome { ending, model, cut, .. } = outcome;
        let Written { text, thinking_ms } = written;
        let finish = Finish {
            reason: ending.reason,
            timings: ending.timings,
            error_json: ending.error.as_ref().and_then(|error| serde_json::to_string(error).ok()),
            full_text: Some(text.clone()),
            model_name: model.map(|model| model.name),
            cut_json: cut.and_then(|cut| serde_json::to_string(&cut).ok()),
            thinking_ms,
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

fn check(request: &ChatRequest) -> Result<(), ApiError> {
    let ChatRequest { content, attachments, setup, .. } = request;
    if content.trim().is_empty() && attachments.is_empty() {
        return Err(ApiError::new(ErrorCode::BadInput, "The message is empty."));
    }
    let bytes = content.len() + attachments.iter().map(|attachment| attachment.text.len()).sum::<usize>();
    if bytes > MAX_MESSAGE_BYTES {
        let what = if attachments.is_empty() { "The message is" } else { "The message is, with its files," };
        return Err(ApiError::new(
            ErrorCode::BadInput,
            format!("{what} {bytes} bytes long; at most {MAX_MESSAGE_BYTES} can be sent."),
        )
        .hint("Send it in parts."));
    }
    setup.as_ref().map_or(Ok(()), setup::check_setup)
}

/// The conversation with its answer, if that came to its own end.
fn answered(conversation: &ConversationId, outcome: &mut Outcome, text: &str) -> Option<Answered> {
    let model = outcome.model.clone().filter(|_| outcome.ending.reason == FinishReason::Stop)?;
    let mut messages = std::mem::take(&mut outcome.messages);
    messages.push(ChatMessage::new(ChatRole::Assistant, text));
    Some(Answered { conversation: conversation.clone(), model, messages })
}
