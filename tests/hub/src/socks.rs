//! A SOCKS5 proxy (RFC 1928) that takes everybody.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Ipv6Addr, TcpStream};
use std::sync::{Arc, Mutex};

use crate::listener::{Listener, bind};
use crate::proxy::pump;

/// Passes connections on. Ends when it is dropped.
pub struct Socks {
    listener: Listener,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Socks {
    /// Listens on a port of this computer.
    ///
    /// # Panics
    /// If no port can be had.
    pub fn start() -> Self {
        let requests = Arc::new(Mutex::new(Vec::new()));
        let for_connections = Arc::clone(&requests);
        let listener = Listener::start(bind(0).unwrap(), move |stream| {
            // Either side may hang up at any time.
            let _ = serve(stream, &for_connections);
        });
        Self { listener, requests }
    }

    /// As `ALL_PROXY` takes it: names are resolved by the proxy.
    pub fn url(&self) -> String {
        format!("socks5h://127.0.0.1:{}", self.listener.port())
    }

    /// Where to it was asked to connect, as `host:port`.
    pub fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

fn serve(mut stream: TcpStream, requests: &Mutex<Vec<String>>) -> io::Result<()> {
    let [version, n_methods] = take(&mut stream)?;
    io::copy(&mut (&stream).take(n_methods.into()), &mut io::sink())?;
    if version != 5 {
        return Ok(());
    }
    stream.write_all(&[5, 0])?;
    let [_, command, _, kind] = take(&mut stream)?;
    let host = match kind {
        1 => Ipv4Addr::from(take::<4>(&mut stream)?).to_string(),
        4 => format!("[{}]", Ipv6Addr::from(take::<16>(&mut stream)?)),
        _ => {
            let [length] = take(&mut stream)?;
            let mut name = vec![0; length.into()];
            stream.read_exact(&mut name)?;
            String::from_utf8_lossy(&name).into_owned()
        }
    };
    let address = format!("{host}:{}", u16::from_be_bytes(take(&mut stream)?));
    requests.lock().unwrap().push(address.clone());
    let server = if command == 1 { TcpStream::connect(address).ok() } else { None };
    // 5: refused. The address in the answer is of no use to anybody.
    let result = if server.is_some() { 0 } else { 5 };
    stream.write_all(&[5, result, 0, 1, 0, 0, 0, 0, 0, 0])?;
    server.map_or(Ok(()), |server| pump(&stream, &server, &[]))
}

fn take<const N: usize>(stream: &mut TcpStream) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    stream.read_exact(&mut bytes)?;
    Ok(bytes)
}
