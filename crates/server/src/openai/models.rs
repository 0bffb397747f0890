//! `/v1/models`.

use std::sync::Arc;

use paddock_core::{Refusal, ServedModel};
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

use crate::{
    fault::Fault,
    reply::{self, Reply},
    running::Shared,
};

pub async fn list(shared: &Arc<Shared>) -> Result<Reply, Fault> {
    let models = shared.app.served_models().await?;
    Ok(reply::json(&json!({ "object": "list", "data": models.iter().map(model).collect::<Value>() })))
}

pub async fn one(shared: &Arc<Shared>, id: &str) -> Result<Reply, Fault> {
    let id = percent_decode_str(id).decode_utf8_lossy().into_owned();
    let models = shared.app.served_models().await?;
    match models.iter().find(|other| other.id == id) {
        Some(found) => Ok(reply::json(&model(found))),
        None => {
            let known = models.into_iter().map(|model| model.id).collect();
            Err(Refusal::UnknownModel { asked: id.chars().take(80).collect(), known }.into())
        }
    }
}

fn model(model: &ServedModel) -> Value {
    json!({
        "id": model.id,
        "object": "model",
        "created": model.last_used_ms.unwrap_or(0) / 1000,
        "owned_by": "paddock",
        "meta": { "name": model.name, "size": model.size_bytes },
    })
}
