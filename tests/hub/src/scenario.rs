//! The rows of the table of download faults (D01 to D24) that are a server's doing, each by name and seed.
//!
//! The same name and seed make the same faults for the same order of requests. Unless a row says otherwise, the faults
//! come to an end, and an honest server is what a client that keeps on finds.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use crate::act::Act;
use crate::black_hole::BlackHole;
use crate::request::{Kind, Request};

/// Decides what is done with each request.
pub type Decide = Box<dyn Fn(&Request) -> Act + Send + Sync>;

/// Every name that [`scenario`] knows, with what it does.
pub const ROWS: [(&str, &str); 42] = [
    ("D01", "the first 20 answers with bytes of a file are cut at random places"),
    ("D01-reset", "the same, ended by a reset"),
    ("D02", "the four below, one after the other, then honest"),
    ("D02-chunked-cut", "the first 3 bodies in chunks, cut"),
    ("D02-close-cut", "the first 3 bodies without a length, cut: indistinguishable from the end"),
    ("D02-short", "the first 3 bodies longer than their Content-Length"),
    ("D02-long", "the first 3 bodies shorter than their Content-Length"),
    ("D02-linked-size", "X-Linked-Size is wrong, always"),
    ("D03", "gzip in chunks and without a length instead of any range, always"),
    ("D03-chunked", "in chunks and without a length, always"),
    ("D04", "the three below, twice each, then honest"),
    ("D04-whole", "200 with the whole file for the first 6 ranges"),
    ("D04-always-whole", "a server without ranges"),
    ("D04-wrong-range", "a Content-Range of another place for the first 6 ranges"),
    ("D04-shifted", "bytes of another place for the first 6 ranges"),
    ("D06", "one wrong bit at a seeded place of each file, once"),
    ("D06-twice", "the same bit, always"),
    ("D07", "three answers of the storage have another ETag, and three of the endpoint another commit"),
    ("D08-connect", "the first 2 redirections lead where no connection comes about"),
    ("D08-head", "no answer to the first 2 requests for a file at the endpoint"),
    ("D08-headers", "nothing after half of the head, for the first 2 of the storage"),
    ("D08-body", "nothing after a seeded part of the body, for the first 2 of the storage"),
    ("D08-all", "nothing after a seeded part of the body, always"),
    ("D09", "1 byte per second, always"),
    ("D10-seconds", "429 with Retry-After: 7 until 7 s after the first"),
    ("D10-date", "429 with a date 7 s after the first, until then"),
    ("D10-ratelimit", "429 with the Hub's RateLimit header, t=55, until 55 s after the first"),
    ("D11", "5xx for the first 5 to 15 requests for files"),
    ("D12", "each signed address is good for one to three requests, the last of which is cut; six times"),
    ("D13-gated", "403 GatedRepo for every file"),
    ("D13-token", "401 for every request with a token: it is not known"),
    ("D13-404", "404 EntryNotFound for every file"),
    ("D14-relative", "one more redirection, to a path without host"),
    ("D14-cross-host", "one more redirection, to the endpoint under another host name"),
    ("D14-loop", "redirections without an end"),
    ("D14-http", "to a public host without encryption"),
    ("D14-private", "to the address where clouds keep their machines' secrets"),
    ("D15", "a web page in place of every body of a file"),
    ("D15-all", "a web page in place of everything"),
    ("D23", "checksums and commits that are paths; the names come with Repo::hostile"),
    ("D24-missing", "every second part of a split model is not there"),
    ("D24-revision", "every second part of a split model is of another commit"),
];

/// The scenario of a row. Where [`ROWS`] has the name only with an ending (`D08`), the seed chooses one of these. None if
/// there is no such name.
pub fn scenario(row: &str, seed: u64) -> Option<Decide> {
    let variants: Vec<&str> = ROWS.iter().map(|(name, _)| *name).filter(|name| is_variant(name, row)).collect();
    let exact = variants.iter().find(|name| **name == row);
    let row = *exact.or_else(|| variants.get(seed as usize % variants.len().max(1)))?;
    Some(match row.split('-').next()? {
        "D01" | "D02" | "D03" | "D04" => bodies(row, seed),
        "D06" => flip(row == "D06-twice", seed),
        "D08" => stall(row, seed),
        "D10" | "D11" => busy(row, seed),
        "D12" => expiring(seed),
        "D14" => redirections(row),
        _ => answers(row),
    })
}

fn is_variant(name: &str, row: &str) -> bool {
    name.strip_prefix(row).is_some_and(|ending| ending.is_empty() || ending.starts_with('-'))
}

/// A number that follows from seed and index (splitmix64, Steele et al. 2014).
pub(crate) fn random(seed: u64, index: u64) -> u64 {
    let mut mixed = seed.wrapping_add((index + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// How many bytes an honest answer has.
fn body_bytes(request: &Request) -> u64 {
    let size_bytes = request.size_bytes.unwrap_or(0);
    let (first, last) = request.range.unwrap_or((0, None));
    last.map_or(size_bytes, |last| size_bytes.min(last.saturating_add(1))).saturating_sub(first)
}

fn somewhere_in(request: &Request, random: u64) -> u64 {
    random % body_bytes(request).max(1)
}

/// Whether it is answered with bytes of a file.
fn has_body(request: &Request) -> bool {
    request.kind == Kind::Storage && request.is_get()
}

fn about_file(request: &Request) -> bool {
    matches!(request.kind, Kind::Resolve | Kind::Storage)
}

/// Counts the requests that a scenario is about, from 0.
#[derive(Default)]
struct Count(AtomicUsize);

impl Count {
    fn next(&self) -> usize {
        self.0.fetch_add(1, Ordering::SeqCst)
    }
}

/// Faults of the bodies: each kind so many times.
fn bodies(row: &str, seed: u64) -> Decide {
    const D02: [&str; 4] = ["D02-chunked-cut", "D02-close-cut", "D02-short", "D02-long"];
    const D04: [&str; 3] = ["D04-whole", "D04-wrong-range", "D04-shifted"];
    let (faults, times): (Vec<String>, usize) = match row {
        "D01" | "D01-reset" => (vec![row.to_owned()], 20),
        "D02" => (D02.map(str::to_owned).to_vec(), 1),
        "D04" => (D04.map(str::to_owned).to_vec(), 2),
        "D02-linked-size" | "D03" | "D03-chunked" | "D04-always-whole" => (vec![row.to_owned()], usize::MAX),
        "D04-whole" | "D04-wrong-range" | "D04-shifted" => (vec![row.to_owned()], 6),
        _ => (vec![row.to_owned()], 3),
    };
    let count = Count::default();
    Box::new(move |request| {
        if faults[0] == "D02-linked-size" {
            let size_bytes = request.size_bytes.unwrap_or(0);
            return if request.kind == Kind::Resolve { Act::LinkedSize(size_bytes + 1) } else { Act::Honest };
        }
        let fits = has_body(request) && (!faults[0].starts_with("D04") || request.range.is_some());
        if !fits {
            return Act::Honest;
        }
        let n = count.next();
        match faults.get(n / times) {
            Some(fault) => body_fault(fault, somewhere_in(request, random(seed, n as u64))),
            None => Act::Honest,
        }
    })
}

fn body_fault(fault: &str, at: u64) -> Act {
    match fault {
        "D01" => Act::CutAfter(at),
        "D01-reset" => Act::ResetAfter(at),
        "D02-chunked-cut" => Act::All(vec![Act::Chunked, Act::CutAfter(at)]),
        "D02-close-cut" => Act::All(vec![Act::CloseDelimited, Act::CutAfter(at)]),
        "D02-short" => Act::ShortLength(at.max(1)),
        "D02-long" => Act::LongLength(at.max(1)),
        "D03" => Act::Gzip,
        "D03-chunked" => Act::Chunked,
        "D04-wrong-range" => Act::WrongRange,
        "D04-shifted" => Act::ShiftedBody,
        _ => Act::WholeInsteadOfRange,
    }
}

fn flip(always: bool, seed: u64) -> Decide {
    let done = Mutex::new(HashMap::<Option<String>, bool>::new());
    Box::new(move |request| {
        let Some(size_bytes) = request.size_bytes.filter(|_| has_body(request)) else { return Act::Honest };
        let place = random(seed, 0) % size_bytes.max(1);
        let first = request.range.map_or(0, |(first, _)| first);
        let holds = (first..first + body_bytes(request)).contains(&place);
        let before = holds && done.lock().unwrap().insert(request.path.clone(), true).is_some();
        if holds && (always || !before) { Act::Flip(place) } else { Act::Honest }
    })
}

fn stall(row: &str, seed: u64) -> Decide {
    let row = row.to_owned();
    let count = Count::default();
    // Only one row needs it.
    let hole = (row == "D08-connect").then(BlackHole::start);
    Box::new(move |request| {
        let fits = match row.as_str() {
            "D08-connect" | "D08-head" => request.kind == Kind::Resolve,
            _ => has_body(request),
        };
        if !fits {
            return Act::Honest;
        }
        let n = count.next();
        if n >= 2 && row != "D08-all" {
            return Act::Honest;
        }
        match (row.as_str(), &hole) {
            ("D08-connect", Some(hole)) => Act::Redirect(format!("{}/stalled", hole.url())),
            ("D08-head", _) => Act::StallBeforeHead,
            ("D08-headers", _) => Act::StallInHead,
            _ => Act::StallAfter(somewhere_in(request, random(seed, n as u64))),
        }
    })
}

/// Too many requests, or a server in trouble.
fn busy(row: &str, seed: u64) -> Decide {
    let count = Count::default();
    if row == "D11" {
        let times = 5 + (random(seed, 0) % 11) as usize;
        return Box::new(move |request| {
            let n = if about_file(request) { count.next() } else { usize::MAX };
            let code = [500, 502, 503, 504][(random(seed, n as u64) % 4) as usize];
            if n < times { Act::refusal(code, None, "Internal Error") } else { Act::Honest }
        });
    }
    let row = row.to_owned();
    let wait = Duration::from_secs(if row == "D10-ratelimit" { 55 } else { 7 });
    let until = Mutex::new(None);
    Box::new(move |request| {
        if !about_file(request) {
            return Act::Honest;
        }
        let now = SystemTime::now();
        let until = *until.lock().unwrap().get_or_insert(now + wait);
        let Ok(left) = until.duration_since(now) else { return Act::Honest };
        let seconds = left.as_secs_f64().ceil() as u64;
        let headers = match row.as_str() {
            "D10-seconds" => vec![("Retry-After".to_owned(), seconds.to_string())],
            // A date has no fractions of a second: the next whole one.
            "D10-date" => {
                vec![("Retry-After".to_owned(), httpdate::fmt_http_date(until + Duration::from_secs(1)))]
            }
            _ => vec![
                ("RateLimit".to_owned(), format!("\"resolvers\";r=0;t={seconds}")),
                ("RateLimit-Policy".to_owned(), "\"fixed window\";\"resolvers\";q=3000;w=300".to_owned()),
            ],
        };
        Act::Status { code: 429, headers, body: r#"{"error":"Too many requests"}"#.to_owned() }
    })
}

/// Signed addresses that run out in the middle of a file: the last use of each is cut, and the next one refused.
fn expiring(seed: u64) -> Decide {
    let uses = Mutex::new(HashMap::<String, u64>::new());
    Box::new(move |request| {
        let Some(signature) = request.parameter("Signature").filter(|_| has_body(request)) else { return Act::Honest };
        let mut uses = uses.lock().unwrap();
        let index = uses.len() as u64;
        if index >= 6 && !uses.contains_key(&signature) {
            return Act::Honest;
        }
        let left = uses.entry(signature).or_insert(1 + random(seed, index) % 3);
        let act = match *left {
            0 => {
                Act::Status { code: 403, headers: Vec::new(), body: "<Error><Code>AccessDenied</Code></Error>".into() }
            }
            1 => Act::CutAfter(somewhere_in(request, random(seed, 100 + index))),
            _ => Act::Honest,
        };
        *left = left.saturating_sub(1);
        act
    })
}

fn redirections(row: &str) -> Decide {
    let row = row.to_owned();
    let count = Count::default();
    Box::new(move |request| {
        if request.kind != Kind::Resolve {
            return Act::Honest;
        }
        let path = request.target.split('?').next().unwrap_or_default();
        let moved = request.target.contains("moved=");
        match row.as_str() {
            "D14-loop" => Act::Redirect(format!("{path}?moved={}", count.next())),
            "D14-http" => Act::Redirect(format!("http://huggingface.co{path}")),
            "D14-private" => Act::Redirect("http://169.254.169.254/latest/meta-data".to_owned()),
            _ if moved => Act::Honest,
            "D14-relative" => Act::Redirect(format!("{path}?moved=1")),
            _ => {
                let host = request.header("host").unwrap_or_default().replace("127.0.0.1", "localhost");
                Act::Redirect(format!("http://{host}{path}?moved=1"))
            }
        }
    })
}

/// Rows that need no more than the request.
fn answers(row: &str) -> Decide {
    let row = row.to_owned();
    let (storage, endpoint, hostile) = (Count::default(), Count::default(), AtomicBool::new(false));
    Box::new(move |request| match row.as_str() {
        "D07" if has_body(request) => match storage.next() {
            2..5 => Act::OtherEtag("5".repeat(64)),
            _ => Act::Honest,
        },
        "D07" if request.kind == Kind::Resolve => match endpoint.next() {
            1..4 => Act::OtherCommit("5".repeat(40)),
            _ => Act::Honest,
        },
        "D09" if has_body(request) => Act::Drip { bytes: 1, pause: Duration::from_secs(1) },
        "D13-gated" if request.kind == Kind::Resolve => {
            Act::refusal(403, Some("GatedRepo"), "Access to this model is restricted.")
        }
        "D13-token" if request.token().is_some() && request.kind != Kind::Storage => {
            Act::refusal(401, None, "Invalid credentials in Authorization header")
        }
        "D13-404" if request.kind == Kind::Resolve => Act::refusal(404, Some("EntryNotFound"), "Entry not found"),
        "D15" if has_body(request) => Act::Html,
        "D15-all" => Act::Html,
        // In turn, so that neither hides the other.
        "D23" if request.kind == Kind::Resolve => match hostile.fetch_not(Ordering::SeqCst) {
            false => Act::OtherEtag("../../../../tmp/etag".to_owned()),
            true => Act::OtherCommit("../../../../tmp/commit".to_owned()),
        },
        "D24-missing" if is_even_part(request) => Act::refusal(404, Some("EntryNotFound"), "Entry not found"),
        "D24-revision" if is_even_part(request) => Act::OtherCommit("7".repeat(40)),
        _ => Act::Honest,
    })
}

/// `model-00002-of-00003.gguf`
fn is_even_part(request: &Request) -> bool {
    let path = request.path.as_deref().filter(|_| request.kind == Kind::Resolve);
    let number = path.and_then(|path| path.rsplit_once("-of-")?.0.rsplit_once('-')?.1.parse::<u32>().ok());
    number.is_some_and(|number| number % 2 == 0)
}
