//! The answers on their way, so that they can be stopped, and joined by a window that was not there at their beginning
//! (a page that was reloaded).

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use paddock_store::ConversationId;
use tokio::sync::mpsc;

use crate::{App, streaming::StopSwitch, view::ChatEvent};

/// An answer on its way.
pub(crate) struct Live {
    pub(crate) switch: StopSwitch,
    /// What its first listener was told first.
    started: ChatEvent,
    feed: Mutex<Feed>,
}

#[derive(Default)]
struct Feed {
    /// The last place in line, or the last progress, until there is text.
    stage: Option<ChatEvent>,
    text: String,
    predicted_n: u32,
    followers: Vec<mpsc::UnboundedSender<ChatEvent>>,
}

impl Live {
    pub(crate) fn new(started: ChatEvent) -> Self {
        Self { switch: StopSwitch::default(), started, feed: Mutex::default() }
    }

    /// Tell all who joined.
    pub(crate) fn tell(&self, event: &ChatEvent) {
        let mut feed = self.feed();
        match event {
            ChatEvent::Text { delta, predicted_n } => {
                feed.stage = None;
                feed.text.push_str(delta);
                feed.predicted_n = *predicted_n;
            }
            ChatEvent::Queued { .. } | ChatEvent::Progress { .. } => feed.stage = Some(event.clone()),
            ChatEvent::Started { .. } | ChatEvent::Done { .. } => {}
        }
        feed.followers.retain(|follower| follower.send(event.clone()).is_ok());
    }

    /// What was told so far, in short, and a way to hear the rest.
    fn join(&self) -> (Vec<ChatEvent>, mpsc::UnboundedReceiver<ChatEvent>) {
        let mut feed = self.feed();
        let (follower, rest) = mpsc::unbounded_channel();
        feed.followers.push(follower);
        let mut so_far = vec![self.started.clone()];
        so_far.extend(feed.stage.clone());
        if !feed.text.is_empty() {
            so_far.push(ChatEvent::Text { delta: feed.text.clone(), predicted_n: feed.predicted_n });
        }
        (so_far, rest)
    }

    fn feed(&self) -> MutexGuard<'_, Feed> {
        self.feed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl App {
    /// Join the answer that is on its way in a conversation: its events from the beginning, in short, then as they come,
    /// up to [`ChatEvent::Done`]. Returns at once, without an event, where there is none.
    pub async fn chat_follow(&self, conversation_id: &str, mut on_event: impl FnMut(ChatEvent) + Send) {
        let live = self.inner.answering().get(&ConversationId::from(conversation_id)).cloned();
        let Some((so_far, mut rest)) = live.map(|live| live.join()) else { return };
        so_far.into_iter().for_each(&mut on_event);
        while let Some(event) = rest.recv().await {
            on_event(event);
        }
    }
}

/// An answer in the app's books, for as long as this lives.
pub(crate) struct Registration {
    app: App,
    conversation: ConversationId,
}

impl Registration {
    pub(crate) fn new(app: &App, conversation: ConversationId, live: Arc<Live>) -> Self {
        app.inner.answering().insert(conversation.clone(), live);
        Self { app: app.clone(), conversation }
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        self.app.inner.answering().remove(&self.conversation);
    }
}
