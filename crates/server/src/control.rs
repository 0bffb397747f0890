//! How `paddock stop` finds the servers that run, and ends them: each leaves its address and a secret in a file that only
//! its user can read. Whoever shows the secret may end it. No process is ever ended by a number that may be another's.

use std::{
    fs,
    io::{self, Write as _},
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    time::Duration,
};

use paddock_core::{ApiError, DataDir, random_token};
use serde::{Deserialize, Serialize};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

/// The route that ends the server.
pub const STOP_PATH: &str = "/paddock/stop";
/// How long a server may take to say that it ends.
const PATIENCE: Duration = Duration::from_secs(5);

/// What is in the file.
#[derive(Serialize, Deserialize)]
struct Announced {
    address: SocketAddr,
    secret: String,
    pid: u32,
}

/// The file of a server that runs.
pub struct Control {
    file: PathBuf,
    secret: String,
}

impl Control {
    /// Write the file.
    pub fn announce(data: &DataDir, address: SocketAddr) -> Result<Self, ApiError> {
        let secret = random_token()?;
        let file = folder(data).join(format!("{}.json", address.port()));
        let announced = Announced { address, secret: secret.clone(), pid: std::process::id() };
        write(&file, &announced).map_err(|error| {
            ApiError::server_not_started(format!("the file {} cannot be written: {error}", file.display()))
        })?;
        Ok(Self { file, secret })
    }

    pub fn secret(&self) -> &str {
        &self.secret
    }

    /// The server ends.
    pub fn withdraw(&self) {
        // Another one may have it by now.
        if read(&self.file).is_some_and(|announced| announced.secret == self.secret) {
            let _gone = fs::remove_file(&self.file);
        }
    }
}

fn folder(data: &DataDir) -> PathBuf {
    data.path().join("servers")
}

fn write(file: &Path, announced: &Announced) -> io::Result<()> {
    let folder = file.parent().unwrap_or(file);
    fs::create_dir_all(folder)?;
    // Such a file can be read by its owner alone.
    let mut temporary = tempfile::NamedTempFile::new_in(folder)?;
    serde_json::to_writer(&mut temporary, announced)?;
    temporary.flush()?;
    temporary.persist(file)?;
    Ok(())
}

fn read(file: &Path) -> Option<Announced> {
    serde_json::from_slice(&fs::read(file).ok()?).ok()
}

/// A server that was ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stopped {
    /// Where it listened.
    pub address: SocketAddr,
    /// Its process.
    pub pid: u32,
}

/// End all servers of this user that run with this data folder. Files that were left behind are removed.
pub async fn stop_all(data: &DataDir) -> Vec<Stopped> {
    let mut stopped = Vec::new();
    let files = fs::read_dir(folder(data)).into_iter().flatten().flatten().map(|entry| entry.path());
    for file in files.filter(|file| file.extension().is_some_and(|kind| kind == "json")) {
        let Some(announced) = read(&file) else { continue };
        if matches!(tokio::time::timeout(PATIENCE, ask(&announced)).await, Ok(Ok(true))) {
            stopped.push(Stopped { address: announced.address, pid: announced.pid });
        } else {
            let _gone = fs::remove_file(&file);
        }
    }
    stopped
}

/// Whether the server at that address is the one of the file, and ends.
async fn ask(Announced { address, secret, .. }: &Announced) -> io::Result<bool> {
    let mut to = *address;
    if to.ip().is_unspecified() {
        to.set_ip(IpAddr::V4(Ipv4Addr::LOCALHOST));
    }
    let mut stream = TcpStream::connect(to).await?;
    let request = format!(
        "POST {STOP_PATH} HTTP/1.1\r\nHost: {to}\r\nAuthorization: Bearer {secret}\r\nContent-Type: application/json\r\n\
         Content-Length: 2\r\nConnection: close\r\n\r\n{{}}"
    );
    stream.write_all(request.as_bytes()).await?;
    let mut reply = [0; 16];
    let n_read = stream.read(&mut reply).await?;
    Ok(reply[..n_read].starts_with(b"HTTP/1.1 200 "))
}
