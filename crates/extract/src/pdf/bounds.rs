//! Streams that would unpack to more than any document has, found before anything is unpacked whole.

use std::io::{self, Read};

use flate2::read::ZlibDecoder;
use memchr::memmem;

use crate::Error;

/// The most that one stream may unpack to, in bytes. A page of text has some 10 kB, a font up to 30 MB.
pub(super) const MAX_STREAM_BYTES: u64 = 128_000_000;

/// Deflate packs a thousand to one at best, so what is shorter than this cannot get near the limit.
const HARMLESS_BYTES: usize = (MAX_STREAM_BYTES / 1100) as usize;

/// The most that all of them may unpack to together, pictures apart.
const MAX_TOTAL_BYTES: u64 = 8 * MAX_STREAM_BYTES;

/// How far before a stream its dictionary is looked for, in bytes.
const DICTIONARY_BYTES: usize = 1024;

/// Refuses a PDF with a stream that unpacks to too much. Pictures may, because nobody unpacks them here.
pub(super) fn check(bytes: &[u8]) -> Result<(), Error> {
    let ends: Vec<usize> = memmem::find_iter(bytes, b"endstream").collect();
    let mut total = 0;
    for at in memmem::find_iter(bytes, b"stream").filter(|at| !bytes[..*at].ends_with(b"end")) {
        let end = ends.get(ends.partition_point(|end| *end <= at)).copied().unwrap_or(bytes.len());
        let data = &bytes[at + b"stream".len()..end];
        let dictionary = dictionary(&bytes[at.saturating_sub(DICTIONARY_BYTES)..at]);
        // Packed twice, a few bytes could become anything. No program does that.
        if memmem::find_iter(dictionary, b"/FlateDecode").nth(1).is_some() {
            return Err(Error::Bomb);
        }
        if data.len() < HARMLESS_BYTES || is_picture(dictionary) {
            continue;
        }
        let data = data.strip_prefix(b"\r").unwrap_or(data);
        let data = data.strip_prefix(b"\n").unwrap_or(data);
        total += unpacked_bytes(data);
        if total > MAX_TOTAL_BYTES {
            return Err(Error::Bomb);
        }
    }
    Ok(())
}

/// The last object in what stands before a stream.
fn dictionary(before: &[u8]) -> &[u8] {
    memmem::rfind(before, b" obj").map_or(before, |begin| &before[begin..])
}

fn is_picture(dictionary: &[u8]) -> bool {
    [b"/Subtype".as_slice(), b"/Image"].iter().all(|word| memmem::find(dictionary, word).is_some())
}

/// More than everything where one stream is too much. What does not unpack is not Flate, or broken: no matter here.
fn unpacked_bytes(data: &[u8]) -> u64 {
    let mut counted = Counted(0);
    let _ = io::copy(&mut ZlibDecoder::new(data).take(MAX_STREAM_BYTES + 1), &mut counted);
    if counted.0 > MAX_STREAM_BYTES { MAX_TOTAL_BYTES + 1 } else { counted.0 }
}

/// Forgets what is written, but for how much it was.
struct Counted(u64);

impl io::Write for Counted {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
