//! What a repository holds.

use paddock_hub::remote::{Listing, RemoteError};

use super::{TOKEN, hub, list, listing_of, refused, repo, within};
use crate::hub_server::{HubServer, Reply, Repo, entry};

/// The listing of a repository with these files.
async fn of(files: &[(&str, u64)]) -> Listing {
    let entries: Vec<String> = files.iter().map(|(path, size_bytes)| entry(path, *size_bytes)).collect();
    listing_of(Reply::json(format!("[{}]", entries.join(",")))).await.unwrap()
}

#[tokio::test]
async fn a_repository_is_listed_page_by_page() {
    let server = HubServer::start(|request| {
        let (_, cursor) = request.target.split_once("cursor=").unwrap_or_default();
        let number: u64 = cursor.parse().unwrap_or(0);
        let files = [
            entry(&format!("model-{number}-Q4_K_M.gguf"), 4_000 + number),
            r#"{"type":"directory","oid":"1","size":0,"path":"sub"}"#.to_owned(),
            r#"{"type":"file","oid":"1","size":7,"path":"README.md"}"#.to_owned(),
        ];
        let reply = Reply::json(format!("[{}]", files[..if number == 2 { 3 } else { 2 }].join(",")));
        let host = request.header("host").unwrap();
        let next = format!(
            "<http://{host}/x,y>; rel=\"prev\", <http://{host}/api/models/owner/model/tree/main?recursive=true&cursor={}>; rel=\"next\"",
            number + 1
        );
        if number < 2 { reply.header("Link", &next) } else { reply }
    });
    let listing = list(&server).await.unwrap();
    assert_eq!((listing.repo().to_string().as_str(), listing.revision()), ("owner/model", "main"));
    let files: Vec<_> = listing.files().iter().map(|file| (file.path.as_str(), file.size_bytes)).collect();
    assert_eq!(
        files,
        [
            ("model-0-Q4_K_M.gguf", 4_000),
            ("model-1-Q4_K_M.gguf", 4_001),
            ("model-2-Q4_K_M.gguf", 4_002),
            ("README.md", 7)
        ]
    );
    assert_eq!(listing.files()[0].sha256, Some(Repo::sha256("model-0-Q4_K_M.gguf")));
    assert_eq!(listing.files()[3].sha256, None);
    let requests = server.requests();
    assert_eq!(requests[0].target, "/api/models/owner/model/tree/main?recursive=true");
    assert_eq!(requests.len(), 3);
    for request in requests {
        assert_eq!(request.header("authorization"), Some(format!("Bearer {TOKEN}").as_str()));
    }
}

#[tokio::test]
async fn each_quantization_is_there_once_whatever_its_files_are_called() {
    let listing = of(&[
        ("README.md", 9),
        ("Llama-3.3-70B-Instruct-Q4_K_M.gguf", 42),
        ("Llama-3.3-70B-Instruct-f16/Llama-3.3-70B-Instruct-f16-00002-of-00002.gguf", 41),
        ("Llama-3.3-70B-Instruct-f16/Llama-3.3-70B-Instruct-f16-00001-of-00002.gguf", 100),
        ("Q6_K/model-00001-of-00002.gguf", 30),
        ("Q6_K/model-00002-of-00002.gguf", 28),
        ("Llama.i1-IQ2_XXS.GGUF", 19),
        ("llama_3_q5_k_s.gguf", 48),
        ("Llama-3.3-70B-UD-Q4_K_XL.gguf", 43),
        ("Llama-3.3-70B-Q8_0.gguf", 75),
        ("Q8_0/Llama-3.3-70B-Q8_0-00001-of-00002.gguf", 40),
        ("Q8_0/Llama-3.3-70B-Q8_0-00002-of-00002.gguf", 35),
        ("gpt-oss-MXFP4_MOE.gguf", 11),
        ("plain.gguf", 5),
        ("mmproj-F16.gguf", 1),
        ("Llama-3.3-70B-Instruct.imatrix.gguf", 1),
        ("imatrix.dat", 1),
        (".gguf", 1),
    ])
    .await;
    let models: Vec<_> =
        listing.models().iter().map(|model| (model.quant.as_deref(), model.part_count(), model.size_bytes)).collect();
    assert_eq!(
        models,
        [
            (None, 1, 5),
            (Some("MXFP4_MOE"), 1, 11),
            (Some("IQ2_XXS"), 1, 19),
            (Some("Q4_K_M"), 1, 42),
            (Some("UD-Q4_K_XL"), 1, 43),
            (Some("Q5_K_S"), 1, 48),
            (Some("Q6_K"), 2, 58),
            (Some("Q8_0"), 1, 75),
            (Some("F16"), 2, 141),
        ]
    );
    assert!(listing.models().iter().all(|model| model.is_complete() && model.missing().next().is_none()));
    let f16 = listing.model("F16").unwrap();
    assert_eq!(f16.path(), "Llama-3.3-70B-Instruct-f16/Llama-3.3-70B-Instruct-f16");
    let parts: Vec<_> = f16.parts.iter().map(|file| &file.path[file.path.len() - 19..]).collect();
    assert_eq!(parts, ["-00001-of-00002.gguf", "-00002-of-00002.gguf"].map(|name| &name[1..]), "in their order");
    assert_eq!(listing.files().len(), 18, "all files are listed, also those that are no models");
}

#[tokio::test]
async fn a_model_is_found_by_its_quantization_or_its_file() {
    let listing =
        of(&[("a-Q4_K_M.gguf", 4), ("b-Q4_K_M.gguf", 4), ("a-Q4_K_S.gguf", 3), ("a-Q8_0.gguf", 8), ("a-F16.gguf", 16)])
            .await;
    assert_eq!(listing.model("q8_0").unwrap().parts[0].path, "a-Q8_0.gguf");
    assert_eq!(listing.model("b-Q4_K_M.gguf").unwrap().parts[0].path, "b-Q4_K_M.gguf");
    let ambiguous = listing.model("Q4_K_M").map(|model| model.path().to_owned());
    refused(
        ambiguous,
        |e| matches!(e, RemoteError::Ambiguous { .. }),
        &["a-Q4_K_M.gguf, b-Q4_K_M.gguf", "Name the file"],
    );
    let error = listing.model("Q4_K_L").unwrap_err();
    assert!(
        matches!(&error, RemoteError::NoQuant { nearest, .. } if nearest[..2] == ["Q4_K_M", "Q4_K_S"]),
        "{error:?}"
    );
    refused(
        listing.model(&"x\n".repeat(100_000)).map(|_| ()),
        |e| matches!(e, RemoteError::NoQuant { .. }),
        &["one of those"],
    );
    let listing = of(&[("model.safetensors", 4)]).await;
    refused(listing.model("Q4_K_M").map(|_| ()), |e| matches!(e, RemoteError::NoModels { .. }), &["GGUF"]);
}

#[tokio::test]
async fn a_split_model_tells_which_parts_are_missing() {
    let listing =
        of(&[("a-Q4_0-00002-of-00004.gguf", 2), ("a-Q4_0-00003-of-00004.gguf", 3), ("b-Q8_0-99998-of-99999.gguf", 1)])
            .await;
    let model = listing.model("Q4_0").unwrap();
    assert_eq!((model.is_complete(), model.part_count(), model.size_bytes), (false, 4, 5));
    assert_eq!(model.missing().collect::<Vec<_>>(), ["a-Q4_0-00001-of-00004.gguf", "a-Q4_0-00004-of-00004.gguf"]);
    assert_eq!(listing.model("Q8_0").unwrap().missing().count(), 99_998);
}

#[tokio::test]
async fn names_that_would_leave_the_folder_or_mislead_are_left_out() {
    let long = format!("{}.gguf", "x".repeat(251));
    let deep = format!("{}.gguf", "x/".repeat(600));
    let hostile = [
        "../x.gguf",
        "a/../../x.gguf",
        "/etc/x.gguf",
        "a\\x.gguf",
        "..\\x.gguf",
        "C:/x.gguf",
        "C:x.gguf",
        "a//x.gguf",
        "./x.gguf",
        "a/./x.gguf",
        "x.gguf\0",
        "x\n.gguf",
        "x\u{1b}[2J.gguf",
        "x\u{202e}fugg.gguf",
        "a /x.gguf",
        "a./x.gguf",
        "nul.gguf",
        "a/Com1.gguf",
        "x.gguf:stream",
        "",
        "~/\u{7f}.gguf",
        "x.gguf/",
        &long,
        &deep,
    ];
    let mut files: Vec<(&str, u64)> = hostile.iter().map(|path| (*path, 1)).collect();
    files.extend([("ok/mödel Q4_0.gguf", 2), ("ok/mödel Q4_0.gguf", 3), ("..x/a..b-Q8_0.gguf", 4)]);
    let listing = of(&files).await;
    let left: Vec<_> = listing.files().iter().map(|file| (file.path.as_str(), file.size_bytes)).collect();
    assert_eq!(left, [("ok/mödel Q4_0.gguf", 2), ("..x/a..b-Q8_0.gguf", 4)]);
    assert_eq!(listing.n_unsafe(), hostile.len() + 1);
    assert_eq!(listing.models().len(), 2);
}

#[tokio::test]
async fn a_list_without_an_end_is_left() {
    let many = format!("[{}]", vec![r#"{"type":"file","path":"a"}"#; 10_001].join(","));
    refused(
        listing_of(Reply::json(many)).await,
        |e| matches!(e, RemoteError::ListingTooLarge { what: "files", .. }),
        &["10000"],
    );
    // Says that there is a terabyte, and has no more than a little too much.
    let mut large = b"[".to_vec();
    large.resize(17 << 20, b' ');
    let listing = listing_of(Reply::json(large).claiming(1 << 40).stall_after(17 << 20)).await;
    refused(listing, |e| matches!(e, RemoteError::ListingTooLarge { what: "bytes", .. }), &["too long"]);
    let server =
        HubServer::start(|_| Reply::json("[]").header("Link", "</api/models/owner/model/tree/main?x>; rel=next"));
    refused(list(&server).await, |e| matches!(e, RemoteError::ListingTooLarge { what: "pages", .. }), &["20"]);
    assert_eq!(server.requests().len(), 20);
}

#[tokio::test]
async fn the_next_page_is_never_on_another_server() {
    let other = HubServer::start(|_| Reply::json("[]"));
    let elsewhere = format!("<{}/api/models/owner/model/tree/main?cursor=1>; rel=\"next\"", other.url());
    for link in [elsewhere.as_str(), "</api/whoami>; rel=\"next\"", "<http://[>; rel=\"next\""] {
        let reply = Reply::json("[]").header("Link", link);
        refused(listing_of(reply).await, |e| matches!(e, RemoteError::BadAnswer { .. }), &["another server"]);
    }
    assert!(other.requests().is_empty());
}

#[tokio::test]
async fn what_is_no_listing_is_refused() {
    let deep = "[".repeat(1_000_000);
    let negative = r#"[{"type":"file","path":"a","size":-1}]"#;
    for body in
        ["", "{}", "null", "[{}]", "[1]", r#"[{"type":"file","path":7}]"#, "[", negative, deep.as_str(), "\u{0}"]
    {
        refused(
            listing_of(Reply::json(body)).await,
            |e| matches!(e, RemoteError::BadAnswer { .. }),
            &["list of files"],
        );
    }
    for status in [200, 404, 302] {
        let error = listing_of(Reply::html(status)).await;
        refused(error, |e| !matches!(e, RemoteError::BadAnswer { .. }), &[]);
    }
    refused(listing_of(Reply::html(200)).await, |e| matches!(e, RemoteError::WebPage { .. }), &["log in"]);
}

#[tokio::test]
async fn each_refusal_says_what_to_do() {
    type Expected = fn(&RemoteError) -> bool;
    let cases: [(Reply, Expected, &[&str]); 9] = [
        (
            Reply::refusal(401, "GatedRepo"),
            |e| matches!(e, RemoteError::Gated { .. }),
            &["licence", "/owner/model", "same account"],
        ),
        (Reply::refusal(403, "GatedRepo"), |e| matches!(e, RemoteError::Gated { .. }), &["accept it there"]),
        (Reply::refusal(401, "RepoNotFound"), |e| matches!(e, RemoteError::NoRepo { .. }), &["owner/model", "private"]),
        (Reply::refusal(404, "RevisionNotFound"), |e| matches!(e, RemoteError::NoRevision { .. }), &["“main”"]),
        (
            Reply::refusal(401, "").header("X-Error-Message", "Invalid credentials in Authorization header"),
            |e| matches!(e, RemoteError::TokenRefused { .. }),
            &["revoked", "HF_TOKEN"],
        ),
        (
            Reply::refusal(429, "").header("Retry-After", "7"),
            |e| matches!(e, RemoteError::TooManyRequests { retry_after: Some(_), .. }),
            &["in 7 seconds"],
        ),
        (Reply::refusal(429, "").header("RateLimit", "\"api\";r=0;t=250"), |_| true, &["in 5 minutes"]),
        (Reply::refusal(429, "").header("Retry-After", "soon"), |_| true, &["in a few minutes"]),
        (Reply::refusal(503, ""), |e| matches!(e, RemoteError::ServerFault { status: 503, .. }), &["503"]),
    ];
    for (reply, expected, words) in cases {
        refused(listing_of(reply).await, expected, words);
    }
}

#[tokio::test]
async fn a_version_is_part_of_an_address_and_cannot_change_it() {
    let server = HubServer::start(|_| Reply::json("[]"));
    within(hub(&server).list(&repo(), "refs/pr/1")).await.unwrap();
    assert_eq!(server.requests()[0].target, "/api/models/owner/model/tree/refs%2Fpr%2F1?recursive=true");
    for bad in ["", "..", "a/../b", "/a", "a/", "a?b", "a b", "-a", "a\n", ".git", "ä", &"a".repeat(256)] {
        let listing = within(hub(&server).list(&repo(), bad)).await;
        refused(listing, |e| matches!(e, RemoteError::BadRevision { .. }), &["“main”"]);
    }
    assert_eq!(server.requests().len(), 1);
}
