//! What can go wrong with one request, and what it means for the transfer.

use std::time::Duration;

use super::error::TransferError;
use super::said::Delay;
use crate::remote::RemoteError;

/// Why a request did not bring what it was to bring.
#[derive(Debug)]
pub(crate) enum Fault {
    /// An accident of this one request.
    Again {
        /// Not before.
        after: Duration,
    },
    /// Heals with time.
    Wait { why: Delay, after: Option<Duration> },
    /// The computer has slept, or its network is another one.
    NewNetwork,
    /// The file is another one than before.
    Changed(RemoteError),
    /// Does not heal.
    Fatal(TransferError),
    /// The disk takes nothing any more; it says itself why.
    DiskGone,
}

impl Fault {
    /// A refusal, with the time that the server wants to be left alone.
    pub(crate) fn refused(error: RemoteError, after: Option<Duration>) -> Self {
        match Self::from(error) {
            Self::Wait { why, .. } => Self::Wait { why, after },
            other => other,
        }
    }
}

impl From<RemoteError> for Fault {
    fn from(error: RemoteError) -> Self {
        let wait = |why, after| Self::Wait { why, after };
        match error {
            RemoteError::Unreachable { host, cause } => wait(Delay::Unreachable { host, reason: cause }, None),
            RemoteError::Silent { host, silence } => {
                let seconds = u32::try_from(silence.as_secs()).unwrap_or(u32::MAX);
                // That was wait enough.
                wait(Delay::Silent { host, seconds }, Some(Duration::from_secs(1)))
            }
            RemoteError::Cut { host, cause } => wait(Delay::Cut { host, reason: cause }, None),
            RemoteError::ProxyLogin { proxy } => wait(Delay::ProxyLogin { proxy }, None),
            RemoteError::TooSlow { host, .. } => wait(Delay::TooSlow { host }, None),
            RemoteError::TooManyRequests { host, retry_after } => wait(Delay::TooManyRequests { host }, retry_after),
            RemoteError::ServerFault { host, status } => wait(Delay::ServerFault { host, status }, None),
            RemoteError::Changed { .. } => Self::Changed(error),
            other => Self::Fatal(other.into()),
        }
    }
}
