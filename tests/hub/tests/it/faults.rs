//! Every act, as it is on the wire.

use std::time::{Duration, Instant};

use paddock_test_hub::{Act, BlackHole, Content, Kind, Repo, TestHub};

use crate::client::{Answer, Client, parts, storage};

const FILE: &str = "/owner/model/resolve/main/model.gguf";

fn content() -> Content {
    Content::model(1, 300_000)
}

/// What a request for a range of the file gets, and the connection that it came on, for as long as the server runs.
fn range_with(act: Act) -> (Answer, (Client, TestHub)) {
    let hub = TestHub::start(vec![Repo::new("owner/model").file("model.gguf", content())]);
    let (mut client, target) = storage(&hub.url(), FILE);
    hub.on_request(move |request| if request.kind == Kind::Storage { act.clone() } else { Act::Honest });
    let answer = client.range(&target, "1000-200999");
    (answer, (client, hub))
}

fn right() -> Vec<u8> {
    content().to_vec()[1000..201_000].to_vec()
}

#[test]
fn a_cut_body_has_its_beginning_and_no_more() {
    for act in [Act::CutAfter(12_345), Act::CutAfter(0)] {
        let Act::CutAfter(n_bytes) = act else { unreachable!() };
        let (answer, _) = range_with(act);
        assert_eq!(answer.header("content-length"), "200000");
        assert!(answer.body == right()[..n_bytes as usize]);
        assert!(answer.error.is_some());
    }
}

#[test]
fn a_reset_is_a_reset() {
    let (answer, _) = range_with(Act::ResetAfter(0));
    assert_eq!(answer.error.unwrap().kind(), std::io::ErrorKind::ConnectionReset);
}

#[test]
fn a_stalled_body_neither_goes_on_nor_ends() {
    let hub = TestHub::start(vec![Repo::new("owner/model").file("model.gguf", content())]);
    let (client, target) = storage(&hub.url(), FILE);
    hub.on_request(|_| Act::StallAfter(5000));
    let mut client = client.timeout(Duration::from_millis(300));
    let answer = client.range(&target, "1000-200999");
    assert_eq!(answer.body.len(), 5000);
    assert!(matches!(answer.error.unwrap().kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut));
    assert_eq!(hub.open_connections(), 1);
}

#[test]
fn a_stall_can_come_before_and_in_the_head() {
    let hub = TestHub::start(vec![Repo::new("owner/model").file("model.gguf", content())]);
    let heard = |act: Act| {
        hub.on_request(move |_| act.clone());
        let mut client = Client::new(&hub.url()).timeout(Duration::from_millis(300));
        client.send("GET", FILE, &[]);
        String::from_utf8(client.rest()).unwrap()
    };
    assert_eq!(heard(Act::StallBeforeHead), "");
    let half = heard(Act::StallInHead);
    assert!(half.starts_with("HTTP/1.1 302") && !half.contains("\r\n\r\n"), "{half}");
}

#[test]
fn a_dripped_body_takes_its_time_and_is_right() {
    let since = Instant::now();
    let (answer, _) = range_with(Act::Drip { bytes: 50_000, pause: Duration::from_millis(50) });
    assert!(since.elapsed() >= Duration::from_millis(200));
    assert!(answer.body == right());
}

#[test]
fn ranges_can_be_ignored_or_mixed_up() {
    let (answer, _) = range_with(Act::WholeInsteadOfRange);
    assert_eq!((answer.status, answer.header("content-range")), (200, ""));
    assert!(answer.body == content().to_vec());
    let (answer, _) = range_with(Act::WrongRange);
    assert_eq!((answer.status, answer.header("content-range")), (206, "bytes 5096-205095/300000"));
    assert!(answer.body == right());
    let (answer, _) = range_with(Act::ShiftedBody);
    assert_eq!((answer.status, answer.header("content-range")), (206, "bytes 1000-200999/300000"));
    assert!(answer.body == content().to_vec()[5096..205_096]);
}

#[test]
fn one_bit_is_wrong_where_it_was_asked_for() {
    let (answer, _) = range_with(Act::Flip(70_000));
    let wrong: Vec<usize> =
        right().iter().zip(&answer.body).enumerate().filter(|(_, (a, b))| a != b).map(|(at, _)| at).collect();
    assert_eq!(wrong, [69_000]);
    let (answer, _) = range_with(Act::Flip(999));
    assert!(answer.body == right());
}

#[test]
fn a_body_without_a_length_is_the_same_body() {
    let (answer, _) = range_with(Act::Chunked);
    assert_eq!(answer.header("content-length"), "");
    assert!(answer.error.is_none() && answer.body == right());
    let (answer, _) = range_with(Act::CloseDelimited);
    assert_eq!((answer.header("content-length"), answer.header("transfer-encoding")), ("", ""));
    assert!(answer.body == right());
    let (answer, _) = range_with(Act::All(vec![Act::Chunked, Act::CutAfter(1000)]));
    assert!(answer.error.is_some() && answer.body == right()[..1000]);
    let (answer, _) = range_with(Act::All(vec![Act::CloseDelimited, Act::CutAfter(1000)]));
    assert!(answer.error.is_none() && answer.body == right()[..1000]);
}

#[test]
fn a_length_that_lies_is_shorter_or_longer_than_the_body() {
    let (answer, (mut client, _hub)) = range_with(Act::ShortLength(100));
    assert!(answer.error.is_none() && answer.body == right()[..199_900]);
    assert_eq!(client.rest(), right()[199_900..]);
    let (answer, _) = range_with(Act::LongLength(100));
    assert!(answer.error.is_some() && answer.body == right());
}

#[test]
fn a_login_page_and_a_status_of_ones_own_replace_the_answer() {
    let (answer, _) = range_with(Act::Html);
    assert_eq!((answer.status, answer.header("content-type")), (200, "text/html"));
    assert!(answer.body.starts_with(b"<!DOCTYPE html>"));
    let headers = vec![("Retry-After".to_owned(), "7".to_owned())];
    let (answer, (mut client, _hub)) = range_with(Act::Status { code: 429, headers, body: "no".to_owned() });
    assert_eq!((answer.status, answer.header("retry-after"), answer.body.as_slice()), (429, "7", b"no".as_slice()));
    // Still a connection to ask on.
    assert_eq!(client.range("/", "0-").status, 429);
}

#[test]
fn what_is_said_about_a_file_can_be_changed() {
    let hub = TestHub::start(vec![Repo::new("owner/model").file("model.gguf", content())]);
    let ask = |act: Act| {
        hub.on_request(move |_| act.clone());
        Client::new(&hub.url()).ask("HEAD", FILE, &[])
    };
    let answer = ask(Act::OtherEtag("../x".to_owned()));
    assert_eq!((answer.header("etag"), answer.header("x-linked-etag")), ("\"../x\"", "\"../x\""));
    assert_eq!(ask(Act::LinkedSize(5)).header("x-linked-size"), "5");
    assert_eq!(ask(Act::OtherCommit("77".to_owned())).header("x-repo-commit"), "77");
    let moved = ask(Act::Redirect("/elsewhere".to_owned()));
    assert_eq!((moved.status, moved.header("location"), moved.header("x-linked-etag")), (302, "/elsewhere", ""));
}

#[test]
fn what_is_compressed_can_be_unpacked_by_a_program_that_is_not_ours() {
    let (answer, _) = range_with(Act::Gzip);
    assert_eq!((answer.status, answer.header("content-encoding"), answer.header("content-length")), (200, "gzip", ""));
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), &answer.body).unwrap();
    let unpacked = std::process::Command::new("gzip").arg("-dc").stdin(file.reopen().unwrap()).output();
    let Ok(unpacked) = unpacked else {
        eprintln!("skipped: there is no gzip here");
        return;
    };
    assert!(unpacked.status.success(), "{}", String::from_utf8_lossy(&unpacked.stderr));
    assert!(unpacked.stdout == content().to_vec());
}

#[test]
#[cfg(target_os = "linux")]
fn no_connection_comes_about_with_a_black_hole() {
    let hole = BlackHole::start();
    let error = std::net::TcpStream::connect_timeout(&hole.address(), Duration::from_millis(500)).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::TimedOut);
}

#[test]
fn hostile_names_are_in_the_listing_and_can_be_asked_for() {
    let hub = TestHub::start(vec![Repo::hostile(), Repo::hostile_commit()]);
    let mut client = Client::new(&hub.url());
    let listed = client.get("/api/models/hostile/model/tree/main?recursive=true").json().to_string();
    for name in [
        "../../escape.gguf",
        "/tmp/absolute.gguf",
        r"C:\\windows.gguf",
        r"\u001b[2J",
        "CON.gguf",
        "../../../../tmp/etag",
    ] {
        assert!(listed.contains(name), "{name} in {listed}");
    }
    let answer = client.get("/hostile/model/resolve/main/%2E%2E/..%2Fescape.gguf");
    assert_eq!(answer.status, 302);
    let location = answer.header("location").to_owned();
    assert!(Client::new(&location).get(parts(&location).1).body.starts_with(b"GGUF"));
    let commit = client.get("/hostile/commit/resolve/main/good.gguf").header("x-repo-commit").to_owned();
    assert_eq!(commit, "../../../../tmp/commit");
}
