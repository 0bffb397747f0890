//! The texts of files that were sent with messages.

use rusqlite::OptionalExtension;

use crate::{Attachment, Error, MessageId, Store};

impl Store {
    /// The text of one attached file, also of a deleted message.
    ///
    /// # Errors
    /// [`Error::NotThere`].
    pub fn attachment_text(&self, id: &str) -> Result<String, Error> {
        self.connection
            .read()
            .prepare_cached("SELECT text FROM attachments WHERE id = ?1")?
            .query_row([id], |row| row.get(0))
            .optional()?
            .ok_or_else(|| Error::NotThere { what: "file", id: id.to_owned() })
    }

    /// The files that were sent with a message, in their order, with their texts. None for a message that is not there.
    ///
    /// # Errors
    /// Only what the disk says.
    pub fn attachment_texts(&self, message_id: &MessageId) -> Result<Vec<(Attachment, String)>, Error> {
        let attachments = self
            .connection
            .read()
            .prepare_cached(
                "SELECT id, name, kind, size_bytes, n_tokens, text FROM attachments
                 WHERE message_id = ?1 ORDER BY seq",
            )?
            .query_map([message_id], |row| {
                let size_bytes: i64 = row.get(3)?;
                let attachment = Attachment {
                    id: row.get(0)?,
                    name: row.get(1)?,
                    kind: row.get(2)?,
                    size_bytes: size_bytes.unsigned_abs(),
                    n_tokens: row.get(4)?,
                };
                Ok((attachment, row.get(5)?))
            })?
            .collect::<Result<_, _>>()?;
        Ok(attachments)
    }
}
