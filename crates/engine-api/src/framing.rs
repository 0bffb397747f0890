//! Reading protocol lines: one JSON object per line, at most [`MAX_LINE_BYTES`], never more of it in memory.

use std::io::{self, BufRead, Write};

use serde::{Serialize, de::DeserializeOwned};
use tokio::io::{AsyncBufRead, AsyncBufReadExt};

use crate::protocol::MAX_LINE_BYTES;

/// Why a line could not be read.
#[derive(Debug, thiserror::Error)]
pub enum FrameError {
    /// The line is longer than [`MAX_LINE_BYTES`].
    #[error("a protocol line is longer than {MAX_LINE_BYTES} bytes")]
    TooLong,
    /// The line is not the JSON of a message. Only its first bytes are kept.
    #[error("a protocol line is not a message ({reason}): {start:?}")]
    Garbage {
        /// serde's reason.
        reason: String,
        /// The first bytes of the line.
        start: String,
    },
    /// The connection broke.
    #[error("the connection broke: {0}")]
    Io(#[from] io::Error),
}

/// The next message of a blocking reader; `None` at its end. A last line without a newline is not a message: its writer
/// died in the middle of it.
pub fn read_blocking<T: DeserializeOwned>(
    reader: &mut impl BufRead,
    line: &mut Vec<u8>,
) -> Result<Option<T>, FrameError> {
    line.clear();
    loop {
        let chunk = match reader.fill_buf() {
            Ok(chunk) => chunk,
            // A signal that did not end the process.
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error.into()),
        };
        match take_line(chunk, line)? {
            Taken::Line(n) => {
                reader.consume(n);
                return parse(line).map(Some);
            }
            Taken::Part(0) => return Ok(None),
            Taken::Part(n) => reader.consume(n),
        }
    }
}

/// The next message of an asynchronous reader, as [`read_blocking`]. Cancel-safe: what was read stays in `line`, which
/// must be handed in again unchanged until a message has come.
pub async fn read<T: DeserializeOwned>(
    reader: &mut (impl AsyncBufRead + Unpin),
    line: &mut Vec<u8>,
) -> Result<Option<T>, FrameError> {
    loop {
        let chunk = reader.fill_buf().await?;
        match take_line(chunk, line)? {
            Taken::Line(n) => {
                reader.consume(n);
                let message = parse(line);
                line.clear();
                return message.map(Some);
            }
            Taken::Part(0) => return Ok(None),
            Taken::Part(n) => reader.consume(n),
        }
    }
}

/// Write one message and flush it.
pub fn write_blocking(writer: &mut impl Write, message: &impl Serialize) -> io::Result<()> {
    writer.write_all(&to_line(message)?)?;
    writer.flush()
}

/// One message as a line, newline included.
pub fn to_line(message: &impl Serialize) -> io::Result<Vec<u8>> {
    let mut line = serde_json::to_vec(message)?;
    line.push(b'\n');
    if line.len() > MAX_LINE_BYTES {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, FrameError::TooLong));
    }
    Ok(line)
}

enum Taken {
    /// The line is whole; this much of the chunk belongs to it.
    Line(usize),
    /// All of the chunk belongs to a line that goes on; 0 at the end of the input.
    Part(usize),
}

fn take_line(chunk: &[u8], line: &mut Vec<u8>) -> Result<Taken, FrameError> {
    let newline = chunk.iter().position(|&byte| byte == b'\n');
    let part = &chunk[..newline.unwrap_or(chunk.len())];
    if line.len() + part.len() >= MAX_LINE_BYTES {
        return Err(FrameError::TooLong);
    }
    line.extend_from_slice(part);
    Ok(match newline {
        Some(at) => Taken::Line(at + 1),
        None => Taken::Part(chunk.len()),
    })
}

fn parse<T: DeserializeOwned>(line: &[u8]) -> Result<T, FrameError> {
    const SHOWN_BYTES: usize = 120;
    serde_json::from_slice(line).map_err(|error| FrameError::Garbage {
        reason: error.to_string(),
        start: String::from_utf8_lossy(&line[..line.len().min(SHOWN_BYTES)]).into_owned(),
    })
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may fail loudly")]
mod tests {
    use std::io::{BufReader, Cursor};

    use super::*;
    use crate::protocol::{FromEngine, Request, ToEngine};

    fn messages(bytes: &[u8], capacity: usize) -> Vec<Result<Option<ToEngine>, FrameError>> {
        let mut reader = BufReader::with_capacity(capacity, Cursor::new(bytes));
        let mut line = Vec::new();
        let mut read = Vec::new();
        loop {
            let message = read_blocking(&mut reader, &mut line);
            let last = !matches!(message, Ok(Some(_)));
            read.push(message);
            if last {
                return read;
            }
        }
    }

    #[test]
    fn a_message_comes_back_whole_whatever_the_size_of_the_pieces() {
        let sent = ToEngine { id: 7, request: Request::Cancel { target: 3 } };
        let mut bytes = to_line(&sent).unwrap();
        bytes.extend_from_slice(&to_line(&sent).unwrap());
        for capacity in 1..bytes.len() + 2 {
            let read = messages(&bytes, capacity);
            assert!(matches!(&read[..], [Ok(Some(a)), Ok(Some(b)), Ok(None)] if *a == sent && *b == sent));
        }
    }

    #[test]
    fn a_line_without_its_end_is_not_a_message() {
        let bytes = to_line(&ToEngine { id: 1, request: Request::Unload }).unwrap();
        assert!(matches!(messages(&bytes[..bytes.len() - 1], 16)[..], [Ok(None)]));
    }

    #[test]
    fn a_line_over_the_limit_is_refused_without_being_kept() {
        let bytes = vec![b'x'; MAX_LINE_BYTES + 10];
        assert!(matches!(messages(&bytes, 4096)[..], [Err(FrameError::TooLong)]));
    }

    #[test]
    fn garbage_is_named_by_its_first_bytes() {
        let Err(error) = &messages(b"\x00\xffhello\n", 16)[0] else { panic!("garbage was taken for a message") };
        assert!(error.to_string().contains("hello"), "{error}");
    }

    #[tokio::test]
    async fn the_asynchronous_reader_reads_the_same() {
        let sent = FromEngine { id: None, event: crate::protocol::Event::Heartbeat { progress: 9, busy: vec![1] } };
        let bytes = to_line(&sent).unwrap();
        let mut reader = tokio::io::BufReader::with_capacity(3, Cursor::new(bytes));
        let mut line = Vec::new();
        assert_eq!(read::<FromEngine>(&mut reader, &mut line).await.unwrap(), Some(sent));
        assert_eq!(read::<FromEngine>(&mut reader, &mut line).await.unwrap(), None);
    }
}
