//! A model by whatever name a person gives it: a file, a model Paddock knows, a repository.

use std::path::Path;

use paddock_hub::remote::{Hub, HubConfig, RepoId};
use paddock_planner::{PlanError, Weights, catalogue, quant};

use crate::{
    ApiError, ErrorCode,
    planning::{weights_of, weights_of_model},
};

/// The weights of a model: `FILE`, `NAME[:QUANT]` of a model in the catalogue, or `OWNER/NAME:QUANT` of any repository.
/// Only the last one asks the network, and reads no more than the header there.
///
/// # Errors
/// When there is no such model, or it cannot be read; with the nearest names where there are any.
pub async fn weights_named(name: &str) -> Result<Weights, ApiError> {
    if Path::new(name).exists() {
        let path = name.to_owned();
        return tokio::task::spawn_blocking(move || weights_of(path.as_ref())).await?;
    }
    let (model_name, quant) = name.rsplit_once(':').map_or((name, None), |(model, quant)| (model, Some(quant)));
    if let Some(model) = catalogue::model(model_name) {
        let quant = known_quant(quant.unwrap_or("Q4_K_M"))?;
        return model.weights(&quant.name).ok_or_else(|| {
            ApiError::new(ErrorCode::NotFound, format!("{} is not made as {}.", model.name, quant.name))
        });
    }
    if !name.contains('/') || name.ends_with(".gguf") {
        let known: Vec<&str> = catalogue::models().iter().map(|model| model.id.as_str()).collect();
        return Err(ApiError::new(
            ErrorCode::NotFound,
            format!("There is no file “{name}”, and no model of that name."),
        )
        .hint(format!("Name a GGUF file, a repository such as owner/name:Q4_K_M, or one of {}.", known.join(", "))));
    }
    from_hub(model_name, quant).await
}

async fn from_hub(repo: &str, quant: Option<&str>) -> Result<Weights, ApiError> {
    let hub = Hub::new(HubConfig::from_env())?;
    let listing = hub.list(&RepoId::parse(repo)?, "main").await?;
    let Some(quant) = quant else {
        let quants: Vec<&str> = listing.models().iter().filter_map(|model| model.quant.as_deref()).collect();
        return Err(ApiError::new(ErrorCode::BadInput, format!("“{repo}” holds several quantizations.")).hint(
            format!(
                "Add one of them, as in {repo}:{}. There are {}.",
                quants.first().unwrap_or(&"Q4_K_M"),
                quants.join(", ")
            ),
        ));
    };
    weights_of_model(&hub.headers(&listing, quant).await?)
}

/// A row of the table that can still be loaded.
fn known_quant(name: &str) -> Result<&'static quant::Quant, PlanError> {
    let quant = quant::find(name)
        .ok_or_else(|| PlanError::UnknownQuant { name: name.to_owned(), nearest: quant::nearest(name) })?;
    match (&quant.replaced_by, &quant.why) {
        (Some(instead), why) => Err(PlanError::DeadQuant {
            name: quant.name.clone(),
            why: why.map(|why| why.to_string()).unwrap_or_default(),
            instead: instead.clone(),
        }),
        (None, _) => Ok(quant),
    }
}
