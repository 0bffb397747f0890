//! Noticing that the computer has slept, or that its network is another one: connections are dead then, and what was
//! out of reach may be there again.

use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::time::{Duration, Instant, SystemTime};

use tokio::sync::watch;
use tokio::task::JoinHandle;

/// How often it is looked at.
const EVERY: Duration = Duration::from_secs(1);

/// The clock on the wall goes on while a computer sleeps; the one that counts time does not, or nobody runs to read it.
const SLEPT: Duration = Duration::from_secs(5);

/// Tells of changes.
#[derive(Debug)]
pub(crate) struct Network {
    changes: watch::Sender<u64>,
    watching: Option<JoinHandle<()>>,
}

impl Network {
    /// Watches until it is dropped. Sends nothing.
    pub(crate) fn watch() -> Self {
        let changes = watch::Sender::new(0);
        let tell = changes.clone();
        let watching = tokio::spawn(async move {
            let mut before = Glance::take();
            loop {
                tokio::time::sleep(EVERY).await;
                let now = Glance::take();
                if now.differs_from(&before) {
                    tell.send_modify(|n| *n += 1);
                }
                before = now;
            }
        });
        Self { changes, watching: Some(watching) }
    }

    /// A network that changes only when it is told so.
    #[cfg(test)]
    pub(crate) fn still() -> Self {
        Self { changes: watch::Sender::new(0), watching: None }
    }

    /// As if it had changed.
    #[cfg(test)]
    pub(crate) fn tell(&self) {
        self.changes.send_modify(|n| *n += 1);
    }

    /// The changes from now on.
    pub(crate) fn changes(&self) -> Changes {
        Changes(self.changes.subscribe())
    }
}

/// Changes as one connection hears of them: none is missed while it does something else.
#[derive(Debug)]
pub(crate) struct Changes(watch::Receiver<u64>);

impl Changes {
    /// Until the next change.
    pub(crate) async fn next(&mut self) {
        if self.0.changed().await.is_err() {
            // Nobody watches any more.
            std::future::pending().await
        }
    }

    /// What changed before now is of no interest.
    pub(crate) fn forget(&mut self) {
        self.0.mark_unchanged();
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        if let Some(watching) = &self.watching {
            watching.abort();
        }
    }
}

/// What is looked at.
#[derive(Debug)]
struct Glance {
    wall: SystemTime,
    counted: Instant,
    addresses: [Option<IpAddr>; 2],
}

impl Glance {
    fn take() -> Self {
        // Some addresses of the internet, of which only the way there is of interest.
        let addresses = [[1, 1, 1, 1].into(), [0x2606, 0x4700, 0x4700, 0, 0, 0, 0, 0x1111].into()].map(own_address);
        Self { wall: SystemTime::now(), counted: Instant::now(), addresses }
    }

    fn differs_from(&self, before: &Self) -> bool {
        let counted = self.counted.duration_since(before.counted);
        let on_the_wall = self.wall.duration_since(before.wall).unwrap_or_default();
        self.addresses != before.addresses || on_the_wall.saturating_sub(counted) > SLEPT || counted > EVERY + SLEPT
    }
}

/// This computer's address on the way to another one. Connecting a UDP socket looks the way up and sends nothing.
fn own_address(to: IpAddr) -> Option<IpAddr> {
    let any: IpAddr = if to.is_ipv4() { [0, 0, 0, 0].into() } else { [0_u16; 8].into() };
    let socket = UdpSocket::bind(SocketAddr::new(any, 0)).ok()?;
    socket.connect(SocketAddr::new(to, 443)).ok()?;
    Some(socket.local_addr().ok()?.ip())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sleep_and_another_network_are_noticed_and_nothing_else() {
        let before = Glance::take();
        let later = |wall_s: u64, counted_s: u64, address: Option<IpAddr>| Glance {
            wall: before.wall + Duration::from_secs(wall_s),
            counted: before.counted + Duration::from_secs(counted_s),
            addresses: [address, before.addresses[1]],
        };
        let same = before.addresses[0];
        assert!(!later(1, 1, same).differs_from(&before));
        assert!(later(3_600, 1, same).differs_from(&before), "the clock that counts stood still");
        assert!(later(3_600, 3_600, same).differs_from(&before), "nobody looked for an hour");
        let other = Some([10, 9, 8, 7].into());
        assert!(later(1, 1, other).differs_from(&before));
        let set_back = Glance { wall: before.wall - Duration::from_secs(9), ..later(0, 1, same) };
        assert!(!set_back.differs_from(&before), "somebody set the clock back");
    }
}
