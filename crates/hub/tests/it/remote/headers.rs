//! The header of a model that stays where it is.

use std::fs::File;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use paddock_gguf::write::{Builder, Data};
use paddock_gguf::{Model, TensorType};
use paddock_hub::remote::RemoteError;

use super::{IMPATIENT, at, hub, refused, repo, within};
use crate::hub_server::{Content, HubServer, Reply, Repo, Request};
use crate::llama_70b::llama_70b;
use crate::{Folder, llama, metadata};

const FILE: &str = "Llama-Q4_K_M.gguf";

/// What a person does: lists, then asks for a model.
async fn headers(server: &HubServer, wanted: &str) -> Result<Model, RemoteError> {
    let hub = hub(server);
    let listing = within(hub.list(&repo(), "main")).await?;
    within(hub.headers(&listing, wanted)).await
}

/// A repository with one file, whose pieces are answered by `answer`; it gets the honest answer.
fn spoiled(file: Vec<u8>, answer: impl Fn(&Request, Reply) -> Reply + Send + Sync + 'static) -> HubServer {
    let repo = Repo::default().file(FILE, Content::Bytes(file)).file("Llama-Q8_0.gguf", Content::Bytes(vec![0; 9]));
    HubServer::start(move |request| {
        let honest = repo.reply(request);
        if request.range().is_some() { answer(request, honest) } else { honest }
    })
}

fn small() -> Vec<u8> {
    llama().to_bytes().unwrap()
}

/// A model whose header takes three pieces.
fn large() -> Vec<u8> {
    let words = vec!["a text of 16 byt"; 200_000];
    metadata()
        .metadata("tokenizer.ggml.tokens", words)
        .tensor("t", TensorType::F32, &[64], Data::Zeros)
        .to_bytes()
        .unwrap()
}

/// What becomes of a model of which every piece is spoiled in the same way.
async fn of(
    file: Vec<u8>,
    answer: impl Fn(&Request, Reply) -> Reply + Send + Sync + 'static,
) -> Result<Model, RemoteError> {
    headers(&spoiled(file, answer), "Q4_K_M").await
}

#[tokio::test]
async fn the_header_of_a_70b_model_takes_five_requests() {
    let folder = Folder::new();
    let path = folder.path("70b.gguf");
    let length = llama_70b().write(File::create(&path).unwrap()).unwrap();
    let repo = Repo::default().file(FILE, Content::Disk(path));
    let content = repo.content(FILE).clone();
    let store = HubServer::start(move |request| content.reply(request));
    let signed = format!("{}/signed?Signature=secret", store.url());
    let endpoint = HubServer::start(move |request| match request.range() {
        None => repo.reply(request),
        Some(_) => Reply::redirect(&signed)
            .header("X-Linked-Size", &length.to_string())
            .header("X-Linked-Etag", &format!("\"{}\"", Repo::sha256(FILE))),
    });
    let model = headers(&endpoint, "q4_k_m").await.unwrap();
    assert_eq!((model.tensor_count(), model.file_bytes()), (724, length));
    assert!(length > 40_000_000_000);
    let (resolved, fetched) = (endpoint.requests().len() - 1, store.requests());
    assert_eq!((resolved, fetched.len()), (1, 4), "one to find the file, then 1, 2, 4 and 8 MiB");
    assert!(endpoint.requests()[1].header("authorization").is_some());
    let asked: u64 = fetched.iter().map(|request| request.range().map_or(0, |(first, last)| last - first + 1)).sum();
    assert!(asked <= 15 << 20, "{asked} bytes");
    for request in fetched {
        assert_eq!(request.header("authorization"), None);
        assert_eq!(request.header("accept-encoding"), Some("identity"));
    }
}

/// Parts as llama-gguf-split makes them.
fn part(number: u16, count: u16) -> Content {
    let builder = if number == 0 { metadata() } else { Builder::new() };
    let builder = builder.metadata("split.no", number).metadata("split.count", count);
    let builder = builder.metadata("split.tensors.count", i32::from(count)).tensor(
        format!("blk.{number}.weight"),
        TensorType::Q4_K,
        &[256, 4],
        Data::Zeros,
    );
    Content::Bytes(builder.to_bytes().unwrap())
}

fn part_name(number: u16) -> String {
    // Letters that mean something in an address.
    format!("Q6 #%2F/Llama ä-Q6_K-{:05}-of-00006.gguf", number + 1)
}

#[tokio::test]
async fn the_headers_of_all_parts_are_one_model() {
    // Listed in another order than theirs.
    let repo = (0..6).rev().fold(Repo::default(), |repo, number| repo.file(&part_name(number), part(number, 6)));
    let server = HubServer::start(move |request| repo.reply(request));
    let model = headers(&server, "Q6_K").await.unwrap();
    assert_eq!(model.parts().len(), 6);
    let names: Vec<_> = model.tensors().map(|(part, tensor)| (part, tensor.name.clone())).collect();
    assert_eq!(names[5], (5, "blk.5.weight".to_owned()));
    assert_eq!(server.requests().len(), 1 + 6);
}

#[tokio::test]
async fn a_part_that_is_none_is_named() {
    for wrong in [part(1, 6), part(2, 7), Content::Bytes(small())] {
        let repo = (0..6).fold(Repo::default(), |repo, number| {
            repo.file(&part_name(number), if number == 2 { wrong.clone() } else { part(number, 6) })
        });
        let model = headers(&HubServer::start(move |request| repo.reply(request)), "Q6_K").await;
        refused(model, |e| matches!(e, RemoteError::WrongPart { number: 3, .. }), &["part 3 of 6", "00003-of"]);
    }
}

#[tokio::test]
async fn a_model_with_a_missing_part_is_not_asked_for() {
    let repo =
        Repo::default().file("a-Q4_0-00001-of-00003.gguf", part(0, 3)).file("a-Q4_0-00003-of-00003.gguf", part(2, 3));
    let server = HubServer::start(move |request| repo.reply(request));
    refused(
        headers(&server, "Q4_0").await,
        |e| matches!(e, RemoteError::Incomplete { missing: 1, count: 3, .. }),
        &["1 of its 3", "a-Q4_0-00002-of-00003.gguf"],
    );
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn a_wrong_range_is_never_taken_for_the_right_one() {
    let length = large().len();
    let others = [
        "bytes 1-1048576/LENGTH",
        "bytes 0-1048576/LENGTH",
        "bytes 5-4/LENGTH",
        "bytes 0--1/LENGTH",
        "bytes */LENGTH",
        "0-1048575/LENGTH",
        "bytes 0-1048575",
        "bytes 0-18446744073709551615/LENGTH",
        "pages 0-1048575/LENGTH",
        "",
        "bytes 0-99999999999999999999/1",
    ];
    for range in others {
        let range = range.replace("LENGTH", &length.to_string());
        let model = of(large(), move |_, honest| honest.header("Content-Range", &range)).await;
        refused(model, |e| matches!(e, RemoteError::BadAnswer { .. }), &["bytes 0 to 1048575 were asked for"]);
    }
    let model = of(large(), |_, honest| honest.claiming(3).header("X", "")).await;
    refused(model, |e| matches!(e, RemoteError::BadAnswer { .. }), &["3 bytes in all"]);
}

#[tokio::test]
async fn a_server_may_give_less_than_was_asked_for() {
    let content = Content::Bytes(large());
    let server = spoiled(large(), move |request, _| {
        let (first, last) = request.range().unwrap();
        let less = format!("bytes={first}-{}", last.min(first + 499_999));
        content.reply(&request.clone().with_header("range", &less))
    });
    assert_eq!(headers(&server, "Q4_K_M").await.unwrap().tensor_count(), 1);
    assert!(server.requests().len() > 5);
}

#[tokio::test]
async fn the_whole_file_in_place_of_a_piece_is_good_for_its_beginning_only() {
    let whole = Reply::new(200, "application/octet-stream", small());
    let model = of(small(), move |_, _| whole.clone()).await.unwrap();
    assert_eq!(model.quantization(), Some("Q4_K_M"));
    // What follows the first piece is not awaited.
    let endless = Reply::new(200, "application/octet-stream", large()).stall_after((1 << 20) + 5);
    let server = spoiled(large(), move |_, _| endless.clone());
    refused(headers(&server, "Q4_K_M").await, |e| matches!(e, RemoteError::NoRanges { .. }), &["parts of files", FILE]);
    within(server.hung_up(2)).await;
}

#[tokio::test]
async fn a_web_page_is_never_read_as_a_model() {
    for status in [200, 206, 403, 404] {
        let model = of(small(), move |_, honest| {
            if status == 206 { honest.header("Content-Type", "text/HTML; charset=utf-8") } else { Reply::html(status) }
        });
        let is_page = |e: &RemoteError| matches!(e, RemoteError::WebPage { .. });
        let expected = |e: &RemoteError| if status < 300 { is_page(e) } else { !is_page(e) };
        refused(model.await, expected, &[]);
    }
    // One that does not say that it is one.
    let page = b"<!DOCTYPE html><html>log in</html>".to_vec();
    refused(of(page, |_, honest| honest).await, |e| matches!(e, RemoteError::NotGguf { .. }), &["web page", FILE]);
    refused(
        of(vec![7; 100], |_, honest| honest).await,
        |e| matches!(e, RemoteError::NotGguf { .. }),
        &["another file"],
    );
}

#[tokio::test]
async fn refusals_of_a_file_say_what_to_do() {
    let gated = of(small(), |_, _| Reply::refusal(403, "GatedRepo")).await;
    refused(gated, |e| matches!(e, RemoteError::Gated { .. }), &["accept it there", "/owner/model"]);
    let gone = of(small(), |_, _| Reply::refusal(404, "EntryNotFound")).await;
    refused(gone, |e| matches!(e, RemoteError::NoFile { .. }), &["no longer", "Q4_K_M, Q8_0"]);
    let hidden = of(small(), |_, _| Reply::refusal(401, "RepoNotFound")).await;
    refused(hidden, |e| matches!(e, RemoteError::NoRepo { .. }), &["private", "owner/model"]);
    let busy = of(small(), |_, _| Reply::refusal(429, "").header("Retry-After", "90000000")).await;
    refused(busy, |e| matches!(e, RemoteError::TooManyRequests { .. }), &["in 1440 minutes"]);
    let broken = of(small(), |_, _| Reply::refusal(500, "")).await;
    refused(broken, |e| matches!(e, RemoteError::ServerFault { .. }), &["500"]);
}

#[tokio::test]
async fn an_address_that_ran_out_is_asked_for_again() {
    let content = Content::Bytes(large());
    let n_asked = AtomicUsize::new(0);
    let store = HubServer::start(move |request| match n_asked.fetch_add(1, Ordering::SeqCst) {
        1 => Reply::refusal(403, ""),
        _ => content.reply(request),
    });
    let to = store.url();
    let server = spoiled(large(), move |_, _| Reply::redirect(&to));
    assert!(headers(&server, "Q4_K_M").await.is_ok());
    assert_eq!(server.requests().len(), 1 + 2, "found, and found again");
    // One that is refused from the start is not asked for ever.
    let store = HubServer::start(|_| Reply::refusal(403, ""));
    let to = store.url();
    let server = spoiled(large(), move |_, _| Reply::redirect(&to));
    refused(
        headers(&server, "Q4_K_M").await,
        |e| matches!(e, RemoteError::UnknownStatus { status: 403, .. }),
        &["403"],
    );
    assert_eq!(store.requests().len(), 1);
}

#[tokio::test]
async fn a_line_that_is_cut_stalls_or_drips_is_told_apart() {
    let cut = of(large(), |_, honest| honest.cut_after(200_000)).await;
    refused(cut, |e| matches!(e, RemoteError::Cut { .. }), &["middle of an answer"]);
    let cut = of(large(), |_, honest| honest.without_length().cut_after(200_000)).await;
    refused(cut, |e| matches!(e, RemoteError::Cut { .. }), &["200000 of 1048576 bytes came"]);
    let whole = of(small(), |_, honest| honest.without_length()).await;
    assert_eq!(whole.unwrap().quantization(), Some("Q4_K_M"));
    let impatient = async |spoil: fn(Reply) -> Reply| {
        let server = spoiled(large(), move |_, honest| spoil(honest));
        let hub = at(&server.url(), IMPATIENT);
        let listing = hub.list(&repo(), "main").await?;
        within(hub.headers(&listing, "Q4_K_M")).await
    };
    let silent = impatient(|honest| honest.stall_after(200_000)).await;
    refused(silent, |e| matches!(e, RemoteError::Silent { .. }), &["stopped answering"]);
    let drip = impatient(|honest| honest.drip(Duration::from_millis(50))).await;
    refused(drip, |e| matches!(e, RemoteError::TooSlow { .. }), &["too slowly"]);
}

#[tokio::test]
async fn a_file_that_is_not_the_listed_one_is_refused() {
    let changed = |e: &RemoteError| matches!(e, RemoteError::Changed { .. });
    let length = small().len();
    let longer =
        of(small(), move |_, honest| honest.header("Content-Range", &format!("bytes 0-{}/{}", length - 1, length + 1)));
    refused(longer.await, changed, &["was changed", "instead of"]);
    refused(of(small(), |_, honest| honest.header("X-Linked-Size", "17")).await, changed, &["17 bytes instead of"]);
    let other = "f".repeat(64);
    refused(of(small(), move |_, honest| honest.header("X-Linked-Etag", &other)).await, changed, &["checksum"]);
    refused(of(small(), |_, _| Reply::new(416, "text/plain", "")).await, changed, &["shorter"]);
    refused(of(small(), |_, _| Reply::new(200, "x/y", small()).claiming(5).cut_after(5)).await, changed, &["5 bytes"]);
    let exchanged = of(large(), |request, honest| match request.range() {
        Some((0, _)) => honest,
        _ => honest.header("ETag", "\"two\""),
    });
    refused(exchanged.await, changed, &["exchanged just now"]);
    let packed = of(small(), |_, honest| honest.header("Content-Encoding", "gzip")).await;
    refused(packed, |e| matches!(e, RemoteError::BadAnswer { .. }), &["compressed"]);
}

#[tokio::test]
async fn a_hostile_header_is_refused() {
    let start = |n_tensors: u64, n_metadata: u64| {
        [&b"GGUF"[..], &3_u32.to_le_bytes(), &n_tensors.to_le_bytes(), &n_metadata.to_le_bytes()].concat()
    };
    for (n_tensors, n_metadata) in [(u64::MAX, 0), (0, u64::MAX), (1 << 20, 1 << 16), (0, 1 << 15)] {
        let mut bytes = start(n_tensors, n_metadata);
        bytes.resize(3 << 20, 0xC3);
        let model = of(bytes, |_, honest| honest).await;
        refused(model, |e| matches!(e, RemoteError::Header { .. }), &["cannot be used", FILE]);
    }
    let mut cut = large();
    cut.truncate(2_000_000);
    refused(of(cut, |_, honest| honest).await, |e| matches!(e, RemoteError::Header { .. }), &["ends early"]);
    refused(of(Vec::new(), |_, honest| honest).await, |e| matches!(e, RemoteError::NotGguf { .. }), &[FILE]);
}

#[tokio::test]
async fn a_part_list_that_would_cost_thousands_of_requests_is_refused() {
    let repo = (1..=600).fold(Repo::default(), |repo, number| {
        repo.file(&format!("a-Q4_0-{number:05}-of-00600.gguf"), Content::Bytes(vec![0]))
    });
    let server = HubServer::start(move |request| repo.reply(request));
    refused(headers(&server, "Q4_0").await, |e| matches!(e, RemoteError::HeadersTooLarge { .. }), &["512 files"]);
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn giving_up_ends_the_request() {
    let stalls = Arc::new(AtomicBool::new(false));
    let reached = Arc::clone(&stalls);
    let server = spoiled(large(), move |request, honest| match request.range() {
        Some((0, _)) => honest,
        _ => {
            reached.store(true, Ordering::SeqCst);
            honest.stall_after(1_000)
        }
    });
    let hub = hub(&server);
    let listing = hub.list(&repo(), "main").await.unwrap();
    let second_piece = async {
        while !stalls.load(Ordering::SeqCst) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::select! {
        model = hub.headers(&listing, "Q4_K_M") => panic!("{model:?}"),
        () = second_piece => {}
    }
    within(server.hung_up(1)).await;
}
