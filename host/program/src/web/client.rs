//! Where a request comes from: its peer, or what a trusted proxy says about its client.

use super::Site;
use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use ipnet::IpNet;
use std::fmt;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::str::FromStr;
use std::sync::atomic::Ordering::Relaxed;

/// Entries of a header that are looked at, from the right: the proxies between the client and this server.
const HOPS_MAX: usize = 16;

/// The part of the internet that one client has: an IPv4 address, or the 64 bits of an IPv6 address that providers give
/// to one customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Network(IpAddr);

impl From<IpAddr> for Network {
    fn from(address: IpAddr) -> Self {
        Network(match address.to_canonical() {
            IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & (u128::MAX << 64))),
            v4 @ IpAddr::V4(_) => v4,
        })
    }
}

impl fmt::Display for Network {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            IpAddr::V4(address) => address.fmt(formatter),
            IpAddr::V6(prefix) => write!(formatter, "{prefix}/64"),
        }
    }
}

/// The address of a proxy, or a network of proxies: `10.0.0.2`, `10.0.0.0/8`, `fd00::/8`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TrustedProxy(IpNet);

impl FromStr for TrustedProxy {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let address = text.parse::<IpAddr>().map(|address| IpNet::from(address.to_canonical()));
        let network = address.or_else(|_| text.parse::<IpNet>());
        network.map(TrustedProxy).map_err(|_| "give an address or a network, such as 127.0.0.1 or 10.0.0.0/8".into())
    }
}

/// The proxies whose word about their clients counts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TrustedProxies(Vec<TrustedProxy>);

impl From<Vec<TrustedProxy>> for TrustedProxies {
    fn from(proxies: Vec<TrustedProxy>) -> Self {
        TrustedProxies(proxies)
    }
}

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

impl TrustedProxies {
    /// Whether this is one of them.
    pub fn trusts(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|TrustedProxy(network)| network.contains(&address))
    }

    /// The client of a request: the nearest address in `X-Forwarded-For` or `Forwarded` that is not a trusted proxy.
    /// What is left of it was written by strangers.
    ///
    /// A proxy writes one of the two headers, and passes on what a client has written into the other. So if they disagree,
    /// neither counts: the request counts as the proxy's own, as one without either header does.
    pub fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let peer = peer.to_canonical();
        if !self.trusts(peer) {
            return peer;
        }
        let by = |name, hops: fn(&str) -> Vec<Option<IpAddr>>| {
            headers.contains_key(&name).then(|| self.nearest(peer, headers.get_all(&name).iter().rev(), hops))
        };
        match (by(X_FORWARDED_FOR, x_forwarded_for), by(header::FORWARDED, forwarded)) {
            (Some(one), Some(other)) if one != other => peer,
            (Some(client), _) | (None, Some(client)) => client,
            (None, None) => peer,
        }
    }

    /// Goes from proxy to proxy until one is not trusted, or names no client.
    fn nearest<'h>(
        &self,
        peer: IpAddr,
        lines: impl Iterator<Item = &'h HeaderValue>,
        hops: fn(&str) -> Vec<Option<IpAddr>>,
    ) -> IpAddr {
        let hops = lines.flat_map(|line| line.to_str().map_or(vec![None], hops)).take(HOPS_MAX);
        let mut client = peer;
        for hop in hops {
            let Some(hop) = hop else { break };
            client = hop;
            if !self.trusts(hop) {
                break;
            }
        }
        client
    }
}

/// The entries of one `X-Forwarded-For`, the nearest first. One that is no address is none.
fn x_forwarded_for(line: &str) -> Vec<Option<IpAddr>> {
    line.rsplit(',').take(HOPS_MAX).map(|entry| node(entry.trim())).collect()
}

/// The entries of one `Forwarded` (RFC 7239), the nearest first. A line that cannot be read is one entry without address.
fn forwarded(line: &str) -> Vec<Option<IpAddr>> {
    let Some(mut elements) = unquoted_parts(line, ',') else { return vec![None] };
    elements.reverse();
    elements.truncate(HOPS_MAX);
    elements.into_iter().map(forwarded_for).collect()
}

/// The node named by the `for` of one element, which has at most one.
fn forwarded_for(element: &str) -> Option<IpAddr> {
    let pairs = unquoted_parts(element, ';')?;
    let mut nodes = pairs.into_iter().filter_map(|pair| {
        let (name, value) = pair.split_once('=')?;
        name.trim().eq_ignore_ascii_case("for").then_some(value.trim())
    });
    let (Some(value), None) = (nodes.next(), nodes.next()) else { return None };
    match value.strip_prefix('"') {
        // No node has a character that is escaped.
        Some(quoted) => node(quoted.strip_suffix('"')?),
        None => node(value),
    }
}

/// The parts between separators outside quotes; none if a quote does not end.
fn unquoted_parts(text: &str, separator: char) -> Option<Vec<&str>> {
    let (mut parts, mut start, mut is_quoted, mut is_escaped) = (Vec::new(), 0, false, false);
    for (at, letter) in text.char_indices() {
        match letter {
            _ if is_escaped => is_escaped = false,
            '\\' if is_quoted => is_escaped = true,
            '"' => is_quoted = !is_quoted,
            _ if letter == separator && !is_quoted => {
                parts.push(&text[start..at]);
                start = at + letter.len_utf8();
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    (!is_quoted).then_some(parts)
}

/// An address with or without a port. `unknown` and names that hide an address are none.
fn node(text: &str) -> Option<IpAddr> {
    let bracketed = || text.strip_prefix('[')?.strip_suffix(']')?.parse::<Ipv6Addr>().ok().map(IpAddr::V6);
    // The port of RFC 7239 may be a name too.
    let before_port = || text.rsplit_once(':').map(|(node, _)| node);
    let with_port = || {
        let node = before_port()?;
        let v6 = node.strip_prefix('[').and_then(|node| node.strip_suffix(']'));
        match v6 {
            Some(v6) => v6.parse().ok().map(IpAddr::V6),
            None => node.parse().ok().map(IpAddr::V4),
        }
    };
    let address = text.parse::<IpAddr>().ok().or_else(bracketed).or_else(with_port);
    address.map(|address| address.to_canonical())
}

/// The client of a request.
pub struct ClientAddress(pub IpAddr);

impl FromRequestParts<Site> for ClientAddress {
    type Rejection = StatusCode;

    async fn from_request_parts(parts: &mut Parts, site: &Site) -> Result<Self, StatusCode> {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().ok_or(StatusCode::INTERNAL_SERVER_ERROR)?.0.ip();
        let proxies = &site.0.settings.trusted_proxies;
        let is_forwarded = [X_FORWARDED_FOR, header::FORWARDED].iter().any(|name| parts.headers.contains_key(name));
        if is_forwarded && !proxies.trusts(peer) && !site.0.has_warned_of_proxy.swap(true, Relaxed) {
            tracing::warn!(
                "{peer} forwards requests of others but is not trusted, so that all of them count as one client when they \
                 sign in; if it is your proxy, add `--trusted-proxy {peer}`"
            );
        }
        Ok(ClientAddress(proxies.client(peer, &parts.headers)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(peer: &str, headers: &[(&str, &str)]) -> String {
        let proxies = ["127.0.0.1", "10.0.0.0/8", "fd00::/8"].map(|proxy| proxy.parse().unwrap());
        let proxies = TrustedProxies::from(proxies.to_vec());
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(name.parse::<HeaderName>().unwrap(), HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        proxies.client(peer.parse().unwrap(), &map).to_string()
    }

    #[test]
    fn the_client_is_the_nearest_address_that_is_no_trusted_proxy() {
        let by_both: &[(&str, &str, &str)] = &[
            ("198.51.100.7", "for=198.51.100.7", "198.51.100.7"),
            ("6.6.6.6, 198.51.100.7", "for=6.6.6.6, for=198.51.100.7", "198.51.100.7"),
            (
                "6.6.6.6,198.51.100.7 , 10.1.2.3",
                "for=6.6.6.6,For=198.51.100.7;proto=https,for=10.1.2.3",
                "198.51.100.7",
            ),
            ("10.1.2.3, 10.4.5.6", "for=10.1.2.3, for=10.4.5.6", "10.1.2.3"),
            ("198.51.100.7:4711", "for=\"198.51.100.7:4711\"", "198.51.100.7"),
            ("[2001:db8::7]:4711", "by=x;for=\"[2001:db8::7]:4711\"", "2001:db8::7"),
            ("[2001:db8::7]", "for=\"[2001:db8::7]:_port\"", "2001:db8::7"),
            ("2001:db8::7", "for=\"2001:db8::7\"", "2001:db8::7"),
            ("::ffff:198.51.100.7", "for=\"[::ffff:198.51.100.7]\"", "198.51.100.7"),
            ("198.51.100.7, unknown", "for=198.51.100.7, for=unknown", "127.0.0.1"),
            ("198.51.100.7, _hidden, 10.1.2.3", "for=198.51.100.7, for=_hidden, for=10.1.2.3", "10.1.2.3"),
            ("", "", "127.0.0.1"),
            ("198.51.100.7,", "for=198.51.100.7,", "127.0.0.1"),
            ("198.51.100.7é", "for=198.51.100.7é", "127.0.0.1"),
        ];
        for (x_forwarded, forwarded, expected) in by_both {
            assert_eq!(client("127.0.0.1", &[("x-forwarded-for", x_forwarded)]), *expected, "{x_forwarded}");
            assert_eq!(client("127.0.0.1", &[("forwarded", forwarded)]), *expected, "{forwarded}");
        }
    }

    #[test]
    fn nobody_chooses_their_own_address() {
        let name = "x-forwarded-for";
        assert_eq!(client("203.0.113.9", &[(name, "198.51.100.7")]), "203.0.113.9", "the peer is no proxy");
        assert_eq!(client("127.0.0.1", &[(name, "6.6.6.6"), (name, "198.51.100.7")]), "198.51.100.7", "two lines");
        let both = [(name, "198.51.100.7"), ("forwarded", "for=6.6.6.6")];
        assert_eq!(client("127.0.0.1", &both), "127.0.0.1", "a proxy writes one header, a client the other");
        let quotes =
            [("for=6.6.6.6, for=\", for=198.51.100.7", "127.0.0.1"), ("for=\"6.6.6.6, for=198.51.100.7", "127.0.0.1")];
        for (line, expected) in quotes {
            assert_eq!(client("127.0.0.1", &[("forwarded", line)]), expected, "{line}");
        }
        assert_eq!(client("127.0.0.1", &[("forwarded", "for=6.6.6.6;for=198.51.100.7")]), "127.0.0.1");
        assert_eq!(client("::ffff:127.0.0.1", &[(name, "198.51.100.7")]), "198.51.100.7");
        let many = "10.0.0.1,".repeat(1_000) + "10.0.0.2";
        assert_eq!(client("127.0.0.1", &[(name, &many)]), "10.0.0.1");
    }

    #[test]
    fn a_network_is_what_one_customer_has() {
        let network = |address: &str| Network::from(address.parse::<IpAddr>().unwrap());
        assert_eq!(network("2001:db8:0:1::7"), network("2001:db8:0:1:ffff::1"));
        assert_ne!(network("2001:db8:0:1::7"), network("2001:db8:0:2::7"));
        assert_eq!(network("::ffff:198.51.100.7"), network("198.51.100.7"));
        assert_ne!(network("198.51.100.7"), network("198.51.100.8"));
    }

    #[test]
    fn a_trusted_proxy_is_an_address_or_a_network() {
        for text in ["127.0.0.1", "10.0.0.0/8", "::1", "fd00::/8", "::ffff:10.0.0.1"] {
            assert!(text.parse::<TrustedProxy>().is_ok(), "{text}");
        }
        for text in ["", "localhost", "10.0.0.0/33", "10.0.0/8", "127.0.0.1:80", "*"] {
            assert!(text.parse::<TrustedProxy>().is_err(), "{text}");
        }
    }
}
