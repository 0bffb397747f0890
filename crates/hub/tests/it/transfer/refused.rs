//! What does not heal ends at once, with a sentence; and nothing a server says leads out of the folder or elsewhere.

use std::fs;
use std::time::{Duration, Instant};

use paddock_test_hub::{Act, Content, Kind, Repo, TestHub};

use super::{COMMIT, Client, MIB, NAME, arrived, failed, repo, serve};

/// D13.
#[tokio::test(flavor = "multi_thread")]
async fn a_gated_repository_is_named_with_its_page_and_opens_with_the_token() {
    let content = Content::model(60, 10 * MIB);
    let server = TestHub::start(vec![repo(&content).gated("hf_right")]);
    let since = Instant::now();
    for token in [None, Some("hf_wrong")] {
        let client = Client::with(&server, |config| config.token = token.map(str::to_owned));
        failed(&client, client.get().await, &["owner/model"]);
    }
    assert!(since.elapsed() < Duration::from_secs(5));
    assert!(server.requests().len() < 10, "a storm of requests");
    let client = Client::with(&server, |config| config.token = Some("hf_right".to_owned()));
    arrived(&client, &content, client.get().await);
    let told: Vec<_> = server.requests().into_iter().filter(|request| request.kind == Kind::Storage).collect();
    assert!(told.iter().all(|request| request.header("authorization").is_none()), "D14: the storage got the token");
}

/// D13.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_there_is_said_to_be_not_there() {
    let server = TestHub::start(vec![Repo::new("owner/other").commit(COMMIT)]);
    let client = Client::of(&server);
    failed(&client, client.get().await, &["no repository owner/model"]);
    let server = serve(&Content::model(61, MIB));
    let mut client = Client::of(&server);
    client.wanted = "Q3_K_S".to_owned();
    failed(&client, client.get().await, &["no model “Q3_K_S”", "Q4_K_M"]);
    let server = TestHub::start(vec![Repo::new("owner/model").commit(COMMIT).file("README.md", Content::bytes("x"))]);
    let client = Client::of(&server);
    failed(&client, client.get().await, &["holds no GGUF model"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_only_model_needs_no_name_and_several_are_listed() {
    let content = Content::model(66, MIB);
    let server = serve(&content);
    let mut client = Client::of(&server);
    client.wanted = String::new();
    arrived(&client, &content, client.get().await);
    let server = TestHub::start(vec![repo(&content).file("Model-Q8_0.gguf", Content::model(67, 2 * MIB))]);
    let mut client = Client::of(&server);
    client.wanted = String::new();
    failed(&client, client.get().await, &["several models", "Q4_K_M, Q8_0", "owner/model:Q4_K_M"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_without_a_published_checksum_is_not_downloaded() {
    let content = Content::model(62, MIB);
    let server = TestHub::start(vec![repo(&content).without_lfs(NAME)]);
    let client = Client::of(&server);
    failed(&client, client.get().await, &["no checksum"]);
}

/// D14.
#[tokio::test(flavor = "multi_thread")]
async fn redirects_to_private_or_plain_addresses_and_in_circles_are_refused() {
    let content = Content::model(63, 10 * MIB);
    for (to, words) in [
        ("http://10.0.0.1/x", "private network"),
        ("http://169.254.169.254/latest", "private network"),
        ("http://models.example/x", "not be encrypted"),
        ("file:///etc/passwd", "not a web address"),
        ("/owner/model/resolve/main/round", "circles"),
    ] {
        let server = serve(&content);
        server.on_request(move |request| match request.kind {
            Kind::Resolve => Act::Redirect(to.to_owned()),
            _ => Act::Honest,
        });
        let client = Client::of(&server);
        failed(&client, client.get().await, &[words]);
    }
}

/// D23.
#[tokio::test(flavor = "multi_thread")]
async fn hostile_names_lead_nowhere() {
    let server = TestHub::start(vec![Repo::hostile()]);
    let outside = tempfile::tempdir().unwrap();
    let mut client = Client::of(&server);
    client.folder = tempfile::tempdir_in(outside.path()).unwrap();
    for wanted in ["Q4_K_M", "../../../escape-Q4_K_M.gguf", "/etc/paddock-Q4_K_M.gguf", "C:\\x-Q4_K_M.gguf", "CON.gguf"]
    {
        client.wanted = wanted.to_owned();
        // A sound file may be among them, with the quantization that was asked for.
        if let Ok(done) = client.get().await {
            assert!(done.path.starts_with(client.folder.path()), "{}", done.path.display());
        }
    }
    let beside: Vec<_> = fs::read_dir(outside.path()).unwrap().collect();
    assert_eq!(beside.len(), 1, "{beside:?}");
    assert!(!std::path::Path::new("/etc/paddock-Q4_K_M.gguf").exists());
}

/// D23.
#[tokio::test(flavor = "multi_thread")]
async fn an_etag_with_a_path_in_it_is_only_text() {
    let content = Content::model(64, 10 * MIB);
    let server = serve(&content);
    server.on_request(|_| Act::OtherEtag("../../../../tmp/paddock-escape".to_owned()));
    let client = Client::of(&server);
    arrived(&client, &content, client.get().await);
}

/// D23.
#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_link_that_leads_out_of_the_models_folder_is_not_followed() {
    let content = Content::model(65, 10 * MIB);
    let server = serve(&content);
    let client = Client::of(&server);
    let outside = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink(outside.path(), client.folder.path().join("owner")).unwrap();
    failed(&client, client.get().await, &["leads out of the models folder"]);
    assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 0);
}
