//! What the library shall say, as a text file:
//!
//! ```text
//! driver 550.54.14
//! cuda 12040
//! program 4242 /usr/lib/firefox/firefox
//! fail nvmlSystemGetDriverVersion 999
//!
//! card NVIDIA GeForce RTX 4090
//! memory 25757220864 24000000000
//! bus_width 384
//! memory_clock 10501
//! compute_capability 8 9
//! pci 00000000:01:00.0
//! computes 4242 1073741824
//! draws 4243 -
//! fail nvmlDeviceGetName 15
//! ```
//!
//! Memory is total and free, in bytes; `-` is what Windows says of a program's share. `fail` makes a function give that
//! error (of `nvmlReturn_t`), or `hang`, or `abort` the process. Functions of cards fail for the card above.

use std::fs;
use std::path::Path;
use std::sync::OnceLock;
use std::time::Duration;

/// `NVML_VALUE_NOT_AVAILABLE`
const NOT_AVAILABLE: u64 = u64::MAX;

/// `NVML_ERROR_UNKNOWN`
pub const UNKNOWN_ERROR: u32 = 999;

#[derive(Default)]
pub struct Profile {
    pub driver: String,
    pub cuda: i32,
    pub programs: Vec<(u32, String)>,
    pub cards: Vec<Card>,
    failures: Vec<(String, String)>,
}

#[derive(Default)]
pub struct Card {
    pub name: String,
    pub total_bytes: u64,
    pub free_bytes: u64,
    pub bus_width: u32,
    pub memory_clock: u32,
    pub compute_capability: (i32, i32),
    pub pci: String,
    pub computing: Vec<(u32, u64)>,
    pub drawing: Vec<(u32, u64)>,
    failures: Vec<(String, String)>,
}

/// This library's profile, read once. `None` if there is no such file or something in it is not understood.
pub fn profile() -> Option<&'static Profile> {
    static PROFILE: OnceLock<Option<Profile>> = OnceLock::new();
    PROFILE.get_or_init(|| read(&crate::place::library()?)).as_ref()
}

fn read(library: &Path) -> Option<Profile> {
    let mut path = library.as_os_str().to_owned();
    path.push(".profile");
    parse(&fs::read_to_string(path).ok()?)
}

fn parse(text: &str) -> Option<Profile> {
    let mut profile = Profile::default();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        let two = || rest.split_once(' ');
        match (word, profile.cards.last_mut()) {
            ("card", _) => profile.cards.push(Card { name: rest.to_owned(), ..Card::default() }),
            ("fail", Some(card)) => card.failures.push(two().map(|(call, how)| (call.to_owned(), how.to_owned()))?),
            ("fail", None) => profile.failures.push(two().map(|(call, how)| (call.to_owned(), how.to_owned()))?),
            ("driver", None) => profile.driver = rest.to_owned(),
            ("cuda", None) => profile.cuda = rest.parse().ok()?,
            ("program", None) => {
                profile.programs.push(two().map(|(pid, name)| Some((pid.parse().ok()?, name.into())))??)
            }
            ("memory", Some(card)) => {
                (card.total_bytes, card.free_bytes) =
                    two().map(|(a, b)| Some((a.parse().ok()?, b.parse().ok()?)))??;
            }
            ("bus_width", Some(card)) => card.bus_width = rest.parse().ok()?,
            ("memory_clock", Some(card)) => card.memory_clock = rest.parse().ok()?,
            ("compute_capability", Some(card)) => {
                card.compute_capability = two().map(|(a, b)| Some((a.parse().ok()?, b.parse().ok()?)))??;
            }
            ("pci", Some(card)) => card.pci = rest.to_owned(),
            ("computes", Some(card)) => card.computing.push(process(rest)?),
            ("draws", Some(card)) => card.drawing.push(process(rest)?),
            _ => return None,
        }
    }
    Some(profile)
}

fn process(text: &str) -> Option<(u32, u64)> {
    let (pid, bytes) = text.split_once(' ')?;
    Some((pid.parse().ok()?, if bytes == "-" { NOT_AVAILABLE } else { bytes.parse().ok()? }))
}

impl Profile {
    /// Does what shall go wrong in a function of the driver, or goes on.
    pub fn may_fail(&self, call: &str) -> Result<(), u32> {
        fail(&self.failures, call)
    }
}

impl Card {
    /// Does what shall go wrong in a function of this card, or goes on.
    pub fn may_fail(&self, call: &str) -> Result<(), u32> {
        fail(&self.failures, call)
    }
}

fn fail(failures: &[(String, String)], call: &str) -> Result<(), u32> {
    match failures.iter().find(|(failing, _)| failing == call).map(|(_, how)| how.as_str()) {
        None => Ok(()),
        Some("abort") => std::process::abort(),
        Some("hang") => loop {
            std::thread::sleep(Duration::from_secs(3600));
        },
        Some(code) => Err(code.parse().unwrap_or(UNKNOWN_ERROR)),
    }
}
