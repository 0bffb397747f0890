//! The list of files of a repository: `GET /api/models/{repo}/tree/{revision}?recursive=true`, page by page.

use std::fmt;

use reqwest::header::{HeaderMap, LINK};
use reqwest::{StatusCode, Url};
use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, SeqAccess, Visitor};

use super::error::RemoteError;
use super::listing::{Listing, RemoteFile};
use super::names::{RepoId, check_revision};
use super::refusal::Wanted;
use super::web::{self, Web, host, is_web_page};

/// The most files and folders. Repositories of GGUF files have up to a few hundred.
const MAX_ENTRIES: usize = 10_000;

/// The most bytes over all pages. An entry has about 350.
const MAX_BYTES: usize = 16 << 20;

/// The most pages. Hugging Face puts up to 1,000 entries on one.
const MAX_PAGES: usize = 20;

/// A file or a folder, as the server describes it. Other fields are skipped.
#[derive(Debug, Deserialize)]
struct Entry {
    #[serde(rename = "type")]
    kind: String,
    path: String,
    #[serde(default)]
    size: u64,
    #[serde(default)]
    lfs: Option<Lfs>,
}

/// What is known about a file in large file storage.
#[derive(Debug, Deserialize)]
struct Lfs {
    /// SHA-256.
    oid: String,
    #[serde(default)]
    size: Option<u64>,
}

/// The files of one page; how many entries there were.
#[derive(Debug, Default)]
struct Page {
    files: Vec<RemoteFile>,
    n_entries: usize,
}

/// Lists a repository.
pub(crate) async fn list(web: &Web, repo: &RepoId, revision: &str) -> Result<Listing, RemoteError> {
    check_revision(revision)?;
    let first = web.url(["api", "models", repo.owner(), repo.name(), "tree", revision]);
    let limit = web.patience().request;
    match tokio::time::timeout(limit, pages(web, repo, revision, &first)).await {
        Ok(files) => Ok(Listing::new(repo.clone(), revision, files?)),
        Err(_) => Err(RemoteError::TooSlow { host: host(&first), limit }),
    }
}

async fn pages(web: &Web, repo: &RepoId, revision: &str, first: &Url) -> Result<Vec<RemoteFile>, RemoteError> {
    let too_large = |what, at_most| RemoteError::ListingTooLarge { repo: repo.to_string(), what, at_most };
    let (mut files, mut n_entries, mut n_bytes) = (Vec::new(), 0, 0);
    let mut next = Some(first.clone());
    next.iter_mut().for_each(|url| url.set_query(Some("recursive=true")));
    for _ in 0..MAX_PAGES {
        let Some(url) = next else { return Ok(files) };
        let mut answer = web.get(url, None).await?;
        if answer.response.status() != StatusCode::OK || is_web_page(answer.response.headers()) {
            return Err(web.refusal(Wanted { repo, revision, file: None }, &answer));
        }
        next = next_page(web, first, &answer.url, answer.response.headers())?;
        // One more than allowed shows that there is more.
        let body = web.body(&mut answer, MAX_BYTES - n_bytes + 1).await?;
        n_bytes += body.len();
        if n_bytes > MAX_BYTES {
            return Err(too_large("bytes", MAX_BYTES));
        }
        let page: Page = serde_json::from_slice(&body)
            .map_err(|error| web::bad_answer(&answer.url, format!("its list of files is no such list ({error})")))?;
        n_entries += page.n_entries;
        if n_entries > MAX_ENTRIES {
            return Err(too_large("files", MAX_ENTRIES));
        }
        files.extend(page.files);
    }
    if next.is_some() { Err(too_large("pages", MAX_PAGES)) } else { Ok(files) }
}

/// The address of the next page: `Link: <…>; rel="next"`. It must lead to the same list, since the token goes with it.
fn next_page(web: &Web, first: &Url, from: &Url, headers: &HeaderMap) -> Result<Option<Url>, RemoteError> {
    let Some(link) = web::text(headers, LINK.as_str()).and_then(target_of_next) else { return Ok(None) };
    let next = from.join(link).ok();
    let is_same_list = |url: &Url| web.is_endpoint(url) && (url.path() == first.path() || url.path() == from.path());
    match next.filter(is_same_list) {
        Some(url) => Ok(Some(url)),
        None => Err(web::bad_answer(from, "the next page of its list is on another server".to_owned())),
    }
}

fn target_of_next(header: &str) -> Option<&str> {
    let mut rest = header;
    // Addresses may hold commas, so links end where the next one begins.
    while let Some((_, after)) = rest.split_once('<') {
        let (target, after) = after.split_once('>')?;
        let parameters = after.split('<').next().unwrap_or(after);
        let is_next = parameters.split([';', ',']).any(|parameter| {
            let (name, value) = parameter.split_once('=').unwrap_or_default();
            name.trim().eq_ignore_ascii_case("rel") && value.trim().trim_matches('"').eq_ignore_ascii_case("next")
        });
        if is_next {
            return Some(target);
        }
        rest = after;
    }
    None
}

impl<'de> Deserialize<'de> for Page {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries;
        impl<'de> Visitor<'de> for Entries {
            type Value = Page;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of files")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut entries: A) -> Result<Page, A::Error> {
                let mut page = Page::default();
                // 16 MiB hold a million entries, which would take a multiple of that in memory.
                while page.n_entries < MAX_ENTRIES {
                    let Some(entry) = entries.next_element::<Entry>()? else { return Ok(page) };
                    page.n_entries += 1;
                    page.files.extend((entry.kind == "file").then(|| entry.into_file()));
                }
                while entries.next_element::<IgnoredAny>()?.is_some() {
                    page.n_entries += 1;
                }
                Ok(page)
            }
        }
        deserializer.deserialize_seq(Entries)
    }
}

impl Entry {
    fn into_file(self) -> RemoteFile {
        let is_sha256 = |oid: &str| oid.len() == 64 && oid.bytes().all(|byte| byte.is_ascii_hexdigit());
        let size_bytes = self.lfs.as_ref().and_then(|lfs| lfs.size).unwrap_or(self.size);
        let sha256 = self.lfs.map(|lfs| lfs.oid.to_ascii_lowercase()).filter(|oid| is_sha256(oid));
        RemoteFile { path: self.path, size_bytes, sha256 }
    }
}
