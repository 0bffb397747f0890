//! Headers of models on a server, kept on the disk.
//!
//! Most of a header is the tokenizer's vocabulary, which all quantizations of a model share byte for byte. So it is kept
//! once, under its own checksum (`….arrays`), and what is different under the file's (`….header`). What cannot be read
//! back whole counts as not there: everything here can be fetched again.

use std::fs::{self, File};
use std::io::{self, Cursor, Write as _};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use paddock_gguf::{Header, Limits};
use sha2::{Digest as _, Sha256};
use tokio::sync::Mutex as AsyncMutex;

use super::listing::{Listing, RemoteFile};

/// How much is kept unless somebody says otherwise: the headers of some 60 models of different vocabularies.
const MOST_BYTES: u64 = 512 << 20;

/// The longest header kept, in bytes. Real ones are below 20 MiB.
pub(crate) const MAX_HEADER_BYTES: usize = 48 << 20;

/// An array from this length on, in bytes, is of the vocabulary.
const LONG_BYTES: u64 = 64 << 10;

/// The first bytes of an entry: what it is, and in which version.
const MAGIC: &[u8; 8] = b"PDKHEAD1";

/// Magic, checksum, file's size, lengths of head, arrays and tail, checksum of the arrays.
const PREAMBLE_BYTES: usize = 8 + 32 + 4 * 8 + 32;

/// The most known headers of a repository that another one is compared with.
const MAX_KNOWN: usize = 3;

/// How many repositories can have their first header fetched at once.
const N_TURNS: usize = 16;

/// A folder of headers. Bounded; the ones not used for longest go first. Several programs may share it.
#[derive(Debug)]
pub struct HeaderCache {
    folder: PathBuf,
    most_bytes: u64,
    /// Whoever fetches the first header of a repository holds its turn, so that all others can profit.
    turns: [AsyncMutex<()>; N_TURNS],
}

/// Which file's header: never one that another repository or server could have put there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Key {
    repo: String,
    file: String,
}

/// What is known of another file of the same repository.
#[derive(Debug)]
pub(crate) struct Known {
    /// From the first long array's elements to the last one's.
    pub(crate) run: Vec<u8>,
    /// Where that begins in its file.
    pub(crate) run_start: usize,
    /// How much of the header follows it.
    pub(crate) tail_bytes: usize,
    /// The long arrays, for comparison.
    pub(crate) arrays: Vec<LongArray>,
}

/// A long array: its key, its length, and where its elements lie, from the beginning of the first one's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LongArray {
    key: String,
    n_elements: u64,
    place: Range<u64>,
}

/// An entry as it is on the disk.
struct Entry {
    head: Vec<u8>,
    tail: Vec<u8>,
    n_run_bytes: usize,
    run_sha256: [u8; 32],
    size_bytes: u64,
}

impl Key {
    /// `None` for a file that may change under its name: without a checksum, and listed by a branch.
    pub(crate) fn of(endpoint: &str, listing: &Listing, file: &RemoteFile) -> Option<Self> {
        let revision = listing.revision();
        let is_commit = revision.len() == 40 && revision.bytes().all(|byte| byte.is_ascii_hexdigit());
        let identity = match &file.sha256 {
            Some(sha256) => sha256.clone(),
            None if is_commit => format!("{revision}\n{}", file.path),
            None => return None,
        };
        let repo = format!("{endpoint}\n{}", listing.repo());
        Some(Self { repo: hex(&Sha256::digest(repo))[..16].to_owned(), file: hex(&Sha256::digest(identity)) })
    }
}

impl HeaderCache {
    /// Keeps up to 512 MB in a folder, which is made when there is something to keep.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self::with_limit(folder, MOST_BYTES)
    }

    /// Keeps up to so many bytes.
    pub fn with_limit(folder: impl Into<PathBuf>, most_bytes: u64) -> Self {
        Self { folder: folder.into(), most_bytes, turns: Default::default() }
    }

    pub(crate) fn turn(&self, key: &Key) -> &AsyncMutex<()> {
        let number = usize::from_str_radix(key.repo.get(..2).unwrap_or_default(), 16).unwrap_or_default();
        &self.turns[number % N_TURNS]
    }

    /// A header that is here.
    pub(crate) fn load(&self, key: &Key, size_bytes: u64) -> Option<Header> {
        let path = self.entry(key);
        let entry = read_entry(&path)?;
        let (bytes, run) = self.whole(&entry, size_bytes)?;
        let header = paddock_gguf::read(Cursor::new(bytes), Some(size_bytes), &Limits::default()).ok()?;
        touch(&path);
        if !run.is_empty() {
            touch(&self.arrays(&entry.run_sha256));
        }
        Some(header)
    }

    /// Other headers of the same repository, those used last first, each vocabulary once.
    pub(crate) fn known(&self, key: &Key) -> Vec<Known> {
        let prefix = format!("{}-", key.repo);
        let mut entries: Vec<_> =
            self.files().into_iter().filter(|(path, ..)| name(path).starts_with(&prefix)).collect();
        entries.sort_by_key(|(_, used, _)| std::cmp::Reverse(*used));
        let mut seen = Vec::new();
        let mut known = Vec::new();
        for entry in entries.iter().filter_map(|(path, ..)| read_entry(path)) {
            if entry.n_run_bytes == 0 || seen.contains(&entry.run_sha256) {
                continue;
            }
            seen.push(entry.run_sha256);
            known.extend(self.known_of(&entry));
            if known.len() == MAX_KNOWN {
                break;
            }
        }
        known
    }

    fn known_of(&self, entry: &Entry) -> Option<Known> {
        let (bytes, run) = self.whole(entry, entry.size_bytes)?;
        let header = paddock_gguf::read(Cursor::new(&bytes), Some(entry.size_bytes), &Limits::default()).ok()?;
        let arrays = long_arrays(&header);
        Some(Known { run: bytes.get(run)?.to_vec(), run_start: entry.head.len(), tail_bytes: entry.tail.len(), arrays })
    }

    /// All bytes of a header, and where the long arrays are in them.
    fn whole(&self, entry: &Entry, size_bytes: u64) -> Option<(Vec<u8>, Range<usize>)> {
        let mut bytes = entry.head.clone();
        let run = bytes.len()..bytes.len() + entry.n_run_bytes;
        if entry.n_run_bytes > 0 {
            let arrays = read_bounded(&self.arrays(&entry.run_sha256))?;
            if arrays.len() != entry.n_run_bytes || Sha256::digest(&arrays).as_slice() != entry.run_sha256 {
                return None;
            }
            bytes.extend_from_slice(&arrays);
        }
        bytes.extend_from_slice(&entry.tail);
        (entry.size_bytes == size_bytes).then_some((bytes, run))
    }

    /// Keeps a header. `bytes` are the beginning of its file, at least as long as the header.
    ///
    /// A disk that is full or cannot be written to only costs the next one a fetch.
    pub(crate) fn store(&self, key: &Key, size_bytes: u64, bytes: &[u8], header: &Header) {
        if let Err(error) = self.try_store(key, size_bytes, bytes, header) {
            tracing::warn!(%error, "a model's header could not be kept");
        }
    }

    fn try_store(&self, key: &Key, size_bytes: u64, bytes: &[u8], header: &Header) -> io::Result<()> {
        fs::create_dir_all(&self.folder)?;
        // Up to where the weights begin.
        let bytes = &bytes[..bytes.len().min(usize::try_from(header.data_offset).unwrap_or(usize::MAX))];
        let run = run(header).filter(|run| run.end <= bytes.len()).unwrap_or(bytes.len()..bytes.len());
        let (head, arrays, tail) = (&bytes[..run.start], &bytes[run.clone()], &bytes[run.end..]);
        let sha256 = Sha256::digest(arrays);
        if !arrays.is_empty() {
            let path = self.arrays(&sha256);
            // One of the right length may be damaged, and its content is not compared here: reading it back does that.
            let is_there = read_bounded(&path).is_some_and(|there| there == arrays);
            if !is_there {
                self.write(&path, &[arrays])?;
            }
        }
        let mut rest = Vec::with_capacity(PREAMBLE_BYTES + head.len() + tail.len());
        for number in [size_bytes, head.len() as u64, arrays.len() as u64, tail.len() as u64] {
            rest.extend_from_slice(&number.to_le_bytes());
        }
        rest.extend_from_slice(&sha256);
        rest.extend_from_slice(head);
        rest.extend_from_slice(tail);
        self.write(&self.entry(key), &[MAGIC, &Sha256::digest(&rest), &rest])?;
        self.trim();
        Ok(())
    }

    /// Writes a file so that it is there whole or not at all.
    fn write(&self, path: &Path, parts: &[&[u8]]) -> io::Result<()> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let new = self.folder.join(format!("{}-{number}.new", std::process::id()));
        let written = File::create(&new).and_then(|mut file| {
            parts.iter().try_for_each(|part| file.write_all(part))?;
            file.sync_all()
        });
        let renamed = written.and_then(|()| fs::rename(&new, path));
        if renamed.is_err() {
            let _ = fs::remove_file(&new);
        }
        renamed
    }

    /// Removes what was not used for longest until a tenth of the room is free, so that not every header does it.
    fn trim(&self) {
        let mut files = self.files();
        let mut total: u64 = files.iter().map(|(_, _, n_bytes)| n_bytes).sum();
        if total <= self.most_bytes {
            return;
        }
        files.sort_by_key(|(_, used, _)| *used);
        for (path, _, n_bytes) in files {
            if total <= self.most_bytes / 10 * 9 {
                break;
            }
            // Another program may have been quicker.
            let _ = fs::remove_file(path);
            total -= n_bytes;
        }
    }

    /// The cache's own files, when each was used, and how long it is.
    fn files(&self) -> Vec<(PathBuf, SystemTime, u64)> {
        let Ok(folder) = fs::read_dir(&self.folder) else { return Vec::new() };
        let of_entry = |entry: fs::DirEntry| {
            let (path, file) = (entry.path(), entry.metadata().ok()?);
            let is_own = path.extension().is_some_and(|end| ["header", "arrays", "new"].iter().any(|own| end == *own));
            (is_own && file.is_file()).then(|| (path, file.modified().unwrap_or(SystemTime::UNIX_EPOCH), file.len()))
        };
        folder.filter_map(Result::ok).filter_map(of_entry).collect()
    }

    fn arrays(&self, sha256: &[u8]) -> PathBuf {
        self.folder.join(format!("{}.arrays", hex(sha256)))
    }

    fn entry(&self, key: &Key) -> PathBuf {
        self.folder.join(format!("{}-{}.header", key.repo, key.file))
    }
}

/// The long arrays of a header.
pub(crate) fn long_arrays(header: &Header) -> Vec<LongArray> {
    let arrays = header.metadata.iter().filter_map(|(key, value)| Some((key, value.as_array()?)));
    let long: Vec<_> =
        arrays.filter(|(_, a)| a.file_range.end.saturating_sub(a.file_range.start) >= LONG_BYTES).collect();
    let start = long.first().map_or(0, |(_, first)| first.file_range.start);
    long.into_iter()
        .map(|(key, array)| LongArray {
            key: key.to_owned(),
            n_elements: array.len,
            place: array.file_range.start - start..array.file_range.end - start,
        })
        .collect()
}

/// From the first long array's elements to the end of the last one's.
fn run(header: &Header) -> Option<Range<usize>> {
    let arrays = header.metadata.iter().filter_map(|(_, value)| value.as_array());
    let mut long =
        arrays.map(|array| &array.file_range).filter(|place| place.end.saturating_sub(place.start) >= LONG_BYTES);
    let first = long.next()?;
    let last = long.last().unwrap_or(first);
    Some(usize::try_from(first.start).ok()?..usize::try_from(last.end).ok()?)
}

fn read_entry(path: &Path) -> Option<Entry> {
    let bytes = read_bounded(path)?;
    let (magic, rest) = bytes.split_at_checked(MAGIC.len())?;
    let (sha256, rest) = rest.split_at_checked(32)?;
    if magic != MAGIC || Sha256::digest(rest).as_slice() != sha256 {
        return None;
    }
    let (numbers, rest) = rest.split_at_checked(4 * 8)?;
    let (run_sha256, rest) = rest.split_at_checked(32)?;
    let number = |place: usize| numbers.get(place * 8..)?.first_chunk().map(|bytes| u64::from_le_bytes(*bytes));
    let length = |place| number(place).and_then(|length| usize::try_from(length).ok());
    let (n_head_bytes, n_run_bytes, n_tail_bytes) = (length(1)?, length(2)?, length(3)?);
    let (head, tail) = rest.split_at_checked(n_head_bytes)?;
    (tail.len() == n_tail_bytes && n_run_bytes <= MAX_HEADER_BYTES).then_some(Entry {
        head: head.to_vec(),
        tail: tail.to_vec(),
        n_run_bytes,
        run_sha256: run_sha256.try_into().ok()?,
        size_bytes: number(0)?,
    })
}

fn read_bounded(path: &Path) -> Option<Vec<u8>> {
    let longest = (MAX_HEADER_BYTES + PREAMBLE_BYTES) as u64;
    let is_usable = fs::symlink_metadata(path).is_ok_and(|file| file.is_file() && file.len() <= longest);
    if is_usable { fs::read(path).ok() } else { None }
}

/// Notes that a file was used, by its time of change, which nothing else needs.
fn touch(path: &Path) {
    // Where that is not allowed, it only is removed sooner.
    let _ = File::options().append(true).open(path).and_then(|file| file.set_modified(SystemTime::now()));
}

fn name(path: &Path) -> &str {
    path.file_name().and_then(|name| name.to_str()).unwrap_or_default()
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing into a text does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
