//! The one switch of the window: the server as it should be, and as it is.

use std::{
    net::Ipv4Addr,
    sync::{Arc, Weak},
    time::Duration,
};

use paddock_core::{
    ApiError, App, own_address,
    view::{ServerSettings, ServerState, ServerToken, ServerView},
};
use tokio::sync::{Mutex, watch};

use crate::running::{Config, Server};

/// The least time between two tellings of how many requests there are.
const PACE: Duration = Duration::from_millis(250);

/// The server of an app, which goes on and off while the app runs. Cheap to clone.
#[derive(Clone)]
pub struct Switch {
    inner: Arc<Inner>,
}

struct Inner {
    app: App,
    server: Mutex<Option<Server>>,
    view: watch::Sender<ServerView>,
}

impl Switch {
    /// Off, until [`Self::restore`] or [`Self::set`]. Must be called within a tokio runtime.
    pub fn new(app: App) -> Self {
        let view = ServerView { settings: ServerSettings::default(), state: ServerState::Off, running: 0, waiting: 0 };
        let inner = Arc::new(Inner { app, server: Mutex::new(None), view: watch::Sender::new(view) });
        tokio::spawn(tell_of_load(inner.app.outside_load_changes(), Arc::downgrade(&inner)));
        Self { inner }
    }

    /// The server, now and as it changes.
    pub fn view(&self) -> watch::Receiver<ServerView> {
        self.inner.view.subscribe()
    }

    /// As it was left when the app was closed. What goes wrong shows in the view.
    pub async fn restore(&self) {
        let restored = match self.inner.app.server_settings().await {
            Ok(settings) => self.apply(settings).await,
            Err(error) => Err(error),
        };
        if let Err(error) = restored {
            tracing::warn!(%error, "the local server is not as it was left");
        }
    }

    /// Change the settings, and run as they say. What keeps the server from running shows in the view.
    ///
    /// # Errors
    /// When a value is out of its range, and what the disk says.
    pub async fn set(&self, settings: ServerSettings) -> Result<ServerView, ApiError> {
        let settings = self.inner.app.set_server_settings(settings).await?;
        self.apply(settings).await?;
        Ok(self.inner.view.borrow().clone())
    }

    /// The token, made when it is asked for the first time.
    ///
    /// # Errors
    /// When the system gives no random numbers.
    pub async fn token(&self) -> Result<ServerToken, ApiError> {
        let (token, place) = self.inner.app.server_token().await?;
        Ok(ServerToken { token, place })
    }

    /// Another token; from now on the one before is refused.
    ///
    /// # Errors
    /// As [`Self::token`].
    pub async fn renew_token(&self) -> Result<ServerToken, ApiError> {
        let (token, place) = self.inner.app.renew_server_token().await?;
        if let Some(server) = &*self.inner.server.lock().await {
            server.set_token(&token);
        }
        Ok(ServerToken { token, place })
    }

    /// The app ends.
    pub async fn close(&self) {
        let server = self.inner.server.lock().await.take();
        if let Some(server) = server {
            server.stop().await;
        }
    }

    async fn apply(&self, settings: ServerSettings) -> Result<(), ApiError> {
        let mut server = self.inner.server.lock().await;
        let before = self.inner.view.borrow().clone();
        let same_door = (before.settings.port, before.settings.lan) == (settings.port, settings.lan);
        let is_on = server.is_some();
        let state = match (settings.on, is_on && same_door) {
            (true, true) => before.state,
            (false, _) => {
                end(&mut server).await;
                ServerState::Off
            }
            (true, false) => {
                end(&mut server).await;
                match self.start(&settings).await {
                    Ok(started) => {
                        let state = on(&started, settings.lan);
                        tokio::spawn(end_with(Arc::downgrade(&self.inner), started.ended()));
                        *server = Some(started);
                        state
                    }
                    Err(error) => ServerState::Failed { error },
                }
            }
        };
        self.inner.view.send_modify(|view| {
            view.settings = settings;
            view.state = state;
        });
        Ok(())
    }

    async fn start(&self, settings: &ServerSettings) -> Result<Server, ApiError> {
        let (token, _) = self.inner.app.server_token().await?;
        let host = settings.lan.then(|| Ipv4Addr::UNSPECIFIED.into());
        let config = Config { host, port: settings.port, token, allowed_origins: Vec::new() };
        Server::start(self.inner.app.clone(), config).await
    }
}

fn on(server: &Server, lan: bool) -> ServerState {
    let port = server.address().port();
    let lan_url = own_address().filter(|_| lan).map(|address| format!("http://{address}:{port}"));
    ServerState::On { url: server.url(), lan_url }
}

async fn end(server: &mut Option<Server>) {
    if let Some(server) = server.take() {
        server.stop().await;
    }
}

/// `paddock stop` ends the server of the window, too; the window then shows that it is off.
async fn end_with(inner: Weak<Inner>, ended: impl Future<Output = ()>) {
    ended.await;
    let Some(inner) = inner.upgrade() else { return };
    // Whoever changes the settings at this moment says himself how it is.
    let Ok(mut server) = inner.server.try_lock() else { return };
    if server.take().is_some() {
        inner.view.send_modify(|view| {
            view.settings.on = false;
            view.state = ServerState::Off;
        });
    }
}

/// Keep the numbers in the view.
async fn tell_of_load(mut changes: watch::Receiver<u64>, inner: Weak<Inner>) {
    while changes.changed().await.is_ok() {
        changes.borrow_and_update();
        {
            let Some(inner) = inner.upgrade() else { return };
            let (running, waiting) = inner.app.outside_load();
            let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
            inner.view.send_if_modified(|view| {
                let before = (view.running, view.waiting);
                (view.running, view.waiting) = (number(running), number(waiting));
                before != (view.running, view.waiting)
            });
        }
        tokio::time::sleep(PACE).await;
    }
}
