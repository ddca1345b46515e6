//! Why the gate turned somebody away: one table that gives the answer's status, the word for the
//! log and the counter. What is checked, and when, is left to the routes.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};

use hyper::StatusCode;

macro_rules! denials {
    ($($(#[$doc:meta])* $name:ident = $status:ident, $word:literal;)*) => {
        /// Why a connection or request was refused. The peer sees a bare status; the reason is for
        /// main's log and counters alone.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Denial {
            $($(#[$doc])* $name,)*
        }

        impl Denial {
            /// Every reason there is.
            pub const ALL: &'static [Denial] = &[$(Denial::$name,)*];

            /// The word that stands in the log.
            pub fn as_str(self) -> &'static str {
                match self { $(Denial::$name => $word,)* }
            }

            pub(super) fn status(self) -> StatusCode {
                match self { $(Denial::$name => StatusCode::$status,)* }
            }
        }
    };
}

denials! {
    /// More connections were under way than a gate handles at once; this one was closed unread.
    TooManyConnections = SERVICE_UNAVAILABLE, "too_many_connections";
    /// The bytes were no HTTP request, or its head was larger than allowed.
    MalformedRequest = BAD_REQUEST, "malformed_request";
    /// The request did not arrive, or its answer was not taken, within the time allowed.
    TimedOut = REQUEST_TIMEOUT, "timed_out";
    /// The Host header is not one of the names under which the gate is bound.
    ForeignHost = FORBIDDEN, "foreign_host";
    /// The Origin header is absent, `null`, malformed or not on the list.
    ForeignOrigin = FORBIDDEN, "foreign_origin";
    /// No such path.
    UnknownPath = NOT_FOUND, "unknown_path";
    /// The path exists but not with this method.
    WrongMethod = METHOD_NOT_ALLOWED, "wrong_method";
    /// A query on a route that takes secrets: they must never stand in a URL.
    QueryRefused = BAD_REQUEST, "query_refused";
    /// The request body is larger than allowed.
    BodyTooLarge = PAYLOAD_TOO_LARGE, "body_too_large";
    /// The request body is not the form that the route expects.
    BadForm = BAD_REQUEST, "bad_form";
    /// The entry code is used, expired or was never issued.
    UnknownCode = FORBIDDEN, "unknown_code";
    /// No cookie of a living session.
    UnknownSession = FORBIDDEN, "unknown_session";
    /// The page named a window kind that the application did not declare.
    UnknownWindow = FORBIDDEN, "unknown_window";
    /// The session holds as many unused tickets as it may.
    TooManyTickets = TOO_MANY_REQUESTS, "too_many_tickets";
    /// Not a proper WebSocket handshake, or one that does not offer our subprotocol.
    BadUpgrade = BAD_REQUEST, "bad_upgrade";
    /// The ticket is absent, used, expired or was never issued.
    UnknownTicket = FORBIDDEN, "unknown_ticket";
    /// The ticket was issued to another session than the one that shows it.
    TicketOfOtherSession = FORBIDDEN, "ticket_of_other_session";
    /// As many WebSockets are open as the application allows.
    TooManySockets = SERVICE_UNAVAILABLE, "too_many_sockets";
    /// The machine gave no random bits.
    NoRandomBits = INTERNAL_SERVER_ERROR, "no_random_bits";
}

/// What a gate has done so far. Counters only ever grow.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GateCounters {
    /// Connections accepted, those that were turned away included.
    pub connections: u64,
    /// Files sent.
    pub files_served: u64,
    /// Codes that opened a session.
    pub sessions_opened: u64,
    /// Tickets handed out.
    pub tickets_issued: u64,
    /// WebSockets handed to the application.
    pub admitted: u64,
    denied: Vec<(Denial, u64)>,
}

impl GateCounters {
    /// How often somebody was refused for this reason.
    pub fn denied(&self, reason: Denial) -> u64 {
        self.denied.iter().find(|(held, _)| *held == reason).map_or(0, |(_, count)| *count)
    }

    /// How often somebody was refused for any reason.
    pub fn denied_total(&self) -> u64 {
        self.denied.iter().map(|(_, count)| *count).fold(0, u64::saturating_add)
    }
}

/// The living counters behind [`GateCounters`].
#[derive(Debug)]
pub(super) struct Counters {
    pub(super) connections: AtomicU64,
    pub(super) files_served: AtomicU64,
    pub(super) sessions_opened: AtomicU64,
    pub(super) tickets_issued: AtomicU64,
    pub(super) admitted: AtomicU64,
    denied: Vec<(Denial, AtomicU64)>,
}

impl Counters {
    pub(super) fn new() -> Self {
        Self {
            connections: AtomicU64::new(0),
            files_served: AtomicU64::new(0),
            sessions_opened: AtomicU64::new(0),
            tickets_issued: AtomicU64::new(0),
            admitted: AtomicU64::new(0),
            denied: Denial::ALL.iter().map(|reason| (*reason, AtomicU64::new(0))).collect(),
        }
    }

    /// Counts a refusal and says so in the log. Whoever can reach the port can provoke these
    /// lines, so only the first, second, fourth, eighth… of a kind is a warning.
    pub(super) fn deny(&self, reason: Denial, remote: SocketAddr) {
        let count = self
            .denied
            .iter()
            .find(|(held, _)| *held == reason)
            .map_or(0, |(_, count)| count.fetch_add(1, Ordering::Relaxed).wrapping_add(1));
        let reason = reason.as_str();
        if count.is_power_of_two() {
            tracing::warn!(target: "portcullis::web", reason, count, %remote, "refused");
        } else {
            tracing::debug!(target: "portcullis::web", reason, count, %remote, "refused");
        }
    }

    pub(super) fn snapshot(&self) -> GateCounters {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        GateCounters {
            connections: read(&self.connections),
            files_served: read(&self.files_served),
            sessions_opened: read(&self.sessions_opened),
            tickets_issued: read(&self.tickets_issued),
            admitted: read(&self.admitted),
            denied: self.denied.iter().map(|(reason, count)| (*reason, read(count))).collect(),
        }
    }
}

/// Adds one.
pub(super) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_refusal_is_counted_under_its_own_reason() {
        let counters = Counters::new();
        let remote = SocketAddr::from(([127, 0, 0, 1], 1));
        for (times, reason) in Denial::ALL.iter().enumerate() {
            (0..times).for_each(|_| counters.deny(*reason, remote));
        }
        let seen = counters.snapshot();
        for (times, reason) in Denial::ALL.iter().enumerate() {
            assert_eq!(seen.denied(*reason), times as u64, "{}", reason.as_str());
            assert!(reason.status().is_client_error() || reason.status().is_server_error());
        }
        assert_eq!(seen.denied_total(), (0..Denial::ALL.len() as u64).sum::<u64>());
    }
}
