//! Which proxy leads to an API server, by the rules of client-go and Go's `httpproxy`.
//!
//! kube asks `NO_PROXY` about the proxy instead of the server; so the choice is made here.

use std::net::IpAddr;

use http::Uri;

use crate::cluster::Environment;
use crate::domain::{Problem, ProblemKind, Result};

/// The proxy for `server`: the kubeconfig's own, whatever `NO_PROXY` says, else that of the environment.
///
/// # Errors
/// A proxy URL that cannot be used.
pub(super) fn choose(
    server: &Uri,
    own: Option<&str>,
    environment: &Environment,
) -> Result<Option<Uri>> {
    if let Some(own) = own.filter(|p| !p.is_empty()) {
        return parse(own, "proxy-url").map(Some);
    }
    let (from, name) = if server.scheme_str() == Some("http") {
        (&environment.http_proxy, "HTTP_PROXY")
    } else {
        (&environment.https_proxy, "HTTPS_PROXY")
    };
    match from {
        Some(proxy) if !is_exempt(server, environment.no_proxy.as_deref().unwrap_or("")) => {
            // The environment may leave the scheme out.
            let full = if proxy.contains("://") {
                proxy.clone()
            } else {
                format!("http://{proxy}")
            };
            parse(&full, name).map(Some)
        }
        _ => Ok(None),
    }
}

/// A proxy without its credentials, to show.
pub(super) fn shown(proxy: &Uri) -> String {
    let host = proxy.host().unwrap_or_default();
    let scheme = proxy.scheme_str().unwrap_or_default();
    match proxy.port_u16() {
        Some(port) => format!("{scheme}://{host}:{port}"),
        None => format!("{scheme}://{host}"),
    }
}

fn parse(text: &str, from: &str) -> Result<Uri> {
    let wrong = |why: &str| {
        // The URL itself is not quoted: it can hold a password.
        Problem::new(ProblemKind::Config, "the proxy cannot be used")
            .because(format!("{from}: {why}"))
            .hint("Write it as http://host:port, https://host:port or socks5://host:port.")
    };
    // Go's socks5 lets the proxy resolve names, as socks5h does everywhere.
    let text = match text.strip_prefix("socks5h://") {
        Some(rest) => format!("socks5://{rest}"),
        None => text.to_owned(),
    };
    let uri: Uri = text.parse().map_err(|_| wrong("it is not a URL"))?;
    if uri.host().is_none_or(str::is_empty) {
        return Err(wrong("it names no host"));
    }
    match uri.scheme_str() {
        Some("http" | "https" | "socks5") => Ok(uri),
        Some(other) => Err(wrong(&format!("{other} is not a known kind of proxy"))),
        None => Err(wrong("it has no scheme")),
    }
}

/// Whether `NO_PROXY` exempts a server. The machine itself is always exempt.
fn is_exempt(server: &Uri, no_proxy: &str) -> bool {
    let host = server
        .host()
        .unwrap_or_default()
        .trim_matches(['[', ']'])
        .to_ascii_lowercase();
    let port = server.port_u16().unwrap_or(match server.scheme_str() {
        Some("http") => 80,
        _ => 443,
    });
    let address: Option<IpAddr> = host.parse().ok();
    if host == "localhost" || address.is_some_and(|a| a.is_loopback()) {
        return true;
    }
    no_proxy
        .split(',')
        .map(|rule| rule.trim().to_ascii_lowercase())
        .filter(|rule| !rule.is_empty())
        .any(|rule| exempts(&rule, &host, address, port))
}

fn exempts(rule: &str, host: &str, address: Option<IpAddr>, port: u16) -> bool {
    if rule == "*" {
        return true;
    }
    if let (Some((net, bits)), Some(address)) = (rule.split_once('/'), address) {
        let net = net.parse::<IpAddr>().ok();
        let bits = bits.parse::<u32>().ok();
        return net
            .zip(bits)
            .is_some_and(|(net, bits)| within(address, net, bits));
    }
    if let Ok(ip) = rule.trim_matches(['[', ']']).parse::<IpAddr>() {
        return address == Some(ip);
    }
    let (name, rule_port) = match rule.rsplit_once(':') {
        Some((name, text)) if text.parse::<u16>().is_ok() => (name, text.parse::<u16>().ok()),
        _ => (rule, None),
    };
    if rule_port.is_some_and(|p| p != port) {
        return false;
    }
    if let Ok(ip) = name.trim_matches(['[', ']']).parse::<IpAddr>() {
        return address == Some(ip);
    }
    let name = name.strip_prefix('*').unwrap_or(name);
    // `.x.y` means subdomains alone, `x.y` the domain and all below it.
    match name.strip_prefix('.') {
        Some(_) => host.ends_with(name),
        None => host == name || host.strip_suffix(name).is_some_and(|h| h.ends_with('.')),
    }
}

fn within(address: IpAddr, net: IpAddr, bits: u32) -> bool {
    match (address, net) {
        (IpAddr::V4(a), IpAddr::V4(n)) if bits <= 32 => {
            let mask = u32::MAX.checked_shl(32 - bits).unwrap_or(0);
            u32::from(a) & mask == u32::from(n) & mask
        }
        (IpAddr::V6(a), IpAddr::V6(n)) if bits <= 128 => {
            let mask = u128::MAX.checked_shl(128 - bits).unwrap_or(0);
            u128::from(a) & mask == u128::from(n) & mask
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(server: &str, own: Option<&str>, https: &str, no: &str) -> Result<Option<String>> {
        let environment = Environment::read(|name| match name {
            "HTTPS_PROXY" => Some(https.to_owned()),
            "no_proxy" => Some(no.to_owned()),
            _ => None,
        });
        let server = server.parse().unwrap();
        Ok(choose(&server, own, &environment)?.map(|uri| uri.to_string()))
    }

    #[test]
    fn no_proxy_is_asked_about_the_server() {
        let table = [
            ("https://api.example.com:6443", "", true),
            ("https://api.example.com:6443", "example.com", false),
            ("https://api.example.com:6443", " .example.com ", false),
            ("https://api.example.com:6443", "*.example.com", false),
            ("https://example.com", ".example.com", true),
            ("https://api.example.com:6443", "ample.com", true),
            ("https://api.example.com:6443", "api.example.com:443", true),
            (
                "https://api.example.com:6443",
                "api.example.com:6443",
                false,
            ),
            ("https://api.example.com:6443", "other, *", false),
            ("https://10.1.2.3:6443", "10.0.0.0/8", false),
            ("https://11.1.2.3:6443", "10.0.0.0/8", true),
            ("https://10.1.2.3:6443", "10.1.2.3", false),
            ("https://10.1.2.3:6443", "0.0.0.0/0", false),
            ("https://[fd00::7]:6443", "fd00::/16", false),
            ("https://[fd00::7]:6443", "fe00::/16", true),
            ("https://[fd00::7]:6443", "nonsense/999,,", true),
            ("https://127.0.0.1:6443", "", false),
            ("https://localhost", "", false),
        ];
        for (server, no_proxy, proxied) in table {
            let chosen = chosen(server, None, "http://p:3128", no_proxy).unwrap();
            assert_eq!(
                chosen.is_some(),
                proxied,
                "{server} with NO_PROXY={no_proxy}"
            );
        }
    }

    #[test]
    fn the_kubeconfigs_own_proxy_wins() {
        let own = |url| chosen("https://localhost:6443", Some(url), "http://env:1", "*");
        assert_eq!(
            own("socks5h://p:1080").unwrap().as_deref(),
            Some("socks5://p:1080/")
        );
        assert_eq!(own("https://p").unwrap().as_deref(), Some("https://p/"));
        assert_eq!(own("").unwrap(), None);
        for wrong in ["ftp://p:1", "p:3128/x y", "http://", "/x"] {
            let problem = own(wrong).unwrap_err();
            assert_eq!(problem.kind, ProblemKind::Config, "{wrong}");
        }
        let bare = chosen("https://api.x:1", None, "p:3128", "").unwrap();
        assert_eq!(bare.as_deref(), Some("http://p:3128/"));
    }

    #[test]
    fn a_proxys_password_is_never_shown() {
        let problem = chosen("https://api.x", Some("gopher://me:hunter2@p"), "", "").unwrap_err();
        assert!(!format!("{problem:?}").contains("hunter2"));
        let uri: Uri = "http://me:hunter2@p:3128".parse().unwrap();
        assert_eq!(shown(&uri), "http://p:3128");
    }
}
