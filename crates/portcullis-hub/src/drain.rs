//! Before an end: nothing new is begun, what is under way may finish. Of the whole hub when the application quits, of one
//! peer when main stops it. How long that may take is left to the driver, the ends themselves to `leave`.

use crate::Hub;
use crate::peer::{PeerId, PeerState};

impl Hub {
    /// The application is about to quit: nobody is admitted and no call is begun any more. Those that are under way go on.
    pub fn drain(&mut self) {
        self.closing = true;
    }

    /// Whether the application is about to quit.
    pub fn is_draining(&self) -> bool {
        self.closing
    }

    /// Whether there are calls under way that will end by themselves, or answers that have not left: what quitting
    /// waits for. Subscriptions and streams that have begun may go on for ever, and are not waited for.
    pub fn has_work_to_drain(&self) -> bool {
        self.peers.iter().any(|(_, state)| {
            state.ended.is_none()
                && (state.session.inbound_with_deadline() > 0 || state.session.has_output())
        })
    }

    /// `peer` is about to be stopped: others begin no call on what it serves any more. What is under way goes on, and what it
    /// asks itself is answered.
    pub fn drain_peer(&mut self, peer: PeerId) {
        if let Some(state) = self.peers.get_mut(peer.0) {
            state.draining = true;
        }
    }

    /// As [`Self::has_work_to_drain`], of the calls that `peer` makes and serves.
    pub fn peer_has_work_to_drain(&self, peer: PeerId) -> bool {
        let working = |state: &PeerState| {
            let session = &state.session;
            session.inbound_with_deadline() > 0
                || session.outbound_with_deadline() > 0
                || session.has_output()
        };
        self.peers.get(peer.0).is_some_and(|state| state.ended.is_none() && working(state))
    }
}
