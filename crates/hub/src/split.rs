//! Models in several files: `<name>-00001-of-00003.gguf` (`llama_split_path` in llama.cpp).

use std::path::{Path, PathBuf};

use paddock_gguf::Header;

use crate::Error;

/// The digits of a part's number and of the count.
const DIGITS: usize = 5;

/// What a part says about itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Part {
    /// Which part it is, from 1.
    pub(crate) number: u32,
    /// How many parts there are.
    pub(crate) count: u32,
}

impl Part {
    /// `None` for a model in one file. Source of the keys: `LLM_KV_SPLIT_NO`, counted from 0, and
    /// `LLM_KV_SPLIT_COUNT` in llama-arch.cpp.
    pub(crate) fn of(header: &Header) -> Option<Self> {
        let number = |key| u32::try_from(header.metadata.get(key)?.as_u64()?).ok();
        let count = number("split.count").filter(|count| *count > 1)?;
        Some(Self { number: number("split.no").unwrap_or(0).saturating_add(1), count })
    }
}

/// The name that the parts of one model share.
#[derive(Debug)]
pub(crate) struct SplitName {
    folder: PathBuf,
    prefix: String,
    count: u32,
}

impl SplitName {
    /// Takes the name of one part apart.
    ///
    /// # Errors
    /// [`Error::RenamedPart`] if it does not fit what the file says about itself.
    pub(crate) fn parse(path: &Path, part: Part) -> Result<Self, Error> {
        let renamed = || Error::RenamedPart { path: path.to_owned(), number: part.number, count: part.count };
        let name = path.file_name().and_then(|name| name.to_str()).ok_or_else(renamed)?;
        let end = format!("-{:0DIGITS$}-of-{:0DIGITS$}.gguf", part.number, part.count);
        let prefix = name.strip_suffix(&end).ok_or_else(renamed)?;
        Ok(Self {
            folder: path.parent().unwrap_or(Path::new("")).to_owned(),
            prefix: prefix.to_owned(),
            count: part.count,
        })
    }

    /// The path of one part, counted from 1.
    pub(crate) fn path(&self, number: u32) -> PathBuf {
        let name = format!("{}-{number:0DIGITS$}-of-{:0DIGITS$}.gguf", self.prefix, self.count);
        self.folder.join(name)
    }

    /// What all parts are called, without number and ending.
    pub(crate) fn prefix(&self) -> &str {
        &self.prefix
    }
}
