//! Cookies, <https://httpwg.org/http-extensions/draft-ietf-httpbis-rfc6265bis.html>: all of them are for this server only, and out of
//! reach of scripts.

use axum::http::{HeaderMap, HeaderValue, header};

/// The seconds of a year, for which a browser keeps what somebody has chosen for it.
pub(crate) const YEAR: i64 = 365 * 24 * 3600;

/// Returns the value of a cookie that the client has sent.
pub(crate) fn value<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(known, _)| *known == name).map(|(_, value)| value)
}

/// Returns the header that gives a cookie to the client for a time in seconds; 0 takes it away. The value must have only characters that
/// a cookie may have, such as those of base64.
pub(crate) fn set(name: &str, value: &str, max_age: i64, is_secure: bool) -> HeaderValue {
    let secure = if is_secure { "; Secure" } else { "" };
    let cookie = format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={max_age}{secure}");
    HeaderValue::from_str(&cookie).expect("names and values are ASCII")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_found_by_its_whole_name() {
        let mut headers = HeaderMap::new();
        headers.append(header::COOKIE, HeaderValue::from_static("xa=1; a=2;b=3"));
        headers.append(header::COOKIE, HeaderValue::from_static("c=4=5"));
        let values = ["a", "b", "c", "x"].map(|name| value(&headers, name));
        assert_eq!(values, [Some("2"), Some("3"), Some("4=5"), None]);
    }
}
