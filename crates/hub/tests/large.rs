//! Twenty gigabytes with a hundred cuts: the right bytes, hardly any of them twice, and no more memory than for one.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]
#![cfg(target_os = "linux")]

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use paddock_hub::remote::{Hub, HubConfig, RepoId};
use paddock_hub::transfer::{self, Options, Progress, Request, Stop};
use paddock_test_hub::{Act, Content, Kind, Repo, TestHub};
use tokio::sync::watch;

const GB: u64 = 1_000_000_000;
const SIZE_BYTES: u64 = 20 * GB;
const CUTS: usize = 100;
const NAME: &str = "Large-Q4_K_M.gguf";

/// What this process has in memory of its own, in bytes.
fn own_memory_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let kilobytes = status.lines().find_map(|line| line.strip_prefix("RssAnon:")?.strip_suffix("kB")).unwrap();
    kilobytes.trim().parse::<u64>().unwrap() * 1_024
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_gigabytes_with_a_hundred_cuts_arrive_exactly() {
    let folder = tempfile::tempdir().unwrap();
    if paddock_hub::free_bytes(folder.path()).unwrap() < SIZE_BYTES + 4 * GB {
        eprintln!("skipped: there are no 24 GB free for temporary files");
        return;
    }
    let content = Content::model(9, SIZE_BYTES);
    let server = TestHub::start(vec![
        Repo::new("owner/model").commit("c0ffeec0ffeec0ffeec0ffeec0ffeec0ffeec0ff").file(NAME, content.clone()),
    ]);
    let cuts = AtomicUsize::new(0);
    server.on_request(move |request| {
        let take = |n: usize| (n < CUTS).then_some(n + 1);
        if request.kind == Kind::Storage && cuts.fetch_update(Ordering::SeqCst, Ordering::SeqCst, take).is_ok() {
            // Anywhere in the piece of 64 MiB that is asked for.
            Act::CutAfter((request.n as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) % (60 << 20))
        } else {
            Act::Honest
        }
    });
    let mut config = HubConfig::default();
    config.endpoint = server.url();
    let hub = Hub::new(config).unwrap();
    let request = Request {
        repo: RepoId::parse("owner/model").unwrap(),
        revision: "main".to_owned(),
        wanted: NAME.to_owned(),
        root: folder.path().to_owned(),
    };
    let (tell, _told) = watch::channel(Progress::default());
    let (_go_on, stop) = watch::channel(false);
    let before = own_memory_bytes();
    let watching = tokio::spawn(async move {
        let mut most = before;
        loop {
            tokio::time::sleep(Duration::from_millis(200)).await;
            most = most.max(own_memory_bytes());
            MOST_BYTES.store(usize::try_from(most - before).unwrap(), Ordering::Relaxed);
        }
    });
    // Its checksum was compared, or this would be an error.
    let done = transfer::download(&hub, &request, &Options::default(), Stop::new(stop), &tell).await.unwrap();
    watching.abort();
    assert_eq!(done.path.metadata().unwrap().len(), SIZE_BYTES);
    let twice = server.served_bytes() - SIZE_BYTES;
    assert!(twice < SIZE_BYTES / 50, "{twice} bytes came twice: more than 2 %");
    let memory = MOST_BYTES.load(Ordering::Relaxed);
    // The server is in this process too.
    assert!(memory < 100_000_000, "{memory} bytes of memory");
    eprintln!("{:.3} % came twice, {} MB of memory", twice as f64 * 100.0 / SIZE_BYTES as f64, memory / 1_000_000);
}

static MOST_BYTES: AtomicUsize = AtomicUsize::new(0);
