//! The named scenarios: each is there, is the same for the same seed, and ends as it says.

use std::time::Instant;

use paddock_test_hub::scenario::{ROWS, scenario};
use paddock_test_hub::{Act, Content, Kind, Repo, Request, TestHub};

use crate::client::{Client, parts, storage};

const FILE: &str = "/owner/model/resolve/main/model-00002-of-00003.gguf";

fn hub() -> TestHub {
    TestHub::start(vec![Repo::new("owner/model").file("model-00002-of-00003.gguf", Content::model(1, 300_000))])
}

fn request(kind: Kind, n: usize) -> Request {
    let first = n as u64 * 10_000;
    Request {
        n,
        n_of_file: n,
        kind,
        method: "GET".to_owned(),
        target: format!("/owner/model?Signature={}", n / 2),
        repo: Some("owner/model".to_owned()),
        path: Some("model-00002-of-00003.gguf".to_owned()),
        size_bytes: Some(10_000_000),
        range: Some((first, Some(first + 9999))),
        headers: vec![
            ("host".to_owned(), "127.0.0.1:1".to_owned()),
            ("authorization".to_owned(), "Bearer x".to_owned()),
        ],
        at: Instant::now(),
    }
}

/// What a scenario does with the first requests of each kind.
fn acts(row: &str, seed: u64) -> Vec<String> {
    let decide = scenario(row, seed).unwrap();
    let ask = |n| [Kind::Resolve, Kind::Storage].map(|kind| format!("{:?}", decide(&request(kind, n))));
    (0..1000).flat_map(ask).collect()
}

#[test]
fn every_row_does_something_and_the_same_again_for_the_same_seed() {
    for (row, _) in ROWS {
        let first = acts(row, 1);
        assert!(first.iter().any(|act| act != "Honest"), "{row} does nothing");
        // They name a port of their own, and tell the time.
        if row != "D08-connect" && !row.starts_with("D10") {
            assert_eq!(first, acts(row, 1), "{row}");
        }
    }
    for unknown in ["D99", "D0", "", "D01-"] {
        assert!(scenario(unknown, 1).is_none(), "{unknown}");
    }
}

#[test]
fn the_name_of_a_row_alone_stands_for_one_of_its_variants_by_seed() {
    assert_eq!(acts("D14", 2), acts("D14-loop", 2));
    assert_eq!(acts("D14", 3), acts("D14-http", 3));
}

#[test]
fn another_seed_makes_other_faults() {
    for row in ["D01", "D02", "D06", "D08-body", "D11", "D12"] {
        assert_ne!(acts(row, 1), acts(row, 2), "{row}");
    }
}

#[test]
fn a_client_that_keeps_on_gets_through() {
    for row in ["D01", "D02", "D04", "D06", "D07", "D08-body", "D08-head", "D08-headers", "D11", "D12"] {
        let last = acts(row, 1).split_off(1900);
        assert!(last.iter().all(|act| act == "Honest"), "{row}");
    }
}

#[test]
fn twenty_bodies_are_cut_and_the_next_is_whole() {
    let hub = hub();
    assert!(hub.play("D01", 7));
    for _ in 0..20 {
        let (mut client, target) = storage(&hub.url(), FILE);
        let answer = client.range(&target, "0-99999");
        assert!(answer.error.is_some() && answer.body.len() < 100_000);
    }
    let (mut client, target) = storage(&hub.url(), FILE);
    assert!(client.range(&target, "0-99999").error.is_none());
}

#[test]
fn a_bit_is_flipped_once_or_always_by_the_rows_name() {
    let right = Content::model(1, 300_000).to_vec();
    for (row, expected) in [("D06", [1, 0]), ("D06-twice", [1, 1])] {
        let hub = hub();
        hub.play(row, 3);
        let n_wrong = [(); 2].map(|()| {
            let (mut client, target) = storage(&hub.url(), FILE);
            client.get(&target).body.iter().zip(&right).filter(|(a, b)| a != b).count()
        });
        assert_eq!(n_wrong, expected, "{row}");
    }
}

#[test]
fn a_signed_address_dies_in_the_middle_of_a_file() {
    let hub = hub();
    hub.play("D12", 1);
    let (_, target) = storage(&hub.url(), FILE);
    let statuses: Vec<(u16, bool)> = (0..5)
        .map(|_| {
            let answer = Client::new(&format!("http://localhost:{}", hub.storage_port())).range(&target, "0-99999");
            (answer.status, answer.error.is_some())
        })
        .collect();
    let cut = statuses.iter().position(|(_, cut)| *cut).unwrap();
    assert!(statuses[..cut].iter().all(|status| *status == (206, false)), "{statuses:?}");
    assert!(statuses[cut + 1..].iter().all(|status| *status == (403, false)), "{statuses:?}");
}

#[test]
fn one_more_redirection_leads_to_the_file_all_the_same() {
    for row in ["D14-relative", "D14-cross-host"] {
        let hub = hub();
        hub.play(row, 0);
        let mut url = hub.url();
        let mut target = FILE.to_owned();
        let mut hops = Vec::new();
        let body = loop {
            let answer = Client::new(&url).get(&target);
            if answer.status != 302 {
                break answer.body;
            }
            let to = answer.header("location");
            let to = if to.starts_with('/') { format!("{url}{to}") } else { to.to_owned() };
            let (host, next) = parts(&to);
            (url, target) = (format!("http://{host}"), next.to_owned());
            hops.push(to);
        };
        assert_eq!((hops.len(), body.len()), (2, 300_000), "{row}: {hops:?}");
        assert_eq!(hops[0].starts_with("http://localhost"), row == "D14-cross-host");
    }
}

#[test]
fn too_many_requests_say_how_long_to_wait() {
    for (row, header) in [("D10-seconds", "retry-after"), ("D10-date", "retry-after"), ("D10-ratelimit", "ratelimit")] {
        let hub = hub();
        hub.play(row, 0);
        let answer = Client::new(&hub.url()).get(FILE);
        assert_eq!(answer.status, 429);
        let value = answer.header(header);
        let expected = match row {
            "D10-seconds" => value == "7",
            "D10-date" => value.ends_with(" GMT"),
            _ => value == "\"resolvers\";r=0;t=55",
        };
        assert!(expected, "{row}: {value}");
    }
}

#[test]
fn hostile_and_wrong_answers_are_told_apart_by_kind() {
    let decide = scenario("D24-missing", 0).unwrap();
    assert!(matches!(decide(&request(Kind::Resolve, 1)), Act::Status { code: 404, .. }));
    let mut first_part = request(Kind::Resolve, 1);
    first_part.path = Some("model-00001-of-00003.gguf".to_owned());
    assert!(matches!(decide(&first_part), Act::Honest));
}
