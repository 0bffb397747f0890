//! Other servers that answer: which are known, and their keys.
//!
//! **The invariant:** nothing is sent to any of them but for what somebody just asked for: the list of models when a
//! server is added, refreshed or given a key, and the conversation when a message is sent. Keys are in the keychain, or
//! in memory where there is none; never in the database, a log or a message.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use paddock_remote::{Address, Patience, Remote};
use paddock_store::Store;
use serde::{Deserialize, Serialize};

use crate::{
    ApiError, App, ErrorCode,
    app::now_ms,
    keychain::Keyed,
    view::{NewRemote, RemoteKey, RemoteModelEntry, RemotePlace, RemoteServer, TokenPlace},
};

mod answering;
mod error;
mod loading;

pub(crate) use answering::whole;
pub(crate) use loading::RemotePath;

/// The setting that holds the [`Known`] servers.
const SERVERS: &str = "remote_servers";
/// The longest name, in characters.
const MAX_NAME_CHARS: usize = 100;
/// More servers than this are a mistake.
const MAX_SERVERS: usize = 50;

/// The keys of this run, by the server's id.
#[derive(Default)]
pub(crate) struct State(Mutex<HashMap<String, Arc<Keyed>>>);

/// A server, as it is stored.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Known {
    id: String,
    name: String,
    address: String,
    /// Where its key was put.
    key: RemoteKey,
    models: Vec<RemoteModelEntry>,
    listed_at_ms: i64,
}

impl State {
    fn keys(&self) -> MutexGuard<'_, HashMap<String, Arc<Keyed>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The place of a server's key. Asks no keychain.
    fn key(&self, id: &str) -> Arc<Keyed> {
        Arc::clone(self.keys().entry(id.to_owned()).or_insert_with(|| Arc::new(Keyed::named(format!("remote:{id}")))))
    }

    fn forget(&self, id: &str) {
        self.keys().remove(id);
    }

    /// Where the key is now.
    fn place_of(&self, known: &Known) -> RemoteKey {
        match known.key {
            RemoteKey::Session if !self.keys().contains_key(&known.id) => RemoteKey::Lost,
            place => place,
        }
    }
}

impl Known {
    fn address(&self) -> Result<Address, ApiError> {
        Ok(Address::parse(&self.address)?)
    }

    fn place(&self, model: &RemoteModelEntry) -> Result<RemotePlace, ApiError> {
        let address = self.address()?;
        Ok(RemotePlace {
            server: self.id.clone(),
            name: self.name.clone(),
            host: address.host(),
            this_computer: address.is_this_computer(),
            n_ctx: model.n_ctx,
        })
    }
}

impl App {
    /// The servers that are known, as they were added.
    ///
    /// # Errors
    /// Only what the disk says.
    pub async fn list_remotes(&self) -> Result<Vec<RemoteServer>, ApiError> {
        self.known().await?.iter().map(|known| self.shown(known)).collect()
    }

    /// Add a server. It is asked for its models at once; if it does not tell them, nothing is kept.
    ///
    /// # Errors
    /// [`ErrorCode::BadInput`] for an address, a name or a key that cannot be, else why the server gave no list.
    pub async fn add_remote(&self, new: NewRemote) -> Result<RemoteServer, ApiError> {
        let address = Address::parse(&new.address)?;
        let key = checked_key(new.key);
        let name = checked_name(&new.name, &address)?;
        let models = models_at(address.clone(), key.as_deref()).await?;
        let known = self.known().await?;
        if known.len() >= MAX_SERVERS {
            return Err(ApiError::new(ErrorCode::BadInput, format!("Paddock keeps at most {MAX_SERVERS} servers."))
                .hint("Remove one first."));
        }
        let id = new_id(&known);
        let key = self.keep_key(&id, key).await;
        let new = Known { id: id.clone(), name, address: address.as_str().into(), key, models, listed_at_ms: now_ms() };
        let added = new.clone();
        if let Err(error) = self.with_known(move |known| known.push(added)).await {
            // A key without its server would stay for ever.
            self.drop_key(&id, key).await;
            return Err(error);
        }
        self.shown(&new)
    }

    /// Ask a server for its models again.
    ///
    /// # Errors
    /// [`ErrorCode::NotFound`] if it is not known, else why it gave no list; what was listed before stays.
    pub async fn refresh_remote(&self, id: String) -> Result<RemoteServer, ApiError> {
        let known = self.known_as(&id).await?;
        let key = self.key_of(&known).await?;
        let models = models_at(known.address()?, key.as_deref()).await?;
        self.change_known(id, move |known| {
            known.models = models;
            known.listed_at_ms = now_ms();
        })
        .await
    }

    /// Call a server something else; empty: as its host.
    ///
    /// # Errors
    /// [`ErrorCode::NotFound`] if it is not known, [`ErrorCode::BadInput`] for a name that is too long.
    pub async fn rename_remote(&self, id: String, name: String) -> Result<RemoteServer, ApiError> {
        let name = checked_name(&name, &self.known_as(&id).await?.address()?)?;
        self.change_known(id, move |known| known.name = name).await
    }

    /// Give a server another key, or none. With a new one it is asked for its models; if it does not tell them, the old
    /// key stays.
    ///
    /// # Errors
    /// [`ErrorCode::NotFound`] if it is not known, [`ErrorCode::Storage`] if the keychain does not let the key go, else
    /// why the server gave no list.
    pub async fn set_remote_key(&self, id: String, key: Option<String>) -> Result<RemoteServer, ApiError> {
        let known = self.known_as(&id).await?;
        match checked_key(key) {
            None => {
                self.remove_key(&known).await?;
                self.change_known(id, |known| known.key = RemoteKey::None).await
            }
            key => {
                let models = models_at(known.address()?, key.as_deref()).await?;
                let key = self.keep_key(&id, key).await;
                self.change_known(id, move |known| {
                    (known.key, known.models, known.listed_at_ms) = (key, models, now_ms());
                })
                .await
            }
        }
    }

    /// Forget a server and its key. Its model, if it is chosen, is let go once nobody is being answered.
    ///
    /// # Errors
    /// [`ErrorCode::NotFound`] if it is not known, [`ErrorCode::Storage`] if the keychain does not let the key go; then
    /// the server stays.
    pub async fn remove_remote(&self, id: String) -> Result<(), ApiError> {
        let known = self.known_as(&id).await?;
        self.remove_key(&known).await?;
        self.inner.remotes.forget(&id);
        let paths: Vec<String> = known.models.iter().map(|model| RemotePath::text(&id, &model.id)).collect();
        let gone = id.clone();
        self.with_known(move |known| known.retain(|known| known.id != gone)).await?;
        self.with_store(move |store| paths.iter().try_for_each(|path| store.forget_model(path))).await?;
        let app = self.clone();
        tokio::spawn(async move { app.let_go_of(&id).await });
        Ok(())
    }

    /// A server's key.
    ///
    /// # Errors
    /// When it has one that cannot be had.
    async fn key_of(&self, known: &Known) -> Result<Option<String>, ApiError> {
        let place = self.inner.remotes.place_of(known);
        if place == RemoteKey::None {
            return Ok(None);
        }
        let key = match place {
            RemoteKey::Lost => None,
            _ => self.inner.remotes.key(&known.id).own().await,
        };
        match key {
            Some((key, _)) => Ok(Some(key)),
            None => Err(ApiError::remote_key_lost(known.name.clone())),
        }
    }

    async fn keep_key(&self, id: &str, key: Option<String>) -> RemoteKey {
        let Some(key) = key else { return RemoteKey::None };
        let kept = self.inner.remotes.key(id);
        kept.set(key).await;
        match kept.own().await {
            Some((_, TokenPlace::Keychain)) => RemoteKey::Keychain,
            _ => RemoteKey::Session,
        }
    }

    async fn remove_key(&self, known: &Known) -> Result<(), ApiError> {
        if self.drop_key(&known.id, known.key).await {
            return Ok(());
        }
        Err(ApiError::new(
            ErrorCode::Storage,
            format!("The system's keychain did not remove the key of “{}”.", known.name),
        )
        .hint("Unlock the keychain and try again."))
    }

    /// Whether it is gone afterwards.
    async fn drop_key(&self, id: &str, place: RemoteKey) -> bool {
        let gone = match place {
            RemoteKey::None | RemoteKey::Lost => true,
            RemoteKey::Keychain | RemoteKey::Session => self.inner.remotes.key(id).remove().await,
        };
        if gone {
            self.inner.remotes.forget(id);
        }
        gone
    }

    async fn known(&self) -> Result<Vec<Known>, ApiError> {
        self.with_store(|store| read(store)).await
    }

    async fn known_as(&self, id: &str) -> Result<Known, ApiError> {
        self.known().await?.into_iter().find(|known| known.id == id).ok_or_else(|| ApiError::remote_gone(None))
    }

    async fn change_known(
        &self,
        id: String,
        change: impl FnOnce(&mut Known) + Send + 'static,
    ) -> Result<RemoteServer, ApiError> {
        let changed = self
            .with_known(move |all| {
                let known = all.iter_mut().find(|known| known.id == id)?;
                change(known);
                Some(known.clone())
            })
            .await?;
        self.shown(&changed.ok_or_else(|| ApiError::remote_gone(None))?)
    }

    async fn with_known<T: Send + 'static>(
        &self,
        change: impl FnOnce(&mut Vec<Known>) -> T + Send + 'static,
    ) -> Result<T, ApiError> {
        self.with_store(move |store| {
            let mut known = read(store)?;
            let done = change(&mut known);
            store.set_setting(SERVERS, &known)?;
            Ok(done)
        })
        .await
    }

    fn shown(&self, known: &Known) -> Result<RemoteServer, ApiError> {
        let address = known.address()?;
        Ok(RemoteServer {
            id: known.id.clone(),
            name: known.name.clone(),
            address: known.address.clone(),
            host: address.host(),
            this_computer: address.is_this_computer(),
            key: self.inner.remotes.place_of(known),
            models: known.models.clone(),
            listed_at_ms: known.listed_at_ms,
        })
    }
}

fn read(store: &Store) -> Result<Vec<Known>, paddock_store::Error> {
    store.setting_or_default(SERVERS)
}

async fn models_at(address: Address, key: Option<&str>) -> Result<Vec<RemoteModelEntry>, ApiError> {
    let models = Remote::new(address, key, Patience::default())?.models().await?;
    Ok(models.into_iter().map(|model| RemoteModelEntry { id: model.id, n_ctx: model.n_ctx }).collect())
}

fn checked_key(key: Option<String>) -> Option<String> {
    key.map(|key| key.trim().to_owned()).filter(|key| !key.is_empty())
}

fn checked_name(name: &str, address: &Address) -> Result<String, ApiError> {
    let name: String = name.trim().chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    match name.chars().count() {
        0 => Ok(address.host()),
        1..=MAX_NAME_CHARS => Ok(name),
        _ => Err(ApiError::new(ErrorCode::BadInput, format!("A name has at most {MAX_NAME_CHARS} characters."))
            .hint("Shorten it.")),
    }
}

/// Unlike that of any server before, so that no left-over key goes to another one.
fn new_id(known: &[Known]) -> String {
    let mut number = now_ms();
    loop {
        let id = format!("{number:x}");
        if !known.iter().any(|known| known.id == id) {
            return id;
        }
        number += 1;
    }
}
