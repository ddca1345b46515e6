//! Ends: of a peer, of an instance, of the hub. Each waiter is told once; nothing is left behind.

use std::sync::Arc;

use portcullis_proto::error::FailureBody;
use portcullis_proto::goodbye::{Goodbye, Reason};
use portcullis_proto::session::Ended;
use portcullis_proto::status::Status;
use portcullis_proto::time::Time;

use crate::handles::Handle;
use crate::instance::{InstanceId, Server};
use crate::observe::HubEvent;
use crate::peer::PeerId;
use crate::work::{Inbound, RelayOut, Work};
use crate::{Hub, Turn};

impl Hub {
    /// Ends a peer's connection with a goodbye, which is still to be transmitted.
    pub fn end_peer(&mut self, peer: PeerId, goodbye: Goodbye, now: Time, turn: &mut Turn) {
        self.dismiss(peer, goodbye, now, turn);
        self.end_slow(now, turn);
    }

    pub(crate) fn dismiss(&mut self, peer: PeerId, goodbye: Goodbye, now: Time, turn: &mut Turn) {
        let Some(state) = self.peers.get_mut(peer.0).filter(|state| state.ended.is_none()) else {
            return;
        };
        let open = state.session.close(&goodbye);
        self.after_end(peer, open, goodbye, now, turn);
    }

    /// The peer has said goodbye, or its transport is gone: nothing can be said to it any more.
    pub fn peer_left(&mut self, peer: PeerId, goodbye: Goodbye, now: Time, turn: &mut Turn) {
        let Some(state) = self.peers.get_mut(peer.0).filter(|state| state.ended.is_none()) else {
            return;
        };
        state.left = true;
        let open = state.session.abort();
        self.after_end(peer, open, goodbye, now, turn);
        self.end_slow(now, turn);
    }

    /// Forgets a peer whose connection has ended and whose transport is closed.
    pub fn remove(&mut self, peer: PeerId, now: Time, turn: &mut Turn) {
        self.peer_left(peer, Goodbye::new(Reason::Closed), now, turn);
        if let Some(gone) = self.peers.remove(peer.0) {
            let account = Arc::clone(&gone.account);
            drop(gone);
            if account.has_user() && account.is_owed() {
                // Handlers still hold what it sent, or it waits for others: its user answers for that.
                self.leftovers.insert(peer, account);
            } else {
                drop(account);
            }
            // Its user; and as a server it may have been the last to work for one.
            self.forget_users();
        }
        self.end_slow(now, turn);
    }

    fn after_end(
        &mut self,
        peer: PeerId,
        open: Ended<Inbound, RelayOut>,
        goodbye: Goodbye,
        now: Time,
        turn: &mut Turn,
    ) {
        *self.counters.ended.entry(goodbye.reason).or_default() += 1;
        let Some(state) = self.peers.get_mut(peer.0) else { return };
        state.ended = Some(goodbye.clone());
        state.origin = None;
        state.spares.clear();
        let handles = state.handles.drain();
        state.served.clear();
        state.half_open = None;
        let info = state.info(peer);
        let joined = state.hello_due.take().is_none();
        for (id, inbound) in open.inbound {
            self.abandon(peer, id, inbound, now, turn);
        }
        let failure = FailureBody::new("the server has left");
        for (_, relay) in open.outbound {
            self.unqueued(relay.caller, relay.waiting.bytes());
            self.server_left(peer, &relay, &failure, now, turn);
        }
        for (number, handle) in handles {
            match handle {
                Handle::Export { instance, .. } => self.instance_left(instance, now, turn),
                Handle::Bound { instance, .. } => {
                    if let Some(instance) = self.instances.get_mut(instance.0) {
                        instance.bound.retain(|each| *each != (peer, number));
                    }
                }
                Handle::Gone | Handle::Withdrawn => {}
            }
        }
        // Its driver may have been told of output long ago, and be unable to write it: the end is news all the same.
        if let Some(state) = self.peers.get_mut(peer.0) {
            state.touched = false;
        }
        self.touch(peer, turn);
        self.tell_denials(peer, &mut turn.events);
        // Somebody who was never here and goes without a word is no news.
        if joined || goodbye.reason != Reason::Closed {
            turn.events.push(HubEvent::Left { peer: info, goodbye });
        }
    }

    /// The callee of a call is gone: its caller is told.
    fn server_left(
        &mut self,
        server: PeerId,
        relay: &RelayOut,
        failure: &FailureBody,
        now: Time,
        turn: &mut Turn,
    ) {
        let Some(id) = relay.caller_id else { return };
        if let Some(state) = self.peers.get_mut(relay.caller.0)
            && let Some(inbound) = state.session.inbound_mut(id)
            && let Work::Relay(relay) = &mut inbound.work
            && relay.callee == server
        {
            relay.callee_id = None;
        }
        self.fail_call(relay.caller, id, Status::Unavailable, failure.clone(), now, turn);
    }

    /// The caller of a call is gone: its work stops.
    fn abandon(&mut self, peer: PeerId, id: u32, inbound: Inbound, now: Time, turn: &mut Turn) {
        self.stop_work(peer, id, inbound.work, turn);
        if let Some(meta) = &inbound.meta {
            self.tap_outcome(peer, Some(meta), Status::Cancelled, None, now, turn);
            self.call_ended(peer, meta, Status::Cancelled, 0, now, &mut turn.events);
        }
    }

    /// Main no longer serves an instance.
    pub fn unserve(&mut self, instance: InstanceId, now: Time, turn: &mut Turn) {
        let own = self.instances.get(instance.0);
        if own.is_some_and(|instance| matches!(instance.server, Server::Main(_))) {
            self.instance_left(instance, now, turn);
            self.end_slow(now, turn);
        }
    }

    /// An instance is no longer served: its calls, subscriptions and bindings end.
    pub(crate) fn instance_left(&mut self, instance: InstanceId, now: Time, turn: &mut Turn) {
        let Some(left) = self.instances.remove(instance.0) else { return };
        self.directory.remove(&left);
        turn.events.extend(self.instance_event(&left, false));
        for topic in left.topics {
            for (peer, id) in topic.subscribers {
                self.cancelled(peer, id, Status::Unavailable, LEFT, now, turn);
            }
            self.let_go(topic.charge);
        }
        match left.server {
            Server::Peer { peer, export } => self.end_relayed(peer, export, now, turn),
            Server::Main(service) => {
                self.end_local(instance, now, turn);
                turn.retired.services.extend(service);
            }
        }
        for (peer, binding) in left.bound {
            if let Some(state) = self.peers.get_mut(peer.0) {
                state.handles.set_gone(binding);
                state.session.unbound(binding);
                self.touch(peer, turn);
            }
        }
    }

    /// Ends the calls that were open on an instance of main's.
    fn end_local(&mut self, instance: InstanceId, now: Time, turn: &mut Turn) {
        let mut open = Vec::new();
        for key in self.peers.keys() {
            let Some(state) = self.peers.get_mut(key) else { continue };
            let of_instance =
                |inbound: &Inbound| inbound.meta.is_some_and(|meta| meta.instance == instance);
            let own = state.session.inbound_iter().filter(|(_, inbound)| of_instance(inbound));
            open.extend(own.map(|(id, _)| (PeerId(key), id)));
        }
        for (peer, id) in open {
            self.cancelled(peer, id, Status::Unavailable, LEFT, now, turn);
        }
    }

    /// Ends the calls that were open on an instance whose server withdrew it and lives on.
    fn end_relayed(&mut self, server: PeerId, export: u32, now: Time, turn: &mut Turn) {
        let Some(state) = self.peers.get_mut(server.0).filter(|state| state.ended.is_none()) else {
            return;
        };
        let callers: Vec<(PeerId, u32)> = state
            .session
            .outbound_iter()
            .filter(|(_, relay)| relay.export == export)
            .filter_map(|(_, relay)| Some((relay.caller, relay.caller_id?)))
            .collect();
        for (peer, id) in callers {
            self.cancelled(peer, id, Status::Unavailable, LEFT, now, turn);
        }
    }

    /// The application quits: every peer is told, and nobody is admitted any more.
    pub fn close(&mut self, now: Time, turn: &mut Turn) {
        self.closing = true;
        for key in self.peers.keys() {
            self.dismiss(PeerId(key), Goodbye::new(Reason::GoingAway), now, turn);
        }
    }
}

const LEFT: &str = "the instance has left";
