//! What heals is waited for: cut lines, silence, servers with a fault or too much to do, no network at all.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use paddock_hub::transfer::{Phase, TransferError, WaitReason};
use paddock_test_hub::{Act, Content, Kind, Proxy, Request};

use super::{Client, MIB, NAME, SILENCE, arrived, asked_bytes, serve};

fn for_bytes(request: &Request) -> bool {
    matches!(request.kind, Kind::Storage) && request.path.as_deref() == Some(NAME)
}

/// The same for each test, and different for each number: 0 to 2^64.
fn random(n: u64) -> u64 {
    let mixed = n.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    (mixed ^ (mixed >> 29)).wrapping_mul(0xBF58_476D_1CE4_E5B9)
}

/// D01.
#[tokio::test(flavor = "multi_thread")]
async fn twenty_cuts_cost_no_more_than_what_was_on_the_way() {
    let content = Content::model(30, 400 * MIB);
    let server = serve(&content);
    let cuts = AtomicUsize::new(0);
    server.on_request(move |request| {
        if for_bytes(request)
            && cuts.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| (n < 20).then_some(n + 1)).is_ok()
        {
            Act::CutAfter(random(request.n as u64) % (20 * MIB))
        } else {
            Act::Honest
        }
    });
    let client = Client::of(&server);
    arrived(&client, &content, client.get().await);
    let again = server.served_bytes() - content.len();
    assert!(again <= 64 * MIB, "{again} bytes came twice");
    let waits = client.waits();
    assert!(waits.iter().all(|wait| wait.until.saturating_duration_since(Instant::now()) < Duration::from_secs(5)));
}

/// D08.
#[tokio::test(flavor = "multi_thread")]
async fn silence_at_any_point_is_noticed_and_another_connection_made() {
    let content = Content::model(31, 30 * MIB);
    let silences = [
        ("the listing", Kind::Tree, Act::StallBeforeHead),
        ("the endpoint", Kind::Resolve, Act::StallBeforeHead),
        ("before the head", Kind::Storage, Act::StallBeforeHead),
        ("in the head", Kind::Storage, Act::StallInHead),
        ("after the head", Kind::Storage, Act::StallAfter(0)),
        ("in the body", Kind::Storage, Act::StallAfter(1_000_000)),
    ];
    for (name, kind, act) in silences {
        let server = serve(&content);
        let once = AtomicUsize::new(0);
        server.on_request(move |request| {
            let is_first = request.kind == kind && once.fetch_add(1, Ordering::SeqCst) == 0;
            if is_first { act.clone() } else { Act::Honest }
        });
        let client = Client::of(&server);
        let since = Instant::now();
        let got = client.get().await;
        assert!(since.elapsed() >= SILENCE, "{name}: nothing was silent");
        arrived(&client, &content, got);
    }
}

/// D08.
#[tokio::test(flavor = "multi_thread")]
async fn while_nothing_comes_the_speed_is_nothing_and_no_time_left_is_told() {
    let content = Content::model(32, 30 * MIB);
    let server = serve(&content);
    server.on_request(|request| if for_bytes(request) { Act::StallAfter(1_000_000) } else { Act::Honest });
    let client = Client::with(&server, |config| config.patience.silence = Duration::from_secs(30));
    let mut told = client.tell.subscribe();
    let (got, since) = tokio::join!(client.get(), async {
        told.wait_for(|progress| progress.received_bytes > 0).await.unwrap();
        let since = Instant::now();
        told.wait_for(|progress| progress.bytes_per_s == 0).await.unwrap();
        assert_eq!(told.borrow().time_left, None);
        client.stop.send_replace(true);
        since.elapsed()
    });
    assert!(matches!(got, Err(TransferError::Stopped)));
    assert!(since < Duration::from_millis(3_500), "0 B/s after {since:?}");
}

/// D09.
#[tokio::test(flavor = "multi_thread")]
async fn a_line_that_drips_is_not_given_up_and_its_time_left_is_honest() {
    let content = Content::model(33, 4_000_000);
    let server = serve(&content);
    // A kilobyte every 100 ms: 10 kB/s, and some seven minutes.
    server.on_request(|request| {
        if for_bytes(request) { Act::Drip { bytes: 1_000, pause: Duration::from_millis(100) } } else { Act::Honest }
    });
    let client = Client::of(&server);
    let mut told = client.tell.subscribe();
    let (got, ()) = tokio::join!(client.get(), async {
        let told = told.wait_for(|progress| progress.time_left.is_some()).await.unwrap().clone();
        let left_s = told.time_left.unwrap().as_secs();
        assert!((200..=800).contains(&left_s), "{left_s} s at {} B/s", told.bytes_per_s);
        client.stop.send_replace(true);
    });
    assert!(matches!(got, Err(TransferError::Stopped)));
    let for_bytes = server.requests().iter().filter(|request| for_bytes(request)).count();
    assert_eq!(for_bytes, 1, "it was not asked again");
}

/// D10.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_wants_to_be_left_alone_is_left_alone_for_as_long() {
    let content = Content::model(34, 10 * MIB);
    let in_three_seconds = || {
        let at = std::time::SystemTime::now() + Duration::from_millis(3_999);
        httpdate::fmt_http_date(at)
    };
    for (name, kind) in [("Retry-After", Kind::Resolve), ("date", Kind::Storage), ("RateLimit", Kind::Tree)] {
        let server = serve(&content);
        let once = AtomicUsize::new(0);
        server.on_request(move |request| {
            if request.kind != kind || once.fetch_add(1, Ordering::SeqCst) > 0 {
                return Act::Honest;
            }
            let header = match name {
                "Retry-After" => ("Retry-After".to_owned(), "3".to_owned()),
                "date" => ("Retry-After".to_owned(), in_three_seconds()),
                _ => ("RateLimit".to_owned(), "\"api\";r=0;t=3".to_owned()),
            };
            Act::Status { code: 429, headers: vec![header], body: String::new() }
        });
        let client = Client::of(&server);
        let since = Instant::now();
        arrived(&client, &content, client.get().await);
        let waits = client.waits();
        assert!(
            waits.iter().any(|wait| wait.reason == WaitReason::Busy && wait.why.to_string().ends_with('.')),
            "{name}: {waits:?}"
        );
        let waited = since.elapsed();
        assert!(waited >= Duration::from_millis(2_400), "{name}: only {waited:?} of 3 s");
    }
}

/// D11.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_with_a_fault_is_asked_again_until_it_heals() {
    let content = Content::model(35, 30 * MIB);
    for kind in [Kind::Api, Kind::Resolve, Kind::Storage] {
        let server = serve(&content);
        let n_faults = AtomicUsize::new(0);
        server.on_request(move |request| {
            if request.kind == kind && n_faults.fetch_add(1, Ordering::SeqCst) < 2 {
                Act::Status { code: 503, headers: Vec::new(), body: "down".to_owned() }
            } else {
                Act::Honest
            }
        });
        let client = Client::of(&server);
        arrived(&client, &content, client.get().await);
        assert!(client.waits().iter().any(|wait| wait.reason == WaitReason::ServerFault), "{:?}", client.waits());
    }
}

/// D11, D22.
#[tokio::test(flavor = "multi_thread")]
async fn without_a_network_it_waits_and_goes_on_when_it_is_back() {
    let content = Content::model(36, 60 * MIB);
    let server = serve(&content);
    server.throttle(Some(3_000_000));
    let client = Client::of(&server);
    let mut told = client.tell.subscribe();
    let (got, ()) = tokio::join!(client.get(), async {
        told.wait_for(|progress| progress.done_bytes > 0).await.unwrap();
        server.go_offline();
        let offline = |progress: &paddock_hub::transfer::Progress| matches!(&progress.phase, Phase::Waiting(wait) if wait.reason == WaitReason::Offline);
        let waiting = told.wait_for(offline).await.unwrap().clone();
        assert_eq!((waiting.bytes_per_s, waiting.time_left), (0, None), "no false progress");
        server.throttle(None);
        server.come_back();
    });
    arrived(&client, &content, got);
}

/// D11.
#[tokio::test(flavor = "multi_thread")]
async fn a_download_can_be_started_without_a_network() {
    let content = Content::model(37, 10 * MIB);
    let server = serve(&content);
    server.go_offline();
    let client = Client::of(&server);
    let mut told = client.tell.subscribe();
    let (got, ()) = tokio::join!(client.get(), async {
        told.wait_for(|progress| matches!(progress.phase, Phase::Waiting(_))).await.unwrap();
        server.come_back();
    });
    arrived(&client, &content, got);
}

/// D12.
#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_is_no_longer_good_is_renewed_unseen() {
    let content = Content::model(38, 300 * MIB);
    let server = serve(&content);
    server.signed_urls_live(Some(3));
    let client = Client::of(&server);
    arrived(&client, &content, client.get().await);
    let n_asked = server.requests().iter().filter(|request| request.kind == Kind::Resolve).count();
    assert!(n_asked >= 2, "it never ran out");
    assert!(client.waits().is_empty() && client.progress().notices.is_empty(), "it was seen: {:?}", client.waits());
    assert_eq!(server.served_bytes(), content.len());
}

/// D12.
#[tokio::test(flavor = "multi_thread")]
async fn a_storage_that_refuses_every_address_ends_it() {
    let content = Content::model(39, 10 * MIB);
    let server = serve(&content);
    server.on_request(|request| {
        if for_bytes(request) {
            Act::Status { code: 403, headers: Vec::new(), body: "<Error>AccessDenied</Error>".to_owned() }
        } else {
            Act::Honest
        }
    });
    let client = Client::of(&server);
    let since = Instant::now();
    super::failed(&client, client.get().await, &["status 403"]);
    assert!(since.elapsed() < Duration::from_secs(30));
}

/// D21.
#[tokio::test(flavor = "multi_thread")]
async fn a_pause_is_heard_at_once_and_costs_nothing_that_was_safe() {
    let content = Content::model(40, 200 * MIB);
    let server = serve(&content);
    server.throttle(Some(4_000_000));
    let client = Client::of(&server);
    client.get_until(|progress| progress.done_bytes >= 20 * MIB).await;
    // That nothing comes any more cannot be waited for.
    tokio::time::sleep(Duration::from_secs(1)).await;
    let served = server.served_bytes();
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(server.served_bytes(), served, "bytes still come a second later");
    let done = client.progress().done_bytes;
    server.throttle(None);
    let before = server.requests().len();
    arrived(&client, &content, client.get().await);
    let fetched = asked_bytes(&server, before);
    assert!(fetched <= content.len() - done, "{fetched} bytes for the {} that were missing", content.len() - done);
}

/// D22.
#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_that_wants_a_login_is_asked_again_until_it_lets_through() {
    let content = Content::model(41, 10 * MIB);
    let server = serve(&content);
    let proxy = Proxy::start();
    proxy.require(Some(("somebody", "secret")));
    let client = Client::with(&server, |config| config.proxy = Some(proxy.url()));
    let mut told = client.tell.subscribe();
    let (got, ()) = tokio::join!(client.get(), async {
        let waits_for_proxy = |progress: &paddock_hub::transfer::Progress| matches!(&progress.phase, Phase::Waiting(wait) if wait.reason == WaitReason::Proxy);
        told.wait_for(waits_for_proxy).await.unwrap();
        proxy.require(None);
    });
    arrived(&client, &content, got);
    assert!(proxy.requests().len() > 2, "it went through the proxy");
}
