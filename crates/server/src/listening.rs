//! Taking a port, and saying who has it if it is taken.

use std::{
    io::{self, ErrorKind},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
};

use paddock_core::ApiError;
use tokio::net::TcpListener;

/// Take the port. Without an address: on this computer alone, under both of its addresses, because `localhost` is either
/// of them. No other port is ever taken instead.
pub async fn listen(host: Option<IpAddr>, port: u16) -> Result<Vec<TcpListener>, ApiError> {
    let first = bind(host.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST)), port).await?;
    let mut listeners = vec![first];
    if host.is_none() {
        // Port 0 stands for any, but for the same one under both addresses.
        let port = listeners.first().and_then(|first| first.local_addr().ok()).map_or(port, |taken| taken.port());
        match TcpListener::bind(SocketAddr::new(Ipv6Addr::LOCALHOST.into(), port)).await {
            Ok(listener) => listeners.push(listener),
            // Another program would answer to half of those who say `localhost`.
            Err(error) if error.kind() == ErrorKind::AddrInUse => return Err(taken(port)),
            Err(error) => tracing::debug!(%error, "this computer has no ::1"),
        }
    }
    Ok(listeners)
}

async fn bind(host: IpAddr, port: u16) -> Result<TcpListener, ApiError> {
    TcpListener::bind(SocketAddr::new(host, port)).await.map_err(|error| match error.kind() {
        ErrorKind::AddrInUse => taken(port),
        _ => ApiError::server_not_started(not_bound(&error, host, port)),
    })
}

fn not_bound(error: &io::Error, host: IpAddr, port: u16) -> String {
    match error.kind() {
        ErrorKind::AddrNotAvailable => format!("{host} is not an address of this computer"),
        ErrorKind::PermissionDenied => format!("the system does not allow port {port}"),
        _ => error.to_string(),
    }
}

fn taken(port: u16) -> ApiError {
    ApiError::port_taken(port, holder(port))
}

/// The program that listens on a port, with its process id, where the system tells it: on Linux, of one's own processes.
#[cfg(target_os = "linux")]
fn holder(port: u16) -> Option<String> {
    use std::fs;
    let inodes: Vec<String> = ["/proc/net/tcp", "/proc/net/tcp6"]
        .iter()
        .filter_map(|table| fs::read_to_string(table).ok())
        .flat_map(|table| table.lines().filter_map(|line| listening_inode(line, port)).collect::<Vec<_>>())
        .collect();
    for process in fs::read_dir("/proc").ok()?.flatten() {
        let name = process.file_name().to_string_lossy().into_owned();
        // `self` and others are no processes of their own.
        if name.parse::<u32>().is_err() {
            continue;
        }
        let Ok(descriptors) = fs::read_dir(process.path().join("fd")) else { continue };
        let has_it = descriptors.flatten().any(|descriptor| {
            let target = fs::read_link(descriptor.path()).unwrap_or_default();
            let target = target.to_string_lossy();
            inodes.iter().any(|inode| target.strip_prefix("socket:[").is_some_and(|rest| rest == format!("{inode}]")))
        });
        if has_it {
            let program = fs::read_to_string(process.path().join("comm")).unwrap_or_default();
            return Some(format!("{} (process {name})", program.trim()));
        }
    }
    None
}

#[cfg(not(target_os = "linux"))]
fn holder(_port: u16) -> Option<String> {
    None
}

/// The number of a socket that listens on a port, out of a line of the kernel's table.
#[cfg(target_os = "linux")]
fn listening_inode(line: &str, port: u16) -> Option<String> {
    /// The kernel's TCP_LISTEN.
    const LISTENING: &str = "0A";
    let mut words = line.split_whitespace();
    let (local, state) = (words.nth(1)?, words.nth(1)?);
    let inode = words.nth(5)?;
    let (_, own_port) = local.rsplit_once(':')?;
    (state == LISTENING && u16::from_str_radix(own_port, 16) == Ok(port)).then(|| inode.to_owned())
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::listening_inode;

    #[test]
    fn the_kernel_s_table_is_read() {
        let line =
            "   0: 0100007F:3092 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 4242 1 0000";
        assert_eq!(listening_inode(line, 12434).as_deref(), Some("4242"));
        assert_eq!(listening_inode(line, 12435), None);
        assert_eq!(listening_inode(&line.replace(" 0A ", " 01 "), 12434), None);
        assert_eq!(listening_inode("  sl  local_address rem_address   st", 12434), None);
    }
}
