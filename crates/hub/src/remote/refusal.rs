//! What a status other than success means.
//!
//! Source: `hf_raise_for_status` of huggingface_hub. The endpoint says 401 also for a repository that does not exist, and
//! tells in `X-Error-Code` which it is.

use reqwest::{StatusCode, Url};

use super::error::RemoteError;
use super::listing::RemoteFile;
use super::names::RepoId;
use super::web::{self, Answer, Web};

/// What was asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted<'a> {
    pub(crate) repo: &'a RepoId,
    pub(crate) revision: &'a str,
    /// A file, and the quantizations to offer when it is gone.
    pub(crate) file: Option<(&'a RemoteFile, &'a [String])>,
}

impl Web {
    /// Puts a refusal into words.
    pub(crate) fn refusal(&self, wanted: Wanted<'_>, answer: &Answer) -> RemoteError {
        let headers = answer.response.headers();
        let status = answer.response.status();
        let host = web::host(&answer.url);
        let code = web::text(headers, "x-error-code").unwrap_or_default();
        let is_endpoint = self.is_endpoint(&answer.url);
        let (repo, page) = (wanted.repo.to_string(), self.page(wanted.repo).to_string());
        match status {
            StatusCode::TOO_MANY_REQUESTS => {
                RemoteError::TooManyRequests { host, retry_after: web::retry_after(headers) }
            }
            _ if status.is_server_error() => RemoteError::ServerFault { host, status: status.as_u16() },
            // A page where there should be none, as of a proxy that wants a login.
            StatusCode::OK => RemoteError::WebPage { host },
            _ if !is_endpoint => RemoteError::UnknownStatus { host, status: status.as_u16() },
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::NOT_FOUND => {
                let had_token = self.has_token();
                let says_token = web::text(headers, "x-error-message")
                    .is_some_and(|message| message.contains("Invalid credentials"));
                match (code, wanted.file) {
                    ("GatedRepo", _) => RemoteError::Gated { repo, page, had_token },
                    ("RepoNotFound", _) => RemoteError::NoRepo { repo, page, had_token },
                    ("RevisionNotFound", _) => {
                        RemoteError::NoRevision { repo, revision: wanted.revision.to_owned(), page }
                    }
                    _ if says_token && had_token => RemoteError::TokenRefused { host },
                    (_, Some((file, nearest))) if status == StatusCode::NOT_FOUND => {
                        RemoteError::NoFile { repo, file: file.path.clone(), nearest: nearest.to_owned() }
                    }
                    // A listing that is refused without a word is of a private repository or of none.
                    (_, None) => RemoteError::NoRepo { repo, page, had_token },
                    (_, Some(_)) => RemoteError::Gated { repo, page, had_token },
                }
            }
            _ => RemoteError::UnknownStatus { host, status: status.as_u16() },
        }
    }

    /// Where a person sees a repository.
    pub(crate) fn page(&self, repo: &RepoId) -> Url {
        self.url([repo.owner(), repo.name()])
    }
}
