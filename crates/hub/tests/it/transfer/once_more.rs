//! The second attempt: what an earlier one left, sound or damaged, and the repair of finished files.

use std::fs;
use std::io::{Seek as _, SeekFrom, Write as _};
use std::path::Path;

use paddock_hub::transfer;
use paddock_test_hub::Content;

use super::{BLOCK_BYTES, Client, MIB, NAME, arrived, asked_bytes, serve};

fn damage(file: &Path, at: u64) {
    let mut file = fs::OpenOptions::new().write(true).open(file).unwrap();
    file.seek(SeekFrom::Start(at)).unwrap();
    file.write_all(b"damaged!").unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn blocks_that_went_bad_on_the_disk_between_two_attempts_are_fetched_again_and_no_others() {
    let content = Content::model(80, 100 * MIB);
    let server = serve(&content);
    server.throttle(Some(6_000_000));
    let client = Client::of(&server);
    client.get_until(|progress| progress.done_bytes >= 40 * MIB).await;
    let done = transfer::done_bytes(&client.progress().targets);
    // The first block is there: parts are taken from the front.
    damage(&client.part(), 1_000);
    server.throttle(None);
    let before = server.requests().len();
    let got = client.get().await;
    let fetched = asked_bytes(&server, before);
    assert!(fetched <= content.len() - done + BLOCK_BYTES, "{fetched} bytes");
    assert!(fetched > content.len() - done, "the bad block did not come again");
    assert!(client.progress().notices.is_empty(), "found before the end");
    arrived(&client, &content, got);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_torn_or_lost_journal_costs_time_and_never_the_file() {
    let content = Content::model(81, 60 * MIB);
    for (name, spoil) in [
        (
            "torn",
            (|journal: &Path| {
                let text = fs::read(journal).unwrap();
                fs::write(journal, &text[..text.len() - 7]).unwrap();
            }) as fn(&Path),
        ),
        ("zeros at the end, as after a power cut", |journal| {
            let mut text = fs::read(journal).unwrap();
            text.extend([0; 4_096]);
            fs::write(journal, text).unwrap();
        }),
        ("garbage", |journal| fs::write(journal, "garbage").unwrap()),
        ("gone", |journal| fs::remove_file(journal).unwrap()),
    ] {
        let server = serve(&content);
        server.throttle(Some(6_000_000));
        let client = Client::of(&server);
        client.get_until(|progress| progress.done_bytes >= 12 * MIB).await;
        spoil(&client.folder.path().join("owner/model").join(format!("{NAME}.part.journal")));
        server.throttle(None);
        let got = client.get().await;
        assert!(got.is_ok(), "{name}: {got:?}");
        arrived(&client, &content, got);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unfinished_file_that_is_gone_or_short_begins_again() {
    let content = Content::model(82, 60 * MIB);
    for short in [true, false] {
        let server = serve(&content);
        server.throttle(Some(6_000_000));
        let client = Client::of(&server);
        client.get_until(|progress| progress.done_bytes >= 12 * MIB).await;
        if short {
            fs::OpenOptions::new().write(true).open(client.part()).unwrap().set_len(1_000).unwrap();
        } else {
            fs::remove_file(client.part()).unwrap();
        }
        server.throttle(None);
        arrived(&client, &content, client.get().await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repair_fetches_the_bad_part_alone() {
    let content = Content::model(83, 100 * MIB);
    let server = serve(&content);
    let client = Client::of(&server);
    arrived(&client, &content, client.get().await);
    let at = 50 * MIB + 3;
    damage(&client.target(), at);
    let bad = at..at + 8;
    let request = transfer::reopen(&[(client.target(), std::iter::once(bad).collect())]).unwrap();
    assert!(!client.target().exists(), "a damaged file cannot be loaded");
    assert_eq!(request.root, client.folder.path());
    let before = server.requests().len();
    let got = client.get().await;
    assert_eq!(asked_bytes(&server, before), BLOCK_BYTES);
    arrived(&client, &content, got);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_lost_its_end_gets_it_back() {
    let content = Content::model(84, 100 * MIB);
    let server = serve(&content);
    let client = Client::of(&server);
    arrived(&client, &content, client.get().await);
    fs::OpenOptions::new().write(true).open(client.target()).unwrap().set_len(90 * MIB).unwrap();
    transfer::reopen(&[(client.target(), Vec::new())]).unwrap();
    let before = server.requests().len();
    let got = client.get().await;
    assert!(asked_bytes(&server, before) <= 12 * MIB);
    arrived(&client, &content, got);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_unknown_origin_cannot_be_repaired_and_stays() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("mine.gguf");
    fs::write(&file, "mine").unwrap();
    let error = transfer::reopen(&[(file.clone(), Vec::new())]).unwrap_err().to_string();
    assert!(error.contains("not known where it came from"), "{error}");
    assert!(file.exists());
    // Nor can a model be of which that is one file: all of it stays as it is.
    let content = Content::model(86, 10 * MIB);
    let server = serve(&content);
    let client = Client::of(&server);
    arrived(&client, &content, client.get().await);
    transfer::reopen(&[(client.target(), Vec::new()), (file, Vec::new())]).unwrap_err();
    assert!(client.target().exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_cancelled_leaves_nothing() {
    let content = Content::model(85, 60 * MIB);
    let server = serve(&content);
    server.throttle(Some(6_000_000));
    let client = Client::of(&server);
    client.get_until(|progress| progress.done_bytes >= 12 * MIB).await;
    transfer::discard_unfinished(&client.progress().targets, client.folder.path());
    assert_eq!(fs::read_dir(client.folder.path()).unwrap().count(), 0, "{:?}", client.files());
}
