//! The three small texts in which a page hands over a secret: a form body, the Cookie header, the
//! subprotocol offer. Pure parsers that accept one spelling each; what the secrets open is left to
//! the ticket office.

use super::secret::Secret;
use super::ticket::SessionId;

/// The one subprotocol that the gate speaks and ever names in an answer.
pub const SUBPROTOCOL: &str = "portcullis.v1";

/// What stands before the ticket in the subprotocol offer.
pub const TICKET_PREFIX: &str = "ticket.";

/// How many subprotocols a client may offer at once.
pub const SUBPROTOCOLS_MAX: usize = 8;

/// How many cookies of one gate are looked at; a browser holds one for each launcher it opened.
pub const COOKIES_MAX: usize = super::ticket::SESSIONS_MAX;

/// The single field `name` of a form that has no other. There is no percent-decoding, as neither
/// a code nor a window kind has a character that would need it.
pub(super) fn form_field<'a>(body: &'a [u8], name: &str) -> Option<&'a str> {
    let (field, value) = std::str::from_utf8(body).ok()?.split_once('=')?;
    (field == name && !value.contains(['&', '='])).then_some(value)
}

/// Whether a Content-Type says "form", with or without a charset.
pub(super) fn is_form(content_type: &str) -> bool {
    let media = content_type.split(';').next().unwrap_or_default().trim();
    media.eq_ignore_ascii_case("application/x-www-form-urlencoded")
}

/// The names of a gate's cookies. Browsers do not keep cookies of different ports apart, hence the
/// port in the name; and each session has a name of its own, so that opening a second launcher
/// does not take the cookie away under a page that is about to connect.
#[derive(Clone, Debug)]
pub(super) struct CookieNames(String);

impl CookieNames {
    pub(super) fn of(port: u16) -> Self {
        Self(format!("portcullis-{port}-"))
    }

    /// A Set-Cookie value: gone with the browser, out of reach of scripts and of other sites.
    pub(super) fn set(&self, session: SessionId, secret: &Secret) -> String {
        let (prefix, number, value) = (&self.0, session.number(), secret.to_hex());
        format!("{prefix}{number}={value}; HttpOnly; SameSite=Strict; Path=/")
    }

    /// This gate's cookies among all that the browser sent, at most [`COOKIES_MAX`].
    pub(super) fn find(&self, header: &str) -> impl Iterator<Item = (SessionId, Secret)> {
        let own = header.split(';').filter_map(|pair| {
            let (name, value) = pair.trim().split_once('=')?;
            let number = name.strip_prefix(&self.0)?.parse().ok()?;
            Some((SessionId::from_number(number), Secret::from_hex(value)?))
        });
        own.take(COOKIES_MAX)
    }
}

/// What a subprotocol offer holds.
#[derive(Debug)]
pub(super) enum Offer {
    /// Our protocol and one well-formed ticket.
    Ticket(Secret),
    /// Our protocol, but not exactly one well-formed ticket.
    NoTicket,
    /// Our protocol is not among them, or the list is too long.
    NotOurs,
}

/// Reads the values of all Sec-WebSocket-Protocol headers. Protocols that the gate does not know
/// are passed over: a newer client may offer its own beside ours.
pub(super) fn read_offer<'a>(headers: impl Iterator<Item = &'a str>) -> Offer {
    let (mut ours, mut tickets, mut offered) = (false, 0usize, 0usize);
    let mut ticket = None;
    for token in headers.flat_map(|header| header.split(',')).map(str::trim) {
        offered = offered.saturating_add(1);
        if offered > SUBPROTOCOLS_MAX {
            return Offer::NotOurs;
        }
        if token == SUBPROTOCOL {
            ours = true;
        } else if let Some(hex) = token.strip_prefix(TICKET_PREFIX) {
            tickets = tickets.saturating_add(1);
            ticket = Secret::from_hex(hex);
        }
    }
    match (ours, tickets, ticket) {
        (true, 1, Some(ticket)) => Offer::Ticket(ticket),
        (true, ..) => Offer::NoTicket,
        (false, ..) => Offer::NotOurs,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEX: &str = "00112233445566778899aabbccddeeff";

    #[test]
    fn a_form_has_the_one_field_and_nothing_else() {
        for (body, expect) in [
            ("window=viewer", Some("viewer")),
            ("window=", Some("")),
            ("", None),
            ("window", None),
            ("windows=viewer", None),
            ("window=viewer&window=log", None),
            ("window=viewer&", None),
            ("a=b&window=viewer", None),
            ("window=a=b", None),
        ] {
            assert_eq!(form_field(body.as_bytes(), "window"), expect, "{body:?}");
        }
        assert_eq!(form_field(b"window=\xff", "window"), None);
    }

    #[test]
    fn a_form_is_known_by_its_type() {
        for (text, expect) in [
            ("application/x-www-form-urlencoded", true),
            ("application/x-www-form-urlencoded;charset=UTF-8", true),
            ("Application/X-WWW-Form-Urlencoded ; charset=utf-8", true),
            ("text/plain", false),
            ("application/json", false),
            ("multipart/form-data; boundary=application/x-www-form-urlencoded", false),
            ("", false),
        ] {
            assert_eq!(is_form(text), expect, "{text:?}");
        }
    }

    #[track_caller]
    fn check_cookies(header: &str, expect: &[u64]) {
        let names = CookieNames::of(4000);
        let found: Vec<u64> = names.find(header).map(|(id, _)| id.number()).collect();
        assert_eq!(found, expect, "{header:?}");
    }

    #[test]
    fn cookies_of_this_port_are_found_among_others() {
        let own = |n: u64| format!("portcullis-4000-{n}={HEX}");
        check_cookies("", &[]);
        check_cookies(&own(1), &[1]);
        check_cookies(&format!("a=b; {}; c; {};{}", own(1), own(22), own(3)), &[1, 22, 3]);
        check_cookies(&format!("portcullis-4001-1={HEX}; portcullis-40001={HEX}"), &[]);
        check_cookies(&format!("portcullis-4000-x={HEX}; portcullis-4000-1=\"{HEX}\""), &[]);
        check_cookies("portcullis-4000-1=abc", &[]);
        let flood: String = (0..500).map(|n| own(n) + "; ").collect();
        assert_eq!(CookieNames::of(4000).find(&flood).count(), COOKIES_MAX);
    }

    #[test]
    fn a_set_cookie_comes_back_as_the_same_session() {
        let names = CookieNames::of(4000);
        let secret = Secret::from_hex(HEX).unwrap();
        let line = names.set(SessionId::from_number(7), &secret);
        assert_eq!(line, format!("portcullis-4000-7={HEX}; HttpOnly; SameSite=Strict; Path=/"));
        let (id, back) = names.find(line.split(';').next().unwrap()).next().unwrap();
        assert!(id.number() == 7 && back.matches(&secret));
    }

    #[test]
    fn an_offer_needs_our_protocol_and_one_ticket() {
        let ticket = format!("ticket.{HEX}");
        let read = |headers: &[&str]| match read_offer(headers.iter().copied()) {
            Offer::Ticket(secret) => secret.to_hex(),
            Offer::NoTicket => "no ticket".to_owned(),
            Offer::NotOurs => "not ours".to_owned(),
        };
        assert_eq!(read(&[&format!("portcullis.v1, {ticket}")]), HEX);
        assert_eq!(read(&[&format!("{ticket},portcullis.v1")]), HEX);
        assert_eq!(read(&["portcullis.v1", &ticket]), HEX);
        assert_eq!(read(&[&format!("portcullis.v2, portcullis.v1, {ticket}")]), HEX);
        assert_eq!(read(&["portcullis.v1"]), "no ticket");
        assert_eq!(read(&["portcullis.v1, ticket."]), "no ticket");
        assert_eq!(read(&[&format!("portcullis.v1, {ticket}0")]), "no ticket");
        assert_eq!(read(&[&format!("portcullis.v1, {ticket}, {ticket}")]), "no ticket");
        assert_eq!(read(&[&format!("portcullis.v1, ticket.x, {ticket}")]), "no ticket");
        assert_eq!(read(&[&ticket]), "not ours");
        assert_eq!(read(&[&format!("PORTCULLIS.V1, {ticket}")]), "not ours");
        assert_eq!(read(&[]), "not ours");
        let long = "x,".repeat(SUBPROTOCOLS_MAX) + "portcullis.v1, " + &ticket;
        assert_eq!(read(&[&long]), "not ours");
    }

    proptest::proptest! {
        #[test]
        fn parsers_take_any_text_without_panic(text in "\\PC{0,200}") {
            form_field(text.as_bytes(), "code");
            is_form(&text);
            CookieNames::of(1).find(&text).count();
            read_offer([text.as_str()].into_iter());
        }
    }
}
