//! Anthropic's `/v1/messages` and `/v1/messages/count_tokens`.

mod asked;
mod told;

use std::sync::Arc;

use serde_json::{Value, json};

use crate::{
    fault::Fault,
    fields::Fields,
    reply::{self, Reply},
    running::Shared,
    writing,
};

pub async fn answer(shared: &Arc<Shared>, json: &Value) -> Result<Reply, Fault> {
    let fields = Fields::of(json)?;
    let completion = asked::completion(&fields)?;
    let told = told::Told::new(&completion.params.stop);
    if fields.flag("stream")? {
        return writing::events(shared, completion, told).await;
    }
    let whole = writing::whole(shared, completion).await?;
    Ok(reply::json(&told.whole(&whole)))
}

/// How many tokens the prompt of an answer would have.
pub async fn count_tokens(shared: &Arc<Shared>, json: &Value) -> Result<Reply, Fault> {
    let fields = Fields::of(json)?;
    let messages = asked::messages(&fields)?;
    let n_tokens = shared.app.count_prompt(fields.text("model")?, messages).await?;
    Ok(reply::json(&json!({ "input_tokens": n_tokens })))
}
