//! Deleting models, bringing them back, and their place in Hugging Face's cache.

use std::path::{Path, PathBuf};

use paddock_hub::{
    library::{Found, Identity, LibraryError, Source, share, trash},
    receipt::Receipt,
};

use super::Check;
use crate::{
    ApiError, App,
    view::{EngineState, LibraryView},
};

impl App {
    /// Deletes a model so that [`App::undo_delete`] can bring it back until Paddock is closed.
    ///
    /// # Errors
    /// [`ErrorCode::Busy`] while it is loaded or being downloaded, [`ErrorCode::BadInput`] if it is another program's.
    pub async fn delete_model(&self, path: String) -> Result<LibraryView, ApiError> {
        self.seen().await?;
        let mut work = self.library_work().await?;
        let model = self.model_here(Path::new(&path))?;
        if !matches!(model.source, Source::Paddock | Source::Folder) {
            return Err(LibraryError::NotOurs { path: model.path }.into());
        }
        // While this is held, no load begins. Held by others, it is known which model they load or use.
        let engine = if self.inner.line.is_taken() { None } else { Some(self.have_engine().await) };
        if let Some(name) = self.loaded_of(&model) {
            return Err(ApiError::model_loaded(name));
        }
        if matches!(self.inner.library.checks().get(&model.path), Some(Check::Running { .. })) {
            return Err(ApiError::model_in_check(model.name));
        }
        let cache = self.inner.library.surroundings().hugging_face_cache();
        let root = model.place.clone();
        let (deleted, model) = tokio::task::spawn_blocking(move || {
            unshare(&model, cache.as_deref());
            (trash::remove(&model, &root), model)
        })
        .await?;
        drop(engine);
        if let Err(error) = deleted {
            self.share_with_hf_cache(&model.path).await?;
            return Err(error.into());
        }
        self.inner.library.checks().remove(&model.path);
        self.scan_with(&mut work).await?;
        Ok(self.inner.library.shown.borrow().clone())
    }

    /// Brings back a model that was deleted since Paddock was started.
    ///
    /// # Errors
    /// [`ErrorCode::NotFound`] if it is gone for good, [`ErrorCode::BadInput`] if there is a new file of its name.
    pub async fn undo_delete(&self, id: String) -> Result<LibraryView, ApiError> {
        let mut work = self.library_work().await?;
        let ours = self.model_folders().await?.ours();
        let back = tokio::task::spawn_blocking(move || trash::restore(root_of(&ours, &id)?, &id)).await??;
        self.share_with_hf_cache(&back.path).await?;
        self.scan_with(&mut work).await?;
        Ok(self.inner.library.shown.borrow().clone())
    }

    /// Removes a deleted model for good, so that its room is free at once.
    ///
    /// # Errors
    /// [`ErrorCode::NotFound`] if it is gone for good already, [`ErrorCode::Storage`] for what the disk says.
    pub async fn discard_deleted(&self, id: String) -> Result<LibraryView, ApiError> {
        let mut work = self.library_work().await?;
        let ours = self.model_folders().await?.ours();
        tokio::task::spawn_blocking(move || trash::discard(root_of(&ours, &id)?, &id)).await??;
        self.scan_with(&mut work).await?;
        Ok(self.inner.library.shown.borrow().clone())
    }

    /// Shows a downloaded model in Hugging Face's cache, if the user wants that. Failing to must fail nothing else.
    pub(crate) async fn share_with_hf_cache(&self, file: &Path) -> Result<(), ApiError> {
        let wanted = self.stored_download_settings().await?.share_with_hf_cache;
        let Some(cache) = self.inner.library.surroundings().hugging_face_cache().filter(|_| wanted) else {
            return Ok(());
        };
        let file = file.to_owned();
        tokio::task::spawn_blocking(move || {
            let parts = paddock_hub::inspect(&file).map_or_else(|_| vec![file], |model| model.parts);
            for part in parts {
                let Some(Receipt { origin: Some(origin), sha256, .. }) = Receipt::beside(&part) else { continue };
                if let Err(error) = share::share(&part, &origin, &sha256, &cache) {
                    tracing::warn!(%error, "the model is not shown in Hugging Face's cache");
                }
            }
        })
        .await?;
        Ok(())
    }

    /// What the engine calls this model, if that is the one it loads or has.
    fn loaded_of(&self, model: &Found) -> Option<String> {
        let state = self.inner.engine_state.borrow();
        let (path, name) = match &*state {
            EngineState::Loading { path, name, .. } => (path, name),
            EngineState::Ready { model }
            | EngineState::Understanding { model, .. }
            | EngineState::Writing { model, .. } => (&model.path, &model.name),
            EngineState::NoModel | EngineState::Resting { .. } | EngineState::Failed { .. } => return None,
        };
        let loaded = Identity::at(Path::new(path));
        let is_it =
            model.parts.iter().any(|part| part.path == Path::new(path) || Some(&part.identity) == loaded.as_ref());
        is_it.then(|| name.clone())
    }
}

/// The folder in which a model was deleted.
fn root_of<'a>(roots: &'a [PathBuf], id: &str) -> Result<&'a Path, LibraryError> {
    let has_it = |root: &&PathBuf| trash::deleted(root).iter().any(|deleted| deleted.id == id);
    roots.iter().find(has_it).map(PathBuf::as_path).ok_or(LibraryError::NothingToRestore)
}

/// So that deleting frees the room: a link in Hugging Face's cache would keep it.
fn unshare(model: &Found, cache: Option<&Path>) {
    for part in &model.parts {
        let (Some(origin), Some(sha256), Some(cache)) = (&part.origin, &part.sha256, cache) else { continue };
        if let Err(error) = share::unshare(&part.path, origin, sha256, cache) {
            tracing::warn!(%error, "the model stays in Hugging Face's cache");
        }
    }
}
