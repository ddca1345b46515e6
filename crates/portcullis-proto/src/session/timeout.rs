//! Deadlines, parcels whose messages do not come, and keep-alive: one earliest moment for the whole connection, none while nothing is awaited.

use super::{Expired, Session, State};
use crate::frame::{Head, Kind};
use crate::time::Time;

/// Silence after which an awaited other side is pinged, in milliseconds.
pub const QUIET_MS: u32 = 10_000;
/// Silence after a ping that ends the wait, in milliseconds.
pub const GRACE_MS: u32 = 20_000;

impl<I, O> Session<I, O> {
    /// When to call [`Self::handle_timeout`]; `None` while nothing can run out. May be too early, never too late.
    pub fn next_timeout(&self) -> Option<Time> {
        let keepalive = self.awaits().then(|| match self.ping_sent {
            Some(sent) => sent.after_ms(GRACE_MS),
            None => self.heard.after_ms(QUIET_MS),
        });
        [self.deadline_floor, keepalive, self.arrivals.due()].into_iter().flatten().min()
    }

    /// Deals with what has run out by `now`.
    pub fn handle_timeout(&mut self, now: Time, expired: &mut Vec<Expired<O>>) {
        if self.deadline_floor.is_some_and(|floor| floor <= now) {
            self.expire_calls(now, expired);
        }
        self.arrivals.expire(now);
        if !self.awaits() {
            return;
        }
        match self.ping_sent {
            None if self.heard.after_ms(QUIET_MS) <= now => {
                self.ping_sent = Some(now);
                self.outbox.control(Head { id: 1, ..Head::new(Kind::Ping) }, &[]);
            }
            Some(sent) if sent.after_ms(GRACE_MS) <= now => {
                // Asked again after another grace period, should the owner let the silent side live.
                self.ping_sent = Some(now);
                expired.push(Expired::Silent);
            }
            _ => {}
        }
    }

    fn expire_calls(&mut self, now: Time, expired: &mut Vec<Expired<O>>) {
        let mut floor: Option<Time> = None;
        let mut ids = Vec::new();
        for (id, call) in self.outbound.iter_mut() {
            match call.deadline {
                Some(deadline) if deadline <= now => ids.push(id),
                Some(deadline) => floor = Some(floor.map_or(deadline, |floor| floor.min(deadline))),
                None => {}
            }
        }
        for (id, call) in self.inbound.iter_mut() {
            match call.deadline {
                Some(deadline) if deadline <= now => {
                    call.deadline = None;
                    expired.push(Expired::Inbound { id });
                }
                Some(deadline) => floor = Some(floor.map_or(deadline, |floor| floor.min(deadline))),
                None => {}
            }
        }
        for id in ids {
            if let Some(data) = self.cancel(id) {
                // What was taken back has no id any more.
                let sent = self.outbound.get(id).is_some();
                expired.push(Expired::Outbound { id, data, sent });
            }
        }
        self.deadline_floor = floor;
    }

    /// Sets when a call of the other side runs out.
    pub fn set_inbound_deadline(&mut self, id: u32, deadline: Time) {
        if let Some(call) = self.inbound.get(id) {
            call.deadline = Some(deadline);
            self.note_deadline(Some(deadline));
        }
    }

    pub(super) fn set_outbound_deadline(&mut self, id: u32, deadline: Time) {
        // Of a call that was given up nobody waits for the end.
        if let Some(call) = self.outbound.get(id)
            && call.data.is_some()
        {
            call.deadline = Some(deadline);
            self.note_deadline(Some(deadline));
        }
    }

    /// Whether calls were opened by [`Self::open_within`] since the last [`Self::date`].
    #[inline]
    pub fn has_undated(&self) -> bool {
        !self.undated.is_empty()
    }

    /// Says what time it is: from now on the time of those calls runs. Before anything is transmitted, taken in or waited for.
    pub fn date(&mut self, now: Time) {
        let mut undated = std::mem::take(&mut self.undated);
        for (id, within) in undated.drain(..) {
            self.set_outbound_deadline(id, now + within);
        }
        self.undated = undated;
    }

    /// When a call of the other side runs out.
    pub fn inbound_deadline(&mut self, id: u32) -> Option<Time> {
        self.inbound.get(id)?.deadline
    }

    /// How many calls of the other side have a moment at which they run out: neither subscriptions nor streams that
    /// have begun.
    pub fn inbound_with_deadline(&self) -> usize {
        self.inbound.iter().filter(|call| call.deadline.is_some()).count()
    }

    /// As [`Self::inbound_with_deadline`], of this side's own calls.
    pub fn outbound_with_deadline(&self) -> usize {
        self.outbound.iter().filter(|call| call.deadline.is_some()).count()
    }

    /// From its first item on, a stream has no deadline of its own. Whether it had one until now.
    pub fn clear_deadline(&mut self, leg: super::Leg) -> bool {
        let deadline = match leg {
            super::Leg::Inbound(id) => self.inbound.get(id).map(|call| &mut call.deadline),
            super::Leg::Outbound(id) => self.outbound.get(id).map(|call| &mut call.deadline),
        };
        deadline.is_some_and(|deadline| deadline.take().is_some())
    }

    /// Whether the next time-out has come nearer since this was last asked: who sleeps until then has to look again.
    pub fn take_timeout_moved(&mut self) -> bool {
        std::mem::take(&mut self.timeout_moved)
    }

    pub(super) fn note_deadline(&mut self, deadline: Option<Time>) {
        if let Some(deadline) = deadline
            && self.deadline_floor.is_none_or(|floor| deadline < floor)
        {
            self.deadline_floor = Some(deadline);
            self.timeout_moved = true;
        }
    }

    /// A call of this side is out, whose end is due.
    pub(super) fn begin_to_wait(&mut self, now: Time) {
        if self.awaited == 0 {
            self.heard = self.heard.max(now);
            self.ping_sent = None;
            self.timeout_moved |= self.keepalive;
        }
        self.awaited += 1;
    }

    fn awaits(&self) -> bool {
        self.keepalive && self.state == State::Open && (self.awaited > 0 || self.outbox.is_held())
    }
}
