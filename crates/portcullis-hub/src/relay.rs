//! Calls between two peers: requests, items, credit and outcomes pass from one leg to the other, checked where they come
//! in, renumbered, and never waited for.

use std::sync::Arc;

use portcullis_proto::codec::{Parts, from_bytes};
use portcullis_proto::error::{FailureBody, Retry};
use portcullis_proto::frame::Kind;
use portcullis_proto::goodbye::Goodbye;
use portcullis_proto::peer::correlation;
use portcullis_proto::rpc::Caller;
use portcullis_proto::session::{CallerTold, Opening, SendError};
use portcullis_proto::status::Status;
use portcullis_proto::time::Time;

use crate::calls::Asked;
use crate::checks::check_end;
use crate::peer::{PeerId, PeerState};
use crate::users::RETRY_AFTER_MS;
use crate::waiting::Waiting;
use crate::work::{Inbound, RelayIn, RelayOut, Work};
use crate::{Hub, Turn};

impl PeerState {
    /// Tells a server who makes the call that comes next.
    pub(crate) fn tell_caller(&mut self, caller: PeerId, who: Arc<Caller>) {
        let told = CallerTold { label: who.label.clone(), role: who.role.clone() };
        self.told_caller = Some(who);
        self.session.caller(caller.0, &told);
    }

    /// A call that this peer served is over, at its end too.
    fn served_one(&mut self, sharer: u64) {
        if let Some(count) = self.served.get_mut(&sharer) {
            *count -= 1;
            if *count == 0 {
                self.served.remove(&sharer);
            }
        }
    }
}

impl Hub {
    #[allow(clippy::too_many_arguments, reason = "both ends of a call, and what it carries")]
    pub(crate) fn relay(
        &mut self,
        caller: PeerId,
        caller_id: u32,
        callee: PeerId,
        export: u32,
        asked: &Asked<'_>,
        deadline: Time,
        (up, down): (bool, bool),
        now: Time,
        turn: &mut Turn,
    ) {
        let opening = Opening {
            kind: Kind::Request,
            binding: export,
            ordinal: asked.ordinal,
            deadline: Some(deadline),
            slack_ms: 0,
            up,
            down,
        };
        let Some(state) = self.peers.get(caller.0) else { return };
        let (sharer, share_percent) = (state.account.sharer, state.share_percent);
        let data = RelayOut {
            caller,
            sharer,
            caller_id: Some(caller_id),
            export,
            waiting: Waiting::default(),
            finished: false,
        };
        match self.open_relay(callee, opening, data, share_percent, asked, now) {
            Ok(callee_id) => {
                let number = correlation(callee.0, callee_id);
                let callee_id = Some(callee_id);
                let relay = RelayIn { callee, callee_id, waiting: Waiting::default() };
                if let Some(state) = self.peers.get_mut(caller.0)
                    && let Some(inbound) = state.session.inbound_mut(caller_id)
                {
                    inbound.work = Work::Relay(relay);
                    if let Some(meta) = &mut inbound.meta {
                        turn.tapped.last_mut().into_iter().for_each(|it| it.renumber(meta, number));
                        // The callee knows both numbers, too, so that its log and the hub's name the call alike.
                        meta.correlation = number;
                    }
                }
                self.touch(callee, turn);
            }
            Err((status, text)) => {
                let mut failure = FailureBody::new(text);
                if status == Status::ResourceExhausted {
                    // What is too large stays too large.
                    failure.retry = if text == TOO_LARGE_ARGS {
                        Retry::Never
                    } else {
                        Retry::After(RETRY_AFTER_MS)
                    };
                }
                if text == STOPPING {
                    // Nothing was done, and another may take its place.
                    failure.retry = Retry::Later;
                }
                if text == SHARE_FULL {
                    self.refused(caller, "callee_share", turn);
                }
                self.fail_call(caller, caller_id, status, failure, now, turn);
            }
        }
    }

    /// Opens a call at its server, if the server and this caller's share of it have room.
    fn open_relay(
        &mut self,
        callee: PeerId,
        opening: Opening,
        data: RelayOut,
        share_percent: usize,
        asked: &Asked<'_>,
        now: Time,
    ) -> Result<u32, (Status, &'static str)> {
        let gone = (Status::Unavailable, "the server has left");
        let (caller, sharer) = (data.caller, data.sharer);
        let untold = self.untold(callee, caller);
        let Some(state) = self.peers.get_mut(callee.0) else { return Err(gone) };
        if state.draining {
            return Err((Status::Unavailable, STOPPING));
        }
        if state.session.is_crowded() {
            // It is not ended for what others ask of it.
            return Err((Status::ResourceExhausted, "the server does not keep up"));
        }
        // Nobody can take all of a server for himself.
        let share = (usize::from(state.session.their_limits().calls) * share_percent / 100).max(1);
        // At least one, so that nothing stands there for whoever is refused.
        let served = state.served.entry(sharer).or_default();
        if *served >= share {
            return Err((Status::ResourceExhausted, SHARE_FULL));
        }
        *served += 1;
        if let Some(who) = untold {
            state.tell_caller(caller, who);
        }
        let opened = state.session.open(opening, now, data, |out| out.body(asked.body));
        opened.map_err(|error| {
            state.served_one(sharer);
            match error {
                SendError::TooManyCalls => {
                    (Status::ResourceExhausted, "the server has as many calls as it takes")
                }
                SendError::TooLarge { .. } => (Status::ResourceExhausted, TOO_LARGE_ARGS),
                SendError::OutboxFull => (Status::ResourceExhausted, "the server does not keep up"),
                _ => gone,
            }
        })
    }

    /// Who makes the call that comes next, if its server's role is told and it was not.
    pub(crate) fn untold(&self, callee: PeerId, caller: PeerId) -> Option<Arc<Caller>> {
        let state = self.peers.get(callee.0)?;
        if !self.roles.sees_callers(state.role) {
            return None;
        }
        let who = &self.peers.get(caller.0)?.caller;
        // By who it is and not by its number, which comes again when a slot was used often enough.
        let is_told = state.told_caller.as_ref().is_some_and(|told| Arc::ptr_eq(told, who));
        (!is_told).then(|| Arc::clone(who))
    }

    /// A callee has ended a call that the hub made for another peer.
    pub(crate) fn relayed_end(
        &mut self,
        callee: PeerId,
        data: &RelayOut,
        status: Status,
        body: Parts<'_>,
        now: Time,
        turn: &mut Turn,
    ) -> Result<(), Goodbye> {
        let (caller, Some(caller_id)) = (data.caller, data.caller_id) else {
            self.relay_over(callee, data);
            return Ok(());
        };
        let Some(inbound) = self.relay_over(callee, data) else { return Ok(()) };
        let Some(meta) = inbound.meta else { return Ok(()) };
        let Work::Relay(relay) = &inbound.work else { return Ok(()) };
        let is_behind = !relay.waiting.is_empty();
        if let Err(goodbye) = check_end(&self.catalog, &meta, status, body) {
            // The callee ends for it; its caller is told what the others are told.
            let failure = FailureBody::new("the server has left");
            self.fail_call(caller, caller_id, Status::Unavailable, failure, now, turn);
            return Err(goodbye);
        }
        if !is_behind {
            self.pass_on_end(caller, caller_id, status, body, now, turn);
        } else if let Err(over) = self.may_queue(callee, body.size()) {
            self.refused(callee, over.what, turn);
            self.cancelled(caller, caller_id, Status::ResourceExhausted, QUEUE_FULL, now, turn);
        } else if let Some(state) = self.peers.get_mut(caller.0)
            && let Some(inbound) = state.session.inbound_mut(caller_id)
            && let Work::Relay(relay) = &mut inbound.work
        {
            relay.waiting.set_end(status, body.to_body());
        }
        Ok(())
    }

    /// A call that the hub has made is over at its callee: gives back what it took there. Returns the call of its caller, where
    /// that still waits.
    pub(crate) fn relay_over(&mut self, callee: PeerId, data: &RelayOut) -> Option<&mut Inbound> {
        if let Some(state) = self.peers.get_mut(callee.0) {
            state.served_one(data.sharer);
        }
        self.unqueued(data.caller, data.waiting.bytes());
        if data.caller_id.is_none() {
            // Its user may have been remembered for this call alone.
            self.forget_users();
        }
        let state = self.peers.get_mut(data.caller.0)?;
        let inbound = state.session.inbound_mut(data.caller_id?)?;
        if let Work::Relay(relay) = &mut inbound.work {
            relay.callee_id = None;
        }
        Some(inbound)
    }

    /// Ends a call as its callee has said it.
    pub(crate) fn pass_on_end(
        &mut self,
        caller: PeerId,
        caller_id: u32,
        status: Status,
        body: Parts<'_>,
        now: Time,
        turn: &mut Turn,
    ) {
        if status == Status::Ok || status == Status::Application {
            self.end_call(caller, caller_id, status, body, now, turn);
        } else {
            // The hub puts in the channel and the number by which its own log names the call.
            let failure = from_bytes(body.bytes).unwrap_or_default();
            self.fail_call_as_said(caller, caller_id, status, failure, now, turn);
        }
    }

    /// Gives up a call at its callee, whose end is still to come.
    pub(crate) fn cancel_callee(&mut self, callee: PeerId, callee_id: u32, turn: &mut Turn) {
        let Some(state) = self.peers.get_mut(callee.0) else { return };
        let Some(data) = state.session.cancel(callee_id) else { return };
        self.given_up(callee, callee_id, data);
        self.touch(callee, turn);
    }

    /// A call was cancelled at its callee. Until its end it counts as one of those that its caller has there.
    pub(crate) fn given_up(&mut self, callee: PeerId, callee_id: u32, mut data: RelayOut) {
        self.unqueued(data.caller, data.waiting.bytes());
        data.caller_id = None;
        data.waiting = Waiting::default();
        let sharer = data.sharer;
        let Some(state) = self.peers.get_mut(callee.0) else { return };
        if !state.session.expect_late(callee_id, data) {
            state.served_one(sharer);
        }
    }
}

const SHARE_FULL: &str =
    "budget `callee_share`: as many calls are open at the server as one caller may have";
const STOPPING: &str = "the server is stopping";
const TOO_LARGE_ARGS: &str = "the arguments are larger than the server takes";
pub(crate) const TOO_LARGE: &str = "an item is larger than its receiver takes";
pub(crate) const QUEUE_FULL: &str =
    "budget `queued_bytes`: too many items wait for their receivers";

pub(crate) fn u32_of(bytes: usize) -> u32 {
    u32::try_from(bytes).unwrap_or(u32::MAX)
}
