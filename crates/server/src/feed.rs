//! A reply on its way to a client: what is written waits here until the connection takes it.

use std::{
    convert::Infallible,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use tokio::sync::mpsc;

/// What may wait for a client that reads more slowly than the model writes, in bytes: about seven thousand tokens as
/// events. Past it the client is given up.
pub const MAX_UNREAD_BYTES: usize = 1 << 20;

/// Where a reply is written.
pub struct Feed {
    chunks: mpsc::UnboundedSender<Bytes>,
    unread: Arc<AtomicUsize>,
}

/// What the connection reads.
pub struct FeedBody {
    chunks: mpsc::UnboundedReceiver<Bytes>,
    unread: Arc<AtomicUsize>,
}

/// The client reads too slowly, or has gone.
#[derive(Debug)]
pub struct NobodyReads;

/// Both ends.
pub fn feed() -> (Feed, FeedBody) {
    let (sender, chunks) = mpsc::unbounded_channel();
    let unread = Arc::new(AtomicUsize::new(0));
    (Feed { chunks: sender, unread: Arc::clone(&unread) }, FeedBody { chunks, unread })
}

impl Feed {
    pub fn write(&self, chunk: impl Into<Bytes>) -> Result<(), NobodyReads> {
        let chunk = chunk.into();
        if chunk.is_empty() {
            return Ok(());
        }
        let unread = self.unread.fetch_add(chunk.len(), Ordering::Relaxed) + chunk.len();
        if unread > MAX_UNREAD_BYTES {
            return Err(NobodyReads);
        }
        self.chunks.send(chunk).map_err(|_| NobodyReads)
    }

    /// Resolves when the client has gone.
    pub fn closed_later(&self) -> impl Future<Output = ()> + Send + 'static {
        let chunks = self.chunks.clone();
        async move { chunks.closed().await }
    }
}

impl Body for FeedBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let chunk = std::task::ready!(self.chunks.poll_recv(cx));
        Poll::Ready(chunk.map(|chunk| {
            self.unread.fetch_sub(chunk.len(), Ordering::Relaxed);
            Ok(Frame::data(chunk))
        }))
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::default()
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may fail loudly")]
mod tests {
    use http_body_util::BodyExt as _;

    use super::*;

    #[tokio::test]
    async fn a_client_that_does_not_read_is_given_up_after_a_mebibyte() {
        let (feed, mut body) = feed();
        let chunk = Bytes::from(vec![b'x'; MAX_UNREAD_BYTES / 4]);
        for _ in 0..4 {
            feed.write(chunk.clone()).unwrap();
        }
        assert!(feed.write("one more").is_err());
        assert!(body.frame().await.is_some());
    }

    #[tokio::test]
    async fn what_is_read_makes_room_and_a_client_that_goes_is_noticed() {
        let (feed, mut body) = feed();
        let chunk = Bytes::from(vec![b'x'; MAX_UNREAD_BYTES / 2]);
        for _ in 0..8 {
            feed.write(chunk.clone()).unwrap();
            assert_eq!(body.frame().await.unwrap().unwrap().into_data().unwrap().len(), chunk.len());
        }
        drop(body);
        feed.closed_later().await;
        assert!(feed.write("x").is_err());
    }
}
