//! The metadata of a file: an ordered list of keys and values.

use std::collections::HashMap;
use std::ops::Range;

/// The types a value can have (`enum gguf_type`, gguf.h).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names say it")]
pub enum ValueType {
    U8,
    I8,
    U16,
    I16,
    U32,
    I32,
    F32,
    Bool,
    String,
    Array,
    U64,
    I64,
    F64,
}

impl ValueType {
    /// Every type, at the place of its number.
    const BY_ID: [Self; 13] = [
        Self::U8,
        Self::I8,
        Self::U16,
        Self::I16,
        Self::U32,
        Self::I32,
        Self::F32,
        Self::Bool,
        Self::String,
        Self::Array,
        Self::U64,
        Self::I64,
        Self::F64,
    ];

    /// The type with this number in a file.
    pub fn from_id(id: u32) -> Option<Self> {
        Self::BY_ID.get(usize::try_from(id).ok()?).copied()
    }

    /// Its number in a file.
    pub fn id(self) -> u32 {
        self as u32
    }

    /// The bytes of one value; `None` for text and arrays, which vary.
    pub fn size_bytes(self) -> Option<u64> {
        match self {
            Self::U8 | Self::I8 | Self::Bool => Some(1),
            Self::U16 | Self::I16 => Some(2),
            Self::U32 | Self::I32 | Self::F32 => Some(4),
            Self::U64 | Self::I64 | Self::F64 => Some(8),
            Self::String | Self::Array => None,
        }
    }

    /// Its name in messages.
    pub fn name(self) -> &'static str {
        match self {
            Self::U8 => "u8",
            Self::I8 => "i8",
            Self::U16 => "u16",
            Self::I16 => "i16",
            Self::U32 => "u32",
            Self::I32 => "i32",
            Self::F32 => "f32",
            Self::Bool => "bool",
            Self::String => "text",
            Self::Array => "array",
            Self::U64 => "u64",
            Self::I64 => "i64",
            Self::F64 => "f64",
        }
    }
}

/// An array. All its elements have one type; arrays of arrays are refused.
#[derive(Debug, Clone, PartialEq)]
pub struct Array {
    /// The type of its elements.
    pub element_type: ValueType,
    /// How many it has.
    pub len: u64,
    /// Where its elements lie in the file, in bytes from the start.
    pub file_range: Range<u64>,
    /// The elements; `None` if there are more than [`crate::Limits::keep_arrays_up_to`].
    pub elements: Option<Vec<Value>>,
}

impl Array {
    /// An array to be written. Its elements must all be of `element_type`.
    pub fn new(element_type: ValueType, elements: Vec<Value>) -> Self {
        Self { element_type, len: elements.len() as u64, file_range: 0..0, elements: Some(elements) }
    }
}

/// One value.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Value {
    U8(u8),
    I8(i8),
    U16(u16),
    I16(i16),
    U32(u32),
    I32(i32),
    F32(f32),
    Bool(bool),
    /// Text. Bytes that are not UTF-8 (some vocabularies have them) are replaced by U+FFFD.
    String(Box<str>),
    Array(Box<Array>),
    U64(u64),
    I64(i64),
    F64(f64),
}

impl Value {
    /// Its type.
    pub fn value_type(&self) -> ValueType {
        match self {
            Self::U8(_) => ValueType::U8,
            Self::I8(_) => ValueType::I8,
            Self::U16(_) => ValueType::U16,
            Self::I16(_) => ValueType::I16,
            Self::U32(_) => ValueType::U32,
            Self::I32(_) => ValueType::I32,
            Self::F32(_) => ValueType::F32,
            Self::Bool(_) => ValueType::Bool,
            Self::String(_) => ValueType::String,
            Self::Array(_) => ValueType::Array,
            Self::U64(_) => ValueType::U64,
            Self::I64(_) => ValueType::I64,
            Self::F64(_) => ValueType::F64,
        }
    }

    /// A whole number that is not negative, whatever its width: files differ in it.
    pub fn as_u64(&self) -> Option<u64> {
        match *self {
            Self::U8(n) => Some(n.into()),
            Self::U16(n) => Some(n.into()),
            Self::U32(n) => Some(n.into()),
            Self::U64(n) => Some(n),
            Self::I8(n) => n.try_into().ok(),
            Self::I16(n) => n.try_into().ok(),
            Self::I32(n) => n.try_into().ok(),
            Self::I64(n) => n.try_into().ok(),
            _ => None,
        }
    }

    /// A number with a fraction.
    pub fn as_f64(&self) -> Option<f64> {
        match *self {
            Self::F32(n) => Some(n.into()),
            Self::F64(n) => Some(n),
            _ => None,
        }
    }

    /// Text.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// Yes or no.
    pub fn as_bool(&self) -> Option<bool> {
        match *self {
            Self::Bool(flag) => Some(flag),
            _ => None,
        }
    }

    /// An array.
    pub fn as_array(&self) -> Option<&Array> {
        match self {
            Self::Array(array) => Some(array),
            _ => None,
        }
    }
}

macro_rules! from_rust {
    ($($rust:ty => $variant:ident),+ $(,)?) => {
        $(impl From<$rust> for Value {
            fn from(value: $rust) -> Self {
                Self::$variant(value.into())
            }
        }

        impl From<Vec<$rust>> for Value {
            fn from(values: Vec<$rust>) -> Self {
                let elements = values.into_iter().map(Self::from).collect();
                Self::Array(Box::new(Array::new(ValueType::$variant, elements)))
            }
        })+
    };
}

from_rust! {
    u8 => U8, i8 => I8, u16 => U16, i16 => I16, u32 => U32, i32 => I32, f32 => F32, bool => Bool,
    &str => String, String => String, u64 => U64, i64 => I64, f64 => F64,
}

/// A key is there, but its value is of another type than was asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("The metadata entry “{key}” is {found}, and {wanted} is needed.")]
pub struct WrongType {
    /// The key.
    pub key: String,
    /// The type it has.
    pub found: &'static str,
    /// What was asked for.
    pub wanted: &'static str,
}

/// Keys and values in the order of the file.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Metadata {
    entries: Vec<(String, Value)>,
    places: HashMap<String, usize>,
}

impl Metadata {
    /// Adds an entry; false (and nothing is added) if the key is there already.
    pub(crate) fn insert(&mut self, key: String, value: Value) -> bool {
        let place = self.entries.len();
        match self.places.entry(key.clone()) {
            std::collections::hash_map::Entry::Occupied(_) => false,
            std::collections::hash_map::Entry::Vacant(vacant) => {
                vacant.insert(place);
                self.entries.push((key, value));
                true
            }
        }
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.places.get(key).map(|place| &self.entries[*place].1)
    }

    /// Every entry, in the order of the file.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.entries.iter().map(|(key, value)| (key.as_str(), value))
    }

    /// A whole number; `None` if the key is missing.
    ///
    /// # Errors
    /// [`WrongType`] if it is something else, or negative.
    pub fn u64(&self, key: &str) -> Result<Option<u64>, WrongType> {
        self.typed(key, "a whole number", Value::as_u64)
    }

    /// A number with a fraction; `None` if the key is missing.
    ///
    /// # Errors
    /// [`WrongType`] if it is something else.
    pub fn f64(&self, key: &str) -> Result<Option<f64>, WrongType> {
        self.typed(key, "a number with a fraction", Value::as_f64)
    }

    /// Text; `None` if the key is missing.
    ///
    /// # Errors
    /// [`WrongType`] if it is something else.
    pub fn str(&self, key: &str) -> Result<Option<&str>, WrongType> {
        self.typed(key, "text", Value::as_str)
    }

    /// Yes or no; `None` if the key is missing.
    ///
    /// # Errors
    /// [`WrongType`] if it is something else.
    pub fn bool(&self, key: &str) -> Result<Option<bool>, WrongType> {
        self.typed(key, "a yes or no", Value::as_bool)
    }

    /// An array; `None` if the key is missing.
    ///
    /// # Errors
    /// [`WrongType`] if it is something else.
    pub fn array(&self, key: &str) -> Result<Option<&Array>, WrongType> {
        self.typed(key, "an array", Value::as_array)
    }

    fn typed<'a, T>(
        &'a self,
        key: &str,
        wanted: &'static str,
        convert: impl Fn(&'a Value) -> Option<T>,
    ) -> Result<Option<T>, WrongType> {
        let Some(value) = self.get(key) else {
            return Ok(None);
        };
        convert(value).map(Some).ok_or_else(|| WrongType {
            key: key.to_owned(),
            found: value.value_type().name(),
            wanted,
        })
    }
}
