//! The table of graphics cards: memory and bandwidth by name, for what a driver does not tell and for planning a
//! computer that is not there.

use std::sync::LazyLock;

use paddock_hardware::Vendor;
use serde::Deserialize;

/// Cards that compute alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the makers' own names")]
pub enum GpuFamily {
    Maxwell,
    Ampere,
    Ada,
    Hopper,
    Blackwell,
    Rdna,
    Apple,
    /// Anything else.
    #[serde(other)]
    Other,
}

/// One card or chip.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct GpuRow {
    /// Without the maker's name, such as `RTX 4060 Ti 16 GB`; with it for `Apple M4 Pro`.
    pub name: String,
    /// Who makes it.
    pub vendor: Vendor,
    /// Its family.
    pub family: GpuFamily,
    /// Peak memory bandwidth, in GB/s.
    pub gb_s: f64,
    /// Its memory, in GiB; empty for Apple chips, whose memory is the computer's.
    pub memory_gib: Vec<u32>,
    /// Which part of the bandwidth llama.cpp gets; `None`: as usual for the family.
    #[serde(default)]
    pub efficiency: Option<f64>,
}

#[derive(Deserialize)]
struct Table {
    rows: Vec<GpuRow>,
}

static TABLE: LazyLock<Vec<GpuRow>> = LazyLock::new(|| {
    // Part of the program; a test reads it.
    serde_json::from_str::<Table>(include_str!("../data/gpus.json")).map(|table| table.rows).unwrap_or_default()
});

/// All rows, NVIDIA first.
pub fn all() -> &'static [GpuRow] {
    &TABLE
}

/// Lower case, without makers' names, blanks and signs: `NVIDIA GeForce RTX 4090` is `rtx4090`.
fn simple(name: &str) -> String {
    let mut name = name.to_lowercase();
    for noise in ["nvidia", "geforce", "amd", "radeon", "(tm)", "(r)", "graphics", "quadro", "generation", " gpu"] {
        name = name.replace(noise, "");
    }
    name.chars().filter(|c| c.is_ascii_alphanumeric()).collect()
}

/// The row for a name as people or drivers write it. Where a card exists with different amounts of memory,
/// `memory_bytes` decides.
pub fn find(name: &str, memory_bytes: Option<u64>) -> Option<&'static GpuRow> {
    let wanted = simple(name);
    let fits = |row: &&GpuRow| {
        let known = simple(&row.name);
        // `Apple M4 Max` alone: the chip with fewer cores, which is listed first.
        let core_count =
            || known.strip_prefix(&wanted).is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
        known == wanted
            || row.memory_gib.iter().any(|gib| known == format!("{wanted}{gib}gb"))
            || (row.vendor == Vendor::Apple && !wanted.is_empty() && core_count())
    };
    let distance = |row: &&GpuRow| {
        let size = row.memory_gib.first().map_or(0, |gib| u64::from(*gib) << 30);
        // Without a hint, the row with the plain name goes first.
        memory_bytes.map_or(u64::from(simple(&row.name) != wanted), |bytes| bytes.abs_diff(size))
    };
    TABLE.iter().filter(fits).min_by_key(distance)
}

/// Rows of the same card with other amounts of memory.
pub(crate) fn variants(name: &str) -> Vec<&'static GpuRow> {
    let wanted = simple(name);
    let same = |row: &&GpuRow| row.memory_gib.iter().any(|gib| simple(&row.name) == format!("{wanted}{gib}gb"));
    TABLE.iter().filter(same).collect()
}

/// Up to three names that are closest to what somebody typed.
pub(crate) fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Vec<String> {
    let wanted = simple(name);
    let mut names: Vec<(usize, &str)> = known.map(|known| (distance(&wanted, &simple(known)), known)).collect();
    names.sort_by_key(|(distance, _)| *distance);
    // Farther than half of what was typed is no help.
    names.retain(|(distance, _)| *distance <= wanted.len() / 2);
    names.into_iter().take(3).map(|(_, name)| name.to_owned()).collect()
}

/// Edits that turn one text into the other (Levenshtein).
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().take(64).collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().take(64).enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, to) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(from != *to);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}
