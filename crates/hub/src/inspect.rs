//! Looking at one model file.

use std::fs::{self, File, Metadata};
use std::io::{self, Read, Seek};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use paddock_gguf::{Header, Limits};
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::appearance::{SAMPLE_BYTES, looks_like, stem};
use crate::split::{Part, SplitName};

/// The longest model name shown, in characters. The file may claim one of 64 MiB.
const MAX_NAME_CHARS: usize = 120;

/// The longest architecture name, in bytes. Real ones are below 20.
const MAX_ARCHITECTURE_BYTES: usize = 64;

/// A model that is whole as far as its headers tell. (Whether every byte is right, only a checksum
/// can say.)
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelFile {
    /// The file to load; for a split model its first part, whichever was chosen.
    pub path: PathBuf,
    /// All files of the model, in order: one, or every part of a split model.
    pub parts: Vec<PathBuf>,
    /// The model's own name, else the file's: one line.
    pub name: String,
    /// Its quantization, such as `Q4_K_M`.
    pub quant: Option<String>,
    /// The bytes of all its files.
    pub size_bytes: u64,
    /// Its architecture, such as `llama`. Whether the engine knows it, the engine says.
    pub architecture: String,
    /// How many parameters it has.
    pub n_params: u64,
    /// How many layers, where the file says so.
    pub n_layers: Option<u32>,
    /// The context length it was trained for, in tokens, where the file says so.
    pub n_ctx_train: Option<u32>,
    /// Whether it brings its own chat template.
    pub has_chat_template: bool,
    /// When the file was last changed, in milliseconds since the Unix epoch, where the system knows.
    pub modified_ms: Option<i64>,
}

/// Looks at the file a person chose: what model it is, and whether all of it is there.
///
/// Reads headers only: below 0.1 s for real models, about a second for the worst file.
///
/// # Errors
/// See [`Error`]: each says what is wrong with the file and what to do.
pub fn inspect(path: &Path) -> Result<ModelFile, Error> {
    let chosen = open(path)?;
    let Some(part) = Part::of(&chosen.header) else {
        return describe(&chosen, &[], None);
    };
    let name = SplitName::parse(path, part)?;
    let first = open_part(&name, 1, part.count)?;
    let rest = (2..=part.count).map(|number| open_part(&name, number, part.count)).collect::<Result<Vec<_>, _>>()?;
    check_tensor_count(&first, &rest, part)?;
    describe(&first, &rest, Some(name.prefix()))
}

/// A file that was opened and whose header was read.
struct Opened {
    path: PathBuf,
    metadata: Metadata,
    header: Header,
}

fn open(path: &Path) -> Result<Opened, Error> {
    let io_error = |source: io::Error| match source.kind() {
        io::ErrorKind::NotFound => Error::NotFound { path: path.to_owned() },
        io::ErrorKind::PermissionDenied => Error::NoAccess { path: path.to_owned() },
        _ => Error::Io { path: path.to_owned(), source },
    };
    // Before opening: opening a pipe waits for a writer, and a device has no end.
    check_kind(path, &fs::metadata(path).map_err(io_error)?)?;
    let mut file = File::open(path).map_err(io_error)?;
    let metadata = file.metadata().map_err(io_error)?;
    check_kind(path, &metadata)?;
    let header = match paddock_gguf::read(&mut file, Some(metadata.len()), &Limits::default()) {
        Ok(header) => header,
        Err(error) => return Err(refusal(path, file, error)),
    };
    Ok(Opened { path: path.to_owned(), metadata, header })
}

fn check_kind(path: &Path, metadata: &Metadata) -> Result<(), Error> {
    let path = || path.to_owned();
    if metadata.is_dir() {
        Err(Error::IsFolder { path: path() })
    } else if !metadata.is_file() {
        Err(Error::NotAFile { path: path() })
    } else if metadata.len() == 0 {
        Err(Error::Empty { path: path() })
    } else {
        Ok(())
    }
}

/// Puts what the header reader said into words about this file.
fn refusal(path: &Path, file: File, error: paddock_gguf::Error) -> Error {
    let path = path.to_owned();
    match error {
        paddock_gguf::Error::Io(source) => Error::Io { path, source },
        paddock_gguf::Error::Truncated { needed_bytes, have_bytes } => {
            Error::Truncated { path, needed_bytes, have_bytes }
        }
        paddock_gguf::Error::NotGguf { .. } => {
            // Only a hint: if the file cannot be read again, there is none.
            let looks_like = sample(file).ok().and_then(|start| looks_like(&start));
            Error::NotGguf { path, looks_like }
        }
        source => Error::Header { path, source },
    }
}

fn sample(mut file: File) -> io::Result<Vec<u8>> {
    let mut start = Vec::with_capacity(SAMPLE_BYTES);
    file.rewind()?;
    file.take(SAMPLE_BYTES as u64).read_to_end(&mut start)?;
    Ok(start)
}

fn open_part(name: &SplitName, number: u32, count: u32) -> Result<Opened, Error> {
    let path = name.path(number);
    let opened = match open(&path) {
        Err(Error::NotFound { path }) => return Err(Error::MissingPart { path, count }),
        other => other?,
    };
    if Part::of(&opened.header) == Some(Part { number, count }) {
        Ok(opened)
    } else {
        Err(Error::WrongPart { path, number, count })
    }
}

/// The first part knows how many tensors all of them have together; another count means that parts of
/// different models were mixed. (`LLM_KV_SPLIT_TENSORS_COUNT` in llama-arch.cpp.)
fn check_tensor_count(first: &Opened, rest: &[Opened], part: Part) -> Result<(), Error> {
    let Some(expected) = first.header.metadata.get("split.tensors.count").and_then(|n| n.as_u64()) else {
        return Ok(());
    };
    let found: usize = all(first, rest).map(|part| part.header.tensors.len()).sum();
    if u64::try_from(found).is_ok_and(|found| found == expected) {
        return Ok(());
    }
    let path = rest.last().unwrap_or(first).path.clone();
    Err(Error::WrongPart { path, number: part.count, count: part.count })
}

fn all<'a>(first: &'a Opened, rest: &'a [Opened]) -> impl Iterator<Item = &'a Opened> {
    std::iter::once(first).chain(rest)
}

/// Describes a model from its parts, the first of which holds all metadata.
fn describe(first: &Opened, rest: &[Opened], split_name: Option<&str>) -> Result<ModelFile, Error> {
    let has_tensors = all(first, rest).any(|part| !part.header.tensors.is_empty());
    let architecture = architecture(first, has_tensors)?;
    let header = &first.header;
    let small = |number: Option<u64>| number.and_then(|number| u32::try_from(number).ok());
    let own_name = header.name().map(one_line).filter(|name| !name.is_empty());
    Ok(ModelFile {
        path: first.path.clone(),
        parts: all(first, rest).map(|part| part.path.clone()).collect(),
        name: own_name.or_else(|| split_name.map(one_line)).unwrap_or_else(|| one_line(&stem(&first.path))),
        // A split model's first part may hold no tensors to tell it from.
        quant: all(first, rest).find_map(|part| part.header.quantization()).map(str::to_owned),
        size_bytes: all(first, rest).map(|part| part.metadata.len()).sum(),
        architecture,
        n_params: all(first, rest).fold(0, |sum, part| sum.saturating_add(part.header.parameter_count())),
        n_layers: small(header.block_count()),
        n_ctx_train: small(header.context_length()),
        has_chat_template: header
            .metadata
            .get("tokenizer.chat_template")
            .and_then(|template| template.as_str())
            .is_some_and(|template| !template.trim().is_empty()),
        modified_ms: modified_ms(&first.metadata),
    })
}

/// The architecture of a file that holds a model, and nothing else that GGUF is used for.
fn architecture(first: &Opened, has_tensors: bool) -> Result<String, Error> {
    let not_a_model = |what: &str| Err(Error::NotAModel { path: first.path.clone(), what: what.to_owned() });
    match (first.header.file_kind(), first.header.architecture()) {
        (Some("adapter"), _) => not_a_model("an adapter (LoRA)"),
        (Some("mmproj"), _) | (_, Some("clip")) => not_a_model("the image or sound part (mmproj) of another model"),
        (Some("imatrix"), _) | (_, Some("imatrix")) => not_a_model("a table for making quantizations (imatrix)"),
        (_, Some("controlvector")) => not_a_model("a control vector for another model"),
        (Some("vocab"), _) => not_a_model("a vocabulary without a model"),
        (Some(other), _) if other != "model" => not_a_model(&format!("a file of the kind “{}”", one_line(other))),
        (_, None) => not_a_model("a GGUF file that does not name its architecture"),
        (_, Some(name)) if name.is_empty() || name.len() > MAX_ARCHITECTURE_BYTES => {
            not_a_model("a GGUF file that does not name its architecture properly")
        }
        (_, Some(_)) if !has_tensors => not_a_model("a vocabulary without a model"),
        (_, Some(name)) => Ok(name.to_owned()),
    }
}

/// Text of a file as one line of bearable length, without control characters.
fn one_line(text: &str) -> String {
    // The first few thousand characters are enough to find the ones shown.
    let visible: String =
        text.chars().take(MAX_NAME_CHARS * 16).map(|c| if c.is_control() { ' ' } else { c }).collect();
    let words: Vec<&str> = visible.split_whitespace().collect();
    words.join(" ").chars().take(MAX_NAME_CHARS).collect()
}

fn modified_ms(metadata: &Metadata) -> Option<i64> {
    let since_epoch = metadata.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
    i64::try_from(since_epoch.as_millis()).ok()
}
