//! Puts an answer on the wire, or what is wanted of it.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::net::TcpStream;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use socket2::SockRef;

use crate::listener::reset_at_end;
use crate::reply::{Body, Ending, Framing, Reply};
use crate::state::State;

/// The most that is written at once, in bytes; what is copied by the system itself goes in larger pieces.
const PIECE_BYTES: u64 = 256 << 10;

/// How much the system copies at once, in bytes. Counted after each, so that the counters are not far behind.
const COPY_BYTES: u64 = 4 << 20;

/// How often a second a connection with a limit writes.
const WRITES_PER_S: u64 = 50;

/// How far a connection with a limit may be behind before what it missed is forgotten.
const LATEST: Duration = Duration::from_millis(200);

/// The send buffer of a connection with a limit.
const SLOW_SEND_BUFFER_BYTES: usize = 128 << 10;

/// The longest block without compression (RFC 1951, 3.2.4).
const STORED_BYTES: usize = 65_535;

/// What becomes of the connection.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Next {
    KeepAlive,
    Close,
}

/// Sends an answer. An error means that the client is gone.
pub(crate) fn send(reply: &Reply, with_body: bool, close: bool, stream: &TcpStream, state: &State) -> io::Result<Next> {
    thread::sleep(reply.delay);
    let close = close || matches!(reply.framing, Framing::Close | Framing::Claimed(_));
    let head = head(reply, close);
    let mut out = stream;
    if let Some(share) = reply.head_share {
        out.write_all(&head.as_bytes()[..(head.len() as f64 * share) as usize])?;
        wait_for_the_end(stream);
        return Ok(Next::Close);
    }
    out.write_all(head.as_bytes())?;
    if with_body {
        Sending { reply, stream, state, started: Instant::now(), sent_bytes: 0, crc: crc32fast::Hasher::new() }
            .body()?;
        if let Some((_, ending)) = reply.end {
            return end(ending, stream);
        }
    }
    Ok(if close { Next::Close } else { Next::KeepAlive })
}

fn head(reply: &Reply, close: bool) -> String {
    let mut head = format!("HTTP/1.1 {} {}\r\n", reply.status, reason(reply.status));
    head += &format!("Date: {}\r\n", httpdate::fmt_http_date(SystemTime::now()));
    head += if close { "Connection: close\r\n" } else { "Connection: keep-alive\r\n" };
    match reply.framing {
        Framing::Length => head += &format!("Content-Length: {}\r\n", reply.body.len()),
        Framing::Claimed(length) => head += &format!("Content-Length: {length}\r\n"),
        Framing::Chunked => head += "Transfer-Encoding: chunked\r\n",
        Framing::Close => {}
    }
    for (name, value) in &reply.headers {
        head += &format!("{name}: {value}\r\n");
    }
    head + "\r\n"
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        206 => "Partial Content",
        302 => "Found",
        307 => "Temporary Redirect",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        416 => "Range Not Satisfiable",
        429 => "Too Many Requests",
        500.. => "Server Error",
        _ => "Whatever",
    }
}

fn end(ending: Ending, stream: &TcpStream) -> io::Result<Next> {
    match ending {
        Ending::Close => {}
        Ending::Reset => reset_at_end(stream),
        Ending::Stall => wait_for_the_end(stream),
    }
    Ok(Next::Close)
}

/// Until the client hangs up, or the server is stopped.
fn wait_for_the_end(mut stream: &TcpStream) {
    let mut ignored = [0; 1024];
    while matches!(stream.read(&mut ignored), Ok(n_bytes) if n_bytes > 0) {}
}

struct Sending<'a> {
    reply: &'a Reply,
    stream: &'a TcpStream,
    state: &'a State,
    started: Instant,
    /// Of the body, since the limit was last changed.
    sent_bytes: u64,
    crc: crc32fast::Hasher,
}

impl Sending<'_> {
    fn body(&mut self) -> io::Result<()> {
        let whole = self.reply.body.len();
        let until = self.reply.end.map_or(whole, |(n_bytes, _)| n_bytes.min(whole));
        if self.reply.gzip {
            // No name, no time, no system (RFC 1952, 2.3).
            self.encoded(&[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255])?;
        }
        match &self.reply.body {
            Body::File { content, from, .. } if self.is_plain() && content.path().is_some() => {
                let mut file = File::open(content.path().unwrap())?;
                file.seek(SeekFrom::Start(*from))?;
                self.copy(&file, until)?;
            }
            _ => self.pieces(until)?,
        }
        if until < whole || self.reply.end.is_some() {
            return Ok(());
        }
        if self.reply.gzip {
            let mut last = vec![1, 0, 0, 0xff, 0xff];
            last.extend(self.crc.clone().finalize().to_le_bytes());
            last.extend((whole as u32).to_le_bytes());
            self.encoded(&last)?;
        }
        if self.reply.framing == Framing::Chunked {
            self.write(b"0\r\n\r\n")?;
        }
        Ok(())
    }

    /// Whether the bytes go out exactly as they are in the file.
    fn is_plain(&self) -> bool {
        let reply = self.reply;
        reply.flips.is_empty()
            && reply.shift_bytes == 0
            && !reply.gzip
            && reply.framing != Framing::Chunked
            && reply.drip.is_none()
    }

    fn copy(&mut self, file: &File, n_bytes: u64) -> io::Result<()> {
        let mut left = n_bytes;
        while left > 0 {
            let piece = self.piece_bytes(COPY_BYTES).min(left);
            let copied = copy_piece(file, self.stream, piece as usize)?;
            if copied == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            self.sent(copied as u64);
            left -= copied as u64;
        }
        Ok(())
    }

    fn pieces(&mut self, until: u64) -> io::Result<()> {
        let mut buffer = vec![0; PIECE_BYTES.min(until) as usize];
        let mut at = 0;
        while at < until {
            let length = self.piece_bytes(PIECE_BYTES).min(until - at);
            let piece = &mut buffer[..length as usize];
            self.fill(at, piece);
            if self.reply.gzip {
                self.crc.update(piece);
                for block in piece.chunks(STORED_BYTES) {
                    let length = block.len() as u16;
                    let mut stored = vec![0];
                    stored.extend(length.to_le_bytes());
                    stored.extend((!length).to_le_bytes());
                    stored.extend(block);
                    self.encoded(&stored)?;
                }
            } else {
                self.encoded(piece)?;
            }
            at += length;
            self.sent(length);
        }
        Ok(())
    }

    /// The bytes of the body from `at` on, with what is wrong with them.
    fn fill(&self, at: u64, piece: &mut [u8]) {
        match &self.reply.body {
            Body::Bytes(bytes) => piece.copy_from_slice(&bytes[at as usize..][..piece.len()]),
            Body::File { content, from, .. } => {
                let place = from + at;
                // Around the end, back to the beginning.
                let shifted = (place + self.reply.shift_bytes) % content.len();
                let before_end = (content.len() - shifted).min(piece.len() as u64) as usize;
                let (first, rest) = piece.split_at_mut(before_end);
                content.read(shifted, first);
                content.read(0, rest);
                for flip in &self.reply.flips {
                    let inside = flip.checked_sub(place).filter(|inside| *inside < piece.len() as u64);
                    if let Some(inside) = inside {
                        piece[inside as usize] ^= 0x10;
                    }
                }
            }
        }
    }

    /// Writes what is already encoded as the body's bytes.
    fn encoded(&self, bytes: &[u8]) -> io::Result<()> {
        if self.reply.framing != Framing::Chunked {
            return self.write(bytes);
        }
        self.write(format!("{:x}\r\n", bytes.len()).as_bytes())?;
        self.write(bytes)?;
        self.write(b"\r\n")
    }

    fn write(&self, bytes: &[u8]) -> io::Result<()> {
        let mut out = self.stream;
        out.write_all(bytes)
    }

    /// How much to write next, after waiting as long as the limit wants.
    fn piece_bytes(&mut self, at_most: u64) -> u64 {
        if let Some((n_bytes, pause)) = self.reply.drip {
            thread::sleep(pause);
            return n_bytes.max(1) as u64;
        }
        let bytes_per_s = self.state.bytes_per_s.load(Ordering::SeqCst);
        if bytes_per_s == 0 {
            (self.started, self.sent_bytes) = (Instant::now(), 0);
            return at_most;
        }
        if self.sent_bytes == 0 {
            // What waits in this socket is not on the line yet, but counts as sent: 4 MB on each of eight connections.
            let _ = SockRef::from(self.stream).set_send_buffer_size(SLOW_SEND_BUFFER_BYTES);
        }
        let due = Duration::from_secs_f64(self.sent_bytes as f64 / bytes_per_s as f64);
        // A line does not make good what its reader was too slow for.
        if self.started.elapsed() > due + LATEST {
            self.started = Instant::now().checked_sub(due).unwrap_or(self.started);
        }
        // Bounded, so that a limit that was lifted is noticed.
        thread::sleep(due.saturating_sub(self.started.elapsed()).min(Duration::from_secs(1)));
        (bytes_per_s / WRITES_PER_S).clamp(1, at_most)
    }

    fn sent(&mut self, n_bytes: u64) {
        self.sent_bytes += n_bytes;
        if matches!(self.reply.body, Body::File { .. }) {
            self.state.count(n_bytes);
        }
    }
}

/// Copies at most so many bytes from where the file stands, and tells how many; without their coming to this process.
#[cfg(target_os = "linux")]
fn copy_piece(file: &File, stream: &TcpStream, n_bytes: usize) -> io::Result<usize> {
    Ok(rustix::fs::sendfile(stream, file, None, n_bytes)?)
}

#[cfg(not(target_os = "linux"))]
fn copy_piece(mut file: &File, mut stream: &TcpStream, n_bytes: usize) -> io::Result<usize> {
    let mut buffer = vec![0; n_bytes.min(PIECE_BYTES as usize)];
    let n_read = file.read(&mut buffer)?;
    stream.write_all(&buffer[..n_read])?;
    Ok(n_read)
}
