//! The way of an answer from the app to the client: whole, or piece by piece as events.

use std::sync::Arc;

use paddock_core::{Completed, Completion, CompletionEvent, Refusal, TokenLogprob};
use tokio::sync::{Notify, oneshot};

use crate::{
    fault::Fault,
    feed::{Feed, NobodyReads, feed},
    reply::{self, Reply},
    running::Shared,
};

/// How an interface tells of an answer as it comes. Each gives whole server-sent events.
pub trait Script: Send + 'static {
    /// The engine has begun; `model` is its id.
    fn begin(&mut self, model: &str) -> String;
    /// More text; may be empty.
    fn more(&mut self, text: &str, logprobs: &[TokenLogprob]) -> String;
    /// The end.
    fn end(&mut self, completed: &Completed) -> String;
    /// It ended too early.
    fn broken(&mut self, fault: &Fault) -> String;
}

/// An answer as a whole.
pub struct Whole {
    pub model: String,
    pub text: String,
    pub logprobs: Vec<TokenLogprob>,
    pub completed: Completed,
}

/// Get all of an answer. Dropping the future, as the connection does when the client goes, stops the engine.
pub async fn whole(shared: &Shared, completion: Completion) -> Result<Whole, Fault> {
    let (mut model, mut text, mut all) = (String::new(), String::new(), Vec::new());
    let abandoned = Abandoned(Some(shared));
    let completed = shared.app.complete(completion, |event| match event {
        CompletionEvent::Started { model: id } => model = id,
        CompletionEvent::Text { text: more, logprobs, .. } => {
            text.push_str(&more);
            all.extend(logprobs);
        }
        CompletionEvent::Queued { .. } | CompletionEvent::Prompt { .. } => {}
    });
    let completed = completed.await;
    abandoned.not();
    let completed = completed?;
    shared.metrics.count_answer(&completed.timings);
    Ok(Whole { model, text, logprobs: all, completed })
}

/// Counts a client that went away, when it is dropped before it was told otherwise.
struct Abandoned<'a>(Option<&'a Shared>);

impl Abandoned<'_> {
    fn not(mut self) {
        self.0 = None;
    }
}

impl Drop for Abandoned<'_> {
    fn drop(&mut self) {
        if let Some(shared) = self.0 {
            shared.metrics.count_abandoned();
        }
    }
}

/// Tell of an answer as it comes. Until the engine has begun, what goes wrong is a reply of its own.
pub async fn events(shared: &Arc<Shared>, completion: Completion, script: impl Script) -> Result<Reply, Fault> {
    let (feed, body) = feed();
    let (begun, has_begun) = oneshot::channel();
    tokio::spawn(write(Arc::clone(shared), completion, script, feed, begun));
    match has_begun.await {
        Ok(Ok(())) => Ok(reply::events(body)),
        Ok(Err(fault)) => Err(fault),
        Err(_) => Err(Fault::new(hyper::StatusCode::INTERNAL_SERVER_ERROR, "A part of Paddock failed.")),
    }
}

/// The stages of [`write()`].
struct Writer<S> {
    script: S,
    feed: Feed,
    model: String,
    begun: Option<oneshot::Sender<Result<(), Fault>>>,
    unread: Arc<Notify>,
}

impl<S: Script> Writer<S> {
    fn hear(&mut self, event: CompletionEvent) {
        let written = match event {
            CompletionEvent::Queued { .. } => Ok(()),
            CompletionEvent::Started { model } => {
                self.model = model;
                Ok(())
            }
            CompletionEvent::Prompt { .. } => self.begin(),
            CompletionEvent::Text { text, logprobs, .. } => self.begin().and_then(|()| {
                let events = self.script.more(&text, &logprobs);
                self.feed.write(events)
            }),
        };
        if written.is_err() {
            self.unread.notify_one();
        }
    }

    /// Says so once, at the engine's first sign: from then on there is a reply.
    fn begin(&mut self) -> Result<(), NobodyReads> {
        let Some(begun) = self.begun.take() else { return Ok(()) };
        let events = self.script.begin(&self.model);
        let written = self.feed.write(events);
        // An error means that the client has gone.
        begun.send(Ok(())).map_err(|_| NobodyReads).and(written)
    }

    fn end(mut self, ending: Result<Completed, Refusal>) {
        let events = match ending {
            Ok(completed) => {
                // An answer may have no text.
                let _gone = self.begin();
                self.script.end(&completed)
            }
            Err(refusal) => {
                let fault = refusal.into();
                if let Some(begun) = self.begun.take() {
                    let _gone = begun.send(Err(fault));
                    return;
                }
                self.script.broken(&fault)
            }
        };
        // Whoever has gone does not need it.
        let _gone = self.feed.write(events);
    }
}

async fn write(
    shared: Arc<Shared>,
    completion: Completion,
    script: impl Script,
    feed: Feed,
    begun: oneshot::Sender<Result<(), Fault>>,
) {
    let unread = Arc::new(Notify::new());
    let mut writer = Writer { script, feed, model: String::new(), begun: Some(begun), unread: Arc::clone(&unread) };
    let closed = writer.feed.closed_later();
    let ending = tokio::select! {
        ending = shared.app.complete(completion, |event| writer.hear(event)) => ending,
        // What is dropped here stops the engine.
        () = closed => return shared.metrics.count_abandoned(),
        () = unread.notified() => return shared.metrics.count_abandoned(),
    };
    if let Ok(completed) = &ending {
        shared.metrics.count_answer(&completed.timings);
    }
    writer.end(ending);
}
