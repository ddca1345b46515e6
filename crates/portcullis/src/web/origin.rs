//! Which Host and Origin headers may pass: parsed into parts and compared whole, never by prefix.
//! Pure; where the header values come from and what a refusal looks like is left to the routes.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::str::FromStr;

/// The longest Origin header that is looked at.
pub const ORIGIN_BYTES_MAX: usize = 256;

/// How many origins besides its own a gate can be told to allow.
pub const ORIGINS_ALLOWED_MAX: usize = 32;

/// A web origin: scheme, host and port, in the one spelling that browsers send.
///
/// Upper case, a path, credentials, a trailing dot, an address in octal and the like are refused
/// rather than normalised: a browser never sends them, so whoever does is not a browser.
///
/// ```
/// use portcullis::web::Origin;
///
/// let origin: Origin = "http://localhost:5173".parse().unwrap();
/// assert_eq!(origin.port(), Some(5173));
/// assert!("null".parse::<Origin>().is_err());
/// assert!("http://localhost:5173/".parse::<Origin>().is_err());
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Origin {
    scheme: String,
    host: String,
    /// `None` for a scheme that has no ports (`tauri://localhost`).
    port: Option<u16>,
}

/// A text that is not the origin of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a web origin of the form scheme://host[:port]")]
pub struct NotAnOrigin;

impl Origin {
    /// The scheme, as in `http`.
    pub fn scheme(&self) -> &str {
        &self.scheme
    }

    /// The host, as in `localhost` or `[::1]`.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port; that of the scheme where the text named none.
    pub fn port(&self) -> Option<u16> {
        self.port
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme, self.host)?;
        match self.port {
            Some(port) if default_port(&self.scheme) != Some(port) => write!(f, ":{port}"),
            _ => Ok(()),
        }
    }
}

impl FromStr for Origin {
    type Err = NotAnOrigin;

    fn from_str(text: &str) -> Result<Self, NotAnOrigin> {
        parse_origin(text).ok_or(NotAnOrigin)
    }
}

fn parse_origin(text: &str) -> Option<Origin> {
    if text.len() > ORIGIN_BYTES_MAX {
        return None;
    }
    let (scheme, authority) = text.split_once("://")?;
    let mut letters = scheme.bytes();
    let scheme_ok = letters.next().is_some_and(|b| b.is_ascii_lowercase())
        && letters.all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'+' | b'-' | b'.'));
    if !scheme_ok {
        return None;
    }
    // A bracketed address holds colons of its own, so the port is looked for behind the bracket.
    let (host, port) = match authority.strip_prefix('[') {
        Some(inner) => {
            let (address, rest) = inner.split_once(']')?;
            let canonical = address.parse::<Ipv6Addr>().ok()?.to_string() == address;
            if !canonical {
                return None;
            }
            (format!("[{address}]"), rest)
        }
        None => {
            let end = authority.find(':').unwrap_or(authority.len());
            let (name, rest) = authority.split_at_checked(end)?;
            (parse_name(name)?.to_owned(), rest)
        }
    };
    let port = match port.strip_prefix(':') {
        Some(digits) => Some(parse_port(digits)?),
        None if port.is_empty() => default_port(scheme),
        None => return None,
    };
    Some(Origin { scheme: scheme.to_owned(), host, port })
}

/// A dotted IPv4 address as `Ipv4Addr` writes it, or a lower-case DNS name that no resolver could
/// take for a number.
fn parse_name(name: &str) -> Option<&str> {
    if name.parse::<Ipv4Addr>().is_ok() {
        return Some(name);
    }
    let label_ok = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_'))
    };
    // URL parsers read a name whose last label is a number (decimal, or 0x…) as an address:
    // 0177.0.0.1, 127.1, 2130706433. None of those spellings is ever an origin.
    let last = name.rsplit('.').next().unwrap_or(name);
    let numeric = last.bytes().all(|b| b.is_ascii_digit()) || last.starts_with("0x");
    (name.len() <= 253 && name.split('.').all(label_ok) && !numeric).then_some(name)
}

fn parse_port(digits: &str) -> Option<u16> {
    let plain = digits.bytes().all(|b| b.is_ascii_digit()) && !digits.starts_with('0');
    if plain { digits.parse().ok() } else { None }
}

fn default_port(scheme: &str) -> Option<u16> {
    match scheme {
        "http" => Some(80),
        "https" => Some(443),
        _ => None,
    }
}

/// The Host values under which a bound gate answers.
#[derive(Clone, Debug)]
pub(super) struct Hosts(Vec<String>);

impl Hosts {
    /// The bound address itself and `localhost`, with the bound port.
    pub(super) fn of(bound: SocketAddr) -> Self {
        let address = match bound.ip() {
            IpAddr::V4(ip) => ip.to_string(),
            IpAddr::V6(ip) => format!("[{ip}]"),
        };
        let names = [address, "localhost".to_owned()];
        let mut hosts: Vec<String> =
            names.iter().map(|name| format!("{name}:{}", bound.port())).collect();
        if bound.port() == 80 {
            // The one port that browsers leave out.
            hosts.extend(names);
        }
        Self(hosts)
    }

    /// Whether a Host header names this gate, letter for letter.
    pub(super) fn allows(&self, host: &str) -> bool {
        self.0.iter().any(|allowed| allowed == host)
    }

    /// Every accepted value; the address comes first.
    pub(super) fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

/// The origins whose pages may ask for tickets and connect.
#[derive(Clone, Debug)]
pub(super) struct Origins(Vec<Origin>);

impl Origins {
    /// The gate's own pages under each of its names, and those that the application listed.
    pub(super) fn of(hosts: &Hosts, extra: &[Origin]) -> Self {
        let own = hosts.iter().filter_map(|host| format!("http://{host}").parse().ok());
        let mut list: Vec<Origin> = own.collect();
        list.extend_from_slice(extra);
        Self(list)
    }

    /// The listed origin that an Origin header names; `None` for `null`, foreign or malformed.
    pub(super) fn find(&self, header: &str) -> Option<Origin> {
        let origin: Origin = header.parse().ok()?;
        self.0.contains(&origin).then_some(origin)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn v4(port: u16) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], port))
    }

    fn v6(port: u16) -> SocketAddr {
        SocketAddr::from((Ipv6Addr::LOCALHOST, port))
    }

    #[track_caller]
    fn check_host(bound: SocketAddr, host: &str, expect: bool) {
        assert_eq!(Hosts::of(bound).allows(host), expect, "Host {host:?} at {bound}");
    }

    #[test]
    fn f41_host_is_one_of_the_bound_names() {
        check_host(v4(4000), "127.0.0.1:4000", true);
        check_host(v4(4000), "localhost:4000", true);
        check_host(v6(4000), "[::1]:4000", true);
        check_host(v6(4000), "localhost:4000", true);
        check_host(v4(80), "localhost", true);
        check_host(v4(80), "127.0.0.1:80", true);
    }

    #[test]
    fn f41_any_other_spelling_of_host_is_refused() {
        for host in [
            "",
            "localhost",
            "127.0.0.1",
            "localhost:",
            "localhost:4001",
            "localhost:04000",
            "localhost:4000 ",
            " localhost:4000",
            "LOCALHOST:4000",
            "localhost.:4000",
            "localhost6:4000",
            "localhost.localdomain:4000",
            "ip6-localhost:4000",
            "localhost.evil.example:4000",
            "evil.example:4000",
            "evil.example",
            "user@localhost:4000",
            "localhost:4000@evil.example",
            "localhost:4000/",
            "localhost:4000,evil.example",
            "0.0.0.0:4000",
            "0:4000",
            "127.1:4000",
            "127.0.1:4000",
            "0177.0.0.1:4000",
            "0x7f.0.0.1:4000",
            "2130706433:4000",
            "127.0.0.2:4000",
            "127.0.0.1.:4000",
            "127.000.000.001:4000",
            "[::1]:4000",
            "[::ffff:127.0.0.1]:4000",
            "[0:0:0:0:0:0:0:1]:4000",
            "::1:4000",
            "127.0.0.1.nip.io:4000",
        ] {
            check_host(v4(4000), host, false);
        }
        check_host(v6(4000), "127.0.0.1:4000", false);
        check_host(v6(4000), "[::]:4000", false);
    }

    #[track_caller]
    fn check_origin(header: &str, expect: bool) {
        let extra =
            ["http://localhost:5173".parse().unwrap(), "tauri://localhost".parse().unwrap()];
        let origins = Origins::of(&Hosts::of(v4(4000)), &extra);
        assert_eq!(origins.find(header).is_some(), expect, "Origin {header:?}");
    }

    #[test]
    fn f40_own_and_listed_origins_pass() {
        check_origin("http://127.0.0.1:4000", true);
        check_origin("http://localhost:4000", true);
        check_origin("http://localhost:5173", true);
        check_origin("tauri://localhost", true);
    }

    #[test]
    fn f40_every_other_origin_is_refused() {
        for header in [
            "",
            "null",
            "http://",
            "localhost:4000",
            "http://localhost",
            "http://localhost:4001",
            "http://localhost:40000",
            "http://localhost:4000/",
            "http://localhost:4000#",
            "http://localhost:4000?",
            "http://localhost:4000 ",
            "http://localhost:4000, http://evil.example",
            "https://localhost:4000",
            "HTTP://localhost:4000",
            "http://LOCALHOST:4000",
            "http://localhost.:4000",
            "http://localhost6:4000",
            "http://localhost.evil.example:4000",
            "http://localhost:4000.evil.example",
            "http://localhost:4000@evil.example",
            "http://evil.example",
            "http://user@localhost:4000",
            "http://0.0.0.0:4000",
            "http://127.1:4000",
            "http://0177.0.0.1:4000",
            "http://0x7f.0.0.1:4000",
            "http://2130706433:4000",
            "http://192.168.1.10:4000",
            "http://[::1]:4000",
            "http://[::1:4000",
            "file://",
            "tauri://localhost:1",
            "chrome-extension://abcdef",
        ] {
            check_origin(header, false);
        }
    }

    #[test]
    fn origins_compare_as_parsed_and_print_as_sent() {
        let parse = |text: &str| text.parse::<Origin>();
        assert_eq!(parse("http://localhost:80"), parse("http://localhost"));
        assert_eq!(parse("https://a.example:443").unwrap().to_string(), "https://a.example");
        for text in ["http://localhost:81", "http://[::1]:8080", "tauri://localhost"] {
            assert_eq!(parse(text).unwrap().to_string(), text);
        }
        for text in [
            "http://127.1",
            "http://0177.0.0.1",
            "http://a..b",
            "http://a.0x7f",
            "http://[0:0::1]",
            "http://a:0",
            "http://a:080",
            "http://a:65536",
            "http://a:",
            "1http://a",
            "http://é.example",
        ] {
            assert_eq!(parse(text), Err(NotAnOrigin), "{text:?}");
        }
        assert_eq!(parse(&format!("http://{}.example", "a".repeat(300))), Err(NotAnOrigin));
    }

    proptest::proptest! {
        #[test]
        fn whatever_parses_prints_back_to_an_equal_origin(text in "[a-z]{1,5}://[a-z0-9.:\\[\\]-]{0,30}") {
            if let Ok(origin) = text.parse::<Origin>() {
                proptest::prop_assert_eq!(origin.to_string().parse::<Origin>(), Ok(origin));
            }
        }

        #[test]
        fn f40_f41_only_listed_texts_pass(text in "\\PC{0,40}") {
            let hosts = Hosts::of(v4(4000));
            let listed = ["127.0.0.1:4000", "localhost:4000"].contains(&text.as_str());
            proptest::prop_assert_eq!(hosts.allows(&text), listed);
            proptest::prop_assert!(Origins::of(&hosts, &[]).find(&text).is_none());
        }
    }
}
