//! The names of things in the store. They are opaque text: UUID version 7, made here.

use std::fmt;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The text of a new id, unlike any other.
pub(crate) fn new_id() -> String {
    Uuid::now_v7().to_string()
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// A new one, unlike any other.
            pub(crate) fn new() -> Self {
                Self(new_id())
            }

            /// The text of the id, as it crosses to the user interface and back.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl From<String> for $name {
            /// Takes any text; an id that the store does not hold is refused where it is used.
            fn from(text: String) -> Self {
                Self(text)
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.to_owned())
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0
            }
        }
    };
}

id!(
    /// Names one conversation.
    ConversationId
);
id!(
    /// Names one message: a system prompt, a question or an answer.
    MessageId
);
