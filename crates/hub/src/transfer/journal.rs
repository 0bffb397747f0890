//! The journal beside an unfinished file: which of its blocks are safe on the disk.
//!
//! Text, one entry a line: a CRC-32 of the rest in hexadecimal digits, a space, JSON. The first line says what file it is;
//! every other one names blocks whose bytes were synced to the disk **before** the line was written, with their CRC-32.
//! What follows a line that is torn or wrong counts as never written.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::receipt::{BLOCK_BYTES, Origin};

/// The longest journal read. A terabyte needs 8 MB.
const MAX_JOURNAL_BYTES: u64 = 256 << 20;

/// What file a journal is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Subject {
    pub(crate) version: u32,
    pub(crate) origin: Origin,
    pub(crate) size_bytes: u64,
    pub(crate) sha256: String,
    pub(crate) block_bytes: u64,
}

/// The version that this code writes, and the only one it reads.
const VERSION: u32 = 1;

impl Subject {
    pub(crate) fn new(origin: Origin, size_bytes: u64, sha256: String) -> Self {
        Self { version: VERSION, origin, size_bytes, sha256, block_bytes: BLOCK_BYTES }
    }

    /// Whether the blocks of one are those of the other. The commit may differ: the same checksum is the same file.
    fn has_same_bytes(&self, other: &Self) -> bool {
        (self.version, self.size_bytes, &self.sha256, self.block_bytes)
            == (other.version, other.size_bytes, &other.sha256, other.block_bytes)
    }

    pub(crate) fn n_blocks(&self) -> usize {
        usize::try_from(self.size_bytes.div_ceil(self.block_bytes)).unwrap_or(usize::MAX)
    }
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Entry {
    Subject(Subject),
    /// Number and CRC-32 of each block.
    Blocks(Vec<(u64, u32)>),
    /// All bytes were compared with the checksum.
    Verified,
}

/// What a journal says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Contents {
    pub(crate) subject: Subject,
    /// The CRC-32 of each block that is there.
    pub(crate) blocks: Vec<Option<u32>>,
    pub(crate) verified: bool,
    /// How long the sound part of the journal is.
    sound_bytes: u64,
}

impl Contents {
    /// Reads a journal, which another program may be writing at this moment. `None`: there is none that makes sense.
    pub(crate) fn read(path: &Path) -> io::Result<Option<Self>> {
        let file = match File::open(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            file => file?,
        };
        let mut text = Vec::new();
        file.take(MAX_JOURNAL_BYTES).read_to_end(&mut text)?;
        Ok(Self::parse(&text))
    }

    fn parse(text: &[u8]) -> Option<Self> {
        let mut lines = text.split_inclusive(|byte| *byte == b'\n');
        let first = lines.next()?;
        let Some(Entry::Subject(subject)) = entry(first) else { return None };
        if subject.version != VERSION || subject.block_bytes != BLOCK_BYTES {
            return None;
        }
        let mut contents =
            Self { blocks: vec![None; subject.n_blocks()], subject, verified: false, sound_bytes: first.len() as u64 };
        for line in lines {
            match entry(line) {
                Some(Entry::Blocks(blocks)) => {
                    for (number, crc32) in blocks {
                        *contents.blocks.get_mut(usize::try_from(number).ok()?)? = Some(crc32);
                    }
                }
                Some(Entry::Verified) => contents.verified = true,
                Some(Entry::Subject(_)) | None => break,
            }
            contents.sound_bytes += line.len() as u64;
        }
        Some(contents)
    }

    /// Bytes that are safe on the disk.
    pub(crate) fn done_bytes(&self) -> u64 {
        let n_blocks = self.blocks.iter().flatten().count() as u64;
        let last_is_there = self.blocks.last().is_some_and(Option::is_some);
        let short_by = self.subject.n_blocks() as u64 * BLOCK_BYTES - self.subject.size_bytes;
        n_blocks * BLOCK_BYTES - if last_is_there { short_by } else { 0 }
    }
}

/// A line, if it is whole.
fn entry(line: &[u8]) -> Option<Entry> {
    let line = std::str::from_utf8(line).ok()?.strip_suffix('\n')?;
    let (crc32, json) = line.split_once(' ')?;
    if u32::from_str_radix(crc32, 16).ok()? != crc32fast::hash(json.as_bytes()) {
        return None;
    }
    serde_json::from_str(json).ok()
}

/// A journal that is being written.
#[derive(Debug)]
pub(crate) struct Journal {
    file: File,
}

/// What opening a journal found.
#[derive(Debug)]
pub(crate) enum Found {
    /// An earlier attempt at the same bytes.
    Same(Contents),
    /// An earlier attempt at other bytes; it was dropped.
    Other(Subject),
    /// Nothing, or nothing that makes sense.
    Nothing,
}

impl Journal {
    /// Opens the journal of a file, to go on with it, or begins a new one.
    pub(crate) fn open(path: &Path, subject: &Subject) -> io::Result<(Self, Found)> {
        let found = match Contents::read(path)? {
            Some(contents) if contents.subject.has_same_bytes(subject) => Found::Same(contents),
            Some(contents) => Found::Other(contents.subject),
            None => Found::Nothing,
        };
        let mut file = OpenOptions::new().create(true).truncate(false).write(true).open(path)?;
        let keep = if let Found::Same(contents) = &found { contents.sound_bytes } else { 0 };
        file.set_len(keep)?;
        file.seek(SeekFrom::End(0))?;
        let mut journal = Self { file };
        if keep == 0 {
            journal.append(&Entry::Subject(subject.clone()))?;
        }
        Ok((journal, found))
    }

    /// Notes blocks whose bytes are synced already.
    pub(crate) fn blocks(&mut self, blocks: Vec<(u64, u32)>) -> io::Result<()> {
        self.append(&Entry::Blocks(blocks))
    }

    /// Notes that the whole file was compared with its checksum.
    pub(crate) fn verified(&mut self) -> io::Result<()> {
        self.append(&Entry::Verified)
    }

    /// Forgets all blocks: they have to be fetched again.
    pub(crate) fn restart(&mut self, subject: &Subject) -> io::Result<()> {
        self.file.set_len(0)?;
        self.file.seek(SeekFrom::Start(0))?;
        self.append(&Entry::Subject(subject.clone()))
    }

    fn append(&mut self, entry: &Entry) -> io::Result<()> {
        let json = serde_json::to_string(entry)?;
        let line = format!("{:08x} {json}\n", crc32fast::hash(json.as_bytes()));
        self.file.write_all(line.as_bytes())?;
        self.file.sync_data()
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

    use std::fs;

    use super::*;

    fn subject(sha256: char) -> Subject {
        let origin = Origin {
            endpoint: "https://huggingface.co".into(),
            repo: "owner/model".into(),
            commit: "c".repeat(40),
            path: "a.gguf".into(),
        };
        Subject::new(origin, 10 * BLOCK_BYTES + 5, sha256.to_string().repeat(64))
    }

    fn read(path: &Path) -> Contents {
        Contents::read(path).unwrap().unwrap()
    }

    #[test]
    fn what_was_noted_is_there_again_and_what_was_torn_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal");
        let (mut journal, found) = Journal::open(&path, &subject('a')).unwrap();
        assert!(matches!(found, Found::Nothing));
        journal.blocks(vec![(0, 7), (10, 8)]).unwrap();
        let whole = fs::read(&path).unwrap();
        journal.blocks(vec![(1, 9)]).unwrap();
        let longer = fs::read(&path).unwrap();
        assert_eq!(read(&path).done_bytes(), 2 * BLOCK_BYTES + 5, "the last block is a short one");
        for length in whole.len()..longer.len() {
            fs::write(&path, &longer[..length]).unwrap();
            let (mut journal, found) = Journal::open(&path, &subject('a')).unwrap();
            let Found::Same(contents) = found else { panic!("{length}: {found:?}") };
            assert_eq!((contents.blocks[0], contents.blocks[1], contents.blocks[10]), (Some(7), None, Some(8)));
            journal.blocks(vec![(2, 1)]).unwrap();
            let again = read(&path);
            assert_eq!((again.blocks[1], again.blocks[2]), (None, Some(1)), "written after the sound part");
        }
    }

    #[test]
    fn a_changed_byte_ends_what_is_believed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal");
        let (mut journal, _) = Journal::open(&path, &subject('a')).unwrap();
        journal.blocks(vec![(0, 7)]).unwrap();
        let at = fs::read(&path).unwrap().len();
        journal.blocks(vec![(1, 7)]).unwrap();
        journal.blocks(vec![(2, 7)]).unwrap();
        let mut text = fs::read(&path).unwrap();
        text[at + 20] ^= 1;
        fs::write(&path, text).unwrap();
        assert_eq!(read(&path).blocks.iter().flatten().count(), 1);
    }

    #[test]
    fn blocks_of_another_file_are_dropped() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal");
        let (mut journal, _) = Journal::open(&path, &subject('a')).unwrap();
        journal.blocks(vec![(0, 7)]).unwrap();
        let (_, found) = Journal::open(&path, &subject('b')).unwrap();
        assert!(matches!(found, Found::Other(_)));
        assert_eq!(read(&path).done_bytes(), 0);
        let mut moved = subject('b');
        moved.origin.commit = "d".repeat(40);
        let (_, found) = Journal::open(&path, &moved).unwrap();
        assert!(matches!(found, Found::Same(_)), "another commit with the same checksum is the same file");
    }

    #[test]
    fn garbage_is_no_journal() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal");
        for text in ["", "\n", "00000000 {}\n", "zz {\"subject\":1}\n", "\u{0}\u{0}\u{0}"] {
            fs::write(&path, text).unwrap();
            assert_eq!(Contents::read(&path).unwrap(), None, "{text:?}");
        }
    }

    #[test]
    fn a_block_beyond_the_end_makes_no_sense() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal");
        let (mut journal, _) = Journal::open(&path, &subject('a')).unwrap();
        journal.blocks(vec![(99, 7)]).unwrap();
        assert_eq!(Contents::read(&path).unwrap(), None);
    }
}
