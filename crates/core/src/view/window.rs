//! What the window remembers of itself.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use specta::Type;

/// Something that the window remembers. What the text under it means is the page's business.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum WindowKey {
    /// Which language it speaks.
    Language,
    /// Light or dark.
    Theme,
    /// How large the page is.
    Zoom,
    /// Whether the sidebar is hidden.
    SidebarHidden,
    /// How the sidebar is sorted.
    SidebarSorting,
    /// The folders that are folded.
    SidebarClosed,
    /// Whether long lines of code are wrapped.
    WrapCode,
    /// The damaged database that nobody has been told of yet.
    SetAside,
}

/// All that the window remembers.
pub type Remembered = BTreeMap<WindowKey, String>;
