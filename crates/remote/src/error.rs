//! What can go wrong with a server that is not ours.

use std::time::Duration;

/// Why a remote engine gave no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RemoteError {
    /// The address cannot be used.
    #[error("{given} is no address of a server: {why}.")]
    BadAddress {
        /// As it was typed, without a password.
        given: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// The key cannot be sent.
    #[error("This key cannot be sent: it holds characters that no key has.")]
    BadKey,
    /// The system's encryption cannot be used.
    #[error("Encrypted connections are not possible here: {cause}.")]
    NoTls {
        /// What the library says.
        cause: String,
    },
    /// Nobody answers at the address.
    #[error("{host} cannot be reached: {cause}.")]
    Unreachable {
        /// The server.
        host: String,
        /// What the system says.
        cause: String,
    },
    /// The server says nothing.
    #[error("{host} has said nothing for {} seconds.", silence.as_secs())]
    Silent {
        /// The server.
        host: String,
        /// How long it was waited for.
        silence: Duration,
    },
    /// The key is missing or wrong.
    #[error("{host} refuses the key (status {status}).")]
    KeyRefused {
        /// The server.
        host: String,
        /// 401 or 403.
        status: u16,
    },
    /// The server does not know the model, or does not speak OpenAI's API at this address.
    #[error("{host} has no {what} (status 404).")]
    NotThere {
        /// The server.
        host: String,
        /// What was asked for.
        what: String,
    },
    /// Too much is asked of it.
    #[error("{host} has too much to do (status {status}).")]
    Busy {
        /// The server.
        host: String,
        /// 429 or 503.
        status: u16,
        /// When it wants to be asked again, if it says so.
        retry_after: Option<Duration>,
    },
    /// The server refuses the request, or failed over it.
    #[error("{host} refused the request (status {status}): {said}")]
    Refused {
        /// The server.
        host: String,
        /// Its status.
        status: u16,
        /// Its words, one line, cut.
        said: String,
    },
    /// The connection ended in the middle of the answer.
    #[error("The connection to {host} ended in the middle of the answer.")]
    Cut {
        /// The server.
        host: String,
    },
    /// What came is no answer of this API.
    #[error("{host} does not speak OpenAI's chat API: {why}.")]
    Garbled {
        /// The server.
        host: String,
        /// What is wrong with it.
        why: String,
    },
}
