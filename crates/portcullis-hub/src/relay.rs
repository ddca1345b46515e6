//! Calls between two peers: requests, items, credit and outcomes pass from one leg to the other, checked where they come
//! in, renumbered, and never waited for.

use std::sync::Arc;

use portcullis_proto::codec::{Parts, from_bytes};
use portcullis_proto::error::{FailureBody, Retry};
use portcullis_proto::frame::Kind;
use portcullis_proto::goodbye::Goodbye;
use portcullis_proto::peer::correlation;
use portcullis_proto::rpc::Caller;
use portcullis_proto::session::{CallerTold, Leg, Opening, SendError};
use portcullis_proto::status::Status;
use portcullis_proto::time::Time;

use crate::calls::Asked;
use crate::checks::{channel_item, check_end, check_item};
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

    /// An item from a caller.
    pub(crate) fn item_up(
        &mut self,
        caller: PeerId,
        id: u32,
        missed: u32,
        body: Parts<'_>,
        now: Time,
        turn: &mut Turn,
    ) -> Result<(), Goodbye> {
        let Some(state) = self.peers.get_mut(caller.0) else { return Ok(()) };
        let Some(inbound) = state.session.inbound_mut(id) else { return Ok(()) };
        let up =
            inbound.meta.and_then(|meta| Some((meta, channel_item(&self.catalog, &meta, true)?)));
        let Some((meta, up)) = up else { return Ok(()) };
        check_item(&self.catalog, &meta, up, body)?;
        let callee = match &inbound.work {
            Work::Local(_) => None,
            Work::Relay(relay) => match relay.callee_id {
                Some(callee_id) => Some((relay.callee, callee_id)),
                // The callee has ended the call: nobody takes items any more.
                None => return Ok(()),
            },
            _ => return Ok(()),
        };
        if let Err(over) = self.may_queue(caller, body.size()) {
            self.refused(caller, over.what, turn);
            self.cancelled(caller, id, Status::ResourceExhausted, QUEUE_FULL, now, turn);
            return Ok(());
        }
        self.tap_item(caller, &meta, true, body, turn);
        let Some((callee, callee_id)) = callee else {
            if let Some(state) = self.peers.get_mut(caller.0)
                && let Some(inbound) = state.session.inbound_mut(id)
                && let Work::Local(local) = &mut inbound.work
            {
                local.push(missed, body.bytes, body.to_blobs(), &mut turn.retired.wakes);
            }
            return Ok(());
        };
        if let Some(other) = self.peers.get_mut(callee.0)
            && let Some(out) = other.session.outbound_mut(callee_id)
        {
            out.waiting.push(missed, body.to_body());
        } else {
            self.unqueued(caller, body.size());
        }
        self.flush_up(callee, callee_id, now, turn);
        Ok(())
    }

    /// Sends on what a caller has sent, as far as the callee has given credit; the caller gets as much back.
    pub(crate) fn flush_up(&mut self, callee: PeerId, callee_id: u32, now: Time, turn: &mut Turn) {
        let leg = Leg::Outbound(callee_id);
        let Some(state) = self.peers.get_mut(callee.0) else { return };
        let (mut items, mut bytes) = (0u32, 0usize);
        let mut failed = false;
        // Every turn spends credit.
        while state.session.may_send(leg) == Some(true) {
            let next = state.session.outbound_mut(callee_id).and_then(|out| out.waiting.pop());
            let Some((missed, item)) = next else { break };
            items += 1;
            bytes += item.size();
            let sent = state.session.item(leg, missed, None, |out| out.body(item.parts()));
            if sent.is_err() {
                failed = true;
                break;
            }
        }
        let Some(out) = state.session.outbound_mut(callee_id) else { return };
        let (caller, caller_id) = (out.caller, out.caller_id);
        if out.finished && out.waiting.is_empty() {
            out.finished = false;
            let _ = state.session.finish(callee_id);
        }
        self.touch(callee, turn);
        self.unqueued(caller, bytes);
        let Some(caller_id) = caller_id else { return };
        if failed {
            self.cancelled(caller, caller_id, Status::ResourceExhausted, TOO_LARGE, now, turn);
        } else if items > 0
            && let Some(state) = self.peers.get_mut(caller.0)
        {
            state.session.credit(Leg::Inbound(caller_id), items, u32_of(bytes));
            self.touch(caller, turn);
        }
    }

    /// The caller has sent its last item.
    pub(crate) fn finish_up(&mut self, caller: PeerId, id: u32, now: Time, turn: &mut Turn) {
        let Some(state) = self.peers.get_mut(caller.0) else { return };
        match state.session.inbound_mut(id).map(|inbound| &mut inbound.work) {
            Some(Work::Local(local)) => local.end_of_items(&mut turn.retired.wakes),
            Some(Work::Relay(relay)) => {
                let Some(callee_id) = relay.callee_id else { return };
                let callee = relay.callee;
                let Some(other) = self.peers.get_mut(callee.0) else { return };
                if let Some(out) = other.session.outbound_mut(callee_id) {
                    out.finished = true;
                }
                self.flush_up(callee, callee_id, now, turn);
            }
            _ => {}
        }
    }

    /// An item from a callee.
    pub(crate) fn item_down(
        &mut self,
        callee: PeerId,
        callee_id: u32,
        missed: u32,
        body: Parts<'_>,
        now: Time,
        turn: &mut Turn,
    ) -> Result<(), Goodbye> {
        let Some(state) = self.peers.get_mut(callee.0) else { return Ok(()) };
        let Some(out) = state.session.outbound_mut(callee_id) else { return Ok(()) };
        let (caller, Some(caller_id)) = (out.caller, out.caller_id) else { return Ok(()) };
        // From here on the stream has no deadline: it has begun.
        state.session.clear_deadline(Leg::Outbound(callee_id));
        let leg = Leg::Inbound(caller_id);
        let Some(other) = self.peers.get_mut(caller.0) else { return Ok(()) };
        other.session.clear_deadline(leg);
        let may_send = other.session.may_send(leg) == Some(true);
        let Some(inbound) = other.session.inbound_mut(caller_id) else { return Ok(()) };
        let Some(meta) = inbound.meta else { return Ok(()) };
        if let Some(down) = channel_item(&self.catalog, &meta, false) {
            check_item(&self.catalog, &meta, down, body)?;
        }
        let Work::Relay(relay) = &inbound.work else { return Ok(()) };
        if !may_send || !relay.waiting.is_empty() {
            self.tap_item(caller, &meta, false, body, turn);
            self.queue_down(callee, caller, caller_id, (missed, body), now, turn);
            return Ok(());
        }
        let sent = other.session.item(leg, missed, None, |out| out.body(body));
        if sent.is_err() {
            self.cancelled(caller, caller_id, Status::ResourceExhausted, TOO_LARGE, now, turn);
            return Ok(());
        }
        self.tap_item(caller, &meta, false, body, turn);
        self.touch(caller, turn);
        if let Some(state) = self.peers.get_mut(callee.0) {
            state.session.credit(Leg::Outbound(callee_id), 1, u32_of(body.size()));
            self.touch(callee, turn);
        }
        Ok(())
    }

    fn queue_down(
        &mut self,
        callee: PeerId,
        caller: PeerId,
        caller_id: u32,
        (missed, body): (u32, Parts<'_>),
        now: Time,
        turn: &mut Turn,
    ) {
        if let Err(over) = self.may_queue(callee, body.size()) {
            self.refused(callee, over.what, turn);
            self.cancelled(caller, caller_id, Status::ResourceExhausted, QUEUE_FULL, now, turn);
            return;
        }
        if let Some(state) = self.peers.get_mut(caller.0)
            && let Some(inbound) = state.session.inbound_mut(caller_id)
            && let Work::Relay(relay) = &mut inbound.work
        {
            relay.waiting.push(missed, body.to_body());
        } else {
            self.unqueued(callee, body.size());
        }
    }

    /// Sends on what a callee has sent, as far as the caller has given credit; the callee gets as much back.
    pub(crate) fn flush_down(&mut self, caller: PeerId, id: u32, now: Time, turn: &mut Turn) {
        let leg = Leg::Inbound(id);
        let Some(state) = self.peers.get_mut(caller.0) else { return };
        let (mut items, mut bytes) = (0u32, 0usize);
        let mut failed = false;
        // Every turn spends credit.
        while state.session.may_send(leg) == Some(true) {
            let Some(Work::Relay(relay)) = state.session.inbound_mut(id).map(|call| &mut call.work)
            else {
                return;
            };
            let Some((missed, item)) = relay.waiting.pop() else { break };
            items += 1;
            bytes += item.size();
            let sent = state.session.item(leg, missed, None, |out| out.body(item.parts()));
            if sent.is_err() {
                failed = true;
                break;
            }
        }
        let Some(Work::Relay(relay)) = state.session.inbound_mut(id).map(|call| &mut call.work)
        else {
            return;
        };
        let (callee, callee_id) = (relay.callee, relay.callee_id);
        let end = relay.waiting.take_end();
        self.touch(caller, turn);
        let end_bytes = end.as_ref().map_or(0, |(_, body)| body.size());
        self.unqueued(callee, bytes.saturating_add(end_bytes));
        if failed {
            self.cancelled(caller, id, Status::ResourceExhausted, TOO_LARGE, now, turn);
        } else if let Some((status, body)) = end {
            self.pass_on_end(caller, id, status, body.parts(), now, turn);
        } else if items > 0
            && let Some(callee_id) = callee_id
            && let Some(state) = self.peers.get_mut(callee.0)
        {
            state.session.credit(Leg::Outbound(callee_id), items, u32_of(bytes));
            self.touch(callee, turn);
        }
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
const TOO_LARGE: &str = "an item is larger than its receiver takes";
const QUEUE_FULL: &str = "budget `queued_bytes`: too many items wait for their receivers";

fn u32_of(bytes: usize) -> u32 {
    u32::try_from(bytes).unwrap_or(u32::MAX)
}
