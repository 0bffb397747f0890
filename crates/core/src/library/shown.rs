//! What the window sees of the models here.

use std::path::Path;

use paddock_hub::library::{Duplicate, Found, LookedAt, Source, Verified, duplicates};

use super::{Check, Seen};
use crate::{
    App,
    app::path_text,
    self_test,
    view::{DeletedView, LibraryModelView, LibraryView, ModelSource, PlaceView, VerifiedView},
};

impl App {
    /// Puts what is known now before the window.
    pub(super) fn show_library(&self) {
        let library = &self.inner.library;
        let view = library.last().map(|seen| self.library_view(&seen));
        library.shown.send_modify(|shown| {
            if let Some(view) = view {
                *shown = view;
            }
            shown.scanning = false;
        });
    }

    fn library_view(&self, seen: &Seen) -> LibraryView {
        // It comes and goes with Paddock, and is always in the picker.
        let self_test = self_test::path(&self.inner.data);
        let found: Vec<Found> = seen.scanned.models.iter().filter(|model| model.path != self_test).cloned().collect();
        let twice = duplicates(&found);
        let checks = self.inner.library.checks();
        let mut models: Vec<(usize, LibraryModelView)> = found
            .iter()
            .map(|model| {
                let place = seen.scanned.places.iter().position(|looked| looked.place.path == model.place);
                (place.unwrap_or(usize::MAX), model_view(model, checks.get(&model.path), &twice))
            })
            .collect();
        models.sort_by_cached_key(|(place, model)| (*place, model.name.to_lowercase(), model.path.clone()));
        LibraryView {
            models: models.into_iter().map(|(_, model)| model).collect(),
            places: seen.scanned.places.iter().map(|looked| place_view(looked, &found)).collect(),
            deleted: seen.deleted.iter().map(|(_, deleted)| deleted_view(deleted)).collect(),
            scanning: false,
            duplicate_bytes: twice.iter().map(|group| group.wasted_bytes).sum(),
        }
    }
}

fn model_view(model: &Found, check: Option<&Check>, twice: &[Duplicate]) -> LibraryModelView {
    // A path that is no text cannot be handed to the engine.
    let unusable = path_text(&model.path).err().map(|error| error.message);
    let same = twice.iter().find(|group| group.paths.contains(&model.path));
    let others = same.into_iter().flat_map(|group| &group.paths).filter(|path| **path != model.path);
    LibraryModelView {
        path: shown(&model.path),
        name: model.name.clone(),
        quant: model.quant.clone(),
        size_bytes: model.size_bytes,
        n_files: u32::try_from(model.parts.len()).unwrap_or(u32::MAX),
        source: source_view(model.source),
        repo: model.repo.clone(),
        verified: check.map_or_else(|| verified_view(model.verified), Check::view),
        problem: model.problem.clone().or(unusable),
        same_as: others.map(|path| shown(path)).collect(),
        can_delete: matches!(model.source, Source::Paddock | Source::Folder),
    }
}

fn place_view(looked: &LookedAt, found: &[Found]) -> PlaceView {
    let here = || found.iter().filter(|model| model.place == looked.place.path);
    PlaceView {
        source: source_view(looked.place.source),
        path: shown(&looked.place.path),
        n_models: u32::try_from(here().count()).unwrap_or(u32::MAX),
        size_bytes: here().map(|model| model.size_bytes).sum(),
        problem: looked.problem.clone(),
    }
}

fn deleted_view(deleted: &paddock_hub::library::trash::Deleted) -> DeletedView {
    DeletedView { id: deleted.id.clone(), name: deleted.name.clone(), size_bytes: deleted.size_bytes }
}

fn verified_view(verified: Verified) -> VerifiedView {
    match verified {
        Verified::Verified => VerifiedView::Verified,
        Verified::Unverified => VerifiedView::Unverified,
        Verified::NoChecksum => VerifiedView::NoChecksum,
        Verified::Changed => VerifiedView::Changed,
    }
}

fn source_view(source: Source) -> ModelSource {
    match source {
        Source::Paddock => ModelSource::Paddock,
        Source::HuggingFace => ModelSource::HuggingFace,
        Source::LmStudio => ModelSource::LmStudio,
        Source::Ollama => ModelSource::Ollama,
        Source::Jan => ModelSource::Jan,
        Source::LlamaCpp => ModelSource::LlamaCpp,
        Source::Folder => ModelSource::Folder,
    }
}

fn shown(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}
