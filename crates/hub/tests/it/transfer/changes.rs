//! D07: the file is exchanged while it comes, or between two attempts.

use paddock_test_hub::{Act, Content, Kind};

use super::{Client, MIB, arrived, asked_bytes, repo, serve};

#[tokio::test(flavor = "multi_thread")]
async fn a_new_version_between_two_attempts_is_fetched_whole_and_said() {
    let (old, new) = (Content::model(50, 60 * MIB), Content::model(51, 60 * MIB));
    let server = serve(&old);
    server.throttle(Some(4_000_000));
    let client = Client::of(&server);
    client.get_until(|progress| progress.done_bytes >= 12 * MIB).await;
    server.set_repo(repo(&new).commit(&"d".repeat(40)));
    server.throttle(None);
    let got = client.get().await;
    let notices = client.progress().notices;
    assert!(notices.len() == 1 && notices[0].to_string().contains("old version was dropped"), "{notices:?}");
    assert_eq!(got.as_ref().unwrap().commit, "d".repeat(40));
    arrived(&client, &new, got);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_commit_with_the_same_file_costs_nothing() {
    let content = Content::model(52, 60 * MIB);
    let server = serve(&content);
    server.throttle(Some(4_000_000));
    let client = Client::of(&server);
    client.get_until(|progress| progress.done_bytes >= 12 * MIB).await;
    let done = client.progress().done_bytes;
    server.set_repo(repo(&content).commit(&"d".repeat(40)));
    server.throttle(None);
    let before = server.requests().len();
    let got = client.get().await;
    assert!(asked_bytes(&server, before) <= content.len() - done);
    assert!(client.progress().notices.is_empty());
    arrived(&client, &content, got);
}

#[tokio::test(flavor = "multi_thread")]
async fn versions_that_change_in_the_middle_are_never_mixed() {
    let (old, new) = (Content::model(53, 60 * MIB), Content::model(54, 60 * MIB));
    let server = serve(&old);
    server.throttle(Some(4_000_000));
    let client = Client::of(&server);
    let mut told = client.tell.subscribe();
    let (got, ()) = tokio::join!(client.get(), async {
        told.wait_for(|progress| progress.done_bytes >= 12 * MIB).await.unwrap();
        // The same commit, as no honest server would.
        server.set_repo(repo(&new));
        server.signed_urls_live(Some(1));
        server.throttle(None);
        server.go_offline();
        server.come_back();
    });
    let notices = client.progress().notices;
    assert!(!notices.is_empty(), "nobody was told");
    arrived(&client, &new, got);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_etag_of_another_storage_server_is_the_same_file() {
    let content = Content::model(55, 100 * MIB);
    let server = serve(&content);
    server.signed_urls_live(Some(4));
    server.on_request(|request| match request.kind {
        Kind::Storage if request.n % 2 == 0 => Act::OtherEtag("another-mirror".to_owned()),
        _ => Act::Honest,
    });
    let client = Client::of(&server);
    let got = client.get().await;
    assert!(client.progress().notices.is_empty(), "{:?}", client.progress().notices);
    arrived(&client, &content, got);
}
