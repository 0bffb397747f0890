//! The measurements of models, in the order they were made. They are only ever added to.

use rusqlite::params;

use crate::connection::Durability;
use crate::{Error, Store};

/// One measurement of a model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BenchmarkRecord {
    /// When, in milliseconds since the Unix epoch.
    pub at_ms: i64,
    /// The model's file.
    pub path: String,
    /// What was measured and how, as the caller's JSON.
    pub record_json: String,
}

impl Store {
    /// Adds a measurement and gives its id, which grows.
    ///
    /// # Errors
    /// Only what the disk says.
    pub fn record_benchmark(&mut self, benchmark: &BenchmarkRecord) -> Result<i64, Error> {
        let transaction = self.connection.write(Durability::ProcessDeath)?;
        transaction.execute(
            "INSERT INTO benchmarks (at_ms, path, record_json) VALUES (?1, ?2, ?3)",
            params![benchmark.at_ms, benchmark.path, benchmark.record_json],
        )?;
        let id = transaction.last_insert_rowid();
        transaction.commit()?;
        Ok(id)
    }

    /// The newest measurements with their ids, newest first, at most `limit`.
    ///
    /// # Errors
    /// Only what the disk says.
    pub fn benchmarks(&self, limit: u32) -> Result<Vec<(i64, BenchmarkRecord)>, Error> {
        let mut statement = self
            .connection
            .read()
            .prepare_cached("SELECT id, at_ms, path, record_json FROM benchmarks ORDER BY id DESC LIMIT ?1")?;
        let rows = statement.query_map([limit], |row| {
            Ok((row.get(0)?, BenchmarkRecord { at_ms: row.get(1)?, path: row.get(2)?, record_json: row.get(3)? }))
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}
