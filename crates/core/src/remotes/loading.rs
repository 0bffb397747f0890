//! A model of another server, chosen like any other: nothing is loaded, and nothing is sent until a message is.

use std::path::Path;

use paddock_store::ModelRecord;

use super::{Known, read};
use crate::{
    ApiError, App,
    models::Current,
    view::{EngineState, LoadSettings, LoadedModel, ModelEntry, RemoteModelEntry},
};

const SCHEME: &str = "remote://";

/// The path of a model on another server: `remote://<server's id>/<what the server calls it>`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RemotePath {
    pub(crate) server: String,
    pub(crate) model: String,
}

impl RemotePath {
    /// None: it is the path of a file.
    pub(crate) fn parse(path: &Path) -> Option<Self> {
        let (server, model) = path.to_str()?.strip_prefix(SCHEME)?.split_once('/')?;
        Some(Self { server: server.to_owned(), model: model.to_owned() })
    }

    /// As text, for a server's id and what the server calls the model.
    pub(crate) fn text(server: &str, model: &str) -> String {
        format!("{SCHEME}{server}/{model}")
    }
}

impl App {
    /// The models of all servers, as the servers listed them last. Takes what is theirs out of those used last.
    pub(crate) async fn remote_models(&self, recent: &mut Vec<ModelRecord>) -> Result<Vec<ModelEntry>, ApiError> {
        let mut used = Vec::new();
        recent.retain(|record| {
            let is_remote = record.path.starts_with(SCHEME);
            if is_remote {
                used.push((record.path.clone(), record.last_used_ms));
            }
            !is_remote
        });
        let mut entries = Vec::new();
        for known in self.known().await? {
            for model in &known.models {
                let path = RemotePath::text(&known.id, &model.id);
                entries.push(ModelEntry {
                    last_used_ms: used.iter().find(|(other, _)| *other == path).map(|(_, at)| *at),
                    path,
                    name: model.id.clone(),
                    quant: None,
                    size_bytes: 0,
                    self_test: false,
                    present: true,
                    remote: Some(known.place(model)?),
                });
            }
        }
        Ok(entries)
    }

    /// Let a model of another server answer from now on. The one in the engine is freed.
    ///
    /// # Errors
    /// When the server or its model is not known any more; then the one before stays.
    pub(crate) async fn choose_remote(
        &self,
        engine: &mut Option<Current>,
        path: RemotePath,
        settings: LoadSettings,
    ) -> Result<(), ApiError> {
        let all = self.known().await?;
        let model = match loaded(&all, &path).transpose()? {
            Some(model) => model,
            None => {
                let error = ApiError::remote_gone(Some(path.model.clone()));
                if engine.is_none() {
                    self.inner.engine_state.send_replace(EngineState::Failed {
                        path: Some(RemotePath::text(&path.server, &path.model)),
                        name: Some(path.model),
                        error: error.clone(),
                    });
                }
                return Err(error);
            }
        };
        *engine = None;
        self.inner.host.stop().await;
        self.remember_load(&model, settings, 0).await;
        self.inner.engine_state.send_replace(EngineState::Ready { model: model.clone() });
        *engine = Some(Current::remote(model, settings));
        Ok(())
    }

    /// At the start: if the model used last is another server's, it is shown as chosen, so that nobody writes to it
    /// unaware. Nothing is sent for that.
    pub(crate) fn choose_remote_used_last(&self) {
        let chosen = {
            let store = self.inner.store();
            let selected = store.setting_or_default::<Option<String>>(crate::models::SELECTED);
            selected.and_then(|path| Ok((path, read(&store)?)))
        };
        let (path, all) = match chosen {
            Ok((Some(path), all)) => (path, all),
            Ok((None, _)) => return,
            Err(error) => return tracing::warn!(%error, "the servers that are known could not be read"),
        };
        let Some(path) = RemotePath::parse(Path::new(&path)) else { return };
        if let (Some(Ok(model)), Ok(mut engine)) = (loaded(&all, &path), self.inner.engine.try_lock()) {
            self.inner.engine_state.send_replace(EngineState::Ready { model: model.clone() });
            *engine = Some(Current::remote(model, LoadSettings::default()));
        }
    }

    /// If a model of this server is chosen: none is, after the answer that is on its way.
    pub(super) async fn let_go_of(&self, server: &str) {
        let is_theirs = |model: &LoadedModel| model.remote.as_ref().is_some_and(|place| place.server == server);
        if !self.loaded().as_ref().is_some_and(is_theirs) {
            return;
        }
        let mut engine = self.have_engine().await;
        if engine.as_ref().is_some_and(|current| is_theirs(&current.model)) {
            *engine = None;
            self.inner.engine_state.send_replace(EngineState::NoModel);
        }
    }
}

/// A known server's model as the loaded one.
fn loaded(all: &[Known], path: &RemotePath) -> Option<Result<LoadedModel, ApiError>> {
    let known = all.iter().find(|known| known.id == path.server)?;
    // A server that lists nothing now may still know it.
    let unlisted = RemoteModelEntry { id: path.model.clone(), n_ctx: None };
    let model = known.models.iter().find(|model| model.id == path.model).unwrap_or(&unlisted);
    Some(known.place(model).map(|place| LoadedModel {
        path: RemotePath::text(&known.id, &model.id),
        name: model.id.clone(),
        quant: None,
        self_test: false,
        n_params: 0,
        n_ctx: 0,
        n_ctx_train: 0,
        n_layers: 0,
        n_gpu_layers: 0,
        load_ms: 0.0,
        buffers: Vec::new(),
        warnings: Vec::new(),
        remote: Some(place),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_of_a_remote_model_names_server_and_model_and_that_of_a_file_neither() {
        let path = RemotePath::parse(Path::new("remote://19a/meta-llama/Llama-3.3-70B:free"));
        let expected = RemotePath { server: "19a".into(), model: "meta-llama/Llama-3.3-70B:free".into() };
        assert_eq!(path, Some(expected.clone()));
        assert_eq!(RemotePath::parse(Path::new(&RemotePath::text(&expected.server, &expected.model))), Some(expected));
        for file in ["/models/a.gguf", "remote.gguf", "remote://only", "C:\\models\\a.gguf"] {
            assert_eq!(RemotePath::parse(Path::new(file)), None);
        }
    }
}
