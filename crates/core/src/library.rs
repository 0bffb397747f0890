//! The models that are on this computer: listed, verified, deleted and brought back.
//!
//! Owns the state that the window shows ([`LibraryView`]) and when to look; what is there, `paddock_hub::library` says.
//! One scan, deletion or return at a time ([`State::work`]); verifying goes on beside them.

mod checking;
mod deleting;
mod shown;
#[cfg(test)]
mod tests;

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use paddock_hub::library::{
    Found, Identity, Memory, Places, Receipts, Scanned, Source, Surroundings, Verified, scan, trash,
};
use tokio::sync::{Mutex as AsyncMutex, watch};

use crate::{
    ApiError, App, ErrorCode,
    app::path_text,
    self_test,
    view::{LibraryView, ModelEntry},
};
use checking::Check;
#[cfg(test)]
pub(crate) use checking::broken;

/// The setting with the folders that the user added.
const FOLDERS: &str = "library_folders";

/// What is known of the models here.
#[derive(Default)]
pub(crate) struct State {
    shown: watch::Sender<LibraryView>,
    work: AsyncMutex<Work>,
    last: Mutex<Option<Arc<Seen>>>,
    /// By the file to load: what is being verified, and what turned out wrong.
    checks: Mutex<HashMap<PathBuf, Check>>,
    /// For the looks at Paddock's own folder alone.
    own_memory: Arc<Mutex<Memory>>,
    surroundings: OnceLock<Surroundings>,
    given_up: Arc<AtomicBool>,
}

/// What only one may use at a time.
#[derive(Default)]
struct Work {
    memory: Memory,
    /// Whether what was deleted before this start was seen to.
    purged: bool,
}

/// What the last scan saw.
#[derive(Debug, Default)]
struct Seen {
    scanned: Scanned,
    /// By the folder they are in.
    deleted: Vec<(PathBuf, trash::Deleted)>,
}

/// Where to look.
#[derive(Debug, Clone)]
struct Folders {
    /// Paddock's own: the one that downloads go to, and the one in the data folder.
    own: Vec<PathBuf>,
    /// Those that the user added.
    added: Vec<PathBuf>,
}

impl Folders {
    /// Those whose models Paddock may delete.
    fn ours(&self) -> Vec<PathBuf> {
        let added = self.added.iter().filter(|folder| !self.own.contains(folder));
        self.own.iter().chain(added).cloned().collect()
    }
}

/// Shows that models are looked for, however that ends.
struct Scanning<'a>(&'a State);

impl<'a> Scanning<'a> {
    fn begin(state: &'a State) -> Self {
        state.shown.send_modify(|shown| shown.scanning = true);
        Self(state)
    }
}

impl Drop for Scanning<'_> {
    fn drop(&mut self) {
        self.0.shown.send_if_modified(|shown| std::mem::take(&mut shown.scanning));
    }
}

impl State {
    /// Breaks off scans and checks, because Paddock is being closed.
    pub(crate) fn give_up(&self) {
        self.given_up.store(true, Ordering::Relaxed);
    }

    fn last(&self) -> Option<Arc<Seen>> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn checks(&self) -> MutexGuard<'_, HashMap<PathBuf, Check>> {
        self.checks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn surroundings(&self) -> Surroundings {
        self.surroundings.get_or_init(Surroundings::here).clone()
    }
}

impl App {
    /// The models on this computer as they were seen last; the first call looks for them.
    ///
    /// # Errors
    /// Only what the disk says.
    pub async fn library(&self) -> Result<LibraryView, ApiError> {
        self.seen().await?;
        Ok(self.inner.library.shown.borrow().clone())
    }

    /// Looks for models anew. Files that have not changed are not opened.
    ///
    /// # Errors
    /// Only what the disk says.
    pub async fn scan_library(&self) -> Result<LibraryView, ApiError> {
        let mut work = self.library_work().await?;
        self.scan_with(&mut work).await?;
        Ok(self.inner.library.shown.borrow().clone())
    }

    /// The models on this computer, in full whenever something about them changes.
    pub fn library_changes(&self) -> watch::Receiver<LibraryView> {
        self.inner.library.shown.subscribe()
    }

    /// Also looks for models in this folder from now on. What is in it stays where it is.
    ///
    /// # Errors
    /// [`ErrorCode::BadInput`] for what is no folder, or is looked through already.
    pub async fn add_library_folder(&self, path: String) -> Result<LibraryView, ApiError> {
        let mut work = self.library_work().await?;
        let mut folders = self.model_folders().await?;
        let folder = PathBuf::from(&path);
        let refused = |why: &str, hint: &str| {
            ApiError::new(ErrorCode::BadInput, format!("“{path}” {why}.")).hint(hint.to_owned())
        };
        if !folder.is_absolute() || !folder.is_dir() {
            return Err(refused("is not a folder that can be opened", "Choose a folder with models in it."));
        }
        let new = Identity::at(&folder);
        let places = Places::find(&folders.own, &folders.added, &self.inner.library.surroundings());
        if places.iter().any(|place| Identity::at(&place.path) == new) {
            return Err(refused("is looked through already", "Look again if a model is missing."));
        }
        folders.added.push(folder);
        self.with_store(move |store| store.set_setting(FOLDERS, &folders.added)).await?;
        self.scan_with(&mut work).await?;
        Ok(self.inner.library.shown.borrow().clone())
    }

    /// No longer looks for models in a folder that was added. The models stay; those deleted in it are gone for good,
    /// since nobody would come by to remove them later.
    ///
    /// # Errors
    /// [`ErrorCode::NotFound`] for a folder that was not added.
    pub async fn remove_library_folder(&self, path: String) -> Result<LibraryView, ApiError> {
        let mut work = self.library_work().await?;
        let Folders { mut added, .. } = self.model_folders().await?;
        let folder = PathBuf::from(&path);
        let Some(place) = added.iter().position(|added| *added == folder) else {
            return Err(ApiError::new(ErrorCode::NotFound, format!("“{path}” was not added.")));
        };
        added.remove(place);
        self.with_store(move |store| store.set_setting(FOLDERS, &added)).await?;
        purge(vec![folder]).await?;
        self.scan_with(&mut work).await?;
        Ok(self.inner.library.shown.borrow().clone())
    }

    /// Where a file of a repository is here already, whole and verified: the file to load. Looks for models first if
    /// nobody did since the start.
    pub async fn found_model(&self, repo: &str, path: &str) -> Option<PathBuf> {
        let seen = self.seen().await.ok()?;
        let is_it = |model: &&Found| {
            model.problem.is_none()
                && model.verified == Verified::Verified
                && model.repo.as_deref().is_some_and(|of| of.eq_ignore_ascii_case(repo))
                && model.parts.iter().any(|part| part.repo_path.as_deref() == Some(path))
        };
        // It may be gone since.
        seen.scanned.models.iter().find(is_it).map(|model| model.path.clone()).filter(|path| path.is_file())
    }

    /// The models in Paddock's own folder that can be loaded, for the picker, which does not wait for a look at the
    /// folders of other programs.
    pub(crate) async fn own_models(&self) -> Result<Vec<ModelEntry>, ApiError> {
        let seen = if let Some(seen) = self.inner.library.last() {
            seen
        } else {
            let folders = self.model_folders().await?;
            let data = self.inner.data.path().to_owned();
            let memory = Arc::clone(&self.inner.library.own_memory);
            let scanned = tokio::task::spawn_blocking(move || {
                let places = Places::own(&folders.own);
                let mut memory = memory.lock().unwrap_or_else(PoisonError::into_inner);
                scan(&places, &Receipts::new(&data, &folders.own), &mut memory, &|| false)
            });
            Arc::new(Seen { scanned: scanned.await?.unwrap_or_default(), deleted: Vec::new() })
        };
        let self_test = self_test::path(&self.inner.data);
        let own = seen
            .scanned
            .models
            .iter()
            .filter(|model| model.source == Source::Paddock && model.problem.is_none() && model.path != self_test);
        Ok(own.filter_map(entry).collect())
    }

    /// A folder that downloads went to is still looked through when they go elsewhere.
    pub(crate) async fn keep_looking_in(&self, folder: PathBuf) -> Result<(), ApiError> {
        let Folders { own, mut added } = self.model_folders().await?;
        if own.contains(&folder) || added.contains(&folder) {
            return Ok(());
        }
        added.push(folder);
        self.with_store(move |store| store.set_setting(FOLDERS, &added)).await
    }

    /// The right to scan, delete and bring back. What was deleted before the start is gone then, unless another Paddock
    /// with the same data still runs and may want it back.
    async fn library_work(&self) -> Result<tokio::sync::MutexGuard<'_, Work>, ApiError> {
        let mut work = self.inner.library.work.lock().await;
        if !work.purged {
            if !self.open_report().in_use_elsewhere {
                purge(self.model_folders().await?.ours()).await?;
            }
            work.purged = true;
        }
        Ok(work)
    }

    async fn model_folders(&self) -> Result<Folders, ApiError> {
        let chosen = self.stored_download_settings().await?.models_folder(self);
        let usual = self.inner.data.models();
        let own = if chosen == usual { vec![chosen] } else { vec![chosen, usual] };
        let added = self.with_store(|store| store.setting_or_default(FOLDERS)).await?;
        Ok(Folders { own, added })
    }

    async fn seen(&self) -> Result<Arc<Seen>, ApiError> {
        if let Some(seen) = self.inner.library.last() {
            return Ok(seen);
        }
        let mut work = self.library_work().await?;
        // Somebody else may have looked meanwhile.
        match self.inner.library.last() {
            Some(seen) => Ok(seen),
            None => self.scan_with(&mut work).await,
        }
    }

    async fn scan_with(&self, work: &mut Work) -> Result<Arc<Seen>, ApiError> {
        let folders = self.model_folders().await?;
        let library = &self.inner.library;
        let _until_here = Scanning::begin(library);
        let mut memory = std::mem::take(&mut work.memory);
        let (surroundings, given_up) = (library.surroundings(), Arc::clone(&library.given_up));
        let data = self.inner.data.path().to_owned();
        let outcome = tokio::task::spawn_blocking(move || {
            let ours = folders.ours();
            let places = Places::find(&folders.own, &folders.added, &surroundings);
            let receipts = Receipts::new(&data, &ours);
            let scanned = scan(&places, &receipts, &mut memory, &|| given_up.load(Ordering::Relaxed));
            let of = |root: &PathBuf| trash::deleted(root).into_iter().map(|deleted| (root.clone(), deleted)).collect();
            let deleted: Vec<Vec<(PathBuf, trash::Deleted)>> = ours.iter().map(of).collect();
            (scanned.map(|scanned| Seen { scanned, deleted: deleted.concat() }), memory)
        });
        let seen = outcome.await.map(|(seen, memory)| {
            work.memory = memory;
            seen.map(Arc::new)
        });
        if let Ok(Some(seen)) = &seen {
            self.inner.library.forget_what_changed();
            *library.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(seen));
        }
        self.show_library();
        seen?.ok_or_else(ApiError::closing)
    }

    /// The model that has this file, among those seen last.
    fn model_here(&self, path: &Path) -> Result<Found, ApiError> {
        let seen = self.inner.library.last();
        let found = seen.and_then(|seen| {
            let has_it = |model: &&Found| model.path == path || model.parts.iter().any(|part| part.path == path);
            seen.scanned.models.iter().find(has_it).cloned()
        });
        found.ok_or_else(|| {
            ApiError::new(ErrorCode::NotFound, format!("There is no model {} in the list.", path.display()))
                .hint("Look for models again.")
        })
    }
}

/// Removes for good what was deleted before this start.
pub(crate) async fn purge_at_start(app: App) {
    if let Err(error) = app.library_work().await {
        tracing::warn!(%error, "what was deleted could not be removed for good");
    }
}

/// A folder on a drive that is not there is purged another time.
async fn purge(roots: Vec<PathBuf>) -> Result<(), ApiError> {
    tokio::task::spawn_blocking(move || {
        for root in roots {
            if let Err(error) = trash::purge(&root) {
                tracing::warn!(%error, folder = %root.display(), "what was deleted could not be removed for good");
            }
        }
    })
    .await?;
    Ok(())
}

fn entry(model: &Found) -> Option<ModelEntry> {
    Some(ModelEntry {
        path: path_text(&model.path).ok()?,
        name: model.name.clone(),
        quant: model.quant.clone(),
        size_bytes: model.size_bytes,
        self_test: false,
        last_used_ms: None,
        present: true,
        remote: None,
    })
}
