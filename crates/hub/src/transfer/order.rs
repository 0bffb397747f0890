//! What is to be downloaded, to where, and whether that can be: known before the first byte.

use std::fs::{self, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use super::error::TransferError;
use super::journal::Contents;
use super::unfinished::tidy;
use crate::receipt::{FOLDER, Origin, Receipt};
use crate::remote::{Hub, Listing, RemoteFile, RepoId};

/// What is left free on the drive beside the download, for everything else that writes.
pub(crate) const MARGIN_BYTES: u64 = 2 << 30;

/// A model of a repository, at one commit, and the folder it goes into.
#[derive(Debug, Clone)]
pub struct Order {
    pub(crate) repo: RepoId,
    pub(crate) commit: String,
    pub(crate) files: Vec<RemoteFile>,
    endpoint: String,
    /// The models folder.
    root: PathBuf,
}

/// What is known before the first byte.
#[derive(Debug)]
pub struct Preflight {
    /// All bytes of the model.
    pub total_bytes: u64,
    /// Of these, still to come.
    pub missing_bytes: u64,
    /// Free on the drive.
    pub free_bytes: u64,
    /// Why it cannot be downloaded as things are.
    pub problem: Option<TransferError>,
}

/// A file of the order, and what lies beside it until it is whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Paths {
    /// Its final name.
    pub(crate) target: PathBuf,
    /// The file until every byte was compared.
    pub(crate) part: PathBuf,
    pub(crate) journal: PathBuf,
    /// Empty; who has it locked downloads the file. Stays where a download was made.
    pub(crate) lock: PathBuf,
}

impl Paths {
    pub(crate) fn of(target: PathBuf) -> Self {
        let beside = |ending: &str| {
            let mut name = target.file_name().unwrap_or_default().to_owned();
            name.push(ending);
            name
        };
        let folder = target.parent().unwrap_or(Path::new(""));
        Self {
            part: folder.join(beside(".part")),
            journal: folder.join(beside(".part.journal")),
            lock: folder.join(FOLDER).join(beside(".lock")),
            target,
        }
    }

    /// A name as long as the longest of these, that nobody else has: another program may look at the same drive.
    fn probe(&self) -> PathBuf {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let unique = (std::process::id() << 8) ^ COUNT.fetch_add(1, Ordering::Relaxed);
        let mut name = self.part.file_name().unwrap_or_default().to_owned();
        name.push(format!(".{:07x}", unique & 0x0fff_ffff));
        self.part.with_file_name(name)
    }
}

impl Order {
    /// Asks the server what there is: the commit that a revision (a branch such as `main`) names now, and the files of
    /// the model `wanted` (see [`crate::remote::Listing::model`]; empty: the only one) in it.
    ///
    /// # Errors
    /// [`TransferError::Remote`], [`TransferError::NoChecksum`], [`TransferError::NotGguf`].
    pub async fn resolve(
        hub: &Hub,
        repo: &RepoId,
        revision: &str,
        wanted: &str,
        root: &Path,
    ) -> Result<Self, TransferError> {
        let commit = hub.info(repo, revision).await?.commit;
        let listing = hub.list(repo, &commit).await?;
        Self::of(hub, &listing, wanted, root)
    }

    /// The same of a listing of a commit.
    ///
    /// # Errors
    /// As [`Order::resolve`], but for what the server says.
    pub fn of(hub: &Hub, listing: &Listing, wanted: &str, root: &Path) -> Result<Self, TransferError> {
        let model = match (wanted, listing.models()) {
            ("", [only]) => only,
            ("", models @ [_, _, ..]) => {
                let quants = models.iter().map(|model| model.quant.clone().unwrap_or_else(|| model.path().to_owned()));
                return Err(TransferError::WhichModel { repo: listing.repo().to_string(), models: quants.collect() });
            }
            _ => listing.model(wanted)?,
        };
        if let Some(first_missing) = model.missing().next() {
            let (count, missing) = (model.part_count(), model.part_count() as usize - model.parts.len());
            let model = model.path().to_owned();
            return Err(crate::remote::RemoteError::Incomplete { model, missing, count, first_missing }.into());
        }
        for file in &model.parts {
            if file.sha256.is_none() {
                return Err(TransferError::NoChecksum { file: file.path.clone() });
            } else if !file.path.to_ascii_lowercase().ends_with(".gguf") {
                return Err(TransferError::NotGguf { file: file.path.clone() });
            }
        }
        Ok(Self {
            repo: listing.repo().clone(),
            commit: listing.revision().to_owned(),
            files: model.parts.clone(),
            endpoint: hub.endpoint(),
            root: root.to_owned(),
        })
    }

    /// The bytes of all files.
    pub fn total_bytes(&self) -> u64 {
        self.files.iter().map(|file| file.size_bytes).fold(0, u64::saturating_add)
    }

    /// How many files there are.
    pub fn n_files(&self) -> usize {
        self.files.len()
    }

    /// The commit that is downloaded, in 40 hexadecimal digits.
    pub fn commit(&self) -> &str {
        &self.commit
    }

    /// The folder of the repository within the models folder.
    pub fn folder(&self) -> PathBuf {
        self.root.join(self.repo.owner()).join(self.repo.name())
    }

    /// The file to load when all is here: the first of them.
    pub fn path(&self) -> PathBuf {
        self.files.first().map_or_else(|| self.folder(), |file| self.paths(file).target)
    }

    /// The path of the first file in the repository.
    pub fn first_path(&self) -> &str {
        self.files.first().map_or("", |file| &file.path)
    }

    /// The final names of all files, in their order.
    pub fn targets(&self) -> Vec<PathBuf> {
        self.files.iter().map(|file| self.paths(file).target).collect()
    }

    pub(crate) fn paths(&self, file: &RemoteFile) -> Paths {
        // The listing let only paths through that stay below a folder.
        Paths::of(file.path.split('/').fold(self.folder(), |folder, segment| folder.join(segment)))
    }

    pub(crate) fn origin(&self, file: &RemoteFile) -> Origin {
        Origin {
            endpoint: self.endpoint.clone(),
            repo: self.repo.to_string(),
            commit: self.commit.clone(),
            path: file.path.clone(),
        }
    }

    /// Looks at the drive: whether there is room, whether it takes files this long, whether it can be written to. Makes
    /// the models folder, and leaves nothing else behind. May wait for the disk.
    pub fn preflight(&self) -> Preflight {
        let total_bytes = self.total_bytes();
        let there: Vec<Room> = self.files.iter().map(|file| Room::of(&self.paths(file), file)).collect();
        let missing_bytes = there.iter().map(|room| room.missing_bytes).sum();
        let unallocated_bytes: u64 = there.iter().map(|room| room.unallocated_bytes).sum();
        let free_bytes = crate::free_bytes(&self.root).unwrap_or(0);
        let folders = self.check_folders();
        // A look leaves no folders behind; the download makes them again.
        self.files.iter().for_each(|file| tidy(&self.paths(file).target, &self.root));
        let problem = folders.err().or_else(|| {
            // What is allocated already needs no room, nor a margin.
            let needed_bytes = if unallocated_bytes > 0 { unallocated_bytes + MARGIN_BYTES } else { 0 };
            let folder = self.root.clone();
            (needed_bytes > free_bytes).then_some(TransferError::DiskFull { folder, needed_bytes, free_bytes })
        });
        Preflight { total_bytes, missing_bytes, free_bytes, problem }
    }

    fn check_folders(&self) -> Result<(), TransferError> {
        for file in &self.files {
            let paths = self.paths(file);
            // Only doing it tells: permissions, read-only drives, the longest name, the longest file.
            let doing = "Writing to";
            let place = paths.probe();
            let probe = self.in_folders(&paths, || {
                if paths.target.exists() || paths.part.exists() || paths.journal.exists() {
                    return Ok(None);
                }
                let probe = OpenOptions::new().create_new(true).write(true).open(&place);
                probe.map(Some).map_err(|source| TransferError::disk(&place, doing, source))
            })?;
            let Some(probe) = probe else { continue };
            // Shorter ones fit everywhere, and some file systems would write them full of zeros now.
            let fits = if file.size_bytes > u64::from(u32::MAX) { probe.set_len(file.size_bytes) } else { Ok(()) };
            drop(probe);
            fs::remove_file(&place).map_err(|source| TransferError::disk(&place, doing, source))?;
            fits.map_err(|source| match source.kind() {
                io::ErrorKind::FileTooLarge => {
                    TransferError::FileTooLarge { folder: self.root.clone(), size_bytes: file.size_bytes }
                }
                _ => TransferError::disk(&paths.part, doing, source),
            })?;
        }
        Ok(())
    }

    /// Does something in the folders of a file, which are made first. Whoever only looks at the drive ([`Self::preflight`])
    /// removes them again while they are empty: if they were gone in between, once more.
    pub(crate) fn in_folders<T>(
        &self,
        paths: &Paths,
        mut deed: impl FnMut() -> Result<T, TransferError>,
    ) -> Result<T, TransferError> {
        /// So many looks do not come in a row.
        const MOST_TRIES: usize = 100;
        // The second is what making a folder says that was there and is gone when it is looked at.
        let gone = |kind| matches!(kind, io::ErrorKind::NotFound | io::ErrorKind::AlreadyExists);
        for _ in 1..MOST_TRIES {
            match self.make_folders(paths).and_then(|()| deed()) {
                Err(TransferError::Disk { source, .. }) if gone(source.kind()) => {}
                done => return done,
            }
        }
        self.make_folders(paths).and_then(|()| deed())
    }

    /// Makes the folders of a file, and sees to it that they are in the models folder.
    fn make_folders(&self, paths: &Paths) -> Result<(), TransferError> {
        let folder = paths.target.parent().unwrap_or(&self.root);
        let failed = |source| TransferError::disk(&folder.join(FOLDER), "Making the folder", source);
        fs::create_dir_all(&self.root).map_err(failed)?;
        let root = self.root.canonicalize().map_err(failed)?;
        // One after the other, so that nothing is made behind a link that leads elsewhere.
        let below: Vec<PathBuf> =
            folder.ancestors().take_while(|folder| *folder != self.root).map(Path::to_owned).collect();
        for folder in below.iter().rev() {
            match fs::create_dir(folder) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                made => made.map_err(failed)?,
            }
            if !folder.canonicalize().map_err(failed)?.starts_with(&root) {
                return Err(TransferError::OutsideFolder { path: folder.clone() });
            }
        }
        fs::create_dir_all(folder.join(FOLDER)).map_err(failed)
    }
}

/// What of a file is here.
struct Room {
    missing_bytes: u64,
    /// Bytes that the drive has not set aside for it yet.
    unallocated_bytes: u64,
}

impl Room {
    fn of(paths: &Paths, file: &RemoteFile) -> Self {
        if is_here(&paths.target, file) {
            return Self { missing_bytes: 0, unallocated_bytes: 0 };
        }
        let sha256 = file.sha256.as_deref().unwrap_or_default();
        let journal = Contents::read(&paths.journal).ok().flatten();
        let done_bytes = journal
            .filter(|journal| journal.subject.sha256 == sha256 && paths.part.exists())
            .map_or(0, |journal| journal.done_bytes());
        let allocated = fs::metadata(&paths.part).map_or(0, |part| allocated_bytes(&part));
        Self {
            missing_bytes: file.size_bytes.saturating_sub(done_bytes),
            unallocated_bytes: file.size_bytes.saturating_sub(allocated),
        }
    }
}

/// Whether a file is here under its final name, verified and not changed since.
pub(crate) fn is_here(target: &Path, file: &RemoteFile) -> bool {
    let Some(receipt) = Receipt::beside(target) else { return false };
    let is_it = Some(&receipt.sha256) == file.sha256.as_ref();
    is_it && fs::metadata(target).is_ok_and(|metadata| receipt.still_holds(&metadata))
}

#[cfg(unix)]
fn allocated_bytes(metadata: &fs::Metadata) -> u64 {
    /// What `st_blocks` counts in, whatever the file system's own blocks are.
    const UNIT_BYTES: u64 = 512;
    std::os::unix::fs::MetadataExt::blocks(metadata) * UNIT_BYTES
}

#[cfg(not(unix))]
fn allocated_bytes(metadata: &fs::Metadata) -> u64 {
    metadata.len()
}
