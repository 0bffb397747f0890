//! What differs between the systems: how a process that must not outlive its parent is spawned, and what its exit
//! status means. Everything else about the child is the same everywhere, because the end of its standard input is the
//! stop signal on all of them.

use std::{io, process::ExitStatus};

use tokio::process::{ChildStderr, ChildStdin, ChildStdout, Command};

use crate::DeathCause;

/// The child's ends of its three pipes.
pub(crate) type Stdio = (Option<ChildStdin>, Option<ChildStdout>, Option<ChildStderr>);

#[cfg(unix)]
pub(crate) fn cause_of_exit(status: ExitStatus) -> DeathCause {
    use std::os::unix::process::ExitStatusExt;
    // Numbers of POSIX; SIGBUS is 7 on Linux and 10 on macOS.
    const SIGILL: i32 = 4;
    const SIGABRT: i32 = 6;
    const SIGBUS: i32 = if cfg!(target_os = "linux") { 7 } else { 10 };
    const SIGKILL: i32 = 9;
    const SIGSEGV: i32 = 11;
    const SIGTERM: i32 = 15;
    match status.signal() {
        Some(SIGKILL | SIGTERM) => DeathCause::Killed,
        Some(SIGABRT) => DeathCause::Aborted,
        Some(SIGILL) => DeathCause::IllegalInstruction,
        Some(SIGSEGV | SIGBUS) => DeathCause::Crashed,
        Some(signal) => DeathCause::Exited(128 + signal),
        None => DeathCause::Exited(status.code().unwrap_or(-1)),
    }
}

#[cfg(windows)]
pub(crate) fn cause_of_exit(status: ExitStatus) -> DeathCause {
    // NTSTATUS values, from the Windows SDK's ntstatus.h; 3 is what the C runtime's abort() exits with, 1 what
    // TerminateProcess is usually called with.
    const STATUS_ACCESS_VIOLATION: u32 = 0xC000_0005;
    const STATUS_IN_PAGE_ERROR: u32 = 0xC000_0006;
    const STATUS_ILLEGAL_INSTRUCTION: u32 = 0xC000_001D;
    const STATUS_STACK_BUFFER_OVERRUN: u32 = 0xC000_0409; // __fastfail, which abort() uses in release builds
    match status.code().unwrap_or(-1).cast_unsigned() {
        STATUS_ACCESS_VIOLATION | STATUS_IN_PAGE_ERROR => DeathCause::Crashed,
        STATUS_ILLEGAL_INSTRUCTION => DeathCause::IllegalInstruction,
        STATUS_STACK_BUFFER_OVERRUN | 3 => DeathCause::Aborted,
        1 => DeathCause::Killed,
        code => DeathCause::Exited(code.cast_signed()),
    }
}

/// A spawned engine process.
#[cfg(unix)]
pub(crate) type Child = tokio::process::Child;

/// Spawn so that the process does not outlive this one in any way that Rust can see; beyond that, the end of its
/// standard input stops it.
#[cfg(unix)]
pub(crate) fn spawn(mut command: Command) -> io::Result<Child> {
    command.kill_on_drop(true).spawn()
}

#[cfg(unix)]
pub(crate) fn take_stdio(child: &mut Child) -> Stdio {
    (child.stdin.take(), child.stdout.take(), child.stderr.take())
}

/// A spawned engine process in a job object.
#[cfg(windows)]
pub(crate) type Child = Box<dyn process_wrap::tokio::ChildWrapper>;

/// Spawn into a job object, which the system closes, and the process with it, when this process ends in whatever way.
#[cfg(windows)]
pub(crate) fn spawn(command: Command) -> io::Result<Child> {
    use process_wrap::tokio::{CommandWrap, CreationFlags, JobObject, KillOnDrop};
    use windows::Win32::System::Threading::CREATE_NO_WINDOW;
    let mut wrap = CommandWrap::from(command);
    // The engine is a console program, and no console window may open for it. The flags must come before the job.
    wrap.wrap(CreationFlags(CREATE_NO_WINDOW)).wrap(JobObject).wrap(KillOnDrop);
    wrap.spawn()
}

#[cfg(windows)]
pub(crate) fn take_stdio(child: &mut Child) -> Stdio {
    (child.stdin().take(), child.stdout().take(), child.stderr().take())
}
