//! Looking at one model file.

use std::fs::{self, File, Metadata};
use std::io::{self, Read, Seek};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use paddock_gguf::{Header, Limits, Model, Part, SplitError};
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::appearance::{SAMPLE_BYTES, looks_like, stem};
use crate::split::SplitName;

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
    describe(&open_model(path)?)
}

/// A model on disk: the headers of all its files, which fit together.
#[derive(Debug, Clone)]
pub struct OpenedModel {
    /// What the headers say: the shape of the model, and where each tensor lies.
    pub model: Model,
    /// Its files, in the order of [`Model::parts`]: one, or every part of a split model.
    pub parts: Vec<PathBuf>,
    /// The bytes of all its files.
    pub size_bytes: u64,
    /// What the files of a split model are called, without number and ending.
    split_name: Option<String>,
    modified_ms: Option<i64>,
}

/// Reads the header of a model, or those of all parts of the split model that the file belongs to.
///
/// Costs what [`inspect`] does. Says nothing about what kind of model it is; [`inspect`] does.
///
/// # Errors
/// As [`inspect`], but for [`Error::NotAModel`].
pub fn open_model(path: &Path) -> Result<OpenedModel, Error> {
    let chosen = open(path)?;
    let bad_header = |source| Error::Header { path: path.to_owned(), source };
    let (opened, split_name) = match Part::of(&chosen.header).map_err(bad_header)? {
        None => (vec![chosen], None),
        Some(part) => {
            let name = SplitName::parse(path, part)?;
            let opened = (1..=part.count).map(|number| open_part(&name, number, part.count));
            (opened.collect::<Result<Vec<_>, _>>()?, Some(name.prefix().to_owned()))
        }
    };
    let parts: Vec<PathBuf> = opened.iter().map(|file| file.path.clone()).collect();
    let size_bytes = opened.iter().map(|file| file.metadata.len()).sum();
    let modified_ms = opened.first().and_then(|first| modified_ms(&first.metadata));
    let model = Model::new(opened.into_iter().map(|file| file.header).collect())
        .map_err(|error| misfit(path, &parts, error))?;
    Ok(OpenedModel { model, parts, size_bytes, split_name, modified_ms })
}

/// Names the part that does not belong to the others, where that can be told.
fn misfit(path: &Path, parts: &[PathBuf], error: paddock_gguf::Error) -> Error {
    let count = u32::try_from(parts.len()).unwrap_or(u32::MAX);
    let number = match &error {
        paddock_gguf::Error::Split(
            SplitError::OtherArchitecture { number, .. } | SplitError::OtherTensorCount { number, .. },
        ) => *number,
        paddock_gguf::Error::Split(SplitError::TensorTwice { second, .. }) => *second,
        // Any of them; the last one is most often the one that was exchanged.
        paddock_gguf::Error::Split(SplitError::WrongTensorCount { .. }) => count,
        _ => return Error::Header { path: path.to_owned(), source: error },
    };
    let part = parts.get(number as usize - 1).map_or(path, PathBuf::as_path);
    Error::WrongPart { path: part.to_owned(), number, count }
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
    match Part::of(&opened.header) {
        Ok(Some(part)) if part == (Part { number, count }) => Ok(opened),
        _ => Err(Error::WrongPart { path, number, count }),
    }
}

fn describe(opened: &OpenedModel) -> Result<ModelFile, Error> {
    let OpenedModel { model, parts, size_bytes, split_name, modified_ms } = opened;
    let header = model.first();
    // `Model` has at least one file.
    let path = parts.first().cloned().unwrap_or_default();
    let architecture = architecture(&path, header, model.tensor_count() > 0)?;
    let small = |number: Option<u64>| number.and_then(|number| u32::try_from(number).ok());
    let own_name = header.name().map(one_line).filter(|name| !name.is_empty());
    Ok(ModelFile {
        name: own_name.or_else(|| split_name.as_deref().map(one_line)).unwrap_or_else(|| one_line(&stem(&path))),
        path,
        parts: parts.clone(),
        quant: model.quantization().map(str::to_owned),
        size_bytes: *size_bytes,
        architecture,
        n_params: model.parameter_count(),
        n_layers: small(header.block_count()),
        n_ctx_train: small(header.context_length()),
        has_chat_template: header
            .metadata
            .get("tokenizer.chat_template")
            .and_then(|template| template.as_str())
            .is_some_and(|template| !template.trim().is_empty()),
        modified_ms: *modified_ms,
    })
}

/// The architecture of a file that holds a model, and nothing else that GGUF is used for.
fn architecture(path: &Path, first: &Header, has_tensors: bool) -> Result<String, Error> {
    let not_a_model = |what: &str| Err(Error::NotAModel { path: path.to_owned(), what: what.to_owned() });
    match (first.file_kind(), first.architecture()) {
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
pub(crate) fn one_line(text: &str) -> String {
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
