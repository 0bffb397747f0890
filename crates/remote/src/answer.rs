//! One answer, as it comes.

use std::time::{Duration, Instant};

use futures_util::StreamExt;
use reqwest::header::{ACCEPT, CONTENT_TYPE};
use serde::Serialize;
use sse_stream::SseStream;

use crate::{
    Remote, RemoteError,
    chunk::{Chunk, Delta, ServerTimings, Usage},
    web::said,
};

/// Whose turn a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the API's own role names")]
pub enum Role {
    System,
    User,
    Assistant,
}

/// One turn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AskedMessage {
    /// Whose.
    pub role: Role,
    /// Its text.
    pub content: String,
}

/// What is to be answered, and how. What is `None` is not sent, and the server chooses: OpenAI's own refuses what it does
/// not know.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Ask {
    /// [`crate::RemoteModel::id`].
    pub model: String,
    /// The conversation, oldest first.
    pub messages: Vec<AskedMessage>,
    /// Tokens to write at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_tokens: Option<u32>,
    /// 0 ..= 2.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub temperature: Option<f32>,
    /// 0 ..= 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub top_p: Option<f32>,
    /// Not OpenAI's; vLLM, SGLang, llama-server and Ollama know it. So for the next two.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub top_k: Option<u32>,
    /// 0 ..= 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_p: Option<f32>,
    /// Above 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repeat_penalty: Option<f32>,
    /// The same seed gives the same answer, where the server can do that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seed: Option<u32>,
    /// Texts that end the answer.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub stop: Vec<String>,
}

/// What an answer tells on its way.
#[derive(Debug, Clone, PartialEq)]
pub enum AnswerEvent {
    /// The server has taken the question.
    Accepted,
    /// More text. What the model thinks comes first, between `<think>` and `</think>`.
    Text {
        /// Not empty.
        text: String,
        /// Pieces so far; nearly all servers send one per token.
        predicted_n: u32,
    },
}

/// The end of an answer.
#[derive(Debug, Clone, PartialEq)]
pub struct AnswerEnd {
    /// Why here.
    pub reason: EndReason,
    /// Counts and times.
    pub timings: AnswerTimings,
}

/// Why an answer ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndReason {
    /// The model ended its turn.
    Stop,
    /// It may not be longer.
    Length,
    /// The server's own rules forbid the rest.
    Filtered,
}

/// Counts and times of an answer: the server's own where it sends them (llama-server); else its counts, and times as seen
/// from here, with the way there and back in them.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct AnswerTimings {
    /// Prompt tokens that the server had computed before.
    pub cache_n: u32,
    /// Prompt tokens that it computed.
    pub prompt_n: u32,
    /// Time for them, in milliseconds.
    pub prompt_ms: f64,
    /// Tokens written.
    pub predicted_n: u32,
    /// Time for them, in milliseconds.
    pub predicted_ms: f64,
}

#[derive(Serialize)]
struct Body<'a> {
    #[serde(flatten)]
    ask: &'a Ask,
    stream: bool,
    stream_options: StreamOptions,
}

#[derive(Serialize)]
struct StreamOptions {
    include_usage: bool,
}

/// The most bytes of one answer: a hundred thousand tokens with what stands around them.
const MAX_ANSWER_BYTES: usize = 64 << 20;

impl Remote {
    /// Ask, and read the answer to its end.
    ///
    /// # Errors
    /// See [`RemoteError`]. What came before the error was told.
    pub async fn answer(&self, ask: &Ask, mut on_event: impl FnMut(AnswerEvent)) -> Result<AnswerEnd, RemoteError> {
        let asked = Instant::now();
        let body = Body { ask, stream: true, stream_options: StreamOptions { include_usage: true } };
        let body = serde_json::to_vec(&body).map_err(|error| self.garbled(error.to_string()))?;
        let request = self
            .post("chat/completions")
            .header(CONTENT_TYPE, "application/json")
            .header(ACCEPT, "text/event-stream")
            .body(body);
        let response = self.send(request, self.patience.first_word, Some(&ask.model)).await?;
        on_event(AnswerEvent::Accepted);
        let is_stream = response
            .headers()
            .get(CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .is_some_and(|value| value.starts_with("text/event-stream"));
        let mut reading = Reading::new(asked);
        if !is_stream {
            // A server that cannot stream sends the whole at the end.
            let chunk = self.chunk(&self.body(response).await?)?;
            reading.take(chunk, self, &mut on_event)?;
            return reading.end(self, true);
        }
        let mut left = MAX_ANSWER_BYTES;
        // Ended here, whatever is one endless line is never put together.
        let bytes = response.bytes_stream().take_while(move |bytes| {
            left = left.saturating_sub(bytes.as_ref().map_or(0, |bytes| bytes.len()));
            std::future::ready(left > 0)
        });
        let mut events = SseStream::from_bytes_stream(bytes);
        let mut done = false;
        while !done {
            let patience = if reading.first_word.is_some() { self.patience.silence } else { self.patience.first_word };
            match tokio::time::timeout(patience, events.next()).await {
                Err(_) => return Err(self.silent(patience)),
                Ok(None) => break,
                Ok(Some(Err(_))) => return Err(self.cut()),
                Ok(Some(Ok(event))) => match event.data.as_deref().map(str::trim) {
                    Some("[DONE]") => done = true,
                    Some(data) if !data.is_empty() => {
                        reading.take(self.chunk(data.as_bytes())?, self, &mut on_event)?;
                    }
                    _ => {}
                },
            }
        }
        reading.close_thought(&mut on_event);
        reading.end(self, done)
    }

    fn chunk(&self, json: &[u8]) -> Result<Chunk, RemoteError> {
        serde_json::from_slice(json).map_err(|_| self.garbled("a piece of its answer cannot be read"))
    }
}

/// What came so far.
struct Reading {
    asked: Instant,
    first_word: Option<Instant>,
    last_word: Instant,
    pieces: u32,
    is_thinking: bool,
    reason: Option<EndReason>,
    usage: Option<Usage>,
    timings: Option<ServerTimings>,
}

impl Reading {
    fn new(asked: Instant) -> Self {
        Self {
            asked,
            first_word: None,
            last_word: asked,
            pieces: 0,
            is_thinking: false,
            reason: None,
            usage: None,
            timings: None,
        }
    }

    fn take(
        &mut self,
        chunk: Chunk,
        remote: &Remote,
        on_event: &mut impl FnMut(AnswerEvent),
    ) -> Result<(), RemoteError> {
        if let Some(error) = chunk.error {
            let said = said(error.to_string().as_bytes());
            return Err(RemoteError::Refused { host: remote.host(), status: 200, said });
        }
        // Some servers send both in every piece; the last ones are whole.
        self.usage = chunk.usage.or(self.usage.take());
        self.timings = chunk.timings.or(self.timings.take());
        // Only one answer was asked for.
        let Some(choice) = chunk.choices.into_iter().next() else { return Ok(()) };
        if let Some(delta) = choice.delta.or(choice.message) {
            self.words(&delta, on_event);
        }
        if let Some(reason) = choice.finish_reason {
            self.reason = Some(match reason.as_str() {
                "length" => EndReason::Length,
                "content_filter" => EndReason::Filtered,
                _ => EndReason::Stop,
            });
        }
        Ok(())
    }

    fn words(&mut self, delta: &Delta, on_event: &mut impl FnMut(AnswerEvent)) {
        if let Some(thought) = delta.thinking() {
            if !self.is_thinking {
                self.is_thinking = true;
                self.tell("<think>", on_event);
            }
            self.count();
            self.tell(thought, on_event);
        }
        if let Some(text) = delta.text() {
            self.close_thought(on_event);
            self.count();
            self.tell(text, on_event);
        }
    }

    fn close_thought(&mut self, on_event: &mut impl FnMut(AnswerEvent)) {
        if std::mem::take(&mut self.is_thinking) {
            self.tell("</think>\n\n", on_event);
        }
    }

    fn count(&mut self) {
        self.pieces += 1;
        self.last_word = Instant::now();
        self.first_word.get_or_insert(self.last_word);
    }

    fn tell(&mut self, text: &str, on_event: &mut impl FnMut(AnswerEvent)) {
        on_event(AnswerEvent::Text { text: text.to_owned(), predicted_n: self.pieces });
    }

    /// `done`: the server said that this was all.
    fn end(self, remote: &Remote, done: bool) -> Result<AnswerEnd, RemoteError> {
        let timings = self.timings();
        match self.reason {
            Some(reason) => Ok(AnswerEnd { reason, timings }),
            None if done && self.pieces > 0 => Ok(AnswerEnd { reason: EndReason::Stop, timings }),
            None if done => Err(remote.garbled("its answer holds nothing")),
            None => Err(remote.cut()),
        }
    }

    fn timings(&self) -> AnswerTimings {
        if let Some(timings) = &self.timings {
            return AnswerTimings {
                cache_n: timings.cache_n,
                prompt_n: timings.prompt_n,
                prompt_ms: timings.prompt_ms,
                predicted_n: timings.predicted_n,
                predicted_ms: timings.predicted_ms,
            };
        }
        let ms = |time: Duration| time.as_secs_f64() * 1e3;
        let first = self.first_word.unwrap_or(self.last_word);
        let (prompt, cached, written) = self.usage.as_ref().map_or((0, 0, self.pieces), |usage| {
            let cached = usage.prompt_tokens_details.as_ref().and_then(|details| details.cached_tokens);
            (usage.prompt_tokens, cached.unwrap_or(0).min(usage.prompt_tokens), usage.completion_tokens)
        });
        AnswerTimings {
            cache_n: cached,
            prompt_n: prompt - cached,
            prompt_ms: ms(first - self.asked),
            predicted_n: written.max(self.pieces.min(1)),
            predicted_ms: ms(self.last_word - first),
        }
    }
}
