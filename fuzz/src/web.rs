//! The target of the gate for pages: HTTP heads, and who is let in.

use portcullis::web::fuzz::{CODE, COOKIE, Exchanged, ORIGIN, PORT, TICKET, exchange_once};
use portcullis::web::{SUBPROTOCOL, TICKET_PREFIX};

/// Longest answer, in bytes: a head and the one small page.
const ANSWER_BYTES_MAX: usize = 2048;

/// What a connection to the gate brings. Whatever it is, the gate answers once or not at all; it lets in nobody who has
/// not shown a listed origin, the cookie and the ticket; and no answer allows another origin to read it.
pub fn ws_upgrade(data: &[u8]) {
    let Some(Exchanged { answer, granted }) = exchange_once(data) else { return };
    assert!(answer.len() <= ANSWER_BYTES_MAX, "{} bytes", answer.len());
    let text = String::from_utf8_lossy(&answer).to_lowercase();
    assert!(answer.is_empty() || text.starts_with("http/1."), "{text}");
    assert!(!text.contains("access-control-"), "{text}");
    let shows = |what: &str| data.windows(what.len()).any(|part| part == what.as_bytes());
    let upgraded = text.starts_with("http/1.1 101 ");
    assert_eq!(granted, upgraded, "{text}");
    if upgraded {
        let own = [format!("http://127.0.0.1:{PORT}"), format!("http://localhost:{PORT}")];
        assert!(shows(ORIGIN) || own.iter().any(|origin| shows(origin)), "no listed origin");
        assert!(shows(COOKIE), "no cookie");
        assert!(shows(SUBPROTOCOL) && shows(&format!("{TICKET_PREFIX}{TICKET}")), "no ticket");
        assert!(shows("/connect"), "another path");
        assert!(text.contains("sec-websocket-accept: ") && !text.contains(TICKET), "{text}");
    }
    if text.contains("set-cookie") {
        assert!(shows(CODE) && shows("/enter"), "a session without a code");
        assert!(text.contains("httponly; samesite=strict"), "{text}");
    }
    // What no request could be read from is refused by the HTTP server itself.
    if text.starts_with("http/1.1 2") || text.starts_with("http/1.1 403") {
        assert!(
            text.contains("x-content-type-options: nosniff") && text.contains("connection: close"),
            "{text}"
        );
    }
}
