//! The cookie of a session, and the word that a page sends beside it.
//!
//! Over TLS, which a proxy in front ends, the cookie is `__Host-qala`: only this host can set it, and only over TLS. Plain
//! HTTP is taken from this machine alone; there it is `qala`.

use std::fmt::Write as _;
use std::net::{IpAddr, SocketAddr};

use axum::extract::ConnectInfo;
use axum::http::{Extensions, HeaderMap, HeaderValue, header};
use qala_app::AppError;

use crate::admit::PASSED_ON;
use crate::error::Answer;

const SECURE: &str = "__Host-qala";
const PLAIN: &str = "qala";
/// Digits of a session's secret.
const DIGITS: usize = 64;

/// How a request came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// Through a proxy that ends TLS.
    Tls,
    /// From this machine, as it is.
    Local,
}

/// How a request came, when nobody between could read it.
///
/// # Errors
/// 403 for plain HTTP from elsewhere.
pub(crate) fn way(headers: &HeaderMap, peer: IpAddr) -> Result<Way, Answer> {
    if is_tls(headers) {
        return Ok(Way::Tls);
    }
    let is_passed_on = PASSED_ON.iter().any(|name| headers.contains_key(*name));
    if peer.to_canonical().is_loopback() && !is_passed_on {
        return Ok(Way::Local);
    }
    Err(AppError::Forbidden(
        "passwords are taken over HTTPS only: put a proxy in front that ends TLS and sends `X-Forwarded-Proto: https`"
            .into(),
    )
    .into())
}

fn is_tls(headers: &HeaderMap) -> bool {
    headers
        .get("x-forwarded-proto")
        .is_some_and(|scheme| scheme.as_bytes().eq_ignore_ascii_case(b"https"))
}

/// The address that a request came from. What a proxy on this machine says is believed, and of that only the last
/// address, which the proxy wrote itself.
pub(crate) fn address(headers: &HeaderMap, extensions: &Extensions) -> IpAddr {
    let peer = peer(extensions);
    if !peer.to_canonical().is_loopback() {
        return peer;
    }
    let last = headers
        .get_all("x-forwarded-for")
        .iter()
        .next_back()
        .and_then(|value| value.to_str().ok()?.rsplit(',').next()?.trim().parse().ok());
    last.unwrap_or(peer)
}

/// The other end of the connection.
pub(crate) fn peer(extensions: &Extensions) -> IpAddr {
    extensions
        .get::<ConnectInfo<SocketAddr>>()
        .map_or(IpAddr::from([0, 0, 0, 0]), |ConnectInfo(address)| address.ip())
}

/// The secret in the session cookie of a request.
pub(crate) fn session(headers: &HeaderMap) -> Option<&str> {
    let find = |name: &str| {
        headers
            .get_all(header::COOKIE)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .find(|(found, secret)| *found == name && secret.len() == DIGITS)
            .map(|(_, secret)| secret)
    };
    // Over TLS a neighbour could set the plain one, and with it a session of its own.
    find(SECURE).or_else(|| if is_tls(headers) { None } else { find(PLAIN) })
}

fn cookie(way: Way, secret: &str, more: &str) -> HeaderValue {
    let mut text = match way {
        Way::Tls => format!("{SECURE}={secret}; Secure"),
        Way::Local => format!("{PLAIN}={secret}"),
    };
    // Writing to a string cannot fail.
    let _ = write!(text, "; Path=/; HttpOnly; SameSite=Strict{more}");
    HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static(""))
}

/// Hands the secret over. It has no age: the browser forgets it at its end, the server when it was not used.
pub(crate) fn set(way: Way, secret: &str) -> HeaderValue {
    cookie(way, secret, "")
}

/// Takes the cookie back.
pub(crate) fn clear(way: Way) -> HeaderValue {
    cookie(way, "", "; Max-Age=0")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| {
                (
                    axum::http::HeaderName::from_static(name),
                    HeaderValue::from_str(value).unwrap(),
                )
            })
            .collect()
    }

    #[test]
    fn the_cookie_is_found_among_others_and_a_planted_one_is_not_taken_over_tls() {
        let (a, b) = ("a".repeat(64), "b".repeat(64));
        let both = format!("x=1; {PLAIN}={a}; {SECURE}={b}");
        assert_eq!(session(&headers(&[("cookie", &both)])), Some(b.as_str()));
        let plain = format!("{PLAIN}={a}");
        assert_eq!(session(&headers(&[("cookie", &plain)])), Some(a.as_str()));
        let tls = ("x-forwarded-proto", "https");
        assert_eq!(session(&headers(&[("cookie", &plain), tls])), None);
        assert_eq!(session(&headers(&[("cookie", "qala=short")])), None);
        assert_eq!(session(&headers(&[])), None);
    }

    #[test]
    fn passwords_come_over_tls_or_from_this_machine() {
        let (here, there) = (IpAddr::from([127, 0, 0, 1]), IpAddr::from([192, 0, 2, 1]));
        let tls = headers(&[("x-forwarded-proto", "https"), ("x-forwarded-for", "192.0.2.9")]);
        assert_eq!(way(&tls, here).ok(), Some(Way::Tls));
        assert_eq!(way(&headers(&[]), here).ok(), Some(Way::Local));
        assert!(way(&headers(&[]), there).is_err());
        assert!(way(&headers(&[("x-forwarded-for", "192.0.2.9")]), here).is_err());
        let set = set(Way::Tls, "s");
        assert_eq!(set, "__Host-qala=s; Secure; Path=/; HttpOnly; SameSite=Strict");
        assert_eq!(
            clear(Way::Local),
            "qala=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0"
        );
    }

    #[test]
    fn only_the_last_address_that_our_own_proxy_wrote_is_believed() {
        let mut extensions = Extensions::new();
        let forwarded = headers(&[("x-forwarded-for", "10.0.0.1, 192.0.2.9")]);
        extensions.insert(ConnectInfo(SocketAddr::from(([127, 0, 0, 1], 1))));
        assert_eq!(address(&forwarded, &extensions), IpAddr::from([192, 0, 2, 9]));
        assert_eq!(address(&headers(&[]), &extensions), IpAddr::from([127, 0, 0, 1]));
        extensions.insert(ConnectInfo(SocketAddr::from(([192, 0, 2, 1], 1))));
        assert_eq!(address(&forwarded, &extensions), IpAddr::from([192, 0, 2, 1]));
    }
}
