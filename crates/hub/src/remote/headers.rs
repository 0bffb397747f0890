//! The header of a model on a server, from byte ranges of its files.
//!
//! `paddock_gguf::RangeReader` reads synchronously, on a thread of its own, and asks this side for each piece. This
//! side does the fetching, so that dropping it ends the request at once; the thread ends at its next question.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use paddock_gguf::{Header, Limits, Model, Part, RangeReader, RangeSource, SplitError};
use reqwest::header::{CONTENT_ENCODING, CONTENT_RANGE, ETAG, HeaderMap};
use reqwest::{StatusCode, Url};
use tokio::sync::{mpsc, oneshot};

use super::error::RemoteError;
use super::header_cache::{HeaderCache, Key, MAX_HEADER_BYTES};
use super::listing::{Listing, RemoteFile, RemoteModel};
use super::refusal::Wanted;
use super::siblings::{Beside, Stop};
use super::web::{self, Answer, Web, host, is_web_page};
use crate::appearance::{SAMPLE_BYTES, looks_like};

/// The most parts whose headers are read. The largest published models have about 100.
const MAX_PARTS: u64 = 512;

/// The most bytes fetched for one model. Only the first part's header is long; all others have one piece of 1 MiB.
const MAX_BYTES: u64 = 768 << 20;

/// The most bytes fetched only to be kept: what a reader skips is an array of numbers that reaches beyond a piece, such as
/// the types of all tokens (0.5 MB for a 70B).
const MAX_SKIPPED_BYTES: usize = 4 << 20;

/// How many parts are asked for at once: enough to hide the way to the server, few enough to be polite.
const PARTS_AT_ONCE: usize = 4;

/// Reads the headers of all files of a model, and puts them together.
pub(crate) async fn model(
    web: &Web,
    cache: Option<&Arc<HeaderCache>>,
    listing: &Listing,
    model: &RemoteModel,
) -> Result<Model, RemoteError> {
    let count = model.part_count();
    if let Some(first_missing) = model.missing().next() {
        let missing = count as usize - model.parts.len();
        return Err(RemoteError::Incomplete { model: model.path().to_owned(), missing, count, first_missing });
    }
    let too_large = |what, at_most| RemoteError::HeadersTooLarge { model: model.path().to_owned(), what, at_most };
    if u64::from(count) > MAX_PARTS {
        return Err(too_large("files", MAX_PARTS));
    }
    let nearest = model.quant.as_deref().map_or_else(Vec::new, |quant| listing.nearest(quant));
    let fetched = Fetch { web, cache, listing, nearest, left_bytes: AtomicU64::new(MAX_BYTES), too_large: &too_large };
    // Built up front: a closure in the stream would have to live as long as any stream.
    let parts: Vec<_> = model.parts.iter().zip(0..).map(|(file, place)| fetched.header(file, place == 0)).collect();
    let headers: Vec<Header> = stream::iter(parts).buffered(PARTS_AT_ONCE).try_collect().await?;
    for ((header, file), number) in headers.iter().zip(&model.parts).zip(1..) {
        let says = Part::of(header).map_err(|source| bad_header(file, source))?;
        if count > 1 && says != Some(Part { number, count }) {
            return Err(RemoteError::WrongPart { file: file.path.clone(), number, count });
        }
    }
    Model::new(headers).map_err(|error| misfit(model, error))
}

fn bad_header(file: &RemoteFile, source: paddock_gguf::Error) -> RemoteError {
    RemoteError::Header { file: file.path.clone(), source }
}

/// Names the part that does not belong to the others, where that can be told.
fn misfit(model: &RemoteModel, error: paddock_gguf::Error) -> RemoteError {
    let number = match &error {
        paddock_gguf::Error::Split(
            SplitError::OtherArchitecture { number, .. } | SplitError::OtherTensorCount { number, .. },
        ) => *number,
        paddock_gguf::Error::Split(SplitError::TensorTwice { second, .. }) => *second,
        _ => 1,
    };
    bad_header(model.parts.get(number as usize - 1).unwrap_or(&model.parts[0]), error)
}

/// What fetching the headers of one model shares.
pub(crate) struct Fetch<'a> {
    web: &'a Web,
    cache: Option<&'a Arc<HeaderCache>>,
    listing: &'a Listing,
    /// Offered when a file is gone.
    nearest: Vec<String>,
    left_bytes: AtomicU64,
    too_large: &'a (dyn Fn(&'static str, u64) -> RemoteError + Sync),
}

impl Fetch<'_> {
    /// A file's header: from the cache, or with as few bytes from the server as will do. Only a model's first part has
    /// the vocabulary.
    async fn header(&self, file: &RemoteFile, is_first: bool) -> Result<Header, RemoteError> {
        let key = Key::of(self.web.url([]).as_ref(), self.listing, file);
        let (Some(cache), Some(key)) = (self.cache, key) else { return Ok(self.whole(file, false).await?.0) };
        let interrupted = || RemoteError::Interrupted { file: file.path.clone() };
        let on_disk = async || {
            let (cache, key, size_bytes) = (Arc::clone(cache), key.clone(), file.size_bytes);
            let look = move || match cache.load(&key, size_bytes) {
                None if is_first => (None, cache.known(&key)),
                header => (header, Vec::new()),
            };
            tokio::task::spawn_blocking(look).await.map_err(|_| interrupted())
        };
        let (mut header, mut known) = on_disk().await?;
        let mut turn = None;
        if header.is_none() && known.is_empty() && is_first {
            turn = Some(cache.turn(&key).lock().await);
            // Somebody may have fetched it, or another one, while this waited for its turn.
            (header, known) = on_disk().await?;
        }
        if let Some(header) = header {
            return Ok(header);
        }
        if !known.is_empty() {
            turn = None;
        }
        let mut found = None;
        for known in &known {
            match self.read(file, Beside::new(RemoteRanges::new(self, file), known), true).await {
                Ok((header, bytes)) if known.agrees(&header, file.size_bytes) => {
                    found = Some((header, bytes));
                    break;
                }
                // Another vocabulary: fetching all of it shows what is wrong, if anything is.
                Ok(_) | Err(Stop::Unlike | Stop::Header(_)) => {}
                Err(Stop::Remote(error)) => return Err(error),
            }
        }
        let (header, bytes) = match found {
            Some(found) => found,
            None => self.whole(file, true).await?,
        };
        let (cache, size_bytes) = (Arc::clone(cache), file.size_bytes);
        let store = move || {
            if let Some(bytes) = bytes {
                cache.store(&key, size_bytes, &bytes, &header);
            }
            header
        };
        let header = tokio::task::spawn_blocking(store).await.map_err(|_| interrupted())?;
        drop(turn);
        Ok(header)
    }

    /// A header from its own file alone; with its bytes if they are to be kept.
    async fn whole(&self, file: &RemoteFile, keep: bool) -> Result<(Header, Option<Vec<u8>>), RemoteError> {
        self.read(file, RemoteRanges::new(self, file), keep).await.map_err(|stop| match stop {
            Stop::Remote(error) => error,
            Stop::Header(error) => bad_header(file, error),
            // Only what is put together from two files can be unlike.
            Stop::Unlike => RemoteError::Interrupted { file: file.path.clone() },
        })
    }

    /// Reads a header from pieces. Also gives all bytes from the file's beginning on, if they are to be kept and not too
    /// long for that.
    async fn read(
        &self,
        file: &RemoteFile,
        mut pieces: impl Pieces,
        keep: bool,
    ) -> Result<(Header, Option<Vec<u8>>), Stop> {
        let (questions, mut asked) = mpsc::channel(1);
        let source = Asking { questions, total_bytes: file.size_bytes };
        let reading = tokio::task::spawn_blocking(move || RangeReader::new(source).header(&Limits::default()));
        let mut came = keep.then(Vec::new);
        let mut sample = Vec::new();
        while let Some(Question { offset, length, answer }) = asked.recv().await {
            let piece = pieces.piece(offset, length).await?;
            if offset == 0 {
                sample.extend_from_slice(&piece[..piece.len().min(SAMPLE_BYTES)]);
            }
            if let Some(before) = came {
                came = with_piece(before, offset, &piece, &mut pieces).await?;
            }
            // Nobody listens only if the reading thread is gone, and then no question follows.
            let _ = answer.send(piece);
        }
        let header = reading.await.map_err(|_| RemoteError::Interrupted { file: file.path.clone() })?;
        match header {
            Ok(header) => Ok((header, came)),
            Err(paddock_gguf::Error::NotGguf { .. }) => {
                Err(RemoteError::NotGguf { file: file.path.clone(), looks_like: looks_like(&sample) }.into())
            }
            Err(error) => Err(Stop::Header(error)),
        }
    }

    /// Takes from what may be fetched for the whole model.
    fn spend(&self, n_bytes: u64) -> Result<(), RemoteError> {
        let spent =
            self.left_bytes.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(n_bytes));
        spent.map(|_| ()).map_err(|_| (self.too_large)("bytes", MAX_BYTES))
    }
}

/// Where pieces of a file come from.
pub(crate) trait Pieces {
    /// Bytes from `offset` on, at most `length`; none at the end of the file.
    async fn piece(&mut self, offset: u64, length: usize) -> Result<Vec<u8>, Stop>;
}

/// Adds a piece behind those that came before, and what the reader skipped between them. `None` when that is too long.
async fn with_piece(
    mut came: Vec<u8>,
    offset: u64,
    piece: &[u8],
    pieces: &mut impl Pieces,
) -> Result<Option<Vec<u8>>, Stop> {
    let Ok(start) = usize::try_from(offset) else { return Ok(None) };
    if start > came.len() + MAX_SKIPPED_BYTES || start + piece.len() > MAX_HEADER_BYTES {
        return Ok(None);
    }
    while came.len() < start {
        let skipped = pieces.piece(came.len() as u64, start - came.len()).await?;
        if skipped.is_empty() {
            return Ok(None);
        }
        came.extend_from_slice(&skipped);
    }
    came.truncate(start);
    came.extend_from_slice(piece);
    Ok(Some(came))
}

/// A piece that the reading thread wants.
struct Question {
    offset: u64,
    length: usize,
    answer: oneshot::Sender<Vec<u8>>,
}

/// The reading thread's side.
struct Asking {
    questions: mpsc::Sender<Question>,
    total_bytes: u64,
}

impl RangeSource for Asking {
    /// Fails only when the other side has gone, with an error of its own or because it was dropped.
    fn read_range(&mut self, offset: u64, into: &mut [u8]) -> io::Result<usize> {
        let gone = || io::Error::from(io::ErrorKind::ConnectionAborted);
        let (answer, answered) = oneshot::channel();
        self.questions.blocking_send(Question { offset, length: into.len(), answer }).map_err(|_| gone())?;
        let piece = answered.blocking_recv().map_err(|_| gone())?;
        into.get_mut(..piece.len()).ok_or_else(gone)?.copy_from_slice(&piece);
        Ok(piece.len())
    }

    fn total_bytes(&mut self) -> io::Result<Option<u64>> {
        Ok(Some(self.total_bytes))
    }
}

/// One file on the server.
pub(crate) struct RemoteRanges<'a> {
    fetch: &'a Fetch<'a>,
    file: &'a RemoteFile,
    url: Url,
    /// Where the endpoint sent the last request on to. Asked directly, which saves a request for each piece.
    direct: Option<Url>,
    /// Tells versions of the file apart; of the server that gave the first piece.
    etag: Option<String>,
}

impl<'a> RemoteRanges<'a> {
    fn new(fetch: &'a Fetch<'a>, file: &'a RemoteFile) -> Self {
        let listing = fetch.listing;
        let place = [listing.repo().owner(), listing.repo().name(), "resolve", listing.revision()];
        let url = fetch.web.url(place.into_iter().chain(file.path.split('/')));
        Self { fetch, file, url, direct: None, etag: None }
    }

    /// Bytes from `offset` on, exactly `length` or up to the end of the file.
    pub(crate) async fn exactly(&mut self, offset: u64, length: usize) -> Result<Vec<u8>, RemoteError> {
        let mut bytes = Vec::new();
        while bytes.len() < length {
            let more = self.some(offset + bytes.len() as u64, length - bytes.len()).await?;
            if more.is_empty() {
                break;
            }
            bytes.extend_from_slice(&more);
        }
        Ok(bytes)
    }

    async fn some(&mut self, offset: u64, length: usize) -> Result<Vec<u8>, RemoteError> {
        let length = (length as u64).min(self.file.size_bytes.saturating_sub(offset));
        if length == 0 {
            return Ok(Vec::new());
        }
        self.fetch.spend(length)?;
        let limit = self.fetch.web.patience().request;
        let host = host(self.direct.as_ref().unwrap_or(&self.url));
        let piece = tokio::time::timeout(limit, self.fetch_piece(offset, length)).await;
        piece.unwrap_or(Err(RemoteError::TooSlow { host, limit }))
    }

    async fn fetch_piece(&mut self, offset: u64, length: u64) -> Result<Vec<u8>, RemoteError> {
        let (web, range) = (self.fetch.web, Some((offset, offset + (length - 1))));
        let mut answer = match self.direct.take() {
            None => web.get(self.url.clone(), range).await?,
            Some(direct) => match web.get(direct, range).await? {
                answer if answer.response.status() == StatusCode::PARTIAL_CONTENT => answer,
                // The address was good for a while only. The endpoint gives a new one.
                _ => web.get(self.url.clone(), range).await?,
            },
        };
        let n_bytes = self.check(&answer, offset, length)?;
        // At most 8 MiB, and so a usize.
        let piece = web.body(&mut answer, n_bytes as usize).await?;
        if piece.len() as u64 != n_bytes {
            let cause = format!("{} of {n_bytes} bytes came", piece.len());
            return Err(RemoteError::Cut { host: host(&answer.url), cause });
        }
        self.direct = (!web.is_endpoint(&answer.url)).then_some(answer.url);
        Ok(piece)
    }

    /// How many bytes of the body are the piece that was asked for; refuses every other answer.
    fn check(&mut self, answer: &Answer, offset: u64, length: u64) -> Result<u64, RemoteError> {
        let (web, listing, file) = (self.fetch.web, self.fetch.listing, self.file);
        let (status, headers) = (answer.response.status(), answer.response.headers());
        let is_data = status == StatusCode::PARTIAL_CONTENT || status == StatusCode::OK;
        if status == StatusCode::RANGE_NOT_SATISFIABLE {
            return Err(self.changed("it is shorter now".to_owned()));
        } else if !is_data {
            let file = Some((file, self.fetch.nearest.as_slice()));
            let wanted = Wanted { repo: listing.repo(), revision: listing.revision(), file };
            return Err(web.refusal(wanted, answer));
        } else if is_web_page(headers) {
            return Err(RemoteError::WebPage { host: host(&answer.url) });
        } else if headers.get(CONTENT_ENCODING).is_some_and(|encoding| encoding != "identity") {
            return Err(web::bad_answer(&answer.url, "it is compressed, which was not asked for".to_owned()));
        }
        self.check_identity(answer)?;
        let n_body_bytes = web::content_length(headers);
        if status == StatusCode::PARTIAL_CONTENT {
            let n_bytes = self.check_range(answer, offset, length)?;
            return match n_body_bytes.filter(|n_body_bytes| *n_body_bytes != n_bytes) {
                Some(other) => Err(web::bad_answer(
                    &answer.url,
                    format!("it announces {n_bytes} bytes of the file and {other} bytes in all"),
                )),
                None => Ok(n_bytes),
            };
        }
        // The whole file, whose beginning is as good; the rest is not awaited.
        if offset > 0 {
            return Err(RemoteError::NoRanges { host: host(&answer.url), file: file.path.clone() });
        }
        match n_body_bytes.filter(|n_body_bytes| *n_body_bytes != file.size_bytes) {
            Some(other) => Err(self.changed(format!("{other} bytes instead of {}", file.size_bytes))),
            None => Ok(length),
        }
    }

    /// Whether it is the file that was listed, and the same as for the pieces before.
    fn check_identity(&mut self, answer: &Answer) -> Result<(), RemoteError> {
        let file = self.file;
        if let Some(other) = answer.linked_size.filter(|size| *size != file.size_bytes) {
            return Err(self.changed(format!("{other} bytes instead of {}", file.size_bytes)));
        }
        let is_sha256 = |etag: &&String| etag.len() == 64;
        if let (Some(listed), Some(now)) = (&file.sha256, answer.linked_etag.as_ref().filter(is_sha256))
            && !listed.eq_ignore_ascii_case(now)
        {
            return Err(self.changed("it has another checksum".to_owned()));
        }
        let etag = etag(answer.response.headers());
        match (&self.etag, &etag) {
            (Some(before), Some(now)) if before != now => Err(self.changed("it was exchanged just now".to_owned())),
            (None, Some(_)) => {
                self.etag = etag;
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// `Content-Range: bytes 0-1048575/42520395584`
    fn check_range(&self, answer: &Answer, offset: u64, length: u64) -> Result<u64, RemoteError> {
        let range = web::text(answer.response.headers(), CONTENT_RANGE.as_str()).unwrap_or_default();
        match web::content_range(range) {
            Some((_, _, Some(total))) if total != self.file.size_bytes => {
                Err(self.changed(format!("{total} bytes instead of {}", self.file.size_bytes)))
            }
            Some((first, last, _)) if first == offset && first <= last && last - first < length => Ok(last - first + 1),
            _ => Err(web::bad_answer(
                &answer.url,
                format!("bytes {offset} to {} were asked for, and it gives “{range}”", offset + (length - 1)),
            )),
        }
    }

    fn changed(&self, what: String) -> RemoteError {
        RemoteError::Changed { file: self.file.path.clone(), what }
    }
}

impl Pieces for RemoteRanges<'_> {
    async fn piece(&mut self, offset: u64, length: usize) -> Result<Vec<u8>, Stop> {
        Ok(self.some(offset, length).await?)
    }
}

/// Weak ones too: they differ when the file does.
fn etag(headers: &HeaderMap) -> Option<String> {
    web::text(headers, ETAG.as_str()).map(str::to_owned)
}
