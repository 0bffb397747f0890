//! What the process arranges with the system before native code runs.
//!
//! Standard output is the protocol, and native code likes to print to it. So the real standard output moves to a private
//! descriptor, and descriptor 1 becomes another name of standard error.

#![expect(unsafe_code, reason = "descriptors and signals")]

use std::{fs::File, io};

/// Take the real standard output away from everybody else.
#[cfg(unix)]
pub(crate) fn claim_stdout() -> io::Result<File> {
    use std::os::fd::FromRawFd;
    // SAFETY: plain system calls on the standard descriptors; the duplicate belongs to nobody else.
    unsafe {
        // F_DUPFD_CLOEXEC: should this process ever start another, that one does not keep the pipe open.
        let private = libc::fcntl(libc::STDOUT_FILENO, libc::F_DUPFD_CLOEXEC, 3);
        if private < 0 || libc::dup2(libc::STDERR_FILENO, libc::STDOUT_FILENO) < 0 {
            return Err(io::Error::last_os_error());
        }
        Ok(File::from_raw_fd(private))
    }
}

/// Take the real standard output away from everybody else.
#[cfg(windows)]
pub(crate) fn claim_stdout() -> io::Result<File> {
    use std::os::windows::io::{AsHandle, OwnedHandle};
    let private: OwnedHandle = io::stdout().as_handle().try_clone_to_owned()?;
    // The C runtime has a descriptor table of its own; in it, 1 must go where 2 goes.
    // SAFETY: a plain call of the C runtime on its standard descriptors.
    if unsafe { libc::dup2(2, 1) } < 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(File::from(private))
}

/// Ask the system for this process's end when its parent ends, as a second net below the end of standard input.
pub(crate) fn die_with_parent() {
    #[cfg(target_os = "linux")]
    {
        // An error leaves the first net.
        let _second_net = rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL));
    }
}

/// Let a fault end the process at once, by the signal that names it. Rust's own handler, which is there to tell a stack
/// overflow from other faults, returns from all others once, and the process would go on.
pub(crate) fn die_of_faults() {
    #[cfg(unix)]
    for fault in [libc::SIGSEGV, libc::SIGBUS] {
        // SAFETY: sets the default action, before other threads exist.
        unsafe { libc::signal(fault, libc::SIG_DFL) };
    }
}
