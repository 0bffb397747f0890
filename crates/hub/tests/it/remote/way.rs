//! The way to the server: redirects, who gets the token, and servers that are slow or dead.

use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use paddock_hub::remote::RemoteError;

use super::{IMPATIENT, PATIENT, at, hub, list, listing_of, refused, repo, within};
use crate::hub_server::{HubServer, Reply};

#[tokio::test]
async fn another_server_gets_the_question_without_the_token() {
    let other = HubServer::start(|_| Reply::json("[]"));
    for host in ["127.0.0.1", "localhost"] {
        let to = format!("http://{host}:{}/elsewhere", other.port());
        let server = HubServer::start(move |_| Reply::redirect(&to));
        list(&server).await.unwrap();
        assert!(server.requests()[0].header("authorization").is_some());
    }
    let requests = other.requests();
    assert_eq!(requests.len(), 2);
    for request in requests {
        assert_eq!(request.target, "/elsewhere");
        assert_eq!(request.header("authorization"), None, "{request:?}");
        assert_eq!((request.header("cookie"), request.header("referer")), (None, None));
    }
}

#[tokio::test]
async fn the_token_comes_back_with_the_way_to_the_endpoint() {
    let back = Arc::new(AtomicU16::new(0));
    let port = Arc::clone(&back);
    let other = HubServer::start(move |_| {
        Reply::redirect(&format!("http://127.0.0.1:{}/api/new", port.load(Ordering::SeqCst)))
    });
    let to = format!("{}/old", other.url());
    let server = HubServer::start(
        move |request| {
            if request.target == "/api/new" { Reply::json("[]") } else { Reply::redirect(&to) }
        },
    );
    back.store(server.port(), Ordering::SeqCst);
    list(&server).await.unwrap();
    assert_eq!(other.requests()[0].header("authorization"), None);
    assert!(server.requests().iter().all(|request| request.header("authorization").is_some()));
}

#[tokio::test]
async fn a_renamed_repository_is_found_by_a_relative_redirect() {
    let server = HubServer::start(|request| {
        if request.target.contains("renamed") {
            Reply::json("[]")
        } else {
            Reply::redirect("/api/models/owner/renamed/tree/main?recursive=true").status(307)
        }
    });
    list(&server).await.unwrap();
    assert!(server.requests()[1].header("authorization").is_some());
}

#[tokio::test]
async fn nobody_is_sent_into_a_private_network() {
    let targets = [
        "http://10.0.0.1/",
        "https://10.0.0.1/",
        "http://192.168.0.1/",
        "http://169.254.169.254/latest/meta-data/",
        "https://0x0a000001/",
        "https://[::ffff:10.0.0.1]/",
        "https://[fd00::1]/",
        "https://167772161/",
        "https://[fe80::1]/",
        "https://0.0.0.0/",
    ];
    for to in targets {
        refused(
            listing_of(Reply::redirect(to)).await,
            |e| matches!(e, RemoteError::RedirectRefused { .. }),
            &["private network", "do not trust"],
        );
    }
}

#[tokio::test]
async fn redirects_to_what_is_no_encrypted_server_are_refused() {
    for to in [
        "http://models.example/",
        "ftp://127.0.0.1/",
        "file:///etc/passwd",
        "data:,x",
        "http://a:b@127.0.0.1/",
        "http://[",
    ] {
        let listing = listing_of(Reply::redirect(to)).await;
        refused(listing, |e| matches!(e, RemoteError::RedirectRefused { .. }), &["refused"]);
    }
}

#[tokio::test]
async fn a_redirect_without_an_end_is_left_after_ten() {
    let server = HubServer::start(|request| Reply::redirect(&format!("{}&x", request.target)));
    refused(list(&server).await, |e| matches!(e, RemoteError::RedirectLoop { .. }), &["round in circles"]);
    assert_eq!(server.requests().len(), 11);
}

#[tokio::test]
async fn a_server_that_falls_silent_or_drips_is_left() {
    let listing = async |reply: Reply| {
        let server = HubServer::start(move |_| reply.clone());
        within(at(&server.url(), IMPATIENT).list(&repo(), "main")).await
    };
    let body = || Reply::json(format!("[{}]", " ".repeat(100)));
    let silent = |e: &RemoteError| matches!(e, RemoteError::Silent { .. });
    refused(listing(body().stall_after(5)).await, silent, &["nothing came", "later"]);
    let drip = listing(body().drip(Duration::from_millis(50))).await;
    refused(drip, |e| matches!(e, RemoteError::TooSlow { .. }), &["slowly"]);
    let cut = listing(body().cut_after(5)).await;
    refused(cut, |e| matches!(e, RemoteError::Cut { .. }), &["middle of an answer"]);
    // Accepts the connection, and never answers.
    let deaf = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", deaf.local_addr().unwrap());
    refused(within(at(&endpoint, IMPATIENT).list(&repo(), "main")).await, silent, &["nothing came"]);
}

#[tokio::test]
async fn a_server_that_is_not_there_is_said_to_be_out_of_reach() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    for endpoint in [format!("http://127.0.0.1:{port}"), format!("https://localhost:{port}")] {
        let listing = within(at(&endpoint, PATIENT).list(&repo(), "main")).await;
        refused(listing, |e| matches!(e, RemoteError::Unreachable { .. }), &["refused", "internet connection"]);
    }
}

#[tokio::test]
async fn encryption_is_never_given_up() {
    // Speaks no TLS.
    let server = HubServer::start(|_| Reply::json("[]"));
    let listing = within(at(&server.url().replace("http:", "https:"), PATIENT).list(&repo(), "main")).await;
    refused(listing, |e| matches!(e, RemoteError::Unreachable { .. }), &["127.0.0.1"]);
}

#[tokio::test]
async fn a_certificate_that_nobody_vouches_for_is_refused_by_name() {
    // openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 36500 -subj "/CN=nobody vouches for this"
    //   -addext subjectAltName=DNS:localhost -addext basicConstraints=critical,CA:FALSE
    let certificate = include_bytes!("self_signed.certificate.der").to_vec().into();
    let key = rustls::pki_types::PrivateKeyDer::try_from(&include_bytes!("self_signed.key.der")[..]).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut tls = rustls::ServerConnection::new(Arc::new(config)).unwrap();
        while tls.is_handshaking() && tls.complete_io(&mut stream).is_ok() {}
        let mut asked = Vec::new();
        let _ = std::io::Read::read_to_end(&mut rustls::Stream::new(&mut tls, &mut stream), &mut asked);
        asked
    });
    let listing = within(at(&format!("https://localhost:{port}"), PATIENT).list(&repo(), "main")).await;
    refused(listing, |e| matches!(e, RemoteError::Certificate { .. }), &["certificate is not trusted", "localhost"]);
    assert!(server.join().unwrap().is_empty(), "it was asked, with the token");
}

#[tokio::test]
async fn giving_up_ends_the_request() {
    let server = HubServer::start(|_| Reply::json("[   ]").stall_after(2));
    let hub = hub(&server);
    let repo = repo();
    let gave_up = tokio::time::timeout(Duration::from_millis(300), hub.list(&repo, "main")).await;
    assert!(gave_up.is_err());
    within(server.hung_up(1)).await;
}
