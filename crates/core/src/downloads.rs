//! The list of downloads: one at a time, in order, across restarts.
//!
//! What is wanted is kept in the settings; how far it is lies beside the unfinished files, so that nothing here can
//! disagree with the disk. A download that was going on when Paddock ended goes on when it starts again.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use paddock_hub::remote::RepoId;
use paddock_hub::transfer::{self, Downloaded, Options, Phase, Progress, SpeedLimit, Stop, TransferError};
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use crate::{
    ApiError, App, ErrorCode,
    app::now_ms,
    view::{DownloadRequest, DownloadState, DownloadView, PreflightView, WaitReason},
};

/// The setting that keeps the list.
const KEY: &str = "download_list";

/// The branch that downloads follow.
const REVISION: &str = "main";

/// The least time between two tellings: ten a second are enough for any eye.
const TELL_EVERY: Duration = Duration::from_millis(100);

/// All downloads.
#[derive(Debug)]
pub(crate) struct State {
    list: Mutex<Vec<Entry>>,
    tell: watch::Sender<Vec<DownloadView>>,
    limit: Arc<SpeedLimit>,
    /// Paddock ends: what runs is stopped, and nothing new begins.
    closing: watch::Sender<bool>,
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
}

#[derive(Debug)]
struct Entry {
    kept: Kept,
    progress: Progress,
    /// While it runs.
    stop: Option<watch::Sender<bool>>,
    /// Nobody wants it any more; it is no longer shown, and goes when it has stopped.
    cancelled: bool,
}

impl Default for State {
    fn default() -> Self {
        Self {
            list: Mutex::default(),
            tell: watch::Sender::new(Vec::new()),
            limit: Arc::default(),
            closing: watch::Sender::new(false),
        }
    }
}

impl State {
    fn list(&self) -> MutexGuard<'_, Vec<Entry>> {
        self.list.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tell(&self) {
        let views: Vec<DownloadView> = self.list().iter().filter(|entry| !entry.cancelled).map(view).collect();
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
        let local = (looked.missing_bytes == 0).then_some(path).or(local);
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
    /// [`ErrorCode::BadInput`] for a name that is none; [`ErrorCode::LicenceNotAccepted`].
    pub async fn start_download(&self, request: DownloadRequest) -> Result<String, ApiError> {
        let repo = RepoId::parse(&request.repo)?;
        self.check_licence(&repo).await?;
        let root = self.stored_download_settings().await?.models_folder(self);
        // It was asked for a moment ago, or the server cannot be reached and the size comes later.
        let listed = self.listed(&repo, false).await.ok();
        let size_bytes =
            listed.and_then(|listed| listed.listing.model(&request.model).ok().map(|model| model.size_bytes));
        self.enqueue(repo.to_string(), request.model, REVISION.to_owned(), root, size_bytes.unwrap_or(0)).await
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
        let id = {
            let mut list = self.inner.downloads.list();
            let same = |entry: &&mut Entry| {
                let kept = &entry.kept;
                !entry.cancelled && (&kept.repo, &kept.wanted, &kept.root) == (&repo, &wanted, &root)
            };
            match list.iter_mut().find(same) {
                Some(entry) => {
                    entry.kept.outcome = Outcome::Wanted;
                    entry.kept.id.clone()
                }
                None => {
                    let id = new_id(&list);
                    let outcome = Outcome::Wanted;
                    let kept =
                        Kept { id: id.clone(), repo, wanted, revision, root, outcome, targets: vec![], total_bytes };
                    list.push(Entry { kept, progress: Progress::default(), stop: None, cancelled: false });
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
            entry.cancelled = true;
            entry.halt();
        })
        .await?;
        self.forget_cancelled().await
    }

    /// Takes a download off the list that is ready or has failed; its files stay.
    ///
    /// # Errors
    /// [`ErrorCode::NotFound`]; [`ErrorCode::Busy`] for one that is not over.
    pub async fn dismiss_download(&self, id: String) -> Result<(), ApiError> {
        {
            let mut list = self.inner.downloads.list();
            let at = position(&list, &id)?;
            if list[at].stop.is_some() || list[at].kept.outcome == Outcome::Wanted {
                return Err(ApiError::new(ErrorCode::Busy, "This download is still going on.")
                    .hint("Pause or cancel it first."));
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
        {
            let mut list = self.inner.downloads.list();
            let entry = position(&list, &id).map(|at| list.remove(at))?;
            let to = to.min(list.len());
            list.insert(to, entry);
        }
        self.list_of_downloads_changed().await
    }

    /// Fetches the damaged parts of a model that was downloaded once. `bad` are the byte ranges of each file that are not
    /// what was published.
    pub(crate) async fn download_again(
        &self,
        bad: Vec<(PathBuf, Vec<std::ops::Range<u64>>)>,
    ) -> Result<String, ApiError> {
        let reopened = tokio::task::spawn_blocking(move || {
            let reopened = bad.into_iter().map(|(file, bad)| transfer::reopen(&file, &bad));
            reopened.collect::<Result<Vec<_>, _>>()
        });
        let Some(request) = reopened.await??.into_iter().next() else {
            return Err(ApiError::new(ErrorCode::BadInput, "There is nothing to repair."));
        };
        self.enqueue(request.repo.to_string(), request.wanted, request.revision, request.root, 0).await
    }

    /// How fast downloads may be, from now on.
    pub(crate) fn limit_downloads(&self, bytes_per_s: Option<u64>) {
        self.inner.downloads.limit.set(bytes_per_s);
    }

    /// Reads the list that was kept, and goes on with what was going on. Once, when Paddock starts.
    async fn go_on_with_downloads(&self) -> Result<(), ApiError> {
        let kept = self.with_store(|store| Ok(store.setting::<Vec<Kept>>(KEY)?.unwrap_or_default())).await?;
        self.limit_downloads(self.stored_download_settings().await?.speed_limit_bytes_per_s);
        let entry = |kept: Kept| {
            let done_bytes = transfer::done_bytes(&kept.targets).min(kept.total_bytes);
            let progress = Progress { total_bytes: kept.total_bytes, done_bytes, ..Progress::default() };
            Entry { kept, progress, stop: None, cancelled: false }
        };
        let entries = tokio::task::spawn_blocking(move || kept.into_iter().map(entry).collect::<Vec<_>>()).await?;
        self.inner.downloads.list().extend(entries);
        self.inner.downloads.tell();
        self.run_next();
        Ok(())
    }

    /// Stops what runs, keeps what came, and waits for that. What ran goes on when Paddock starts again.
    pub(crate) async fn close_downloads(&self) {
        self.inner.downloads.closing.send_replace(true);
        let mut told = self.inner.downloads.tell.subscribe();
        for entry in self.inner.downloads.list().iter_mut() {
            entry.halt();
        }
        let all_stopped = async {
            while self.inner.downloads.list().iter().any(|entry| entry.stop.is_some()) {
                if told.changed().await.is_err() {
                    break;
                }
            }
        };
        // A disk that hangs must not keep Paddock from ending; the journal knows what is safe.
        let _ = tokio::time::timeout(Duration::from_secs(5), all_stopped).await;
    }

    async fn change(&self, id: &str, change: impl FnOnce(&mut Entry)) -> Result<(), ApiError> {
        {
            let mut list = self.inner.downloads.list();
            let at = position(&list, id)?;
            change(&mut list[at]);
        }
        self.list_of_downloads_changed().await
    }

    async fn list_of_downloads_changed(&self) -> Result<(), ApiError> {
        self.inner.downloads.tell();
        let kept: Vec<Kept> = {
            let list = self.inner.downloads.list();
            list.iter().filter(|entry| !entry.cancelled).map(|entry| entry.kept.clone()).collect()
        };
        let stored = self.with_store(move |store| store.set_setting(KEY, &kept)).await;
        self.run_next();
        stored
    }

    /// Begins with the first that is wanted, unless one runs.
    fn run_next(&self) {
        let state = &self.inner.downloads;
        if *state.closing.borrow() {
            return;
        }
        let mut list = state.list();
        if list.iter().any(|entry| entry.stop.is_some()) {
            return;
        }
        let Some(entry) = list.iter_mut().find(|entry| entry.kept.outcome == Outcome::Wanted && !entry.cancelled)
        else {
            return;
        };
        let (stop, stopped) = watch::channel(false);
        entry.stop = Some(stop);
        // How far it is stays shown until more is known.
        entry.progress.phase = Phase::Preparing;
        entry.progress.notices.clear();
        let kept = entry.kept.clone();
        drop(list);
        let app = self.clone();
        tokio::spawn(async move {
            let done = app.run(&kept, Stop::new(stopped)).await;
            app.ended(&kept, done).await;
        });
    }

    async fn run(&self, kept: &Kept, stop: Stop) -> Result<Downloaded, ApiError> {
        let repo = RepoId::parse(&kept.repo)?;
        // It may have been offline when it was put on the list.
        self.check_licence(&repo).await?;
        let hub = self.hub().await?;
        let settings = self.stored_download_settings().await?;
        let request = transfer::Request {
            repo,
            revision: kept.revision.clone(),
            wanted: kept.wanted.clone(),
            root: kept.root.clone(),
        };
        let options = Options { limit: Arc::clone(&self.inner.downloads.limit), ..Options::default() };
        let (tell, progress) = watch::channel(Progress::default());
        let _awake = if settings.keep_awake() { keep_awake().await } else { None };
        let following = tokio::spawn(follow(self.clone(), kept.id.clone(), progress));
        let done = transfer::download(&hub, &request, &options, stop, &tell).await;
        drop(tell);
        // What was told last is shown before it is over.
        let _ = following.await;
        let done = done?;
        // The model is here, whatever becomes of that.
        if let Err(error) = self.share_with_hf_cache(&done.path).await {
            tracing::warn!(%error, "the model is not shown in Hugging Face's cache");
        }
        Ok(done)
    }

    /// Takes note of how a download ended.
    async fn ended(&self, kept: &Kept, done: Result<Downloaded, ApiError>) {
        let is_ready = done.is_ok();
        // Of what failed for good, nothing may be here any more.
        let targets = self.targets_of(&kept.id);
        let here = tokio::task::spawn_blocking(move || transfer::done_bytes(&targets)).await.ok();
        {
            let mut list = self.inner.downloads.list();
            if let Ok(at) = position(&list, &kept.id) {
                let entry = &mut list[at];
                entry.stop = None;
                match done {
                    Ok(done) => {
                        entry.progress.done_bytes = entry.progress.total_bytes;
                        entry.kept.outcome = Outcome::Ready(done.path);
                    }
                    // Who stopped it has said what it is now.
                    Err(error) if error.message == TransferError::Stopped.to_string() => {}
                    Err(error) => {
                        tracing::info!(%error, repo = kept.repo, "a download failed");
                        entry.progress.done_bytes = here.unwrap_or(entry.progress.done_bytes);
                        if here == Some(0) {
                            entry.progress.map.clear();
                        }
                        entry.kept.outcome = Outcome::Failed(error);
                    }
                }
            }
        }
        if let Err(error) = self.forget_cancelled().await {
            tracing::warn!(%error, "the list of downloads could not be kept");
        }
        if is_ready && let Err(error) = self.scan_library().await {
            tracing::warn!(%error, "the list of models does not show what arrived");
        }
    }

    fn targets_of(&self, id: &str) -> Vec<PathBuf> {
        let list = self.inner.downloads.list();
        position(&list, id).map(|at| list[at].kept.targets.clone()).unwrap_or_default()
    }

    /// Lets go of what was cancelled and has stopped.
    async fn forget_cancelled(&self) -> Result<(), ApiError> {
        let gone: Vec<Entry> = {
            let mut list = self.inner.downloads.list();
            list.extract_if(.., |entry| entry.cancelled && entry.stop.is_none()).collect()
        };
        for entry in gone {
            let (targets, root) = (entry.kept.targets, entry.kept.root);
            tokio::task::spawn_blocking(move || transfer::discard_unfinished(&targets, &root)).await?;
        }
        self.list_of_downloads_changed().await
    }
}

impl Entry {
    fn halt(&self) {
        if let Some(stop) = &self.stop {
            stop.send_replace(true);
        }
    }
}

/// Goes on with what was going on when Paddock ended.
pub(crate) async fn go_on(app: App) {
    if let Err(error) = app.go_on_with_downloads().await {
        tracing::warn!(%error, "the list of downloads could not be read");
    }
}

/// Hands a download's progress on to those who watch the list.
async fn follow(app: App, id: String, mut progress: watch::Receiver<Progress>) {
    let mut more = true;
    while more {
        more = progress.changed().await.is_ok();
        let mut now = progress.borrow_and_update().clone();
        let is_new = {
            let mut list = app.inner.downloads.list();
            let Ok(at) = position(&list, &id) else { return };
            let entry = &mut list[at];
            // The server has not said yet what there is to come.
            if now.total_bytes == 0 {
                let before = std::mem::take(&mut entry.progress);
                (now.targets, now.map) = (entry.kept.targets.clone(), before.map);
                (now.total_bytes, now.done_bytes) = (entry.kept.total_bytes, before.done_bytes);
            }
            let is_new = entry.kept.targets != now.targets;
            entry.kept.targets.clone_from(&now.targets);
            entry.kept.total_bytes = now.total_bytes;
            entry.progress = now;
            is_new
        };
        app.inner.downloads.tell();
        if is_new && let Err(error) = app.list_of_downloads_changed().await {
            tracing::warn!(%error, "the list of downloads could not be kept");
        }
        if more {
            tokio::time::sleep(TELL_EVERY).await;
        }
    }
}

/// Keeps the computer from sleeping until it is dropped. Not everywhere can that be asked for.
async fn keep_awake() -> Option<keepawake::KeepAwake> {
    let asked = tokio::task::spawn_blocking(|| {
        keepawake::Builder::default()
            .idle(true)
            .reason("A model is being downloaded")
            .app_name("Paddock")
            .app_reverse_domain("ai.paddock.desktop")
            .create()
    });
    // A desktop that does not answer must not hold the download up.
    match tokio::time::timeout(Duration::from_secs(3), asked).await {
        Ok(Ok(Ok(awake))) => Some(awake),
        Ok(Ok(Err(error))) => {
            tracing::debug!(%error, "the computer cannot be kept awake");
            None
        }
        Ok(Err(_)) | Err(_) => None,
    }
}

fn position(list: &[Entry], id: &str) -> Result<usize, ApiError> {
    list.iter()
        .position(|entry| entry.kept.id == id)
        .ok_or_else(|| ApiError::new(ErrorCode::NotFound, "This download is no longer in the list."))
}

fn new_id(list: &[Entry]) -> String {
    let now = now_ms();
    (0..).map(|n| format!("d{now}-{n}")).find(|id| position(list, id).is_err()).unwrap_or_default()
}

fn view(entry: &Entry) -> DownloadView {
    let Entry { kept, progress, stop, .. } = entry;
    let state = match (&kept.outcome, stop) {
        (Outcome::Ready(_), _) => DownloadState::Ready,
        (Outcome::Failed(error), _) => DownloadState::Failed { error: error.clone() },
        (Outcome::Paused, _) => DownloadState::Paused,
        (Outcome::Wanted, None) => DownloadState::Queued,
        (Outcome::Wanted, Some(_)) => state_of(&progress.phase),
    };
    let first = kept.targets.first().cloned().unwrap_or_else(|| PathBuf::from(&kept.wanted));
    let is_moving = matches!(state, DownloadState::Downloading { .. });
    DownloadView {
        id: kept.id.clone(),
        repo: kept.repo.clone(),
        quant: transfer::quant_of(&first).or_else(|| transfer::quant_of(Path::new(&kept.wanted))),
        name: transfer::name_of(&first),
        n_files: u32::try_from(kept.targets.len().max(1)).unwrap_or(u32::MAX),
        total_bytes: kept.total_bytes.max(progress.total_bytes),
        done_bytes: if state == DownloadState::Ready { kept.total_bytes } else { progress.done_bytes },
        bytes_per_s: if is_moving { progress.bytes_per_s } else { 0 },
        eta_s: progress.time_left.filter(|_| is_moving).map(|left| left.as_secs()),
        map: progress.map.clone(),
        notices: progress.notices.clone(),
        folder: first.parent().unwrap_or(&kept.root).display().to_string(),
        path: if let Outcome::Ready(path) = &kept.outcome { Some(path.display().to_string()) } else { None },
        state,
    }
}

fn state_of(phase: &Phase) -> DownloadState {
    match phase {
        Phase::Preparing => DownloadState::Preparing,
        Phase::Downloading { connections } => {
            DownloadState::Downloading { connections: u32::try_from(*connections).unwrap_or(u32::MAX) }
        }
        Phase::Waiting(wait) => DownloadState::Waiting {
            reason: wait.reason.into(),
            sentence: wait.sentence.clone(),
            until_ms: Some(wall_clock_ms(wait.until)),
        },
        Phase::Following => DownloadState::Following,
        Phase::Verifying { checked_bytes } => DownloadState::Verifying { checked_bytes: *checked_bytes },
    }
}

/// A moment as the clock on the wall shows it.
fn wall_clock_ms(at: Instant) -> i64 {
    let in_ms = at.saturating_duration_since(Instant::now()).as_millis();
    now_ms().saturating_add(i64::try_from(in_ms).unwrap_or(i64::MAX))
}

impl From<transfer::WaitReason> for WaitReason {
    fn from(reason: transfer::WaitReason) -> Self {
        match reason {
            transfer::WaitReason::Offline => Self::Offline,
            transfer::WaitReason::Busy => Self::Busy,
            transfer::WaitReason::ServerFault => Self::ServerFault,
            transfer::WaitReason::Stalled => Self::Stalled,
            transfer::WaitReason::Proxy => Self::Proxy,
        }
    }
}

impl From<TransferError> for ApiError {
    fn from(error: TransferError) -> Self {
        match error {
            TransferError::Remote(error) => error.into(),
            TransferError::DiskFull { .. }
            | TransferError::FileTooLarge { .. }
            | TransferError::PathTooLong { .. }
            | TransferError::NoAccess { .. }
            | TransferError::OutsideFolder { .. }
            | TransferError::Occupied { .. }
            | TransferError::Disk { .. } => Self::new(ErrorCode::Storage, error.to_string()),
            _ => Self::new(ErrorCode::ModelRefused, error.to_string()),
        }
    }
}
