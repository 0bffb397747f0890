//! The terms of models, and which of them were accepted here.

use paddock_hub::remote::{RepoId, RepoInfo};

use crate::{ApiError, App, ErrorCode, view::LicenceView};

/// The setting that keeps what was accepted, as the repositories name it.
const KEY: &str = "accepted_licences";

/// The longest name of a licence, in bytes. The hub's are shortened to fewer.
const MAX_ID_BYTES: usize = 1_000;

/// How many are kept. There are six that have to be accepted.
const MOST_ACCEPTED: usize = 200;

impl App {
    /// Terms were read and accepted; `id` is that of a [`LicenceView`]. They are not asked for again.
    ///
    /// # Errors
    /// [`ErrorCode::BadInput`] for what is no licence's name, and what the disk says.
    pub async fn accept_licence(&self, id: String) -> Result<(), ApiError> {
        let id = id.trim().to_owned();
        if id.is_empty() || id.len() > MAX_ID_BYTES || id.contains(char::is_control) {
            return Err(ApiError::new(ErrorCode::BadInput, "That is not the name of a licence."));
        }
        self.with_store(move |store| {
            let mut accepted: Vec<String> = store.setting_or_default(KEY)?;
            accepted.retain(|known| *known != id);
            accepted.push(id);
            let too_many = accepted.len().saturating_sub(MOST_ACCEPTED);
            accepted.drain(..too_many);
            store.set_setting(KEY, &accepted)
        })
        .await
    }

    /// Meta's terms are accepted before the first byte of a model they hold for.
    ///
    /// # Errors
    /// [`ErrorCode::LicenceNotAccepted`]. A server that cannot be asked now is no error: the download waits for it too.
    pub(crate) async fn check_licence(&self, repo: &RepoId) -> Result<(), ApiError> {
        match self.listed(repo, false).await {
            Ok(listed) => self.check_licence_of(repo, &listed.info).await,
            Err(_) => Ok(()),
        }
    }

    /// The same of a repository that was asked.
    pub(crate) async fn check_licence_of(&self, repo: &RepoId, info: &RepoInfo) -> Result<(), ApiError> {
        match self.licence_view(info).await? {
            Some(licence) if licence.llama && !licence.accepted => {
                Err(ApiError::licence_not_accepted(repo.to_string(), licence.name))
            }
            _ => Ok(()),
        }
    }

    /// The terms of a repository's models, and whether they were accepted here.
    pub(crate) async fn licence_view(&self, info: &RepoInfo) -> Result<Option<LicenceView>, ApiError> {
        let llama = info.is_llama();
        let (id, name, link) = match &info.licence {
            Some(licence) => (licence.id.clone(), licence.name.clone(), licence.link.clone()),
            // Made from one of Meta's models, without a word about its terms.
            None if llama => ("llama".to_owned(), "Llama Community License".to_owned(), None),
            None => return Ok(None),
        };
        let accepted = self.with_store(|store| store.setting_or_default::<Vec<String>>(KEY)).await?;
        Ok(Some(LicenceView { accepted: accepted.contains(&id), id, name, link, llama }))
    }
}
