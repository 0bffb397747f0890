//! What can go wrong with a server that is not ours.

use std::time::Duration;

use crate::AddressFault;

/// Why a remote engine gave no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RemoteError {
    /// The address cannot be used.
    #[error("{given} is no address of a server: {fault}.")]
    BadAddress {
        /// As it was typed, without a password.
        given: String,
        /// What is wrong with it.
        fault: AddressFault,
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
    #[error("{host} has said nothing for {}.", seconds(*silence))]
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
    #[error("{}", missing(host, model.as_deref()))]
    NotThere {
        /// The server.
        host: String,
        /// The model that was asked for; none: the list of models was.
        model: Option<String>,
    },
    /// Too much is asked of it.
    #[error("{host} has too much to do. {}", again(*retry_after))]
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
    /// What came is no answer of this API. `why` is not part of the sentence.
    #[error("{host} does not speak OpenAI's chat API at this address.")]
    Garbled {
        /// The server.
        host: String,
        /// What is wrong with it.
        why: String,
    },
}

fn missing(host: &str, model: Option<&str>) -> String {
    match model {
        Some(model) => format!("{host} has no model called “{model}”."),
        None => format!("{host} does not speak OpenAI's chat API at this address."),
    }
}

fn seconds(time: Duration) -> String {
    match time.as_secs() {
        1 => "1 second".to_owned(),
        n => format!("{n} seconds"),
    }
}

fn again(after: Option<Duration>) -> String {
    match after.map(|after| after.as_secs()) {
        None => "Try again in a few minutes.".to_owned(),
        Some(0 | 1) => "Try again in a second.".to_owned(),
        Some(n @ 2..=120) => format!("Try again in {n} seconds."),
        Some(n) => format!("Try again in {} minutes.", n.div_ceil(60)),
    }
}
