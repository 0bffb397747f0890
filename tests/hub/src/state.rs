//! What all connections of one server share.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, RwLock};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use crate::act::Act;
use crate::content::Content;
use crate::repo::{Repo, RepoFile};
use crate::request::{Kind, Request, escaped};

/// How long a signed address claims to live, in seconds. The Hub's do so for an hour.
const SIGNED_SECONDS: u64 = 3600;

pub(crate) type Decide = dyn Fn(&Request) -> Act + Send + Sync;

/// What a signed address stands for: this content, even when the repository has moved on.
#[derive(Clone)]
pub(crate) struct Signed {
    pub repo: String,
    pub path: String,
    pub content: Content,
    pub etag: String,
    n_uses: u32,
}

pub(crate) struct State {
    /// Versions by name, the newest last.
    repos: Mutex<BTreeMap<String, Vec<Repo>>>,
    requests: Mutex<Vec<Request>>,
    counts: Mutex<HashMap<(Kind, String, String), usize>>,
    signed: Mutex<HashMap<String, Signed>>,
    pub signed_uses: Mutex<Option<u32>>,
    pub decide: RwLock<Arc<Decide>>,
    /// For each connection, in bytes per second; 0 for no limit.
    pub bytes_per_s: AtomicU64,
    pub page_size: AtomicUsize,
    pub served_bytes: AtomicU64,
    pub last_byte: Mutex<Option<Instant>>,
    pub endpoint_port: u16,
    pub storage_port: u16,
}

impl State {
    pub fn new(repos: Vec<Repo>, endpoint_port: u16, storage_port: u16) -> Self {
        let state = Self {
            repos: Mutex::default(),
            requests: Mutex::default(),
            counts: Mutex::default(),
            signed: Mutex::default(),
            signed_uses: Mutex::new(None),
            decide: RwLock::new(Arc::new(|_| Act::Honest)),
            bytes_per_s: AtomicU64::new(0),
            page_size: AtomicUsize::new(1000),
            served_bytes: AtomicU64::new(0),
            last_byte: Mutex::new(None),
            endpoint_port,
            storage_port,
        };
        repos.into_iter().for_each(|repo| state.set_repo(repo));
        state
    }

    pub fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.endpoint_port)
    }

    /// Makes this version the one that `main` is. Older ones stay under their commit.
    pub fn set_repo(&self, repo: Repo) {
        let mut repos = self.repos.lock().unwrap();
        let versions = repos.entry(repo.name.clone()).or_default();
        versions.retain(|version| version.commit_id() != repo.commit_id());
        versions.push(repo);
    }

    pub fn remove_repo(&self, name: &str) {
        self.repos.lock().unwrap().remove(name);
    }

    pub fn repo(&self, name: &str) -> Option<Repo> {
        self.repos.lock().unwrap().get(name)?.last().cloned()
    }

    pub fn version(&self, name: &str, revision: &str) -> Option<Repo> {
        if revision == "main" {
            return self.repo(name);
        }
        self.repos.lock().unwrap().get(name)?.iter().rev().find(|repo| repo.commit_id() == revision).cloned()
    }

    pub fn repos(&self) -> Vec<Repo> {
        self.repos.lock().unwrap().values().filter_map(|versions| versions.last()).cloned().collect()
    }

    pub fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }

    /// Completes a request with what only the server knows, and keeps it.
    pub fn record(&self, mut request: Request) -> Request {
        match request.kind {
            Kind::Storage => {
                if let Some(signed) = self.signed(&request) {
                    request.size_bytes = Some(signed.content.len());
                    (request.repo, request.path) = (Some(signed.repo), Some(signed.path));
                }
            }
            Kind::Resolve => {
                let parts = request.segments();
                let name = parts[..2].join("/");
                let path = parts[4..].join("/");
                let repo = self.version(&name, &parts[3]);
                let file = repo.as_ref().and_then(|repo| repo.files.iter().find(|file| file.path == path));
                request.size_bytes = file.map(|file| file.content.len());
                (request.repo, request.path) = (Some(name), Some(path));
            }
            Kind::Tree | Kind::Api => {
                let parts = request.segments();
                let is_model = parts.len() >= 4 && parts[..2] == ["api", "models"];
                request.repo = is_model.then(|| parts[2..4].join("/"));
            }
            Kind::Search => {}
        }
        if let (Some(repo), Some(path)) = (&request.repo, &request.path) {
            let mut counts = self.counts.lock().unwrap();
            let count = counts.entry((request.kind, repo.clone(), path.clone())).or_default();
            *count += 1;
            request.n_of_file = *count;
        }
        let mut requests = self.requests.lock().unwrap();
        request.n = requests.len() + 1;
        requests.push(request.clone());
        request
    }

    /// An address at the storage for one file, as the Hub makes a new one for each request.
    pub fn sign(&self, repo: &Repo, file: &RepoFile) -> String {
        let mut signed = self.signed.lock().unwrap();
        let signature = format!("{:016x}", (signed.len() as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let entry = Signed {
            repo: repo.name.clone(),
            path: file.path.clone(),
            content: file.content.clone(),
            etag: format!("\"{}\"", file.etag()),
            n_uses: 0,
        };
        signed.insert(signature.clone(), entry);
        let expires = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() + SIGNED_SECONDS;
        let place = escaped(&format!("repos/{}/{}", repo.name, file.path));
        format!("http://localhost:{}/{place}?Expires={expires}&Signature={signature}", self.storage_port)
    }

    /// What a request's signature stands for.
    pub fn signed(&self, request: &Request) -> Option<Signed> {
        self.signed.lock().unwrap().get(&request.parameter("Signature")?).cloned()
    }

    /// Counts one use of a signature; false when it has expired.
    pub fn use_signature(&self, request: &Request) -> bool {
        let Some(signature) = request.parameter("Signature") else { return false };
        let mut all = self.signed.lock().unwrap();
        let Some(signed) = all.get_mut(&signature) else { return false };
        signed.n_uses += 1;
        self.signed_uses.lock().unwrap().is_none_or(|at_most| signed.n_uses <= at_most)
    }

    /// Bytes of a file have been written to a socket.
    pub fn count(&self, n_bytes: u64) {
        self.served_bytes.fetch_add(n_bytes, Ordering::SeqCst);
        *self.last_byte.lock().unwrap() = Some(Instant::now());
    }
}
