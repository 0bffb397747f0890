//! Settings: one JSON value per key. What a key means is the caller's business.

use rusqlite::{OptionalExtension, params};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::connection::Durability;
use crate::{Error, Store};

impl Store {
    /// Reads a setting; `None` if it was never set.
    ///
    /// # Errors
    /// [`Error::SettingUnreadable`] if the stored value does not have the form of `T`. The stored
    /// text stays as it is.
    pub fn setting<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>, Error> {
        let json: Option<String> = self
            .connection
            .read()
            .prepare_cached("SELECT value_json FROM settings WHERE key = ?1")?
            .query_row([key], |row| row.get(0))
            .optional()?;
        json.map(|json| serde_json::from_str(&json))
            .transpose()
            .map_err(|source| Error::SettingUnreadable { key: key.to_owned(), source })
    }

    /// Reads a setting; its default if it was never set or cannot be understood. What is stored stays as it is.
    ///
    /// # Errors
    /// Only what the disk says.
    pub fn setting_or_default<T: DeserializeOwned + Default>(&self, key: &str) -> Result<T, Error> {
        match self.setting(key) {
            Err(Error::SettingUnreadable { .. }) => Ok(T::default()),
            setting => Ok(setting?.unwrap_or_default()),
        }
    }

    /// Stores a setting. A text in its place that is not even JSON is kept under `<key>.unreadable`, since somebody may
    /// want to know what it was.
    ///
    /// # Errors
    /// [`Error::SettingUnwritable`] if the value has no JSON form.
    pub fn set_setting<T: Serialize + ?Sized>(&mut self, key: &str, value: &T) -> Result<(), Error> {
        let json =
            serde_json::to_string(value).map_err(|source| Error::SettingUnwritable { key: key.to_owned(), source })?;
        let transaction = self.connection.write(Durability::PowerCut)?;
        transaction.execute(
            "INSERT OR REPLACE INTO settings (key, value_json)
             SELECT key || '.unreadable', value_json FROM settings WHERE key = ?1 AND NOT json_valid(value_json)",
            [key],
        )?;
        transaction.execute(
            "INSERT INTO settings (key, value_json) VALUES (?1, ?2)
             ON CONFLICT (key) DO UPDATE SET value_json = excluded.value_json",
            params![key, json],
        )?;
        transaction.commit()?;
        Ok(())
    }

    /// Forgets a setting, so that its default counts again.
    ///
    /// # Errors
    /// Only what the disk says.
    pub fn remove_setting(&mut self, key: &str) -> Result<(), Error> {
        let transaction = self.connection.write(Durability::PowerCut)?;
        transaction.execute("DELETE FROM settings WHERE key = ?1", [key])?;
        transaction.commit()?;
        Ok(())
    }
}
