//! The usual: whole files, split models, files that are here already, two programs at once.

use std::fs;
use std::sync::Arc;
use std::time::{Duration, Instant};

use paddock_hub::transfer::{self, Phase, SpeedLimit};
use paddock_test_hub::{Content, Kind, Repo, TestHub};

use super::{BLOCK_BYTES, COMMIT, Client, MIB, NAME, arrived, repo, same, serve};

#[tokio::test(flavor = "multi_thread")]
async fn a_model_arrives_whole_and_only_its_receipt_lies_beside_it() {
    let content = Content::model(1, 100 * MIB + 12_345);
    let server = serve(&content);
    let client = Client::of(&server);
    let got = client.get().await;
    assert_eq!(got.as_ref().unwrap().commit, COMMIT);
    arrived(&client, &content, got);
    assert_eq!(server.served_bytes(), content.len(), "no byte twice");
    let progress = client.progress();
    assert_eq!((progress.done_bytes, progress.total_bytes), (content.len(), content.len()));
    assert!(progress.map.iter().all(|percent| *percent == 100));
}

#[tokio::test(flavor = "multi_thread")]
async fn files_of_every_awkward_length_arrive() {
    for size_bytes in [4_096, BLOCK_BYTES - 1, BLOCK_BYTES, BLOCK_BYTES + 1, 64 * MIB, 64 * MIB + 1] {
        let content = Content::model(2, size_bytes);
        let server = serve(&content);
        let client = Client::of(&server);
        let got = client.get().await;
        arrived(&client, &content, got);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_here_already_is_not_fetched_again() {
    let content = Content::model(3, 20 * MIB);
    let server = serve(&content);
    let client = Client::of(&server);
    arrived(&client, &content, client.get().await);
    let served = server.served_bytes();
    arrived(&client, &content, client.get().await);
    assert_eq!(server.served_bytes(), served);
    // As a person who copied the file here has it: without a receipt.
    fs::remove_dir_all(client.folder.path().join("owner/model/.paddock")).unwrap();
    let got = client.get().await;
    assert_eq!(server.served_bytes(), served, "its bytes were compared");
    arrived(&client, &content, got);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_file_of_that_name_is_not_overwritten() {
    let content = Content::model(4, 8 * MIB);
    let server = serve(&content);
    let client = Client::of(&server);
    fs::create_dir_all(client.target().parent().unwrap()).unwrap();
    for other in [b"mine".to_vec(), vec![7; content.len() as usize]] {
        fs::write(client.target(), &other).unwrap();
        let error = client.get().await.unwrap_err().to_string();
        assert!(error.contains("already another file") && error.contains("Rename or delete"), "{error}");
        assert!(fs::read(client.target()).unwrap() == other);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_endpoint_is_asked_once_and_its_storage_for_every_piece() {
    let content = Content::model(5, 300 * MIB);
    let server = serve(&content);
    let client = Client::of(&server);
    arrived(&client, &content, client.get().await);
    let of = |kind: Kind| server.requests().iter().filter(|request| request.kind == kind).count();
    assert_eq!(of(Kind::Resolve), 1, "the address it gave was used for all pieces");
    assert!(of(Kind::Storage) >= 8);
}

/// D20.
#[tokio::test(flavor = "multi_thread")]
async fn of_two_programs_one_downloads_and_the_other_follows() {
    let content = Content::model(6, 60 * MIB);
    let server = serve(&content);
    server.throttle(Some(4_000_000));
    let one = Client::of(&server);
    let mut other = Client::of(&server);
    let folder = std::mem::replace(&mut other.folder, tempfile::tempdir().unwrap());
    drop(folder);
    let other_request = transfer::Request { root: one.folder.path().to_owned(), ..other.request() };
    let stop = transfer::Stop::new(other.stop.subscribe());
    let following = transfer::download(&other.hub, &other_request, &other.options, stop, &other.tell);
    let (first, second) = tokio::join!(one.get(), following);
    assert_eq!(second.unwrap().path, one.target());
    arrived(&one, &content, first);
    assert_eq!(server.served_bytes(), content.len(), "each byte came once");
    let followed = |client: &Client| client.seen.lock().unwrap().iter().any(|told| told.phase == Phase::Following);
    assert!(followed(&one) != followed(&other), "one of them followed");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_one_that_followed_goes_on_when_the_other_stops() {
    let content = Content::model(7, 160 * MIB);
    let server = serve(&content);
    server.throttle(Some(3_000_000));
    let one = Client::of(&server);
    let other = Client::of(&server);
    let mut told = one.tell.subscribe();
    let first = async {
        one.get_until(|progress| progress.done_bytes >= 64 * MIB).await;
        server.throttle(None);
    };
    let second = async {
        told.wait_for(|progress| progress.done_bytes > 0).await.unwrap();
        let request = transfer::Request { root: one.folder.path().to_owned(), ..other.request() };
        let stop = transfer::Stop::new(other.stop.subscribe());
        transfer::download(&other.hub, &request, &other.options, stop, &other.tell).await
    };
    let ((), second) = tokio::join!(first, second);
    assert!(other.seen.lock().unwrap().iter().any(|told| told.phase == Phase::Following), "nobody was followed");
    arrived(&one, &content, second);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limited_speed_is_kept() {
    let content = Content::model(8, 12 * MIB);
    let server = serve(&content);
    let mut client = Client::of(&server);
    client.options.limit = Arc::new(SpeedLimit::new(Some(8_000_000)));
    let since = Instant::now();
    arrived(&client, &content, client.get().await);
    assert!(since.elapsed() > Duration::from_millis(1_000), "12 MiB at 8 MB/s in {:?}", since.elapsed());
}

fn split(revision: u64) -> Vec<(String, Content)> {
    let name = |n: usize| format!("Q8_0/Big-Q8_0-{n:05}-of-00003.gguf");
    Content::split_model(revision, 10 * MIB, 3).into_iter().zip(1..).map(|(part, n)| (name(n), part)).collect()
}

fn split_repo(parts: &[(String, Content)]) -> Repo {
    parts.iter().fold(Repo::new("owner/model").commit(COMMIT), |repo, (name, part)| repo.file(name, part.clone()))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_split_model_arrives_as_one() {
    let parts = split(9);
    let server = TestHub::start(vec![split_repo(&parts)]);
    let mut client = Client::of(&server);
    client.wanted = "Q8_0".to_owned();
    let done = client.get().await.unwrap();
    assert_eq!(done.files.len(), 3);
    assert!(done.path.ends_with("owner/model/Q8_0/Big-Q8_0-00001-of-00003.gguf"));
    for (file, (_, content)) in done.files.iter().zip(&parts) {
        assert!(same(file, content));
    }
    assert_eq!(paddock_hub::inspect(&done.path).unwrap().parts.len(), 3, "it can be loaded");
    assert_eq!(client.progress().total_bytes, parts.iter().map(|(_, part)| part.len()).sum::<u64>());
}

/// D24.
#[tokio::test(flavor = "multi_thread")]
async fn a_split_model_without_all_its_parts_is_never_under_its_name() {
    let parts = split(10);
    let server = TestHub::start(vec![split_repo(&parts[..2])]);
    let mut client = Client::of(&server);
    client.wanted = "Q8_0".to_owned();
    super::failed(&client, client.get().await, &["not complete on the server", "1 of its 3 files"]);
    // All there, and stopped in the second.
    server.set_repo(split_repo(&parts));
    server.throttle(Some(3_000_000));
    client.get_until(|progress| progress.done_bytes > 14 * MIB).await;
    let models: Vec<String> = client.files().into_iter().filter(|file| file.ends_with(".gguf")).collect();
    assert!(models.is_empty(), "{models:?}");
    server.throttle(None);
    let done = client.get().await.unwrap();
    assert_eq!(paddock_hub::inspect(&done.path).unwrap().parts.len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn parts_that_do_not_belong_together_are_no_model() {
    let mut parts = split(11);
    // As after an upload that was interrupted: the third part is that of another model.
    parts[2].1 = Content::split_model(12, 10 * MIB, 3)[1].clone();
    let server = TestHub::start(vec![split_repo(&parts)]);
    let mut client = Client::of(&server);
    client.wanted = "Q8_0".to_owned();
    super::failed(&client, client.get().await, &["not part 3 of 3", "Choose another"]);
    assert_eq!(client.files().iter().filter(|file| file.ends_with(".part")).count(), 0, "it would be the same again");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_right_bytes_of_no_model_get_no_name() {
    let server = TestHub::start(vec![repo(&Content::bytes(vec![b'x'; 100_000]))]);
    let client = Client::of(&server);
    super::failed(&client, client.get().await, &[NAME, "came whole", "cannot be used"]);
}
