//! Presets and templates: named things that a person keeps to use again. What a preset's JSON means is the caller's
//! business.

use rusqlite::params;
use serde::{Deserialize, Serialize};

use crate::connection::Durability;
use crate::ids::new_id;
use crate::{Error, Store};

/// A named way to set up a conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PresetRecord {
    /// Its name in the store; empty for one that is not stored yet.
    pub id: String,
    /// Its name.
    pub name: String,
    /// What it holds, as the caller's JSON.
    pub body_json: String,
}

/// A named text to begin a message with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TemplateRecord {
    /// Its name in the store; empty for one that is not stored yet.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The text.
    pub text: String,
}

impl Store {
    /// All presets, by name.
    ///
    /// # Errors
    /// Only what the disk says.
    pub fn presets(&self) -> Result<Vec<PresetRecord>, Error> {
        let named = self.named("SELECT id, name, body_json FROM presets ORDER BY name COLLATE NOCASE, id")?;
        Ok(named.into_iter().map(|(id, name, body_json)| PresetRecord { id, name, body_json }).collect())
    }

    /// Stores a preset, with an empty id as a new one, and returns it with its id.
    ///
    /// # Errors
    /// [`Error::NotThere`] for an id that the store does not hold.
    pub fn save_preset(&mut self, preset: PresetRecord, now_ms: i64) -> Result<PresetRecord, Error> {
        let PresetRecord { id, name, body_json } = preset;
        let id = self.save_named("preset", ["presets", "body_json"], id, &name, &body_json, now_ms)?;
        Ok(PresetRecord { id, name, body_json })
    }

    /// Deletes a preset.
    ///
    /// # Errors
    /// [`Error::NotThere`].
    pub fn delete_preset(&mut self, id: &str) -> Result<(), Error> {
        self.delete_named("preset", "DELETE FROM presets WHERE id = ?1", id)
    }

    /// All templates, by name.
    ///
    /// # Errors
    /// Only what the disk says.
    pub fn templates(&self) -> Result<Vec<TemplateRecord>, Error> {
        let named = self.named("SELECT id, name, text FROM templates ORDER BY name COLLATE NOCASE, id")?;
        Ok(named.into_iter().map(|(id, name, text)| TemplateRecord { id, name, text }).collect())
    }

    /// Stores a template, with an empty id as a new one, and returns it with its id.
    ///
    /// # Errors
    /// [`Error::NotThere`] for an id that the store does not hold.
    pub fn save_template(&mut self, template: TemplateRecord, now_ms: i64) -> Result<TemplateRecord, Error> {
        let TemplateRecord { id, name, text } = template;
        let id = self.save_named("template", ["templates", "text"], id, &name, &text, now_ms)?;
        Ok(TemplateRecord { id, name, text })
    }

    /// Deletes a template.
    ///
    /// # Errors
    /// [`Error::NotThere`].
    pub fn delete_template(&mut self, id: &str) -> Result<(), Error> {
        self.delete_named("template", "DELETE FROM templates WHERE id = ?1", id)
    }

    /// Reads id, name and body of all rows.
    fn named(&self, sql: &str) -> Result<Vec<(String, String, String)>, Error> {
        let rows = self
            .connection
            .read()
            .prepare_cached(sql)?
            .query_map((), |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
            .collect::<Result<_, _>>()?;
        Ok(rows)
    }

    /// Inserts or changes a row of `table`, whose text is in `column`. Returns its id.
    fn save_named(
        &mut self,
        what: &'static str,
        [table, column]: [&'static str; 2],
        id: String,
        name: &str,
        body: &str,
        now_ms: i64,
    ) -> Result<String, Error> {
        let transaction = self.connection.write(Durability::PowerCut)?;
        let id = if id.is_empty() {
            let id = new_id();
            transaction.execute(
                &format!("INSERT INTO {table} (id, name, {column}, created_at_ms) VALUES (?1, ?2, ?3, ?4)"),
                params![id, name, body, now_ms],
            )?;
            id
        } else {
            let sql = format!("UPDATE {table} SET name = ?2, {column} = ?3 WHERE id = ?1");
            if transaction.execute(&sql, params![id, name, body])? == 0 {
                return Err(Error::NotThere { what, id });
            }
            id
        };
        transaction.commit()?;
        Ok(id)
    }

    pub(crate) fn delete_named(&mut self, what: &'static str, sql: &str, id: &str) -> Result<(), Error> {
        let transaction = self.connection.write(Durability::PowerCut)?;
        if transaction.execute(sql, [id])? == 0 {
            return Err(Error::NotThere { what, id: id.to_owned() });
        }
        transaction.commit()?;
        Ok(())
    }
}
