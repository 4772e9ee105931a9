//! The address of a client, and whether its connection is encrypted. Headers of a proxy are believed only if the connection comes
//! from a trusted proxy.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use axum::extract::ConnectInfo;
use axum::http::request::Parts;

use crate::app::Options;
use crate::tls::OverTls;

/// Where a request comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Origin {
    /// The address of the client.
    pub(crate) address: IpAddr,
    /// Whether the client uses HTTPS.
    pub(crate) is_encrypted: bool,
    /// Whether the client runs on this machine. A request through an unknown proxy does not count as local.
    pub(crate) is_local: bool,
}

/// The headers that show that a request came through a proxy.
const FORWARDED: [&str; 3] = ["forwarded", "x-forwarded-for", "x-real-ip"];

impl Origin {
    pub(crate) fn of(parts: &Parts, options: &Options) -> Self {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        let peer =
            peer.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |ConnectInfo(peer)| peer.ip().to_canonical());
        let over_tls = parts.extensions.get::<OverTls>().is_some();
        if !options.trusted_proxies.contains(&peer) {
            let is_forwarded = FORWARDED.iter().any(|name| parts.headers.contains_key(*name));
            let is_local = peer.is_loopback() && !is_forwarded;
            return Self { address: peer, is_encrypted: over_tls, is_local };
        }
        let values = |name: &str| {
            let all = parts.headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
            all.flat_map(|value| value.split(',')).map(str::trim).map(str::to_owned).collect::<Vec<_>>()
        };
        // Each proxy appends the address that it sees. The last address that is no proxy of ours is the client.
        let forwarded = values("x-forwarded-for");
        let addresses = forwarded.iter().rev().map_while(|text| text.parse::<IpAddr>().ok());
        let client =
            addresses.map(|address| address.to_canonical()).find(|ip| !options.trusted_proxies.contains(ip));
        let is_encrypted =
            over_tls || values("x-forwarded-proto").last().is_some_and(|scheme| scheme == "https");
        let is_local = client.is_some_and(|client| client.is_loopback());
        Self { address: client.unwrap_or(peer), is_encrypted, is_local }
    }
}

#[cfg(test)]
mod tests {
    use axum::http::Request;

    use super::*;

    fn origin(peer: &str, headers: &[(&str, &str)], proxies: &[&str]) -> Origin {
        let mut request = Request::builder().uri("/");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (mut parts, ()) = request.body(()).unwrap().into_parts();
        let peer: IpAddr = peer.parse().unwrap();
        parts.extensions.insert(ConnectInfo(SocketAddr::new(peer, 1)));
        let trusted_proxies = proxies.iter().map(|ip| ip.parse().unwrap()).collect();
        Origin::of(&parts, &Options { trusted_proxies, ..Options::default() })
    }

    #[test]
    fn only_a_trusted_proxy_is_believed() {
        let headers = [("x-forwarded-for", "6.6.6.6, 7.7.7.7"), ("x-forwarded-proto", "https")];
        let direct = origin("9.9.9.9", &headers, &["10.0.0.1"]);
        assert_eq!((direct.address.to_string().as_str(), direct.is_encrypted), ("9.9.9.9", false));
        let behind = origin("::ffff:10.0.0.1", &headers, &["10.0.0.1"]);
        assert_eq!((behind.address.to_string().as_str(), behind.is_encrypted), ("7.7.7.7", true));
        let two = origin("10.0.0.1", &headers, &["10.0.0.1", "7.7.7.7"]);
        assert_eq!(two.address.to_string(), "6.6.6.6");
        let garbage = origin("10.0.0.1", &[("x-forwarded-for", "1.1.1.1, x")], &["10.0.0.1"]);
        assert_eq!(garbage.address.to_string(), "10.0.0.1");
    }

    #[test]
    fn a_client_behind_an_unknown_proxy_of_this_machine_is_not_local() {
        assert!(origin("127.0.0.1", &[], &[]).is_local);
        assert!(origin("::1", &[], &[]).is_local);
        assert!(!origin("10.0.0.1", &[], &[]).is_local);
        for header in FORWARDED {
            assert!(!origin("127.0.0.1", &[(header, "127.0.0.1")], &[]).is_local, "{header}");
        }
        let forwarded = |client| origin("127.0.0.1", &[("x-forwarded-for", client)], &["127.0.0.1"]);
        assert!(!forwarded("9.9.9.9").is_local);
        assert!(forwarded("127.0.0.2").is_local);
        assert!(!origin("127.0.0.1", &[], &["127.0.0.1"]).is_local);
    }
}
