//! A port to which connections never come about.

use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

use socket2::{Domain, Socket, Type};

/// How many connections are tried until one is not answered. Systems let a few more wait than they are told.
const MAX_WAITING: usize = 256;

/// How long an answer on this computer takes at most.
const ANSWER: Duration = Duration::from_millis(200);

/// A port with its queue full: attempts to connect get no answer, as those to a computer that was switched off. So it
/// is on Linux; other systems may refuse instead.
pub struct BlackHole {
    address: SocketAddr,
    _listener: Socket,
    _waiting: Vec<TcpStream>,
}

impl BlackHole {
    /// Opens the port and fills its queue.
    ///
    /// # Panics
    /// If no port can be had.
    pub fn start() -> Self {
        let listener = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        listener.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into()).unwrap();
        listener.listen(0).unwrap();
        let address = listener.local_addr().unwrap().as_socket().unwrap();
        let connect = |_| TcpStream::connect_timeout(&address, ANSWER).ok();
        let waiting = (0..MAX_WAITING).map_while(connect).collect();
        Self { address, _listener: listener, _waiting: waiting }
    }

    /// Under the storage's host name.
    pub fn url(&self) -> String {
        format!("http://localhost:{}", self.address.port())
    }

    /// Where nobody answers.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}
