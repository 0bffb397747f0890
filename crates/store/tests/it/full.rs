//! A disk that takes no more: old data stays whole, and the store goes on when there is room again.
#![cfg(target_os = "linux")]

use std::fs::{self, File};
use std::io::Write;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use paddock_store::{Error, Store};

use crate::Place;
use crate::script::{STEPS, is_composite, is_sound, seen, seen_after, template};

/// What a file system gives room in, in bytes.
const PAGE_BYTES: u64 = 4096;

/// Set for the child: the database to write to.
const CHILD_DATABASE: &str = "PADDOCK_STORE_TEST_FULL_DATABASE";

/// A small file system of its own, with a file that takes up what room is left.
struct Drive {
    place: PathBuf,
    _folder: tempfile::TempDir,
}

impl Drive {
    /// `None`, said aloud, where nothing may be mounted.
    fn new() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("drive");
        fs::create_dir(&place).unwrap();
        let mounted =
            Command::new("mount").args(["-t", "tmpfs", "-o", "size=4m", "tmpfs"]).arg(&place).output().ok()?;
        if !mounted.status.success() {
            eprintln!("skipped: nothing can be mounted here: {}", String::from_utf8_lossy(&mounted.stderr).trim());
            return None;
        }
        Some(Self { place, _folder: folder })
    }

    fn database(&self) -> PathBuf {
        self.place.join("data").join("paddock.db")
    }

    /// Nothing but this database, and room for so many pages more.
    fn hold(&self, database: &Path, pages: u64) {
        if self.place.join("data").exists() {
            fs::remove_dir_all(self.place.join("data")).unwrap();
        }
        fs::create_dir(self.place.join("data")).unwrap();
        fs::copy(database, self.database()).unwrap();
        let mut ballast = File::create(self.place.join("ballast")).unwrap();
        let mut bytes = 0;
        while let Ok(written) = ballast.write(&[1; PAGE_BYTES as usize]) {
            bytes += written as u64;
        }
        ballast.set_len(bytes - pages * PAGE_BYTES).unwrap();
    }

    fn give_room(&self) {
        // Cut first: a process that is just being started may hold the file open.
        File::options().write(true).open(self.place.join("ballast")).unwrap().set_len(0).unwrap();
        fs::remove_file(self.place.join("ballast")).unwrap();
    }
}

impl Drop for Drive {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(&self.place).status();
    }
}

/// Does these steps. The number of the one that failed, and why.
fn go_on(store: &mut Store, mut steps: Range<usize>) -> Option<(usize, Error)> {
    steps.find_map(|step| STEPS[step].1(store).err().map(|error| (step, error)))
}

fn tells_of_a_full_disk(error: &Error) -> bool {
    match error {
        Error::DiskFull => true,
        Error::Io { source, .. } => source.kind() == std::io::ErrorKind::StorageFull,
        _ => false,
    }
}

#[test]
fn whichever_page_finds_no_room_nothing_is_lost_and_the_same_store_goes_on_when_there_is_room() {
    let Some(drive) = Drive::new() else { return };
    let template = template();
    let expected: Vec<_> = (0..=STEPS.len()).map(|steps| seen_after(steps, &template.path())).collect();
    let mut failed_at = std::collections::BTreeSet::new();
    for pages in 0.. {
        drive.hold(&template.path(), pages);
        let opened = Store::open(drive.database());
        if let Err(error) = &opened {
            assert!(tells_of_a_full_disk(error), "{pages} pages, at the start: {error:?}");
        }
        let could_open = opened.is_ok();
        let mut store = opened.unwrap_or_else(|_| {
            drive.give_room();
            Store::open(drive.database()).unwrap()
        });
        assert_eq!(store.report().set_aside, None);
        let failed = if could_open { go_on(&mut store, 0..STEPS.len()) } else { None };
        if could_open && failed.is_none() {
            break;
        }
        let step = failed.as_ref().map_or(0, |(step, _)| *step);
        if let Some((step, error)) = &failed {
            let name = STEPS[*step].0;
            assert!(tells_of_a_full_disk(error), "{pages} pages, {name}: {error:?}");
            // Reading needs no room.
            let now = seen(&store).unwrap_or_else(|error| panic!("{pages} pages, {name}: {error:?}"));
            let whole = now == expected[*step].0 || is_composite(*step) && now == expected[*step + 1].0;
            assert!(whole, "{pages} pages, {name}: half of it is there");
            let residue = drive.place.join("data").join("backups").join("unfinished");
            assert!(!residue.exists(), "{pages} pages, {name}: half a backup takes up room");
            failed_at.insert(name);
            drive.give_room();
        }
        // What had no room, and what comes after it.
        let end = STEPS.len().min(step + 2);
        if let Some((step, error)) = go_on(&mut store, step..end) {
            panic!("{pages} pages, {} with room again: {error:?}", STEPS[step].0);
        }
        assert_eq!(seen(&store).unwrap(), expected[end].0, "{pages} pages");
        drop(store);
        let store = Store::open(drive.database()).unwrap();
        assert_eq!(seen(&store).unwrap(), expected[end].1, "{pages} pages");
        is_sound(&store, &drive.database());
    }
    assert!(failed_at.len() >= STEPS.len() / 2, "only these found no room: {failed_at:?}");
}

/// Not a test by itself: what the child does under its limit. It says how far it came, and whether it could still read.
#[test]
fn a_child_writes_until_a_file_may_not_grow() {
    let Some(path) = std::env::var_os(CHILD_DATABASE) else { return };
    let mut store = match Store::open(Path::new(&path)) {
        Ok(store) => store,
        Err(Error::DiskFull | Error::Database(_) | Error::Io { .. }) => return eprintln!("\nfailed at 0"),
        Err(error) => panic!("{error:?}"),
    };
    let Some((step, error)) = go_on(&mut store, 0..STEPS.len()) else { return };
    assert!(matches!(error, Error::DiskFull | Error::Database(_) | Error::Io { .. }), "{error:?}");
    assert!(error.to_string().ends_with('.'));
    seen(&store).unwrap();
    eprintln!("\nfailed at {step}");
}

/// The limit is the system's own, on the size of files (`RLIMIT_FSIZE`); what is refused is an error of the drive and not a
/// full disk. A frame of the log is a little larger than the limit's step, so that each of them fails once.
#[test]
fn whichever_write_is_refused_what_was_acknowledged_is_there() {
    let template = template();
    let expected: Vec<_> = (0..=STEPS.len()).map(|steps| seen_after(steps, &template.path()).1).collect();
    for limit in (0..).step_by(usize::try_from(PAGE_BYTES).unwrap()) {
        let place = Place::new();
        fs::copy(template.path(), place.path()).unwrap();
        // The shell sets the limit and ignores the signal that comes with it, as an app must to be told instead.
        let child = Command::new("sh")
            .args(["-c", &format!("trap '' XFSZ; ulimit -f {}; exec \"$0\" \"$@\"", limit / 512)])
            .arg(std::env::current_exe().unwrap())
            .args(["--exact", "full::a_child_writes_until_a_file_may_not_grow", "--nocapture"])
            .env(CHILD_DATABASE, place.path())
            .stdout(Stdio::null())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&child.stderr);
        assert!(child.status.success(), "limit {limit}: {said}");
        let failed = said.lines().find_map(|line| line.strip_prefix("failed at ")?.parse::<usize>().ok());
        let mut store = place.open();
        assert_eq!(store.report().set_aside, None, "limit {limit}");
        let now = seen(&store).unwrap();
        let step = failed.unwrap_or(STEPS.len());
        let whole = now == expected[step] || step < STEPS.len() && is_composite(step) && now == expected[step + 1];
        assert!(whole, "limit {limit}: half of “{}” is there", STEPS[step].0);
        is_sound(&store, &place.path());
        store.set_setting("theme", "there is room again").unwrap();
        if failed.is_none() {
            break;
        }
    }
}
