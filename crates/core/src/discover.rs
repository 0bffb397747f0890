//! Models that are not here yet: searching for them, what a repository holds, and what one of its models would need on
//! this computer.

mod licences;
mod once;
mod token;

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use paddock_hub::remote::{
    FoundRepo, HeaderCache, Hub, HubConfig, Listing, RemoteError, RemoteModel, RepoId, RepoInfo,
};
use paddock_planner::{Weights, quant};
use tokio::sync::Semaphore;

use crate::{
    ApiError, App, DataDir, ErrorCode, What, download_settings,
    keychain::Keyed,
    planning::weights_of_model,
    view::{PlanView, RemoteModelView, RemoteProblem, RepoSummary, RepoView, TokenPlace},
};

use once::Once;

/// The branch that everybody means.
const MAIN: &str = "main";

/// How many repositories a search shows: more than anybody reads through.
const MOST_FOUND: usize = 50;

/// How many headers are fetched at once. With the cache, all but the first of a repository are short.
const HEADERS_AT_ONCE: usize = 2;

/// How long the list of a repository's files is good for plans; its page asks anew.
const LISTED_FOR: Duration = Duration::from_secs(600);

/// How long a model's weights are remembered, for a slider that asks for plan after plan. They are of one commit and do
/// not change.
const WEIGHED_FOR: Duration = Duration::from_secs(3_600);

/// What is remembered between questions to a server.
pub(crate) struct Discovery {
    hub: Mutex<Option<NumberedHub>>,
    headers: Arc<HeaderCache>,
    tokens: Keyed,
    at_once: Semaphore,
    listed: Once<Arc<Listed>>,
    weighed: Once<Arc<Weights>>,
}

/// The hub for the settings as they were when it was asked last.
struct NumberedHub {
    /// How many there were before it: what was learnt of another server does not count.
    number: u64,
    config: HubConfig,
    hub: Arc<Hub>,
}

/// A repository at one commit.
pub(crate) struct Listed {
    pub(crate) hub: Arc<Hub>,
    pub(crate) info: RepoInfo,
    pub(crate) listing: Listing,
}

impl Discovery {
    pub(crate) fn new(data: &DataDir) -> Self {
        Self {
            hub: Mutex::new(None),
            headers: Arc::new(HeaderCache::new(data.headers())),
            tokens: Keyed::named(token::ENTRY),
            at_once: Semaphore::new(HEADERS_AT_ONCE),
            listed: Once::new(16, LISTED_FOR),
            weighed: Once::new(128, WEIGHED_FOR),
        }
    }

    /// The hub for these settings: the one of before, if they are the same.
    fn hub(&self, config: HubConfig) -> Result<(u64, Arc<Hub>), ApiError> {
        let mut kept = self.hub.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(kept) = kept.as_ref().filter(|kept| kept.config == config) {
            return Ok((kept.number, Arc::clone(&kept.hub)));
        }
        let number = kept.as_ref().map_or(0, |kept| kept.number + 1);
        let hub = Arc::new(Hub::new(config.clone())?.with_header_cache(Arc::clone(&self.headers)));
        *kept = Some(NumberedHub { number, config, hub: Arc::clone(&hub) });
        Ok((number, hub))
    }
}

impl App {
    /// The server that models come from: the one of the settings, else `HF_ENDPOINT`, else Hugging Face; as whoever the
    /// token belongs to.
    ///
    /// # Errors
    /// [`ErrorCode::BadInput`] for an endpoint or a token that cannot be.
    pub(crate) async fn hub(&self) -> Result<Arc<Hub>, ApiError> {
        Ok(self.numbered_hub().await?.1)
    }

    async fn numbered_hub(&self) -> Result<(u64, Arc<Hub>), ApiError> {
        let (config, _) = self.hub_config().await?;
        self.inner.discovery.hub(config)
    }

    /// Which server to ask, as whom, and where that token comes from.
    ///
    /// The environment's token goes to the environment's endpoint alone: whoever names another server in the settings may
    /// not know that there is one. A token that was set in Paddock goes to the server that is set in Paddock.
    async fn hub_config(&self) -> Result<(HubConfig, TokenPlace), ApiError> {
        let chosen = self.stored_download_settings().await?.endpoint;
        config_of(chosen, &self.inner.discovery.tokens).await
    }

    /// Repositories with models whose names hold these words, those downloaded most first.
    ///
    /// # Errors
    /// What the server or the way to it says.
    pub async fn search_hub(&self, words: String) -> Result<Vec<RepoSummary>, ApiError> {
        let found = self.hub().await?.search(&words, MOST_FOUND).await?;
        Ok(found.into_iter().map(summary).collect())
    }

    /// A repository as it is now, and the models in it.
    ///
    /// # Errors
    /// [`ErrorCode::BadInput`] for what is no repository's name, [`ErrorCode::NotFound`] for one that is not there,
    /// [`ErrorCode::Gated`], and what the server or the way to it says.
    pub async fn repo_details(&self, repo: String) -> Result<RepoView, ApiError> {
        let repo = RepoId::parse(&repo)?;
        let listed = self.listed(&repo, true).await?;
        let mut models = Vec::new();
        for model in listed.listing.models() {
            let local_path = self.local_path(&repo, first_path(model)).await;
            models.push(RemoteModelView { local_path, ..model_view(model) });
        }
        Ok(RepoView {
            commit: listed.info.commit.clone(),
            page: listed.hub.page(&repo),
            gated: listed.info.gated,
            licence: self.licence_view(&listed.info).await?,
            models,
            n_unsafe: u32::try_from(listed.listing.n_unsafe()).unwrap_or(u32::MAX),
            repo: repo.to_string(),
        })
    }

    /// What a model of a repository would need and give here. `model` is a quantization, or a file's path.
    ///
    /// # Errors
    /// As [`App::repo_details`]; [`ErrorCode::ModelRefused`] for a header that cannot be used.
    pub async fn plan_remote(&self, repo: String, model: String, n_ctx: u32) -> Result<PlanView, ApiError> {
        let repo = RepoId::parse(&repo)?;
        let discovery = &self.inner.discovery;
        let listed = self.listed(&repo, false).await?;
        let path = first_path(listed.listing.model(&model)?).to_owned();
        let (number, _) = self.numbered_hub().await?;
        let key = format!("{number} {repo} {} {path}", listed.info.commit);
        let weigh = async {
            // Never closed, so it always lets somebody in.
            let _turn = discovery.at_once.acquire().await;
            let model = listed.hub.headers(&listed.listing, &path).await?;
            weights_of_model(&model).map(Arc::new)
        };
        let weights = discovery.weighed.get(&key, weigh).await?;
        let local_path = self.local_path(&repo, &path).await;
        self.plan_weights(&weights, n_ctx, local_path).await
    }

    /// A repository's commit and files; `anew` asks the server even if it was asked a moment ago.
    pub(crate) async fn listed(&self, repo: &RepoId, anew: bool) -> Result<Arc<Listed>, ApiError> {
        let (number, hub) = self.numbered_hub().await?;
        let key = format!("{number} {repo}");
        let listed = &self.inner.discovery.listed;
        if anew {
            listed.forget(&key);
        }
        let ask = async {
            let info = hub.info(repo, MAIN).await?;
            let listing = hub.list(repo, &info.commit).await?;
            Ok(Arc::new(Listed { hub: Arc::clone(&hub), info, listing }))
        };
        listed.get(&key, ask).await
    }

    /// Where a model of a repository is on this computer, verified.
    async fn local_path(&self, repo: &RepoId, path: &str) -> Option<String> {
        Some(self.found_model(&repo.to_string(), path).await?.display().to_string())
    }
}

/// See [`App::hub_config`].
async fn config_of(chosen: Option<String>, tokens: &Keyed) -> Result<(HubConfig, TokenPlace), ApiError> {
    // It may read the token's file.
    let mut config = tokio::task::spawn_blocking(HubConfig::from_env).await?;
    if let Some(endpoint) = chosen {
        if !is_same(&endpoint, &config.endpoint) {
            config.token = None;
        }
        config.endpoint = endpoint;
    }
    let mut place = if config.token.is_some() { TokenPlace::Environment } else { TokenPlace::None };
    if let Some((own, own_place)) = tokens.own().await {
        (config.token, place) = (Some(own), own_place);
    }
    Ok((config, place))
}

fn is_same(endpoint: &str, other: &str) -> bool {
    endpoint.trim_end_matches('/') == other.trim_end_matches('/')
}

/// The server for the command line: the one that was named, as whoever the environment says; else the one that the window
/// asks, as whom the window asks.
pub(crate) async fn hub_for_command(endpoint: Option<String>) -> Result<Hub, ApiError> {
    let look = || Ok::<_, ApiError>((download_settings::endpoint()?, HubConfig::from_env()));
    let (chosen, mut environment) = tokio::task::spawn_blocking(look).await??;
    let config = match endpoint {
        Some(named) if !is_same(&named, chosen.as_ref().unwrap_or(&environment.endpoint)) => {
            environment.endpoint = named;
            environment
        }
        _ => config_of(chosen, &Keyed::named(token::ENTRY)).await?.0,
    };
    Ok(Hub::new(config)?)
}

/// Repositories by words, for the command line: of this endpoint, or of the one that the window asks.
///
/// # Errors
/// What the server or the way to it says.
pub async fn search_at(endpoint: Option<String>, words: &str, limit: usize) -> Result<Vec<RepoSummary>, ApiError> {
    let found = hub_for_command(endpoint).await?.search(words, limit).await?;
    Ok(found.into_iter().map(summary).collect())
}

/// The models of a repository, for the command line.
///
/// # Errors
/// As [`search_at`].
pub async fn models_at(endpoint: Option<String>, repo: &str) -> Result<Vec<RemoteModelView>, ApiError> {
    let listing = hub_for_command(endpoint).await?.list(&RepoId::parse(repo)?, MAIN).await?;
    Ok(listing.models().iter().map(model_view).collect())
}

fn summary(found: FoundRepo) -> RepoSummary {
    RepoSummary {
        repo: found.repo.to_string(),
        downloads: found.downloads,
        likes: found.likes,
        updated_ms: found.updated_ms,
        gated: found.gated,
        licence: found.licence_id,
    }
}

/// A model as it is shown, wherever it is.
fn model_view(model: &RemoteModel) -> RemoteModelView {
    let known = model.quant.as_deref().and_then(quant::find);
    RemoteModelView {
        path: first_path(model).to_owned(),
        name: name(model),
        quant: model.quant.clone(),
        size_bytes: model.size_bytes,
        n_files: model.part_count(),
        quality_step: known.map(|quant| quant.quality() as u32),
        quality: known.map(quant::Quant::quality),
        problem: problem(model, known),
        local_path: None,
    }
}

fn first_path(model: &RemoteModel) -> &str {
    model.parts.first().map_or(model.path(), |first| first.path.as_str())
}

/// A file's name without folder and ending; of a split model, also without the number.
fn name(model: &RemoteModel) -> String {
    let path = model.path();
    let name = path.rsplit('/').next().unwrap_or(path);
    name.strip_suffix(".gguf").unwrap_or(name).to_owned()
}

/// Why a model cannot be used.
fn problem(model: &RemoteModel, quant: Option<&quant::Quant>) -> Option<RemoteProblem> {
    if let Some(first_missing) = model.missing().next() {
        let count = model.part_count();
        let here = u32::try_from(model.parts.len()).unwrap_or(u32::MAX);
        return Some(RemoteProblem::Incomplete {
            model: name(model),
            missing: count.saturating_sub(here),
            count,
            first_missing,
        });
    }
    let quant = quant?;
    let instead = quant.replaced_by.clone()?;
    Some(RemoteProblem::Dead { quant: quant.name.clone(), why: quant.why, instead })
}

impl From<RemoteError> for ApiError {
    fn from(error: RemoteError) -> Self {
        use RemoteError as E;
        let code = match &error {
            E::Gated { .. } | E::TokenRefused { .. } => ErrorCode::Gated,
            E::NoRepo { .. } | E::NoRevision { .. } | E::NoFile { .. } | E::NoQuant { .. } | E::NoModels { .. } => {
                ErrorCode::NotFound
            }
            E::BadRepo { .. }
            | E::BadRevision { .. }
            | E::BadEndpoint { .. }
            | E::BadProxy { .. }
            | E::BadToken
            | E::Ambiguous { .. } => ErrorCode::BadInput,
            _ => ErrorCode::ModelRefused,
        };
        Self { what: What::of_remote(&error).map(Box::new), ..Self::new(code, error.to_string()) }
    }
}
