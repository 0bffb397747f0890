//! Comparing models with their checksums: when the user asks, and before a model that changed is used.

use std::{
    ops::{ControlFlow, Range},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use paddock_hub::{
    ModelFile,
    library::{Found, LibraryError, Receipts, Verdict, check_before_use, verify},
    receipt::Stamp,
    transfer,
};

use super::State;
use crate::{
    ApiError, App, ErrorCode,
    app::path_text,
    view::{EngineState, LibraryModelView, LoadPhase, VerifiedView},
};

/// How often the window is told how far it is.
const SHOWN_EVERY: Duration = Duration::from_millis(200);

/// What is known of a model beside what the scan says.
pub(super) enum Check {
    /// It is being compared.
    Running { checked_bytes: u64 },
    /// It is not what was published, as long as its files are these.
    Broken { sentence: String, repair_bytes: Option<u64>, bad: Vec<Bad>, files: Vec<(PathBuf, Option<Stamp>)> },
}

/// A file that is not what was published, and which bytes of it are not: `None` where nobody knows.
pub(super) type Bad = (PathBuf, Option<Vec<Range<u64>>>);

impl Check {
    pub(super) fn view(&self) -> VerifiedView {
        match self {
            Self::Running { checked_bytes } => VerifiedView::Checking { checked_bytes: *checked_bytes },
            Self::Broken { sentence, repair_bytes, bad, .. } => VerifiedView::Broken {
                sentence: sentence.clone(),
                file: bad.first().map(|(path, _)| shown_name(path)).unwrap_or_default(),
                repair_bytes: *repair_bytes,
            },
        }
    }
}

/// What came of all files of a model.
enum Outcome {
    Right,
    NoChecksum,
    GivenUp,
    Wrong { sentence: String, repair_bytes: Option<u64>, bad: Vec<Bad> },
}

/// Breaks a check off when nobody waits for it any more.
struct Wanted(Arc<AtomicBool>);

impl Drop for Wanted {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Relaxed);
    }
}

/// Takes a model out of those being verified, however that ends.
struct Running<'a> {
    app: &'a App,
    path: PathBuf,
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        let mut checks = self.app.inner.library.checks();
        if matches!(checks.get(&self.path), Some(Check::Running { .. })) {
            checks.remove(&self.path);
            drop(checks);
            self.app.show_library();
        }
    }
}

impl State {
    /// Forgets what was wrong with files that are others now.
    pub(super) fn forget_what_changed(&self) {
        self.checks().retain(|_, check| match check {
            Check::Running { .. } => true,
            Check::Broken { files, .. } => files.iter().all(|(path, before)| stamp(path) == *before),
        });
    }

    /// Shows how far a check is without putting the whole list together anew.
    fn show_progress(&self, path: &Path, checked_bytes: u64) {
        let new = Check::Running { checked_bytes };
        let view = new.view();
        match self.checks().get_mut(path) {
            Some(check @ Check::Running { .. }) => *check = new,
            // It was given up, and the thread that reads does not know yet.
            _ => return,
        }
        self.shown.send_if_modified(|shown| {
            let model = shown.models.iter_mut().find(|model| Path::new(&model.path) == path);
            model.map(|model| model.verified = view).is_some()
        });
    }
}

impl App {
    /// Compares every byte of a model with its published checksum. How far it is, the list shows.
    ///
    /// # Errors
    /// [`ErrorCode::NotFound`] for a file that is not in the list, [`ErrorCode::BadInput`] if nobody published a checksum
    /// or files are missing, [`ErrorCode::Busy`] if it is being verified already. That bytes are wrong is no error here,
    /// but in the list.
    pub async fn verify_model(&self, path: String) -> Result<LibraryModelView, ApiError> {
        self.seen().await?;
        let model = self.model_here(Path::new(&path))?;
        if let Some(problem) = model.problem {
            return Err(ApiError::new(ErrorCode::BadInput, problem));
        }
        let before = self.inner.library.checks().insert(model.path.clone(), Check::Running { checked_bytes: 0 });
        if matches!(before, Some(Check::Running { .. })) {
            return Err(ApiError::new(ErrorCode::Busy, format!("“{}” is being verified already.", model.name)));
        }
        let running = Running { app: self, path: model.path.clone() };
        let parts = model.parts.iter().map(|part| (part.path.clone(), part.sha256.clone())).collect();
        let (app, shown) = (self.clone(), model.path.clone());
        let outcome = self.verify_files(parts, move |bytes| app.inner.library.show_progress(&shown, bytes)).await?;
        drop(running);
        match outcome {
            Outcome::Right => {}
            Outcome::Wrong { sentence, repair_bytes, bad } => self.note_broken(&model, sentence, repair_bytes, bad),
            Outcome::NoChecksum => {
                let what = format!("Nobody published a checksum that “{}” could be compared with.", model.name);
                return Err(ApiError::new(ErrorCode::BadInput, what)
                    .hint("Download it with Paddock if you want to be sure of every byte."));
            }
            Outcome::GivenUp => return Err(ApiError::closing()),
        }
        let path = model.path.to_string_lossy();
        let view = self.scan_library().await?;
        let model = view.models.into_iter().find(|model| model.path == path);
        model.ok_or_else(|| ApiError::new(ErrorCode::NotFound, format!("{path} is gone.")))
    }

    /// A model whose files changed since they were verified is verified once more. The engine's state shows it as the
    /// beginning of the load.
    pub(crate) async fn verify_before_use(&self, file: &ModelFile, started: Instant) -> Result<(), ApiError> {
        let receipts = self.receipts().await?;
        let parts = file.parts.clone();
        let changed = tokio::task::spawn_blocking(move || {
            let changed = |part: &PathBuf| check_before_use(part, &receipts).is_err();
            parts.into_iter().filter(changed).collect::<Vec<_>>()
        })
        .await?;
        if changed.is_empty() {
            return Ok(());
        }
        let (path, name, total_bytes) = (path_text(&file.path)?, file.name.clone(), file.size_bytes.max(1));
        let app = self.clone();
        let outcome = self
            .verify_files(changed.into_iter().map(|part| (part, None)).collect(), move |bytes| {
                app.inner.engine_state.send_replace(EngineState::Loading {
                    path: path.clone(),
                    name: name.clone(),
                    phase: LoadPhase::Starting,
                    fraction: (bytes as f64 / total_bytes as f64).min(1.0) as f32,
                    elapsed_ms: u32::try_from(started.elapsed().as_millis()).unwrap_or(u32::MAX),
                });
            })
            .await;
        if let Ok(Outcome::Wrong { sentence, repair_bytes, bad }) = &outcome
            && let Ok(model) = self.model_here(&file.path)
        {
            self.note_broken(&model, sentence.clone(), *repair_bytes, bad.clone());
        }
        if self.inner.library.last().is_some() {
            let app = self.clone();
            // The list is told beside the load, which does not wait for it.
            tokio::spawn(async move { app.scan_library().await.map(drop) });
        }
        match outcome? {
            Outcome::Right | Outcome::NoChecksum => Ok(()),
            Outcome::GivenUp => Err(ApiError::closing()),
            Outcome::Wrong { sentence, repair_bytes, bad } => {
                let file = bad.first().map(|(path, _)| shown_name(path)).unwrap_or_default();
                Err(ApiError::file_damaged(sentence, file, repair_bytes))
            }
        }
    }

    async fn receipts(&self) -> Result<Receipts, ApiError> {
        let (folders, data) = (self.model_folders().await?, self.inner.data.path().to_owned());
        Ok(tokio::task::spawn_blocking(move || Receipts::new(&data, &folders.ours())).await?)
    }

    /// Compares the files of a model one after another; each with the checksum it should have where no receipt says so.
    async fn verify_files(
        &self,
        files: Vec<(PathBuf, Option<String>)>,
        mut show: impl FnMut(u64) + Send + 'static,
    ) -> Result<Outcome, ApiError> {
        let receipts = self.receipts().await?;
        let wanted = Arc::new(AtomicBool::new(true));
        let _until_here = Wanted(Arc::clone(&wanted));
        let given_up = Arc::clone(&self.inner.library.given_up);
        let outcome = tokio::task::spawn_blocking(move || {
            let mut shown = Instant::now();
            show(0);
            verify_all(&files, &receipts, &mut |bytes| {
                if shown.elapsed() >= SHOWN_EVERY {
                    shown = Instant::now();
                    show(bytes);
                }
                let goes_on = wanted.load(Ordering::Relaxed) && !given_up.load(Ordering::Relaxed);
                if goes_on { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
            })
        });
        Ok(outcome.await??)
    }

    /// Fetches the bytes again that a check found to be wrong. Gives the id of the download that does so.
    ///
    /// # Errors
    /// [`ErrorCode::BadInput`] for a model that no check found broken, or of unknown origin; what the disk says.
    pub async fn repair_model(&self, path: String) -> Result<String, ApiError> {
        let request = self.reopen_broken(&path).await?;
        let id = self.enqueue(request.repo.to_string(), request.wanted, request.revision, request.root, 0).await?;
        self.scan_library().await?;
        Ok(id)
    }

    /// Makes an unfinished download of a model that a check found broken. The answer is what fetches the rest.
    pub(crate) async fn reopen_broken(&self, path: &str) -> Result<transfer::Request, ApiError> {
        let model = self.model_here(Path::new(path))?;
        let bad = match self.inner.library.checks().get(&model.path) {
            Some(Check::Broken { bad, .. }) => bad.clone(),
            _ => {
                return Err(ApiError::new(
                    ErrorCode::BadInput,
                    format!("Nothing is known to be wrong with “{}”.", model.name),
                )
                .hint("Verify it first."));
            }
        };
        // Where nobody knows which bytes are wrong, all of them are fetched again.
        let whole = |bad: Option<Vec<Range<u64>>>| bad.unwrap_or_else(|| std::iter::once(0..u64::MAX).collect());
        let files: Vec<_> = bad.into_iter().map(|(file, bad)| (file, whole(bad))).collect();
        let request = tokio::task::spawn_blocking(move || transfer::reopen(&files)).await??;
        self.inner.library.checks().remove(&model.path);
        Ok(request)
    }

    fn note_broken(&self, model: &Found, sentence: String, repair_bytes: Option<u64>, bad: Vec<Bad>) {
        let files = model.parts.iter().map(|part| (part.path.clone(), stamp(&part.path))).collect();
        self.inner.library.checks().insert(model.path.clone(), Check::Broken { sentence, repair_bytes, bad, files });
    }
}

fn verify_all(
    files: &[(PathBuf, Option<String>)],
    receipts: &Receipts,
    progress: &mut dyn FnMut(u64) -> ControlFlow<()>,
) -> Result<Outcome, LibraryError> {
    let (mut before, mut no_checksum) = (0, false);
    let mut wrong: Vec<Bad> = Vec::new();
    for (file, known) in files {
        let mut here = 0;
        let verdict = verify(file, known.as_deref(), receipts, &mut |bytes| {
            here = bytes;
            progress(before + bytes)
        })?;
        before += here;
        match verdict {
            Verdict::Right => {}
            Verdict::NoChecksum => no_checksum = true,
            Verdict::GivenUp => return Ok(Outcome::GivenUp),
            Verdict::Wrong { bad } => wrong.push((file.clone(), bad)),
        }
    }
    Ok(match wrong.first() {
        Some((first, _)) => {
            let bytes = |ranges: &Vec<Range<u64>>| ranges.iter().map(|range| range.end - range.start).sum::<u64>();
            let repair_bytes = wrong.iter().map(|(_, bad)| bad.as_ref().map(bytes)).sum();
            Outcome::Wrong { sentence: broken(first, repair_bytes), repair_bytes, bad: wrong }
        }
        None if no_checksum => Outcome::NoChecksum,
        None => Outcome::Right,
    })
}

/// A file's name without its folder.
fn shown_name(file: &Path) -> String {
    file.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// What is wrong with a damaged file, in English.
pub(crate) fn broken(file: &Path, repair_bytes: Option<u64>) -> String {
    let name = shown_name(file);
    let what = match repair_bytes {
        Some(0) => "it has bytes too many".to_owned(),
        // In tenths of megabytes, and never none.
        Some(bytes) => format!("{:.1} MB of it are damaged", (bytes as f64 / 1e6).max(0.1)),
        None => "its checksum is another one".to_owned(),
    };
    format!("“{name}” is not what was published: {what}. The disk may be failing, or another program changed the file.")
}

fn stamp(path: &Path) -> Option<Stamp> {
    std::fs::metadata(path).ok().map(|metadata| Stamp::of(&metadata))
}
