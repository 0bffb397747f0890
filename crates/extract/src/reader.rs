//! Reading a file in a process of its own, which may die of it.
//!
//! PDFs are read by a library that follows what a file refers to, sometimes without end, and unpacks what a file says is
//! packed. A stack that overflows or memory that is refused ends a Rust program at once, and nothing can catch it. So the
//! app starts itself again as a reader for each PDF and Word document, and such a file ends the reader alone.
//!
//! The app writes a line of JSON ([`Header`]) and the bytes to the reader's standard input and leaves it open; the reader
//! writes a JSON `Result` to its standard output and ends. The end of its input tells it that the app is gone.

use std::ffi::OsString;
use std::io::{self, BufRead, Read, Write, stdin, stdout};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio, exit};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{Error, Extracted, Kind, MAX_FILE_BYTES, MAX_TEXT_BYTES, extract, file_name, kind};

/// The first argument that makes the executable a reader.
const READER_ARGUMENT: &str = "read-file";

/// How long a file may take. The fattest that people have take a few seconds.
const PATIENCE: Duration = Duration::from_secs(60);

/// The memory that a reader may have for itself, in bytes. A file of [`MAX_FILE_BYTES`] takes some 300 MB, and one stream
/// that unpacks as far as it may twice its 128 MB more. Only Linux keeps to it; elsewhere the system ends the reader when
/// it has no more to give.
#[cfg(unix)]
const MAX_MEMORY_BYTES: u64 = 2 << 30;

/// The longest first line, in bytes: a file's name has at most 200 characters.
const MAX_HEADER_BYTES: u64 = 4096;

/// The longest answer, in bytes: in JSON a character takes up to six.
const MAX_ANSWER_BYTES: u64 = 6 * MAX_TEXT_BYTES as u64 + 4096;

/// What goes before the bytes of a file.
#[derive(Serialize, Deserialize)]
struct Header {
    name: String,
    n_bytes: usize,
}

/// How readers are started.
#[derive(Debug, Clone)]
pub struct Reader {
    program: PathBuf,
    args: Vec<OsString>,
    patience: Duration,
}

impl Reader {
    /// Readers that are this executable, whose `main` asks [`is_reader_process`].
    ///
    /// # Errors
    /// When the system does not say where the executable is.
    pub fn this_executable() -> io::Result<Self> {
        Ok(Self::at(std::env::current_exe()?))
    }

    /// Readers that are another executable.
    pub fn at(program: impl Into<PathBuf>) -> Self {
        Self { program: program.into(), args: vec![READER_ARGUMENT.into()], patience: PATIENCE }
    }

    /// The same, given up after `patience` instead of a minute.
    pub fn with_patience(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// Takes the text out of a file, as [`extract`] does: text and code here, everything else in a process of its own.
    /// Waits for it.
    ///
    /// # Errors
    /// As [`extract`]; also [`Error::TooSlow`], [`Error::Breaks`] and [`Error::NoReader`].
    pub fn extract(&self, name: &str, bytes: &[u8]) -> Result<Extracted, Error> {
        let name = file_name(name);
        if bytes.len() <= MAX_FILE_BYTES && matches!(kind::of(&name, bytes)?, Kind::Pdf | Kind::Docx) {
            self.extract_apart(name, bytes)
        } else {
            extract(&name, bytes)
        }
    }

    fn extract_apart(&self, name: String, bytes: &[u8]) -> Result<Extracted, Error> {
        let mut child = self.start().map_err(|error| Error::NoReader { reason: error.to_string() })?;
        let answer = self.ask(&mut child, &Header { name, n_bytes: bytes.len() }, bytes);
        // Whatever it said, it has nothing more to do.
        let _ended = child.kill().and_then(|()| child.wait());
        match answer? {
            // What was read is believed as little as what was given.
            Ok(taken) if taken.text.len() > MAX_TEXT_BYTES => Err(Error::TooMuchText { bytes: taken.text.len() }),
            answer => answer,
        }
    }

    fn start(&self) -> io::Result<Child> {
        let mut command = Command::new(&self.program);
        command.args(&self.args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        #[cfg(windows)]
        {
            use std::os::windows::process::CommandExt;
            /// No console window opens for it; from the Windows SDK's winbase.h.
            const CREATE_NO_WINDOW: u32 = 0x0800_0000;
            command.creation_flags(CREATE_NO_WINDOW);
        }
        command.spawn()
    }

    /// Hands a reader its file and waits for what it says.
    fn ask(&self, child: &mut Child, header: &Header, bytes: &[u8]) -> Result<Result<Extracted, Error>, Error> {
        let (Some(mut input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(Error::NoReader { reason: "it has no pipes".to_owned() });
        };
        let mut header = serde_json::to_vec(header).map_err(|_| Error::Breaks)?;
        header.push(b'\n');
        let (tell, told) = mpsc::sync_channel(1);
        let (keep_open, until) = mpsc::channel::<()>();
        thread::scope(|scope| {
            scope.spawn(move || {
                // It may have died over the first bytes; then it gives no answer either.
                let _ = input.write_all(&header).and_then(|()| input.write_all(bytes)).and_then(|()| input.flush());
                let _ = until.recv();
            });
            scope.spawn(move || {
                let mut answer = Vec::new();
                let read = output.take(MAX_ANSWER_BYTES).read_to_end(&mut answer);
                let _ = tell.send(read.map(|_| answer));
            });
            let answer = told.recv_timeout(self.patience);
            // Before the threads are waited for: a reader that hangs holds both.
            let _ = child.kill();
            drop(keep_open);
            match answer {
                Ok(answer) => answer.ok().and_then(|json| serde_json::from_slice(&json).ok()).ok_or(Error::Breaks),
                Err(_) => Err(Error::TooSlow),
            }
        })
    }
}

/// Whether this process was started to read a file. To be asked first in `main`.
pub fn is_reader_process() -> bool {
    std::env::args_os().nth(1).is_some_and(|argument| argument == READER_ARGUMENT)
}

/// Be the reader: one file, one answer.
pub fn reader_main() -> ! {
    limit_itself();
    exit(match answer_one() {
        Ok(()) => 0,
        Err(error) => {
            eprintln!("reader: {error}");
            1
        }
    })
}

fn answer_one() -> io::Result<()> {
    let mut input = stdin().lock();
    let mut header = String::new();
    (&mut input).take(MAX_HEADER_BYTES).read_line(&mut header)?;
    let Header { name, n_bytes } = serde_json::from_str(&header)?;
    let mut bytes = Vec::new();
    (&mut input).take(n_bytes as u64).read_to_end(&mut bytes)?;
    drop(input);
    // Nobody waits any more where the app is gone.
    thread::spawn(|| {
        let _ = io::copy(&mut stdin().lock(), &mut io::sink());
        exit(1);
    });
    let mut out = stdout().lock();
    serde_json::to_writer(&mut out, &extract(&name, &bytes))?;
    out.flush()
}

/// Without memory for more than a file can need, and without a core dump, which would hold the file's text.
#[cfg(unix)]
fn limit_itself() {
    use rustix::process::{Resource, Rlimit, setrlimit};
    let at_most = |limit| Rlimit { current: Some(limit), maximum: Some(limit) };
    // A system that refuses sets a limit below these already.
    let _ = setrlimit(Resource::Data, at_most(MAX_MEMORY_BYTES));
    let _ = setrlimit(Resource::Core, at_most(0));
}

#[cfg(not(unix))]
fn limit_itself() {}
