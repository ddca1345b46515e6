//! Calls between two peers: requests, items, credit and outcomes pass from one leg to the other, checked where they come
//! in, renumbered, and never waited for.

use std::collections::VecDeque;

use portcullis_proto::error::FailureBody;
use portcullis_proto::frame::Kind;
use portcullis_proto::goodbye::{Goodbye, Reason};
use portcullis_proto::schema::validate::Root;
use portcullis_proto::session::{Leg, Opening, SendError};
use portcullis_proto::status::Status;
use portcullis_proto::time::Time;

use crate::calls::Asked;
use crate::catalog::Catalog;
use crate::peer::{Meta, PeerId, RelayIn, RelayOut, Work};
use crate::{Hub, Turn};

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
        let data = RelayOut { caller, caller_id, export, items: VecDeque::new(), finished: false };
        let opened = match self.peers.get_mut(callee.0) {
            // What one caller asks for must not push a server over its bound.
            Some(state) if state.session.is_crowded() => Err(SendError::OutboxFull),
            Some(state) => state.session.open(opening, now, data, |out| {
                out.raw(asked.body);
                Ok(())
            }),
            None => Err(SendError::Closed),
        };
        match opened {
            Ok(callee_id) => {
                let relay = RelayIn { callee, callee_id, items: VecDeque::new(), end: None };
                if let Some(state) = self.peers.get_mut(caller.0)
                    && let Some(inbound) = state.session.inbound_mut(caller_id)
                {
                    inbound.work = Work::Relay(Box::new(relay));
                }
                self.touch(callee, turn);
            }
            Err(error) => {
                let (status, text) = match error {
                    SendError::TooManyCalls => {
                        (Status::ResourceExhausted, "the server has as many calls as it takes")
                    }
                    SendError::OutboxFull => {
                        (Status::ResourceExhausted, "too much waits for the server")
                    }
                    SendError::TooLarge { .. } => (
                        Status::ResourceExhausted,
                        "the arguments are larger than the server takes",
                    ),
                    _ => (Status::Unavailable, "the server has left"),
                };
                self.fail_call(caller, caller_id, status, FailureBody::new(text), now, turn);
            }
        }
    }

    /// An item from a caller.
    pub(crate) fn item_up(
        &mut self,
        caller: PeerId,
        id: u32,
        body: &[u8],
        turn: &mut Turn,
    ) -> Result<(), Goodbye> {
        let Some(state) = self.peers.get_mut(caller.0) else { return Ok(()) };
        let Some(inbound) = state.session.inbound_mut(id) else { return Ok(()) };
        let up =
            inbound.meta.and_then(|meta| Some((meta, channel_item(&self.catalog, &meta, true)?)));
        let Some((meta, up)) = up else { return Ok(()) };
        check_item(&self.catalog, &meta, up, body)?;
        match &mut inbound.work {
            Work::Local(local) => local.push(0, body),
            Work::Relay(relay) => {
                let (callee, callee_id) = (relay.callee, relay.callee_id);
                let Some(other) = self.peers.get_mut(callee.0) else { return Ok(()) };
                if let Some(out) = other.session.outbound_mut(callee_id) {
                    out.items.push_back(body.to_vec());
                }
                self.flush_up(callee, callee_id, turn);
            }
            _ => {}
        }
        Ok(())
    }

    /// Sends on what a caller has sent, as far as the callee has given credit; the caller gets as much back.
    pub(crate) fn flush_up(&mut self, callee: PeerId, callee_id: u32, turn: &mut Turn) {
        let leg = Leg::Outbound(callee_id);
        let Some(state) = self.peers.get_mut(callee.0) else { return };
        let (mut items, mut bytes) = (0u32, 0u32);
        // Every turn spends credit.
        while state.session.may_send(leg) == Some(true) {
            let next = state.session.outbound_mut(callee_id).and_then(|out| out.items.pop_front());
            let Some(item) = next else { break };
            let sent = state.session.item(leg, 0, None, |out| {
                out.raw(&item);
                Ok(())
            });
            if sent.is_err() {
                break;
            }
            items += 1;
            bytes = bytes.saturating_add(item.len() as u32);
        }
        let Some(out) = state.session.outbound_mut(callee_id) else { return };
        let (caller, caller_id) = (out.caller, out.caller_id);
        if out.finished && out.items.is_empty() {
            out.finished = false;
            let _ = state.session.finish(callee_id);
        }
        self.touch(callee, turn);
        if items > 0
            && let Some(state) = self.peers.get_mut(caller.0)
        {
            state.session.credit(Leg::Inbound(caller_id), items, bytes);
            self.touch(caller, turn);
        }
    }

    /// The caller has sent its last item.
    pub(crate) fn finish_up(&mut self, caller: PeerId, id: u32, turn: &mut Turn) {
        let Some(state) = self.peers.get_mut(caller.0) else { return };
        match state.session.inbound_mut(id).map(|inbound| &mut inbound.work) {
            Some(Work::Local(local)) => local.end_of_items(),
            Some(Work::Relay(relay)) => {
                let (callee, callee_id) = (relay.callee, relay.callee_id);
                let Some(other) = self.peers.get_mut(callee.0) else { return };
                if let Some(out) = other.session.outbound_mut(callee_id) {
                    out.finished = true;
                }
                self.flush_up(callee, callee_id, turn);
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
        body: &[u8],
        turn: &mut Turn,
    ) -> Result<(), Goodbye> {
        let Some(state) = self.peers.get_mut(callee.0) else { return Ok(()) };
        let Some(out) = state.session.outbound_mut(callee_id) else { return Ok(()) };
        let (caller, caller_id) = (out.caller, out.caller_id);
        // From here on the stream has no deadline: it has begun.
        state.session.clear_deadline(Leg::Outbound(callee_id));
        let Some(other) = self.peers.get_mut(caller.0) else { return Ok(()) };
        other.session.clear_deadline(Leg::Inbound(caller_id));
        let leg = Leg::Inbound(caller_id);
        let may_send = other.session.may_send(leg) == Some(true);
        let Some(inbound) = other.session.inbound_mut(caller_id) else { return Ok(()) };
        let Some(meta) = inbound.meta else { return Ok(()) };
        if let Some(down) = channel_item(&self.catalog, &meta, false) {
            check_item(&self.catalog, &meta, down, body)?;
        }
        let Work::Relay(relay) = &mut inbound.work else { return Ok(()) };
        if !may_send || !relay.items.is_empty() {
            relay.items.push_back(body.to_vec());
            return Ok(());
        }
        let _ = other.session.item(leg, missed, None, |out| {
            out.raw(body);
            Ok(())
        });
        self.touch(caller, turn);
        if let Some(state) = self.peers.get_mut(callee.0) {
            state.session.credit(Leg::Outbound(callee_id), 1, body.len() as u32);
            self.touch(callee, turn);
        }
        Ok(())
    }

    /// Sends on what a callee has sent, as far as the caller has given credit; the callee gets as much back.
    pub(crate) fn flush_down(&mut self, caller: PeerId, id: u32, now: Time, turn: &mut Turn) {
        let leg = Leg::Inbound(id);
        let Some(state) = self.peers.get_mut(caller.0) else { return };
        let (mut items, mut bytes) = (0u32, 0u32);
        // Every turn spends credit.
        while state.session.may_send(leg) == Some(true) {
            let Some(Work::Relay(relay)) = state.session.inbound_mut(id).map(|call| &mut call.work)
            else {
                return;
            };
            let Some(item) = relay.items.pop_front() else { break };
            let _ = state.session.item(leg, 0, None, |out| {
                out.raw(&item);
                Ok(())
            });
            items += 1;
            bytes = bytes.saturating_add(item.len() as u32);
        }
        let Some(Work::Relay(relay)) = state.session.inbound_mut(id).map(|call| &mut call.work)
        else {
            return;
        };
        let (callee, callee_id) = (relay.callee, relay.callee_id);
        let end = if relay.items.is_empty() { relay.end.take() } else { None };
        self.touch(caller, turn);
        if let Some((status, body)) = end {
            self.end_call(caller, id, status, &body, now, turn);
        } else if items > 0
            && let Some(state) = self.peers.get_mut(callee.0)
        {
            state.session.credit(Leg::Outbound(callee_id), items, bytes);
            self.touch(callee, turn);
        }
    }

    /// A callee has ended a call that the hub made for another peer.
    pub(crate) fn relayed_end(
        &mut self,
        callee: PeerId,
        data: RelayOut,
        status: Status,
        body: &[u8],
        now: Time,
        turn: &mut Turn,
    ) -> Result<(), Goodbye> {
        let RelayOut { caller, caller_id, .. } = data;
        let Some(state) = self.peers.get_mut(caller.0) else { return Ok(()) };
        let Some(inbound) = state.session.inbound_mut(caller_id) else { return Ok(()) };
        let Some(meta) = inbound.meta else { return Ok(()) };
        if let Err(goodbye) = check_end(&self.catalog, &meta, status, body) {
            // The callee ends for it; its caller is told what the others are told.
            let failure = FailureBody::new("the server has left");
            self.fail_call(caller, caller_id, Status::Unavailable, failure, now, turn);
            let _ = callee;
            return Err(goodbye);
        }
        if let Work::Relay(relay) = &mut inbound.work
            && !relay.items.is_empty()
        {
            relay.end = Some((status, body.to_vec()));
            return Ok(());
        }
        if status == Status::Ok || status == Status::Application {
            self.end_call(caller, caller_id, status, body, now, turn);
        } else {
            // The hub puts in the channel and the number by which its own log names the call.
            let failure = portcullis_proto::codec::from_bytes(body).unwrap_or_default();
            self.fail_call_as_said(caller, caller_id, status, failure, now, turn);
        }
        Ok(())
    }

    pub(crate) fn cancel_callee(&mut self, callee: PeerId, callee_id: u32, turn: &mut Turn) {
        if let Some(state) = self.peers.get_mut(callee.0) {
            state.session.cancel(callee_id);
            self.touch(callee, turn);
        }
    }
}

fn channel_item(catalog: &Catalog, meta: &Meta, up: bool) -> Option<Root> {
    let channel = catalog.channel(meta.interface, meta.ordinal)?;
    if up { channel.up } else { channel.down }
}

fn check_item(catalog: &Catalog, meta: &Meta, item: Root, body: &[u8]) -> Result<(), Goodbye> {
    catalog.plan.validate(item, body).map_err(|error| {
        let name = catalog.full_name(meta.interface, meta.ordinal).map_or("", |name| name);
        Goodbye::because(Reason::MalformedPayload, format!("an item of `{name}`: {error}"))
    })
}

fn check_end(catalog: &Catalog, meta: &Meta, status: Status, body: &[u8]) -> Result<(), Goodbye> {
    let Some(channel) = catalog.channel(meta.interface, meta.ordinal) else { return Ok(()) };
    let checked = match (status, channel.error) {
        (Status::Ok, _) => catalog.plan.validate(channel.reply, body),
        (Status::Application, Some(error)) => catalog.plan.validate(error, body),
        (Status::Application, None) => {
            let text = "an application error on a channel that declares none";
            return Err(Goodbye::because(Reason::MalformedPayload, text));
        }
        _ => portcullis_proto::codec::from_bytes::<FailureBody>(body).map(|_| ()),
    };
    checked.map_err(|error| {
        let name = catalog.full_name(meta.interface, meta.ordinal).map_or("", |name| name);
        Goodbye::because(Reason::MalformedPayload, format!("the answer of `{name}`: {error}"))
    })
}
