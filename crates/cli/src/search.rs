//! `paddock search`: repositories by words, and the models of one.

use paddock_core::{ApiError, models_at, search_at};

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
        return write_json(&models);
    }
    for model in models {
        let (quant, quality) = (model.quant.as_deref().unwrap_or("–"), model.quality.as_deref().unwrap_or("–"));
        let rest = model.problem.as_deref().unwrap_or(&model.path);
        let size = model.size_bytes as f64 / 1e9;
        write_answer(&format!("{quant:<12} {size:>7.1} GB  {quality:<10} {rest}\n"));
    }
    Ok(())
}
