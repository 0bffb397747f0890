//! One connection: takes a piece of the file that nobody fetches, asks for it, and hands its bytes to the disk.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering};

use reqwest::header::{CONTENT_ENCODING, CONTENT_RANGE, ETAG, HeaderValue};
use reqwest::{StatusCode, Url};
use tokio::sync::{Mutex, RwLock, mpsc};

use super::claims::{Claim, Claims};
use super::disk::Piece;
use super::error::TransferError;
use super::fault::Fault;
use super::gate::{Gate, WaitReason, backoff};
use super::network::{Changes, Network};
use super::speed::SpeedLimit;
use crate::remote::refusal::Wanted;
use crate::remote::web::{self, Answer, Web, host, is_web_page};
use crate::remote::{RemoteError, RemoteFile, RepoId};

/// How many answers in a row that make no sense, or refusals of a fresh address, are one too many: then it is the server,
/// not the way there.
const MOST_NONSENSE: u32 = 5;

/// The file that all connections of a transfer fetch, and what they know of the server.
#[derive(Debug)]
pub(crate) struct Source<'a> {
    pub(crate) web: &'a Web,
    pub(crate) repo: &'a RepoId,
    pub(crate) commit: &'a str,
    pub(crate) file: &'a RemoteFile,
    /// The address at the endpoint.
    url: Url,
    /// Where the endpoint sends requests on to, with a signature that is good for a while.
    place: RwLock<Place>,
    /// Held by the connection that asks the endpoint, so that the others do not ask the same.
    asking: Mutex<()>,
    etag: Mutex<Option<HeaderValue>>,
    nonsense: AtomicU32,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Place {
    /// The endpoint was not asked yet, or its address is no longer good.
    Unknown,
    /// The endpoint has the file itself.
    Endpoint,
    Elsewhere(Url),
}

/// What the connections of a transfer share.
#[derive(Debug)]
pub(crate) struct Line<'a> {
    pub(crate) source: Source<'a>,
    pub(crate) claims: Claims,
    pub(crate) gate: Gate,
    pub(crate) network: Network,
    pub(crate) limit: Arc<SpeedLimit>,
    /// File bytes that came, also those that came twice.
    pub(crate) received_bytes: AtomicU64,
    /// Connections that bytes come over.
    pub(crate) busy: AtomicUsize,
}

impl<'a> Source<'a> {
    pub(crate) fn new(web: &'a Web, repo: &'a RepoId, commit: &'a str, file: &'a RemoteFile) -> Self {
        let place = [repo.owner(), repo.name(), "resolve", commit];
        let url = web.url(place.into_iter().chain(file.path.split('/')));
        Self {
            web,
            repo,
            commit,
            file,
            url,
            place: RwLock::new(Place::Unknown),
            asking: Mutex::new(()),
            etag: Mutex::new(None),
            nonsense: AtomicU32::new(0),
        }
    }

    /// An answer whose body begins with the byte that was asked for. `last` is the last byte wanted.
    async fn ask(&self, first: u64, last: u64) -> Result<Answer, Fault> {
        let place = self.place.read().await.clone();
        if place != Place::Unknown {
            return self.ask_at(&place, first, last).await;
        }
        let _asking = self.asking.lock().await;
        // Somebody else may have asked meanwhile.
        let place = self.place.read().await.clone();
        self.ask_at(&place, first, last).await
    }

    async fn ask_at(&self, place: &Place, first: u64, last: u64) -> Result<Answer, Fault> {
        let url = if let Place::Elsewhere(url) = place { url } else { &self.url };
        // Another storage server can have another ETag for the same bytes; the endpoint says whether they are the same.
        let etag = if *place == Place::Unknown { None } else { self.etag.lock().await.clone() };
        let limit = self.web.patience().silence;
        // A redirect can lead to an answer that never comes, one after the other.
        let asked = tokio::time::timeout(limit, self.web.get_if(url.clone(), Some((first, last)), etag.as_ref())).await;
        let answer = match asked {
            Ok(answer) => answer?,
            Err(_) => return Err(RemoteError::Silent { host: host(url), silence: limit }.into()),
        };
        self.check(place, &answer, first, last).await?;
        let now =
            if self.web.is_endpoint(&answer.url) { Place::Endpoint } else { Place::Elsewhere(answer.url.clone()) };
        *self.place.write().await = now;
        Ok(answer)
    }

    /// Refuses every answer that is not the piece that was asked for.
    async fn check(&self, place: &Place, answer: &Answer, first: u64, last: u64) -> Result<(), Fault> {
        let (status, headers) = (answer.response.status(), answer.response.headers());
        if is_web_page(headers) && status.is_success() {
            return Err(Fault::Fatal(RemoteError::WebPage { host: host(&answer.url) }.into()));
        }
        self.check_linked(answer)?;
        let is_data = matches!(status, StatusCode::PARTIAL_CONTENT | StatusCode::OK);
        if !is_data {
            return Err(self.refusal(answer).await);
        }
        self.check_etag(place, answer).await?;
        if headers.get(CONTENT_ENCODING).is_some_and(|encoding| encoding != "identity") {
            return Err(self.nonsense(web::bad_answer(&answer.url, "it is compressed, which was not asked for".into())));
        }
        if status == StatusCode::OK {
            return Err(self.nonsense(TransferError::NoRanges { host: host(&answer.url) }));
        }
        self.check_range(answer, first, last)?;
        let mut etag = self.etag.lock().await;
        if etag.is_none() {
            // A weak one does not promise the same bytes.
            *etag = headers.get(ETAG).filter(|etag| !etag.as_bytes().starts_with(b"W/")).cloned();
        }
        Ok(())
    }

    /// Whether the endpoint speaks of the file that was listed.
    fn check_linked(&self, answer: &Answer) -> Result<(), Fault> {
        if answer.linked_size.is_some_and(|size| size != self.file.size_bytes) {
            return Err(self.changed("it has another length"));
        }
        match (linked_sha256(answer), &self.file.sha256) {
            (Some(now), Some(listed)) if !now.eq_ignore_ascii_case(listed) => {
                Err(self.changed("it has another checksum"))
            }
            _ => Ok(()),
        }
    }

    /// Whether the storage server speaks of the same version as before.
    async fn check_etag(&self, place: &Place, answer: &Answer) -> Result<(), Fault> {
        let mut etag = self.etag.lock().await;
        let differs = etag.as_ref().zip(answer.response.headers().get(ETAG)).is_some_and(|(before, now)| before != now);
        // No version is wanted again: the server that ignores `If-Range` would send the whole file.
        let is_other =
            differs || (etag.is_some() && *place != Place::Unknown && answer.response.status() == StatusCode::OK);
        if !is_other {
            return Ok(());
        }
        if linked_sha256(answer).is_some() {
            // The endpoint has just said that it is the same file.
            *etag = None;
            return Ok(());
        }
        if matches!(place, Place::Elsewhere(_)) {
            *etag = None;
            *self.place.write().await = Place::Unknown;
            let what = "its storage gave another version of the file";
            return Err(self.nonsense(web::bad_answer(&answer.url, what.into())));
        }
        Err(self.changed("it was exchanged in the middle of the download"))
    }

    /// What an answer without data means.
    async fn refusal(&self, answer: &Answer) -> Fault {
        let status = answer.response.status();
        if status == StatusCode::RANGE_NOT_SATISFIABLE {
            return self.changed("it is shorter now");
        }
        if !self.web.is_endpoint(&answer.url) {
            // The signature is no longer good, or never was; the endpoint gives a new one.
            *self.place.write().await = Place::Unknown;
            if status.is_client_error() && status != StatusCode::TOO_MANY_REQUESTS {
                let host = host(&answer.url);
                return self.nonsense(RemoteError::UnknownStatus { host, status: status.as_u16() });
            }
        }
        let wanted = Wanted { repo: self.repo, revision: self.commit, file: Some((self.file, &[])) };
        Fault::refused(self.web.refusal(wanted, answer), web::retry_after(answer.response.headers()))
    }

    fn check_range(&self, answer: &Answer, first: u64, last: u64) -> Result<(), Fault> {
        let headers = answer.response.headers();
        let range = web::text(headers, CONTENT_RANGE.as_str()).unwrap_or_default();
        let bad = |what: String| Err(self.nonsense(web::bad_answer(&answer.url, what)));
        let Some((from, to, total)) = web::content_range(range) else {
            return bad(format!("it does not say which bytes it gives (“{range}”)"));
        };
        if total.is_some_and(|total| total != self.file.size_bytes) {
            return Err(self.changed("it has another length"));
        }
        if from != first || to < from || to > last {
            return bad(format!("bytes {first} to {last} were asked for, and it gives “{range}”"));
        }
        match web::content_length(headers) {
            Some(length) if length != to - from + 1 => {
                bad(format!("it announces {} bytes of the file and {length} bytes in all", to - from + 1))
            }
            _ => Ok(()),
        }
    }

    fn changed(&self, what: &str) -> Fault {
        Fault::Changed(RemoteError::Changed { file: self.file.path.clone(), what: what.to_owned() })
    }

    /// An answer that can be an accident, unless it comes again and again.
    fn nonsense(&self, error: impl Into<TransferError>) -> Fault {
        let before = self.nonsense.fetch_add(1, Ordering::Relaxed);
        if before + 1 >= MOST_NONSENSE {
            Fault::Fatal(error.into())
        } else {
            Fault::Again { after: backoff(before) / 2 }
        }
    }
}

impl Line<'_> {
    /// Fetches one piece after the other. Ends only with what cannot heal, or when the disk takes nothing any more.
    pub(crate) async fn work(&self, disk: mpsc::Sender<Piece>) -> Fault {
        let mut network = self.network.changes();
        let mut in_vain = 0;
        loop {
            let claim = self.claims.next().await;
            let pass = self.gate.pass(&mut network).await;
            network.forget();
            let before = claim.left().start;
            let fetched = self.fetch(&claim, &disk, &mut network).await;
            let got_bytes = claim.left().start > before || claim.left().is_empty();
            drop(claim);
            in_vain = if got_bytes { 0 } else { in_vain + 1 };
            let Err(fault) = fetched else {
                self.gate.give_up(pass);
                continue;
            };
            match fault {
                Fault::Again { after } => {
                    self.gate.give_up(pass);
                    tokio::time::sleep(after).await;
                }
                // A connection that broke is made anew at once; one that breaks before it brings anything says more.
                Fault::Wait { why, .. } if why.reason() == WaitReason::Stalled && (got_bytes || in_vain <= 1) => {
                    self.gate.give_up(pass)
                }
                Fault::Wait { why, after } => self.gate.close(pass, why, after),
                Fault::NewNetwork => self.gate.give_up(pass),
                fatal => return fatal,
            }
        }
    }

    async fn fetch(&self, claim: &Claim<'_>, disk: &mpsc::Sender<Piece>, network: &mut Changes) -> Result<(), Fault> {
        let wanted = claim.left();
        if wanted.is_empty() {
            return Ok(());
        }
        let mut answer = tokio::select! {
            answer = self.source.ask(wanted.start, wanted.end - 1) => answer?,
            () = network.next() => return Err(Fault::NewNetwork),
        };
        self.busy.fetch_add(1, Ordering::Relaxed);
        let read = self.read(claim, &mut answer, disk, network).await;
        self.busy.fetch_sub(1, Ordering::Relaxed);
        read
    }

    async fn read(
        &self,
        claim: &Claim<'_>,
        answer: &mut Answer,
        disk: &mpsc::Sender<Piece>,
        network: &mut Changes,
    ) -> Result<(), Fault> {
        let silence = self.source.web.patience().silence;
        while !claim.left().is_empty() {
            let chunk = tokio::select! {
                chunk = tokio::time::timeout(silence, answer.response.chunk()) => chunk,
                () = network.next() => return Err(Fault::NewNetwork),
            };
            let mut bytes = match chunk {
                Ok(Ok(Some(bytes))) => bytes,
                Ok(Ok(None)) => {
                    let cause = "it ended too early".to_owned();
                    return Err(RemoteError::Cut { host: host(&answer.url), cause }.into());
                }
                Ok(Err(error)) => return Err(self.source.web.cut(&answer.url, &error).into()),
                Err(_) => return Err(RemoteError::Silent { host: host(&answer.url), silence }.into()),
            };
            let n_bytes = bytes.len() as u64;
            self.received_bytes.fetch_add(n_bytes, Ordering::Relaxed);
            self.gate.open();
            self.source.nonsense.store(0, Ordering::Relaxed);
            let offset = claim.left().start;
            // No more than a block, and so a usize.
            bytes.truncate(claim.advance(n_bytes) as usize);
            if !bytes.is_empty() && disk.send(Piece { offset, bytes }).await.is_err() {
                return Err(Fault::DiskGone);
            }
            self.limit.pay(n_bytes).await;
        }
        Ok(())
    }
}

/// The checksum that the endpoint names beside its redirect.
fn linked_sha256(answer: &Answer) -> Option<&String> {
    answer.linked_etag.as_ref().filter(|etag| etag.len() == 64)
}
