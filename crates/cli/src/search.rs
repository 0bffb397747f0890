//! `paddock search`: repositories by words, and the models of one.

use paddock_core::{ApiError, models_at, planner::quant::Quality, search_at, view::RemoteModelView};
use serde_json::{Value, json};

use crate::{
    arguments::SearchOptions,
    terminal::{write_answer, write_json},
};

/// `paddock search`.
pub async fn run(options: SearchOptions) -> Result<(), ApiError> {
    match options.words.as_slice() {
        [repo] if repo.contains('/') => models(repo, options.endpoint, options.json).await,
        words => {
            let found = search_at(options.endpoint, &words.join(" "), options.limit as usize).await?;
            if options.json {
                return write_json(&found);
            }
            for repo in found {
                let licence = repo.licence.as_deref().unwrap_or("–");
                let gated = if repo.gated { " · terms to be accepted on its page" } else { "" };
                write_answer(&format!("{:<60} {:>10} downloads · {licence}{gated}\n", repo.repo, repo.downloads));
            }
            Ok(())
        }
    }
}

async fn models(repo: &str, endpoint: Option<String>, json: bool) -> Result<(), ApiError> {
    let models = models_at(endpoint, repo).await?;
    if json {
        let in_words = |model: &RemoteModelView| {
            let mut value = json!(model);
            value["quality"] = json!(model.quality.map(Quality::word));
            value["problem"] = json!(model.problem.as_ref().map(ToString::to_string));
            value
        };
        return write_json(&models.iter().map(in_words).collect::<Vec<Value>>());
    }
    for model in models {
        let (quant, quality) = (model.quant.as_deref().unwrap_or("–"), model.quality.map_or("–", Quality::word));
        let rest = model.problem.as_ref().map_or_else(|| model.path.clone(), ToString::to_string);
        let size = model.size_bytes as f64 / 1e9;
        write_answer(&format!("{quant:<12} {size:>7.1} GB  {quality:<10} {rest}\n"));
    }
    Ok(())
}
