//! What can go wrong with another server, in the window's words.

use paddock_remote::RemoteError;

use crate::{ApiError, ErrorCode, What};

impl From<RemoteError> for ApiError {
    fn from(error: RemoteError) -> Self {
        use RemoteError as E;
        let (code, hint) = match &error {
            E::BadAddress { .. } => (ErrorCode::BadInput, "Correct it and try again."),
            E::BadKey => (ErrorCode::RemoteKey, "Copy the key again, without spaces or line breaks."),
            E::KeyRefused { .. } => (ErrorCode::RemoteKey, "Check the key under Settings, Other servers."),
            E::NoTls { .. } => (ErrorCode::RemoteFailed, "Check the certificates of this system."),
            E::Unreachable { .. } => {
                (ErrorCode::RemoteFailed, "Start the server, or check its address and the network.")
            }
            E::Silent { .. } => {
                (ErrorCode::RemoteFailed, "Try again; the server may still be loading the model, or hang.")
            }
            // It says itself when to try again.
            E::Busy { .. } => (ErrorCode::RemoteFailed, ""),
            E::Cut { .. } => (ErrorCode::RemoteFailed, "What came is kept. Try again for a whole answer."),
            E::NotThere { model: Some(_), .. } => {
                (ErrorCode::RemoteRefused, "Refresh the server's models, or choose another model.")
            }
            E::NotThere { model: None, .. } | E::Garbled { .. } => {
                (ErrorCode::RemoteRefused, "Check the address; most end in /v1.")
            }
            E::Refused { .. } => (ErrorCode::RemoteRefused, "Change what it names, or choose another model."),
        };
        let details = match &error {
            E::Garbled { why, .. } => Some(why.clone()),
            _ => None,
        };
        let hint = Some(hint).filter(|hint| !hint.is_empty()).map(str::to_owned);
        Self { details, hint, ..Self::new(code, error.to_string()).what(What::of_other_server(error)) }
    }
}

impl ApiError {
    /// A server, or a model of one, is asked for that is not known any more.
    pub(crate) fn remote_gone(model: Option<String>) -> Self {
        let message = match &model {
            Some(model) => format!("The server of “{model}” is no longer in the list."),
            None => "This server is no longer in the list.".into(),
        };
        let what = model.map_or(What::RemoteServerGone, |model| What::RemoteModelGone { model });
        Self::new(ErrorCode::RemoteRefused, message).hint("Choose another model, or add the server again.").what(what)
    }

    /// A server's key is not where it was put.
    pub(crate) fn remote_key_lost(name: String) -> Self {
        Self::new(ErrorCode::RemoteKey, format!("The key of “{name}” could not be read."))
            .hint("Unlock the system's keychain, or enter the key again under Settings, Other servers.")
            .what(What::RemoteKeyLost { name })
    }

    /// An answer of another server is to be gone on with.
    pub(crate) fn remote_cannot_continue(host: String) -> Self {
        Self::new(
            ErrorCode::BadInput,
            format!("{host} cannot go on with an answer that was begun: its API has no way to."),
        )
        .hint("Ask for a new answer, or ask it to go on in your next message.")
        .what(What::RemoteCannotContinue { host })
    }

    /// The server's own rules ended an answer.
    pub(crate) fn remote_filtered(host: String) -> Self {
        Self::new(ErrorCode::RemoteRefused, format!("{host} ended the answer: its own rules forbid the rest."))
            .hint("Change your message, or choose another model.")
            .what(What::RemoteFiltered { host })
    }
}
