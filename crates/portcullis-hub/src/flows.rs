//! The flows of handlers in main: items that they send and take.

use std::task::{Context, Poll};

use portcullis_proto::codec::Body;
use portcullis_proto::rpc::{Bodies, Sent, Taken, WriteBody, poll_send_all, poll_take};
use portcullis_proto::session::{Leg, SendError};
use portcullis_proto::time::Time;

use crate::peer::PeerId;
use crate::{Hub, Turn};

impl Hub {
    /// Sends an item of a handler's stream; see [`portcullis_proto::rpc::Host::poll_send`].
    pub fn poll_send(
        &mut self,
        peer: PeerId,
        leg: Leg,
        keep: Option<u32>,
        context: &mut Context<'_>,
        body: WriteBody<'_>,
        turn: &mut Turn,
    ) -> Poll<Result<(), SendError>> {
        let mut body = Some(body);
        let bodies: Bodies<'_> = &mut |_, out| body.as_mut().map_or(Ok(()), |body| body(out));
        self.poll_send_all(peer, leg, keep, context, 1, bodies, turn).1
    }

    /// Sends a row of items of a handler's stream; see [`portcullis_proto::rpc::Host::poll_send_all`].
    #[allow(clippy::too_many_arguments, reason = "those of the host, and the hub's own")]
    pub fn poll_send_all(
        &mut self,
        peer: PeerId,
        leg: Leg,
        keep: Option<u32>,
        context: &mut Context<'_>,
        count: usize,
        bodies: Bodies<'_>,
        turn: &mut Turn,
    ) -> Sent {
        let tapped = self.tapped_stream(peer, leg);
        let Some(state) = self.peers.get_mut(peer.0) else {
            return (0, Poll::Ready(Err(SendError::Closed)));
        };
        let (session, wakes) = (&mut state.session, &mut turn.retired.wakes);
        let mut copies: Vec<Body> = Vec::new();
        let copying: Bodies<'_> = &mut |place, out| {
            // A body is written where it leaves, and cannot be read there again. It may be written twice.
            let copy = Body::write(|out| bodies(place, out))?;
            copies.truncate(place);
            out.body(copy.parts())?;
            copies.push(copy);
            Ok(())
        };
        let bodies = if tapped.is_some() { copying } else { bodies };
        let (sent, next) = poll_send_all(session, leg, keep, context, count, bodies, wakes);
        if sent > 0 {
            // From its first item on, a stream has no deadline of its own.
            state.session.clear_deadline(leg);
            if let Some(meta) = &tapped {
                let sent = copies.iter().take(sent);
                sent.for_each(|it| self.tap_item(peer, meta, false, it.parts(), turn));
            }
            self.touch(peer, turn);
        }
        (sent, next)
    }

    /// Takes an item of a handler's stream; see [`portcullis_proto::rpc::Host::poll_take`].
    pub fn poll_take(
        &mut self,
        peer: PeerId,
        leg: Leg,
        context: &mut Context<'_>,
        turn: &mut Turn,
    ) -> Poll<Option<Taken>> {
        let Some(state) = self.peers.get_mut(peer.0) else { return Poll::Ready(None) };
        let taken = poll_take(&mut state.session, leg, context, &mut turn.retired.wakes);
        let output = state.session.has_output();
        if let Poll::Ready(Some(item)) = &taken {
            self.unqueued(peer, item.size());
        }
        if output {
            self.touch(peer, turn);
        }
        taken
    }

    /// Whether items wait for room in a peer's outbox that is there now: call [`Self::resume`]. Asked after
    /// [`Self::transmit`].
    pub fn has_room(&self, peer: PeerId) -> bool {
        self.peers.get(peer.0).is_some_and(|state| state.session.has_room())
    }

    /// Items that found no room in a peer's outbox go on.
    pub fn resume(&mut self, peer: PeerId, now: Time, turn: &mut Turn) {
        let Some(state) = self.peers.get_mut(peer.0) else { return };
        if !state.session.take_room() {
            return;
        }
        let inbound = state.session.inbound_iter().map(|(id, _)| Leg::Inbound(id));
        let mut legs: Vec<Leg> = inbound.collect();
        let outbound = state.session.outbound_iter().filter(|(_, relay)| !relay.waiting.is_empty());
        legs.extend(outbound.map(|(id, _)| Leg::Outbound(id)));
        for leg in legs {
            self.credit(peer, leg, now, turn);
        }
        self.touch(peer, turn);
    }

    /// Whether something can be transmitted to a peer now.
    pub fn has_output(&self, peer: PeerId) -> bool {
        self.peers.get(peer.0).is_some_and(|state| state.session.has_output())
    }

    /// The driver of a peer goes to sleep: the next output touches it again.
    pub fn untouch(&mut self, peer: PeerId) {
        if let Some(state) = self.peers.get_mut(peer.0) {
            state.touched = false;
        }
    }
}
