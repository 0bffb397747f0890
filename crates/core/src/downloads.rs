//! The list of downloads: one at a time, in order, across restarts.
//!
//! What is wanted is kept in the settings; how far it is lies beside the unfinished files, so that nothing here can
//! disagree with the disk. A download that was going on when Paddock ended goes on when it starts again.

pub(crate) mod running;
mod shown;

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use paddock_hub::remote::RepoId;
use paddock_hub::transfer::{self, Phase, Progress, SpeedLimit};
use serde::{Deserialize, Serialize};
use tokio::sync::{Mutex as AsyncMutex, OnceCell, watch};
use tokio::task::JoinHandle;

use crate::{
    ApiError, App, ErrorCode,
    app::now_ms,
    view::{DownloadRequest, DownloadView, PreflightView},
};

/// The setting that keeps the list.
const KEY: &str = "download_list";

/// The branch that downloads follow.
const REVISION: &str = "main";

/// How long Paddock waits for a download to stop before it ends.
const STOP_PATIENCE: Duration = Duration::from_secs(5);

/// All downloads.
#[derive(Debug, Default)]
pub(crate) struct State {
    list: Mutex<Vec<Entry>>,
    /// Set once the kept list is in `list`. Nothing is changed or kept before.
    is_read: OnceCell<()>,
    tell: watch::Sender<Vec<DownloadView>>,
    limit: Arc<SpeedLimit>,
    /// Paddock ends: what runs is stopped, and nothing new begins. Looked at with the list locked.
    closing: AtomicBool,
    /// The one that runs, until the list says what came of it.
    task: Mutex<Option<JoinHandle<()>>>,
    /// Held while files of cancelled downloads are deleted.
    discarding: AsyncMutex<()>,
}

/// A download as it is kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Kept {
    id: String,
    repo: String,
    wanted: String,
    revision: String,
    root: PathBuf,
    outcome: Outcome,
    /// The final names of its files, once the server said.
    targets: Vec<PathBuf>,
    total_bytes: u64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Outcome {
    Wanted,
    Paused,
    Failed(ApiError),
    Ready(PathBuf),
    /// No longer shown. It goes when what is here of it is deleted, if need be after the next start.
    Cancelled,
}

#[derive(Debug)]
struct Entry {
    kept: Kept,
    progress: Progress,
    /// While it runs.
    stop: Option<watch::Sender<bool>>,
}

impl State {
    fn list(&self) -> MutexGuard<'_, Vec<Entry>> {
        self.list.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn task(&self) -> MutexGuard<'_, Option<JoinHandle<()>>> {
        self.task.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tell(&self) {
        // Locked until it is told, so that of two changes the later one is told last.
        let list = self.list();
        let views: Vec<DownloadView> = list.iter().filter(|entry| entry.is_shown()).map(shown::view).collect();
        self.tell.send_if_modified(|told| {
            let differs = *told != views;
            *told = views;
            differs
        });
    }
}

impl App {
    /// All downloads, now and as they change.
    pub fn downloads(&self) -> watch::Receiver<Vec<DownloadView>> {
        self.inner.downloads.tell.subscribe()
    }

    /// What is known before the first byte.
    ///
    /// # Errors
    /// When the server cannot be asked, or has no such model. What stands in the way on this computer is part of the
    /// answer.
    pub async fn check_download(&self, request: DownloadRequest) -> Result<PreflightView, ApiError> {
        let root = self.stored_download_settings().await?.models_folder(self);
        let repo = RepoId::parse(&request.repo)?;
        let listed = self.listed(&repo, true).await?;
        let order = transfer::Order::of(&listed.hub, &listed.listing, &request.model, &root)?;
        let (folder, path, first) = (order.folder(), order.path(), order.first_path().to_owned());
        let local = self.found_model(&request.repo, &first).await;
        let looked = tokio::task::spawn_blocking(move || order.preflight()).await?;
        // All bytes may be here without the name, when the last step failed.
        let local = Some(path).filter(|path| looked.missing_bytes == 0 && path.is_file()).or(local);
        Ok(PreflightView {
            total_bytes: looked.total_bytes,
            missing_bytes: looked.missing_bytes,
            free_bytes: looked.free_bytes,
            folder: folder.display().to_string(),
            problem: looked.problem.map(ApiError::from),
            local_path: local.map(|path| path.display().to_string()),
            licence: self.licence_view(&listed.info).await?,
        })
    }

    /// Puts a model on the list. Gives the download's id; that of an earlier one of the same model, if there is one.
    ///
    /// # Errors
    /// [`ErrorCode::BadInput`] for a name that is none; [`ErrorCode::NotFound`] for a model that the repository does not
    /// have; [`ErrorCode::LicenceNotAccepted`]. A server that cannot be asked is no error: the download waits for it.
    pub async fn start_download(&self, request: DownloadRequest) -> Result<String, ApiError> {
        let repo = RepoId::parse(&request.repo)?;
        let (mut wanted, mut total_bytes) = (request.model, 0);
        if let Ok(listed) = self.listed(&repo, false).await {
            self.check_licence_of(&repo, &listed.info).await?;
            // By its path, so that it is the same download however it was asked for.
            let model = listed.listing.model(&wanted)?;
            total_bytes = model.size_bytes;
            wanted = model.parts.first().map_or(wanted, |first| first.path.clone());
        }
        let root = self.stored_download_settings().await?.models_folder(self);
        self.enqueue(repo.to_string(), wanted, REVISION.to_owned(), root, total_bytes).await
    }

    /// Puts exactly this on the list, or wakes it up there. `total_bytes` is 0 where the size is not known yet.
    pub(crate) async fn enqueue(
        &self,
        repo: String,
        wanted: String,
        revision: String,
        root: PathBuf,
        total_bytes: u64,
    ) -> Result<String, ApiError> {
        self.read_downloads().await?;
        let id = {
            let mut list = self.inner.downloads.list();
            // It may have been asked for by its quantization, or by another of its files.
            let target = repo.split('/').chain(wanted.split('/')).fold(root.clone(), |path, name| path.join(name));
            let same = |entry: &&mut Entry| {
                let kept = &entry.kept;
                let is_it = (&kept.repo, &kept.wanted, &kept.root) == (&repo, &wanted, &root);
                entry.is_shown() && (is_it || kept.targets.contains(&target))
            };
            match list.iter_mut().find(same) {
                Some(entry) => {
                    entry.kept.outcome = Outcome::Wanted;
                    (entry.kept.wanted, entry.kept.revision) = (wanted, revision);
                    entry.kept.id.clone()
                }
                None => {
                    let id = new_id(&list);
                    let outcome = Outcome::Wanted;
                    let kept =
                        Kept { id: id.clone(), repo, wanted, revision, root, outcome, targets: vec![], total_bytes };
                    list.push(Entry { kept, progress: Progress::default(), stop: None });
                    id
                }
            }
        };
        self.list_of_downloads_changed().await?;
        Ok(id)
    }

    /// Stops a download; what is here of it is kept.
    ///
    /// # Errors
    /// [`ErrorCode::NotFound`].
    pub async fn pause_download(&self, id: String) -> Result<(), ApiError> {
        self.change(&id, |entry| {
            if entry.kept.outcome == Outcome::Wanted {
                entry.kept.outcome = Outcome::Paused;
                entry.halt();
            }
        })
        .await
    }

    /// Goes on with a download that was paused or failed.
    ///
    /// # Errors
    /// [`ErrorCode::NotFound`].
    pub async fn resume_download(&self, id: String) -> Result<(), ApiError> {
        self.change(&id, |entry| {
            if !matches!(entry.kept.outcome, Outcome::Ready(_)) {
                entry.kept.outcome = Outcome::Wanted;
                entry.progress.notices.clear();
            }
        })
        .await
    }

    /// Takes a download off the list and deletes what is here of it. A finished model stays.
    ///
    /// # Errors
    /// [`ErrorCode::NotFound`].
    pub async fn cancel_download(&self, id: String) -> Result<(), ApiError> {
        self.change(&id, |entry| {
            entry.kept.outcome = Outcome::Cancelled;
            entry.halt();
        })
        .await?;
        self.discard_cancelled().await
    }

    /// Takes a download off the list that is ready or has failed; its files stay.
    ///
    /// # Errors
    /// [`ErrorCode::NotFound`]; [`ErrorCode::Busy`] for one that is not over.
    pub async fn dismiss_download(&self, id: String) -> Result<(), ApiError> {
        self.read_downloads().await?;
        {
            let mut list = self.inner.downloads.list();
            let at = position(&list, &id)?;
            let is_over = matches!(list[at].kept.outcome, Outcome::Ready(_) | Outcome::Failed(_));
            if list[at].stop.is_some() || !is_over {
                return Err(ApiError::new(ErrorCode::Busy, "This download is not over.")
                    .hint("Cancel it if you do not want it."));
            }
            list.remove(at);
        }
        self.list_of_downloads_changed().await
    }

    /// Moves a download to another place of the list, counted from 0. The one that runs goes on.
    ///
    /// # Errors
    /// [`ErrorCode::NotFound`].
    pub async fn move_download(&self, id: String, to: usize) -> Result<(), ApiError> {
        self.read_downloads().await?;
        {
            let mut list = self.inner.downloads.list();
            let entry = position(&list, &id).map(|at| list.remove(at))?;
            // Only what is shown counts.
            let mut shown = (0..list.len()).filter(|at| list[*at].is_shown());
            let at = shown.nth(to).unwrap_or(list.len());
            list.insert(at, entry);
        }
        self.list_of_downloads_changed().await
    }

    /// How fast downloads may be, from now on.
    pub(crate) fn limit_downloads(&self, bytes_per_s: Option<u64>) {
        self.inner.downloads.limit.set(bytes_per_s);
    }

    /// Reads the list that was kept, the first time.
    async fn read_downloads(&self) -> Result<(), ApiError> {
        let read = async {
            let kept = self.with_store(|store| store.setting_or_default::<Vec<Kept>>(KEY)).await?;
            self.limit_downloads(self.stored_download_settings().await?.speed_limit_bytes_per_s);
            let entry = |kept: Kept| {
                let done_bytes = transfer::done_bytes(&kept.targets).min(kept.total_bytes);
                Entry { kept, progress: Progress { done_bytes, ..Progress::default() }, stop: None }
            };
            let entries = tokio::task::spawn_blocking(move || kept.into_iter().map(entry).collect()).await?;
            *self.inner.downloads.list() = entries;
            self.inner.downloads.tell();
            Ok(())
        };
        self.inner.downloads.is_read.get_or_try_init(|| read).await.copied()
    }

    /// Stops what runs, keeps what came, and waits for that. What ran goes on when Paddock starts again.
    pub(crate) async fn close_downloads(&self) {
        let state = &self.inner.downloads;
        state.closing.store(true, Ordering::Relaxed);
        let task = {
            let list = state.list();
            list.iter().for_each(Entry::halt);
            state.task().take()
        };
        if let Some(task) = task {
            // A disk that hangs must not keep Paddock from ending; the journal knows what is safe.
            let _ = tokio::time::timeout(STOP_PATIENCE, task).await;
        }
    }

    async fn change(&self, id: &str, change: impl FnOnce(&mut Entry)) -> Result<(), ApiError> {
        self.read_downloads().await?;
        {
            let mut list = self.inner.downloads.list();
            let at = position(&list, id)?;
            change(&mut list[at]);
        }
        self.list_of_downloads_changed().await
    }

    /// Keeps the list as it is, whatever the settings hold.
    pub(crate) async fn keep_downloads(&self) -> Result<(), ApiError> {
        self.read_downloads().await?;
        self.list_of_downloads_changed().await
    }

    async fn list_of_downloads_changed(&self) -> Result<(), ApiError> {
        self.inner.downloads.tell();
        let inner = Arc::clone(&self.inner);
        // Looked at when it is written, so that of two changes the later one is kept.
        let kept = move || inner.downloads.list().iter().map(|entry| entry.kept.clone()).collect::<Vec<_>>();
        let stored = self.with_store(move |store| store.set_setting(KEY, &kept())).await;
        self.run_next();
        stored
    }
}

impl Entry {
    fn halt(&self) {
        if let Some(stop) = &self.stop {
            stop.send_replace(true);
        }
    }

    fn is_shown(&self) -> bool {
        self.kept.outcome != Outcome::Cancelled
    }

    /// Takes note of how far it is. True if now other files belong to it than before.
    fn hear(&mut self, now: Progress) -> bool {
        let before = std::mem::replace(&mut self.progress, now);
        let (kept, now) = (&mut self.kept, &mut self.progress);
        let is_answered = !now.targets.is_empty();
        if !is_answered || now.phase == Phase::Preparing {
            // The disk was not looked at yet: what was known of it still holds.
            (now.done_bytes, now.map) = (before.done_bytes, before.map);
        }
        let is_new = is_answered && kept.targets != now.targets;
        if is_answered {
            kept.total_bytes = now.total_bytes;
            kept.targets.clone_from(&now.targets);
        }
        is_new
    }
}

fn position(list: &[Entry], id: &str) -> Result<usize, ApiError> {
    list.iter().position(|entry| entry.is_shown() && entry.kept.id == id).ok_or_else(ApiError::download_gone)
}

fn new_id(list: &[Entry]) -> String {
    let now = now_ms();
    let is_free = |id: &String| list.iter().all(|entry| entry.kept.id != *id);
    (0..).map(|n| format!("d{now}-{n}")).find(is_free).unwrap_or_default()
}
