//! What was planned and what was then true: memory of loads, speed of answers.

use rusqlite::params;

use crate::connection::Durability;
use crate::{Error, Store};

/// How many loads of one model are kept.
const KEPT_LOADS: i64 = 20;
/// How many answers count for a model's speed: enough that one slow one does not decide, few enough that a new driver
/// or a new setting shows soon.
const COUNTED_ANSWERS: i64 = 5;
/// Shorter answers are mostly overhead, in tokens.
const LEAST_TOKENS: u32 = 16;

/// A load, as planned and as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoadRecord {
    /// When, in milliseconds since the Unix epoch.
    pub at_ms: i64,
    /// The model's file.
    pub path: String,
    /// Context length as reserved, in tokens.
    pub n_ctx: u32,
    /// Layers on the GPU.
    pub n_gpu_layers: u32,
    /// What was planned, as the caller's JSON.
    pub planned_json: String,
    /// What the engine allocated, as the caller's JSON.
    pub actual_json: String,
}

impl Store {
    /// Notes a load. Only the last 20 of each model are kept.
    ///
    /// # Errors
    /// Only what the disk says.
    pub fn record_load(&mut self, load: &LoadRecord) -> Result<(), Error> {
        let transaction = self.connection.write(Durability::ProcessDeath)?;
        transaction.execute(
            "INSERT INTO loads (at_ms, path, n_ctx, n_gpu_layers, planned_json, actual_json)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            params![load.at_ms, load.path, load.n_ctx, load.n_gpu_layers, load.planned_json, load.actual_json],
        )?;
        transaction.execute(
            "DELETE FROM loads WHERE path = ?1 AND id NOT IN
                 (SELECT id FROM loads WHERE path = ?1 ORDER BY at_ms DESC, id DESC LIMIT ?2)",
            params![load.path, KEPT_LOADS],
        )?;
        transaction.commit()?;
        Ok(())
    }

    /// The loads of a model, newest first.
    ///
    /// # Errors
    /// Only what the disk says.
    pub fn loads(&self, path: &str) -> Result<Vec<LoadRecord>, Error> {
        let mut statement = self.connection.read().prepare_cached(
            "SELECT at_ms, path, n_ctx, n_gpu_layers, planned_json, actual_json FROM loads
             WHERE path = ?1 ORDER BY at_ms DESC, id DESC",
        )?;
        let rows = statement.query_map([path], |row| {
            Ok(LoadRecord {
                at_ms: row.get(0)?,
                path: row.get(1)?,
                n_ctx: row.get(2)?,
                n_gpu_layers: row.get(3)?,
                planned_json: row.get(4)?,
                actual_json: row.get(5)?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Notes how fast an answer was written. One of fewer than 16 tokens, or of no time, says nothing and is dropped.
    ///
    /// # Errors
    /// Only what the disk says.
    pub fn record_speed(
        &mut self,
        at_ms: i64,
        path: &str,
        n_gpu_layers: u32,
        predicted_n: u32,
        predicted_ms: f64,
    ) -> Result<(), Error> {
        if predicted_n < LEAST_TOKENS || !(predicted_ms > 0.0 && predicted_ms.is_finite()) {
            return Ok(());
        }
        let transaction = self.connection.write(Durability::ProcessDeath)?;
        transaction.execute(
            "INSERT INTO speeds (at_ms, path, n_gpu_layers, predicted_n, predicted_ms) VALUES (?1, ?2, ?3, ?4, ?5)",
            params![at_ms, path, n_gpu_layers, predicted_n, predicted_ms],
        )?;
        transaction.execute(
            "DELETE FROM speeds WHERE path = ?1 AND n_gpu_layers = ?2 AND id NOT IN
                 (SELECT id FROM speeds WHERE path = ?1 AND n_gpu_layers = ?2
                  ORDER BY at_ms DESC, id DESC LIMIT ?3)",
            params![path, n_gpu_layers, COUNTED_ANSWERS],
        )?;
        transaction.commit()?;
        Ok(())
    }

    /// How fast a model wrote its last five answers with so many GPU layers, in tokens per second; `None` if it never
    /// wrote one.
    ///
    /// # Errors
    /// Only what the disk says.
    pub fn measured_speed(&self, path: &str, n_gpu_layers: u32) -> Result<Option<f64>, Error> {
        let tok_s = self
            .connection
            .read()
            .prepare_cached(
                "SELECT sum(predicted_n) * 1000.0 / sum(predicted_ms) FROM speeds
                 WHERE path = ?1 AND n_gpu_layers = ?2",
            )?
            .query_row(params![path, n_gpu_layers], |row| row.get(0))?;
        Ok(tok_s)
    }
}
