//! What a repository says of itself, and repositories by words: `GET /api/models/{repo}/revision/{revision}` and
//! `GET /api/models?search=…`.

use std::fmt;
use std::marker::PhantomData;

use reqwest::{StatusCode, Url};
use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer, IgnoredAny, SeqAccess, Visitor};

use super::error::RemoteError;
use super::licence::Licence;
use super::names::{RepoId, check_revision};
use super::refusal::Wanted;
use super::web::{self, Answer, Web, host, is_web_page};
use crate::inspect::one_line;

/// The most bytes of an answer. What a repository says of itself is some 20 KB, with up to 10,000 file names.
const MAX_INFO_BYTES: usize = 4 << 20;

/// The most bytes of what was found: 100 repositories with some 20 tags each are 100 KB.
const MAX_FOUND_BYTES: usize = 4 << 20;

/// The most repositories asked for at once, which is what Hugging Face gives on a page.
const MAX_FOUND: usize = 100;

/// The most tags kept of a repository. Real ones have up to about 100.
const MAX_TAGS: usize = 256;

/// The longest tag kept, in bytes.
const MAX_TAG_BYTES: usize = 256;

/// The longest search, in characters.
const MAX_SEARCH_CHARS: usize = 200;

/// What a repository says of itself, at one commit.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RepoInfo {
    /// The commit, 40 small hexadecimal digits: to list and download the same files later.
    pub commit: String,
    /// Whether its files are only open to people who accepted its terms on its page.
    pub gated: bool,
    /// Whether only its owner sees it.
    pub private: bool,
    /// Its terms, where it names any.
    pub licence: Option<Licence>,
    /// Its tags, at most 256.
    pub tags: Vec<String>,
    /// Downloads in the last 30 days.
    pub downloads: u64,
    /// People who like it.
    pub likes: u64,
    /// When it was changed last, in milliseconds since 1970.
    pub updated_ms: Option<i64>,
}

impl RepoInfo {
    /// Whether Meta's terms hold: they have to be accepted, and “Built with Llama” to be shown.
    pub fn is_llama(&self) -> bool {
        let is_metas = |tag: &String| {
            let base = tag.strip_prefix("base_model:");
            base.is_some_and(|base| base.split(':').any(|part| part.starts_with("meta-llama/")))
        };
        self.licence.as_ref().is_some_and(Licence::is_llama) || self.tags.iter().any(is_metas)
    }
}

/// A repository that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct FoundRepo {
    /// Owner and name.
    pub repo: RepoId,
    /// Whether its files are only open to people who accepted its terms on its page.
    pub gated: bool,
    /// Its licence as it names it, such as `llama3.3`.
    pub licence_id: Option<String>,
    /// Downloads in the last 30 days.
    pub downloads: u64,
    /// People who like it.
    pub likes: u64,
    /// When it was changed last, in milliseconds since 1970.
    pub updated_ms: Option<i64>,
}

/// A repository as the server describes it. Other fields are skipped.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Described {
    #[serde(default)]
    id: String,
    #[serde(default)]
    sha: String,
    #[serde(default)]
    gated: Gated,
    #[serde(default)]
    private: bool,
    #[serde(default)]
    tags: Tags,
    #[serde(default)]
    card_data: Option<Card>,
    #[serde(default)]
    downloads: u64,
    #[serde(default)]
    likes: u64,
    #[serde(default)]
    last_modified: Option<String>,
}

/// `false`, `"auto"` or `"manual"`.
#[derive(Deserialize)]
#[serde(untagged)]
enum Gated {
    Plain(bool),
    #[expect(dead_code, reason = "that it is a word is what matters")]
    How(String),
}

impl Default for Gated {
    fn default() -> Self {
        Self::Plain(false)
    }
}

impl Gated {
    fn is_gated(&self) -> bool {
        !matches!(self, Self::Plain(false))
    }
}

/// What the author wrote at the top of the page, in any form.
#[derive(Default, Deserialize)]
struct Card {
    #[serde(default)]
    license: Option<Words>,
    #[serde(default)]
    license_name: Option<Words>,
    #[serde(default)]
    license_link: Option<Words>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Words {
    One(String),
    Several(Vec<String>),
    Other(IgnoredAny),
}

impl Words {
    fn first(self) -> Option<String> {
        match self {
            Self::One(text) => Some(text),
            Self::Several(texts) => texts.into_iter().next(),
            Self::Other(_) => None,
        }
    }
}

/// The first of the tags, as lines that can be shown.
#[derive(Default)]
struct Tags(Vec<String>);

/// What a repository says of itself.
pub(crate) async fn info(web: &Web, repo: &RepoId, revision: &str) -> Result<RepoInfo, RemoteError> {
    check_revision(revision)?;
    let url = web.url(["api", "models", repo.owner(), repo.name(), "revision", revision]);
    let refusal = |answer: &Answer| web.refusal(Wanted { repo, revision, file: None }, answer);
    let described: Described = json(web, url.clone(), MAX_INFO_BYTES, "description of a repository", refusal).await?;
    let commit = described.sha.to_ascii_lowercase();
    if commit.len() != 40 || !commit.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(web::bad_answer(&url, "it names no commit of the repository".to_owned()));
    }
    let card = described.card_data.unwrap_or_default();
    let words = |words: Option<Words>| words.and_then(Words::first);
    let id = licence_tag(&described.tags.0).or_else(|| words(card.license));
    Ok(RepoInfo {
        commit,
        gated: described.gated.is_gated(),
        private: described.private,
        licence: id.and_then(|id| Licence::new(&id, words(card.license_name), words(card.license_link))),
        tags: described.tags.0,
        downloads: described.downloads,
        likes: described.likes,
        updated_ms: described.last_modified.as_deref().and_then(unix_ms),
    })
}

/// Repositories with GGUF files whose names hold these words, those downloaded most first.
pub(crate) async fn search(web: &Web, words: &str, limit: usize) -> Result<Vec<FoundRepo>, RemoteError> {
    let limit = limit.clamp(1, MAX_FOUND);
    let words: String = words.trim().chars().take(MAX_SEARCH_CHARS).collect();
    let mut url = web.url(["api", "models"]);
    url.query_pairs_mut()
        .append_pair("search", &words)
        .append_pair("filter", "gguf")
        .append_pair("sort", "downloads")
        .append_pair("direction", "-1")
        .append_pair("limit", &limit.to_string())
        // `full` would bring the names of all files too.
        .extend_pairs(["downloads", "gated", "lastModified", "likes", "tags"].map(|field| ("expand", field)));
    let refusal = |answer: &Answer| search_refusal(web, answer);
    let Found(found) = json(web, url, MAX_FOUND_BYTES, "list of repositories", refusal).await?;
    let usable = found.into_iter().filter_map(|described| {
        Some(FoundRepo {
            repo: RepoId::parse(&described.id).ok()?,
            gated: described.gated.is_gated(),
            licence_id: licence_tag(&described.tags.0),
            downloads: described.downloads,
            likes: described.likes,
            updated_ms: described.last_modified.as_deref().and_then(unix_ms),
        })
    });
    Ok(usable.take(limit).collect())
}

/// An answer in JSON that is as long as such answers are, in the time that there is.
async fn json<T: DeserializeOwned>(
    web: &Web,
    url: Url,
    at_most: usize,
    what: &'static str,
    refusal: impl Fn(&Answer) -> RemoteError,
) -> Result<T, RemoteError> {
    let (limit, asked) = (web.patience().request, host(&url));
    let answer = async {
        let mut answer = web.get(url, None).await?;
        if answer.response.status() != StatusCode::OK || is_web_page(answer.response.headers()) {
            return Err(refusal(&answer));
        }
        // One more than allowed shows that there is more.
        let body = web.body(&mut answer, at_most + 1).await?;
        if body.len() > at_most {
            return Err(web::bad_answer(&answer.url, format!("its {what} is longer than {at_most} bytes")));
        }
        serde_json::from_slice(&body)
            .map_err(|error| web::bad_answer(&answer.url, format!("its {what} is none ({error})")))
    };
    match tokio::time::timeout(limit, answer).await {
        Ok(answer) => answer,
        Err(_) => Err(RemoteError::TooSlow { host: asked, limit }),
    }
}

fn search_refusal(web: &Web, answer: &Answer) -> RemoteError {
    let (status, host) = (answer.response.status(), host(&answer.url));
    match status {
        StatusCode::TOO_MANY_REQUESTS => {
            RemoteError::TooManyRequests { host, retry_after: web::retry_after(answer.response.headers()) }
        }
        StatusCode::OK => RemoteError::WebPage { host },
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN if web.has_token() && web.is_endpoint(&answer.url) => {
            RemoteError::TokenRefused { host }
        }
        _ if status.is_server_error() => RemoteError::ServerFault { host, status: status.as_u16() },
        _ => RemoteError::UnknownStatus { host, status: status.as_u16() },
    }
}

/// The tag `license:llama3.3`.
fn licence_tag(tags: &[String]) -> Option<String> {
    tags.iter().find_map(|tag| tag.strip_prefix("license:")).filter(|id| !id.is_empty()).map(str::to_owned)
}

/// `2024-12-06T18:04:11.000Z` in milliseconds since 1970; the fraction is left out.
fn unix_ms(text: &str) -> Option<i64> {
    let number = |range: std::ops::Range<usize>| text.get(range)?.parse::<u32>().ok().map(i64::from);
    let (year, month, day) = (number(0..4)?, number(5..7)?, number(8..10)?);
    let (hour, minute, second) = (number(11..13)?, number(14..16)?, number(17..19)?);
    if !text.ends_with('Z') || !(1..=12).contains(&month) || !(1..=31).contains(&day) || hour > 24 || minute > 59 {
        return None;
    }
    // Days since 1970, with years that begin in March ("chrono-Compatible Low-Level Date Algorithms", days_from_civil).
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * month + 2) / 5 + day - 1;
    let days = era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468;
    Some((days * 86_400 + hour * 3_600 + minute * 60 + second.min(60)) * 1_000)
}

/// What was found: the first entries, and only their known fields.
struct Found(Vec<Described>);

impl<'de> Deserialize<'de> for Found {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(FirstOf::new(MAX_FOUND, "a list of repositories")).map(Self)
    }
}

impl<'de> Deserialize<'de> for Tags {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let tags: Vec<String> = deserializer.deserialize_seq(FirstOf::new(MAX_TAGS, "a list of tags"))?;
        let short = tags.into_iter().filter(|tag| tag.len() <= MAX_TAG_BYTES);
        Ok(Self(short.map(|tag| one_line(&tag)).collect()))
    }
}

/// The first elements of a list; the others are skipped, so that a long list takes no memory.
struct FirstOf<T> {
    most: usize,
    what: &'static str,
    kind: PhantomData<T>,
}

impl<T> FirstOf<T> {
    fn new(most: usize, what: &'static str) -> Self {
        Self { most, what, kind: PhantomData }
    }
}

impl<'de, T: Deserialize<'de>> Visitor<'de> for FirstOf<T> {
    type Value = Vec<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.what)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Vec<T>, A::Error> {
        let mut first = Vec::new();
        while first.len() < self.most {
            let Some(element) = elements.next_element()? else { return Ok(first) };
            first.push(element);
        }
        while elements.next_element::<IgnoredAny>()?.is_some() {}
        Ok(first)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_the_one_that_is_written() {
        for (text, ms) in [
            ("1970-01-01T00:00:00.000Z", Some(0)),
            ("2024-02-29T12:34:56.789Z", Some(1_709_210_096_000)),
            ("2000-03-01T00:00:00Z", Some(951_868_800_000)),
            ("1969-12-31T23:59:59Z", Some(-1_000)),
            ("2024-13-01T00:00:00Z", None),
            ("2024-01-01", None),
            ("2024-01-01T00:00:00+01:00", None),
            ("ä024-01-01T00:00:00Z", None),
            ("", None),
        ] {
            assert_eq!(unix_ms(text), ms, "{text}");
        }
    }
}
