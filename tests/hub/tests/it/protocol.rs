//! The honest server, as the Hub's documentation and answers have it.

use std::time::{Duration, Instant};

use paddock_test_hub::{Content, Kind, Repo, TestHub};

use crate::client::{Client, parts, storage};

const FILE: &str = "/owner/model/resolve/main/model.gguf";

fn content() -> Content {
    Content::model(1, 300_000)
}

fn repo() -> Repo {
    Repo::new("owner/model")
        .file("model.gguf", content())
        .file("README.md", Content::bytes("Read me.\n"))
        .file("sub/deep er/other.gguf", Content::model(2, 50_000))
        .licence("llama3.3")
}

#[test]
fn a_large_file_is_behind_a_signed_address_on_another_host() {
    let hub = TestHub::start(vec![repo()]);
    let mut endpoint = Client::new(&hub.url());
    for method in ["HEAD", "GET"] {
        let answer = endpoint.ask(method, FILE, &[]);
        assert_eq!(answer.status, 302);
        assert_eq!(answer.header("x-linked-etag"), format!("\"{}\"", content().sha256()));
        assert_eq!(answer.header("x-linked-size"), content().len().to_string());
        assert_eq!(answer.header("x-repo-commit").len(), 40);
        let location = answer.header("location");
        assert!(location.starts_with(&format!("http://localhost:{}/", hub.storage_port())), "{location}");
        assert!(location.contains("Expires=") && location.contains("Signature="), "{location}");
    }
}

#[test]
fn one_connection_takes_many_requests() {
    let hub = TestHub::start(vec![repo()]);
    let (mut client, target) = storage(&hub.url(), FILE);
    for _ in 0..3 {
        assert_eq!(client.range(&target, "0-99").body.len(), 100);
        assert_eq!(client.ask("HEAD", &target, &[]).header("content-length"), content().len().to_string());
    }
    let asked = hub.requests().into_iter().filter(|request| request.kind == Kind::Storage).count();
    assert_eq!(asked, 6);
}

#[test]
fn the_storage_gives_the_range_that_is_asked_for() {
    let hub = TestHub::start(vec![repo()]);
    let (mut client, target) = storage(&hub.url(), FILE);
    let whole = content().to_vec();
    let total = whole.len();
    assert_eq!(client.get(&target).body, whole);
    for (range, from, end) in [
        ("0-0", 0, 1),
        ("1000-1999", 1000, 2000),
        ("299000-", 299_000, total),
        ("299000-999999999", 299_000, total),
        ("-500", total - 500, total),
    ] {
        let answer = client.range(&target, range);
        assert_eq!(answer.status, 206, "{range}");
        assert_eq!(answer.header("content-range"), format!("bytes {from}-{}/{total}", end - 1));
        assert!(answer.body == whole[from..end], "{range}");
    }
    let beyond = client.range(&target, "999999999-");
    assert_eq!((beyond.status, beyond.header("content-range")), (416, format!("bytes */{total}").as_str()));
}

#[test]
fn a_range_of_another_version_is_the_whole_file() {
    let hub = TestHub::start(vec![repo()]);
    let (mut client, target) = storage(&hub.url(), FILE);
    let etag = format!("\"{}\"", content().sha256());
    let ask =
        |client: &mut Client, etag: &str| client.ask("GET", &target, &[("Range", "bytes=0-9"), ("If-Range", etag)]);
    assert_eq!(ask(&mut client, &etag).status, 206);
    assert_eq!(ask(&mut client, "\"other\"").status, 200);
}

#[test]
fn a_file_on_disk_comes_whole_and_in_ranges() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let bytes = Content::model(9, 20 << 20).to_vec();
    std::fs::write(file.path(), &bytes).unwrap();
    let hub = TestHub::start(vec![Repo::new("owner/model").file("model.gguf", Content::disk(file.path()))]);
    let (mut client, target) = storage(&hub.url(), FILE);
    assert!(client.get(&target).body == bytes);
    assert!(client.range(&target, "5000000-14999999").body == bytes[5_000_000..15_000_000]);
    assert_eq!(hub.served_bytes(), bytes.len() as u64 + 10_000_000);
}

#[test]
fn a_small_file_is_answered_by_the_endpoint_itself() {
    let hub = TestHub::start(vec![repo()]);
    let answer = Client::new(&hub.url()).get("/owner/model/resolve/main/README.md");
    assert_eq!((answer.status, answer.body.as_slice()), (200, b"Read me.\n".as_slice()));
    assert_eq!(answer.header("etag").len(), 42);
    assert_eq!(answer.header("x-linked-etag"), "");
}

#[test]
fn the_tree_lists_files_and_folders_page_by_page() {
    let hub = TestHub::start(vec![repo()]);
    hub.page_size(2);
    let mut client = Client::new(&hub.url());
    let mut target = "/api/models/owner/model/tree/main?recursive=true".to_owned();
    let mut entries = Vec::new();
    loop {
        let answer = client.get(&target);
        let page = answer.json().as_array().unwrap().clone();
        assert!(page.len() <= 2);
        entries.extend(page);
        let link = answer.header("link");
        let Some(next) = link.strip_suffix(">; rel=\"next\"").and_then(|link| link.strip_prefix('<')) else { break };
        target = parts(next).1.to_owned();
    }
    let paths: Vec<&str> = entries.iter().map(|entry| entry["path"].as_str().unwrap()).collect();
    assert_eq!(paths, ["sub", "sub/deep er", "model.gguf", "README.md", "sub/deep er/other.gguf"]);
    assert_eq!(entries[2]["lfs"]["oid"], content().sha256());
    assert_eq!(entries[2]["size"], content().len());
    assert!(entries[3].get("lfs").is_none());
}

#[test]
fn the_tree_of_one_folder_has_only_what_is_in_it() {
    let hub = TestHub::start(vec![repo()]);
    let mut client = Client::new(&hub.url());
    let mut paths = |folder: &str| -> Vec<String> {
        let entries = client.get(&format!("/api/models/owner/model/tree/main{folder}")).json();
        entries.as_array().unwrap().iter().map(|entry| entry["path"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(paths(""), ["sub", "model.gguf", "README.md"]);
    assert_eq!(paths("/sub/deep%20er"), ["sub/deep er/other.gguf"]);
}

#[test]
fn search_finds_by_words_and_tags_and_sorts_by_downloads() {
    let model = |name: &str, downloads| Repo::new(name).file("m.gguf", content()).downloads(downloads);
    let hub = TestHub::start(vec![
        model("a/Llama-small-GGUF", 5),
        model("b/llama-big-gguf", 50),
        model("c/qwen-gguf", 500),
        model("d/llama-secret", 5000).private(),
        Repo::new("e/llama-original").downloads(50_000),
    ]);
    let search = "/api/models?search=LLAMA+%2F&filter=gguf&sort=downloads&direction=-1&limit=10";
    let found = Client::new(&hub.url()).get(search).json();
    let names: Vec<&str> = found.as_array().unwrap().iter().map(|repo| repo["id"].as_str().unwrap()).collect();
    assert_eq!(names, ["b/llama-big-gguf", "a/Llama-small-GGUF"]);
}

#[test]
fn a_repository_tells_its_licence_and_commit() {
    let commit = "c".repeat(40);
    let hub = TestHub::start(vec![repo().commit(&commit)]);
    let mut client = Client::new(&hub.url());
    let main = client.get("/api/models/owner/model").json();
    assert_eq!(main["sha"], commit);
    assert_eq!(main["cardData"]["license"], "llama3.3");
    assert_eq!(main["gated"], false);
    assert_eq!(client.get(&format!("/api/models/owner/model/revision/{commit}")).json(), main);
}

#[test]
fn what_is_not_there_is_told_with_the_hubs_own_codes() {
    let hub = TestHub::start(vec![repo(), Repo::new("owner/secret").private().token("hf_x")]);
    let mut client = Client::new(&hub.url());
    let mut code = |target: &str, token: &str| {
        let answer = client.ask("GET", target, &[("Authorization", token)]);
        (answer.status, answer.header("x-error-code").to_owned())
    };
    assert_eq!(code("/owner/model/resolve/main/none.gguf", ""), (404, "EntryNotFound".to_owned()));
    assert_eq!(code("/owner/model/resolve/dev/model.gguf", ""), (404, "RevisionNotFound".to_owned()));
    assert_eq!(code("/api/models/owner/none", ""), (401, "RepoNotFound".to_owned()));
    assert_eq!(code("/api/models/owner/none", "Bearer hf_x"), (404, "RepoNotFound".to_owned()));
    assert_eq!(code("/api/models/owner/secret", "Bearer hf_y"), (404, "RepoNotFound".to_owned()));
    assert_eq!(code("/api/models/owner/secret", "Bearer hf_x"), (200, String::new()));
}

#[test]
fn a_gated_file_needs_the_token_and_its_listing_does_not() {
    let hub = TestHub::start(vec![repo().gated("hf_right")]);
    let mut client = Client::new(&hub.url());
    assert_eq!(client.get("/api/models/owner/model").json()["gated"], "manual");
    assert_eq!(client.get("/api/models/owner/model/tree/main").status, 200);
    let mut ask = |token: &str| {
        let answer = client.ask("HEAD", FILE, &[("Authorization", token)]);
        (answer.status, answer.header("x-error-code").to_owned())
    };
    assert_eq!(ask(""), (401, "GatedRepo".to_owned()));
    assert_eq!(ask("Bearer hf_wrong"), (403, "GatedRepo".to_owned()));
    assert_eq!(ask("Bearer hf_right"), (302, String::new()));
}

#[test]
fn a_new_version_is_main_and_the_old_one_stays_under_its_commit() {
    let (old, new) = ("a".repeat(40), "b".repeat(40));
    let hub = TestHub::start(vec![repo().commit(&old)]);
    let (mut signed_before, target) = storage(&hub.url(), FILE);
    let changed = Content::model(5, 100_000);
    hub.set_repo(Repo::new("owner/model").file("model.gguf", changed.clone()).commit(&new));
    let mut client = Client::new(&hub.url());
    assert_eq!(client.get(FILE).header("x-repo-commit"), new);
    assert_eq!(client.get(FILE).header("x-linked-size"), changed.len().to_string());
    let at_old = client.get(&format!("/owner/model/resolve/{old}/model.gguf"));
    assert_eq!((at_old.header("x-repo-commit"), at_old.header("x-linked-size")), (old.as_str(), "300000"));
    assert!(signed_before.get(&target).body == content().to_vec());
}

#[test]
fn a_signed_address_runs_out_and_a_new_one_is_good() {
    let hub = TestHub::start(vec![repo()]);
    hub.signed_urls_live(Some(2));
    let (mut client, target) = storage(&hub.url(), FILE);
    let statuses: Vec<u16> = (0..3).map(|_| client.range(&target, "0-9").status).collect();
    assert_eq!(statuses, [206, 206, 403]);
    let (mut client, target) = storage(&hub.url(), FILE);
    assert_eq!(client.range(&target, "0-9").status, 206);
}

#[test]
fn offline_means_reset_and_refused_until_it_is_back_on_the_same_ports() {
    let hub = TestHub::start(vec![repo()]);
    hub.throttle(Some(1000));
    let (mut client, target) = storage(&hub.url(), FILE);
    client.send("GET", &target, &[]);
    while hub.served_bytes() == 0 {
        std::thread::sleep(Duration::from_millis(5));
    }
    let since = Instant::now();
    hub.go_offline();
    assert!(client.rest().len() < 10_000);
    assert!(since.elapsed() < Duration::from_secs(4));
    assert_eq!(hub.open_connections(), 0);
    let address = parts(&hub.url()).0.to_owned();
    assert!(std::net::TcpStream::connect(&address).is_err());
    hub.come_back();
    hub.throttle(None);
    let (mut client, target) = storage(&hub.url(), FILE);
    assert_eq!(client.get(&target).body.len(), 300_000);
}

#[test]
fn a_connection_that_waits_is_reset_when_the_server_goes_offline() {
    let hub = TestHub::start(vec![repo()]);
    let (mut client, target) = storage(&hub.url(), FILE);
    client.range(&target, "0-9");
    hub.go_offline();
    assert_eq!(client.end(), Some(std::io::ErrorKind::ConnectionReset));
}

#[test]
fn the_limit_holds_for_each_connection_apart() {
    let hub = TestHub::start(vec![repo()]);
    hub.throttle(Some(100_000));
    let since = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                let (mut client, target) = storage(&hub.url(), FILE);
                assert_eq!(client.range(&target, "0-49999").body.len(), 50_000);
            });
        }
    });
    let took = since.elapsed();
    // Half a second for each. Not faster; and how much slower a busy computer is, says nothing.
    assert!(took > Duration::from_millis(400), "{took:?}");
}

#[test]
fn requests_and_connections_are_counted() {
    let hub = TestHub::start(vec![repo()]);
    assert_eq!((hub.served_bytes(), hub.quiet_since()), (0, None));
    let (mut client, target) = storage(&hub.url(), FILE);
    client.range(&target, "0-9");
    client.range(&target, "10-");
    assert!(hub.quiet_since().unwrap().elapsed() < Duration::from_secs(5));
    let requests = hub.requests();
    let last = &requests[2];
    assert_eq!((last.n, last.n_of_file, last.kind), (3, 2, Kind::Storage));
    assert_eq!((last.path.as_deref(), last.range), (Some("model.gguf"), Some((10, None))));
    assert_eq!((last.repo.as_deref(), last.size_bytes), (Some("owner/model"), Some(300_000)));
    assert_eq!(hub.open_connections(), 1);
    drop(client);
    while hub.open_connections() > 0 {
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn dropping_the_server_ends_even_what_stalls() {
    let hub = TestHub::start(vec![repo()]);
    hub.on_request(|_| paddock_test_hub::Act::StallBeforeHead);
    let url = hub.url();
    let mut client = Client::new(&url);
    client.send("GET", "/", &[]);
    while hub.requests().is_empty() {
        std::thread::sleep(Duration::from_millis(5));
    }
    let since = Instant::now();
    drop(hub);
    assert!(since.elapsed() < Duration::from_secs(4), "{:?}", since.elapsed());
    assert!(client.rest().is_empty());
    assert!(std::net::TcpStream::connect(parts(&url).0).is_err());
}
