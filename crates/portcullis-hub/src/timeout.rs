//! What runs out: hellos, grants, calls, reports, and the patience with a silent peer. Each connection has one moment.

use portcullis_proto::goodbye::{Goodbye, Reason};
use portcullis_proto::session::{Expired, GRACE_MS};
use portcullis_proto::status::Status;
use portcullis_proto::time::Time;

use crate::config::Kind;
use crate::observe::HubEvent;
use crate::peer::PeerId;
use crate::{Hub, Turn};

impl Hub {
    /// When to call [`Self::handle_timeout`] for `peer`; `None` while nothing of it can run out.
    pub fn next_timeout(&self, peer: PeerId) -> Option<Time> {
        let state = self.peers.get(peer.0).filter(|state| state.ended.is_none())?;
        // One that is to be ended has no time left.
        let over = state.over.then_some(Time::ZERO);
        let report = state.reports.first().map(|(due, _)| *due);
        let grant = state.standing.due();
        let session = state.session.next_timeout();
        [over, state.hello_due, session, report, grant].into_iter().flatten().min()
    }

    /// Deals with what has run out for `peer` by `now`.
    pub fn handle_timeout(&mut self, peer: PeerId, now: Time, turn: &mut Turn) {
        self.time_out(peer, now, turn);
        self.end_slow(now, turn);
    }

    fn time_out(&mut self, peer: PeerId, now: Time, turn: &mut Turn) {
        let Some(state) = self.peers.get_mut(peer.0).filter(|state| state.ended.is_none()) else {
            return;
        };
        if state.hello_due.is_some_and(|due| due <= now) {
            self.dismiss(peer, Goodbye::new(Reason::HandshakeTimeout), now, turn);
            return;
        }
        self.expire_grants(peer, now, turn);
        let Some(state) = self.peers.get_mut(peer.0) else { return };
        let mut expired = Vec::new();
        state.session.handle_timeout(now, &mut expired);
        let output = state.session.has_output();
        for expired in expired {
            match expired {
                Expired::Inbound { id } => {
                    let text = "the time for the call ran out";
                    self.cancelled(peer, id, Status::DeadlineExceeded, text, now, turn);
                }
                Expired::Outbound { id, data, .. } => {
                    let (caller, caller_id) = (data.caller, data.caller_id);
                    self.given_up(peer, id, data);
                    let text = "the time for the call ran out";
                    if let Some(id) = caller_id {
                        self.cancelled(caller, id, Status::DeadlineExceeded, text, now, turn);
                    }
                }
                Expired::Silent => self.silent(peer, now, turn),
            }
        }
        self.expire_reports(peer, now, turn);
        if output {
            self.touch(peer, turn);
        }
    }

    /// A process that does not answer is ended; a page is only reported, once.
    fn silent(&mut self, peer: PeerId, now: Time, turn: &mut Turn) {
        let Some(state) = self.peers.get_mut(peer.0) else { return };
        if state.paused_until.is_some_and(|until| now < until.after_ms(GRACE_MS)) {
            // It was not listened to, and may well have answered.
            return;
        }
        if state.kind == Kind::Native {
            self.dismiss(peer, Goodbye::new(Reason::Unresponsive), now, turn);
            return;
        }
        if !std::mem::replace(&mut state.silent, true) {
            let info = state.info(peer);
            turn.events.push(HubEvent::Unresponsive(info));
        }
    }
}
