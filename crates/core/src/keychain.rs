//! Secrets in the system's keychain, or in memory where there is none; never in the database, a log or a message.

use std::{borrow::Cow, fmt, time::Duration};

use keyring::Entry;
use tokio::sync::{Mutex, oneshot};

use crate::view::TokenPlace;

/// Under which name the keychain has all of them.
const SERVICE: &str = "ai.paddock.Paddock";

/// How long whoever wants the secret waits for the keychain. A locked one asks the user, who may not be there; then it is
/// done without, and the keychain's answer counts for the next time.
const READ_PATIENCE: Duration = Duration::from_secs(3);

/// How long the user has to unlock the keychain when a secret is set.
const WRITE_PATIENCE: Duration = Duration::from_secs(60);

/// One secret.
pub(crate) struct Keyed {
    /// The name of its entry.
    user: Cow<'static, str>,
    held: Mutex<Held>,
}

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

/// A text that nothing prints.
#[derive(Clone)]
struct Secret(String);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(not shown)")
    }
}

impl Keyed {
    /// The secret under this name.
    pub(crate) fn named(user: impl Into<Cow<'static, str>>) -> Self {
        Self { user: user.into(), held: Mutex::default() }
    }

    /// The secret that was set in Paddock, and where it is.
    pub(crate) async fn own(&self) -> Option<(String, TokenPlace)> {
        self.find().await.map(|(Secret(token), place)| (token, place))
    }

    async fn find(&self) -> Option<(Secret, TokenPlace)> {
        let mut held = self.held.lock().await;
        let user = self.user.clone();
        if let Some(session) = &held.session {
            return Some((session.clone(), TokenPlace::Session));
        }
        if matches!(held.keychain, Keychain::NotAsked) {
            held.keychain = Keychain::Asked(ask(move || read(&user).ok().flatten()));
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

    /// Keep it; where there is no keychain, or it stays locked, until the end of this process.
    pub(crate) async fn set(&self, token: String) {
        let token = Secret(token);
        let user = self.user.clone();
        let mut held = self.held.lock().await;
        let for_keychain = token.clone();
        if matches!(patiently(move || write(&user, &for_keychain)).await, Some(Ok(()))) {
            *held = Held { session: None, keychain: Keychain::Known(Some(token)) };
        } else {
            // What the keychain said is not logged: some of its errors hold what they are about.
            tracing::info!("this system has no keychain that can be used; the secret is kept until the end");
            held.session = Some(token);
        }
    }

    /// Whether there is none afterwards.
    pub(crate) async fn remove(&self) -> bool {
        let mut held = self.held.lock().await;
        held.session = None;
        let user = self.user.clone();
        let is_gone = match patiently(move || remove(&user)).await {
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

fn read(user: &str) -> keyring::Result<Option<Secret>> {
    match Entry::new(SERVICE, user)?.get_password() {
        Ok(token) => Ok(Some(Secret(token))),
        Err(keyring::Error::NoEntry) => Ok(None),
        Err(error) => Err(error),
    }
}

fn write(user: &str, Secret(token): &Secret) -> keyring::Result<()> {
    Entry::new(SERVICE, user)?.set_password(token)
}

fn remove(user: &str) -> keyring::Result<()> {
    match Entry::new(SERVICE, user)?.delete_credential() {
        Err(keyring::Error::NoEntry) => Ok(()),
        done => done,
    }
}
