//! The parts of a model that lie side by side in a folder. How they are called and what they say about
//! themselves, `paddock_gguf` knows.

use std::path::{Path, PathBuf};

use paddock_gguf::{Part, PartName};

use crate::Error;

/// The name that the parts of one model share, and where they lie.
#[derive(Debug)]
pub(crate) struct SplitName {
    folder: PathBuf,
    name: PartName,
}

impl SplitName {
    /// Takes the name of one part apart.
    ///
    /// # Errors
    /// [`Error::RenamedPart`] if it does not fit what the file says about itself.
    pub(crate) fn parse(path: &Path, part: Part) -> Result<Self, Error> {
        let file_name = path.file_name().and_then(|name| name.to_str());
        let name = file_name.and_then(PartName::parse).filter(|name| name.part == part);
        let name =
            name.ok_or_else(|| Error::RenamedPart { path: path.to_owned(), number: part.number, count: part.count })?;
        Ok(Self { folder: path.parent().unwrap_or(Path::new("")).to_owned(), name })
    }

    /// The path of one part, counted from 1.
    pub(crate) fn path(&self, number: u32) -> PathBuf {
        self.folder.join(self.name.file_name(number))
    }

    /// What all parts are called, without number and ending.
    pub(crate) fn prefix(&self) -> &str {
        &self.name.prefix
    }
}
