//! What a server has.

use serde::Deserialize;

use crate::{Remote, RemoteError};

/// A model that a server offers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoteModel {
    /// What it is called when it is asked.
    pub id: String,
    /// The longest prompt and answer together, in tokens, where the server tells (vLLM, llama-server).
    pub n_ctx: Option<u32>,
}

/// More than this are not listed.
const MAX_MODELS: usize = 1000;
/// A longer name is not one.
const MAX_ID_CHARS: usize = 300;

#[derive(Deserialize)]
struct Listing {
    data: Vec<Listed>,
}

#[derive(Deserialize)]
struct Listed {
    id: String,
    /// vLLM and SGLang.
    max_model_len: Option<u32>,
    /// llama-server.
    meta: Option<Meta>,
}

#[derive(Deserialize)]
struct Meta {
    n_ctx: Option<u32>,
}

impl Remote {
    /// What the server has, in its own order.
    ///
    /// # Errors
    /// See [`RemoteError`].
    pub async fn models(&self) -> Result<Vec<RemoteModel>, RemoteError> {
        let response = self.send(self.get("models"), self.patience.silence, None).await?;
        let body = self.body(response).await?;
        let listing: Listing =
            serde_json::from_slice(&body).map_err(|_| self.garbled("its list of models cannot be read"))?;
        let known = listing.data.into_iter().filter(|listed| {
            let len = listed.id.chars().count();
            (1..=MAX_ID_CHARS).contains(&len) && !listed.id.chars().any(char::is_control)
        });
        Ok(known
            .take(MAX_MODELS)
            .map(|Listed { id, max_model_len, meta }| RemoteModel {
                id,
                n_ctx: max_model_len.or(meta.and_then(|meta| meta.n_ctx)),
            })
            .collect())
    }
}
