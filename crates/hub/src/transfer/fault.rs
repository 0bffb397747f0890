//! What can go wrong with one request, and what it means for the transfer.

use std::time::Duration;

use super::error::TransferError;
use super::gate::WaitReason;
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
    Wait { reason: WaitReason, sentence: String, after: Option<Duration> },
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
            Self::Wait { reason, sentence, .. } => Self::Wait { reason, sentence, after },
            other => other,
        }
    }
}

impl From<RemoteError> for Fault {
    fn from(error: RemoteError) -> Self {
        let wait = |reason, sentence: String, after| Self::Wait { reason, sentence, after };
        match error {
            RemoteError::Unreachable { host, cause } => {
                wait(WaitReason::Offline, format!("“{host}” cannot be reached: {cause}."), None)
            }
            RemoteError::Silent { host, silence } => wait(
                WaitReason::Stalled,
                format!("“{host}” sent nothing for {} seconds.", silence.as_secs()),
                // That was wait enough.
                Some(Duration::from_secs(1)),
            ),
            RemoteError::Cut { host, cause } => {
                wait(WaitReason::Stalled, format!("The connection to “{host}” was lost: {cause}."), None)
            }
            RemoteError::ProxyLogin { proxy } => {
                wait(WaitReason::Proxy, format!("The proxy “{proxy}” wants a login."), None)
            }
            RemoteError::TooSlow { host, .. } => {
                wait(WaitReason::Stalled, format!("“{host}” answers too slowly."), None)
            }
            RemoteError::TooManyRequests { host, retry_after } => {
                wait(WaitReason::Busy, format!("“{host}” takes no more requests for now."), retry_after)
            }
            RemoteError::ServerFault { host, status } => {
                wait(WaitReason::ServerFault, format!("“{host}” has a fault at the moment (status {status})."), None)
            }
            RemoteError::Changed { .. } => Self::Changed(error),
            other => Self::Fatal(other.into()),
        }
    }
}
