//! The access token for Hugging Face. It is kept in the system's keychain, or in memory where there is none; never in the
//! database, a log or a message.

use std::{fmt, time::Duration};

use keyring::Entry;
use paddock_hub::remote::{Hub, HubConfig};
use tokio::sync::{Mutex, oneshot};

use crate::{ApiError, App, ErrorCode, view::TokenPlace};

/// Under which names the keychain has it.
const SERVICE: &str = "ai.paddock.Paddock";
const USER: &str = "huggingface";

/// How long a question to a server waits for the keychain. A locked one asks the user, who may not be there; then the
/// question goes out without the token, and the keychain's answer counts for the next one.
const READ_PATIENCE: Duration = Duration::from_secs(3);

/// How long the user has to unlock the keychain when a token is set.
const WRITE_PATIENCE: Duration = Duration::from_secs(60);

/// The user's own tokens.
#[derive(Default)]
pub(super) struct Tokens(Mutex<Held>);

#[derive(Default)]
struct Held {
    /// Set while there was no keychain. Goes before the keychain's.
    session: Option<Secret>,
    keychain: Keychain,
}

#[derive(Default)]
enum Keychain {
    #[default]
    NotAsked,
    /// It has not answered yet.
    Asked(oneshot::Receiver<Option<Secret>>),
    Known(Option<Secret>),
}

/// A token that nothing prints.
#[derive(Clone)]
struct Secret(String);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(not shown)")
    }
}

impl Tokens {
    /// The token that was set in Paddock, and where it is.
    pub(super) async fn own(&self) -> Option<(String, TokenPlace)> {
        self.find().await.map(|(Secret(token), place)| (token, place))
    }

    async fn find(&self) -> Option<(Secret, TokenPlace)> {
        let mut held = self.0.lock().await;
        if let Some(session) = &held.session {
            return Some((session.clone(), TokenPlace::Session));
        }
        if matches!(held.keychain, Keychain::NotAsked) {
            held.keychain = Keychain::Asked(ask(|| read().ok().flatten()));
        }
        if let Keychain::Asked(answer) = &mut held.keychain
            && let Ok(answer) = tokio::time::timeout(READ_PATIENCE, answer).await
        {
            held.keychain = Keychain::Known(answer.ok().flatten());
        }
        match &held.keychain {
            Keychain::Known(Some(token)) => Some((token.clone(), TokenPlace::Keychain)),
            _ => None,
        }
    }

    async fn set(&self, token: Secret) {
        let mut held = self.0.lock().await;
        let for_keychain = token.clone();
        if matches!(patiently(move || write(&for_keychain)).await, Some(Ok(()))) {
            *held = Held { session: None, keychain: Keychain::Known(Some(token)) };
        } else {
            // What the keychain said is not logged: some of its errors hold what they are about.
            tracing::info!("this system has no keychain that can be used; the token is kept until the end");
            held.session = Some(token);
        }
    }

    /// Whether there is none afterwards.
    async fn remove(&self) -> bool {
        let mut held = self.0.lock().await;
        held.session = None;
        let is_gone = match patiently(remove).await {
            Some(Ok(())) => true,
            // Without a keychain there was nothing in it.
            Some(Err(_)) => Entry::store_status().is_err(),
            None => false,
        };
        if is_gone {
            held.keychain = Keychain::Known(None);
        }
        is_gone
    }
}

impl App {
    /// Whether there is an access token for the server that is asked, and where it is kept.
    ///
    /// # Errors
    /// Only what the disk says.
    pub async fn hub_token(&self) -> Result<TokenPlace, ApiError> {
        Ok(self.hub_config().await?.1)
    }

    /// Sets the access token, or removes it. Goes to the keychain; where there is none, or it stays locked, it is kept
    /// until Paddock is closed.
    ///
    /// # Errors
    /// [`ErrorCode::BadInput`] for what no token looks like, [`ErrorCode::Storage`] if the keychain does not let it go.
    pub async fn set_hub_token(&self, token: Option<String>) -> Result<TokenPlace, ApiError> {
        let tokens = &self.inner.discovery.tokens;
        match token.map(|token| token.trim().to_owned()).filter(|token| !token.is_empty()) {
            Some(token) => {
                let mut config = HubConfig::default();
                config.token = Some(token.clone());
                Hub::new(config)?;
                tokens.set(Secret(token)).await;
            }
            None if tokens.remove().await => {}
            None => {
                return Err(ApiError::new(
                    ErrorCode::Storage,
                    "The system's keychain did not remove the access token.",
                )
                .hint("Unlock the keychain and try again, or remove the entry “ai.paddock.Paddock” there."));
            }
        }
        self.hub_token().await
    }
}

/// Asks the keychain on a thread that nobody waits for at the end: a locked one may never answer.
fn ask<T: Send + 'static>(question: impl FnOnce() -> T + Send + 'static) -> oneshot::Receiver<T> {
    let (answer, answered) = oneshot::channel();
    std::thread::spawn(move || {
        // Nobody listens any more if it took too long.
        let _ = answer.send(question());
    });
    answered
}

/// The same, waiting as long as a user may take; `None` if that was not enough.
async fn patiently<T: Send + 'static>(question: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    tokio::time::timeout(WRITE_PATIENCE, ask(question)).await.ok()?.ok()
}

fn read() -> keyring::Result<Option<Secret>> {
    match Entry::new(SERVICE, USER)?.get_password() {
        Ok(token) => Ok(Some(Secret(token))),
        Err(keyring::Error::NoEntry) => Ok(None),
        Err(error) => Err(error),
    }
}

fn write(Secret(token): &Secret) -> keyring::Result<()> {
    Entry::new(SERVICE, USER)?.set_password(token)
}

fn remove() -> keyring::Result<()> {
    match Entry::new(SERVICE, USER)?.delete_credential() {
        Err(keyring::Error::NoEntry) => Ok(()),
        done => done,
    }
}
