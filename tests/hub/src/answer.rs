//! The honest answers, as the Hub gives them.
#![expect(clippy::result_large_err, reason = "a refusal is an answer like any other, and moved once for a request")]

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;

use serde_json::{Value, json};

use crate::reply::Reply;
use crate::repo::{Repo, RepoFile};
use crate::request::{Kind, Request, escaped};
use crate::state::State;

/// What the Hub would answer.
pub(crate) fn honest(request: &Request, state: &State) -> Reply {
    if request.kind == Kind::Storage {
        return storage(request, state);
    }
    if !request.is_get() && request.method != "HEAD" {
        return Reply::refusal(405, None, "Method not allowed");
    }
    let parts = request.segments();
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    let answer = match parts[..] {
        ["api", "models"] => Ok(search(request, state)),
        ["api", "models", owner, name] => info(request, state, &format!("{owner}/{name}"), "main"),
        ["api", "models", owner, name, "revision", revision] => {
            info(request, state, &format!("{owner}/{name}"), revision)
        }
        ["api", "models", owner, name, "tree", revision, ref folder @ ..] => {
            tree(request, state, &format!("{owner}/{name}"), revision, &folder.join("/"))
        }
        [owner, name, "resolve", revision, ref path @ ..] => {
            resolve(request, state, &format!("{owner}/{name}"), revision, &path.join("/"))
        }
        _ => Err(Reply::refusal(404, None, "Sorry, we can't find the page you are looking for.")),
    };
    answer.unwrap_or_else(|refusal| refusal)
}

/// The version of a repository that is asked for, if whoever asks may see it.
fn version(request: &Request, state: &State, name: &str, revision: &str) -> Result<Repo, Reply> {
    let seen = |repo: &Repo| !repo.private || (repo.token.is_some() && request.token() == repo.token.as_deref());
    if !state.repo(name).is_some_and(|repo| seen(&repo)) {
        // The Hub does not tell a stranger whether there is such a repository.
        return Err(match request.token() {
            None => Reply::refusal(401, Some("RepoNotFound"), "Invalid username or password."),
            Some(_) => Reply::refusal(404, Some("RepoNotFound"), "Repository not found"),
        });
    }
    let missing = || Reply::refusal(404, Some("RevisionNotFound"), &format!("Invalid rev id: {revision}"));
    state.version(name, revision).ok_or_else(missing)
}

fn check_gate(request: &Request, repo: &Repo) -> Result<(), Reply> {
    if !repo.gated || request.token() == repo.token.as_deref() {
        return Ok(());
    }
    let name = &repo.name;
    Err(match request.token() {
        None => Reply::refusal(
            401,
            Some("GatedRepo"),
            &format!(
                "Access to model {name} is restricted. You must have access to it and be authenticated to access it. Please log in."
            ),
        ),
        Some(_) => Reply::refusal(
            403,
            Some("GatedRepo"),
            &format!("Access to model {name} is restricted and you are not in the authorized list."),
        ),
    })
}

/// Everything the Hub tells of a repository in a list of many.
fn summary(repo: &Repo) -> Value {
    json!({
        "_id": "65a0c0ffee", "id": repo.name, "modelId": repo.name,
        "author": repo.name.split('/').next(), "sha": repo.commit_id(),
        "lastModified": repo.last_modified, "createdAt": repo.last_modified,
        "private": repo.private, "disabled": false,
        "gated": if repo.gated { json!("manual") } else { json!(false) },
        "downloads": repo.downloads, "likes": repo.likes,
        "tags": repo.all_tags(), "pipeline_tag": "text-generation", "library_name": "gguf",
    })
}

fn search(request: &Request, state: &State) -> Reply {
    let words: Vec<String> = request.parameters("search").iter().map(|text| text.to_lowercase()).collect();
    let filters = request.parameters("filter");
    let filters: BTreeSet<&str> = filters.iter().flat_map(|filter| filter.split(',')).collect();
    let author = request.parameter("author");
    let mut found: Vec<Repo> = state.repos().into_iter().filter(|repo| !repo.private).collect();
    found.retain(|repo| {
        let (name, tags) = (repo.name.to_lowercase(), repo.all_tags());
        words.iter().flat_map(|text| text.split_whitespace()).all(|word| name.contains(word))
            && filters.iter().all(|filter| tags.iter().any(|tag| tag == filter))
            && author.as_ref().is_none_or(|author| repo.name.starts_with(&format!("{author}/")))
    });
    match request.parameter("sort").as_deref() {
        Some("likes") => found.sort_by_key(|repo| repo.likes),
        Some("lastModified" | "last_modified") => found.sort_by(|a, b| a.last_modified.cmp(&b.last_modified)),
        _ => found.sort_by_key(|repo| repo.downloads),
    }
    if request.parameter("direction").as_deref() != Some("1") {
        found.reverse();
    }
    paged(request, state, found.iter().map(summary).collect())
}

/// A page of a list, and the address of the next one.
fn paged(request: &Request, state: &State, all: Vec<Value>) -> Reply {
    let at_most = state.page_size.load(Ordering::SeqCst);
    let wanted = request.parameter("limit").and_then(|limit| limit.parse().ok());
    let page = wanted.unwrap_or(at_most).clamp(1, at_most);
    let first: usize = request.parameter("cursor").and_then(|cursor| cursor.parse().ok()).unwrap_or(0);
    let n_all = all.len();
    let entries: Vec<Value> = all.into_iter().skip(first).take(page).collect();
    let mut reply = Reply::json(&Value::Array(entries));
    if first + page < n_all {
        let (path, query) = request.target.split_once('?').unwrap_or((&request.target, ""));
        let kept = query.split('&').filter(|pair| !pair.is_empty() && !pair.starts_with("cursor="));
        let query: Vec<String> = kept.map(str::to_owned).chain([format!("cursor={}", first + page)]).collect();
        reply.set("Link", &format!("<{}{path}?{}>; rel=\"next\"", state.endpoint(), query.join("&")));
    }
    reply
}

fn info(request: &Request, state: &State, name: &str, revision: &str) -> Result<Reply, Reply> {
    let repo = version(request, state, name, revision)?;
    let blobs = request.parameter("blobs").is_some();
    let siblings = repo.files.iter().map(|file| {
        let mut sibling = json!({ "rfilename": file.path });
        if blobs {
            sibling["size"] = file.content.len().into();
            sibling["blobId"] = file.oid().into();
            if file.lfs {
                sibling["lfs"] = json!({ "sha256": file.etag(), "size": file.content.len(), "pointerSize": 135 });
            }
        }
        sibling
    });
    let mut answer = summary(&repo);
    answer["siblings"] = siblings.collect();
    let mut card = serde_json::Map::new();
    for (key, value) in
        [("license", &repo.licence), ("license_name", &repo.licence_name), ("license_link", &repo.licence_link)]
    {
        card.extend(value.as_ref().map(|value| (key.to_owned(), json!(value))));
    }
    answer["cardData"] = Value::Object(card);
    answer["usedStorage"] = repo.files.iter().map(|file| file.content.len()).sum::<u64>().into();
    Ok(Reply::json(&answer))
}

fn tree(request: &Request, state: &State, name: &str, revision: &str, folder: &str) -> Result<Reply, Reply> {
    let repo = version(request, state, name, revision)?;
    let prefix = if folder.is_empty() { String::new() } else { format!("{folder}/") };
    let recursive = matches!(request.parameter("recursive").as_deref(), Some("true" | "1" | "True"));
    let mut folders = BTreeSet::new();
    let mut entries = Vec::new();
    for file in &repo.files {
        let Some(below) = file.path.strip_prefix(&prefix) else { continue };
        let slashes = below.match_indices('/').map(|(at, _)| at).filter(|at| *at > 0);
        let deep = slashes.take(if recursive { usize::MAX } else { 1 }).map(|at| format!("{prefix}{}", &below[..at]));
        let before = folders.len();
        folders.extend(deep);
        if recursive || (folders.len() == before && !below.contains('/')) {
            entries.push(entry(file));
        }
    }
    if entries.is_empty() && folders.is_empty() && !folder.is_empty() {
        return Err(entry_missing(&repo, folder));
    }
    let folders =
        folders.iter().map(|path| json!({ "type": "directory", "oid": "0".repeat(40), "size": 0, "path": path }));
    Ok(paged(request, state, folders.chain(entries).collect()))
}

fn entry(file: &RepoFile) -> Value {
    let size_bytes = file.content.len();
    let mut entry = json!({ "type": "file", "oid": file.oid(), "size": size_bytes, "path": file.path });
    if file.lfs {
        entry["lfs"] = json!({ "oid": file.etag(), "size": size_bytes, "pointerSize": 135 });
    }
    entry
}

fn entry_missing(repo: &Repo, path: &str) -> Reply {
    let mut reply = Reply::refusal(404, Some("EntryNotFound"), &format!("Entry not found: {}", escaped(path)));
    reply.set("X-Repo-Commit", &repo.commit_id());
    reply
}

fn resolve(request: &Request, state: &State, name: &str, revision: &str, path: &str) -> Result<Reply, Reply> {
    let repo = version(request, state, name, revision)?;
    check_gate(request, &repo)?;
    let file = repo.files.iter().find(|file| file.path == path).ok_or_else(|| entry_missing(&repo, path))?;
    let etag = format!("\"{}\"", file.etag());
    let mut reply = if file.lfs {
        let to = state.sign(&repo, file);
        let mut reply = Reply::new(302, "text/plain; charset=utf-8", format!("Found. Redirecting to {to}"));
        reply.set("Location", &to);
        reply.set("X-Linked-Size", &file.content.len().to_string());
        reply.set("X-Linked-Etag", &etag);
        reply.set("ETag", &etag);
        reply.set("Accept-Ranges", "bytes");
        reply
    } else {
        Reply::file(request, &file.content, &etag)
    };
    reply.set("X-Repo-Commit", &repo.commit_id());
    Ok(reply)
}

fn storage(request: &Request, state: &State) -> Reply {
    let usable = state.use_signature(request);
    let denied =
        "<?xml version=\"1.0\"?><Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>";
    match state.signed(request).filter(|_| usable) {
        Some(signed) => Reply::file(request, &signed.content, &signed.etag),
        None => Reply::new(403, "application/xml", denied),
    }
}
