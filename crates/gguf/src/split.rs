//! Models in several files: what a part says about itself, what it is called, and all parts as one.

use std::collections::{HashMap, HashSet};

use crate::{Error, Header, Metadata, ModelShape, TensorInfo, Value, WrongType};

/// The digits of a part's number and of the count (`llama_split_path` in llama.cpp: `%s-%05d-of-%05d.gguf`).
const DIGITS: usize = 5;

/// What a file says about itself: part so-and-so of so many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Part {
    /// Which part it is, from 1. More than `count` in a damaged file.
    pub number: u32,
    /// How many parts there are: at least 2.
    pub count: u32,
}

impl Part {
    /// `None` for a model in one file.
    ///
    /// Source of the keys: `LLM_KV_SPLIT_NO`, counted from 0, and `LLM_KV_SPLIT_COUNT` in llama-arch.cpp.
    ///
    /// # Errors
    /// [`Error::MissingKey`] and [`Error::WrongType`]. llama.cpp takes nothing but u16 there, and ends its
    /// process at another type.
    pub fn of(header: &Header) -> Result<Option<Self>, Error> {
        let Some(count) = u16_of(&header.metadata, "split.count")?.filter(|count| *count > 1) else {
            return Ok(None);
        };
        const NUMBER: &str = "split.no";
        let index = u16_of(&header.metadata, NUMBER)?.ok_or_else(|| Error::MissingKey { key: NUMBER.to_owned() })?;
        Ok(Some(Self { number: u32::from(index) + 1, count: count.into() }))
    }
}

fn u16_of(metadata: &Metadata, key: &str) -> Result<Option<u16>, WrongType> {
    match metadata.get(key) {
        None => Ok(None),
        Some(Value::U16(number)) => Ok(Some(*number)),
        Some(other) => Err(WrongType { key: key.to_owned(), found: other.value_type().name(), wanted: "u16" }),
    }
}

/// The name of a part: `<prefix>-00001-of-00003.gguf`, without its folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartName {
    /// What all parts are called, without number and ending.
    pub prefix: String,
    /// Which part the name says it is.
    pub part: Part,
}

impl PartName {
    /// Takes a file name apart; `None` if it is not the name of a part of a model.
    pub fn parse(file_name: &str) -> Option<Self> {
        let (rest, count) = file_name.strip_suffix(".gguf")?.rsplit_once("-of-")?;
        let (prefix, number) = rest.rsplit_once('-')?;
        let part = Part { number: digits(number)?, count: digits(count)? };
        let possible = !prefix.is_empty() && part.count > 1 && (1..=part.count).contains(&part.number);
        possible.then(|| Self { prefix: prefix.to_owned(), part })
    }

    /// The file name of one of the parts, by its number from 1.
    pub fn file_name(&self, number: u32) -> String {
        format!("{}-{number:0DIGITS$}-of-{:0DIGITS$}.gguf", self.prefix, self.part.count)
    }

    /// The file names of all parts, in their order.
    pub fn file_names(&self) -> impl Iterator<Item = String> {
        (1..=self.part.count).map(|number| self.file_name(number))
    }
}

fn digits(text: &str) -> Option<u32> {
    let plain = text.len() == DIGITS && text.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| text.parse().ok())?
}

/// Why files are not the parts of one model. Numbers count from 1.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SplitError {
    /// No file at all.
    #[error("There is no file to read the model from.")]
    NoFiles,
    /// One of several files says nothing about being a part.
    #[error("File number {place} is a model of its own and not a part of a split model.")]
    NotAPart {
        /// Which of the files.
        place: u32,
    },
    /// A part with a number that its own count excludes.
    #[error("The file is damaged: it says that it is part {number} of {count}.")]
    ImpossiblePart {
        /// Its number.
        number: u32,
        /// How many parts it says there are.
        count: u32,
    },
    /// A part of a model with another number of parts.
    #[error(
        "Part {number} belongs to another model: it says there are {found} parts, and the first says there are {count}. Download all parts of one model."
    )]
    OtherCount {
        /// The part's number.
        number: u32,
        /// How many parts it says there are.
        found: u32,
        /// How many the first part says there are.
        count: u32,
    },
    /// Not all parts are there.
    #[error("Part {number} of {count} is missing. Download it into the same folder.")]
    Missing {
        /// The first that is missing.
        number: u32,
        /// How many parts there are.
        count: u32,
    },
    /// The same part again.
    #[error("Part {number} is there twice. Remove one of the two files.")]
    Twice {
        /// Which part.
        number: u32,
    },
    /// All parts, in another order.
    #[error(
        "The parts are in the wrong order: part {number} is in place {place}. Give them in the order of their numbers."
    )]
    OutOfOrder {
        /// The part's number.
        number: u32,
        /// Where it was found.
        place: u32,
    },
    /// Parts of models of different architectures.
    #[error(
        "Part {number} belongs to another model: it is “{found}”, and the first part is “{expected}”. Download all parts of one model."
    )]
    OtherArchitecture {
        /// The part's number.
        number: u32,
        /// Its architecture.
        found: String,
        /// That of the first part.
        expected: String,
    },
    /// A part says another number of tensors for the whole model than the first.
    #[error(
        "Part {number} belongs to another model: it says the model has {found} tensors, and the first part says {expected}. Download all parts of one model."
    )]
    OtherTensorCount {
        /// The part's number.
        number: u32,
        /// What it says.
        found: u64,
        /// What the first part says.
        expected: u64,
    },
    /// Together the parts have more or fewer tensors than the first part says.
    #[error(
        "The parts belong to different models: they have {found} tensors together, and the first part says {expected}. Download all parts of one model."
    )]
    WrongTensorCount {
        /// How many there are.
        found: u64,
        /// How many the first part says there are.
        expected: u64,
    },
    /// The same tensor in two parts.
    #[error(
        "Parts {first} and {second} belong to different models: both have the tensor “{name}”. Download all parts of one model."
    )]
    TensorTwice {
        /// The tensor.
        name: String,
        /// The part that has it first.
        first: u32,
        /// The part that has it again.
        second: u32,
    },
}

/// A whole model: the header of its only file, or those of all its parts, checked against each other.
#[derive(Debug, Clone, PartialEq)]
pub struct Model {
    parts: Vec<Header>,
    /// Part (from 0) and place in it, by name.
    places: HashMap<String, (usize, usize)>,
}

impl Model {
    /// Puts a model together from the headers of all its files, in order.
    ///
    /// Parts of two quantizations of one model, cut at the same tensors, cannot be told apart by their
    /// headers; only checksums can.
    ///
    /// # Errors
    /// [`Error::Split`] if these are not all parts of one model, each once, in order; the errors of
    /// [`Part::of`].
    pub fn new(parts: Vec<Header>) -> Result<Self, Error> {
        let first = parts.first().ok_or(SplitError::NoFiles)?;
        match Part::of(first)? {
            None if parts.len() == 1 => {}
            None => return Err(SplitError::NotAPart { place: 1 }.into()),
            Some(part) => {
                check_numbers(&parts, part.count)?;
                check_descriptions(&parts)?;
            }
        }
        let places = places(&parts)?;
        Ok(Self { parts, places })
    }

    /// The headers of its files, in order: at least one.
    pub fn parts(&self) -> &[Header] {
        &self.parts
    }

    /// The header of the first file, which is the only one with metadata about the model.
    pub fn first(&self) -> &Header {
        // `new` refuses a model without files.
        &self.parts[0]
    }

    /// What the first file says about the model.
    pub fn metadata(&self) -> &Metadata {
        &self.first().metadata
    }

    /// Every tensor with the file it is in (from 0), in the order of the files.
    pub fn tensors(&self) -> impl Iterator<Item = (usize, &TensorInfo)> {
        self.parts.iter().enumerate().flat_map(|(part, header)| header.tensors.iter().map(move |tensor| (part, tensor)))
    }

    /// A tensor with the file it is in (from 0).
    pub fn tensor(&self, name: &str) -> Option<(usize, &TensorInfo)> {
        let (part, place) = *self.places.get(name)?;
        Some((part, self.parts.get(part)?.tensors.get(place)?))
    }

    /// How many tensors there are.
    pub fn tensor_count(&self) -> usize {
        self.places.len()
    }

    /// The bytes of all tensors, without padding.
    pub fn weights_bytes(&self) -> u64 {
        self.sum(Header::weights_bytes)
    }

    /// The least size of all files together, in bytes.
    pub fn file_bytes(&self) -> u64 {
        self.sum(Header::file_bytes)
    }

    /// How many parameters (weights) it has.
    pub fn parameter_count(&self) -> u64 {
        self.sum(Header::parameter_count)
    }

    /// The quantization, as [`Header::quantization`]; the first file may have no tensors to tell it from.
    pub fn quantization(&self) -> Option<&'static str> {
        self.parts.iter().find_map(Header::quantization)
    }

    /// What the model is made of.
    ///
    /// # Errors
    /// As [`ModelShape::from_metadata`].
    pub fn model_shape(&self) -> Result<ModelShape, Error> {
        ModelShape::from_metadata(self.metadata())
    }

    fn sum(&self, of: impl Fn(&Header) -> u64) -> u64 {
        self.parts.iter().fold(0, |sum, part| sum.saturating_add(of(part)))
    }
}

/// Each part once and in order.
fn check_numbers(parts: &[Header], count: u32) -> Result<(), Error> {
    let mut numbers = Vec::new();
    let mut seen = HashSet::new();
    for (place, header) in (1..).zip(parts) {
        let part = Part::of(header)?.ok_or(SplitError::NotAPart { place })?;
        if part.number > part.count {
            return Err(SplitError::ImpossiblePart { number: part.number, count: part.count }.into());
        }
        if part.count != count {
            return Err(SplitError::OtherCount { number: part.number, found: part.count, count }.into());
        }
        if !seen.insert(part.number) {
            return Err(SplitError::Twice { number: part.number }.into());
        }
        numbers.push(part.number);
    }
    if let Some(number) = (1..=count).find(|number| !seen.contains(number)) {
        return Err(SplitError::Missing { number, count }.into());
    }
    match (1..).zip(numbers).find(|(place, number)| place != number) {
        Some((place, number)) => Err(SplitError::OutOfOrder { number, place }.into()),
        None => Ok(()),
    }
}

/// The parts name the same model, and have as many tensors together as the first one says.
fn check_descriptions(parts: &[Header]) -> Result<(), Error> {
    let Some((first, rest)) = parts.split_first() else {
        return Ok(());
    };
    let expected = declared_tensors(first)?.ok_or_else(|| Error::MissingKey { key: TENSOR_COUNT.to_owned() })?;
    for (number, part) in (2..).zip(rest) {
        if let Some(found) = declared_tensors(part)?.filter(|found| *found != expected) {
            return Err(SplitError::OtherTensorCount { number, found, expected }.into());
        }
        // Most later parts do not name it.
        let architectures = (part.architecture(), first.architecture());
        if let (Some(found), Some(expected)) = architectures
            && found != expected
        {
            let (found, expected) = (found.to_owned(), expected.to_owned());
            return Err(SplitError::OtherArchitecture { number, found, expected }.into());
        }
    }
    let found = parts.iter().map(|part| part.tensors.len() as u64).sum();
    if found == expected { Ok(()) } else { Err(SplitError::WrongTensorCount { found, expected }.into()) }
}

/// `LLM_KV_SPLIT_TENSORS_COUNT` in llama-arch.cpp; llama.cpp needs it in the first part, as an i32.
const TENSOR_COUNT: &str = "split.tensors.count";

fn declared_tensors(header: &Header) -> Result<Option<u64>, Error> {
    match header.metadata.get(TENSOR_COUNT) {
        None => Ok(None),
        Some(Value::I32(count)) if *count >= 0 => Ok(Some(count.unsigned_abs().into())),
        Some(other) => {
            let found = other.value_type().name();
            Err(WrongType { key: TENSOR_COUNT.to_owned(), found, wanted: "an i32 that is not negative" }.into())
        }
    }
}

fn places(parts: &[Header]) -> Result<HashMap<String, (usize, usize)>, Error> {
    let mut places = HashMap::new();
    for (part, header) in parts.iter().enumerate() {
        for (place, tensor) in header.tensors.iter().enumerate() {
            if let Some((first, _)) = places.insert(tensor.name.clone(), (part, place)) {
                // Part numbers are u16 in the files.
                let number = |part: usize| u32::try_from(part).map_or(u32::MAX, |part| part + 1);
                let (first, second) = (number(first), number(part));
                return Err(SplitError::TensorTwice { name: tensor.name.clone(), first, second }.into());
            }
        }
    }
    Ok(places)
}
