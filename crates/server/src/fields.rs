//! The fields of a request, each read with its name, so that what is wrong can be said of the right one.

use std::ops::RangeInclusive;

use serde_json::{Map, Value};

use crate::fault::Fault;

/// An object of a request, and where in it.
#[derive(Clone)]
pub struct Fields<'a> {
    map: &'a Map<String, Value>,
    /// Such as `messages[0].`; empty at the top.
    path: String,
}

impl<'a> Fields<'a> {
    /// The whole request.
    pub fn of(value: &'a Value) -> Result<Self, Fault> {
        Self::at(value, String::new())
    }

    fn at(value: &'a Value, path: String) -> Result<Self, Fault> {
        match value.as_object() {
            Some(map) => Ok(Self { map, path }),
            None if path.is_empty() => {
                Err(Fault::new(hyper::StatusCode::BAD_REQUEST, "The request has to be a JSON object."))
            }
            None => {
                let name = path.trim_end_matches('.');
                Err(Fault::param(name, format!("`{name}` has to be an object.")))
            }
        }
    }

    /// The whole name of a field.
    pub fn name(&self, name: &str) -> String {
        format!("{}{name}", self.path)
    }

    /// A field; null is none.
    pub fn get(&self, name: &str) -> Option<&'a Value> {
        self.map.get(name).filter(|value| !value.is_null())
    }

    /// What is wrong with a field.
    pub fn fault(&self, name: &str, what: impl std::fmt::Display) -> Fault {
        let name = self.name(name);
        Fault::param(&name, format!("`{name}` {what}"))
    }

    /// The same for one that must be there.
    pub fn needed<T>(&self, name: &str, value: Option<T>) -> Result<T, Fault> {
        value.ok_or_else(|| self.fault(name, "is missing."))
    }

    pub fn number(&self, name: &str, range: RangeInclusive<f64>) -> Result<Option<f32>, Fault> {
        let Some(value) = self.get(name) else { return Ok(None) };
        match value.as_f64().filter(|number| range.contains(number)) {
            Some(number) => Ok(Some(number as f32)),
            None => Err(self.fault(name, format!("has to be a number from {} to {}.", range.start(), range.end()))),
        }
    }

    pub fn whole(&self, name: &str, range: RangeInclusive<u32>) -> Result<Option<u32>, Fault> {
        let Some(value) = self.get(name) else { return Ok(None) };
        let number = value.as_u64().and_then(|number| u32::try_from(number).ok());
        match number.filter(|number| range.contains(number)) {
            Some(number) => Ok(Some(number)),
            None => {
                Err(self.fault(name, format!("has to be a whole number from {} to {}.", range.start(), range.end())))
            }
        }
    }

    pub fn flag(&self, name: &str) -> Result<bool, Fault> {
        match self.get(name) {
            None => Ok(false),
            Some(Value::Bool(flag)) => Ok(*flag),
            Some(_) => Err(self.fault(name, "has to be true or false.")),
        }
    }

    pub fn text(&self, name: &str) -> Result<Option<&'a str>, Fault> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(self.fault(name, "has to be a string.")),
        }
    }

    pub fn list(&self, name: &str) -> Result<&'a [Value], Fault> {
        match self.get(name) {
            None => Ok(&[]),
            Some(Value::Array(list)) => Ok(list),
            Some(_) => Err(self.fault(name, "has to be a list.")),
        }
    }

    pub fn object(&self, name: &str) -> Result<Option<Fields<'a>>, Fault> {
        self.get(name).map(|value| Self::at(value, format!("{}.", self.name(name)))).transpose()
    }

    /// The objects of a list.
    pub fn objects(&self, name: &str) -> Result<Vec<Fields<'a>>, Fault> {
        let each = |(at, value)| Self::at(value, format!("{}[{at}].", self.name(name)));
        self.list(name)?.iter().enumerate().map(each).collect()
    }

    /// A string or a list of strings, of which none is empty.
    pub fn texts(&self, name: &str, most: usize) -> Result<Vec<String>, Fault> {
        let texts: Option<Vec<String>> = match self.get(name) {
            None => return Ok(Vec::new()),
            Some(Value::String(text)) => Some(vec![text.clone()]),
            Some(Value::Array(list)) => list.iter().map(|text| text.as_str().map(str::to_owned)).collect(),
            Some(_) => None,
        };
        match texts.filter(|texts| texts.len() <= most && texts.iter().all(|text| !text.is_empty())) {
            Some(texts) => Ok(texts),
            None => {
                Err(self.fault(name, format!("has to be a string, or a list of at most {most}; none of them empty.")))
            }
        }
    }

    /// Refuse a field that is not understood, with the reason.
    pub fn without(&self, name: &str, why: &str) -> Result<(), Fault> {
        if self.get(name).is_some() { Err(self.fault(name, why)) } else { Ok(()) }
    }

    /// Refuse a field whose value is any other than the one that is understood.
    pub fn only(&self, name: &str, value: &Value) -> Result<(), Fault> {
        match self.get(name) {
            Some(other) if other != value => Err(self.fault(name, format!("can only be {value} here."))),
            _ => Ok(()),
        }
    }
}
