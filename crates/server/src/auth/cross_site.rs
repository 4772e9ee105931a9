//! Refuses requests that a page of another site makes with the cookie of the user. `SameSite=Lax` does not tell apart the sites of
//! one host: other ports, and other names below the same domain.

use axum::http::header;
use axum::http::request::Parts;

use super::Origin;
use crate::problem::Problem;

/// Refuses a request that changes something and comes from another site. Browsers say where a request comes from; other programs
/// send neither header, and no cookie unless they mean to.
pub(super) fn refuse(parts: &Parts, origin: Origin) -> Result<(), Problem> {
    if parts.method.is_safe() {
        return Ok(());
    }
    let text = |name| parts.headers.get(name).and_then(|value| value.to_str().ok());
    let is_same = match (text("sec-fetch-site"), text("origin")) {
        (Some(site), _) => ["same-origin", "none"].contains(&site),
        (None, None) => true,
        (None, Some(from)) => {
            let forwarded = text("x-forwarded-host").filter(|_| origin.is_proxied);
            let host = forwarded.or_else(|| text(header::HOST.as_str()));
            let host = host.or_else(|| parts.uri.authority().map(|authority| authority.as_str()));
            let from = from.split_once("://").map(|(_, authority)| authority);
            from.is_some() && from == host
        }
    };
    if is_same { Ok(()) } else { Err(Problem::cross_site()) }
}

#[cfg(test)]
mod tests {
    use axum::http::{Method, Request};

    use super::*;

    fn is_refused(method: Method, headers: &[(&str, &str)], is_proxied: bool) -> bool {
        let mut request = Request::builder().method(method).uri("/").header("host", "parts.lan:8080");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (parts, ()) = request.body(()).unwrap().into_parts();
        let address = [127, 0, 0, 1].into();
        refuse(&parts, Origin { address, is_encrypted: false, is_proxied, is_local: true }).is_err()
    }

    #[test]
    fn pages_of_other_sites_change_nothing() {
        let post = |headers| is_refused(Method::POST, headers, false);
        assert!(!post(&[]));
        assert!(!post(&[("sec-fetch-site", "same-origin")]));
        assert!(!post(&[("origin", "http://parts.lan:8080")]));
        for site in ["cross-site", "same-site"] {
            assert!(post(&[("sec-fetch-site", site), ("origin", "http://parts.lan:8080")]), "{site}");
            assert!(!is_refused(Method::GET, &[("sec-fetch-site", site)], false));
        }
        for origin in ["http://parts.lan:9090", "http://evil.example", "null"] {
            assert!(post(&[("origin", origin)]), "{origin}");
        }
        let forwarded = [("origin", "https://parts.example"), ("x-forwarded-host", "parts.example")];
        assert!(post(&forwarded));
        assert!(!is_refused(Method::POST, &forwarded, true));
    }
}
