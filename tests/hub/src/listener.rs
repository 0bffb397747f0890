//! A port that is listened on, and the connections that came through it.

use std::collections::HashMap;
use std::io;
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use socket2::SockRef;

/// How long closing waits for the threads of its connections.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long a thread that reads takes to notice that nothing more comes.
const READING: Duration = Duration::from_millis(50);

/// Listens until it is dropped, which resets all connections at once.
pub(crate) struct Listener {
    address: SocketAddr,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
    connections: Arc<Connections>,
}

impl Listener {
    /// Serves each connection on a thread of its own.
    pub fn start(listener: TcpListener, serve: impl Fn(TcpStream) + Send + Sync + 'static) -> Self {
        let address = listener.local_addr().unwrap();
        let stop = Arc::new(AtomicBool::new(false));
        let connections = Arc::new(Connections::default());
        let serve = Arc::new(serve);
        let (stop_too, connections_too) = (Arc::clone(&stop), Arc::clone(&connections));
        let accept = move || {
            for stream in listener.incoming() {
                if stop_too.load(Ordering::SeqCst) {
                    break;
                }
                // A client that hung up before it was accepted.
                let Ok(stream) = stream else { continue };
                let Some(open) = Connections::add(&connections_too, &stream) else { continue };
                let serve = Arc::clone(&serve);
                thread::spawn(move || {
                    // Until the end of the scope, also when a test's closure panics.
                    let _open = open;
                    serve(stream);
                });
            }
        };
        Self { address, stop, thread: Some(thread::spawn(accept)), connections }
    }

    pub fn port(&self) -> u16 {
        self.address.port()
    }

    pub fn n_open(&self) -> usize {
        self.connections.streams.lock().unwrap().len()
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        // Ends the waiting for the next connection.
        let woken = TcpStream::connect(self.address);
        if let (Ok(_), Some(thread)) = (woken, self.thread.take()) {
            let _ = thread.join();
        }
        self.connections.reset();
    }
}

/// A port of this computer.
pub(crate) fn bind(port: u16) -> io::Result<TcpListener> {
    TcpListener::bind(("127.0.0.1", port))
}

/// Makes the end of a connection a reset, once its last handle is closed.
pub(crate) fn reset_at_end(stream: &TcpStream) {
    // A connection that has ended already needs no reset.
    let _ = SockRef::from(stream).set_linger(Some(Duration::ZERO));
}

pub(crate) fn resets_at_end(stream: &TcpStream) -> bool {
    SockRef::from(stream).linger().is_ok_and(|linger| linger.is_some())
}

#[derive(Default)]
struct Connections {
    streams: Mutex<HashMap<SocketAddr, TcpStream>>,
    ended: Condvar,
}

impl Connections {
    fn add(self: &Arc<Self>, stream: &TcpStream) -> Option<Open> {
        let peer = stream.peer_addr().ok()?;
        self.streams.lock().unwrap().insert(peer, stream.try_clone().ok()?);
        Some(Open { peer, connections: Arc::clone(self) })
    }

    fn reset(&self) {
        let mut streams = self.streams.lock().unwrap();
        // To stop writing would tell the client of an orderly end, so that it is only for those busy with that.
        for (side, patience) in [(Shutdown::Read, READING), (Shutdown::Both, PATIENCE)] {
            for stream in streams.values() {
                reset_at_end(stream);
                let _ = stream.shutdown(side);
            }
            // A test that holds a lock its closure waits for must not hang here for ever.
            streams = self.ended.wait_timeout_while(streams, patience, |streams| !streams.is_empty()).unwrap().0;
        }
        streams.clear();
    }
}

/// A connection in the list.
struct Open {
    peer: SocketAddr,
    connections: Arc<Connections>,
}

impl Drop for Open {
    fn drop(&mut self) {
        self.connections.streams.lock().unwrap().remove(&self.peer);
        self.connections.ended.notify_all();
    }
}
