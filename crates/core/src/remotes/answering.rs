//! An answer out of another server.

use std::pin::pin;

use paddock_engine_api::protocol::{ChatMessage, ChatRole};
use paddock_remote::{AnswerEnd, AnswerEvent, Ask, AskedMessage, EndReason, Patience, Remote, Role};
use paddock_store::{ConversationId, FinishReason, Timings};
use tokio::sync::mpsc;

use super::RemotePath;
use crate::{
    ApiError, App,
    answering::Ending,
    fitting::Fitted,
    prompt::Prompt,
    streaming::{Due, StopSwitch, Stream},
    view::{ChatEvent, EngineState, LoadedModel, RemotePlace, SamplingChoice},
};

/// All of a conversation: what is too long for a server, it refuses in its own words.
///
/// # Errors
/// When an answer is to be gone on with: this API cannot do that.
pub(crate) fn whole(prompt: &Prompt, place: &RemotePlace) -> Result<Fitted, ApiError> {
    if prompt.begun.is_some() {
        return Err(ApiError::remote_cannot_continue(place.host.clone()));
    }
    Ok(Fitted { messages: prompt.without(&(0..0)), cut: None })
}

impl App {
    /// Ask another server, and stream what it answers. When the answer is stopped, the connection is closed.
    pub(crate) async fn answer_remotely(
        &self,
        conversation: &ConversationId,
        model: &LoadedModel,
        prompt: (&[ChatMessage], &SamplingChoice),
        switch: &StopSwitch,
        stream: &mut Stream,
        on_event: &mut (impl FnMut(ChatEvent) + Send),
    ) -> Ending {
        let conversation_id = conversation.to_string();
        let show = |state| self.inner.engine_state.send_replace(state);
        let waiting = (model.clone(), conversation_id.clone());
        show(EngineState::Understanding {
            model: waiting.0,
            conversation_id: waiting.1,
            processed: 0,
            total: 0,
            cached: 0,
        });
        let host = model.remote.as_ref().map(|place| place.host.clone()).unwrap_or_default();
        let (tell, mut told) = mpsc::unbounded_channel();
        let mut answer = pin!(self.ask_remote(model, prompt, |event| {
            // Whoever listens is here until this has ended.
            let _heard = tell.send(event);
        }));
        let mut writing = false;
        let mut hear = |event, stream: &mut Stream| {
            let AnswerEvent::Text { text, predicted_n } = event else { return };
            if !std::mem::replace(&mut writing, true) {
                let (model, conversation_id) = (model.clone(), conversation_id.clone());
                show(EngineState::Writing { model, conversation_id });
            }
            stream.push(&text, predicted_n);
        };
        let end = loop {
            tokio::select! {
                biased;
                () = switch.stopped() => break None,
                Some(event) = told.recv() => hear(event, stream),
                end = &mut answer => break Some(end),
                due = stream.next_due() => {
                    if let Due::Show { delta, predicted_n } = due {
                        on_event(ChatEvent::Text { delta, predicted_n });
                    }
                }
            }
        };
        while let Ok(event) = told.try_recv() {
            hear(event, stream);
        }
        match end {
            None => Ending::stopped(),
            Some(Ok(end)) => ending(end, host, stream.is_empty()),
            Some(Err(error)) => Ending::failed(error, stream.is_empty()),
        }
    }

    async fn ask_remote(
        &self,
        model: &LoadedModel,
        (messages, sampling): (&[ChatMessage], &SamplingChoice),
        on_event: impl FnMut(AnswerEvent),
    ) -> Result<AnswerEnd, ApiError> {
        let gone = || ApiError::remote_gone(Some(model.name.clone()));
        let path = RemotePath::parse(model.path.as_ref()).ok_or_else(gone)?;
        let known = self.known().await?.into_iter().find(|known| known.id == path.server).ok_or_else(gone)?;
        let key = self.key_of(&known).await?;
        let remote = Remote::new(known.address()?, key.as_deref(), Patience::default())?;
        let ask = Ask {
            model: path.model,
            messages: messages.iter().map(asked).collect(),
            max_tokens: sampling.max_tokens,
            temperature: sampling.temperature,
            top_p: sampling.top_p,
            top_k: sampling.top_k,
            min_p: sampling.min_p,
            repeat_penalty: sampling.repeat_penalty,
            seed: sampling.seed,
            stop: Vec::new(),
        };
        Ok(remote.answer(&ask, on_event).await?)
    }
}

fn ending(end: AnswerEnd, host: String, nothing_written: bool) -> Ending {
    let AnswerEnd { reason, timings } = end;
    let reason = match reason {
        EndReason::Stop => FinishReason::Stop,
        EndReason::Length => FinishReason::Length,
        EndReason::Filtered => return Ending::failed(ApiError::remote_filtered(host), nothing_written),
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

fn asked(message: &ChatMessage) -> AskedMessage {
    let role = match message.role {
        ChatRole::System => Role::System,
        ChatRole::Assistant => Role::Assistant,
        _ => Role::User,
    };
    let content = if role == Role::Assistant { without_thoughts(&message.content) } else { &message.content };
    AskedMessage { role, content: content.to_owned() }
}

/// An earlier answer without what was thought before it. Models do not get that again; here no chat template takes it out.
fn without_thoughts(answer: &str) -> &str {
    let Some((thoughts, said)) = answer.split_once("</think>") else { return answer };
    if thoughts.trim_start().starts_with("<think>") { said.trim_start() } else { answer }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_thought_before_an_earlier_answer_is_not_sent() {
        assert_eq!(without_thoughts("<think>\nhm\n</think>\n\nFour."), "Four.");
        assert_eq!(without_thoughts("The end is written </think>."), "The end is written </think>.");
        assert_eq!(without_thoughts("Four."), "Four.");
        assert_eq!(without_thoughts("<think>cut off"), "<think>cut off");
    }
}
