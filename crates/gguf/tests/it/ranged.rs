//! A header from a source of byte ranges: honest ones, slow ones, and ones that lie.

use std::fs::File;
use std::io::{self, ErrorKind, Read, Seek, SeekFrom};
use std::ops::Range;

use paddock_gguf::write::{Builder, Data};
use paddock_gguf::{Error, Header, Limits, RangeError, RangeReader, RangeSource, TensorType, Traffic, read};

use crate::llama_70b::llama_70b;

/// A server that keeps account of what it was asked for.
#[derive(Default)]
struct Server {
    file: Vec<u8>,
    /// The length it claims.
    total_bytes: Option<u64>,
    /// The most it gives at once; 0 for all that is asked.
    at_once: usize,
    /// From which request (counted from 0) on it fails, and how.
    fails: Option<(usize, ErrorKind)>,
    /// How many bytes it says it gave beyond those that were asked for.
    boasts: usize,
    /// What was asked for.
    asked: Vec<Range<u64>>,
}

impl Server {
    fn of(file: Vec<u8>) -> Self {
        Self { total_bytes: Some(file.len() as u64), file, ..Self::default() }
    }
}

impl RangeSource for Server {
    fn read_range(&mut self, offset: u64, into: &mut [u8]) -> io::Result<usize> {
        let request = self.asked.len();
        self.asked.push(offset..offset + into.len() as u64);
        if let Some((first, kind)) = self.fails
            && request >= first
        {
            return Err(io::Error::new(kind, "the line is dead"));
        }
        let start = (offset as usize).min(self.file.len());
        let most = if self.at_once == 0 { into.len() } else { into.len().min(self.at_once) };
        let given = (&self.file[start..]).read(&mut into[..most])?;
        Ok(if self.boasts > 0 { into.len() + self.boasts } else { given })
    }

    fn total_bytes(&mut self) -> io::Result<Option<u64>> {
        Ok(self.total_bytes)
    }
}

fn fetch(server: Server) -> (Result<Header, Error>, Traffic, Server) {
    let mut reader = RangeReader::new(server);
    let header = reader.header(&Limits::default());
    (header, reader.traffic(), reader.into_source())
}

/// A sound file with a header of about `header_bytes`.
fn file(header_bytes: usize) -> Vec<u8> {
    let words = vec!["a text of 16 byt"; header_bytes / 24];
    Builder::new()
        .metadata("general.architecture", "llama")
        .metadata("tokenizer.ggml.tokens", words)
        .tensor("t", TensorType::F32, &[64], Data::Zeros)
        .to_bytes()
        .unwrap()
}

/// The 70B's file, which is far too long for memory.
struct Disk(File);

impl RangeSource for Disk {
    fn read_range(&mut self, offset: u64, into: &mut [u8]) -> io::Result<usize> {
        self.0.seek(SeekFrom::Start(offset))?;
        self.0.read(into)
    }

    fn total_bytes(&mut self) -> io::Result<Option<u64>> {
        Ok(Some(self.0.metadata()?.len()))
    }
}

#[test]
fn the_header_of_a_70b_model_takes_four_requests() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("70b.gguf");
    let length = llama_70b().write(File::create(&path).unwrap()).unwrap();
    let mut reader = RangeReader::new(Disk(File::open(&path).unwrap()));
    let header = reader.header(&Limits::default()).unwrap();
    assert_eq!(header, read(File::open(&path).unwrap(), Some(length), &Limits::default()).unwrap());
    assert_eq!(reader.total_bytes(), Some(length));
    let Traffic { requests, bytes } = reader.traffic();
    assert_eq!(requests, 4, "1, 2, 4 and 8 MiB");
    assert!(bytes <= header.data_offset + (8 << 20), "{bytes} bytes for a header of {}", header.data_offset);
}

#[test]
fn no_byte_is_asked_for_twice_nor_past_the_end() {
    let whole = file(5 << 20);
    let length = whole.len() as u64;
    for at_once in [0, 100_000] {
        let (header, traffic, server) = fetch(Server { at_once, ..Server::of(whole.clone()) });
        assert_eq!(header.unwrap().tensors.len(), 1);
        assert_eq!(traffic.requests as usize, server.asked.len());
        assert!(traffic.bytes <= length);
        let mut end = 0;
        for asked in &server.asked {
            // A text that is skipped may reach over the end of a piece.
            assert!((end..=end + 16).contains(&asked.start), "{:?}", server.asked);
            end = if at_once == 0 { asked.end } else { (asked.start + at_once as u64).min(asked.end) };
        }
        assert_eq!(end, length);
    }
}

#[test]
fn a_small_header_takes_one_request() {
    let (header, traffic, _) = fetch(Server::of(file(1_000)));
    assert!(header.is_ok());
    assert_eq!(traffic.requests, 1);
}

#[test]
fn numbers_that_nobody_wants_are_not_fetched() {
    let builder = Builder::new().metadata("scores", vec![0.0_f32; 8 << 20]).metadata("last", 1_u32);
    let (header, traffic, _) = fetch(Server::of(builder.to_bytes().unwrap()));
    assert_eq!(header.unwrap().metadata.u64("last").unwrap(), Some(1));
    assert!(traffic.bytes < 2 << 20, "{traffic:?} for 32 MiB of numbers");
}

#[test]
fn a_file_of_unknown_length_is_read_too() {
    let (header, _, _) = fetch(Server { total_bytes: None, ..Server::of(file(3 << 20)) });
    assert!(header.is_ok());
    let mut cut = file(3 << 20);
    cut.truncate(2_000_000);
    let (header, _, _) = fetch(Server { total_bytes: None, ..Server::of(cut) });
    assert!(matches!(header, Err(Error::Truncated { have_bytes: 2_000_000, .. })), "{header:?}");
    let (header, _, _) = fetch(Server::default());
    assert!(matches!(header, Err(Error::NotGguf { .. })), "{header:?}");
}

#[test]
fn what_is_no_model_is_refused_after_one_request() {
    let page = b"<html>Not found</html>".repeat(1_000_000);
    let (header, traffic, _) = fetch(Server::of(page));
    assert!(matches!(header, Err(Error::NotGguf { .. })));
    assert_eq!(traffic, Traffic { requests: 1, bytes: 1 << 20 });
}

#[test]
fn a_file_that_ends_before_its_claimed_length_is_told_apart_from_a_cut_one() {
    let whole = file(3 << 20);
    let claimed = whole.len() as u64;
    let mut cut = whole.clone();
    cut.truncate(2_000_000);
    let (header, _, _) = fetch(Server { total_bytes: Some(claimed), ..Server::of(cut.clone()) });
    let ended = RangeError::Ended { ended_bytes: 2_000_000, total_bytes: claimed };
    assert!(matches!(&header, Err(Error::Range(error)) if *error == ended), "{header:?}");
    let (header, _, _) = fetch(Server::of(cut));
    assert!(matches!(header, Err(Error::Truncated { have_bytes: 2_000_000, .. })), "{header:?}");
    let (header, _, _) = fetch(Server { total_bytes: Some(100), ..Server::of(whole) });
    assert!(matches!(header, Err(Error::Truncated { have_bytes: 100, .. })), "{header:?}");
    let (header, _, _) = fetch(Server { total_bytes: Some(u64::MAX), ..Server::default() });
    assert!(matches!(header, Err(Error::Range(RangeError::Ended { ended_bytes: 0, .. }))), "{header:?}");
}

#[test]
fn a_source_that_says_it_gave_too_much_is_not_believed() {
    for boasts in [1, usize::MAX - (16 << 20)] {
        let (header, _, _) = fetch(Server { boasts, ..Server::of(file(1_000)) });
        assert!(matches!(header, Err(Error::Range(RangeError::TooMuch { .. }))), "{header:?}");
    }
}

#[test]
fn a_source_that_gives_single_bytes_is_left_after_64_requests() {
    let (header, traffic, _) = fetch(Server { at_once: 1, ..Server::of(file(1_000)) });
    assert!(matches!(header, Err(Error::Range(RangeError::TooManyRequests { at_most: 64 }))), "{header:?}");
    assert_eq!(traffic, Traffic { requests: 64, bytes: 64 });
}

#[test]
fn an_error_on_the_way_comes_out_as_it_went_in() {
    for request in 0..3 {
        let fails = Some((request, ErrorKind::ConnectionReset));
        let (header, _, _) = fetch(Server { fails, ..Server::of(file(5 << 20)) });
        let Err(Error::Io(error)) = header else { panic!("request {request}: {header:?}") };
        assert_eq!((error.kind(), error.to_string().as_str()), (ErrorKind::ConnectionReset, "the line is dead"));
    }
}

#[test]
fn a_source_that_is_interrupted_for_ever_does_not_hang() {
    let fails = Some((1, ErrorKind::Interrupted));
    let (header, traffic, _) = fetch(Server { fails, ..Server::of(file(5 << 20)) });
    assert!(header.is_err());
    assert!(traffic.requests <= 64);
}

#[test]
fn the_beginning_is_gone_once_it_was_passed() {
    let mut reader = RangeReader::new(Server::of(file(5 << 20)));
    reader.header(&Limits::default()).unwrap();
    let again = reader.header(&Limits::default());
    assert!(matches!(&again, Err(Error::Io(error)) if error.kind() == ErrorKind::Unsupported), "{again:?}");
}
