//! What a file can cost in memory: never more than a small multiple of its own length, whatever it claims.
//!
//! A program of its own, because it counts every byte that is allocated. Its tests take turns.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::io::Cursor;
use std::sync::{Mutex, MutexGuard, PoisonError};

use paddock_gguf::write::Builder;
use paddock_gguf::{Limits, RangeReader, RangeSource, Value, read};
use peak_alloc::PeakAlloc;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

#[path = "it/corpus.rs"]
mod corpus;
#[expect(dead_code, reason = "the other tests use all of it")]
#[path = "it/raw.rs"]
mod raw;

use raw::{ARRAY, F32, Raw, STRING, U8};

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// How often a file's own length its header may take. The worst are one-letter entries and lists of single
/// bytes, each of which becomes a [`Value`] of 24 bytes in a list that grows by doubling.
const MULTIPLE: usize = 32;

/// What every file may take beyond that: the messages of errors, and the first elements of lists.
const FIXED_BYTES: usize = 16 << 10;

/// The buffer of 256 KiB and the step of 64 KiB for files whose length is not known, with room to grow.
const UNMEASURED_BYTES: usize = 512 << 10;

/// Two tests at once would count each other's memory.
fn alone() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The most bytes that were taken at once during `work`.
fn peak_of<T>(work: impl FnOnce() -> T) -> usize {
    let before = PeakAlloc::current_usage(&MEMORY);
    MEMORY.reset_peak_usage();
    drop(work());
    MEMORY.peak_usage().saturating_sub(before)
}

fn peak_of_reading(file: &[u8], limits: &Limits) -> usize {
    peak_of(|| read(Cursor::new(file), Some(file.len() as u64), limits))
}

#[track_caller]
fn bounded(name: &str, file: &[u8]) {
    let peak = peak_of_reading(file, &Limits::default());
    let most = file.len() * MULTIPLE + FIXED_BYTES;
    assert!(peak <= most, "{name}: {peak} bytes of memory for {} bytes of file", file.len());
    let peak = peak_of(|| read(Cursor::new(file), None, &Limits::default()));
    assert!(peak <= most + UNMEASURED_BYTES, "{name}, unmeasured: {peak} bytes of memory for {}", file.len());
}

#[test]
fn the_counter_counts() {
    let _alone = alone();
    let peak = peak_of(|| drop(vec![1_u8; 3 << 20]));
    // The test runner's own thread may give a few bytes back meanwhile.
    let runner = 4 << 10;
    assert!(((3 << 20) - runner..4 << 20).contains(&peak), "{peak}");
}

#[test]
fn every_hostile_file_is_refused_in_little_memory() {
    let _alone = alone();
    for (name, file, _) in corpus::corpus() {
        bounded(name, &file);
    }
}

#[test]
fn the_worst_sound_headers_take_a_small_multiple_of_their_length() {
    let _alone = alone();
    let key = |n: usize| format!("{n:x}").into_bytes();
    let entries = (0..60_000).fold(Raw::start(3, 0, 60_000), |raw, n| raw.entry(&key(n), U8).bytes(&[1]));
    bounded("short entries", &entries.0);
    let lists =
        (0..250).fold(Raw::start(3, 0, 250), |raw, n| raw.entry(&key(n), ARRAY).u32(U8).u64(1_024).bytes(&[7; 1_024]));
    bounded("lists of bytes", &lists.0);
    let empty = (0..250)
        .fold(Raw::start(3, 0, 250), |raw, n| raw.entry(&key(n), ARRAY).u32(STRING).u64(1_024).bytes(&[0; 8 * 1_024]));
    bounded("lists of empty texts", &empty.0);
    let tensors = (0..60_000).fold(Raw::start(3, 60_000, 0), |raw, n| raw.tensor(&key(n), &[0], F32, 0));
    bounded("tensors without values", &tensors.data(64).0);
    let text = Raw::start(3, 0, 1).entry(b"k", STRING).text(&vec![b'x'; 4 << 20]);
    bounded("a long text", &text.0);
    let binary = Raw::start(3, 0, 1).entry(b"k", STRING).text(&vec![0xFF; 4 << 20]);
    bounded("a long text that is none", &binary.0);
    let vocabulary = Raw::start(3, 0, 1).entry(b"k", ARRAY).u32(STRING).u64(1 << 20).bytes(&vec![0; 8 << 20]);
    bounded("a vocabulary of empty texts", &vocabulary.0);
}

#[test]
fn a_vocabulary_takes_no_memory() {
    let _alone = alone();
    let file = Builder::new().metadata("tokens", vec!["some token"; 300_000]).to_bytes().unwrap();
    let peak = peak_of_reading(&file, &Limits::default());
    assert!(peak < 300 << 10, "{peak} bytes for {}", file.len());
}

/// A source that claims much and has little.
struct Boaster(Vec<u8>);

impl RangeSource for Boaster {
    fn read_range(&mut self, offset: u64, into: &mut [u8]) -> std::io::Result<usize> {
        let rest = &self.0[(offset as usize).min(self.0.len())..];
        let n_bytes = rest.len().min(into.len());
        into[..n_bytes].copy_from_slice(&rest[..n_bytes]);
        Ok(n_bytes)
    }

    fn total_bytes(&mut self) -> std::io::Result<Option<u64>> {
        Ok(Some(u64::MAX))
    }
}

#[test]
fn a_source_that_claims_much_costs_its_pieces_and_no_more() {
    let _alone = alone();
    for claimed in [1_u64 << 20, 60 << 20] {
        let file = Raw::start(3, 0, 1).entry(b"k", STRING).u64(claimed).bytes(b"short").0;
        let peak = peak_of(|| RangeReader::new(Boaster(file)).header(&Limits::default()));
        // Pieces of 1 and 2 MiB, the second one in vain.
        assert!(peak <= 4 << 20, "{peak} bytes for a text of {claimed}");
    }
}

#[test]
fn hostile_files_changed_anywhere_stay_within_bounds() {
    let _alone = alone();
    let corpus = corpus::corpus();
    let changes = (
        any::<prop::sample::Index>(),
        prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
        any::<prop::sample::Index>(),
        prop_oneof![any::<u64>(), 0..70_000_u64, Just(u64::MAX), Just(1 << 24)],
    );
    let config = ProptestConfig { cases: 20_000, failure_persistence: None, ..ProptestConfig::default() };
    let outcome = TestRunner::new(config).run(&changes, |(file, flips, place, number)| {
        let mut file = corpus[file.index(corpus.len())].1.clone();
        for (place, value) in flips {
            let place = place.index(file.len());
            file[place] = value;
        }
        if let Some(eight) = file.get_mut(place.index(400)..).and_then(|rest| rest.first_chunk_mut()) {
            *eight = number.to_le_bytes();
        }
        let peak = peak_of_reading(&file, &Limits::default());
        prop_assert!(peak <= file.len() * MULTIPLE + FIXED_BYTES, "{peak} bytes for {}", file.len());
        Ok(())
    });
    outcome.unwrap();
}

#[test]
fn a_value_is_as_small_as_the_bound_takes_it_to_be() {
    assert_eq!(size_of::<Value>(), 24);
}
