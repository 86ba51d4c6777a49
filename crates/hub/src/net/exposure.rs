//! Who can reach the hub, and under which names.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use crate::net::tls::TlsFiles;

/// How far the hub can be reached.
#[derive(Clone, Debug, Default)]
pub enum Exposure {
    /// By programs of this machine, without encryption. Any other address is refused.
    #[default]
    ThisMachine,
    /// By anybody, with TLS.
    Tls(TlsFiles),
    /// By a proxy that has TLS and passes on calls. It must pass on the `Host` that it was called with.
    BehindProxy,
}

/// What the hub answers to: `Host` must be one of its names, and `Origin` one of its pages. So a name that an attacker's DNS
/// points at this machine (DNS rebinding) leads nowhere.
#[derive(Debug)]
pub(crate) struct Site {
    schemes: &'static [&'static str],
    names: Vec<String>,
    address: IpAddr,
}

impl Exposure {
    /// Whether a hub may listen there.
    pub(crate) fn allows(&self, address: IpAddr) -> bool {
        match self {
            Self::ThisMachine => address.is_loopback(),
            Self::Tls(_) | Self::BehindProxy => true,
        }
    }

    /// Where programs of this machine call a hub that listens on `address` and is known as `names`.
    pub(crate) fn url(&self, names: &[String], address: SocketAddr) -> String {
        let port = address.port();
        let address = match address.ip() {
            IpAddr::V4(ip) if ip.is_unspecified() => SocketAddr::from((Ipv4Addr::LOCALHOST, port)),
            IpAddr::V6(ip) if ip.is_unspecified() => SocketAddr::from((Ipv6Addr::LOCALHOST, port)),
            IpAddr::V4(_) | IpAddr::V6(_) => address,
        };
        match (self, names) {
            // The name that its certificate has.
            (Self::Tls(_), [name, ..]) => format!("https://{name}:{port}"),
            (Self::Tls(_), []) => format!("https://{address}"),
            (Self::ThisMachine | Self::BehindProxy, _) => format!("http://{address}"),
        }
    }

    pub(crate) fn site(&self, names: &[String], address: IpAddr) -> Site {
        let schemes: &[&str] = match self {
            Self::ThisMachine => &["http"],
            Self::Tls(_) => &["https"],
            // The proxy's page, and the hub's own on this machine.
            Self::BehindProxy => &["https", "http"],
        };
        Site { schemes, names: names.to_vec(), address }
    }
}

impl Site {
    /// Whether `host`, with or without a port, is the hub's own.
    pub(crate) fn is_host(&self, host: &str) -> bool {
        let name = match host.rsplit_once(':') {
            Some((name, port)) if !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()) => name,
            _ => host,
        };
        is_loopback(name) || self.names.iter().any(|own| own.eq_ignore_ascii_case(name)) || ip(name) == Some(self.address)
    }

    /// Whether a page of `origin` may call the hub as `host`.
    pub(crate) fn is_origin(&self, origin: &[u8], host: &str) -> bool {
        self.schemes.iter().any(|scheme| origin == format!("{scheme}://{host}").as_bytes())
    }

    /// The names of this hub, in words for a message.
    pub(crate) fn describe(&self) -> String {
        self.names.iter().map(String::as_str).chain(["localhost"]).collect::<Vec<_>>().join(", ")
    }
}

/// Whether `name` means this machine, and no DNS server decides on that.
fn is_loopback(name: &str) -> bool {
    name.eq_ignore_ascii_case("localhost") || ip(name).is_some_and(|ip| ip.is_loopback())
}

fn ip(name: &str) -> Option<IpAddr> {
    match name.strip_prefix('[').and_then(|name| name.strip_suffix(']')) {
        Some(name) => name.parse::<Ipv6Addr>().ok().map(IpAddr::V6),
        None => name.parse::<Ipv4Addr>().ok().map(IpAddr::V4),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tls() -> Exposure {
        Exposure::Tls(TlsFiles { cert: "c".into(), key: "k".into() })
    }

    fn names() -> Vec<String> {
        vec!["hub.example".to_owned()]
    }

    #[test]
    fn only_names_that_no_dns_server_decides_on_are_this_machine() {
        let site = Exposure::ThisMachine.site(&[], IpAddr::from([127, 0, 0, 1]));
        for host in ["localhost", "LocalHost:7117", "127.0.0.1", "127.8.9.1:80", "[::1]", "[::1]:7117"] {
            assert!(site.is_host(host), "{host}");
        }
        for host in ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example:80", "10.0.0.1", "::1", "localhost:", "[::2]:1", ""]
        {
            assert!(!site.is_host(host), "{host}");
        }
    }

    #[test]
    fn a_hub_that_others_reach_answers_to_its_names_and_its_address_alone() {
        let site = tls().site(&names(), IpAddr::from([10, 0, 0, 1]));
        for host in ["hub.example", "HUB.example:7117", "10.0.0.1:7117", "localhost:7117"] {
            assert!(site.is_host(host), "{host}");
        }
        for host in ["example", "evil.hub.example", "hub.example.evil", "10.0.0.2", "0.0.0.0"] {
            assert!(!site.is_host(host), "{host}");
        }
    }

    #[test]
    fn a_page_is_the_hubs_own_by_scheme_and_host() {
        let at = IpAddr::from([127, 0, 0, 1]);
        let origins = |exposure: Exposure| {
            ["http://hub.example", "https://hub.example", "https://evil.example"]
                .map(|origin| exposure.site(&names(), at).is_origin(origin.as_bytes(), "hub.example"))
        };
        assert_eq!(origins(Exposure::ThisMachine), [true, false, false]);
        assert_eq!(origins(tls()), [false, true, false]);
        assert_eq!(origins(Exposure::BehindProxy), [true, true, false]);
    }

    #[test]
    fn programs_of_this_machine_find_the_hub_wherever_it_listens() {
        let any = SocketAddr::from(([0, 0, 0, 0], 7117));
        assert_eq!(Exposure::BehindProxy.url(&names(), any), "http://127.0.0.1:7117");
        assert_eq!(tls().url(&[], SocketAddr::from(([0; 8], 7117))), "https://[::1]:7117");
        assert_eq!(tls().url(&names(), any), "https://hub.example:7117");
        assert_eq!(Exposure::ThisMachine.url(&[], SocketAddr::from(([127, 0, 0, 1], 1))), "http://127.0.0.1:1");
    }
}
