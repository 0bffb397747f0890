//! The server itself: takes connections, so many at once, and gives each a time for everything.

use std::{
    convert::Infallible,
    net::{IpAddr, SocketAddr},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use hyper::{header::HeaderValue, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use paddock_core::{ApiError, App};
use tokio::{
    io::AsyncWriteExt as _,
    net::{TcpListener, TcpStream},
    sync::{Semaphore, watch},
    task::{JoinHandle, JoinSet},
};

use crate::{control::Control, listening, metrics::Metrics, patience::Patient, routes};

/// Connections at once. More than all that can be answered and may wait, and fewer than the files that a process may
/// have open on any system (1,024).
const MAX_CONNECTIONS: usize = 768;
/// How long the head of a request may take, and how long a connection may be idle between two.
const HEAD_PATIENCE: Duration = Duration::from_secs(30);
/// The longest head, in bytes.
const MAX_HEAD_BYTES: usize = 64 << 10;
/// How long the system gets to find a free file descriptor.
const NO_DESCRIPTOR: Duration = Duration::from_millis(100);
/// How long the reply gets that says that the server ends.
const LAST_WORDS: Duration = Duration::from_millis(50);
/// What is said to a connection too many; it is not even read.
const FULL: &[u8] =
    b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

/// How the server is started.
#[derive(Debug, Clone)]
pub struct Config {
    /// The address to listen on; none: this computer alone.
    pub host: Option<IpAddr>,
    /// The port; 0: any that is free.
    pub port: u16,
    /// What clients have to show; never empty.
    pub token: String,
    /// Web pages that may use it, such as `https://app.example`.
    pub allowed_origins: Vec<String>,
}

/// What every request needs.
pub struct Shared {
    pub app: App,
    pub metrics: Metrics,
    pub origins: Vec<HeaderValue>,
    token: Mutex<Arc<str>>,
    control: Control,
    stop: watch::Sender<bool>,
}

impl Shared {
    pub fn token(&self) -> Arc<str> {
        Arc::clone(&self.token.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// What `paddock stop` shows.
    pub fn control_token(&self) -> &str {
        self.control.secret()
    }

    /// End the server.
    fn stop(&self) {
        self.stop.send_replace(true);
    }

    /// End the server when the reply that says so has gone out.
    pub fn stop_soon(self: &Arc<Self>) {
        let shared = Arc::clone(self);
        tokio::spawn(async move {
            tokio::time::sleep(LAST_WORDS).await;
            shared.stop();
        });
    }
}

/// A server that runs until it is stopped, or this is dropped.
pub struct Server {
    shared: Arc<Shared>,
    address: SocketAddr,
    accepting: JoinHandle<()>,
}

impl Server {
    /// Take the port and answer from now on.
    ///
    /// # Errors
    /// When the port is taken or cannot be had, when there is no token, or an origin is none.
    pub async fn start(app: App, config: Config) -> Result<Self, ApiError> {
        let Config { host, port, token, allowed_origins } = config;
        if token.trim().is_empty() {
            return Err(ApiError::server_not_started("it needs a token that clients have to show".into()));
        }
        let origins = allowed_origins.iter().map(|origin| checked_origin(origin)).collect::<Result<_, _>>()?;
        let listeners = listening::listen(host, port).await?;
        let address = listeners.first().and_then(|first| first.local_addr().ok());
        let address = address.ok_or_else(|| ApiError::server_not_started("it has no address".into()))?;
        let control = Control::announce(app.data_dir(), address)?;
        let (stop, _) = watch::channel(false);
        let metrics = Metrics::default();
        let token = Mutex::new(token.trim().into());
        let shared = Arc::new(Shared { app, metrics, origins, token, control, stop });
        let accepting = tokio::spawn(accept(Arc::clone(&shared), listeners));
        Ok(Self { shared, address, accepting })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its address for programs on this computer.
    pub fn url(&self) -> String {
        let port = self.address.port();
        match self.address.ip() {
            ip if ip.is_unspecified() => format!("http://127.0.0.1:{port}"),
            ip => format!("http://{}", SocketAddr::new(ip, port)),
        }
    }

    /// From now on clients have to show this.
    pub fn set_token(&self, token: &str) {
        *self.shared.token.lock().unwrap_or_else(PoisonError::into_inner) = token.into();
    }

    /// Resolves when somebody ends it from outside.
    pub fn ended(&self) -> impl Future<Output = ()> + Send + 'static {
        let mut stop = self.shared.stop.subscribe();
        async move {
            // An error means that the server is gone.
            let _gone = stop.wait_for(|stop| *stop).await.is_err();
        }
    }

    /// Take no more connections and end those that there are; what is being written for them is given up.
    pub async fn stop(mut self) {
        self.shared.stop();
        // An error means that it panicked, which is in the log.
        let _ended = (&mut self.accepting).await;
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shared.stop();
    }
}

fn checked_origin(origin: &str) -> Result<HeaderValue, ApiError> {
    let rest = ["http://", "https://"].iter().find_map(|scheme| origin.strip_prefix(scheme));
    let is_origin = rest.is_some_and(|rest| !rest.is_empty() && !rest.contains(['/', '*', ' ', '@']));
    let value = HeaderValue::from_str(origin).ok().filter(|_| is_origin);
    value.ok_or_else(|| {
        ApiError::server_not_started(format!("“{origin}” is no origin of a web page, such as https://app.example"))
    })
}

/// Take connections until the end.
async fn accept(shared: Arc<Shared>, listeners: Vec<TcpListener>) {
    let room = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let mut stop = shared.stop.subscribe();
    let mut accepting = JoinSet::new();
    for listener in listeners {
        let (shared, room) = (Arc::clone(&shared), Arc::clone(&room));
        accepting.spawn(async move {
            let mut connections = JoinSet::new();
            loop {
                while connections.try_join_next().is_some() {}
                match listener.accept().await {
                    Ok((stream, _)) => match Arc::clone(&room).try_acquire_owned() {
                        Ok(place) => {
                            let shared = Arc::clone(&shared);
                            connections.spawn(async move {
                                serve(shared, stream).await;
                                drop(place);
                            });
                        }
                        Err(_) => refuse(stream),
                    },
                    Err(error) => {
                        tracing::debug!(%error, "a connection could not be taken");
                        tokio::time::sleep(NO_DESCRIPTOR).await;
                    }
                }
            }
        });
    }
    // An error means that the server is gone. With the tasks go the connections, and with them what was written for them.
    let _gone = stop.wait_for(|stop| *stop).await.is_err();
    shared.control.withdraw();
    accepting.shutdown().await;
}

fn refuse(mut stream: TcpStream) {
    tokio::spawn(async move {
        let said = tokio::time::timeout(Duration::from_secs(1), stream.write_all(FULL)).await;
        tracing::debug!(?said, "too many connections");
    });
}

async fn serve(shared: Arc<Shared>, stream: TcpStream) {
    let Ok(local) = stream.local_addr() else { return };
    // Every token goes out at once.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "small packets will wait");
    }
    let service = service_fn(move |request| {
        let shared = Arc::clone(&shared);
        async move { Ok::<_, Infallible>(routes::answer(shared, request, local).await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_PATIENCE)
        .max_buf_size(MAX_HEAD_BYTES)
        .serve_connection(TokioIo::new(Patient::new(stream)), service);
    if let Err(error) = connection.await {
        tracing::debug!(%error, "a connection ended");
    }
}
