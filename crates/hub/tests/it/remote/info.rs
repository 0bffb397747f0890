//! What a repository says of itself, and repositories by words.

use paddock_hub::remote::{FoundRepo, RemoteError, RepoInfo};

use super::{hub, refused, repo, within};
use crate::hub_server::{HubServer, Reply};

const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

async fn info_of(reply: Reply) -> Result<RepoInfo, RemoteError> {
    within(hub(&HubServer::start(move |_| reply.clone())).info(&repo(), "main")).await
}

/// Of a repository that says this besides its commit.
async fn info_saying(fields: &str) -> RepoInfo {
    info_of(Reply::json(format!(r#"{{"id":"owner/model","sha":"{COMMIT}"{fields}}}"#))).await.unwrap()
}

async fn found(body: String) -> Result<Vec<FoundRepo>, RemoteError> {
    within(hub(&HubServer::start(move |_| Reply::json(body.clone()))).search("llama", 20)).await
}

#[tokio::test]
async fn a_repository_tells_its_commit_and_its_terms() {
    let body = format!(
        r#"{{"_id":"1","id":"owner/model","sha":"{}","private":false,"gated":"manual","downloads":12345,"likes":67,
        "tags":["gguf","license:llama3.3","base_model:quantized:meta-llama/Llama-3.3-70B-Instruct"],
        "lastModified":"2024-12-06T18:04:11.000Z","siblings":[{{"rfilename":"a.gguf"}}],
        "cardData":{{"license":"llama3.3","license_link":"https://example.com/LICENSE"}},"gguf":{{"total":1}}}}"#,
        COMMIT.to_uppercase()
    );
    let server = HubServer::start(move |_| Reply::json(body.clone()));
    let info = within(hub(&server).info(&repo(), "refs/pr/1")).await.unwrap();
    assert_eq!(server.requests()[0].target, "/api/models/owner/model/revision/refs%2Fpr%2F1");
    assert!(server.requests()[0].header("authorization").is_some());
    assert_eq!((info.commit.as_str(), info.gated, info.private), (COMMIT, true, false));
    assert_eq!((info.downloads, info.likes, info.updated_ms), (12345, 67, Some(1_733_508_251_000)));
    assert!(info.is_llama());
    let licence = info.licence.unwrap();
    assert_eq!((licence.id.as_str(), licence.name.as_str()), ("llama3.3", "Llama 3.3 Community License"));
    assert_eq!(licence.link.as_deref(), Some("https://example.com/LICENSE"));
}

#[tokio::test]
async fn metas_terms_are_known_by_licence_or_by_base_model() {
    for (fields, is_llama) in [
        (r#","tags":["license:llama2"]"#, true),
        (r#","tags":["license:llama4"]"#, true),
        (r#","cardData":{"license":["llama3.1","mit"]}"#, true),
        (r#","tags":["base_model:meta-llama/Llama-3.1-8B","license:other"]"#, true),
        (r#","tags":["base_model:finetune:meta-llama/Llama-3.1-8B"]"#, true),
        (r#","tags":["license:apache-2.0","base_model:owner/meta-llama"]"#, false),
        (r#","tags":["license:llamafile"]"#, false),
        ("", false),
    ] {
        assert_eq!(info_saying(fields).await.is_llama(), is_llama, "{fields}");
    }
}

#[tokio::test]
async fn a_licence_is_shown_as_it_is_and_links_nowhere_but_to_the_web() {
    for (card, name, link) in [
        (
            r#"{"license":"other","license_name":"tongyi-qianwen","license_link":"https://a.example/L"}"#,
            "tongyi-qianwen",
            true,
        ),
        (r#"{"license":"other","license_link":"LICENSE"}"#, "other", false),
        (r#"{"license":"mit","license_link":"http://a.example/"}"#, "MIT License", false),
        (r#"{"license":"mit","license_link":"javascript:alert(1)"}"#, "MIT License", false),
        (r#"{"license":"mit","license_link":"https://user:pw@a.example/"}"#, "MIT License", false),
        (r#"{"license":"mit","license_link":"https://a.example/\u202e"}"#, "MIT License", false),
        (r#"{"license":"other","license_name":"a\nb\u0007","license_link":7}"#, "a b", false),
    ] {
        let licence = info_saying(&format!(r#","cardData":{card}"#)).await.licence.unwrap();
        assert_eq!((licence.name.as_str(), licence.link.is_some()), (name, link), "{card}");
    }
    for card in [r#"{"license":{"a":1}}"#, r#"{"license":""}"#, r#"{"license":[]}"#, "null", "{}"] {
        assert_eq!(info_saying(&format!(r#","cardData":{card}"#)).await.licence, None, "{card}");
    }
}

#[tokio::test]
async fn a_commit_that_is_none_is_refused() {
    for sha in ["main", "", "../../etc/passwd", &"g".repeat(40), &COMMIT[..39]] {
        let info = info_of(Reply::json(format!(r#"{{"id":"owner/model","sha":"{sha}"}}"#))).await;
        refused(info, |e| matches!(e, RemoteError::BadAnswer { .. }), &["commit"]);
    }
    let without = info_of(Reply::json(r#"{"id":"owner/model"}"#)).await;
    refused(without, |e| matches!(e, RemoteError::BadAnswer { .. }), &["commit"]);
}

#[tokio::test]
async fn a_description_without_an_end_is_left() {
    let mut large = br#"{"tags":["#.to_vec();
    large.resize(5 << 20, b' ');
    let info = info_of(Reply::json(large).claiming(1 << 40).stall_after(5 << 20)).await;
    refused(info, |e| matches!(e, RemoteError::BadAnswer { .. }), &["longer than"]);
    let tags = vec![r#""a""#; 100_000].join(",");
    assert_eq!(info_saying(&format!(r#","tags":[{tags}]"#)).await.tags.len(), 256);
    for body in ["", "{", "<html>", r#"{"sha":7}"#, &"[".repeat(1_000_000)] {
        refused(info_of(Reply::json(body)).await, |e| matches!(e, RemoteError::BadAnswer { .. }), &["description"]);
    }
    refused(info_of(Reply::html(200)).await, |e| matches!(e, RemoteError::WebPage { .. }), &["log in"]);
    let gated = info_of(Reply::refusal(401, "GatedRepo")).await;
    refused(gated, |e| matches!(e, RemoteError::Gated { .. }), &["accept it there"]);
}

#[tokio::test]
async fn a_search_asks_for_what_is_shown_and_no_more() {
    let server = HubServer::start(|_| Reply::json("[]"));
    within(hub(&server).search(" llama 70b&x=#ä ", 7)).await.unwrap();
    let target = &server.requests()[0].target;
    let expected =
        "/api/models?search=llama+70b%26x%3D%23%C3%A4&filter=gguf&sort=downloads&direction=-1&limit=7&expand=";
    assert!(target.starts_with(expected), "{target}");
    within(hub(&server).search(&"x".repeat(10_000), usize::MAX)).await.unwrap();
    assert!(server.requests()[1].target.len() < 500 && server.requests()[1].target.contains("&limit=100&"));
}

#[tokio::test]
async fn repositories_come_in_their_order_without_those_that_cannot_be_named() {
    let body = r#"[
        {"_id":"1","id":"a/one","downloads":9,"likes":2,"gated":false,"tags":["gguf","license:mit"],
         "lastModified":"1970-01-02T00:00:00.000Z"},
        {"id":"../x/y","downloads":8},{"id":"gpt2","downloads":8},{"downloads":8},
        {"id":"b/two","gated":"auto","lastModified":"soon"}]"#;
    let found = found(body.to_owned()).await.unwrap();
    let shown: Vec<_> =
        found.iter().map(|f| (f.repo.to_string(), f.gated, f.downloads, f.likes, f.updated_ms)).collect();
    let expected = [("a/one".to_owned(), false, 9, 2, Some(86_400_000)), ("b/two".to_owned(), true, 0, 0, None)];
    assert_eq!(shown, expected);
    assert_eq!((found[0].licence_id.as_deref(), found[1].licence_id.as_deref()), (Some("mit"), None));
}

#[tokio::test]
async fn a_server_cannot_give_more_than_was_asked_for() {
    let many = format!("[{}]", vec![r#"{"id":"a/b"}"#; 50_000].join(","));
    assert_eq!(found(many).await.unwrap().len(), 20);
    let too_long = found(format!("[{}]", " ".repeat(5 << 20))).await;
    refused(too_long, |e| matches!(e, RemoteError::BadAnswer { .. }), &["longer than"]);
    for body in ["{}", "[1]", "null", ""] {
        refused(
            found(body.to_owned()).await,
            |e| matches!(e, RemoteError::BadAnswer { .. }),
            &["list of repositories"],
        );
    }
    let search_of = async |reply: Reply| within(hub(&HubServer::start(move |_| reply.clone())).search("x", 1)).await;
    let busy = search_of(Reply::refusal(429, "").header("RateLimit", "\"api\";r=0;t=55")).await;
    refused(busy, |e| matches!(e, RemoteError::TooManyRequests { .. }), &["in 55 seconds"]);
    refused(search_of(Reply::refusal(401, "")).await, |e| matches!(e, RemoteError::TokenRefused { .. }), &["revoked"]);
    refused(search_of(Reply::refusal(502, "")).await, |e| matches!(e, RemoteError::ServerFault { .. }), &["502"]);
    refused(search_of(Reply::html(200)).await, |e| matches!(e, RemoteError::WebPage { .. }), &["log in"]);
}

#[tokio::test]
async fn a_commit_is_listed_like_a_branch() {
    let server = HubServer::start(|_| Reply::json("[]"));
    let listing = within(hub(&server).list(&repo(), COMMIT)).await.unwrap();
    assert_eq!(listing.revision(), COMMIT);
    assert_eq!(server.requests()[0].target, format!("/api/models/owner/model/tree/{COMMIT}?recursive=true"));
}
