//! `/v1/embeddings`.

use std::sync::Arc;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::{Value, json};

use crate::{
    fault::Fault,
    fields::Fields,
    reply::{self, Reply},
    running::Shared,
};

/// The most texts of one request, as OpenAI has it.
const MAX_TEXTS: usize = 2048;

pub async fn answer(shared: &Arc<Shared>, json: &Value) -> Result<Reply, Fault> {
    let fields = Fields::of(json)?;
    fields.without("dimensions", "cannot be chosen: the model has its own.")?;
    let in_base64 = match fields.text("encoding_format")? {
        None | Some("float") => false,
        Some("base64") => true,
        Some(_) => return Err(fields.fault("encoding_format", "has to be float or base64.")),
    };
    fields.needed("input", fields.get("input"))?;
    let texts = fields.texts("input", MAX_TEXTS)?;
    if texts.is_empty() {
        return Err(fields.fault("input", "has to hold at least one text."));
    }
    let (vectors, n_tokens, model) = shared.app.embed(fields.text("model")?, texts).await?;
    let data = vectors.iter().enumerate().map(|(index, vector)| {
        let embedding = if in_base64 { json!(base64(vector)) } else { json!(vector) };
        json!({ "object": "embedding", "index": index, "embedding": embedding })
    });
    Ok(reply::json(&json!({
        "object": "list",
        "data": data.collect::<Value>(),
        "model": model,
        "usage": { "prompt_tokens": n_tokens, "total_tokens": n_tokens },
    })))
}

/// 32-bit numbers, the lowest byte first.
fn base64(vector: &[f32]) -> String {
    let bytes: Vec<u8> = vector.iter().flat_map(|number| number.to_le_bytes()).collect();
    BASE64_STANDARD.encode(bytes)
}
