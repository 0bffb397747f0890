//! The models that are on this computer: found and used where they are, without a copy.
//!
//! **Owns** where models lie ([`Places`]), what is there ([`scan`]), whether it is what was published ([`verify`]), what
//! is there twice ([`duplicates`]), taking models away so that they can be brought back ([`trash`]), and showing ours to
//! Python's huggingface_hub ([`share`]). **Does not own** downloads, nor when to do any of this.
//!
//! **The invariant:** what other programs left is only read. Nothing outside Paddock's own folder and the folders a
//! person added is changed or removed, and no name found in a file becomes a path before it was checked.
//!
//! **How to test:** `cargo test -p paddock-hub library`.

mod duplicates;
mod error;
mod identity;
mod layouts;
mod places;
mod receipts;
mod scan;
pub mod share;
pub mod trash;
mod verify;
mod walk;

pub use duplicates::{Duplicate, duplicates};
pub use error::LibraryError;
pub use identity::Identity;
pub use places::{Place, Places, Source, Surroundings, System};
pub use receipts::Receipts;
pub use scan::{Found, FoundPart, LookedAt, Memory, Scanned, Verified, scan};
pub use verify::{Verdict, check_before_use, verify};
