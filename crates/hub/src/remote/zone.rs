//! Which addresses a server may send a request on to: those of the internet, or where it is itself. Otherwise any
//! server could make this computer ask its own network, where much is open to whoever asks.

use std::collections::HashSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

/// The most hosts that requests are sent on to in the life of one `Hub`. Hugging Face has about five.
const MAX_STRANGERS: usize = 256;

/// Where an address is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Zone {
    /// This computer.
    Loopback,
    /// A network at home or in a company, also a provider's or a VPN's.
    Private,
    /// Nothing that a model could be downloaded from: link-local (the metadata of cloud machines), multicast, reserved.
    Never,
    /// The internet.
    Public,
}

impl Zone {
    /// Source: the IANA special-purpose address registries for IPv4 and IPv6.
    pub(crate) fn of(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(address) => Self::of_v4(address),
            IpAddr::V6(address) => Self::of_v6(address),
        }
    }

    fn of_v4(address: Ipv4Addr) -> Self {
        match address.octets() {
            [127, ..] => Self::Loopback,
            [10, ..] | [172, 16..=31, ..] | [192, 168, ..] | [100, 64..=127, ..] => Self::Private,
            // For benchmarks; but local proxies give these to every name.
            [198, 18..=19, ..] => Self::Private,
            [0, ..] | [169, 254, ..] | [192, 0, 0 | 2, _] | [198, 51, 100, _] | [203, 0, 113, _] | [224..=255, ..] => {
                Self::Never
            }
            _ => Self::Public,
        }
    }

    fn of_v6(address: Ipv6Addr) -> Self {
        let v4 = |high: u16, low: u16| Self::of_v4(Ipv4Addr::from(u32::from(high) << 16 | u32::from(low)));
        match address.segments() {
            [0, 0, 0, 0, 0, 0, 0, 0] => Self::Never,
            [0, 0, 0, 0, 0, 0, 0, 1] => Self::Loopback,
            // Forms of IPv4: compatible, mapped, NAT64, 6to4.
            [0, 0, 0, 0, 0, 0 | 0xffff, high, low]
            | [0x64, 0xff9b, 0, 0, 0, 0, high, low]
            | [0x2002, high, low, ..] => v4(high, low),
            [0x2001, 0xdb8, ..] => Self::Never,
            [0x2000..=0x3fff, ..] => Self::Public,
            [0xfc00..=0xfdff | 0xfec0..=0xfeff, ..] => Self::Private,
            _ => Self::Never,
        }
    }
}

/// The address in place of a host's name, if it is one.
pub(crate) fn literal(host: &str) -> Option<IpAddr> {
    host.trim_start_matches('[').trim_end_matches(']').parse().ok()
}

/// Whether a host is this computer by its name alone, without asking anybody.
pub(crate) fn is_loopback(host: &str) -> bool {
    host == "localhost" || literal(host).is_some_and(|address| Zone::of(address) == Zone::Loopback)
}

/// Whether a name can only lead into a private network, by its form. What a proxy makes of a name does not come here, so
/// that this is all there is to go by then.
///
/// Source: RFC 6761 and 6762, RFC 8375 (`home.arpa`), ICANN's reservation of `internal`; and names without a dot.
fn is_private_name(host: &str) -> bool {
    let host = host.trim_end_matches('.');
    let ends = [".localhost", ".local", ".internal", ".home.arpa", ".lan", ".localdomain", ".intranet", ".corp"];
    !host.contains('.') || ends.iter().any(|end| host.ends_with(end))
}

/// A name that leads where requests must not go. Comes out of a request as one of its causes.
#[derive(Debug, thiserror::Error)]
#[error("the name leads into a private network")]
pub(crate) struct Forbidden;

/// Looks names up for the HTTP client, and drops forbidden addresses there: what is checked is what is connected to.
///
/// With a proxy the names of servers are looked up by the proxy, and only the proxy's own comes here; then the form of a
/// name is all that can be judged ([`Resolver::admit`]). A SOCKS proxy without lookups of its own (`socks5:`) is given
/// addresses that were judged here.
#[derive(Debug, Clone)]
pub(crate) struct Resolver {
    endpoint_host: String,
    state: Arc<Mutex<State>>,
}

#[derive(Debug)]
struct State {
    /// Where the endpoint is; public until its name was looked up.
    endpoint_zone: Zone,
    /// Hosts that requests were sent on to.
    strangers: HashSet<String>,
}

impl Resolver {
    pub(crate) fn new(endpoint_host: &str) -> Self {
        let zone = if is_loopback(endpoint_host) { Zone::Loopback } else { Zone::Public };
        let endpoint_zone = literal(endpoint_host).map_or(zone, Zone::of);
        let state = State { endpoint_zone, strangers: HashSet::new() };
        Self { endpoint_host: endpoint_host.to_owned(), state: Arc::new(Mutex::new(state)) }
    }

    /// Whether a request may be sent on to this host, as far as its name tells; from now on the addresses that the name
    /// leads to are watched.
    ///
    /// # Errors
    /// Why not, as the end of a sentence.
    pub(crate) fn admit(&self, host: &str) -> Result<(), &'static str> {
        if host == self.endpoint_host {
            return Ok(());
        }
        let state = self.state();
        if let Some(address) = literal(host) {
            return if state.allows(address) { Ok(()) } else { Err("that is an address in a private network") };
        }
        if state.endpoint_zone == Zone::Public && is_private_name(host) {
            return Err("that is a name in a private network");
        }
        drop(state);
        self.watch(host)
    }

    /// From now on the addresses that this name leads to are checked.
    pub(crate) fn watch(&self, host: &str) -> Result<(), &'static str> {
        let mut state = self.state();
        if state.strangers.len() >= MAX_STRANGERS && !state.strangers.contains(host) {
            return Err("it has sent requests to too many servers");
        }
        state.strangers.insert(host.to_owned());
        Ok(())
    }

    /// The addresses of a name that may be connected to.
    fn judge(&self, name: &str, mut found: Vec<SocketAddr>) -> Result<Vec<SocketAddr>, Forbidden> {
        let mut state = self.state();
        if name == self.endpoint_host {
            if let Some(first) = found.first() {
                state.endpoint_zone = Zone::of(first.ip());
            }
        } else if state.strangers.contains(name) {
            let any = !found.is_empty();
            found.retain(|address| state.allows(address.ip()));
            if any && found.is_empty() {
                return Err(Forbidden);
            }
        }
        Ok(found)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn allows(&self, address: IpAddr) -> bool {
        match Zone::of(address) {
            Zone::Public => true,
            Zone::Never => false,
            zone => zone == self.endpoint_zone,
        }
    }
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let resolver = self.clone();
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            let allowed = resolver.judge(name.as_str(), found)?;
            Ok(Box::new(allowed.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

    use super::*;

    #[test]
    fn every_way_to_write_a_private_address_is_known() {
        let cases = [
            (Zone::Loopback, "127.0.0.1 127.8.8.8 ::1 ::ffff:127.0.0.1 64:ff9b::7f00:1 2002:7f00:1::"),
            (Zone::Private, "10.0.0.1 172.16.0.1 172.31.9.9 192.168.1.1 100.64.0.1 198.18.0.7 fd00::1 ::ffff:10.1.1.1"),
            (Zone::Never, "0.0.0.0 169.254.169.254 224.0.0.1 255.255.255.255 fe80::1 ff02::1 :: ::ffff:169.254.1.1"),
            (Zone::Public, "1.1.1.1 172.32.0.1 100.63.0.1 2606:4700::1 ::ffff:8.8.8.8"),
        ];
        for (zone, addresses) in cases {
            for address in addresses.split(' ') {
                assert_eq!(Zone::of(address.parse().unwrap()), zone, "{address}");
            }
        }
    }

    #[test]
    fn a_name_that_leads_into_a_private_network_is_refused_unless_the_endpoint_is_there() {
        let at = |address: &str| vec![SocketAddr::new(address.parse().unwrap(), 0)];
        let resolver = Resolver::new("models.example");
        assert!(resolver.judge("proxy.example", at("10.0.0.1")).is_ok(), "nobody was sent there");
        resolver.judge("models.example", at("1.1.1.1")).unwrap();
        resolver.admit("cdn.example").unwrap();
        for address in ["10.0.0.1", "127.0.0.1", "169.254.169.254", "fd00::1"] {
            assert!(resolver.judge("cdn.example", at(address)).is_err(), "{address}");
        }
        let mixed = [at("10.0.0.1"), at("1.0.0.1")].concat();
        assert_eq!(resolver.judge("cdn.example", mixed).unwrap(), at("1.0.0.1"));
        resolver.judge("models.example", at("10.0.0.9")).unwrap();
        assert!(resolver.judge("cdn.example", at("10.0.0.1")).is_ok(), "a server in the company");
        for address in ["127.0.0.1", "169.254.169.254"] {
            assert!(resolver.judge("cdn.example", at(address)).is_err(), "{address}");
        }
    }

    #[test]
    fn a_server_cannot_fill_the_memory_with_hosts() {
        let resolver = Resolver::new("models.example");
        let admitted = (0..10_000).filter(|n| resolver.admit(&format!("{n}.example")).is_ok()).count();
        assert_eq!(admitted, MAX_STRANGERS);
        assert!(resolver.admit("0.example").is_ok(), "one that is known stays known");
    }
}
