//! The schema and its versions. `user_version` counts the migrations that have run.
//!
//! To change the schema, add a file to `migrations/` and a line to [`MIGRATIONS`]; never edit a file
//! that was released.

use rusqlite::Transaction;

use crate::Error;
use crate::connection::{Connection, Durability};

/// Marks the file as Paddock's: "PDCK" in ASCII, in SQLite's `application_id`.
pub(crate) const APPLICATION_ID: i64 = 0x5044_434B;

/// Every migration, oldest first.
pub(crate) const MIGRATIONS: &[&str] = &[
    include_str!("../migrations/0001_first.sql"),
    include_str!("../migrations/0002_measurements.sql"),
    include_str!("../migrations/0003_chats.sql"),
    include_str!("../migrations/0004_benchmarks.sql"),
];

/// Brings the database from `found` to the newest version, all steps in one transaction.
pub(crate) fn migrate(connection: &mut Connection, found: usize, migrations: &[&str]) -> Result<(), Error> {
    if found >= migrations.len() {
        return Ok(());
    }
    let transaction = connection.write(Durability::PowerCut)?;
    run(&transaction, found, migrations)?;
    transaction.commit()?;
    Ok(())
}

fn run(transaction: &Transaction<'_>, found: usize, migrations: &[&str]) -> rusqlite::Result<()> {
    for sql in &migrations[found..] {
        transaction.execute_batch(sql)?;
    }
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    // The count of migrations is a handful; it cannot leave the range of i64.
    transaction.pragma_update(None, "user_version", i64::try_from(migrations.len()).unwrap_or(i64::MAX))
}
