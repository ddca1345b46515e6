//! The flows of handlers in main: items that they send and take.

use std::task::{Context, Poll};

use portcullis_proto::rpc::{Body, Taken, poll_send, poll_take};
use portcullis_proto::session::{Leg, SendError};

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
        body: Body<'_>,
        turn: &mut Turn,
    ) -> Poll<Result<(), SendError>> {
        let Some(state) = self.peers.get_mut(peer.0) else {
            return Poll::Ready(Err(SendError::Closed));
        };
        let sent = poll_send(&mut state.session, leg, keep, context, body);
        if matches!(sent, Poll::Ready(Ok(()))) {
            // From its first item on, a stream has no deadline of its own.
            state.session.clear_deadline(leg);
            self.touch(peer, turn);
        }
        sent
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
        let taken = poll_take(&mut state.session, leg, context);
        if state.session.has_output() {
            self.touch(peer, turn);
        }
        taken
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
