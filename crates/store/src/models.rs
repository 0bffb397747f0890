//! The model files that were used, so that they can be offered again.

use rusqlite::{Row, params};
use serde::{Deserialize, Serialize};

use crate::connection::Durability;
use crate::{Error, Store};

/// A model file that was used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelRecord {
    /// Where the file is. This names the record.
    pub path: String,
    /// The name shown.
    pub name: String,
    /// Its quantization, such as `Q4_K_M`, where known.
    pub quant: Option<String>,
    /// The size of the file, or of all parts of a split model.
    pub size_bytes: u64,
    /// When it was last loaded, in milliseconds since the Unix epoch.
    pub last_used_ms: i64,
    /// The settings it was last loaded with, as the caller's JSON.
    pub settings_json: Option<String>,
}

impl Store {
    /// Notes that a model was used. Where `settings_json` is `None`, the settings noted before stay.
    ///
    /// # Errors
    /// Only what the disk says.
    pub fn record_model_use(&mut self, model: &ModelRecord) -> Result<(), Error> {
        let transaction = self.connection.write(Durability::PowerCut)?;
        transaction.execute(
            "INSERT INTO models (path, name, quant, size_bytes, last_used_ms, settings_json)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT (path) DO UPDATE SET
                 name = excluded.name, quant = excluded.quant, size_bytes = excluded.size_bytes,
                 last_used_ms = excluded.last_used_ms,
                 settings_json = coalesce(excluded.settings_json, settings_json)",
            params![
                model.path,
                model.name,
                model.quant,
                // No file has 2^63 bytes.
                i64::try_from(model.size_bytes).unwrap_or(i64::MAX),
                model.last_used_ms,
                model.settings_json,
            ],
        )?;
        transaction.commit()?;
        Ok(())
    }

    /// The models used last, newest first, at most `limit`.
    ///
    /// # Errors
    /// Only what the disk says.
    pub fn recent_models(&self, limit: usize) -> Result<Vec<ModelRecord>, Error> {
        let mut statement = self.connection.read().prepare_cached(
            "SELECT path, name, quant, size_bytes, last_used_ms, settings_json FROM models
             ORDER BY last_used_ms DESC, path LIMIT ?1",
        )?;
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let models = statement.query_map([limit], record)?.collect::<Result<_, _>>()?;
        Ok(models)
    }

    /// Forgets a model (the file stays). Forgetting an unknown one is no error.
    ///
    /// # Errors
    /// Only what the disk says.
    pub fn forget_model(&mut self, path: &str) -> Result<(), Error> {
        let transaction = self.connection.write(Durability::PowerCut)?;
        transaction.execute("DELETE FROM models WHERE path = ?1", [path])?;
        transaction.commit()?;
        Ok(())
    }
}

fn record(row: &Row<'_>) -> rusqlite::Result<ModelRecord> {
    let size_bytes: i64 = row.get(3)?;
    Ok(ModelRecord {
        path: row.get(0)?,
        name: row.get(1)?,
        quant: row.get(2)?,
        size_bytes: u64::try_from(size_bytes).unwrap_or(0),
        last_used_ms: row.get(4)?,
        settings_json: row.get(5)?,
    })
}
