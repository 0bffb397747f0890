//! Conversations that the engine keeps on the disk, so that going back to one does not mean to understand it again.

use paddock_engine_api::parking::Parking;

use crate::App;

/// What they may take together, in bytes: some 25,000 tokens of a 70B at 16 bits, 60,000 of an 8B
/// (memory-and-speed.md §1.4), and less than a tenth of the model that they belong to.
const MAX_BYTES: u64 = 8 << 30;

impl App {
    /// Where, and how much.
    pub(crate) fn parking(&self) -> Parking {
        Parking { folder: self.inner.data.parked(), max_bytes: MAX_BYTES }
    }

    /// What is kept of these conversations goes, in the engine and on the disk.
    pub(crate) async fn forget_parked(&self, conversations: &[String]) {
        let folder = self.inner.data.parked();
        for conversation in conversations {
            if let Err(error) = self.inner.host.forget(Some(conversation.clone()), &folder).await {
                tracing::warn!(%error, "a deleted conversation is still kept for the engine");
            }
        }
    }
}
