//! Running the first download of the list that is wanted, and taking note of what came of it.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use paddock_hub::remote::{Hub, RepoId};
use paddock_hub::transfer::{self, Downloaded, Options, Progress, Stop, TransferError};
use tokio::sync::watch;

use super::{Entry, Kept, Outcome, position};
use crate::{ApiError, App};

/// The least time between two tellings: ten a second are enough for any eye.
const TELL_EVERY: Duration = Duration::from_millis(100);

/// Why a download ended without its model.
#[derive(Debug)]
enum Ended {
    /// Who stopped it has said what it is now.
    Stopped,
    Failed(ApiError),
}

impl App {
    /// Begins with the first that is wanted, unless one runs, or files are still to be deleted that may be those of the
    /// next one.
    pub(super) fn run_next(&self) {
        let state = &self.inner.downloads;
        let mut list = state.list();
        let is_taken = list.iter().any(|entry| entry.stop.is_some() || !entry.is_shown());
        if is_taken || state.closing.load(Ordering::Relaxed) {
            return;
        }
        let Some(entry) = list.iter_mut().find(|entry| entry.kept.outcome == Outcome::Wanted) else { return };
        let (stop, stopped) = watch::channel(false);
        entry.stop = Some(stop);
        let Progress { done_bytes, map, .. } = std::mem::take(&mut entry.progress);
        entry.progress = Progress { done_bytes, map, ..Progress::default() };
        let (app, kept) = (self.clone(), entry.kept.clone());
        *state.task() = Some(tokio::spawn(async move {
            app.inner.downloads.tell();
            let done = app.run(&kept, stopped).await;
            app.ended(&kept, done).await;
        }));
    }

    async fn run(&self, kept: &Kept, mut stopped: watch::Receiver<bool>) -> Result<Downloaded, Ended> {
        let stop = Stop::new(stopped.clone());
        let (hub, request, _awake) = tokio::select! {
            prepared = self.prepare(kept) => prepared?,
            _ = stopped.wait_for(|stop| *stop) => return Err(Ended::Stopped),
        };
        let options = Options { limit: Arc::clone(&self.inner.downloads.limit), ..Options::default() };
        let (tell, progress) = watch::channel(Progress::default());
        let following = tokio::spawn(follow(self.clone(), kept.id.clone(), request.repo.clone(), progress));
        let done = transfer::download(&hub, &request, &options, stop, &tell).await;
        drop(tell);
        // What was told last is shown before it is over.
        let _ = following.await;
        let done = match done {
            Err(TransferError::Stopped) => return Err(Ended::Stopped),
            done => done.map_err(ApiError::from)?,
        };
        // The model is here, whatever becomes of that.
        if let Err(error) = self.share_with_hf_cache(&done.path).await {
            tracing::warn!(%error, "the model is not shown in Hugging Face's cache");
        }
        Ok(done)
    }

    /// What a download needs besides its name.
    async fn prepare(
        &self,
        kept: &Kept,
    ) -> Result<(Arc<Hub>, transfer::Request, Option<keepawake::KeepAwake>), ApiError> {
        let repo = RepoId::parse(&kept.repo)?;
        // It may have been offline when it was put on the list.
        self.check_licence(&repo).await?;
        let request = transfer::Request {
            repo,
            revision: kept.revision.clone(),
            wanted: kept.wanted.clone(),
            root: kept.root.clone(),
        };
        let awake = if self.stored_download_settings().await?.keep_awake() { keep_awake().await } else { None };
        Ok((self.hub().await?, request, awake))
    }

    /// Takes note of how a download ended.
    async fn ended(&self, kept: &Kept, done: Result<Downloaded, Ended>) {
        let is_ready = done.is_ok();
        // Of what failed for good, nothing may be here any more.
        let targets = self.targets_of(&kept.id);
        let here = tokio::task::spawn_blocking(move || transfer::done_bytes(&targets)).await.ok();
        {
            let mut list = self.inner.downloads.list();
            if let Some(entry) = list.iter_mut().find(|entry| entry.kept.id == kept.id) {
                entry.stop = None;
                match done {
                    // Whatever came of it.
                    _ if !entry.is_shown() => {}
                    Ok(done) => {
                        entry.progress.done_bytes = entry.kept.total_bytes;
                        entry.kept.outcome = Outcome::Ready(done.path);
                    }
                    Err(Ended::Stopped) => {}
                    Err(Ended::Failed(error)) => {
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
        if let Err(error) = self.discard_cancelled().await {
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

    /// Lets go of what was cancelled and has stopped, then goes on with the next.
    pub(super) async fn discard_cancelled(&self) -> Result<(), ApiError> {
        let state = &self.inner.downloads;
        let one_at_a_time = state.discarding.lock().await;
        let is_gone = |entry: &Entry| entry.stop.is_none() && !entry.is_shown();
        let gone: Vec<Kept> =
            state.list().iter().filter(|entry| is_gone(entry)).map(|entry| entry.kept.clone()).collect();
        for Kept { id, targets, root, .. } in gone {
            tokio::task::spawn_blocking(move || transfer::discard_unfinished(&targets, &root)).await?;
            state.list().retain(|entry| entry.kept.id != id);
        }
        drop(one_at_a_time);
        self.list_of_downloads_changed().await
    }
}

impl From<ApiError> for Ended {
    fn from(error: ApiError) -> Self {
        Self::Failed(error)
    }
}

/// Goes on with what was going on when Paddock ended.
pub(crate) async fn go_on(app: App) {
    let done = match app.read_downloads().await {
        Ok(()) => app.discard_cancelled().await,
        Err(error) => Err(error),
    };
    if let Err(error) = done {
        tracing::warn!(%error, "the list of downloads could not be read or kept");
    }
}

/// Hands a download's progress on to those who watch the list.
async fn follow(app: App, id: String, repo: RepoId, mut progress: watch::Receiver<Progress>) {
    let (mut more, mut is_licence_known) = (true, false);
    while more {
        more = progress.changed().await.is_ok();
        let now = progress.borrow_and_update().clone();
        let is_answered = !now.targets.is_empty();
        let is_new = {
            let mut list = app.inner.downloads.list();
            let Ok(at) = position(&list, &id) else { return };
            list[at].hear(now)
        };
        app.inner.downloads.tell();
        if is_new && let Err(error) = app.list_of_downloads_changed().await {
            tracing::warn!(%error, "the list of downloads could not be kept");
        }
        // The server may not have been there when the licence was asked for. It is now.
        if is_answered
            && !std::mem::replace(&mut is_licence_known, true)
            && let Err(error) = app.check_licence(&repo).await
        {
            let mut list = app.inner.downloads.list();
            if let Ok(at) = position(&list, &id) {
                list[at].kept.outcome = Outcome::Failed(error);
                list[at].halt();
            }
        }
        if more {
            tokio::time::sleep(TELL_EVERY).await;
        }
    }
}

/// Keeps the computer from sleeping until it is dropped. Not everywhere can that be asked for.
pub(crate) async fn keep_awake() -> Option<keepawake::KeepAwake> {
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
