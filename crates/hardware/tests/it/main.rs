//! Finding out what computer this is, on recorded files, and through the real nvml-wrapper.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod apple;
mod assemble;
mod driver;
mod linux_cpu;
mod linux_disks;
mod linux_memory;
mod this_computer;

use std::env::consts::{DLL_PREFIX, DLL_SUFFIX};
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use paddock_hardware::{NvidiaReport, nvml};

const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;

/// A folder that stands for a Linux system's `/`.
struct Root(tempfile::TempDir);

impl Root {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// Adds a file with this text.
    fn file(self, path: &str, text: impl AsRef<[u8]>) -> Self {
        let path = self.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        self
    }

    fn path(&self) -> &Path {
        self.0.path()
    }
}

/// A driver's library that says what a profile tells it to.
struct Driver {
    library: PathBuf,
    _folder: tempfile::TempDir,
}

impl Driver {
    fn new(profile: &str) -> Self {
        Self::copy_of("paddock_nvml_stand_in", profile)
    }

    /// One of the 470 branch, which lacks the newer functions.
    fn old(profile: &str) -> Self {
        Self::copy_of("paddock_nvml_stand_in_old", profile)
    }

    /// Each gets a copy of its own, since a library is loaded only once and its profile lies beside it.
    fn copy_of(name: &str, profile: &str) -> Self {
        let built = std::env::current_exe().unwrap().with_file_name(format!("{DLL_PREFIX}{name}{DLL_SUFFIX}"));
        let folder = tempfile::tempdir().unwrap();
        let library = folder.path().join(built.file_name().unwrap());
        fs::copy(&built, &library).unwrap();
        let mut beside = library.clone().into_os_string();
        beside.push(".profile");
        fs::write(beside, profile).unwrap();
        Self { library, _folder: folder }
    }

    fn probe(&self) -> NvidiaReport {
        nvml::probe(Some(&self.library))
    }
}

/// A card's lines in a profile.
#[derive(Clone)]
struct Card {
    name: &'static str,
    total_mib: u64,
    free_mib: u64,
    bus_width: u32,
    memory_clock: u32,
    compute_capability: (u32, u32),
    more: String,
}

impl Card {
    const fn new(name: &'static str, total_mib: u64, bus_width: u32, clock: u32, capability: (u32, u32)) -> Self {
        Self {
            name,
            total_mib,
            free_mib: total_mib - 500,
            bus_width,
            memory_clock: clock,
            compute_capability: capability,
            more: String::new(),
        }
    }

    fn with(mut self, line: &str) -> Self {
        writeln!(self.more, "{line}").unwrap();
        self
    }

    fn lines(&self) -> String {
        let (major, minor) = self.compute_capability;
        format!(
            "card {}\nmemory {} {}\nbus_width {}\nmemory_clock {}\ncompute_capability {major} {minor}\n{}",
            self.name,
            self.total_mib * MIB,
            self.free_mib * MIB,
            self.bus_width,
            self.memory_clock,
            self.more
        )
    }
}

/// A profile of a driver of 2024 with these cards.
fn profile(cards: &[Card]) -> String {
    let cards: String = cards.iter().map(Card::lines).collect();
    format!("driver 550.54.14\ncuda 12040\n{cards}")
}

/// The card of most of these tests.
const RTX_4090: Card = Card::new("NVIDIA GeForce RTX 4090", 24_564, 384, 10_501, (8, 9));
