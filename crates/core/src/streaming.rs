//! Between the engine's tokens and the two that want them: the window, at most once per frame, and the disk, at least
//! every quarter of a second.

use std::{sync::Arc, time::Duration};

use paddock_store::{Message, MessageId};
use tokio::{
    sync::Notify,
    task::JoinHandle,
    time::{Instant, sleep_until},
};

use crate::{ApiError, App, thinking::Thinking};

/// One frame at 60 Hz: the window cannot show more.
const FRAME: Duration = Duration::from_millis(16);
/// What was shown longer ago than a quarter of a second is on disk; this leaves room for a slow one.
const CHECKPOINT: Duration = Duration::from_millis(100);

/// Stops one answer. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub(crate) struct StopSwitch {
    notify: Arc<Notify>,
}

impl StopSwitch {
    /// Stop, now or as soon as somebody waits.
    pub(crate) fn stop(&self) {
        self.notify.notify_one();
    }

    /// Until [`Self::stop`].
    pub(crate) async fn stopped(&self) {
        self.notify.notified().await;
    }
}

/// An answer's text on its way to window and disk.
pub(crate) struct Stream {
    app: App,
    answer: MessageId,
    /// What the answer had when it was gone on with; it is on screen and on disk.
    begun: String,
    /// What was written since.
    text: String,
    thinking: Thinking,
    /// How much of `text` the window has.
    shown: usize,
    shown_at: Instant,
    /// How much of `text` the disk has, or will have when `saving` is done.
    saved: usize,
    saved_at: Instant,
    saving: Option<JoinHandle<Result<(), ApiError>>>,
    predicted_n: u32,
}

/// An answer as it is in the end.
pub(crate) struct Written {
    /// All of its text.
    pub(crate) text: String,
    /// How long the model thought, where that was measured.
    pub(crate) thinking_ms: Option<f64>,
}

/// What [`Stream::next_due`] found to do.
pub(crate) enum Due {
    /// Show this.
    Show { delta: String, predicted_n: u32 },
    /// Nothing for the window; the disk was seen to.
    Saved,
}

impl Stream {
    pub(crate) fn new(app: App, answer: &Message) -> Self {
        // In the past, so that the first word is shown and saved at once.
        let long_ago = Instant::now().checked_sub(CHECKPOINT).unwrap_or_else(Instant::now);
        Self {
            app,
            answer: answer.id.clone(),
            begun: answer.content.clone(),
            text: String::new(),
            thinking: Thinking::new(&answer.content, answer.thinking_ms),
            shown: 0,
            shown_at: long_ago,
            saved: 0,
            saved_at: long_ago,
            saving: None,
            predicted_n: 0,
        }
    }

    pub(crate) fn push(&mut self, text: &str, predicted_n: u32) {
        let from = self.text.len();
        self.text.push_str(text);
        self.thinking.hear(&self.text, from, std::time::Instant::now());
        self.predicted_n = predicted_n;
    }

    /// Whether the answer has no text, from now or before.
    pub(crate) fn is_empty(&self) -> bool {
        self.begun.is_empty() && self.text.is_empty()
    }

    /// Wait until something is due, and do it. For ever, if nothing is. Cancel-safe.
    pub(crate) async fn next_due(&mut self) -> Due {
        tokio::select! {
            () = sleep_until(self.shown_at + FRAME), if self.shown < self.text.len() => self.show(),
            () = sleep_until(self.saved_at + CHECKPOINT), if self.saved < self.text.len() && self.saving.is_none() => {
                self.save();
                Due::Saved
            }
            done = join(&mut self.saving) => {
                self.saving = None;
                note(done);
                Due::Saved
            }
        }
    }

    /// What the window does not have yet.
    pub(crate) fn rest(&mut self) -> Option<Due> {
        (self.shown < self.text.len()).then(|| self.show())
    }

    /// Wait for the disk; give the whole text. What could not be saved on the way is saved with the end.
    pub(crate) async fn finish(mut self) -> Written {
        if self.saving.is_some() {
            let done = join(&mut self.saving).await;
            note(done);
        }
        let thinking_ms = self.thinking.took_ms(&self.text);
        Written { text: self.begun + &self.text, thinking_ms }
    }

    fn show(&mut self) -> Due {
        let delta = self.text[self.shown..].to_owned();
        self.shown = self.text.len();
        self.shown_at = Instant::now();
        Due::Show { delta, predicted_n: self.predicted_n }
    }

    fn save(&mut self) {
        let (app, answer, delta) = (self.app.clone(), self.answer.clone(), self.text[self.saved..].to_owned());
        self.saved = self.text.len();
        self.saved_at = Instant::now();
        self.saving =
            Some(tokio::spawn(async move { app.with_store(move |store| store.append_answer(&answer, &delta)).await }));
    }
}

/// A checkpoint that failed is not the end of an answer: the whole text is saved again at its end.
fn note(done: Result<(), ApiError>) {
    if let Err(error) = done {
        tracing::warn!(%error, "an answer could not be saved on the way");
    }
}

async fn join(saving: &mut Option<JoinHandle<Result<(), ApiError>>>) -> Result<(), ApiError> {
    match saving {
        Some(saving) => saving.await.unwrap_or_else(|error| Err(error.into())),
        None => std::future::pending().await,
    }
}
