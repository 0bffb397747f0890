//! JSON of any length, a conversation at a time: all of it at once would take many times its size.

use std::fmt;

use serde::de::{Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::load::Found;
use crate::interchange::{document, sources};

/// The conversations in a JSON file, whosever it is.
pub(super) fn conversations(bytes: &[u8]) -> Result<Found, String> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut reader = Reader::default();
    let mut json = serde_json::Deserializer::from_slice(bytes);
    // Deeper than 128 levels is refused by the parser itself.
    let read = json.deserialize_any(&mut reader).and_then(|()| json.end());
    match (read, reader.refused) {
        (_, Some(reason)) => Err(reason),
        (Err(error), None) => Err(format!("is not whole JSON: {error}")),
        (Ok(()), None) if !reader.known => Err("is not a file of conversations that Paddock knows".into()),
        (Ok(()), None) => Ok(reader.found),
    }
}

#[derive(Default)]
struct Reader {
    found: Found,
    /// Whether anything in it was known. An empty list is.
    known: bool,
    /// Why the whole file is refused.
    refused: Option<String>,
}

impl Reader {
    /// A document of ours is not read if a newer version wrote it.
    fn begin_ours(&mut self, fields: &Map<String, Value>) -> Result<(), &'static str> {
        self.known = true;
        if fields.get("version").and_then(Value::as_u64).is_some_and(|version| version <= document::VERSION) {
            return Ok(());
        }
        self.refused = Some("was written by a newer version of Paddock. Update Paddock to import it".into());
        Err("newer")
    }

    fn add(&mut self, value: Value) {
        if let Some(conversation) = sources::recognise(value) {
            self.known = true;
            self.found.push(conversation);
        }
    }
}

impl<'de> Visitor<'de> for &mut Reader {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list or an object")
    }

    /// ChatGPT, Open WebUI: a list of conversations.
    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let mut any = false;
        while let Some(value) = list.next_element::<Value>()? {
            any = true;
            self.add(value);
        }
        self.known |= !any;
        Ok(())
    }

    /// Paddock's own, which says so first, or one conversation.
    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<(), A::Error> {
        let mut fields = Map::new();
        while let Some(key) = object.next_key::<String>()? {
            let ours = fields.get("format").is_some_and(|format| format == document::FORMAT);
            if key != "conversations" || !ours {
                fields.insert(key, object.next_value()?);
                continue;
            }
            self.begin_ours(&fields).map_err(A::Error::custom)?;
            object.next_value_seed(Ours(&mut *self))?;
        }
        // Another program may have sorted the fields, so that the list came before the format.
        match fields.remove("conversations") {
            Some(Value::Array(list)) if fields.get("format").is_some_and(|format| format == document::FORMAT) => {
                self.begin_ours(&fields).map_err(A::Error::custom)?;
                self.found.extend(list.into_iter().map(sources::ours));
            }
            _ if !self.known => self.add(Value::Object(fields)),
            _ => {}
        }
        Ok(())
    }
}

/// The list of conversations in a document of ours.
struct Ours<'r>(&'r mut Reader);

impl<'de> serde::de::DeserializeSeed<'de> for Ours<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Ours<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of conversations")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while let Some(value) = list.next_element::<Value>()? {
            self.0.found.push(sources::ours(value));
        }
        Ok(())
    }
}
