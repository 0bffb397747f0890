//! Conversations on the disk that there was no more room for in the context.
//!
//! Two files for each: what llama.cpp wrote of the sequence, and a record of what it is: of which model, by which
//! llama.cpp, which tokens, and a checksum. llama.cpp may end the process over a damaged file, so it is given none whose
//! checksum is wrong. Whatever cannot be read or does not agree is deleted and costs a conversation its prompt, nothing
//! else.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read},
    path::{Path, PathBuf},
    sync::mpsc::{self, RecvTimeoutError},
    thread,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use llama_cpp_2::token::LlamaToken;
use paddock_engine_api::{
    parking::{FILE_PREFIX, Parking, file_stem},
    protocol::LoadParams,
};
use serde::{Deserialize, Serialize};

use crate::{
    cache::common,
    liveness,
    llama::{Context, Sequence},
};

/// The llama.cpp that writes and reads the files; another one may keep the memory in another order.
const LLAMA_CPP: &str = "llama-cpp-sys-2 0.1.161";
/// A shorter conversation is understood as quickly as it is read, in tokens.
pub(crate) const FEWEST_TOKENS: usize = 32;
/// A USB 2 stick or a worn memory card writes as slowly as this.
const SLOWEST_DISK_BYTES_S: u64 = 10_000_000;
const SIGN_OF_LIFE: Duration = Duration::from_secs(1);
const STATE: &str = "kv";
const RECORD: &str = "json";
/// So much of a model's file tells it from others of the same size and age: all of its description and the first of its
/// vocabulary or tensors.
const HEADER_BYTES: u64 = 1 << 20;

/// What is parked in one state file.
#[derive(Debug, Serialize, Deserialize)]
struct Record {
    llama_cpp: String,
    /// Of model and settings.
    identity: String,
    conversation: String,
    tokens: Vec<i32>,
    state_bytes: u64,
    state_crc32: u32,
}

#[derive(Debug)]
struct Parked {
    /// Without what follows the dot.
    stem: PathBuf,
    record: Record,
    used: SystemTime,
}

/// The folder of parked conversations, as it was when the model was loaded and as this engine has changed it since.
#[derive(Debug)]
pub(crate) struct ParkedFiles {
    folder: PathBuf,
    max_bytes: u64,
    identity: String,
    parked: Vec<Parked>,
}

impl ParkedFiles {
    /// What is parked for a model with these settings. `None`: there is to be no such folder, or there cannot be one.
    pub(crate) fn open(params: &LoadParams) -> Option<Self> {
        let Parking { folder, max_bytes } = params.parking.clone()?;
        let identity = identity(params).ok()?;
        make_private(&folder).ok()?;
        let mut files = Self { folder, max_bytes, identity, parked: Vec::new() };
        files.look();
        files.keep_within(0);
        Some(files)
    }

    fn look(&mut self) {
        for path in fs::read_dir(&self.folder).into_iter().flatten().flatten().map(|entry| entry.path()) {
            let ours = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(FILE_PREFIX));
            if !ours
                || path.extension().is_some_and(|extension| extension == STATE) && path.with_extension(RECORD).exists()
            {
                continue;
            }
            match read_record(&path) {
                Ok((record, used)) => self.parked.push(Parked { stem: path.with_extension(""), record, used }),
                Err(_) => delete(&path.with_extension("")),
            }
        }
    }

    /// Where the longest beginning of a prompt is, if one is longer than `than`: its number and length.
    pub(crate) fn best(&self, prompt: &[LlamaToken], whole_only: bool, than: usize) -> Option<(usize, usize)> {
        let usable = |parked: &Parked| {
            let tokens = tokens_of(&parked.record);
            let common = common(&tokens, prompt).min(prompt.len().saturating_sub(1));
            if whole_only && common < tokens.len() { 0 } else { common }
        };
        let mine = self.parked.iter().enumerate().filter(|(_, parked)| parked.record.identity == self.identity);
        mine.map(|(at, parked)| (at, usable(parked))).filter(|&(_, n)| n > than).max_by_key(|&(_, n)| n)
    }

    /// How many tokens are parked there.
    pub(crate) fn n_tokens(&self, at: usize) -> usize {
        self.parked[at].record.tokens.len()
    }

    /// Read one back into an empty sequence. `None`: it was damaged, and is gone.
    pub(crate) fn restore(&mut self, at: usize, context: &mut Context, sequence: Sequence) -> Option<Vec<LlamaToken>> {
        let Parked { stem, record, .. } = &self.parked[at];
        let state = stem.with_extension(STATE);
        let tokens = tokens_of(record);
        let whole = checksum(&state).is_ok_and(|found| found == (record.state_bytes, record.state_crc32));
        if !whole || !as_alive(record.state_bytes, || context.restore(sequence, &tokens, &state)) {
            self.remove(at);
            return None;
        }
        let now = SystemTime::now();
        self.parked[at].used = now;
        // The folder's own order of use. Without it the file only looks older than it is.
        let _cosmetic = File::options()
            .append(true)
            .open(self.parked[at].stem.with_extension(RECORD))
            .and_then(|file| file.set_modified(now));
        Some(tokens)
    }

    /// Park a conversation. It is left out if it is short, larger than the whole folder may be, or cannot be written.
    pub(crate) fn store(
        &mut self,
        conversation: &str,
        tokens: &[LlamaToken],
        context: &mut Context,
        sequence: Sequence,
    ) {
        if tokens.len() < FEWEST_TOKENS {
            return;
        }
        let ids: Vec<i32> = tokens.iter().map(|token| token.0).collect();
        let mine =
            |parked: &Parked| parked.record.conversation == conversation && parked.record.identity == self.identity;
        if let Some(at) = self.parked.iter().position(mine) {
            if self.parked[at].record.tokens == ids {
                return;
            }
            self.remove(at);
        }
        let identity = format!("{:08x}", crc32fast::hash(self.identity.as_bytes()));
        let stem = self.folder.join(format!("{}-{identity}", file_stem(conversation)));
        match self.write(&stem, conversation, tokens, ids, context, sequence) {
            Ok(record) => {
                self.parked.push(Parked { stem, record, used: SystemTime::now() });
                self.keep_within(0);
            }
            Err(_) => delete(&stem),
        }
    }

    fn write(
        &mut self,
        stem: &Path,
        conversation: &str,
        tokens: &[LlamaToken],
        ids: Vec<i32>,
        context: &mut Context,
        sequence: Sequence,
    ) -> io::Result<Record> {
        let state_bytes = context.state_bytes(sequence);
        if state_bytes > self.max_bytes {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.keep_within(state_bytes);
        let state = stem.with_extension(STATE);
        create_private(&state)?;
        if !as_alive(state_bytes, || context.save(sequence, tokens, &state)) {
            return Err(io::ErrorKind::StorageFull.into());
        }
        let (state_bytes, state_crc32) = checksum(&state)?;
        let record = Record {
            llama_cpp: LLAMA_CPP.into(),
            identity: self.identity.clone(),
            conversation: conversation.into(),
            tokens: ids,
            state_bytes,
            state_crc32,
        };
        // Last, so that a state without its record is one that was not finished.
        serde_json::to_writer(create_private(&stem.with_extension(RECORD))?, &record)?;
        Ok(record)
    }

    /// Forget a conversation, or all.
    pub(crate) fn forget(&mut self, conversation: Option<&str>) {
        let named =
            |parked: &Parked| conversation.is_none_or(|conversation| parked.record.conversation == conversation);
        while let Some(at) = self.parked.iter().position(named) {
            self.remove(at);
        }
    }

    /// Delete what was used longest ago until there is room for `more` bytes.
    fn keep_within(&mut self, more: u64) {
        let bytes = |parked: &Parked| parked.record.state_bytes + 12 * parked.record.tokens.len() as u64;
        while self.parked.iter().map(bytes).sum::<u64>() + more > self.max_bytes {
            let oldest = (0..self.parked.len()).min_by_key(|&at| self.parked[at].used);
            let Some(oldest) = oldest else { return };
            self.remove(oldest);
        }
    }

    fn remove(&mut self, at: usize) {
        delete(&self.parked.swap_remove(at).stem);
    }
}

/// The record of a parked conversation that this llama.cpp can read, and when it was used.
fn read_record(path: &Path) -> io::Result<(Record, SystemTime)> {
    let file = File::open(path.with_extension(RECORD))?;
    let used = file.metadata()?.modified().unwrap_or(UNIX_EPOCH);
    let record: Record = serde_json::from_reader(io::BufReader::new(file))?;
    let state_bytes = fs::metadata(path.with_extension(STATE))?.len();
    if record.llama_cpp != LLAMA_CPP || record.state_bytes != state_bytes || record.tokens.is_empty() {
        return Err(io::ErrorKind::InvalidData.into());
    }
    Ok((record, used))
}

fn tokens_of(record: &Record) -> Vec<LlamaToken> {
    record.tokens.iter().copied().map(LlamaToken).collect()
}

/// Both files; one that cannot be deleted is found again at the next load.
fn delete(stem: &Path) {
    for extension in [RECORD, STATE] {
        let _found_again = fs::remove_file(stem.with_extension(extension));
    }
}

/// Read or write a file of so many bytes, which llama.cpp does in one call, and give signs of life as long as the slowest
/// disk may take for it.
fn as_alive<T>(bytes: u64, work: impl FnOnce() -> T) -> T {
    let limit = Duration::from_secs(bytes / SLOWEST_DISK_BYTES_S);
    let (done, ended) = mpsc::channel::<()>();
    thread::scope(|scope| {
        scope.spawn(move || {
            let began = Instant::now();
            while began.elapsed() < limit && ended.recv_timeout(SIGN_OF_LIFE) == Err(RecvTimeoutError::Timeout) {
                liveness::progressed();
            }
        });
        let result = work();
        drop(done);
        result
    })
}

/// The length of a file and its CRC-32.
fn checksum(path: &Path) -> io::Result<(u64, u32)> {
    let mut file = File::open(path)?;
    let mut buffer = vec![0; 1 << 20];
    let mut hasher = crc32fast::Hasher::new();
    let mut len = 0;
    loop {
        let n = file.read(&mut buffer)?;
        if n == 0 {
            return Ok((len, hasher.finalize()));
        }
        hasher.update(&buffer[..n]);
        len += n as u64;
        liveness::progressed();
    }
}

/// Tells model file and settings from all others whose memory would be another one.
fn identity(params: &LoadParams) -> io::Result<String> {
    let metadata = fs::metadata(&params.path)?;
    let modified = metadata.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default();
    let mut header = Vec::new();
    File::open(&params.path)?.take(HEADER_BYTES).read_to_end(&mut header)?;
    // Whatever changes how a token is computed counts; what only says where and how fast does not.
    let usual = LoadParams::default();
    let settings = LoadParams {
        path: PathBuf::new(),
        n_ctx: None,
        n_batch: usual.n_batch,
        n_ubatch: usual.n_ubatch,
        n_gpu_layers: None,
        n_threads: None,
        n_threads_batch: None,
        use_mmap: usual.use_mmap,
        use_mlock: usual.use_mlock,
        n_parallel: usual.n_parallel,
        repack: usual.repack,
        parking: None,
        draft: None,
        ..params.clone()
    };
    Ok(format!(
        "{} bytes, {} ns, {:08x}, {}",
        metadata.len(),
        modified.as_nanos(),
        crc32fast::hash(&header),
        serde_json::to_string(&settings)?
    ))
}

fn make_private(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(folder, fs::Permissions::from_mode(0o700))?;
    }
    Ok(())
}

/// An empty file that only this user can read; on Windows the folders of a user are private already.
fn create_private(path: &Path) -> io::Result<File> {
    // A file that is there already keeps its permissions.
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may fail loudly")]
mod tests {
    use proptest::prelude::*;
    use tempfile::TempDir;

    use super::*;
    use crate::llama::{Batch, testing};

    fn params(folder: &Path, max_bytes: u64) -> LoadParams {
        let parking = Some(Parking { folder: folder.into(), max_bytes });
        LoadParams { path: testing::path(), parking, ..LoadParams::default() }
    }

    /// A context with some tokens in its first sequence.
    fn filled(tokens: &[LlamaToken]) -> Context {
        let mut context = testing::context(256, 2);
        let mut batch = Batch::default();
        for (position, &token) in (0..).zip(tokens) {
            batch.add(0, token, position, false);
        }
        context.decode(&mut batch).unwrap();
        context
    }

    fn forty() -> Vec<LlamaToken> {
        testing::tokens(&(10..50).collect::<Vec<_>>())
    }

    fn logits_after(context: &mut Context, sequence: Sequence) -> Vec<f32> {
        let mut batch = Batch::default();
        batch.add(sequence, LlamaToken(7), 40, true);
        context.decode(&mut batch).unwrap();
        context.logits(0).unwrap().to_vec()
    }

    #[test]
    fn a_conversation_comes_back_as_it_was() {
        let folder = TempDir::new().unwrap();
        let mut context = filled(&forty());
        ParkedFiles::open(&params(folder.path(), 1 << 30)).unwrap().store("one", &forty(), &mut context, 0);
        let expected = logits_after(&mut context, 0);
        let mut files = ParkedFiles::open(&params(folder.path(), 1 << 30)).unwrap();
        let prompt = [forty(), testing::tokens(&[1, 2])].concat();
        assert_eq!(files.best(&prompt, false, 0), Some((0, 40)));
        assert_eq!(files.best(&prompt, false, 40), None);
        assert_eq!(files.best(&prompt[..30], false, 0), Some((0, 29)));
        assert_eq!(files.best(&prompt[..30], true, 0), None, "nothing can be cut from such a memory");
        assert_eq!(files.restore(0, &mut context, 1), Some(forty()));
        assert_eq!(logits_after(&mut context, 1), expected);
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_can_read_it() {
        use std::os::unix::fs::PermissionsExt;
        let folder = TempDir::new().unwrap();
        let inner = folder.path().join("parked");
        ParkedFiles::open(&params(&inner, 1 << 30)).unwrap().store("one", &forty(), &mut filled(&forty()), 0);
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&inner), 0o700);
        let files: Vec<_> = fs::read_dir(&inner).unwrap().map(|entry| mode(&entry.unwrap().path())).collect();
        assert_eq!(files, [0o600, 0o600]);
    }

    #[test]
    fn the_ones_used_longest_ago_go_when_there_are_too_many() {
        let folder = TempDir::new().unwrap();
        let mut context = filled(&forty());
        let mut files = ParkedFiles::open(&params(folder.path(), 1 << 30)).unwrap();
        files.store("one", &forty(), &mut context, 0);
        let bytes = files.parked[0].record.state_bytes;
        files.max_bytes = bytes * 5 / 2;
        files.store("two", &forty()[..39], &mut context, 0);
        assert!(files.restore(0, &mut context, 1).is_some());
        files.store("three", &forty(), &mut context, 0);
        let mut left: Vec<_> = files.parked.iter().map(|parked| parked.record.conversation.as_str()).collect();
        left.sort_unstable();
        assert_eq!(left, ["one", "three"]);
        files.max_bytes = bytes / 2;
        files.store("four", &forty(), &mut context, 0);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 4, "what is larger than the folder is not written");
        files.forget(Some("one"));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
        files.forget(None);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn another_models_conversations_are_neither_used_nor_deleted_and_another_llama_cpps_are() {
        let folder = TempDir::new().unwrap();
        let usual = params(folder.path(), 1 << 30);
        ParkedFiles::open(&usual).unwrap().store("one", &forty(), &mut filled(&forty()), 0);
        let other = LoadParams { cache_type_k: paddock_engine_api::protocol::CacheType::Q8_0, ..usual.clone() };
        assert_eq!(ParkedFiles::open(&other).unwrap().best(&forty(), false, 0), None);
        let faster = LoadParams { n_threads: Some(1), n_ctx: Some(512), ..usual.clone() };
        let files = ParkedFiles::open(&faster).unwrap();
        assert_eq!(files.best(&forty(), false, 0), Some((0, 39)));
        let record = files.parked[0].stem.with_extension(RECORD);
        let older = fs::read_to_string(&record).unwrap().replace(LLAMA_CPP, "llama-cpp-sys-2 0.1.1");
        fs::write(record, older).unwrap();
        assert_eq!(ParkedFiles::open(&usual).unwrap().parked.len(), 0);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn the_version_is_that_of_the_llama_cpp_that_is_linked() {
        let (name, version) = LLAMA_CPP.split_once(' ').unwrap();
        let pinned = include_str!("../../../Cargo.toml");
        assert!(pinned.contains(&format!("{name} = \"={version}\"")), "{LLAMA_CPP} is not the one that is pinned");
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]
        #[test]
        fn a_damaged_file_is_deleted_and_costs_nothing_else(
            in_record in any::<bool>(), cut in any::<bool>(), at in 0.0..1.0, bit in 0..8_u32,
        ) {
            let folder = TempDir::new().unwrap();
            let mut context = filled(&forty());
            let usual = params(folder.path(), 1 << 30);
            ParkedFiles::open(&usual).unwrap().store("one", &forty(), &mut context, 0);
            let extension = if in_record { RECORD } else { STATE };
            let stored = ParkedFiles::open(&usual).unwrap().parked[0].stem.with_extension(extension);
            let mut bytes = fs::read(&stored).unwrap();
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "any place")]
            let at = (at * bytes.len() as f64) as usize;
            if cut { bytes.truncate(at) } else { bytes[at] ^= 1 << bit }
            fs::write(&stored, bytes).unwrap();
            let mut files = ParkedFiles::open(&usual).unwrap();
            if let Some((parked, _)) = files.best(&forty(), false, 0)
                && let Some(tokens) = files.restore(parked, &mut context, 1) {
                // A record whose conversation's name is another one is as good as before.
                prop_assert!(in_record && tokens == forty());
            } else if !in_record {
                prop_assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
            }
            prop_assert_eq!(context.last_position(0), Some(39));
        }
    }
}
