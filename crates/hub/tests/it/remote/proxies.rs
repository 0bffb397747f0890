//! Proxies on the way: HTTP and SOCKS5, small but real.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use paddock_hub::remote::{Hub, HubConfig, RemoteError};

use super::{PATIENT, TOKEN, refused, repo, within};
use crate::hub_server::{HubServer, Reply};

/// What was asked of a proxy, as `host:port` or as the address in a request.
type Asked = Arc<Mutex<Vec<String>>>;

/// Serves every connection on a thread of its own, until the test's process ends.
fn listen(serve: impl Fn(TcpStream) -> Option<()> + Send + Sync + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let serve = Arc::new(serve);
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let serve = Arc::clone(&serve);
            thread::spawn(move || serve(stream));
        }
    });
    address
}

/// Copies both ways until one side ends.
fn join(client: &TcpStream, server: &TcpStream) -> Option<()> {
    let (mut from, mut to) = (client.try_clone().ok()?, server.try_clone().ok()?);
    thread::spawn(move || std::io::copy(&mut from, &mut to));
    let (mut from, mut to) = (server.try_clone().ok()?, client.try_clone().ok()?);
    let _ = std::io::copy(&mut from, &mut to);
    client.shutdown(std::net::Shutdown::Both).ok()
}

/// An HTTP proxy. Sends every request to `server`, whatever it is for; wants a login if there is one.
fn http_proxy(server: SocketAddr, login: Option<&'static str>) -> (String, Asked) {
    let asked = Asked::default();
    let seen = Arc::clone(&asked);
    let address = listen(move |mut client| {
        let mut lines = BufReader::new(client.try_clone().ok()?).lines();
        let first = lines.next()?.ok()?;
        let head: Vec<String> = lines.map_while(Result::ok).take_while(|line| !line.is_empty()).collect();
        seen.lock().unwrap().push(format!("{first}\n{}", head.join("\n")));
        let is_let_in = login.is_none_or(|login| {
            head.iter()
                .any(|line| line.to_ascii_lowercase().starts_with("proxy-authorization:") && line.ends_with(login))
        });
        if !is_let_in {
            let refusal = "HTTP/1.1 407 Login\r\nProxy-Authenticate: Basic realm=\"x\"\r\nContent-Length: 0\r\n\r\n";
            return client.write_all(refusal.as_bytes()).ok();
        }
        let mut server = TcpStream::connect(server).ok()?;
        if first.starts_with("CONNECT ") {
            client.write_all(b"HTTP/1.1 200 Connected\r\n\r\n").ok()?;
        } else {
            let target = first.split(' ').nth(1)?;
            let path = target.splitn(4, '/').nth(3)?;
            server.write_all(format!("GET /{path} HTTP/1.1\r\n{}\r\n\r\n", head.join("\r\n")).as_bytes()).ok()?;
        }
        join(&client, &server)
    });
    (address.to_string(), asked)
}

/// A SOCKS5 proxy (RFC 1928). Sends every connection to `server`, whatever it is for.
fn socks_proxy(server: SocketAddr) -> (String, Asked) {
    let asked = Asked::default();
    let seen = Arc::clone(&asked);
    let address = listen(move |client| {
        let read = |n: usize| {
            let mut bytes = vec![0; n];
            (&client).read_exact(&mut bytes).ok().map(|()| bytes)
        };
        let methods = read(2)?[1];
        read(methods.into())?;
        (&client).write_all(&[5, 0]).ok()?;
        let host = match read(4)?[3] {
            1 => IpAddr::from(<[u8; 4]>::try_from(read(4)?).ok()?).to_string(),
            3 => {
                let length = read(1)?[0];
                String::from_utf8(read(length.into())?).ok()?
            }
            _ => return None,
        };
        read(2)?;
        seen.lock().unwrap().push(host);
        (&client).write_all(&[5, 0, 0, 1, 127, 0, 0, 1, 0, 0]).ok()?;
        join(&client, &TcpStream::connect(server).ok()?)
    });
    (address.to_string(), asked)
}

fn through(proxy: &str, endpoint: &str) -> Result<Hub, RemoteError> {
    let mut config = HubConfig::default();
    (config.endpoint, config.token, config.patience) = (endpoint.to_owned(), Some(TOKEN.to_owned()), PATIENT);
    config.proxy = Some(proxy.to_owned());
    Hub::new(config)
}

fn address(server: &HubServer) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], server.port()))
}

#[tokio::test]
async fn a_named_proxy_is_used_even_for_this_computer() {
    let server = HubServer::start(|_| Reply::json("[]"));
    let (proxy, asked) = http_proxy(address(&server), None);
    for named in [format!("http://{proxy}"), proxy.clone()] {
        within(through(&named, &server.url()).unwrap().list(&repo(), "main")).await.unwrap();
    }
    assert_eq!((asked.lock().unwrap().len(), server.requests().len()), (2, 2));
    let (proxy, asked) = socks_proxy(address(&server));
    for scheme in ["socks5", "socks5h"] {
        let hub = through(&format!("{scheme}://{proxy}"), &server.url()).unwrap();
        within(hub.list(&repo(), "main")).await.unwrap();
    }
    assert_eq!(*asked.lock().unwrap(), ["127.0.0.1", "127.0.0.1"]);
}

#[tokio::test]
async fn the_proxy_of_an_encrypted_connection_sees_no_more_than_the_host() {
    // Ends the connection where TLS would begin: what the proxy was told is what matters.
    let server = HubServer::start(|_| Reply::json("[]"));
    let (proxy, asked) = http_proxy(address(&server), None);
    let hub = through(&format!("http://{proxy}"), "https://models.example").unwrap();
    assert!(within(hub.list(&repo(), "main")).await.is_err());
    let asked = asked.lock().unwrap().join("\n");
    assert!(asked.starts_with("CONNECT models.example:443 HTTP/1.1"), "{asked}");
    assert!(!asked.contains(TOKEN) && !asked.contains("owner"), "{asked}");
}

#[tokio::test]
async fn a_proxy_looks_names_up_itself_where_its_address_says_so() {
    let server = HubServer::start(|_| Reply::json("[]"));
    let (proxy, asked) = socks_proxy(address(&server));
    let hub = through(&format!("socks5h://{proxy}"), "https://models.example").unwrap();
    assert!(within(hub.list(&repo(), "main")).await.is_err());
    assert_eq!(asked.lock().unwrap()[0], "models.example");
}

#[tokio::test]
async fn a_proxy_that_wants_a_login_is_named() {
    let server = HubServer::start(|_| Reply::json("[]"));
    // “name:password”
    let (proxy, _) = http_proxy(address(&server), Some("Basic bmFtZTpwYXNzd29yZA=="));
    for endpoint in [server.url(), "https://models.example".to_owned()] {
        let hub = through(&format!("http://name:wrong@{proxy}"), &endpoint).unwrap();
        let listing = within(hub.list(&repo(), "main")).await;
        refused(listing, |e| matches!(e, RemoteError::ProxyLogin { .. }), &[&proxy, "login", "HTTPS_PROXY"]);
    }
    assert!(server.requests().is_empty());
    let hub = through(&format!("http://name:password@{proxy}"), &server.url()).unwrap();
    within(hub.list(&repo(), "main")).await.unwrap();
}

#[tokio::test]
async fn a_proxy_opens_no_way_into_a_private_network() {
    for to in ["https://10.0.0.1/", "https://169.254.169.254/", "https://[fd00::1]/", "http://10.0.0.1/"] {
        let server = HubServer::start(move |_| Reply::redirect(to));
        let (proxy, asked) = http_proxy(address(&server), None);
        let hub = through(&format!("http://{proxy}"), &server.url()).unwrap();
        let listing = within(hub.list(&repo(), "main")).await;
        refused(listing, |e| matches!(e, RemoteError::RedirectRefused { .. }), &["private network"]);
        assert_eq!(asked.lock().unwrap().len(), 1, "it was asked for {to}");
    }
}

#[tokio::test]
async fn an_address_that_is_no_proxy_is_refused_without_its_password() {
    for bad in ["", "ftp://a:canary@b", "http://", "socks4://a", "http://a:canary@[", "file:///etc/passwd"] {
        let error = through(bad, "https://huggingface.co");
        refused(error, |e| matches!(e, RemoteError::BadProxy { .. }), &["proxy", "leave it out"]);
        assert!(!through(bad, "https://huggingface.co").unwrap_err().to_string().contains("canary"), "{bad}");
    }
    let mut config = HubConfig::default();
    config.proxy = Some("http://name:canary@proxy:3128".to_owned());
    let shown = format!("{config:?} {:?}", Hub::new(config.clone()).unwrap());
    assert!(!shown.contains("canary"), "{shown}");
}
