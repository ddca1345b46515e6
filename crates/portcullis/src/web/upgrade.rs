//! `GET /connect`: everything is checked before the answer 101, so a refused page never has a
//! WebSocket. The socket itself is made by the gate once the answer is out.

use std::sync::Arc;

use hyper::body::Incoming;
use hyper::header::{self, HeaderMap, HeaderName};
use hyper::upgrade::OnUpgrade;
use hyper::{Request, StatusCode, Version};
use tokio::sync::OwnedSemaphorePermit;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use super::denial::Denial;
use super::fields::{Offer, SUBPROTOCOL, read_offer};
use super::gate::Shared;
use super::http::{Answer, empty, listed_origin, put, sessions, single};
use super::origin::Origin;
use super::ticket::{Redeemed, SessionId, TicketRefusal};

/// A granted upgrade on its way from the route to the connection.
pub(super) struct Passage {
    pub(super) upgrade: OnUpgrade,
    pub(super) window: Arc<str>,
    pub(super) origin: Origin,
    pub(super) session: SessionId,
    pub(super) permit: OwnedSemaphorePermit,
}

/// Origin, handshake, cookie, room, ticket: in this order, so that a ticket is spent only by a
/// request that could have been granted.
pub(super) fn connect(
    shared: &Shared,
    passage: &mut Option<Passage>,
    mut request: Request<Incoming>,
) -> Result<Answer, Denial> {
    let origin = listed_origin(shared, request.headers())?;
    let key = handshake_key(&request).ok_or(Denial::BadUpgrade)?.to_owned();
    let offers = request.headers().get_all(header::SEC_WEBSOCKET_PROTOCOL).iter();
    let ticket = match read_offer(offers.map(|value| value.to_str().unwrap_or_default())) {
        Offer::Ticket(ticket) => Ok(ticket),
        Offer::NoTicket => Err(Denial::UnknownTicket),
        Offer::NotOurs => Err(Denial::BadUpgrade),
    };
    let Redeemed { session, window };
    let permit;
    {
        let mut office = shared.office();
        let presented = sessions(shared, &mut office, request.headers());
        if presented.is_empty() {
            return Err(Denial::UnknownSession);
        }
        let ticket = ticket?;
        permit = shared.sockets.clone().try_acquire_owned().map_err(|_| Denial::TooManySockets)?;
        Redeemed { session, window } =
            office.redeem(&ticket, &presented, shared.now()).map_err(|why| match why {
                TicketRefusal::Unknown => Denial::UnknownTicket,
                TicketRefusal::OtherSession => Denial::TicketOfOtherSession,
            })?;
    }
    let upgrade = hyper::upgrade::on(&mut request);
    *passage = Some(Passage { upgrade, window, origin, session, permit });
    let mut answer = empty(StatusCode::SWITCHING_PROTOCOLS);
    put(&mut answer, header::CONNECTION, "Upgrade");
    put(&mut answer, header::UPGRADE, "websocket");
    put(&mut answer, header::SEC_WEBSOCKET_ACCEPT, &derive_accept_key(key.as_bytes()));
    // Ours alone: an echoed ticket would stand in every network log of the browser.
    put(&mut answer, header::SEC_WEBSOCKET_PROTOCOL, SUBPROTOCOL);
    Ok(answer)
}

/// The key of a proper opening handshake (RFC 6455, section 4.2.1). Extensions are offered in
/// vain: none is ever accepted, so no compressed frame can come.
fn handshake_key(request: &Request<Incoming>) -> Option<&str> {
    let headers = request.headers();
    let bodiless = !headers.contains_key(header::CONTENT_LENGTH)
        && !headers.contains_key(header::TRANSFER_ENCODING);
    let proper = request.version() == Version::HTTP_11
        && bodiless
        && has_token(headers, &header::CONNECTION, "upgrade")
        && has_token(headers, &header::UPGRADE, "websocket")
        && matches!(single(headers, &header::SEC_WEBSOCKET_VERSION), Ok(Some("13")));
    let key = single(headers, &header::SEC_WEBSOCKET_KEY).ok().flatten()?;
    (proper && is_key(key)).then_some(key)
}

/// 16 bytes in base64.
fn is_key(text: &str) -> bool {
    let digits = text.strip_suffix("==").unwrap_or_default();
    digits.len() == 22
        && digits.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'+' || b == b'/')
}

fn has_token(headers: &HeaderMap, name: &HeaderName, token: &str) -> bool {
    let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|held| held.trim().eq_ignore_ascii_case(token))
}
