//! Servers, and what stands between them and this computer, that say one thing and send another.

use std::sync::atomic::{AtomicU64, Ordering};

use paddock_test_hub::{Act, Content, Kind, Request};

use super::{Client, MIB, NAME, arrived, failed, serve};

/// Whether a request is for bytes of the model.
fn for_bytes(request: &Request) -> bool {
    matches!(request.kind, Kind::Storage) && request.path.as_deref() == Some(NAME)
}

/// Every answer with bytes before the `n`-th is this; all others are honest.
fn first(n: usize, act: impl Fn() -> Act + Send + Sync + 'static) -> impl Fn(&Request) -> Act + Send + Sync + 'static {
    move |request| if for_bytes(request) && request.n_of_file <= n { act() } else { Act::Honest }
}

/// D02.
#[tokio::test(flavor = "multi_thread")]
async fn bodies_of_another_length_than_announced_are_made_whole() {
    let content = Content::model(20, 70 * MIB);
    for (name, act) in [
        ("chunked", Act::Chunked),
        ("ends with the connection", Act::CloseDelimited),
        ("announces too little", Act::ShortLength(1_000)),
        ("announces too much", Act::LongLength(1_000)),
        ("cut", Act::CutAfter(100_000)),
    ] {
        let server = serve(&content);
        server.on_request(first(4, move || act.clone()));
        let client = Client::of(&server);
        let got = client.get().await;
        assert!(got.is_ok(), "{name}: {got:?}");
        arrived(&client, &content, got);
    }
}

/// D02.
#[tokio::test(flavor = "multi_thread")]
async fn a_size_that_is_not_the_listed_one_is_never_installed() {
    let content = Content::model(21, 10 * MIB);
    let server = serve(&content);
    server.on_request(|request| match request.kind {
        Kind::Resolve => Act::LinkedSize(9 * MIB),
        _ => Act::Honest,
    });
    let client = Client::of(&server);
    failed(&client, client.get().await, &["exchanged again and again", "Try again later"]);
}

/// D03.
#[tokio::test(flavor = "multi_thread")]
async fn compressed_answers_are_not_taken_for_the_file() {
    let content = Content::model(22, 30 * MIB);
    let server = serve(&content);
    server.on_request(first(3, || Act::Gzip));
    let client = Client::of(&server);
    arrived(&client, &content, client.get().await);
    // Whatever is asked for, something on the way compresses it.
    server.on_request(first(usize::MAX, || Act::Gzip));
    let client = Client::of(&server);
    failed(&client, client.get().await, &["compressed, which was not asked for"]);
}

/// D04.
#[tokio::test(flavor = "multi_thread")]
async fn answers_with_other_bytes_than_asked_for_are_refused() {
    let content = Content::model(23, 70 * MIB);
    for act in [Act::WholeInsteadOfRange, Act::WrongRange] {
        let server = serve(&content);
        let for_server = act.clone();
        server.on_request(first(4, move || for_server.clone()));
        let client = Client::of(&server);
        let got = client.get().await;
        assert!(client.progress().notices.is_empty(), "{act:?}: nothing of it was written");
        arrived(&client, &content, got);
    }
}

/// D04.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_never_gives_pieces_is_named() {
    let content = Content::model(24, 70 * MIB);
    let server = serve(&content);
    server.on_request(first(usize::MAX, || Act::WholeInsteadOfRange));
    let client = Client::of(&server);
    failed(&client, client.get().await, &["localhost", "whole files only"]);
}

/// D04, D06.
#[tokio::test(flavor = "multi_thread")]
async fn wrong_bytes_are_found_before_the_file_has_its_name_and_fetched_again() {
    let content = Content::model(25, 40 * MIB);
    let flips: [fn(&Request) -> Act; 4] =
        [|_| Act::ShiftedBody, |_| Act::Flip(0), |_| Act::Flip(21 * MIB + 5), |_| Act::Flip(40 * MIB - 1)];
    for flip in flips {
        let server = serve(&content);
        let left = AtomicU64::new(content.len());
        // Only as long as no byte came twice.
        server.on_request(move |request| {
            if !for_bytes(request) {
                return Act::Honest;
            }
            let n_bytes = request.range.and_then(|(first, last)| Some(last? - first + 1)).unwrap_or(0);
            let before =
                left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| Some(left.saturating_sub(n_bytes)));
            if before.unwrap_or(0) > 0 { flip(request) } else { Act::Honest }
        });
        let client = Client::of(&server);
        let got = client.get().await;
        let notices = client.progress().notices;
        assert!(notices.len() == 1 && notices[0].to_string().contains("once more"), "{notices:?}");
        arrived(&client, &content, got);
    }
}

/// D06.
#[tokio::test(flavor = "multi_thread")]
async fn bytes_that_are_wrong_twice_end_it_and_nothing_is_kept() {
    let content = Content::model(26, 40 * MIB);
    let server = serve(&content);
    server.on_request(first(usize::MAX, || Act::Flip(7 * MIB)));
    let client = Client::of(&server);
    failed(&client, client.get().await, &["twice", "other bytes", "Nothing of it was kept"]);
    assert!(client.files().iter().all(|file| file.ends_with(".lock")), "{:?}", client.files());
}

/// D15.
#[tokio::test(flavor = "multi_thread")]
async fn a_login_page_is_not_a_model_and_ends_it_at_once() {
    let content = Content::model(27, 10 * MIB);
    for kind in [Kind::Api, Kind::Tree, Kind::Resolve, Kind::Storage] {
        let server = serve(&content);
        server.on_request(move |request| if request.kind == kind { Act::Html } else { Act::Honest });
        let client = Client::of(&server);
        failed(&client, client.get().await, &["web page instead of data", "log in"]);
        assert!(server.requests().len() < 12, "it was asked again and again");
    }
}
