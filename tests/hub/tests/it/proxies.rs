//! The proxies, between a client and the server.

use std::io::{Read, Write};
use std::net::TcpStream;

use paddock_test_hub::{Content, Proxy, Repo, Socks, TestHub};

use crate::client::{Client, parts};

fn hub() -> TestHub {
    TestHub::start(vec![Repo::new("owner/model").file("README.md", Content::bytes("Read me."))])
}

const README: &str = "/owner/model/resolve/main/README.md";

/// Sends this, hangs up, and gives all that comes back.
fn say(url: &str, text: &str) -> String {
    let mut stream = TcpStream::connect(parts(url).0).unwrap();
    stream.write_all(text.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn a_proxy_passes_requests_in_the_clear_on() {
    let (hub, proxy) = (hub(), Proxy::start());
    let answer = Client::new(&proxy.url()).get(&format!("{}{README}", hub.url()));
    assert_eq!(answer.body, b"Read me.");
    assert_eq!(proxy.requests(), [format!("GET {}{README} HTTP/1.1", hub.url())]);
    assert_eq!(hub.requests().len(), 1);
}

#[test]
fn a_proxy_makes_tunnels() {
    let (hub, proxy) = (hub(), Proxy::start());
    let host = parts(&hub.url()).0.to_owned();
    let request = format!("CONNECT {host} HTTP/1.1\r\n\r\nGET {README} HTTP/1.1\r\nConnection: close\r\n\r\n");
    let answer = say(&proxy.url(), &request);
    assert!(answer.starts_with("HTTP/1.1 200 Connection established\r\n\r\nHTTP/1.1 200 OK"), "{answer}");
    assert!(answer.ends_with("Read me."), "{answer}");
}

#[test]
fn a_proxy_that_wants_a_login_refuses_everybody_else() {
    let (hub, proxy) = (hub(), Proxy::start());
    proxy.require(Some(("user", "pass word")));
    let target = format!("{}{README}", hub.url());
    let ask = |header: &str| Client::new(&proxy.url()).ask("GET", &target, &[("Proxy-Authorization", header)]).status;
    assert_eq!(ask("Basic dXNlcjp3cm9uZw=="), 407);
    assert_eq!(hub.requests().len(), 0);
    assert_eq!(ask("Basic dXNlcjpwYXNzIHdvcmQ="), 200);
    assert!(hub.requests()[0].header("proxy-authorization").is_none());
    proxy.require(None);
    assert_eq!(ask("none"), 200);
}

#[test]
fn a_socks_proxy_resolves_names_and_passes_bytes_on() {
    let (hub, socks) = (hub(), Socks::start());
    let port: u16 = parts(&hub.url()).0.split(':').nth(1).unwrap().parse().unwrap();
    let mut stream = TcpStream::connect(socks.url().strip_prefix("socks5h://").unwrap()).unwrap();
    stream.write_all(&[5, 1, 0]).unwrap();
    let mut two = [0; 2];
    stream.read_exact(&mut two).unwrap();
    assert_eq!(two, [5, 0]);
    let mut connect = vec![5, 1, 0, 3, 9];
    connect.extend(b"localhost");
    connect.extend(port.to_be_bytes());
    stream.write_all(&connect).unwrap();
    let mut ten = [0; 10];
    stream.read_exact(&mut ten).unwrap();
    assert_eq!(ten[..2], [5, 0]);
    stream.write_all(format!("GET {README} HTTP/1.1\r\nConnection: close\r\n\r\n").as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.ends_with("Read me."), "{answer}");
    assert_eq!(socks.requests(), [format!("localhost:{port}")]);
}
