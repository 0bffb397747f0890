//! Repositories on a server: what the tests of listings, headers and the way to the server have in common.

mod header_cache;
mod headers;
mod info;
mod listing;
mod names;
mod proxies;
mod way;

use std::time::Duration;

use paddock_hub::remote::{Hub, HubConfig, Listing, Patience, RemoteError, RepoId};

use crate::hub_server::{HubServer, Reply};

const TOKEN: &str = "hf_canaryCanaryCanary";

/// For servers that answer in the end, also on a busy machine.
const PATIENT: Patience =
    Patience { connect: Duration::from_secs(10), silence: Duration::from_secs(10), request: Duration::from_secs(25) };

/// For servers that do not.
const IMPATIENT: Patience = Patience {
    connect: Duration::from_millis(500),
    silence: Duration::from_millis(500),
    request: Duration::from_millis(1_500),
};

/// A hub that asks this server, with a token.
fn hub(server: &HubServer) -> Hub {
    at(&server.url(), PATIENT)
}

fn at(endpoint: &str, patience: Patience) -> Hub {
    let mut config = HubConfig::default();
    (config.endpoint, config.token, config.patience) = (endpoint.to_owned(), Some(TOKEN.to_owned()), patience);
    Hub::new(config).unwrap()
}

fn repo() -> RepoId {
    RepoId::parse("owner/model").unwrap()
}

async fn list(server: &HubServer) -> Result<Listing, RemoteError> {
    within(hub(server).list(&repo(), "main")).await
}

/// What a server answers to everything leads to when it is asked for a listing.
async fn listing_of(reply: Reply) -> Result<Listing, RemoteError> {
    list(&HubServer::start(move |_| reply.clone())).await
}

/// Whatever a server does, it is over after a while.
async fn within<T>(work: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(30), work).await.expect("it does not end")
}

/// The words a person is told; no token among them.
#[track_caller]
fn refused<T: std::fmt::Debug>(
    result: Result<T, RemoteError>,
    expected: impl Fn(&RemoteError) -> bool,
    words: &[&str],
) {
    let error = result.expect_err("it was accepted");
    assert!(expected(&error), "another error was expected than {error:?}");
    let text = error.to_string();
    for word in words {
        assert!(text.contains(word), "“{text}” does not say “{word}”");
    }
    assert!(text.ends_with(['.', '!']), "“{text}” is no sentence");
    assert!(!text.contains(TOKEN) && !format!("{error:?}").contains(TOKEN), "it tells the token");
    assert!(text.chars().count() < 700 && !text.contains(char::is_control), "“{text}” is not fit to be shown");
}
