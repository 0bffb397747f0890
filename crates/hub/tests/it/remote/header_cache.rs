//! Headers that are kept, and headers of which most is known.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use paddock_gguf::write::{Builder, Data};
use paddock_gguf::{Limits, Model, TensorType};
use paddock_hub::remote::{HeaderCache, Hub};

use super::{hub, repo, within};
use crate::Folder;
use crate::hub_server::{Content, HubServer, Reply, Repo, Request, entry};
use crate::llama_70b::llama_70b;

/// How many quantizations there are in the repository that the guide is about.
const N_QUANTS: usize = 27;

fn cached(server: &HubServer, folder: &Path) -> Hub {
    hub(server).with_header_cache(Arc::new(HeaderCache::new(folder)))
}

async fn headers(hub: &Hub, wanted: &str) -> Model {
    let listing = within(hub.list(&repo(), "main")).await.unwrap();
    within(hub.headers(&listing, wanted)).await.unwrap()
}

/// The bytes of files that were asked for since so many requests.
fn n_bytes(server: &HubServer, after: usize) -> u64 {
    server.requests()[after..].iter().filter_map(Request::range).map(|(first, last)| last - first + 1).sum()
}

/// A repository with the header of a 70B in 27 quantizations: they differ in a number before the vocabulary and in
/// another one behind it. Only the beginning of each file is more than zeros.
fn repo_of_70b() -> HubServer {
    let folder = Folder::new();
    let path = folder.path("70b.gguf");
    let length = llama_70b().write(File::create(&path).unwrap()).unwrap();
    let header = paddock_gguf::read(File::open(&path).unwrap(), Some(length), &Limits::default()).unwrap();
    let mut start = vec![0; header.data_offset as usize];
    File::open(&path).unwrap().read_exact(&mut start).unwrap();
    let after =
        |text: &str, n: usize| start.windows(text.len()).position(|w| w == text.as_bytes()).unwrap() + text.len() + n;
    let places = [after("general.file_type", 4), after("tokenizer.ggml.eos_token_id", 4)];
    HubServer::start(move |request| {
        let Some((first, last)) = request.range() else {
            let name = |n: usize| format!("m{n}-Q4_K_M.gguf");
            let entries: Vec<String> = (0..N_QUANTS)
                // The checksums must differ.
                .map(|n| entry(&name(n), length).replace(&Repo::sha256(&name(n)), &format!("{n:064x}")))
                .collect();
            return Reply::json(format!("[{}]", entries.join(",")));
        };
        let quant: u8 = request.target.split("/m").last().unwrap().split('-').next().unwrap().parse().unwrap();
        let mut body: Vec<u8> = (first..=last).map(|at| start.get(at as usize).copied().unwrap_or(0)).collect();
        for place in places {
            if let Some(byte) = (place as u64).checked_sub(first).and_then(|at| body.get_mut(at as usize)) {
                *byte = quant;
            }
        }
        Reply::new(206, "application/octet-stream", body)
            .header("Content-Range", &format!("bytes {first}-{last}/{length}"))
            .header("ETag", &format!("\"{quant}\""))
    })
}

#[tokio::test]
async fn the_headers_of_27_quantizations_of_a_70b_cost_less_than_20_mb() {
    let (server, folder) = (repo_of_70b(), Folder::new());
    let hub = cached(&server, &folder.path("headers"));
    let listing = within(hub.list(&repo(), "main")).await.unwrap();
    // Two at once, as the app does; the first one is not fetched twice.
    let names: Vec<String> = (0..N_QUANTS).map(|n| format!("m{n}-Q4_K_M.gguf")).collect();
    let mut models = Vec::new();
    for pair in names.chunks(2) {
        let of = async |name: &String| within(hub.headers(&listing, name)).await.unwrap();
        match pair {
            [one, other] => models.extend(<[Model; 2]>::from(tokio::join!(of(one), of(other)))),
            one => models.push(of(&one[0]).await),
        }
    }
    let (asked, n_requests) = (n_bytes(&server, 0), server.requests().len());
    assert!(asked < 20_000_000, "{asked} bytes in {n_requests} requests");
    for (model, n) in models.iter().zip(0_u64..) {
        let number = |key| model.first().metadata.get(key).and_then(|value| value.as_u64());
        assert_eq!(number("general.file_type"), Some(n));
        assert_eq!(number("tokenizer.ggml.eos_token_id"), Some(128_009 / 256 * 256 + n), "of the file itself");
        assert_eq!(model.tensor_count(), 724);
    }
    // The vocabulary is on the disk once, and nothing is fetched again, by another program either.
    let n_disk_bytes: u64 =
        std::fs::read_dir(folder.path("headers")).unwrap().map(|f| f.unwrap().metadata().unwrap().len()).sum();
    assert!(n_disk_bytes < 11_000_000, "{n_disk_bytes}");
    let other = cached(&server, &folder.path("headers"));
    let before = server.requests().len();
    assert_eq!(within(other.headers(&listing, &names[20])).await.unwrap(), models[20]);
    assert_eq!(server.requests().len(), before);
}

/// A model with a vocabulary of 800 KB that can be made a little different.
fn model(name: &str, word: impl Fn(usize) -> String, kind: TensorType, end: &str) -> Vec<u8> {
    Builder::new()
        .metadata("general.architecture", "llama")
        .metadata("general.name", name)
        .metadata("tokenizer.ggml.tokens", (0..50_000).map(word).collect::<Vec<_>>())
        .metadata("tokenizer.ggml.token_type", vec![1_i32; 50_000])
        .metadata("tokenizer.chat_template", "{{ bos_token }}".repeat(99))
        .metadata("quantize.imatrix.file", end)
        .tensor("a", kind, &[256, 4], Data::Zeros)
        .tensor("b", TensorType::F32, &[4], Data::Zeros)
        .to_bytes()
        .unwrap()
}

fn words(n: usize) -> String {
    format!("word{n:06}")
}

fn first() -> Vec<u8> {
    model("A model", words, TensorType::Q4_K, "a")
}

/// What another quantization beside [`first`] costs in bytes; it must be what fetching it alone gives.
async fn beside_first(other: Vec<u8>) -> u64 {
    let repo =
        Repo::default().file("a-Q4_K_M.gguf", Content::Bytes(first())).file("other-Q8_0.gguf", Content::Bytes(other));
    let server = HubServer::start(move |request| repo.reply(request));
    let folder = Folder::new();
    let hub = cached(&server, &folder.path("headers"));
    headers(&hub, "Q4_K_M").await;
    let before = server.requests().len();
    let put_together = headers(&hub, "Q8_0").await;
    let cost = n_bytes(&server, before);
    assert_eq!(put_together, headers(&super::hub(&server), "Q8_0").await);
    let before = server.requests().len();
    assert_eq!(headers(&hub, "Q8_0").await, put_together, "as it was kept");
    assert_eq!(n_bytes(&server, before), 0);
    cost
}

#[tokio::test]
async fn another_quantization_is_put_together_from_a_little() {
    let long = "A much longer name of the same model".repeat(20);
    for other in [
        model("A model", words, TensorType::Q8_0, "a"),
        model("M", words, TensorType::F16, "b"),
        model(&long, words, TensorType::Q6_K, &"the calibration of this one".repeat(30)),
        // So much at the end that it takes another request.
        model("A model", words, TensorType::Q6_K, &"x".repeat(40_000)),
    ] {
        let cost = beside_first(other).await;
        assert!(cost < 200_000, "{cost} bytes");
    }
}

#[tokio::test]
async fn what_is_not_the_same_is_fetched_as_a_whole() {
    let changed = |place: usize, to: &'static str| move |n: usize| if n == place { to.to_owned() } else { words(n) };
    let no_room = model(&"A name without an end".repeat(2_000), words, TensorType::Q8_0, "a");
    let mut cut = first();
    cut.extend_from_slice(b"more");
    for (why, other) in [
        ("another first word", model("A model", changed(0, "WORD000000"), TensorType::Q8_0, "a")),
        ("a longer word in the middle", model("A model", changed(25_000, "wordWORD"), TensorType::Q8_0, "a")),
        ("a word less", model("A model", |n| words(n.min(49_998)), TensorType::Q8_0, "a")),
        ("a beginning that is too long", no_room),
        ("bytes behind the weights", cut),
    ] {
        let cost = beside_first(other).await;
        // A word less changes one near the end; the types that follow are the same there, and nobody reads the words.
        assert!(cost > 500_000 || why == "a word less", "{why}: {cost} bytes");
    }
}

#[tokio::test]
async fn a_damaged_cache_only_costs_a_fetch() {
    let repo = Repo::default().file("a-Q4_K_M.gguf", Content::Bytes(first()));
    let server = HubServer::start(move |request| repo.reply(request));
    let folder = Folder::new();
    let cache = folder.path("headers");
    let hub = cached(&server, &cache);
    let whole = headers(&hub, "Q4_K_M").await;
    let files = || -> Vec<_> { std::fs::read_dir(&cache).unwrap().map(|file| file.unwrap().path()).collect() };
    assert_eq!(files().len(), 2);
    for file in files() {
        let right = std::fs::read(&file).unwrap();
        let mut flipped = right.clone();
        *flipped.last_mut().unwrap() ^= 1;
        let mut short = right.clone();
        short.truncate(right.len() / 2);
        for wrong in [flipped, short, Vec::new(), vec![0xFF; 1 << 20]] {
            std::fs::write(&file, &wrong).unwrap();
            let before = server.requests().len();
            assert_eq!(headers(&hub, "Q4_K_M").await, whole);
            assert!(n_bytes(&server, before) > 0, "{} was believed", file.display());
            assert_eq!(std::fs::read(&file).unwrap(), right, "written again");
        }
    }
    // A folder that cannot be made is none.
    std::fs::write(folder.path("file"), "").unwrap();
    assert_eq!(headers(&cached(&server, &folder.path("file")), "Q4_K_M").await, whole);
}

#[tokio::test]
async fn what_is_used_stays_and_what_is_not_goes() {
    let of = |n: usize| model("A model", move |word| format!("{n}{word:05}"), TensorType::Q4_K, "a");
    let repo = (0..4).fold(Repo::default(), |repo, n| {
        repo.file(&format!("{}-Q{n}_K.gguf", "a".repeat(n + 1)), Content::Bytes(of(n)))
    });
    let server = HubServer::start(move |request| repo.reply(request));
    let folder = Folder::new();
    // Room for three.
    let cache = HeaderCache::with_limit(folder.path("headers"), 3_200_000);
    let hub = hub(&server).with_header_cache(Arc::new(cache));
    for wanted in ["Q0_K", "Q1_K", "Q2_K", "Q0_K", "Q3_K"] {
        headers(&hub, wanted).await;
        // The clocks of file systems are coarse.
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    let cost = async |wanted| {
        let before = server.requests().len();
        headers(&hub, wanted).await;
        n_bytes(&server, before)
    };
    assert_eq!((cost("Q0_K").await, cost("Q3_K").await), (0, 0));
    assert!(cost("Q1_K").await > 0);
}

#[tokio::test]
async fn a_file_without_a_checksum_is_kept_only_by_its_commit() {
    let commit = "0123456789abcdef0123456789abcdef01234567";
    let content = Content::Bytes(first());
    let length = content.length();
    let server = HubServer::start(move |request| match request.range() {
        None => Reply::json(format!(r#"[{{"type":"file","path":"a-Q4_0.gguf","size":{length}}}]"#)),
        Some(_) => content.reply(request),
    });
    let folder = Folder::new();
    let hub = cached(&server, &folder.path("headers"));
    for (revision, is_kept) in [("main", false), (commit, true)] {
        let listing = within(hub.list(&repo(), revision)).await.unwrap();
        within(hub.headers(&listing, "Q4_0")).await.unwrap();
        let before = server.requests().len();
        within(hub.headers(&listing, "Q4_0")).await.unwrap();
        assert_eq!(server.requests().len() == before, is_kept, "{revision}");
    }
}
