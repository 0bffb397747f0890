//! The server, as tests hold it.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use crate::act::Act;
use crate::connection::serve;
use crate::listener::{Listener, bind};
use crate::repo::Repo;
use crate::request::Request;
use crate::scenario::scenario;
use crate::state::State;

/// How long is tried to get the old ports back. Another program may use one for a connection of its own meanwhile.
const PATIENCE: Duration = Duration::from_secs(10);

/// A running server: an endpoint under `127.0.0.1` and a storage under `localhost`, two hosts to any client. Ends when
/// it is dropped, with every connection.
pub struct TestHub {
    state: Arc<State>,
    /// None while offline.
    listeners: Mutex<Option<[Listener; 2]>>,
}

impl TestHub {
    /// Serves these repositories honestly.
    ///
    /// # Panics
    /// If no port can be had.
    pub fn start(repos: Vec<Repo>) -> Self {
        let (endpoint, storage) = (bind(0).unwrap(), bind(0).unwrap());
        let ports = (endpoint.local_addr().unwrap().port(), storage.local_addr().unwrap().port());
        let state = Arc::new(State::new(repos, ports.0, ports.1));
        let listeners = Mutex::new(Some([listen(endpoint, false, &state), listen(storage, true, &state)]));
        Self { state, listeners }
    }

    /// The endpoint, as `HF_ENDPOINT` takes it: without a slash at its end.
    pub fn url(&self) -> String {
        self.state.endpoint()
    }

    /// The port of the storage.
    pub fn storage_port(&self) -> u16 {
        self.state.storage_port
    }

    /// Adds a repository, or a newer version of one. Older versions stay under their commits, and addresses that were
    /// signed before still give the old files; the same commit again replaces what was there.
    pub fn set_repo(&self, repo: Repo) {
        self.state.set_repo(repo);
    }

    /// A repository is gone, with all its versions.
    pub fn remove_repo(&self, name: &str) {
        self.state.remove_repo(name);
    }

    /// Decides what is done with every request from now on.
    pub fn on_request(&self, decide: impl Fn(&Request) -> Act + Send + Sync + 'static) {
        *self.state.decide.write().unwrap() = Arc::new(decide);
    }

    /// Plays a row of the table of faults ([`scenario`]) from now on; false if there is none of that name.
    pub fn play(&self, row: &str, seed: u64) -> bool {
        let Some(decide) = scenario(row, seed) else { return false };
        self.on_request(decide);
        true
    }

    /// Everything that was asked so far.
    pub fn requests(&self) -> Vec<Request> {
        self.state.requests()
    }

    /// Bytes of files written to sockets so far.
    pub fn served_bytes(&self) -> u64 {
        self.state.served_bytes.load(Ordering::SeqCst)
    }

    /// Connections that neither side has ended.
    pub fn open_connections(&self) -> usize {
        self.listeners.lock().unwrap().iter().flatten().map(Listener::n_open).sum()
    }

    /// Limits each connection on its own, as the networks that deliver files do. None for no limit.
    pub fn throttle(&self, bytes_per_s_per_connection: Option<u64>) {
        self.state.bytes_per_s.store(bytes_per_s_per_connection.unwrap_or(0), Ordering::SeqCst);
    }

    /// Each signed address is good for so many requests, then answers 403. None for no limit.
    pub fn signed_urls_live(&self, n_requests: Option<u32>) {
        *self.state.signed_uses.lock().unwrap() = n_requests;
    }

    /// The most entries in one answer of a list; 1000 at first.
    pub fn page_size(&self, n_entries: usize) {
        self.state.page_size.store(n_entries.max(1), Ordering::SeqCst);
    }

    /// Resets every connection and refuses new ones.
    pub fn go_offline(&self) {
        *self.listeners.lock().unwrap() = None;
    }

    /// Listens again, on the same ports.
    ///
    /// # Panics
    /// If another program has taken one of them and does not give it back.
    pub fn come_back(&self) {
        let mut listeners = self.listeners.lock().unwrap();
        if listeners.is_none() {
            let [endpoint, storage] = [self.state.endpoint_port, self.state.storage_port].map(bind_again);
            *listeners = Some([listen(endpoint, false, &self.state), listen(storage, true, &self.state)]);
        }
    }

    /// When the last byte of a file was written; None if none was yet.
    pub fn quiet_since(&self) -> Option<Instant> {
        *self.state.last_byte.lock().unwrap()
    }
}

fn listen(listener: std::net::TcpListener, storage: bool, state: &Arc<State>) -> Listener {
    let state = Arc::clone(state);
    Listener::start(listener, move |stream| serve(stream, storage, &state))
}

fn bind_again(port: u16) -> std::net::TcpListener {
    let since = Instant::now();
    loop {
        match bind(port) {
            Ok(listener) => return listener,
            Err(error) if since.elapsed() > PATIENCE => panic!("port {port}: {error}"),
            Err(_) => thread::sleep(Duration::from_millis(20)),
        }
    }
}
